"""Answers with a body that is known whole: tags, what the reader holds already, and parts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from fastapi import Request
from fastapi.responses import Response

from dashboard.data.snapshot import Snapshot
from dashboard.http.problems import problem

FROZEN = "public, max-age=31536000, immutable"
#: What was known before anything was loaded may be known better when more history is.
RECONSTRUCTED = "public, max-age=3600"
LIVE = "public, max-age=60, must-revalidate"
#: Anyone may read the data from a page of their own, with the headers that describe it.
OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Disposition, ETag, Link, X-Row-Count, X-Snapshot",
}
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


def caching(snapshot: Snapshot, ids: Sequence[str], as_of: datetime | None) -> str:
    """For ever where the answer can never change; for an hour where it is reconstructed; else for
    a moment."""
    if snapshot.is_final(ids, as_of):
        return FROZEN
    return RECONSTRUCTED if snapshot.is_reconstructed(ids, as_of) else LIVE


def etag_of(digest: str) -> str:
    return f'"{digest[:32]}"'


def answer(
    request: Request, body: bytes, media_type: str, headers: Mapping[str, str], etag: str
) -> Response:
    """The whole body; the part that is asked for; or 304 when the reader has it already.

    There is no Last-Modified: after a rollback an older snapshot is the newer answer.
    """
    headers = {**headers, "ETag": etag}
    held = request.headers.get("if-none-match", "")
    if any(tag.strip().removeprefix("W/") in (etag, "*") for tag in held.split(",")):
        return Response(status_code=304, headers=headers)
    headers["Accept-Ranges"] = "bytes"
    wanted = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if wanted is None or request.method != "GET" or wanted.groups() == ("", ""):
        return Response(body, media_type=media_type, headers=headers)
    if request.headers.get("if-range", etag) != etag:
        return Response(body, media_type=media_type, headers=headers)
    return _part(body, wanted[1], wanted[2], media_type, headers)


def _part(body: bytes, first: str, last: str, media_type: str, headers: dict[str, str]) -> Response:
    """Bytes first to last, or the last so many when only `last` is given."""
    start = int(first) if first else max(0, len(body) - int(last))
    stop = min(len(body), int(last) + 1) if first and last else len(body)
    if start >= stop:
        refused = problem(416, f"range: the file has {len(body):,} bytes.", parameter="range")
        refused.headers["Content-Range"] = f"bytes */{len(body)}"
        return refused
    headers = {**headers, "Content-Range": f"bytes {start}-{stop - 1}/{len(body)}"}
    return Response(body[start:stop], 206, headers, media_type)
