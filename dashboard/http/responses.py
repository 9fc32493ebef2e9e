"""Answers with a body that is known whole: tags, what the reader holds already, and parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from dashboard.address import ChartAddress
from dashboard.chart_page.page import SiteConfig
from dashboard.data.snapshot import Snapshot, Snapshots
from dashboard.export.receipts import Receipts
from dashboard.http.asgi import RawHeaders
from dashboard.http.cache import CachedAnswer, Content, Meaning, ResponseCache, spelling_of
from dashboard.http.compression import accepted
from dashboard.http.limits import ConcurrencyLimit
from dashboard.http.metrics import Metrics
from dashboard.http.problems import problem
from etl.subscribers import Subscribers

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Service:
    """What the routes of one server share; `request.app.state.service`."""

    snapshots: Snapshots
    site: SiteConfig
    served: Receipts
    metrics: Metrics
    cache: ResponseCache
    #: None of these waits for another.
    pages: ConcurrencyLimit
    pictures: ConcurrencyLimit
    files: ConcurrencyLimit
    assets: ConcurrencyLimit
    drafts: ConcurrencyLimit
    assistants: ConcurrencyLimit
    leaving_letters: ConcurrencyLimit
    #: Who gets the letter of the day; readers of the site only leave.
    subscribers: Subscribers
    #: Set once the process has been told to end: whoever sends it readers should stop.
    leaving: Event


def service_of(request: Request) -> Service:
    found: Service = request.app.state.service
    return found


async def current_snapshot(request: Request) -> Snapshot:
    """The snapshot to answer from. Only at the very first start it may have to be opened, and then
    not on the event loop."""
    snapshots = service_of(request).snapshots
    if snapshots.has_looked:
        return snapshots.current()
    return await run_in_threadpool(snapshots.current)


def meaning_of(address: ChartAddress) -> str:
    """What a chart address asks for; two that mean the same give the same."""
    moment = address.as_of.isoformat() if address.as_of else ""
    return f"{address.id}@{moment}?{address.query()}"


async def answered(
    request: Request,
    snapshot: Snapshot | None,
    what: str,
    make: Callable[[], Content],
    limit: ConcurrencyLimit,
    *,
    hard: bool = False,
    by_the_clock: bool = False,
) -> Response:
    """The answer to a request for `what`, made once for a snapshot (or, without one, once): whole,
    the part that is asked for, or 304. One that goes `by_the_clock` is made anew when `what` says
    so, so that its address alone does not find it."""
    encoding = "" if "range" in request.headers else accepted(request.headers.raw)
    meaning = Meaning(what, snapshot.name if snapshot else "", encoding, hard)
    cache = service_of(request).cache
    found = await cache.answer(meaning, make, limit, request.receive)
    spelling = spelling_of(request.scope)
    if spelling is not None and not by_the_clock:
        cache.learn(spelling, meaning, request.scope.get("route"))
    return _to(request, found)


def _to(request: Request, found: CachedAnswer) -> Response:
    """The answer as this reader asks for it.

    There is no Last-Modified: after a rollback an older snapshot is the newer answer.
    """
    etag = f'"{found.etag}"'
    held = request.headers.get("if-none-match", "")
    if any(tag.strip().removeprefix("W/") in (etag, "*") for tag in held.split(",")):
        dropped = (b"content-length", b"content-type", b"content-encoding")
        return _raw(304, [h for h in found.headers if h[0] not in dropped], b"")
    wanted = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if wanted is None or request.method != "GET" or wanted.groups() == ("", ""):
        return _raw(200, found.headers, found.body)
    if request.headers.get("if-range", etag) != etag:
        return _raw(200, found.headers, found.body)
    return _part(found, wanted[1], wanted[2])


def _part(found: CachedAnswer, first: str, last: str) -> Response:
    """Bytes first to last, or the last so many when only `last` is given."""
    size = len(found.body)
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if start >= stop:
        refused = problem(416, f"range: the file has {size:,} bytes.", parameter="range")
        refused.headers["Content-Range"] = f"bytes */{size}"
        return refused
    told: Mapping[bytes, bytes] = {
        **dict(found.headers),
        b"content-range": f"bytes {start}-{stop - 1}/{size}".encode(),
        b"content-length": str(stop - start).encode(),
    }
    return _raw(206, list(told.items()), found.body[start:stop])


def _raw(status: int, headers: RawHeaders, body: bytes) -> Response:
    response = Response(status_code=status)
    response.raw_headers, response.body = list(headers), body
    return response
