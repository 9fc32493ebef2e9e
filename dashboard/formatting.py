"""Numbers, units and dates on the pages: those of `etl.words.numbers`, and what only pages need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime

from dashboard.address import Transform
from etl.catalog import Indicator, Unit
from etl.frequency import RULES
from etl.records import BEIJING
from etl.words.numbers import (
    MINUS,
    UNCHANGED,
    Change,
    Figure,
    beijing,
    change,
    counted,
    counted_in,
    day,
    figure,
    full_date,
    grouped,
    round_number,
    says_something,
    signed,
    spoken,
    step,
    trimmed,
    unit_of_files,
)

__all__ = [
    "MINUS",
    "UNCHANGED",
    "Change",
    "Figure",
    "beijing",
    "change",
    "counted",
    "counted_in",
    "day",
    "figure",
    "full_date",
    "grouped",
    "in_pieces",
    "minute",
    "plain_number",
    "round_number",
    "rounded",
    "signed",
    "spoken",
    "stands_at",
    "table_day",
    "table_figure",
    "transformed_figure",
    "trimmed",
    "unit_code_after",
    "unit_of_files",
    "unit_words_after",
]


def transformed_figure(
    value: float, transform: Transform, indicator: Indicator, unit: Unit, lang: str
) -> Figure:
    """A value after a transform, in the unit that the transform has; a change that rounds to
    nothing is 持平."""
    match transform.name:
        case "level" | "ma":
            return figure(value, indicator, unit, lang)
        case "index":
            return Figure(grouped(value, 1), "")
        case "z":
            return Figure(grouped(value, 2), "σ")
        case "diff":
            found = step(value, indicator, unit, lang)
        case _:
            scale = counted(value, "%", lang)
            found = Figure(signed(value * scale.factor, 2), scale.label)
    is_change = transform.name != "drawdown"
    return Figure(UNCHANGED[lang], "") if is_change and not says_something(found.number) else found


def stands_at(figure: str, lang: str) -> str:
    """A figure after the name of what it measures: 为 3.20%, 持平."""
    return f"为 {figure}" if lang == "zh" and figure != UNCHANGED[lang] else figure


def table_figure(
    value: float,
    transform: Transform,
    indicator: Indicator,
    unit: Unit,
    lang: str,
    largest: float = 0.0,
) -> Figure:
    """A value for a table: as in the picture, but every row in the unit of the `largest`."""
    if transform.name in ("level", "ma", "diff"):
        return figure(value, indicator, unit, lang, exact=True, largest=largest)
    if unit_code_after(transform, unit) == "percent":
        return Figure(signed(value, 2), "%")
    return transformed_figure(value, transform, indicator, unit, lang)


def unit_code_after(transform: Transform, unit: Unit) -> str:
    """The unit that data files name for values after a transform."""
    match transform.name:
        case "level" | "diff" | "ma":
            return unit.code
        case "index":
            return "index (base = 100)"
        case "z":
            return "standard deviations"
    return "percent"


def unit_words_after(transform: Transform, unit: Unit) -> str:
    """The same unit in the Chinese heading of a file."""
    match transform.name:
        case "level" | "diff" | "ma":
            return unit_of_files(unit)
        case "index":
            return "起点 = 100"
        case "z":
            return "标准差"
    return "%"


#: What no line may break: a date, and a number with what it counts.
_WHOLE = re.compile(
    r"[（《(]?(?:\d{4} 年(?: \d{1,2} 月(?: \d{1,2} 日)?| [一二三四]季度)?"
    r"|\d{1,2} 月(?: \d{1,2} 日)?"
    r"|\d{4}-\d{2}-\d{2}|\d{1,2} [A-Z][a-z]+(?: \d{4})?"
    r"|[−+]?[\d.,]*\d ?(?:%|[日期]均线|倍|天|年|次"
    r"|个(?:基点|百分点|标准差|交易日|季度|赛道|月)"
    r"|(?:万亿|亿|万)?(?:人民币/美元|美元(?:/桶|/盎司)?|元|点|份|股)"
    r"|(?<= )(?:tn |bn |million )?[A-Za-z/]+))[，。、；：）》！？…,.;:)]*"
)


def in_pieces(words: str) -> Iterator[tuple[str, bool]]:
    """The words in pieces, each with whether it must stay on one line."""
    at = 0
    for found in _WHOLE.finditer(words):
        if words[at : found.start()]:
            yield words[at : found.start()], False
        yield found[0], True
        at = found.end()
    if words[at:]:
        yield words[at:], False


def table_day(when: date, indicator: Indicator, lang: str) -> str:
    """The date of a value in a table: 2026-05-26 where the day counts."""
    if RULES[indicator.frequency].is_of_periods:
        return day(when, indicator, lang)
    return when.isoformat()


def minute(moment: datetime) -> str:
    """A moment in Beijing time for a table: 2026-05-27 04:00."""
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def rounded(value: float) -> str:
    """A value beside an axis: three digits of it and no more than two decimals, or all that stand
    before the point."""
    decimals = 2 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    return grouped(value, decimals)


def plain_number(value: float) -> str:
    """A value in a data file: every digit it has, no separators, no trailing .0."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
