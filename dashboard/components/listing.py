"""What a long list is asked by: choices in force, bars that narrow it, a search, further pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.pages.paging import Paged
from dashboard.texts import text


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a small bar chart: its name, its number, where it leads; `current` if chosen."""

    name: str
    count: int
    href: str
    current: bool = False


def bars(title: str, rows: Sequence[Bar], note: str = "") -> Component | None:
    """Names with bars and numbers, each a link; nothing where there are none."""
    if not rows:
        return None
    most = max(row.count for row in rows)
    return html.Section(
        [
            html.H2(title),
            html.P(note, className="quiet") if note else None,
            html.Ol([_bar(row, most) for row in rows], className="bars"),
        ]
    )


def _bar(row: Bar, most: int) -> Component:
    length = f"{100 * row.count / most:.0f}%"
    return html.Li(
        dcc.Link(
            [
                html.Span(row.name, className="bar-name"),
                # The number says what the bar shows.
                html.Span(
                    html.Span(className="bar", style={"width": length}),
                    className="bar-room",
                    **{"aria-hidden": "true"},
                ),
                html.Span(str(row.count), className="bar-count"),
            ],
            href=row.href,
            className="bar-row current" if row.current else "bar-row",
        )
    )


def in_force(label: str, links: Sequence[tuple[str, str]], lang: str) -> Component | None:
    """What narrows the list now, each with the link that takes it back."""
    if not links:
        return None
    return html.Nav(
        [
            dcc.Link(
                [words, html.Span(" ×", **{"aria-hidden": "true"})],
                href=href,
                className="filter",
                title=text("take_back", lang, what=words),
            )
            for words, href in links
        ],
        className="in-force",
        **{"aria-label": label},
    )


def further(page: Paged[Any], href: Callable[[str], str], lang: str) -> Component | None:
    """The way to the page before and the page after; nothing where there is one page. The first
    page has no number in its address."""
    if page.pages == 1:
        return None
    words = text("page_of", lang, page=str(page.number), pages=str(page.pages))
    near: list[Component] = [html.Span(words)]
    if page.number > 1:
        before = href(str(page.number - 1) if page.number > 2 else "")
        near.insert(0, dcc.Link(text("previous_page", lang), href=before))
    if page.number < page.pages:
        near.append(dcc.Link(text("next_page", lang), href=href(str(page.number + 1))))
    return html.Nav(near, className="further", **{"aria-label": text("pages", lang)})
