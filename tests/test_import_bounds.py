"""Files to import that were made to harm, or that say more than a date: one sentence, soon, in
little room, and nothing is stored."""

from __future__ import annotations

import io
import os
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from conftest import Cli, is_one_sentence, served
from openpyxl.styles import PatternFill

from etl.catalog import Catalog
from etl.errors import FileProblem
from etl.files import bounded, cells, xlsx
from etl.files.bounded import Unreadable, answers
from etl.ingest import imports
from etl.settings import PROJECT

pytestmark = pytest.mark.slow

DAY = date(2026, 5, 26)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEAD = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>indicator</t></is></c>'
    '<c r="B1" t="inlineStr"><is><t>date</t></is></c>'
    '<c r="C1" t="inlineStr"><is><t>value</t></is></c></row>'
)
ROW = (
    '<row r="2"><c r="A2" t="inlineStr"><is><t>vix</t></is></c>'
    '<c r="B2" t="inlineStr"><is><t>2026-05-26</t></is></c><c r="C2"><v>17.5</v></c></row>'
)


def sheet(rows: str = ROW, before: str = "") -> str:
    return (
        f'<?xml version="1.0"?>{before}<worksheet xmlns="{MAIN}"><sheetData>{HEAD}{rows}'
        "</sheetData></worksheet>"
    )


def packed(changes: Mapping[str, str | bytes | None]) -> bytes:
    """The parts of a plain workbook, with others in their place; one that is None is left out."""
    book = openpyxl.Workbook()
    whole, made = io.BytesIO(), io.BytesIO()
    book.save(whole)
    with zipfile.ZipFile(whole) as parts, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        for name in dict.fromkeys((*parts.namelist(), *changes)):
            part = changes[name] if name in changes else parts.read(name)
            if part is not None:
                out.writestr(name, part)
    return made.getvalue()


def in_sheet(xml: str) -> bytes:
    return packed({"xl/worksheets/sheet1.xml": xml})


def saved(change: Callable[[Any], None]) -> bytes:
    """A workbook that openpyxl writes: one good row, and then the change."""
    book, made = openpyxl.Workbook(), io.BytesIO()
    for row in (("indicator", "date", "value"), ("vix", DAY, 17.5)):
        book.active.append(row)
    change(book)
    book.save(made)
    return made.getvalue()


def cell(place: str, value: object, shown: str = "General") -> Callable[[Any], None]:
    def change(book: Any) -> None:
        book.active[place] = value
        book.active[place].number_format = shown

    return change


def refused(data: Path, cli: Cli, name: str, raw: bytes) -> str:
    """The one sentence that is said against a file of which nothing is stored."""
    path = data / name
    path.write_bytes(raw)
    done = cli("import", path)
    assert (done.status, is_one_sentence(done.err)) == (2, True), done.err
    assert str(path) in done.err
    assert not (data / "warehouse.duckdb").exists()
    return done.err


FAR = '<row r="2000000000"><c r="A2000000000" t="inlineStr"><is><t>vix</t></is></c></row>'
DOCTYPE = '<!DOCTYPE a [<!ENTITY x "aaaa"><!ENTITY y "&x;&x;">]>'
WORKBOOKS: dict[str, tuple[Callable[[], bytes], str]] = {
    "row two thousand million": (lambda: in_sheet(sheet(ROW + FAR)), "names row 2,000,000,000"),
    "one row too many": (
        lambda: in_sheet(sheet(ROW + '<row r="1048577"/>')), "names row 1,048,577",
    ),
    "a column that no sheet has": (
        lambda: in_sheet(sheet(ROW.replace("C2", "XFE2"))), "XLSX workbook is damaged",
    ),
    "a cell in another row": (
        lambda: in_sheet(sheet(ROW.replace("C2", "C3"))), "XLSX workbook is damaged",
    ),
    "rows in no order": (lambda: in_sheet(sheet(ROW + ROW)), "XLSX workbook is damaged"),
    "half a sheet": (lambda: in_sheet(sheet()[:-30]), "XLSX workbook is damaged"),
    "a bomb": (lambda: in_sheet(sheet(" " * 30_000_000)), "unpacks to far more"),
    "many parts": (
        lambda: packed({f"xl/media/{n}": b"" for n in range(2_100)}), "unpacks to far more",
    ),
    "entities": (lambda: in_sheet(sheet(before=DOCTYPE)), "declares entities (DOCTYPE)"),
    "entities in its texts": (
        lambda: packed({
            "xl/worksheets/sheet1.xml": sheet(),
            "xl/workbook.xml": f'<?xml version="1.0"?>{DOCTYPE}<workbook xmlns="{MAIN}"/>',
        }), "declares entities (DOCTYPE)",
    ),
    "macros": (lambda: packed({"xl/vbaProject.bin": b"x"}), "holds macros"),
    "an old workbook": (lambda: b"\xd0\xcf\x11\xe0" + b"\0" * 600, "an old .xls or has a password"),
    "a CSV of another name": (lambda: b"indicator,date,value\n", "holds no XLSX workbook"),
    "a Word document of another name": (
        lambda: packed({"xl/workbook.xml": None}), "XLSX workbook is damaged",
    ),
    "nothing": (lambda: b"", "holds no XLSX workbook"),
    "only hidden sheets": (
        lambda: packed({
            "xl/workbook.xml": f'<workbook xmlns="{MAIN}"><sheets><sheet name="a" sheetId="1" '
            'state="hidden" xmlns:r="x" r:id="rId1"/></sheets></workbook>',
        }), "no sheet with cells that can be seen",
    ),
    "a text of a book": (lambda: saved(cell("A2", "x" * 3000)), "line 2: the cell A2 holds more"),
    "a moment": (
        lambda: saved(cell("B2", datetime(2026, 5, 26, 16), "yyyy-mm-dd hh:mm")),
        "line 2: vix: '2026-05-26 16:00:00' is an instant",
    ),
    "a moment shown as a date": (
        lambda: saved(cell("B2", datetime(2026, 5, 26, 16), 'yyyy"年"m"月"d"日"')),
        "line 2: vix: '2026-05-26 16:00:00' is an instant",
    ),
    "a date of the year that Excel counts wrongly": (
        lambda: saved(cell("B2", 59, "yyyy-mm-dd")), "line 2: the cell B2 is shown as a date",
    ),
    "a number in the place of a date": (lambda: saved(cell("B2", 46168)), "'46168' is not a date"),
    "a percent": (lambda: saved(cell("C2", 0.0425, "0.00%")), "line 2: the cell C2 is shown in"),
    "a formula that nobody has worked out": (
        lambda: saved(cell("C2", "=1+1")), "line 2: the cell C2 holds a formula whose result",
    ),
    "an error": (lambda: saved(cell("C2", "#N/A")), "'#N/A' is not a number"),
    "a switch": (lambda: saved(cell("C2", True)), "'TRUE' is not a number"),
    "a note beside the table": (lambda: saved(cell("E2", "note")), "line 2: the cell E2 stands"),
    "a title in the place of a header": (
        lambda: saved(cell("A1", "My table")), "no column 'indicator'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("bad", WORKBOOKS)
def test_a_workbook_that_cannot_be_read_without_harm_or_guess_is_refused(
    bad: str, data: Path, cli: Cli
) -> None:
    made, says = WORKBOOKS[bad]
    assert says in refused(data, cli, "mine.xlsx", made())


def _styled(book: Any) -> None:
    book.active.merge_cells("F1:G3")
    book.active["C2"].fill = PatternFill("solid", fgColor="FFFF00")
    book.create_sheet("hidden", 0).sheet_state = "hidden"


def _on_a_mac(book: Any) -> None:
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active["B2"] = DAY


GOOD: dict[str, Callable[[], bytes]] = {
    "cells without places": lambda: in_sheet(sheet(re.sub(r' r="\w+"', "", ROW))),
    "an empty fill": lambda: packed({
        "xl/worksheets/sheet1.xml": sheet(),
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><fills count="1"><fill/></fills><cellXfs>'
        "<xf/></cellXfs></styleSheet>",
    }),
    "another prefix": lambda: in_sheet(
        re.sub(r"<(/?)(\w)", r"<\1x:\2", sheet().partition("?>")[2]).replace("xmlns=", "xmlns:x=")
    ),
    "merged cells, a fill, a hidden sheet before it": lambda: saved(_styled),
    "the calendar of old Macs": lambda: saved(_on_a_mac),
    "a number and a date as texts": lambda: saved(
        lambda book: [cell("B2", "2026-05-26")(book), cell("C2", " 17.5 ")(book)]
    ),
    "a date with a Chinese format": lambda: saved(cell("B2", DAY, 'yyyy"年"m"月"d"日";@')),
    "midnight": lambda: saved(cell("B2", datetime(2026, 5, 26), "yyyy-mm-dd hh:mm")),
    "empty rows between": lambda: saved(
        lambda book: book.active.cell(5000, 1).__setattr__("number_format", "0.00")
    ),
}  # fmt: skip


@pytest.mark.parametrize("good", GOOD)
def test_a_workbook_is_read_as_excel_shows_it(good: str, data: Path, cli: Cli) -> None:
    path = data / "mine.xlsx"
    path.write_bytes(GOOD[good]())
    done = cli("import", path)
    assert (done.status, done.err) == (0, "")
    assert served(data, "vix") == {DAY: 17.5}


def test_a_workbook_is_read_in_a_process_with_limits(
    data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = xlsx.READER
    for change, says in (({"seconds": 0.01}, "took over 0.01 s"), ({"memory": 1_000}, "of memory")):
        fields = {"function": reader.function, "document": reader.document, "seconds": 60}
        limited = bounded.Reader(instead=reader.instead, **{**fields, **change})  # type: ignore[arg-type]
        monkeypatch.setattr(imports, "XLSX", limited)
        assert says in refused(data, cli, "mine.xlsx", in_sheet(sheet()))


def test_a_workbook_with_bytes_turned_is_read_or_refused_and_never_breaks(tmp_path: Path) -> None:
    whole, chance = saved(lambda book: None), random.Random(1)
    path = tmp_path / "mine.xlsx"
    for _ in range(300):
        raw = bytearray(whole)
        for _ in range(chance.choice((1, 2, 20))):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        path.write_bytes(raw)
        with open(path, "rb") as file:
            try:
                found = list(xlsx.rows(file))
            except Unreadable:
                continue
        assert len(found) <= 2


PARQUET = "select 'vix' as indicator, {date} as date, {value} as \"value\""
TYPES = {
    "midnight in Shanghai": ("timestamptz '2026-05-26 00:00+08'", "17.5", "holds instants"),
    "an hour of the day": ("timestamp '2026-05-26 16:00'", "17.5", "'2026-05-26 16:00:00' is an"),
    "a nanosecond after midnight": (
        "timestamp_ns '2026-05-26 00:00:00.000000001'", "17.5", "is an instant",
    ),
    "an endless date": ("date 'infinity'", "17.5", "'infinity' is not a date"),
    "a time": ("time '16:00'", "17.5", "holds values of the type TIME; dates belong there"),
    "a number for a date": ("20260526", "17.5", "holds values of the type INTEGER; dates"),
    "a list": ("date '2026-05-26'", "[17.5]", "numbers belong there"),
    "a structure": ("{'a': date '2026-05-26'}", "17.5", "dates belong there"),
    "a switch": ("date '2026-05-26'", "true", "BOOLEAN; numbers belong there"),
    "bytes": ("date '2026-05-26'", "'17.5'::blob", "BLOB; numbers belong there"),
    "no number": ("date '2026-05-26'", "'nan'::float", "'nan' is not a number"),
    "nothing": ("date '2026-05-26'", "null::double", "'' is not a number"),
}  # fmt: skip


def parquet(path: Path, query: str) -> bytes:
    duckdb.sql(f"copy ({query}) to '{path}' (format parquet)")
    return path.read_bytes()


@pytest.mark.parametrize("bad", TYPES)
def test_a_column_of_parquet_that_is_no_date_or_number_is_refused(
    bad: str, data: Path, cli: Cli
) -> None:
    day, value, says = TYPES[bad]
    raw = parquet(data / "made.parquet", PARQUET.format(date=day, value=value))
    assert says in refused(data, cli, "mine.parquet", raw)


@pytest.mark.parametrize(
    "value", ["17.5::decimal(38, 20)", "17.5::float", "'17.5'", "17.5", "17.50::decimal(4, 2)"]
)
@pytest.mark.parametrize("day", ["date '2026-05-26'", "timestamp_ns '2026-05-26'", "'2026-05-26'"])
def test_typed_columns_of_parquet_mean_what_their_texts_do(
    day: str, value: str, data: Path, cli: Cli
) -> None:
    parquet(data / "mine.parquet", PARQUET.format(date=day, value=value))
    assert cli("import", data / "mine.parquet").status == 0
    assert served(data, "vix") == {DAY: 17.5}


@pytest.mark.parametrize("value", ["3::utinyint", "3::hugeint", "3::ubigint"])
def test_whole_numbers_of_parquet_are_read_or_refused_in_words(
    value: str, data: Path, cli: Cli
) -> None:
    query = PARQUET.format(date="date '2026-05-01'", value=value)
    parquet(data / "mine.parquet", query.replace("vix", "policy_documents_monthly"))
    assert cli("import", data / "mine.parquet").status == 0
    assert served(data, "policy_documents_monthly") == {date(2026, 5, 1): 3.0}


def test_a_small_parquet_file_of_more_rows_than_anybody_has_is_refused_before_it_is_read(
    data: Path, cli: Cli, catalog: Catalog
) -> None:
    rows = imports.MAX_DAYS * len(catalog) + 1
    query = PARQUET.format(date="date '2026-05-26'", value="17.5") + f" from range({rows})"
    raw = parquet(data / "made.parquet", query)
    assert f"holds {rows:,} rows" in refused(data, cli, "mine.parquet", raw)


@pytest.mark.parametrize("column", ["indicator", "date", "value"])
def test_a_long_text_that_a_small_parquet_file_repeats_is_refused_in_little_room(
    column: str, data: Path
) -> None:
    columns = {"indicator": "'vix'", "date": "'2026-05-26'", "value": "'17.5'"}
    told = {**columns, column: "repeat('x', 1_000_000)"}
    query = ", ".join(f'{words} as "{name}"' for name, words in told.items())
    path = data / "mine.parquet"
    parquet(path, f"select {query} from range(20_000)")
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_DATA, (1_500_000_000,) * 2);"
        "from etl.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited, "import", str(path)],
        capture_output=True, text=True, timeout=120, cwd=PROJECT,
        env={**os.environ, "XINZHI_DATA": str(data)}, check=False,
    )  # fmt: skip
    assert (done.returncode, is_one_sentence(done.stderr)) == (2, True), done.stderr
    assert "line 1: " in done.stderr


def test_parquet_with_bytes_turned_is_read_or_refused_and_never_breaks(
    data: Path, catalog: Any
) -> None:
    whole = parquet(data / "made.parquet", PARQUET.format(date="date '2026-05-26'", value="17.5"))
    chance, path = random.Random(2), data / "mine.parquet"
    for _ in range(60):
        raw = bytearray(whole)
        for _ in range(chance.choice((1, 2, 9))):
            raw[chance.randrange(len(raw))] = chance.choice((0, 128, 255, chance.randrange(256)))
        path.write_bytes(raw)
        try:
            with imports.read_files([path], catalog, datetime.now().astimezone(), data) as found:
                assert list(found.newest) == ["vix"]
        except FileProblem:
            continue


def _csvs() -> Iterator[tuple[str, bytes, str]]:
    head = b"indicator,date,value\n"
    yield "one endless line", head + b"vix," + b"9" * 3_000_000, "line 2: a line of more than"
    yield "an endless header", b"a" * 3_000_000, "line 1: a line of more than"
    yield "many columns", b",".join(b"c%d" % n for n in range(5_000)), "more than 100 columns"
    yield (
        "a quote that is never closed",
        head + b'vix,2026-05-26,"17\n' + b"vix,2026-05-26,17\n" * 20_000, "CSV",
    )  # fmt: skip
    yield "UTF-16", "indicator,date,value\nvix,2026-05-26,17".encode("utf-16"), "UTF-8"
    yield "UTF-16 without a mark", "indicator,date,value\n".encode("utf-16-le"), "NUL"
    yield "GBK", "indicator,date,value\n恐慌指数,2026-05-26,17".encode("gbk"), "line 2: not UTF-8"
    yield "NUL", head + b"vix,2026-05-26,17\0\n", "line 2: holds NUL"
    yield "a moment", head + b"vix,2026-05-26T16:00:00Z,17\n", "is an instant"
    yield "midnight", head + b"vix,2026-05-26 00:00:00,17\n", "is an instant"


@pytest.mark.parametrize(("name", "raw", "says"), list(_csvs()), ids=lambda v: str(v)[:20])
def test_a_csv_that_was_made_to_harm_is_refused(
    name: str, raw: bytes, says: str, data: Path, cli: Cli
) -> None:
    assert says in refused(data, cli, "mine.csv", raw)


def test_a_folder_or_a_device_is_no_file_to_import(data: Path, cli: Cli) -> None:
    (data / "mine.csv").mkdir()
    (data / "zero.csv").symlink_to("/dev/zero")
    for name in ("mine.csv", "zero.csv"):
        done = cli("import", data / name)
        assert (done.status, is_one_sentence(done.err)) == (2, True)
        assert "is no file" in done.err


def test_the_reader_in_the_other_process_is_told_by_its_name_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.xlsx"
    path.write_bytes(saved(lambda book: None))
    with open(path, "rb") as file:
        assert list(answers(file, xlsx.READER)) == [
            [1, {"A": "indicator", "B": "date", "C": "value"}],
            [2, {"A": "vix", "B": "2026-05-26", "C": "17.5"}],
        ]
    assert cells.MOST_COLUMNS < 16_384
