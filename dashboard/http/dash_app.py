"""The dashboard's own pages: what Dash answers, in threads that are counted, for bodies that are
judged before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO

from a2wsgi.wsgi import build_environ
from dash import Dash
from dash.exceptions import DependencyException
from fastapi import Request
from werkzeug.wrappers import Response as WsgiResponse

from dashboard.http.asgi import RawHeaders, Receive, Scope, Send, send_answer
from dashboard.http.caching import FILE, kept
from dashboard.http.compression import accepted, compressed
from dashboard.http.dash_callbacks import callback_problem, callbacks_of
from dashboard.http.limits import BusyError, ConcurrencyLimit
from dashboard.http.problems import answer_to, our_mistake, problem
from dashboard.http.security import CALLBACK_PATH

DEPENDENCIES_PATH = "/_dash-dependencies"


@dataclass(frozen=True, slots=True)
class WsgiAnswer:
    """What a WSGI app answers."""

    status: int
    headers: RawHeaders
    body: bytes


class DashApp:
    """An ASGI app for what no route of ours has taken. Dash is asked once before any reader, so
    that it is set up: several who find it half set up are refused their scripts."""

    def __init__(self, dash: Dash, limit: ConcurrencyLimit) -> None:
        self._wsgi, self.limit = dash.server, limit
        self._wsgi.register_error_handler(DependencyException, _no_such_file)
        self._wsgi.register_error_handler(500, _our_mistake)
        told = self.get(DEPENDENCIES_PATH)
        self.callbacks = callbacks_of(json.loads(told.body))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = (await receive()).get("body", b"")
        is_callback = scope["path"] == CALLBACK_PATH
        encoding = accepted(scope["headers"])

        def make() -> WsgiAnswer:
            wrong = callback_problem(body, self.callbacks) if is_callback else ""
            if wrong:
                return _refused(400, wrong)
            found = self.ask(scope, body)
            told = kept(found.headers, FILE) if found.status == 200 else found.headers
            headers, small = compressed(told, found.body, encoding, hard=False)
            return WsgiAnswer(found.status, headers, small)

        try:
            found = await self.limit.run(make, receive)
        except BusyError as error:
            await answer_to(Request(scope), error)(scope, receive, send)
            return
        await send_answer(send, found.status, found.headers, found.body)

    def get(self, path: str) -> WsgiAnswer:
        """What Dash answers to a plain GET; to be called in a thread."""
        scope: Scope = {
            "type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [],
            "http_version": "1.1", "scheme": "http",
        }  # fmt: skip
        return self.ask(scope, b"")

    def ask(self, scope: Scope, body: bytes) -> WsgiAnswer:
        """What Dash answers to a request; to be called in a thread. The document it gives for every
        address it does not know is none of ours."""
        environ = build_environ(scope, BytesIO(body))
        environ["CONTENT_LENGTH"] = str(len(body))
        if scope["method"] == "HEAD":
            environ["REQUEST_METHOD"] = "GET"  # with the headers of GET; the body is not sent
        found = WsgiResponse.from_app(self._wsgi, environ, buffered=True)
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in found.headers.items()
        ]
        if found.status_code == 200 and found.mimetype == "text/html":
            return _refused(404, "There is nothing at this address.")
        return WsgiAnswer(found.status_code, headers, found.get_data())


def _refused(status: int, why: str) -> WsgiAnswer:
    said = problem(status, why)
    return WsgiAnswer(status, said.raw_headers, bytes(said.body))


def _our_mistake(error: Exception) -> tuple[str, int, dict[str, str]]:
    return our_mistake(), 500, {"Content-Type": "text/plain; charset=utf-8"}


def _no_such_file(error: Exception) -> tuple[str, int]:
    return "There is no such file.", 404
