"""/robots.txt, /sitemap.xml, /atom.xml, /catalog.jsonld."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from dashboard import discovery
from dashboard.data.snapshot import Snapshot
from dashboard.export.table import to_json
from dashboard.http.cache import Content
from dashboard.http.responses import LIVE, answered, current_snapshot, service_of
from dashboard.urls import Urls

router = APIRouter()


@router.api_route("/robots.txt", methods=["GET", "HEAD"], include_in_schema=False)
async def robots(request: Request) -> Response:
    """What robots may read."""
    return PlainTextResponse(discovery.robots(service_of(request).site.urls))


@router.api_route("/sitemap.xml", methods=["GET", "HEAD"], include_in_schema=False)
async def sitemap(request: Request) -> Response:
    """Every page."""
    return await _answered(request, "sitemap", "application/xml", discovery.sitemap)


@router.api_route("/atom.xml", methods=["GET", "HEAD"], include_in_schema=False)
async def atom(request: Request) -> Response:
    """The newest bulletins and events."""
    return await _answered(request, "atom", "application/atom+xml", discovery.atom)


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
    headers = {"Cache-Control": LIVE, "X-Snapshot": snapshot.name}

    def content() -> Content:
        return Content(make(snapshot, service.site.urls), media_type, headers)

    return await answered(request, snapshot, name, content, service.files)
