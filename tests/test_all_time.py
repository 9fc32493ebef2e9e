"""What may be called a record of all time or a first, and how everything else is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import CATALOG, Cli, settings_of, snapshot, write_csv
from serving import client

from dashboard.data import queries
from dashboard.data.snapshot import Snapshots
from etl.catalog import Catalog, Extreme, Indicator, Reach, load_catalog
from etl.claims.check import check_text
from etl.claims.known import KnownSnapshot as Known
from etl.claims.parse import Parser
from etl.claims.verdict import Judge
from etl.errors import CatalogError
from etl.events import events_of
from etl.frequency import are_steps, is_step
from etl.records import Event, Vintage
from etl.settings import Settings
from etl.storage.snapshots import Folder
from etl.words.sentences import badges, event_words

HIGH = Extreme(value=100.0, date=date(2008, 7, 3), through=date(2026, 2, 27), source="a test")


@dataclass(frozen=True)
class Fact:
    """An extreme of a daily (of gold: monthly) history that could be read up to a day."""

    indicator: str
    side: str
    value: float
    day: date
    through: date


#: The extremes over whole histories, through the day before the bundled dailies begin and through
#: the last bundled value.
FACTS = [
    Fact("micron_close_usd", "high", 437.8, date(2026, 2, 2), date(2026, 2, 27)),
    Fact("micron_close_usd", "high", 1213.56, date(2026, 6, 25), date(2026, 8, 21)),
    Fact("micron_close_usd", "low", 4.33, date(2011, 10, 3), date(2026, 8, 21)),
    Fact("sp500", "high", 6978.6, date(2026, 1, 27), date(2026, 2, 27)),
    Fact("sp500", "high", 7798.99, date(2026, 8, 13), date(2026, 9, 4)),
    Fact("sp500", "low", 1829.08, date(2016, 2, 11), date(2026, 9, 4)),
    Fact("nasdaq_composite", "high", 23958.47, date(2025, 10, 29), date(2026, 2, 27)),
    Fact("nasdaq_composite", "high", 27093.9, date(2026, 6, 2), date(2026, 9, 4)),
    Fact("nasdaq_composite", "low", 54.87, date(1974, 10, 3), date(2026, 9, 4)),
    Fact("brent_spot_usd_bbl", "high", 143.95, date(2008, 7, 3), date(2026, 8, 18)),
    Fact("brent_spot_usd_bbl", "low", 9.1, date(1998, 12, 10), date(2026, 8, 18)),
    Fact("wti_spot_usd_bbl", "high", 145.31, date(2008, 7, 3), date(2026, 8, 18)),
    Fact("wti_spot_usd_bbl", "low", -36.98, date(2020, 4, 20), date(2026, 8, 18)),
    Fact("us_10y_yield_pct", "high", 15.84, date(1981, 9, 30), date(2026, 8, 20)),
    Fact("us_10y_yield_pct", "low", 0.52, date(2020, 8, 4), date(2026, 8, 20)),
    Fact("us_10y_breakeven_pct", "high", 3.02, date(2022, 4, 21), date(2026, 8, 20)),
    Fact("us_10y_breakeven_pct", "low", 0.04, date(2008, 11, 20), date(2026, 8, 20)),
    Fact("gold_monthly_usd_oz", "high", 5020.0, date(2026, 2, 1), date(2026, 6, 1)),
    Fact("gold_monthly_usd_oz", "low", 34.94, date(1970, 1, 1), date(2026, 6, 1)),
]
#: Before the histories above begin: what was higher or lower then.
EARLIER = [
    Fact("sp500", "low", 4.4, date(1932, 6, 1), date(2015, 12, 31)),
    Fact("brent_spot_usd_bbl", "low", 8.5, date(1986, 7, 23), date(1987, 5, 19)),
    Fact("gold_monthly_usd_oz", "low", 18.93, date(1833, 1, 1), date(1959, 12, 1)),
]
ALL_TIME = ("历史新高", "历史新低", "首次突破", "Record high", "Record low", "record high",
            "record low", "First above", "first above")  # fmt: skip


def indicator(catalog: Catalog, name: str = "brent_spot_usd_bbl", **fields: Any) -> Indicator:
    given: dict[str, Any] = {
        "history": Reach(), "records": True, "milestones": (), "calendar": "XNYS"
    }  # fmt: skip
    return catalog[name].model_copy(update=given | fields)


def held(days: Sequence[date], values: Sequence[float], bases: str = "") -> list[Vintage]:
    known = datetime(2026, 9, 1, tzinfo=UTC)
    given = bases or " " * len(days)
    return [
        Vintage(day, value, "fred", known, "fetched", basis=basis.strip())
        for day, value, basis in zip(days, values, given, strict=True)
    ]


def days_after(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


def records(found: Sequence[Event]) -> dict[date, bool]:
    return {event.date: event.all_time for event in found if event.threshold is None}


# --- The rule ----------------------------------------------------------------------------------


def test_a_history_held_from_its_beginning_has_records_of_all_time(catalog: Catalog) -> None:
    days = days_after(date(1990, 1, 2), 4)
    one = indicator(catalog, history=Reach(begins=days[0]))
    assert records(events_of(one, held(days, [5, 6, 4, 6]))) == {days[1]: True, days[2]: True}


def test_a_history_that_begins_later_or_has_a_gap_has_none(catalog: Catalog) -> None:
    days = days_after(date(1990, 1, 2), 4)
    later = indicator(catalog, history=Reach(begins=date(1990, 1, 1)))
    assert records(events_of(later, held(days, [5, 6, 4, 7]))) == dict.fromkeys(
        [days[1], days[2], days[3]], False
    )
    gap = [*days[:2], date(1990, 2, 20), date(1990, 2, 21)]
    one = indicator(catalog, history=Reach(begins=days[0]))
    found = records(events_of(one, held(gap, [5, 6, 7, 8])))
    assert found == {gap[1]: True, gap[2]: False, gap[3]: False}


@pytest.mark.parametrize(
    ("first", "values", "expected"),
    [
        (date(2026, 2, 27), [90, 99, 101, 102], [False, True, True]),  # the extreme is beaten
        (date(2026, 3, 2), [90, 101], [True]),  # held from one step after
        (date(2026, 3, 30), [90, 101], [False]),  # a month is missing before
        (date(2026, 2, 20), [90, 101], [False]),  # no later than the extreme holds through
    ],
)
def test_beyond_the_extreme_of_the_catalog(
    catalog: Catalog, first: date, values: list[float], expected: list[bool]
) -> None:
    one = indicator(catalog, history=Reach(high=HIGH))
    found = records(events_of(one, held(days_after(first, len(values)), values)))
    assert list(found.values()) == expected


def test_the_extreme_itself_is_one_whatever_is_held_before(catalog: Catalog) -> None:
    one = indicator(catalog, history=Reach(high=HIGH))
    days = [date(2008, 6, 30), date(2008, 7, 2), HIGH.date]
    assert records(events_of(one, held(days, [90, 99, 100]))) == {days[1]: False, days[2]: True}


def test_one_extreme_says_nothing_of_the_other_side(catalog: Catalog) -> None:
    one = indicator(catalog, history=Reach(high=HIGH))
    days = days_after(date(2026, 2, 27), 2)
    assert records(events_of(one, held(days, [90, 80]))) == {days[1]: False}


def test_a_first_is_one_only_where_no_earlier_value_of_all_time_had_reached_it(
    catalog: Catalog,
) -> None:
    one = indicator(catalog, history=Reach(high=HIGH), milestones=(95.0, 120.0))
    found = events_of(one, held(days_after(date(2026, 2, 27), 3), [90, 96, 121]))
    told = {e.threshold: (e.is_first, e.all_time) for e in found if e.threshold}
    assert told == {95.0: (True, False), 120.0: (True, True)}


def test_months_follow_one_another_whatever_their_day(catalog: Catalog) -> None:
    through = Extreme(value=50, date=date(2011, 9, 1), through=date(2014, 12, 31), source="a test")
    one = indicator(catalog, "gold_monthly_usd_oz", history=Reach(high=through))
    days = [date(2015, 1, 30), date(2015, 2, 1), date(2015, 3, 31), date(2015, 5, 1)]
    found = records(events_of(one, held(days, [40, 60, 70, 80])))
    assert found == {days[1]: True, days[2]: True, days[3]: False}


@pytest.mark.parametrize("kind", ["break", "split", "basis"])
def test_a_change_of_definition_begins_another_history(catalog: Catalog, kind: str) -> None:
    days = days_after(date(2026, 2, 27), 5)
    breaks = catalog["pue_global_average"].breaks[0].model_copy(update={"date": days[3]})
    one = indicator(catalog, history=Reach(begins=days[0], high=HIGH),
                    breaks=(breaks,) if kind == "break" else ())  # fmt: skip
    rows = held(days, [90, 101, 102, 20, 103], "aaabb" if kind == "basis" else "")
    found = events_of(one, rows, [days[3]] if kind == "split" else ())
    assert records(found) == {days[1]: True, days[2]: True, days[4]: False}
    assert [event.since for event in found] == [days[0], days[0], days[3]]


def test_values_of_a_basis_are_compared_across_those_of_another(catalog: Catalog) -> None:
    days = days_after(date(2026, 3, 2), 4)
    found = events_of(indicator(catalog), held(days, [5, 9, 4, 6], "abba"))
    assert [(e.date, e.kind, e.previous) for e in found] == [
        (days[2], "record_low", 9),
        (days[3], "record_high", 5),
    ]


def test_steps_of_many_days_are_those_of_two(catalog: Catalog) -> None:
    days = [date(2024, 1, 31), date(2024, 2, 1), date(2024, 2, 12), date(2024, 5, 1),
            date(2025, 1, 1), date(2026, 12, 31)]  # fmt: skip
    for frequency in ("daily", "monthly", "quarterly", "annual", "event"):
        expected = [is_step(frequency, a, b) for a, b in pairwise(days)]
        assert are_steps(frequency, np.array(days, "datetime64[D]")).tolist() == expected


# --- The words ---------------------------------------------------------------------------------


def words_of(catalog: Catalog, one: Indicator, event: Event) -> tuple[str, str]:
    unit = catalog.unit(one)
    return event_words(event, one, unit, "zh"), event_words(event, one, unit, "en")


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([date(2015, 1, 30), date(2015, 2, 27)],
         ("2015 年以来最高（月末值）", "Highest since 2015 (month-end values)")),
        ([date(2021, 4, 30), date(2021, 5, 28)],
         ("2021 年 4 月以来最高（月末值）", "Highest since April 2021 (month-end values)")),
        ([date(2026, 3, 2), date(2026, 3, 3)],
         ("2026 年 3 月以来最高", "Highest since March 2026")),
        ([date(2026, 2, 27), date(2026, 3, 2), date(2026, 3, 3)],
         ("2026 年 3 月以来最高", "Highest since March 2026")),
        ([date(2026, 1, 2), date(2026, 1, 5)], ("2026 年以来最高", "Highest since 2026")),
        ([date(2026, 3, 17), date(2026, 3, 18)],
         ("2026 年 3 月 17 日以来最高", "Highest since 17 March 2026")),
        ([date(2026, 1, 13), date(2026, 3, 18)],
         ("2026 年 1 月 13 日以来最高（所存数据有间断）",
          "Highest since 13 January 2026 (data held has gaps)")),
    ],
)  # fmt: skip
def test_a_record_that_is_not_of_all_time_names_what_is_held(
    catalog: Catalog, days: list[date], words: tuple[str, str]
) -> None:
    one = indicator(catalog)
    newest = events_of(one, held(days, [float(n) for n in range(len(days))]))[-1]
    assert words_of(catalog, one, newest) == words


def test_a_daily_value_beyond_sparse_ones_says_both(catalog: Catalog) -> None:
    days = [date(2015, 1, 30), date(2015, 2, 27), date(2015, 3, 31), date(2015, 4, 1),
            date(2015, 4, 2)]  # fmt: skip
    one = indicator(catalog)
    rows = held(days, [1, 2, 3, 4, 5])
    (badge,) = badges(rows[-1], events_of(one, rows), one, catalog.unit(one), "zh")
    assert badge.words == "2015 年 4 月以来最高"
    assert badge.sentence == "2015 年 4 月以来最高，也高于 2015 年以来的各月末值"


def test_a_number_is_crossed_on_a_day_only_where_the_value_before_is_held(
    catalog: Catalog,
) -> None:
    one = indicator(catalog, milestones=(100.0,), records=False)
    days = [date(2026, 1, 30), date(2026, 2, 27), date(2026, 3, 2), date(2026, 3, 3)]
    found = events_of(one, held(days, [90, 101, 99, 100]))
    assert [words_of(catalog, one, event)[0] for event in found] == [
        "高于 100 美元/桶", "跌破 100 美元/桶", "升破 100 美元/桶",
    ]  # fmt: skip


# --- What is bundled ---------------------------------------------------------------------------


def test_no_event_of_all_time_is_refuted_by_what_is_known(published: Settings) -> None:
    opened = Snapshots(Folder(published.published)).current()
    judged = 0
    for fact in (*FACTS, *EARLIER):
        sign = 1 if fact.side == "high" else -1
        for event in queries.events(opened, fact.indicator):
            of_side = event.kind in (f"record_{fact.side}", "milestone_up")
            if not event.all_time or not of_side or (event.threshold and fact.side == "low"):
                continue
            reached = event.threshold or event.value
            judged += 1
            if event.date > fact.day:  # strictly beyond, or not reached before
                assert sign * fact.value < sign * reached, event
            elif event.date == fact.day:
                assert sign * event.value >= sign * fact.value, event
    assert judged > 100


def test_what_is_of_all_time_stays_so(published: Settings) -> None:
    opened = Snapshots(Folder(published.published)).current()
    day = date(2026, 5, 26)
    for name, value in (("nasdaq_composite", 26656.18), ("sp500", 7519.12)):
        (event,) = [e for e in queries.events(opened, name) if e.date == day]
        assert (event.kind, event.value, event.all_time) == ("record_high", value, True)
    firsts = [
        event
        for event in queries.events(opened, "micron_market_cap_usd_bn")
        if event.threshold == 1000 and event.is_first
    ]
    assert [(event.date, event.all_time) for event in firsts] == [(day, True)]


#: Of these nothing bundled is of all time.
BELOW = ("us_10y_breakeven_pct",)


@pytest.mark.parametrize("name", BELOW)
def test_no_page_calls_a_record_what_is_none(published: Settings, name: str) -> None:
    site = client(published)
    opened = Snapshots(Folder(published.published)).current()
    days = {str(e.date) for e in queries.events(opened, name)}
    assert days
    asked = [f"/c/{name}{kind}?t=max&lang={lang}" for kind in ("", ".txt", ".svg")
             for lang in ("zh", "en")]  # fmt: skip
    asked += [f"/indicators/{name}", f"/api/v1/events?id={name}"]
    asked += [f"/c/{name}@{day}.txt" for day in sorted(days)[-3:]]
    for address in asked:
        answer = site.get(address)
        assert answer.status_code == 200
        for words in ALL_TIME:
            assert words not in answer.text, (address, words)
    assert "以来最" in site.get(f"/c/{name}.svg?t=max&w=2000&h=1200").text


def test_every_word_of_all_time_belongs_to_an_event_that_is_one(
    published: Settings, catalog: Catalog
) -> None:
    opened = Snapshots(Folder(published.published)).current()
    for one in catalog.all():
        unit = catalog.unit(one)
        for event in queries.events(opened, one.id):
            row = Vintage(event.date, event.value, "", event.known_at, "")
            for lang in ("zh", "en"):
                (badge,) = badges(row, [event], one, unit, lang)
                told = any(words in badge.sentence for words in ALL_TIME)
                is_down = event.kind == "milestone_down"
                assert told == (event.all_time and not is_down), badge


def test_feed_and_alerts_call_nothing_a_record_that_is_none(published: Settings) -> None:
    site = client(published)
    feed = site.get("/events.atom").text
    for name in ("布伦特原油现货价", "WTI 原油现货价", "美国 10 年期国债收益率"):
        for line in feed.splitlines():
            if name in line:
                assert not any(words in line for words in ALL_TIME), line
    assert "标普 500 指数" in feed
    for alert in queries.alerts(Snapshots(Folder(published.published)).current()):
        for crossing in alert.crossings:
            if crossing.date < date(2026, 3, 1):
                assert "历史" not in crossing.zh, crossing
                assert "record" not in crossing.en, crossing


def test_the_api_says_what_an_event_was_judged_on(published: Settings) -> None:
    def newest(name: str, kind: str) -> dict[str, Any]:
        found = client(published).get(f"/api/v1/events?id={name}&kind={kind}").json()
        return dict(found["events"][0])

    sparse = newest("nasdaq_composite", "record_low")
    assert (sparse["date"], sparse["all_time"], sparse["grain"]) == ("2022-12-30", False,
                                                                     "month_end")  # fmt: skip
    assert sparse["unbroken"] == sparse["date"]
    whole = newest("us_10y_yield_pct", "record_high")
    assert (whole["date"], whole["all_time"], whole["grain"]) == ("1981-09-30", True, "complete")
    assert whole["unbroken"] == "1980-01-02"


def test_a_daily_history_that_is_imported_is_judged_anew(filled: Path, cli: Cli) -> None:
    days = [day for day in days_after(date(2008, 6, 23), 19) if day.weekday() < 5]
    values = [130 + n for n in range(len(days))]
    values[days.index(date(2008, 7, 3))] = 143.95
    values[days.index(date(2008, 7, 4)) :] = [142.0] * 6
    rows = [
        ["indicator", "date", "value"],
        *(["brent_spot_usd_bbl", day, value] for day, value in zip(days, values, strict=True)),
    ]
    assert cli("import", write_csv(filled.parent / "brent.csv", rows)).status == 0
    site = client(settings_of(filled))
    found = site.get("/api/v1/events?id=brent_spot_usd_bbl&kind=record_high").json()["events"]
    told = {event["date"]: event["all_time"] for event in found}
    assert told["2008-07-03"] is True
    assert not any(of_all_time for day, of_all_time in told.items() if day != "2008-07-03")
    assert "2026-04-07" not in told  # 138.21 is below what is held now


# --- Statements of bulletins -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "verdict", "reason"),
    [
        ("4 月 7 日，布伦特原油现货收于 138.21 美元，创历史新高。", "contradicted", "2008-07-03"),
        ("5 月 26 日，标普 500 指数创历史新高。", "supported", ""),
        ("2023 年 10 月 31 日，10 年期美债收益率创历史新高。", "contradicted", "1981-09-30"),
        ("2020 年 3 月 31 日，布伦特原油现货创历史新低。", "contradicted", "1998-12-10"),
        ("2022 年 12 月 30 日，纳斯达克综合指数创历史新低。", "contradicted", "1974-10-03"),
        ("2022 年 12 月 30 日，纳指创 2021 年 4 月以来最低（月末值）。", "supported", "月末值"),
        ("2022 年 12 月 30 日，纳指创 2021 年 4 月以来最低。", "unverifiable", "没有存全"),
        ("4 月 7 日，布伦特原油现货创 2026 年 3 月以来新高。", "supported", ""),
        ("4 月 7 日，布伦特原油现货首次突破 130 美元。", "contradicted", "2008-06-06"),
        ("美光市值首次突破 1 万亿美元。", "supported", ""),
        ("黄金月均价 2 月创历史新高。", "supported", ""),
    ],
)
def test_a_statement_of_all_time_is_judged_by_what_is_surely_known(
    published: Settings, catalog: Catalog, sentence: str, verdict: str, reason: str
) -> None:
    with snapshot(published.data) as connection:
        judge = Judge(catalog, Known(connection, catalog), date(2026, 5, 27))
        placed = list(check_text(sentence, "1", 0, Parser(catalog), judge))
    (claim,) = [one.claim for one in placed if one.claim.kind in ("record_high", "record_low",
                                                                  "first")]  # fmt: skip
    assert claim.verdict == verdict, claim.reason
    assert reason in claim.reason


# --- The catalog -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("date: 2020-03-16, through: 2026-02-27", "date: 2026-03-16, through: 2026-02-27",
         "after the day through which it holds (2026-02-27)"),
        ("date: 2020-03-16, through: 2026-02-27", "date: 2020-03-16, through: 2999-01-01",
         "still to come"),
        ("value: 82.69", "value: 9.13", "must lie above history.low (9.14)"),
        ("value: 82.69", "value: 182.69", "lies outside what is expected, 5 to 150"),
        ("begins: 1990-01-02", "begins: 2020-04-02", "lies before the history begins"),
        ("begins: 1990-01-02", "begin: 1990-01-02", "begin"),
    ],
)  # fmt: skip
def test_an_extreme_that_cannot_be_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    head, own = CATALOG.read_text(encoding="utf-8").split("\n  vix:\n")
    path = tmp_path / "indicators.yaml"
    path.write_text(f"{head}\n  vix:\n{own.replace(old, new, 1)}", encoding="utf-8")
    with pytest.raises(CatalogError) as error:
        load_catalog(path)
    first = head.count("\n") + 2
    line = int(str(error.value).split(", line ")[1].split(":")[0])
    assert first < line < first + 40
    assert words in str(error.value)


def test_check_names_an_extreme_that_a_bundled_value_beats(
    data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "indicators.yaml"
    text = CATALOG.read_text(encoding="utf-8").replace("value: 6978.6\n", "value: 6900\n")
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("XINZHI_CATALOG", str(path))
    done = cli("check")
    line = text[: text.index("value: 6900\n")].count("\n") + 1
    assert done.status == 2
    assert f"line {line}: sp500: history.high is no extreme of all time" in done.err
    assert "6939.03 for 2026-01-30" in done.err
