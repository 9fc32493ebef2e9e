"""The table of indicators: one row an indicator, of the columns that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components import cards, freshness
from dashboard.data.freshness import Health
from dashboard.data.indicator_rows import Line
from dashboard.formatting import Change
from dashboard.pages.page import PageRequest
from dashboard.texts import text

#: The columns that a reader may choose, beside the name.
COLUMNS = ("value", "change", "month", "year", "record", "trend", "age", "date", "source")
_RECKONED = frozenset({"month", "year", "record"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: what is known of an indicator, and how fresh it is."""

    line: Line
    health: Health


def column_words(name: str, lang: str) -> str:
    return text(f"col_{name}" if name in _RECKONED else name, lang)


def indicator_table(
    visit: PageRequest,
    entries: Iterable[Entry],
    columns: Sequence[str],
    heading: Callable[[str], Component],
) -> Component:
    """The rows under the headings of their columns; the name comes first."""
    header = html.Tr([heading(name) for name in ("name", *columns)])
    rows = [_row(visit, entry, columns) for entry in entries]
    return html.Table([html.Thead(header), html.Tbody(rows)], className="table indicators-table")


def _row(visit: PageRequest, entry: Entry, columns: Sequence[str]) -> Component:
    name = _name(visit, entry.line)
    if entry.line.reading.vintage is None:
        empty = html.Td(text("no_data", visit.lang), colSpan=max(1, len(columns)),
                        className="empty-cell")  # fmt: skip
        return html.Tr([name, empty] if columns else [name])
    return html.Tr([name, *(_cell(visit, entry, column) for column in columns)])


def _name(visit: PageRequest, line: Line) -> Component:
    item = line.reading
    title = item.indicator.title.in_(visit.lang)
    pin = html.Button("☆", className="pin", **{
        "data-pin": item.id, "data-was": " ".join(item.indicator.old_ids), "aria-pressed": "false",
        "aria-label": text("pin", visit.lang, title=title)})  # fmt: skip
    link = dcc.Link(title, href=visit.chosen.href(f"/indicators/{item.id}"))
    badges = [cards.badge(b) for b in item.badges]
    return html.Th([pin, link, *badges], scope="row", className="col-name")


def _cell(visit: PageRequest, entry: Entry, column: str) -> Component:
    labelled = {"data-label": column_words(column, visit.lang)} if column in _RECKONED else {}
    return html.Td(_CELLS[column](visit, entry), className=f"col-{column}", **labelled)


def _value(visit: PageRequest, entry: Entry) -> Component | None:
    figure = entry.line.reading.figure
    return cards.number(figure, "cell-number") if figure else None


def _apart(change: Change | None) -> Component | str | None:
    return cards.delta(change) if change else "—"


def _age(visit: PageRequest, entry: Entry) -> list[Component | str]:
    sign, words = freshness.sign(entry.health.state), freshness.age(entry.health, visit.lang)
    return [sign, html.Span(text(f"state_{entry.health.state}", visit.lang), className="unseen"),
            words]  # fmt: skip


_CELLS: Mapping[str, Callable[[PageRequest, Entry], object]] = {
    "value": _value,
    "change": lambda visit, entry: cards.delta(entry.line.reading.change),
    "month": lambda visit, entry: _apart(entry.line.month),
    "year": lambda visit, entry: _apart(entry.line.year),
    "record": lambda visit, entry: _apart(entry.line.record),
    "trend": lambda visit, entry: cards.sparkline(entry.line.reading, visit.chosen),
    "age": _age,
    "date": lambda visit, entry: cards.dated(entry.line.reading, visit.lang),
    "source": lambda visit, entry: cards.source_words(entry.line.reading, visit.lang),
}
