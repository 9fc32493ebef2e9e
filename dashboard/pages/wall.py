"""/wall: up to sixteen indicators on one screen, on one axis of dates, as they are known now or as
they were known on any day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain, islice
from math import ceil, sqrt

from dashboard import formatting
from dashboard.address import (
    RANGES,
    AddressError,
    ChartAddress,
    Transform,
    Window,
    as_named,
    moment_text,
    one_of,
    transform,
    window,
)
from dashboard.chart.model import Model, Part, Point, compose
from dashboard.chart.small import Days, SmallChart, small_chart
from dashboard.chart_page.controls import Choice
from dashboard.data import queries
from dashboard.data.cards import Reading
from dashboard.data.snapshot import Snapshot
from dashboard.data.transforms import Empty, explained, span
from dashboard.formatting import Change, Figure
from dashboard.pages.page import Page, PageRequest, message, wrong_parameter
from dashboard.pages.parts.cards import dated
from dashboard.pages.parts.picking import Picker, kept_fields, picker
from dashboard.texts import range_name, transform_name
from etl.catalog import Indicator, Unit
from etl.frequency import RULES, period_middle
from etl.records import BEIJING, Vintage
from etl.words.sentences import newest_change

PATH = "/wall"
MOST = 16
TRANSFORMS = (Transform(), Transform("index"), Transform("yoy"), Transform("drawdown"))
#: Where no range is asked for.
USUAL = Window("1y")
#: Bulletins whose days are links, and whose days are marks below the slider.
OFFERED, MARKED = 4, 400
#: How much of an ISO date says when a value is of, by the months of its period.
_LETTERS = {None: 10, 1: 7, 3: 7, 12: 4}
Held = Mapping[str, Sequence[Vintage]]


@dataclass(frozen=True, slots=True)
class WallAddress:
    """What the address asks for; `ids` are all known, `unknown` are those that are not, and
    `written` is empty where nobody chose."""

    ids: tuple[str, ...]
    unknown: tuple[str, ...]
    written: bool
    window: Window
    transform: Transform
    as_of: datetime | None
    full: bool

    @property
    def parameters(self) -> dict[str, str]:
        """The address as it is written; empty where it is the default."""
        return {
            "ids": ",".join(self.ids) if self.written else "",
            "t": str(self.window),
            "u": "" if self.transform == Transform() else str(self.transform),
            "asof": moment_text(self.as_of) if self.as_of else "",
            "full": "1" if self.full else "",
        }


@dataclass(frozen=True, slots=True)
class Panel:
    """One indicator: its newest value in words, and its line. `days` (each counted from the one
    before), `values` and `heights` are what a crosshair tells; `missing` says why there is no
    line."""

    id: str
    name: str
    title: str
    href: str
    figure: Figure | None
    change: Change | None
    dated: str
    missing: str
    unit: str
    low: str
    high: str
    chart: SmallChart | None
    alternative: str
    days: str
    values: str
    heights: str
    shift: int
    letters: int


@dataclass(frozen=True, slots=True)
class Slider:
    """The days to choose from, as numbers of days since 1970, and the one that is shown."""

    first: int
    last: int
    day: int
    marks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AsOfBar:
    """As of when the wall speaks, and the ways to another day."""

    known: str
    day: str
    first: str
    last: str
    slider: Slider
    days: list[Choice]
    action: str
    kept: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Wall:
    """All that is shown; `notes` say what of the address is not."""

    columns: int
    rows: int
    first: str
    days: int
    period: str
    ticks: list[tuple[float, str]]
    panels: list[Panel]
    bar: AsOfBar
    ranges: list[Choice]
    transforms: list[Choice]
    notes: list[str]
    sources: str
    full: bool
    full_href: str
    picker: Picker


def layout(request: PageRequest) -> Page:
    """The wall that the address asks for."""
    moved = _moved(request)
    if moved:
        return replace(layout(replace(request, query=moved)), status=301,
                       location=request.urls.page(PATH, **_own(request, moved)))  # fmt: skip
    try:
        asked = _asked(request)
    except AddressError as error:
        return wrong_parameter(request, error)
    if len(asked.ids) > MOST:
        return message(
            request.say("wrong_address"),
            request.say("wall_too_many", count=str(len(asked.ids)), most=str(MOST)), 400,
        )  # fmt: skip
    if not asked.ids:
        words = request.say("wall_unknown", names=_listed(asked.unknown, request.lang))
        return message(request.say("wrong_address"), words, 404)
    title = request.say("wall")
    return Page(
        title, "wall", {"wall": _wall(request, asked)}, description=request.say("wall_long")
    )


def default_ids(snapshot: Snapshot) -> tuple[str, ...]:
    """What is shown where nobody chose: the indicators that the newest bulletin speaks of, then the
    others by group, of those that have any value."""
    days, catalog = queries.bulletin_days(snapshot), snapshot.catalog
    said = queries.mentioned(snapshot, days[-1]).values() if days else []
    grouped = (i.id for group in catalog.groups for i in catalog.all() if i.group == group)
    held = queries.standings(snapshot)
    names = dict.fromkeys(name for name in chain(*said, grouped) if name in held)
    return tuple(islice(names, MOST)) or tuple(islice(catalog.indicators, MOST))


def _moved(request: PageRequest) -> dict[str, str] | None:
    """The parameters with the present ids, where one of them is an old one."""
    catalog, ids = request.snapshot.catalog, request.query.get("ids", "")
    if not any(name in catalog.current_ids for name in ids.split(",")):
        return None
    _, named = as_named("", {"ids": ids}, catalog)
    return {**request.query, **named}


def _own(request: PageRequest, query: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name not in request.display.kept}


def _asked(request: PageRequest) -> WallAddress:
    query, catalog = request.query, request.snapshot.catalog
    names = tuple(dict.fromkeys(name for name in query.get("ids", "").split(",") if name))
    known = tuple(name for name in names if name in catalog)
    return WallAddress(
        ids=known if names else default_ids(request.snapshot),
        unknown=tuple(name for name in names if name not in catalog),
        written=bool(names),
        window=window(query.get("t", "")),
        transform=transform(query.get("u", "")),
        as_of=request.as_of,
        full=one_of("full", query.get("full", ""), ("", "1")) == "1",
    )


def _wall(request: PageRequest, asked: WallAddress) -> Wall:
    held = queries.several_series(request.snapshot, asked.ids, asked.as_of)
    first, last = _span(held, asked.window)
    models = {
        name: _model(request, name, rows, asked.transform, first, last)
        for name, rows in held.items()
    }
    days = Days(first, last)
    columns = ceil(sqrt(len(asked.ids)))
    return Wall(
        columns=columns,
        rows=ceil(len(asked.ids) / columns),
        first=str(first),
        days=days.count,
        period=request.say(
            "wall_period",
            first=formatting.full_date(days.first, request.lang),
            last=formatting.full_date(days.last, request.lang),
        ),
        ticks=days.ticks(request.lang),
        panels=[
            _panel(request, asked, name, rows, models[name], days)
            for name, rows in held.items()
        ],
        bar=_bar(request, asked),
        ranges=[
            (range_name(name, request.lang), _href(request, asked, t=name),
             name == (asked.window.name or ("" if asked.window.start else USUAL.name)))
            for name in RANGES
        ],
        transforms=[
            (transform_name(one.name, request.lang, one.n),
             _href(request, asked, u="" if one == Transform() else str(one)),
             one == asked.transform)
            for one in TRANSFORMS
        ],
        notes=_notes(request, asked),
        sources=_sources(request, asked.ids),
        full=asked.full,
        full_href=_href(request, asked, full="" if asked.full else "1"),
        picker=picker(
            request, asked.ids, MOST, lambda names: _href(request, asked, ids=",".join(names))
        ),
    )  # fmt: skip


def _href(request: PageRequest, asked: WallAddress, **changed: str) -> str:
    return request.urls.page(PATH, **{**asked.parameters, **changed})


def _listed(names: Sequence[str], lang: str) -> str:
    shown = [name[:64] for name in names[:MOST]]
    return ("、" if lang == "zh" else ", ").join(shown)


def _notes(request: PageRequest, asked: WallAddress) -> list[str]:
    if not asked.unknown:
        return []
    return [request.say("wall_unknown", names=_listed(asked.unknown, request.lang))]


def _span(held: Held, asked: Window) -> tuple[date, date]:
    """The first and last day that all share: a named range counts back from the newest value of
    any; a span in which there is none is shown as it was asked for."""
    filled = [rows for rows in held.values() if rows]
    if not filled:
        return date.min, date.min
    oldest, newest = min(rows[0].date for rows in filled), max(rows[-1].date for rows in filled)
    chosen = asked if str(asked) else USUAL
    first, last = span(max(filled, key=len), chosen, newest)
    if max(first, oldest) <= min(last, newest):
        return max(first, oldest), min(last, newest)
    return (last if first == date.min else first), (first if last == date.max else last)


def _model(
    request: PageRequest,
    name: str,
    rows: Sequence[Vintage],
    what: Transform,
    first: date,
    last: date,
) -> Model:
    """The chart of what lies in the window, a period where its middle does; of what holds until it
    is changed, what held when the window began too."""
    indicator = request.snapshot.catalog[name]
    shown = zip(rows, explained(rows, what, indicator, first), strict=True)
    inside = [
        (v, None if isinstance(x, Empty) else x)
        for v, x in shown
        if v.date <= last and period_middle(indicator.frequency, v.date) >= first
    ]
    if indicator.frequency == "event" and what == Transform():
        before = [v for v in rows if v.date < first][-1:]
        inside = [*((v, v.value) for v in before), *inside]
    part = Part(indicator, request.snapshot.catalog.unit(indicator), inside)
    return compose([part], transform=what, lang=request.lang)


def _panel(
    request: PageRequest,
    asked: WallAddress,
    name: str,
    rows: Sequence[Vintage],
    model: Model,
    days: Days,
) -> Panel:
    snapshot, lang = request.snapshot, request.lang
    indicator = snapshot.catalog[name]
    unit = snapshot.catalog.unit(indicator)
    told = [v for v in rows if v.date <= days.last]
    chart = None if model.empty else small_chart(model, days)
    points = chart.points if chart else ()
    largest = max((abs(p.raw) for p in points), default=0.0)
    figures = [
        formatting.table_figure(p.raw, asked.transform, indicator, unit, lang, largest)
        for p in points
    ]
    offsets = [(p.date - days.first).days for p in points]
    axis = model.axes[0]
    return Panel(
        id=name,
        name=indicator.short.in_(lang),
        title=indicator.title.in_(lang),
        href=_chart(request, asked, name),
        figure=(
            _figure(snapshot, told[-1], asked.transform, points, lang, indicator) if told else None
        ),
        change=newest_change(told, indicator, unit, lang),
        dated=dated(_reading(indicator, unit, told[-1], asked.as_of), lang) if told else "",
        missing="" if points else request.say("empty_chart" if rows else "wall_nothing_then"),
        unit=next((figure.unit for figure in figures if figure.unit), ""),
        low=axis.ticks[0].label if points and axis.ticks else "",
        high=axis.ticks[-1].label if points and axis.ticks else "",
        chart=chart,
        alternative=model.description,
        days=" ".join(str(b - a) for a, b in zip([0, *offsets], offsets, strict=False)),
        values="|".join(figure.number for figure in figures),
        heights=" ".join(map(str, chart.heights)) if chart else "",
        shift=(points[-1].at - points[-1].date).days if points else 0,
        letters=_LETTERS[RULES[indicator.frequency].months],
    )


def _reading(indicator: Indicator, unit: Unit, newest: Vintage, as_of: datetime | None) -> Reading:
    """As much of a reading as its date is told by."""
    return Reading(indicator, unit, newest, None, None, (), (), None, as_of)


def _figure(
    snapshot: Snapshot,
    newest: Vintage,
    what: Transform,
    points: Sequence[Point],
    lang: str,
    indicator: Indicator,
) -> Figure | None:
    """The newest value after the transform; nothing where that has none."""
    unit = snapshot.catalog.unit(indicator)
    if what == Transform():
        return formatting.figure(newest.value, indicator, unit, lang)
    if not points or points[-1].date != newest.date:
        return None
    return formatting.transformed_figure(points[-1].raw, what, indicator, unit, lang)


def _chart(request: PageRequest, asked: WallAddress, name: str) -> str:
    """The page of the indicator, with what was chosen here."""
    address = ChartAddress(name, window=asked.window, transform=asked.transform)
    return request.urls.page(f"/indicators/{name}", **address.chosen)


def _bar(request: PageRequest, asked: WallAddress) -> AsOfBar:
    snapshot = request.snapshot
    begun = queries.first_known(snapshot, asked.ids) or snapshot.published_at
    last = max(snapshot.published_at, snapshot.held_until).astimezone(BEIJING).date()
    bulletins = queries.bulletin_days(snapshot)
    chosen = asked.parameters["asof"]
    day = asked.as_of.astimezone(BEIJING).date() if asked.as_of else last
    first = min(begun.astimezone(BEIJING).date(), day)
    days = [
        (request.say("as_known_on", day=str(one)), _href(request, asked, asof=str(one)),
         chosen == str(one))
        for one in bulletins[-OFFERED:][::-1]
    ]  # fmt: skip
    return AsOfBar(
        known=_known(request, asked),
        day=str(day) if asked.as_of else "",
        first=str(first),
        last=str(last),
        slider=Slider(
            _number(first),
            max(_number(last), _number(day)),
            _number(day),
            tuple(_number(one) for one in bulletins[-MARKED:] if first <= one <= last),
        ),
        days=[(request.say("as_known_now"), _href(request, asked, asof=""), not chosen), *days],
        action=request.urls.form(PATH),
        kept=kept_fields(request, {**asked.parameters, "asof": ""}),
    )


def _number(day: date) -> int:
    """Days since 1970, as scripts count them."""
    return (day - date(1970, 1, 1)).days


def _known(request: PageRequest, asked: WallAddress) -> str:
    """As of when the wall speaks, and whether that is reconstructed."""
    snapshot, lang = request.snapshot, request.lang
    if asked.as_of is None:
        moment = formatting.beijing(snapshot.published_at, lang)
        return request.say("known_now", moment=moment)
    words = request.say("known_then", moment=formatting.beijing(asked.as_of, lang))
    if not snapshot.is_reconstructed(asked.ids, asked.as_of):
        return words
    why = request.say("reconstructed")
    return f"{words}（{why}）" if lang == "zh" else f"{words} ({why})"


def _sources(request: PageRequest, ids: Sequence[str]) -> str:
    """Every source once, with the indicators that come from it."""
    lang = request.lang
    found: dict[str, list[str]] = {}
    for indicator in map(request.snapshot.catalog.__getitem__, ids):
        found.setdefault(indicator.credit.name.in_(lang), []).append(indicator.short.in_(lang))
    said = [
        f"{source}（{'、'.join(names)}）" if lang == "zh" else f"{source} ({', '.join(names)})"
        for source, names in found.items()
    ]
    return request.say("source_is", source=("；" if lang == "zh" else "; ").join(said))
