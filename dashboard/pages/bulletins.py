"""/bulletins: every bulletin, newest first."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import formatting, queries
from dashboard.pages.page import Page, Visit
from dashboard.queries import BulletinEntry
from dashboard.texts import text


def layout(visit: Visit) -> Page:
    entries = queries.bulletins(visit.snapshot)
    title = text("all_bulletins", visit.lang)
    listed = [_entry(visit, entry) for entry in entries]
    nothing = html.P(text("no_bulletin_long", visit.lang), className="message")
    body = html.Section([html.H1(title), *(listed or [nothing])], className="narrow")
    return Page(title, [body], title)


def _entry(visit: Visit, entry: BulletinEntry) -> Component:
    href = visit.chosen.href(f"/bulletins/{entry.date}")
    day = formatting.full_date(entry.date, visit.lang)
    return html.Article(
        [
            html.H2(
                dcc.Link([entry.title, " ", html.Span(day, className="issue-date")], href=href)
            ),
            html.P(entry.summary, lang="zh-CN", className="entry-summary"),
            html.Ol([html.Li(heading) for heading in entry.headings], lang="zh-CN"),
        ],
        className="entry",
    )
