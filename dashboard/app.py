"""The Dash app: one callback that turns an address into a page, and the HTML it starts from."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import flask
from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from dashboard.pages import resolve
from dashboard.prerender import to_html
from dashboard.snapshot import Snapshots

ASSETS = Path(__file__).parent / "assets"
#: Where dash asks for its chart library; the server answers with the basic bundle.
PLOTLY_PATH = "/_dash-component-suites/plotly/package_data/plotly.min.js"

# The page is readable before the scripts arrive: its text and charts stand in #still until the
# live page is mounted.
INDEX = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta name="description" content="{description}">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="{icon}" type="image/svg+xml">
{css}{preload}
</head>
<body>
<div id="still">{still}</div>
{app_entry}
<footer>{config}{scripts}{renderer}</footer>
</body>
</html>"""


class Site(Dash):
    """Dash whose first answer already holds the page."""

    snapshots: Snapshots

    def interpolate_index(self, **parts: Any) -> str:
        """The whole document for the address that is asked for."""
        from html import escape

        query = parse_query(flask.request.query_string.decode("ascii", "replace"))
        page, markup = resolve(self.snapshots, flask.request.path, query)
        flask.g.status = page.status
        lang = "en" if query.get("lang") == "en" else "zh-CN"
        preload = f'<link rel="preload" as="script" href="{PLOTLY_PATH}">'
        return INDEX.format(
            lang=lang,
            title=escape(page.title),
            description=escape(page.description),
            icon=self.get_asset_url("icon.svg"),
            css=parts["css"],
            preload=preload if page.has_chart else "",
            still=to_html(markup),
            app_entry='<div id="react-entry-point"><div class="_dash-loading"></div></div>',
            config=parts["config"],
            scripts=parts["scripts"],
            renderer=parts["renderer"],
        )


def create_dash(snapshots: Snapshots) -> Site:
    """The app over the snapshots of one folder."""
    app = Site(
        "dashboard",
        assets_folder=str(ASSETS),
        title="新质生产力每日动态 · 指标台",
        update_title="",
        suppress_callback_exceptions=True,
        serve_locally=True,
        include_assets_files=True,
    )
    app.snapshots = snapshots
    app.layout = html.Div([dcc.Location(id="address"), html.Div(id="page")])

    @app.callback(
        Output("page", "children"), Input("address", "pathname"), Input("address", "search")
    )
    def show(path: str | None, search: str | None) -> Component:
        """The page of the address."""
        return resolve(snapshots, str(path or "/"), parse_query(str(search or "")))[1]

    @app.server.after_request
    def with_status(response: flask.Response) -> flask.Response:
        status = flask.g.get("status")
        if status:
            response.status_code = status
            response.headers["Cache-Control"] = "no-cache"
        return response

    return app


def parse_query(search: str) -> dict[str, str]:
    """The parameters of an address; the first of each name counts."""
    try:
        pairs = parse_qsl(search.lstrip("?")[:4000], max_num_fields=100, keep_blank_values=True)
    except ValueError:  # more than a hundred: nobody's address
        return {}
    return dict(reversed(pairs))
