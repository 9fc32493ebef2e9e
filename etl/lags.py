"""Lags: how long after the end of its period a value was first seen, and whether the publication
rule of the catalog agrees. Nothing is changed here: a better rule is only proposed. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from etl import calendars
from etl.catalog import Indicator, Publication
from etl.frequency import Frequency

Verdict = Literal["agrees", "too early", "too late", "too few", "by event"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
#: How many values it takes to judge a rule.
ENOUGH: Mapping[Frequency, int] = {
    "daily": 10, "weekly": 8, "monthly": 6, "quarterly": 4, "annual": 3, "event": 3,
}  # fmt: skip
#: The share of values that must contradict a rule, or that a new one must hold for.
MOST = 0.9
#: A source that had not been asked for so long before says too little of when a value came.
BLIND = timedelta(days=3)
#: By how much a value may miss its moment.
GRACE = timedelta(hours=1)
#: The minutes that proposed hours are rounded up to.
_QUARTER = 15


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """When a run first saw the value of a date in an answer, and the last time before when the same
    source had answered without it. `public_at` is when it counted as public."""

    indicator: str
    source: str
    date: date
    seen_at: datetime
    missed_at: datetime
    public_at: datetime

    @property
    def is_close(self) -> bool:
        """Whether the source was asked often enough to tell when the value came."""
        return self.seen_at - self.missed_at <= BLIND


@dataclass(frozen=True, slots=True)
class Lag:
    """What was measured of an indicator, in hours from the end of its periods, and what it means
    for its publication rule: `against` counts the values that contradict it, and `proposed` is the
    line of YAML that would have held."""

    indicator: str
    sources: tuple[str, ...]
    values: int
    least_h: float | None
    median_h: float | None
    most_h: float | None
    rule: str
    verdict: Verdict
    against: int = 0
    proposed: str = ""

    def to_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def measured(indicator: Indicator, seen: Iterable[FirstSeen]) -> Lag:
    """The lags of an indicator. A value that several sources have counts where it came first."""
    first: dict[date, FirstSeen] = {}
    for one in sorted(seen, key=lambda one: one.seen_at):
        first.setdefault(one.date, one)
    close = [one for one in first.values() if one.is_close]
    hours = [(one.seen_at - end_of(indicator, one.date)) / timedelta(hours=1) for one in close]
    verdict, against = _judged(indicator, close)
    is_wrong = verdict in ("too early", "too late")
    return Lag(
        indicator.id,
        tuple(dict.fromkeys(one.source for one in close)),
        len(close),
        min(hours, default=None),
        median(hours) if hours else None,
        max(hours, default=None),
        line(indicator.publication),
        verdict,
        against,
        line(_better(indicator, close)) if is_wrong else "",
    )


def end_of(indicator: Indicator, day: date) -> datetime:
    """The close of the session of a day, or the end of the last day of its period."""
    if indicator.calendar in calendars.MARKETS:
        return calendars.session_close(indicator.calendar, day)
    after = calendars.period_end(indicator.calendar, day) + timedelta(days=1)
    zone = ZoneInfo(indicator.publication.zone)
    return datetime.combine(after, time(), zone).astimezone(UTC)


def line(rule: Publication) -> str:
    """A publication rule as the catalog writes it, with what differs from the defaults."""
    told = rule.model_dump(exclude_defaults=True, exclude={"words"})
    cells = (f"{key}: {f'{value!r}' if key == 'at' else value}" for key, value in told.items())
    return f"publication: {{{', '.join(cells)}}}"


def _judged(indicator: Indicator, seen: Sequence[FirstSeen]) -> tuple[Verdict, int]:
    """Whether the rule agrees with what was seen, and how many values contradict it: those that a
    source did not have after the rule's moment, or had before it."""
    if indicator.calendar == "event":
        return "by event", 0
    if len(seen) < ENOUGH[indicator.frequency]:
        return "too few", 0
    late = sum(one.seen_at + GRACE < indicator.public_at(one.date) for one in seen)
    early = sum(one.missed_at > indicator.public_at(one.date) + GRACE for one in seen)
    if late >= MOST * len(seen):
        return "too late", late
    if early >= MOST * len(seen):
        return "too early", early
    return "agrees", max(late, early)


def _better(indicator: Indicator, seen: Sequence[FirstSeen]) -> Publication:
    """The earliest rule by which nine of ten values were there."""
    now = indicator.publication
    moments = sorted(_step(indicator, one) for one in seen)
    steps, minutes = moments[math.ceil(MOST * len(moments)) - 1]
    minutes = math.ceil(minutes / _QUARTER) * _QUARTER
    if minutes >= 24 * 60:
        steps, minutes = steps + 1, 0
    hour = f"{minutes // 60:02d}:{minutes % 60:02d}"
    told = {"rule": _kind(indicator), "n": steps, "at": hour, "zone": now.zone, "words": now.words}
    return Publication.model_validate(told)


def _kind(indicator: Indicator) -> str:
    """The kind of rule that counts in the steps of the indicator."""
    if indicator.calendar not in calendars.MARKETS:
        return "next_month"
    return "days" if indicator.publication.rule == "days" else "sessions"


def _step(indicator: Indicator, one: FirstSeen) -> tuple[int, int]:
    """How many days or sessions after its date, and at which minute, a value was first seen."""
    local = one.seen_at.astimezone(ZoneInfo(indicator.publication.zone))
    minutes = local.hour * 60 + local.minute + 1
    kind = _kind(indicator)
    if kind == "days":
        return (local.date() - one.date).days, minutes
    if kind == "next_month":
        return (local.date() - calendars.period_end(indicator.calendar, one.date)).days, minutes
    sessions = calendars.sessions_between(indicator.calendar, one.date, local.date())
    is_session = calendars.is_session(indicator.calendar, local.date())
    return (sessions, minutes) if is_session else (sessions + 1, 0)
