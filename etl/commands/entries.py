"""The entries of new indicators, from the answers to a few questions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from etl.catalog import SOURCE_PARAMS, Catalog, Indicator
from etl.words.sentences import gap, gap_before

#: What was answered, by the names of the questions; `kind` is what is to be made.
Answers = dict[str, str]
#: The ids of a company, after the stem that is asked for.
COMPANY = ("_close_usd", "_shares_outstanding", "_market_cap_usd_bn")
_EXCHANGES = {"nasdaq": ("纳斯达克", "Nasdaq", "105"), "nyse": ("纽交所", "NYSE", "106")}


def entries_of(told: Answers, catalog: Catalog) -> Iterator[tuple[str, dict[str, Any]]]:
    """The ids and entries that the answers make."""
    aliases = words_in(told["aliases"])
    if told["kind"] in ("company", "close"):
        close, shares, value = (f"{told['id']}{suffix}" for suffix in COMPANY)
        yield close, _close(told, aliases)
        if told["kind"] == "company":
            yield shares, _shares(told)
            yield value, _market_value(told, close, shares)
        return
    is_spread = told["kind"] == "spread"
    made = _spread(told, catalog) if is_spread else _series(told)
    if aliases:
        made["aliases"] = aliases
    if aliases and not is_spread:
        made["statements"] = {"places": ["cn"]}
    yield told["id"], made


def _text(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _close(told: Answers, aliases: list[str]) -> dict[str, Any]:
    zh, en, ticker = told["name_zh"], told["name_en"], told["ticker"]
    at_zh, at_en, market = _EXCHANGES[told["exchange"]]
    refs: list[dict[str, str]] = [{"name": "yahoo", "ticker": ticker}]
    others = "eastmoney" in SOURCE_PARAMS
    if others:
        refs.append({"name": "eastmoney", "secid": f"{market}.{ticker}"})
    return {
        "title": _text(f"{zh}收盘价", f"{en} closing price"),
        "short": _text(f"{zh}股价", f"{en} close"),
        "group": told["group"], "unit": "usd", "decimals": 2, "frequency": "daily",
        "calendar": "XNYS",
        "definition": _text(
            f"{zh}（{at_zh}：{ticker}）每个交易日的收盘价，未复权：拆股以前的价格按当时成交价，不折算；不计股息。",
            f"Closing price of {en} ({at_en} {ticker}) for each session as it was traded, neither "
            "adjusted for later splits nor for dividends.",
        ),
        "credit": {
            "name": _text(
                f"{at_zh}收盘价，雅虎财经{'、东方财富' if others else ''}",
                f"{at_en} closing prices; Yahoo Finance{', Eastmoney' if others else ''}",
            ),
            "licence": _text("数据限个人使用", "Data for personal use"),
            "url": f"https://finance.yahoo.com/quote/{ticker}", "reuse": "view",
        },
        "sources": refs,
        "expect": {"min": 0.01, "max": 20000, "max_change_pct": 60, "max_repeats": 5,
                   "max_gap": 3},
        "publication": {"rule": "close"},
        **({"aliases": aliases, "statements": {"loose": aliases}} if aliases else {}),
    }  # fmt: skip


def _shares(told: Answers) -> dict[str, Any]:
    zh, en, cik = told["name_zh"], told["name_en"], told["cik"].zfill(10)
    return {
        "title": _text(f"{zh}流通在外股数", f"{en} shares outstanding"),
        "short": _text(f"{zh}股数", f"{en} share count"),
        "group": told["group"], "unit": "shares", "decimals": 0, "frequency": "event",
        "calendar": "event",
        "definition": _text(
            f"{zh}报表封面所载的普通股股数。日期是封面写明的时点；公众知道它，是在报表向美国证交会提交之日。",
            f"Common shares on the cover page of the reports of {en}. The date is the one the "
            "cover page states; the public knows the number from the day of filing with the SEC.",
        ),
        "credit": {
            "name": _text("美国证券交易委员会 EDGAR",
                          "U.S. Securities and Exchange Commission (EDGAR)"),
            "licence": _text("公有领域", "Public domain"),
            "url": f"https://www.sec.gov/edgar/browse/?CIK={cik}", "reuse": "open",
        },
        "sources": [{"name": "sec", "cik": cik, "concept": "EntityCommonStockSharesOutstanding"}],
        "expect": {"min": 1000000, "max": 1000000000000, "max_change_pct": 40},
        "publication": {
            "rule": "days", "n": 14, "at": "17:30",
            "words": _text("向美国证交会提交报表之日", "on the day of filing with the SEC"),
        },
    }  # fmt: skip


def _market_value(told: Answers, close: str, shares: str) -> dict[str, Any]:
    zh, en, cik = told["name_zh"], told["name_en"], told["cik"].zfill(10)
    value = f"{zh}市值"
    return {
        "title": _text(value, f"{en} market value"), "short": _text(value, f"{en} market value"),
        "group": told["group"], "unit": "usd_bn", "decimals": 1, "frequency": "daily",
        "calendar": "XNYS",
        "definition": _text(
            "当日收盘价（未复权）乘以当日已提交美国证交会的最近一次封面股数；新股数自提交之日起用，不按封面日期"
            "提前，因此与其他网站略有出入。封面日期之后若拆股，股数按比例折算。",
            "The session's unadjusted close times the newest cover-page share count filed with "
            "the SEC by that day. A count enters on the day of filing, not on its cover date, so "
            "values differ slightly from other sites. A split after the cover date multiplies the "
            "count.",
        ),
        "credit": {
            "name": _text("本站据收盘价与美国证交会文件推算",
                          "Own calculation from closing prices and SEC filings"),
            "licence": _text("CC BY 4.0", "CC BY 4.0"),
            "url": f"https://www.sec.gov/edgar/browse/?CIK={cik}",
        },
        "sources": [{"name": "derived", "formula": "market_cap", "close": close, "shares": shares}],
        "expect": {"min": 0.1, "max": 50000}, "publication": {"rule": "close"},
        "aliases": [value], "shown_with": [close],
    }  # fmt: skip


def _spread(told: Answers, catalog: Catalog) -> dict[str, Any]:
    first, second = catalog[told["first"]], catalog[told["second"]]
    rule = first.publication.model_dump(exclude_defaults=True)
    most = first.expect.max - second.expect.min
    return {
        **_names(told), "group": told["group"], "unit": first.unit, "decimals": first.decimals,
        "frequency": first.frequency, "calendar": first.calendar,
        "definition": _text(
            f"{first.title.zh}减去{second.title.zh}，两者同一天都有数值才计算。",
            f"{first.title.en} minus {second.title.en}, for days on which both have a value.",
        ),
        "credit": {
            "name": _text(f"本站据{_told(first)}与{_told(second)}推算",
                          f"Own calculation from {first.short.en} and {second.short.en}"),
            "licence": _text("CC BY 4.0", "CC BY 4.0"), "url": first.credit.url,
            "reuse": _stricter(first, second),
        },
        "sources": [{"name": "derived", "formula": "difference", "of": [first.id, second.id]}],
        "expect": {"min": first.expect.min - second.expect.max, "max": most},
        "publication": rule, "shown_with": [first.id, second.id],
    }  # fmt: skip


def _told(one: Indicator) -> str:
    """A name within Chinese words."""
    return f"{gap_before(one.short.zh)}{one.short.zh}{gap(one.short.zh)}"


def _stricter(*inputs: Indicator) -> str:
    """What may be done with what is made of values: what may be done with each of them."""
    allowed = {one.credit.reuse for one in inputs}
    return next(reuse for reuse in ("view", "credit", "open") if reuse in allowed)


def _names(told: Answers) -> dict[str, Any]:
    return {
        "title": _text(told["title_zh"], told["title_en"]),
        "short": _text(told["short_zh"], told["short_en"]),
    }


def _series(told: Answers) -> dict[str, Any]:
    frequency, days = told["frequency"], int(told["days"])
    zone = {"at": "10:00", "zone": "Asia/Shanghai"}
    rule = "next_month" if frequency in ("monthly", "quarterly", "annual") else "days"
    return {
        **_names(told), "group": told["group"], "unit": told["unit"], "decimals": _decimals(told),
        "frequency": frequency, "calendar": told["calendar"],
        "definition": _text(told["definition_zh"], told["definition_en"]),
        "credit": {"name": _text(told["source_zh"], told["source_en"]),
                   **_TERMS.get(told["kind"], _FACTS), "url": told["url"]},
        "sources": [_REFS[told["kind"]](told)],
        "expect": {"min": _number(told["min"]), "max": _number(told["max"])},
        "publication": {"rule": rule, "n": days, **zone},
    }  # fmt: skip


def _number(text: str) -> float | int:
    value = float(text)
    return int(value) if value.is_integer() else value


def _decimals(told: Answers) -> int:
    return {"percent": 2, "share": 1, "ratio": 2}.get(told["unit"], 0)


def _manual_ref(told: Answers) -> dict[str, Any]:
    return {"name": "manual", **({"file": told["file"]} if told["file"] else {})}


def _table_ref(told: Answers) -> dict[str, Any]:
    ref: dict[str, Any] = {"name": "table", "address": told["address"]}
    ref |= {key: told[key] for key in ("date", "value", "sheet") if told[key]}
    if told["where"]:
        title, _, text = told["where"].partition("=")
        ref["where"] = {title.strip(): text.strip()}
    return ref | ({"unit": told["unit_said"]} if told["unit_said"] else {})


def _fred_ref(told: Answers) -> dict[str, Any]:
    return {"name": "fred", "series": told["series"]}


#: Where the values of a kind come from, and what may be done with them. A series of FRED may belong
#: to somebody: until a person has looked, its values are shown and not passed on.
_REFS: Mapping[str, Callable[[Answers], dict[str, Any]]] = {
    "table": _table_ref, "manual": _manual_ref, "fred": _fred_ref,
}  # fmt: skip
_FACTS = {"licence": _text("公开事实", "Facts as published")}
_TERMS = {
    "fred": {
        "licence": _text("以原发布机构的许可为准", "As its publisher permits"),
        "reuse": "view",
    }
}


def words_in(text: str) -> list[str]:
    return list(
        dict.fromkeys(word.strip() for word in re.split(r"[,，、;；]", text) if word.strip())
    )
