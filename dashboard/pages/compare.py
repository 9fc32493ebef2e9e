"""/compare: up to four indicators on one paper, and how far their changes agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations

from dashboard import formatting
from dashboard.address import (
    AddressError,
    ChartAddress,
    MovedError,
    Transform,
    as_named,
    known_id,
    parse,
)
from dashboard.chart.scatter import scatter
from dashboard.chart.svg import data_uri
from dashboard.chart_page.controls import Choice, controls
from dashboard.chart_page.page import captions
from dashboard.chart_page.view import View, of_chart, of_data, view
from dashboard.data import queries
from dashboard.data.correlation import FEWEST, ComparedSeries, Pair, correlation, in_percent, pairs
from dashboard.export.licence import is_free
from dashboard.export.table import Column
from dashboard.pages.page import Page, PageRequest, wrong_parameter
from dashboard.pages.parts.charts import WIDE, PageChart
from dashboard.pages.parts.picking import Picker, picker
from dashboard.texts import text
from etl.catalog import Catalog

MOST = 4
SUGGESTED = 3
CLOUD_ROWS = 60
TRANSFORMS = (Transform(), Transform("index"), Transform("pct"), Transform("yoy"),
              Transform("drawdown"))  # fmt: skip
#: What an address says besides its indicators.
KEPT = ("t", "u", "scale", "asof")


@dataclass(frozen=True, slots=True)
class Related:
    """Two indicators with the pairs of their changes in the window."""

    first: Column
    second: Column
    pairs: list[Pair]


@dataclass(frozen=True, slots=True)
class CorrelationRow:
    """How far the changes of two indicators agree, with the number of pairs and the days they come
    from."""

    names: str
    r: str
    count: str
    period: str


@dataclass(frozen=True, slots=True)
class Cloud:
    """The changes of two indicators: a picture of points, and rows of the day and both changes."""

    picture: str
    alternative: str
    across: str
    up: str
    rows: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class ShownComparison:
    """The chart of several indicators, what it is chosen by, and where its data are to be had."""

    names: str
    chart: PageChart
    controls: list[tuple[str, list[Choice]]]
    chart_page: str
    csv: str
    #: Why there are no files of it, where a licence forbids them.
    refused: str
    export: str
    correlations: list[CorrelationRow]
    cloud: Cloud | None


def layout(request: PageRequest) -> Page:
    """The comparison that the address asks for; without ids, what could be compared."""
    ids = tuple(dict.fromkeys(name for name in request.query.get("ids", "").split(",") if name))
    if not ids:
        return _page(request, ids, suggestions=_suggestions(request))
    try:
        address = _address(request, ids)
        seen = view(request.snapshot, address)
    except MovedError:
        _, query = as_named("", {"ids": ",".join(ids)}, request.snapshot.catalog)
        renamed = replace(request, query={**request.query, **query})
        here = _href(request, query["ids"].split(","), **_kept(request))
        return replace(layout(renamed), status=301, location=here)
    except AddressError as error:
        if error.parameter == "asof":
            return _page(request, ids, problem=(request.say("nothing_known_then"), ""))
        if error.parameter == "with" and error.status == 400 and len(ids) <= MOST:
            return _page(request, ids, problem=_too_many_units(request, ids, error))
        return wrong_parameter(request, error)
    return _page(request, ids, shown=_shown(request, ids, seen))


def _page(
    request: PageRequest,
    ids: Sequence[str],
    *,
    shown: ShownComparison | None = None,
    problem: tuple[str, str] | None = None,
    suggestions: Sequence[tuple[str, str]] = (),
) -> Page:
    """The indicators to pick from, and below a comparison, or what is wrong with it and the link
    that mends it, or suggestions as words and link."""
    title = request.say("compare")
    return Page(
        title,
        "compare",
        {
            "picker": _picker(request, ids),
            "shown": shown,
            "problem": problem,
            "suggestions": suggestions,
            "fewest": FEWEST,
        },
        charts=(shown.chart,) if shown and not shown.chart.model.empty else (),
        description=title,
    )


def _address(request: PageRequest, ids: Sequence[str]) -> ChartAddress:
    catalog, as_of = request.snapshot.catalog, request.query.get("asof", "").strip()
    place = known_id(ids[0], catalog, "ids") + (f"@{as_of}" if as_of else "")
    return parse(place, {**request.query, "with": ",".join(ids[1:])}, catalog, datetime.now(UTC))


def _kept(request: PageRequest) -> dict[str, str]:
    return {name: request.query.get(name, "") for name in KEPT}


def _href(request: PageRequest, ids: Sequence[str], **parameters: str) -> str:
    return request.urls.page("/compare", ids=",".join(ids), **parameters)


def _picker(request: PageRequest, ids: Sequence[str]) -> Picker:
    return picker(request, ids, MOST, lambda names: _href(request, names, **_kept(request)))


def _suggestions(request: PageRequest) -> list[tuple[str, str]]:
    """A few comparisons to begin with, of what this catalog has: of each group those of one
    frequency, its headlines first."""
    catalog, held = request.snapshot.catalog, queries.standings(request.snapshot)
    items = []
    for group in catalog.groups:
        members = sorted(
            (i for i in catalog.all() if i.group == group and i.id in held),
            key=lambda i: not i.headline,
        )
        found = [i for i in members if i.frequency == members[0].frequency][:SUGGESTED]
        if len(found) < 2:
            continue
        words = " · ".join(one.short.in_(request.lang) for one in found)
        # Rates of one unit are compared as they are; what is priced, from a common start.
        units = {catalog.unit(one).code for one in found}
        chosen = {"u": "" if units == {"percent"} else "index", "asof": _kept(request)["asof"]}
        items.append((words, _href(request, [one.id for one in found], **chosen)))
    return items


def _too_many_units(
    request: PageRequest, ids: Sequence[str], error: AddressError
) -> tuple[str, str]:
    """What is wrong where a chart has no third axis, and the same with all on one."""
    words = str(error) if request.lang == "en" else request.say("third_unit")
    return words, _href(request, ids, **{**_kept(request), "u": "index"})


def _shown(request: PageRequest, ids: Sequence[str], seen: View) -> ShownComparison:
    address, urls, lang = seen.address, request.urls, request.lang
    related = _related(seen)
    comma = "、" if lang == "zh" else ", "
    as_of, free = _kept(request)["asof"], is_free(request.snapshot.catalog, ids)

    def link(chosen: ChartAddress) -> str:
        return _href(request, ids, **{**chosen.chosen, "asof": as_of})

    return ShownComparison(
        names=comma.join(column.indicator.title.in_(lang) for column in seen.columns),
        chart=PageChart("compare", seen.model, lang, request.display.theme, WIDE, _notes(seen)),
        controls=controls(seen, link, TRANSFORMS),
        chart_page=urls.chart(of_chart(address)),
        csv=urls.chart(replace(of_data(address), scale="linear"), ".csv") if free else "",
        refused="" if free else request.say("no_files"),
        export=""
        if not free
        else urls.page(
            "/export",
            ids=",".join(ids),
            t=str(address.window),
            u=str(address.transform),
            asof=as_of,
        ),
        correlations=[_correlation(one, lang) for one in related],
        cloud=_cloud(request, related[0]) if related else None,
    )


def _notes(seen: View) -> tuple[str, ...]:
    """Sources and dates, and which indicators have no value in the window."""
    empty = [column.indicator.short.in_(seen.lang) for column in seen.columns
             if all(value is None for _, value in column.rows)]  # fmt: skip
    missing = [text("nothing_of", seen.lang, names="、".join(empty))] if empty else []
    return (*missing, *captions(seen))


def _related(seen: View) -> list[Related]:
    """Every two indicators with the pairs of their changes."""
    return [
        Related(a, b, pairs(_part(seen.snapshot.catalog, a), _part(seen.snapshot.catalog, b)))
        for a, b in combinations(seen.columns, 2)
    ]


def _part(catalog: Catalog, column: Column) -> ComparedSeries:
    """What of an indicator lies in the window."""
    values = column.series[column.start : column.stop]
    return ComparedSeries(column.indicator, catalog.unit(column.indicator), values)


def _correlation(related: Related, lang: str) -> CorrelationRow:
    a, b, found = related.first.indicator, related.second.indicator, related.pairs
    return CorrelationRow(
        f"{a.short.in_(lang)} × {b.short.in_(lang)}",
        _said(correlation(found), lang),
        f"{len(found):,}",
        f"{found[0].date} – {found[-1].date}" if found else "—",
    )


def _said(r: float | None, lang: str) -> str:
    return text("too_few_pairs", lang) if r is None else formatting.signed(r, 2)


def _cloud(request: PageRequest, related: Related) -> Cloud | None:
    """The changes of two indicators; nothing where there are too few of them."""
    found = related.pairs
    if len(found) < FEWEST:
        return None
    across, up = (_axis_words(request, one) for one in (related.first, related.second))
    return Cloud(
        picture=data_uri(scatter(found, across, up, found[-1].date.isoformat())),
        alternative=request.say(
            "cloud_alt",
            first=across,
            second=up,
            n=f"{len(found):,}",
            r=_said(correlation(found), request.lang),
        ),
        across=across,
        up=up,
        rows=[
            (str(pair.date), formatting.signed(pair.first, 2), formatting.signed(pair.second, 2))
            for pair in found[: -CLOUD_ROWS - 1 : -1]
        ],
    )


def _axis_words(request: PageRequest, column: Column) -> str:
    """What a change of the indicator is counted in."""
    part = _part(request.snapshot.catalog, column)
    counted = "%" if in_percent(part) else part.unit.label.in_(request.lang)
    if part.unit.code == "percent":
        counted = request.say("points")
    bracket = f"（{counted}）" if request.lang == "zh" else f" ({counted})"
    return column.indicator.short.in_(request.lang) + bracket
