"""The data service of China's statistics bureau: it is asked by posting, and answers newest first
with every period of the span, those without a value too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from upstreams import Answer, bent, json_answer

from etl.catalog import Catalog, Indicator

_PLACE = "/dg/website/publicrelease/web/external/stream/esData"
_PAGE = b"<!DOCTYPE html><html><script>var _0x1=['a'];</script></html>"
_UNIT = re.compile(r"\((.+?)\)$")
Value = tuple[date, float | None]


@dataclass
class Told:
    """One series as the bureau has it: its name, its unit in its own word, its values in that.
    `words` stand where a value would: 无."""

    title: str
    unit: str
    values: Sequence[Value]
    words: Mapping[date, str] = field(default_factory=dict)


@dataclass
class StatsGovCnSite:
    """Its series by table and id, in that order."""

    series: dict[tuple[str, str], Told] = field(default_factory=dict)
    posted: list[dict[str, Any]] = field(default_factory=list)
    hosts: frozenset[str] = frozenset({"data.stats.gov.cn"})

    def answer(
        self, host: str, place: str, query: Mapping[str, str], headers: Mapping[str, str], how: str
    ) -> Answer | None:
        if place != _PLACE:
            return None
        if "json" not in headers.get("accept", "") or "x-requested-with" not in headers:
            return Answer(200, "text/html", _PAGE)
        asked = json.loads(query["posted"])
        self.posted.append(asked)
        key = (asked["cid"], asked["indicatorIds"][0])
        if key not in self.series:
            return json_answer(
                {"success": False, "state": 50000, "message": "查询失败", "data": None}
            )
        told, (span,) = self.series[key], asked["dts"]
        first, last = span.split("-")
        rows = [row for row in told.values if first <= _code(row[0], span) <= last]
        periods = [
            _period(day, value, span, key[1], told, asked["das"][0]["value"], how)
            for day, value in reversed(bent(rows, how))
        ]
        return json_answer({"success": True, "state": 20000, "message": "", "data": periods})


def _code(day: date, span: str) -> str:
    if span.endswith("YY"):
        return f"{day.year}YY"
    number = day.month if span.endswith("MM") else (day.month + 2) // 3
    return f"{day.year}{number:02d}{span[-2:]}"


def _period(
    day: date, value: Any, span: str, series: str, told: Told, area: str, how: str
) -> dict[str, Any]:
    code = _code(day, span)
    name = {"MM": f"{day.year}年{day.month}月", "YY": f"{day.year}年"}.get(
        span[-2:], f"{day.year}年第{'一二三四'[(day.month - 1) // 3]}季度"
    )
    plain = value if isinstance(value, str) or value is None else f"{round(value, 6):.10g}"
    cell = {
        "_id": "0" * 32 if how == "other-series" else series,
        "i_showname": told.title,
        "du_name": "美元" if how == "other-currency" else told.unit,
        "da": area,
        "da_name": "全国",
        "num" if how == "renamed-column" else "value": value
        if how == "nan"
        else told.words.get(day, "" if plain is None else plain),
        **({"extra": "1"} if how == "extra-column" else {}),
    }
    return {"code": code, "name": name, "values": [cell]}


def bureau_of(catalog: Catalog, until: date) -> StatsGovCnSite:
    """Plausible values for every series in the catalog, of the last three years up to a day. Of
    industry January and February have none."""
    site = StatsGovCnSite()
    for indicator in catalog.all():
        ref = indicator.ref("stats_gov_cn")
        if ref is not None:
            key = (ref.params["cid"], ref.params["indicator"])
            title = str(ref.params["title"])
            site.series[key] = Told(title, _unit(title), list(_plausible(indicator, title, until)))
            for earlier in ref.params.get("earlier", ()):
                cid, _, series = earlier.partition("/")
                site.series[cid, series] = Told(title, _unit(title), [])
    return site


def _unit(title: str) -> str:
    found = _UNIT.search(title)
    return found[1] if found and "=" not in found[1] else "无"


def _plausible(indicator: Indicator, title: str, until: date) -> Iterator[Value]:
    level = {"share": 50.2 if "采购经理" in title else 100.8 if "=100" in title else 2.4,
             "kwh_bn": 8000.0, "sets": 90_000.0, "chips_bn": 450.0, "vehicles": 130.0}  # fmt: skip
    step = 3 if indicator.frequency == "quarterly" else 1
    pooled = indicator.expect.max_gap is not None and indicator.expect.max_gap > 1
    for month in range((until.year - 3) * 12, until.year * 12 + until.month - 1, step):
        day = date(month // 12, month % 12 + 1, 1)
        if indicator.public_at(day).date() <= until:
            none = pooled and day.month < 3
            yield day, None if none else level[indicator.unit] * (1 + month % 4 / 1000)
