"""A data folder may be called anything that the file system allows."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from conftest import Cli, authored, command, finished, settings_of, vintages
from serving import client

from dashboard.__main__ import main as dashboard

NAMES = ("?", "数据 文件夹 100%", "a?b?c=d #1", """it's "x"; y&z [b]*c""")


@pytest.fixture(params=NAMES)
def odd(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / request.param / "data"
    monkeypatch.setenv("XINZHI_DATA", str(folder))
    return authored(folder)


def test_everything_works_in_a_folder_of_any_name(odd: Path, tmp_path: Path, cli: Cli) -> None:
    assert cli("run", "--offline").status == 0
    assert "nothing changed" in cli("run", "--offline").out
    for words in (
        ("history",),
        ("status",),
        ("claims", "2026-05-27"),
        ("alerts",),
        ("candidates",),
    ):
        done = cli(*words)
        assert done.status in (0, 1), done.err
        assert done.err == ""
    held = vintages(odd)
    file = odd / "im?port [1].csv"
    file.write_text("indicator,date,value\nvix,2026-09-01,20.5\n", encoding="utf-8")
    assert cli("import", file).status == 0
    assert vintages(odd) == held + 1
    backup = tmp_path / "back?up"
    for words in (("backup", backup), ("restore", backup, "--check"), ("restore", backup),
                  ("rollback",)):  # fmt: skip
        done = cli(*words)
        assert (done.status, done.err) == (0, ""), words
    site = client(settings_of(odd))
    answer = site.get("/c/vix.parquet")
    assert answer.status_code == 200
    assert site.get("/readyz").json()["snapshot"]
    found = site.get("/verify/" + "0" * 64)
    assert "are on record" in found.json()["detail"]
    target = tmp_path / "o?ut.csv"
    assert dashboard(["export", "vix", "-o", str(target)]) == 0
    assert target.read_bytes() == site.get("/c/vix.csv").content


def test_what_a_killed_run_had_stored_is_there_when_the_next_begins(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log of the warehouse is found again although DuckDB keeps it elsewhere."""
    folder = tmp_path / "a?b"
    monkeypatch.setenv("XINZHI_DATA", str(authored(folder)))
    killing = (
        "import os, signal\n"
        "from etl.storage import publish\n"
        "def kill(*given): os.kill(os.getpid(), signal.SIGKILL)\n"
        "publish.create_events = kill\n"
    )
    done = finished(command("run", "--offline", data=folder, before=killing))
    assert done.status == -signal.SIGKILL
    assert (tmp_path / "a.wal?b" / "warehouse.duckdb").exists()
    assert cli("run", "--offline").status == 0
    assert vintages(folder) > 2000


def test_no_folder_of_logs_is_left_beside(tmp_path: Path) -> None:
    folder = tmp_path / "a?b" / "data"
    authored(folder)
    assert finished(command("run", "--offline", data=folder)).status == 0
    assert [path.name for path in tmp_path.iterdir()] == ["a?b"]
