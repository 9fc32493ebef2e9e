"""What a card says of an indicator at a moment: its value, what changed, and what is remarkable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dashboard import formatting, queries
from dashboard.chart.model import join
from dashboard.formatting import Change, Figure
from dashboard.queries import Standing
from dashboard.snapshot import Snapshot
from dashboard.transforms import FEW
from etl.catalog import Indicator, Unit
from etl.observation import BEIJING, Event, Vintage
from etl.wording import Badge, badges, newest_change

SPARK_DAYS = 370
SPARK_POINTS = 120
LAST_VALUES = 12
MIN_SPARK = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """One indicator as of a moment. Without a `vintage`, nothing was known then."""

    indicator: Indicator
    unit: Unit
    vintage: Vintage | None
    figure: Figure | None
    change: Change | None
    spark: tuple[tuple[date, float], ...]
    badges: tuple[Badge, ...]
    latest: Vintage | None
    as_of: datetime | None

    @property
    def id(self) -> str:
        return self.indicator.id

    @property
    def needs_year(self) -> bool:
        """Whether the date of the value says too little without its year."""
        if self.as_of is None or self.vintage is None:
            return True
        return self.vintage.date.year != self.as_of.astimezone(BEIJING).year

    @property
    def has_newer(self) -> bool:
        """Whether a later value, or another value for the same date, is known today."""
        if self.vintage is None or self.latest is None:
            return False
        return (self.latest.date, self.latest.value) != (self.vintage.date, self.vintage.value)


def reading(snapshot: Snapshot, indicator_id: str, as_of: datetime | None, lang: str) -> Reading:
    """The reading of one indicator."""
    key = (indicator_id, as_of, lang)
    return snapshot.remember("reading", key, lambda: _reading(snapshot, indicator_id, as_of, lang))


def readings(
    snapshot: Snapshot, ids: Iterable[str], as_of: datetime | None, lang: str
) -> list[Reading]:
    names = list(ids)
    if as_of is None:
        _read_together(snapshot, names, lang)
    return [reading(snapshot, name, as_of, lang) for name in names]


def _read_together(snapshot: Snapshot, ids: Iterable[str], lang: str) -> None:
    """Have the newest readings at hand that were not asked for before: two queries for all."""
    names = [name for name in ids if snapshot.held("reading", (name, None, lang)) is None]
    if not names:
        return
    standings = queries.standings(snapshot)
    since = {n: _spark_begins(snapshot.catalog[n], standings[n]) for n in names if n in standings}
    rows = queries.series_since(snapshot, since, SPARK_POINTS)
    events: Mapping[str, Sequence[Event]] = queries.newest_events(snapshot, names)
    for name in names:
        made = _made(snapshot, name, None, lang, rows.get(name, []), events[name])
        snapshot.keep("reading", (name, None, lang), made)


def _spark_begins(indicator: Indicator, standing: Standing) -> date:
    """From when values may be drawn in the small: of what is rare, the newest few of all."""
    is_rare = indicator.frequency != "daily" or standing.count <= SPARK_POINTS
    return standing.first if is_rare else standing.newest.date - timedelta(days=SPARK_DAYS)


def _reading(snapshot: Snapshot, indicator_id: str, as_of: datetime | None, lang: str) -> Reading:
    rows = queries.series(snapshot, indicator_id, as_of)
    events = queries.events(snapshot, indicator_id, as_of) if rows else []
    return _made(snapshot, indicator_id, as_of, lang, rows, events)


def _made(
    snapshot: Snapshot,
    indicator_id: str,
    as_of: datetime | None,
    lang: str,
    rows: Sequence[Vintage],
    events: Iterable[Event],
) -> Reading:
    """The reading that rows in the order of dates give, of which older ones may be left out."""
    indicator = snapshot.catalog[indicator_id]
    unit = snapshot.catalog.unit(indicator)
    live = rows if as_of is None else queries.series(snapshot, indicator_id)
    newest = rows[-1] if rows else None
    return Reading(
        indicator=indicator,
        unit=unit,
        vintage=newest,
        figure=formatting.figure(newest.value, indicator, unit, lang) if newest else None,
        change=newest_change(rows, indicator, unit, lang),
        spark=_spark(rows, indicator),
        badges=tuple(badges(newest, events, unit, lang)) if newest else (),
        latest=live[-1] if live else None,
        as_of=as_of,
    )


def _spark(rows: Sequence[Vintage], indicator: Indicator) -> tuple[tuple[date, float], ...]:
    """The newest values that one line may join: no gap, one way of measuring, at most a year."""
    run: list[Vintage] = []
    for vintage in reversed(rows):
        if run and join(vintage, run[-1], indicator) != "solid":
            break
        run.append(vintage)
    newest = rows[-1].date if rows else date.min
    year = [v for v in run if (newest - v.date).days <= SPARK_DAYS]
    chosen = year if len(year) >= FEW else run[:LAST_VALUES]
    if len(chosen) < MIN_SPARK:
        return ()
    return tuple((v.date, v.value) for v in reversed(chosen[:SPARK_POINTS]))
