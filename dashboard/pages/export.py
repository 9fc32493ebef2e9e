"""/export: a data file put together by choosing, its first rows, and the address that gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import islice

from dash import html
from dash.development.base_component import Component

from dashboard.address import (
    MAX_IDS,
    MAX_WITH,
    RANGES,
    AddressError,
    ChartAddress,
    MovedError,
    Transform,
    as_named,
    one_of,
    parse_observations,
)
from dashboard.chart_page.controls import SHOWN_TRANSFORMS
from dashboard.components.picking import options, picker
from dashboard.data import queries
from dashboard.export.formats import DATA_FORMATS
from dashboard.export.table import Cell, Table, address_url, frozen_moment, iso, metadata, table
from dashboard.formatting import plain_number
from dashboard.pages.page import Page, PageRequest, message
from dashboard.texts import range_name, text, transform_name

PREVIEW = 8
#: What the API gives of more indicators than a chart has.
OF_MANY = ("csv", "parquet", "json")


@dataclass(frozen=True, slots=True)
class Order:
    """What a person has put together."""

    address: ChartAddress
    format: str


def layout(visit: PageRequest) -> Page:
    """The form as links; without ids, only what may be picked."""
    title = text("export", visit.lang)
    ids = tuple(dict.fromkeys(name for name in visit.query.get("ids", "").split(",") if name))
    intro = [html.H1(title), html.P(text("export_long", visit.lang), className="lead-words")]
    if not ids:
        return _page(title, [*intro, _picker(visit, ())])
    try:
        order = _order(visit, ids)
        found = table(visit.snapshot, order.address)
    except MovedError:
        _, query = as_named("", {"ids": ",".join(ids)}, visit.snapshot.catalog)
        there = _href(visit, query["ids"].split(","))
        return Page(title, [], status=301, location=there)
    except AddressError as error:
        return message(text("wrong_address", visit.lang), str(error), visit.chosen, error.status)
    return _page(
        title,
        [
            *intro,
            _picker(visit, ids),
            _controls(visit, order, found),
            _file(visit, order, found),
            _preview(visit, found),
        ],
    )


def _page(title: str, body: Sequence[Component]) -> Page:
    return Page(title, [html.Article(list(body), className="wide")], title)


def _order(visit: PageRequest, ids: Sequence[str]) -> Order:
    query = {**visit.query, "ids": ",".join(ids), "format": ""}
    address, _ = parse_observations(query, visit.snapshot.catalog, datetime.now(UTC))
    many = len(ids) > MAX_WITH + 1
    wanted = one_of("format", visit.query.get("format", ""), DATA_FORMATS)
    if many and wanted not in OF_MANY:
        wanted = OF_MANY[0]
    if not many and visit.query.get("for") == "excel" and wanted == "csv":
        address = replace(address, for_="excel")
    if not many and visit.query.get("scope") == "full":
        address = replace(address, scope="full")
    return Order(address, wanted)


def _kept(visit: PageRequest) -> dict[str, str]:
    names = ("t", "u", "asof", "shape", "format", "for", "scope")
    return {name: visit.query.get(name, "") for name in names}


def _href(visit: PageRequest, ids: Sequence[str], **changed: str) -> str:
    return visit.chosen.href("/export", ids=",".join(ids), **{**_kept(visit), **changed})


def _picker(visit: PageRequest, ids: Sequence[str]) -> Component:
    return picker(visit, ids, MAX_IDS, lambda names: _href(visit, names))


def _controls(visit: PageRequest, order: Order, found: Table) -> Component:
    """Every choice as a row of links."""
    address, lang = order.address, visit.lang
    ids = address.ids
    many = len(ids) > MAX_WITH + 1
    ranges = [
        (range_name(name, lang), _href(visit, ids, t=name, scope=""),
         found.window_name == name and address.scope == "view")
        for name in RANGES
    ]  # fmt: skip
    transforms = [
        (transform_name(t.name, lang, t.n),
         _href(visit, ids, u="" if t == Transform() else str(t)), address.transform == t)
        for t in SHOWN_TRANSFORMS
    ]  # fmt: skip
    shapes = [
        (text(f"shape_{name}", lang), _href(visit, ids, shape="" if name == "long" else name),
         address.shape == name)
        for name in ("long", "wide")
    ]  # fmt: skip
    formats = [
        (name.upper(), _href(visit, ids, format=name, **{"for": ""}),
         order.format == name and not address.for_)
        for name in (OF_MANY if many else DATA_FORMATS)
    ]  # fmt: skip
    if not many:
        excel = _href(visit, ids, format="csv", **{"for": "excel"})
        formats.insert(1, (text("csv_for_excel", lang), excel, bool(address.for_)))
    moments = [
        (text("as_known_now", lang), _href(visit, ids, asof=""), address.as_of is None),
        *(
            (text("as_known_on", lang, day=day), _href(visit, ids, asof=day),
             visit.query.get("asof") == day)
            for day in _days(visit)
        ),
    ]  # fmt: skip
    rows = [
        ("range", ranges), ("transform", transforms), ("known", moments), ("shape", shapes),
        ("format", formats),
    ]  # fmt: skip
    return html.Div(
        [
            html.Div(
                [html.Span(text(name, lang), className="picker-group"),
                 options(text(name, lang), links)],
                className="picker-row",
            )
            for name, links in rows
        ],
        className="order",
    )  # fmt: skip


def _days(visit: PageRequest) -> list[str]:
    """The days of the newest bulletins: what was known on one of them can be had."""
    return [str(day) for day in queries.bulletin_days(visit.snapshot)[-3:]]


def _file(visit: PageRequest, order: Order, found: Table) -> Component:
    """The file, how much it holds, where it is and how it is cited."""
    lang, address = visit.lang, order.address
    link = address_url(address, "", f".{order.format}")
    lasting = replace(address, as_of=address.as_of or frozen_moment(visit.snapshot))
    base = visit.site.base_url
    cited = metadata(found, base)["citation"]
    rows = text("rows_and_days", lang, rows=f"{found.row_count:,}", days=f"{len(found.days):,}")
    return html.Section(
        [
            html.P(
                [html.A(text("get_file", lang, format=order.format.upper()), href=link,
                        className="button"), html.Span(rows, className="quiet")],
                className="get",
            ),
            html.Dl(
                [
                    html.Dt(text("live_address", lang)),
                    html.Dd(html.Code(base + link)),
                    html.Dt(text("lasting_address", lang)),
                    html.Dd(html.Code(address_url(lasting, base, f".{order.format}"))),
                    html.Dt(text("citation", lang)),
                    html.Dd(cited["gb_t_7714"], lang="zh-CN"),
                ],
                className="fact-list",
            ),
        ]
    )  # fmt: skip


def _preview(visit: PageRequest, found: Table) -> Component:
    """The first rows as the file has them."""
    rows = [
        html.Tr([html.Td(_shown(cell)) for cell in record])
        for record in islice(iter(found.records()), PREVIEW)
    ]
    heads = html.Tr([html.Th(name, scope="col") for name in found.header])
    if not rows:
        return html.P(text("no_rows", visit.lang), className="message")
    return html.Section(
        [
            html.H2(text("first_rows", visit.lang, count=str(len(rows)))),
            html.Div(
                html.Table([html.Thead(heads), html.Tbody(rows)], className="table preview"),
                className="scroll", tabIndex="0", role="region",
                **{"aria-label": text("first_rows", visit.lang, count=str(len(rows)))},
            ),
        ]
    )  # fmt: skip


def _shown(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return cell
        case datetime():
            return iso(cell)
        case date():
            return cell.isoformat()
    return plain_number(cell)
