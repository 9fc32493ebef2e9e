"""How the sources answered in 90 days, and what is said of one that fails for a week."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from conftest import Cli, run_with_fred, settings_of
from past_runs import remember
from serving import client, still
from upstreams import Internet

from etl.alerts import notify
from etl.catalog import Catalog
from etl.ingest.run import Request, run
from etl.ingest.upstream import Upstream
from etl.records import Observation, now
from etl.reliability import Reliability, failing, failure_told, trouble_of, warning
from etl.sources.fred import A_KEY_HELPS
from etl.storage.current import current_snapshot
from etl.storage.snapshots import Folder

pytestmark = pytest.mark.slow

LOST = "query2.finance.yahoo.com could not be reached (no answer in time)."
Days = Callable[..., Path]


@pytest.fixture
def days(data: Path, catalog: Catalog) -> Days:
    """Publishes what runs of so many days before today say; each is the problem of Yahoo."""

    def told(*problems: str) -> Path:
        settings = settings_of(data)
        first = now().replace(hour=3, minute=0, second=0, microsecond=0)
        first -= timedelta(days=len(problems))
        for n, problem in enumerate(problems):
            asked = {
                "yahoo": {"sp500": problem, "vix": problem}, "fred": {"vix": ""},
                "figures": {"sp500": "no file."},
            }  # fmt: skip
            hosts = [("fred", "api.stlouisfed.org", 0.5 + n)]
            remember(settings.warehouse, first + timedelta(days=n), asked, hosts=hosts)
        run(settings, catalog, Request(offline=True), lambda outcome: None)
        return data

    return told


def answering(data: Path) -> dict[str, Reliability]:
    with current_snapshot(Folder(settings_of(data).published)) as snapshot:
        return {one.source: one for one in snapshot.reliability()}


def a_source(**changed: object) -> Reliability:
    told = {
        "source": "yahoo", "last_day": date(2026, 11, 20), "strip": "x" * 10, "asked": 10,
        "good": 0, "last_good_at": None, "failing_since": datetime(2026, 11, 11, tzinfo=UTC),
        "problem": LOST,
    }  # fmt: skip
    return Reliability(**{**told, **changed})  # type: ignore[arg-type]


def test_each_day_and_each_answer_is_counted(days: Days) -> None:
    found = answering(days("", LOST, ""))
    assert set(found) == {"fred", "yahoo"}  # what lies in the folder is no upstream
    yahoo, fred = found["yahoo"], found["fred"]
    assert (yahoo.strip[-3:], set(yahoo.strip[:-3])) == ("+x+", {"-"})
    assert len(yahoo.strip) == 90
    assert (yahoo.asked, yahoo.good, yahoo.failing_since) == (6, 4, None)
    assert (fred.strip[-3:], fred.share) == ("+++", 1.0)
    (host,) = fred.hosts
    assert (host.host, host.asked, host.good) == ("api.stlouisfed.org", 3, 3)
    assert (host.median_s, host.worst_s) == (1.5, 2.5)


def test_a_day_on_which_one_of_several_answers_was_bad_is_half_good(
    data: Path, catalog: Catalog
) -> None:
    settings = settings_of(data)
    asked = {"yahoo": {"sp500": LOST, "vix": ""}}
    remember(settings.warehouse, now() - timedelta(days=1), asked)
    run(settings, catalog, Request(offline=True), lambda outcome: None)
    assert answering(data)["yahoo"].strip[-1] == "o"


def test_a_source_fails_after_a_week_of_nothing_and_one_good_answer_ends_it() -> None:
    assert failing([a_source()]) == [a_source()]
    assert a_source().days_failing == 9
    assert failing([a_source(last_day=date(2026, 11, 17))]) == []
    assert failing([a_source(failing_since=None)]) == []
    # One that is not asked any more does not go on to fail.
    left = a_source(last_day=date(2026, 12, 20), strip="x" * 6 + "-" * 36)
    assert left.days_failing == 3


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (LOST, "network"), ("fred.stlouisfed.org cut the connection (reset).", "network"),
        ("a.org answered 503 Service Unavailable.", "network"),
        ("data.sec.gov was not asked: it demands a contact; set XINZHI_CONTACT to …", "access"),
        ("a.org answered 403 Forbidden.", "access"), ("a.org answered 404 Not Found.", "address"),
        ("a.org points to 'https://b.org/', which is not followed: …", "address"),
        ("FRED sent no CSV of SP500 (it begins: <html>).", "content"),
    ],
)  # fmt: skip
def test_what_to_do_follows_from_what_went_wrong(problem: str, kind: str) -> None:
    assert trouble_of(problem) == kind
    said = warning(a_source(problem=problem))
    assert problem in said.en
    assert problem not in said.zh


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ("", ""), (LOST, "query2.finance.yahoo.com 没有在规定的时间内答复。"),
        ("a.org could not be reached ([Errno -2] Name or service not known).",
         "找不到主机 a.org。"),
        ("a.org could not be reached ([Errno 111] Connection refused).", "a.org 拒绝连接。"),
        ("a.org could not be reached ([Errno 101] Network is unreachable).", "连不上 a.org。"),
        ("a.org could not be reached ([SSL: CERTIFICATE_VERIFY_FAILED] (_ssl.c:1006)).",
         "与 a.org 的加密连接未能建立。"),
        ("a.org could not be reached (CONNECT tunnel failed, response 403).",
         "经代理连不上 a.org。"),
        ("a.org cut the connection (Recv failure).", "a.org 中断了连接。"),
        ("a.org answered 503 Service Unavailable.", "a.org 暂时出错（503）。"),
        ("a.org answered 404 Not Found.", "a.org 上没有这个地址（404）。"),
        ("FRED sent no CSV of SP500 (it begins: <html>).", "来源没有给出可用的答复。"),
        (f"a.org could not be reached (no route). {A_KEY_HELPS}", "连不上 a.org。"),
        ("a.org answered 403 Forbidden. Check XINZHI_EIA_API_KEY.", "a.org 拒绝了请求（403）。"),
        ("a.org could not be reached (no route). b.org could not be reached (it refused).",
         "连不上 a.org。b.org 拒绝连接。"),
        (f"{LOST} a.org answered 429 Too Many Requests. sp500: 2026-01-01 is odd.",
         "query2.finance.yahoo.com 没有在规定的时间内答复。a.org 称请求过于频繁（429）。"
         "来源没有给出可用的答复。"),
    ],
)  # fmt: skip
def test_a_failure_is_told_in_chinese_by_its_kind_and_in_english_as_it_was(
    problem: str, words: str
) -> None:
    assert (failure_told(problem, "zh"), failure_told(problem, "en")) == (words, problem)


def test_a_source_that_fails_a_week_is_told_by_run_status_and_page(days: Days, cli: Cli) -> None:
    data = days("", *[LOST] * 9)
    told = "fails: source yahoo has given no usable answer for 8 days, since "
    assert told in cli("run", "--offline").out
    done = cli("status", "--sources")
    assert done.status == 1
    assert told in done.out
    assert "XINZHI_PROXY" in done.out
    site = client(settings_of(data))
    page = still(site.get("/status"))
    assert "雅虎财经：来源 yahoo 自 " in page.one("section", "trouble").text
    first, *_ = page.one("table", "answering").one("tbody").all("tr")
    assert first.one("th").text == "雅虎财经"
    assert first.one("svg").attributes["aria-label"].startswith("1 天全部可用，0 天部分可用，9 天")
    assert "XINZHI_PROXY" in still(site.get("/status?lang=en")).one("section", "trouble").text
    assert site.get("/readyz").status_code == 200
    before = still(site.get("/status?asof=2026-05-27"))
    assert not list(before.all("table", "answering"))


def test_sources_that_answer_are_told_too(days: Days, cli: Cli) -> None:
    data = days("", LOST, "")
    done = cli("status", "--sources", "--json")
    assert done.status == 0
    said = {one["source"]: one for one in json.loads(done.out)}
    assert said["fred"]["hosts"][0]["median_s"] == 1.5
    site = client(settings_of(data))
    listed = {one["source"]: one for one in site.get("/api/v1/status").json()["sources"]}
    assert (listed["yahoo"]["good"], listed["yahoo"]["days_failing"]) == (4, 0)
    still(site.get("/status"))
    lines = site.get("/metrics").text.splitlines()
    assert 'xinzhi_source_good_ratio{source="fred"} 1.0' in lines
    worst = 'xinzhi_source_latency_seconds{host="api.stlouisfed.org",of="worst",source="fred"} 2.5'
    assert worst in lines
    assert any(line.startswith('xinzhi_source_last_good_age_seconds{source="y') for line in lines)


def test_without_a_run_over_the_network_nothing_is_said(filled: Path, cli: Cli) -> None:
    assert cli("status", "--sources").out == "no source of the network has been asked yet\n"
    assert "sources in the" not in cli("status").out
    page = still(client(settings_of(filled)).get("/status"))
    assert not list(page.all("table", "answering"))


def test_a_new_day_is_published_once_and_a_second_run_of_it_is_not(
    data: Path, catalog: Catalog
) -> None:
    settings, offline = settings_of(data), Request(offline=True)
    days_ago = [now() - timedelta(days=n) for n in (3, 2)]
    published = []
    for at in days_ago:
        remember(settings.warehouse, at, {"fred": {"vix": ""}})
        published.append(run(settings, catalog, offline, lambda outcome: None).snapshot)
    remember(settings.warehouse, days_ago[1] + timedelta(seconds=1), {"fred": {"vix": ""}})
    published.append(run(settings, catalog, offline, lambda outcome: None).snapshot)
    assert [bool(name) for name in published] == [True, True, False]


def test_values_that_a_source_replaced_are_counted(data: Path, catalog: Catalog) -> None:
    settings, request = settings_of(data), Request(("us_10y_yield_pct",), source="fred")
    run_with_fred(settings, catalog, request, "2026-10-20,4.00\n2026-10-21,4.00\n")
    run_with_fred(settings, catalog, request, "2026-10-20,4.04\n2026-10-21,4.00\n")
    fred = answering(data)["fred"]
    assert fred.revised == 1
    assert fred.revised_pct == pytest.approx(1.0)
    assert (fred.asked, fred.good) == (2, 2)
    assert [(one.host, one.asked) for one in fred.hosts] == [("fred.stlouisfed.org", 2)]


def test_the_operator_is_warned_once_a_week(
    internet: Internet, tmp_path: Path, catalog: Catalog
) -> None:
    hook = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=robots-secret-key"
    settings = settings_of(
        tmp_path, XINZHI_PROXY=internet.proxy_url, XINZHI_CA_BUNDLE=str(internet.ca_pem),
        XINZHI_ALERT_WEBHOOK=hook,
    )  # fmt: skip
    internet.say("qyapi.weixin.qq.com", 200, b'{"errcode":0,"errmsg":"ok"}')

    def sent(one: Reliability) -> int:
        with Upstream(settings) as out:
            (done,) = notify.send(settings, catalog, (), out, notify.channels(settings), [one])
        return done.count

    later = a_source(last_day=date(2026, 11, 22), strip="x" * 12)
    next_week = a_source(last_day=date(2026, 11, 26), strip="x" * 16)
    assert [sent(one) for one in (a_source(), a_source(), later, next_week)] == [1, 0, 0, 1]


def test_an_old_value_that_is_corrected_by_nobody_is_no_lag(data: Path, catalog: Catalog) -> None:
    """A first history says nothing of when its values came."""
    settings, at = settings_of(data), now() - timedelta(days=5)
    history = [Observation(at.date() - timedelta(days=n), 4.0, at) for n in range(2, 30)]
    asked = {"fred": {"us_10y_yield_pct": ""}}
    values = {("us_10y_yield_pct", "fred"): history}
    remember(settings.warehouse, at, asked, values=values)
    run(settings, catalog, Request(offline=True), lambda outcome: None)
    assert answering(data)["fred"].seen == 0
