"""Backup and restore: everything that cannot be fetched again, whole, or a sentence."""

from __future__ import annotations

import gc
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from conftest import (
    BUNDLED,
    Cli,
    command,
    finished,
    is_one_sentence,
    served,
    settings_of,
    vintages,
)
from serving import client

from dashboard.people import People
from dashboard.people.ways.way import Identity
from etl.alerts.notify import Memory
from etl.ingest import raw
from etl.records import now
from etl.settings import POINTER
from etl.sign_in import BY_LINK
from etl.storage import backup
from etl.storage.audit import AuditFile, AuditLine
from etl.storage.snapshots import Folder
from etl.storage.state import TextFile
from etl.storage.warehouse import lock
from etl.subscribers import Subscribers

pytestmark = pytest.mark.slow

ADDRESSES = (
    "/c/sp500.csv?t=max",
    "/c/sp500@2026-05-27.csv?t=max",
    "/c/micron_market_cap_usd_bn@2026-05-27.parquet",
    "/api/v1/bulletins/2026-05-27",
)


@pytest.fixture
def full(filled: Path) -> Path:
    """A data folder with something of everything that a backup holds."""
    raw.FolderArchive(filled / "raw").keep("fred", "sp500", b"observation_date,SP500\n", now())
    shutil.copy(BUNDLED / "bulletins" / "2026-05-27.md", filled / "bulletins")
    (filled / "corrections.yaml").write_text("corrections: []\n", encoding="utf-8")
    (filled / "state").mkdir()
    memory = Memory(TextFile(filled / "state" / "alerts.json"))
    memory.begin("webhook", "webhook 1")
    with memory.sending("webhook 1", "vix/a/2026-05-26"):
        pass
    people = People.of(replace(settings_of(filled), sign_in=BY_LINK))
    people.sign_in_by("link", Identity("li", "李"), "Firefox")
    people.make_token("weekly report", ["read"], 30)
    Subscribers.of(settings_of(filled)).add("li@example.cn", "zh")
    AuditFile(filled / "state" / "audit.jsonl").add(AuditLine(now(), "link:li", "etl run", "ok"))
    assert client(settings_of(filled)).get(ADDRESSES[0]).status_code == 200  # noted as served
    gc.collect()  # the site goes with what it had open, and writes to its record no more
    return filled


def answers(folder: Path) -> list[bytes]:
    site = client(settings_of(folder))
    found = [site.get(address) for address in ADDRESSES]
    assert {answer.status_code for answer in found} == {200}
    return [answer.content for answer in found]


def listing(folder: Path) -> dict[str, str]:
    """Every file below a folder, with what it holds."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def elsewhere(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    monkeypatch.setenv("XINZHI_DATA", str(folder))
    return folder


def test_another_folder_serves_the_same_bytes(
    full: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, there = answers(full), tmp_path / "backup"
    done = cli("backup", there)
    assert (done.status, done.err) == (0, "")
    assert f"{vintages(full):,} vintages" in done.out
    other = elsewhere(monkeypatch, tmp_path / "other")
    assert cli("restore", there).status == 0
    assert answers(other) == before
    for name in ("policies.csv", "corrections.yaml", "figures/market.csv", "state/alerts.json",
                 "bulletins/2026-05-27.md"):  # fmt: skip
        assert (other / name).read_bytes() == (full / name).read_bytes()
    assert listing(other / "raw") == listing(full / "raw")
    assert Memory(TextFile(other / "state" / "alerts.json")).sent("webhook 1") == {
        "vix/a/2026-05-26"
    }
    people = People.of(replace(settings_of(other), sign_in=BY_LINK))
    assert [one.shown for one in people.everyone()] == ["李"]
    assert [one.label for one in people.tokens()] == ["weekly report"]
    assert people.sessions() == []
    assert [one.address for one in Subscribers.of(settings_of(other)).all()] == ["li@example.cn"]
    assert AuditFile(other / "state" / "audit.jsonl").newest(1)[0].who == "link:li"
    for name in ("people.sqlite", "subscribers.sqlite", "audit.jsonl"):
        assert (other / "state" / name).stat().st_mode & 0o077 == 0, name
    digest = sha256(before[0]).hexdigest()
    receipt = client(settings_of(other)).get(f"/verify/{digest}")
    assert (receipt.status_code, digest in receipt.text) == (200, True)
    done = cli("run", "--offline")
    assert (done.status, "nothing changed" in done.out) == (0, True)
    assert not list(other.glob(".restoring-*"))
    assert not list(other.glob("replaced-*"))


def test_a_check_touches_nothing(
    full: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, other = tmp_path / "backup", tmp_path / "other"
    assert cli("backup", there).status == 0
    before, mine = listing(there), listing(full)
    done = cli("restore", there, "--check")
    assert (done.status, "nothing was changed" in done.out) == (0, True)
    elsewhere(monkeypatch, other)
    assert cli("restore", there, "--check").status == 0
    assert (listing(there), listing(full), other.exists()) == (before, mine, False)


def test_what_is_there_goes_aside_and_nothing_is_lost(full: Path, tmp_path: Path, cli: Cli) -> None:
    there = tmp_path / "backup"
    assert cli("backup", there).status == 0
    before = answers(full)
    path = tmp_path / "more.csv"
    path.write_text("indicator,date,value\nsp500,2026-05-26,7000\n", encoding="utf-8")
    assert cli("import", path).status == 0
    newer, count = (full / "warehouse.duckdb").read_bytes(), vintages(full)
    (full / "warehouse.duckdb.wal").write_bytes(b"")
    (full / "bulletins" / "2026-05-28.md").write_text("of the day after", encoding="utf-8")
    done = cli("restore", there)
    assert (done.status, done.err) == (0, "")
    (aside,) = full.glob("replaced-*")
    assert str(aside) in done.out
    assert (aside / "warehouse.duckdb").read_bytes() == newer
    assert (aside / "warehouse.duckdb.wal").exists()
    assert not (full / "warehouse.duckdb.wal").exists()
    assert vintages(full) == count - 1
    assert answers(full) == before
    assert (full / "bulletins" / "2026-05-28.md").exists()  # what the backup does not hold stays


def test_restoring_twice_changes_nothing_more(full: Path, tmp_path: Path, cli: Cli) -> None:
    there = tmp_path / "backup"
    cli("backup", there)
    assert cli("restore", there).status == 0
    replaced = {path.name for aside in full.glob("replaced-*") for path in aside.rglob("*")}
    # In another layout, and without those who were signed in.
    ours = {"served.sqlite", "people.sqlite", "state"}
    assert {name.partition("-")[0] for name in replaced} <= ours
    before = listing(full)
    assert cli("restore", there).status == 0
    assert listing(full) == before


def _flipped(path: Path) -> None:
    payload = bytearray(path.read_bytes())
    payload[len(payload) // 2] ^= 0x01
    path.write_bytes(payload)


def test_a_flipped_byte_in_any_file_is_found_and_nothing_is_restored(
    full: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, other = tmp_path / "backup", tmp_path / "other"
    cli("backup", there)
    elsewhere(monkeypatch, other)
    for name in listing(there):
        whole = (there / name).read_bytes()
        _flipped(there / name)
        for arguments in (("restore", there), ("restore", there, "--check")):
            done = cli(*arguments)
            assert (done.status, is_one_sentence(done.err)) == (2, True), name
        (there / name).write_bytes(whole)
    assert not other.exists()
    assert cli("restore", there).status == 0


Damage = Callable[[Path], object]
HALVES: dict[str, Damage] = {
    "no folder": shutil.rmtree,
    "no manifest": lambda there: (there / "manifest.json").unlink(),
    "half a manifest": lambda there: (there / "manifest.json").write_text('{"backup": 1,'),
    "another manifest": lambda there: (there / "manifest.json").write_text("[]"),
    "a deep manifest": lambda there: (there / "manifest.json").write_text("[" * 100_000),
    "no warehouse": lambda there: (there / "warehouse.duckdb").unlink(),
    "half a warehouse": lambda there: (there / "warehouse.duckdb").write_bytes(
        (there / "warehouse.duckdb").read_bytes()[:5000]
    ),
    "no snapshot": lambda there: shutil.rmtree(there / "published"),
    "no answer": lambda there: shutil.rmtree(there / "raw"),
    "a folder in the place of a file": lambda there: (
        (there / "policies.csv").unlink(), (there / "policies.csv").mkdir(),
    ),
    "a link in the place of a file": lambda there: (
        (there / "policies.csv").rename(there / "elsewhere"),
        (there / "policies.csv").symlink_to(there / "elsewhere"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", HALVES.values(), ids=HALVES.keys())
def test_half_a_backup_is_refused_in_words(
    filled: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, damage: Damage
) -> None:
    raw.FolderArchive(filled / "raw").keep("fred", "sp500", b"observation_date,SP500\n", now())
    there, other = tmp_path / "backup", tmp_path / "other"
    cli("backup", there)
    damage(there)
    elsewhere(monkeypatch, other)
    for arguments in (("restore", there), ("restore", there, "--check")):
        done = cli(*arguments)
        assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert not other.exists()


@pytest.mark.parametrize(
    "path",
    ["../outside.csv", "raw/../../outside.csv", "/tmp/outside.csv", "raw/./x", "", "secrets.txt",
     "raw\\..\\x", "raw/a\nb", ".lock"],
)  # fmt: skip
def test_a_manifest_that_names_a_path_outside_is_refused(
    filled: Path, tmp_path: Path, cli: Cli, path: str
) -> None:
    there = tmp_path / "backup"
    cli("backup", there)
    (tmp_path / "outside.csv").write_bytes(b"x")
    manifest = backup.Manifest.model_validate_json((there / "manifest.json").read_bytes())
    more = backup.Copied(path=path, bytes=1, sha256=sha256(b"x").hexdigest())
    forged = manifest.model_copy(update={"files": (*manifest.files, more)}).sealed()
    (there / "manifest.json").write_text(forged.model_dump_json(), encoding="utf-8")
    done = cli("restore", there)
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "no file of a backup" in done.err


def test_a_count_that_does_not_agree_is_refused(filled: Path, tmp_path: Path, cli: Cli) -> None:
    there = tmp_path / "backup"
    cli("backup", there)
    manifest = backup.Manifest.model_validate_json((there / "manifest.json").read_bytes())
    forged = manifest.model_copy(update={"vintages": manifest.vintages + 1}).sealed()
    (there / "manifest.json").write_text(forged.model_dump_json(), encoding="utf-8")
    done = cli("restore", there, "--check")
    assert (done.status, "were backed up" in done.err) == (2, True)


def test_no_backup_is_written_over_anything(filled: Path, tmp_path: Path, cli: Cli) -> None:
    there = tmp_path / "backup"
    assert cli("backup", there).status == 0
    before = listing(there)
    (tmp_path / "file").write_text("x")
    for target in (there, tmp_path / "file", tmp_path / "file" / "below"):
        done = cli("backup", target)
        assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert listing(there) == before
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.parametrize("inside", ["raw", "raw/2026", "published/x", "bulletins", "state/y"])
def test_no_backup_is_written_into_what_it_holds(filled: Path, cli: Cli, inside: str) -> None:
    done = cli("backup", filled / inside)
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "backed up itself" in done.err
    assert cli("history").status == 0


def test_a_backup_waits_for_nobody_who_writes(filled: Path, tmp_path: Path, cli: Cli) -> None:
    cli("backup", tmp_path / "backup")
    with lock(filled / ".lock"):
        for arguments in (("backup", tmp_path / "second"), ("restore", tmp_path / "backup")):
            done = cli(*arguments)
            assert (done.status, "Another run" in done.err) == (2, True)
    assert not (tmp_path / "second").exists()


def test_before_the_first_run_there_is_nothing_to_back_up(
    data: Path, tmp_path: Path, cli: Cli
) -> None:
    done = cli("backup", tmp_path / "backup")
    assert (done.status, "etl run" in done.err) == (2, True)
    assert not (tmp_path / "backup").exists()


SMALL_DISK = (
    "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))"
)


def test_a_full_disk_leaves_no_half_backup_and_no_half_restored_folder(
    full: Path, tmp_path: Path, cli: Cli
) -> None:
    there = tmp_path / "backup"
    done = finished(command("backup", str(there), data=full, before=SMALL_DISK))
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert not there.exists()
    there.mkdir()
    done = finished(command("backup", str(there), data=full, before=SMALL_DISK))
    assert (done.status, list(there.iterdir())) == (2, [])
    assert cli("backup", there).status == 0
    other = tmp_path / "other"
    done = finished(command("restore", str(there), data=other, before=SMALL_DISK))
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert listing(other).keys() <= {".lock"}


def test_a_snapshot_that_cannot_be_read_is_said_and_the_rest_is_backed_up(
    filled: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = Folder(filled / "published").current_name()
    (filled / "published" / f"{name}.duckdb").write_bytes(b"")
    there = tmp_path / "backup"
    done = cli("backup", there)
    assert (done.status, "the backup has no snapshot" in done.out) == (0, True)
    other = elsewhere(monkeypatch, tmp_path / "other")
    assert cli("restore", there).status == 0
    assert not (other / "published" / POINTER).exists()
    assert cli("run", "--offline").status == 0
    assert served(other, "sp500")[date(2026, 5, 26)] > 0


def test_a_catalog_that_differs_is_said_and_not_exchanged(
    filled: Path, tmp_path: Path, cli: Cli
) -> None:
    there = tmp_path / "backup"
    cli("backup", there)
    (there / "indicators.yaml").write_text("# another\n", encoding="utf-8")
    manifest = backup.Manifest.model_validate_json((there / "manifest.json").read_bytes())
    files = tuple(
        backup.Copied(path=f.path, bytes=10, sha256=sha256(b"# another\n").hexdigest())
        if f.path == "indicators.yaml" else f
        for f in manifest.files
    )  # fmt: skip
    forged = manifest.model_copy(update={"files": files}).sealed()
    (there / "manifest.json").write_text(forged.model_dump_json(), encoding="utf-8")
    done = cli("restore", there)
    assert (done.status, "the catalog of the backup differs" in done.out) == (0, True)
    assert not (filled / "indicators.yaml").exists()


def test_a_manifest_is_plain_json_that_names_the_program(
    filled: Path, tmp_path: Path, cli: Cli
) -> None:
    cli("backup", tmp_path / "backup")
    told = json.loads((tmp_path / "backup" / "manifest.json").read_text("utf-8"))
    assert told["program"]
    assert told["snapshot"] == Folder(filled / "published").current_name()
    assert {file["path"] for file in told["files"]} == listing(tmp_path / "backup").keys() - {
        "manifest.json"
    }
