"""/corrections: every value that was corrected, newest first, and how to report another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dashboard import formatting
from dashboard.address import AddressError, MovedError, as_named, parse
from dashboard.chart_page.report_mail import PAGE, letter
from dashboard.data import queries
from dashboard.export.table import frozen_moment, table
from dashboard.pages.page import Page, PageRequest, wrong_parameter
from dashboard.pages.paging import paged
from dashboard.pages.parts.listing import further
from etl.corrections import Correction

A_PAGE = 100


@dataclass(frozen=True, slots=True)
class ShownCorrection:
    """A correction in words; `evidence` leads to `link` where it stands on the web."""

    corrected_on: str
    title: str
    href: str
    of_day: str
    before: str
    after: str
    given_by: str
    reason: str
    evidence: str
    link: str


@dataclass(frozen=True, slots=True)
class ShownLetter:
    """A report that a reader sends: whom to, if the site says so, and what it says."""

    to: str
    mailto: str
    words: str


def layout(request: PageRequest) -> Page:
    """The page; 400 or 404 in words where what is reported, or a page, does not exist."""
    urls = request.urls
    try:
        held = queries.corrections(request.snapshot)
        known = [one for one in held if one.since <= request.last_day]
        found = paged(request.query.get("page", ""), known, A_PAGE)
        report = _report(request)
    except (AddressError, MovedError) as error:
        return wrong_parameter(request, error)
    return Page(
        title=request.say("corrections"),
        template="corrections",
        description=request.say("corrections_lead"),
        context={
            "corrections": [_shown(request, one) for one in found.shown],
            "further": further(found, lambda n: urls.page(PAGE, page=n), request.lang),
            "report": report,
        },
    )


def _shown(request: PageRequest, one: Correction) -> ShownCorrection:
    lang, indicator = request.lang, request.snapshot.catalog[one.indicator]
    unit = request.snapshot.catalog.unit(indicator)

    def exact(value: float) -> str:
        return str(formatting.figure(value, indicator, unit, lang, exact=True))

    return ShownCorrection(
        corrected_on=request.say("corrected_on", day=formatting.full_date(one.since, lang)),
        title=indicator.title.in_(lang),
        href=request.urls.page(f"/indicators/{indicator.id}"),
        of_day=request.say(
            "correction_of", day=formatting.day(one.date, indicator, lang, year=True)
        ),
        before=exact(one.expected),
        after=exact(one.value),
        given_by=request.say("given_by", source=request.say(f"source_{one.source}")),
        reason=one.reason.in_(lang),
        evidence=one.evidence,
        link=one.link,
    )


def _report(request: PageRequest) -> ShownLetter | None:
    """The letter to copy about the chart that is asked about; None where none is."""
    snapshot, to, query = request.snapshot, request.site.reports_to, request.query
    if not query.get("ids"):
        return None
    place = query["ids"] + (f"@{query['asof']}" if query.get("asof") else "")
    place, query = as_named(place, {**query, "ids": ""}, snapshot.catalog)
    address = parse(place, query, snapshot.catalog, datetime.now(UTC))
    if address.as_of == frozen_moment(snapshot):  # of the live chart, as it is seen now
        address = replace(address, as_of=None)
    found = letter(table(snapshot, address), request.urls)
    words = "\n".join((found.subject, "", *found.lines))
    return ShownLetter(to, found.mailto(to) if to else "", words)
