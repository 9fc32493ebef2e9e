"""How a picture is checked: the code that it carries, which is that of what it shows, and which
chart a person means who types one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from dashboard.address import AddressError, ChartAddress, as_named, parse, parse_query, pasted
from dashboard.chart_page import short_links
from dashboard.chart_page.page import lasting_address, qr_link
from dashboard.chart_page.view import View, of_chart
from dashboard.urls import Urls
from etl.catalog import Catalog

#: The page that answers.
PAGE = "/verify"
#: What people write between the letters of a code, or before it.
_BETWEEN = str.maketrans("", "", " \t\r\n-–—·:：。，.,核验码")


def checked_address(view: View) -> ChartAddress:
    """What a picture shows, frozen; how it looks, and what its editor calls it, is not checked."""
    return replace(lasting_address(view), lang="zh", theme="auto", updown="red", title="")


def check_code(view: View) -> str:
    """The code of a picture; empty where nothing is shown that could be checked."""
    asked = checked_address(view)
    return short_links.code(asked) if asked.as_of else ""


def check_link(view: View, urls: Urls) -> str:
    """Where the code leads; to the chart itself where there is no such page."""
    asked = checked_address(view)
    found = urls.online.check(asked, view.lang) if asked.as_of else ""
    return found or qr_link(view, urls.online)


def asked_for(typed: str, catalog: Catalog, now: datetime) -> ChartAddress:
    """The chart that is meant by a code, a short link or the address of a chart; AddressError in
    words where none is."""
    path, query = _split(typed.strip())
    code = (
        path.rpartition("/verify/")[2].strip("/") if "/verify/" in path else query.get("code", "")
    )
    if not code and ("/" in path or "@" in path or catalog.resolve(path) in catalog):
        place, chosen = pasted(typed.strip())
        if not place.startswith("/s/"):
            return of_chart(parse(*as_named(place, chosen, catalog), catalog, now))
        code = place.removeprefix("/s/")
    return current(short_links.address(plain_code(code or path), catalog), catalog)


def plain_code(typed: str) -> str:
    """A code without what is written around its letters."""
    return typed.translate(_BETWEEN)


def current(address: ChartAddress, catalog: Catalog) -> ChartAddress:
    """The address with the present ids: a code outlives the renaming of an indicator."""
    first, *more = dict.fromkeys(catalog.resolve(name) for name in address.ids)
    return replace(address, id=first, more=tuple(more))


def _split(typed: str) -> tuple[str, Mapping[str, str]]:
    try:
        parts = urlsplit(typed)
        return parts.path, parse_query(parts.query)
    except (ValueError, AddressError):
        return typed, {}
