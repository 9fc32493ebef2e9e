"""How the sources answered in 90 days: a row for each, and those that have failed for a week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard import formatting
from dashboard.data import queries
from dashboard.pages.page import PageRequest
from etl.records import BEIJING
from etl.reliability import (
    ALL_GOOD,
    DAYS,
    NONE_GOOD,
    NOT_ASKED,
    SOME_GOOD,
    HostLatency,
    Reliability,
    failing,
    warning,
)

#: The days of a strip in drawing order: letter, class and words.
MARKS = ((ALL_GOOD, "fresh"), (SOME_GOOD, "stale"), (NONE_GOOD, "failing"))
#: How wide and high a day is drawn.
WIDE, HIGH = 4, 14


@dataclass(frozen=True, slots=True)
class SourceRow:
    """How one source answered. `strip` are paths by class; `strip_words` say the same."""

    name: str
    is_failing: bool
    strip: list[tuple[str, str]]
    strip_words: str
    share: str
    last_good: str
    latency: list[str]
    lag: str
    revised: str


def source_rows(request: PageRequest, now: datetime) -> list[SourceRow]:
    """A row for each source that was asked, the worst first."""
    found = queries.reliability(request.snapshot)
    found = sorted(found, key=lambda one: (-one.days_failing, one.share, one.source))
    return [_row(request, one, now) for one in found]


def warnings(request: PageRequest) -> list[tuple[str, str]]:
    """The sources that have failed for a week, by name, with what to do."""
    found = failing(queries.reliability(request.snapshot))
    return [(_name(request, one.source), warning(one).in_(request.lang)) for one in found]


def _row(request: PageRequest, one: Reliability, now: datetime) -> SourceRow:
    strip = _until(one, now)
    return SourceRow(
        name=_name(request, one.source),
        is_failing=bool(one.weeks_failing),
        strip=[(css, _path(strip, letter)) for letter, css in MARKS if letter in strip],
        strip_words=_strip_words(request, strip),
        share=f"{100 * one.share:.0f}%",
        last_good=formatting.minute(one.last_good_at) if one.last_good_at else "—",
        latency=list(_latency(request, one.hosts)),
        lag=_lag(request, one),
        revised=_revised(request, one),
    )


def _until(one: Reliability, now: datetime) -> str:
    """The days up to today: those after the last run, in which nothing was asked, too."""
    later = max((now.astimezone(BEIJING).date() - one.last_day).days, 0)
    return (one.strip + NOT_ASKED * min(later, DAYS))[-DAYS:]


def _path(strip: str, letter: str) -> str:
    """The days with a letter, as rectangles in one path."""
    days = (n for n, found in enumerate(strip) if found == letter)
    return "".join(f"M{n * WIDE} 0h{WIDE - 1}v{HIGH}h-{WIDE - 1}z" for n in days)


def _strip_words(request: PageRequest, strip: str) -> str:
    counts = Counter(strip)
    names = {"good": ALL_GOOD, "some": SOME_GOOD, "none": NONE_GOOD, "not_asked": NOT_ASKED}
    return request.say("strip_words", **{name: str(counts[mark]) for name, mark in names.items()})


def _latency(request: PageRequest, hosts: Sequence[HostLatency]) -> Iterator[str]:
    """The seconds of each host that answered; its name where there are several."""
    told = [one for one in hosts if one.median_s is not None and one.worst_s is not None]
    for one in told:
        words = request.say(
            "median_and_most", median=_short(one.median_s), most=_short(one.worst_s)
        )
        yield f"{one.host} {words}" if len(told) > 1 else words


def _lag(request: PageRequest, one: Reliability) -> str:
    if one.lag_h is None or one.most_lag_h is None:
        return "—"
    return request.say(
        "hours_median_and_most", median=_short(one.lag_h), most=_short(one.most_lag_h)
    )


def _revised(request: PageRequest, one: Reliability) -> str:
    if not one.revised or one.most_revised_pct is None:
        return str(one.revised)
    return request.say(
        "revised_at_most", count=f"{one.revised:,}", pct=_short(one.most_revised_pct)
    )


def _short(number: float | None) -> str:
    """A number as a table of this kind needs it: 0.04, 1.2, 35."""
    number = number or 0.0
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}" if number >= 1 else f"{number:.2f}"


def _name(request: PageRequest, source: str) -> str:
    return request.say(f"source_{source}")
