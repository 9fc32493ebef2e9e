"""A sentence as tokens: mentions of indicators, words of the grammar, numbers and times."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from etl.bulletins.mentions import QUOTES, MentionFinder
from etl.catalog import Catalog
from etl.claims.dates import WHOLE_WEEK, When, when_at
from etl.claims.grammar import Grammar, Lexeme, Vocabulary, bare, folded
from etl.claims.numbers import Number, number_at

_CLAUSE = frozenset(",，;；:：—")
_DIGITS = frozenset("0123456789一二十")
_IGNORED = frozenset("()（）[]【】 \t　*_·。！？!?…\n")
_NUMERAL = frozenset("0123456789$+-−↑↓零〇一二两三四五六七八九十百千万亿u")
#: A time of day, or a delivery month with what makes it one.
_CLOCK = re.compile(
    r"(?:[01]?[0-9]|2[0-4])(?::[0-5][0-9]|时(?:[0-5]?[0-9]分)?|点(?:[0-5]?[0-9]分|半|整))"
    r"(?:许|左右|前后)?"
)
_CONTRACT = re.compile(
    r"(?:[0-9]{2,4}年)?[0-9一二十]{1,3}月份?"
    r"(?=(?:主力|黄金|白银|轻质原油|原油|布伦特原油|布兰特原油|wti原油|布油|美油)?"
    r"(?:合约|交货|交割|到期|期货|期金|期油|期银|期铜|期价|主力))"
)
#: Two days and all between them.
_DAYS_TO = re.compile(
    r"(?:[0-9]{4}年)?[0-9]{1,2}月[0-9]{1,2}日?(?:至|到|-|—|–|~)(?:[0-9]{4}年)?(?:[0-9]{1,2}月)?[0-9]{1,2}日"
)
#: Several months or quarters and all between them: what is told of them is a sum.
_MONTHS_TO = re.compile(
    r"(?:[0-9]{4}年)?[0-9]{1,2}月?份?(?:至|到|-|—|–|~)(?:[0-9]{4}年)?[0-9]{1,2}月份?"
    r"|前[23二两三]个?季度?"
)
#: Letters with which 周 and 月 are other words.
_NOT_BEFORE_SPAN = frozenset("0123456789一二三四五六七八九十个两几每上下本这当全去今明")
#: Before a move: the span that it is of.
_SPANNED = frozenset("周月季年")
_SUMMED = frozenset("0123456789前")
_MARKS_OF_TIME = re.compile("[:时点月]")
_DATE = _NUMERAL | frozenset("今去前")
#: A facet is a noun; these begin other words.
_NO_FACET = frozenset("+×0123456789")
_NONE: Mapping[str, str] = MappingProxyType({})


class Token(NamedTuple):
    """`kind` is that of a lexeme, or mention, weak_mention, facet, number, when, text or clause.

    `text[start:stop]` of the sentence; `indicators` are the one that is meant, or of a facet what
    each subject becomes.
    """

    kind: str
    start: int
    stop: int
    words: str
    lexeme: Lexeme | None = None
    number: Number | None = None
    when: When | None = None
    indicator: str = ""
    facets: Mapping[str, str] = _NONE

    @property
    def value(self) -> str:
        return self.lexeme.value if self.lexeme else ""


class Lexer:
    """Cuts sentences by the words of a catalog and of the grammar."""

    def __init__(self, catalog: Catalog, grammar: Grammar) -> None:
        self.finder = MentionFinder(catalog)
        self._words, self._units = grammar.vocabulary, grammar.unit_words
        owners = {bare(alias): i.id for i in catalog.all() for alias in i.aliases}
        timely = [word for word, said in grammar.lexemes() if said.kind in {*_TIMES, "running"}]
        starts = {re.escape(folded(word)) for word in timely if len(word) > 1}
        self._timely = re.compile(
            "|".join([*sorted(starts, key=len, reverse=True), "[0-9]+", "收"])
        )
        self._careful = {
            (i.id, bare(alias)): name
            for i in catalog.all()
            for name in ("loose", "needs_cue", "actors")
            for alias in getattr(i.statements, name)
        }
        facets, self.bases = _facets(owners)
        self.facets = Vocabulary(
            [
                (noun, owned)
                for noun, owned in facets.items()
                if (word := self._words.at(noun, 0)) is None or word[1].kind not in _ENDS
            ]
        )
        self._nouns = self.facets.firsts
        self._counted = {i.id for i in catalog.all() if i.unit in grammar.counted}
        self._of_counts = {unit for rule in grammar.counted.values() for unit in rule.takes}
        tails = {self._tail(alias, owner): owner for alias, owner in owners.items()}
        self._tail_words = [tail for tail in tails if len(tail) > 1 and tail not in owners]
        self._tails = Vocabulary([(tail, tails[tail]) for tail in self._tail_words])

        verbs = [word for word, said in grammar.lexemes() if said.kind in _ENDS]
        self._verb_ends = frozenset(folded(word)[-1] for word in verbs)
        # Where a token may begin at all: most letters are passed over.
        self._starts = (
            _SPANNED | _DATE | _CLAUSE | _IGNORED | self._words.firsts | self.facets.firsts
        )

    def tokens(self, sentence: str) -> list[Token]:
        """The tokens in their order; what no list holds is text. There are none in a sentence that
        names no indicator, which nearly all of a bulletin's are."""
        letters, places = _letters(sentence)
        spans = self._mentions(sentence, places)
        if not spans and not any(tail in letters for tail in self._tail_words):
            return []
        found: list[Token] = []
        at, text_from = 0, -1
        while at < len(letters):
            taken = None
            if letters[at] in self._starts or at in spans:
                taken = self._at(sentence, letters, places, spans, at)
            if taken is None and text_from < 0:
                text_from = at
            if taken is not None and text_from >= 0:
                found.append(_token("text", sentence, places, text_from, at))
                text_from = -1
            if taken is None:
                at += 1
            else:
                stop, tokens = taken
                found += tokens
                at = stop
        if text_from >= 0:
            found.append(_token("text", sentence, places, text_from, len(letters)))
        return found

    def times(self, sentence: str) -> Iterator[Token]:
        """The times that a sentence names, and the words of running and of closed sessions."""
        letters, places = _letters(sentence)
        at = 0
        while found := self._timely.search(letters, at):
            start = found.start()
            taken = self._at(sentence, letters, places, {}, start)
            at = max(taken[0] if taken else 0, start + 1)
            for token in taken[1] if taken else ():
                if token.when is not None or token.kind in ("running", "clock"):
                    yield token._replace(kind="running" if token.when is None else "when")
                elif token.words.startswith("收"):
                    yield token

    def care(self, token: Token) -> str:
        """How carefully the words of a mention are taken: loose, needs_cue, actors; '' by itself
        for a name that means the indicator alone."""
        return self._careful.get((token.indicator, bare(token.words)), "")

    def _at(
        self,
        sentence: str,
        letters: str,
        places: list[int],
        spans: Mapping[int, tuple[int, str]],
        at: int,
    ) -> tuple[int, list[Token]] | None:
        """What begins at a place and where it ends; None where it is only text."""
        letter = letters[at]
        is_first = letter in _SUMMED and letters[at - 1 : at] not in _DIGITS
        if is_first and (found := _MONTHS_TO.match(letters, at)):
            return found.end(), [_token("lost_days", sentence, places, at, found.end())]
        number = number_at(letters, at, self._units) if letter in _NUMERAL else None
        word = self._words.at(letters, at)
        if letter in _SPANNED and word is None and (spanned := self._spanned(letters, at)):
            span = When("weeks", amount=WHOLE_WEEK) if letter == "周" else None
            kind = "when" if span else "lost_days"
            return spanned, [_token(kind, sentence, places, at, spanned, when=span)]
        if (
            letter in _DIGITS
            and _MARKS_OF_TIME.search(letters, at, at + 8)
            and (timed := self._timed(sentence, letters, places, at))
        ):
            return timed
        if at in spans and (word is None or word[0] <= spans[at][0]):
            return self._mention(sentence, letters, places, spans[at], at, number)
        when = when_at(letters, at) if letter in _DATE else None
        if when is not None and (word is None or when[0] > word[0]):
            return when[0], [_token("when", sentence, places, at, when[0], when=when[1])]
        is_own = number is not None and self._counts(letters, number)
        if number is not None and is_own and (word is None or number.stop > word[0]):
            return self._number(sentence, letters, places, number)
        facet = self.facets.at(letters, at) if letter in self._nouns else None
        if facet is not None and (word is None or facet[0] >= word[0]):
            said = word[1] if word and word[0] == facet[0] else None
            token = _token("facet", sentence, places, at, facet[0], lexeme=said, facets=facet[1])
            return facet[0], [token]
        if word is not None:
            kind = word[1].kind
            if kind in _TIMES:
                when_word = When(kind, word[1].value, amount=int(word[1].amount))
                return word[0], [_token("when", sentence, places, at, word[0], when=when_word)]
            return word[0], [_token(kind, sentence, places, at, word[0], lexeme=word[1])]
        if letter in _CLAUSE:
            return at + 1, [_token("clause", sentence, places, at, at + 1)]
        if letter in _IGNORED:
            return at + 1, []
        return None

    def _spanned(self, letters: str, at: int) -> int:
        """Where a span before its move ends: 周涨 1.7%; 0 where there is none."""
        behind = self._words.at(letters, at + 1) if at + 1 < len(letters) else None
        is_cut = letters[at - 1 : at] in _NOT_BEFORE_SPAN
        return at + 1 if behind and behind[1].kind == "direction" and not is_cut else 0

    def _timed(
        self, sentence: str, letters: str, places: list[int], at: int
    ) -> tuple[int, list[Token]] | None:
        """A time of day, at which a price is none of a close unless it says so; a delivery month,
        which is no time at all."""
        if letters[at - 1 : at] not in _DIGITS and (found := _DAYS_TO.match(letters, at)):
            return found.end(), [_token("lost_days", sentence, places, at, found.end())]
        if letters[at - 1 : at] not in _DIGITS and (found := _CLOCK.match(letters, at)):
            is_close = letters.startswith(("收盘", "收市", "收报", "收于"), found.end())
            kind = "glue" if is_close else "clock"
            return found.end(), [_token(kind, sentence, places, at, found.end())]
        if found := _CONTRACT.match(letters, at):
            return found.end(), [_token("contract", sentence, places, at, found.end())]
        return None

    def _mention(
        self,
        sentence: str,
        letters: str,
        places: list[int],
        span: tuple[int, str],
        at: int,
        number: Number | None,
    ) -> tuple[int, list[Token]]:
        """A mention; of 八方面任务 also its number, and of 美联储加息 also its verb."""
        stop, indicator = span
        if number is not None and number.stop < stop and self._is_apart(number, indicator):
            tokens = [_token("number", sentence, places, at, number.stop, number=number)]
            if self.facets.at(letters, number.stop):
                return number.stop, tokens
            named = _token("mention", sentence, places, number.stop, stop, indicator=indicator)
            return stop, [*tokens, named]
        for place in range(at + 1, stop) if letters[stop - 1] in self._verb_ends else ():
            word = self._words.at(letters, place)
            if word and word[0] == stop and word[1].kind in _ENDS:
                named = _token("mention", sentence, places, at, place, indicator=indicator)
                verb = _token(word[1].kind, sentence, places, place, stop, lexeme=word[1])
                return stop, [named, verb]
        return stop, [_token("mention", sentence, places, at, stop, indicator=indicator)]

    def _number(
        self, sentence: str, letters: str, places: list[int], number: Number
    ) -> tuple[int, list[Token]]:
        tokens = [_token("number", sentence, places, number.start, number.stop, number=number)]
        stem = number.stem + (letters[number.stem : number.stem + 1] == " ")
        tail = self._tails.at(letters, stem) if stem < len(letters) else None
        if tail is None or tail[0] <= number.stop:
            return number.stop, tokens
        stop, owner = tail
        weak = _token("weak_mention", sentence, places, number.stop, stop, indicator=owner)
        return stop, [*tokens, weak]

    def _counts(self, letters: str, number: Number) -> bool:
        """Whether it is a number of its own: 一 in 一体化 is none."""
        if not number.is_chinese or number.unit:
            return True
        word = self._words.at(letters, number.stop) if number.stop < len(letters) else None
        return bool(word and word[1].kind == "streaks") or number.value is None

    def _mentions(self, sentence: str, places: list[int]) -> Mapping[int, tuple[int, str]]:
        """Where mentions begin, where they end, and whose they are, as places in the letters."""
        spans: dict[int, tuple[int, str]] = {}
        for start, stop, indicator in self.finder.found(sentence):
            first, last = bisect_left(places, start), bisect_left(places, stop - 1)
            if places[first : first + 1] == [start] and places[last : last + 1] == [stop - 1]:
                spans[first] = (last + 1, indicator)
        return spans

    def _is_apart(self, number: Number, indicator: str) -> bool:
        """Whether a number at the beginning of a name is told of it: 八方面任务, 万亿美元市值. In
        三星电子 and 四大云商 it is a part of the name."""
        is_told = number.unit and (number.unit not in self._of_counts or indicator in self._counted)
        return bool(is_told) and not number.span

    def _tail(self, alias: str, owner: str) -> str:
        """What stands behind the number that an alias begins with; nothing without one."""
        number = number_at(alias, 0, self._units) if alias[0] in _NUMERAL else None
        if number is None or not number.is_chinese or not self._is_apart(number, owner):
            return ""
        return alias[number.stem :]


_TIMES = frozenset({"day", "weekdays", "weeks", "months", "years", "quarters", "halves"})
_VERBS = frozenset({"direction"})
#: Words that end an alias and say more than its name: 美联储加息, CPI 同比.
_ENDS = _VERBS | {"bases"}


def _token(
    kind: str,
    sentence: str,
    places: list[int],
    start: int,
    stop: int,
    *,
    lexeme: Lexeme | None = None,
    number: Number | None = None,
    when: When | None = None,
    indicator: str = "",
    facets: Mapping[str, str] = _NONE,
) -> Token:
    first, last = places[start], places[stop - 1] + 1
    return Token(kind, first, last, sentence[first:last], lexeme, number, when, indicator, facets)


def _letters(sentence: str) -> tuple[str, list[int]]:
    """The letters as they are compared, without quotes and marks that are not seen."""
    seen = list(map(_seen, sentence))
    return "".join(seen), [place for place, letter in enumerate(seen) if letter]


@lru_cache(maxsize=8192)
def _seen(letter: str) -> str:
    """The letter as it is compared; nothing of one that is not seen."""
    return "" if letter in QUOTES or unicodedata.category(letter) == "Cf" else folded(letter)


def _facets(
    owners: Mapping[str, str],
) -> tuple[Mapping[str, Mapping[str, str]], Mapping[str, frozenset[str]]]:
    """Nouns that make another indicator of a subject: as 美光市值 is an alias beside 美光, 市值
    behind 美光 means the market value. And of which indicators an alias goes on with the noun."""
    found: dict[str, dict[str, str]] = {}
    family: dict[str, set[str]] = {}
    for alias, owner in owners.items():
        for length in range(2, len(alias)):
            base, noun = alias[:length], alias[length:]
            if (
                base in owners
                and noun[0] not in _NO_FACET
                and (noun.isalpha() or not noun.isascii())
            ):
                found.setdefault(noun, {})[owners[base]] = owner
                family.setdefault(owners[base], set()).add(owner)
    bases = {noun: frozenset(owned) for noun, owned in found.items()}
    for owned in found.values():  # 股价 behind 美光市值 leads back to the price
        for base, owner in [*owned.items()]:
            for other in family[base]:
                owned.setdefault(other, owner)
    return found, bases
