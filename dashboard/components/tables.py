"""A plain table: named columns over rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dash import html
from dash.development.base_component import Component


def table(heads: Iterable[str], rows: Sequence[Component], kind: str = "") -> Component:
    """The rows under their heads; `kind` is the class beside `table`."""
    head = html.Tr([html.Th(words, scope="col") for words in heads])
    return html.Table(
        [html.Thead(head), html.Tbody(rows)], className=f"table {kind}" if kind else "table"
    )
