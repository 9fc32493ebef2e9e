"""make cluster: a site on several machines, on loopback, and what goes wrong with it.

PostgreSQL, an S3 store, two writers with their schedules, three readers and nginx; people ask all
the while. Each drill breaks one thing, and ends when the site is as before. No person may see an
error, or a frozen address say what it said before.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from shutil import which

from benchmarks.in_front import adapted
from benchmarks.servers import (
    LAKE_PYTHON,
    BucketServer,
    Line,
    PostgresServer,
    answers,
    bucket_server,
    end,
    free_port,
    nginx_server,
    postgres_server,
    wait_until,
)
from etl.records import BEIJING
from etl.settings import load_settings
from etl.storage.snapshots import SnapshotStore, meta_of, store_of

PROJECT = Path(__file__).resolve().parents[1]
SNAPSHOTS, LAKE = "site-snapshots", "site-lake"
READERS = 3
#: What a writer or reader may take to begin on two busy cores, and what a machine has to take over.
BEGIN_S, TAKE_OVER_S = 120.0, 60.0
#: What people open: live pages and data, and bulletins.
LIVE = (
    "/", "/c/sp500", "/c/sp500.csv", "/c/brent_spot_usd_bbl.svg", "/policies",
    "/bulletins/2026-05-27", "/c/sp500@2026-05-27",
)  # fmt: skip
#: What they open as of a day in which everything was held: it stays as it is for ever.
FROZEN = ("", ".csv?t=5y", ".svg", ".json", ".md")
#: The indicator of which new values are imported, and the day that they are of.
INDICATOR, DAY = "sp500", date(2026, 5, 22)
#: How far behind the clock of the first run is.
FIRST_RUN = "-3d"
#: Ranges that hold it.
SPANS = ("max", "10y", "5y", "3y", "1y", "ytd")
#: What the schedule says when its machine leads.
LEADS = "leads: this machine"


@dataclass
class Machine:
    """One machine: a data folder of its own, settings, and what runs on it."""

    name: str
    data: Path
    environment: Mapping[str, str] = field(repr=False)
    python: str = sys.executable
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, repr=False)

    def etl(self, *arguments: str, ahead: str = "") -> subprocess.CompletedProcess[str]:
        """An `etl` command that runs to its end, on a clock that is ahead where that is told."""
        return subprocess.run(
            [*_clock(ahead), self.python, "-m", "etl", *arguments],
            env=self._environment(), cwd=PROJECT, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """A process that goes on beside; its output lies in `name`.log."""
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [self.python, "-m", *arguments],
                env=self._environment(), cwd=PROJECT, stdout=log, stderr=log,
            )  # fmt: skip
        return self.processes[name]

    def log(self, name: str) -> Path:
        return self.data.parent / f"{self.name}-{name}.log"

    def said(self, name: str) -> str:
        return self.log(name).read_text(encoding="utf-8", errors="replace")

    def end(self) -> None:
        for one in self.processes.values():
            end(one)

    def _environment(self) -> dict[str, str]:
        return {**_bare_environment(), "XINZHI_DATA": str(self.data), **self.environment}


@dataclass
class Cluster:
    """All of it. `address` is where people ask."""

    folder: Path
    postgres: PostgresServer
    bucket: BucketServer
    writers: tuple[Machine, Machine]
    readers: tuple[Machine, ...]
    ports: tuple[int, ...]
    lines: Mapping[str, Line]
    address: str = ""

    def publish(self, value: float, writer: int = 0, ahead: str = "") -> str:
        """Import one new value and publish; the name of the snapshot."""
        before = self.pointed_to()
        done = self.writers[writer].etl("import", str(_rows(self, value)), ahead=ahead)
        require(done.returncode == 0, f"an import fails: {done.stdout}{done.stderr}")
        name = self.pointed_to()
        require(name != before, f"an import publishes nothing: {done.stdout}{done.stderr}")
        return name

    @property
    def store(self) -> SnapshotStore:
        """The store as one more machine sees it, directly."""
        own = {**self.bucket.settings(SNAPSHOTS), "XINZHI_DATA": str(self.folder / "looker")}
        return store_of(load_settings(own))

    def pointed_to(self) -> str:
        """The snapshot that the store names."""
        return self.store.pointer().snapshot

    def vintages(self) -> int:
        """How many vintages the current snapshot holds."""
        with self.store.read_current() as connection:
            return int(meta_of(connection)["rows"])

    def start_reader(self, index: int) -> None:
        port = str(self.ports[index])
        self.readers[index].start("reader", "dashboard", "--port", port)

    def reader(self, index: int) -> str:
        return f"http://127.0.0.1:{self.ports[index]}"

    def wait_for_readers(self, name: str = "", which_: Sequence[int] = range(READERS)) -> None:
        """Wait until readers serve a snapshot; any at all where none is named."""
        for index in which_:
            wait_until(
                lambda index=index: (name or "published_at") in _ready(self.ports[index]),
                f"reader {index + 1} serves {name or 'a snapshot'}",
                BEGIN_S,
            )


def front_door(folder: Path, port: int, readers: Sequence[int]) -> Path:
    """The configuration of nginx before the readers, without TLS."""
    conf = adapted(folder / "nginx", readers, port, free_port())
    # One client stands for thousands here.
    conf.write_text(conf.read_text(encoding="utf-8").replace("300r/s", "100000r/s"), "utf-8")
    return conf


class DrillError(Exception):
    """What a drill found that must not be."""


@dataclass
class People:
    """Threads that open addresses through the front door and note what must not be: an answer that
    is no success, and a frozen address that says something else than before."""

    address: str
    threads: int = 2
    pause_s: float = 0.1
    asked: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    said: dict[str, str] = field(default_factory=dict)
    #: Frozen addresses whose value is known, beside those that only may not change.
    expected: dict[str, float] = field(default_factory=dict)
    frozen: tuple[str, ...] = field(default_factory=lambda: frozen_since_yesterday())
    _stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _running: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> People:
        for number in range(self.threads):
            thread = threading.Thread(target=self._ask, args=(number,), daemon=True)
            thread.start()
            self._running.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._running:
            thread.join(30)

    def require_content(self, drill: str) -> None:
        """A DrillError that names what was seen, if anything was."""
        with self._lock:
            faults, self.faults = self.faults, Counter()
        require(not faults, f"{drill}: {'; '.join(f'{n} × {what}' for what, n in faults.items())}")

    def _ask(self, number: int) -> None:
        turn = number
        while not self._stopped.is_set():
            pages = (*LIVE, *self.frozen, *self.expected)
            turn += 1
            address = pages[turn % len(pages)]
            try:
                status, headers, body = get(self.address, address)
                self._look(address, status, headers, body)
            except (OSError, HTTPException) as error:
                self._note(f"{address}: {type(error).__name__}")
            self.asked += 1
            time.sleep(self.pause_s)

    def _look(self, address: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        if status != 200:
            self._note(f"{address}: {status} {body[:200]!r}")
            return
        if address in self.expected and value_in(body) != self.expected[address]:
            self._note(f"{address}: {value_in(body)} instead of {self.expected[address]}")
        if "immutable" in headers.get("cache-control", ""):
            digest = sha256(body).hexdigest()
            if self.said.setdefault(address, digest) != digest:
                self._note(f"{address}: frozen, and not what it was")

    def _note(self, fault: str) -> None:
        with self._lock:
            self.faults[fault] += 1


def get(base: str, address: str) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers in small letters and body of an address, as a browser would get them."""
    host = base.partition("://")[2]
    connection = HTTPConnection(host, timeout=30)
    try:
        connection.request("GET", address, headers={"Accept-Encoding": "identity"})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read()
    finally:
        connection.close()


def value_in(body: bytes) -> float | None:
    """The value of the day that is imported, in a CSV."""
    for row in csv.DictReader(io.StringIO(body.decode("utf-8"), newline="")):
        if row["date"] == str(DAY):
            return float(row["value"])
    return None


def frozen_today(query: str) -> str:
    """The address of the indicator as of the end of this day in Beijing."""
    return f"/c/{INDICATOR}@{datetime.now(BEIJING):%Y-%m-%d}.csv{query}"


def frozen_since_yesterday() -> tuple[str, ...]:
    """Addresses as of the end of the day before this one, after the first run of a cluster."""
    day = datetime.now(BEIJING) - timedelta(days=1)
    return tuple(f"/c/{INDICATOR}@{day:%Y-%m-%d}{form}" for form in FROZEN)


def require(true: object, what: str) -> None:
    if not true:
        raise DrillError(what)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Everything started and one snapshot published, until the block ends."""
    require(LAKE_PYTHON.exists(), "the environment of the lake is missing: make install-lake")
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        postgres = stack.enter_context(postgres_server())
        bucket = stack.enter_context(bucket_server())
        for name in (SNAPSHOTS, LAKE):
            bucket.new_bucket(name)
        dsn = postgres.new_database("site")
        names = ("writer-a", "writer-b", *(f"reader-{n + 1}" for n in range(READERS)))
        lines = {name: stack.enter_context(Line(bucket.port)) for name in names}
        front, ports = free_port(), tuple(free_port() for _ in range(READERS))
        machines = {}
        for name in names:
            is_writer = name.startswith("writer")
            data = folder / name
            data.mkdir()
            settings = {
                **bucket.settings(SNAPSHOTS),
                "XINZHI_S3_ENDPOINT": lines[name].address,
                "XINZHI_BASE_URL": f"http://127.0.0.1:{front}",
                "XINZHI_STATE": dsn,
            }
            if is_writer:
                settings["XINZHI_WAREHOUSE"] = f"ducklake:postgres:{dsn}"
                settings["XINZHI_LAKE_FILES"] = f"s3://{LAKE}/files"
            python = str(LAKE_PYTHON) if is_writer else sys.executable
            machines[name] = Machine(name, data, settings, python)
            stack.callback(machines[name].end)
        found = Cluster(
            folder=folder, postgres=postgres, bucket=bucket,
            writers=(machines["writer-a"], machines["writer-b"]),
            readers=tuple(machines[f"reader-{n + 1}"] for n in range(READERS)),
            ports=ports, lines=lines, address=f"http://127.0.0.1:{front}",
        )  # fmt: skip
        # Days ago, so that there is a day in which everything was held.
        done = found.writers[0].etl("run", "--offline", ahead=FIRST_RUN)
        require(done.returncode in (0, 1), f"the first run fails: {done.stdout}{done.stderr}")
        for writer in found.writers:
            writer.start("schedule", "etl", "schedule")
        for index in range(READERS):
            found.start_reader(index)
        stack.enter_context(nginx_server(front_door(folder, front, ports), folder / "nginx"))
        found.wait_for_readers()
        wait_until(lambda: answers(f"{found.address}/c/sp500.csv"), "nginx")
        yield found


def publisher_killed_in_upload(site: Cluster, people: People) -> None:
    """The writer's machine loses its power while a snapshot goes up."""
    line, before = site.lines["writer-a"], site.pointed_to()
    # Slow enough that the upload is seen, and later than what the lake itself writes.
    line.bytes_per_s = 2e6
    sent = line.sent
    run = site.writers[0].start("killed", "etl", "import", str(_rows(site, 7441.0)))
    wait_until(lambda: line.sent > sent + 1_500_000 or run.poll() is not None, "an upload")
    require(run.poll() is None, f"the run ended before: {site.writers[0].said('killed')}")
    run.kill()
    run.wait()
    line.mend()
    require(site.pointed_to() == before, "what was half sent is pointed to")
    people.require_content("publisher killed")
    # What was loaded is held; the next run publishes it.
    done = site.writers[1].etl("run", "--offline")
    require(done.returncode in (0, 1), f"the next run fails: {done.stdout}{done.stderr}")
    name = site.pointed_to()
    require(name != before, f"the next run publishes nothing: {done.stdout}{done.stderr}")
    site.wait_for_readers(name)


def store_gone_and_back(site: Cluster, people: People) -> None:
    """Nobody reaches the store for a while, then everybody does."""
    for line in site.lines.values():
        line.cut()
    for port in site.ports:
        wait_until(lambda port=port: "since" in _ready(port), "a reader that says since when")
    done = site.writers[0].etl("import", str(_rows(site, 7442.0)))
    require(done.returncode == 2, f"without a store: {done.returncode} {done.stdout}{done.stderr}")
    require("Traceback" not in done.stderr, done.stderr)
    time.sleep(3)
    people.require_content("store gone")
    for line in site.lines.values():
        line.mend()
    site.wait_for_readers(site.publish(7442.5))


def postgres_restarted_in_a_run(site: Cluster, people: People) -> None:
    """The database's machine restarts while a run writes."""
    before, vintages = site.pointed_to(), site.vintages()
    run = site.writers[0].start("interrupted", "etl", "import", str(_rows(site, 7443.0)))
    time.sleep(2.5)
    site.postgres.kill()
    time.sleep(1)
    site.postgres.start()
    code = run.wait(120)
    said = site.writers[0].said("interrupted")
    require(code in (0, 2) and "Traceback" not in said, f"{code}: {said}")
    name = site.publish(7443.5)
    site.wait_for_readers(name)
    require(site.vintages() - vintages in (1, 2), "vintages came twice, or were lost")
    require(before != name, "nothing was published")


def two_writers_at_once(site: Cluster, people: People) -> None:
    """Two machines import and publish in the same moment."""
    vintages = site.vintages()
    runs = [
        writer.start(
            "at-once", "etl", "import", str(_rows(site, 7444.0 + index, f"rows{index}.csv"))
        )
        for index, writer in enumerate(site.writers)
    ]
    codes = [run.wait(180) for run in runs]
    said = [writer.said("at-once") for writer in site.writers]
    require(0 in codes and set(codes) <= {0, 2}, f"{codes}: {said}")
    require("Traceback" not in "".join(said), f"{said}")
    require(site.vintages() - vintages == codes.count(0), f"{codes}, and vintages: {said}")
    site.wait_for_readers(site.pointed_to())


def leader_of_the_schedule_killed(site: Cluster, people: People) -> None:
    """The machine that leads the schedule dies; the other takes over."""
    leader = _leader(site)
    other = site.writers[1 - site.writers.index(leader)]
    leader.processes["schedule"].kill()
    leader.processes["schedule"].wait()
    said = len(other.said("schedule"))
    wait_until(lambda: LEADS in other.said("schedule")[said:], "the other leads", TAKE_OVER_S)
    leader.start("schedule", "etl", "schedule")


def reader_lags(site: Cluster, people: People) -> None:
    """One reader does not reach the store while three snapshots are published."""
    line = site.lines[f"reader-{READERS}"]
    line.cut()
    wait_until(lambda: "since" in _ready(site.ports[-1]), "the reader knows that it lags")
    behind = _ready(site.ports[-1])
    for number, value in enumerate((7445.25, 7445.5, 7445.75)):
        name = site.publish(value)
        site.wait_for_readers(name, range(READERS - 1))
        # As of the end of the day, since each load counts as held a minute after the one before;
        # other addresses each time, since what was asked may be kept for a minute and a half.
        spans = SPANS[2 * number : 2 * number + 2]
        people.expected.clear()
        people.expected |= {frozen_today(f"?t={span}"): value for span in spans}
        time.sleep(2)
    require(site.pointed_to() not in behind, "the reader does not lag")
    people.require_content("a reader lags")
    line.mend()
    site.wait_for_readers(name)
    time.sleep(2)
    people.require_content("the reader is back")
    people.expected.clear()  # the next drills publish other values


def clocks_apart(site: Cluster, people: People) -> None:
    """A machine whose clock is five minutes ahead publishes, then one whose clock is right."""
    require(which("faketime"), "faketime is not installed (Debian: apt-get install faketime)")
    ahead = site.publish(7446.0, writer=1, ahead="+5m")
    site.wait_for_readers(ahead)
    name = site.publish(7446.5)
    site.wait_for_readers(name)
    body = get(site.reader(0), f"/c/{INDICATOR}.csv?t=max")[2]
    require(value_in(body) == 7446.5, f"the newest value is {value_in(body)} instead of 7446.5")


def readers_killed_in_turn(site: Cluster, people: People) -> None:
    """Each reader's machine loses its power and comes back."""
    for index, reader in enumerate(site.readers):
        reader.processes["reader"].kill()
        reader.processes["reader"].wait()
        time.sleep(1)
        site.start_reader(index)
        site.wait_for_readers(which_=[index])


def upgrade(site: Cluster, people: People) -> None:
    """Readers end in order and begin anew, one after the other."""
    for index, reader in enumerate(site.readers):
        end(reader.processes["reader"])
        site.start_reader(index)
        site.wait_for_readers(which_=[index])


def restored_elsewhere(site: Cluster, people: People) -> None:
    """A backup becomes a site on an empty machine, with an empty store and database."""
    backup, name = site.folder / "backup", site.pointed_to()
    done = site.writers[0].etl("backup", str(backup))
    require(done.returncode == 0, f"backup: {done.stdout}{done.stderr}")
    bucket = f"{SNAPSHOTS}-new"
    site.bucket.new_bucket(bucket)
    site.bucket.new_bucket(f"{LAKE}-new")
    dsn = site.postgres.new_database("restored")
    data = site.folder / "restored"
    data.mkdir()
    writer = Machine("restored", data, {
        **site.bucket.settings(bucket), "XINZHI_STATE": dsn,
        "XINZHI_WAREHOUSE": f"ducklake:postgres:{dsn}",
        "XINZHI_LAKE_FILES": f"s3://{LAKE}-new/files",
    }, str(LAKE_PYTHON))  # fmt: skip
    done = writer.etl("restore", str(backup))
    require(done.returncode == 0, f"restore: {done.stdout}{done.stderr}")
    require(f"{name}" in writer.etl("history").stdout, "the restored store lacks the snapshot")
    reader = Machine("restored-reader", site.folder / "restored-reader", {
        **site.bucket.settings(bucket), "XINZHI_STATE": dsn,
    })  # fmt: skip
    reader.data.mkdir()
    port = free_port()
    reader.start("reader", "dashboard", "--port", str(port))
    try:
        wait_until(lambda: name in _ready(port), "the restored reader", BEGIN_S)
        address = f"/c/{INDICATOR}@2026-05-27.csv?t=max"
        bodies = {get(f"http://127.0.0.1:{p}", address)[2] for p in (port, site.ports[0])}
        require(len(bodies) == 1, "the restored site says something else")
    finally:
        reader.end()
    again = writer.etl("run", "--offline")
    require(again.returncode in (0, 1), f"the restored site runs: {again.stdout}{again.stderr}")


#: In an order in which each begins with a whole site.
DRILLS: tuple[Callable[[Cluster, People], None], ...] = (
    publisher_killed_in_upload, store_gone_and_back, postgres_restarted_in_a_run,
    two_writers_at_once, leader_of_the_schedule_killed, reader_lags, clocks_apart,
    readers_killed_in_turn, upgrade, restored_elsewhere,
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Start everything, go through the drills, say what was seen; 1 if a drill failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    names = [drill.__name__ for drill in DRILLS]
    parser.add_argument("drills", nargs="*", metavar="DRILL", help=f"of {', '.join(names)}")
    parser.add_argument("--stay", action="store_true", help="go on until Ctrl-C afterwards")
    options = parser.parse_args(arguments)
    unknown = set(options.drills) - set(names)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="cluster-") as folder:
        begun = time.monotonic()
        with cluster(Path(folder)) as site, People(site.address) as people:
            print(f"{site.address} is up after {time.monotonic() - begun:.0f} s", flush=True)
            for drill in DRILLS:
                if not options.drills or drill.__name__ in options.drills:
                    failed += not told(drill, site, people)
            print(f"{people.asked:,} questions were asked meanwhile", flush=True)
            if options.stay:
                print("Ctrl-C ends it", flush=True)
                signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 1 if failed else 0


def told(drill: Callable[[Cluster, People], None], site: Cluster, people: People) -> bool:
    """Go through a drill and print how it went; whether it went well."""
    begun, asked = time.monotonic(), people.asked
    name = drill.__name__.replace("_", " ")
    try:
        drill(site, people)
        people.require_content(name)
    except (DrillError, TimeoutError) as error:
        print(f"✘ {name}: {error}", flush=True)
        return False
    finally:
        for line in site.lines.values():
            line.mend()
        people.expected.clear()
        people.faults.clear()
    seconds = time.monotonic() - begun
    print(f"✔ {name}: {seconds:.0f} s, {people.asked - asked:,} questions, no fault", flush=True)
    return True


def _leader(site: Cluster) -> Machine:
    """The writer that leads, by what each said last."""
    found: list[Machine] = []

    def is_one() -> bool:
        found[:] = [one for one in site.writers if _leads(one.said("schedule"))]
        return len(found) == 1

    wait_until(is_one, "a leader", TAKE_OVER_S)
    return found[0]


def _leads(said: str) -> bool:
    return said.rfind(LEADS) > max(said.rfind("waits: "), said.rfind("leads no more"))


def _rows(site: Cluster, value: float, name: str = "rows.csv") -> Path:
    """A file with one new value to import."""
    path = site.folder / name
    path.write_text(f"indicator,date,value\n{INDICATOR},{DAY},{value}\n", encoding="utf-8")
    return path


def _ready(port: int) -> str:
    """What a reader says of itself."""
    try:
        return get(f"http://127.0.0.1:{port}", "/readyz")[2].decode()
    except (OSError, HTTPException):
        return ""


def _clock(ahead: str) -> list[str]:
    return ["faketime", "-f", ahead] if ahead else []


def _bare_environment() -> dict[str, str]:
    """The environment without settings of this program or of stores."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XINZHI_", "AWS_")) and "proxy" not in name.lower()
    }


if __name__ == "__main__":
    sys.exit(main())
