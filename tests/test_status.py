"""`python -m etl status`: how many sessions are missing, on the calendar of each indicator."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from conftest import Cli, bundled, command, finished, is_one_sentence

from etl.catalog import Catalog
from etl.commands.status import freshness
from etl.freshness import sessions_missed
from etl.settings import Settings
from etl.storage.current import current_snapshot
from etl.storage.snapshots import Folder


def test_a_weekend_and_a_holiday_make_nothing_stale(catalog: Catalog) -> None:
    friday, tuesday_noon = date(2026, 5, 22), datetime(2026, 5, 26, 16, tzinfo=UTC)
    assert sessions_missed(catalog["sp500"], friday, tuesday_noon) == 0


def test_a_session_is_missed_from_its_close_on(catalog: Catalog) -> None:
    friday, tuesday_evening = date(2026, 5, 22), datetime(2026, 5, 26, 20, 1, tzinfo=UTC)
    assert sessions_missed(catalog["sp500"], friday, tuesday_evening) == 1


def test_a_week_of_eia_prices_is_not_missed_before_it_is_due(catalog: Catalog) -> None:
    newest, week_later = date(2026, 5, 18), datetime(2026, 5, 26, 20, tzinfo=UTC)
    assert sessions_missed(catalog["brent_spot_usd_bbl"], newest, week_later) == 0


def test_what_comes_when_it_comes_is_never_stale(catalog: Catalog) -> None:
    moment = datetime(2026, 5, 26, tzinfo=UTC)
    assert sessions_missed(catalog["fed_target_upper_pct"], date(2020, 3, 16), moment) == 0


def test_on_the_day_of_the_bulletin_the_closes_were_fresh_and_vix_was_empty(
    published: Settings, catalog: Catalog
) -> None:
    with current_snapshot(Folder(published.published)) as snapshot:
        rows = freshness(catalog, snapshot, datetime(2026, 5, 27, 1, tzinfo=UTC))
        found = {row.id: row for row in rows}
    assert list(found) == list(catalog.indicators)
    assert (found["sp500"].state, found["sp500"].newest) == ("fresh", date(2026, 5, 26))
    assert (found["vix"].state, found["vix"].newest) == ("empty", None)


def test_status_ends_with_1_where_something_is_empty_and_says_the_same_as_json(
    filled: Path, cli: Cli, catalog: Catalog
) -> None:
    table, answer = cli("status"), cli("status", "--json")
    assert (table.status, answer.status) == (1, 1)
    rows = {row["id"]: row for row in json.loads(answer.out)}
    assert list(rows) == list(catalog.indicators)
    for line in table.out.splitlines()[1:]:
        name, state = line.split()[:2]
        assert rows[name]["state"] == state


def test_status_before_the_first_run_says_what_to_do(data: Path, cli: Cli) -> None:
    done = cli("status")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "etl run" in done.err


READING = (
    ("status",), ("status", "--json"), ("alerts",), ("alerts", "--json"), ("candidates", "--json"),
    ("history",), ("claims", "2026-05-27"), ("brief", "2026-05-27"),
)  # fmt: skip


@contextmanager
def held_open(warehouse: Path) -> Iterator[None]:
    """Another process that writes the warehouse, as a run does."""
    program = (
        "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); "
        "sys.stdin.read()"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", program, str(warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "held\n"
    with pytest.raises(duckdb.IOException):
        duckdb.connect(str(warehouse), read_only=True)
    try:
        yield
    finally:
        writer.communicate()


def test_what_only_reads_works_while_a_run_writes(filled: Path, cli: Cli) -> None:
    before = [cli(*arguments) for arguments in READING]
    with held_open(filled / "warehouse.duckdb"):
        assert [cli(*arguments) for arguments in READING] == before
    assert {done.err for done in before} == {""}


def test_what_only_reads_never_opens_the_warehouse(filled: Path, cli: Cli) -> None:
    before = [cli(*arguments) for arguments in READING]
    (filled / "warehouse.duckdb").unlink()
    assert [cli(*arguments) for arguments in READING] == before
    assert not (filled / "warehouse.duckdb").exists()


def test_a_run_ends_well_beside_readers_that_never_stop(filled: Path, cli: Cli) -> None:
    run = command("run", "--offline", data=filled)
    statuses = [cli("status").status]
    while run.poll() is None:
        statuses.append(cli("status").status)
    assert set(statuses) == {1}
    assert finished(run).status == 0


def test_what_went_wrong_and_what_is_to_be_known_is_told_from_the_snapshot(
    filled: Path, cli: Cli
) -> None:
    path = filled / "figures" / "market.csv"
    newest = max(bundled("market.csv", "sp500"))
    path.write_text(path.read_text("utf-8").replace("sp500,2026-05-26,", "sp500,2026-05-26,x"))
    assert cli("run", "sp500", "--offline").status == 1
    (row,) = [r for r in json.loads(cli("status", "--json").out) if r["id"] == "sp500"]
    assert "market.csv" in row["problem"]
    assert row["newest"] == newest.isoformat()
