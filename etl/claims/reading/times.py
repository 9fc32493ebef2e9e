"""When something was, since when, compared with when, and how often in a row."""

from __future__ import annotations

from dataclasses import replace

from etl.claims.dates import DAYS, When
from etl.claims.lexer import Token
from etl.claims.reading.state import RECORDS, SaidFigure, SentenceReading, Subject
from etl.claims.reading.subjects import TENOR
from etl.claims.statement import Base, SaidWindow

_PARTS_OF_YEARS = frozenset({"full", "month", "quarters", "halves", "first_months"})
_NO_PARTS_OF_YEARS = frozenset({"day", "weekdays", "weeks"})
_LOCAL = ("当地", "美东", "纽约", "美国东部")
_LONGEST_MONTH = 31
#: Spans that are no window by themselves.
_SHORT = frozenset({"日", "天", "月"})
#: Words for what the press does, never for what an authority does.
_PRESS = frozenset({"报道", "刊文", "讯", "电", "消息", "撰文", "的报道", "的文章", "文章", "刊发"})
_BEGINNINGS = frozenset({"年初", "今年初", "去年初", "今年年初", "去年年初", "月初", "本月初"})
_SUMS = ("累", "合计", "共")


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
        reading.reported = when
        return  # 光明网 5 月 26 日刊文: the day of the report, not of a session
    if following is not None and following.words in _PRESS:
        clause.era = token.words  # 据路透社 7 月报道
        return
    before = reading.before
    is_of_event = when.value == "same" and before is not None and before.when is None
    if before is not None and before.kind == "lost_days":
        return  # 大前年 5 月 1 日, 9 月 15 日至 19 日当周
    if is_of_event or _is_of_another_year(reading, when):
        clause.era = token.words  # 去年今日
        return
    is_beginning = token.words in _BEGINNINGS or token.words.endswith(("月初", "旬"))
    if is_beginning and kind != "since" and not (clause.is_versus or clause.verb):
        clause.era = token.words  # a value of the whole time would be its last
        return
    if when.kind != "day":
        clause.era = ""
    if clause.verb and not clause.verb.figures and _compares(clause.verb.token, before):
        clause.base = Base("when", when)  # 高于 8 月末的 6460 点, 持平于上周
        return
    if kind == "firsts":
        clause.window = SaidWindow(since=when)  # 年内首次
        return
    if kind == "since":
        clause.window, clause.is_versus = SaidWindow(since=when), False
    elif kind in RECORDS and not clause.is_versus:
        clause.window = SaidWindow(since=when)
    elif clause.is_versus:
        clause.base, clause.is_versus = Base("when", when), False
    elif not (when.value == "same" and reading.when is not None):
        reading.when_before = reading.when
        reading.when, reading.when_words = _joined(reading, when), token.words


def _compares(verb: Token, before: Token | None) -> bool:
    """Whether a time behind the verb is what a value is compared with: 基本持平于上周."""
    is_flat = verb.value == "flat" and (
        verb.kind == "moves_to" or (before is not None and before.words == "于")
    )
    return verb.kind == "compares" or is_flat


def _is_of_another_year(reading: SentenceReading, when: When) -> bool:
    before = reading.before
    of = before.when if before else None
    if of is None:
        return False
    is_of_day = of.kind in DAYS and when.kind == "weeks"  # 截至 9 月 19 日当周
    return is_of_day or (of.kind in ("year", "years") and when.kind in _NO_PARTS_OF_YEARS)


def _joined(reading: SentenceReading, when: When) -> When:
    """A time with the one just before it that it is a part of: 2025 年上半年, 9 月 25 日凌晨."""
    before = reading.before
    if before is not None and before.words == "的" and reading.at > 1:
        before = reading.tokens[reading.at - 2]  # 去年的 5 月 1 日
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
    following = reading.next("glue")
    if reading.when is None or following is None or following.kind != "direction":
        reading.clause.era = token.words
    else:
        reading.clause.base, reading.when = Base("when", reading.when), None


def on_since(reading: SentenceReading, token: Token) -> None:
    """上涨 9% 后: what was told is of a time before."""
    verb = reading.clause.verb
    clause = reading.clause
    if verb is not None and (
        verb.figures or verb.token.kind == "streaks" or clause.in_a_row is not None
    ):
        clause.lost = token.words


def on_versus(reading: SentenceReading, token: Token) -> None:
    clause, before = reading.clause, reading.before
    if before is not None and before.when is not None and reading.when is not None:
        clause.base, reading.when = Base("when", reading.when), reading.when_before  # 与上周五相比
    else:
        clause.is_versus = True


def on_in_a_row(reading: SentenceReading, token: Token) -> None:
    reading.clause.in_a_row = 0


def on_recent(reading: SentenceReading, token: Token) -> None:
    reading.clause.is_recent = True


def on_vague_spans(reading: SentenceReading, token: Token) -> None:
    reading.clause.vague = token.words


def on_lost_days(reading: SentenceReading, token: Token) -> None:
    before = reading.before
    if not (token.words == "全年" and before is not None and before.when is not None):
        reading.clause.era = token.words


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
    if nearest is not None and nearest.words.startswith(("前", "间")):
        clause.era = token.words + nearest.words[0]  # 十年前, 三年间
    elif clause.in_a_row == 0:
        clause.in_a_row, clause.row_unit = amount, unit
    elif clause.verb and clause.verb.token.kind == "streaks":
        clause.verb.figures.append(SaidFigure.of(token))
    elif is_near or is_summed or clause.is_recent or kind == "since" or kind in RECORDS:
        if reading.when is not None and reading.when.value == "last":
            clause.lost = token.words  # 而上周五为 66.68 美元，一周上涨 5.17%
        if clause.window is None or clause.window.since is None:
            clause.window = SaidWindow(amount, unit)
        clause.is_recent = False
    elif unit == "日" and not token.number.is_chinese and 0 < amount <= _LONGEST_MONTH:
        reading.when, reading.when_words = When("day_of_month", day=amount), token.words
    elif kind == "direction" and unit not in _SHORT:
        clause.window = SaidWindow(amount, unit)  # 一周涨 1.91%


def _on_tenor(reading: SentenceReading, token: Token) -> None:
    """Behind a name, a tenor makes another bond of it: 美国国债收益率, 2 年期报 3.5%."""
    number, clause = token.number, reading.clause
    assert number is not None
    if clause.verb is None and (number.value != TENOR or number.span != "年期"):
        reading.carried = ()
        clause.group = [Subject("", token.words)] if clause.group else []
        clause.gap += "" if clause.group else token.words
