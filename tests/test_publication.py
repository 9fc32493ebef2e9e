"""When a value became public, and so what could be known on a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from conftest import END_OF_BULLETIN_DAY, bundled, run_with_fred, served, settings_of

from etl.calendars import is_close, is_session, session_close, session_of, sessions_between
from etl.catalog import Catalog
from etl.ingest.run import Request
from etl.records import BEIJING
from etl.settings import Settings

pytestmark = pytest.mark.slow

NEW_YORK = ZoneInfo("America/New_York")


def test_a_close_is_public_at_the_close_of_its_session(catalog: Catalog) -> None:
    public = catalog["sp500"].public_at(date(2026, 5, 26))
    assert public == datetime(2026, 5, 26, 16, 0, tzinfo=NEW_YORK)


def test_a_half_day_is_public_at_one_in_the_afternoon(catalog: Catalog) -> None:
    public = catalog["micron_close_usd"].public_at(date(2025, 11, 28))
    assert public == datetime(2025, 11, 28, 13, 0, tzinfo=NEW_YORK)


def test_daylight_saving_moves_the_close_in_utc(catalog: Catalog) -> None:
    assert catalog["sp500"].public_at(date(2026, 1, 15)).astimezone(UTC).hour == 21
    assert catalog["sp500"].public_at(date(2026, 7, 15)).astimezone(UTC).hour == 20


def test_an_eia_spot_price_is_public_seven_days_after(catalog: Catalog) -> None:
    for name in ("brent_spot_usd_bbl", "wti_spot_usd_bbl"):
        public = catalog[name].public_at(date(2026, 5, 20))
        assert public.astimezone(NEW_YORK).date() == date(2026, 5, 27)


def test_a_world_bank_month_is_public_on_the_fifth_of_the_next(catalog: Catalog) -> None:
    for month, public in (
        (date(2026, 4, 1), date(2026, 5, 5)),
        (date(2025, 12, 1), date(2026, 1, 5)),
        (date(2024, 2, 1), date(2024, 3, 5)),
    ):
        moment = catalog["gold_monthly_usd_oz"].public_at(month)
        assert moment.astimezone(NEW_YORK).date() == public


def test_an_h15_yield_is_public_on_the_next_working_day(catalog: Catalog) -> None:
    for day, public in (
        (date(2026, 5, 19), date(2026, 5, 20)),
        (date(2026, 5, 22), date(2026, 5, 26)),  # a weekend and Memorial Day in between
    ):
        moment = catalog["us_10y_yield_pct"].public_at(day)
        assert moment.astimezone(NEW_YORK).date() == public


def test_a_holiday_is_no_missed_session() -> None:
    assert sessions_between("XNYS", date(2026, 5, 22), date(2026, 5, 25)) == 0
    assert sessions_between("XNYS", date(2026, 5, 22), date(2026, 5, 26)) == 1


@pytest.mark.parametrize("calendar", ["XSHG", "CFETS", "SGE"])
def test_chinese_markets_rest_in_national_week_and_on_sundays_that_offices_work(
    calendar: str,
) -> None:
    week = [date(2026, 10, day) for day in range(1, 12)]
    assert [day.day for day in week if is_session(calendar, day)] == [8, 9]
    assert not is_session(calendar, date(2025, 9, 28))  # a Sunday worked for the holidays
    assert is_session(calendar, date(2029, 3, 7))  # no holiday of that year is announced


def test_the_central_parity_is_final_when_it_is_announced() -> None:
    assert session_close("CFETS", date(2026, 9, 30)) == datetime(2026, 9, 30, 1, 15, tzinfo=UTC)
    assert session_close("XSHG", date(2026, 9, 30)) == datetime(2026, 9, 30, 7, tzinfo=UTC)


def test_an_evening_in_shanghai_trades_the_gold_of_the_next_session() -> None:
    evening = datetime(2026, 9, 29, 20, 30, tzinfo=BEIJING)
    assert session_of("SGE", evening) == date(2026, 9, 30)
    assert not is_close("SGE", evening)
    before_the_holidays = datetime(2026, 9, 30, 20, 30, tzinfo=BEIJING)
    assert session_of("SGE", before_the_holidays) == date(2026, 10, 8)


def test_seoul_keeps_its_own_holidays_and_closes_late_on_the_day_of_the_exam() -> None:
    assert not is_session("XKRX", date(2026, 10, 9))  # Hangul Day; Shanghai and New York trade
    assert is_session("XKRX", date(2026, 10, 1))
    assert not is_session("XKRX", date(2025, 12, 31))
    exam = date(2025, 11, 13)
    assert session_close("XKRX", exam) == datetime(2025, 11, 13, 7, 30, tzinfo=UTC)
    assert session_close("XKRX", date(2025, 11, 14)) == datetime(2025, 11, 14, 6, 30, tzinfo=UTC)


def test_share_counts_are_known_from_their_filing_date(published: Settings) -> None:
    cover, filed = date(2026, 3, 11), date(2026, 3, 19)
    assert cover in bundled("micron_shares.csv", "micron_shares_outstanding")
    before = datetime(filed.year, filed.month, filed.day, tzinfo=NEW_YORK)
    after = before.replace(hour=23, minute=59)
    assert cover not in served(published.data, "micron_shares_outstanding", before)
    assert cover in served(published.data, "micron_shares_outstanding", after)


def test_the_first_load_does_not_pretend_that_brent_was_known_the_next_day(
    published: Settings,
) -> None:
    day = date(2026, 5, 26)
    held = bundled("brent_spot.csv.gz", "brent_spot_usd_bbl")
    assert day in held
    assert day not in served(published.data, "brent_spot_usd_bbl", END_OF_BULLETIN_DAY)
    assert served(published.data, "brent_spot_usd_bbl")[day] == held[day]


def test_the_first_load_knows_the_close_of_the_evening_before(published: Settings) -> None:
    day = date(2026, 5, 26)
    known = served(published.data, "micron_close_usd", END_OF_BULLETIN_DAY)
    assert known[day] == bundled("market.csv", "micron_close_usd")[day]
    assert max(known) == day


def test_a_close_is_unknown_a_second_before_the_bell(published: Settings) -> None:
    bell = datetime(2026, 5, 26, 16, 0, tzinfo=NEW_YORK)
    assert date(2026, 5, 26) in served(published.data, "sp500", bell)
    assert date(2026, 5, 26) not in served(
        published.data, "sp500", bell.replace(hour=15, minute=59, second=59)
    )


def test_a_month_of_gold_is_unknown_until_it_is_over(published: Settings) -> None:
    assert max(served(published.data, "gold_monthly_usd_oz", END_OF_BULLETIN_DAY)) == date(
        2026, 4, 1
    )


def test_what_fred_has_sent_waits_for_no_rule(data: Path, catalog: Catalog) -> None:
    """EIA's week came out after four days, not seven: it was public when it was there."""
    moment = datetime(2026, 1, 2, 9, 9, tzinfo=UTC)
    rows = "2025-12-23,62.40\n2025-12-24,62.31\n2025-12-25,\n2025-12-26,\n2025-12-29,63.10\n"
    asked = Request(("brent_spot_usd_bbl",), "fred", known_at=moment)
    report = run_with_fred(settings_of(data), catalog, asked, rows)
    assert report.exit_status == 0
    known = served(data, "brent_spot_usd_bbl", moment)
    assert known == {
        date(2025, 12, 23): 62.40,
        date(2025, 12, 24): 62.31,
        date(2025, 12, 29): 63.10,
    }
    earlier = served(data, "brent_spot_usd_bbl", moment - timedelta(minutes=1))
    assert max(earlier) == date(2025, 12, 24)  # which the rule dates to the last of December


def test_weekly_batches_replayed_answer_as_of_each_day_what_had_been_sent(
    data: Path, catalog: Catalog
) -> None:
    days = [date(2026, 9, 1) + timedelta(days=n) for n in range(24)]
    prices = {day: 60.0 + n / 4 for n, day in enumerate(days) if day.weekday() < 5}
    sent: dict[datetime, dict[date, float]] = {}
    for week in range(3):
        moment = datetime(2026, 9, 9 + 7 * week, 20, 30, tzinfo=UTC)
        # Each week another number of days is still to come.
        known = {d: v for d, v in prices.items() if d <= moment.date() - timedelta(days=1 + week)}
        rows = "".join(f"{day},{value:.2f}\n" for day, value in known.items())
        asked = Request(("brent_spot_usd_bbl",), "fred", known_at=moment)
        assert run_with_fred(settings_of(data), catalog, asked, rows).exit_status == 0
        sent[moment] = known
    for moment, known in sent.items():
        for later in (timedelta(), timedelta(days=6)):
            assert served(data, "brent_spot_usd_bbl", moment + later) == known
