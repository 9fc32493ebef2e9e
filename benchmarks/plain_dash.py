"""The peer: the same text and the same chart as a plain Dash app, as its tutorial writes it."""

from __future__ import annotations

import sys

import duckdb
import plotly.express as px
from dash import Dash, dcc, html

from etl.bulletins.model import Bulletin


def main(snapshot: str, port: int) -> None:
    with duckdb.connect(snapshot, read_only=True) as connection:
        text = connection.execute("select document from bulletins order by date desc").fetchall()
        frame = connection.execute(
            "select date, value from observations where indicator = 'micron_market_cap_usd_bn'"
        ).df()
    bulletin = Bulletin.model_validate_json(text[0][0])
    app = Dash("plain")
    app.layout = html.Main(
        [
            html.H1(bulletin.title),
            html.P(bulletin.summary, className="summary"),
            *[html.P(p) for section in bulletin.sections for p in section.paragraphs],
            dcc.Graph(figure=px.line(frame, x="date", y="value")),
        ]
    )
    app.run(port=port, debug=False)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
