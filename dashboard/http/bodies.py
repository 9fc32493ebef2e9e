"""Bodies of requests: read whole on the event loop, in bounds of size and time, before anything
that would have a thread wait for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import Request
from fastapi.responses import Response

from dashboard.http.asgi import App, Message, Receive, Scope, Send, header
from dashboard.http.limits import BusyError, ReaderLeftError
from dashboard.http.problems import BodyError, answer_to, problem
from dashboard.pages.draft import PATH as DRAFT_PATH
from etl.errors import XinzhiError

MAX_BYTES = 1_000_000
#: A draft may be a document; 2 MB of it, and the other fields.
MAX_DRAFT_BYTES = 2_100_000
#: How many bytes of unfinished bodies are held at once, whoever sends them.
MAX_HELD_BYTES = 64_000_000
BODY_S = 10.0


class BoundedBodies:
    """An ASGI app around another, which gets every body in one message. `most` says how many bytes
    a body of an address may have; `refuse` answers who sends more, or sends too slowly."""

    def __init__(
        self,
        app: App,
        body_s: float = BODY_S,
        most: Callable[[str], int] | None = None,
        refuse: Callable[[Request, XinzhiError], Response] | None = None,
    ) -> None:
        self.app, self.body_s, self.most = app, body_s, most or most_of_the_site
        self.refuse = refuse or answer_to
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = bytearray()
        try:
            async with asyncio.timeout(self.body_s):
                refusal = await self._read(scope, receive, body)
        except TimeoutError:
            words = f"The body did not come whole in {self.body_s:g} seconds."
            refusal = self.refuse(Request(scope), BodyError(words, 408))
        finally:
            self._held -= len(body)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self.app(scope, _replayed(bytes(body), receive), send)

    async def _read(self, scope: Scope, receive: Receive, body: bytearray) -> Response | None:
        """Read the body into `body`; the answer that refuses it, if it is refused."""
        most = self.most(scope["path"])
        refusal = _wrong_head(scope)
        if refusal is not None:
            return refusal
        if int(header(scope, b"content-length") or 0) > most:
            return self._too_large(scope, most)
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ReaderLeftError
            part = message.get("body", b"")
            body += part
            self._held += len(part)
            if len(body) > most:
                return self._too_large(scope, most)
            if self._held > MAX_HELD_BYTES:
                return self.refuse(Request(scope), BusyError())
            if not message.get("more_body", False):
                return None

    def _too_large(self, scope: Scope, most: int) -> Response:
        words = f"The body is larger than {most:,} bytes."
        return self.refuse(Request(scope), BodyError(words, 413))


def _wrong_head(scope: Scope) -> Response | None:
    length, encoding = header(scope, b"content-length"), header(scope, b"content-encoding")
    if length and header(scope, b"transfer-encoding"):
        return problem(400, "Content-Length and Transfer-Encoding contradict each other.")
    if encoding not in (b"", b"identity"):
        return problem(415, "Compressed bodies are not read; send it without Content-Encoding.")
    if length and not length.isdigit():
        return problem(400, "Content-Length is not a number.")
    return None


def most_of_the_site(path: str) -> int:
    """How many bytes a body may have that is sent to an address of the site."""
    return MAX_DRAFT_BYTES if path == DRAFT_PATH else MAX_BYTES


def _replayed(body: bytes, receive: Receive) -> Receive:
    """`receive` as if the whole body came in one message."""
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
