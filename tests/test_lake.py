"""A warehouse kept as a DuckLake: how it is opened, carried and refused. Each test runs the command
line in the environment that has its DuckDB, on a PostgreSQL of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from catalogs import part_of_the_catalog
from conftest import CATALOG, PROJECT, Finished, authored, is_one_sentence

from benchmarks.servers import LAKE_PYTHON, PASSWORD, BucketServer, PostgresServer

pytestmark = pytest.mark.slow

VALUES = "indicator,date,value\nnvidia_close_usd,2026-05-26,195.1\nvix,2026-05-26,17.5\n"
Etl = Callable[..., Finished]


@pytest.fixture
def address(postgres: PostgresServer, request: pytest.FixtureRequest) -> str:
    """A lake in an empty database."""
    return f"ducklake:postgres:{postgres.new_database('lake')}"


@pytest.fixture
def etl(tmp_path: Path) -> Etl:
    """`python -m etl` as a lake has it, over a data folder of the test's own."""
    if not LAKE_PYTHON.exists():
        pytest.skip("the environment of a lake is missing: make install-lake")
    data = authored(tmp_path / "data")
    (tmp_path / "values.csv").write_text(VALUES)
    few = part_of_the_catalog(tmp_path / "few.yaml", "vix", "nvidia_close_usd")

    def call(*arguments: object, python: Path | str = LAKE_PYTHON, **settings: str) -> Finished:
        own = {name: value for name, value in os.environ.items() if "XINZHI_" not in name}
        done = subprocess.run(
            [str(python), "-m", "etl", *(str(one) for one in arguments)],
            cwd=PROJECT,
            env={**own, "XINZHI_DATA": str(data), "XINZHI_CATALOG": str(few), **settings},
            capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        assert PASSWORD not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return Finished(done.returncode, done.stdout, done.stderr)

    return call


def test_a_warehouse_goes_into_a_lake_and_back_and_is_equal(
    etl: Etl, address: str, tmp_path: Path
) -> None:
    assert etl("import", tmp_path / "values.csv", python=sys.executable).status == 0
    refused = etl("move", "--to", address)  # a file of the newest DuckDB
    assert is_one_sentence(refused.err)
    assert "later DuckDB" in refused.err
    file, back = tmp_path / "both.duckdb", tmp_path / "back.duckdb"
    steps = [
        etl("move", "--to", file, python=sys.executable),
        etl("move", "--to", address, XINZHI_WAREHOUSE=str(file)),
        etl("move", "--to", back, XINZHI_WAREHOUSE=address),
    ]
    assert [step.status for step in steps] == [0, 0, 0], steps
    tables = [[line for line in step.out.splitlines() if " rows, " in line] for step in steps]
    assert len(tables[0]) > 10
    assert tables[1] == tables[2]
    assert any(line.startswith("held: 2 rows") for line in tables[2])
    again = etl("move", "--to", address, XINZHI_WAREHOUSE=str(file))
    assert is_one_sentence(again.err)
    assert "holds something already" in again.err


def test_a_backup_of_a_lake_is_restored_into_an_empty_one(
    etl: Etl, postgres: PostgresServer, address: str, tmp_path: Path
) -> None:
    assert etl("import", tmp_path / "values.csv", XINZHI_WAREHOUSE=address).status == 0
    assert etl("backup", tmp_path / "copy", XINZHI_WAREHOUSE=address).status == 0
    empty = {
        "XINZHI_WAREHOUSE": f"ducklake:postgres:{postgres.new_database('empty')}",
        "XINZHI_DATA": str(authored(tmp_path / "machine")),
    }
    assert etl("restore", tmp_path / "copy", **empty).status == 0
    there = etl("move", "--to", tmp_path / "there.duckdb", XINZHI_WAREHOUSE=address)
    back = etl("move", "--to", tmp_path / "back.duckdb", **empty)
    assert there.out.splitlines()[:-1] == back.out.splitlines()[:-1]
    again = etl("restore", tmp_path / "copy", **empty)  # what is there already is left
    assert again.status == 0, again.err


def test_two_writers_at_once_double_nothing(etl: Etl, address: str, tmp_path: Path) -> None:
    ended: list[Finished] = []

    def write() -> None:
        done = etl("import", tmp_path / "values.csv", XINZHI_WAREHOUSE=address)
        ended.append(done)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert all(one.status == 0 or is_one_sentence(one.err) for one in ended), ended
    assert any(one.status == 0 for one in ended)
    moved = etl("move", "--to", tmp_path / "file.duckdb", XINZHI_WAREHOUSE=address)
    assert "held: 2 rows" in moved.out


def test_data_files_may_lie_in_a_bucket(
    etl: Etl, address: str, bucket: BucketServer, tmp_path: Path
) -> None:
    bucket.new_bucket("lake")
    store = {k: v for k, v in bucket.settings("lake").items() if k != "XINZHI_SNAPSHOTS"}
    files = {"XINZHI_WAREHOUSE": address, "XINZHI_LAKE_FILES": "s3://lake/files", **store}
    done = etl("import", tmp_path / "values.csv", **files)
    assert done.status == 0, done.err
    moved = etl("move", "--to", tmp_path / "file.duckdb", **files)
    assert "held: 2 rows" in moved.out
    assert files["XINZHI_S3_SECRET"] not in done.out + done.err


def test_what_cannot_be_used_is_said_in_words(
    etl: Etl, postgres: PostgresServer, address: str, tmp_path: Path
) -> None:
    assert etl("import", tmp_path / "values.csv", XINZHI_WAREHOUSE=address).status == 0
    lake = {"XINZHI_WAREHOUSE": address}
    plain = tmp_path / "plain"
    plain.write_text("")
    later = "update xinzhi.ducklake_metadata set value = '9.0' where key = 'version'"
    cases = {
        "DuckDB 1.5.5": etl("run", "--offline", python=sys.executable, **lake),
        "password": etl("run", "--offline", XINZHI_WAREHOUSE=address.replace("s3cret", "s4cret")),
        "no database": etl("run", "--offline", XINZHI_WAREHOUSE=address.replace("=lake", "=none")),
        "XINZHI_LAKE_FILES names": etl("run", "--offline", XINZHI_LAKE_FILES="/tmp/other", **lake),
        "cannot be written": etl(
            "run", "--offline", XINZHI_LAKE_FILES=str(plain / "below"),
            XINZHI_WAREHOUSE=f"ducklake:postgres:{postgres.new_database('files')}",
        ),
    }  # fmt: skip
    postgres.sql(later, "lake")
    cases["DuckLake 9.0"] = etl("run", "--offline", **lake)
    for words, ended in cases.items():
        assert ended.status == 2, (words, ended)
        assert is_one_sentence(ended.err), (words, ended.err)
        assert words in ended.err, (words, ended.err)


def test_what_does_not_need_the_lake_does_not_open_it(etl: Etl, tmp_path: Path) -> None:
    away = "ducklake:postgres:host=127.0.0.1 port=9 dbname=away user=nobody"
    assert etl("run", "--offline", python=sys.executable).status in (0, 1)
    asked = [
        etl(name, python=sys.executable, XINZHI_WAREHOUSE=away, XINZHI_CATALOG=str(CATALOG))
        for name in ("check", "status")
    ]
    assert asked[0].status == 0, asked
    assert asked[1].status in (0, 1), asked  # 1 where something is stale by now
    assert not asked[1].err, asked
