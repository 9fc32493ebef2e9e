"""/api/v1: the catalog with the newest value of each indicator, as JSON."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard import queries
from dashboard.downloads import provenance, to_json
from dashboard.routes.problems import problem
from dashboard.snapshot import Snapshot
from etl.catalog import Indicator
from etl.observation import Vintage

router = APIRouter(prefix="/api")


@router.api_route("/v1/indicators", methods=["GET", "HEAD"])
def indicators(request: Request) -> Response:
    """Every indicator in the order of the catalog."""
    snapshot: Snapshot = request.app.state.snapshots.current()
    base = request.app.state.base_url
    body = snapshot.remember("api", ("indicators", base), lambda: _body(snapshot, base))
    headers = {
        "X-Snapshot": snapshot.name,
        "X-Row-Count": str(len(snapshot.catalog)),
        "ETag": f'"{snapshot.name}"',
        "Cache-Control": "public, max-age=60, must-revalidate",
        "Access-Control-Allow-Origin": "*",
    }
    if request.headers.get("if-none-match", "").removeprefix("W/") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.api_route("/{rest:path}", methods=["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"])
def nothing_else(rest: str) -> Response:
    """Dash would answer any path with a page; here what does not exist is said so."""
    return problem(404, f"There is no /api/{rest[:80]}. See /api/v1/indicators.")


def _body(snapshot: Snapshot, base_url: str) -> bytes:
    spans, newest = queries.spans(snapshot), queries.newest(snapshot)
    listed = [
        _described(snapshot, i, spans.get(i.id), newest.get(i.id), base_url)
        for i in snapshot.catalog.all()
    ]
    return to_json({"snapshot": snapshot.name, "count": len(listed), "indicators": listed})


def _described(
    snapshot: Snapshot,
    indicator: Indicator,
    span: tuple[Any, Any, int] | None,
    newest: Vintage | None,
    base_url: str,
) -> dict[str, Any]:
    return {
        "id": indicator.id,
        "title": indicator.title.model_dump(),
        "group": indicator.group,
        "unit": snapshot.catalog.unit(indicator).code,
        "frequency": indicator.frequency,
        "definition": indicator.definition.model_dump(),
        "credit": indicator.credit.model_dump(),
        "sources": [ref.name for ref in indicator.sources],
        "first_date": span[0].isoformat() if span else None,
        "last_date": span[1].isoformat() if span else None,
        "rows": span[2] if span else 0,
        "newest": {
            "date": newest.date.isoformat(),
            "value": newest.value,
            "source": provenance(newest),
            "known_at": newest.known_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "status": newest.status,
        }
        if newest
        else None,
        "csv": f"{base_url}/c/{indicator.id}.csv",
        "page": f"{base_url}/indicators/{indicator.id}",
    }
