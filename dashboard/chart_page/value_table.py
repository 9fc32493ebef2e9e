"""The values of a chart as an HTML table, newest first: what its picture shows, in figures."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice

from markupsafe import Markup

from dashboard import formatting
from dashboard.address import Transform
from dashboard.chart_page.view import View
from dashboard.data.transforms import Empty
from dashboard.export.table import Column
from dashboard.formatting import Figure
from dashboard.markup import render
from dashboard.texts import text
from etl.frequency import RULES, period_middle

MAX_ROWS = 1500


def value_table(view: View) -> Markup:
    """The head and the rows of the table; at most so many of the newest dates."""
    alone = len(view.columns) == 1
    heads = [_heading(view, column, alone) for column in view.columns]
    if alone:
        heads.append(text("known_at", view.lang))
    rows = _rows_of_one(view) if alone else _rows_of_several(view)
    # Rows are markup already; joining them as such would look at each of them again.
    return render("value_table.html", view.lang, heads=heads, rows=Markup("".join(rows)))


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
        return _written(view, column, MAX_ROWS)
    whole = replace(column, start=0, stop=length)
    key = (address.id, address.as_of, view.lang, address.freq, address.agg)
    rows = view.snapshot.cached("rows", key, lambda: _written(view, whole, length))
    return rows[length - column.stop : length - column.start][:MAX_ROWS]


def _written(view: View, column: Column, most: int) -> Sequence[str]:
    """The newest rows of a column."""
    largest = _largest(column) or 0.0
    shown = ((v, x) for v, x in reversed(column.rows) if x is not None)
    return _markup(
        view,
        (
            (
                column,
                v.date,
                (_figure(view, column, x, largest).number, formatting.minute(v.known_at)),
            )
            for v, x in islice(shown, most)
        ),
    )


def _rows_of_several(view: View) -> Sequence[str]:
    cells = [
        {v.date: _figure(view, c, x, largest).number for v, x in c.rows if x is not None}
        for c in view.columns
        for largest in (_largest(c) or 0.0,)
    ]
    days = sorted({day for column in cells for day in column}, reverse=True)[:MAX_ROWS]
    return _markup(
        view,
        (
            (
                _shortest(view.columns, cells, day),
                day,
                [column.get(day, "") for column in cells],
            )
            for day in days
        ),
    )


def _shortest(columns: Sequence[Column], cells: Sequence[Container[date]], day: date) -> Column:
    """The first of the columns with a value on a day whose values stand for the shortest time."""
    held = (column for column, of in zip(columns, cells, strict=True) if day in of)
    return min(held, key=lambda column: RULES[column.indicator.frequency].months or 0)


def _markup(view: View, rows: Iterable[tuple[Column, date, Sequence[str]]]) -> Sequence[str]:
    """Each row as markup: the date as its column has it, where the picture shows it if that is
    elsewhere, and the cells."""
    named = ((*_day(view, column, day), cells) for column, day, cells in rows)
    return render("value_rows.html", view.lang, rows=named).split("\n")[1:]


def _day(view: View, column: Column, day: date) -> tuple[str, str, str]:
    at = period_middle(column.indicator.frequency, day)
    shown = formatting.table_day(day, column.indicator, view.lang)
    return day.isoformat(), "" if at == day else at.isoformat(), shown


def _largest(column: Column) -> float | None:
    """What the whole history of a column is counted by, in every window; none where it is empty."""
    held = (abs(x) for x in column.results if not isinstance(x, Empty))
    return max(held, default=None) if any(x is not None for _, x in column.rows) else None


def _figure(view: View, column: Column, value: float, largest: float) -> Figure:
    unit = view.snapshot.catalog.unit(column.indicator)
    return formatting.table_figure(
        value, view.address.transform, column.indicator, unit, view.lang, largest
    )
