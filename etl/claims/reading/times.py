"""When something was, since when, compared with when, and how often in a row."""

from __future__ import annotations

from etl.claims.lexer import Token
from etl.claims.reading.state import RECORDS, SaidFigure, SentenceReading
from etl.claims.statement import Base, SaidWindow

_DAYS = frozenset({"day", "full", "weekdays"})


def on_when(reading: SentenceReading, token: Token) -> None:
    when, clause = token.when, reading.clause
    assert when is not None
    following = reading.next("glue")
    kind = following.kind if following else ""
    if kind == "reports" and when.kind in _DAYS:
        return  # 光明网 5 月 26 日刊文: the day of the report, not of a session
    if kind == "since":
        clause.window, clause.is_versus = SaidWindow(since=when), False
    elif kind in RECORDS and not clause.is_versus:
        clause.window = SaidWindow(since=when)
    elif clause.is_versus:
        clause.base, clause.is_versus = Base("when", when), False
    elif not (when.value == "same" and reading.when is not None):
        reading.when = when


def on_bases(reading: SentenceReading, token: Token) -> None:
    reading.clause.base, reading.clause.is_versus = Base(token.value), False


def on_versus(reading: SentenceReading, token: Token) -> None:
    reading.clause.is_versus = True


def on_in_a_row(reading: SentenceReading, token: Token) -> None:
    reading.clause.in_a_row = 0


def on_recent(reading: SentenceReading, token: Token) -> None:
    reading.clause.is_recent = True


def on_vague_spans(reading: SentenceReading, token: Token) -> None:
    reading.clause.vague = token.words


def on_lost_days(reading: SentenceReading, token: Token) -> None:
    reading.clause.lost = token.words


def on_span(reading: SentenceReading, token: Token, is_near: bool) -> None:
    """三日, 近三年: how long a streak was, or how far a record or a change reaches back."""
    assert token.number is not None
    clause, amount = reading.clause, int(token.number.value or 0)
    unit = token.number.span
    following = reading.next("glue", "hedge")
    kind = following.kind if following else ""
    if clause.in_a_row == 0:
        clause.in_a_row, clause.row_unit = amount, unit
    elif clause.verb and clause.verb.token.kind == "streaks":
        clause.verb.figures.append(SaidFigure.of(token))
    elif is_near or clause.is_recent or kind == "since" or kind in RECORDS:
        clause.window = SaidWindow(amount, unit)
        clause.is_recent = False
