"""The types of ASGI, and what every layer asks of a request or an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
RawHeaders = list[tuple[bytes, bytes]]


def header(scope: Scope, name: bytes) -> bytes:
    """The first header of this name in a request; empty without one."""
    return next((value for key, value in scope["headers"] if key == name), b"")


async def send_answer(send: Send, status: int, headers: RawHeaders, body: bytes) -> None:
    """Send a whole answer."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def until_left(receive: Receive) -> None:
    """Return when the reader has closed the connection; the body has been read before."""
    while (await receive())["type"] != "http.disconnect":
        pass
