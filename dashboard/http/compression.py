"""Answers made small: brotli or gzip for text, once and for all where the address never changes."""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import brotli

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

FOREVER = b"public, max-age=31536000, immutable"
TEXT = (b"text/", b"application/json", b"application/javascript", b"image/svg+xml",
        b"application/problem+json", b"application/ld+json", b"application/xml",
        b"application/atom+xml")  # fmt: skip
MIN_BYTES = 600
KEPT = 128
Kept = tuple[list[tuple[bytes, bytes]], bytes]


class Compressed:
    """An ASGI app around another. Fingerprinted assets are compressed hard and remembered."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.kept: OrderedDict[tuple[str, str, bytes], Kept] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        encoding = accepted(scope["headers"])
        query = scope.get("query_string", b"")
        fixed = is_fingerprinted(scope["path"], query)
        key = (scope["method"] + scope["path"], encoding, query)
        if fixed and (found := self.kept.get(key)):
            await _send(send, 200, *found)
            return
        await self._answer(scope, receive, send, encoding, key if fixed else None)

    async def _answer(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        encoding: str,
        key: tuple[str, str, bytes] | None,
    ) -> None:
        start: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            part = message.get("body", b"")
            if message.get("more_body", False):
                body.extend(part)
            else:
                whole = bytes(body) + part if body else part  # most bodies come in one part
                headers, data = _small(start, whole, encoding, hard=key is not None)
                if key is not None and start["status"] == 200:
                    headers = [h for h in headers if h[0] != b"cache-control"]
                    headers.append((b"cache-control", FOREVER))
                    self._keep(key, (headers, data))
                await _send(send, start["status"], headers, data)

        await self.app(scope, receive, collect)

    def _keep(self, key: tuple[str, str, bytes], answer: Kept) -> None:
        self.kept[key] = answer
        while len(self.kept) > KEPT:
            self.kept.popitem(last=False)


def is_fingerprinted(path: str, query: bytes) -> bool:
    """Whether the content behind an address can never change."""
    if path.startswith("/_dash-component-suites/"):
        name = path.rpartition("/")[2]
        return ".v" in name and "m1" in name
    return path.startswith("/assets/") and query.startswith(b"m=")


def accepted(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The best encoding that a request's headers allow: br, gzip or none."""
    for name, value in headers:
        if name == b"accept-encoding":
            offered = {_token(part) for part in value.split(b",")}
            return "br" if b"br" in offered else "gzip" if b"gzip" in offered else ""
    return ""


def _token(offer: bytes) -> bytes:
    """The encoding that one part of Accept-Encoding offers; nothing if it refuses it (q=0)."""
    name, _, weight = offer.partition(b";")
    refused = weight.replace(b" ", b"").rstrip(b"0.") == b"q="
    return b"" if refused else name.strip().lower()


def compressed(body: bytes, encoding: str, *, hard: bool) -> bytes:
    """The body in an encoding; `hard` takes longer, for what is sent often."""
    if encoding == "br":
        return brotli.compress(body, quality=9 if hard else 3)
    if encoding == "gzip":
        return gzip.compress(body, compresslevel=9 if hard else 5, mtime=0)
    return body


def _small(
    start: Message, body: bytes, encoding: str, *, hard: bool
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    headers = [(k.lower(), v) for k, v in start["headers"]]
    named = dict(headers)
    kind = named.get(b"content-type", b"")
    if {b"content-encoding", b"content-range"} & named.keys() or not kind.startswith(TEXT):
        return headers, body  # a part is a part of the body as it is
    if not encoding or len(body) < MIN_BYTES:
        return [*(h for h in headers if h[0] != b"vary"), (b"vary", b"Accept-Encoding")], body
    data = compressed(body, encoding, hard=hard)
    dropped = (b"content-length", b"vary")
    kept = [(k, v) for k, v in headers if k not in dropped]
    etag = named.get(b"etag")
    if etag and not etag.startswith(b"W/"):
        kept = [(k, b"W/" + v if k == b"etag" else v) for k, v in kept]
    return [
        *kept,
        (b"content-length", str(len(data)).encode()),
        (b"content-encoding", encoding.encode()),
        (b"vary", b"Accept-Encoding"),
    ], data


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
