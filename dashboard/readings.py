"""What a card says of an indicator at a moment: its value, what changed, and what is remarkable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dashboard import formatting, queries
from dashboard.chart.model import event_words, join
from dashboard.formatting import Change, Figure
from dashboard.queries import Event
from dashboard.snapshot import Snapshot
from dashboard.texts import text
from dashboard.transforms import FEW, comparable
from etl.catalog import Indicator, Unit
from etl.observation import BEIJING, Vintage

SPARK_DAYS = 370
SPARK_POINTS = 120
LAST_VALUES = 12
MIN_SPARK = 3
CHANGE_DAYS = {"daily": 10, "monthly": 62, "quarterly": 200, "annual": 400, "event": 36_500}


@dataclass(frozen=True, slots=True)
class Badge:
    """A few words for what is remarkable, and the whole sentence behind them."""

    words: str
    sentence: str
    kind: str


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
    rows = queries.newest_rows(snapshot, names, SPARK_POINTS)
    events: Mapping[str, Sequence[Event]] = queries.newest_events(snapshot, names)
    for name in names:
        made = _made(snapshot, name, None, lang, rows[name], events[name])
        snapshot.keep("reading", (name, None, lang), made)


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
        badges=tuple(badges(newest, events, indicator, unit, lang)) if newest else (),
        latest=live[-1] if live else None,
        as_of=as_of,
    )


def badges(
    newest: Vintage, events: Iterable[Event], indicator: Indicator, unit: Unit, lang: str
) -> Iterable[Badge]:
    """The records and round numbers of the newest value; of several numbers only the highest."""
    today = [e for e in events if e.date == newest.date and e.value == newest.value]
    ups = [e for e in today if e.kind == "milestone_up"]
    downs = [e for e in today if e.kind == "milestone_down"]
    for event in (*ups[-1:], *downs[:1]):
        yield _badge(event_words(event, unit, lang), event, lang)
    for event in today:
        if event.kind in ("record_high", "record_low"):
            yield _badge(event_words(event, unit, lang), event, lang)


def _badge(words: str, event: Event, lang: str) -> Badge:
    """The words, and with them since when the history runs that they are judged on."""
    since = text("record_since", lang, day=formatting.full_date(event.since, lang))
    sentence = f"{words}（{since}）" if lang == "zh" else f"{words} {since}"
    return Badge(words, sentence, event.kind)


def newest_change(
    rows: Sequence[Vintage], indicator: Indicator, unit: Unit, lang: str
) -> Change | None:
    """The change from the value before, where the two may be compared."""
    if len(rows) < 2:
        return None
    before, now = rows[-2], rows[-1]
    gap = (now.date - before.date).days
    if not comparable(before, now, indicator) or gap > CHANGE_DAYS[indicator.frequency]:
        return None
    return formatting.change(now.value, before.value, indicator, unit, lang)


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
