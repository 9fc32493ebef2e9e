"""When something was, since when, compared with when, and how often in a row."""

from __future__ import annotations

from dataclasses import replace

from etl.claims.dates import When
from etl.claims.lexer import Token
from etl.claims.reading.state import RECORDS, SaidFigure, SentenceReading, Subject
from etl.claims.reading.subjects import TENOR
from etl.claims.statement import Base, SaidWindow

_PARTS_OF_YEARS = frozenset({"month", "quarters", "halves", "first_months"})
_LOCAL = ("当地", "美东", "纽约", "美国东部")
_SUMS = ("累", "合计", "共")
#: The kinds of times that are a single day.
DAYS = frozenset({"day", "full", "weekdays"})


def on_when(reading: SentenceReading, token: Token) -> None:
    when, clause = token.when, reading.clause
    assert when is not None
    if reading.before and reading.before.words.startswith(_LOCAL):
        when = replace(when, is_local=True)
    if token.words.endswith(("底", "末")):
        when = replace(when, is_end=True)
    following = reading.next("glue")
    kind = following.kind if following else ""
    if kind == "reports" and when.kind in DAYS:
        return  # 光明网 5 月 26 日刊文: the day of the report, not of a session
    if kind == "since":
        clause.window, clause.is_versus = SaidWindow(since=when), False
    elif kind in RECORDS and not clause.is_versus:
        clause.window = SaidWindow(since=when)
    elif clause.is_versus:
        clause.base, clause.is_versus = Base("when", when), False
    elif not (when.value == "same" and reading.when is not None):
        reading.when, reading.when_words = _joined(reading, when), token.words


def _joined(reading: SentenceReading, when: When) -> When:
    """A time with the one just before it that it is a part of: 2025 年上半年, 9 月 25 日凌晨."""
    before = reading.before
    of = before.when if before else None
    if of is None:
        return when
    if when.kind in _PARTS_OF_YEARS and when.year is None and of.kind in ("year", "years"):
        return replace(when, year=of.year, years_back=of.amount if of.kind == "years" else None)
    if when.value == "dawn" and of.kind in DAYS:
        return replace(of, is_dawn=True)
    return when


def on_bases(reading: SentenceReading, token: Token) -> None:
    reading.clause.base, reading.clause.is_versus = Base(token.value), False


def on_thereafter(reading: SentenceReading, token: Token) -> None:
    """8 月 29 日收于…，此后累计上涨 4.86%: from that day until now."""
    if reading.when is None:
        reading.clause.lost = token.words
    else:
        reading.clause.base, reading.when = Base("when", reading.when), None


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
    if unit.endswith("期"):
        _on_tenor(reading, token)
        return
    following, nearest = reading.next("glue", "hedge"), reading.next()
    is_summed = nearest is not None and nearest.words.startswith(_SUMS)
    kind = following.kind if following else ""
    if clause.in_a_row == 0:
        clause.in_a_row, clause.row_unit = amount, unit
    elif clause.verb and clause.verb.token.kind == "streaks":
        clause.verb.figures.append(SaidFigure.of(token))
    elif is_near or is_summed or clause.is_recent or kind == "since" or kind in RECORDS:
        clause.window = SaidWindow(amount, unit)
        clause.is_recent = False


def _on_tenor(reading: SentenceReading, token: Token) -> None:
    """Behind a name, a tenor makes another bond of it: 美国国债收益率, 2 年期报 3.5%."""
    number, clause = token.number, reading.clause
    assert number is not None
    if clause.verb is None and (number.value != TENOR or number.span != "年期"):
        reading.carried = ()
        clause.group = [Subject("", token.words)] if clause.group else []
        clause.gap += "" if clause.group else token.words
