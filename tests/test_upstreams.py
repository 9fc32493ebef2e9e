"""The real clients (yfinance, httpx) against a loopback internet: what arrives, and what one bad
upstream stops."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from conftest import Finished, authored, bundled, command, finished, served, settings_of, snapshot
from sites.whole import fill, rising
from test_catalog import IDS_OF_THE_CONTRACT
from upstreams import FRED_KEY, MODES, OF_THE_LINE, Internet, fresh_yfinance, in_turn

from benchmarks.servers import free_port
from etl.catalog import Catalog
from etl.ingest.replay import replay
from etl.ingest.run import Report, Request, run
from etl.ingest.upstream import A_MOMENT_S, ATTEMPTS
from etl.records import Observation
from etl.storage.warehouse import opened

pytestmark = pytest.mark.slow

NEW_YORK = ZoneInfo("America/New_York")
CONTACT = "editor@example.org"
#: What a hanging host costs, and what a busy machine may take over an answer that comes.
TIMEOUT_S, PATIENCE_S = 2.0, 15.0
#: A whole run, whatever fails; hosts that hang cost one timeout together.
BOUND_S = 30.0
DAYS = [date(2026, 10, day) for day in (12, 13, 14, 15, 16, 19, 20)]
FILINGS = [
    (date(2026, 6, 17), 1129393151, "10-Q", date(2026, 6, 25)),
    (date(2026, 10, 1), 1131000000, "10-K", date(2026, 10, 9)),
]
FIRST_SOURCES = {"yahoo", "fred", "sec", "world_bank", "figures", "register", "derived"}
#: One indicator of each kind: one source, several, derived, none of them online.
KINDS = (
    "micron_close_usd", "micron_shares_outstanding", "micron_market_cap_usd_bn", "sp500",
    "usd_cny", "us_10y_yield_pct", "fed_target_upper_pct", "pue_global_average",
    "policy_documents_monthly",
)  # fmt: skip
ADDRESSES = {"yahoo": "/v8/finance/chart/", "fred": "fred.stlouisfed.org", "sec": "data.sec.gov"}
#: What changes nothing about what an answer says: a filing speaks for itself, in any order and
#: however often; JSON may say more than is asked for; FRED and SEC have no currency here.
HARMLESS = [
    ("sec", "reversed"), ("sec", "doubled"), ("sec", "extra-column"), ("yahoo", "extra-column"),
    ("fred", "other-currency"), ("sec", "other-currency"),
]  # fmt: skip
#: What can be seen only by who knows what was said before.
OF_HISTORY = ("halved", "shortened")
BROKEN = in_turn(
    (s, m)
    for s in ADDRESSES
    for m in MODES
    # A filing of a day that had not come is left out by its row: see below.
    if (s, m) not in [*HARMLESS, ("sec", "future")] and m not in OF_HISTORY
)

Rows = list[tuple[date, float, str]]


@dataclass
class World:
    """A data folder, and the internet that its runs see."""

    internet: Internet
    data: Path
    catalog: Catalog

    def environment(self) -> dict[str, str]:
        return {
            "XINZHI_PROXY": self.internet.proxy_url,
            "XINZHI_CA_BUNDLE": str(self.internet.ca_pem),
            "XINZHI_CONTACT": CONTACT,
            "XINZHI_TIMEOUT": str(TIMEOUT_S if self.internet.may_hang() else PATIENCE_S),
        }

    def run(self, *ids: str, known_at: datetime | None = None, **changed: str) -> Report:
        """One run as of a new process, within the bound."""
        fresh_yfinance()
        settings = settings_of(self.data, **{**self.environment(), **changed})
        start = time.monotonic()
        request = Request(ids=ids, known_at=known_at)
        report = run(settings, self.catalog, request, lambda outcome: None)
        assert time.monotonic() - start < BOUND_S
        return report

    def says(self, *arguments: str) -> Finished:
        """How a command ends that asks nobody."""
        return finished(command(*arguments, data=self.data))

    def status(self) -> dict[str, dict[str, Any]]:
        """Each indicator's row of `status`."""
        return {row["id"]: row for row in json.loads(self.says("status", "--json").out)}

    def rows(self, indicator: str) -> Rows:
        """What is published of an indicator: date, value and source."""
        query = "select date, value, source from observations where indicator = ? order by date"
        with snapshot(self.data) as connection:
            return connection.execute(query, [indicator]).fetchall()

    def rows_of_kinds(self) -> dict[str, Rows]:
        """What is published of each indicator in `KINDS`, asked for at once."""
        query = "select indicator, date, value, source from observations order by indicator, date"
        with snapshot(self.data) as connection:
            rows = connection.execute(query).fetchall()
        return {name: [row[1:] for row in rows if row[0] == name] for name in KINDS}

    def vintages(self) -> Counter[str]:
        query = "select indicator, count(*) from vintages group by indicator"
        with snapshot(self.data) as connection:
            return Counter(dict(connection.execute(query).fetchall()))


def _world(folder: Path, internet: Internet, catalog: Catalog) -> World:
    """The first indicators of the catalog with their first sources: others have modules of their
    own. The commands ask all of it."""
    fill(internet, catalog, DAYS)
    authored(folder / "data")
    few = {
        name: one.model_copy(
            update={"sources": tuple(ref for ref in one.sources if ref.name in FIRST_SOURCES)}
        )
        for name, one in catalog.indicators.items()
        if name in IDS_OF_THE_CONTRACT
    }
    return World(
        internet,
        folder / "data",
        Catalog(units=catalog.units, groups=catalog.groups, indicators=few),
    )


@pytest.fixture
def world(tmp_path: Path, catalog: Catalog, capfd: pytest.CaptureFixture[str]) -> Iterator[World]:
    """A world that must end without a thread of ours and without a word on the error stream."""
    with Internet(tmp_path) as internet:
        yield _world(tmp_path, internet, catalog)
    assert [t for t in threading.enumerate() if "process_request" in t.name] == []
    assert "Traceback" not in capfd.readouterr().err


@pytest.fixture
def few(world: World) -> World:
    """The world of the indicators in `KINDS` alone, without bulletins: a run is quickly done."""
    indicators = {name: world.catalog[name] for name in KINDS}
    world.catalog = Catalog(
        units=world.catalog.units, groups=world.catalog.groups, indicators=indicators
    )
    return world


@dataclass(frozen=True)
class Good:
    rows: dict[str, Rows]
    vintages: Counter[str]


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Good:
    """What a run publishes when nothing fails."""
    folder = tmp_path_factory.mktemp("good")
    with Internet(folder) as internet:
        world = _world(folder, internet, catalog)
        assert world.run(*KINDS).exit_status == 0
        return Good(world.rows_of_kinds(), world.vintages())


def test_values_of_every_upstream_arrive_with_their_source(world: World) -> None:
    report = world.run()
    assert (report.exit_status, report.unreachable) == (0, ())
    assert all(not outcome.problem for outcome in report.outcomes)
    for indicator in world.catalog.all():
        first = indicator.sources[0]
        series = world.internet.prices if first.name == "yahoo" else world.internet.fred
        name = str(first.params.get("ticker") or first.params.get("series"))
        if name in series and indicator.frequency == "daily":
            held = [row for row in world.rows(indicator.id) if row[0] >= DAYS[0]]
            assert held == [(day, value, first.name) for day, value in series[name]]
    with snapshot(world.data) as connection:
        query = "select distinct indicator, credit from vintages where source in ('yahoo', 'fred')"
        credits = set(connection.execute(query).fetchall())
    assert ("sp500", "Yahoo Finance ^GSPC") in credits
    assert ("sp500", "FRED SP500") in credits


def test_every_request_goes_through_the_proxy_and_sec_reads_the_contact(world: World) -> None:
    world.run()
    internet = world.internet
    assert internet.hosts() == set(internet.tunnels)
    assert internet.hosts() == {
        "fc.yahoo.com", "query1.finance.yahoo.com", "query2.finance.yahoo.com",
        "fred.stlouisfed.org", "data.sec.gov", "sousuo.www.gov.cn", "www.nda.gov.cn",
        "www.worldbank.org", "thedocs.worldbank.org",
    }  # fmt: skip
    to_sec = [one for one in internet.requests if one.host == "data.sec.gov"]
    assert to_sec
    assert all(CONTACT in one.headers["user-agent"] for one in to_sec)
    charts = [one for one in internet.requests if one.path.startswith("/v8/finance/chart/")]
    tickers = [i for i in world.catalog.all() if i.ref("yahoo")]
    assert len(charts) == 2 * len(tickers)  # its time zone, then its closes


def test_a_crumb_is_never_sent_without_the_cookie_it_was_given_for(world: World) -> None:
    world.run("micron_close_usd", "sp500", "usd_cny")
    charts = [asked for asked in world.internet.requests if "crumb=" in asked.path]
    assert len({asked.path.split("?")[0] for asked in charts}) == 3
    without = [asked.path for asked in charts if "A3=" not in asked.headers.get("cookie", "")]
    assert without == []


def test_a_list_of_hosts_without_proxy_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "yahoo.com,fc.yahoo.com,stlouisfed.org,sec.gov")
    assert world.run(*KINDS).exit_status == 0
    assert {"query2.finance.yahoo.com", *list(ADDRESSES.values())[1:]} <= world.internet.hosts()


def test_no_certificate_is_trusted_but_those_of_the_bundle(world: World) -> None:
    report = world.run(*KINDS, XINZHI_CA_BUNDLE="")
    assert report.exit_status == 1
    assert len(report.unreachable) == 5
    assert world.internet.requests == []
    assert world.internet.tunnels != []
    assert {source for name in KINDS for _, _, source in world.rows(name)} == {
        "figures", "register", "derived",
    }  # fmt: skip


def test_closes_are_unadjusted_and_a_day_without_one_is_left_out(world: World) -> None:
    world.internet.prices["MU"][2] = (DAYS[2], None)
    report = world.run("micron_close_usd")
    assert [o.problem for o in report.outcomes if o.problem] == []
    held = [row for row in world.rows("micron_close_usd") if row[0] >= DAYS[0]]
    expected = [(day, value, "yahoo") for day, value in world.internet.prices["MU"] if value]
    assert held == expected
    assert len(held) == len(DAYS) - 1


def test_a_share_count_is_public_from_its_filing_and_a_second_filing_of_a_day_is_later(
    world: World,
) -> None:
    amended = (FILINGS[1][0], 1131000500, "10-K/A", date(2026, 10, 14))
    world.internet.shares.append(amended)
    assert world.run("micron_shares_outstanding").exit_status == 0
    with snapshot(world.data) as connection:
        query = (
            "select date, value, public_at, credit from vintages where source = 'sec' "
            "order by public_at"
        )
        found = connection.execute(query).fetchall()
    assert len(found) == len(world.internet.shares)
    for (end, count, form, filed), (day, value, public, credit) in zip(
        world.internet.shares, found, strict=True
    ):
        assert (day, value) == (end, count)
        assert public.replace(tzinfo=UTC).astimezone(NEW_YORK).date() == filed
        assert credit == f"SEC EDGAR, cover page of Form {form} filed {filed}"
    before = datetime(2026, 10, 13, tzinfo=UTC)
    assert served(world.data, "micron_shares_outstanding", before)[amended[0]] == FILINGS[1][1]
    assert served(world.data, "micron_shares_outstanding")[amended[0]] == amended[1]


def test_without_a_contact_sec_is_not_asked_and_the_bundled_counts_stay(world: World) -> None:
    report = world.run(*KINDS, XINZHI_CONTACT="")
    problems = {o.subject: o.problem for o in report.outcomes if o.problem}
    assert list(problems) == ["micron_shares_outstanding"]
    assert "XINZHI_CONTACT" in problems["micron_shares_outstanding"]
    assert "data.sec.gov" not in world.internet.tunnels
    assert dict(r[:2] for r in world.rows("micron_shares_outstanding")) == bundled(
        "micron_shares.csv", "micron_shares_outstanding"
    )


def test_the_command_ends_with_0_and_an_empty_error_stream(world: World) -> None:
    done = finished(command("run", *KINDS, data=world.data, **world.environment()))
    assert (done.status, done.err) == (0, "")
    assert world.rows("usd_cny") == [(d, v, "yahoo") for d, v in world.internet.prices["CNY=X"]]


def test_the_first_source_of_the_catalog_is_preferred_and_the_next_fill_its_gaps(
    world: World,
) -> None:
    gap, early, old = DAYS[3], date(2026, 9, 15), date(2026, 5, 29)
    internet = world.internet
    closes = internet.prices["^GSPC"]
    internet.prices["^GSPC"] = [row for row in closes if row[0] != gap]
    internet.fred["SP500"] = [(early, 7590.0), *internet.fred["SP500"]]
    assert world.run("sp500").exit_status == 0
    source = {day: source for day, _, source in world.rows("sp500")}
    assert source[old] == "figures"
    assert (source[early], source[gap]) == ("fred", "fred")
    assert {source[day] for day in DAYS if day != gap} == {"yahoo"}

    internet.prices["^GSPC"] = [(old, 7580.5), *closes]
    assert world.run("sp500").exit_status == 0
    rows = {day: (value, source) for day, value, source in world.rows("sp500")}
    assert rows[gap] == (dict(closes)[gap], "yahoo")
    assert rows[early][1] == "fred"
    assert rows[old] == (bundled("market.csv", "sp500")[old], "figures")  # before the window asked


def test_fred_is_preferred_to_a_bundled_figure_of_the_same_day(world: World) -> None:
    day = date(2026, 8, 20)
    held = bundled("us_rates.csv.gz", "us_10y_yield_pct")
    world.internet.fred["DGS10"] = [(day, 4.71), *world.internet.fred["DGS10"]]
    assert world.run("us_10y_yield_pct").exit_status == 0
    rows = {day: (value, source) for day, value, source in world.rows("us_10y_yield_pct")}
    assert held[day] != 4.71
    assert rows[day] == (4.71, "fred")
    assert rows[date(2026, 8, 19)] == (held[date(2026, 8, 19)], "figures")


def test_futures_are_never_filled_from_spot_prices(world: World) -> None:
    world.internet.fail("yahoo.com", "refused")
    world.run("wti_futures_usd_bbl", "wti_spot_usd_bbl")
    assert world.rows("wti_futures_usd_bbl") == []
    spot = {source for _, _, source in world.rows("wti_spot_usd_bbl")}
    assert spot == {"fred", "figures"}


@pytest.mark.parametrize(("source", "how"), BROKEN, ids=[f"{s} {m}" for s, m in BROKEN])
def test_a_bad_upstream_costs_its_own_indicators_one_line_and_nothing_else(
    source: str, how: str, few: World, good: Good
) -> None:
    of_the_line = source == "yahoo" and how in OF_THE_LINE
    few.internet.fail("yahoo.com" if of_the_line else ADDRESSES[source], how)
    report = few.run(*KINDS)
    concerned = {n for n in KINDS if few.catalog[n].rank(source) < len(few.catalog[n].sources)}
    problems = {o.subject: o.problem for o in report.outcomes if o.problem}
    assert set(problems) == concerned
    assert report.exit_status == 1
    assert report.snapshot is not None
    for problem in problems.values():
        assert problem[-1] in ".?"
        assert "\n" not in problem
        assert "<" not in problem.replace("<!DOCTYPE", "")
        assert len(problem) < 600
    published = few.rows_of_kinds()
    for name, rows in published.items():
        assert source not in {row[2] for row in rows}
        if name not in concerned and name != "micron_market_cap_usd_bn":
            assert rows == good.rows[name]
    assert published["micron_market_cap_usd_bn"] != []
    with snapshot(few.data) as connection:
        told = connection.execute("select subject, problem from problems").fetchall()
    assert dict(told) == problems


@pytest.mark.parametrize(("source", "how"), HARMLESS)
def test_what_says_the_same_in_another_way_changes_nothing(
    source: str, how: str, few: World, good: Good
) -> None:
    few.internet.fail(ADDRESSES[source], how)
    report = few.run(*KINDS)
    assert [o.problem for o in report.outcomes if o.problem] == []
    assert few.rows_of_kinds() == good.rows
    assert few.vintages() == good.vintages


def test_what_is_refused_is_kept_apart_and_told_until_the_source_mends_itself(world: World) -> None:
    world.internet.fail("id=DGS10", "x100")
    assert world.run(*KINDS).exit_status == 1
    row = world.status()["us_10y_yield_pct"]
    (refused,) = row["refused"]
    assert (refused["source"], refused["may_be_taken"]) == ("fred", False)
    assert "above 20.0" in refused["sentence"]
    assert refused["sentence"] in world.says("status").out
    assert world.says("accept", "us_10y_yield_pct").status == 2

    world.internet.recover()
    assert world.run(*KINDS).exit_status == 0
    row = world.status()["us_10y_yield_pct"]
    assert row["refused"] == []


def test_an_offline_run_does_not_make_a_failure_forgotten(world: World) -> None:
    world.internet.fail("id=DGS10", "status:404")
    assert world.run(*KINDS).exit_status == 1
    assert world.says("run", "--offline").status == 0
    row = world.status()["us_10y_yield_pct"]
    assert "answered 404" in row["problem"]


def test_a_revision_is_listed_with_both_values(world: World) -> None:
    world.run("us_10y_yield_pct")
    day, before = world.internet.fred["DGS10"][2]
    world.internet.fred["DGS10"][2] = (day, 4.6)
    assert world.run("us_10y_yield_pct").exit_status == 0
    row = world.status()["us_10y_yield_pct"]
    (told,) = row["revisions"]
    assert (told["date"], told["source"], told["before"], told["after"]) == (
        str(day), "fred", before, 4.6
    )  # fmt: skip
    assert f"{day}: {before!r} → 4.6" in world.says("status").out


def test_a_split_changes_no_close_of_the_past_and_no_market_value(world: World) -> None:
    """Yahoo divides the closes before a split; the filing still counts the old shares."""
    ids = ("micron_close_usd", "micron_shares_outstanding", "micron_market_cap_usd_bn")
    world.internet.prices["MU"] = [(day, 938.38 + n) for n, day in enumerate(DAYS)]
    assert world.run(*ids).exit_status == 0
    before = world.rows("micron_close_usd")
    split = date(2026, 10, 21)
    world.internet.splits["MU"] = [(split, 10, 1)]
    world.internet.prices["MU"].append((split, 90.07))
    report = world.run(*ids)
    closes = world.rows("micron_close_usd")
    assert [o.revised for o in report.outcomes if o.subject == "micron_close_usd"] == [0]
    assert [(d, pytest.approx(v), s) for d, v, s in before] == closes[: len(before)]
    assert closes[-1] == (split, 90.07, "yahoo")
    caps = {day: value for day, value, _ in world.rows("micron_market_cap_usd_bn")}
    assert caps[split] == pytest.approx(90.07 * 10 * FILINGS[1][1] / 1e9)
    with snapshot(world.data) as connection:
        actions = connection.execute(
            "select date, kind, value from actions where indicator = 'micron_close_usd' "
            "order by date, kind"
        ).fetchall()
        (document,) = connection.execute("select document from catalog").fetchall()[0]
        events = connection.execute(
            "select * from events where indicator = 'micron_close_usd' and date = ?", [split]
        ).fetchall()
    assert (split, "split", 10.0) in actions
    assert {kind for _, kind, _ in actions} == {"dividend", "split"}
    breaks = json.loads(document)["indicators"]["micron_close_usd"]["breaks"]
    assert [b["date"] for b in breaks] == [str(split)]  # no change is reckoned across it,
    assert events == []  # and it crosses no round number


GOLD = "gold_futures_usd_oz"


def test_a_price_of_sunday_evening_is_never_stored_and_its_absence_never_held_back(
    world: World,
) -> None:
    """Eight Mondays at 07:30 in Beijing, and the Tuesdays after them."""
    fridays = [date(2026, 9, 4) + timedelta(weeks=n) for n in range(9)]
    world.internet.prices["GC=F"] = [(fridays[0], 4500.0)]
    for n, friday in enumerate(fridays[:-1], start=1):
        sunday = datetime(friday.year, friday.month, friday.day, 18, 30, 5, tzinfo=NEW_YORK)
        sunday += timedelta(days=2)
        world.internet.prices_of_now["GC=F"] = (sunday, 4500.0 + n)
        report = world.run(GOLD, known_at=sunday + timedelta(seconds=9))
        assert (report.exit_status, report.outcomes[0].newest) == (0, friday)
        del world.internet.prices_of_now["GC=F"]
        monday = friday + timedelta(days=3)
        world.internet.prices["GC=F"] += [(monday, 4501.0 + n), (fridays[n], 4502.0 + n)]
        tuesday = sunday + timedelta(days=2)
        report = world.run(GOLD, known_at=tuesday)
        assert (report.exit_status, report.outcomes[0].newest) == (0, monday)
    assert {day.weekday() for day, _, _ in world.rows(GOLD)} == {0, 4}


def test_what_an_earlier_version_took_for_closes_of_sundays_is_no_history_that_is_gone(
    world: World,
) -> None:
    world.internet.prices["GC=F"] = rising(4500.0, DAYS)
    assert world.run(GOLD, known_at=_evening(DAYS[-1])).exit_status == 0
    sundays = [date(2026, 10, 18) - timedelta(weeks=n) for n in range(8)]
    moment = _evening(DAYS[-1])
    with opened(settings_of(world.data).warehouse) as warehouse:
        load = warehouse.begin_load("run", moment, moment)
        rows = [Observation(day, 4499.0, public_at=moment) for day in sundays]
        warehouse.append(GOLD, "yahoo", rows, load=load, known_at=moment)
    report = world.run(GOLD, known_at=moment + timedelta(days=1))
    assert report.exit_status == 0
    assert "8 values of days when the market (CMES) is shut" in report.outcomes[0].notice
    done = world.says("replay", "--source", "yahoo")
    assert done.status == 2
    assert "--allow-fewer" in done.err
    assert world.says("replay", "--source", "yahoo", "--allow-fewer").status == 1
    report = world.run(GOLD, known_at=moment + timedelta(days=2))
    assert (report.exit_status, report.outcomes[0].notice) == (0, "")
    assert not {day for day, _, _ in world.rows(GOLD)} & {*sundays}


def _split_five_for_one(world: World) -> None:
    split, last = DAYS[2], DAYS[-1]
    world.internet.splits["MU"] = [(split, 5, 1)]
    world.internet.prices["MU"] = [(d, 900.0 if d < split else 181.0) for d in DAYS]
    world.internet.shares = [*FILINGS, (last, 1131000000 * 5 + 7, "10-Q", date(2026, 10, 26))]


def test_a_split_that_only_the_price_tells_of_explains_the_step_of_the_count(world: World) -> None:
    _split_five_for_one(world)
    moment = datetime(2026, 10, 28, tzinfo=UTC)
    report = world.run("micron_shares_outstanding", "micron_close_usd", known_at=moment)
    assert (report.exit_status, [o.problem for o in report.outcomes]) == (0, ["", ""])
    assert world.rows("micron_shares_outstanding")[-1][:2] == (DAYS[-1], 1131000000 * 5 + 7)
    again = replay(settings_of(world.data), world.catalog)
    assert [one.source for one in again if not one.same] == []


def test_a_step_like_a_split_that_nobody_tells_of_is_said_in_one_sentence(world: World) -> None:
    _split_five_for_one(world)
    moment = datetime(2026, 10, 28, tzinfo=UTC)
    (outcome,) = world.run("micron_shares_outstanding", known_at=moment).outcomes
    assert "looks like a split by 5 that no source has told" in outcome.problem
    assert f"name {DAYS[-1]} in expect.facts" in outcome.problem
    world.run("micron_close_usd", known_at=moment)  # now it is told
    (outcome,) = world.run("micron_shares_outstanding", known_at=moment).outcomes
    assert outcome.problem == ""


def test_a_change_of_the_share_count_carries_a_note_on_its_first_day(world: World) -> None:
    filed = date(2026, 10, 15)
    world.internet.shares = [FILINGS[0], (date(2026, 10, 1), 1131000000, "10-K", filed)]
    world.run("micron_close_usd", "micron_shares_outstanding", "micron_market_cap_usd_bn")
    with snapshot(world.data) as connection:
        query = (
            "select date, note from observations where indicator = 'micron_market_cap_usd_bn' "
            "and note <> '' and date >= '2026-10-01'"
        )
        ((day, note),) = connection.execute(query).fetchall()
    assert day == filed
    assert "1,129,393,151 → 1,131,000,000" in note


def test_with_a_key_the_vintages_of_fred_say_what_was_known(world: World) -> None:
    """A value, its revision, and one that came late; the cap of vintages makes windows of them."""
    late, plain = date(2026, 10, 26), timedelta(days=1)
    told = [(day, 4.5 + n / 100, day + plain) for n, day in enumerate(DAYS[:-1])]
    world.internet.vintages["DGS10"] = [
        *told, (DAYS[2], 4.6, date(2026, 10, 19)), (DAYS[-1], 4.9, late),
    ]  # fmt: skip
    world.internet.most_vintages = upstream_vintages = 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("etl.sources.fred.MOST_VINTAGES", upstream_vintages)
        report = world.run("us_10y_yield_pct", XINZHI_FRED_API_KEY=FRED_KEY)
    assert report.exit_status == 0, report.outcomes

    def known(day: date) -> dict[date, float]:
        moment = datetime(day.year, day.month, day.day, 21, tzinfo=UTC)
        held = served(world.data, "us_10y_yield_pct", moment)
        return {d: v for d, v in held.items() if d >= DAYS[0]}

    assert DAYS[2] not in known(DAYS[2])
    assert known(DAYS[2] + plain)[DAYS[2]] == 4.52
    assert known(date(2026, 10, 19))[DAYS[2]] == 4.6
    assert DAYS[-1] not in known(date(2026, 10, 23))
    assert known(late)[DAYS[-1]] == 4.9
    with snapshot(world.data) as connection:
        query = "select count(*) from vintages where source = 'fred'"
        assert connection.execute(query).fetchall() == [(len(told) + 2,)]


def test_a_series_without_vintages_comes_as_its_csv(world: World) -> None:
    report = world.run("sp500", XINZHI_FRED_API_KEY=FRED_KEY)
    assert report.exit_status == 0, report.outcomes
    with snapshot(world.data) as connection:
        query = "select count(*) from vintages where source = 'fred'"
        assert connection.execute(query).fetchall() == [(len(DAYS),)]


def test_with_a_key_fred_is_asked_through_its_api_at_every_load(world: World) -> None:
    """Later loads ask for a window and bring a revision with the day on which it was published."""
    plain = timedelta(days=1)
    told = [(day, 4.5 + n / 100, day + plain) for n, day in enumerate(DAYS)]
    world.internet.vintages["DGS10"] = told[:-1]
    assert world.run("us_10y_yield_pct", XINZHI_FRED_API_KEY=FRED_KEY).exit_status == 0
    world.internet.requests.clear()
    revised = date(2026, 10, 22)
    world.internet.vintages["DGS10"] = [*told, (DAYS[2], 4.6, revised)]
    (outcome,) = world.run("us_10y_yield_pct", XINZHI_FRED_API_KEY=FRED_KEY).outcomes
    assert (outcome.problem, outcome.new, outcome.revised) == ("", 1, 1)
    assert {asked.host for asked in world.internet.requests} == {"api.stlouisfed.org"}
    since = f"observation_start={DAYS[-2] - timedelta(days=60)}"
    assert [since in a.path for a in world.internet.requests if "/observations" in a.path] == [True]
    with snapshot(world.data) as connection:
        query = "select credit from vintages where source = 'fred' and date = ? and value = 4.6"
        assert connection.execute(query, [DAYS[2]]).fetchall() == [
            (f"FRED DGS10, vintage of {revised}",)
        ]


@pytest.mark.parametrize("has_history", [True, False])
def test_a_rate_that_holds_is_read_through_the_api_on_the_days_it_changed(
    has_history: bool, world: World
) -> None:
    rate = [(date(2025, 12, 11), 3.75), *((day, 3.75 if day < DAYS[3] else 3.5) for day in DAYS)]
    later = [DAYS[-1] + timedelta(days=n) for n in (70, 71, 72, 73)]

    def tell(rows: list[tuple[date, float]]) -> None:
        world.internet.fred["DFEDTARU"] = rows
        if has_history:
            world.internet.vintages["DFEDTARU"] = [(d, v, d) for d, v in rows]

    def changes(known_at: datetime) -> list[tuple[date, float]]:
        report = world.run("fed_target_upper_pct", known_at=known_at, XINZHI_FRED_API_KEY=FRED_KEY)
        assert [o.problem for o in report.outcomes] == [""]
        rows = world.rows("fed_target_upper_pct")
        return [(day, value) for day, value, _ in rows if day >= DAYS[0]]

    tell(rate)
    first = changes(datetime(2026, 10, 30, tzinfo=UTC))
    assert first[-1] == (DAYS[3], 3.5)
    tell([*rate, *((day, 3.5 if day < later[2] else 3.25) for day in later)])
    assert changes(datetime(2027, 1, 30, tzinfo=UTC)) == [*first, (later[2], 3.25)]


def test_without_a_key_fred_is_asked_by_a_plain_name_and_a_failure_says_that_a_key_helps(
    world: World,
) -> None:
    assert world.run("us_10y_yield_pct").exit_status == 0  # who tells of itself is left waiting
    (asked,) = world.internet.requests
    assert asked.headers["user-agent"] == "xinzhi-indicators"
    for how in ("timeout", "status:403", "status:503"):
        world.internet.fail("fred.stlouisfed.org", how)
        (outcome,) = world.run("us_10y_yield_pct").outcomes
        assert "fred.stlouisfed.org" in outcome.problem
        assert "set XINZHI_FRED_API_KEY" in outcome.problem


def test_a_key_that_fred_does_not_know_is_named_and_never_repeated(world: World) -> None:
    secret = "f" * 32
    report = world.run("us_10y_yield_pct", XINZHI_FRED_API_KEY=secret)
    (problem,) = [o.problem for o in report.outcomes if o.problem]
    assert "XINZHI_FRED_API_KEY" in problem
    assert "not registered" in problem
    assert secret not in problem


def test_a_cover_date_after_its_filing_costs_its_own_row(world: World, good: Good) -> None:
    world.internet.fail("data.sec.gov", "future")
    (outcome,) = world.run("micron_shares_outstanding").outcomes
    assert outcome.problem == ""
    assert "2 rows were left out: SEC's share count of" in outcome.notice
    assert "was filed before, on 2026-10-09" in outcome.notice
    assert world.rows("micron_shares_outstanding") == good.rows["micron_shares_outstanding"]


@pytest.mark.parametrize("source", ADDRESSES)
def test_a_value_of_a_day_that_has_not_come_is_never_stored(source: str, world: World) -> None:
    world.internet.fail(ADDRESSES[source], "future")
    world.run(*KINDS)
    with snapshot(world.data) as connection:
        ((newest,),) = connection.execute("select max(date) from vintages").fetchall()
    assert newest <= datetime.now(UTC).date()


@pytest.mark.parametrize("how", ["status:404", "html", "empty", "renamed-column"])
def test_one_ticker_that_fails_stops_no_other(how: str, world: World) -> None:
    world.internet.fail("/v8/finance/chart/MU", how)
    report = world.run(*KINDS)
    problems = {o.subject: o.problem for o in report.outcomes if o.problem}
    assert list(problems) == ["micron_close_usd"]
    assert "MU" in problems["micron_close_usd"]
    assert {source for _, _, source in world.rows("usd_cny")} == {"yahoo"}


@pytest.mark.parametrize("how", ["status:404", "html", "empty", "truncated"])
def test_one_series_that_fails_stops_no_other(how: str, world: World) -> None:
    world.internet.fail("id=DGS10", how)
    report = world.run(*KINDS)
    assert [o.subject for o in report.outcomes if o.problem] == ["us_10y_yield_pct"]
    assert "fred" in {source for _, _, source in world.rows("fed_target_upper_pct")}


@pytest.mark.parametrize("where", ["fc.yahoo.com", "/v1/test/getcrumb"])
@pytest.mark.parametrize("how", ["reset", "status:429", "status:500", "html", "empty"])
def test_closes_arrive_though_the_cookie_or_the_crumb_does_not(
    where: str, how: str, world: World
) -> None:
    world.internet.fail(where, how)
    assert world.run("usd_cny").exit_status == 0
    assert len(world.rows("usd_cny")) == len(DAYS)


@pytest.mark.parametrize("how", ["refused", "untrusted", "timeout", "reset"])
@pytest.mark.parametrize("host", ["yahoo.com", "fred.stlouisfed.org", "data.sec.gov"])
def test_a_host_that_cannot_be_reached_is_asked_once_a_run(
    host: str, how: str, world: World
) -> None:
    world.internet.fail(host, how)
    report = world.run()
    assert len(report.unreachable) == 1
    asked = [a for a in world.internet.requests if a.host.endswith(host)]
    tunnels = [name for name in world.internet.tunnels if name.endswith(host)]
    if host == "yahoo.com":  # cookie, consent, crumb, closes: of one ticker
        assert 1 <= len(tunnels) <= 5
        assert len({a.path.split("?")[0] for a in asked if "/chart/" in a.path}) <= 1
    else:
        assert len(tunnels) == (ATTEMPTS if how == "reset" else 1)  # what was begun may go on
        assert len({a.path for a in asked}) <= 1


def test_yahoo_is_left_alone_for_the_run_once_it_limits_the_rate(world: World) -> None:
    world.internet.fail("/v8/finance/chart/", "status:429+retry-after")
    report = world.run()
    charts = [a.path.split("?")[0] for a in world.internet.requests if "/chart/" in a.path]
    assert set(charts) == {"/v8/finance/chart/MU"}
    assert len(charts) <= 2
    (told,) = report.unreachable
    assert "Too Many Requests" in told


def test_hosts_are_asked_side_by_side(world: World) -> None:
    """Each hangs, and yet all were asked before the first was given up."""
    hosts = ("yahoo.com", "fred.stlouisfed.org", "data.sec.gov")
    for host in hosts:
        world.internet.fail(host, "timeout")
    report = world.run()
    first = [
        min(a.at_s for a in world.internet.requests if a.host.endswith(host)) for host in hosts
    ]
    assert max(first) - min(first) < TIMEOUT_S
    assert (report.exit_status, len(report.unreachable)) == (1, 3)
    assert report.snapshot is not None


def test_a_run_that_nobody_answers_waits_for_all_at_once(world: World) -> None:
    """Also for what is asked second: the file behind a page, another host of the same source."""
    world.internet.fail(".", "timeout")
    report = world.run()
    at_s = [a.at_s for a in world.internet.requests]
    assert max(at_s) - min(at_s) < TIMEOUT_S + 3 * A_MOMENT_S
    assert len(report.unreachable) >= 6
    assert report.snapshot is not None


def test_closes_arrive_though_the_cookie_host_hangs_and_it_is_asked_once(world: World) -> None:
    world.internet.fail("fc.yahoo.com", "timeout")
    report = world.run("usd_cny", "sp500", "vix")
    assert report.exit_status == 0
    assert len(world.rows("usd_cny")) == len(DAYS)
    assert [a.host for a in world.internet.requests].count("fc.yahoo.com") == 1


def test_a_proxy_that_has_no_address_is_said_in_words_and_nothing_is_lost(world: World) -> None:
    report = world.run(*KINDS, XINZHI_PROXY="http://proxy.invalid:3128")
    assert (report.exit_status, len(report.unreachable)) == (1, 5)
    assert world.rows("sp500") != []


def test_a_network_that_says_nothing_costs_a_run_one_time_out(world: World) -> None:
    """A proxy that takes every connection and says nothing is the slowest way to have no network,
    and one that refuses at once the fastest: the hosts are waited for side by side and once each,
    so that a run ends within what the contract promises."""

    def seconds(port: int) -> tuple[float, Finished]:
        proxy = f"http://127.0.0.1:{port}"
        settings = {**world.environment(), "XINZHI_PROXY": proxy, "XINZHI_TIMEOUT": ""}
        start = time.monotonic()
        done = finished(command("run", data=world.data, **settings))
        return time.monotonic() - start, done

    at_once, _ = seconds(free_port())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        late, done = seconds(silent.getsockname()[1])
    assert late < 2 * at_once + 10  # the time-out is 8 s
    assert done.status == 1
    for host in ("query2.finance.yahoo.com", "fred.stlouisfed.org", "data.sec.gov"):
        assert f"not reached: {host} could not be reached" in done.out


@pytest.mark.parametrize("how", OF_HISTORY)
@pytest.mark.parametrize("source", ["yahoo", "fred"])
def test_an_answer_that_rewrites_what_was_said_is_held_back_and_the_rest_goes_on(
    source: str, how: str, world: World, good: Good
) -> None:
    assert world.run(*KINDS).exit_status == 0
    world.internet.fail(ADDRESSES[source], how)
    report = world.run(*KINDS)
    assert report.exit_status == 1
    problems = {o.subject: o.problem for o in report.outcomes if o.problem}
    assert problems
    for name, problem in problems.items():
        assert world.catalog[name].ref(source)
        assert f"{source} rewrites its history" in problem
        assert f"etl accept {name}" in problem
    assert {name: world.rows(name) for name in KINDS} == good.rows


@pytest.mark.parametrize("how", ["refused", "html", "x100"])
def test_the_run_after_a_bad_one_fetches_what_was_missed_and_forgets_the_problem(
    how: str, world: World, good: Good
) -> None:
    for host in (".yahoo.com", "fred.stlouisfed.org", "data.sec.gov"):
        world.internet.fail(host, how)
    assert world.run(*KINDS).exit_status == 1
    world.internet.recover()
    assert world.run(*KINDS).exit_status == 0
    assert {name: world.rows(name) for name in KINDS} == good.rows
    with snapshot(world.data) as connection:
        assert connection.execute("select * from problems").fetchall() == []


def test_values_held_stay_as_they_were_through_a_bad_run(world: World) -> None:
    world.run(*KINDS)
    held = {name: world.rows(name) for name in KINDS}
    for address in ADDRESSES.values():
        world.internet.fail(address, "x100")
    assert world.run(*KINDS).exit_status == 1
    assert {name: world.rows(name) for name in KINDS} == held


MONTH = [
    day for day in (date(2026, 10, 1) + timedelta(days=n) for n in range(31)) if day.weekday() < 5
]


def test_a_month_replayed_day_by_day_answers_for_each_day_what_was_known(world: World) -> None:
    """A close is printed on its day and settled on the next session; FRED comes a session later;
    a filing counts from the day it was filed."""
    final = {day: 900.0 + n for n, day in enumerate(MONTH)}
    rates = {day: round(4.5 + n / 100, 2) for n, day in enumerate(MONTH)}
    ids = ("micron_close_usd", "micron_shares_outstanding", "us_10y_yield_pct",
           "micron_market_cap_usd_bn")  # fmt: skip
    expected: dict[date, dict[date, float]] = {}
    for n, day in enumerate(MONTH):
        known = {d: final[d] for d in MONTH[:n]} | {day: final[day] - 0.25}
        expected[day] = known
        world.internet.prices["MU"] = list(known.items())
        world.internet.fred["DGS10"] = [(d, rates[d]) for d in MONTH[:n]]
        world.internet.shares = [filing for filing in FILINGS if filing[3] <= day]
        if n == 0:  # FRED has not begun, and says nothing rather than none
            world.internet.fred["DGS10"] = [(date(2026, 9, 30), 4.49)]
        report = world.run(*ids, known_at=_evening(day))
        assert report.exit_status == 0, report.outcomes
        revised = {o.subject: o.revised for o in report.outcomes}
        assert revised["micron_close_usd"] == (1 if n else 0)

    for n, day in enumerate(MONTH):
        assert _since_october(world, "micron_close_usd", _evening(day)) == expected[day]
        morning = _evening(day) - timedelta(hours=10)
        before = expected[MONTH[n - 1]] if n else {}
        assert _since_october(world, "micron_close_usd", morning) == before
        seen = _since_october(world, "us_10y_yield_pct", _evening(day))
        assert seen == {d: rates[d] for d in MONTH[:n]}
        caps = _since_october(world, "micron_market_cap_usd_bn", _evening(day))
        assert caps == pytest.approx(
            {d: close * _shares(d) / 1e9 for d, close in expected[day].items()}
        )
    # Each run begins as a new process: the cookie that was kept is what spares the second visit.
    assert [a.host for a in world.internet.requests].count("fc.yahoo.com") == 1


def _evening(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 22, tzinfo=UTC)


def _since_october(world: World, indicator: str, moment: datetime) -> dict[date, float]:
    held = served(world.data, indicator, moment)
    return {day: value for day, value in held.items() if day >= MONTH[0]}


def _shares(day: date) -> float:
    return max((filing[3], filing[1]) for filing in FILINGS if filing[3] <= day)[1]


def test_the_stand_in_answers_as_gov_cn_and_nda_do(world: World) -> None:
    import ssl

    trust = ssl.create_default_context(cafile=str(world.internet.ca_pem))
    as_browser = {"User-Agent": "Mozilla/5.0", "Referer": "https://sousuo.www.gov.cn/zcwjk/"}
    with httpx.Client(proxy=world.internet.proxy_url, verify=trust, trust_env=False) as client:
        address = "https://sousuo.www.gov.cn/search-gov/data"
        asked = {"t": "zhengcelibrary_gw", "p": 1, "n": 100}
        assert client.get(address, params=asked).status_code == 403
        found = client.get(address, params=asked, headers=as_browser).json()["searchVO"]
        assert [(d["pubtimeStr"], d["pcode"]) for d in found["listVO"]] == [
            ("2026.10.12", "国发〔2026〕19号")
        ]
        whole = client.get(address, params={"t": "zhengcelibrary"}, headers=as_browser).json()
        assert whole["searchVO"]["catMap"]["gongwen"]["totalCount"] == 1
        later = {**asked, "timetype": "timezd", "mintime": "2026-10-13"}
        for empty in ({"t": "none"}, {**asked, "q": "没有"}, later):
            assert client.get(address, params=empty, headers=as_browser).json()["code"] == 1001
        page = "https://www.nda.gov.cn/sjj/zwgk/zcfb/list/index_pc_{}.html"
        assert 'class="u-list"' in client.get(page.format(1)).text
        assert client.get(page.format(2)).status_code == 404
        world.internet.fail("data.sec.gov", "status:503", times=1)
        concept = (
            "https://data.sec.gov/api/xbrl/companyconcept/CIK0000723125/dei/"
            "EntityCommonStockSharesOutstanding.json"
        )
        answers = [client.get(concept, headers={"User-Agent": CONTACT}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [503, 200]
        assert client.get(concept, headers={"User-Agent": "none"}).status_code == 403


def test_nothing_of_the_stand_in_is_left_though_a_client_hangs(tmp_path: Path) -> None:
    descriptors = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    threads = threading.active_count()
    with Internet(tmp_path) as internet:
        internet.fail("fred.stlouisfed.org", "timeout")
        client = httpx.Client(proxy=internet.proxy_url, verify=False, timeout=0.3, trust_env=False)
        with client, pytest.raises(httpx.ReadTimeout):
            client.get("https://fred.stlouisfed.org/graph/fredgraph.csv?id=SP500")
        start = time.monotonic()
    assert time.monotonic() - start < 2
    assert threading.active_count() == threads
    if descriptors:
        assert len(os.listdir("/proc/self/fd")) <= descriptors
