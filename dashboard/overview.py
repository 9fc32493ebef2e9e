"""One line of the table of indicators: the newest value and how far it is from others."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard import formatting, queries
from dashboard.formatting import Change
from dashboard.readings import Reading, reading
from dashboard.snapshot import Snapshot
from dashboard.texts import text
from dashboard.transforms import base_of_newest
from etl.steps import comparable


@dataclass(frozen=True, slots=True)
class Distance:
    """A change in words, and in percent for sorting."""

    change: Change
    percent: float


@dataclass(frozen=True, slots=True)
class Line:
    """What the table says of an indicator; None where there is nothing to compare with."""

    reading: Reading
    session: Distance | None
    month: Distance | None
    year: Distance | None
    #: From the highest value of the same definition that is held.
    record: Distance | None

    @property
    def id(self) -> str:
        return self.reading.id


def line(snapshot: Snapshot, indicator_id: str, lang: str) -> Line:
    """The line of one indicator as it is known now."""
    key = ("line", indicator_id, lang)
    return snapshot.remember("reading", key, lambda: _line(snapshot, indicator_id, lang))


def _line(snapshot: Snapshot, indicator_id: str, lang: str) -> Line:
    item = reading(snapshot, indicator_id, None, lang)
    rows = queries.series(snapshot, indicator_id)
    if item.vintage is None:
        return Line(item, None, None, None, None)

    def distance(before: float) -> Distance:
        assert item.vintage is not None
        now = item.vintage.value
        percent = 100 * (now / before - 1) if before > 0 else 0.0
        return Distance(formatting.change(now, before, item.indicator, item.unit, lang), percent)

    bases = [base_of_newest(rows, item.indicator, months) for months in (1, 12)]
    month, year = (distance(base.value) if base else None for base in bases)
    alike = [v.value for v in rows if comparable(v, item.vintage, item.indicator)]
    highest = distance(max(alike)) if item.indicator.frequency != "event" else None
    if highest and highest.change.direction == 0:
        highest = Distance(Change(text("at_high", lang), 0), 0.0)
    session = distance(rows[-2].value) if item.change else None
    return Line(item, session, month, year, highest)
