"""Which indicators a bulletin mentions, and where: by the aliases of the catalog."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from etl.bulletins.model import Bulletin
from etl.catalog import Catalog

SUMMARY, JUDGEMENT = "summary", "judgement"
_IGNORED = frozenset("“”\"'‘’「」《》")


@dataclass(frozen=True, slots=True)
class Mention:
    """`text[start:stop]` of one paragraph means the indicator. `part` is `summary`, `judgement`
    or the number of a section."""

    part: str
    paragraph: int
    start: int
    stop: int
    indicator: str


def mentions(bulletin: Bulletin, catalog: Catalog) -> tuple[Mention, ...]:
    """Every mention in the order of the text; the longest alias wins where several fit."""
    aliases = _by_first_letter(catalog)
    return tuple(
        Mention(part, index, start, stop, indicator)
        for part, index, text in _paragraphs(bulletin)
        for start, stop, indicator in _found(text, aliases)
    )


def _paragraphs(bulletin: Bulletin) -> Iterator[tuple[str, int, str]]:
    yield SUMMARY, 0, bulletin.summary
    for section in bulletin.sections:
        yield str(section.number), -1, section.title
        for index, text in enumerate(section.paragraphs):
            yield str(section.number), index, text
    for index, text in enumerate(bulletin.judgement):
        yield JUDGEMENT, index, text


def _by_first_letter(catalog: Catalog) -> Mapping[str, Sequence[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for indicator in catalog.all():
        for alias in indicator.aliases:
            folded, _ = _folded(alias)
            found.setdefault(folded[0], []).append((folded, indicator.id))
    return {first: sorted(pairs, key=lambda p: -len(p[0])) for first, pairs in found.items()}


def _found(
    text: str, aliases: Mapping[str, Sequence[tuple[str, str]]]
) -> Iterator[tuple[int, int, str]]:
    folded, places = _folded(text)
    at = 0
    while at < len(folded):
        for alias, indicator in aliases.get(folded[at], ()):
            stop = at + len(alias)
            if folded.startswith(alias, at) and _stands_alone(text, places, at, stop):
                yield places[at], places[stop - 1] + 1, indicator
                at = stop
                break
        else:
            at += 1


def _folded(text: str) -> tuple[str, list[int]]:
    """Letters as they are compared, without spaces and quotes, and where each stood."""
    letters: list[str] = []
    places: list[int] = []
    for index, letter in enumerate(text):
        for part in unicodedata.normalize("NFKC", letter).casefold():
            if not part.isspace() and part not in _IGNORED:
                letters.append(part)
                places.append(index)
    return "".join(letters), places


def _stands_alone(text: str, places: Sequence[int], at: int, stop: int) -> bool:
    """A Latin word is only meant where no Latin letter or digit touches it."""
    first, last = places[at], places[stop - 1]
    before = text[first - 1] if first else ""
    after = text[last + 1] if last + 1 < len(text) else ""
    return not (_is_latin(text[first]) and _is_latin(before)) and not (
        _is_latin(text[last]) and _is_latin(after)
    )


def _is_latin(letter: str) -> bool:
    folded = unicodedata.normalize("NFKC", letter)
    return folded.isascii() and folded.isalnum()
