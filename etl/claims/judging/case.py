"""A statement beside what was known of its indicator, and how a verdict on it is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from etl.calendars import MARKETS
from etl.catalog import Indicator, Unit
from etl.claims.dates import Period, Span, When, period_of
from etl.claims.grammar import Grammar
from etl.claims.known import History
from etl.claims.model import Evidence, Verdict
from etl.claims.numbers import Number
from etl.claims.statement import NO_MARK, Statement
from etl.frequency import Frequency, period_end
from etl.frequency import period_of as period_start
from etl.words.numbers import MINUS, grouped, signed

_OWN_SPANS: Mapping[Frequency, Span] = {
    "monthly": "month", "quarterly": "quarter", "annual": "year",
}  # fmt: skip
#: What a reason begins with, where there is a verdict.
VERDICT_WORDS: Mapping[Verdict, str] = {
    "supported": "相符",
    "approximate": "大致相符",
    "contradicted": "不符",
    "unverifiable": "不能认定",
}


class Unknown(Exception):
    """What keeps a statement from being checked, in words."""


class NotYetHeld(Unknown):
    """The value that is meant was not known then: the statement is judged once it is."""


def plain(digits: str) -> str:
    """Digits with the minus sign of a keyboard."""
    return digits.replace(MINUS, "-")


def without_verdict(reason: str) -> str:
    """The reason without the word of the verdict that it may begin with."""
    words, _, rest = reason.partition("：")
    return rest if words in VERDICT_WORDS.values() else reason


def doubted_reason(reason: str, doubt: str) -> str:
    """The reason of a contradiction as that of a doubt."""
    told = without_verdict(reason).removesuffix("。")
    return f"{VERDICT_WORDS['unverifiable']}：{told}；{doubt}。"


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict and its reason; `at` is the place of the value it rests on."""

    verdict: Verdict
    reason: str
    at: int | None = None
    previous: float | None = None
    period: str | None = None
    t: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One statement of a bulletin of `day`, and what was known of its indicator at `moment`, the
    end of that day. `period` is the time that the statement names."""

    statement: Statement
    indicator: Indicator
    unit: Unit
    grammar: Grammar
    day: date
    moment: datetime
    period: Period | None
    history: History

    @property
    def is_lively(self) -> bool:
        """Whether every day has a value; on other calendars one stands for a longer time."""
        return self.indicator.calendar in MARKETS

    @property
    def is_count(self) -> bool:
        return self.indicator.unit in self.grammar.counted

    def number(self) -> Number:
        """The number of the statement, which it must have."""
        number = self.statement.number
        if number is None or number.value is None:
            raise Unknown(NO_MARK)
        return number

    def mark(self) -> float:
        """The value of the number."""
        value = self.number().value
        assert value is not None
        return value

    def way(self) -> str:
        """The direction of the values: a currency that rises is a quote that falls."""
        way = self.statement.way
        if self.statement.is_inverse and way in ("up", "down"):
            return "down" if way == "up" else "up"
        return way

    def value_of(self, at: int) -> float:
        """The value at a place, which must be evidence: what only a bulletin gives is none."""
        self.must_be_independent(at)
        return float(self.history.values[at])

    def must_be_independent(self, at: int) -> None:
        """Refuse a value that is known from a bulletin alone: it supports no bulletin."""
        if told := self.history.rows[at].cited_in:
            where = "本期" if told == str(self.day) else f" {told} 一期"
            raise Unknown(f"出自{where}，尚无独立来源")

    def date_of(self, at: int) -> date:
        """The date of the value at a place."""
        return self.history.rows[at].date

    # Words

    def shown(self, value: float, sign: bool = False) -> str:
        """A value as Chinese readers write it, with its unit."""
        label, digits = self.unit.label.zh, signed if sign else grouped
        number = plain(digits(value * self.unit.zh_factor, self.indicator.decimals))
        if label == "比值":
            return number
        return f"{number}{label}" if label == "%" else f"{number} {label}"

    def told(self, at: int) -> str:
        """A date and its value."""
        return f"{self.date_of(at)} 为 {self.shown(self.value_of(at))}"

    def told_own(self, at: int) -> str:
        """The time that a value stands for, and the value."""
        return f"{self.own_period(at)} 为 {self.shown(self.value_of(at))}"

    def own_period(self, at: int) -> Period:
        """The day, month, quarter or year that a value stands for."""
        day, frequency = self.date_of(at), self.indicator.frequency
        span = _OWN_SPANS.get(frequency, "day")
        return Period(period_start(frequency, day), period_end(frequency, day), span)

    def between(self, before: int, at: int) -> str:
        """The span of a comparison, where it is not simply a session and the one before."""
        if before == at - 1 and self.is_lively:
            return str(self.date_of(at))
        return f"{self.date_of(before)}..{self.date_of(at)}"

    def range(self, before: int, at: int) -> str:
        """The window of a chart that shows both."""
        days = (self.date_of(at) - self.date_of(before)).days
        return next((t for t, most in (("1m", 20), ("3m", 80), ("1y", 360)) if days < most), "5y")

    # Verdicts

    def result(
        self, verdict: Verdict, told: str, at: int, previous: float | None, t: str,
        period: str | None = None,
    ) -> Ruling:  # fmt: skip
        """A verdict with what was found, in words."""
        if not self.is_lively:
            t = "max"
        is_plain = self.period is None or self.period.span == "day"
        named = period or str(self.own_period(at) if is_plain else self.period)
        return Ruling(verdict, f"{VERDICT_WORDS[verdict]}：{told}。", at, previous, named, t)

    def doubted(self, found: Ruling, doubt: str) -> Ruling:
        """The ruling, but for a contradiction that is in doubt."""
        if found.verdict != "contradicted" or not doubt:
            return found
        return replace(found, verdict="unverifiable", reason=doubted_reason(found.reason, doubt))

    def elsewhere(self, found: Ruling, is_within: bool) -> Ruling:
        """The ruling, in doubt where what others report may lie so far from the value here."""
        words = self.indicator.statements.elsewhere.words or "别处的末位数字可能不同"
        return self.doubted(found, f"{words}，不能认定") if is_within else found

    def elsewhere_abs(self, value: float) -> float:
        """How far from a value changes of others may lead."""
        rules = self.indicator.statements.elsewhere
        return (rules.change_pct or rules.level_pct) / 100 * abs(value)

    def answer(
        self, is_so: bool, told: str, at: int, previous: float | None, t: str,
        period: str | None = None,
    ) -> Ruling:  # fmt: skip
        """The verdict on what is either so or not."""
        verdict: Verdict = "supported" if is_so else "contradicted"
        return self.result(verdict, told, at, previous, t, period)

    def evidence(self, found: Ruling) -> Evidence | None:
        """The value that a verdict rests on, with the frozen chart that shows it."""
        if found.at is None:
            return None
        row = self.history.rows[found.at]
        span = f"?t={found.t}" if found.t else ""
        return Evidence(
            date=row.date,
            value=row.value,
            previous=found.previous,
            known_at=row.known_at,
            source=row.provenance,
            chart=f"/c/{self.indicator.id}@{self.day}{span}",
        )


def period_named(when: When, day: date) -> Period:
    """The time that a bulletin of a day names."""
    period = period_of(when, day)
    if period is None:
        raise Unknown("文中的时间不存在，或说不准是哪一段")
    return period
