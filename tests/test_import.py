"""`python -m etl import`: a person's own observations, all of a file or nothing of it."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import openpyxl
import pytest
from conftest import Cli, bundled, is_one_sentence, served, vintages, write_csv

from etl.records import now
from etl.storage.snapshots import Folder

DAY = date(2026, 5, 26)
NOON = datetime(2026, 5, 28, 12, tzinfo=UTC)
HEADER = ("indicator", "date", "value")
Rows = Sequence[tuple[str, date, float]]
ROWS: Rows = (("vix", DAY, 17.25), ("vix", date(2026, 5, 22), 16.5), ("usd_cny", DAY, 6.8125))


def _csv(path: Path, rows: Rows) -> None:
    write_csv(path, [HEADER, *rows])


def _xlsx(path: Path, rows: Rows) -> None:
    book = openpyxl.Workbook()
    for row in (HEADER, *rows):
        book.active.append(row)
    book.save(path)


def _parquet(path: Path, rows: Rows) -> None:
    with duckdb.connect() as connection:
        connection.execute("create table t (indicator varchar, date date, value double)")
        connection.executemany("insert into t values (?, ?, ?)", [list(row) for row in rows])
        connection.execute(f"copy t to '{path}' (format parquet)")


WRITERS = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_file_is_imported_whatever_its_form(kind: str, filled: Path, cli: Cli) -> None:
    path = filled / f"mine.{kind}"
    WRITERS[kind](path, ROWS)
    assert cli("import", path).status == 0
    assert served(filled, "vix") == {day: value for name, day, value in ROWS if name == "vix"}
    assert served(filled, "usd_cny") == {DAY: 6.8125}


def test_the_same_import_twice_adds_nothing(filled: Path, cli: Cli) -> None:
    path = filled / "mine.csv"
    _csv(path, ROWS)
    assert cli("import", path).status == 0
    rows, name = vintages(filled), Folder(filled / "published").current_name()
    assert cli("import", path).status == 0
    assert (vintages(filled), Folder(filled / "published").current_name()) == (rows, name)


def test_an_import_corrects_a_bundled_figure_and_the_next_run_leaves_it(
    filled: Path, cli: Cli
) -> None:
    path = filled / "mine.csv"
    _csv(path, [("sp500", DAY, 7500.5)])
    assert cli("import", path).status == 0
    assert served(filled, "sp500")[DAY] == 7500.5
    assert cli("run", "--offline").status == 0
    assert served(filled, "sp500") == {**bundled("market.csv", "sp500"), DAY: 7500.5}


def test_an_import_with_a_moment_is_known_exactly_then(filled: Path, cli: Cli) -> None:
    path = filled / "mine.csv"
    _csv(path, [("sp500", DAY, 7500.5)])
    assert cli("import", path, "--known-at", "2026-05-28T20:00+08:00").status == 0
    held = bundled("market.csv", "sp500")[DAY]
    assert served(filled, "sp500", NOON - timedelta(seconds=1))[DAY] == held
    assert served(filled, "sp500", NOON)[DAY] == 7500.5


def test_an_import_moves_what_is_derived_from_it(filled: Path, cli: Cli) -> None:
    cap = served(filled, "micron_market_cap_usd_bn")[DAY]
    close = bundled("market.csv", "micron_close_usd")[DAY]
    path = filled / "mine.csv"
    _csv(path, [("micron_close_usd", DAY, close * 1.1)])
    assert cli("import", path).status == 0
    moved = served(filled, "micron_market_cap_usd_bn")[DAY]
    assert moved == pytest.approx(cap * 1.1)


GOOD = "sp500,2026-05-26,7519.12\n"
BAD_ROWS = {
    "unknown id": ("sp50,2026-05-26,7519.12", "'sp500'"),
    "no id": (",2026-05-26,7519.12", "unknown indicator"),
    "a date that does not exist": ("sp500,2026-02-30,7519.12", "2026-02-30"),
    "a date of another form": ("sp500,27/05/2026,7519.12", "27/05/2026"),
    "a week for a date": ("sp500,2026-W22-3,7519.12", "2026-W22-3"),
    "a time for a date": ("sp500,2026-05-27T16:00,7519.12", "2026-05-27T16:00"),
    "no date": ("sp500,,7519.12", "date"),
    "a word": ("sp500,2026-05-27,n/a", "n/a"),
    "no value": ("sp500,2026-05-27,", "number"),
    "thousands separator": ('sp500,2026-05-27,"7,519.12"', "7,519.12"),
    "underscore": ("sp500,2026-05-27,7_519", "7_519"),
    "NaN": ("sp500,2026-05-27,NaN", "NaN"),
    "infinity": ("sp500,2026-05-27,inf", "inf"),
    "too large": ("sp500,2026-05-27,1e999", "1e999"),
    "doubled date": ("sp500,2026-05-26,7519.12", "second value"),
    "surplus cell": ("sp500,2026-05-27,7519.12,USD", "cells"),
    "missing cell": ("sp500,2026-05-27", "cells"),
}


@pytest.mark.parametrize("bad", BAD_ROWS)
def test_one_bad_row_is_named_by_its_line_and_nothing_is_stored(
    bad: str, filled: Path, cli: Cli
) -> None:
    row, says = BAD_ROWS[bad]
    rows, name = vintages(filled), Folder(filled / "published").current_name()
    path = filled / "mine.csv"
    path.write_text(f"indicator,date,value\n{GOOD}vix,2026-05-26,17.25\n{row}\n", "utf-8")
    done = cli("import", path)
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert f"{path}, line 4: " in done.err
    assert says in done.err
    assert (vintages(filled), Folder(filled / "published").current_name()) == (rows, name)


BAD_FILES = {
    "nothing": ("mine.csv", b"", "column"),
    "only a header": ("mine.csv", b"indicator,date,value\n", "no rows"),
    "a missing column": ("mine.csv", b"indicator,date\nsp500,2026-05-26\n", "'value'"),
    "a misspelt column": ("mine.csv", b"indicator,date,valu\nsp500,2026-05-26,1\n", "'value'"),
    "a surplus column": ("mine.csv", b"indicator,date,value,unit\n", "'unit'"),
    "an open quote": ("mine.csv", b'indicator,date,value\nsp500,2026-05-26,"1', "CSV"),
    "an open quote in the header": ("mine.csv", b'"indicator,date,value\n' + GOOD.encode(), "CSV"),
    "not UTF-8": ("mine.csv", "indicator,date,value\n标普,2026,1".encode("gb18030"), "UTF-8"),
    "another form": ("mine.pdf", b"%PDF-1.7", ".parquet"),
    "no workbook": ("mine.xlsx", b"PK\x03\x04 not a workbook", "XLSX"),
    "no Parquet": ("mine.parquet", b"PAR1 nothing PAR1", "Parquet"),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD_FILES)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(
    bad: str, data: Path, cli: Cli
) -> None:
    name, payload, says = BAD_FILES[bad]
    path = data / name
    path.write_bytes(payload)
    done = cli("import", path)
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert str(path) in done.err
    assert says in done.err
    assert not (data / "warehouse.duckdb").exists()


def test_a_workbook_with_a_damaged_sheet_is_refused_in_one_sentence(data: Path, cli: Cli) -> None:
    whole, path = data / "whole.xlsx", data / "mine.xlsx"
    _xlsx(whole, ROWS)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            payload = source.read(name)
            target.writestr(name, payload[:-40] if "sheet1" in name else payload)
    done = cli("import", path)
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert str(path) in done.err


def test_a_missing_file_is_refused_in_one_sentence(data: Path, cli: Cli) -> None:
    done = cli("import", data / "nowhere.csv")
    assert (done.status, is_one_sentence(done.err)) == (2, True)


def test_of_several_files_the_wrong_one_is_named_and_none_is_stored(data: Path, cli: Cli) -> None:
    good, wrong = data / "good.csv", data / "wrong.csv"
    _csv(good, [("vix", DAY, 17.25)])
    _csv(wrong, [("sp500", DAY, 751_912.0)])
    done = cli("import", good, wrong)
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert str(wrong) in done.err
    assert str(good) not in done.err
    assert not (data / "warehouse.duckdb").exists()


@pytest.mark.parametrize("value", [0.0, 7519.12 * 100])
def test_a_value_that_the_catalog_does_not_expect_is_refused(
    value: float, data: Path, cli: Cli
) -> None:
    path = data / "mine.csv"
    _csv(path, [("sp500", DAY, value)])
    done = cli("import", path)
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "sp500: 2026-05-26" in done.err


def test_a_moment_without_a_zone_is_refused(data: Path, cli: Cli) -> None:
    path = data / "mine.csv"
    _csv(path, ROWS)
    done = cli("import", path, "--known-at", "2026-05-28T12:00")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert not (data / "warehouse.duckdb").exists()


GOLD = "gold_monthly_usd_oz"


@pytest.mark.parametrize("kind", WRITERS)
def test_two_values_of_one_month_are_refused(kind: str, data: Path, cli: Cli) -> None:
    path = data / f"mine.{kind}"
    days = (date(2026, 4, 30), date(2026, 5, 1), date(2026, 5, 31))
    WRITERS[kind](path, [(GOLD, day, 3100.0) for day in days])
    done = cli("import", path)
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    line = 3 if kind == "parquet" else 4  # a Parquet file has no line of names
    assert f"{path}, line {line}: " in done.err
    assert "a second value for May 2026, dated 2026-05-01 and 2026-05-31" in done.err
    assert not (data / "warehouse.duckdb").exists()


def test_two_files_with_one_year_are_refused(data: Path, cli: Cli) -> None:
    one, other = data / "one.csv", data / "other.csv"
    _csv(one, [("pue_global_average", date(2025, 1, 1), 1.54)])
    _csv(other, [("pue_global_average", date(2025, 12, 31), 1.55)])
    done = cli("import", one, other)
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert f"{other}, line 2: " in done.err
    assert "a second value for 2025" in done.err


def test_a_month_that_is_held_takes_no_other_date(filled: Path, cli: Cli) -> None:
    path, rows = filled / "mine.csv", vintages(filled)
    _csv(path, [("vix", DAY, 17.25), (GOLD, date(2026, 5, 31), 4600.0)])
    done = cli("import", path)
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    for word in ("mine.csv", GOLD, "2026-05-31", "May 2026", "write 2026-05-01"):
        assert word in done.err
    assert vintages(filled) == rows
    _csv(path, [("vix", DAY, 17.25), (GOLD, date(2026, 5, 1), 4600.0)])
    assert cli("import", path).status == 0
    assert served(filled, GOLD)[date(2026, 5, 1)] == 4600.0


def test_two_filings_of_one_quarter_are_taken(filled: Path, cli: Cli) -> None:
    path, name = filled / "mine.csv", "micron_shares_outstanding"
    days = (date(2026, 10, 8), date(2026, 11, 20))
    _csv(path, [(name, day, 1_130_000_000.0 + k) for k, day in enumerate(days)])
    assert cli("import", path).status == 0
    assert served(filled, name).keys() >= {*days}


def test_a_jump_from_one_filing_to_the_next_is_refused_however_far_apart(
    data: Path, cli: Cli
) -> None:
    path = data / "mine.csv"
    days = (date(2026, 3, 11), date(2026, 9, 30))
    _csv(path, [("micron_shares_outstanding", day, 1.1e9 * (k + 1)) for k, day in enumerate(days)])
    done = cli("import", path)
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "beyond 40 %" in done.err


#: Days without a close: the indicator, the day, and what the refusal says of it.
NO_CLOSE: dict[str, tuple[str, date, float, str]] = {
    "a Saturday": ("sp500", date(2026, 5, 23), 7500.0, "a Saturday"),
    "a Sunday of futures": ("gold_futures_usd_oz", date(2026, 5, 24), 4500.0, "a Sunday"),
    "a Sunday of currencies": ("usd_cny", date(2026, 5, 24), 6.8, "a Sunday"),
    "Christmas": ("vix", date(2025, 12, 25), 15.0, "a holiday"),
    "Christmas of futures": ("wti_futures_usd_bbl", date(2025, 12, 25), 60.0, "a holiday"),
    "Good Friday of futures": ("brent_futures_usd_bbl", date(2026, 4, 3), 70.0, "a holiday"),
    "Memorial Day": ("micron_close_usd", date(2026, 5, 25), 900.0, "a holiday"),
    "a day of mourning": ("nasdaq_composite", date(2025, 1, 9), 19000.0, "a holiday"),
    "a Saturday of yields": ("us_10y_yield_pct", date(2025, 10, 11), 4.1, "a Saturday"),
    "a session that runs": ("sp500", date(2026, 5, 27), 7600.0, "ends, 2026-05-27 20:00 UTC"),
    "a future's": ("gold_futures_usd_oz", date(2026, 5, 27), 4500.0, "ends, 2026-05-27 21:00 UTC"),
    "a currency's": ("usd_cny", date(2026, 5, 27), 6.8, "ends, 2026-05-27 23:00 UTC"),
}


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("row", NO_CLOSE.values(), ids=NO_CLOSE.keys())
def test_a_day_that_can_have_no_close_is_refused_with_its_line(
    row: tuple[str, date, float, str], kind: str, data: Path, cli: Cli
) -> None:
    name, day, value, said = row
    path = data / f"mine.{kind}"
    WRITERS[kind](path, [("vix", date(2026, 5, 22), 16.5), (name, day, value)])
    done = cli("import", path, "--known-at", "2026-05-27T21:00+08:00")  # nine in New York
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    for word in (f"line {2 if kind == 'parquet' else 3}", f"{name}: {day}", said):
        assert word in done.err
    assert not (data / "warehouse.duckdb").exists()


#: Days on which other markets rest, and these do not.
CLOSES: dict[str, tuple[str, date, float]] = {
    "futures on a day of mourning": ("wti_futures_usd_bbl", date(2025, 1, 9), 73.92),
    "futures of another one": ("gold_futures_usd_oz", date(2018, 12, 5), 1242.6),
    "futures on a holiday with short trade": ("gold_futures_usd_oz", date(2025, 7, 4), 3332.5),
    "yields on a Good Friday": ("us_10y_yield_pct", date(2026, 4, 3), 4.35),
    "yields on a day of mourning": ("us_10y_yield_pct", date(2025, 1, 9), 4.68),
    "yields on Columbus Day": ("us_10y_yield_pct", date(2025, 10, 13), 4.1),
    "Brent on Thanksgiving": ("brent_spot_usd_bbl", date(2025, 11, 27), 63.0),
    "Brent on the Fourth of July": ("brent_spot_usd_bbl", date(2025, 7, 4), 70.0),
    "yuan in the golden week": ("usd_cny", date(2025, 10, 3), 7.12),
    "a Saturday of the thirties": ("sp500", date(1932, 6, 4), 4.5),
}  # fmt: skip


@pytest.mark.parametrize("row", CLOSES.values(), ids=CLOSES.keys())
def test_a_true_value_of_a_day_when_another_market_is_shut_is_taken(
    row: tuple[str, date, float], data: Path, cli: Cli
) -> None:
    path = data / "mine.csv"
    _csv(path, [row])
    assert cli("import", path).status == 0
    assert served(data, row[0])[row[1]] == row[2]


def test_what_is_imported_later_counts_as_known_later_whatever_the_clocks_say(
    filled: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, right = filled / "mine.csv", now()
    for minutes, value in ((5, 17.25), (0, 17.5), (3, 17.75)):
        # Another machine's clock is ahead.
        monkeypatch.setattr(
            "etl.commands.update.now", lambda m=minutes: right + timedelta(minutes=m)
        )
        _csv(path, (("vix", DAY, value),))
        assert cli("import", path).status == 0
        assert served(filled, "vix") == {DAY: value}
