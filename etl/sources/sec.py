"""SEC's company facts: numbers from the cover pages of filings, each with its filing date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from etl.catalog import Indicator
from etl.errors import SourceUnavailable, UnexpectedPayload, quoted
from etl.ingest.upstream import Upstream
from etl.records import Observation
from etl.sources.base import Params, Source, json_of, left_out, number

ADDRESS = "https://data.sec.gov/api/xbrl/companyconcept/CIK{cik}/dei/{concept}.json"


@dataclass(frozen=True, slots=True)
class Sec(Source):
    """U.S. Securities and Exchange Commission; answers only who leaves an address."""

    name: str = "sec"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        if not out.settings.contact:
            raise SourceUnavailable(
                "data.sec.gov was not asked: it demands a contact; set XINZHI_CONTACT to an e-mail "
                "address.",
                host="data.sec.gov",
            )
        return out.get(ADDRESS.format(cik=params["cik"], concept=params["concept"]))

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        found, wrong = _read(payload, indicator, params)
        if not found:
            told = wrong[0] if wrong else f"SEC sent no share count for CIK {params['cik']}."
            raise UnexpectedPayload(told)
        # A filing says of itself what it counts and when: the order of the list says nothing.
        return sorted(found, key=lambda o: (o.date, o.public_at is None or o.public_at))

    def notes(
        self, payload: bytes, indicator: Indicator, params: Params, known_at: datetime
    ) -> Sequence[str]:
        return left_out(_read(payload, indicator, params)[1])


def _read(
    payload: bytes, indicator: Indicator, params: Params
) -> tuple[list[Observation], list[str]]:
    """The counts of an answer, and what is wrong with the rows that are none."""
    try:
        answer = json_of(payload)
        asked = (int(params["cik"]), params["concept"])
        came = (int(answer["cik"]), answer["tag"])
        facts = list(answer["units"]["shares"])
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise UnexpectedPayload(
            f"SEC sent no share counts for CIK {params['cik']} ({quoted(repr(error))})."
        ) from None
    if came != asked:
        raise UnexpectedPayload(
            f"SEC sent {quoted(came[1])} of CIK {came[0]}, not {params['concept']} of "
            f"CIK {params['cik']}."
        )
    found: list[Observation] = []
    wrong: list[str] = []
    for fact in facts:
        try:
            found.append(_observation(fact, indicator))
        except UnexpectedPayload as error:
            wrong.append(str(error))
    return found, wrong


def _observation(fact: Any, indicator: Indicator) -> Observation:
    try:
        end, filed = date.fromisoformat(fact["end"]), date.fromisoformat(fact["filed"])
        form, said = quoted(fact["form"]), fact["val"]
    except (ValueError, KeyError, TypeError):
        raise UnexpectedPayload(f"SEC's row '{quoted(fact)}' is no count of a filing.") from None
    count = number(said, f"SEC's count of {end}")
    if filed < end:
        raise UnexpectedPayload(f"SEC's count of {end} was filed before, on {filed}.")
    return Observation(
        date=end,
        value=count,
        public_at=indicator.publication.on(filed),
        credit=f"SEC EDGAR, cover page of Form {form} filed {filed}",
    )
