"""Frozen addresses: what was held at a moment, in the same bytes, whatever comes later."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from conftest import Cli, run_with_fred, settings_of, write_csv
from serving import PLAIN, TestClient, client, rows_of

from dashboard.address import moment_text
from dashboard.data.snapshot import Snapshots
from etl.catalog import Catalog, Indicator
from etl.ingest.run import Request, run
from etl.records import now
from etl.storage.snapshots import Folder

pytestmark = pytest.mark.slow

FOR_EVER = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600"
REBUILT = "据后来载入的历史重建"


def _held_until(data: Path) -> str:
    return moment_text(Snapshots(Folder(data / "published")).current().held_until)


def _run(data: Path, catalog: Catalog) -> None:
    assert run(settings_of(data), catalog, Request(offline=True), lambda outcome: None)


def _with(catalog: Catalog, name: str, **changes: object) -> Catalog:
    """The catalog with one entry changed, under its own id or a new one."""
    entry: Indicator = catalog[name].model_copy(update=changes)
    entries = {entry.id if key == name else key: value for key, value in catalog.indicators.items()}
    indicators = {**entries, entry.id: entry}
    return Catalog(units=catalog.units, groups=catalog.groups, indicators=indicators)


def _body(site: TestClient, address: str) -> bytes:
    answer = site.get(address, headers=PLAIN, follow_redirects=True)
    assert answer.status_code == 200, answer.text[:300]
    return answer.content


def test_a_frozen_file_keeps_its_bytes_through_sources_orders_and_names(
    filled: Path, catalog: Catalog
) -> None:
    settings = settings_of(filled)
    held = _held_until(filled)
    long, wide = (f"/c/sp500@{held}.csv?with=vix&t=max&shape={shape}" for shape in ("long", "wide"))

    def frozen() -> list[bytes]:
        site = client(settings)
        return [_body(site, long), _body(site, wide)]

    before = frozen()
    live = _body(client(settings), "/c/sp500.csv?t=max")

    rows = "2026-08-28,7700.1\n2026-08-31,7701.5\n2026-09-01,7702.25\n"
    run_with_fred(settings, catalog, Request(("sp500",), "fred"), rows)
    assert _body(client(settings), "/c/sp500.csv?t=max") != live
    assert frozen() == before

    turned = tuple(reversed(catalog["sp500"].sources))
    reordered = _with(catalog, "sp500", sources=turned)
    _run(filled, reordered)
    assert frozen() == before

    renamed = _with(reordered, "sp500", id="sp500_index", old_ids=("sp500",))
    _run(filled, renamed)
    site = client(settings)
    moved = site.get(long, headers=PLAIN)
    assert moved.status_code == 301
    assert moved.headers["location"].startswith(f"/c/sp500_index@{held}.csv")
    assert frozen() == before
    for shape in ("long", "wide"):
        assert b"sp500_index" in _body(site, f"/c/sp500_index.csv?shape={shape}")


def test_an_address_is_immutable_from_the_first_load_to_the_newest(filled: Path) -> None:
    site, held = client(settings_of(filled)), _held_until(filled)
    answers = {
        suffix: site.get(f"/c/sp500@{held}{suffix}").headers["cache-control"]
        for suffix in (".csv", ".svg", ".txt", "", ".metadata.json")
    }
    assert answers.pop(".metadata.json") != FOR_EVER  # it names the snapshot
    assert set(answers.values()) == {FOR_EVER}
    today = f"{now() + timedelta(hours=8):%Y-%m-%d}"
    assert "immutable" not in site.get(f"/c/sp500@{today}.csv").headers["cache-control"]


def test_before_the_first_load_the_answer_says_that_it_is_reconstructed(filled: Path) -> None:
    site = client(settings_of(filled))
    for suffix in ("", ".csv", ".svg", ".txt"):
        answer = site.get(f"/c/sp500@2026-05-27{suffix}")
        assert answer.headers["cache-control"] == AN_HOUR
        assert (REBUILT in answer.text) == (suffix != ".csv")
    assert site.get("/c/sp500@2026-05-27.metadata.json").json()["reconstructed"] is True
    assert REBUILT not in site.get(f"/c/sp500@{_held_until(filled)}").text
    assert "reconstructed" in site.get("/c/sp500@2026-05-27.txt?lang=en").text


def test_of_several_indicators_the_one_that_was_loaded_last_decides(
    filled: Path, cli: Cli, tmp_path: Path
) -> None:
    first = _held_until(filled)
    rows = [("indicator", "date", "value"), ("gold_futures_usd_oz", "2026-05-26", 4500.5)]
    assert cli("import", write_csv(tmp_path / "gold.csv", rows)).status == 0
    site, second = client(settings_of(filled)), _held_until(filled)

    def lasting(address: str) -> str:
        return site.get(address).headers["cache-control"]

    assert second > first
    assert lasting(f"/c/sp500@{first}.csv") == FOR_EVER
    assert lasting(f"/c/sp500@{first}.csv?with=gold_futures_usd_oz") == AN_HOUR
    assert lasting(f"/c/sp500@{second}.csv?with=gold_futures_usd_oz") == FOR_EVER


def test_an_import_for_a_day_that_was_answered_leaves_the_answer_as_it_was(
    filled: Path, cli: Cli, tmp_path: Path
) -> None:
    held = _held_until(filled)
    site = client(settings_of(filled))
    frozen, rebuilt = f"/c/sp500@{held}.csv?t=max", "/c/sp500@2026-05-27.csv?t=max"
    before, old = _body(site, frozen), _body(site, rebuilt)
    rows = [("indicator", "date", "value"), ("sp500", "2025-06-11", 6022.24)]
    known = "2026-05-01T09:00+08:00"
    done = cli("import", write_csv(tmp_path / "more.csv", rows), "--known-at", known)
    assert done.status == 0, done.err
    site = client(settings_of(filled))
    assert _body(site, frozen) == before
    assert _body(site, rebuilt) != old
    days = [row["date"] for row in rows_of(site.get(rebuilt, headers=PLAIN))]
    assert "2025-06-11" in days
