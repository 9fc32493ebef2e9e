"""SEC's company facts: what companies told of a concept, with the days of their filings. Micron's
counts of shares are `Internet.shares`; this is everything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from upstreams import Answer, bent, json_answer

from etl.catalog import Catalog
from etl.frequency import months_after


class Told(NamedTuple):
    """A number of a filing; without `start` it is of a day."""

    end: date
    value: Any
    start: date | None
    form: str
    filed: date


#: About what a company tells: so that shares of one number in another are shares.
LEVELS = {"InventoryNet": 8e9, "GrossProfit": 20e9, "EntityCommonStockSharesOutstanding": 1e9}
CAPEX = 10e9
#: The month in which the fiscal year of a company begins, if it is not January.
YEARS = {723125: 9, 789019: 7}
#: Whose shares are not about a billion.
SHARES = {1046179: 26e9}


@dataclass
class SecSite:
    """The facts by company, taxonomy and concept; others have no page."""

    facts: dict[tuple[int, str, str], Sequence[Told]] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset({"data.sec.gov"})

    def answer(
        self, host: str, place: str, query: Mapping[str, str], headers: Mapping[str, str], how: str
    ) -> Answer | None:
        if "@" not in headers.get("user-agent", ""):
            return Answer(403, "text/html", b"<html>Undeclared Automated Tool</html>")
        *head, cik, taxonomy, tag = place.strip("/").removesuffix(".json").split("/")
        key = (int(cik.removeprefix("CIK")), taxonomy, tag)
        if head != ["api", "xbrl", "companyconcept"] or key not in self.facts:
            return None
        named = "value" if how == "renamed-column" else "val"
        unit = "shares" if tag.endswith("SharesOutstanding") else "USD"
        rows = [
            _row(Told(*told), named, f"{key[0]:010d}-{number:06d}", how)
            for number, told in enumerate(bent(self.facts[key], how))
        ]
        return json_answer({
            "cik": 320193 if how == "other-series" else key[0], "taxonomy": taxonomy, "tag": tag,
            "label": tag, "description": "As told by the company.", "entityName": "A COMPANY, INC.",
            "units": {"EUR" if how == "other-currency" else unit: rows},
        })  # fmt: skip


def _row(told: Told, named: str, accession: str, how: str) -> dict[str, Any]:
    span = {} if told.start is None else {"start": str(told.start)}
    more = {"segment": None} if how == "extra-column" else {}
    return {**span, "end": str(told.end), named: told.value, "accn": accession,
            "fy": told.filed.year, "fp": "FY" if told.form == "10-K" else "Q1", "form": told.form,
            "filed": str(told.filed), **more}  # fmt: skip


def filings_of(catalog: Catalog, until: date) -> SecSite:
    """What the companies of the catalog had told by the day `until`, of three years."""
    site = SecSite()
    for indicator in catalog.all():
        ref = indicator.ref("sec")
        if ref is None:
            continue
        concept, cik = str(ref.params["concept"]), int(ref.params["cik"])
        level = LEVELS.get(concept, CAPEX if concept.startswith("Payments") else 5 * CAPEX)
        if ref.params.get("taxonomy", "dei") == "dei":
            told = _counts(until, SHARES.get(cik, level))
        else:
            years = _years(cik, until)
            told = _balances(years, level) if concept in LEVELS else _sums(years, level)
            if concept == "GrossProfit":
                told = _sums(years, level)
        site.facts[cik, ref.params.get("taxonomy", "dei"), concept] = [
            one for one in told if one.filed <= until
        ]
    return site


def _years(cik: int, until: date) -> list[date]:
    """The first days of fiscal years."""
    return [date(year, YEARS.get(cik, 1), 1) for year in range(until.year - 3, until.year + 1)]


def _counts(until: date, level: float) -> Iterator[Told]:
    for back in range(8, 0, -1):
        end = until - timedelta(days=91 * back)
        yield Told(end, int(level) + back, None, "10-Q", end + timedelta(days=8))


def _quarter_ends(years: Sequence[date]) -> Iterator[tuple[date, int, date, str, date]]:
    """For each quarter the first day of its year, its number, its last day, form and filing."""
    for start in years:
        for number in (1, 2, 3, 4):
            end = months_after(start, 3 * number) - timedelta(days=1)
            form, days = ("10-K", 33) if number == 4 else ("10-Q", 27)
            yield start, number, end, form, end + timedelta(days=days)


def _balances(years: Sequence[date], level: float) -> Iterator[Told]:
    for place, (_, _, end, form, filed) in enumerate(_quarter_ends(years)):
        yield Told(end, int(level * (1 + place / 100)), None, form, filed)


def _sums(years: Sequence[date], level: float) -> Iterator[Told]:
    """From the start of the year on; the first quarter is one, the others are not told alone."""
    for start, number, end, form, filed in _quarter_ends(years):
        yield Told(end, int(level * (number + start.year % 10 / 10)), start, form, filed)
