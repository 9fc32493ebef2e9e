"""/api/docs: the description of the API as a page, written from the same document as
/api/openapi.json. No script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard.api.reference import operations, types
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.export.table import to_json
from dashboard.http.cache import Content
from dashboard.http.caching import DESCRIPTION
from dashboard.http.responses import answered, current_snapshot, service_of
from dashboard.http.routes.api import description
from dashboard.http.security import DOCUMENT
from dashboard.markup import render
from dashboard.urls import Urls
from etl.errors import StorageError

router = APIRouter(prefix="/api")


@router.api_route("/openapi.json", methods=["GET", "HEAD"], include_in_schema=False)
async def openapi(request: Request) -> Response:
    """The description for programs."""

    def make() -> Content:
        return Content(to_json(description(request.app)), "application/json", DESCRIPTION)

    return await answered(request, None, "openapi", make, service_of(request).files)


@router.api_route("/docs", methods=["GET", "HEAD"], include_in_schema=False)
async def docs(request: Request) -> Response:
    """The page."""
    try:
        snapshot = await current_snapshot(request)
    except StorageError:
        snapshot = None

    def make() -> Content:
        examples = _examples(snapshot) if snapshot else {}
        html = page(description(request.app), examples, service_of(request).site.urls)
        return Content(html.encode(), "text/html; charset=utf-8", DESCRIPTION,
                       {"Content-Security-Policy": DOCUMENT})  # fmt: skip

    return await answered(request, snapshot, "docs", make, service_of(request).pages)


def _examples(snapshot: Snapshot) -> dict[str, str]:
    """What may stand for a part of a path: an id and a day that exist, where anything does."""
    days = queries.bulletin_days(snapshot)
    first = next((indicator.id for indicator in snapshot.catalog.all()), None)
    return {
        **({"id": first, "place": first, "suffix": "csv"} if first else {}),
        **({"date": days[-1].isoformat()} if days else {}),
    }


def page(document: Mapping[str, Any], examples: Mapping[str, str], urls: Urls) -> str:
    """The whole page from an OpenAPI document."""
    return render(
        "api.html",
        "en",
        urls=urls,
        title=document["info"]["title"],
        description=document["info"].get("description", ""),
        operations=operations(document, examples),
        types=types(document),
    )
