"""Two editors at one thing: a form carries what it was made from. What both have changed in
different places is put together; where they meet, the second sees the difference before anything
of the first is lost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from etl.errors import XinzhiError
from etl.files.edits import merged

#: The name of the field that carries it.
BASE = "base"
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
    and what was sent; `base` is what the same form carries from then on, so that it is saved when
    its editor has seen them."""

    def __init__(self, message: str, fields: Sequence[DifferingField], base: str = "") -> None:
        super().__init__(message)
        self.fields, self.base = fields, base


def require_newest(
    base: str, held: str, message: str, differs: Sequence[DifferingField] = ()
) -> None:
    """Nothing where a form was made from what is `held`; else a ConflictError that shows what
    `differs`. For what is said as a whole, of which no half may be put together with another."""
    if _plain(base) != _plain(held):
        raise ConflictError(message, differs, held)


def merged_text(base: str, held: str, mine: str, *, label: str, message: str) -> str:
    """What becomes of a text that was made from `base` where `held` is there by now: both changes
    where they touch different lines. Else a ConflictError."""
    texts = (f"{_plain(one)}\n" for one in (base, held, mine))
    both = merged(*(one.encode() for one in texts))
    if both is None:
        raise ConflictError(message, differing({label: held}, {label: mine}), held)
    return both.decode()


def merged_fields(
    base: Mapping[str, str],
    held: Mapping[str, str],
    mine: Mapping[str, str],
    *,
    labels: Mapping[str, str],
    message: str,
    carried: str,
) -> dict[str, str]:
    """The same of a form: of each field what was typed where that is new, else what is held. A
    ConflictError, which has the form carry `carried`, where two people changed one field."""
    new = [name for name in mine if _told(mine[name]) != _told(base.get(name))]
    theirs = [name for name in new if _told(held[name]) != _told(base.get(name))]
    clash = [name for name in theirs if _told(held[name]) != _told(mine[name])]
    if clash:
        shown = ({labels[name]: texts[name] for name in clash} for texts in (held, mine))
        raise ConflictError(message, differing(*shown), carried)
    return {**held, **{name: mine[name] for name in new}}


def spelt(fields: Mapping[str, str]) -> str:
    """The fields of a form in one, for it to carry."""
    return json.dumps(dict(fields), ensure_ascii=False, sort_keys=True)


def unspelt(text: str) -> dict[str, str]:
    """The fields that a form carried; none where it carried none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


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


def _told(text: str | None) -> str | None:
    """As a field is compared: spaces say nothing. None is a field that nobody knows of."""
    return None if text is None else " ".join(text.split())


def _plain(text: str) -> str:
    """As a text is compared: browsers send other ends of lines than files have."""
    return text.replace("\r\n", "\n").strip("\n")
