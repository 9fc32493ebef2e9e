"""Revisions: small ones become vintages, a rewrite of history waits for a person."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from conftest import Cli, run_with_fred, settings_of
from hypothesis import given
from hypothesis import strategies as st

from etl.calendars import sessions
from etl.catalog import Catalog
from etl.ingest import revisions
from etl.ingest.replay import replay
from etl.ingest.run import Report, Request
from etl.records import Observation
from etl.settings import Settings
from etl.storage.warehouse import opened

pytestmark = pytest.mark.slow

ID = "us_10y_yield_pct"
START = datetime(2026, 6, 1, 1, tzinfo=UTC)
FIRST = date(2026, 1, 5)
PLAIN = {day: 4.0 + k / 100 for k, day in enumerate(sessions("FED", FIRST, START.date())[:90])}


def update(
    settings: Settings, catalog: Catalog, day: int, values: dict[date, float], name: str = ID
) -> Report:
    rows = "".join(f"{when},{value}\n" for when, value in values.items())

    request = Request((name,), "fred", known_at=START + timedelta(days=day))
    return run_with_fred(settings, catalog, request, rows)


@pytest.fixture
def settings(tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A warehouse that has read a hundred values from FRED."""
    monkeypatch.setenv("XINZHI_DATA", str(tmp_path / "data"))
    found = settings_of(tmp_path / "data")
    assert update(found, catalog, 0, PLAIN).exit_status == 0
    return found


def held(settings: Settings) -> dict[date, float]:
    with opened(settings.warehouse, read_only=True) as warehouse:
        return warehouse.held_values(ID, "fred", START + timedelta(days=1000))


def test_a_small_revision_is_stored_as_a_new_vintage(settings: Settings, catalog: Catalog) -> None:
    report = update(settings, catalog, 1, {**PLAIN, FIRST: 4.05})
    (outcome,) = report.outcomes
    assert (outcome.revised, outcome.problem) == (1, "")
    assert held(settings) == {**PLAIN, FIRST: 4.05}


REWRITES = {
    "a split": {day: value / 2 for day, value in PLAIN.items()},
    "a cut by two thirds": {day: value / 3 for day, value in PLAIN.items()},
    "a shifted unit": {day: value * 4 for day, value in PLAIN.items()},
    "one value far off": {**PLAIN, FIRST: 8.0},
    "every second value gone": dict(list(PLAIN.items())[::2]),
    "six values gone": dict(list(PLAIN.items())[:-6]),
}


@pytest.mark.parametrize("values", REWRITES.values(), ids=REWRITES.keys())
def test_a_rewrite_of_history_is_held_back_in_words(
    settings: Settings, catalog: Catalog, values: dict[date, float]
) -> None:
    report = update(settings, catalog, 1, values)
    (outcome,) = report.outcomes
    assert report.exit_status == 1
    assert f"etl accept {ID}" in outcome.problem
    assert "2026-05-27" in outcome.problem  # the bulletin whose past it touches
    assert held(settings) == PLAIN


def test_what_is_held_back_waits_once_however_often_it_comes(
    settings: Settings, catalog: Catalog
) -> None:
    for day in (1, 2, 3):
        update(settings, catalog, day, REWRITES["a split"])
    with opened(settings.warehouse, read_only=True) as warehouse:
        assert len(warehouse.waiting(ID)) == 1


def test_a_person_takes_it_with_accept(settings: Settings, catalog: Catalog, cli: Cli) -> None:
    update(settings, catalog, 1, REWRITES["a split"])
    done = cli("accept", ID)
    assert done.status == 0, done.err
    assert held(settings) == REWRITES["a split"]
    with opened(settings.warehouse, read_only=True) as warehouse:
        before = warehouse.series(ID, START + timedelta(days=2))
        assert {v.date: v.value for v, _ in before} == PLAIN
    again = cli("accept", ID)
    assert again.status == 2
    assert "Nothing of us_10y_yield_pct is held back" in again.err


def test_what_a_person_refused_is_not_asked_about_again_until_it_says_something_else(
    settings: Settings, catalog: Catalog, cli: Cli
) -> None:
    half = {day: value / 2 for day, value in PLAIN.items()}
    assert "etl accept" in update(settings, catalog, 1, half).outcomes[0].problem
    assert cli("refuse", ID, "--reason", "", "--author", "李").status == 2
    done = cli("refuse", ID, "--reason", "单位错了", "--author", "李")
    assert done.status == 0, done.err
    assert served_and_refused(settings) == (PLAIN, [])
    (again,) = update(settings, catalog, 2, half).outcomes
    assert "refused by 李" in again.problem
    assert "单位错了" in again.problem
    assert served_and_refused(settings) == (PLAIN, [])
    assert cli("refuse", ID, "--reason", "again").status == 2  # nothing waits
    other = {day: value / 3 for day, value in PLAIN.items()}
    assert "etl accept" in update(settings, catalog, 3, other).outcomes[0].problem
    assert cli("refuse", ID, "--undo").status == 0
    assert cli("refuse", ID, "--undo").status == 2
    assert "etl accept" in update(settings, catalog, 4, half).outcomes[0].problem


def served_and_refused(settings: Settings) -> tuple[dict[date, float], list[str]]:
    with opened(settings.warehouse, read_only=True) as warehouse:
        waits = [one.indicator for one in warehouse.refused()]
        return warehouse.held_values(ID, "fred", START + timedelta(days=1000)), waits


def test_accept_names_an_unknown_indicator(settings: Settings, cli: Cli) -> None:
    done = cli("accept", "us_10y_yeild_pct")
    assert done.status == 2
    assert "'us_10y_yield_pct'" in done.err


def test_an_upstream_that_mends_itself_needs_no_person(
    settings: Settings, catalog: Catalog, cli: Cli
) -> None:
    assert update(settings, catalog, 1, REWRITES["a shifted unit"]).exit_status == 1
    assert update(settings, catalog, 2, PLAIN).exit_status == 0
    assert cli("accept", ID).status == 2
    assert held(settings) == PLAIN


def test_what_was_accepted_comes_out_of_a_replay_too(
    settings: Settings, catalog: Catalog, cli: Cli
) -> None:
    update(settings, catalog, 1, REWRITES["a split"])
    assert cli("accept", ID).status == 0
    assert all(one.same for one in replay(settings, catalog))
    assert held(settings) == REWRITES["a split"]


def test_a_history_that_comes_back_shorter_is_held_back(
    settings: Settings, catalog: Catalog
) -> None:
    for values in (list(PLAIN.items())[60:], list(PLAIN.items())[:60]):
        (outcome,) = update(settings, catalog, 1, dict(values)).outcomes
        assert "would be gone" in outcome.problem
        assert held(settings) == PLAIN


def test_days_that_fall_out_of_the_years_a_source_carries_are_no_rewrite(
    tmp_path: Path, catalog: Catalog
) -> None:
    """FRED carries ten years of the S&P 500: the first days fall away as new ones come."""
    settings = settings_of(tmp_path / "other")
    first = date(2016, 6, 1)
    days = sessions("XNYS", first, first + timedelta(days=100))[:60]
    values = {day: 2000.0 + k for k, day in enumerate(days)}
    later = {**dict(list(values.items())[40:]), date(2026, 5, 29): 7500.0}
    assert update(settings, catalog, 0, values, "sp500").exit_status == 0
    assert update(settings, catalog, 1, later, "sp500").exit_status == 0


@given(
    before=st.dictionaries(st.dates(), st.floats(0.1, 100), min_size=1),
    after=st.dictionaries(st.dates(), st.floats(0.1, 100), min_size=1),
)
def test_a_rewrite_counts_just_the_days_that_differ(
    before: dict[date, float], after: dict[date, float]
) -> None:
    told = [Observation(day, value) for day, value in after.items()]
    found = revisions.rewrite(before, told, date.min)
    differ = {day for day in before.keys() & after.keys() if before[day] != after[day]}
    assert set(found.changed) == differ
    assert set(found.gone) == before.keys() - after.keys()
    assert (found.largest_pct > 0) == bool(differ)
