"""What pages load: scripts and styles of the dashboard, of Dash and of chart pages. Each is made
small once, and whatever stands in its query is no other file."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from dash import __version__ as dash_version
from dash.fingerprint import check_fingerprint, version_clean
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from dashboard.address import AddressError
from dashboard.app import PLOTLY_PATH
from dashboard.chart import fonts
from dashboard.chart_page import page
from dashboard.http.asgi import Message
from dashboard.http.cache import Content, Meaning, is_current
from dashboard.http.caching import FILE, LIBRARY, NAMED_FILE, Caching
from dashboard.http.dash_app import DashApp
from dashboard.http.problems import problem
from dashboard.http.responses import Service, answered, service_of

router = APIRouter(include_in_schema=False)
METHODS = ["GET", "HEAD"]
PLOTLY = Path(__file__).parents[2] / "vendor" / "plotly-basic-4.1.1.min.js"
JAVASCRIPT = "text/javascript; charset=utf-8"
#: How Dash writes its version into the names of its files.
_VERSION = f".v{version_clean.sub('_', dash_version)}m"
_HASHED = re.compile(r"([a-z]+)\.([0-9a-f]{12})\.js")


@router.api_route("/static/{file}", methods=METHODS)
async def script(request: Request, file: str) -> Response:
    """The scripts of chart pages, which are whole without them. Pages that a browser keeps for a
    year name an older script: they get the newest."""
    named = _HASHED.fullmatch(file)
    if named is None or f"{named[1]}.js" not in page.SCRIPTS:
        return problem(404, f"{file[:64]}: there is no such file; the pages name those there are.")
    name = f"{named[1]}.js"
    lasts = NAMED_FILE if request.url.path == page.script_url(name) else FILE
    return await _asset(request, f"static {name} {lasts.lasts.name}",
                        lambda: Content(page.script(name), JAVASCRIPT, lasts))  # fmt: skip


@router.api_route(PLOTLY_PATH, methods=METHODS)
async def plotly(request: Request) -> Response:
    """The basic bundle: a quarter of the whole library, with all that these pages draw."""
    return await _asset(request, PLOTLY_PATH, _plotly)


@router.api_route("/assets/{file:path}", methods=METHODS)
async def asset(request: Request, file: str) -> Response:
    """A file of the dashboard. Pages name it with a part of its hash."""
    path = f"/assets/{file}"
    return await _of_dash(request, path, is_current(path, request.scope["query_string"]))


@router.api_route("/_dash-component-suites/{file:path}", methods=METHODS)
async def component_file(request: Request, file: str) -> Response:
    """A file of Dash. Its address holds its version; another than ours is that of a program that
    runs beside this one while the site is upgraded."""
    plain, is_named = check_fingerprint(file)
    is_ours = is_named and _VERSION in file
    return await _of_dash(request, f"/_dash-component-suites/{plain}", is_ours)


async def warm(service: Service) -> None:
    """Make the chart library small and find the font before somebody asks: it takes a second."""

    async def nobody_leaves() -> Message:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    await run_in_threadpool(fonts.font)
    await service.cache.answer(
        Meaning(PLOTLY_PATH, "", "br", hard=True), _plotly, service.assets, nobody_leaves
    )


async def _of_dash(request: Request, path: str, is_named: bool) -> Response:
    files: DashApp = request.app.state.dash
    lasts = NAMED_FILE if is_named else FILE
    return await _asset(request, f"{path} {is_named}", partial(_file, files, path, lasts))


async def _asset(request: Request, what: str, make: Callable[[], Content]) -> Response:
    return await answered(request, None, what, make, service_of(request).assets, hard=True)


def _plotly() -> Content:
    return Content(PLOTLY.read_bytes(), JAVASCRIPT, LIBRARY)


def _file(files: DashApp, path: str, lasts: Caching) -> Content:
    found = files.get(path)
    if found.status != 200:
        raise AddressError("file", f"{unquote(path)[:80]}: there is no such file.", 404)
    kind = dict(found.headers).get(b"content-type", b"application/octet-stream").decode("latin-1")
    return Content(found.body, kind, lasts)
