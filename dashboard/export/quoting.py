"""Values as they may be quoted: each with its date, unit and source, and the moment from which it
was known. Of a table the newest, and what it lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from dashboard import formatting
from dashboard.address import Transform
from dashboard.data.transforms import Empty
from dashboard.export.csv import iso
from dashboard.export.table import Column, Table, provenance
from dashboard.texts import empty_words, text
from etl.catalog import Indicator, Unit
from etl.frequency import RULES
from etl.records import Vintage

_LEVEL = Transform()


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
    return (found for column in table.columns if (found := _newest(column)) is not None)


def sentences(table: Table, lang: str) -> Iterator[str]:
    """Of each column the newest value, with every digit it has; that there is none; and of how many
    dates there is none, and why."""
    what = table.address.transform
    for column in table.columns:
        found = _newest(column)
        title = _titled(column.indicator, column.name, what, lang)
        if found is not None:
            unit = table.snapshot.catalog.unit(column.indicator)
            yield sentence(
                column.indicator, unit, found.vintage, lang, what, found.value, column.name
            )
        else:
            yield text("quote_none" if column.series else "quote_never", lang, title=title)
        lacking = Counter(
            why for (_, value), why in zip(column.rows, column.statuses, strict=True)
            if value is None
        )  # fmt: skip
        for why, count in lacking.items():
            yield text(
                "quote_lacking", lang, title=title, count=f"{count:,}",
                why=empty_words(Empty(why).value, lang),
            )  # fmt: skip


def sentence(
    indicator: Indicator,
    unit: Unit,
    vintage: Vintage,
    lang: str,
    what: Transform = _LEVEL,
    value: float | None = None,
    name: str = "",
) -> str:
    """A value of an indicator in words: as it is held, or `value` after a transform. `name` is the
    id that it bore, where that was another."""
    shown = vintage.value if value is None else value
    figure = formatting.table_figure(shown, what, indicator, unit, lang)
    return text(
        "quotable_value",
        lang,
        title=_titled(indicator, name or indicator.id, what, lang),
        day=quoted_day(vintage.date, indicator, lang),
        figure=f"{figure.number} {figure.unit}".strip(),
        exact=formatting.plain_number(shown),
        unit=formatting.unit_code_after(what, unit),
        source=provenance(vintage),
        known_at=iso(vintage.known_at.replace(microsecond=0)),
    )


def quoted_day(day: date, indicator: Indicator, lang: str) -> str:
    """The date of a value as data have it; where it stands for a period, with that in words."""
    if not RULES[indicator.frequency].is_of_periods:
        return text("quotable_day", lang, day=str(day))
    return text(
        "quotable_period", lang, day=str(day),
        period=formatting.day(day, indicator, lang, year=True),
    )  # fmt: skip


def _newest(column: Column) -> NewestValue | None:
    for place in range(len(column) - 1, -1, -1):
        vintage, value = column.rows[place]
        if value is not None:
            return NewestValue(column, vintage, value, column.statuses[place])
    return None


def _titled(indicator: Indicator, name: str, what: Transform, lang: str) -> str:
    how = f", u={what}" if what != _LEVEL else ""
    return text("quotable_title", lang, title=indicator.title.in_(lang), id=f"{name}{how}")
