"""What a person picks from: rows of options and groups of indicators, each a link that changes one
thing in the address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from urllib.parse import parse_qsl, urlsplit

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.data.search import found
from dashboard.pages.page import PageRequest
from dashboard.texts import text

#: How many indicators are offered at once.
OFFERED = 100


def options(label: str, links: Iterable[tuple[str, str, bool]]) -> Component:
    """A row of choices: the words of each, where it leads, and whether it is the current one."""
    return html.Nav(
        [option(words, href, current) for words, href, current in links],
        className="options",
        **{"aria-label": label},
    )


def option(words: str, href: str, current: bool) -> Component:
    marked = {"aria-current": "true"} if current else {}
    return dcc_link(words, href, "option current" if current else "option", **marked)


def dcc_link(words: str, href: str, kind: str, **more: str) -> Component:
    """A link within the pages. Dash's own link takes no aria attributes, so that where one is
    wanted, what it says stands around it."""
    link = dcc.Link(words, href=href, className=kind)
    return html.Span(link, **more) if more else link


def search(visit: PageRequest, path: str, label: str, kept: Mapping[str, str]) -> Component:
    """A form that the browser sends: the words stand in the address as `q`, beside what is kept."""
    return html.Form(
        [
            html.Label(label, htmlFor="search", className="unseen"),
            dcc.Input(type="search", name="q", value=visit.query.get("q", ""), placeholder=label,
                      className="search-box", id="search", maxLength=100),
            *kept_inputs(visit, kept),
            html.Button(text("search", visit.lang), type="submit", className="search-button"),
        ],
        action=path, method="get", role="search", className="search",
        **{"aria-label": label},
    )  # fmt: skip


def kept_inputs(visit: PageRequest, kept: Mapping[str, str]) -> list[Component]:
    """What a form must carry besides, so that sending it loses nothing that was chosen."""
    return [
        dcc.Input(type="hidden", name=name, value=value, id=f"kept-{name}")
        for name, value in {**visit.chosen.kept, **kept}.items()
        if value
    ]


def picker(
    visit: PageRequest, chosen: Sequence[str], most: int, href: Callable[[Sequence[str]], str]
) -> Component:
    """Every indicator as a chip that adds it or takes it away; those that would be too many are
    words without a link. Where there are very many, those that are looked for."""
    catalog = visit.snapshot.catalog
    has_many = len(catalog.indicators) > OFFERED
    words = visit.query.get("q", "") if has_many else ""
    near = list(islice(found(visit.snapshot, words), OFFERED))
    offered = [*(catalog[name] for name in chosen if catalog[name] not in near), *near]
    groups = [
        html.Div(
            [
                html.Span(group.title.in_(visit.lang), className="picker-group"),
                html.Span(
                    [
                        chip(indicator.short.in_(visit.lang), indicator.id, chosen, most, href)
                        for indicator in offered
                        if indicator.group == name
                    ],
                    className="chips",
                ),
            ],
            className="picker-row",
        )
        for name, group in catalog.groups.items()
    ]
    count = text("picked", visit.lang, count=str(len(chosen)), most=str(most))
    return html.Details(
        [
            html.Summary([text("pick", visit.lang), html.Span(count, className="quiet")]),
            _look(visit, href(chosen)) if has_many else None,
            *groups,
        ],
        className="picker",
        open=True,
    )


def _look(visit: PageRequest, here: str) -> Component:
    """The form that looks for indicators to pick, keeping what the address `here` says."""
    parts = urlsplit(here)
    kept = {name: value for name, value in parse_qsl(parts.query) if name not in visit.chosen.kept}
    return search(visit, parts.path, text("search_indicators", visit.lang), kept)


def chip(
    words: str, name: str, chosen: Sequence[str], most: int, href: Callable[[Sequence[str]], str]
) -> Component:
    """One of several that may be chosen together: a link that adds it or takes it away."""
    if name in chosen:
        rest = [other for other in chosen if other != name]
        return dcc_link(f"{words} ✕", href(rest), "chip current", **{"aria-current": "true"})
    if len(chosen) >= most:
        return html.Span(words, className="chip full")
    return dcc.Link(words, href=href([*chosen, name]), className="chip")
