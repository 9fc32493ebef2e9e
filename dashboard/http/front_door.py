"""The outermost layer: what every request and every answer has in common."""

from __future__ import annotations

import logging
import re
import secrets
import time

from fastapi import Request
from fastapi.responses import Response

from dashboard.http.asgi import App, Message, Receive, Scope, Send, header
from dashboard.http.caching import settled
from dashboard.http.limits import ReaderLeftError
from dashboard.http.metrics import METHODS, Metrics
from dashboard.http.problems import answer_to, our_mistake, problem
from dashboard.http.security import allowed, options, with_rules
from etl.errors import XinzhiError
from etl.log import REQUEST_ID
from etl.tracing import failed, is_tracing, note, span

MAX_HEADERS, MAX_HEAD_BYTES = 100, 32_000
#: An id that another server before us gave: it is repeated in the log, so it is one plain word.
_SANE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
#: What a server before us tells of the trace that a request belongs to.
TRAIL = ("traceparent", "tracestate")
#: What is counted for a reader who left before the answer.
LEFT = 499
#: What whoever runs the site may have to do something about.
_TOLD = frozenset({408, 413, 429, 431, 503})
log = logging.getLogger(__name__)


class FrontDoor:
    """An ASGI app around another. It names each request, refuses heads and methods that mean
    nothing, adds the rules for browsers to each answer, and counts it. An error that nobody
    foresaw is one traceback in the log and one sentence to the reader."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if not is_tracing():
            await self._answer(scope, receive, send)
            return
        trail = {name: header(scope, name.encode()).decode("latin-1") for name in TRAIL}
        with span("request", carrier=trail) as one:
            status = await self._answer(scope, receive, send)
            method, route = scope["method"], _route_of(scope)
            note(
                one,
                {
                    "http.request.method": method if method in METHODS else "_OTHER",
                    "http.route": route,
                    "http.response.status_code": status,
                    "xinzhi.snapshot": self.metrics.snapshots.name,
                    "xinzhi.request": REQUEST_ID.get(),
                },
                f"{method} {route}" if method in METHODS else f"HTTP {route}",
            )
            if status >= 500:
                failed(one, str(status))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answer one request; the status of the answer."""
        start, status, request_id = time.perf_counter(), 0, _id_of(scope)
        REQUEST_ID.set(request_id.decode("ascii"))

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told = settled(message["headers"], status, scope["method"])
                headers = with_rules(told, scope["path"])
                headers.append((b"x-request-id", request_id))
                message = {**message, "headers": headers}
            await send(message)

        try:
            refusal = _refusal(scope)
            await (refusal or self.app)(scope, receive, answered)
        except ReaderLeftError:
            status = status or LEFT
        except XinzhiError as error:
            await answer_to(Request(scope), error)(scope, receive, answered)
        except Exception:
            log.exception("An error that nobody foresaw, at %s.", _route_of(scope))
            if not status:
                await problem(500, our_mistake())(scope, receive, answered)
        finally:
            if status in _TOLD:
                log.warning("%s was answered with %d.", _route_of(scope), status)
            self.metrics.count(scope, status or 500, time.perf_counter() - start)
        return status or 500


def _id_of(scope: Scope) -> bytes:
    given = header(scope, b"x-request-id")
    return given if _SANE_ID.fullmatch(given) else secrets.token_hex(8).encode()


def _refusal(scope: Scope) -> Response | None:
    """The answer to a request that no route should see."""
    headers, path, method = scope["headers"], scope["path"], scope["method"]
    if len(headers) > MAX_HEADERS or sum(len(n) + len(v) for n, v in headers) > MAX_HEAD_BYTES:
        return problem(431, f"The head holds more than {MAX_HEADERS} headers or {MAX_HEAD_BYTES:,} "
                       "bytes.")  # fmt: skip
    if method == "OPTIONS":
        told = Response(status_code=204)
        told.raw_headers = options(path)
        return told
    if method not in allowed(path):
        words = " or ".join(one for one in allowed(path) if one != "OPTIONS")
        refused = problem(405, f"This address is answered to {words}.")
        refused.headers["Allow"] = ", ".join(allowed(path))
        return refused
    return None


def _route_of(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "") or "a page")
