"""The words of the pages, in both languages, each written once."""

from __future__ import annotations

from collections.abc import Mapping

_TEXTS: Mapping[str, tuple[str, str]] = {
    "site": ("新质生产力每日动态", "New Quality Productive Forces Daily"),
    "desk": ("指标台", "Indicator desk"),
    "today": ("今日", "Today"),
    "bulletins": ("往期", "Bulletins"),
    "indicators": ("指标", "Indicators"),
    "about": ("说明", "About"),
    "language": ("EN", "中文"),
    "language_label": ("Read in English", "用中文阅读"),
    "theme_auto": ("随系统", "Auto"),
    "theme_light": ("浅色", "Light"),
    "theme_dark": ("深色", "Dark"),
    "updown_red": ("红涨绿跌", "Red up"),
    "updown_green": ("绿涨红跌", "Green up"),
    "skip": ("跳到正文", "Skip to content"),
    "summary": ("摘要", "Summary"),
    "judgement": ("今日判断", "Judgement"),
    "references": ("参考文献", "References"),
    "contents": ("本期目录", "In this issue"),
    "known_by": ("数值以 {day}所知为准", "Figures as known by {day}"),
    "known_by_long": (
        "页上数值均为 {day}结束时（北京时间）已经公布的；此后的新值另以“最新”标出。",
        "Figures are those public by the end of {day}, Beijing time; newer ones are marked “latest”.",
    ),
    "chinese_only": ("", "The bulletin itself is written in Chinese."),
    "latest": ("最新", "Latest"),
    "since_then": ("此后无新值", "nothing newer"),
    "no_data": ("暂无数据", "No data yet"),
    "no_data_long": (
        "本站尚未取得此项数据：它没有随附数据，须联网更新后才有。",
        "No figures are held yet: none come with the project, and a run with the network must "
        "fetch them.",
    ),
    "no_data_as_of": ("当日尚无数据", "Nothing was known that day"),
    "waiting": ("暂无数据：", "No data yet: "),
    "record_high": ("历史新高", "Record high"),
    "record_low": ("历史新低", "Record low"),
    "record_since": ("所存数据自 {day} 起", "in data held since {day}"),
    "first_above": ("首破 {level}", "First above {level}"),
    "above": ("升破 {level}", "Above {level}"),
    "below": ("跌破 {level}", "Below {level}"),
    "close_of": ("{day}收盘", "close of {day}"),
    "source": ("来源", "Source"),
    "source_is": ("来源：{source}", "Source: {source}"),
    "bundled": ("随附数据", "bundled figures"),
    "value": ("数值", "Value"),
    "change": ("较前值", "Change"),
    "date": ("日期", "Date"),
    "trend": ("近况", "Trend"),
    "name": ("指标", "Indicator"),
    "previous_bulletin": ("上一期", "Previous"),
    "next_bulletin": ("下一期", "Next"),
    "all_bulletins": ("全部往期", "All bulletins"),
    "open_bulletin": ("读全文", "Read"),
    "definition": ("口径", "Definition"),
    "unit": ("单位", "Unit"),
    "frequency": ("频率", "Frequency"),
    "licence": ("许可", "Licence"),
    "sources_order": ("取数次序", "Order of sources"),
    "publication": ("公布时间", "Publication"),
    "history": ("所存数据", "Data held"),
    "events": ("大事", "Events"),
    "recent_values": ("最近数值", "Newest values"),
    "known_at": ("何时可知（北京时间）", "Known at (Beijing time)"),
    "source_yahoo": ("雅虎财经", "Yahoo Finance"),
    "source_fred": ("FRED", "FRED"),
    "source_sec": ("美国证交会", "SEC"),
    "source_figures": ("随附数据", "bundled figures"),
    "source_register": ("政策文件登记册", "policy register"),
    "source_derived": ("推算", "own calculation"),
    "source_import": ("人工导入", "import"),
    "disagreements": (
        "来源不一致（{count} 处，取前者）",
        "Sources disagree ({count}; the first is shown)",
    ),
    "revisions": ("修订", "Revisions"),
    "revised_by": ("{source}，{moment} 起", "{source}, since {moment}"),
    "status": ("状态", "Status"),
    "download_csv": ("下载 CSV", "Download CSV"),
    "download_excel": ("下载 CSV（Excel 用）", "Download CSV for Excel"),
    "download_xlsx": ("XLSX", "XLSX"),
    "download_parquet": ("Parquet", "Parquet"),
    "download_json": ("JSON", "JSON"),
    "download_zip": ("打包下载（含说明）", "Zip with description"),
    "metadata": ("元数据 JSON", "Metadata JSON"),
    "range": ("区间", "Range"),
    "transform": ("变换", "Transform"),
    "mentioned_in": ("提到它的动态", "Bulletins that mention it"),
    "documents": ("{month}计入的文件", "Documents counted in {month}"),
    "problem": ("上次更新未能完成：{text}", "The last update had a problem: {text}"),
    "note": ("注", "Note"),
    "breaks": ("口径变动", "Breaks"),
    "not_found": ("没有这一页", "No such page"),
    "not_found_long": (
        "地址有误，或该页已经撤下。",
        "The address is wrong, or the page was withdrawn.",
    ),
    "wrong_address": ("地址有误", "Something in the address is wrong"),
    "no_snapshot": ("还没有可看的数据", "Nothing is published yet"),
    "no_bulletin": ("还没有动态", "No bulletin yet"),
    "no_bulletin_long": (
        "把动态存为 data/bulletins/日期.md，再运行 python -m etl run，这里就会出现。",
        "Save one as data/bulletins/DATE.md and run python -m etl run; it then appears here.",
    ),
    "home": ("回到今日", "Back to today"),
    "reference_use": ("用途", "Cited for"),
    "daily": ("每个交易日", "Each trading day"),
    "monthly": ("每月", "Monthly"),
    "quarterly": ("每季", "Quarterly"),
    "annual": ("每年", "Annual"),
    "event": ("有变动时", "When it changes"),
    "bundled_status": ("随附", "bundled"),
    "fetched_status": ("联网取得", "fetched"),
    "imported_status": ("人工导入", "imported"),
    "derived_status": ("推算", "derived"),
    "counted_status": ("计数", "counted"),
    "disputed_status": ("各处说法不一", "disputed"),
    "sampled": (
        "浅色虚线：其间只有月末值，不代表每日走势",
        "Pale dashes: month-end values only, not the daily path",
    ),
    "chart_of": ("{title}走势图，{first}至{last}", "Chart of {title}, {first} to {last}"),
    "empty_chart": ("所选区间与变换下没有数值", "No values in this range with this transform"),
    "interactive": ("交互图", "Interactive chart"),
    "snapshot": ("数据快照", "Snapshot"),
    "published": ("发布于", "published"),
    "footer": (
        "只陈述公开数据，不构成投资建议。",
        "Public data stated as it is; no investment advice.",
    ),
    "method": ("怎样做的", "Method"),
    "credits": ("来源与致谢", "Sources and credits"),
    "groups": ("指标分组", "Groups"),
    "lead_chart": ("今日一图", "Chart of the day"),
    "strip": ("要览", "At a glance"),
    "beside": ("本节提到的指标", "Indicators of this section"),
    "display": ("显示", "Display"),
}

_RANGES: Mapping[str, tuple[str, str]] = {
    "1m": ("1 月", "1M"),
    "3m": ("3 月", "3M"),
    "6m": ("6 月", "6M"),
    "ytd": ("今年", "YTD"),
    "1y": ("1 年", "1Y"),
    "3y": ("3 年", "3Y"),
    "5y": ("5 年", "5Y"),
    "10y": ("10 年", "10Y"),
    "max": ("全部", "Max"),
}

_TRANSFORMS: Mapping[str, tuple[str, str]] = {
    "level": ("原值", "Level"),
    "diff": ("增减", "Difference"),
    "pct": ("涨跌幅", "Change %"),
    "mom": ("环比", "Month on month"),
    "yoy": ("同比", "Year on year"),
    "index": ("指数化", "Index = 100"),
    "ma": ("均线", "Moving average"),
    "drawdown": ("自高点回落", "Drawdown"),
    "z": ("偏离度", "Z-score"),
}


def text(name: str, lang: str, **values: str) -> str:
    """The words called `name`, with their blanks filled."""
    return _TEXTS[name][lang == "en"].format(**values)


def range_name(name: str, lang: str) -> str:
    return _RANGES[name][lang == "en"]


def transform_name(name: str, lang: str, n: int | None = None) -> str:
    words = _TRANSFORMS[name][lang == "en"]
    return f"{words} {n}" if n else words
