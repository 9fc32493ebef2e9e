"""Downloads at lasting addresses: /c/ID[@ASOF].csv and its metadata."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard.address import ChartAddress, parse, parse_query
from dashboard.downloads import Table, address_url, disposition, metadata, table, to_json
from dashboard.snapshot import Snapshot

router = APIRouter()
FROZEN = "public, max-age=31536000, immutable"
LIVE = "public, max-age=60, must-revalidate"


@router.api_route("/c/{place}.csv", methods=["GET", "HEAD"])
def csv_file(request: Request, place: str) -> Response:
    """The data of one address as CSV."""
    snapshot, address = _address(request, place)
    found = _table(snapshot, address)
    headers = {
        **_headers(request, found, address),
        "Content-Disposition": disposition(found, ".csv"),
    }
    return _answer(request, found.csv, "text/csv; charset=utf-8", headers, found.sha256)


@router.api_route("/c/{place}.metadata.json", methods=["GET", "HEAD"])
def metadata_file(request: Request, place: str) -> Response:
    """What must be said with the data of one address."""
    snapshot, address = _address(request, place)
    found = _table(snapshot, address)
    body = to_json(metadata(found, request.app.state.base_url))
    headers = {**_headers(request, found, address), "Cache-Control": LIVE}
    return _answer(request, body, "application/json", headers, sha256(body).hexdigest())


def _address(request: Request, place: str) -> tuple[Snapshot, ChartAddress]:
    snapshot: Snapshot = request.app.state.snapshots.current()
    query = parse_query(request.url.query)
    return snapshot, parse(place, query, snapshot.catalog, datetime.now(UTC))


def _table(snapshot: Snapshot, address: ChartAddress) -> Table:
    return snapshot.remember("table", address, lambda: table(snapshot, address))


def _headers(request: Request, found: Table, address: ChartAddress) -> dict[str, str]:
    about = address_url(address, request.app.state.base_url, ".metadata.json")
    return {
        "Cache-Control": FROZEN if _is_past(address) else LIVE,
        "X-Snapshot": found.snapshot.name,
        "X-Row-Count": str(found.row_count),
        "Link": f'<{about}>; rel="describedby"; type="application/json"',
        "Access-Control-Allow-Origin": "*",
    }


def _is_past(address: ChartAddress) -> bool:
    """Whether the moment asked about is over: only then can the answer never change."""
    return address.as_of is not None and address.as_of < datetime.now(UTC)


def _answer(
    request: Request, body: bytes, kind: str, headers: dict[str, str], digest: str
) -> Response:
    """The whole body, or 304 when the reader has it already."""
    etag = f'"{digest[:32]}"'
    headers = {**headers, "ETag": etag}
    held = request.headers.get("if-none-match", "")
    if any(tag.strip().removeprefix("W/") in (etag, "*") for tag in held.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers)
