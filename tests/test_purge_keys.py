"""Which keys a cache is to drop after a run, and those that the answers carry."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import BUNDLED, Cli, is_one_sentence, settings_of, write_csv
from serving import client, republish

from etl.bulletins.read import read_bulletin
from etl.catalog import Catalog


@pytest.fixture
def changed(filled: Path, cli: Cli, tmp_path: Path) -> Path:
    """A folder of which a second snapshot has one value more."""
    assert cli("import", write_csv(tmp_path / "v.csv", ROWS)).status == 0
    return filled


ROWS = [["indicator", "date", "value"], ["sp500", "2026-09-01", "9999"]]


def keys(cli: Cli, *given: str) -> set[str]:
    done = cli("purge-keys", *given)
    assert done.status == 0, done.err
    found = done.out.splitlines()
    assert found == sorted(set(found))
    return set(found)


def test_what_changed_between_two_snapshots_is_named_and_nothing_else(
    changed: Path, cli: Cli
) -> None:
    found = keys(cli)
    assert {"i-sp500", "all"} <= found
    assert not found & {"i-pue_google_fleet", "i-data_contest_tracks", "i-usd_cny"}
    newest, before = sorted(p.stem for p in (changed / "published").glob("2*.duckdb"))[::-1][:2]
    assert keys(cli, before) == keys(cli, before, newest) == found
    assert keys(cli, newest, before) == found
    assert keys(cli, newest, newest) == set()


def test_the_keys_are_those_of_the_answers_that_changed(
    filled: Path, cli: Cli, tmp_path: Path
) -> None:
    paths = ("/c/sp500.csv", "/api/v1/indicators/sp500", "/c/pue_google_fleet.csv",
             "/api/v1/indicators", "/c/usd_cny.svg", "/c/sp500.txt")  # fmt: skip
    site = client(settings_of(filled))
    before = {path: site.get(path) for path in paths}
    assert cli("import", write_csv(tmp_path / "v.csv", ROWS)).status == 0
    dropped = keys(cli)
    for path in paths:
        if site.get(path).headers["etag"] != before[path].headers["etag"]:
            assert dropped & set(before[path].headers["surrogate-key"].split()), path
    assert site.get(paths[0]).headers["etag"] != before[paths[0]].headers["etag"]


def test_a_bulletin_that_is_changed_or_taken_away_is_named(
    filled: Path, cli: Cli, catalog: Catalog
) -> None:
    newest = max((BUNDLED / "bulletins").glob("2026-*.md"))
    bulletin = read_bulletin(newest).bulletin
    republish(filled, catalog, bulletin)
    republish(filled, catalog)
    assert {f"b-{bulletin.date}", "all"} <= keys(cli)


def test_an_indicator_that_is_taken_out_of_the_catalog_is_named(
    filled: Path, cli: Cli, catalog: Catalog
) -> None:
    fewer = {name: one for name, one in catalog.indicators.items() if name != "vix"}
    republish(filled, Catalog(units=catalog.units, groups=catalog.groups, indicators=fewer))
    assert "i-vix" in keys(cli)


@pytest.mark.parametrize("given", [(), ("nothing",), ("2026",)])
def test_a_snapshot_that_there_is_not_is_told_in_a_sentence(
    filled: Path, cli: Cli, given: tuple[str, ...]
) -> None:
    done = cli("purge-keys", *given)
    assert (done.status, done.out) == (2, "")
    assert is_one_sentence(done.err)
    assert "no snapshot" in done.err
