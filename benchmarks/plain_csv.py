"""The peer: a plain Dash app with a route that reads the same columns and calls `to_csv`."""

from __future__ import annotations

import sys

import duckdb
from dash import Dash, html
from flask import Response


def main(snapshot: str, indicator: str, port: int) -> None:
    connection = duckdb.connect(snapshot, read_only=True)
    app = Dash("plain")
    app.layout = html.Div()
    query = (
        "select date, indicator, value, 'points' unit, source, known_at, status "
        "from observations where indicator = ? order by date"
    )

    @app.server.get("/csv")
    def csv() -> Response:
        frame = connection.cursor().execute(query, [indicator]).df()
        return Response(frame.to_csv(index=False), mimetype="text/csv")

    app.run(port=port, debug=False)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
