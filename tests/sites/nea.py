"""China's National Energy Administration: a list of news, and pages of prose."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from upstreams import Answer, bent, json_answer

_LIST = "/xwfb/ds_4f3484af7ea244e7ab18d094856c82a6.json"
#: Words after the month, the value, and words after it.
SENTENCE = "{month}月份，全社会用电量{value}亿千瓦时，同比增长1.7%。"
INTERNET = (
    "其中，充换电服务业、互联网数据服务用电量分别为164亿、{value}亿千瓦时，"
    "增速分别达到50.3%、40.1%。"
)


@dataclass
class Notice:
    """One notice: when it came out, its title, the text of its page."""

    published: datetime
    title: str
    text: str


@dataclass
class NeaSite:
    """Its notices; those of `months` tell of a month each, with what internet data services used
    and the sum since January."""

    months: Sequence[tuple[date, float]] = ()
    notices: list[Notice] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    hosts: frozenset[str] = frozenset({"www.nea.gov.cn"})

    def answer(
        self, host: str, place: str, query: Mapping[str, str], headers: Mapping[str, str], how: str
    ) -> Answer | None:
        told = [_notice(day, value, how) for day, value in bent(self.months, how)] + self.notices
        pages = {f"/{n.published:%Y%m%d}/{place_}/c.html": n for place_, n in enumerate(told)}
        if place == _LIST:
            rows = [_row(path, notice, how) for path, notice in pages.items()]
            rows.append(_row("/20260102/x/c.html", _OTHER, how))
            return json_answer({"datasource": rows if how == "reversed" else rows[::-1]})
        if place not in pages or place in self.missing:
            return None
        return Answer(200, "text/html; charset=utf-8", _page(pages[place]).encode())


def _notice(day: date, value: object, how: str) -> Notice:
    number = "" if value is None else re.sub(r"\.0$", "", str(value))
    first = SENTENCE.format(month=day.month, value=number)
    if how == "other-series":
        first = first.replace("全社会", "工业")
    if how == "other-currency":
        first = first.replace("亿千瓦时", "万千瓦时")
    inside = INTERNET.format(value=99)
    total = f"1～{day.month}月，全社会用电量累计61399亿千瓦时，同比增长4.7%。"
    total += INTERNET.format(value=593)
    published = datetime(day.year + day.month // 12, day.month % 12 + 1, 21, 10, 5)
    if day > datetime.now(UTC).date():
        published = datetime(day.year, day.month, day.day) + timedelta(days=40)
    return Notice(
        published, f"{day.year}年{day.month}月份全社会用电量同比增长1.7%", first + inside + total
    )


_OTHER = Notice(datetime(2026, 1, 2, 9), "国家能源局召开会议", "会议")


def _row(path: str, notice: Notice, how: str) -> dict[str, str]:
    return {
        "title": f"<a href='..{path}' target='_blank'>{notice.title}</a>",
        "url" if how == "renamed-column" else "publishUrl": f"..{path}",
        "publishTime": f"{notice.published:%Y-%m-%d %H:%M:%S}",
        "contentType": "1",
        **({"extra": "1"} if how == "extra-column" else {}),
    }


def _page(notice: Notice) -> str:
    return (
        f"<html><head><title>{notice.title}---国家能源局</title><script>var a='9月份，';</script>"
        f"</head><body><h1>{notice.title}</h1><p>　　{notice.text}</p></body></html>"
    )


def notices_of(until: date) -> NeaSite:
    """Notices of the months that were public by a day, from the March before last on."""
    months = range((until.year - 1) * 12 + 2, until.year * 12 + until.month - 1)
    days = [date(month // 12, month % 12 + 1, 1) for month in months]
    told = [day for day in days if day.month > 2 and day + timedelta(days=55) <= until]
    return NeaSite([(day, 8000.0 + place) for place, day in enumerate(told)])
