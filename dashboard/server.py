"""The server: public addresses on FastAPI, the dashboard beneath it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from threading import Event, Thread

from a2wsgi import WSGIMiddleware
from fastapi import FastAPI, Request
from fastapi.responses import Response

from dashboard.app import PLOTLY_PATH, create_dash
from dashboard.chart_page.page import FORMATS, SiteConfig
from dashboard.data.snapshot import Snapshots
from dashboard.data.warm_up import get_ready, keep_up
from dashboard.export.receipts import Served
from dashboard.http.cache import Kept
from dashboard.http.compression import (
    App,
    Compressed,
    Message,
    Receive,
    Scope,
    Send,
    accepted,
    compressed,
)
from dashboard.http.limits import Gate, Turnstile
from dashboard.http.metrics import Counted, Meter
from dashboard.http.problems import answer_to, problem
from dashboard.http.routes import api, api_docs, bulletins, charts, data, discovery, operations
from dashboard.http.tidy import Tidy
from etl.errors import XinzhiError
from etl.settings import Settings

MAX_BODY_BYTES = 1_000_000
#: How many pages and pictures that are not kept yet may be made at once.
AT_ONCE = {"sheet": 64, "picture": 16}
PLOTLY = Path(__file__).parent / "vendor" / "plotly-basic-4.1.1.min.js"
#: Dash writes its configuration as an inline script; everything else comes from here.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
)


def create_server(settings: Settings) -> Counted:
    """The whole site over the snapshots that `settings` name."""
    snapshots, meter = Snapshots(settings.published, get_ready), Meter()
    site = SiteConfig(settings.base_url, FORMATS, reports_to=settings.corrections_to)

    @asynccontextmanager
    async def running(server: FastAPI) -> AsyncIterator[None]:
        """Beside the server, for as long as it runs."""
        stopped = Event()
        Thread(target=_plotly, args=("br",), daemon=True).start()
        Thread(target=keep_up, args=(snapshots, stopped), daemon=True).start()
        yield
        stopped.set()

    server = FastAPI(
        lifespan=running,
        title="新质生产力每日动态 · 指标台",
        version="1",
        description="The data of the dashboard for programs. Read-only; every answer names the "
        "snapshot that it was made from. Errors are RFC 9457 documents.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    server.add_middleware(Tidy)
    server.state.snapshots = snapshots
    server.state.base_url = settings.base_url
    server.state.served = Served(settings.served)
    server.state.turnstile = Turnstile()
    server.state.meter = meter

    @server.exception_handler(XinzhiError)
    async def in_words(request: Request, error: XinzhiError) -> Response:
        return answer_to(request, error)

    @server.api_route(PLOTLY_PATH, methods=["GET", "HEAD"], include_in_schema=False)
    def plotly(request: Request) -> Response:
        """The basic bundle: a quarter of the whole library, with all that these pages draw."""
        encoding = accepted(request.headers.raw)
        headers = {"Cache-Control": "public, max-age=604800", "Vary": "Accept-Encoding"}
        if encoding:
            headers["Content-Encoding"] = encoding
        return Response(_plotly(encoding), media_type="text/javascript", headers=headers)

    server.include_router(charts.router)  # before the data: a kit is no zip of data
    server.include_router(data.router)
    server.include_router(charts.pages)
    server.include_router(bulletins.router)
    server.include_router(operations.router)
    server.include_router(discovery.router)
    server.include_router(api_docs.router)
    server.include_router(api.router)
    server.router.routes.insert(0, charts.PAGE_ROUTE)
    server.state.site = site
    server.state.gates = {name: Gate(most) for name, most in AT_ONCE.items()}
    server.mount("/", WSGIMiddleware(create_dash(snapshots, site).server, workers=16))
    return Counted(Kept(Compressed(_Guarded(server)), snapshots), meter)


@cache
def _plotly(encoding: str) -> bytes:
    """The bundle in an encoding, made once: it takes a second."""
    return compressed(PLOTLY.read_bytes(), encoding, hard=True)


class _Guarded:
    """Bounds what comes in and names the rules for what goes out."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        read = 0

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MAX_BODY_BYTES:
                return {"type": "http.disconnect"}
            return message

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = {name.lower() for name, _ in message["headers"]}
                rules = [rule for rule in HEADERS if rule[0] not in named]
                message["headers"] = [*message["headers"], *rules]
            await send(message)

        if _declared(scope) > MAX_BODY_BYTES:
            answer = problem(413, f"The body is larger than {MAX_BODY_BYTES:,} bytes.")
            await answer(scope, receive, guarded)
            return
        await self.app(scope, bounded, guarded)


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else MAX_BODY_BYTES + 1
    return 0
