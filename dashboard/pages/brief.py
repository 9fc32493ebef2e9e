"""/bulletins/new: what moved since the bulletin before, to begin the bulletin of a day with."""

from __future__ import annotations

from datetime import date, datetime

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import formatting
from dashboard.address import AddressError, day_of
from dashboard.components.picking import kept_inputs
from dashboard.data import queries
from dashboard.pages.page import Page, PageClock, PageRequest, message
from dashboard.texts import hint, text
from etl.brief.find import brief
from etl.brief.words import BriefLine, BriefSection, lead, markdown, sections
from etl.records import BEIJING

PATH = "/bulletins/new"
MARKDOWN = "brief-markdown"


def layout(visit: PageRequest, desk: PageClock) -> Page:
    """The brief of the day in the address, or of today; 400 in words where there is no such day."""
    today = desk.minute.astimezone(BEIJING).date()
    try:
        day = _day(visit.query.get("date", ""), today)
    except AddressError as error:
        said = f"{hint(error.parameter, visit.lang)} {error}".strip()
        return message(text("wrong_address", visit.lang), said, visit.chosen, error.status)
    return _page(visit, day, desk.minute)


def _day(words: str, today: date) -> date:
    day = day_of("date", words) if words else today
    if day > today:
        raise AddressError(
            "date", f"date: {day} is still to come in Beijing; what moves by then is not known."
        )
    return day


def _page(visit: PageRequest, day: date, now: datetime) -> Page:
    news = queries.news(visit.snapshot, day, now)
    found = brief(visit.snapshot.catalog, news, visit.site.base_url, visit.lang)
    title = text("brief_of", visit.lang, day=formatting.full_date(day, visit.lang))
    covers = lead(found)
    body = [
        html.H1(title),
        html.P(covers, className="lead-words"),
        _field(visit, day),
        *[_section(visit, section) for section in sections(found)],
        _copy(visit, markdown(found)),
    ]
    return Page(title, [html.Article(body, className="narrow brief")], covers)


def _field(visit: PageRequest, day: date) -> Component:
    """Another day."""
    label = text("brief_day", visit.lang)
    return html.Form(
        [
            html.Label(label, htmlFor="date", className="unseen"),
            dcc.Input(type="text", name="date", value=str(day), placeholder="2026-05-27",
                      className="search-box", id="date", maxLength=10, inputMode="numeric"),
            *kept_inputs(visit, {}),
            html.Button(text("look", visit.lang), type="submit", className="search-button"),
        ],
        action=PATH, method="get", className="search as-of", **{"aria-label": label},
    )  # fmt: skip


def _section(visit: PageRequest, section: BriefSection) -> Component:
    return html.Section(
        [
            html.H2(section.title),
            html.Ul([_line(visit, line) for line in section.lines]) if section.lines else None,
            *[html.P(sentence, className="quiet") for sentence in section.plain],
        ]
    )


def _line(visit: PageRequest, line: BriefLine) -> Component:
    """A sentence whose name leads to its chart on this site, or to the document that it names."""
    before, name, after = line.said.text.partition(line.said.name)
    source = html.Span(f" {line.source}", className="quiet") if line.source else None
    return html.Li(
        [before, html.A(name, href=line.said.link.removeprefix(visit.site.base_url)), after, source]
    )


def _copy(visit: PageRequest, words: str) -> Component:
    """The Markdown, to be copied by the button or by hand."""
    done = {"data-copies": MARKDOWN, "data-done": text("copied", visit.lang)}
    return html.Section(
        [
            html.H2("Markdown"),
            html.P(text("brief_markdown", visit.lang), className="quiet"),
            html.P(
                [
                    html.Button(text("copy_markdown", visit.lang), type="button",
                                className="search-button copy", **done),
                    html.Span(role="status", className="copied quiet"),
                ],
                className="copy-row",
            ),
            html.Pre(words, id=MARKDOWN, tabIndex=0, className="markdown",
                     **{"aria-label": "Markdown"}),
        ]
    )  # fmt: skip
