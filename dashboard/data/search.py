"""Indicators by the words a reader looks for: names, aliases and tickers, how Chinese names sound,
units, groups, links of the chain, and what happened to them. What is nearest comes first."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from opencc import OpenCC

from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from etl.catalog import STATUS_OF_SOURCE, Indicator
from etl.words.sentences import event_words

#: How near a word is: the name itself, its beginning, how it sounds, within it; then what the
#: indicator belongs to, and what happened to it; a name with one letter wrong.
EXACT, BEGINS, SOUNDS, WITHIN, BELONGS, HAPPENED, NEARLY = range(7)
#: Longer words are no name; so many of them are looked at.
LONGEST, MOST_WORDS = 60, 6
#: Shorter letters stand within too many words, and sound like too many.
LEAST_WITHIN, LEAST_SOUND, LEAST_TYPO = 3, 2, 5
_CHINESE = re.compile("[\u3400-\u9fff]+")
_LETTERS = re.compile("[a-zü]+")
_WORDS = re.compile("[a-z0-9]+")
#: So many are offered to who asked for something that nothing is called.
MOST_ALIKE = 5


@dataclass(frozen=True, slots=True)
class SearchEntry:
    """All that an indicator may be found by, folded: its names, each on a line; how those sound,
    syllable by syllable, and by first letters; what it belongs to; what happened to it."""

    indicator: Indicator
    names: str
    sounds: str
    initials: str
    belongs: str
    happened: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What was found, the nearest first; `is_near` if nothing is called so, but only nearly."""

    indicators: Sequence[Indicator]
    is_near: bool = False


def found(snapshot: Snapshot, words: str) -> Iterator[Indicator]:
    """The indicators that the words mean, the nearest first; all where there are none."""
    yield from search(snapshot, words).indicators


def search(snapshot: Snapshot, words: str) -> SearchResult:
    """The same, and whether a letter had to be read as another. Every word must be found; where
    none is, names are looked for that differ by one letter."""
    if not words.strip():
        return SearchResult(list(snapshot.catalog.all()))
    asked = _folded(words[: LONGEST * 2]).strip()
    if len(words) > LONGEST or not asked or len(asked.split()) > MOST_WORDS:
        return SearchResult(())
    ranked = [(near, one.indicator) for one in said(snapshot)
              if (near := _nearness(one, asked)) is not None]  # fmt: skip
    if not ranked and len(asked) >= LEAST_TYPO and _LETTERS.fullmatch(asked):
        nearly = [one.indicator for one in said(snapshot) if _is_nearly(one, asked)]
        return SearchResult(nearly, is_near=bool(nearly))
    ranked.sort(key=lambda pair: pair[0])  # stable: the order of the catalog within each
    return SearchResult([indicator for _, indicator in ranked])


def alike(snapshot: Snapshot, words: str) -> list[Indicator]:
    """Indicators whose names share the most with a sentence, of which a word that few share counts
    more; none where none shares any. What the sentence means may be none of them."""
    asked = _folded(words[: LONGEST * 2])
    parts = [word for word in _WORDS.findall(asked) if len(word) >= LEAST_WITHIN]
    parts += [run[at : at + 2] for run in _CHINESE.findall(asked) for at in range(len(run) - 1)]
    shared: dict[str, float] = defaultdict(float)
    for part in dict.fromkeys(parts):
        stands_in = _begins_a_word if part.isascii() else _stands_in
        sharing = [one.indicator.id for one in said(snapshot) if stands_in(part, one.names)]
        for name in sharing:
            shared[name] += 1 / len(sharing)
    best = sorted(shared, key=lambda name: -shared[name])  # stable: the order in which they came
    return [snapshot.catalog[name] for name in best[:MOST_ALIKE]]


def said(snapshot: Snapshot) -> Sequence[SearchEntry]:
    """Each indicator with everything that it may be found by."""
    return snapshot.cached("words", "", lambda: list(_entries(snapshot)))


def _entries(snapshot: Snapshot) -> Iterator[SearchEntry]:
    catalog, sounds = snapshot.catalog, queries.sounds(snapshot)
    happened: dict[str, list[str]] = {}
    for event in queries.crossings(snapshot):
        if one := catalog.indicators.get(event.indicator):
            unit = catalog.unit(one)
            happened.setdefault(one.id, []).extend(
                event_words(event, one, unit, lang) for lang in ("zh", "en")
            )
    for one in catalog.all():
        unit, group = catalog.unit(one), catalog.groups[one.group].title
        links = [link.title for link in catalog.links.values() if one.id in link.indicators]
        names = [one.title.zh, one.title.en, one.short.zh, one.short.en, *one.aliases,
                 one.id, *_tickers(one)]  # fmt: skip
        belongs = [text.in_(lang) for text in (group, *links, unit.label) for lang in ("zh", "en")]
        told = [words for event in one.events for words in (event.title.zh, event.title.en)]
        heard = [_heard(name, sounds) for name in names]
        yield SearchEntry(
            one,
            "\n".join(dict.fromkeys(form for n in _lines(names) for form in _forms(n))),
            "\n".join(dict.fromkeys(filter(None, heard))),
            "\n".join(dict.fromkeys("".join(s[0] for s in name.split()) for name in heard if name)),
            "\n".join(_lines([*belongs, unit.code])),
            "\n".join(_lines([*told, *happened.get(one.id, ())])),
        )


def _lines(texts: Iterable[str]) -> list[str]:
    """Each of them folded, all in one go."""
    return _folded("\n".join(texts)).split("\n")


def _forms(name: str) -> tuple[str, ...]:
    """A name as it is written, and without the spaces around its letters: 标普 500 指数."""
    return (name, name.replace(" ", "")) if _CHINESE.search(name) else (name,)


def _tickers(indicator: Indicator) -> Iterator[str]:
    """What its sources call it, with and without their signs: ^SOX, DGS10."""
    for ref in indicator.sources:
        if ref.name not in STATUS_OF_SOURCE:
            for value in ref.params.values():
                if isinstance(value, str):
                    yield value
                    yield value.strip("^=.").partition("=")[0]


def _heard(name: str, sounds: dict[str, str]) -> str:
    """How the Chinese words of a name sound."""
    return _unumlauted(" ".join(sounds.get(run, "") for run in _CHINESE.findall(name)).strip())


def _nearness(entry: SearchEntry, asked: str) -> int | None:
    """How near an indicator is to all that is asked for; None where it is not."""
    whole = _of_one(entry, asked)
    words = asked.split()
    if len(words) == 1:
        return whole
    each = [_of_one(entry, word) for word in words]
    all_of_them = [near for near in each if near is not None]
    heard = SOUNDS if _sounds_like(entry, asked.replace(" ", "")) else None
    ways = [near for near in (whole, heard) if near is not None]
    ways += [max(all_of_them)] if len(all_of_them) == len(each) else []
    return min(ways, default=None)


def _of_one(entry: SearchEntry, word: str) -> int | None:
    lines = f"\n{entry.names}\n"
    if f"\n{word}\n" in lines:
        return EXACT
    if f"\n{word}" in lines or _begins_a_word(word, entry.names):
        return BEGINS
    if _sounds_like(entry, word):
        return SOUNDS
    if _stands_in(word, entry.names):
        return WITHIN
    if _stands_in(word, entry.belongs) or f"\n{word}\n" in f"\n{entry.belongs}\n":
        return BELONGS
    return HAPPENED if _stands_in(word, entry.happened) else None


def _begins_a_word(word: str, text: str) -> bool:
    """Whether letters or digits begin a word of the text, wherever it stands."""
    at = text.find(word) if word[0].isascii() else -1
    while at >= 0:
        if at == 0 or not (text[at - 1].isascii() and text[at - 1].isalnum()):
            return True
        at = text.find(word, at + 1)
    return False


def _stands_in(word: str, text: str) -> bool:
    """Whether a word stands in a text; letters only where they are enough to mean something."""
    return word in text and (not word.isascii() or len(word) >= LEAST_WITHIN)


def _sounds_like(entry: SearchEntry, word: str) -> bool:
    """Whether letters are how a name sounds from one of its syllables on, or how it begins in first
    letters."""
    if len(word) < LEAST_SOUND or not _LETTERS.fullmatch(word):
        return False
    if f"\n{word}" in f"\n{entry.initials}":
        return True
    if len(word) >= LEAST_WITHIN and word in entry.initials:
        return True
    return _spelt(word).search(entry.sounds) is not None


@lru_cache(64)
def _spelt(word: str) -> re.Pattern[str]:
    """Letters as they may stand among syllables, beginning with one. Many speakers do not tell in
    from ing, or z from zh: 英伟达 is as often typed yinweida."""
    parts, last = [], ""
    for letter in _unumlauted(word):
        may_lack = (last == "n" and letter == "g") or (last in "zcs" and letter == "h" and last)
        also = {"n": "g?", "z": "h?", "c": "h?", "s": "h?"}.get(letter, "")
        parts.append(f"{letter}?" if may_lack else letter + also)
        last = letter
    return re.compile("(?:^|[ \n])" + " ?".join(parts))


def _is_nearly(entry: SearchEntry, word: str) -> bool:
    """Whether a word of its names, or how one sounds, differs from letters by one."""
    heard = (name.replace(" ", "") for name in entry.sounds.split("\n"))
    return any(_differ_by_one(word, other) for other in {*_LETTERS.findall(entry.names), *heard})


def _differ_by_one(word: str, other: str) -> bool:
    """Whether one letter is another, missing, too many, or has changed places with the next. The
    first letter is one that people type as it is."""
    if abs(len(word) - len(other)) > 1 or len(other) < LEAST_TYPO or word[:1] != other[:1]:
        return False
    at = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), len(other))
    swapped = word[at + 1 : at + 2] + word[at : at + 1]
    return (
        word[at + 1 :] == other[at + 1 :]
        or word[at:] == other[at + 1 :]
        or word[at + 1 :] == other[at:]
        or (swapped == other[at : at + 2] and word[at + 2 :] == other[at + 2 :])
    )


def _unumlauted(letters: str) -> str:
    """ü as people type it: lü, lv and lu are the same."""
    return letters.replace("ü", "v").replace("lv", "lu").replace("nv", "nu")


def _folded(text: str) -> str:
    """A text as it is compared: simplified, in small letters of half width."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _simplified().convert(plain).replace("\u200b", "")


@cache
def _simplified() -> OpenCC:
    return OpenCC("t2s")
