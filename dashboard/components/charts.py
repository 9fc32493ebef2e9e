"""A chart on a page: drawn at once as a picture, replaced by the live one when that has arrived."""

from __future__ import annotations

from collections.abc import Iterable

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.chart.model import Model
from dashboard.chart.plotly import CONFIG, figure
from dashboard.chart.svg import chart, data_uri
from dashboard.choices import Choices
from dashboard.texts import text

#: Papers as the style sheet cuts them, width and height: on a phone, and on anything wider.
Papers = tuple[tuple[int, int], tuple[int, int]]
LEAD: Papers = ((358, 240), (480, 225))
WIDE: Papers = ((358, 320), (960, 400))
HALF: Papers = ((358, 240), (640, 300))
ON_A_PHONE = "screen and (max-width: 760px)"


def chart_block(
    model: Model, name: str, chosen: Choices, papers: Papers, notes: Iterable[str] = ()
) -> Component:
    """The chart with its words; `name` tells it from other charts of the page."""
    if model.empty:
        return html.P(text("empty_chart", chosen.lang), className="chart-empty")
    said = [
        *notes,
        *([text("sampled", chosen.lang)] if model.sampled else []),
        *([text("bulletin_marks", chosen.lang)] if model.bulletins else []),
    ]
    return html.Figure(
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
