"""China's National Bureau of Statistics: the data service that replaced the old one in 2026.

A table (`cid`) holds series (`indicator`), both named by ids that the bureau gives anew with each
change of base: an older base stands in a table of its own (`earlier`). A name says what is counted,
over which span and in which unit, so the whole name must be that of the catalog. An index of the
same month a year before (上年同月=100) is taken as a change: less a hundred. What is not published
yet comes empty, or as 无. For much of industry January and February have no month of their own,
only the two together: their months are empty, and stay so. Periods come newest first. Too many
questions at once are answered with a page of JavaScript, for some minutes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from etl.catalog import Indicator
from etl.errors import UnexpectedPayload, beginning, quoted
from etl.frequency import Frequency
from etl.ingest.upstream import Upstream
from etl.records import BEIJING, Observation, now
from etl.sources.base import FIRST_DAY, Params, RowSource, decimal, json_of

ADDRESS = "https://data.stats.gov.cn/dg/website/publicrelease/web/external/stream/esData"
#: Without the first two it answers with a page for people.
HEADERS = {
    "Accept": "application/json, text/plain, */*",
    "X-Requested-With": "XMLHttpRequest",
    "Content-Type": "application/json;charset=UTF-8",
    "Referer": "https://data.stats.gov.cn/dg/website/page.html",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
}
#: The whole country.
COUNTRY = "000000000000"
#: Its words for what is not there: a value not published, a unit not needed.
NOTHING = frozenset({"", "无"})
#: A change on a year before is told as an index of that year.
OF_A_YEAR_BEFORE = ("上年同月=100", "上年同期=100")
MOST_PERIODS = 5_000
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Timescale:
    """How the service writes the periods of a frequency, and the root of its tables."""

    code: re.Pattern[str]
    suffix: str
    months: int
    root: str


SPANS: Mapping[Frequency, Timescale] = {
    "monthly": Timescale(
        re.compile(r"(\d{4})(0[1-9]|1[0-2])MM", re.ASCII), "MM", 1,
        "fc982599aa684be7969d7b90b1bd0e84",
    ),
    "quarterly": Timescale(
        re.compile(r"(\d{4})(0[1-4])SS", re.ASCII), "SS", 3, "a94b8b7365a94874968cabbe392cf679"
    ),
    "annual": Timescale(
        re.compile(r"(\d{4})()YY", re.ASCII), "YY", 12, "884c062607104a91967b22742537f44f"
    ),
}  # fmt: skip
#: The bureau's word for the unit of an indicator, and how many of ours one of its is.
UNITS: Mapping[str, tuple[str, Decimal]] = {
    "percent": ("%", Decimal(1)),
    "share": ("%", Decimal(1)),
    "kwh_bn": ("亿千瓦时", Decimal("0.1")),
    "cny_bn": ("亿元", Decimal("0.1")),
    "sets": ("套", Decimal(1)),
    "chips_bn": ("亿块", Decimal("0.1")),
    "vehicles": ("万辆", Decimal(10_000)),
}


@dataclass(frozen=True, slots=True)
class StatsGovCn(RowSource):
    """国家数据, data.stats.gov.cn."""

    name: str = "stats_gov_cn"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        tables = [(str(params["cid"]), str(params["indicator"]))]
        if since == FIRST_DAY:
            tables += [_pair(one) for one in params.get("earlier", ())]
        answers = [
            out.get(ADDRESS, headers=HEADERS, question=_question(indicator, params, table, since))
            for table in tables
        ]
        if len(answers) == 1:
            return answers[0]
        told = [answer.decode("utf-8", "replace") for answer in answers]
        return json.dumps({"answers": told}).encode()

    def read(
        self, payload: bytes, indicator: Indicator, params: Params
    ) -> tuple[list[Observation], list[str]]:
        return _read(payload, indicator, params)

    def no_row(self, params: Params) -> str:
        return f"The bureau sent {params['title']} without a single value."

    def reaches_back_to(self, params: Params, since: date, today: date) -> date:
        return since


def _pair(text: object) -> tuple[str, str]:
    cid, _, series = str(text).partition("/")
    return cid, series


def _span(indicator: Indicator) -> Timescale:
    if indicator.frequency not in SPANS:
        raise UnexpectedPayload(
            f"The bureau has months, quarters and years; {indicator.id} is {indicator.frequency}."
        )
    return SPANS[indicator.frequency]


def _question(indicator: Indicator, params: Params, table: tuple[str, str], since: date) -> bytes:
    """What the page of the bureau itself posts."""
    span, until = _span(indicator), now().astimezone(BEIJING).date()
    first = date.fromisoformat(f"{params.get('from', '1990-01')}-01")
    asked = {
        "cid": table[0],
        "indicatorIds": [table[1]],
        "daCatalogId": "",
        "das": [{"text": "", "value": str(params.get("area", COUNTRY))}],
        "showType": "1",
        "dts": [f"{_code(max(first, since), span)}-{_code(until, span)}"],
        "rootId": str(params.get("root", span.root)),
    }
    return json.dumps(asked, ensure_ascii=False).encode()


def _code(day: date, span: Timescale) -> str:
    period = "" if span.months == 12 else f"{(day.month - 1) // span.months + 1:02d}"
    return f"{day.year}{period}{span.suffix}"


def _read(
    payload: bytes, indicator: Indicator, params: Params
) -> tuple[list[Observation], list[str]]:
    """The values of an answer in order of date, and what is wrong with the periods that have
    none."""
    found: dict[date, Observation] = {}
    wrong: list[str] = []
    span = _span(indicator)
    word, factor = _unit(indicator)
    tables = [
        (str(params["cid"]), str(params["indicator"])), *map(_pair, params.get("earlier", ()))
    ]  # fmt: skip
    first = date.fromisoformat(f"{params.get('from', '0001-01')}-01")
    area = str(params.get("area", COUNTRY))
    for answer, (_, series) in zip(_answers(payload), tables, strict=False):
        for period in _periods(answer, params):
            try:
                day = _day(period, span, params)
                cell = _cell(period, series, area, params, word, day)
                if cell is None or day < first:
                    continue
                value = _number(cell, factor, params, day)
            except UnexpectedPayload as error:
                wrong.append(str(error))
                continue
            if day in found:
                raise UnexpectedPayload(f"The bureau's {params['title']} has two values of {day}.")
            credit = f"National Bureau of Statistics of China, {params['title']}"
            found[day] = Observation(day, value, credit=credit)
    return [found[day] for day in sorted(found)], wrong


def _unit(indicator: Indicator) -> tuple[str, Decimal]:
    if indicator.unit not in UNITS:
        known = ", ".join(sorted(UNITS))
        raise UnexpectedPayload(
            f"{indicator.id} is in '{indicator.unit}', for which the bureau has no word here "
            f"(known: {known})."
        )
    return UNITS[indicator.unit]


def _answers(payload: bytes) -> Iterator[Any]:
    """The answers in a payload, one for each table."""
    answer = _json(payload)
    if isinstance(answer, dict) and "answers" in answer:
        yield from (_json(str(one).encode()) for one in answer["answers"])
    else:
        yield answer


def _json(payload: bytes) -> Any:
    try:
        return json_of(payload)
    except ValueError:
        shown = beginning(payload[:MOST_SHOWN].decode("utf-8", "replace"))
        raise UnexpectedPayload(
            f"The bureau sent no JSON (it begins: {shown}). After many questions it wants a "
            "browser for some minutes."
        ) from None


def _periods(answer: Any, params: Params) -> list[Any]:
    said = answer if isinstance(answer, dict) else {}
    periods = said.get("data")
    if said.get("success") is not True or not isinstance(periods, list):
        told = quoted(said.get("message", ""))
        raise UnexpectedPayload(f"The bureau did not answer for {params['title']}: {told}.")
    if len(periods) > MOST_PERIODS:
        raise UnexpectedPayload(f"The bureau sent more than {MOST_PERIODS:,} periods.")
    return periods


def _day(period: Any, span: Timescale, params: Params) -> date:
    """The first day of a period, which its code and, where it has one, its name must agree on."""
    code = str(period.get("code", "")) if isinstance(period, dict) else ""
    match = span.code.fullmatch(code)
    if match is None:
        raise UnexpectedPayload(
            f"The bureau's {params['title']}: '{quoted(code)}' is no period like "
            f"{_code(date(2026, 4, 1), span)}."
        )
    day = date(int(match[1]), (int(match[2] or 1) - 1) * span.months + 1, 1)
    name = "".join(str(period.get("name") or "").split())
    if span.months == 1 and name not in ("", f"{day.year}年{day.month}月"):
        raise UnexpectedPayload(
            f"The bureau's {params['title']} of {code} is for '{quoted(name)}', which is no month."
        )
    return day


def _cell(
    period: dict[str, Any], series: str, area: str, params: Params, word: str, day: date
) -> Any:
    """The value of the series in a period; None if it is not published."""
    cells = [one for one in period.get("values") or () if isinstance(one, dict)]
    mine = [one for one in cells if one.get("_id") == series]
    if not mine:
        if cells:
            raise UnexpectedPayload(
                f"The bureau sent '{quoted(cells[0].get('i_showname', ''))}' of {day} where "
                f"{params['title']} was asked for."
            )
        return None
    (cell, *more) = mine
    name, asked = _plain(cell.get("i_showname", "")), _plain(params["title"])
    if more or name != asked or str(cell.get("da", area)) != area:
        raise UnexpectedPayload(
            f"The bureau calls the series '{quoted(name)}' ({quoted(cell.get('da', ''))}) in "
            f"{day}; '{asked}' ({area}) was expected."
        )
    told = str(cell.get("du_name") or "").strip()
    if told != word and not (_index(params) and told in NOTHING):
        raise UnexpectedPayload(
            f"The bureau gives {params['title']} of {day} in '{quoted(told)}'; '{word}' was "
            "expected."
        )
    if "value" not in cell:
        raise UnexpectedPayload(f"The bureau's {params['title']} of {day} has no field 'value'.")
    value = cell["value"]
    return None if value is None or value in NOTHING else value


def _plain(name: object) -> str:
    """A name without blanks, in plain brackets."""
    return "".join(str(name).split()).replace("（", "(").replace("）", ")")


def _index(params: Params) -> bool:
    return any(base in _plain(params["title"]) for base in OF_A_YEAR_BEFORE)


def _number(cell: Any, factor: Decimal, params: Params, day: date) -> float:
    what = f"The bureau's {params['title']} of {day}"
    decimal(str(cell), what)
    value = Decimal(str(cell))
    return float(value - 100 if _index(params) else value * factor)
