"""For those who run the site: is the process alive, is there something to serve."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard.chart import fonts
from dashboard.downloads import to_json
from dashboard.routes.problems import problem
from dashboard.snapshot import Snapshots
from etl.errors import StorageError

router = APIRouter()


@router.api_route("/healthz", methods=["GET", "HEAD"])
def healthz() -> Response:
    """The process answers."""
    return Response(to_json({"status": "ok"}), media_type="application/json")


@router.api_route("/readyz", methods=["GET", "HEAD"])
def readyz(request: Request) -> Response:
    """200 while a snapshot is open, 503 in words otherwise."""
    snapshots: Snapshots = request.app.state.snapshots
    try:
        snapshot = snapshots.current()
    except StorageError as error:
        return problem(503, str(error))
    warnings = " ".join(filter(None, (snapshots.problem, fonts.warning())))
    document = {
        "status": "ok",
        "snapshot": snapshot.name,
        "published_at": snapshot.published_at.isoformat(),
        **({"warning": warnings} if warnings else {}),
    }
    return Response(to_json(document), media_type="application/json")
