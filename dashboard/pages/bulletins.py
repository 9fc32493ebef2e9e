"""/bulletins: every bulletin, newest first; by day, and by the words in it."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import formatting
from dashboard.address import AddressError
from dashboard.components.listing import further
from dashboard.components.picking import dcc_link, search
from dashboard.data import queries
from dashboard.data.queries import BulletinEntry
from dashboard.pages.page import Page, PageRequest, message
from dashboard.pages.paging import paged
from dashboard.texts import text
from etl.bulletins.model import Bulletin

PAGE, MONTHS, MOST_WORDS, FOUND = 20, 6, 8, 50
#: Letters shown before and after a word that was found.
AROUND = 34


def layout(visit: PageRequest) -> Page:
    """The list, or what a search has found."""
    title = text("all_bulletins", visit.lang)
    words = visit.query.get("q", "").split()
    days = queries.bulletin_days(visit.snapshot)
    try:
        listed = _found(visit, words) if words else _listed(visit, len(days))
    except AddressError as error:
        return message(text("wrong_address", visit.lang), str(error), visit.chosen, error.status)
    body = [
        html.H1(title),
        search(visit, "/bulletins", text("search_bulletins", visit.lang), {}),
        html.P(dcc_link(text("brief", visit.lang), visit.chosen.href("/bulletins/new"), "choice")),
        html.Div(
            [
                html.Div(listed, className="listed"),
                html.Aside(_calendar(visit, days), className="calendars",
                           **{"aria-label": text("calendar", visit.lang)}),
            ],
            className="facts",
        ),
    ]  # fmt: skip
    return Page(title, [html.Section(body, className="wide")], title)


def _listed(visit: PageRequest, count: int) -> list[Component | None]:
    if not count:
        return [html.P(text("no_bulletin_long", visit.lang), className="message")]
    page = paged(visit.query.get("page", ""), queries.bulletins(visit.snapshot), PAGE)
    entries: list[Component | None] = [_entry(visit, entry) for entry in page.shown]

    def href(number: str) -> str:
        return visit.chosen.href("/bulletins", page=number)

    return [*entries, further(page, href, visit.lang)]


def _entry(visit: PageRequest, entry: BulletinEntry) -> Component:
    return html.Article(
        [
            _heading(visit, entry.date, entry.title),
            html.P(entry.summary, lang="zh-CN", className="entry-summary"),
            html.Ol([html.Li(heading) for heading in entry.headings], lang="zh-CN"),
        ],
        className="entry",
    )


def _heading(visit: PageRequest, day: date, title: str) -> Component:
    shown = formatting.full_date(day, visit.lang)
    href = visit.chosen.href(f"/bulletins/{day}")
    return html.H2(dcc.Link([title, " ", html.Span(shown, className="issue-date")], href=href))


def _found(visit: PageRequest, words: Sequence[str]) -> list[Component | None]:
    """Each bulletin that holds all the words, with the places where they stand."""
    if len(words) > MOST_WORDS:
        raise AddressError("q", f"q: {len(words)} words; at most {MOST_WORDS} are looked for.")
    found = queries.search_bulletins(visit.snapshot, words)
    count = text("found_bulletins", visit.lang, count=f"{len(found):,}", words=" ".join(words))
    clear = dcc.Link(text("clear_search", visit.lang), href=visit.chosen.href("/bulletins"))
    entries = [
        html.Article(
            [
                _heading(visit, bulletin.date, bulletin.title),
                *[html.P(_lit(line, words), lang="zh-CN") for line in _lines(bulletin, words)],
                html.P(text("times_found", visit.lang, count=str(times)), className="quiet"),
            ],
            className="entry",
        )
        for bulletin, times in found[:FOUND]
    ]
    return [html.P([count, " ", clear], className="lead-words", role="status"), *entries]


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


def _lit(line: str, words: Sequence[str]) -> list[Component | str]:
    """The line with the words marked."""
    folded, parts, at = line.casefold(), list[Component | str](), 0
    while len(folded) == len(line):
        places = [(p, len(w)) for w in words if (p := folded.find(w.casefold(), at)) >= 0]
        if not places:
            break
        start, length = min(places)
        parts += [line[at:start], html.Mark(line[start : start + length])]
        at = start + length
    return [*parts, line[at:]]


def _calendar(visit: PageRequest, days: Sequence[date]) -> list[Component]:
    """The newest months that have bulletins; each day that has one is a link."""
    months = sorted({(day.year, day.month) for day in days}, reverse=True)
    held = set(days)
    shown: list[Component] = [_month(visit, y, m, held) for y, m in months[:MONTHS]]
    older = [d for d in reversed(days) if (d.year, d.month) in months[MONTHS:]]
    if older:
        links = [html.Li(dcc.Link(str(d), href=visit.chosen.href(f"/bulletins/{d}")))
                 for d in older[:400]]  # fmt: skip
        shown.append(html.Details([html.Summary(text("older", visit.lang)), html.Ul(links)]))
    return shown


def _month(visit: PageRequest, year: int, month: int, held: set[date]) -> Component:
    names = "一二三四五六日" if visit.lang == "zh" else ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
    weeks = calendar.Calendar().monthdatescalendar(year, month)

    def cell(day: date) -> Component:
        if day.month != month:
            return html.Td("")
        if day not in held:
            return html.Td(str(day.day), className="quiet")
        return html.Td(
            dcc.Link(str(day.day), href=visit.chosen.href(f"/bulletins/{day}"), title=str(day))
        )

    title = f"{year} 年 {month} 月" if visit.lang == "zh" else f"{date(year, month, 1):%B %Y}"
    return html.Table(
        [
            html.Caption(title),
            html.Thead(html.Tr([html.Th(name, scope="col") for name in names])),
            html.Tbody([html.Tr([cell(day) for day in week]) for week in weeks]),
        ],
        className="calendar",
    )
