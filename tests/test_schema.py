"""A warehouse of an earlier version is opened and carried on; one of a later version is refused."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from conftest import Cli, is_one_sentence

from etl.errors import StorageError
from etl.storage.warehouse import opened

pytestmark = pytest.mark.slow

#: Closes of May and June 2026 as they were bundled, known by 20 June, and an import of 25 June.
BEFORE_STEPS = Path(__file__).parent / "golden" / "warehouse-before-steps.duckdb.gz"
FIRST_LOAD, SECOND_LOAD = datetime(2026, 6, 20, tzinfo=UTC), datetime(2026, 6, 25, tzinfo=UTC)
IMPORTED = date(2026, 6, 12)


@pytest.fixture
def earlier(data: Path) -> Path:
    path = data / "warehouse.duckdb"
    path.write_bytes(gzip.decompress(BEFORE_STEPS.read_bytes()))
    return path


def test_what_an_earlier_version_held_is_held(earlier: Path) -> None:
    with opened(earlier) as warehouse:
        assert warehouse.rows() == 166
        now = {v.date: (v.value, v.source) for v, _ in warehouse.series("sp500")}
        then = {v.date: v.value for v, _ in warehouse.series("sp500", FIRST_LOAD)}
        rebuilt = {v.date for v, _ in warehouse.series("sp500", datetime(2026, 5, 27, tzinfo=UTC))}
    assert now[IMPORTED] == (7400.5, "import")
    assert IMPORTED not in then or then[IMPORTED] != 7400.5
    assert max(rebuilt) == date(2026, 5, 26)


def test_an_earlier_warehouse_is_brought_up_once(earlier: Path) -> None:
    for _ in range(2):
        with opened(earlier) as warehouse:
            steps = warehouse.connection.execute("select step from schema_steps").fetchall()
        assert steps == [(1,), (2,), (3,)]


def test_a_run_carries_an_earlier_warehouse_on(earlier: Path, cli: Cli) -> None:
    done = cli("run", "--offline")
    assert done.status == 0, done.err
    with opened(earlier, read_only=True) as warehouse:
        assert warehouse.rows() > 166
        assert {v.date for v, _ in warehouse.series("sp500", SECOND_LOAD)} >= {IMPORTED}


def test_a_later_warehouse_is_refused_in_words_and_left_alone(earlier: Path, cli: Cli) -> None:
    with opened(earlier) as warehouse:
        warehouse.connection.execute("insert into schema_steps values (99, 'to come', now()::date)")
    before = earlier.read_bytes()
    with pytest.raises(StorageError, match="later version"), opened(earlier):
        pass
    done = cli("run", "--offline")
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert earlier.read_bytes() == before


def test_a_step_that_fails_leaves_the_warehouse_as_it_was(earlier: Path) -> None:
    with duckdb.connect(str(earlier)) as connection:
        connection.execute("create table first_loads (other integer)")  # in the way of step 2
    with pytest.raises(StorageError), opened(earlier):
        pass
    with duckdb.connect(str(earlier), read_only=True) as connection:
        columns = connection.execute("select * from held limit 0").description
    assert "held_at" not in [name for name, *_ in columns]
