"""/status: what a person who is no engineer reads of how things stand."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from conftest import Cli, run_with_fred, settings_of, write_csv
from serving import Node, TestClient, client, still

import dashboard.pages as pages
from dashboard.chart import fonts
from dashboard.data.freshness import Health, health
from dashboard.data.snapshot import Snapshots
from dashboard.pages.parts.freshness import age, until
from dashboard.pages.status import headline
from etl.catalog import Catalog
from etl.ingest.run import Request, run
from etl.records import Observation, Vintage, now
from etl.settings import Settings
from etl.storage.snapshots import Folder
from etl.storage.warehouse import Outcome, opened

SPAN = date(2026, 5, 1)


@pytest.fixture(scope="session")
def page(site: TestClient) -> Node:
    return still(site.get("/status"))


def rows(page: Node) -> list[Node]:
    table = next(table for table in page.all("table", "health") if "alerts" not in table.classes)
    return list(table.one("tbody").all("tr"))


def one(catalog: Catalog, name: str, state: str, missed: int | None) -> Health:
    day = date(2026, 5, 26)
    newest = Vintage(day, 1.0, "fred", datetime(2026, 5, 26, tzinfo=UTC), "fetched")
    held = newest if missed is not None else None
    noon = datetime(2026, 5, 28, 4, tzinfo=UTC)
    indicator = catalog[name].model_copy(update={"checked": date(2026, 5, 27)})
    return Health(indicator, state, held, missed, "", (), noon)


class Clock(datetime):
    """A clock that a test sets."""

    at = datetime(2026, 5, 27, 1, 0, 30, tzinfo=UTC)

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return cls.at


def test_every_indicator_has_a_row_with_a_sign_and_the_words_for_it(
    site: TestClient, page: Node, catalog: Catalog
) -> None:
    said = {row["id"]: row for row in site.get("/api/v1/status").json()["indicators"]}
    words = {"stale": "过期", "failing": "出错", "empty": "等待数据", "fresh": "及时"}
    shown = rows(page)
    assert len(shown) == len(catalog)
    for row in shown:
        name = row.one("th").hrefs()[0].rpartition("/")[2]
        sign = row.one("span", "sign")
        assert sign.attributes["aria-hidden"] == "true"
        assert row.one("td", "is-state").text == sign.text + words[said[name]["state"]]
        assert row.one("td", "is-newest_value").text in (said[name]["as_of"], "等待数据")


def test_the_worst_stands_first(page: Node) -> None:
    order = ["过期", "出错", "等待数据", "及时"]
    ranks = [order.index(row.one("td", "is-state").text[1:]) for row in rows(page)]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) > 1


def test_the_headline_counts_what_the_rows_say(page: Node) -> None:
    sentence = page.one("p", "verdict").text
    for words, name in (("项过期", "stale"), ("项等待数据", "empty"), ("项及时", "fresh")):
        found = re.search(rf"(\d+) {words}", sentence)
        assert found is not None
        assert int(found[1]) == sum(name in row.classes for row in rows(page))


def test_one_sentence_says_that_all_is_well(catalog: Catalog) -> None:
    fresh = [one(catalog, "sp500", "fresh", 0), one(catalog, "vix", "fresh", 0)]
    assert headline(fresh, "zh") == "全部及时：2 项指标都在期限之内。"
    assert headline(fresh, "en") == "All 2 indicators are up to date."
    mixed = [*fresh, one(catalog, "usd_cny", "failing", 0), one(catalog, "sp500", "stale", 3)]
    assert headline(mixed, "zh") == "1 项过期，1 项出错，2 项及时。"
    assert headline([], "zh") == "目录里还没有指标。"


@pytest.mark.parametrize(
    ("name", "missed", "zh", "en"),
    [
        ("sp500", 3, "落后 3 个交易日", "3 trading days behind"),
        ("sp500", 1, "落后 1 个交易日", "1 trading day behind"),
        ("usd_cny", 2, "落后 2 个工作日", "2 working days behind"),
        ("gold_monthly_usd_oz", 4, "落后 4 个月", "4 months behind"),
        ("pue_global_average", 1, "落后 1 年", "1 year behind"),
        ("sp500", 0, "未落后", "not behind"),
        ("fed_target_upper_pct", 0, "核对至 5 月 27 日", "checked until 27 May"),
        ("sp500", None, "—", "—"),
    ],
)
def test_an_age_is_said_in_the_sessions_of_the_calendar(
    catalog: Catalog, name: str, missed: int | None, zh: str, en: str
) -> None:
    found = one(catalog, name, "stale", missed)
    assert (age(found, "zh"), age(found, "en")) == (zh, en)


def test_a_close_is_said_to_be_one(catalog: Catalog) -> None:
    found = one(catalog, "sp500", "fresh", 0)
    assert until(found, "zh") == "截至 05-26 收盘（美东）"
    assert until(found, "en") == "close of 26 May 2026 (New York)"


def test_freshness_follows_the_clock_and_not_the_publication(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "datetime", Clock)
    site = client(published)

    def sp500() -> str:
        (row,) = [row for row in rows(still(site.get("/status"))) if "标普" in row.text]
        return row.one("td", "is-age").text

    newest = health(Snapshots(Folder(published.published)).current(), now())
    day = next(h.newest.date for h in newest if h.indicator.id == "sp500" and h.newest)
    Clock.at = datetime(day.year, day.month, day.day, 23, 30, tzinfo=UTC)
    assert sp500() == "未落后"
    Clock.at += timedelta(seconds=29)
    assert sp500() == "未落后"
    Clock.at += timedelta(days=30)
    assert re.fullmatch(r"落后 (19|20|21|22) 个交易日", sp500())


def test_only_the_pages_by_the_clock_look_at_it(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "datetime", Clock)
    snapshots = Snapshots(Folder(published.published))
    first = {path: pages.resolve(snapshots, path, {}) for path in ("/status", "/status/", "/about")}
    Clock.at += timedelta(minutes=1)
    again = {path: pages.resolve(snapshots, path, {}) for path in first}
    same = {path: first[path] is again[path] for path in first}
    assert same == {"/status": False, "/status/": False, "/about": True}


def test_what_is_held_back_or_quarantined_comes_with_the_command_that_mends_it(
    filled: Path, catalog: Catalog
) -> None:
    settings, request = settings_of(filled), Request(("us_10y_yield_pct",), source="fred")
    plain = "".join(f"{SPAN + timedelta(days=k)},4.{k:02d}\n" for k in range(20))
    assert run_with_fred(settings, catalog, request, plain).exit_status == 0
    run_with_fred(settings, catalog, request, plain.replace(",4.", ",8."))
    other = Request(("us_10y_breakeven_pct",), source="fred")
    run_with_fred(settings, catalog, other, "2026-05-26,9999\n")
    shown = still(client(settings).get("/status"))
    waits = {li.one("a").text: li for li in shown.one("ul", "waits").all("li")}
    held, apart = waits["美国 10 年期国债收益率"], waits["美国 10 年期盈亏平衡通胀率"]
    assert "暂缓采用" in held.text
    assert held.one("code").text == "python -m etl accept us_10y_yield_pct"
    assert "暂不采用" in apart.text
    assert "9999" in apart.one("p", "said").text
    assert apart.one("code").text == "python -m etl run us_10y_breakeven_pct"
    assert "2 处未完成" in shown.text


def test_a_revision_of_late_is_told_with_both_values(filled: Path, catalog: Catalog) -> None:
    settings, request = settings_of(filled), Request(("us_10y_yield_pct",), source="fred")
    run_with_fred(settings, catalog, request, "2026-05-25,4.50\n2026-05-26,4.51\n")
    run_with_fred(settings, catalog, request, "2026-05-25,4.50\n2026-05-26,4.55\n")
    (entry,) = [
        li for li in still(client(settings).get("/status")).all("li") if "4.51% → 4.55%" in li.text
    ]
    assert entry.text.startswith("美国 10 年期国债收益率 2026-05-26")
    assert "FRED" in entry.text


def test_sources_that_disagree_are_counted(filled: Path, cli: Cli) -> None:
    file = filled.parent / "prices.csv"
    file.write_text("indicator,date,value\nus_10y_yield_pct,2026-05-26,4.9\n", encoding="utf-8")
    assert cli("import", file, "--known-at", "2026-05-27T10:00+00:00").status == 0
    shown = still(client(settings_of(filled)).get("/status"))
    assert "美国 10 年期国债收益率 1 个日期，最近一处在 2026-05-26" in shown.text


def test_the_snapshots_that_are_kept_are_listed_and_the_served_one_is_named(
    filled: Path, catalog: Catalog, cli: Cli
) -> None:
    folder = filled / "published"
    first = Folder(folder).current_name()
    (folder / "2-is-no-name.duckdb").write_bytes(b"")
    (folder / "20261399T000000000Z-00000000.duckdb").write_bytes(b"")
    with opened(filled / "warehouse.duckdb") as warehouse:
        found = [Observation(date(2026, 5, 27), 7500.0)]
        load = warehouse.begin_load("run", now(), now())
        warehouse.append("sp500", "fred", found, load=load, known_at=now())
    run(settings_of(filled), catalog, Request(offline=True), lambda outcome: None)
    second = Folder(folder).current_name()

    def listed() -> dict[str, bool]:
        table = list(still(client(settings_of(filled)).get("/status")).all("table"))[-1]
        return {tr.one("code").text: "在用" in tr.text for tr in table.one("tbody").all("tr")}

    assert listed() == {second: True, first: False}
    assert cli("rollback").status == 0
    assert listed() == {second: False, first: True}


def test_trouble_with_the_site_itself_is_said(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "font", lambda: None)
    site = client(settings_of(filled))
    shown = still(site.get("/status"))
    assert "No font was found" in shown.one("section", "trouble").text
    assert "中文字体齐备" not in shown.text
    name = Folder(filled / "published").current_name()
    (filled / "published" / f"{name}.duckdb").unlink()
    until = time.monotonic() + 5
    while "file of the open snapshot was deleted" not in still(site.get("/status")).text:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_without_a_snapshot_the_page_says_what_to_do(tmp_path: Path) -> None:
    shown = still(client(settings_of(tmp_path / "data")).get("/status"), 503)
    assert "etl run" in shown.one("p", "message").text


@pytest.mark.parametrize(
    ("query", "said"),
    [("page=x", "page: 'x' is no page"), ("page=2", "page: 2 is beyond the last page, which is 1."),
     ("page=" + "1" * 9000, "page: '1111")],
)  # fmt: skip
def test_a_page_that_is_not_there_is_refused_in_words(
    site: TestClient, query: str, said: str
) -> None:
    assert said in still(site.get(f"/status?{query}&lang=en"), 400).one("p", "message").text


def test_the_page_is_in_english_for_those_who_ask(site: TestClient) -> None:
    shown = still(site.get("/status?lang=en"))
    assert "out of date" in shown.one("p", "verdict").text
    words = shown.one("main").text
    for name in ("美光科技", "过期", "项目自带"):
        assert name not in words


def test_the_last_runs_say_when_how_long_and_what_came(
    data: Path, cli: Cli, tmp_path: Path
) -> None:
    assert cli("run", "--offline").status in (0, 1)
    rows = [["indicator", "date", "value"], ["vix", "2026-05-26", "17.5"]]
    assert cli("import", write_csv(tmp_path / "a.csv", rows)).status == 0
    shown = still(client(settings_of(data)).get("/status"))
    # What is derived from an import is a run of its own.
    _, imported, first = shown.one("section", "runs").one("tbody").all("tr")
    assert [cell.text for cell in imported.all("td")][1:5] == ["人工导入", "1", "0", "0"]
    assert imported.hrefs() == ["/indicators/vix"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", first.one("th").text)
    assert re.fullmatch(r"(\d+ 分 )?\d+ 秒", next(first.all("td")).text)
    assert "新值 0 个，修订 0 个，出错 0 处" in shown.one("section", "last-run").text
    before = still(client(settings_of(data)).get("/status?asof=2026-05-27"))
    assert not list(before.all("section", "runs"))
    assert not list(before.all("section", "last-run"))


def test_what_failed_is_told_by_the_host_that_most_depends_on_first(data: Path, cli: Cli) -> None:
    with opened(settings_of(data).warehouse) as warehouse:
        load = warehouse.begin_load("run", now(), now())
        said = "fred.stlouisfed.org could not be reached (no route)."
        problems = {
            "sp500": said,
            "vix": said,
            "usd_cny": "query2.example.com: wrong",
            "nda": "odd",
        }
        outcomes = [Outcome(name, "fred", problem=words) for name, words in problems.items()]
        warehouse.finish_load(load, now(), outcomes)
    assert (
        cli(
            "import",
            write_csv(
                data / "a.csv", [["indicator", "date", "value"], ["vix", "2026-05-26", "17.5"]]
            ),
        ).status
        == 0
    )
    hosts = list(still(client(settings_of(data)).get("/status")).all("details", "host"))
    assert [one.one("strong").text for one in hosts] == [
        "fred.stlouisfed.org",
        "query2.example.com",
        "其他原因",
    ]
    assert hosts[0].text.count("连不上 fred.stlouisfed.org。") == 1
    site = client(settings_of(data))
    for path in ("/status", "/indicators/vix"):
        assert "could not be reached" not in still(site.get(path)).text
        assert "could not be reached" in still(site.get(f"{path}?lang=en")).text
