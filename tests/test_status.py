"""`python -m etl status`: how many sessions are missing, on the calendar of each indicator."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

from conftest import Cli, is_one_sentence

from etl.catalog import Catalog
from etl.commands.status import freshness
from etl.freshness import sessions_missed
from etl.settings import Settings
from etl.storage.warehouse import opened


def test_a_weekend_and_a_holiday_make_nothing_stale(catalog: Catalog) -> None:
    friday, tuesday_noon = date(2026, 5, 22), datetime(2026, 5, 26, 16, tzinfo=UTC)
    assert sessions_missed(catalog["sp500"], friday, tuesday_noon) == 0


def test_a_session_is_missed_from_its_close_on(catalog: Catalog) -> None:
    friday, tuesday_evening = date(2026, 5, 22), datetime(2026, 5, 26, 20, 1, tzinfo=UTC)
    assert sessions_missed(catalog["sp500"], friday, tuesday_evening) == 1


def test_a_week_of_eia_prices_is_not_missed_before_it_is_due(catalog: Catalog) -> None:
    newest, week_later = date(2026, 5, 18), datetime(2026, 5, 26, 20, tzinfo=UTC)
    assert sessions_missed(catalog["brent_spot_usd_bbl"], newest, week_later) == 0


def test_what_comes_when_it_comes_is_never_stale(catalog: Catalog) -> None:
    moment = datetime(2026, 5, 26, tzinfo=UTC)
    assert sessions_missed(catalog["fed_target_upper_pct"], date(2020, 3, 16), moment) == 0


def test_on_the_day_of_the_bulletin_the_closes_were_fresh_and_vix_was_empty(
    published: Settings, catalog: Catalog
) -> None:
    with opened(published.warehouse, read_only=True) as warehouse:
        rows = freshness(catalog, warehouse, datetime(2026, 5, 27, 1, tzinfo=UTC))
        found = {row.id: row for row in rows}
    assert list(found) == list(catalog.indicators)
    assert (found["sp500"].state, found["sp500"].newest) == ("fresh", date(2026, 5, 26))
    assert (found["vix"].state, found["vix"].newest) == ("empty", None)


def test_status_ends_with_1_where_something_is_empty_and_says_the_same_as_json(
    filled: Path, cli: Cli, catalog: Catalog
) -> None:
    table, answer = cli("status"), cli("status", "--json")
    assert (table.status, answer.status) == (1, 1)
    rows = {row["id"]: row for row in json.loads(answer.out)}
    assert list(rows) == list(catalog.indicators)
    for line in table.out.splitlines()[1:]:
        name, state = line.split()[:2]
        assert rows[name]["state"] == state


def test_status_before_the_first_run_says_what_to_do(data: Path, cli: Cli) -> None:
    done = cli("status")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "etl run" in done.err
