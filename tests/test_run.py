"""`python -m etl run`, end to end: what it stores, what it says, and what one failure stops."""

from __future__ import annotations

import shutil
import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from conftest import (
    BUNDLED,
    Cli,
    bundled,
    command,
    finished,
    is_one_sentence,
    put_text,
    served,
    snapshot,
    text_in,
    vintages,
)

from etl.catalog import Catalog
from etl.settings import Settings
from etl.storage.snapshots import Folder

pytestmark = pytest.mark.slow

DAY = date(2026, 5, 26)
BROKEN_ROWS = {
    "a word for a number": "nasdaq_composite,2026-05-26,n/a,FRED,,,,",
    "a date that does not exist": "nasdaq_composite,2026-05-32,26656.18,FRED,,,,",
    "a date twice": "nasdaq_composite,2026-05-27,26656.18,FRED,,,,",
}
AT = {"a date twice": 1}  # the line is that of the second row


def _files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "published").iterdir()}


def test_a_run_from_nothing_ends_with_0_and_publishes(tmp_path: Path) -> None:
    done = finished(command("run", "--offline", data=tmp_path / "data"))
    assert (done.status, done.err) == (0, "")
    found = served(tmp_path / "data", "sp500")
    assert found == bundled("market.csv", "sp500")


def test_a_run_ends_with_a_table_of_every_indicator(data: Path, cli: Cli, catalog: Catalog) -> None:
    lines = cli("run", "--offline").out.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("indicator "))
    assert lines[start].split() == ["indicator", "source", "new", "revised", "newest", "problem"]
    assert {line.split()[0] for line in lines[start + 1 :]} >= set(catalog.indicators)
    row = next(line.split() for line in lines[start:] if line.startswith("sp500 "))
    held = bundled("market.csv", "sp500")
    assert row == ["sp500", "figures", str(len(held)), "0", str(max(held))]


def test_every_bundled_figure_is_served(published: Settings, catalog: Catalog) -> None:
    for indicator in catalog.all():
        for ref in indicator.sources:
            if ref.name == "figures":
                told = bundled(ref.params["file"], indicator.id)
                assert served(published.data, indicator.id) == told


def test_a_second_run_adds_no_row_and_publishes_no_file(filled: Path, cli: Cli) -> None:
    rows, files = vintages(filled), _files(filled)
    done = cli("run", "--offline")
    assert done.status == 0
    assert "no new snapshot" in done.out
    assert (vintages(filled), _files(filled)) == (rows, files)


def test_a_corrected_figure_is_served_and_the_old_one_stays_as_it_was_known(
    filled: Path, cli: Cli
) -> None:
    before = datetime.now(UTC)
    path = filled / "figures/market.csv"
    held = bundled("market.csv", "sp500")[DAY]
    path.write_text(path.read_text("utf-8").replace(f"sp500,{DAY},{held}", f"sp500,{DAY},7500.5"))
    assert cli("run", "sp500", "--offline").status == 0
    assert served(filled, "sp500")[DAY] == 7500.5
    assert served(filled, "sp500", before)[DAY] == held


def test_a_broken_row_stops_its_indicator_and_no_other(data: Path, cli: Cli) -> None:
    path, line = _break(data, "a word for a number")
    done = cli("run", "--offline")
    assert done.status == 1
    assert f"{path}, line {line}: " in done.out
    assert served(data, "nasdaq_composite") == {}
    assert served(data, "sp500") == bundled("market.csv", "sp500")


@pytest.mark.parametrize("broken", BROKEN_ROWS)
def test_a_broken_row_leaves_the_good_values_of_before(broken: str, filled: Path, cli: Cli) -> None:
    path, line = _break(filled, broken)
    done = cli("run", "--offline")
    assert done.status == 1
    assert f"{path}, line {line}: " in done.out
    assert served(filled, "nasdaq_composite") == bundled("market.csv", "nasdaq_composite")
    with snapshot(filled) as connection:
        subjects = connection.execute("select subject from problems").fetchall()
    assert subjects == [("nasdaq_composite",)]


def _break(folder: Path, broken: str) -> tuple[Path, int]:
    path = folder / "figures/market.csv"
    lines = path.read_text("utf-8").splitlines()
    (at,) = [n for n, row in enumerate(lines) if row.startswith(f"nasdaq_composite,{DAY},")]
    lines[at] = BROKEN_ROWS[broken]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path, at + 1 + AT.get(broken, 0)


def test_a_value_out_of_range_keeps_the_whole_series_of_before(filled: Path, cli: Cli) -> None:
    path = filled / "figures/brent_spot.csv.gz"
    held = served(filled, "brent_spot_usd_bbl")
    row = f"brent_spot_usd_bbl,{DAY},"
    put_text(path, text_in(path).replace(f"{row}{held[DAY]}", f"{row}10275"))
    done = cli("run", "--offline")
    assert done.status == 1
    assert "10275.0 is above 400.0" in done.out
    assert served(filled, "brent_spot_usd_bbl") == held


def test_a_problem_that_is_mended_is_forgotten(filled: Path, cli: Cli) -> None:
    _break(filled, "a date twice")
    assert cli("run", "--offline").status == 1
    shutil.copy(BUNDLED / "figures/market.csv", filled / "figures/market.csv")
    assert cli("run", "--offline").status == 0
    with snapshot(filled) as connection:
        assert connection.execute("select * from problems").fetchall() == []


@pytest.mark.parametrize("how", ["missing", "open quote in the header", "binary", "a folder"])
def test_an_unusable_file_of_figures_keeps_the_values_of_before(
    how: str, filled: Path, cli: Cli
) -> None:
    path = filled / "figures/market.csv"
    text = path.read_text("utf-8")
    path.unlink()
    if how == "open quote in the header":
        path.write_text('"' + text, "utf-8")
    elif how == "binary":
        path.write_bytes(bytes(range(256)) * 10)
    elif how == "a folder":
        path.mkdir()
    done = cli("run", "--offline")
    assert done.status == 1
    assert str(path) in done.out
    assert served(filled, "sp500") == bundled("market.csv", "sp500")
    row = next(line for line in done.out.splitlines() if line.startswith("pue_global_average "))
    assert str(path) not in row


def test_a_broken_register_keeps_the_counts_and_the_documents_of_before(
    filled: Path, cli: Cli
) -> None:
    with snapshot(filled) as connection:
        documents = connection.execute("select * from policies order by all").fetchall()
    counts = served(filled, "policy_documents_monthly")
    with open(filled / "policies.csv", "a", encoding="utf-8") as lines:
        lines.write("新文件,国家数据局,,2026-02-30,,,issued,,,\n")
    line = len((BUNDLED / "policies.csv").read_text("utf-8").splitlines()) + 1
    done = cli("run", "--offline")
    assert done.status == 1
    assert f"{filled / 'policies.csv'}, line {line}: " in done.out
    assert served(filled, "policy_documents_monthly") == counts
    with snapshot(filled) as connection:
        assert connection.execute("select * from policies order by all").fetchall() == documents


def test_a_broken_bulletin_keeps_the_text_of_before(filled: Path, cli: Cli) -> None:
    good = (BUNDLED / "bulletins/2026-05-27.md").read_text("utf-8")
    path = filled / "bulletins/2026-05-28.md"
    path.write_text(good.replace("date: 2026-05-27", "date: 2026-05-28"), "utf-8")
    assert cli("run", "--offline").status == 0
    before = _bulletins(filled)
    assert {day.isoformat() for day in before} >= {"2026-05-27", "2026-05-28"}
    path.write_text(good.replace("date: 2026-05-27", "date: 2026-02-30"), "utf-8")
    done = cli("run", "--offline")
    assert done.status == 1
    assert str(path) in done.out
    assert _bulletins(filled) == before


def test_a_bulletin_whose_head_and_name_disagree_is_refused(data: Path, cli: Cli) -> None:
    path = data / "bulletins/2026-05-29.md"
    shutil.copy(BUNDLED / "bulletins/2026-05-27.md", path)
    done = cli("check")
    assert done.status == 2
    assert str(path) in done.err
    assert "2026-05-27" in done.err


def _bulletins(folder: Path) -> dict[date, str]:
    with snapshot(folder) as connection:
        return dict(connection.execute("select date, document from bulletins").fetchall())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "sp50"], "'sp500'"),
        (["run", "sp500", "nasdaq_composit"], "'nasdaq_composite'"),
        (["run", "--source", "frad"], "'fred'"),
        (["run", "--offline", "--known-at", "2026-05-27T09:00"], "time zone"),
        (["run", "--offline", "--known-at", "yesterday"], "--known-at"),
    ],
)
def test_a_wrong_argument_ends_with_2_and_one_sentence_that_helps(
    arguments: list[str], says: str, data: Path, cli: Cli
) -> None:
    done = cli(*arguments)
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert says in done.err
    assert not (data / "warehouse.duckdb").exists()


def test_a_run_of_one_indicator_leaves_the_others_alone(data: Path, cli: Cli) -> None:
    assert cli("run", "sp500", "--offline").status == 0
    assert served(data, "sp500") == bundled("market.csv", "sp500")
    assert served(data, "nasdaq_composite") == {}


MORNING = datetime(2026, 5, 27, 1, 0, tzinfo=UTC)  # 09:00 in Beijing


def test_a_replay_of_a_morning_holds_nothing_that_came_later(data: Path, cli: Cli) -> None:
    done = cli("run", "--offline", "--known-at", "2026-05-27T09:00+08:00")
    assert done.status == 0
    with snapshot(data) as connection:
        query = "select count(*), max(public_at), max(known_at) from vintages"
        ((rows, public, known),) = connection.execute(query).fetchall()
    assert rows > 0
    assert max(public, known).replace(tzinfo=UTC) <= MORNING
    assert max(served(data, "sp500")) == DAY
    assert max(served(data, "brent_spot_usd_bbl")) < DAY
    assert round(served(data, "micron_market_cap_usd_bn")[DAY], 1) == 1010.3


def test_a_run_after_a_replay_ends_with_the_values_of_a_run_alone(
    data: Path, cli: Cli, recent: Path, catalog: Catalog
) -> None:
    assert cli("run", "--offline", "--known-at", "2026-05-27T09:00+08:00").status == 0
    assert cli("run", "--offline").status == 0
    for indicator in catalog.all():
        assert served(data, indicator.id) == served(recent, indicator.id)


def test_without_a_network_a_run_ends_soon_and_names_what_was_not_reached(data: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}"
    start = time.monotonic()
    environment = {"XINZHI_PROXY": closed, "XINZHI_CONTACT": "editor@example.org"}
    done = finished(command("run", data=data, **environment))
    assert time.monotonic() - start < 60  # one patience after the other would be many minutes
    assert (done.status, done.err) == (1, "")
    told = [line for line in done.out.splitlines() if line.startswith("not reached: ")]
    assert len(told) == len({line.split()[2] for line in told})
    for host in ("data.sec.gov", "fred.stlouisfed.org", "query2.finance.yahoo.com",
                 "push2his.eastmoney.com", "thedocs.worldbank.org",
                 "sousuo.www.gov.cn", "www.nda.gov.cn", "www.worldbank.org"):  # fmt: skip
        assert any(host in line for line in told)
    assert served(data, "sp500") == bundled("market.csv", "sp500")
    assert not (data / "raw").exists()


@pytest.fixture
def refusing_proxy() -> Iterator[tuple[str, Counter[str]]]:
    """The address of a proxy that refuses every host, and how often each was asked for."""
    asked: Counter[str] = Counter()

    class Refuse(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            words = self.rfile.readline().decode("ascii", "replace").split()
            asked[" ".join(words[:2])] += 1
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuse) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


def test_every_host_is_asked_once_a_run_and_through_the_proxy(
    refusing_proxy: tuple[str, Counter[str]],
    data: Path,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, asked = refusing_proxy
    monkeypatch.setenv("XINZHI_PROXY", address)
    monkeypatch.setenv("XINZHI_CONTACT", "editor@example.org")
    assert cli("run").status == 1
    assert asked["CONNECT fred.stlouisfed.org:443"] == 1
    assert asked["CONNECT data.sec.gov:443"] == 1
    assert any("yahoo.com" in line for line in asked)
    assert set(asked.values()) == {1}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("XINZHI_TIMEOUT", "soon", ""),
        ("XINZHI_REGION", "china", ""),
        ("XINZHI_PROXY", "nonsense", ""),
        ("XINZHI_PROXY", "ftp://127.0.0.1:1", ""),
        ("XINZHI_CA_BUNDLE", "nowhere.pem", ""),
        ("XINZHI_CA_BUNDLE", "words.pem", "these are only words"),
    ],
)
def test_a_wrong_setting_ends_with_2_and_is_named(
    name: str,
    value: str,
    text: str,
    data: Path,
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    if text:
        (tmp_path / value).write_text(text)
    monkeypatch.setenv("XINZHI_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv(name, value)
    done = cli("run", "us_10y_yield_pct")
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert name in done.err


@pytest.mark.parametrize("arguments", [["run", "--offline"], ["rollback"], ["status"]])
def test_a_data_folder_that_cannot_be_written_ends_with_2_and_one_sentence(
    arguments: list[str], tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XINZHI_DATA", str(tmp_path / "file" / "data"))
    done = cli(*arguments)
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert str(tmp_path / "file" / "data") in done.err


# A limit on the size of every file stands for a disk that is full; at 0 not even the lock fits.
FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))"


@pytest.mark.parametrize("limit", [0, 2_000, 200_000])
def test_a_full_disk_ends_a_first_run_with_2_and_one_sentence(limit: int, data: Path) -> None:
    done = finished(command("run", "--offline", data=data, before=FULL.format(limit)))
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert Folder(data / "published").current_name() is None
    assert finished(command("run", "--offline", data=data)).status == 0


@pytest.mark.parametrize("limit", [0, 2_000, 1_800_000])
def test_a_full_disk_leaves_the_snapshot_of_before(limit: int, filled: Path) -> None:
    held, name = served(filled, "sp500"), Folder(filled / "published").current_name()
    path = filled / "figures/market.csv"
    path.write_text(
        path.read_text("utf-8").replace(f"sp500,{DAY},{held[DAY]}", f"sp500,{DAY},7500.5")
    )
    done = finished(command("run", "--offline", data=filled, before=FULL.format(limit)))
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert Folder(filled / "published").current_name() == name
    assert served(filled, "sp500") == held
    assert finished(command("run", "--offline", data=filled)).status == 0
    assert served(filled, "sp500")[DAY] == 7500.5


def moved(data: Path, name: str, old: str, new: str) -> None:
    """Date a bundled value anew."""
    path = data / "figures" / name
    text = text_in(path)
    assert text.count(old) == 1
    put_text(path, text.replace(old, new))


@pytest.mark.parametrize(
    ("name", "old", "new", "period"),
    [
        ("gold_monthly.csv.gz", "gold_monthly_usd_oz,2026-04-01", "gold_monthly_usd_oz,2026-04-30",
         "April 2026"),
        ("pue.csv", "pue_global_average,2024-01-01", "pue_global_average,2024-12-31", "2024"),
    ],
)  # fmt: skip
def test_a_source_that_dates_its_values_anew_is_refused_and_what_is_held_stays(
    name: str, old: str, new: str, period: str, filled: Path, cli: Cli
) -> None:
    indicator = old.split(",")[0]
    before = served(filled, indicator)
    moved(filled, name, old, new)
    done = cli("run", indicator, "--offline")
    assert done.status == 1
    assert f"{new.split(',')[1]} is another day for {period} than {old.split(',')[1]}" in done.out
    assert served(filled, indicator) == before


def test_two_days_of_one_month_in_a_file_of_figures_are_refused_by_check_and_run(
    data: Path, cli: Cli
) -> None:
    old, new = "gold_monthly_usd_oz,2026-04-01", "gold_monthly_usd_oz,2026-03-31"
    moved(data, "gold_monthly.csv.gz", old, new)
    said = "has a second value for March 2026, dated 2026-03-01 and 2026-03-31; keep one."
    checked = cli("check")
    assert checked.status == 2
    assert "gold_monthly.csv.gz, line " in checked.err
    assert said in checked.err
    done = cli("run", "gold_monthly_usd_oz", "--offline")
    assert done.status == 1
    assert said in done.out
