"""The chain that the bulletin follows, link by link: what there is to see of each, how it moved
since the bulletin before, and where there is nothing to see yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import formatting
from dashboard.components import cards
from dashboard.data.cards import Reading, reading
from dashboard.pages.page import PageRequest
from dashboard.texts import text
from etl.calendars import end_of
from etl.catalog import Link


def chain(visit: PageRequest, as_of: datetime, days: Sequence[date]) -> Component | None:
    """The overview as of a bulletin; None where the catalog names no chain."""
    links = visit.snapshot.catalog.links
    if not links:
        return None
    before = max((day for day in days if end_of(day) < as_of), default=None)
    since = (
        text("since_bulletin", visit.lang, day=str(before))
        if before
        else text("first_bulletin", visit.lang)
    )
    return html.Section(
        [
            html.H2([text("chain", visit.lang), html.Span(since, className="quiet")]),
            html.Ol([_link(visit, link, as_of, before) for link in links.values()],
                    className="chain"),
        ],
        className="chain-section",
        id="chain",
    )  # fmt: skip


def _link(visit: PageRequest, link: Link, as_of: datetime, before: date | None) -> Component:
    items = [reading(visit.snapshot, name, as_of, visit.lang) for name in link.indicators]
    held = [item for item in items if item.vintage is not None]
    entries = [_entry(visit, item, before) for item in held]
    if not held:
        said = text("no_data", visit.lang) if items else link.missing.in_(visit.lang)
        entries = [html.P(said, className="quiet")]
    return html.Li([html.H3(link.title.in_(visit.lang)), *entries])


def _entry(visit: PageRequest, item: Reading, before: date | None) -> Component:
    assert item.figure is not None
    link = dcc.Link(
        item.indicator.short.in_(visit.lang), href=visit.chosen.href(f"/indicators/{item.id}")
    )
    return html.Div(
        [
            html.Div(link, className="chain-name"),
            html.Div([cards.number(item.figure, "chain-number"), _moved(visit, item, before)]),
            html.Div(cards.dated(item, visit.lang), className="quiet"),
        ],
        className="chain-entry",
    )


def _moved(visit: PageRequest, item: Reading, before: date | None) -> Component | None:
    """From what was known at the bulletin before to what is known now."""
    if before is None or item.vintage is None:
        return None
    then = reading(visit.snapshot, item.id, end_of(before), visit.lang).vintage
    if then is None:
        return html.Span(text("new_since", visit.lang), className="delta flat")
    if then.date == item.vintage.date and then.value == item.vintage.value:
        return html.Span(text("no_new_value", visit.lang), className="delta flat")
    return cards.delta(
        formatting.change(item.vintage.value, then.value, item.indicator, item.unit, visit.lang)
    )
