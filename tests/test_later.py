"""What became of statements: judged when the missing value came, and how long they stayed true."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import inf
from pathlib import Path

import pytest
from conftest import bulletin, settings_of, snapshot
from serving import client, republish

from etl.alerts import notify
from etl.alerts.later import later_alerts
from etl.calendars import end_of
from etl.catalog import Catalog
from etl.claims.model import Claim
from etl.claims.published import claims_judged_later
from etl.errors import SettingError
from etl.storage.snapshots import Folder

DAY = date(2026, 5, 28)


def judged(folder: Path, catalog: Catalog, summary: str, day: date = DAY) -> list[Claim]:
    republish(folder, catalog, bulletin(day, summary=summary))
    answer = client(settings_of(folder)).get(f"/api/v1/bulletins/{day}/claims")
    return [Claim.model_validate(one) for one in answer.json()["claims"]]


@pytest.mark.parametrize(
    ("summary", "verdict", "value"),
    [
        ("隔夜 10 年期美债收益率收于 4.48%。", "supported", 4.48),
        ("隔夜 10 年期美债收益率收于 4.10%。", "contradicted", 4.48),
        ("10 年期美债收益率报 4.48%。", "supported", 4.48),
        ("布伦特原油现货价隔夜报 97 美元。", "approximate", 97.11),
    ],
)
def test_what_could_not_be_judged_that_morning_is_judged_when_the_value_comes(
    filled: Path, catalog: Catalog, summary: str, verdict: str, value: float
) -> None:
    (claim,) = judged(filled, catalog, summary)
    assert (claim.verdict, claim.evidence) == ("unverifiable", None)
    assert claim.later is not None
    assert (claim.later.verdict, claim.later.value) == (verdict, value)
    assert claim.later.known_at > end_of(DAY)


def test_a_month_is_judged_when_its_value_comes_and_by_no_newer_month(
    filled: Path, catalog: Catalog
) -> None:
    (claim,) = judged(filled, catalog, "5 月黄金月均价约为 4600 美元。")
    assert claim.verdict == "unverifiable"
    assert claim.later is not None
    assert claim.later.known_at >= datetime(2026, 6, 1, tzinfo=UTC)
    assert claim.period == "2026-05"


@pytest.mark.parametrize(
    "summary",
    [
        "标普 500 未能突破 7500 点。",  # a denial
        "黄金期货隔夜收于 4500 美元。",  # nothing is held, to this day
        "隔夜 10 年期美债收益率盘中触及 4.60%。",  # no close
        "隔夜标普 500 收于 7520.36 点。",  # known on the day
        "大赛设 17 个赛道。",  # its own evidence
    ],
)
def test_nothing_is_judged_later_for_another_reason(
    filled: Path, catalog: Catalog, summary: str
) -> None:
    assert [claim.later for claim in judged(filled, catalog, summary)] in ([None], [])


def test_a_session_that_is_not_held_is_not_judged_by_a_newer_or_older_one(
    filled: Path, catalog: Catalog
) -> None:
    (claim,) = judged(filled, catalog, "隔夜 10 年期美债收益率收于 4.48%。", date(2026, 8, 25))
    assert (claim.verdict, claim.later) == ("unverifiable", None)


def test_what_was_true_is_stored_with_the_bounds_that_keep_it_so(
    filled: Path, catalog: Catalog
) -> None:
    summary = (
        "标普 500 收于 7520.36 点，创历史新高。美光股价收于 900 美元上方，美光市值守住万亿美元。"
        "隔夜 10 年期美债收益率收于 4.48%。纳指收于 9 点。"
    )
    republish(filled, catalog, bulletin(DAY, summary=summary))
    with snapshot(filled) as connection:
        rows = connection.execute(
            "select indicator, kind, later, judged_by, low, high from claims order by number"
        ).fetchall()
    session = date(2026, 5, 27)
    low, high = pytest.approx(7520.355), pytest.approx(7520.365)
    assert rows == [
        ("sp500", "level", None, session, low, high),
        ("sp500", "record_high", None, session, -inf, 7520.36),
        ("micron_close_usd", "level", None, session, pytest.approx(900), inf),
        ("micron_market_cap_usd_bn", "milestone", None, session, 1000.0, inf),
        ("us_10y_yield_pct", "level", "supported", session, pytest.approx(4.475),
         pytest.approx(4.485)),
        ("nasdaq_composite", "level", None, session, None, None),
    ]  # fmt: skip


# Told to the editor


def test_what_a_later_value_contradicts_is_an_alert_for_who_wants_it(
    filled: Path, catalog: Catalog
) -> None:
    summary = (
        "隔夜 10 年期美债收益率收于 4.48%。布伦特原油现货价隔夜报 95 美元。"
        "WTI 原油现货价隔夜报 10 美元。"
    )
    republish(filled, catalog, bulletin(DAY, summary=summary))
    claims = claims_judged_later(Folder(filled / "published"))
    assert {day for day, _ in claims} == {DAY}
    told = later_alerts(catalog, claims, "contradicted")
    assert [alert.indicator for alert in told] == ["brent_spot_usd_bbl", "wti_spot_usd_bbl"]
    (crossing,) = told[0].crossings
    assert crossing.zh == (
        "2026-05-28 一期说“布伦特原油现货价隔夜报 95 美元。”，当日无法核对；"
        "后来的值为 97.11 美元/桶，不符。"
    )
    assert crossing.date == DAY
    assert crossing.known_at > end_of(DAY)
    every = later_alerts(catalog, claims, "all")
    assert "us_10y_yield_pct" in [alert.indicator for alert in every]
    channel_set_up = crossing.known_at - timedelta(days=1)
    assert [alert.indicator for alert, _ in notify.pending(told, channel_set_up, frozenset())] == [
        "brent_spot_usd_bbl", "wti_spot_usd_bbl",
    ]  # fmt: skip
    sent = frozenset(alert.key(alert.crossings[0]) for alert in told)
    assert not list(notify.pending(told, channel_set_up, sent))


def test_such_alerts_are_off_unless_set_and_a_wrong_setting_is_named(tmp_path: Path) -> None:
    assert settings_of(tmp_path).alert_later == "none"
    assert settings_of(tmp_path, XINZHI_ALERT_LATER="all").alert_later == "all"
    with pytest.raises(SettingError, match="XINZHI_ALERT_LATER: 'some' is not allowed"):
        settings_of(tmp_path, XINZHI_ALERT_LATER="some")
