"""Answers made small: brotli or gzip for text. To be called in a thread: it takes milliseconds."""

from __future__ import annotations

import gzip
from collections.abc import Iterable

import brotli

from dashboard.http.asgi import RawHeaders

TEXT = (b"text/", b"application/json", b"application/javascript", b"image/svg+xml",
        b"application/problem+json", b"application/ld+json", b"application/xml",
        b"application/atom+xml")  # fmt: skip
MIN_BYTES = 600


def accepted(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The best encoding that a request's headers allow: br, gzip or none."""
    for name, value in headers:
        if name == b"accept-encoding":
            offered = {_token(part) for part in value.split(b",")}
            return "br" if b"br" in offered else "gzip" if b"gzip" in offered else ""
    return ""


def compressed(
    headers: RawHeaders, body: bytes, encoding: str, *, hard: bool
) -> tuple[RawHeaders, bytes]:
    """The answer in an encoding, with the headers that go with it; `hard` takes longer, for what is
    sent often."""
    named = dict(headers)
    if b"content-encoding" in named or not named.get(b"content-type", b"").startswith(TEXT):
        return headers, body
    kept = [(name, value) for name, value in headers if name not in (b"vary", b"content-length")]
    kept.append((b"vary", b"Accept-Encoding"))
    if encoding and len(body) >= MIN_BYTES:
        body = _encoded(body, encoding, hard=hard)
        kept = [(name, _weak(value) if name == b"etag" else value) for name, value in kept]
        kept.append((b"content-encoding", encoding.encode()))
    return [*kept, (b"content-length", str(len(body)).encode())], body


def _encoded(body: bytes, encoding: str, *, hard: bool) -> bytes:
    if encoding == "br":
        return brotli.compress(body, quality=9 if hard else 3)
    return gzip.compress(body, compresslevel=9 if hard else 5, mtime=0)


def _weak(etag: bytes) -> bytes:
    return etag if etag.startswith(b"W/") else b"W/" + etag


def _token(offer: bytes) -> bytes:
    """The encoding that one part of Accept-Encoding offers; nothing if it refuses it (q=0)."""
    name, _, weight = offer.partition(b";")
    refused = weight.replace(b" ", b"").rstrip(b"0.") == b"q="
    return b"" if refused else name.strip().lower()
