"""The words that statements are made of, read from grammar.yaml into frozen types."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Generic, Literal, TypeVar

from etl.bulletins.mentions import simplified
from etl.catalog import Catalog, Indicator
from etl.files.strict_model import StrictModel
from etl.files.strict_yaml import load_yaml

PATH = Path(__file__).with_name("grammar.yaml")
Way = Literal["up", "down", "flat"]
Words = tuple[str, ...]
#: A unit that begins so is a span of time, in the word behind it.
SPAN = "span:"
T = TypeVar("T")
#: The fields of the grammar that are plain lists of words, each a kind of its own.
_LISTS = (
    "levels", "firsts", "sets", "in_a_row", "versus", "since", "negations", "hypotheticals",
    "conditionals", "fictions", "intraday", "running", "unreal", "others", "other_contracts",
    "thereafter", "reports", "strangers", "joins", "together", "respectively", "glue", "recent",
    "vague_spans", "lost_days", "moves_are",
)  # fmt: skip
_LOOSE_SPACE = re.compile(r"(?<![a-z]) | (?![a-z])")


class Hedge(StrictModel):
    """How far below and above a number a value may be."""

    words: Words
    below_pct: float
    above_pct: float
    of_step: float


class Size(StrictModel):
    at_least_pct: float = 0.0
    at_least_bp: float = 0.0
    at_most_pct: float = float("inf")
    at_most_bp: float = float("inf")


class Volatility(StrictModel):
    moves: int
    plain_pct: float
    strong_pct: float


class Listed(StrictModel):
    words: Words


class Sized(StrictModel):
    words: Words
    direction: Way
    size: str


class Record(StrictModel):
    words: Words
    weak: Words


class Double(StrictModel):
    words: Words
    pct: float


class Cue(StrictModel):
    """Words by which a sentence speaks of a market, and those that speak against it."""

    words: Words
    against: Words


class UnitRule(StrictModel):
    """The units of a text that may tell a level in a unit of the catalog; '' is a bare number."""

    takes: Words
    scale: float = 1.0


class CountRule(StrictModel):
    takes: Words
    nouns: Words


class TableWords(StrictModel):
    """What the heads of tables say: quantities, words that change nothing, and doubts."""

    quantities: dict[str, Words]
    neutral: Words
    doubts: Words


class Grammar(StrictModel):
    """The whole of grammar.yaml; each field is explained there."""

    hedges: dict[str, Hedge]
    sizes: dict[str, Size]
    flat_within_pct: float
    volatility: Volatility
    directions: dict[Way, Listed]
    sized: tuple[Sized, ...]
    revisions: Words
    of_rates: Words
    move_nouns: Words
    moves_are: Words
    moves_to: dict[Way, Listed]
    levels: Words
    crossings: dict[Way, Listed]
    holds: dict[Way, Listed]
    firsts: Words
    records: dict[str, Record]
    among: dict[str, Listed]
    sets: Words
    volatility_words: dict[str, Listed]
    streaks: dict[Way, Listed]
    in_a_row: Words
    compares: dict[Way, Listed]
    doubles: tuple[Double, ...]
    bases: dict[str, Listed]
    versus: Words
    since: Words
    negations: Words
    hypotheticals: Words
    conditionals: Words
    fictions: Words
    intraday: Words
    running: Words
    unreal: Words
    other_contracts: Words
    thereafter: Words
    others: Words
    nominal: Words
    reports: Words
    places: dict[str, Words]
    cues: dict[str, Cue]
    long_headings: Words
    strangers: Words
    asides: Words
    joins: Words
    together: Words
    respectively: Words
    glue: Words
    days: dict[str, Words]
    weekdays: dict[str, int]
    weeks: dict[str, int]
    months: dict[str, int]
    years: dict[str, int]
    quarters: dict[str, int]
    halves: dict[str, int]
    spans: dict[str, int]
    recent: Words
    vague_spans: Words
    lost_days: Words
    units: dict[str, Words]
    unit_of: dict[str, UnitRule]
    counted: dict[str, CountRule]
    tables: TableWords

    @cached_property
    def vocabulary(self) -> Vocabulary[Lexeme]:
        """Every word but the units, each with what it says."""
        return Vocabulary(self.lexemes())

    @cached_property
    def bare_cues(self) -> Mapping[str, Cue]:
        """The words of cues as they are compared, without spaces."""
        return {
            place: Cue(words=tuple(map(bare, cue.words)), against=tuple(map(bare, cue.against)))
            for place, cue in self.cues.items()
        }

    @cached_property
    def nouns(self) -> Vocabulary[str]:
        """What makes a noun of the direction word before it."""
        return Vocabulary([(word, word) for word in self.nominal])

    @cached_property
    def unit_words(self) -> Vocabulary[str]:
        """The words of units; a span of time is the unit SPAN + WORD."""
        pairs = [(word, name) for name, words in self.units.items() for word in words]
        return Vocabulary([*pairs, *((word, f"{SPAN}{word}") for word in self.spans)])

    def level_rule(self, catalog: Catalog, indicator: Indicator) -> UnitRule:
        """How a text writes a level of the indicator, units of the catalog alone included."""
        if indicator.unit in self.unit_of:
            return self.unit_of[indicator.unit]
        label = folded(catalog.unit(indicator).label.zh)
        named = [name for name, words in self.units.items() if label in words]
        return UnitRule(takes=(*named, ""))

    def lexemes(self) -> Iterator[tuple[str, Lexeme]]:
        yield from _each("direction", {way: one.words for way, one in self.directions.items()})
        for sized in self.sized:
            for word in sized.words:
                yield word, Lexeme("direction", sized.direction, size=sized.size)
        for double in self.doubles:
            way = "up" if double.pct > 0 else "down"
            for word in double.words:
                yield word, Lexeme("double", way, amount=double.pct)
        for name in ("moves_to", "crossings", "holds", "streaks", "compares", "bases"):
            yield from _each(name, {k: v.words for k, v in getattr(self, name).items()})
        yield from _each("volatility", {k: v.words for k, v in self.volatility_words.items()})
        yield from _each("hedge", {name: one.words for name, one in self.hedges.items()})
        for way, record in self.records.items():
            yield from _each("record", {way: record.words})
            yield from _each("weak_record", {way: record.weak})
        for name in _LISTS:
            yield from _each(name, {name: getattr(self, name)})
        yield from _each("day", self.days)
        yield from _each("place", self.places)
        for word, number in self.weekdays.items():
            for prefix, week in (("上", "last"), ("本", "this"), ("这", "this")):
                yield prefix + word, Lexeme("weekdays", week, amount=number)
        for name in ("weekdays", "weeks", "months", "years", "quarters", "halves"):
            for word, number in getattr(self, name).items():
                yield word, Lexeme(name, amount=number)


@dataclass(frozen=True, slots=True)
class Lexeme:
    """What a word says: its class, and where it has them a value, a size and an amount."""

    kind: str
    value: str = ""
    size: str = ""
    amount: float = 0.0


class Vocabulary(Generic[T]):
    """Words that are looked for at one place of a text, the longest first."""

    def __init__(self, pairs: Iterator[tuple[str, T]] | Sequence[tuple[str, T]]) -> None:
        self._root: _Branch[T] = _Branch()
        for word, said in pairs:
            branch = self._root
            for letter in _tight(folded(word)):
                branch = branch.next.setdefault(letter, _Branch())
            if branch.said not in (None, said):
                raise ValueError(f"grammar.yaml: the word '{word}' stands in two lists")
            branch.said = said

    @property
    def firsts(self) -> frozenset[str]:
        """The letters that a word may begin with."""
        return frozenset(self._root.next)

    def at(self, text: str, place: int) -> tuple[int, T] | None:
        """The longest word that begins at `place`: where it ends, and what it says. A Latin word
        ends where its letters end."""
        branch = self._root.next.get(text[place])
        if branch is None or (place and _is_cut(text, place)):
            return None
        found, end = None, len(text)
        while branch is not None:
            place += 1
            if branch.said is not None and not _is_cut(text, place):
                found = place, branch.said
            while place < end and text[place] == " " and " " not in branch.next:
                place += 1  # 罗素 2000 is written without the space as well
            branch = branch.next.get(text[place]) if place < end else None
        return found


def _tight(word: str) -> str:
    """The word without the spaces that may be missing: those not between Latin words."""
    return _LOOSE_SPACE.sub("", word)


class _Branch(Generic[T]):
    """Where words that begin alike part, and what the word that ends here says."""

    __slots__ = ("next", "said")

    def __init__(self) -> None:
        self.next: dict[str, _Branch[T]] = {}
        self.said: T | None = None


def folded(text: str) -> str:
    """Letters as they are compared: full width, capitals and Traditional characters folded, one
    for one."""
    return "".join(map(_fold, text))


def bare(text: str) -> str:
    """The same without spaces."""
    return folded(text).replace(" ", "")


@lru_cache(maxsize=4096)
def _fold(letter: str) -> str:
    normal = simplified(unicodedata.normalize("NFKC", letter).casefold())
    return normal if len(normal) == 1 else letter


@lru_cache
def grammar() -> Grammar:
    """The grammar, read once."""
    return Grammar.model_validate_json(json.dumps(load_yaml(PATH), ensure_ascii=False))


def _each(kind: str, words: Mapping[str, Words]) -> Iterator[tuple[str, Lexeme]]:
    for value, listed in words.items():
        for word in listed:
            yield word, Lexeme(kind, value)


def _is_cut(text: str, place: int) -> bool:
    """Whether a word that ended at a place would be cut: Latin letters stand on both sides."""
    pair = text[place - 1 : place + 1]
    return pair.isascii() and pair.isalpha() and len(pair) == 2
