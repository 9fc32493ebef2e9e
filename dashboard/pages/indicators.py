"""/indicators: every indicator with its newest value and how far it is from others; searched,
filtered and sorted by the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from dashboard.address import AddressError, one_of
from dashboard.data import queries
from dashboard.data.awaited import awaited
from dashboard.data.freshness import Health, health
from dashboard.data.indicator_rows import Line, in_order, lines
from dashboard.data.search import search
from dashboard.formatting import Change
from dashboard.pages.events import answered
from dashboard.pages.page import Page, PageClock, PageRequest, wrong_parameter
from dashboard.pages.paging import paged
from dashboard.pages.parts.awaited import awaited_rows
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
KEPT = ("q", "group", "link", "frequency", "sort", "cols")
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
class RowGroup:
    """A part of the table under its title; `anchor` is where a link of the page leads to it."""

    anchor: str
    title: str
    rows: list[IndicatorRow]


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
        wanted, is_near = _filtered(request)
        waiting = awaited(request.snapshot, wanted, as_of)
        held = queries.standings(request.snapshot, as_of)
        told = answered(request)
        columns = _columns(request)
        sort = _sort(request)
        listed = _sorted(request, [i for i in wanted if i.id in held], sort, now)
        page = paged(request.query.get("page", ""), listed, PAGE)
    except AddressError as error:
        return wrong_parameter(request, error)
    shown = lines(request.snapshot, [i.id for i in page.shown], request.lang, as_of)
    aged = health(request.snapshot, now, page.shown, as_of)
    rows = [_row(request, line, one) for line, one in zip(shown, aged, strict=True)]
    title = request.say("indicators")
    is_ranked = bool(sort or request.query.get("q", "").strip())
    tables = _tables(request, rows, is_sorted=is_ranked)
    return Page(
        title,
        "indicators",
        {
            "search": _search(request),
            "answers": told,
            "is_near": is_near,
            "groups": _groups(request),
            "links": _links(request),
            "frequencies": _frequencies(request),
            "chosen_columns": f"{len(columns)} / {len(COLUMNS)}",
            "chips": _chips(request, columns),
            "is_narrowed": len(columns) < len(COLUMNS),
            "tables": tables,
            "jumps": [] if is_ranked else _jumps(request, listed, page.number),
            "awaited_words": request.say("awaited_then" if as_of else "awaited_long"),
            "awaited": awaited_rows(waiting, request.urls) if page.number == 1 else [],
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


def _filtered(request: PageRequest) -> tuple[list[Indicator], bool]:
    """What the address asks for, the nearest to its words first, and whether that is only nearly
    what they say."""
    catalog, query = request.snapshot.catalog, request.query
    group = one_of("group", query.get("group", ""), ("", *catalog.groups))
    link = one_of("link", query.get("link", ""), ("", *catalog.links))
    known = ("", *catalog.frequencies)
    frequency = one_of("frequency", query.get("frequency", ""), known)
    result = search(request.snapshot, query.get("q", ""))
    return [
        i
        for i in result.indicators
        if (not group or i.group == group)
        and (not link or i.id in catalog.links[link].indicators)
        and (not frequency or i.frequency == frequency)
    ], result.is_near


def _sort(request: PageRequest) -> str:
    asked = request.query.get("sort", "")
    name = one_of("sort", asked.removeprefix("-"), SORTS)
    return f"-{name}" if asked.startswith("-") and name else name


def _sorted(
    request: PageRequest, wanted: Sequence[Indicator], sort: str, now: datetime
) -> Sequence[Indicator]:
    """The indicators in the order that is asked for; those without what it goes by come last."""
    name, falls = sort.removeprefix("-"), sort.startswith("-")
    if not name and request.query.get("q", "").strip():
        return wanted  # the nearest first
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


def _links(request: PageRequest) -> Choices:
    """The links of the chain; none where the catalog names no chain."""
    chosen = request.query.get("link", "")
    named = request.snapshot.catalog.links.items()
    return [
        (one.title.in_(request.lang), _href(request, link="" if name == chosen else name),
         name == chosen)
        for name, one in named
        if one.indicators
    ]  # fmt: skip


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


def _jumps(
    request: PageRequest, listed: Sequence[Indicator], here: int
) -> list[tuple[str, str, int]]:
    """Each group with the link to where it begins, on this page or another, and how many there
    are."""
    groups, found, first = request.snapshot.catalog.groups, [], 0
    for name, part in groupby(listed, key=lambda one: one.group):
        count, number = len(list(part)), first // PAGE + 1
        page = "" if number == here else _href(request, page=str(number) if number > 1 else "")
        found.append((groups[name].title.in_(request.lang), f"{page}#group-{name}", count))
        first += count
    return found


def _tables(
    request: PageRequest, rows: Sequence[IndicatorRow], *, is_sorted: bool
) -> list[RowGroup]:
    """One table where the rows are sorted; else one a group, each under its title."""
    if is_sorted:
        return [RowGroup("", "", list(rows))] if rows else []
    groups = request.snapshot.catalog.groups
    return [
        RowGroup(f"group-{name}", groups[name].title.in_(request.lang), list(part))
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
