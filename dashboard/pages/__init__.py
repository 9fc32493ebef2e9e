"""The list of pages: which path is answered by which layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from dash.development.base_component import Component

from dashboard.address import AddressError
from dashboard.chart_page.page import SiteConfig
from dashboard.components.frame import frame
from dashboard.data.snapshot import Snapshot, Snapshots
from dashboard.display import Display, choices
from dashboard.pages import (
    about,
    brief,
    bulletins,
    compare,
    corrections,
    export,
    indicator,
    indicators,
    policies,
    status,
    today,
)
from dashboard.pages.page import Page, PageClock, PageRequest, message
from dashboard.texts import text
from etl.errors import StorageError

#: Parameters that pages look at; others are ignored, so that they cannot fill the memory.
PARAMETERS = (
    "t", "u", "scale", "lang", "theme", "updown", "with", "ids", "asof", "shape", "format", "for",
    "scope", "q", "group", "frequency", "sort", "cols", "month", "issuer", "topic", "kind", "page",
    "date",
)  # fmt: skip
MAX_VALUE, MAX_PATH = 300, 100
#: A site of which only its own addresses are known.
NOWHERE = SiteConfig("")
#: Pages that say something else as time goes by: kept for a minute, the others with the snapshot.
BY_THE_CLOCK: Mapping[str, Callable[[PageRequest, PageClock], Page]] = {
    "indicators": indicators.layout,
    "status": status.layout,
    "bulletins/new": brief.layout,
}


def resolve(
    snapshots: Snapshots, path: str, query: Mapping[str, str], site: SiteConfig = NOWHERE
) -> tuple[Page, Component]:
    """The page of an address, and its markup in the frame; remembered as long as they hold. Where
    there is no snapshot, or it cannot be read, the page that says so."""
    try:
        return _resolved(snapshots, path, query, site)
    except StorageError as error:
        known = {name: query[name] for name in PARAMETERS if query.get(name)}
        chosen = choices(known)
        page = message(text("no_snapshot", chosen.lang), str(error), chosen, 503)
        return page, frame(page, chosen, path if len(path) <= MAX_PATH else "/", known, None)


def _resolved(
    snapshots: Snapshots, path: str, query: Mapping[str, str], site: SiteConfig
) -> tuple[Page, Component]:
    known = {name: query[name] for name in PARAMETERS if query.get(name)}
    path = path if len(path) <= MAX_PATH else "/not-found"
    snapshot = snapshots.current()
    desk = _desk(snapshots) if path.strip("/") in BY_THE_CLOCK else None
    if any(len(value) > MAX_VALUE for value in known.values()):
        return _framed(snapshot, path, known, site, desk)
    key = (path, tuple(sorted(known.items())), desk)
    return snapshot.cached("page", key, lambda: _framed(snapshot, path, known, site, desk))


def wrong_address(error: AddressError) -> tuple[Page, Component]:
    """The page that says what is wrong with an address of which nothing can be read."""
    chosen = Display()
    page = message(text("wrong_address", chosen.lang), str(error), chosen, error.status)
    return page, frame(page, chosen, "/", {}, None)


def _desk(snapshots: Snapshots) -> PageClock:
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    return PageClock(minute, snapshots.problem, snapshots.published())


def _framed(
    snapshot: Snapshot,
    path: str,
    query: Mapping[str, str],
    site: SiteConfig,
    desk: PageClock | None,
) -> tuple[Page, Component]:
    visit = PageRequest(snapshot, path, query, choices(query), site)
    page = BY_THE_CLOCK[path.strip("/")](visit, desk) if desk else _page(visit)
    markup = frame(page, visit.chosen, path, query, snapshot)
    return replace(page, body=[]), markup  # the markup holds it, as the HTML that it became


def _page(visit: PageRequest) -> Page:
    head, _, rest = visit.path.strip("/").partition("/")
    match head, rest:
        case "", "":
            return today.today(visit)
        case "bulletins", "":
            return bulletins.layout(visit)
        case "bulletins", day:
            return today.of_day(visit, day)
        case "indicators", name if "/" not in name:
            return indicator.layout(visit, name)
        case "compare", "":
            return compare.layout(visit)
        case "export", "":
            return export.layout(visit)
        case "policies", "":
            return policies.layout(visit)
        case "corrections", "":
            return corrections.layout(visit)
        case "about", "":
            return about.layout(visit)
    words = text("not_found_long", visit.lang)
    return message(text("not_found", visit.lang), words, visit.chosen, 404)
