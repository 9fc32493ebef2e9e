"""/export: a data file put together by choosing, its first rows, and the address that gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from dashboard.address import (
    MAX_IDS,
    MAX_WITH,
    RANGES,
    AddressError,
    ChartAddress,
    MovedError,
    Transform,
    Window,
    as_named,
    one_of,
    parse_observations,
)
from dashboard.chart_page.controls import SHOWN_TRANSFORMS, frequency_rows, span_form
from dashboard.chart_page.page import licence_words
from dashboard.data import queries
from dashboard.export.csv import Cell, iso
from dashboard.export.formats import DATA_FORMATS
from dashboard.export.licence import LicenceError, may_be_passed_on, require_free
from dashboard.export.metadata import metadata
from dashboard.export.table import Table, frozen_moment, table
from dashboard.formatting import plain_number
from dashboard.pages.page import Page, PageRequest, wrong_parameter
from dashboard.pages.parts.picking import kept_fields, picker
from dashboard.texts import range_name, transform_name

PREVIEW = 8
#: What the API gives of more indicators than a chart has.
OF_MANY = ("csv", "parquet", "json")
Choices = list[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True)
class Order:
    """What a person has put together."""

    address: ChartAddress
    format: str

    @property
    def is_of_many(self) -> bool:
        """Whether there are more indicators than a chart has."""
        return len(self.address.ids) > MAX_WITH + 1


@dataclass(frozen=True, slots=True)
class OrderedFile:
    """The file of an order: where it is today and for ever, how much it holds, how it is cited, and
    each of its sources. `others` is the same in every other format: words and link."""

    format: str
    href: str
    size: str
    live: str
    lasting: str
    citation: str
    sources: list[tuple[str, str]]
    #: What the licence of each allows.
    licences: list[tuple[str, str]]
    others: Sequence[tuple[str, str]]


def layout(request: PageRequest) -> Page:
    """The order as links; without ids, only what may be picked."""
    ids = tuple(dict.fromkeys(name for name in request.query.get("ids", "").split(",") if name))
    if not ids:
        return _page(request, ids, {"ordered": None})
    try:
        order = _order(request, ids)
        found = table(request.snapshot, order.address)
    except MovedError:
        _, query = as_named("", {"ids": ",".join(ids)}, request.snapshot.catalog)
        return Page("", status=301, location=_href(request, query["ids"].split(",")))
    except LicenceError as error:
        page = _page(request, (), {"ordered": None, "refused": str(error)})
        return replace(page, status=error.status)
    except AddressError as error:
        return wrong_parameter(request, error)
    first = islice(iter(found.records()), PREVIEW)
    ordered = {
        "ordered": _file(request, order, found),
        "choices": _choices(request, order, found),
        "span": span_form(
            request.snapshot,
            order.address,
            request.urls.form("/export"),
            kept_fields(request, {**_kept(request, ids), "t": "", "scope": ""}),
        ),
        "header": found.header,
        "rows": [[_shown(cell) for cell in record] for record in first],
    }
    return _page(request, ids, ordered)


def _page(request: PageRequest, ids: Sequence[str], ordered: Mapping[str, Any]) -> Page:
    title = request.say("export")
    offered = picker(request, ids, MAX_IDS, lambda names: _href(request, names), may_be_passed_on)
    withheld = [
        (one.title.in_(request.lang), request.urls.page(f"/indicators/{one.id}"),
         one.credit.name.in_(request.lang), one.credit.url)
        for one in request.snapshot.catalog.all()
        if not may_be_passed_on(one)
    ]  # fmt: skip
    shown = {"refused": "", "picker": offered, "withheld": withheld, **ordered}
    return Page(title, "export", shown, description=title)


def _order(request: PageRequest, ids: Sequence[str]) -> Order:
    query = {**request.query, "ids": ",".join(ids), "format": ""}
    address, _ = parse_observations(query, request.snapshot.catalog, datetime.now(UTC))
    require_free(request.snapshot.catalog, address.ids, first="ids", more="ids")
    order = Order(address, one_of("format", request.query.get("format", ""), DATA_FORMATS))
    if order.is_of_many:
        return order if order.format in OF_MANY else replace(order, format=OF_MANY[0])
    asked = "csv_for_excel" if request.query.get("for") == "excel" else order.format
    address = _headed(request, address, asked)
    if request.query.get("scope") == "full":
        address = replace(address, scope="full")
    return replace(order, address=address)


def _headed(request: PageRequest, address: ChartAddress, name: str) -> ChartAddress:
    """The address of the same file, with Chinese headings where it is for a spreadsheet."""
    for_excel = name == "csv_for_excel" or (name == "xlsx" and request.lang == "zh")
    return replace(address, for_="excel" if for_excel else "")


def _kept(request: PageRequest, ids: Sequence[str]) -> dict[str, str]:
    names = ("t", "u", "freq", "agg", "asof", "shape", "format", "for", "scope")
    return {"ids": ",".join(ids), **{name: request.query.get(name, "") for name in names}}


def _href(request: PageRequest, ids: Sequence[str], **changed: str) -> str:
    return request.urls.page("/export", **{**_kept(request, ids), **changed})


def _choices(request: PageRequest, order: Order, found: Table) -> list[tuple[str, Choices]]:
    """Every choice as a row of links, each row under its name."""
    address, lang = order.address, request.lang
    ids = address.ids
    ranges = [
        (range_name(name, lang), _href(request, ids, t=name, scope=""),
         found.window_name == name and address.scope == "view")
        for name in RANGES
    ]  # fmt: skip
    ranges += [
        (request.say("since_year", year=str(year)),
         _href(request, ids, t=f"{year}-01-01..", scope=""),
         address.window == Window("", date(year, 1, 1)))
        for year in _years(request, address)
    ]  # fmt: skip
    transforms = [
        (transform_name(t.name, lang, t.n),
         _href(request, ids, u="" if t == Transform() else str(t)), address.transform == t)
        for t in SHOWN_TRANSFORMS
    ]  # fmt: skip
    shapes = [
        (request.say(f"shape_{name}"),
         _href(request, ids, shape="" if name == "long" else name), address.shape == name)
        for name in ("long", "wide")
    ]  # fmt: skip

    def brought(chosen: ChartAddress) -> str:
        return _href(request, ids, freq=chosen.freq, agg=chosen.chosen["agg"])

    rows = [
        ("range", ranges),
        *frequency_rows(request.snapshot, replace(address, lang=lang), brought),
        ("transform", transforms), ("known", _moments(request, order)),
        ("shape", shapes), ("format", _formats(request, order)),
    ]  # fmt: skip
    return [(request.say(name), links) for name, links in rows]


def _years(request: PageRequest, address: ChartAddress) -> list[int]:
    """The round years from which on something is held, for spans that begin there."""
    held = [queries.series(request.snapshot, name, address.as_of) for name in address.ids]
    days = [series[0].date for series in held if series]
    if not days:
        return []
    this = request.snapshot.published_at.year
    return [year for year in range(this - this % 5 - 10, this + 1, 5) if year > min(days).year]


def _moments(request: PageRequest, order: Order) -> Choices:
    """Today, and the days of the newest bulletins: what was known on one of them can be had."""
    ids = order.address.ids
    days = [str(day) for day in queries.bulletin_days(request.snapshot)[-3:]]
    return [
        (request.say("as_known_now"), _href(request, ids, asof=""), order.address.as_of is None),
        *(
            (request.say("as_known_on", day=day), _href(request, ids, asof=day),
             request.query.get("asof") == day)
            for day in days
        ),
    ]  # fmt: skip


def _formats(request: PageRequest, order: Order) -> Choices:
    ids, for_excel = order.address.ids, bool(order.address.for_)
    formats = [
        (name.upper(), _href(request, ids, format=name, **{"for": ""}),
         order.format == name and not (for_excel and name == "csv"))
        for name in (OF_MANY if order.is_of_many else DATA_FORMATS)
    ]  # fmt: skip
    if not order.is_of_many:
        excel = _href(request, ids, format="csv", **{"for": "excel"})
        formats.insert(
            1, (request.say("csv_for_excel"), excel, for_excel and order.format == "csv")
        )
    return formats


def _format_words(request: PageRequest, name: str) -> str:
    return request.say("excel") if name == "xlsx" else name.upper()


def _file(request: PageRequest, order: Order, found: Table) -> OrderedFile:
    urls, address, suffix = request.urls, order.address, f".{order.format}"
    lasting = replace(address, as_of=address.as_of or frozen_moment(request.snapshot))
    said = metadata(found, urls)
    others = OF_MANY if order.is_of_many else DATA_FORMATS
    return OrderedFile(
        format=_format_words(request, order.format),
        href=urls.chart(address, suffix),
        size=request.say("rows_and_days", rows=f"{found.row_count:,}", days=f"{len(found.days):,}"),
        live=urls.online.chart(address, suffix),
        lasting=urls.online.chart(lasting, suffix),
        citation=said["citation"]["gb_t_7714"],
        sources=[
            (indicator["title"][request.lang], source["cite_as"])
            for indicator, source in zip(said["indicators"], said["sources"], strict=True)
        ],
        licences=[
            (
                column.indicator.title.in_(request.lang),
                licence_words(column.indicator.credit, request.lang),
            )
            for column in found.columns
        ],
        others=[
            (_format_words(request, name), urls.chart(_headed(request, address, name), f".{name}"))
            for name in others
            if name != order.format
        ],
    )


def _shown(cell: Cell) -> str:
    """A cell as the file has it."""
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
