"""What is asked of a new indicator, kind by kind: the words, the default, and what an answer must
be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from etl.calendars import CALENDARS
from etl.catalog import Catalog, normal_alias
from etl.commands.entries import COMPANY, Answers, words_in
from etl.errors import nearest, quoted

KINDS: Mapping[str, tuple[str, str]] = {
    "company": ("美国上市公司：收盘价、股数、市值", "a U.S.-listed company: close, count, value"),
    "close": ("一只美股的收盘价", "the close of a U.S. share"),
    "spread": ("两个指标之差", "the difference of two indicators"),
    "manual": ("人工维护的序列（Excel）", "a series kept by hand (Excel)"),
    "fred": ("美国圣路易斯联储 FRED 的序列", "a series of FRED (St. Louis Fed)"),
    "table": ("网上或数据目录里的表格（CSV、XLSX）", "a table at an address or path (CSV, XLSX)"),
}  # fmt: skip
#: How many answers are named in a line.
MOST_CHOICES = 40
_FREQUENCIES: Mapping[str, tuple[str, str]] = {
    "daily": ("每天", "daily"), "monthly": ("每月", "monthly"), "quarterly": ("每季", "quarterly"),
    "annual": ("每年", "annual"), "event": ("有变动时", "when it changes"),
}  # fmt: skip
_EXCHANGES: Mapping[str, tuple[str, str]] = {
    "nasdaq": ("纳斯达克", "Nasdaq"), "nyse": ("纽交所", "NYSE"),
}  # fmt: skip
_AT_FRED = "https://fred.stlouisfed.org/series/"
_ID = re.compile(r"[a-z][a-z0-9_]{1,63}", re.ASCII)
_CALENDARS: Mapping[str, str] = {
    "monthly": "month", "quarterly": "quarter", "annual": "year", "event": "event",
    "daily": "24/5",
}  # fmt: skip
Check = Callable[[str, Answers, Catalog], str]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to be known: how it is asked, its default, what is wrong with an answer, and the
    answers that there are, where a person cannot know them."""

    name: str
    zh: str
    en: str
    default: Callable[[Answers, Catalog], str] | None = None
    wrong: Callable[[str, Answers, Catalog], str] = lambda text, told, catalog: ""
    choices: Callable[[Catalog, str], Sequence[tuple[str, str]]] | None = None

    def known(self, catalog: Catalog, lang: str) -> str:
        """The answers that there are, as a line."""
        found = self.choices(catalog, lang) if self.choices else ()
        if len(found) > MOST_CHOICES:
            return ""
        return ", ".join(f"{name} ({words})" for name, words in found)


def must_be_new(suffixes: Sequence[str] = ("",)) -> Check:
    def wrong(text: str, told: Answers, catalog: Catalog) -> str:
        for suffix in suffixes:
            name = f"{text}{suffix}"
            if not _ID.fullmatch(name):
                return f"'{quoted(name)}' is no id: write small letters, digits and _."
            if name in catalog or catalog.resolve(name) != name or name in catalog.retired:
                return f"'{name}' exists already; an id is never used twice."
        return ""

    return wrong


def _must_be_of(
    known: Callable[[Catalog], Sequence[str]],
) -> Check:
    def wrong(text: str, told: Answers, catalog: Catalog) -> str:
        names = known(catalog)
        return "" if text in names else f"unknown '{quoted(text)}'. {nearest(text, names)}"

    return wrong


def _must_be_free(text: str, told: Answers, catalog: Catalog) -> str:
    """Words that already mean another indicator."""
    owners = {normal_alias(alias): one.id for one in catalog.all() for alias in one.aliases}
    taken = [(word, owners[normal_alias(word)]) for word in words_in(text)
             if normal_alias(word) in owners]  # fmt: skip
    return " ".join(f"'{quoted(word)}' means {owner}; take it out." for word, owner in taken)


def _must_be_number(text: str, told: Answers, catalog: Catalog) -> str:
    try:
        float(text)
    except ValueError:
        return f"'{quoted(text)}' is no number."
    return ""


def _must_match(form: str, example: str) -> Check:
    def wrong(text: str, told: Answers, catalog: Catalog) -> str:
        fits = re.fullmatch(form, text)
        return "" if fits else f"'{quoted(text)}' is not like {example}."

    return wrong


def _fixed(text: str) -> Callable[[Answers, Catalog], str]:
    return lambda told, catalog: text


def _like(name: str, ending: str = "") -> Callable[[Answers, Catalog], str]:
    return lambda told, catalog: f"{told[name]}{ending}"


_UNITS = _must_be_of(lambda catalog: [*catalog.units])
_GROUPS = _must_be_of(lambda catalog: [*catalog.groups])
_IDS = _must_be_of(lambda catalog: [*catalog.indicators])


def _units_there(catalog: Catalog, lang: str) -> Sequence[tuple[str, str]]:
    return [(name, unit.label.in_(lang)) for name, unit in catalog.units.items()]


def _groups_there(catalog: Catalog, lang: str) -> Sequence[tuple[str, str]]:
    return [(name, group.title.in_(lang)) for name, group in catalog.groups.items()]


def _indicators_there(catalog: Catalog, lang: str) -> Sequence[tuple[str, str]]:
    return [(one.id, one.title.in_(lang)) for one in catalog.all()]


def _of(pairs: Mapping[str, tuple[str, str]]) -> Callable[[Catalog, str], list[tuple[str, str]]]:
    """A few answers with their words."""
    return lambda catalog, lang: [(k, zh if lang == "zh" else en) for k, (zh, en) in pairs.items()]


def _company_group(told: Answers, catalog: Catalog) -> str:
    return "companies" if "companies" in catalog.groups else next(iter(catalog.groups))


def questions(kind: str) -> Iterator[Question]:
    """What is asked of a kind, in order."""
    if kind in ("company", "close"):
        suffixes = ("_close_usd",) if kind == "close" else COMPANY
        yield Question("name_zh", "公司中文名", "its Chinese name")
        yield Question("name_en", "公司英文名", "its English name")
        yield Question("ticker", "股票代码，如 AMD", "its ticker, like AMD",
                       wrong=_must_match(r"[A-Z][A-Z.]{0,5}", "AMD"))  # fmt: skip
        yield Question(
            "exchange", "交易所", "its exchange: nasdaq or nyse",
            _fixed("nasdaq"), _must_be_of(lambda catalog: [*_EXCHANGES]), _of(_EXCHANGES),
        )  # fmt: skip
        yield Question("id", f"指标 id 的开头（后面接 {suffixes[0]}）",
                       f"the beginning of its ids (before {suffixes[0]})",
                       lambda told, catalog: told["ticker"].lower().replace(".", "_"),
                       must_be_new(suffixes))  # fmt: skip
        if kind == "company":
            yield Question("cik", "美国证交会 CIK 号", "its CIK at the SEC",
                           wrong=_must_match(r"\d{1,10}", "2488"))  # fmt: skip
        yield Question("group", "分组", "its group", _company_group, _GROUPS, _groups_there)
        yield Question("aliases", "动态中指它的词，用逗号隔开（可空）",
                       "words in bulletins that mean it, with commas (may be none)",
                       _fixed(""), _must_be_free)  # fmt: skip
        return
    if kind == "spread":
        yield Question("first", "被减的指标", "the id of the first indicator", wrong=_IDS,
                       choices=_indicators_there)  # fmt: skip
        yield Question("second", "减去的指标", "the id of the one that is taken away", wrong=_IDS,
                       choices=_indicators_there)  # fmt: skip
        yield Question("id", "指标 id（带单位，如 us_10y_2y_spread_pct）",
                       "its id, with the unit", wrong=must_be_new())  # fmt: skip
        yield Question("title_zh", "中文名", "its Chinese title", _spread_title("zh"))
        yield Question("title_en", "英文名", "its English title", _spread_title("en"))
    else:
        if kind == "fred":
            yield Question("series", "FRED 序列代码，如 DGS10", "its id at FRED, like DGS10",
                           wrong=_must_match(r"[A-Z0-9_]{1,40}", "DGS10"))  # fmt: skip
        yield Question("title_zh", "中文名", "its Chinese title")
        yield Question("title_en", "英文名", "its English title")
        yield Question("id", "指标 id（带单位，如 beijing_output_cny_bn）",
                       "its id, with the unit", wrong=must_be_new())  # fmt: skip
        yield Question(
            "unit",
            "单位",
            "its unit, as the catalog calls it",
            wrong=_UNITS,
            choices=_units_there,
        )
        yield Question("frequency", "频率",
                       "its frequency: daily, monthly, quarterly, annual or event",
                       _fixed("monthly"), _must_be_of(lambda catalog: [*_CALENDARS]),
                       _of(_FREQUENCIES))  # fmt: skip
        yield Question(
            "calendar", "日历", "its calendar",
            lambda told, catalog: _CALENDARS[told["frequency"]],
            _must_be_of(lambda catalog: CALENDARS),
        )  # fmt: skip
        yield Question(
            "definition_zh", "口径（中文）：是什么、谁的、依据", "its definition in Chinese"
        )
        yield Question("definition_en", "口径（英文）", "its definition in English")
        yield Question("source_zh", "来源机构（中文）", "who publishes it, in Chinese")
        yield Question("source_en", "来源机构（英文）", "who publishes it, in English")
        yield Question(
            "url", "可以查看原文的网址（https）", "where the original can be seen (https)",
            (lambda told, catalog: f"{_AT_FRED}{told['series']}") if kind == "fred" else None,
            _must_match(r"https://\S+", "https://www.stats.gov.cn/"),
        )  # fmt: skip
        yield Question("min", "可能的最小值", "the least it can be", _least, _must_be_number)
        yield Question("max", "可能的最大值", "the most it can be", _most, _must_be_number)
        yield Question(
            "days", "一期结束后第几天公布", "how many days after its period it comes out",
            _fixed("15"), _must_match(r"\d{1,3}", "15"),
        )  # fmt: skip
    if kind == "manual":
        yield Question("file", "data/manual 里的文件名（可空：用 import 导入）",
                       "its file in data/manual (none: with import)",
                       _fixed(""), _must_match(r"[^/\\]+\.(xlsx|csv)", "名单.xlsx"))  # fmt: skip
    if kind == "table":
        yield Question("address", "表格的 https 地址，或数据目录里的路径",
                       "its https address, or its path below the data folder")  # fmt: skip
        for name, zh, en in (
            ("date", "时间列的表头（可空：自动找）", "the head of its periods (none: looked for)"),
            ("value", "数值列的表头，如省名（可空）", "the head of its values (none: looked for)"),
            ("where", "行条件，如 地区=广东省（可空）", "its rows, like 地区=广东省 (none: all)"),
            ("sheet", "工作表名（可空）", "its sheet (none: the one that fits)"),
            ("unit_said", "表里没写时数值的单位（可空）", "the unit of numbers, if it says none"),
        ):  # fmt: skip
            check = _must_match(r"[^=]+=[^=]+", "地区=广东省") if name == "where" else None
            yield Question(name, zh, en, _fixed(""),
                           check or (lambda text, told, catalog: ""))  # fmt: skip
    yield Question("short_zh", "卡片上的短名（中文）", "its short Chinese name", _like("title_zh"))
    yield Question("short_en", "卡片上的短名（英文）", "its short English name", _like("title_en"))
    yield Question("group", "分组", "its group", _usual_group, _GROUPS, _groups_there)
    yield Question("aliases", "动态中指它的词，用逗号隔开（可空）",
                   "words in bulletins that mean it, with commas (may be none)",
                   _fixed(""), _must_be_free)  # fmt: skip


def _spread_title(lang: str) -> Callable[[Answers, Catalog], str]:
    def title(told: Answers, catalog: Catalog) -> str:
        first, second = (catalog[told[name]].short.in_(lang) for name in ("first", "second"))
        return f"{first}与{second}之差" if lang == "zh" else f"{first} less {second}"

    return title


def _usual_group(told: Answers, catalog: Catalog) -> str:
    if told["kind"] == "spread":
        return catalog[told["first"]].group
    return "china" if "china" in catalog.groups else next(iter(catalog.groups))


def _least(told: Answers, catalog: Catalog) -> str:
    return "-100" if told["unit"] in ("percent", "share") else "0"


def _most(told: Answers, catalog: Catalog) -> str:
    return "1000" if told["unit"] in ("percent", "share") else "1e12"
