"""How long after its period a value was first seen, and what that says of the publication rule."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from catalogs import catalog_text, entry
from conftest import Cli, settings_of
from past_runs import remember

from etl.calendars import sessions
from etl.catalog import Catalog, Indicator, Publication, load_catalog
from etl.ingest.run import Request, run
from etl.lags import FirstSeen, line, measured
from etl.records import Observation
from etl.settings import Settings

pytestmark = pytest.mark.slow

DAYS = sessions("FED", date(2026, 9, 8), date(2026, 10, 30))
HOUR = timedelta(hours=1)


def rate(rule: str, tmp_path: Path, **changed: object) -> Indicator:
    """A daily indicator of the Federal Reserve with a publication rule."""
    told = {"calendar": "FED", "publication": json.loads(rule), **changed}
    path = tmp_path / "c.yaml"
    path.write_text(catalog_text(entry("rate", **told)), encoding="utf-8")
    return load_catalog(path)["rate"]


def seen(
    days: Iterable[date], after: timedelta, blind: timedelta, source: str = "fred"
) -> list[FirstSeen]:
    """Values that came `after` midnight UTC of their date; the source was asked `blind` before."""
    found = []
    for day in days:
        at = datetime(day.year, day.month, day.day, tzinfo=UTC) + after
        found.append(FirstSeen("rate", source, day, at, at - blind, at))
    return found


def test_a_rule_that_values_keep_to_is_left_alone(tmp_path: Path) -> None:
    one = rate('{"rule": "sessions", "n": 1, "at": "16:15"}', tmp_path)
    mondays = [day for day in DAYS if day.weekday() < 4]
    found = measured(one, seen(mondays, 45 * HOUR, 12 * HOUR))  # 17:00 of the next day
    assert (found.verdict, found.proposed) == ("agrees", "")
    assert found.values == len(mondays)
    assert found.median_h == 25.0  # from 16:00 in New York


def test_a_rule_that_is_surely_too_early_gets_a_proposal(tmp_path: Path) -> None:
    """The source was asked hours after the rule's moment, and did not have the value."""
    one = rate('{"rule": "sessions", "n": 0, "at": "16:15"}', tmp_path)
    mondays = [day for day in DAYS if day.weekday() < 4]
    found = measured(one, seen(mondays, 46 * HOUR, 10 * HOUR))
    assert (found.verdict, found.against) == ("too early", len(mondays))
    assert found.proposed == "publication: {rule: sessions, n: 1, at: '18:15'}"
    better = one.model_copy(update={"publication": _rule(n=1, at="18:15")})
    assert measured(better, seen(mondays, 46 * HOUR, 10 * HOUR)).verdict == "agrees"


def test_a_rule_that_is_surely_too_late_gets_a_proposal(tmp_path: Path) -> None:
    one = rate('{"rule": "days", "n": 7, "at": "17:00", "zone": "Asia/Shanghai"}', tmp_path)
    found = measured(one, seen(DAYS, 49 * HOUR, 12 * HOUR))
    assert found.verdict == "too late"
    assert found.proposed == "publication: {rule: days, n: 2, at: '09:15', zone: Asia/Shanghai}"


def test_what_cannot_be_told_apart_from_the_rule_is_no_reason_to_change_it(tmp_path: Path) -> None:
    """Asked before the rule's moment and again the next morning: the value came in between."""
    one = rate('{"rule": "sessions", "n": 0, "at": "16:15"}', tmp_path)
    assert measured(one, seen(DAYS, 34 * HOUR, 24 * HOUR)).verdict == "agrees"


def test_too_few_values_decide_nothing(tmp_path: Path) -> None:
    one = rate('{"rule": "sessions", "n": 0, "at": "16:15"}', tmp_path)
    found = measured(one, seen(DAYS[:9], 46 * HOUR, 10 * HOUR))
    assert (found.verdict, found.values, found.proposed) == ("too few", 9, "")


def test_a_source_that_was_not_asked_for_days_says_nothing(tmp_path: Path) -> None:
    one = rate('{"rule": "sessions", "n": 0, "at": "16:15"}', tmp_path)
    found = measured(one, seen(DAYS, 200 * HOUR, 100 * HOUR))
    assert (found.verdict, found.values, found.median_h) == ("too few", 0, None)


def test_a_value_counts_where_it_came_first(tmp_path: Path) -> None:
    one = rate('{"rule": "sessions", "n": 1, "at": "16:15"}', tmp_path)
    both = [*seen(DAYS, 70 * HOUR, HOUR), *seen(DAYS, 46 * HOUR, HOUR, "treasury")]
    found = measured(one, both)
    assert (found.sources, found.values) == (("treasury",), len(DAYS))


def test_months_are_counted_from_their_end(tmp_path: Path) -> None:
    one = rate(
        '{"rule": "next_month", "n": 5, "zone": "Asia/Shanghai"}', tmp_path,
        calendar="month", frequency="monthly",
    )  # fmt: skip
    months = [date(2026, month, 1) for month in range(1, 8)]
    found = [
        FirstSeen("rate", "nbs", m, at, at - 12 * HOUR, at)
        for m in months
        for at in [datetime(2026, m.month + 1, 15, 2, 10, tzinfo=UTC)]
    ]
    lag = measured(one, found)
    assert lag.verdict == "too early"
    assert lag.proposed == (
        "publication: {rule: next_month, n: 15, at: '10:15', zone: Asia/Shanghai}"
    )
    assert 14 * 24 < (lag.median_h or 0) < 15 * 24


def test_of_events_no_rule_is_judged(catalog: Catalog) -> None:
    one = catalog["fed_target_upper_pct"]
    assert measured(one, ()).verdict == "by event"


def test_a_rule_is_written_as_the_catalog_writes_it() -> None:
    assert line(_rule(n=1, at="16:15")) == "publication: {rule: sessions, n: 1, at: '16:15'}"
    assert line(Publication(rule="close")) == "publication: {rule: close}"


def _rule(n: int, at: str) -> Publication:
    return Publication(rule="sessions", n=n, at=at)


@pytest.fixture
def watched(data: Path, catalog: Catalog) -> Settings:
    """Six weeks of runs at 16:30 and 22:00 UTC, which see each yield on the evening of its day."""
    settings = settings_of(data)
    asked = {"fred": {"us_10y_yield_pct": ""}}
    for day in DAYS:
        for hour, minute, until in ((16, 30, day - timedelta(days=1)), (22, 0, day)):
            at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
            values = [
                Observation(one, 4 + one.day / 100, catalog["us_10y_yield_pct"].public_at(one))
                for one in sessions("FED", date(2026, 9, 1), until)
            ]
            told = {("us_10y_yield_pct", "fred"): values}
            remember(settings.warehouse, at, asked, values=told)
    run(settings, catalog, Request(offline=True), lambda outcome: None)
    return settings


def test_lags_are_measured_of_what_runs_saw_and_nothing_is_changed(
    watched: Settings, cli: Cli
) -> None:
    before = watched.catalog.read_bytes()
    (said,) = json.loads(cli("lags", "us_10y_yield_pct", "--json").out)
    assert (said["values"], said["verdict"]) == (len(DAYS), "too late")
    assert (said["least_h"], said["most_h"]) == (2.0, 2.0)
    shown = cli("lags", "us_10y_yield_pct")
    assert shown.status == 0
    assert "publication: {rule: sessions, at: '18:15'}" in shown.out
    assert watched.catalog.read_bytes() == before


def test_every_indicator_is_listed_though_nothing_was_measured(filled: Path, cli: Cli) -> None:
    done = cli("lags")
    assert done.status == 0
    assert done.out.count("too few") > 10


def test_an_unknown_indicator_is_refused_in_words(filled: Path, cli: Cli) -> None:
    done = cli("lags", "us_10y")
    assert done.status == 2
    assert "Unknown indicator 'us_10y'" in done.err


def test_a_run_as_of_an_earlier_time_measures_nothing(
    data: Path, catalog: Catalog, cli: Cli
) -> None:
    settings, name = settings_of(data), "us_10y_yield_pct"
    for n in range(12):
        at = datetime(2026, 10, 1 + n, 22, tzinfo=UTC)
        found = [
            Observation(day, 4.0, catalog[name].public_at(day))
            for day in sessions("FED", date(2026, 9, 1), date(2026, 9, 10 + n))
        ]
        remember(
            settings.warehouse, at, {"fred": {name: ""}}, values={(name, "fred"): found},
            known_at=at - timedelta(days=20),
        )  # fmt: skip
    run(settings, catalog, Request(offline=True), lambda outcome: None)
    (said,) = json.loads(cli("lags", name, "--json").out)
    assert said["values"] == 0
