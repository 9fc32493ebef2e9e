"""What the tests share: a data folder to break, one published run, the command line as a call."""

from __future__ import annotations

import csv
import gzip
import io
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import httpx
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

from etl.__main__ import main
from etl.bulletins.model import Bulletin, Reference
from etl.catalog import Catalog, load_catalog
from etl.database import connect_sealed
from etl.ingest.run import Report, Request, run
from etl.ingest.upstream import Upstream
from etl.settings import Settings, load_settings
from etl.storage.snapshots import Folder
from etl.storage.warehouse import Warehouse, opened

if TYPE_CHECKING:
    # Imported where a fixture needs them: tests of `etl` do not wait for the dashboard to load, and
    # where they run over a lake there is no library that drives browsers.
    from browsing import Opened
    from playwright.sync_api import Browser, BrowserContext
    from serving import TestClient
    from upstreams import Internet

    from benchmarks.claims import Golden
    from dashboard.data.snapshot import Snapshot

pytest_plugins = ["servers"]

# Choose one with `--hypothesis-profile`. Fixtures that are read only may serve every example.
# The same examples each time: whether a change is good must not hang on what was drawn. `make
# sweep` draws others.
hypothesis.register_profile(
    "thorough",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
hypothesis.register_profile("drawn", hypothesis.get_profile("thorough"), derandomize=False)
hypothesis.register_profile("quick", hypothesis.get_profile("thorough"), max_examples=10)
hypothesis.load_profile("thorough")

# Commands speak the language of the locale; what the tests quote is English.
os.environ["LC_ALL"] = "C.UTF-8"

PROJECT = Path(__file__).resolve().parents[1]
BUNDLED = PROJECT / "data"
CATALOG = PROJECT / "indicators.yaml"
#: The end of 27 May 2026 in Beijing, which is what `@2026-05-27` means.
END_OF_BULLETIN_DAY = datetime(2026, 5, 27, 15, 59, 59, tzinfo=UTC)


@dataclass(frozen=True)
class Finished:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


Cli = Callable[..., Finished]


def run_with_fred(settings: Settings, catalog: Catalog, request: Request, rows: str) -> Report:
    """A run in which FRED answers every series with the same rows of `date,value`."""

    def fred(asked: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=f"observation_date,{asked.url.params['id']}\n{rows}")

    out = Upstream(settings, httpx.MockTransport(fred))
    return run(settings, catalog, request, lambda outcome: None, out)


Swept = Callable[[Sequence[str], int], Sequence[str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "look at all of what tests otherwise look at every n-th of; takes an hour more"
    parser.addoption("--whole-sweeps", action="store_true", help=told)


@pytest.fixture(scope="session")
def swept(pytestconfig: pytest.Config) -> Swept:
    """Every n-th of many alike, or all of them with `--whole-sweeps`."""
    whole = pytestconfig.getoption("--whole-sweeps")
    return lambda all_of_them, step: all_of_them if whole else all_of_them[::step]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person who runs the tests, and no way to the network by accident."""
    for name in list(os.environ):
        if name.startswith("XINZHI_") or name.lower() in ("https_proxy", "http_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog(CATALOG)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Settings:
    """The settings of a data folder that one offline run has filled. Read it, never write it."""
    settings = settings_of(tmp_path_factory.mktemp("published") / "data")
    report = run(settings, catalog, Request(offline=True), lambda outcome: None)
    assert report.snapshot is not None
    return settings


@pytest.fixture(scope="session")
def copy_of_published(published: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The snapshot of `published` again, to be read without the app: one process opens a database
    file with one configuration only."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(published.published, folder / "published")
    return folder


@pytest.fixture(scope="session")
def newest(published: Settings) -> Snapshot:
    """The snapshot of `published`, as the dashboard opens it."""
    from dashboard.data.snapshot import Snapshots

    return Snapshots(Folder(published.published)).current()


@pytest.fixture(scope="session")
def site(published: Settings) -> TestClient:
    """The whole app over `published`, shared by every test of this process."""
    from serving import client

    return client(published)


@pytest.fixture
def own_site(filled: Path) -> TestClient:
    """The whole app over a data folder of the test's own."""
    from serving import client

    return client(settings_of(filled))


@pytest.fixture(scope="session")
def golden() -> Golden:
    """The sentences whose verdicts are known."""
    from benchmarks.claims import Golden

    return Golden()


@pytest.fixture
def internet(tmp_path: Path) -> Iterator[Internet]:
    """A loopback internet that holds nothing yet."""
    from upstreams import Internet

    with Internet(tmp_path) as started:
        yield started


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file below the test's folder and gives its path."""

    def write(content: str | bytes, name: str = "bulletin.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for a process: the library drives no second one beside it."""
    from browsing import BROWSER_ARGUMENTS, BROWSERS, WAIT_MS
    from playwright.sync_api import expect, sync_playwright

    named = os.environ.get("CHROMIUM")
    program = named or next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if program is None:
        pytest.fail("No browser was found; install the Debian package `chromium`, or set CHROMIUM.")
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=program, args=BROWSER_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def site_address(published: Settings) -> Iterator[str]:
    """Where `python -m dashboard` serves `published`, as people run it."""
    from serving import running

    with running(published.data) as found:
        yield found


@pytest.fixture
def visit(browser: Browser, site_address: str) -> Iterator[Opened]:
    """Starts readers, each in a browser context of its own that is closed with the test."""
    from browsing import Reader

    contexts: list[BrowserContext] = []

    def start(width: int = 1440, height: int = 900, **options: object) -> Reader:
        size = {"width": width, "height": height}
        contexts.append(browser.new_context(viewport=size, locale="zh-CN", **options))  # type: ignore[arg-type]
        return Reader(contexts[-1], site_address)

    yield start
    for context in contexts:
        context.close()


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An XINZHI_DATA of its own: the figures and the register, to be broken at will."""
    folder = authored(tmp_path / "data")
    monkeypatch.setenv("XINZHI_DATA", str(folder))
    return folder


@pytest.fixture(scope="session")
def recent(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Path:
    """A data folder as tests have it for their own, filled by one offline run. Only copy it."""
    settings = settings_of(authored(tmp_path_factory.mktemp("recent") / "data"))
    assert run(settings, catalog, Request(offline=True), lambda outcome: None).snapshot is not None
    return settings.data


@pytest.fixture
def filled(data: Path, recent: Path) -> Path:
    """`data` after one good run."""
    return fill(data, recent)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """`python -m etl …` as a call in this process."""

    def call(*arguments: str | Path) -> Finished:
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse
            status = int(str(stop.code))
        said = capsys.readouterr()
        return Finished(status, said.out, said.err)

    return call


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with opened(tmp_path / "warehouse.duckdb") as held:
        yield held


#: Of a series with more values than these a test's own folder has those from this day on.
LONG, RECENT = 1000, "2025-01-01"


def authored(folder: Path) -> Path:
    """The folder, after it was given the figures and the register, and no bulletins. Of the long
    daily series it has the last two years: a run takes a tenth of the time."""
    (folder / "figures").mkdir(parents=True)
    for path in (BUNDLED / "figures").iterdir():
        put_text(folder / "figures" / path.name, _recent(path))
    shutil.copy(BUNDLED / "policies.csv", folder / "policies.csv")
    (folder / "bulletins").mkdir()
    return folder


@cache
def _recent(path: Path) -> str:
    text = text_in(path)
    head, *rows = csv.reader(io.StringIO(text))
    first, *lines = text.splitlines()
    if not {"indicator", "date"} <= set(head) or len(rows) < LONG:
        return text
    name, day = head.index("indicator"), head.index("date")
    count = Counter(row[name] for row in rows)
    shown = zip(lines, rows, strict=True)  # no cell has a line of its own
    kept = [line for line, row in shown if count[row[name]] <= LONG or row[day] >= RECENT]
    return "\n".join([first, *kept]) + "\n"


def fill(folder: Path, source: Path) -> Path:
    """The folder, after it was given what runs have stored and published in another."""
    shutil.copy(source / "warehouse.duckdb", folder / "warehouse.duckdb")
    shutil.copytree(source / "published", folder / "published", dirs_exist_ok=True)
    return folder


def examples(most: int) -> hypothesis:
    """Tries `most` examples, or a tenth of them under the profile `quick`."""
    return hypothesis(max_examples=most * hypothesis().max_examples // 100)


def settings_of(data: Path, **environment: str) -> Settings:
    return load_settings({"XINZHI_DATA": str(data), **environment})


def command(
    *arguments: str, data: Path, before: str = "", **environment: str
) -> subprocess.Popen[str]:
    """`python -m etl …` as a process of its own; `before` is Python that runs in it first."""
    start = f"{before}\nfrom etl.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    program = ["-c", f"import sys\n{start}"] if before else ["-m", "etl"]
    return subprocess.Popen(
        [sys.executable, *program, *arguments],
        cwd=PROJECT,
        env={**os.environ, "XINZHI_DATA": str(data), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> Finished:
    out, err = process.communicate(timeout=60)
    return Finished(process.returncode, out, err)


@contextmanager
def snapshot(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The snapshot that is served from the data folder, as readers open it."""
    name = Folder(folder / "published").current_name()
    path = folder / "published" / f"{name}.duckdb"
    with connect_sealed(path) as connection:
        yield connection


def served(folder: Path, indicator: str, moment: datetime | None = None) -> dict[date, float]:
    """What the published snapshot answers for an indicator as of a moment."""
    as_of = (moment or datetime(9999, 1, 1, tzinfo=UTC)).astimezone(UTC).replace(tzinfo=None)
    query = "select date, value from served(?, ?)"
    with snapshot(folder) as connection:
        return dict(connection.execute(query, [indicator, as_of]).fetchall())


def vintages(folder: Path) -> int:
    with opened(folder / "warehouse.duckdb", read_only=True) as held:
        return held.rows()


def bundled(file: str, indicator: str) -> dict[date, float]:
    """The figures of an indicator, read from the project's CSV by nothing but the csv module."""
    return {
        date.fromisoformat(row["date"]): float(row["value"])
        for row in csv.DictReader(io.StringIO(text_in(BUNDLED / "figures" / file)))
        if row["indicator"] == indicator
    }


def text_in(path: Path) -> str:
    """What a file says, packed or not."""
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode()


def put_text(path: Path, text: str) -> None:
    """Let a file say this, packed if its name says so."""
    content = text.encode()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def replace_line(path: Path, start: str, new: str) -> int:
    """Put `new` in the place of the one line that begins with `start`; its number, from 1."""
    lines = text_in(path).splitlines()
    (at,) = [index for index, line in enumerate(lines) if line.startswith(start)]
    lines[at] = new
    put_text(path, "\n".join(lines) + "\n")
    return at + 1


def is_one_sentence(text: str) -> bool:
    """Whether an error stream holds one line for a person, and no traceback."""
    return text.startswith("error: ") and len(text.splitlines()) == 1 and "Traceback" not in text


def bulletin(day: date, *references: Reference, summary: str = "今天") -> Bulletin:
    return Bulletin(
        date=day, title="每日动态", publisher="编者", summary=summary, sections=(),
        references=references,
    )  # fmt: skip


def reference(publisher: str, title: str, day: date | None) -> Reference:
    return Reference(number=1, publisher=publisher, title=title, date=day)


def write_csv(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    with open(path, "w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows(rows)
    return path
