"""The China Foreign Exchange Trade System (chinamoney.com.cn): central parity rates of the yuan,
and loan prime rates.

It answers for less than a year at a time, in pages of at most 50 rows, newest first; a longer span
gets no rows and a sentence in `flagMessage`. `data.searchlist` names the pairs that it understood,
and the values of a row stand in that order. A pair is written as currency per yuan or yuan per
currency (`USD/CNY`, `CNY/KRW`); the other way round is dropped without a word. `---` is no value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from etl.catalog import Indicator
from etl.errors import UnexpectedPayload, beginning, quoted
from etl.ingest.upstream import Upstream
from etl.records import BEIJING, Observation, now
from etl.sources.base import Params, Source, decimal, decoded, in_order, json_of

SITE = "https://www.chinamoney.com.cn"
PARITY = f"{SITE}/ags/ms/cm-u-bk-ccpr/CcprHisNew"
RATES = f"{SITE}/ags/ms/cm-u-bk-currency/LprHis"
#: The site answers its own pages.
ASKING = {"Referer": f"{SITE}/chinese/bkccpr/", "User-Agent": "Mozilla/5.0"}
#: The loan prime rates, by the name of their column.
LPR = {"LPR 1Y": "1Y", "LPR 5Y": "5Y"}
#: The first central parity that is answered, and the day from which the loan prime rate is what it
#: is now: quoted by eighteen banks once a month.
FIRST_PARITY, FIRST_RATE = date(2006, 1, 4), date(2019, 8, 20)
WINDOW = timedelta(days=360)
PAGE_ROWS, MOST_PAGES = 50, 10
MISSING = frozenset({"", "-", "--", "---"})


@dataclass(frozen=True, slots=True)
class Cfets(Source):
    """中国外汇交易中心（中国货币网）."""

    name: str = "cfets"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        series, today = str(params["series"]), now().astimezone(BEIJING).date()
        # Of rates that hold between changes, only the whole history shows every change.
        first = FIRST_RATE if series in LPR else max(since, FIRST_PARITY)
        answers = []
        while first <= today:
            last = min(first + WINDOW, today)
            answers += list(_window(series, first, last, out))
            first = last + timedelta(days=1)
        return json.dumps({"series": series, "answers": answers}).encode()

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        series = str(params["series"])
        rows = sorted(_rows(payload, series))
        found: list[Observation] = []
        before: date | None = None
        for day, value in rows:
            in_order(before, day, f"CFETS {series}")
            before = day
            if indicator.frequency != "event" or not found or found[-1].value != value:
                found.append(Observation(day, value, credit=f"CFETS, {series}"))
        if not found:
            raise UnexpectedPayload(f"CFETS sent {series} without a single value.")
        return found

    def reaches_back_to(self, params: Params, since: date, today: date) -> date:
        return date.min if params["series"] in LPR else since


def _window(series: str, first: date, last: date, out: Upstream) -> Iterator[str]:
    """Every page of a span, unchanged."""
    for page in range(1, MOST_PAGES + 1):
        if series in LPR:
            asked = {"lang": "CN", "strStartDate": first, "strEndDate": last}
            url = f"{RATES}?{urlencode(asked)}"
        else:
            asked = {"startDate": first, "endDate": last, "currency": series}
            paged = {**asked, "pageNum": page, "pageSize": PAGE_ROWS}
            url = f"{PARITY}?{urlencode(paged)}"
        answer = decoded(out.get(url, headers=ASKING))
        yield answer
        pages = _document(answer, series)["data"].get("pageTotal")
        if not isinstance(pages, int) or page >= pages:
            return
    raise UnexpectedPayload(f"CFETS has more than {MOST_PAGES} pages of {series} in a year.")


def _document(answer: str, series: str) -> Mapping[str, Any]:
    """An answer with its `data` and `records`; UnexpectedPayload in words if it is none, or a
    refusal."""
    try:
        document = json_of(answer.encode())
        head, data, records = document["head"], document["data"], document["records"]
        good = isinstance(data, dict) and isinstance(records, list)
        code, said = head.get("rep_code"), data.get("flagMessage") or data.get("message")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        good, code, said = False, None, None
    if not good:
        raise UnexpectedPayload(
            f"CFETS sent no values of {series} (it begins: {beginning(answer)})."
        )
    if str(code) != "200" or (said and not records):
        raise UnexpectedPayload(f"CFETS refuses {series}: '{quoted(said or code)}'.")
    result: Mapping[str, Any] = document
    return result


def _rows(payload: bytes, series: str) -> Iterator[tuple[date, float]]:
    try:
        told = json_of(payload)
        answers, same = list(told["answers"]), told["series"] == series
    except (ValueError, KeyError, TypeError):
        raise UnexpectedPayload(f"CFETS sent no values of {series}.") from None
    if not same:
        raise UnexpectedPayload(f"CFETS sent another series than {series}.")
    for answer in answers:
        document = _document(answer, series)
        at = None if series in LPR or not document["records"] else _place(document["data"], series)
        for record in document["records"]:
            day, cell = _cell(record, series, at)
            if cell not in MISSING:
                yield day, decimal(cell, f"CFETS {series}, {day}")


def _place(data: Mapping[str, Any], series: str) -> int:
    """Where the values of a pair stand."""
    pairs = data.get("searchlist")
    if not isinstance(pairs, list) or series not in pairs:
        raise UnexpectedPayload(f"CFETS sent '{quoted(pairs)}' where {series} was asked for.")
    return pairs.index(series)


def _cell(record: Any, series: str, at: int | None) -> tuple[date, str]:
    try:
        day = date.fromisoformat(record["showDateCN" if at is None else "date"])
        cell = record[LPR[series]] if at is None else record["values"][at]
    except (ValueError, KeyError, TypeError, IndexError):
        raise UnexpectedPayload(
            f"CFETS {series}: '{quoted(record)}' is no day with its value."
        ) from None
    if cell is not None and not isinstance(cell, str):
        raise UnexpectedPayload(f"CFETS {series}, {day}: '{quoted(cell)}' is no text.")
    return day, (cell or "").strip()
