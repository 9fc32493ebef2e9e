"""The list of pages: which path is answered by which layout."""

from __future__ import annotations

from collections.abc import Mapping

from dash.development.base_component import Component

from dashboard.address import AddressError
from dashboard.choices import Choices, choices
from dashboard.components.frame import frame
from dashboard.pages import (
    about,
    bulletins,
    compare,
    export,
    indicator,
    indicators,
    policies,
    today,
)
from dashboard.pages.page import Page, Visit, message
from dashboard.snapshot import Snapshot, Snapshots
from dashboard.texts import text
from etl.errors import StorageError

#: Parameters that pages look at; others are ignored, so that they cannot fill the memory.
PARAMETERS = (
    "t", "u", "scale", "lang", "theme", "updown", "with", "ids", "asof", "shape", "format", "for",
    "scope", "q", "group", "frequency", "sort", "month", "issuer", "topic", "kind", "page",
)  # fmt: skip
MAX_VALUE, MAX_PATH = 300, 100


def resolve(
    snapshots: Snapshots, path: str, query: Mapping[str, str], base_url: str = ""
) -> tuple[Page, Component]:
    """The page of an address, and its markup in the frame; remembered as long as the snapshot."""
    known = {name: query[name] for name in PARAMETERS if query.get(name)}
    path = path if len(path) <= MAX_PATH else "/not-found"
    try:
        snapshot = snapshots.current()
    except StorageError as error:
        chosen = choices(known)
        page = message(text("no_snapshot", chosen.lang), str(error), chosen, 503)
        return page, frame(page.body, chosen, path, known, None)
    if any(len(value) > MAX_VALUE for value in known.values()):
        return _framed(snapshot, path, known, base_url)
    key = (path, tuple(sorted(known.items())))
    return snapshot.remember("page", key, lambda: _framed(snapshot, path, known, base_url))


def wrong_address(error: AddressError) -> tuple[Page, Component]:
    """The page that says what is wrong with an address of which nothing can be read."""
    chosen = Choices()
    page = message(text("wrong_address", chosen.lang), str(error), chosen, error.status)
    return page, frame(page.body, chosen, "/", {}, None)


def _framed(
    snapshot: Snapshot, path: str, query: Mapping[str, str], base_url: str
) -> tuple[Page, Component]:
    visit = Visit(snapshot, path, query, choices(query), base_url)
    page = _page(visit)
    return page, frame(page.body, visit.chosen, path, query, snapshot)


def _page(visit: Visit) -> Page:
    head, _, rest = visit.path.strip("/").partition("/")
    match head, rest:
        case "", "":
            return today.today(visit)
        case "bulletins", "":
            return bulletins.layout(visit)
        case "bulletins", day:
            return today.of_day(visit, day)
        case "indicators", "":
            return indicators.layout(visit)
        case "indicators", name if "/" not in name:
            return indicator.layout(visit, name)
        case "compare", "":
            return compare.layout(visit)
        case "export", "":
            return export.layout(visit)
        case "policies", "":
            return policies.layout(visit)
        case "about", "":
            return about.layout(visit)
    words = text("not_found_long", visit.lang)
    return message(text("not_found", visit.lang), words, visit.chosen, 404)
