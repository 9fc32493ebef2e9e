"""For those who run the site: is the process alive, is there something to serve, what is asked.
These answer on the event loop at once, whatever else goes on: no thread, no lock, no file."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from dashboard.chart import fonts
from dashboard.export.table import to_json
from dashboard.http.problems import problem
from dashboard.http.responses import service_of

router = APIRouter(include_in_schema=False)
METHODS = ["GET", "HEAD"]


@router.api_route("/healthz", methods=METHODS)
async def healthz() -> Response:
    """The process answers."""
    return Response(to_json({"status": "ok"}), media_type="application/json")


@router.api_route("/readyz", methods=METHODS)
async def readyz(request: Request) -> Response:
    """200 while a snapshot is open and can be read, 503 in words otherwise."""
    service = service_of(request)
    if service.leaving.is_set():
        return problem(503, "This process is ending; it answers what still comes.")
    snapshots = service.snapshots
    snapshot = snapshots.open
    if snapshot is None:
        return problem(503, snapshots.problem or "The snapshot is being opened.")
    if snapshot.damage:
        return problem(503, snapshot.damage)
    away = snapshots.away_since
    warnings = " ".join(filter(None, (snapshots.problem, fonts.warning())))
    document = {
        "status": "ok",
        "snapshot": snapshot.name,
        "published_at": snapshot.published_at.isoformat(),
        **({"warning": warnings} if warnings else {}),
        **({"store_away_since": away.isoformat()} if away else {}),
    }
    return Response(to_json(document), media_type="application/json")


@router.api_route("/metrics", methods=METHODS)
async def metrics(request: Request) -> Response:
    """Requests by route and status, how long they took, and the age and size of the snapshot."""
    return Response(service_of(request).metrics.text(), media_type=CONTENT_TYPE_LATEST)
