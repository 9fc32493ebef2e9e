"""The market value of Micron: a close times the shares that had been filed by that day."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
from conftest import BUNDLED, Cli, bundled, served
from hypothesis import given
from hypothesis import strategies as st

from etl.ingest import run as update
from etl.ingest.derived import Inputs, market_cap
from etl.ingest.upstream import Upstream
from etl.records import Vintage
from etl.settings import Settings

DAY = date(2026, 1, 5)


def _close(day: date, value: float) -> tuple[Vintage, datetime]:
    moment = datetime(day.year, day.month, day.day, 21, tzinfo=UTC)
    return Vintage(day, value, "figures", moment, "bundled"), moment


def _count(cover: date, filed: date, shares: float) -> tuple[Vintage, datetime]:
    moment = datetime(filed.year, filed.month, filed.day, 22, tzinfo=UTC)
    return Vintage(cover, shares, "sec", moment, "fetched"), moment


def _cap(closes: list, counts: list) -> dict[date, float]:
    inputs = {"micron_close_usd": closes, "micron_shares_outstanding": counts}
    return {o.date: o.value for o in market_cap(Inputs(inputs))}


def test_the_market_value_of_26_may_2026_is_1010_3_billion(published: Settings) -> None:
    value = served(published.data, "micron_market_cap_usd_bn")[date(2026, 5, 26)]
    assert round(value, 1) == 1010.3


def test_every_market_value_is_the_close_times_the_newest_count_filed_by_then(
    published: Settings,
) -> None:
    with open(BUNDLED / "figures/micron_shares.csv", encoding="utf-8", newline="") as lines:
        filings = [(row["public"], row["date"], int(row["value"])) for row in csv.DictReader(lines)]
    closes = bundled("market.csv", "micron_close_usd")
    expected = {
        day: close * max((f for f in filings if f[0] <= day.isoformat()), key=lambda f: f[1])[2]
        for day, close in closes.items()
    }
    held = served(published.data, "micron_market_cap_usd_bn")
    assert held == {day: pytest.approx(value / 1e9) for day, value in expected.items()}


def test_a_count_is_not_used_between_its_cover_date_and_its_filing() -> None:
    old = _count(DAY - timedelta(days=90), DAY - timedelta(days=80), 1e9)
    new = _count(DAY, DAY + timedelta(days=8), 2e9)
    days = [DAY, DAY + timedelta(days=7), DAY + timedelta(days=8)]
    cap = _cap([_close(day, 100.0) for day in days], [old, new])
    assert cap == dict(zip(days, [100.0, 100.0, 200.0], strict=True))


def test_days_before_the_first_filing_have_no_value() -> None:
    cap = _cap(
        [_close(DAY, 100.0), _close(DAY + timedelta(days=8), 110.0)],
        [_count(DAY - timedelta(days=1), DAY + timedelta(days=8), 1e9)],
    )
    assert cap == {DAY + timedelta(days=8): 110.0}


@given(
    lags=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 60)), min_size=1, unique=True),
    days=st.lists(st.integers(0, 400), min_size=1, max_size=20, unique=True),
)
def test_no_market_value_ever_rests_on_a_count_filed_later(
    lags: list[tuple[int, int]], days: list[int]
) -> None:
    counts = {
        DAY + timedelta(days=cover): (DAY + timedelta(days=cover + lag), 1e9 + number)
        for number, (cover, lag) in enumerate(lags)
    }
    cap = _cap(
        [_close(DAY + timedelta(days=n), 1.0) for n in sorted(days)],
        [_count(cover, filed, shares) for cover, (filed, shares) in counts.items()],
    )
    for n in days:
        day = DAY + timedelta(days=n)
        known = {cover: shares for cover, (filed, shares) in counts.items() if filed <= day}
        expected = known[max(known)] / 1e9 if known else None
        assert cap.get(day) == expected


def test_an_amended_filing_does_not_unmake_the_first_one(
    data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same cover date can come twice (10-Q, then 10-Q/A): the first was known in between."""
    filings = [("2025-12-10", "2025-12-18", "10-Q", 1_000_000_000),
               ("2026-03-11", "2026-03-19", "10-Q", 1_100_000_000),
               ("2026-03-11", "2026-04-10", "10-Q/A", 1_100_000_000)]  # fmt: skip
    cover = {"cik": 723125, "tag": "EntityCommonStockSharesOutstanding"}
    answer = {**cover, "units": {"shares": [
        {"end": end, "filed": filed, "form": form, "val": shares}
        for end, filed, form, shares in filings]}}  # fmt: skip
    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, content=json.dumps(answer).encode())
    )
    monkeypatch.setattr(update, "Upstream", partial(Upstream, transport=transport))
    monkeypatch.setenv("XINZHI_CONTACT", "editor@example.org")
    (data / "figures/micron_shares.csv").write_text("indicator,date,value,source\n")
    assert cli("run", "micron_close_usd", "--offline").status == 0
    assert cli("run", "micron_shares_outstanding").status == 0
    assert cli("run", "micron_market_cap_usd_bn").status == 0
    day = date(2026, 3, 31)
    close = bundled("market.csv", "micron_close_usd")[day]
    assert served(data, "micron_market_cap_usd_bn")[day] == pytest.approx(1.1 * close)
