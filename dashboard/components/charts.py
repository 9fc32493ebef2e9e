"""A chart on a page: drawn at once as a picture, replaced by the live one when that has arrived."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.chart.model import Model
from dashboard.chart.plotly import CONFIG, figure
from dashboard.chart.svg import chart, data_uri
from dashboard.texts import text


def chart_block(model: Model, name: str, lang: str, notes: tuple[str, ...] = ()) -> Component:
    """The chart with its words; `name` tells it from other charts of the page."""
    if model.empty:
        return html.P(text("empty_chart", lang), className="chart-empty")
    lines = dict.fromkeys([*notes, *([text("sampled", lang)] if model.sampled else [])])
    return html.Figure(
        [
            html.Div(
                [
                    html.Img(
                        src=data_uri(chart(model)),
                        alt=model.description,
                        className="chart-still",
                        width="640",
                        height="300",
                    ),
                    dcc.Graph(
                        id={"kind": "graph", "name": name},
                        figure=figure(model),
                        config=CONFIG,
                        className="chart-live",
                        responsive=True,
                    ),
                ],
                className="chart",
            ),
            html.Figcaption([html.Span(line) for line in lines]) if lines else None,
        ],
        className="chart-figure",
    )
