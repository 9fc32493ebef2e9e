"""What a page is: where it lives, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.chart_page.page import SiteConfig
from dashboard.data.snapshot import Published, Snapshot
from dashboard.display import Display
from dashboard.texts import text


@dataclass(frozen=True, slots=True)
class PageClock:
    """What a page is judged by besides the snapshot: the clock, what is wrong with the published
    files, and which there are. Whoever looks at it is kept no longer than its minute."""

    minute: datetime
    problem: str
    published: tuple[Published, ...]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One reader asking for one page of one snapshot, on a site."""

    snapshot: Snapshot
    path: str
    query: Mapping[str, str]
    chosen: Display
    site: SiteConfig

    @property
    def lang(self) -> str:
        return self.chosen.lang


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: its title, a sentence about it, its body and its HTTP status; `location` is where
    the page has moved to."""

    title: str
    body: list[Component]
    description: str = ""
    status: int = 200
    has_chart: bool = False
    location: str = ""


def message(title: str, sentence: str, chosen: Display, status: int) -> Page:
    """A page that says in words why there is nothing else to show."""
    body = html.Section(
        [
            html.H1(title),
            html.P(sentence, className="message"),
            html.P(dcc.Link(text("home", chosen.lang), href=chosen.href("/"))),
        ],
        className="narrow",
    )
    return Page(title, [body], sentence, status)
