"""China's National Energy Administration: its monthly notices of how much electricity was used.

There is no table: each notice is a page of prose, found through the list behind its news page. A
value is taken only from a sentence that names one month, the quantity and the unit. Most notices
also tell the sum since January (1～7月), and in February and December often nothing else: a sum is
never a month. The months are named without a year, which is that of the notice. The same notice may
be told twice, by the administration and later after a newspaper.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup

from etl.catalog import Indicator
from etl.errors import UnexpectedPayload, beginning, quoted
from etl.ingest.upstream import Upstream
from etl.records import BEIJING, Observation, now
from etl.sources.base import Params, RowSource, json_of

HOST = "www.nea.gov.cn"
#: The list behind https://www.nea.gov.cn/xwfb/.
LIST = f"https://{HOST}/xwfb/ds_4f3484af7ea244e7ab18d094856c82a6.json"
HEADERS = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"}
WHOLE, INTERNET = "全社会", "互联网数据服务"
TITLE = "全社会用电量"
MOST_NOTICES = 15
#: A notice tells of a month that began at most so long before.
LATEST = timedelta(days=100)
#: How far a clock may be wrong.
AHEAD = timedelta(days=1)
#: How far back its notices are always read.
BACK = timedelta(days=92)
_BLANK = re.compile(r"\s+")
_MONTH = re.compile(
    r"(?<![\d～~—–－﹣\-至年前])(?:(?P<year>\d{4})年)?(?P<month>\d{1,2})月份?，[^。；\d累]{0,40}"
    r"全社会用电量[^。；\d累]{0,20}?(?P<value>\d+(?:\.\d+)?)(?P<unit>[^\d。，；]{0,3}千瓦时)",
    re.ASCII,
)
_INTERNET = re.compile(
    r"充换电服务业、互联网数据服务(?:业)?用电量[^。；\d]{0,20}分别(?:为|达到)?"
    r"\d+(?:\.\d+)?亿(?:千瓦时)?、(?P<value>\d+(?:\.\d+)?)(?P<unit>[^\d。，；]{0,3}千瓦时)",
    re.ASCII,
)
#: Where the sum since January begins.
_SUM = re.compile(r"1[～~—–－﹣\-至]\d{1,2}月|(?:\d{4}年|全年)，", re.ASCII)
UNIT = "亿千瓦时"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice of the list."""

    title: str
    url: str
    published: datetime


@dataclass(frozen=True, slots=True)
class Nea(RowSource):
    """国家能源局; `of` says whose electricity: 全社会 or 互联网数据服务."""

    name: str = "nea"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        notices = _notices(out.get(LIST, headers=HEADERS), since, now())
        read: list[dict[str, str]] = []
        for notice in notices:
            row = {
                "title": notice.title,
                "url": notice.url,
                "published": notice.published.isoformat(),
            }
            try:
                page = out.get(notice.url, headers=HEADERS)
            except UnexpectedPayload as error:
                read.append({**row, "problem": str(error)})
            else:
                read.append({**row, "page": page.decode("utf-8", "replace")})
        return json.dumps({"notices": read}, ensure_ascii=False).encode()

    def read(
        self, payload: bytes, indicator: Indicator, params: Params
    ) -> tuple[list[Observation], list[str]]:
        return _read(payload, indicator, params)

    def reaches_back_to(self, params: Params, since: date, today: date) -> date:
        return max(since, today - BACK)


def _notices(payload: bytes, since: date, moment: datetime) -> list[Notice]:
    """The newest notices of electricity use that came out since a day, newest first."""
    try:
        rows = json_of(payload)["datasource"]
        listed = [row for row in rows if TITLE in _title(row)]
    except (ValueError, KeyError, TypeError):
        shown = beginning(payload[:200].decode("utf-8", "replace"))
        raise UnexpectedPayload(f"The NEA sent no list of news (it begins: {shown}).") from None
    if not listed:
        raise UnexpectedPayload(f"None of the NEA's {len(rows)} news has {TITLE} in its title.")
    found = {notice.url: notice for notice in map(_notice, listed)}
    for notice in found.values():
        if notice.published > moment + AHEAD:
            raise UnexpectedPayload(
                f"The NEA dates '{quoted(notice.title)}' {notice.published.date()}, which is to "
                "come."
            )
    recent = [notice for notice in found.values() if notice.published.date() >= since]
    recent.sort(key=lambda notice: notice.published, reverse=True)
    return recent[:MOST_NOTICES]


def _title(row: Mapping[str, Any]) -> str:
    """The title of a row, which may stand inside a link."""
    told = str(row.get("title") or row.get("showTitle") or "")
    return BeautifulSoup(told, "html.parser").get_text().strip()


def _notice(row: Mapping[str, Any]) -> Notice:
    title = _title(row)
    try:
        there = urlsplit(urljoin(LIST, str(row["publishUrl"])))
        told = datetime.strptime(row["publishTime"], "%Y-%m-%d %H:%M:%S")
    except (KeyError, TypeError, ValueError):
        raise UnexpectedPayload(
            f"The NEA lists '{quoted(title)}' without an address or a time like "
            "2026-05-15 17:10:41."
        ) from None
    if there.netloc != HOST or there.scheme not in ("http", "https"):
        raise UnexpectedPayload(f"The NEA's '{quoted(title)}' is not on {HOST}.")
    return Notice(title, there._replace(scheme="https").geturl(), told.replace(tzinfo=BEIJING))


def _read(
    payload: bytes, indicator: Indicator, params: Params
) -> tuple[list[Observation], list[str]]:
    """The months of the notices in order, and what is wrong with the notices that give none."""
    found: dict[date, Observation] = {}
    wrong: list[str] = []
    disputed: set[date] = set()
    if params["of"] not in (WHOLE, INTERNET):
        raise UnexpectedPayload(f"The NEA is read for {WHOLE} or {INTERNET}.")
    if indicator.unit != "kwh_bn":
        raise UnexpectedPayload(f"The NEA's use is in {UNIT}; {indicator.id} is not.")
    for notice, page in _pages(payload, wrong):
        what = f"The NEA's '{quoted(notice.title)}'"
        try:
            day, value = _month(_text(page, what), notice, what, str(params["of"]))
        except UnexpectedPayload as error:
            wrong.append(str(error))
            continue
        held = found.get(day)
        if held is not None and held.value != value:
            both = f"{held.value * 10:g} and {value * 10:g} {UNIT}"
            wrong.append(f"The NEA told two values for {day:%Y-%m}: {both}.")
            disputed.add(day)
        if held is None:
            credit = f"National Energy Administration, {notice.title}, {notice.url}"
            found[day] = Observation(
                day, value, public_at=notice.published, credit=credit, is_stated=True
            )
    return [found[day] for day in sorted(found) if day not in disputed], wrong


def _pages(payload: bytes, wrong: list[str]) -> Iterator[tuple[Notice, str]]:
    """The notices that were read, oldest first; the others go to `wrong`."""
    for row in reversed(json_of(payload)["notices"]):
        if "page" in row:
            published = datetime.fromisoformat(row["published"])
            yield Notice(row["title"], row["url"], published), row["page"]
        else:
            wrong.append(row["problem"])


def _text(page: str, what: str) -> str:
    if "�" in page:
        raise UnexpectedPayload(f"{what} is not in UTF-8.")
    read = BeautifulSoup(page, "html.parser")
    for hidden in read(["script", "style"]):
        hidden.decompose()
    return _BLANK.sub("", read.get_text())


def _month(text: str, notice: Notice, what: str, of: str) -> tuple[date, float]:
    """The month that a notice tells of, and how many billion kilowatt-hours were used in it."""
    matches = {(m["year"], m["month"], m["value"], m["unit"]): m for m in _MONTH.finditer(text)}
    if len(matches) != 1:
        more = "more than one" if matches else "no"
        raise UnexpectedPayload(f"{what} has {more} sentence on the use of a single month.")
    (match,) = matches.values()
    published, month = notice.published.date(), int(match["month"])
    if not 1 <= month <= 12:
        raise UnexpectedPayload(f"{what} tells of month {month}.")
    year = int(match["year"] or published.year - (month >= published.month))
    day = date(year, month, 1)
    if not timedelta(days=28) <= published - day <= LATEST:
        raise UnexpectedPayload(f"{what} of {published} tells of {day:%Y-%m}.")
    if of == WHOLE:
        return day, _billions(match, what)
    rest = text[match.start() :]
    ends = _SUM.search(rest)
    told = list(_INTERNET.finditer(rest[: ends.start()] if ends else rest))
    if len(told) != 1:
        raise UnexpectedPayload(f"{what} has no sentence on the use of {INTERNET} in {day:%Y-%m}.")
    return day, _billions(told[0], what)


def _billions(match: re.Match[str], what: str) -> float:
    if match["unit"] != UNIT:
        raise UnexpectedPayload(f"{what} counts in '{quoted(match['unit'])}'; {UNIT} was expected.")
    return round(float(match["value"]) / 10, 4)
