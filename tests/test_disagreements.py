"""Two sources on one date: the preferred one is shown, the difference is told."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from conftest import Cli, bundled, settings_of
from serving import client

from dashboard.data import queries
from dashboard.data.snapshot import Snapshots
from etl.catalog import Catalog
from etl.storage.snapshots import Folder

DAY = date(2026, 5, 26)


def imported(folder: Path, cli: Cli, value: float) -> None:
    file = folder.parent / "prices.csv"
    file.write_text(f"indicator,date,value\nus_10y_yield_pct,{DAY},{value}\n", encoding="utf-8")
    assert cli("import", file, "--known-at", "2026-05-27T10:00+00:00").status == 0


def test_a_difference_beyond_the_tolerance_is_told_and_nothing_is_averaged(
    filled: Path, cli: Cli
) -> None:
    settled = bundled("us_rates.csv.gz", "us_10y_yield_pct")[DAY]
    imported(filled, cli, 4.9)
    snapshot = Snapshots(Folder(settings_of(filled).published)).current()
    (found,) = queries.disagreements(snapshot, "us_10y_yield_pct")
    assert (found.date, found.source, found.value) == (DAY, "figures", float(settled))
    assert (found.other_source, found.other_value) == ("import", 4.9)
    page = client(settings_of(filled)).get("/indicators/us_10y_yield_pct").text
    assert "来源不一致（1 处，以前者为准）" in page
    assert "人工导入 4.90%" in page


def test_a_difference_within_the_tolerance_is_not_worth_a_word(filled: Path, cli: Cli) -> None:
    imported(filled, cli, 4.51)  # as the market closed, before the release
    snapshot = Snapshots(Folder(settings_of(filled).published)).current()
    assert queries.disagreements(snapshot, "us_10y_yield_pct") == []


@pytest.mark.parametrize("known_at", ["2026-05-27T10:30+00:00"])
def test_the_earlier_import_is_what_was_known_before_the_release(
    filled: Path, cli: Cli, catalog: Catalog, known_at: str
) -> None:
    imported(filled, cli, 4.51)
    snapshot = Snapshots(Folder(settings_of(filled).published)).current()
    moment = datetime.fromisoformat(known_at)
    assert queries.series(snapshot, "us_10y_yield_pct", moment)[-1].value == 4.51
    assert queries.series(snapshot, "us_10y_yield_pct")[-1].date > DAY
