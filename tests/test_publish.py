"""Snapshots: whole files behind one pointer, whatever happens while they are made."""

from __future__ import annotations

import json
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest
from conftest import Cli, bundled, command, finished, is_one_sentence, served, snapshot, vintages

from etl.catalog import Catalog
from etl.errors import StorageError
from etl.records import Observation
from etl.settings import POINTER, Settings
from etl.storage import publish, snapshots
from etl.storage.snapshots import Folder
from etl.storage.warehouse import Warehouse, opened

pytestmark = pytest.mark.slow

START = datetime(2026, 5, 27, tzinfo=UTC)
DAY = date(2026, 5, 26)


def _publish(warehouse: Warehouse, catalog: Catalog, folder: Path, number: int) -> str:
    """One more snapshot; the number makes it different from the one before."""
    content = publish.all_content(catalog, (), (), [("sp500", f"problem {number}")])
    name = publish.publish(warehouse, content, Folder(folder), START + timedelta(minutes=number))
    assert name is not None
    return name


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.duckdb"))


@pytest.fixture
def small(warehouse: Warehouse) -> Warehouse:
    """A warehouse that holds one value."""
    load = warehouse.begin_load("run", START, START)
    warehouse.append("sp500", "fred", [Observation(DAY, 7519.12)], load=load, known_at=START)
    return warehouse


@contextmanager
def _readers(folder: Path, seen: list[tuple[str, int]], failures: list[str]) -> Iterator[None]:
    """Two threads that follow the pointer and read what it names, for as long as the block runs."""
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                name = json.loads((folder / POINTER).read_text("utf-8"))["snapshot"]
                file = folder / f"{name}.duckdb"
                with duckdb.connect(str(file), read_only=True) as connection:
                    count = connection.execute("select count(*) from observations").fetchall()
                seen.append((name, count[0][0]))
            except Exception as error:  # whatever it is, it must not happen
                failures.append(repr(error))

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_readers_always_find_a_whole_snapshot_while_others_are_published(
    tmp_path: Path, published: Settings, catalog: Catalog
) -> None:
    path, folder = tmp_path / "copy.duckdb", tmp_path / "published"
    shutil.copy(published.warehouse, path)
    with snapshot(published.data) as connection:
        ((rows,),) = connection.execute("select count(*) from observations").fetchall()
    seen: list[tuple[str, int]] = []
    failures: list[str] = []
    with opened(path) as warehouse:
        first = _publish(warehouse, catalog, folder, 0)
        with _readers(folder, seen, failures):
            names = [first, *(_publish(warehouse, catalog, folder, n) for n in range(1, 7))]
            while not any(name == names[-1] for name, _ in seen[-4:]) and not failures:
                time.sleep(0.01)
    assert failures == []
    assert {count for _, count in seen} == {rows}
    assert {name for name, _ in seen} <= set(names)
    assert len({name for name, _ in seen}) > 2


def test_what_has_not_changed_is_not_published_again(
    small: Warehouse, catalog: Catalog, tmp_path: Path
) -> None:
    content = publish.all_content(catalog, (), (), ())
    folder = tmp_path / "published"
    assert publish.publish(small, content, Folder(folder), START) is not None
    assert publish.publish(small, content, Folder(folder), START + timedelta(days=1)) is None
    assert len(_names(folder)) == 1


def test_a_published_file_never_changes(small: Warehouse, catalog: Catalog, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    first = folder / f"{_publish(small, catalog, folder, 0)}.duckdb"
    before = sha256(first.read_bytes()).digest()
    load = small.begin_load("run", START, START)
    small.append("sp500", "fred", [Observation(DAY, 1.0)], load=load, known_at=START)
    _publish(small, catalog, folder, 1)
    assert sha256(first.read_bytes()).digest() == before


def test_only_the_newest_snapshots_are_kept_and_the_served_one_is_among_them(
    small: Warehouse, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "KEPT", 4)
    folder = tmp_path / "published"
    names = [_publish(small, catalog, folder, number) for number in range(7)]
    assert _names(folder) == names[-4:]
    assert Folder(folder).current_name() == names[-1]


def test_nothing_lies_beside_a_snapshot(small: Warehouse, catalog: Catalog, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    name = _publish(small, catalog, folder, 0)
    assert {path.name for path in folder.iterdir()} == {f"{name}.duckdb", POINTER}


def test_what_a_killed_run_left_half_built_is_swept_away(
    small: Warehouse, catalog: Catalog, tmp_path: Path
) -> None:
    folder = tmp_path / "published"
    folder.mkdir()
    for name in (".building-dead.duckdb", ".building-dead.duckdb.wal", ".current.json.dead"):
        (folder / name).write_text("half")
    name = _publish(small, catalog, folder, 0)
    assert {path.name for path in folder.iterdir()} == {f"{name}.duckdb", POINTER}


def test_a_snapshot_without_its_file_is_published_again(
    small: Warehouse, catalog: Catalog, tmp_path: Path
) -> None:
    content, folder = publish.all_content(catalog, (), (), ()), tmp_path / "published"
    first = publish.publish(small, content, Folder(folder), START)
    (folder / f"{first}.duckdb").unlink()
    assert publish.publish(small, content, Folder(folder), START + timedelta(days=1)) is not None


def _flip(path: Path, at: int) -> None:
    payload = bytearray(path.read_bytes())
    payload[at] ^= 0xFF
    path.write_bytes(payload)


DAMAGES: dict[str, Callable[[Path, Path], object]] = {
    "no pointer": lambda pointer, file: pointer.unlink(),
    "an empty pointer": lambda pointer, file: pointer.write_text(""),
    "half a pointer": lambda pointer, file: pointer.write_text('{"snap'),
    "a pointer of another shape": lambda pointer, file: pointer.write_text("[1]"),
    "a pointer to a number": lambda pointer, file: pointer.write_text('{"snapshot": 5}'),
    "a pointer out of the folder": lambda pointer, file: pointer.write_text(
        json.dumps({"snapshot": f"../published/{file.stem}", "fingerprint": "x"})
    ),
    "a pointer that is too deep": lambda pointer, file: pointer.write_text("[" * 100_000),
    "a pointer that is no text": lambda pointer, file: pointer.write_bytes(b"\xff\xfe"),
    "no file": lambda pointer, file: file.unlink(),
    "an empty file": lambda pointer, file: file.write_bytes(b""),
    "another file": lambda pointer, file: file.write_text("no database" * 5000),
    "half a file": lambda pointer, file: file.write_bytes(file.read_bytes()[: 300_000]),
    "a file without its last block": lambda pointer, file: file.write_bytes(
        file.read_bytes()[:-1000]
    ),
    "a byte in the head": lambda pointer, file: _flip(file, 5000),
    "a byte in the data": lambda pointer, file: _flip(file, 300_000),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_run_publishes_anew_where_what_is_served_cannot_be_read(
    small: Warehouse, catalog: Catalog, tmp_path: Path, damage: Callable[[Path, Path], object]
) -> None:
    content, folder = publish.all_content(catalog, (), (), ()), tmp_path / "published"
    first = publish.publish(small, content, Folder(folder), START)
    damage(folder / POINTER, folder / f"{first}.duckdb")
    second = publish.publish(small, content, Folder(folder), START + timedelta(days=1))
    assert second is not None
    assert served(tmp_path, "sp500") == {DAY: 7519.12}
    assert publish.publish(small, content, Folder(folder), START + timedelta(days=2)) is None


def test_a_damaged_snapshot_is_published_anew_by_the_next_run(filled: Path, cli: Cli) -> None:
    (name,) = _names(filled / "published")
    (filled / "published" / f"{name}.duckdb").write_bytes(b"\0" * 4096)
    done = cli("run", "--offline")
    assert (done.status, "published 2" in done.out) == (0, True)
    assert served(filled, "sp500") == bundled("market.csv", "sp500")


def test_a_value_that_was_changed_is_published_though_no_row_was_added(
    small: Warehouse, catalog: Catalog, tmp_path: Path
) -> None:
    content, folder = publish.all_content(catalog, (), (), ()), tmp_path / "published"
    publish.publish(small, content, Folder(folder), START)
    small.connection.execute("update held set value = 7000")
    assert publish.publish(small, content, Folder(folder), START + timedelta(days=1)) is not None
    assert served(tmp_path, "sp500") == {DAY: 7000.0}


def test_a_lost_warehouse_never_empties_the_site_unasked(filled: Path, cli: Cli) -> None:
    with opened(filled / "warehouse.duckdb") as warehouse:
        load = warehouse.begin_load("run", START, START)
        warehouse.append("vix", "yahoo", [Observation(DAY, 17.0, START)], load=load, known_at=START)
    assert cli("run", "--offline").status == 0
    name = Folder(filled / "published").current_name()
    (filled / "warehouse.duckdb").unlink()
    for arguments in (("run", "--offline"), ("run", "--offline"), ("replay",)):
        done = cli(*arguments)
        assert (done.status, is_one_sentence(done.err)) == (2, True)
        assert f"fewer vintages than {name}" in done.err
        assert "vix 0 instead of 1" in done.err
        assert "--allow-fewer" in done.err
        assert "etl restore" in done.err
    assert Folder(filled / "published").current_name() == name
    done = cli("run", "--offline", "--allow-fewer")
    assert (done.status, "published 2" in done.out) == (0, True)
    assert served(filled, "vix") == {}
    assert cli("run", "--offline").status == 0


def test_fewer_are_counted_against_the_newest_that_can_be_read(
    small: Warehouse, catalog: Catalog, tmp_path: Path
) -> None:
    folder = tmp_path / "published"
    _publish(small, catalog, folder, 0)
    (folder / POINTER).write_text("")
    small.connection.execute("delete from held")
    with pytest.raises(StorageError, match="sp500 0 instead of 1"):
        _publish(small, catalog, folder, 1)


def test_what_the_catalog_names_no_more_is_not_missed(
    small: Warehouse, catalog: Catalog, tmp_path: Path
) -> None:
    folder = tmp_path / "published"
    _publish(small, catalog, folder, 0)
    indicators = {name: one for name, one in catalog.indicators.items() if name != "sp500"}
    without = catalog.model_copy(update={"indicators": indicators})
    assert _publish(small, without, folder, 1) == Folder(folder).current_name()


def test_what_is_renamed_is_counted_under_its_new_name(
    small: Warehouse, catalog: Catalog, tmp_path: Path
) -> None:
    folder = tmp_path / "published"
    _publish(small, catalog, folder, 0)
    indicators = dict(catalog.indicators)
    old = indicators.pop("sp500")
    indicators["spx"] = old.model_copy(update={"id": "spx", "old_ids": ("sp500",)})
    renamed = catalog.model_copy(update={"indicators": indicators})
    with pytest.raises(StorageError, match="spx 0 instead of 1"):
        _publish(small, renamed, folder, 1)
    small.connection.execute("update held set indicator = 'spx'")
    assert _publish(small, renamed, folder, 1) == Folder(folder).current_name()


@pytest.fixture
def three(small: Warehouse, catalog: Catalog, data: Path) -> list[str]:
    """The names of three snapshots below `data`."""
    return [_publish(small, catalog, data / "published", number) for number in range(3)]


def test_rollback_returns_to_the_snapshot_before(three: list[str], data: Path, cli: Cli) -> None:
    assert cli("rollback").status == 0
    assert Folder(data / "published").current_name() == three[1]
    assert cli("rollback").status == 0
    assert Folder(data / "published").current_name() == three[0]
    done = cli("rollback")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert Folder(data / "published").current_name() == three[0]


def test_rollback_returns_to_a_named_snapshot_and_history_marks_it(
    three: list[str], data: Path, cli: Cli
) -> None:
    assert cli("rollback", three[0]).status == 0
    lines = cli("history").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == three[::-1]
    assert [line.split()[0] for line in lines if line.endswith("current")] == [three[0]]


def test_rollback_to_an_unknown_snapshot_names_the_nearest(
    three: list[str], data: Path, cli: Cli
) -> None:
    done = cli("rollback", three[0][:-1] + "x")
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert f"'{three[0]}'" in done.err
    assert Folder(data / "published").current_name() == three[2]


def test_rollback_refuses_a_snapshot_that_cannot_be_read(
    three: list[str], data: Path, cli: Cli
) -> None:
    (data / "published" / f"{three[0]}.duckdb").write_text("broken" * 5000)
    done = cli("rollback", three[0])
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert Folder(data / "published").current_name() == three[2]


def test_rollback_passes_over_what_cannot_be_read(three: list[str], data: Path, cli: Cli) -> None:
    (data / "published" / f"{three[1]}.duckdb").write_bytes(b"")
    assert cli("rollback").status == 0
    assert Folder(data / "published").current_name() == three[0]


def test_rollback_without_a_pointer_returns_to_the_newest_that_can_be_read(
    three: list[str], data: Path, cli: Cli
) -> None:
    (data / "published" / POINTER).unlink()
    _flip(data / "published" / f"{three[2]}.duckdb", 300_000)
    assert cli("rollback").status == 0
    assert Folder(data / "published").current_name() == three[1]


def _set_meta(path: Path, key: str, value: str) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("update meta set value = ? where key = ?", [value, key])


def test_history_lists_what_it_can_and_says_why_of_the_rest(
    three: list[str], data: Path, cli: Cli
) -> None:
    folder = data / "published"
    (folder / f"{three[2]}.duckdb").write_text("broken" * 5000)
    _set_meta(folder / f"{three[1]}.duckdb", "format", "999")
    (folder / "2-not-ours.duckdb").mkdir()
    done = cli("history")
    assert (done.status, done.err) == (0, "")
    rows = {line.split()[0]: line for line in done.out.splitlines()[1:]}
    assert list(rows) == [*three[::-1], "2-not-ours"]
    assert "cannot be read" in rows["2-not-ours"]
    assert "cannot be read" in rows[three[2]]
    assert rows[three[2]].endswith("current")
    assert "a later version wrote its format 999" in rows[three[1]]
    assert "cannot be read" not in rows[three[0]]


@pytest.mark.parametrize(
    ("told", "said"),
    [("999", "a later version"), ("4", "an earlier version"), ("ten", "an earlier version")],
)
def test_rollback_to_a_format_that_this_version_does_not_read_is_refused_in_words(
    three: list[str], data: Path, cli: Cli, told: str, said: str
) -> None:
    _set_meta(data / "published" / f"{three[0]}.duckdb", "format", told)
    done = cli("rollback", three[0])
    assert (done.status, is_one_sentence(done.err), said in done.err) == (2, True, True)
    assert Folder(data / "published").current_name() == three[2]


def test_a_snapshot_under_another_name_is_not_believed(
    three: list[str], data: Path, cli: Cli
) -> None:
    folder = data / "published"
    shutil.copy(folder / f"{three[2]}.duckdb", folder / f"{three[0]}.duckdb")
    done = cli("rollback", three[0])
    assert (done.status, f"copy of {three[2]}" in done.err) == (2, True)


def test_rollback_with_nothing_published_says_so(data: Path, cli: Cli) -> None:
    done = cli("rollback", "20260527")
    assert (done.status, is_one_sentence(done.err)) == (2, True)


def test_the_run_after_a_rollback_serves_the_newest_data_again(filled: Path, cli: Cli) -> None:
    (old,) = _names(filled / "published")
    path = filled / "figures/market.csv"
    held = bundled("market.csv", "sp500")[DAY]
    path.write_text(path.read_text("utf-8").replace(f"sp500,{DAY},{held}", f"sp500,{DAY},7500.5"))
    assert cli("run", "sp500", "--offline").status == 0
    assert cli("rollback", old).status == 0
    assert served(filled, "sp500")[DAY] == held
    assert cli("run", "sp500", "--offline").status == 0
    assert served(filled, "sp500")[DAY] == 7500.5


def test_a_pointer_that_was_damaged_is_written_anew_by_the_next_run(filled: Path, cli: Cli) -> None:
    (filled / "published" / POINTER).write_text('{"snap')
    assert cli("run", "--offline").status == 0
    assert served(filled, "sp500") == bundled("market.csv", "sp500")


def test_a_run_killed_at_any_moment_loses_nothing_that_was_published(filled: Path) -> None:
    """Killed after a random number of its lines, and a little later each time than a line takes."""
    chance = random.Random(20260527)
    path = filled / "figures/market.csv"
    original = path.read_text("utf-8")
    held = bundled("market.csv", "sp500")[DAY]
    rows = vintages(filled)
    values = {held}
    for attempt, lines in enumerate((2, 25, 25)):
        values.add(7500.0 + attempt)
        changed = f"sp500,{DAY},{7500.0 + attempt}"
        path.write_text(original.replace(f"sp500,{DAY},{held}", changed), "utf-8")
        process = command("run", "--offline", data=filled, PYTHONUNBUFFERED="1")
        assert process.stdout is not None
        for _ in range(lines):
            process.stdout.readline()
        time.sleep(chance.uniform(0, 0.3))
        process.kill()
        process.communicate()
        found = served(filled, "sp500")
        assert found[DAY] in values
        assert len(found) == len(bundled("market.csv", "sp500"))
        assert vintages(filled) >= rows
        rows = vintages(filled)
    done = finished(command("run", "--offline", data=filled))
    assert (done.status, done.err) == (0, "")
    assert served(filled, "sp500")[DAY] == 7502.0
    leftovers = [path.name for path in (filled / "published").glob(".*")]
    assert leftovers == []
