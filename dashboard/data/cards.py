"""What a card says of an indicator at a moment: its value, what changed, and what is remarkable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


def reading(
    snapshot: Snapshot,
    indicator_id: str,
    as_of: datetime | None,
    lang: str,
    seen_at: datetime | None = None,
) -> Reading:
    """The reading of one indicator as of a moment; its latest value is that of now, or the one of
    the moment `seen_at` from which a reader looks back."""
    key = (indicator_id, as_of, lang, seen_at)

    def made() -> Reading:
        rows = queries.series(snapshot, indicator_id, as_of)
        events = queries.events(snapshot, indicator_id, as_of) if rows else []
        known = _Known(rows[-1] if rows else None, rows, events)
        return _made(snapshot, indicator_id, as_of, lang, known, seen_at)

    return snapshot.cached("reading", key, made)


def readings(
    snapshot: Snapshot,
    ids: Iterable[str],
    as_of: datetime | None,
    lang: str,
    seen_at: datetime | None = None,
) -> list[Reading]:
    """The same of several, of which those that were not asked for before are read together."""
    names = list(ids)
    keys = {name: (name, as_of, lang, seen_at) for name in names}
    new = [name for name, key in keys.items() if snapshot.in_cache("reading", key) is None]
    known = _known_now(snapshot, new) if as_of is None else _known_then(snapshot, new, as_of)
    for name, one in known.items():
        made = _made(snapshot, name, as_of, lang, one, seen_at)
        snapshot.add_to_cache("reading", keys[name], made)
    return [reading(snapshot, name, as_of, lang, seen_at) for name in names]


def _known_now(snapshot: Snapshot, names: Sequence[str]) -> Mapping[str, _Known]:
    """What is known of several indicators now: two queries for all."""
    if not names:
        return {}
    standings = queries.standings(snapshot)
    held = {name: standings[name] for name in names if name in standings}
    since = {name: _spark_begins(snapshot.catalog[name], one) for name, one in held.items()}
    rows = queries.samples_since(snapshot, since, SPARK_POINTS)
    events = queries.events_on(snapshot, {name: one.newest.date for name, one in held.items()})
    return {
        name: _Known(
            held[name].newest if name in held else None, rows.get(name, ()), events.get(name, ())
        )
        for name in names
    }


def _known_then(snapshot: Snapshot, names: Sequence[str], as_of: datetime) -> Mapping[str, _Known]:
    """What was known of several indicators at a moment: one query for all."""
    if not names:
        return {}
    return {
        name: _Known(rows[-1] if rows else None, rows, queries.events_in(snapshot, name, rows))
        for name, rows in queries.several_series(snapshot, names, as_of).items()
    }


def _spark_begins(indicator: Indicator, standing: Standing) -> date:
    """From when values may be drawn in the small: of what is rare, the newest few of all."""
    is_rare = indicator.frequency != "daily" or standing.count <= SPARK_POINTS
    return standing.first if is_rare else standing.newest.date - timedelta(days=SPARK_DAYS)


def _made(
    snapshot: Snapshot,
    indicator_id: str,
    as_of: datetime | None,
    lang: str,
    known: _Known,
    seen_at: datetime | None,
) -> Reading:
    indicator = snapshot.catalog[indicator_id]
    unit, newest = snapshot.catalog.unit(indicator), known.newest
    return Reading(
        indicator=indicator,
        unit=unit,
        vintage=newest,
        figure=formatting.figure(newest.value, indicator, unit, lang) if newest else None,
        change=newest_change(known.rows, indicator, unit, lang),
        spark=_spark(known.rows, indicator),
        badges=tuple(badges(newest, known.events, indicator, unit, lang)) if newest else (),
        latest=_latest(snapshot, indicator_id, seen_at),
        as_of=as_of,
    )


def _latest(snapshot: Snapshot, indicator_id: str, seen_at: datetime | None) -> Vintage | None:
    if seen_at is None:
        standing = queries.standing(snapshot, indicator_id)
    else:
        standing = queries.standings(snapshot, seen_at).get(indicator_id)
    return standing.newest if standing else None


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
