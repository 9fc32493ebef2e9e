"""China Securities Index: daily levels of the indices it calculates, those of Shanghai included.

It answers in mainland China and without a key, but only some forty times an hour from one address:
then 403 for half an hour. A code that it does not know gets a good answer without a row. On some
holidays it repeats the level of the day before; rows of days when the market is shut are dropped
like any other. Themes have no opening, high and low for their first years.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from etl.catalog import Indicator
from etl.errors import UnexpectedPayload, quoted
from etl.ingest.upstream import Upstream
from etl.records import BEIJING, Observation, now
from etl.sources.base import FIRST_DAY, Params, RowSource, in_order, json_of, number

ADDRESS = "https://www.csindex.com.cn/csindex-home/perf/index-perf"
HEADERS = {"Accept": "application/json", "Referer": "https://www.csindex.com.cn/"}
#: The base day of its oldest index.
FIRST = date(1990, 12, 19)
MOST_ROWS = 60_000


@dataclass(frozen=True, slots=True)
class Csindex(RowSource):
    """China Securities Index Company: what is shown here may not be passed on."""

    name: str = "csindex"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        first = FIRST if since == FIRST_DAY else since
        asked = {
            "indexCode": params["code"],
            "startDate": f"{first:%Y%m%d}",
            "endDate": f"{now().astimezone(BEIJING):%Y%m%d}",
        }
        return out.get(f"{ADDRESS}?{urlencode(asked)}", headers=HEADERS)

    def read(
        self, payload: bytes, indicator: Indicator, params: Params
    ) -> tuple[list[Observation], list[str]]:
        return _read(payload, indicator, params)

    def no_row(self, params: Params) -> str:
        return f"CSI sent no day of {params['code']}."

    def reaches_back_to(self, params: Params, since: date, today: date) -> date:
        return since


def _read(
    payload: bytes, indicator: Indicator, params: Params
) -> tuple[list[Observation], list[str]]:
    """The levels of an answer, and what is wrong with the rows that have none."""
    code = str(params["code"])
    if indicator.unit != "points":
        raise UnexpectedPayload(
            f"CSI gives {code} in points; {indicator.id} is in '{indicator.unit}'."
        )
    found: list[Observation] = []
    wrong: list[str] = []
    previous: date | None = None
    for row in _rows(payload, code):
        day = _day(row, code)
        in_order(previous, day, f"CSI's {code}")
        previous = day
        try:
            close = _close(row, f"CSI's {code} of {day}")
        except UnexpectedPayload as error:
            wrong.append(str(error))
        else:
            found.append(Observation(day, close, credit=f"CSI {code}"))
    return found, wrong


def _rows(payload: bytes, code: str) -> Iterator[dict[str, Any]]:
    try:
        answer = json_of(payload)
        said, rows = str(answer["code"]), answer["data"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnexpectedPayload(f"CSI sent no levels of {code} ({quoted(repr(error))}).") from None
    if said != "200":
        told = quoted(answer.get("msg", ""))
        raise UnexpectedPayload(f"CSI did not answer for {code}: {quoted(said)} {told}.")
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        raise UnexpectedPayload(f"CSI sent no list of days of {code} that can be read.")
    for row in rows:
        if not isinstance(row, dict) or row.get("indexCode") != code:
            raise UnexpectedPayload(f"CSI sent '{quoted(row)}' where {code} was asked for.")
        yield row


def _day(row: dict[str, Any], code: str) -> date:
    try:
        return datetime.strptime(row["tradeDate"], "%Y%m%d").date()
    except (ValueError, KeyError, TypeError):
        raise UnexpectedPayload(
            f"CSI's {code}: '{quoted(row)}' has no day like 20260930."
        ) from None


def _close(row: dict[str, Any], what: str) -> float:
    """The close of a day, which lies between its low and its high where these are told."""
    if "close" not in row:
        raise UnexpectedPayload(f"{what}: '{quoted(row)}' has no close.")
    close = number(row["close"], what)
    low, high = row.get("low"), row.get("high")
    if low and high and not number(low, what) <= close <= number(high, what):
        raise UnexpectedPayload(f"{what}: {close:g} lies outside its day, {low} to {high}.")
    return close
