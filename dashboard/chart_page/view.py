"""What one chart address shows: its table, the model drawn from it, and the words said of it. Page,
picture and text are made of the same view, and so is the data file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboard.address import ChartAddress
from dashboard.chart.model import Model, Part, compose
from dashboard.chart.notes import Note
from dashboard.chart.words import Words, words
from dashboard.data import queries
from dashboard.data.notes import chart_notes
from dashboard.data.snapshot import Snapshot
from dashboard.export.table import Column, Table, table
from dashboard.texts import text
from etl.frequency import period_end
from etl.records import Vintage


@dataclass(frozen=True, slots=True)
class View:
    """One address in one snapshot."""

    address: ChartAddress
    snapshot: Snapshot
    table: Table
    parts: tuple[Part, ...]
    model: Model
    words: Words

    @property
    def lang(self) -> str:
        return self.address.lang

    @property
    def columns(self) -> Sequence[Column]:
        return self.table.columns


def view(snapshot: Snapshot, address: ChartAddress) -> View:
    """The view of an address; AddressError in words where a picture of it would be wrong."""
    plain = of_data(address)
    found = snapshot.cached("table", plain, lambda: table(snapshot, plain))
    parts = tuple(
        Part(
            column.indicator,
            snapshot.catalog.unit(column.indicator),
            _shown_rows(column, address),
            # Records are those of the values as they are held.
            () if address.freq else queries.events(snapshot, column.indicator.id, address.as_of),
        )
        for column in found.columns
    )
    model = compose(
        parts,
        transform=address.transform,
        lang=address.lang,
        log=address.scale == "log",
        notes=_notes(snapshot, address, parts),
        as_of=address.as_of,
    )
    said = words(
        model, parts, address.transform, address.lang, address.as_of,
        reconstructed=snapshot.is_reconstructed(address.ids, address.as_of), title=address.title,
    )  # fmt: skip
    return View(address, snapshot, found, parts, model, said)


def known_then(view: View, moment: str) -> str:
    """As of when a frozen view speaks, and whether that is reconstructed."""
    words = text("known_then", view.lang, moment=moment)
    if not view.snapshot.is_reconstructed(view.address.ids, view.address.as_of):
        return words
    why = text("reconstructed", view.lang)
    return f"{words}（{why}）" if view.lang == "zh" else f"{words} ({why})"


def of_data(address: ChartAddress) -> ChartAddress:
    """The address of the same numbers, whatever they look like."""
    return replace(
        address,
        lang="zh",
        theme="auto",
        updown="red",
        shape="long",
        for_="",
        scope="view",
        title="",
    )


def of_chart(address: ChartAddress) -> ChartAddress:
    """The address without what only data files have."""
    return replace(address, shape="long", for_="", scope="view")


def _shown_rows(column: Column, address: ChartAddress) -> Sequence[tuple[Vintage, float | None]]:
    """The rows with their values; of periods that have none, a picture says nothing."""
    if not address.freq:
        return column.rows
    return [(vintage, value) for vintage, value in column.rows if value is not None]


def _notes(snapshot: Snapshot, address: ChartAddress, parts: Sequence[Part]) -> list[Note]:
    """What happened to the first indicator in the window."""
    frequency = parts[0].indicator.frequency
    days = [vintage.date for part in parts for vintage, _ in part.rows]
    if not days:
        return []
    last = period_end(frequency, max(days))
    return chart_notes(snapshot, address.id, address.as_of, address.lang, min(days), last)
