"""The values of a chart as an HTML table, newest first: what its picture shows, in figures."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from datetime import date
from html import escape

from dashboard import formatting
from dashboard.address import Transform
from dashboard.chart_page.view import View
from dashboard.data.transforms import Empty
from dashboard.export.table import Column
from dashboard.formatting import Figure
from dashboard.texts import text
from etl.frequency import RULES, period_middle

MAX_ROWS = 1500


def value_table(view: View) -> str:
    """The head and the rows of the table; at most so many of the newest dates."""
    lang = view.lang
    alone = len(view.columns) == 1
    heads = [_heading(view, column, alone) for column in view.columns]
    if alone:
        heads.append(text("known_at", lang))
    head = "".join(f'<th scope="col" class="n">{escape(words)}</th>' for words in heads)
    rows = _rows_of_one(view) if alone else _rows_of_several(view)
    first = f'<th scope="col">{text("date", lang)}</th>'
    return f"<thead><tr>{first}{head}</tr></thead><tbody>{''.join(rows)}</tbody>"


def caption(view: View) -> str:
    """What the table shows, and how much of it where that is not all."""
    days = len({v.date for c in view.columns for v, x in c.rows if x is not None})
    if days > MAX_ROWS:
        return text("table_cut", view.lang, shown=f"{MAX_ROWS:,}", all=f"{days:,}")
    return view.words.subtitle


def _heading(view: View, column: Column, alone: bool) -> str:
    lang = view.lang
    largest = _largest(column)
    label = "" if largest is None else _figure(view, column, largest, largest).unit
    name = text("value", lang) if alone else column.indicator.short.in_(lang)
    bracket = f"（{label}）" if lang == "zh" else f" ({label})"
    return name + (bracket if label else "")


def _rows_of_one(view: View) -> Sequence[str]:
    """Values as they are held read the same in every window: their rows are written once for the
    whole history, and a window is a slice of it."""
    (column,) = view.columns
    address, length = view.address, len(column.series)
    if address.transform != Transform():
        return _written(view, column)[:MAX_ROWS]
    whole = replace(column, start=0, stop=length)
    key = (address.id, address.as_of, view.lang)
    rows = view.snapshot.cached("rows", key, lambda: _written(view, whole))
    return rows[length - column.stop : length - column.start][:MAX_ROWS]


def _written(view: View, column: Column) -> list[str]:
    largest = _largest(column) or 0.0
    return [
        f"<tr>{_day(view, column, v.date)}"
        f'<td class="n">{_figure(view, column, x, largest).number}</td>'
        f'<td class="n">{formatting.minute(v.known_at)}</td></tr>'
        for v, x in reversed(column.rows)
        if x is not None
    ]


def _rows_of_several(view: View) -> list[str]:
    cells = [
        {v.date: _figure(view, c, x, largest).number for v, x in c.rows if x is not None}
        for c in view.columns
        for largest in (_largest(c) or 0.0,)
    ]
    days = sorted({day for column in cells for day in column}, reverse=True)[:MAX_ROWS]
    return [
        f"<tr>{_day(view, _shortest(view.columns, cells, day), day)}"
        + "".join(f'<td class="n">{column.get(day, "")}</td>' for column in cells)
        + "</tr>"
        for day in days
    ]


def _shortest(columns: Sequence[Column], cells: Sequence[Container[date]], day: date) -> Column:
    """The first of the columns with a value on a day whose values stand for the shortest time."""
    held = (column for column, of in zip(columns, cells, strict=True) if day in of)
    return min(held, key=lambda column: RULES[column.indicator.frequency].months or 0)


def _day(view: View, column: Column, day: date) -> str:
    """The date as the column has it, and where the picture shows it if that is elsewhere."""
    shown = formatting.table_day(day, column.indicator, view.lang)
    at = period_middle(column.indicator.frequency, day)
    place = "" if at == day else f' data-at="{at}"'
    return f'<th scope="row"><time datetime="{day}"{place}>{shown}</time></th>'


def _largest(column: Column) -> float | None:
    """What the whole history of a column is counted by, in every window; none where it is empty."""
    held = (abs(x) for x in column.results if not isinstance(x, Empty))
    return max(held, default=None) if any(x is not None for _, x in column.rows) else None


def _figure(view: View, column: Column, value: float, largest: float) -> Figure:
    unit = view.snapshot.catalog.unit(column.indicator)
    return formatting.table_figure(
        value, view.address.transform, column.indicator, unit, view.lang, largest
    )
