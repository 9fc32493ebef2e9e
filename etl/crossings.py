"""Records and round numbers of one series as it was known: what `etl.storage.events` finds for all
series at once in the values that are served now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date as Date

from etl.catalog import Indicator
from etl.records import Event, Vintage


@dataclass(frozen=True, slots=True)
class _Run:
    """What stood before a value, in values of one definition."""

    highest: float
    lowest: float
    previous: float
    previous_date: Date
    since: Date

    def then(self, vintage: Vintage) -> _Run:
        return _Run(
            max(self.highest, vintage.value), min(self.lowest, vintage.value),
            vintage.value, vintage.date, self.since,
        )  # fmt: skip


def events_of(indicator: Indicator, series: Sequence[Vintage]) -> Iterator[Event]:
    """The events of a series in the order of dates, each judged on the values before it there."""
    runs: dict[tuple[str, int], _Run] = {}
    for vintage in series:
        value, day = vintage.value, vintage.date
        definition = (vintage.basis, sum(change.date <= day for change in indicator.breaks))
        run = runs.get(definition)
        if run is None:
            runs[definition] = _Run(value, value, value, day, day)
            continue
        for kind, threshold, is_first in _crossed(indicator, value, run):
            yield Event(indicator.id, day, kind, value, threshold, is_first, run.previous,
                        run.previous_date, run.since, vintage.known_at)  # fmt: skip
        runs[definition] = run.then(vintage)


def _crossed(
    indicator: Indicator, value: float, run: _Run
) -> Iterator[tuple[str, float | None, bool]]:
    if indicator.records and value > run.highest:
        yield "record_high", None, False
    if indicator.records and value < run.lowest:
        yield "record_low", None, False
    for threshold in indicator.milestones:
        if run.previous < threshold <= value:
            yield "milestone_up", threshold, run.highest < threshold
        if value < threshold <= run.previous:
            yield "milestone_down", threshold, run.lowest >= threshold
