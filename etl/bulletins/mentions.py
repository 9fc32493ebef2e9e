"""Which indicators a bulletin mentions, and where: by the aliases of the catalog."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from etl.bulletins.model import Bulletin
from etl.catalog import Catalog

SUMMARY, JUDGEMENT = "summary", "judgement"
#: The paragraph that stands for the heading of a section.
HEADING = -1
QUOTES = frozenset("“”\"'‘’「」《》")


@dataclass(frozen=True, slots=True)
class Mention:
    """`text[start:stop]` of one paragraph means the indicator. `part` is `summary`, `judgement`
    or the number of a section."""

    part: str
    paragraph: int
    start: int
    stop: int
    indicator: str


class Finder:
    """Looks for the aliases of a catalog. A word that is listed as `not_in` hides the aliases of
    its indicator that lie inside it: 黄金时代 is not gold, but 黄金期货 is, whatever 黄金期 is."""

    def __init__(self, catalog: Catalog) -> None:
        named = [(_folded(a)[0], i.id) for i in catalog.all() for a in i.aliases]
        others = [(_folded(word)[0], i.id) for i in catalog.all() for word in i.not_in]
        self._aliases, self._others = _by_first_letter(named), _by_first_letter(others)

    def found(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, stop and indicator of each mention; the longest alias wins where several fit."""
        letters, places = _folded(text)
        hidden = self._hidden(letters)
        at = 0
        while at < len(letters):
            for alias, indicator in self._aliases.get(letters[at], ()):
                stop = at + len(alias)
                if (
                    letters.startswith(alias, at)
                    and _stands_alone(text, places, at, stop)
                    and hidden.get((indicator, at), 0) < stop
                ):
                    yield places[at], places[stop - 1] + 1, indicator
                    at = stop
                    break
            else:
                at += 1

    def _hidden(self, letters: str) -> Mapping[tuple[str, int], int]:
        """For each indicator and letter inside a word that hides it, how far such words reach."""
        reach: dict[tuple[str, int], int] = {}
        for at, letter in enumerate(letters):
            for word, indicator in self._others.get(letter, ()):
                if letters.startswith(word, at):
                    for place in range(at, at + len(word)):
                        key = (indicator, place)
                        reach[key] = max(reach.get(key, 0), at + len(word))
        return reach


def mentions(
    bulletin: Bulletin, catalog: Catalog, finder: Finder | None = None
) -> tuple[Mention, ...]:
    """Every mention in the order of the text."""
    finder = finder or Finder(catalog)
    return tuple(
        Mention(part, index, start, stop, indicator)
        for part, index, text in paragraphs(bulletin)
        for start, stop, indicator in finder.found(text)
    )


def paragraphs(bulletin: Bulletin) -> Iterator[tuple[str, int, str]]:
    """Every text of a bulletin with the part and the paragraph that it is."""
    yield SUMMARY, 0, bulletin.summary
    for section in bulletin.sections:
        yield str(section.number), HEADING, section.title
        for index, text in enumerate(section.paragraphs):
            yield str(section.number), index, text
    for index, text in enumerate(bulletin.judgement):
        yield JUDGEMENT, index, text


def _by_first_letter(
    words: Sequence[tuple[str, str]],
) -> Mapping[str, Sequence[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for word, indicator in words:
        found.setdefault(word[0], []).append((word, indicator))
    return {first: sorted(pairs, key=lambda p: -len(p[0])) for first, pairs in found.items()}


def _folded(text: str) -> tuple[str, list[int]]:
    """Letters as they are compared, without spaces and quotes, and where each stood."""
    letters: list[str] = []
    places: list[int] = []
    for index, letter in enumerate(text):
        for part in _parts(letter):
            letters.append(part)
            places.append(index)
    return "".join(letters), places


@lru_cache(maxsize=8192)
def _parts(letter: str) -> str:
    """What a letter is compared by: nothing of spaces, of quotes and of marks nobody sees."""
    if unicodedata.category(letter) == "Cf":
        return ""
    folded = unicodedata.normalize("NFKC", letter).casefold()
    return "".join(part for part in folded if not part.isspace() and part not in QUOTES)


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
