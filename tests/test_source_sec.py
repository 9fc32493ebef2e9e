"""Quarters of a company from what it filed: sums since the start of a year, restatements, tags."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from catalogs import part_of_the_catalog
from conftest import served, settings_of
from sites import SecSite, filings_of
from sites.sec import Told
from upstreams import MODES, Internet

from etl.catalog import Catalog, Indicator, load_catalog
from etl.errors import CatalogError, UnexpectedPayload
from etl.ingest.run import Report, Request, run
from etl.records import Observation
from etl.sources.sec import Sec

CAPEX = "PaymentsToAcquirePropertyPlantAndEquipment"
REVENUE = "RevenueFromContractWithCustomerExcludingAssessedTax"
MICROSOFT = {"cik": "0000789019", "taxonomy": "us-gaap", "concept": CAPEX, "unit": "billion USD"}
#: Microsoft's fiscal 2025, in the true shape: sums from July on, and each quarter but the last.
FISCAL_2025: list[dict[str, Any]] = [
    {"start": "2024-07-01", "end": "2024-09-30", "val": 14923000000, "accn": "0000950170-24-118967",
     "fy": 2025, "fp": "Q1", "form": "10-Q", "filed": "2024-10-30", "frame": "CY2024Q3"},
    {"start": "2024-07-01", "end": "2024-12-31", "val": 30727000000, "accn": "0000950170-25-010491",
     "fy": 2025, "fp": "Q2", "form": "10-Q", "filed": "2025-01-29"},
    {"start": "2024-10-01", "end": "2024-12-31", "val": 15804000000, "accn": "0000950170-25-010491",
     "fy": 2025, "fp": "Q2", "form": "10-Q", "filed": "2025-01-29", "frame": "CY2024Q4"},
    {"start": "2024-07-01", "end": "2025-03-31", "val": 47472000000, "accn": "0000950170-25-061046",
     "fy": 2025, "fp": "Q3", "form": "10-Q", "filed": "2025-04-30"},
    {"start": "2024-07-01", "end": "2025-06-30", "val": 64551000000, "accn": "0000950170-25-100235",
     "fy": 2025, "fp": "FY", "form": "10-K", "filed": "2025-07-30", "frame": "CY2025"},
]  # fmt: skip


def fact(start: str, end: str, value: float, filed: str, form: str = "10-Q") -> dict[str, Any]:
    span = {"start": start} if start else {}
    return {**span, "end": end, "val": value, "form": form, "filed": filed, "accn": "x", "fy": 1}


def answer(*facts: dict[str, Any], tag: str = CAPEX, cik: int = 789019, unit: str = "USD") -> bytes:
    told = {"cik": cik, "taxonomy": "us-gaap", "tag": tag, "units": {unit: list(facts)}}
    return json.dumps(told).encode()


@pytest.fixture
def capex(catalog: Catalog) -> Indicator:
    return catalog["microsoft_capex_usd_bn"]


def read(payload: bytes, indicator: Indicator, **params: object) -> list[tuple[str, float, str]]:
    """Quarter, value in billions and filing date of each vintage."""
    found = Sec().parse(payload, indicator, {**MICROSOFT, **params})
    return [(str(o.date), round(o.value, 6), _filed(o)) for o in found]


def _filed(observation: Observation) -> str:
    return observation.credit.split("filed ")[1][:10]


def notes(payload: bytes, indicator: Indicator, **params: object) -> Sequence[str]:
    moment = datetime(2025, 9, 1, tzinfo=UTC)
    return Sec().notes(payload, indicator, {**MICROSOFT, **params}, moment)


def test_quarters_come_from_sums_where_they_are_not_told_alone(capex: Indicator) -> None:
    found = read(answer(*FISCAL_2025), capex)
    assert found == [
        ("2024-07-01", 14.923, "2024-10-30"), ("2024-10-01", 15.804, "2025-01-29"),
        ("2025-01-01", 16.745, "2025-04-30"), ("2025-04-01", 17.079, "2025-07-30"),
    ]  # fmt: skip
    assert read(answer(*FISCAL_2025[::-1], *FISCAL_2025), capex) == found
    told = Sec().parse(answer(*FISCAL_2025), capex, MICROSOFT)
    assert "quarter to 2024-12-31" in told[1].credit
    assert "difference" not in told[1].credit
    assert told[3].credit.endswith("quarter to 2025-06-30, as a difference of sums")
    assert notes(answer(*FISCAL_2025), capex) == ()


@pytest.mark.parametrize(
    ("first", "last", "quarter"),
    [
        ("2025-08-29", "2025-11-27", "2025-10-01"),  # Micron
        ("2025-11-28", "2026-02-26", "2026-01-01"),
        ("2026-02-27", "2026-05-28", "2026-04-01"),
        ("2026-05-29", "2026-09-03", "2026-07-01"),  # fourteen weeks
        ("2026-04-04", "2026-07-03", "2026-04-01"),  # Western Digital, a year of 53 weeks
        ("2025-10-27", "2026-01-25", "2025-10-01"),  # NVIDIA
    ],
)
def test_a_fiscal_quarter_stands_under_the_calendar_quarter_of_its_middle(
    first: str, last: str, quarter: str, capex: Indicator, catalog: Catalog
) -> None:
    filed = "2026-10-03"
    assert read(answer(fact(first, last, 2e9, filed)), capex) == [(quarter, 2.0, filed)]
    stock = Sec().parse(answer(fact("", last, 2e9, filed)), catalog["micron_inventory_usd_bn"],
                        MICROSOFT)  # fmt: skip
    assert [(str(o.date), o.value) for o in stock] == [(quarter, 2.0)]


def test_two_quarters_of_a_changed_fiscal_year_are_not_mixed(capex: Indicator) -> None:
    told = answer(
        fact("2025-01-01", "2025-03-31", 2e9, "2025-04-20"),
        fact("2025-02-01", "2025-04-30", 3e9, "2025-05-20"),
    )
    assert read(told, capex) == [("2025-01-01", 2.0, "2025-04-20")]
    assert "to 2025-04-30 falls into quarter 1 of 2025" in notes(told, capex)[0]


def test_a_restated_quarter_is_a_vintage_known_from_its_own_filing(capex: Indicator) -> None:
    told = answer(
        fact("2024-01-01", "2024-03-31", 5e9, "2024-04-25"),
        fact("2024-01-01", "2024-03-31", 5e9, "2024-05-02", "10-Q/A"),
        fact("2024-01-01", "2024-03-31", 4e9, "2025-04-24"),
    )
    assert read(told, capex) == [
        ("2024-01-01", 5.0, "2024-04-25"), ("2024-01-01", 4.0, "2025-04-24"),
    ]  # fmt: skip


def test_a_year_restated_without_its_nine_months_gives_no_other_fourth_quarter(
    capex: Indicator,
) -> None:
    year = [
        fact("2023-01-01", "2023-09-30", 9e9, "2023-10-20"),
        fact("2023-01-01", "2023-12-31", 13e9, "2024-02-01", "10-K"),
        fact("2023-01-01", "2023-12-31", 7e9, "2025-02-01", "10-K"),
    ]
    assert read(answer(*year), capex) == [("2023-10-01", 4.0, "2024-02-01")]
    year.append(fact("2023-01-01", "2023-09-30", 5e9, "2025-03-01", "10-K/A"))
    assert read(answer(*year), capex) == [
        ("2023-10-01", 4.0, "2024-02-01"), ("2023-10-01", 2.0, "2025-03-01"),
    ]  # fmt: skip


def test_a_quarter_told_as_one_goes_before_a_difference_which_is_compared_with_it(
    capex: Indicator,
) -> None:
    told = answer(
        fact("2025-01-01", "2025-03-31", 5e9, "2025-04-20"),
        fact("2025-01-01", "2025-06-30", 11e9, "2025-07-20"),
        fact("2025-04-01", "2025-06-30", 5.5e9, "2025-07-20"),
    )
    assert read(told, capex)[-1] == ("2025-04-01", 5.5, "2025-07-20")
    (note,) = notes(told, capex)
    assert note == (
        f"SEC's {CAPEX} for quarter 2 of 2025 is 6e+09 as a difference, where 5.5e+09 is used."
    )


def test_an_older_concept_stands_in_until_the_newer_one_tells_of_a_quarter(
    catalog: Catalog,
) -> None:
    params = {"concept": REVENUE, "also": ["Revenues", "SalesRevenueNet"]}
    old = answer(
        fact("2017-07-01", "2017-09-30", 20e9, "2017-10-26"),
        fact("2017-10-01", "2017-12-31", 28e9, "2018-01-31"), tag="Revenues",
    )  # fmt: skip
    new = answer(fact("2017-10-01", "2017-12-31", 29e9, "2019-01-30"), tag=REVENUE)
    payload = json.dumps({"answers": [new.decode(), old.decode(), None]}).encode()
    assert read(payload, catalog["microsoft_revenue_usd_bn"], **params) == [
        ("2017-07-01", 20.0, "2017-10-26"), ("2017-10-01", 28.0, "2018-01-31"),
        ("2017-10-01", 29.0, "2019-01-30"),
    ]  # fmt: skip


def test_differences_are_never_taken_between_two_concepts(catalog: Catalog) -> None:
    params = {"concept": REVENUE, "also": ["Revenues"]}
    year = answer(fact("2018-01-01", "2018-12-31", 50e9, "2019-02-01", "10-K"), tag=REVENUE)
    nine = answer(fact("2018-01-01", "2018-09-30", 30e9, "2018-10-20"), tag="Revenues")
    payload = json.dumps({"answers": [year.decode(), nine.decode()]}).encode()
    with pytest.raises(UnexpectedPayload, match="SEC sent no"):
        read(payload, catalog["microsoft_revenue_usd_bn"], **params)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (fact("2025-04-01", "2025-06-30", 1e9, "2025-05-01"), "was filed before, on 2025-05-01"),
        (fact("2025-06-30", "2025-04-01", 1e9, "2025-07-01"), "ends before, on 2025-04-01"),
        ({**FISCAL_2025[0], "val": "15"}, "'15' is no number"),
        ({**FISCAL_2025[0], "end": "2024-09-31"}, "of a filing"),
        ({**FISCAL_2025[0], "val": 15e9}, "two numbers of 2024-09-30 filed on 2024-10-30"),
    ],
    ids=["filed too early", "ends before it begins", "text", "no date", "two of one day"],
)
def test_one_bad_row_is_left_out_and_named(
    wrong: dict[str, Any], said: str, capex: Indicator
) -> None:
    told = answer(*FISCAL_2025, wrong)
    assert read(told, capex) == read(answer(*FISCAL_2025), capex)
    assert said in notes(told, capex)[0]


@pytest.mark.parametrize(
    "payload",
    [
        answer(*FISCAL_2025)[:-40], b"<html>", b"{}", b"[]", b"\xff\xfe", answer(),
        answer(*FISCAL_2025, unit="EUR"), answer(*FISCAL_2025, cik=320193),
        answer(*FISCAL_2025, tag="Other"), answer(*FISCAL_2025).replace(b"14923000000", b"NaN"),
        answer(*FISCAL_2025[:1] * 20_001),
        answer(fact("2024-07-01", "2025-06-30", 64e9, "2025-07-30")),
    ],
    ids=["cut short", "HTML", "empty", "a list", "binary", "no facts", "another currency",
         "another company", "another concept", "NaN", "too many", "a year alone"],
)  # fmt: skip
def test_what_gives_no_quarter_is_refused_in_one_sentence(payload: bytes, capex: Indicator) -> None:
    with pytest.raises(UnexpectedPayload, match="SEC") as refused:
        read(payload, capex)
    assert str(refused.value).endswith(".")
    assert len(str(refused.value).splitlines()) == 1


def test_spans_of_time_are_no_counts_of_a_day(catalog: Catalog) -> None:
    with pytest.raises(UnexpectedPayload, match="must be quarterly"):
        read(answer(*FISCAL_2025), catalog["micron_shares_outstanding"])


def test_a_filing_is_read_quickly_however_long_its_history(capex: Indicator) -> None:
    rows = [
        fact(f"{year}-01-01", f"{year}-{end}", float(year), f"{year + 1 + again}-02-01")
        for year in range(1990, 2026)
        for end in ("03-31", "06-30", "09-30", "12-31")
        for again in range(100)
    ]
    start = time.process_time()
    assert len(read(answer(*rows), capex)) == 4 * 36
    assert time.process_time() - start < 3


def test_the_catalog_refuses_another_unit_or_frequency_than_that_of_the_indicator(
    tmp_path: Path,
) -> None:
    path = part_of_the_catalog(tmp_path / "c.yaml", "micron_inventory_usd_bn")
    text = path.read_text("utf-8")
    for old, new, said in (
        ('"unit": "billion USD"', '"unit": "USD"', "sec.unit is 'USD', where the indicator is in"),
        ('"quarterly"', '"monthly"', "are quarterly, or of the frequency event, not monthly"),
    ):
        path.write_text(text.replace(old, new), "utf-8")
        with pytest.raises(CatalogError, match=said):
            load_catalog(path)


# Over the loopback internet

QUARTERLY = ("microsoft_capex_usd_bn", "microsoft_revenue_usd_bn")
SHARE = "microsoft_capex_to_revenue_pct"
HARMLESS = ("reversed", "doubled", "extra-column", "shortened", "halved", "future")
Look = Callable[..., Report]


@pytest.fixture
def look(tmp_path: Path, data: Path, internet: Internet) -> Look:
    """A run of Microsoft's accounts."""
    catalog = load_catalog(part_of_the_catalog(tmp_path / "c.yaml", *QUARTERLY, SHARE))
    internet.sites.append(filings_of(catalog, date(2026, 11, 20)))
    settings = settings_of(
        data,
        XINZHI_PROXY=internet.proxy_url,
        XINZHI_CA_BUNDLE=str(internet.ca_pem),
        XINZHI_CONTACT="editor@example.org",
        XINZHI_TIMEOUT="2",
    )

    def do(*ids: str, source: str | None = "sec") -> Report:
        request = Request(ids=ids, source=source)
        return run(settings, catalog, request, lambda outcome: None)

    return do


def test_a_share_of_revenue_is_known_when_the_filing_came(look: Look, data: Path) -> None:
    assert look(*QUARTERLY, SHARE, source=None).exit_status == 0
    capex, revenue, share = (served(data, name) for name in (*QUARTERLY, SHARE))
    assert max(share) == date(2026, 7, 1)
    assert all(share[day] == pytest.approx(100 * capex[day] / revenue[day]) for day in share)
    before = datetime(2026, 10, 26, tzinfo=UTC)
    assert max(served(data, SHARE, before)) == date(2026, 4, 1)


def test_a_concept_that_a_company_never_used_is_no_failure_but_none_at_all_is(
    look: Look, internet: Internet
) -> None:
    assert look("microsoft_revenue_usd_bn").exit_status == 0
    assert [a.path.rsplit("/", 1)[1] for a in internet.requests] == [
        f"{REVENUE}.json", "Revenues.json", "SalesRevenueNet.json",
    ]  # fmt: skip
    internet.sites[:] = [SecSite()]
    (outcome,) = look("microsoft_revenue_usd_bn").outcomes
    assert outcome.problem == f"SEC has none of {REVENUE}, Revenues, SalesRevenueNet of CIK " \
        "0000789019."  # fmt: skip


@pytest.mark.parametrize("how", [how for how in MODES if how not in HARMLESS])
def test_a_failure_is_one_sentence_and_nothing_is_stored(
    how: str, look: Look, data: Path, internet: Internet
) -> None:
    internet.fail("data.sec.gov", how)
    report = look("microsoft_capex_usd_bn")
    (outcome,) = report.outcomes
    if how == "x100":  # a sum that is too high makes a quarter that is
        assert "beyond 200 %" in outcome.problem
    assert report.exit_status == 1
    assert outcome.problem[-1] in ".?"
    assert "\n" not in outcome.problem
    assert len(outcome.problem) < 400
    assert served(data, "microsoft_capex_usd_bn") == {}


@pytest.mark.parametrize("how", ["reversed", "doubled", "extra-column", "future"])
def test_what_can_still_be_read_is_read(
    how: str, look: Look, data: Path, internet: Internet
) -> None:
    internet.fail("data.sec.gov", how)
    report = look("microsoft_capex_usd_bn")
    (outcome,) = report.outcomes
    assert (report.exit_status, outcome.new) == (0, 13)
    assert ("left out" in outcome.notice) == (how == "future")
    assert max(served(data, "microsoft_capex_usd_bn")) == date(2026, 7, 1)


@pytest.mark.parametrize("how", ["halved", "shortened"])
def test_an_answer_that_rewrites_what_was_filed_waits_for_a_person(
    how: str, look: Look, data: Path, internet: Internet
) -> None:
    look("microsoft_capex_usd_bn")
    held = served(data, "microsoft_capex_usd_bn")
    internet.fail("data.sec.gov", how)
    (outcome,) = look("microsoft_capex_usd_bn").outcomes
    assert outcome.problem
    assert served(data, "microsoft_capex_usd_bn") == held


def test_a_new_filing_adds_a_quarter_and_a_restatement_revises_one(
    look: Look, data: Path, internet: Internet
) -> None:
    look("microsoft_capex_usd_bn")
    (site,) = internet.sites
    assert isinstance(site, SecSite)
    key = (789019, "us-gaap", CAPEX)
    first = site.facts[key][0]
    more = Told(first.end, int(first.value * 1.05), first.start, "10-Q", date(2026, 11, 25))
    site.facts[key] = [*site.facts[key], more]
    (outcome,) = look("microsoft_capex_usd_bn").outcomes
    assert (outcome.new, outcome.revised, outcome.problem) == (0, 1, "")
