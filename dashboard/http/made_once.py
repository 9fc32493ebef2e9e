"""Answers that are made once for a snapshot and kept with their encoding and their name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from dashboard.data.snapshot import Snapshot
from dashboard.http.compression import accepted, compressed
from dashboard.http.limits import Gate

_PLAIN = ("image/png", "application/zip")


@dataclass(frozen=True, slots=True)
class Kept:
    """The bytes of an answer, encoded, and how they are named."""

    body: bytes
    kind: str
    encoding: str
    etag: str
    snapshot: str


async def made(
    request: Request,
    snapshot: Snapshot,
    shelf: str,
    key: object,
    kind: str,
    make: Callable[[], bytes],
) -> Kept:
    """The answer to a question, made at most once for a snapshot and an encoding. Only so many are
    made at once; BusyError for the rest."""
    encoding = "" if kind in _PLAIN else accepted(request.headers.raw)
    whole = (kind, key, encoding)
    held: Kept | None = snapshot.held(shelf, whole)
    if held is not None:
        return held
    gate: Gate = request.app.state.gates[shelf]

    def fresh() -> Kept:
        plain = make()
        etag = sha256(plain).hexdigest()[:32]
        body = compressed(plain, encoding, hard=False)
        return Kept(body, kind, encoding, etag, snapshot.name)

    def alone() -> Kept:
        return snapshot.remember(shelf, whole, fresh)

    with gate.entering():
        return await run_in_threadpool(alone)


def answer(
    request: Request, kept: Kept, caching: str, policy: str, more: Mapping[str, str] | None = None
) -> Response:
    """The whole answer, or 304 when the reader has it already."""
    etag = f'"{kept.etag}"'
    headers = {
        "Cache-Control": caching,
        "ETag": f"W/{etag}" if kept.encoding else etag,
        "X-Snapshot": kept.snapshot,
        "Content-Security-Policy": policy,
        **(more or {}),
    }
    if kept.kind not in _PLAIN:
        headers["Vary"] = "Accept-Encoding"
    held = request.headers.get("if-none-match", "")
    if held and any(tag.strip().removeprefix("W/") in (etag, "*") for tag in held.split(",")):
        return Response(status_code=304, headers=headers)
    if kept.encoding:
        headers["Content-Encoding"] = kept.encoding
    return Response(kept.body, media_type=kept.kind, headers=headers)
