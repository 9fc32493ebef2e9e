"""Cards and figures: from readings to markup, with unit, date and source in each."""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import formatting
from dashboard.chart.svg import data_uri, spark
from dashboard.data.cards import Reading
from dashboard.display import Display
from dashboard.formatting import Change, Figure
from dashboard.texts import text
from etl.words.sentences import Badge

Parts = list[Component | str]


def strip(items: Sequence[Reading], chosen: Display) -> Component:
    """The headline figures, side by side."""
    return html.Section(
        [_headline(item, chosen) for item in items],
        className="strip",
        **{"aria-label": text("strip", chosen.lang)},
    )


def card(item: Reading, chosen: Display) -> Component:
    """One indicator: name, value, change, sparkline, date and source."""
    assert item.vintage is not None
    assert item.figure is not None
    return html.Article(
        [
            html.Div(
                [
                    dcc.Link(
                        item.indicator.short.in_(chosen.lang),
                        href=chosen.href(f"/indicators/{item.id}"),
                        className="card-name",
                        title=item.indicator.title.in_(chosen.lang),
                    ),
                    *[badge(b) for b in item.badges],
                ],
                className="card-head",
            ),
            html.Div(
                [
                    html.Div([number(item.figure), delta(item.change)], className="card-figures"),
                    sparkline(item, chosen),
                ],
                className="card-body",
            ),
            html.Div(_provenance(item, chosen), className="card-foot"),
        ],
        className="card",
        id=f"card-{item.id}",
    )


def waiting(items: Sequence[Reading], chosen: Display) -> Component | None:
    """One quiet line for mentioned indicators of which nothing is held."""
    if not items:
        return None
    links: Parts = []
    for index, item in enumerate(items):
        separator = "、" if chosen.lang == "zh" else ", "
        links += [separator] if index else []
        links.append(
            dcc.Link(
                item.indicator.short.in_(chosen.lang), href=chosen.href(f"/indicators/{item.id}")
            )
        )
    return html.P([text("waiting", chosen.lang), *links], className="waiting")


def number(figure: Figure, size: str = "card-number") -> Component:
    """A number with its unit set smaller beside it."""
    parts: Parts = [figure.number]
    if figure.unit:
        tight = "" if figure.unit == "%" else " "
        parts.append(html.Span(f"{tight}{figure.unit}", className="unit"))
    return html.Span(parts, className=size)


def delta(change: Change | None) -> Component | None:
    """A change with its arrow; the colour only repeats what the arrow says."""
    if change is None:
        return None
    kind = {1: "rise", -1: "fall"}.get(change.direction, "flat")
    return html.Span(f"{change.arrow} {change.text}", className=f"delta {kind}")


def badge(item: Badge) -> Component:
    return html.Span(item.words, className=f"badge {item.kind}", title=item.sentence)


def sparkline(item: Reading, chosen: Display) -> Component | None:
    if not item.spark:
        return None
    first, last = item.spark[0][0], item.spark[-1][0]
    return html.Img(
        src=data_uri(spark(item.spark, step=item.indicator.frequency == "event")),
        alt=text(
            "chart_of",
            chosen.lang,
            title=item.indicator.title.in_(chosen.lang),
            first=formatting.day(first, item.indicator, chosen.lang, year=True),
            last=formatting.day(last, item.indicator, chosen.lang, year=True),
        ),
        className="spark",
        width="120",
        height="36",
    )


def dated(item: Reading, lang: str) -> str:
    """The date of a value and how it came to be held: 5 月 26 日收盘 · 随附."""
    assert item.vintage is not None
    words = formatting.day(item.vintage.date, item.indicator, lang, year=item.needs_year)
    if item.indicator.publication.rule == "close":
        words = text("close_of", lang, day=words)
    if item.vintage.status == "fetched":
        return words
    return f"{words} · {text(f'{item.vintage.status}_status', lang)}"


def source_words(item: Reading, lang: str) -> str:
    """Whom the value is from, as the catalog credits it."""
    return item.indicator.credit.name.in_(lang)


def _provenance(item: Reading, chosen: Display) -> Parts:
    assert item.vintage is not None
    source = source_words(item, chosen.lang)
    parts: Parts = [
        html.Span(dated(item, chosen.lang), className="card-date"),
        html.Span(
            source, className="card-source", title=text("source_is", chosen.lang, source=source)
        ),
    ]
    if item.has_newer and item.latest is not None:
        figure = formatting.figure(item.latest.value, item.indicator, item.unit, chosen.lang)
        when = formatting.day(item.latest.date, item.indicator, chosen.lang)
        words = f"{text('latest', chosen.lang)} {figure}（{when}）"
        if chosen.lang == "en":
            words = f"{text('latest', chosen.lang)} {figure} ({when})"
        parts.append(html.Span(words, className="card-latest"))
    return parts


def _headline(item: Reading, chosen: Display) -> Component:
    name = dcc.Link(
        item.indicator.short.in_(chosen.lang),
        href=chosen.href(f"/indicators/{item.id}"),
        className="headline-name",
        title=item.indicator.title.in_(chosen.lang),
    )
    if item.vintage is None or item.figure is None:
        return html.Div(
            [name, html.Span("—", className="headline-number"),
             html.Span(text("no_data", chosen.lang), className="headline-date")],
            className="headline",
        )  # fmt: skip
    source = source_words(item, chosen.lang)
    marked = [
        html.Span(b.words, className=f"badge {b.kind}", title=b.sentence) for b in item.badges
    ]
    return html.Div(
        [
            name,
            number(item.figure, "headline-number"),
            html.Div([delta(item.change), *marked[:1]], className="headline-change"),
            html.Span(dated(item, chosen.lang), className="headline-date"),
            html.Span(source, className="headline-source", title=source),
        ],
        className="headline",
    )
