"""Words that say how a clause is meant: denied, supposed, within the day, for the first time."""

from __future__ import annotations

from etl.claims.lexer import Token
from etl.claims.reading.clauses import flush
from etl.claims.reading.state import SentenceReading


def on_negations(reading: SentenceReading, token: Token) -> None:
    reading.clause.is_negated = True


def on_hypotheticals(reading: SentenceReading, token: Token) -> None:
    following = reading.next()
    if token.words == "将" and following and following.kind in ("mention", "facet"):
        return  # 将利率下调: 将 is 把
    reading.clause.is_doubted = True


def on_conditionals(reading: SentenceReading, token: Token) -> None:
    reading.is_conditional = True


def on_intraday(reading: SentenceReading, token: Token) -> None:
    reading.clause.is_intraday = True


def on_firsts(reading: SentenceReading, token: Token) -> None:
    flush(reading)
    reading.clause.is_first = True


def on_sets(reading: SentenceReading, token: Token) -> None:
    verb = reading.clause.verb
    if verb is not None and verb.figures:
        flush(reading)  # 高于 20,000 点、创 2021 年以来新高: the time is that of the record
    reading.clause.has_set = True
