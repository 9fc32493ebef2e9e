"""Snapshots in a store: the same laws over a folder and a bucket, and readers on other machines
that see a whole snapshot or the one before, whatever happens to the network, the store or them."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import PROJECT, Cli, is_one_sentence, run_with_fred, settings_of
from odd_store import OddStore, odd_store, refusal
from serving import PLAIN, client

from benchmarks.servers import BucketServer
from dashboard.address import moment_text
from dashboard.data.snapshot import SnapshotError, Snapshots
from dashboard.data.warm_up import keep_up
from dashboard.server import create_server
from etl.catalog import Catalog
from etl.errors import SettingError, StorageError
from etl.ingest.run import Request
from etl.records import Observation
from etl.settings import POINTER, Settings
from etl.storage import publish, snapshots
from etl.storage.objects import Objects, StoreAway
from etl.storage.snapshots import FETCHING, FORMAT, Bucket, SnapshotStore, moment_of, store_of
from etl.storage.warehouse import Warehouse

START = datetime(2026, 5, 27, tzinfo=UTC)
DAY = date(2026, 5, 26)
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Machines:
    """One warehouse and one store, and as many machines as are asked for."""

    folder: Path
    environment: Mapping[str, str]
    catalog: Catalog
    warehouse: Warehouse

    def settings(self, machine: str, **more: str) -> Settings:
        return settings_of(self.folder / machine, **{**self.environment, **more})

    def store(self, machine: str, **more: str) -> SnapshotStore:
        return store_of(self.settings(machine, **more))

    def publish(self, number: int, machine: str = "writer", ahead_s: float = 0) -> str | None:
        """One more snapshot; the number makes it different from the one before."""
        content = publish.all_content(self.catalog, (), (), [("sp500", f"problem {number}")])
        moment = START + timedelta(minutes=number, seconds=ahead_s)
        return publish.publish(self.warehouse, content, self.store(machine), moment)

    def reader(self, machine: str = "reader", **more: str) -> Snapshots:
        return Snapshots(self.store(machine, **more), in_background=True)


@pytest.fixture
def small(catalog: Catalog) -> Catalog:
    """A catalog of two indicators, so that snapshots are made quickly."""
    kept = {name: catalog.indicators[name] for name in ("sp500", "vix")}
    return catalog.model_copy(update={"indicators": kept})


@pytest.fixture
def holding(warehouse: Warehouse) -> Warehouse:
    """A warehouse that holds one value."""
    load = warehouse.begin_load("run", START, START)
    warehouse.append("sp500", "fred", [Observation(DAY, 7519.12)], load=load, known_at=START)
    return warehouse


@pytest.fixture(params=["folder", "bucket"])
def machines(
    request: pytest.FixtureRequest, tmp_path: Path, small: Catalog, holding: Warehouse
) -> Machines:
    """A folder that several machines share, and a bucket."""
    environment: Mapping[str, str] = {"XINZHI_SNAPSHOTS": str(tmp_path / "shared")}
    if request.param == "bucket":
        server: BucketServer = request.getfixturevalue("bucket")
        server.new_bucket("laws")
        environment = server.settings("laws", tmp_path.name)
    return Machines(tmp_path, environment, small, holding)


@pytest.fixture
def odd() -> Iterator[OddStore]:
    with odd_store() as store:
        yield store


@pytest.fixture
def far(odd: OddStore, tmp_path: Path, small: Catalog, holding: Warehouse) -> Machines:
    """Machines around a bucket that may do anything."""
    return Machines(tmp_path, odd.settings(), small, holding)


def _soon(true: Callable[[], object], patience_s: float = 60) -> None:
    until = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def _object(odd: OddStore, name: str | None = None) -> str:
    """The path of a snapshot, or of the pointer, in the odd store."""
    return f"/odd/site/{f'{name}.duckdb' if name else POINTER}"


# The laws of both.


def test_readers_see_what_was_published_last(machines: Machines) -> None:
    reader = machines.reader()
    reader.refresh()
    assert "Nothing is published yet" in reader.problem
    first = machines.publish(1)
    reader.refresh()
    old = reader.current()
    assert (old.name, reader.problem) == (first, "")
    second = machines.publish(2)
    reader.refresh()
    assert (reader.current().name, reader.problem) == (second, "")
    assert old.rows("select value from observations") == [(7519.12,)]
    assert [one.name for one in reader.published()] == [second, first]


def test_what_has_not_changed_is_not_published_again_from_any_machine(machines: Machines) -> None:
    assert machines.publish(1) is not None
    content = publish.all_content(machines.catalog, (), (), [("sp500", "problem 1")])
    for machine in ("writer", "another"):
        again = START + timedelta(days=1)
        store = machines.store(machine)
        assert publish.publish(machines.warehouse, content, store, again) is None


def test_the_newest_are_kept_and_always_what_the_pointer_names(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "KEPT", 2)
    names = [machines.publish(number) for number in range(3)]
    store = machines.store("writer")
    assert store.names() == names[:0:-1]
    store.rollback(None)
    store.forget(str(names[2]))
    fourth, fifth = machines.publish(4), machines.publish(5)
    store.rollback(fourth)
    monkeypatch.setattr(snapshots, "KEPT", 1)
    store.forget_old()
    assert store.names() == [fifth, fourth]


def test_rollback_returns_to_the_one_before_on_every_machine(machines: Machines) -> None:
    first, second, third = (machines.publish(number) for number in range(3))
    reader = machines.reader()
    assert machines.store("another").rollback(None) == second
    reader.refresh()
    assert reader.name == second
    assert machines.store("another").rollback(first) == first
    reader.refresh()
    assert reader.name == first
    with pytest.raises(SettingError, match="no snapshot before the current one"):
        machines.store("writer").rollback(None)
    with pytest.raises(SettingError, match="Did you mean"):
        machines.store("writer").rollback(f"{str(third)[:-1]}x")
    marked = {one.name: one.current for one in machines.store("writer").history()}
    assert marked == {third: False, second: False, first: True}
    assert all(one.published_at and not one.problem for one in machines.store("new").history())


def test_a_clock_that_is_behind_makes_no_older_snapshot(machines: Machines) -> None:
    ahead = machines.publish(1, ahead_s=300)
    behind = machines.publish(2, machine="another")
    later = machines.publish(3, machine="another")
    store = machines.store("reader")
    assert store.names() == [later, behind, ahead]
    assert store.current_name() == later
    assert store.rollback(None) == behind
    assert store.rollback(None) == ahead
    reader = machines.reader()
    reader.refresh()
    last = reader.current()
    again = machines.publish(4, machine="another")
    reader.refresh()
    assert again is not None
    assert again > str(later)
    assert reader.name == again
    assert reader.current().published_at >= last.published_at
    assert reader.current().held_until >= last.held_until


DAMAGES: dict[str, bytes] = {
    "empty": b"",
    "half": b'{"snap',
    "a list": b"[1]",
    "a number": b'{"snapshot": 5, "fingerprint": "x"}',
    "out of its place": b'{"snapshot": "../x", "fingerprint": "x"}',
    "too deep": b"[" * 5000,
    "too long": b" " * 50_000,
    "no text": b"\xff\xfe",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_pointer_leaves_the_old_one_served_and_the_next_run_mends_it(
    far: Machines, odd: OddStore, damage: str
) -> None:
    first, reader = far.publish(1), far.reader()
    reader.refresh()
    odd.held[_object(odd)] = DAMAGES[damage]
    reader.refresh()
    assert reader.current().name == first
    assert f"{POINTER}: cannot be read" in reader.problem
    assert far.publish(1) is not None
    reader.refresh()
    assert (reader.problem, reader.name > str(first)) == ("", True)


# Readers of a bucket.


def _foreign(odd: OddStore, far: Machines, payload: bytes, name: str) -> None:
    """Something else under the name of a snapshot, with a pointer that fits its bytes."""
    from hashlib import sha256

    odd.held[_object(odd, name)] = payload
    pointer = {"snapshot": name, "fingerprint": "x", "bytes": len(payload),
               "sha256": sha256(payload).hexdigest()}  # fmt: skip
    odd.held[_object(odd)] = json.dumps(pointer).encode()


def _of_a_later_format(path: Path) -> bytes:
    with closing(duckdb.connect(str(path))) as connection:
        connection.execute("update meta set value = ? where key = 'format'", [str(FORMAT + 1)])
        connection.execute("checkpoint")
    return path.read_bytes()


def test_what_is_no_snapshot_of_ours_is_never_served(far: Machines, odd: OddStore) -> None:
    first, second = far.publish(1), far.publish(2)
    reader = far.reader()
    reader.refresh()
    good, pointer = odd.held[_object(odd, second)], odd.held[_object(odd)]
    other = f"{str(second)[:-8]}00000000"
    copy = far.folder / f"{second}.duckdb"
    copy.write_bytes(good)
    wrong: dict[str, Callable[[], object]] = {
        "cannot be opened": lambda: _foreign(odd, far, b"no database" * 5000, other),
        "it is a copy of": lambda: _foreign(odd, far, good, other),
        "a later version wrote": lambda: _foreign(odd, far, _of_a_later_format(copy), other),
        "is not there": lambda: (
            _foreign(odd, far, good, other),
            odd.held.pop(_object(odd, other)),
        ),
    }
    machine = far.reader("fresh")
    machine.refresh()
    for number, (words, spoil) in enumerate(wrong.items()):
        spoil()
        machine.refresh()
        assert machine.current().name == second, words
        assert words in machine.problem + machine.detail
        assert not machine.away_since
        cold = far.reader(f"cold{number}")
        cold.refresh()
        with pytest.raises(SnapshotError):
            cold.current()
        shutil.rmtree(far.folder / "fresh", ignore_errors=True)
        odd.held[_object(odd)] = pointer
        machine = far.reader("fresh")
        machine.refresh()
        assert (machine.name, machine.problem) == (second, "")
    assert first


@pytest.mark.parametrize("spoil", [lambda b: b[:-1000], lambda b: b + b"x", lambda b: b[::-1]])
def test_a_truncated_or_changed_object_is_not_opened_and_nothing_is_left_of_it(
    far: Machines, odd: OddStore, spoil: Callable[[bytes], bytes]
) -> None:
    first, reader = far.publish(1), far.reader()
    reader.refresh()
    second = far.publish(2)
    whole = odd.held[_object(odd, second)]
    odd.held[_object(odd, second)] = spoil(whole)
    reader.refresh()
    assert (reader.name, reader.is_behind) == (first, True)
    assert "is not what was published" in reader.problem
    cache = far.settings("reader").published
    assert {path.name for path in cache.iterdir()} == {f"{first}.duckdb", POINTER}
    asked = len(odd.asked)
    reader.refresh()  # it is left alone for a while
    assert [one for one in odd.asked[asked:] if f"{second}" in one] == []
    odd.held[_object(odd, second)] = whole
    again = far.reader()
    again.refresh()
    assert (again.name, again.problem, again.is_behind) == (second, "", False)


def test_a_store_that_is_away_leaves_the_last_one_served_and_says_since_when(
    far: Machines, odd: OddStore, caplog: pytest.LogCaptureFixture
) -> None:
    first, site = far.publish(1), create_server(far.settings("reader"))
    site.snapshots.refresh()
    with client(far.settings("reader")) as asked:
        own = asked.app.snapshots
        _soon(lambda: own.name == first)
        odd.refuses = 503, refusal("SlowDown")
        own.refresh()
        since = own.away_since
        own.refresh()
        assert (own.away_since, own.name) == (since, first)
        assert since is not None
        ready = asked.get("/readyz")
        assert ready.status_code == 200
        assert f"cannot be used since {since:%Y-%m-%d %H:%M:%S} UTC" in ready.json()["warning"]
        assert ready.json()["store_away_since"] == since.isoformat()
        assert "127.0.0.1" not in ready.text
        assert "xinzhi_store_away 1.0" in asked.get("/metrics").text
        told = [r.message for r in caplog.records if "store of snapshots" in r.message]
        assert len(told) == 1
        assert "SlowDown" in told[0]
        others = {"X-Other-Readers": "yes"}
        handed_back = asked.get("/c/vix.csv", headers=others)
        assert (handed_back.status_code, handed_back.headers["cache-control"]) == (503, "no-store")
        assert asked.get("/c/vix.csv").status_code == 200
        assert asked.get("/readyz", headers=others).status_code == 200
        odd.refuses = None
        own.refresh()
        assert asked.get("/c/vix.csv", headers=others).status_code == 200
        ready, metrics = asked.get("/readyz"), asked.get("/metrics").text
        assert "warning" not in ready.json() or "store" not in ready.json()["warning"]
        assert "store_away_since" not in ready.json()
        assert "xinzhi_store_away 0.0" in metrics
        assert "xinzhi_snapshot_cache_bytes" in metrics


def test_a_start_without_the_store_serves_what_was_served_last(
    far: Machines, odd: OddStore
) -> None:
    first, second = far.publish(1), far.publish(2)
    reader = far.reader()
    reader.refresh()
    assert reader.name == second
    far.store("writer").rollback(None)
    reader.refresh()
    assert reader.name == first
    odd.refuses = 403, refusal("RequestTimeTooSkewed")
    again = far.reader()
    again.refresh()
    assert again.current().name == first
    assert "cannot be used since" in again.problem
    assert "set the clock" in again.detail
    (far.settings("reader").published / POINTER).unlink()
    lost = far.reader()
    lost.refresh()
    assert lost.current().name == second  # the newest that is whole
    (far.settings("reader").published / f"{second}.duckdb").write_bytes(b"damaged")
    lost = far.reader()
    lost.refresh()
    assert lost.current().name == first


def test_a_start_with_nothing_says_so_and_recovers_by_itself(far: Machines, odd: OddStore) -> None:
    first = far.publish(1)
    odd.refuses = 403, refusal("InvalidAccessKeyId")
    with client(far.settings("reader")) as asked:
        ready = asked.get("/readyz")
        assert ready.status_code == 503
        assert "nothing can be served yet" in ready.text
        assert asked.get("/c/sp500", headers=PLAIN).status_code == 503
        odd.refuses = None
        _soon(lambda: asked.app.snapshots.name == first)
        assert asked.get("/readyz").status_code == 200


def test_no_request_waits_for_a_store_that_says_nothing(far: Machines, odd: OddStore) -> None:
    first = far.publish(1)
    odd.hangs.set()
    reader, stopped = far.reader(XINZHI_TIMEOUT="30"), threading.Event()
    beside = threading.Thread(target=keep_up, args=(reader, stopped), daemon=True)
    beside.start()
    _soon(lambda: odd.asked)
    with pytest.raises(SnapshotError, match="is being opened"):
        reader.current()
    odd.hangs.clear()
    _soon(lambda: reader.name == first)
    odd.hangs.set()
    assert reader.current().name == first
    stopped.set()
    odd.hangs.clear()
    beside.join(timeout=60)


def test_a_new_start_serves_what_is_here_before_it_asks(far: Machines, odd: OddStore) -> None:
    first, reader = far.publish(1), far.reader()
    reader.refresh()
    odd.hangs.set()
    again, stopped = far.reader(XINZHI_TIMEOUT="30"), threading.Event()
    beside = threading.Thread(target=keep_up, args=(again, stopped), daemon=True)
    beside.start()
    _soon(lambda: again.name == first)
    assert odd.hangs.is_set()
    stopped.set()
    odd.hangs.clear()
    beside.join(timeout=60)


def test_the_cache_keeps_within_its_bound_and_never_drops_what_is_served(far: Machines) -> None:
    reader = far.reader(XINZHI_CACHE_MB="1")
    names = []
    for number in range(3):
        names.append(far.publish(number))
        reader.refresh()
    size = (far.settings("reader").published / f"{names[-1]}.duckdb").stat().st_size
    held = sorted(path.stem for path in far.settings("reader").published.glob("*.duckdb"))
    assert held[-1] == names[-1]
    assert len(held) == max(1, 1_000_000 // size)
    assert reader.cache_bytes == len(held) * size or reader.cache_bytes is not None
    assert reader.current().rows("select count(*) from observations") == [(1,)]
    assert reader.problem == ""


def test_a_full_disk_is_a_sentence_and_the_old_one_stays_served(
    far: Machines, odd: OddStore
) -> None:
    first, reader = far.publish(1), far.reader()
    reader.refresh()
    far.publish(2)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        reader.refresh()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert reader.current().name == first
    assert "cannot be kept on this machine (File too large)" in reader.problem
    assert not list(far.settings("reader").published.glob(f"{FETCHING}*"))


def test_several_readers_share_one_cache_and_one_fetches(far: Machines, odd: OddStore) -> None:
    name = far.publish(1)
    odd.slow_s, odd.asked[:] = 0.05, []
    readers = [far.reader() for _ in range(3)]
    threads = [threading.Thread(target=reader.refresh) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert {reader.name for reader in readers} == {name}
    assert len([one for one in odd.asked if one == f"GET {_object(odd, name)}"]) == 1
    assert not list(far.settings("reader").published.glob(f"{FETCHING}*"))


# Publishers to a bucket.


def test_a_publisher_without_its_store_says_so_and_the_next_one_publishes(
    far: Machines, odd: OddStore
) -> None:
    first = far.publish(1)
    odd.refuses = 403, refusal("AccessDenied")
    with pytest.raises(StoreAway, match="the key may not"):
        far.publish(2)
    odd.refuses = None
    assert far.store("reader").current_name() == first
    assert far.publish(2) is not None


def test_the_pointer_is_not_moved_to_what_the_bucket_gives_back_changed(
    far: Machines, odd: OddStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = far.publish(1)
    put = Objects.put_file

    def spoiled(objects: Objects, name: str, path: Path) -> None:
        put(objects, name, path)
        whole = odd.held[f"/odd/site/{name}"]
        odd.held[f"/odd/site/{name}"] = whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]

    monkeypatch.setattr(Objects, "put_file", spoiled)
    with pytest.raises(StorageError, match="the pointer was not moved"):
        far.publish(2)
    assert far.store("reader").current_name() == first


def test_an_object_that_was_lost_is_published_anew(far: Machines, odd: OddStore) -> None:
    first = far.publish(1)
    del odd.held[_object(odd, first)]
    second = far.publish(1)
    assert second is not None
    reader = far.reader()
    reader.refresh()
    assert reader.name == second


PUBLISH = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from etl.catalog import load_catalog
from etl.settings import PROJECT, load_settings
from etl.storage import publish
from etl.storage.snapshots import store_of
from etl.storage.warehouse import opened
catalog = load_catalog(PROJECT / "indicators.yaml")
kept = {name: catalog.indicators[name] for name in ("sp500", "vix")}
small = catalog.model_copy(update={"indicators": kept})
content, store = publish.all_content(small, (), (), [("vix", "x")]), store_of(load_settings())
with opened(Path(sys.argv[1])) as warehouse:
    publish.publish(warehouse, content, store, datetime(2026, 5, 28, tzinfo=UTC))
"""
READ = """
from dashboard.data.snapshot import Snapshots
from etl.settings import load_settings
from etl.storage.snapshots import store_of
Snapshots(store_of(load_settings())).current()
"""


def _process(program: str, settings: Mapping[str, str], *given: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *given], cwd=PROJECT, env={**os.environ, **settings}
    )


@pytest.mark.slow
def test_a_publisher_killed_in_mid_upload_is_never_seen(far: Machines, odd: OddStore) -> None:
    first = far.publish(1)
    copy = far.folder / "copy.duckdb"
    far.warehouse.connection.execute("checkpoint")
    shutil.copy(far.folder / "warehouse.duckdb", copy)
    odd.slow_put_s = 0.5
    odd.put_begun.clear()
    data = {"XINZHI_DATA": str(far.folder / "killed"), **far.environment}
    process = _process(PUBLISH, data, str(copy))
    assert odd.put_begun.wait(60)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(60)
    odd.slow_put_s = 0.0
    reader = far.reader()
    reader.refresh()
    assert (reader.name, reader.problem) == (first, "")
    assert far.store("reader").names() == [first]
    left = far.settings("killed").published
    assert list(left.glob(".building-*"))
    process = _process(PUBLISH, data, str(copy))
    assert process.wait(60) == 0
    assert not list(left.glob(".building-*"))
    reader.refresh()
    assert reader.name > str(first)


@pytest.mark.slow
def test_a_reader_killed_in_mid_download_starts_clean(far: Machines, odd: OddStore) -> None:
    name = far.publish(1)
    odd.slow_s = 0.5
    data = {"XINZHI_DATA": str(far.folder / "reader"), **far.environment}
    process = _process(READ, data)
    cache = far.settings("reader").published
    _soon(lambda: [path for path in cache.glob(f"{FETCHING}*") if path.stat().st_size])
    os.kill(process.pid, signal.SIGKILL)
    process.wait(60)
    odd.slow_s = 0.0
    assert [path.name for path in cache.iterdir()] == [f"{FETCHING}{name}.duckdb"]
    reader = far.reader()
    reader.refresh()
    assert (reader.name, reader.problem) == (name, "")
    assert {path.name for path in cache.iterdir()} == {f"{name}.duckdb", POINTER}


def test_what_a_dead_reader_left_of_another_snapshot_is_swept_and_what_is_under_way_is_not(
    far: Machines,
) -> None:
    import fcntl

    cache = far.settings("writer").published
    cache.mkdir(parents=True)
    dead, alive = (cache / f"{FETCHING}{name}.duckdb" for name in ("dead", "alive"))
    dead.write_text("half")
    with open(alive, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        far.publish(1)
        assert (dead.exists(), alive.exists()) == (False, True)


# What is frozen.


def test_a_reader_three_snapshots_behind_calls_nothing_final_that_will_be_other(
    bucket: BucketServer, filled: Path, catalog: Catalog, tmp_path: Path
) -> None:
    bucket.new_bucket("frozen")
    place = bucket.settings("frozen", tmp_path.name)
    writer = settings_of(filled, **place)
    days = ["2026-08-28,7700.1", "2026-08-31,7701.5", "2026-09-01,7702.25", "2026-09-02,7703.5"]
    moments = []
    lagging = None
    for number in range(1, 5):
        rows = "\n".join(days[:number]) + "\n"
        assert run_with_fred(writer, catalog, Request(("sp500",), "fred"), rows).snapshot
        fresh = Snapshots(store_of(settings_of(tmp_path / "fresh", **place))).current()
        moments.append(fresh.held_until)
        if lagging is None:
            lagging = create_server(settings_of(tmp_path / "lagging", **place))
            lagging.snapshots.refresh()
    assert lagging is not None
    assert moments == sorted(set(moments))
    from starlette.testclient import TestClient

    late, newest = TestClient(lagging), client(settings_of(tmp_path / "fresh", **place))
    final = []
    for moment in moments:
        address = f"/c/sp500@{moment_text(moment)}.csv?t=max"
        told, known = late.get(address, headers=PLAIN), newest.get(address, headers=PLAIN)
        assert (told.status_code, known.status_code) == (200, 200)
        assert known.headers["cache-control"] == FOR_EVER
        if told.headers["cache-control"] == FOR_EVER:
            assert told.content == known.content
            final.append(moment)
        else:
            assert "immutable" not in told.headers["cache-control"]
            assert told.content != known.content
    assert final == moments[:1]


# The answers of sources.


def test_answers_of_sources_lie_in_the_bucket_and_are_replayed_and_backed_up_from_it(
    bucket: BucketServer, filled: Path, catalog: Catalog, tmp_path: Path, cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    bucket.new_bucket("answers")
    place = bucket.settings("answers", tmp_path.name)
    for name, value in place.items():
        monkeypatch.setenv(name, value)
    settings = settings_of(filled, **place)
    run_with_fred(settings, catalog, Request(("sp500",), "fred"), "2026-08-28,7700.1\n")
    bucket_of = store_of(settings)
    assert isinstance(bucket_of, Bucket)
    (kept,) = bucket_of.objects.every("raw")
    assert kept.name.startswith("raw/fred/sp500/20")
    assert not (filled / "raw").exists()
    done = cli("replay", "--source", "fred")
    assert done.status == 0, done.err
    done = cli("backup", tmp_path / "backup")
    assert done.status == 0, done.err
    served = bucket_of.current_name()
    # Another bucket and an empty machine.
    bucket.new_bucket("restored")
    elsewhere = bucket.settings("restored", tmp_path.name)
    for name, value in elsewhere.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XINZHI_DATA", str(tmp_path / "empty"))
    done = cli("restore", tmp_path / "backup")
    assert done.status == 0, done.err
    restored = store_of(settings_of(tmp_path / "empty", **elsewhere))
    assert isinstance(restored, Bucket)
    assert restored.current_name() == served
    assert [(one.name, one.bytes) for one in restored.objects.every("raw")] == [
        (kept.name, kept.bytes)
    ]
    done = cli("replay", "--source", "fred")
    assert done.status == 0, done.err


def test_the_commands_work_with_a_bucket_and_tell_its_troubles_in_one_sentence(
    bucket: BucketServer, data: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.new_bucket("commands")
    for name, value in bucket.settings("commands", tmp_path.name).items():
        monkeypatch.setenv(name, value)
    done = cli("run", "--offline")
    assert (done.status, "published 2" in done.out) == (0, True), done.err
    assert cli("run", "--offline").status == 0
    assert len(cli("history").out.splitlines()) == 2
    assert cli("status").status in (0, 1)
    assert cli("check").status == 0
    assert moment_of(cli("history").out.splitlines()[1].split()[0]) is not None
    monkeypatch.setenv("XINZHI_SNAPSHOTS", "s3://nowhere/site")
    for command in (("status",), ("history",), ("run", "--offline")):
        done = cli(*command)
        assert (done.status, is_one_sentence(done.err)) == (2, True), done.err
        assert "there is no such bucket" in done.err
        assert "example-secret" not in done.err
    assert cli("check").status == 0
