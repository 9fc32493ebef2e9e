"""The newest values of a table as they may be quoted: each with its date, unit and source, and the
moment from which it was known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dashboard import formatting
from dashboard.address import Transform
from dashboard.export.csv import iso
from dashboard.export.table import Column, Table, provenance
from dashboard.texts import text
from etl.records import Vintage


@dataclass(frozen=True, slots=True)
class NewestValue:
    """The newest value that a column shows, after the transform."""

    column: Column
    vintage: Vintage
    value: float
    status: str

    @property
    def source(self) -> str:
        return provenance(self.vintage)


def newest(table: Table) -> Iterator[NewestValue]:
    """That of each column that has one."""
    for column in table.columns:
        for place in range(len(column) - 1, -1, -1):
            vintage, value = column.rows[place]
            if value is not None:
                yield NewestValue(column, vintage, value, column.statuses[place])
                break


def sentence(table: Table, one: NewestValue, lang: str) -> str:
    """It in words, with every digit it has."""
    what, indicator = table.address.transform, one.column.indicator
    unit = table.snapshot.catalog.unit(indicator)
    figure = formatting.table_figure(one.value, what, indicator, unit, lang)
    return text(
        "quotable_value",
        lang,
        title=indicator.title.in_(lang),
        id=one.column.name + (f", u={what}" if what != Transform() else ""),
        day=str(one.vintage.date),
        figure=f"{figure.number} {figure.unit}".strip(),
        exact=formatting.plain_number(one.value),
        unit=one.column.unit,
        source=one.source,
        known_at=iso(one.vintage.known_at.replace(microsecond=0)),
    )
