"""Whole answers kept as they went out, as long as their snapshot is served: what is asked again is
sent again without being routed, looked up or compressed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import ref

from dashboard.data.snapshot import Snapshot, Snapshots
from dashboard.http.compression import App, Message, Receive, Scope, Send, accepted

MAX_BYTES = 64_000_000
#: A route puts the snapshot here that its answer was made from, when nothing else decides it than
#: the address and the encoding.
KEEP = "xinzhi.keep"
#: What makes an answer one for this reader alone.
_OWN = frozenset({b"if-none-match", b"if-range", b"range", b"if-match"})
Key = tuple[str, bytes, str]


@dataclass(frozen=True, slots=True)
class _Answer:
    route: Any
    start: Message
    body: Message


class Kept:
    """An ASGI app around another; its answers live on the event loop, so no lock is needed."""

    def __init__(self, app: App, snapshots: Snapshots, most: int = MAX_BYTES) -> None:
        self.app, self.snapshots, self.most = app, snapshots, most
        self._answers: OrderedDict[Key, _Answer] = OrderedDict()
        self._bytes = 0
        # Weak, so that an old snapshot can be closed while its answers wait to be forgotten.
        self._made_from: Callable[[], Snapshot | None] = lambda: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or _is_own(scope):
            await self.app(scope, receive, send)
            return
        key = (scope["path"], scope["query_string"], accepted(scope["headers"]))
        found = self._answers.get(key)
        if found is not None and self._made_from() is self.snapshots.at_hand() is not None:
            self._answers.move_to_end(key)
            scope["route"] = found.route
            await send(found.start)
            await send(found.body)
            return
        await self._answer(key, scope, receive, send)

    async def _answer(self, key: Key, scope: Scope, receive: Receive, send: Send) -> None:
        messages: list[Message] = []

        async def seen(message: Message) -> None:
            messages.append(message)
            await send(message)

        await self.app(scope, receive, seen)
        if KEEP in scope and len(messages) == 2 and messages[0]["status"] == 200:
            self._keep(scope[KEEP], key, _Answer(scope.get("route"), *messages))

    def _keep(self, snapshot: Snapshot, key: Key, answer: _Answer) -> None:
        if self._made_from() is not snapshot:
            self._answers.clear()
            self._bytes, self._made_from = 0, ref(snapshot)
        self._forget(key)
        self._answers[key] = answer
        self._bytes += len(answer.body["body"])
        while self._bytes > self.most:
            self._forget(next(iter(self._answers)))

    def _forget(self, key: Key) -> None:
        if (old := self._answers.pop(key, None)) is not None:
            self._bytes -= len(old.body["body"])


def _is_own(scope: Scope) -> bool:
    return any(name in _OWN for name, _ in scope["headers"])
