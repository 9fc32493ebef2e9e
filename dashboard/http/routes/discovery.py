"""/robots.txt, /sitemap.xml, /llms.txt, /atom.xml, /events.atom, /catalog.jsonld."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from dashboard import discovery
from dashboard.address import one_of, parse_query
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
    lang = one_of("lang", parse_query(request.url.query).get("lang", ""), LANGS)
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
    """What happened to indicators, in the language that is asked for."""
    lang = one_of("lang", parse_query(request.url.query).get("lang", ""), LANGS)
    return await _answered(
        request,
        f"events {lang}",
        ATOM,
        lambda snapshot, urls: discovery.events_feed(snapshot, urls, lang),
    )


@router.api_route("/catalog.jsonld", methods=["GET", "HEAD"], include_in_schema=False)
async def catalogue(request: Request) -> Response:
    """Every indicator as a data set."""
    return await _answered(
        request,
        "catalogue",
        "application/ld+json",
        lambda snapshot, urls: to_json(discovery.catalogue(snapshot, urls)),
    )


async def _answered(
    request: Request, name: str, media_type: str, make: Callable[[Snapshot, Urls], bytes]
) -> Response:
    """What `make` gives of the current snapshot."""
    snapshot, service = await current_snapshot(request), service_of(request)
    headers = {"X-Snapshot": snapshot.name}

    def content() -> Content:
        return Content(make(snapshot, service.site.urls), media_type, live(snapshot), headers)

    return await answered(request, snapshot, name, content, service.files)
