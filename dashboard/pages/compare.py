"""/compare: up to four indicators on one paper, and how far their changes agree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import formatting
from dashboard.address import (
    RANGES,
    AddressError,
    ChartAddress,
    MovedError,
    Transform,
    as_named,
    parse,
)
from dashboard.chart.scatter import scatter
from dashboard.chart.svg import data_uri
from dashboard.chart_page.page import captions
from dashboard.chart_page.view import View, view
from dashboard.components import tables
from dashboard.components.charts import WIDE, chart_block
from dashboard.components.picking import options, picker
from dashboard.data.correlation import FEWEST, Pair, Part, correlation, in_percent, pairs
from dashboard.export.table import Column, address_url
from dashboard.pages.page import Page, PageRequest, message
from dashboard.texts import range_name, text, transform_name

MOST = 4
SUGGESTED = 3
TRANSFORMS = (Transform(), Transform("index"), Transform("pct"), Transform("yoy"),
              Transform("drawdown"))  # fmt: skip
Related = tuple[Column, Column, list[Pair]]


def layout(visit: PageRequest) -> Page:
    """The comparison that the address asks for; without ids, what could be compared."""
    title = text("compare", visit.lang)
    ids = tuple(dict.fromkeys(name for name in visit.query.get("ids", "").split(",") if name))
    if not ids:
        body = [html.H1(title), html.P(text("compare_long", visit.lang), className="lead-words"),
                _picker(visit, ()), _suggestions(visit)]  # fmt: skip
        return _page(title, body)
    try:
        address = _address(visit, ids)
        seen = view(visit.snapshot, address)
    except MovedError:
        _, query = as_named("", {"ids": ",".join(ids)}, visit.snapshot.catalog)
        there = _href(visit, query["ids"].split(","), **_kept(visit))
        return Page(title, [], status=301, location=there)
    except AddressError as error:
        if error.parameter == "with" and error.status == 400 and len(ids) <= MOST:
            return _page(title, _too_many_units(visit, ids, error))
        return message(text("wrong_address", visit.lang), str(error), visit.chosen, error.status)
    related = _related(seen)
    body = [
        html.H1(title),
        html.P("、".join(_names(seen)) if visit.lang == "zh" else ", ".join(_names(seen)),
               className="lead-words"),
        _picker(visit, ids),
        _controls(visit, address, seen),
        chart_block(seen.model, "compare", visit.chosen, WIDE, _notes(seen)),
        _links(visit, address),
        *([_correlations(visit, related), _cloud(visit, related[0])] if related else []),
    ]  # fmt: skip
    return _page(title, body, not seen.model.empty)


def _page(title: str, body: Sequence[Component], has_chart: bool = False) -> Page:
    return Page(title, [html.Article(list(body), className="wide indicator")], title,
                has_chart=has_chart)  # fmt: skip


def _address(visit: PageRequest, ids: Sequence[str]) -> ChartAddress:
    query = {**visit.query, "with": ",".join(ids[1:])}
    return parse(ids[0], query, visit.snapshot.catalog, datetime.now(UTC))


def _kept(visit: PageRequest) -> dict[str, str]:
    return {name: visit.query.get(name, "") for name in ("t", "u", "scale")}


def _href(visit: PageRequest, ids: Sequence[str], **parameters: str) -> str:
    return visit.chosen.href("/compare", ids=",".join(ids), **parameters)


def _picker(visit: PageRequest, ids: Sequence[str]) -> Component:
    return picker(visit, ids, MOST, lambda names: _href(visit, names, **_kept(visit)))


def _suggestions(visit: PageRequest) -> Component:
    """A few comparisons to begin with, of what this catalog has: of each group those of one
    frequency, its headlines first."""
    catalog = visit.snapshot.catalog
    items = []
    for group in catalog.groups:
        members = sorted(
            (i for i in catalog.all() if i.group == group), key=lambda i: not i.headline
        )
        found = [i for i in members if i.frequency == members[0].frequency][:SUGGESTED]
        if len(found) < 2:
            continue
        words = " · ".join(one.short.in_(visit.lang) for one in found)
        # Rates of one unit are compared as they are; what is priced, from a common start.
        units = {catalog.unit(one).code for one in found}
        href = _href(visit, [one.id for one in found], u="" if units == {"percent"} else "index")
        items.append(html.Li(dcc.Link(words, href=href)))
    return html.Section([html.H2(text("to_begin", visit.lang)), html.Ul(items)])


def _too_many_units(visit: PageRequest, ids: Sequence[str], error: AddressError) -> list[Component]:
    """What to do where a chart has no third axis."""
    there = _href(visit, ids, **{**_kept(visit), "u": "index"})
    return [
        html.H1(text("compare", visit.lang)),
        _picker(visit, ids),
        html.P(
            [str(error) if visit.lang == "en" else text("third_unit", visit.lang), " ",
             dcc.Link(text("on_common_base", visit.lang), href=there)],
            className="message",
        ),
    ]  # fmt: skip


def _notes(seen: View) -> tuple[str, ...]:
    """Sources and dates, and which indicators have no value in the window."""
    lang = seen.lang
    empty = [c.indicator.short.in_(lang) for c in seen.columns
             if all(x is None for _, x in c.rows)]  # fmt: skip
    missing = [text("nothing_of", lang, names="、".join(empty))] if empty else []
    return (*missing, *captions(seen))


def _names(seen: View) -> list[str]:
    return [column.indicator.title.in_(seen.lang) for column in seen.columns]


def _controls(visit: PageRequest, address: ChartAddress, seen: View) -> Component:
    kept, lang = _kept(visit), visit.lang
    ranges = (
        (range_name(name, lang), _href(visit, address.ids, **{**kept, "t": name}),
         seen.table.window_name == name)
        for name in RANGES
    )  # fmt: skip
    transforms = (
        (transform_name(t.name, lang, t.n),
         _href(visit, address.ids, **{**kept, "u": "" if t == Transform() else str(t)}),
         address.transform == t)
        for t in TRANSFORMS
    )  # fmt: skip
    scales = (
        (text(f"scale_{name}", lang),
         _href(visit, address.ids, **{**kept, "scale": "" if name == "linear" else name}),
         address.scale == name)
        for name in ("linear", "log")
    )  # fmt: skip
    return html.Div(
        [
            options(text("range", lang), ranges),
            options(text("transform", lang), transforms),
            options(text("scale", lang), scales) if seen.table.may_be_log else None,
        ],
        className="controls",
    )


def _links(visit: PageRequest, address: ChartAddress) -> Component:
    plain = ChartAddress(address.id, None, address.more, address.window, address.transform)
    export = visit.chosen.href("/export", ids=",".join(address.ids),
                               t=str(address.window), u=str(address.transform))  # fmt: skip
    return html.P(
        [
            html.A(text("chart_page", visit.lang), href=address_url(address, "", ""),
                   className="download"),
            html.A(text("download_csv", visit.lang), href=address_url(plain, ""),
                   className="download"),
            dcc.Link(text("export", visit.lang), href=export, className="download"),
        ],
        className="downloads",
    )  # fmt: skip


def _related(seen: View) -> list[Related]:
    """Every two indicators with the pairs of their changes in the window."""
    parts = {
        column.indicator.id: Part(
            column.indicator,
            seen.snapshot.catalog.unit(column.indicator),
            column.series[column.start : column.stop],
        )
        for column in seen.columns
    }
    return [
        (a, b, pairs(parts[a.indicator.id], parts[b.indicator.id]))
        for a, b in combinations(seen.columns, 2)
    ]


def _correlations(visit: PageRequest, related: Sequence[Related]) -> Component:
    """How far changes agree, with the number of pairs and the days they come from."""
    lang = visit.lang
    rows = [
        html.Tr(
            [
                html.Th(f"{a.indicator.short.in_(lang)} × {b.indicator.short.in_(lang)}",
                        scope="row"),
                html.Td(_said(correlation(found), lang), className="cell-figure"),
                html.Td(f"{len(found):,}", className="cell-figure"),
                html.Td(f"{found[0].date} – {found[-1].date}" if found else "—",
                        className="quiet"),
            ]
        )
        for a, b, found in related
    ]  # fmt: skip
    heads = ("pair", "correlation", "n_pairs", "period")
    return html.Section(
        [
            html.H2(text("correlation_of_changes", lang)),
            tables.table((text(name, lang) for name in heads), rows),
            html.P(text("correlation_note", lang, few=str(FEWEST)), className="quiet"),
        ]
    )


def _said(r: float | None, lang: str) -> str:
    return text("too_few_pairs", lang) if r is None else formatting.signed(r, 2)


def _cloud(visit: PageRequest, related: Related) -> Component | None:
    """The changes of the first two indicators as points, and as a table."""
    a, b, found = related
    if len(found) < FEWEST:
        return None
    lang = visit.lang
    across, up = (_axis_words(visit, column) for column in (a, b))
    newest = found[-1].date.isoformat()
    r = correlation(found)
    alternative = text("cloud_alt", lang, first=across, second=up, n=f"{len(found):,}",
                       r=_said(r, lang))  # fmt: skip
    rows = [
        html.Tr([html.Th(str(p.date), scope="row"),
                 html.Td(formatting.signed(p.first, 2)), html.Td(formatting.signed(p.second, 2))])
        for p in found[::-1][:60]
    ]  # fmt: skip
    return html.Section(
        [
            html.H2(text("cloud", lang)),
            html.Div(
                [
                    html.Figure(
                        [
                            html.Img(src=data_uri(scatter(found, across, up, newest)),
                                     alt=alternative, width="480", height="360",
                                     className="cloud"),
                            html.Figcaption(text("cloud_note", lang)),
                        ],
                        className="chart-figure",
                    ),
                    html.Details(
                        [
                            html.Summary(text("as_table", lang)),
                            tables.table((text("date", lang), across, up), rows, "recent"),
                        ]
                    ),
                ],
                className="cloud-row",
            ),
        ]
    )  # fmt: skip


def _axis_words(visit: PageRequest, column: Column) -> str:
    """What a change of the indicator is counted in."""
    indicator = column.indicator
    unit = visit.snapshot.catalog.unit(indicator)
    part = Part(indicator, unit, column.series[column.start : column.stop])
    counted = "%" if in_percent(part) else unit.label.in_(visit.lang)
    if unit.code == "percent":
        counted = text("points", visit.lang)
    bracket = f"（{counted}）" if visit.lang == "zh" else f" ({counted})"
    return indicator.short.in_(visit.lang) + bracket
