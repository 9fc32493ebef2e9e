"""For those who run the site: is the process alive, is there something to serve, what is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard.chart import fonts
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot, Snapshots
from dashboard.export.table import to_json
from dashboard.http.metrics import MEDIA_TYPE, gauge
from dashboard.http.problems import problem
from etl.errors import StorageError

router = APIRouter()


@router.api_route("/healthz", methods=["GET", "HEAD"], include_in_schema=False)
def healthz() -> Response:
    """The process answers."""
    return Response(to_json({"status": "ok"}), media_type="application/json")


@router.api_route("/readyz", methods=["GET", "HEAD"], include_in_schema=False)
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


@router.api_route("/metrics", methods=["GET", "HEAD"], include_in_schema=False)
def metrics(request: Request) -> Response:
    """Requests by route and status, and the age and size of the snapshot, for Prometheus."""
    state = request.app.state
    try:
        measured = list(_measured(state.snapshots.current(), datetime.now(UTC)))
    except StorageError:
        measured = []
    ready = gauge("ready", "1 while a snapshot is open.", bool(measured))
    lines = [*state.meter.lines(), ready, *measured]
    return Response("\n".join(lines) + "\n", media_type=MEDIA_TYPE)


def _measured(snapshot: Snapshot, now: datetime) -> Iterator[str]:
    age = (now - snapshot.published_at).total_seconds()
    problems = len(queries.problems(snapshot))
    yield gauge("snapshot_info", "The snapshot that is served.", 1, {"snapshot": snapshot.name})
    yield gauge("snapshot_age_seconds", "Seconds since the snapshot was published.", age)
    yield gauge("snapshot_rows", "Vintages in the snapshot.", int(snapshot.meta["rows"]))
    yield gauge("indicators", "Indicators in the catalog.", len(snapshot.catalog))
    yield gauge("problems", "What the last run could not do.", problems)
