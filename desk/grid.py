"""The grid in which tables are edited: a Dash app that only shows and changes what stands in a form
of the page. It asks the server for nothing but its scripts, and the form alone is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from threading import Lock
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc
from dash_ag_grid import AgGrid
from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from dashboard.app import START, Pages
from dashboard.http.compression import accepted, compressed
from dashboard.http.dash_app import DashApp
from dashboard.http.limits import ConcurrencyLimit
from dashboard.http.security import DESK
from dashboard.urls import Urls
from desk.frame import asset

PATH = f"{DESK}/grid"
router = APIRouter()
#: What a browser may keep of the scripts: their addresses change with their content.
_LASTS = "private, max-age=86400"
_SCRIPT = re.compile(r"/[A-Za-z0-9_./@%-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class GridScripts:
    """What a page must hold for its grid to come alive."""

    config: Markup
    scripts: Markup
    functions: str
    start: str


class _Grid:
    """The app, made when the first page asks for it, for the prefix of the site."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[DashApp, Markup, Markup]] = {}
        self._making = Lock()

    def of(self, urls: Urls) -> tuple[DashApp, Markup, Markup]:
        """The app, its configuration and the scripts of its page."""
        prefix = urls.to(f"{PATH}/")
        with self._making:
            if prefix not in self._made:
                dash = _create(prefix)
                app = DashApp(dash, ConcurrencyLimit(2, 20.0, 100))
                dash.server.test_client().get("/")
                tags = dash.tags
                self._made[prefix] = app, Markup(tags["config"]), Markup(tags["scripts"])
            return self._made[prefix]


_GRID = _Grid()


def grid_scripts(urls: Urls) -> GridScripts:
    """The scripts of a page with a grid."""
    _, config, scripts = _GRID.of(urls)
    return GridScripts(config, scripts, asset(urls, "grid.js"), urls.asset(START))


async def scripts(request: Request) -> Response:
    """A script of the app, its layout, or which of its callbacks depend on what."""
    rest = request.path_params["rest"]
    urls: Urls = request.app.state.desk.site.urls
    if not _SCRIPT.fullmatch(f"/{rest}") or ".." in rest:
        return Response(status_code=404)
    app, _, _ = await run_in_threadpool(_GRID.of, urls)
    found = await run_in_threadpool(app.get, f"/{rest}")
    encoding = accepted(request.scope["headers"])
    headers, body = await run_in_threadpool(
        lambda: compressed(found.headers, found.body, encoding, hard=False)
    )
    answer = Response(body, found.status)
    keep = {b"content-type", b"content-encoding", b"vary"}
    answer.raw_headers = [
        *((name, value) for name, value in headers if name.lower() in keep),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", _LASTS.encode() if found.status == 200 else b"private, no-store"),
    ]
    return answer


router.add_route(f"{PATH}/{{rest:path}}", scripts, methods=["GET", "HEAD"])


def _create(prefix: str) -> Any:
    app: Dash = Pages(
        "desk.grid",
        requests_pathname_prefix=prefix,
        routes_pathname_prefix="/",
        assets_folder="no-assets-of-its-own",
        update_title="",
        serve_locally=True,
        add_log_handler=False,
    )
    app.layout = [
        dcc.Location(id="grid-address"),
        AgGrid(
            id="grid",
            columnDefs=[],
            rowData=[],
            dashGridOptions={
                "singleClickEdit": False, "stopEditingWhenCellsLoseFocus": True,
                "undoRedoCellEditing": True, "undoRedoCellEditingLimit": 50,
                "rowSelection": {"mode": "multiRow"}, 
            },
            defaultColDef={"editable": True, "sortable": False, "resizable": True, "flex": 1,
                           "minWidth": 112},
            className="",
            style={"height": "60vh", "minHeight": "280px", "width": "100%"},
        ),
    ]  # fmt: skip
    app.clientside_callback(
        ClientsideFunction("desk", "fill"),
        Output("grid", "columnDefs"), Output("grid", "rowData"),
        Input("grid-address", "pathname"),
    )  # fmt: skip
    app.clientside_callback(
        ClientsideFunction("desk", "keep"),
        Output("grid", "className"),
        Input("grid", "cellValueChanged"),
        prevent_initial_call=True,
    )
    return app
