"""/bulletins: every bulletin, newest first; by day, and by the words in it."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dashboard import formatting
from dashboard.address import AddressError
from dashboard.data import queries
from dashboard.pages.page import Page, PageRequest, wrong_parameter
from dashboard.pages.paging import paged
from dashboard.pages.parts.listing import Further, further
from dashboard.pages.parts.picking import search_form
from etl.bulletins.model import Bulletin

PAGE, MONTHS, MOST_WORDS, FOUND, OLDER = 20, 6, 8, 50, 400
#: Letters shown before and after a word that was found.
AROUND = 34
#: A run of a line, and whether it is one of the words that were looked for.
Run = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class ListedBulletin:
    """A bulletin in the list, with its summary and headings; or as a search has found it, with the
    lines that hold the words and how often they stand in it."""

    title: str
    day: str
    href: str
    summary: str = ""
    headings: tuple[str, ...] = ()
    lines: tuple[list[Run], ...] = ()
    times: str = ""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of a month; a link where there is a bulletin. Without words, one of another month."""

    words: str = ""
    href: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    """A month in weeks."""

    title: str
    weeks: list[list[CalendarDay]]


def layout(request: PageRequest) -> Page:
    """The list, or what a search has found."""
    words = request.query.get("q", "").split()
    days = [day for day in queries.bulletin_days(request.snapshot) if day <= request.last_day]
    found, pages = "", None
    try:
        if words:
            found, entries = _found(request, words)
        else:
            entries, pages = _listed(request)
    except AddressError as error:
        return wrong_parameter(request, error)
    months, older = _calendar(request, days)
    title = request.say("all_bulletins")
    return Page(
        title,
        "bulletins",
        {
            "search": search_form(request, "/bulletins", request.say("search_bulletins"), {}),
            "brief": request.urls.page("/bulletins/new"),
            "found": found,
            "all": request.urls.page("/bulletins"),
            "entries": entries,
            "further": pages,
            "weekdays": request.say("weekdays").split(),
            "months": months,
            "older": older,
        },
        description=title,
    )


def _listed(request: PageRequest) -> tuple[list[ListedBulletin], Further | None]:
    held = [one for one in queries.bulletins(request.snapshot) if one.date <= request.last_day]
    page = paged(request.query.get("page", ""), held, PAGE)
    entries = [
        ListedBulletin(
            one.title,
            formatting.full_date(one.date, request.lang),
            _href(request, one.date),
            summary=one.summary,
            headings=tuple(one.headings),
        )
        for one in page.shown
    ]
    return entries, further(
        page, lambda number: request.urls.page("/bulletins", page=number), request.lang
    )


def _found(request: PageRequest, words: Sequence[str]) -> tuple[str, list[ListedBulletin]]:
    """How many bulletins hold all the words, and each with the places where they stand."""
    if len(words) > MOST_WORDS:
        raise AddressError("q", f"q: {len(words)} words; at most {MOST_WORDS} are looked for.")
    found = [
        (bulletin, times)
        for bulletin, times in queries.search_bulletins(request.snapshot, words)
        if bulletin.date <= request.last_day
    ]
    entries = [
        ListedBulletin(
            bulletin.title,
            formatting.full_date(bulletin.date, request.lang),
            _href(request, bulletin.date),
            lines=tuple(_lit(line, words) for line in _lines(bulletin, words)),
            times=request.say("times_found", count=str(times)),
        )
        for bulletin, times in found[:FOUND]
    ]
    return (
        request.say("found_bulletins", count=f"{len(found):,}", words=" ".join(words)),
        entries,
    )


def _href(request: PageRequest, day: date) -> str:
    return request.urls.page(f"/bulletins/{day}")


def _lines(bulletin: Bulletin, words: Sequence[str]) -> list[str]:
    """The first places at which the words stand, with what is around them."""
    lines = []
    for line in queries.text_of(bulletin).splitlines():
        folded = line.casefold()
        places = [at for word in words if (at := folded.find(word.casefold())) >= 0]
        if places:
            start, stop = max(0, min(places) - AROUND), max(places) + 2 * AROUND
            cut = line[start:stop].strip()
            lines.append(("…" if start else "") + cut + ("…" if stop < len(line) else ""))
    return lines[:3]


def _lit(line: str, words: Sequence[str]) -> list[Run]:
    """The line in runs: the words, and what stands between them."""
    folded, runs, at = line.casefold(), list[Run](), 0
    while len(folded) == len(line):
        places = [(p, len(w)) for w in words if (p := folded.find(w.casefold(), at)) >= 0]
        if not places:
            break
        start, length = min(places)
        runs += [(line[at:start], False), (line[start : start + length], True)]
        at = start + length
    return [*runs, (line[at:], False)]


def _calendar(
    request: PageRequest, days: Sequence[date]
) -> tuple[list[CalendarMonth], list[tuple[str, str]]]:
    """The newest months that have bulletins, and the days of those before, each with its link."""
    months = sorted({(day.year, day.month) for day in days}, reverse=True)
    held = set(days)
    older = [day for day in reversed(days) if (day.year, day.month) in months[MONTHS:]]
    return (
        [_month(request, year, month, held) for year, month in months[:MONTHS]],
        [(str(day), _href(request, day)) for day in older[:OLDER]],
    )


def _month(request: PageRequest, year: int, month: int, held: set[date]) -> CalendarMonth:
    def shown(day: date) -> CalendarDay:
        if day.month != month:
            return CalendarDay()
        if day not in held:
            return CalendarDay(str(day.day))
        return CalendarDay(str(day.day), _href(request, day), str(day))

    first = date(year, month, 1)
    title = f"{year} 年 {month} 月" if request.lang == "zh" else f"{first:%B %Y}"
    weeks = Calendar().monthdatescalendar(year, month)
    return CalendarMonth(title, [[shown(day) for day in week] for week in weeks])
