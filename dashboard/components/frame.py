"""The frame of every page: masthead, navigation, display choices, footer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import formatting
from dashboard.chart_page.report_mail import PAGE as CORRECTIONS
from dashboard.data.snapshot import Snapshot
from dashboard.display import THEMES, UPDOWNS, Display
from dashboard.pages.page import Page
from dashboard.prerender import stilled
from dashboard.texts import text

NAVIGATION = (
    ("/", "today"),
    ("/bulletins", "bulletins"),
    ("/indicators", "indicators"),
    ("/compare", "compare"),
    ("/policies", "policies"),
    ("/export", "export"),
    ("/status", "status_page"),
    ("/about", "about"),
)


def frame(
    page: Page,
    chosen: Display,
    path: str,
    query: Mapping[str, str],
    snapshot: Snapshot | None,
) -> Component:
    """A whole page around its body; what of it has no life of its own is HTML."""
    parts = [
        html.A(text("skip", chosen.lang), href="#main", className="skip"),
        _masthead(chosen, path, query),
        html.Main(page.body, id="main", tabIndex="-1"),
        _footer(chosen, snapshot),
    ]
    return html.Div(
        stilled(parts),
        className="site",
        lang="en" if chosen.lang == "en" else "zh-CN",
        **{"data-theme": chosen.theme, "data-updown": chosen.updown, "data-title": page.title},
    )


def _masthead(chosen: Display, path: str, query: Mapping[str, str]) -> Component:
    home = dcc.Link(
        [
            html.Span(text("site", chosen.lang), className="masthead-name"),
            html.Span(text("desk", chosen.lang), className="masthead-desk"),
        ],
        href=chosen.href("/"),
        className="masthead-home",
    )
    links = [
        dcc.Link(
            text(name, chosen.lang),
            href=chosen.href(where),
            className="nav-link current" if _is_here(where, path) else "nav-link",
        )
        for where, name in NAVIGATION
    ]
    return html.Header(
        [home, html.Nav(links, className="nav"), _display(chosen, path, query)],
        className="masthead",
    )


def _is_here(where: str, path: str) -> bool:
    return path == where or (where != "/" and path.startswith(where))


def _display(chosen: Display, path: str, query: Mapping[str, str]) -> Component:
    """Language, theme and colour of a rise: each a link to this page, chosen otherwise."""
    own = {k: v for k, v in query.items() if k not in ("lang", "theme", "updown")}
    theme = THEMES[(THEMES.index(chosen.theme) + 1) % len(THEMES)]
    updown = UPDOWNS[1 - UPDOWNS.index(chosen.updown)]
    other = "zh" if chosen.lang == "en" else "en"

    def link(words: str, label: str, changed: Display) -> Component:
        return dcc.Link(words, href=changed.href(path, **own), className="choice", title=label)

    return html.Div(
        [
            link(
                text("language", chosen.lang),
                text("language_label", chosen.lang),
                replace(chosen, lang=other),
            ),
            link(
                text(f"theme_{chosen.theme}", chosen.lang),
                "→ " + text(f"theme_{theme}", chosen.lang),
                replace(chosen, theme=theme),
            ),
            link(
                text(f"updown_{chosen.updown}", chosen.lang),
                "→ " + text(f"updown_{updown}", chosen.lang),
                replace(chosen, updown=updown),
            ),
        ],
        className="choices",
        role="group",
        **{"aria-label": text("display", chosen.lang)},
    )


def _footer(chosen: Display, snapshot: Snapshot | None) -> Component:
    parts: list[Component | str] = [
        html.Span(text("footer", chosen.lang)),
        dcc.Link(text("corrections", chosen.lang), href=chosen.href(CORRECTIONS)),
    ]
    if snapshot is not None:
        when = formatting.beijing(snapshot.published_at, chosen.lang)
        named = f"{text('snapshot', chosen.lang)} {snapshot.name}"
        comma = "，" if chosen.lang == "zh" else ", "
        words = f"{named}{comma}{text('published', chosen.lang)} {when}"
        parts.append(html.Span(words, className="snapshot-name"))
    return html.Footer(parts, className="footer")
