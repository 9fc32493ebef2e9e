"""A chart on a page: a picture at once, with its words and its table; alive when scripts are."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboard.chart import plotly
from dashboard.chart.model import Model
from dashboard.chart.svg import chart, data_uri
from dashboard.texts import text

#: Papers as the style sheet cuts them, width and height: on a phone, and on anything wider.
Papers = tuple[tuple[int, int], tuple[int, int]]
LEAD: Papers = ((358, 240), (480, 225))
WIDE: Papers = ((358, 320), (960, 400))
HALF: Papers = ((358, 240), (640, 300))
TABLE_ROWS = 100


@dataclass(frozen=True, slots=True)
class PageChart:
    """The chart of a model; `name` tells it from other charts of the page."""

    name: str
    model: Model
    lang: str
    theme: str
    papers: Papers
    notes: tuple[str, ...] = ()

    @property
    def pictures(self) -> tuple[str, str]:
        """The chart as it stands on a phone and on anything wider, as addresses of pictures."""
        narrow, wide = (
            data_uri(chart(self.model, *paper, self.theme, named=len(self.model.series) == 1))
            for paper in self.papers
        )
        return narrow, wide

    @property
    def figure(self) -> dict[str, Any]:
        """The same for the chart library."""
        return plotly.figure(self.model, self.papers[0])

    @property
    def captions(self) -> list[str]:
        """What must be known to read it, each sentence once."""
        said = [*self.notes, *(one.label for one in self.model.levels if one.kind == "target")]
        if self.model.sampled:
            said.append(text("sampled", self.lang))
        return list(dict.fromkeys(said))

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """What the picture shows, in figures: day and values, the newest first."""
        columns = [{point.date: point.raw for point in one.points} for one in self.model.series]
        days = sorted(set().union(*columns), reverse=True)
        return [
            (
                self._day(columns, day),
                [
                    one.say(column[day]) if day in column else "—"
                    for one, column in zip(self.model.series, columns, strict=True)
                ],
            )
            for day in days[:TABLE_ROWS]
        ]

    @property
    def cut(self) -> str:
        """That the table shows the newest rows only, where it does."""
        count = len(set().union(*({p.date for p in one.points} for one in self.model.series)))
        if count <= TABLE_ROWS:
            return ""
        return text("table_cut", self.lang, shown=f"{TABLE_ROWS:,}", all=f"{count:,}")

    def _day(self, columns: Sequence[Container[date]], day: date) -> str:
        """The date as the first of the lines has it that has a value then."""
        return next(
            one.day(day)
            for one, held in zip(self.model.series, columns, strict=True)
            if day in held
        )
