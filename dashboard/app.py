"""The Dash app: one callback that turns an address into a page, and the HTML it starts from."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import flask
from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from dashboard.address import AddressError, parse_query
from dashboard.chart_page import page as chart_page
from dashboard.data.snapshot import Snapshots
from dashboard.pages import resolve, wrong_address
from dashboard.pages.page import Page
from dashboard.prerender import to_html

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
<link rel="alternate" href="/atom.xml" type="application/atom+xml">
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
    place: chart_page.SiteConfig

    def interpolate_index(self, **parts: Any) -> str:
        """The whole document for the address that is asked for."""
        search = flask.request.query_string.decode("ascii", "replace")
        page, markup = visit(self.snapshots, flask.request.path, search, self.place)
        flask.g.status, flask.g.location = page.status, page.location
        lang = markup.lang
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


def visit(
    snapshots: Snapshots, path: str, search: str, place: chart_page.SiteConfig
) -> tuple[Page, Component]:
    """The page of an address as it stands in a browser, and its markup."""
    try:
        return resolve(snapshots, path, parse_query(search), place)
    except AddressError as error:
        return wrong_address(error)


def create_dash(snapshots: Snapshots, place: chart_page.SiteConfig) -> Site:
    """The app over the snapshots of one folder."""
    app = Site(
        "dashboard",
        assets_folder=str(ASSETS),
        title="新质生产力每日动态 · 指标台",
        update_title="",
        suppress_callback_exceptions=True,
        serve_locally=True,
        add_log_handler=False,
    )
    app.snapshots, app.place = snapshots, place
    # The clock stands still: assets/fresh.js moves it when a new snapshot is served.
    app.layout = html.Div(
        [
            dcc.Location(id="address"),
            dcc.Interval(id="fresh", disabled=True),
            html.Div(id="page"),
        ]
    )

    @app.callback(
        Output("page", "children"),
        Input("address", "pathname"),
        Input("address", "search"),
        Input("fresh", "n_intervals"),
    )
    def show(path: str | None, search: str | None, fresh: object) -> Component:
        """The page of the address, made of the snapshot that is served now."""
        return visit(snapshots, str(path or "/"), str(search or ""), place)[1]

    @app.server.after_request
    def with_status(response: flask.Response) -> flask.Response:
        status = flask.g.get("status")
        if status:
            response.status_code = status
            if flask.g.location:
                response.headers["Location"] = flask.g.location
            response.headers["Cache-Control"] = "no-cache"
        return response

    return app
