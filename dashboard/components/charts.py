"""A chart on a page: drawn at once as a picture, replaced by the live one when that has arrived."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import date

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.chart.model import Model
from dashboard.chart.plotly import CONFIG, figure
from dashboard.chart.svg import chart, data_uri
from dashboard.components import tables
from dashboard.display import Display
from dashboard.texts import text

#: Papers as the style sheet cuts them, width and height: on a phone, and on anything wider.
Papers = tuple[tuple[int, int], tuple[int, int]]
LEAD: Papers = ((358, 240), (480, 225))
WIDE: Papers = ((358, 320), (960, 400))
HALF: Papers = ((358, 240), (640, 300))
TABLE_ROWS = 100
ON_A_PHONE = "screen and (max-width: 760px)"


def chart_block(
    model: Model, name: str, chosen: Display, papers: Papers, notes: Iterable[str] = ()
) -> Component:
    """The chart with its words; `name` tells it from other charts of the page."""
    if model.empty:
        return html.P(text("empty_chart", chosen.lang), className="chart-empty")
    said = [
        *notes,
        *([text("sampled", chosen.lang)] if model.sampled else []),
        *([text("bulletin_marks", chosen.lang)] if model.bulletins else []),
    ]
    figures = html.Figure(
        [
            _names(model) if len(model.series) > 1 else None,
            html.Div(
                [
                    _still(model, chosen.theme, papers),
                    dcc.Graph(
                        id={"kind": "graph", "name": name},
                        figure=figure(model, papers[0]),
                        config=CONFIG,
                        className="chart-live",
                        responsive=True,
                    ),
                ],
                className="chart",
            ),
            html.Figcaption([html.Span(line) for line in dict.fromkeys(said)]) if said else None,
        ],
        className="chart-figure",
    )
    return html.Div([figures, _table(model, chosen.lang)])


def _table(model: Model, lang: str) -> Component:
    """What the picture shows, in figures, the newest first."""
    columns = [{point.date: point.raw for point in series.points} for series in model.series]
    days = sorted(set().union(*columns), reverse=True)
    shown = days[:TABLE_ROWS]
    rows = [
        html.Tr([html.Th(_day(model, columns, day), scope="row"),
                 *(html.Td(series.say(column[day]) if day in column else "—")
                   for series, column in zip(model.series, columns, strict=True))])
        for day in shown
    ]  # fmt: skip
    cut = text("table_cut", lang, shown=f"{len(shown):,}", all=f"{len(days):,}")
    words = text("as_table", lang)
    heads = [text("date", lang), *(series.name for series in model.series)]
    return html.Details(
        [
            html.Summary(words),
            html.P(cut, className="quiet") if len(days) > len(shown) else None,
            html.Div(tables.table(heads, rows), className="scroll", tabIndex="0",
                     role="region", **{"aria-label": words}),
        ],
        className="behind",
    )  # fmt: skip


def _day(model: Model, columns: Sequence[Container[date]], day: date) -> str:
    """The date as the first of the lines has it that has a value then."""
    return next(s.day(day) for s, held in zip(model.series, columns, strict=True) if day in held)


def _still(model: Model, theme: str, papers: Papers) -> Component:
    """The chart as a picture, drawn for the reader's paper."""
    narrow, wide = (
        data_uri(chart(model, *paper, theme, named=len(model.series) == 1)) for paper in papers
    )
    width, height = papers[1]
    image = html.Img(
        src=wide, alt=model.description, className="chart-still", width=str(width),
        height=str(height),
    )  # fmt: skip
    return html.Picture([html.Source(media=ON_A_PHONE, srcSet=narrow), image])


def _names(model: Model) -> Component:
    """Which line is which, with its newest value and when that was."""
    items = [
        html.Li(
            [
                html.Span(className=f"swatch c{number}"),
                series.name,
                *([" ", html.B(series.marks[0].label), " ",
                   html.Span(series.until, className="quiet")] if series.marks else []),
            ]
        )
        for number, series in enumerate(model.series)
    ]  # fmt: skip
    return html.Ul(items, className="chart-names")
