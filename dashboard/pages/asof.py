"""What was known of an indicator on a day: which day is looked at, and what has become of it."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import formatting
from dashboard.address import ChartAddress, moment_text
from dashboard.chart_page.since import since
from dashboard.chart_page.view import known_then, of_chart, view
from dashboard.components.picking import kept_inputs, option
from dashboard.data import queries
from dashboard.pages.page import PageRequest
from dashboard.texts import text

#: Bulletins whose days are offered; any other day is written into the field.
OFFERED = 4


def known(visit: PageRequest, address: ChartAddress) -> Component:
    """The days to choose from; for a day of the past also the difference to today."""
    lang = visit.lang
    days = queries.bulletin_days(visit.snapshot)[-OFFERED:][::-1]
    chosen = moment_text(address.as_of) if address.as_of else ""
    links = [
        option(text("as_known_now", lang), _href(visit, address, ""), not chosen),
        *(option(text("as_known_on", lang, day=str(day)), _href(visit, address, str(day)),
                 chosen == str(day)) for day in days),
    ]  # fmt: skip
    field = html.Form(
        [
            dcc.Input(type="text", name="asof", value=chosen, placeholder="2026-05-27",
                      className="search-box", id="asof", maxLength=16, inputMode="numeric"),
            *kept_inputs(visit, address.chosen),
            html.Button(text("look", lang), type="submit", className="search-button"),
        ],
        action=f"/indicators/{address.id}", method="get", className="search as-of",
        **{"aria-label": text("known", lang)},
    )  # fmt: skip
    parts: list[Component | None] = [
        html.Div(
            [html.Span(text("known", lang), className="picker-group"),
             html.Div([*links, field], className="options")],
            className="picker-row",
        ),
        _ribbon(visit, address) if address.as_of else None,
    ]  # fmt: skip
    return html.Div(parts)


def _ribbon(visit: PageRequest, address: ChartAddress) -> Component:
    assert address.as_of is not None
    then = view(visit.snapshot, of_chart(address))
    found = since(then)
    moment = formatting.beijing(address.as_of, visit.lang)
    return html.Div(
        [
            html.P(known_then(then, moment)),
            *[html.P(line) for line in found.lines],
            html.P(
                [
                    f"{found.revised} " if found.revised else "",
                    dcc.Link(text("to_live", visit.lang), href=_href(visit, address, "")),
                ]
            ),
        ],
        className="ribbon",
        role="note",
    )


def _href(visit: PageRequest, address: ChartAddress, day: str) -> str:
    place = f"{address.id}@{day}" if day else address.id
    return visit.chosen.href(f"/indicators/{place}", **address.chosen)
