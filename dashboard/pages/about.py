"""/about: how the figures are made, and whom to thank; generated from the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from dashboard.address import AddressError
from dashboard.pages.page import Page, PageRequest, wrong_parameter
from dashboard.pages.paging import paged
from dashboard.pages.parts.listing import further
from dashboard.pages.parts.publication import publication_words
from etl.catalog import Indicator

A_PAGE = 200


@dataclass(frozen=True, slots=True)
class CreditedIndicator:
    """What an indicator measures, whom its values are from, on what terms, and when they come."""

    id: str
    title: str
    href: str
    definition: str
    source: str
    source_href: str
    licence: str
    publication: str


def layout(request: PageRequest) -> Page:
    """The method, and the credits of every indicator by group."""
    catalog = request.snapshot.catalog
    order = list(catalog.groups)
    try:
        every = sorted(catalog.all(), key=lambda i: order.index(i.group))
        page = paged(request.query.get("page", ""), every, A_PAGE)
    except AddressError as error:
        return wrong_parameter(request, error)
    title = request.say("about")
    return Page(
        title,
        "about",
        {
            "credits": [
                (catalog.groups[name].title.in_(request.lang), [_credit(request, i) for i in group])
                for name, group in groupby(page.shown, key=lambda i: i.group)
            ],
            "further": further(
                page, lambda number: request.urls.page("/about", page=number), request.lang
            ),
        },
        description=title,
        has_past=False,
    )


def _credit(request: PageRequest, indicator: Indicator) -> CreditedIndicator:
    lang, credit = request.lang, indicator.credit
    return CreditedIndicator(
        id=indicator.id,
        title=indicator.title.in_(lang),
        href=request.urls.page(f"/indicators/{indicator.id}"),
        definition=indicator.definition.in_(lang),
        source=credit.name.in_(lang),
        source_href=credit.url,
        licence=credit.licence.in_(lang),
        publication=publication_words(indicator, lang),
    )
