"""The Dash app on top of the pages: what stands still is HTML that the server wrote; charts come
alive in it, and one callback changes a page in place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from dash import Dash, Input, Output, ctx, dcc, no_update
from dash.development.base_component import Component
from markupsafe import Markup

from dashboard.address import AddressError, parse_query
from dashboard.chart.plotly import CONFIG
from dashboard.chart_page.page import SiteConfig
from dashboard.data.snapshot import Snapshots
from dashboard.markup import render
from dashboard.pages import Shown, resolve, resolve_draft, wrong_address
from dashboard.pages.draft import SentDraft
from dashboard.pages.parts.charts import PageChart
from dashboard.texts import site_title
from dashboard.urls import ASSETS, Urls

#: Where dash asks for its chart library; the server answers with the basic bundle.
PLOTLY_PATH = "/_dash-component-suites/plotly/package_data/plotly.min.js"
#: Starts the renderer when every other script is there. Dash would write it into the page.
START = "start.js"
#: A file of ours as Dash names it.
_DATED = re.compile(r'"[^"]*/assets/([^"?]+)\?m=[0-9.]+"')
#: Components that no page has: 240 kB that a phone would read for nothing.
UNUSED = ("/dash/html/", "/dash/dash_table/")
#: The megabyte of the desk's grid: Dash offers each page whatever is imported beside it.
GRID = "/dash_ag_grid/"


class ServerPage(Component):
    """The page that the server wrote. Its `children`, named by `slots`, live within it; when `html`
    is given, the page becomes that one, in place. assets/page.js is its other half."""

    _namespace = "xinzhi"
    _type = "ServerPage"
    _children_props: ClassVar[list[str]] = []

    def __init__(self, id: str) -> None:
        self._prop_names = ["id", "html", "slots", "children", "snapshot"]
        self.available_properties = self._prop_names
        self._valid_wildcard_attributes: list[str] = []
        self.available_wildcard_properties: list[str] = []
        super().__init__(id=id)


class Pages(Dash):
    """Dash without its own document: `tags` are what a document must hold to come alive."""

    tags: Mapping[str, str]
    unused: tuple[str, ...] = UNUSED

    def interpolate_index(self, **parts: Any) -> str:
        used = [
            script
            for script in parts["scripts"].split("\n")
            if not any(unused in script for unused in self.unused)
        ]
        self.tags = {"config": parts["config"], "scripts": "\n".join(used)}
        return str(super().interpolate_index(**parts))


class LivePages:
    """Every page as a whole document, and the app that changes it in place."""

    def __init__(self, snapshots: Snapshots, site: SiteConfig) -> None:
        self.snapshots, self.site = snapshots, site
        self.dash = _create_dash(self.show, site.urls)
        self._scripts = Markup("")

    def learn_scripts(self) -> None:
        """Ask Dash what a document must load to come alive; to be done before the first reader."""
        self.dash.server.test_client().get("/")
        urls, tags = self.site.urls, self.dash.tags
        # Dash names our files by their times, which differ from machine to machine.
        scripts = _DATED.sub(lambda found: f'"{urls.asset(found[1])}"', tags["scripts"])
        start = f'<script src="{urls.asset(START)}"></script>'
        self._scripts = Markup(f"{tags['config']}{scripts}{start}")

    def show(self, path: str, search: str) -> Shown:
        """The page of an address as it stands in a browser."""
        try:
            return resolve(self.snapshots, path, parse_query(search), self.site)
        except AddressError as error:
            return wrong_address(error, self.site)

    def check(self, search: str, sent: SentDraft) -> Shown:
        """The page of a draft that was sent."""
        return resolve_draft(self.snapshots, parse_query(search), sent, self.site)

    def document(self, shown: Shown) -> str:
        """The whole document, which comes alive where there are scripts."""
        app = {"scripts": self._scripts, "chart_library": self.site.urls.to(PLOTLY_PATH)}
        return document(shown, self.site, app)


def document(
    shown: Shown,
    site: SiteConfig,
    app: Mapping[str, Any] | None = None,
    scripts: Sequence[str] = (),
) -> str:
    """A page as a document; without an `app` it stands still, but for the `scripts` that are
    named."""
    return render(
        "document.html", shown.lang, page=shown.page, body=shown.html, urls=site.urls, app=app,
        alone=scripts,
    )  # fmt: skip


def _create_dash(show: Any, urls: Urls) -> Pages:
    app = Pages(
        "dashboard",
        # The server takes the prefix away from what comes in; browsers put it before what they ask.
        requests_pathname_prefix=urls.to("/"),
        routes_pathname_prefix="/",
        assets_folder=str(ASSETS),
        assets_ignore=rf"^{START}$",
        title=site_title(),
        update_title="",
        suppress_callback_exceptions=True,
        serve_locally=True,
        add_log_handler=False,
    )
    app.unused = (*UNUSED, GRID)
    app.layout = [dcc.Location(id="address"), ServerPage(id="content")]

    @app.callback(
        Output("content", "html"),
        Output("content", "slots"),
        Output("content", "children"),
        Input("address", "pathname"),
        Input("address", "search"),
        Input("content", "snapshot"),
    )
    def change(path: str | None, search: str | None, snapshot: object) -> tuple[Any, ...]:
        """The page of the address, made of the snapshot that is served now. A page that has just
        been opened is there already: it wants its charts alone."""
        shown = show(urls.within(str(path or "/")) or "/", str(search or ""))
        if there := urls.within(shown.page.location):
            shown = show(*there.partition("?")[::2])
        charts = [one for one in shown.page.charts if not one.model.empty]
        html = str(shown.html) if ctx.triggered else no_update
        return html, [one.name for one in charts], [_graph(one) for one in charts]

    return app


def _graph(one: PageChart) -> dcc.Graph:
    return dcc.Graph(
        id={"kind": "graph", "name": one.name},
        figure=one.figure,
        config=CONFIG,
        responsive=True,
        className="chart-graph",
    )
