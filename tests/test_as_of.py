"""The whole site as of a moment: chosen in the masthead, said on every page, kept in every link."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
from serving import Node, TestClient, still

from dashboard.data import queries
from dashboard.data.cards import reading, readings
from dashboard.data.policy_filter import published_by
from dashboard.data.queries import Policy
from dashboard.data.snapshot import Snapshots
from dashboard.pages.parts.cards import dated
from etl.calendars import end_of
from etl.records import BEIJING
from etl.settings import Settings
from etl.storage.snapshots import Folder

DAY = "2026-05-27"
#: Every page of which a past is told, as a reader asks for it.
PAGES = (
    "/", "/bulletins", f"/bulletins/{DAY}", "/indicators", "/indicators/sp500",
    "/compare?ids=sp500,vix", "/policies", "/export?ids=sp500,vix", "/status", "/claims",
    "/corrections", "/provinces",
)  # fmt: skip
NO_PAST = ("/about", "/bulletins/new")


def page(site: TestClient, address: str) -> Node:
    return still(site.get(address))


def as_of(address: str, day: str = DAY) -> str:
    return f"{address}{'&' if '?' in address else '?'}asof={day}"


@pytest.mark.parametrize("address", PAGES)
def test_every_page_says_as_of_when_it_is_and_leads_back_to_now(
    site: TestClient, address: str
) -> None:
    bar = page(site, as_of(address)).one("div", "as-of")
    assert "数据截至 2026 年 5 月 27 日" in bar.text
    assert address in bar.hrefs()
    assert (
        "Data as of 27 May 2026" in page(site, as_of(address) + "&lang=en").one("div", "as-of").text
    )
    assert not list(page(site, address).all("div", "as-of"))


@pytest.mark.parametrize("address", NO_PAST)
def test_a_page_without_a_past_says_so(site: TestClient, address: str) -> None:
    bar = page(site, as_of(address)).one("div", "as-of")
    assert "本页没有过去的样子" in bar.text
    assert address in bar.hrefs()


@pytest.mark.parametrize("address", [*PAGES, *NO_PAST])
def test_every_link_of_a_page_keeps_the_moment(site: TestClient, address: str) -> None:
    document = page(site, as_of(address))
    bar = set(document.one("div", "as-of").hrefs())
    switch = set(document.one("details", "moment").hrefs())
    for href in set(document.one("div", "site").hrefs()) - bar - switch:
        is_feed = ".atom" in href  # what is to come has no past
        if not is_feed and href.startswith(
            ("/indicators", "/policies", "/status", "/compare", "/export", "/?")
        ):
            assert f"asof={DAY}" in href, href
        elif re.match(r"/c/[a-z]", href):
            assert "@" in href, href
    assert [link for link in document.one("nav", "nav").hrefs() if "asof=" not in link] == []


@pytest.mark.parametrize("address", [*PAGES, *NO_PAST])
@pytest.mark.parametrize(
    "moment", ["2026-13-01", "gestern", "2099-01-01", "<b>", "2026-05-27T2500"]
)
def test_a_wrong_moment_and_one_to_come_are_refused_in_words(
    site: TestClient, address: str, moment: str
) -> None:
    answer = site.get(as_of(address, quote(moment)))
    assert "asof：" in still(answer, 400).one("p", "message").text
    assert "<b>" not in answer.text


def test_a_moment_that_was_to_come_is_answered_once_it_has_come(
    site: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = datetime.now(BEIJING).date() + timedelta(days=1)
    assert site.get(f"/about?asof={tomorrow}").status_code == 400

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now(UTC) + timedelta(days=1)

    monkeypatch.setattr("dashboard.pages.datetime", Later)
    assert site.get(f"/about?asof={tomorrow}").status_code == 200


def test_the_switch_knows_what_is_held_and_offers_the_days_of_bulletins(site: TestClient) -> None:
    switch = page(site, "/indicators?sort=date&page=1").one("details", "moment")
    (field,) = [one for one in switch.all("input") if one.attributes["name"] == "asof"]
    assert field.attributes["type"] == "date"
    assert field.attributes["max"] == str(datetime.now(BEIJING).date())
    assert field.attributes["min"] < "2010"
    kept = {one.attributes["name"] for one in switch.all("input")} - {"asof"}
    assert kept == {"sort"}
    assert f"/indicators?sort=date&asof={DAY}" in switch.hrefs()
    assert "据后来载入的历史重建" in switch.text


def test_of_an_indicator_that_nothing_was_known_of_the_page_says_so(site: TestClient) -> None:
    document = page(site, "/indicators/sp500?asof=1990-01-01")
    assert "那时这个指标还没有已经公布的数值" in document.text
    assert "数据截至 1990 年 1 月 1 日" in document.one("div", "as-of").text


def test_today_is_the_newest_bulletin_of_that_moment(site: TestClient) -> None:
    assert "2026 年 5 月 27 日" in page(site, as_of("/", "2026-06-30")).one("h1").text
    before = page(site, as_of("/", "2026-05-26"))
    assert "到那时还没有这一期动态" in before.text
    assert site.get(as_of(f"/bulletins/{DAY}", "2026-05-26")).status_code == 404
    assert DAY not in page(site, as_of("/bulletins", "2026-05-26")).one("main").text


def test_the_table_of_indicators_says_what_was_known_then(
    site: TestClient, published: Settings
) -> None:
    then = end_of(date(2026, 5, 20))
    snapshot = Snapshots(Folder(published.published)).current()
    table = page(site, as_of("/indicators?cols=value,date", "2026-05-20"))
    more = page(site, as_of("/indicators?cols=value,date&page=2", "2026-05-20"))
    rows = {
        urlsplit(row.hrefs()[0]).path.rpartition("/")[2]: row
        for body in (*table.all("tbody"), *more.all("tbody"))
        for row in body.all("tr")
    }
    for name in snapshot.catalog.indicators:
        known = queries.series(snapshot, name, then)
        if not known:
            assert name not in rows
            assert f"/indicators/{name}?asof=2026-05-20" in table.one(id="awaited").hrefs()
            continue
        shown = [cell.text for cell in rows[name].all("td")]
        item = reading(snapshot, name, then, "zh", then)
        assert shown[1] == dated(item, "zh"), name
        assert shown[0].replace(" ", "") == str(item.figure).replace(" ", ""), name
        assert queries.standings(snapshot, then)[name].newest == known[-1]


def test_readings_of_many_are_those_of_one(published: Settings) -> None:
    snapshot, then = Snapshots(Folder(published.published)).current(), end_of(date(2026, 5, 20))
    names = list(snapshot.catalog.indicators)
    together = readings(snapshot, names, then, "zh", then)
    apart = Snapshots(Folder(published.published)).current()
    assert together == [reading(apart, name, then, "zh", then) for name in names]
    assert not any(one.has_newer for one in together)


def test_only_what_was_published_by_then_is_in_the_register_of_a_day(site: TestClient) -> None:
    document = page(site, as_of("/policies", "2026-03-31"))
    assert "登记册记的是文件何时发布，不记何时收入" in document.one("div", "as-of").text
    days = re.findall(r"(\d{4}-\d{2}-\d{2}) (?:公布|成文)", document.one("ol", "register").text)
    assert days
    assert max(days) <= "2026-03-31"


def test_a_document_dated_to_a_month_is_listed_when_it_is_over() -> None:
    def listed(published: str, day: str, *cited_by: str) -> bool:
        one = Policy("t", "i", "", published, "", (), "issued", cited_by=cited_by)
        return bool(published_by([one], day))

    assert [listed("2026-05", day) for day in ("2026-05-31", "2026-06-01")] == [False, True]
    assert [listed("2026", day) for day in ("2026-12-31", "2027-01-01")] == [False, True]
    assert [listed("2026-05-27", day) for day in ("2026-05-26", "2026-05-27")] == [False, True]
    assert listed("2026-05", "2026-05-27", "2026-05-27")
    assert not listed("", "2026-05-27", "2026-05-28")
