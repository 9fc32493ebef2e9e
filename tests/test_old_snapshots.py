"""Snapshots that earlier versions wrote, one of each layout, as those versions left them: they are
served, or refused in words, and never an error. `tests/snapshots` holds them, made of a few
indicators each."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import duckdb
import pytest
from conftest import PROJECT, Cli, is_one_sentence, served, settings_of
from serving import client

from etl.settings import POINTER
from etl.storage.snapshots import FORMAT, OLDEST, Folder

pytestmark = pytest.mark.slow

HELD = sorted((PROJECT / "tests" / "snapshots").glob("*.gz"))
READ = [path for path in HELD if int(path.name.partition(".")[0].split("-")[1]) >= OLDEST]
BULLETIN = PROJECT / "data" / "bulletins" / "2026-05-27.md"
PAGES = (
    "/", "/?asof=2026-05-27", "/bulletins", "/bulletins/2026-05-27", "/indicators",
    "/indicators?q=sp", "/indicators/sp500", "/indicators/sp500?asof=2026-05-27",
    "/indicators/vix", "/indicators/policy_documents_monthly", "/indicators/pue_global_average",
    "/wall", "/wall?asof=2026-05-27",
    "/compare?ids=sp500,us_10y_yield_pct", "/policies", "/export", "/corrections", "/status",
    "/about", "/claims", "/claims?id=sp500&verdict=supported", "/c/sp500",
    "/c/sp500@2026-05-27", "/c/sp500?u=yoy",
    "/c/sp500?with=us_10y_yield_pct", "/c/pue_global_average", "/embed/c/sp500",
)  # fmt: skip
DATA = (
    "/c/sp500.csv", "/c/sp500@2026-05-27.csv", "/c/sp500.csv?shape=wide&for=excel",
    "/c/sp500.json", "/c/sp500.xlsx", "/c/sp500.parquet", "/c/sp500.zip", "/c/sp500.txt",
    "/c/sp500.svg", "/c/sp500.metadata.json", "/bulletins/2026-05-27.zip", "/api/v1/indicators",
    "/api/v1/indicators/sp500", "/api/v1/observations?ids=sp500&format=csv", "/api/v1/bulletins",
    "/api/v1/bulletins/2026-05-27", "/api/v1/bulletins/2026-05-27/claims", "/api/v1/policies",
    "/api/v1/claims?id=sp500",
    "/api/v1/events", "/api/v1/status", "/atom.xml", "/events.atom",
    "/catalog.jsonld", "/sitemap.xml",
)  # fmt: skip
ALWAYS = ("/healthz", "/metrics", "/robots.txt")


def put(folder: Path, held: Path, told: str = "") -> str:
    """Serve a held snapshot from a data folder, as one of another format where that is `told`."""
    published = folder / "published"
    published.mkdir(parents=True, exist_ok=True)
    draft = published / "draft"
    draft.write_bytes(gzip.decompress(held.read_bytes()))
    with duckdb.connect(str(draft)) as connection:
        if told:
            connection.execute("update meta set value = ? where key = 'format'", [told])
        meta = dict(connection.execute("select key, value from meta").fetchall())
    draft.rename(published / f"{meta['snapshot']}.duckdb")
    pointer = {"snapshot": meta["snapshot"], "fingerprint": meta["fingerprint"]}
    (published / POINTER).write_text(json.dumps(pointer), encoding="utf-8")
    return str(meta["snapshot"])


def test_one_of_every_format_since_the_oldest_is_held() -> None:
    formats = {int(path.name.partition(".")[0].split("-")[1]) for path in READ}
    assert formats >= {*range(OLDEST, FORMAT)}
    assert all(path.stat().st_size < 50_000 for path in HELD)


@pytest.mark.parametrize("held", READ, ids=lambda path: path.name.partition(".")[0])
def test_every_page_and_file_is_made_of_an_earlier_snapshot(tmp_path: Path, held: Path) -> None:
    name = put(tmp_path, held)
    site = client(settings_of(tmp_path))
    answers = {address: site.get(address) for address in (*PAGES, *DATA, *ALWAYS, "/readyz")}
    assert {a: r.status_code for a, r in answers.items() if r.status_code not in (200, 302)} == {}
    assert answers["/c/sp500.csv"].headers["x-snapshot"] == name
    assert "标普" in answers["/indicators/sp500"].text
    assert site.get("/nothing").status_code == 404
    draft = site.post("/bulletins/new", files={"file": ("a.md", BULLETIN.read_bytes())})
    assert draft.status_code == 200 or (draft.status_code == 503 and "etl run" in draft.text)


@pytest.mark.parametrize(
    ("held", "told", "said"),
    [
        (HELD[-1], str(FORMAT + 1), f"a later version wrote its format {FORMAT + 1}"),
        (next(p for p in HELD if p not in READ), "", "an earlier version wrote its format 4"),
        (HELD[-1], "none", "an earlier version wrote its format without a number"),
    ],
)
def test_another_format_is_refused_in_words_on_every_page(
    tmp_path: Path, held: Path, told: str, said: str
) -> None:
    put(tmp_path, held, told)
    site = client(settings_of(tmp_path))
    for address in (*PAGES, *DATA, "/readyz"):
        answer = site.get(address)
        assert (answer.status_code, said in answer.text) == (503, True), address
        assert "python -m etl run" in answer.text
        assert "rollback" in answer.text
    assert {site.get(address).status_code for address in ALWAYS} == {200}


@pytest.mark.parametrize("at", [5_000, 300_000, 1_500_000])
def test_a_damaged_snapshot_is_a_sentence_on_every_page(tmp_path: Path, at: int) -> None:
    """Also where the file opens and only what a page asks of it is damaged."""
    name = put(tmp_path, HELD[0])
    path = tmp_path / "published" / f"{name}.duckdb"
    payload = bytearray(path.read_bytes())
    payload[at : at + 200_000] = b"\xa5" * 200_000
    path.write_bytes(payload)
    site = client(settings_of(tmp_path))
    for address in (*PAGES, *DATA):
        answer = site.get(address)
        assert answer.status_code in (200, 302, 503), address
        assert answer.status_code != 503 or "python -m etl run" in answer.text


@pytest.mark.parametrize("held", READ, ids=lambda path: path.name.partition(".")[0])
def test_the_commands_that_read_take_an_earlier_snapshot(data: Path, held: Path, cli: Cli) -> None:
    name = put(data, held)
    for arguments in (("status",), ("alerts",), ("candidates",), ("claims", "2026-05-27"),
                      ("claims", str(BULLETIN)), ("brief", "2026-05-27")):  # fmt: skip
        done = cli(*arguments)
        assert done.status in (0, 1) or is_one_sentence(done.err), (arguments, done.err)
    assert cli("status").status == 1
    assert name in cli("history").out


@pytest.mark.parametrize("told", ["", "4", str(FORMAT + 1)])
def test_a_run_after_any_other_format_publishes_its_own(data: Path, cli: Cli, told: str) -> None:
    before = put(data, READ[0], told)
    assert cli("run", "--offline").status == 0
    assert Folder(data / "published").current_name() != before
    assert len(served(data, "sp500")) > 100
    done = cli("rollback")
    assert (done.status, is_one_sentence(done.err)) == ((2, True) if told else (0, False))
