"""How a file is cited: GB/T 7714, one line, and BibTeX, all with an address that stays true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from etl.catalog import Indicator
from etl.records import BEIJING

SITE = "新质生产力每日动态指标台"
_TEX = str.maketrans({c: f"\\{c}" for c in "%&#$_{}"} | {"\\": r"\textbackslash{}"})


def citation(
    indicators: Sequence[Indicator], as_of: datetime, updated: datetime | None, link: str
) -> dict[str, str]:
    """The three forms. `updated` is when the newest value became known, `link` a frozen address."""
    day = as_of.astimezone(BEIJING).date()
    titles = "、".join(indicator.title.zh for indicator in indicators)
    authors = ", ".join(dict.fromkeys(indicator.credit.name.zh for indicator in indicators))
    revised = f"({updated.astimezone(BEIJING).date()})" if updated else ""
    return {
        "gb_t_7714": f"{authors}. {titles}[DS/OL]. {SITE}, {day.year}{revised}[{day}]. {link}.",
        "short": f"{titles}，{authors}，{SITE}，截至 {day}。",
        "bibtex": _bibtex(indicators[0].id, titles, authors, day, link),
    }


def cite_as(indicator: Indicator, as_of: datetime, link: str) -> str:
    """How the source of one indicator is cited, whatever else stands in the file: who gives it,
    what, under which licence, and through whom it was had."""
    credit, day = indicator.credit, as_of.astimezone(BEIJING).date()
    return (
        f"{credit.name.zh}. {indicator.title.zh}（{credit.licence.zh}）. {credit.url}. "
        f"经{SITE}整理, 截至 {day}. {link}."
    )


def _bibtex(name: str, titles: str, authors: str, day: date, link: str) -> str:
    fields = {
        "author": f"{{{authors.translate(_TEX)}}}",
        "title": f"{{{titles.translate(_TEX)}}}",
        "year": str(day.year),
        "howpublished": SITE,
        "url": link,
        "urldate": day.isoformat(),
    }
    lines = "".join(f"  {field} = {{{value}}},\n" for field, value in fields.items())
    return f"@misc{{xinzhi_{name}_{day:%Y%m%d},\n{lines}}}\n"
