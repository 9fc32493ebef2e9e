"""Downloads at lasting addresses: /c/ID[@ASOF] with the suffix of each format, and the question
whether a file came from here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import State

from dashboard.address import AddressError, ChartAddress, parse, parse_query
from dashboard.data.snapshot import Snapshot
from dashboard.export.formats import FORMATS, Format
from dashboard.export.receipts import Made, Served
from dashboard.export.table import disposition, iso, of_data, table, to_json
from dashboard.http.cache import KEEP
from dashboard.http.limits import Turnstile
from dashboard.http.responses import LIVE, OPEN, answer, caching, etag_of
from dashboard.urls import Urls

router = APIRouter()
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that is made: its bytes, and all that its answer says besides."""

    body: bytes
    media_type: str
    etag: str
    headers: dict[str, str]


def _download(kind: Format) -> Callable[[Request, str], Response]:
    def download(request: Request, place: str) -> Response:
        snapshot: Snapshot = request.app.state.snapshots.current()
        query = parse_query(request.scope["query_string"].decode("latin-1"))
        address = parse(place, query, snapshot.catalog, datetime.now(UTC))
        return data_answer(request, snapshot, address, kind)

    download.__doc__ = f"The data of one address as {kind.name}."
    return download


# The longer suffix first: .metadata.json ends in .json too.
for _kind in sorted(FORMATS.values(), key=lambda kind: -len(kind.suffix)):
    router.add_api_route(
        f"/c/{{place}}{_kind.suffix}",
        _download(_kind),
        methods=["GET", "HEAD"],
        name=_kind.name,
        include_in_schema=False,
    )


@router.api_route("/verify/{digest}", methods=["GET", "HEAD"], include_in_schema=False)
def verify(request: Request, digest: str) -> Response:
    """Whether this site has made the file with this SHA-256: when, and at which address."""
    served: Served = request.app.state.served
    wanted = digest.lower()
    if not _DIGEST.fullmatch(wanted):
        raise AddressError(
            "sha256", f"sha256: '{digest[:70]}' is not a SHA-256; write its 64 hexadecimal digits."
        )
    made = served.find(wanted)
    headers = {**OPEN, "Cache-Control": "no-cache"}
    if made is None:
        raise AddressError("sha256", _unknown(served), 404)
    document = {
        "sha256": made.sha256,
        "detail": f"This site made this file on {iso(made.made_at)}.",
        "address": made.address,
        "snapshot": made.snapshot,
        "bytes": made.bytes,
        "first_made_at": iso(made.made_at),
    }
    return Response(to_json(document), media_type="application/json", headers=headers)


def data_answer(
    request: Request, snapshot: Snapshot, address: ChartAddress, kind: Format
) -> Response:
    """The answer to a request for one format of one table."""
    address = of_data(address)
    state = request.app.state
    key = (address, kind.suffix)
    file = snapshot.remember("file", key, lambda: _make(snapshot, address, kind, state))
    request.scope[KEEP] = snapshot
    return answer(request, file.body, file.media_type, file.headers, file.etag)


def _make(snapshot: Snapshot, address: ChartAddress, kind: Format, state: State) -> DataFile:
    urls: Urls = state.site.urls
    turnstile: Turnstile = state.turnstile
    served: Served = state.served
    with turnstile.turn():
        found = snapshot.remember("table", address, lambda: table(snapshot, address))
        body = kind.write(found, urls)
    digest, now = sha256(body).hexdigest(), datetime.now(UTC)
    link = urls.online.chart(address, kind.suffix)
    served.note(Made(digest, link, snapshot.name, len(body), now))
    about = urls.online.chart(address, ".metadata.json")
    lasts = caching(snapshot, address.ids, address.as_of)
    headers = {
        **OPEN,
        # The description names the snapshot, so it changes even where the data cannot.
        "Cache-Control": LIVE if kind.suffix == ".metadata.json" else lasts,
        "X-Snapshot": snapshot.name,
        "X-Row-Count": str(found.row_count),
        "Link": f'<{about}>; rel="describedby"; type="application/json"',
    }
    if kind.suffix != ".metadata.json":
        headers["Content-Disposition"] = disposition(found, kind.suffix)
    return DataFile(body, kind.media_type, etag_of(digest), headers)


def _unknown(served: Served) -> str:
    count, since = served.extent()
    kept = f"{count:,} files are on record" + (f", the first made on {since[:10]}" if since else "")
    return (
        f"sha256: no file with this SHA-256 is on record here. {kept}; at most {served.kept:,} are "
        "kept, and the oldest make room. A file that was opened and saved again has another digest."
    )
