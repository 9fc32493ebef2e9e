"""/corrections: every value that was corrected, newest first, and how to report another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import formatting
from dashboard.address import AddressError, MovedError, as_named, parse
from dashboard.chart_page.report_mail import PAGE, letter
from dashboard.components import listing
from dashboard.data import queries
from dashboard.export.table import frozen_moment, table
from dashboard.pages.page import Page, PageRequest, message
from dashboard.pages.paging import paged
from dashboard.texts import hint, text
from etl.corrections import Correction

A_PAGE = 100


def layout(visit: PageRequest) -> Page:
    """The page; 400 or 404 in words where what is reported, or a page, does not exist."""
    lang = visit.lang
    try:
        found = paged(visit.query.get("page", ""), queries.corrections(visit.snapshot), A_PAGE)
        report = _report(visit)
    except (AddressError, MovedError) as error:
        status = error.status if isinstance(error, AddressError) else 404
        parameter = error.parameter
        said = f"{hint(parameter, lang)} {error}".strip()
        return message(text("wrong_address", lang), said, visit.chosen, status)
    listed = html.Ol([_entry(visit, one) for one in found.shown], className="corrections")
    body = html.Article(
        [
            html.H1(text("corrections", lang)),
            html.P(text("corrections_lead", lang), className="lead-words"),
            listed if found.shown else html.P(text("no_corrections", lang), className="message"),
            listing.further(found, lambda n: visit.chosen.href(PAGE, page=n), lang),
            html.Section([html.H2(text("report", lang)), *report], id="report"),
        ],
        className="narrow",
    )
    return Page(text("corrections", lang), [body], text("corrections_lead", lang))


def _entry(visit: PageRequest, one: Correction) -> Component:
    lang, indicator = visit.lang, visit.snapshot.catalog[one.indicator]
    unit = visit.snapshot.catalog.unit(indicator)

    def exact(value: float) -> str:
        return str(formatting.figure(value, indicator, unit, lang, exact=True))

    link: Component | str = one.evidence
    if one.link:
        link = html.A(one.evidence, href=one.link, rel="noopener nofollow")
    return html.Li(
        [
            html.P(text("corrected_on", lang, day=formatting.full_date(one.since, lang)),
                   className="quiet"),
            html.P(
                [
                    dcc.Link(
                        indicator.title.in_(lang),
                        href=visit.chosen.href(f"/indicators/{indicator.id}"),
                    ),
                    text("correction_of", lang,
                         day=formatting.day(one.date, indicator, lang, year=True)),
                ]
            ),
            html.P(
                [
                    html.Del(exact(one.expected), className="quiet"), " → ",
                    html.Strong(exact(one.value)), " ",
                    html.Span(text("given_by", lang, source=text(f"source_{one.source}", lang)),
                              className="quiet"),
                ],
            ),
            html.P(one.reason.in_(lang)),
            html.P([text("evidence_is", lang), link], className="quiet"),
        ]
    )  # fmt: skip


def _report(visit: PageRequest) -> list[Component]:
    """How to report a wrong number: of the chart that is asked about, its letter to copy."""
    lang, to, query = visit.lang, visit.site.reports_to, visit.query
    if not query.get("ids"):
        return [html.P(text("report_how", lang))]
    place = query["ids"] + (f"@{query['asof']}" if query.get("asof") else "")
    place, query = as_named(place, {**query, "ids": ""}, visit.snapshot.catalog)
    address = parse(place, query, visit.snapshot.catalog, datetime.now(UTC))
    if address.as_of == frozen_moment(visit.snapshot):  # of the live chart, as it is seen now
        address = replace(address, as_of=None)
    found = letter(table(visit.snapshot, address), lang, visit.site.base_url)
    where = html.A(to, href=found.mailto(to)) if to else text("report_nowhere", lang)
    return [
        html.P([text("report_copy", lang), where] if to else where),
        html.Pre("\n".join((found.subject, "", *found.lines)), className="letter"),
    ]
