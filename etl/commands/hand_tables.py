"""Tables of series that are kept by hand, as text that a person edits: read, judged, and saved with
who changed it and why."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from etl.catalog import Catalog, Indicator, SourceRef, load_catalog
from etl.commands.catalog_edits import drafted, text_of_catalog
from etl.errors import (
    CatalogError,
    CheckFailed,
    FileProblem,
    SettingError,
    StorageError,
    nearest,
)
from etl.files import edits
from etl.files.bounded import Unreadable
from etl.files.catalog_text import with_keys
from etl.files.edits import Editor, editing
from etl.files.grids import MOST_BYTES, MOST_COLUMNS, Grid, grids_of, table_text
from etl.files.hand_table import HandSeries, TableChoice, series_of
from etl.files.xlsx import column_name
from etl.ingest.checks import findings
from etl.records import Observation, Vintage, now
from etl.settings import Settings
from etl.sources.table import choice_of

#: The head of a table that begins here.
HEAD = ("日期", "数值", "备注", "录入人", "原因")
#: How many faults of a table are told.
MOST_FAULTS = 20
_ENDINGS = (".csv", ".txt", ".tsv")


@dataclass(frozen=True, slots=True)
class TableFault:
    """What is wrong with a table: the line, where one is known, and the sentence."""

    line: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class HandTable:
    """The table of an indicator as text, and where it is saved. `beside` names what it is made of
    where it is no text file yet: a workbook, or values that were imported; the first save makes the
    file and has the catalog name it."""

    indicator: Indicator
    path: Path
    text: str
    beside: str = ""


def is_by_hand(indicator: Indicator) -> bool:
    """Whether a person keeps its values."""
    return indicator.ref("manual") is not None


def hand_table(
    settings: Settings, catalog: Catalog, name: str, published: Sequence[Vintage] = ()
) -> HandTable:
    """The table of an indicator; a SettingError where nobody keeps one, a FileProblem where it
    cannot be read. `published` fills a table that is not there yet."""
    indicator, ref = _by_hand(catalog, name)
    file = str(ref.params.get("file", ""))
    path = settings.manual / file
    if file and path.suffix.lower() in _ENDINGS:
        content = edits.content_of(path)
        text = _text(path, content, ref) if content is not None else _written([HEAD])
        return HandTable(indicator, path, text)
    if not file:
        rows = [(str(one.date), f"{one.value!r}", one.note, "", "") for one in published]
        own = settings.manual / f"{indicator.id}.csv"
        return HandTable(indicator, own, _written([HEAD, *rows]), "import")
    content = edits.content_of(path)
    if content is None:
        return HandTable(indicator, path.with_suffix(".csv"), _written([HEAD]), file)
    series = _series(catalog, indicator, content, choice_of(ref.params), path)
    rows = [
        (str(one.date), f"{one.value!r}", one.note, one.author, one.reason) for one in series.values
    ]
    return HandTable(indicator, path.with_suffix(".csv"), _written([HEAD, *rows]), file)


def judged(
    catalog: Catalog, table: HandTable, text: str
) -> tuple[Sequence[Observation], list[TableFault]]:
    """The values in a text, in order of date, and what is wrong with them; no values where it
    cannot be read."""
    indicator = table.indicator
    ref = indicator.ref("manual")
    choice = choice_of(ref.params) if ref and not table.beside else TableChoice()
    try:
        series = _series(catalog, indicator, text.encode(), choice, table.path)
    except FileProblem as problem:
        said = str(problem).partition(": ")[2]
        return (), [TableFault(problem.line, said)]
    line = {one.date: one.line for one in series.values}
    rows = [Observation(one.date, one.value, note=one.note) for one in series.values]
    faults = [
        TableFault(line.get(fault.date), fault.sentence)
        for fault in findings(indicator, rows, now())
    ]
    return rows, faults[:MOST_FAULTS]


def save_table(
    settings: Settings,
    name: str,
    published: Sequence[Vintage],
    make: Callable[[HandTable], str],
    editor: Editor,
) -> Sequence[Observation]:
    """Put what `make` makes of the present table into its place; the values. A FileProblem or a
    CheckFailed says what is wrong with it, and nothing is written."""
    with editing(settings):
        _require_own_folder(settings)
        catalog = load_catalog(settings.catalog)
        table = hand_table(settings, catalog, name, published)
        text = make(table)
        rows, faults = judged(catalog, table, text)
        if faults:
            if not rows:
                raise FileProblem(table.path, faults[0].sentence, line=faults[0].line)
            raise CheckFailed(" ".join(fault.sentence for fault in faults[:3]))
        if table.beside:
            _name_file(settings, table, editor)
        ref = table.indicator.ref("manual")
        encoding = str(ref.params.get("encoding", "")) if ref and not table.beside else ""
        edits.change(table.path, text.encode(encoding or "utf-8"), editor)
    return rows


def cells_of(table: HandTable, text: str) -> list[list[str]]:
    """A table as rows of cells, each row as long as the longest."""
    try:
        (grid,) = grids_of(text.encode())
    except Unreadable as problem:
        raise FileProblem(table.path, str(problem), line=problem.line) from None
    return _matrix(grid)


def text_of_cells(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as the text of a table; rows that hold nothing are left out."""
    return _written([row for row in rows if any(cell.strip() for cell in row)])


def _require_own_folder(settings: Settings) -> None:
    """The tables lie in the data folder from now on, with a copy of those that came with the
    project: nothing is written into the program."""
    own = settings.data / "manual"
    try:
        if settings.manual != own and settings.manual.is_dir():
            shutil.copytree(settings.manual, own)
        own.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{own}: cannot be written ({error.strerror}).") from None


def _by_hand(catalog: Catalog, name: str) -> tuple[Indicator, SourceRef]:
    name = catalog.resolve(name)
    if name not in catalog:
        raise SettingError(f"Unknown indicator '{name}'. {nearest(name, catalog.indicators)}")
    ref = catalog[name].ref("manual")
    if ref is None:
        raise SettingError(f"{name} is not kept by hand; its sources bring its values.")
    return catalog[name], ref


def _name_file(settings: Settings, table: HandTable, editor: Editor) -> None:
    """Have the catalog name the file of a table. What the columns of a workbook were called goes:
    the new file has a head of its own."""
    before = text_of_catalog(settings)
    refs = []
    for ref in table.indicator.sources:
        told = {"name": ref.name, **ref.params}
        if ref.name == "manual":
            told = {"name": ref.name, "file": table.path.name}
            told |= {key: ref.params[key] for key in ("author",) if key in ref.params}
        refs.append(told)
    draft = drafted(before, with_keys(before, table.indicator.id, {"sources": refs}))
    if draft.wrong:
        raise CatalogError(f"{table.indicator.id}: {draft.wrong[0][1]}")
    edits.change(settings.catalog, draft.text.encode(), editor)


def _series(
    catalog: Catalog, indicator: Indicator, payload: bytes, choice: TableChoice, path: Path
) -> HandSeries:
    try:
        if len(payload) > MOST_BYTES:
            raise Unreadable(f"it is larger than {MOST_BYTES:,} bytes; keep the table alone.")
        return series_of(grids_of(payload), indicator, catalog.unit(indicator), choice, strict=True)
    except Unreadable as problem:
        raise FileProblem(path, str(problem), line=problem.line) from None


def _text(path: Path, content: bytes, ref: SourceRef) -> str:
    try:
        return table_text(content, str(ref.params.get("encoding", "")))
    except Unreadable as problem:
        raise FileProblem(path, str(problem), line=problem.line) from None


def _matrix(grid: Grid) -> list[list[str]]:
    names = {column_name(number): number for number in range(1, MOST_COLUMNS + 1)}
    rows = [{names[at]: cell.text for at, cell in row.items()} for row in grid.rows.values()]
    width = max((max(row) for row in rows), default=0)
    return [[row.get(at, "") for at in range(1, width + 1)] for row in rows]


def _written(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
