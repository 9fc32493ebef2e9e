"""Two editors at one thing: a form carries the fingerprint of what it was made from, and nobody
saves over something newer without having seen it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import sha256

from etl.errors import XinzhiError

#: The name of the field that carries it.
MADE_FROM = "made_from"
#: How many lines around a change are shown, and how many in all.
_AROUND, MOST_LINES = 2, 400


@dataclass(frozen=True, slots=True)
class DifferingLine:
    """A line of one text or of both: `kind` is same, theirs (held now), mine (sent), or cut where
    lines that are the same are left out."""

    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class DifferingField:
    """A field of a form that says something else than what is held now."""

    label: str
    lines: Sequence[DifferingLine]


class ConflictError(XinzhiError):
    """What a form was made from has changed. `fields` are the differences between what is held now
    and what was sent; `fingerprint` is that of what is held now, with which the same form is saved
    when its editor has seen them."""

    def __init__(self, message: str, fields: Sequence[DifferingField], fingerprint: str) -> None:
        super().__init__(message)
        self.fields, self.fingerprint = fields, fingerprint


def fingerprint(content: str | bytes | None) -> str:
    """What stands for a text in a form; `none` for one that there is not yet."""
    if content is None:
        return "none"
    told = content.encode() if isinstance(content, str) else content
    return sha256(told).hexdigest()[:20]


def require_newest(
    made_from: str,
    held: str | bytes | None,
    *,
    theirs: Mapping[str, str],
    mine: Mapping[str, str],
    message: str,
) -> None:
    """Nothing where a form was made from what is `held`. Else a ConflictError with the fields, by
    their labels, in which `theirs` (held now) and `mine` (sent) differ."""
    now = fingerprint(held)
    if made_from != now:
        raise ConflictError(message, differing(theirs, mine), now)


def differing(theirs: Mapping[str, str], mine: Mapping[str, str]) -> list[DifferingField]:
    """The fields in which two forms differ, each with its lines."""
    labels = dict.fromkeys([*theirs, *mine])
    pairs = (
        (label, _plain(theirs.get(label, "")), _plain(mine.get(label, ""))) for label in labels
    )
    return [DifferingField(label, lines(a, b)) for label, a, b in pairs if a != b]


def lines(theirs: str, mine: str) -> list[DifferingLine]:
    """The lines of two texts, those that both have once, those far from any change left out."""
    old, new = theirs.split("\n"), mine.split("\n")
    found: list[DifferingLine] = []
    for tag, start, end, first, last in SequenceMatcher(None, old, new, False).get_opcodes():
        if tag == "equal":
            found += _context(old[start:end], is_first=not start, is_last=end == len(old))
        else:
            found += [DifferingLine("theirs", line) for line in old[start:end]]
            found += [DifferingLine("mine", line) for line in new[first:last]]
    return found[:MOST_LINES] + ([DifferingLine("cut")] if len(found) > MOST_LINES else [])


def _context(same: Sequence[str], *, is_first: bool, is_last: bool) -> list[DifferingLine]:
    head = 0 if is_first else _AROUND
    tail = 0 if is_last else _AROUND
    if len(same) <= head + tail + 1:
        return [DifferingLine("same", line) for line in same]
    kept = [DifferingLine("same", line) for line in same[:head]]
    after = same[len(same) - tail :] if tail else []
    return [*kept, DifferingLine("cut"), *(DifferingLine("same", line) for line in after)]


def _plain(text: str) -> str:
    """As a text is compared: browsers send other ends of lines than files have."""
    return text.replace("\r\n", "\n").strip()
