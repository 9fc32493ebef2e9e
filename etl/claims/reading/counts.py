"""Numbers that count: 3 份政策文件, 16 个行业赛道, 八方面任务."""

from __future__ import annotations

from typing import NamedTuple

from etl.claims.grammar import Lexeme
from etl.claims.lexer import Token
from etl.claims.reading.clauses import on_text
from etl.claims.reading.state import SentenceReading, Subject
from etl.claims.reading.verbs import on_verb
from etl.claims.statement import NOBODY, TOO_LARGE, Statement

COUNTS = frozenset({"copies", "pieces", "aspects"})
#: More unread words between a number and what it counts are another matter.
_FAR = 14
_READ_ON = frozenset({"text", "glue", "facet", "place", "others"})
_PASSED = frozenset({"hypotheticals", "direction", "levels", "days"})


class SaidCount(NamedTuple):
    """What a number counts, by which words, and whether its owner stands in the sentence."""

    indicator: str
    words: str
    is_named: bool


def on_count(reading: SentenceReading, token: Token, hedge: str) -> None:
    clause, number = reading.clause, token.number
    assert number is not None
    counted = _counted(reading, number.unit)
    clause.verb, clause.gap = None, ""
    if counted is None and clause.group and not clause.had_verb:
        on_text(reading, token)  # 标普 500 指数 11 大类股
    if counted is None or reading.is_no_fact():
        return
    problem = reading.problem("") if counted.is_named else NOBODY.format(counted.words)
    known = reading.catalog[counted.indicator]
    words = counted.words
    if known.unit == "documents":
        words += reading.grammar.counted["documents"].nouns[0]  # what further counts are of
    clause.group = [Subject(counted.indicator, words)]
    clause.had_verb = True
    reading.found.append(
        Statement(
            token.start, token.stop, counted.indicator, "count", number=number, hedge=hedge,
            when=reading.when, is_part=counted.words in known.parts,
            problem=problem or (TOO_LARGE if number.value is None else ""),
        )
    )  # fmt: skip


def says_more(reading: SentenceReading, token: Token) -> bool:
    """Whether 多 is a verb, as in 比 4 月多 1 份."""
    clause = reading.clause
    if clause.base is None or clause.verb is not None or clause.gap:
        return False
    more = Lexeme("direction", "up")
    on_verb(reading, Token("direction", token.start, token.stop, "多", more))
    return True


def is_change_of_count(reading: SentenceReading) -> bool:
    """Whether a count here says by how much another one rose or fell."""
    verb = reading.clause.verb
    if verb is None or reading.clause.gap or verb.token.kind != "direction":
        return False
    return any(reading.units.count_rule(s.indicator) for s in verb.subjects)


def _counted(reading: SentenceReading, unit: str) -> SaidCount | None:
    """What the number counts: its noun behind it, or the documents named before it."""
    text, places = "", set(reading.clause.places)
    for token in reading.tokens[reading.at + 1 :]:
        if token.kind == "place":
            places.add(token.value)
        if token.kind in ("mention", "weak_mention"):
            if reading.is_misplaced(token.indicator, places):
                return None  # 各省出台 50 份政策文件
            if _takes(reading, token.indicator, unit):
                is_named = token.kind == "mention" or token.indicator in reading.named
                return SaidCount(token.indicator, token.words, is_named)
            text += token.words
        elif token.kind in _READ_ON:
            text += token.words
        elif token.kind not in _PASSED:
            break
        if len(text) > _FAR:
            break
    if unit != "copies" or (text and not reading.names_documents(text)):
        return None
    return _named_before(reading, unit, text)


def _named_before(reading: SentenceReading, unit: str, text: str) -> SaidCount | None:
    clause = reading.clause
    for subject in [*reversed(clause.group), *reading.carried]:
        named = subject.words + clause.noun_words + clause.gap + text
        if _takes(reading, subject.indicator, unit) and reading.names_documents(named):
            return SaidCount(subject.indicator, subject.words, True)
    return None


def _takes(reading: SentenceReading, indicator: str, unit: str) -> bool:
    rule = reading.units.count_rule(indicator)
    return rule is not None and unit in rule.takes
