"""One line of the table of indicators: the newest value and how far it is from others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from dashboard import formatting
from dashboard.data import queries
from dashboard.data.cards import Reading, readings
from dashboard.data.queries import Standing
from dashboard.data.snapshot import Snapshot
from dashboard.formatting import Change
from dashboard.texts import text
from etl.catalog import Indicator
from etl.freshness import sessions_missed

#: Columns that an order of theirs stays the same in as long as the snapshot is served.
LASTING = ("date", "change", "month", "year", "record")
#: The value of a standing that a column compares the newest with.
_BASES = {"change": "previous", "month": "last_month", "year": "last_year", "record": "highest"}


@dataclass(frozen=True, slots=True)
class Line:
    """What the table says of an indicator; None where there is nothing to compare with."""

    reading: Reading
    month: Change | None = None
    year: Change | None = None
    #: From the highest value of the same definition that is held.
    record: Change | None = None


def lines(
    snapshot: Snapshot, ids: Sequence[str], lang: str, as_of: datetime | None = None
) -> list[Line]:
    """The line of each indicator as it is known now, or was at a moment."""
    found = readings(snapshot, ids, as_of, lang, as_of)
    standings = queries.standings(snapshot, as_of)
    return [_line(item, standings.get(item.id), lang) for item in found]


def in_order(
    snapshot: Snapshot,
    name: str,
    *,
    falls: bool,
    now: datetime | None = None,
    as_of: datetime | None = None,
) -> Mapping[str, float]:
    """What indicators have in a column (`date`, `change`, `month`, `year`, `record`, and `age` at a
    moment), in its order; those that have nothing there are left out."""
    key = (name, falls, now if name == "age" else None, as_of)
    return snapshot.cached("order", key, lambda: _in_order(snapshot, name, falls, now, as_of))


def _in_order(
    snapshot: Snapshot, name: str, falls: bool, now: datetime | None, as_of: datetime | None
) -> Mapping[str, float]:
    standings = queries.standings(snapshot, as_of)
    held = ((i, standings[i.id]) for i in snapshot.catalog.all() if i.id in standings)
    keys = ((i.id, _key(i, standing, name, now)) for i, standing in held)
    known = [(name, key) for name, key in keys if key is not None]
    return dict(sorted(known, key=itemgetter(1), reverse=falls))


def _key(indicator: Indicator, standing: Standing, name: str, now: datetime | None) -> float | None:
    if name == "age" and now is not None:
        return float(sessions_missed(indicator, standing.newest.date, now))
    if name == "date":
        return float(standing.newest.date.toordinal())
    return percent_from(standing, name)


def percent_from(standing: Standing, name: str) -> float | None:
    """How far the newest value is from another of `change`, `month`, `year` and `record`, in
    percent; None where it is not to be compared, or where a percentage means nothing."""
    before: float | None = getattr(standing, _BASES[name])
    if before is None or before <= 0:
        return None
    return 100 * (standing.newest.value / before - 1)


def _line(item: Reading, standing: Standing | None, lang: str) -> Line:
    if standing is None:
        return Line(item)

    def change(before: float | None) -> Change | None:
        if before is None:
            return None
        return formatting.change(standing.newest.value, before, item.indicator, item.unit, lang)

    highest = change(standing.highest) if item.indicator.frequency != "event" else None
    if highest and highest.direction == 0:
        highest = Change(text("at_high", lang), 0)
    return Line(item, change(standing.last_month), change(standing.last_year), highest)
