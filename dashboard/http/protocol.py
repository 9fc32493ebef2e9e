"""HTTP on one connection, with an end to everything that a reader may keep us waiting for."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from dashboard.http.caching import Lasts

#: Seconds for the head of a request, for the rest of a body that is not read any more, and between
#: two looks at an answer that its reader does not fetch.
HEAD_S, REST_S, STALLED_S = 10.0, 5.0, 30.0
_REFUSALS = {
    400: "This is not an HTTP request that can be understood.",
    408: "The head of the request did not come in time.",
    431: "The head of the request is too large.",
    501: "This transfer encoding is not supported; use chunked.",
}


class BoundedProtocol(H11Protocol):
    """uvicorn's protocol with deadlines and a bound on connections: when there are too many, the
    one that has kept us waiting longest is closed."""

    #: The most connections of one process; `serve` lowers it where fewer files may be open.
    most: ClassVar[int] = 2_000
    #: Connections whose reader has not finished asking or does not fetch the answer, oldest first.
    _waiting: ClassVar[dict[BoundedProtocol, None]] = {}

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._unsent = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waiting[self] = None
        if len(self.connections) > self.most:
            oldest = next(iter(self._waiting))
            self._waiting.pop(oldest)
            oldest.transport.abort()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._waiting.pop(self, None)
        self._cancel(self._deadline, self._stalled)
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._waiting[self] = None
        self._unsent = self.transport.get_write_buffer_size()
        self._stalled = self.loop.call_later(STALLED_S, self._look_at_reader)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._waiting.pop(self, None)
        self._cancel(self._stalled)

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong with the request: uvicorn calls this where h11's error is handled."""
        hint = getattr(sys.exc_info()[1], "error_status_hint", 400)
        self._refuse(hint if hint in _REFUSALS else 400)

    def _watch(self) -> None:
        """Wait for a request only so long; what is answered has all the time it needs."""
        if self.transport.is_closing():
            return
        theirs, ours = self.conn.their_state, self.conn.our_state
        if theirs in (h11.IDLE, h11.SEND_BODY):
            self._waiting.setdefault(self)
        else:
            self._waiting.pop(self, None)
        seconds = {h11.IDLE: HEAD_S, h11.SEND_BODY: REST_S if ours is h11.DONE else 0}.get(theirs)
        if not seconds:  # a body that is read has its own deadline
            self._cancel(self._deadline)
            self._deadline = None
        elif self._deadline is None:
            self._deadline = self.loop.call_later(seconds, self._too_late)

    def _too_late(self) -> None:
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._refuse(408)
        else:
            self.transport.close()

    def _refuse(self, status: int) -> None:
        """Answer and close; only close where another answer is under way."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE) and not self.transport.is_closing():
            body = _REFUSALS[status].encode()
            headers = [
                ("content-type", "text/plain; charset=utf-8"),
                ("content-length", str(len(body))),
                ("cache-control", Lasts.NEVER),
                ("connection", "close"),
            ]
            start = h11.Response(status_code=status, headers=headers)
            for event in (start, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _look_at_reader(self) -> None:
        """A reader who took nothing since the last look is let go."""
        unsent = self.transport.get_write_buffer_size()
        if unsent >= self._unsent:
            self.transport.abort()
            return
        self._unsent = unsent
        self._stalled = self.loop.call_later(STALLED_S, self._look_at_reader)

    @staticmethod
    def _cancel(*timers: asyncio.TimerHandle | None) -> None:
        for timer in timers:
            if timer is not None:
                timer.cancel()
