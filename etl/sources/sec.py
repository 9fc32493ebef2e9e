"""SEC's company facts: numbers from the cover pages of filings, each with its filing date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from etl.catalog import Indicator
from etl.errors import SourceUnavailable, UnexpectedPayload
from etl.ingest.upstream import Upstream
from etl.records import Observation
from etl.sources.base import Params, Source, json_of, number

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
        try:
            answer = json_of(payload)
            if (int(answer["cik"]), answer["tag"]) != (int(params["cik"]), params["concept"]):
                raise UnexpectedPayload(
                    f"SEC sent {answer['tag']} of CIK {answer['cik']}, not {params['concept']} of "
                    f"CIK {params['cik']}."
                )
            found = [_observation(fact, indicator) for fact in answer["units"]["shares"]]
        except (ValueError, KeyError, TypeError) as error:
            raise UnexpectedPayload(
                f"SEC sent no share counts for CIK {params['cik']} ({error!r})."
            ) from None
        if not found:
            raise UnexpectedPayload(f"SEC sent no share count for CIK {params['cik']}.")
        # A filing says of itself what it counts and when: the order of the list says nothing.
        return sorted(found, key=lambda o: (o.date, o.public_at is None or o.public_at))


def _observation(fact: Any, indicator: Indicator) -> Observation:
    end, filed = date.fromisoformat(fact["end"]), date.fromisoformat(fact["filed"])
    count = number(fact["val"], f"SEC's count of {end}")
    if filed < end:
        raise UnexpectedPayload(f"SEC's count of {end} was filed before, on {filed}.")
    return Observation(
        date=end,
        value=count,
        public_at=indicator.publication.on(filed),
        credit=f"SEC EDGAR, cover page of Form {fact['form']} filed {filed}",
    )
