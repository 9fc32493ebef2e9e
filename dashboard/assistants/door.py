"""Where assistants come in: /mcp over HTTP, and standard input and output."""

from __future__ import annotations

from threading import Event, Lock, Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from dashboard.assistants import PATH
from dashboard.data.snapshot import Snapshots
from dashboard.data.warm_up import keep_up
from dashboard.http.asgi import Receive, Scope, Send, header
from dashboard.http.limits import ConcurrencyLimit
from dashboard.http.problems import problem
from dashboard.urls import Urls
from etl.settings import Settings
from etl.storage.snapshots import store_of

if TYPE_CHECKING:
    from dashboard.assistants.protocol import AssistantServer

#: How many answers are made at a time, and how long one waits for its turn.
AT_ONCE = (2, 5.0)


class AssistantDoor:
    """An ASGI app that answers assistants from the snapshots of a site."""

    def __init__(self, snapshots: Snapshots, urls: Urls, limit: ConcurrencyLimit) -> None:
        self.snapshots, self.urls, self.limit = snapshots, urls, limit
        self.route = Route(PATH, self)
        public = urlsplit(urls.base)
        self._origin = f"{public.scheme}://{public.netloc}"
        self._server: AssistantServer | None = None
        self._lock = Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self.route
        refusal = self._foreign(scope) or _no_json(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        server = self._server
        if server is None:
            server = await run_in_threadpool(self.server)
        await server.over_http(scope, receive, send)

    def server(self) -> AssistantServer:
        """What answers; made, and the SDK loaded, when somebody asks for the first time."""
        with self._lock:
            if self._server is None:
                from dashboard.assistants.protocol import AssistantServer

                self._server = AssistantServer(self.snapshots, self.urls, self.limit)
            return self._server

    def _foreign(self, scope: Scope) -> Response | None:
        """The answer to a page of another site that asks in the name of its reader, as the
        protocol wants it: browsers tell from where they ask, and programs do not. The host is
        that of the public address, whatever a request calls it."""
        origin = header(scope, b"origin").decode("latin-1")
        if not origin or origin == self._origin:
            return None
        words = f"{PATH} is answered to programs and to pages of {self._origin}."
        return problem(403, words, title="From another site")


def _no_json(scope: Scope) -> Response | None:
    """The answer to a form or a text: a page of another site may send these unasked."""
    kind = header(scope, b"content-type").decode("latin-1").partition(";")[0]
    if kind.strip().lower() == "application/json":
        return None
    return problem(415, f"{PATH} takes JSON-RPC: send it with Content-Type: application/json.")


def serve_stdio(settings: Settings) -> None:
    """Answer one assistant on standard input and output, from the published snapshot, until it
    ends. What is published meanwhile is seen with the next question."""
    snapshots = Snapshots(store_of(settings))
    snapshots.current()  # a SnapshotError in words while there is none
    Thread(target=keep_up, args=(snapshots, Event()), daemon=True).start()
    AssistantDoor(snapshots, Urls.of(settings), ConcurrencyLimit(*AT_ONCE)).server().over_stdio()
