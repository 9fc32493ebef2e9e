"""/robots.txt, /sitemap.xml, /atom.xml, /catalog.jsonld."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from dashboard import discovery
from dashboard.data.snapshot import Snapshot
from dashboard.export.table import to_json
from dashboard.http.responses import LIVE, OPEN, answer, etag_of
from dashboard.urls import Urls

router = APIRouter()


@router.api_route("/robots.txt", methods=["GET", "HEAD"], include_in_schema=False)
def robots(request: Request) -> Response:
    """What robots may read."""
    return PlainTextResponse(discovery.robots(request.app.state.site.urls))


@router.api_route("/sitemap.xml", methods=["GET", "HEAD"], include_in_schema=False)
def sitemap(request: Request) -> Response:
    """Every page."""
    return _kept(request, "sitemap", "application/xml", discovery.sitemap)


@router.api_route("/atom.xml", methods=["GET", "HEAD"], include_in_schema=False)
def atom(request: Request) -> Response:
    """The newest bulletins and events."""
    return _kept(request, "atom", "application/atom+xml", discovery.atom)


@router.api_route("/catalog.jsonld", methods=["GET", "HEAD"], include_in_schema=False)
def catalogue(request: Request) -> Response:
    """Every indicator as a data set."""
    return _kept(
        request,
        "catalogue",
        "application/ld+json",
        lambda snapshot, urls: to_json(discovery.catalogue(snapshot, urls)),
    )


def _kept(
    request: Request, name: str, media_type: str, make: Callable[[Snapshot, Urls], bytes]
) -> Response:
    """What `make` gives, kept as long as the snapshot."""
    state = request.app.state
    snapshot: Snapshot = state.snapshots.current()
    body = snapshot.remember("api", name, lambda: make(snapshot, state.site.urls))
    headers = {**OPEN, "Cache-Control": LIVE, "X-Snapshot": snapshot.name}
    return answer(request, body, media_type, headers, etag_of(sha256(body).hexdigest()))
