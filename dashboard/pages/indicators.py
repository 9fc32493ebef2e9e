"""/indicators: every indicator with its newest value and how far it is from others; searched,
filtered and sorted by the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from dashboard.address import AddressError, one_of
from dashboard.data.freshness import Health, health
from dashboard.data.indicator_rows import Line, in_order, lines
from dashboard.data.search import found
from dashboard.formatting import Change
from dashboard.pages.events import answered
from dashboard.pages.page import Page, PageClock, PageRequest, wrong_parameter
from dashboard.pages.paging import paged
from dashboard.pages.parts.cards import Card, card
from dashboard.pages.parts.freshness import SIGNS, age
from dashboard.pages.parts.listing import further
from dashboard.pages.parts.picking import Chip, SearchForm, chip, search_form
from etl.catalog import Indicator

PAGE = 50
#: The columns that a reader may choose, beside the name.
COLUMNS = ("value", "change", "month", "year", "record", "trend", "age", "date", "source")
#: Those that say what their number is compared with where there is no heading above them.
COMPARED = ("month", "year", "record")
SORTS = ("", "name", "date", "change", "month", "year", "record", "age")
#: What the address may hold, so that a link that changes one keeps the others.
KEPT = ("q", "group", "frequency", "sort", "cols")
Choices = list[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True)
class ColumnHeading:
    """The words over a column; where it can be sorted by, a link that does, or turns the order."""

    name: str
    words: str
    href: str = ""
    #: `ascending` or `descending`, where the table is sorted by this column.
    order: str = ""


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """One indicator: its newest value, how far that is from others, and how fresh it is."""

    card: Card
    group: str
    #: Former ids, by which a browser may still know it as a favourite.
    old_ids: str
    pin: str
    month: Change | None
    year: Change | None
    record: Change | None
    state: str
    state_words: str
    age: str


def layout(request: PageRequest, clock: PageClock) -> Page:
    """The table that the address asks for; how fresh everything is, at the minute of `clock`."""
    as_of = request.as_of
    now = min(as_of, clock.minute) if as_of else clock.minute
    try:
        wanted = _filtered(request)
        told = answered(request)
        columns = _columns(request)
        sort = _sort(request)
        page = paged(request.query.get("page", ""), _sorted(request, wanted, sort, now), PAGE)
    except AddressError as error:
        return wrong_parameter(request, error)
    shown = lines(request.snapshot, [i.id for i in page.shown], request.lang, as_of)
    aged = health(request.snapshot, now, page.shown, as_of)
    rows = [_row(request, line, one) for line, one in zip(shown, aged, strict=True)]
    title = request.say("indicators")
    return Page(
        title,
        "indicators",
        {
            "search": _search(request),
            "answers": told,
            "groups": _groups(request),
            "frequencies": _frequencies(request),
            "chosen_columns": f"{len(columns)} / {len(COLUMNS)}",
            "chips": _chips(request, columns),
            "is_narrowed": len(columns) < len(COLUMNS),
            "tables": _tables(request, rows, is_sorted=bool(sort)),
            "headings": [_heading(request, name, sort) for name in ("name", *columns)],
            "columns": columns,
            "labels": {name: _words(request, name) for name in COMPARED},
            "signs": SIGNS,
            "further": further(page, lambda number: _href(request, page=number), request.lang),
        },
        description=title,
    )


def _href(request: PageRequest, **changed: str) -> str:
    return request.urls.page("/indicators", **{**_kept(request), **changed})


def _kept(request: PageRequest) -> dict[str, str]:
    return {name: request.query.get(name, "") for name in KEPT}


def _columns(request: PageRequest) -> tuple[str, ...]:
    """The columns of the address in their usual order; all of them where it names none, and none
    where it names only `name`."""
    asked = request.query.get("cols", "")
    names = {one_of("cols", name, ("name", *COLUMNS)) for name in asked.split(",")}
    return tuple(name for name in COLUMNS if name in names) if asked else COLUMNS


def _words(request: PageRequest, column: str) -> str:
    return request.say(f"col_{column}" if column in COMPARED else column)


def _chips(request: PageRequest, columns: Sequence[str]) -> list[Chip]:
    """Each column, with the link that shows it or leaves it out."""

    def href(names: Sequence[str]) -> str:
        is_usual = set(names) == set(COLUMNS)
        return _href(request, cols="" if is_usual else ",".join(names) or "name")

    return [chip(_words(request, name), name, columns, len(COLUMNS), href) for name in COLUMNS]


def _filtered(request: PageRequest) -> list[Indicator]:
    catalog = request.snapshot.catalog
    group = one_of("group", request.query.get("group", ""), ("", *catalog.groups))
    known = ("", *catalog.frequencies)
    frequency = one_of("frequency", request.query.get("frequency", ""), known)
    return [
        i
        for i in found(request.snapshot, request.query.get("q", ""))
        if (not group or i.group == group) and (not frequency or i.frequency == frequency)
    ]


def _sort(request: PageRequest) -> str:
    asked = request.query.get("sort", "")
    name = one_of("sort", asked.removeprefix("-"), SORTS)
    return f"-{name}" if asked.startswith("-") and name else name


def _sorted(
    request: PageRequest, wanted: Sequence[Indicator], sort: str, now: datetime
) -> Sequence[Indicator]:
    """The indicators in the order that is asked for; those without what it goes by come last."""
    name, falls = sort.removeprefix("-"), sort.startswith("-")
    if not name:
        groups = list(request.snapshot.catalog.groups)
        return sorted(wanted, key=lambda i: groups.index(i.group))
    if name == "name":
        return sorted(wanted, key=lambda i: i.title.in_(request.lang), reverse=falls)
    order = in_order(request.snapshot, name, falls=falls, now=now, as_of=request.as_of)
    by_id = {i.id: i for i in wanted}
    held = [by_id[name] for name in order if name in by_id]
    return [*held, *(i for i in wanted if i.id not in order)]


def _search(request: PageRequest) -> SearchForm:
    kept = {**_kept(request), "q": ""}
    return search_form(request, "/indicators", request.say("search_indicators"), kept)


def _groups(request: PageRequest) -> Choices:
    chosen = request.query.get("group", "")
    groups = request.snapshot.catalog.groups
    return [
        (request.say("all"), _href(request, group=""), not chosen),
        *(
            (group.title.in_(request.lang), _href(request, group=name), name == chosen)
            for name, group in groups.items()
        ),
    ]


def _frequencies(request: PageRequest) -> Choices:
    chosen = request.query.get("frequency", "")
    return [
        (request.say(name or "all"), _href(request, frequency=name), name == chosen)
        for name in ("", *request.snapshot.catalog.frequencies)
    ]


def _heading(request: PageRequest, name: str, sort: str) -> ColumnHeading:
    words = _words(request, name)
    if name not in SORTS:
        return ColumnHeading(name, words)
    falls_first = name != "name"
    first, second = (f"-{name}", name) if falls_first else (name, f"-{name}")
    order = {name: "ascending", f"-{name}": "descending"}.get(sort, "")
    href = _href(request, sort=second if sort == first else first)
    return ColumnHeading(name, words, href, order)


def _tables(
    request: PageRequest, rows: Sequence[IndicatorRow], *, is_sorted: bool
) -> list[tuple[str, list[IndicatorRow]]]:
    """One table where the rows are sorted; else one a group, each under its title."""
    if is_sorted:
        return [("", list(rows))] if rows else []
    groups = request.snapshot.catalog.groups
    return [
        (groups[name].title.in_(request.lang), list(part))
        for name, part in groupby(rows, key=lambda row: row.group)
    ]


def _row(request: PageRequest, line: Line, one: Health) -> IndicatorRow:
    shown = card(line.reading, request.urls)
    return IndicatorRow(
        card=shown,
        group=one.indicator.group,
        old_ids=" ".join(one.indicator.old_ids),
        pin=request.say("pin", title=shown.title),
        month=line.month,
        year=line.year,
        record=line.record,
        state=one.state,
        state_words=request.say(f"state_{one.state}"),
        age=age(one, request.lang),
    )
