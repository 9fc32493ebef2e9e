"""The archive of answers: from it the warehouse can be built again, to the same rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from conftest import Cli, is_one_sentence, run_with_fred, served, settings_of

from etl.catalog import Catalog
from etl.errors import StorageError
from etl.ingest import raw
from etl.ingest.replay import replay
from etl.ingest.run import Report, Request
from etl.settings import Settings
from etl.storage.warehouse import opened

pytestmark = pytest.mark.slow

START = datetime(2026, 5, 20, 1, tzinfo=UTC)
IDS = ("us_10y_yield_pct", "us_10y_breakeven_pct")


def answer(day: int, revised: float | None = None) -> str:
    """FRED's file on a day of May: it grows by a value, and once an older value is revised."""
    values = {f"2026-05-{d:02d}": 4.0 + d / 100 for d in range(11, day) if d not in (16, 17)}
    if revised is not None:
        values["2026-05-12"] = revised
    return "".join(f"{when},{value}\n" for when, value in values.items())


def update(settings: Settings, catalog: Catalog, known_at: datetime, rows: str) -> Report:
    return run_with_fred(settings, catalog, Request(IDS, "fred", known_at=known_at), rows)


@pytest.fixture
def archived(tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Four runs on four days: one finds the bytes unchanged, one a revision."""
    monkeypatch.setenv("XINZHI_DATA", str(tmp_path / "data"))
    settings = settings_of(tmp_path / "data")
    for day, rows in enumerate((answer(18), answer(18), answer(20), answer(21, revised=4.5))):
        report = update(settings, catalog, START + timedelta(days=day), rows)
        assert report.exit_status == 0, report.outcomes
    return settings


def rows_of(settings: Settings) -> list[tuple[object, ...]]:
    with opened(settings.warehouse, read_only=True) as warehouse:
        return warehouse.connection.execute("select * from vintages order by all").fetchall()


def archive(settings: Settings) -> list[Path]:
    return sorted((settings.raw / "fred" / IDS[0]).glob("*.gz"))


def test_an_answer_that_did_not_change_is_kept_once(archived: Settings) -> None:
    assert len(archive(archived)) == 3


def test_a_replay_ends_with_the_same_rows(archived: Settings, catalog: Catalog) -> None:
    before = rows_of(archived)
    assert len(before) > 10
    (fred,) = [one for one in replay(archived, catalog) if one.source == "fred"]
    assert (fred.answers, fred.same) == (8, True)
    assert rows_of(archived) == before


def test_a_row_that_was_tampered_with_is_found_and_set_right(
    archived: Settings, catalog: Catalog, cli: Cli
) -> None:
    before = rows_of(archived)
    with opened(archived.warehouse) as warehouse:
        warehouse.connection.execute("update held set value = 9 where date = '2026-05-12'")
    done = cli("replay", "--source", "fred")
    assert (done.status, rows_of(archived)) == (1, before)
    assert cli("replay").status == 0


def test_what_a_replay_sets_right_is_published(archived: Settings, cli: Cli) -> None:
    day = date(2026, 5, 12)
    with opened(archived.warehouse) as warehouse:
        warehouse.connection.execute(f"update held set value = 9 where date = '{day}'")
    assert cli("run", "--source", "derived", "--offline").status == 0
    assert served(archived.data, IDS[0])[day] == 9
    done = cli("replay")
    assert (done.status, "published 2" in done.out) == (1, True)
    assert served(archived.data, IDS[0])[day] == 4.5


def test_a_replay_that_would_lose_rows_changes_nothing_unless_it_is_asked_for(
    archived: Settings, cli: Cli
) -> None:
    before = rows_of(archived)
    with opened(archived.warehouse) as warehouse:
        warehouse.connection.execute("delete from answers where load > 1")
    done = cli("replay")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert f"instead of {len(before)}" in done.err
    assert "--allow-fewer" in done.err
    assert rows_of(archived) == before
    done = cli("replay", "--allow-fewer")
    assert (done.status, "published 2" in done.out) == (1, True)
    assert len(rows_of(archived)) < len(before)


def test_a_gap_in_the_archive_changes_nothing(archived: Settings, catalog: Catalog) -> None:
    before = rows_of(archived)
    archive(archived)[1].unlink()
    with pytest.raises(StorageError, match="is missing"):
        replay(archived, catalog)
    assert rows_of(archived) == before


def test_superseded_answers_are_dropped_only_where_it_is_asked_for(
    archived: Settings, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows_of(archived)
    assert cli("run", "--source", "derived", "--offline").status == 0
    assert len(archive(archived)) == 3
    monkeypatch.setenv("XINZHI_RAW_DAYS", "36500")
    assert cli("run", "--source", "derived", "--offline").status == 0
    assert len(archive(archived)) == 3
    monkeypatch.setenv("XINZHI_RAW_DAYS", "1")
    for path in (archived.raw / "fred").rglob("*.gz"):  # they came as long ago as their loads say
        path.rename(path.with_name(f"20260520T010000Z-{path.stem.partition('-')[2]}.gz"))
    assert cli("run", "--source", "derived", "--offline").status == 0
    assert len(archive(archived)) == 1  # the newest answer stays
    assert rows_of(archived) == before
    done = cli("replay")
    assert (done.status, rows_of(archived)) == (0, before)
    assert "fred: 2 answers read again since 2026-05-23, older ones were dropped" in done.out
    monkeypatch.delenv("XINZHI_RAW_DAYS")
    done = cli("replay")
    assert (done.status, "is missing" in done.err) == (2, True)
    assert rows_of(archived) == before


def test_a_replay_from_later_on_sets_right_what_came_later_alone(
    archived: Settings, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows_of(archived)
    archive(archived)[0].unlink()
    monkeypatch.setenv("XINZHI_RAW_DAYS", "1")
    with opened(archived.warehouse) as warehouse:
        warehouse.connection.execute("update held set value = 9 where load > 2")
    assert cli("replay").status == 1
    assert rows_of(archived) == before


def test_answers_of_late_are_missed_whatever_may_be_dropped(
    archived: Settings, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(archived)[1].unlink()
    monkeypatch.setenv("XINZHI_RAW_DAYS", "36500")
    done = cli("replay")
    assert (done.status, "is missing" in done.err) == (2, True)


@pytest.mark.parametrize("days", ["0", "-1", "a week", "1.5", "٣", "9" * 5000])
def test_days_that_are_none_are_refused(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, days: str
) -> None:
    monkeypatch.setenv("XINZHI_RAW_DAYS", days)
    done = cli("check")
    assert (done.status, is_one_sentence(done.err)) == (2, True)


def test_a_damaged_answer_changes_nothing(archived: Settings, catalog: Catalog) -> None:
    before = rows_of(archived)
    archive(archived)[0].write_bytes(b"not gzip")
    with pytest.raises(StorageError, match="cannot be read"):
        replay(archived, catalog)
    assert rows_of(archived) == before


def test_an_answer_whose_content_was_exchanged_is_refused(
    archived: Settings, catalog: Catalog
) -> None:
    first, second, *_ = archive(archived)
    first.write_bytes(second.read_bytes())
    with pytest.raises(StorageError, match="was changed"):
        replay(archived, catalog)


def test_a_source_without_an_archive_is_refused_by_name(archived: Settings, cli: Cli) -> None:
    done = cli("replay", "--source", "figures")
    assert done.status == 2
    assert "'figures' keeps no archive" in done.err


def test_the_bytes_come_back_as_they_came(tmp_path: Path) -> None:
    digest = raw.FolderArchive(tmp_path).keep("fred", "sp500", b"\x00\xff as they came\r\n", START)
    assert raw.FolderArchive(tmp_path).held("fred", "sp500", digest) == b"\x00\xff as they came\r\n"
