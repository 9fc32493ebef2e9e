"""/robots.txt, /sitemap.xml, /llms.txt, feeds and their list, /catalog.jsonld."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from dashboard import discovery, feeds
from dashboard.address import AddressError, one_of, parse_query
from dashboard.data.snapshot import Snapshot
from dashboard.display import LANGS
from dashboard.export.table import to_json
from dashboard.http.cache import Content
from dashboard.http.caching import FILE, live
from dashboard.http.responses import answered, current_snapshot, service_of
from dashboard.urls import Urls

router = APIRouter()
ATOM = "application/atom+xml"


@router.api_route("/robots.txt", methods=["GET", "HEAD"], include_in_schema=False)
async def robots(request: Request) -> Response:
    """What robots may read."""
    return PlainTextResponse(discovery.robots(service_of(request).site.urls), headers=FILE.headers)


@router.api_route("/sitemap.xml", methods=["GET", "HEAD"], include_in_schema=False)
async def sitemap(request: Request) -> Response:
    """Every page."""
    return await _answered(request, "sitemap", "application/xml", discovery.sitemap)


@router.api_route("/llms.txt", methods=["GET", "HEAD"], include_in_schema=False)
async def llms(request: Request) -> Response:
    """What there is for assistants."""
    lang = _lang(parse_query(request.url.query))
    return await _answered(
        request, f"llms {lang}", "text/plain; charset=utf-8",
        lambda snapshot, urls: discovery.llms(snapshot, urls, lang),
    )  # fmt: skip


@router.api_route("/atom.xml", methods=["GET", "HEAD"], include_in_schema=False)
async def bulletins_feed(request: Request) -> Response:
    """The newest bulletins."""
    return await _answered(request, "atom", ATOM, discovery.bulletins_feed)


@router.api_route("/events.atom", methods=["GET", "HEAD"], include_in_schema=False)
async def events_feed(request: Request) -> Response:
    """What happened to indicators, in the language that is asked for: to all, to those of a
    `group`, or to one by its `id`, with its new values."""
    query = parse_query(request.url.query)
    lang, name, group = _lang(query), query.get("id", ""), query.get("group", "")
    if name and group:
        raise AddressError("group", "group: a feed is of one indicator or of one group; leave out "
                           "id or group.")  # fmt: skip

    def make(snapshot: Snapshot, urls: Urls) -> bytes:
        if name:
            return feeds.indicator_feed(snapshot, urls, name, lang)
        asked = feeds.known_group(snapshot, group) if group else ""
        return discovery.events_feed(snapshot, urls, lang, asked)

    return await _answered(request, f"events {lang} {name[:100]} {group[:100]}", ATOM, make)


@router.api_route("/policies.atom", methods=["GET", "HEAD"], include_in_schema=False)
async def documents_feed(request: Request) -> Response:
    """The newest policy documents, or those of a `topic`."""
    query = parse_query(request.url.query)
    # A plus sign in an address reads as a space; no topic has one.
    lang, topic = _lang(query), query.get("topic", "").replace(" ", "+")
    return await _answered(
        request, f"documents {lang} {topic[:100]}", ATOM,
        lambda snapshot, urls: feeds.documents_feed(snapshot, urls, topic, lang),
    )  # fmt: skip


@router.api_route("/feeds.opml", methods=["GET", "HEAD"], include_in_schema=False)
async def opml(request: Request) -> Response:
    """Every feed."""
    lang = _lang(parse_query(request.url.query))
    return await _answered(
        request, f"opml {lang}", "text/x-opml",
        lambda snapshot, urls: feeds.opml(snapshot, urls, lang),
    )  # fmt: skip


@router.api_route("/catalog.jsonld", methods=["GET", "HEAD"], include_in_schema=False)
async def catalogue(request: Request) -> Response:
    """Every indicator as a data set."""
    return await _answered(
        request,
        "catalogue",
        "application/ld+json",
        lambda snapshot, urls: to_json(discovery.catalogue(snapshot, urls)),
    )


def _lang(query: Mapping[str, str]) -> str:
    return one_of("lang", query.get("lang", ""), LANGS)


async def _answered(
    request: Request, name: str, media_type: str, make: Callable[[Snapshot, Urls], bytes]
) -> Response:
    """What `make` gives of the current snapshot."""
    snapshot, service = await current_snapshot(request), service_of(request)
    headers = {"X-Snapshot": snapshot.name}

    def content() -> Content:
        return Content(make(snapshot, service.site.urls), media_type, live(snapshot), headers)

    return await answered(request, snapshot, name, content, service.files)
