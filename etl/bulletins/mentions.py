"""Which indicators a bulletin mentions, and where: by the aliases of the catalog."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from opencc import OpenCC

from etl.bulletins.model import Bulletin
from etl.catalog import Catalog, Indicator

SUMMARY, JUDGEMENT = "summary", "judgement"
#: The paragraph that stands for the heading of a section.
HEADING = -1
#: An address of the web or of mail, of which no letter is a word of the text.
_ADDRESS = re.compile(r"(?:https?://|www\.)[!-~]+|[\w.+-]{1,64}@[\w-]+\.[\w.-]+", re.ASCII)
_BLANK = "\ufffc"
#: OpenCC, character by character: places in a text stay what they are.
_TRADITIONAL = OpenCC("t2s")
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


@dataclass(frozen=True, slots=True)
class _Alias:
    """An alias as it is compared, and the words around it that are `not_in` its indicator."""

    letters: str
    indicator: str
    hiders: tuple[str, ...]

    @classmethod
    def of(cls, alias: str, indicator: Indicator) -> _Alias:
        letters = _folded(alias)[0]
        others = [_folded(word)[0] for word in indicator.not_in]
        return cls(letters, indicator.id, tuple(word for word in others if letters in word))

    def is_hidden(self, letters: str, at: int) -> bool:
        """Whether one of those words reaches over the alias at a place."""
        stop = at + len(self.letters)
        for word in self.hiders:
            if letters.find(word, max(0, stop - len(word)), at + len(word)) >= 0:
                return True
        return False


class MentionFinder:
    """Looks for the aliases of a catalog. A word that is listed as `not_in` hides the aliases of
    its indicator that lie inside it: 黄金时代 is not gold, but 黄金期货 is, whatever 黄金期 is."""

    def __init__(self, catalog: Catalog) -> None:
        named = [_Alias.of(alias, i) for i in catalog.all() for alias in i.aliases]
        self._aliases = _by_first_letters(named)
        self._begins = _one_of({letters[0] for letters in self._aliases})

    def found(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, stop and indicator of each mention; the longest alias wins where several fit."""
        letters, places = _folded(without_addresses(text))
        end = 0
        for begin in self._begins.finditer(letters):
            at = begin.start()
            if at < end:
                continue
            for alias in self._aliases.get(letters[at : at + 2], ()):
                stop = at + len(alias.letters)
                if (
                    letters.startswith(alias.letters, at)
                    and _stands_alone(text, places, at, stop)
                    and not alias.is_hidden(letters, at)
                ):
                    yield places[at], places[stop - 1] + 1, alias.indicator
                    end = stop
                    break


def mentions(
    bulletin: Bulletin, catalog: Catalog, finder: MentionFinder | None = None
) -> tuple[Mention, ...]:
    """Every mention in the order of the text."""
    finder = finder or MentionFinder(catalog)
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


def _by_first_letters(aliases: Sequence[_Alias]) -> Mapping[str, Sequence[_Alias]]:
    """The aliases by their first two letters, the longest first."""
    found: dict[str, list[_Alias]] = {}
    for alias in aliases:
        found.setdefault(alias.letters[:2], []).append(alias)
    return {first: sorted(some, key=lambda a: -len(a.letters)) for first, some in found.items()}


def _one_of(letters: Collection[str]) -> re.Pattern[str]:
    """Finds the letters that words may begin with: most of a text is passed over."""
    return re.compile(f"[{re.escape(''.join(sorted(letters)))}]" if letters else "(?!)")


def _folded(text: str) -> tuple[str, list[int]]:
    """Letters as they are compared, without spaces and quotes, and where each stood."""
    parts = list(map(_parts, text))
    return "".join(parts), [place for place, part in enumerate(parts) for _ in part]


@lru_cache(maxsize=8192)
def _parts(letter: str) -> str:
    """What a letter is compared by: nothing of spaces, of quotes and of marks nobody sees."""
    if unicodedata.category(letter) == "Cf":
        return ""
    folded = simplified(unicodedata.normalize("NFKC", letter).casefold())
    return "".join(part for part in folded if not part.isspace() and part not in QUOTES)


def without_addresses(text: str) -> str:
    """The text with blanks of no meaning in the place of addresses, as long as before."""
    if "@" not in text and "//" not in text and "www." not in text:
        return text
    return _ADDRESS.sub(lambda found: _BLANK * len(found[0]), text)


def simplified(letters: str) -> str:
    """Traditional characters as simplified ones, by which words are compared."""
    return letters if letters.isascii() else _TRADITIONAL.convert(letters)


def _stands_alone(text: str, places: Sequence[int], at: int, stop: int) -> bool:
    """A Latin word is only meant where no Latin letter or digit touches it."""
    first, last = places[at], places[stop - 1]
    before = text[first - 1] if first else ""
    after = text[last + 1] if last + 1 < len(text) else ""
    return not (_is_latin(text[first]) and _is_latin(before)) and not (
        _is_latin(text[last]) and _is_latin(after)
    )


@lru_cache(maxsize=8192)
def _is_latin(letter: str) -> bool:
    folded = unicodedata.normalize("NFKC", letter)
    return folded.isascii() and folded.isalnum()
