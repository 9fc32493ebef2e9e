"""What a card says of an indicator at a moment: its value, what changed, and what is remarkable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dashboard import formatting
from dashboard.chart.model import join
from dashboard.data import queries
from dashboard.data.queries import Standing
from dashboard.data.snapshot import Snapshot
from dashboard.data.transforms import FEW
from dashboard.formatting import Change, Figure
from etl.catalog import Indicator, Unit
from etl.records import BEIJING, Event, Measured, Vintage
from etl.words.sentences import Badge, badges, newest_change

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


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of an indicator: the newest value, and the values up to it in the order of
    dates, of which older ones may be left out."""

    newest: Vintage | None
    rows: Sequence[Measured]
    events: Iterable[Event]


def reading(snapshot: Snapshot, indicator_id: str, as_of: datetime | None, lang: str) -> Reading:
    """The reading of one indicator."""
    key = (indicator_id, as_of, lang)
    return snapshot.cached("reading", key, lambda: _reading(snapshot, indicator_id, as_of, lang))


def readings(
    snapshot: Snapshot, ids: Iterable[str], as_of: datetime | None, lang: str
) -> list[Reading]:
    names = list(ids)
    if as_of is None:
        _read_together(snapshot, names, lang)
    return [reading(snapshot, name, as_of, lang) for name in names]


def _read_together(snapshot: Snapshot, ids: Iterable[str], lang: str) -> None:
    """Have the newest readings at hand that were not asked for before: two queries for all."""
    names = [name for name in ids if snapshot.in_cache("reading", (name, None, lang)) is None]
    if not names:
        return
    standings = queries.standings(snapshot)
    held = {name: standings[name] for name in names if name in standings}
    since = {name: _spark_begins(snapshot.catalog[name], one) for name, one in held.items()}
    rows = queries.samples_since(snapshot, since, SPARK_POINTS)
    events = queries.events_on(snapshot, {name: one.newest.date for name, one in held.items()})
    for name in names:
        newest = held[name].newest if name in held else None
        known = _Known(newest, rows.get(name, ()), events.get(name, ()))
        snapshot.add_to_cache(
            "reading", (name, None, lang), _made(snapshot, name, None, lang, known)
        )


def _spark_begins(indicator: Indicator, standing: Standing) -> date:
    """From when values may be drawn in the small: of what is rare, the newest few of all."""
    is_rare = indicator.frequency != "daily" or standing.count <= SPARK_POINTS
    return standing.first if is_rare else standing.newest.date - timedelta(days=SPARK_DAYS)


def _reading(snapshot: Snapshot, indicator_id: str, as_of: datetime | None, lang: str) -> Reading:
    rows = queries.series(snapshot, indicator_id, as_of)
    events = queries.events(snapshot, indicator_id, as_of) if rows else []
    known = _Known(rows[-1] if rows else None, rows, events)
    return _made(snapshot, indicator_id, as_of, lang, known)


def _made(
    snapshot: Snapshot, indicator_id: str, as_of: datetime | None, lang: str, known: _Known
) -> Reading:
    indicator = snapshot.catalog[indicator_id]
    unit, newest = snapshot.catalog.unit(indicator), known.newest
    standing = queries.standing(snapshot, indicator_id)
    return Reading(
        indicator=indicator,
        unit=unit,
        vintage=newest,
        figure=formatting.figure(newest.value, indicator, unit, lang) if newest else None,
        change=newest_change(known.rows, indicator, unit, lang),
        spark=_spark(known.rows, indicator),
        badges=tuple(badges(newest, known.events, indicator, unit, lang)) if newest else (),
        latest=standing.newest if standing else None,
        as_of=as_of,
    )


def _spark(rows: Sequence[Measured], indicator: Indicator) -> tuple[tuple[date, float], ...]:
    """The newest values that one line may join: no gap, one way of measuring, at most a year."""
    run: list[Measured] = []
    for one in reversed(rows):
        if run and join(one, run[-1], indicator) != "solid":
            break
        run.append(one)
    newest = rows[-1].date if rows else date.min
    year = [v for v in run if (newest - v.date).days <= SPARK_DAYS]
    chosen = year if len(year) >= FEW else run[:LAST_VALUES]
    if len(chosen) < MIN_SPARK:
        return ()
    return tuple((v.date, v.value) for v in reversed(chosen[:SPARK_POINTS]))
