"""Numbers, units and dates as readers write them: pages, alerts and briefs say them alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from etl.catalog import Indicator, Unit
from etl.records import BEIJING

MINUS = "−"
COUNTED = ("documents", "tracks", "tasks")
_WAN_YI = 10_000  # 亿 in a 万亿


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and its unit, ready to be set apart typographically."""

    number: str
    unit: str

    def __str__(self) -> str:
        tight = self.unit in ("%", "") or not self.unit[0].isascii()
        space = " " if self.unit and (not tight or self.unit[0] > "\u2e7f") else ""
        return f"{self.number}{space}{self.unit}"


@dataclass(frozen=True, slots=True)
class Change:
    """A difference in words: `direction` is 1, 0 or -1; `arrow` says the same without colour."""

    text: str
    direction: int

    @property
    def arrow(self) -> str:
        return {1: "▲", -1: "▼"}.get(self.direction, "＝")


def figure(
    value: float, indicator: Indicator, unit: Unit, lang: str, *, exact: bool = False
) -> Figure:
    """A value with its unit; 亿 and 万亿 where Chinese readers count so. `exact` figures, for
    tables, stay in 亿 and keep the decimals of the catalog."""
    if exact and unit.zh_factor > 1 and lang != "en":
        return Figure(grouped(value * unit.zh_factor, indicator.decimals), unit.label.zh)
    if exact and unit.zh_factor < 1:
        factor, label = (
            (unit.zh_factor, unit.label.zh) if lang != "en" else (1e-6, "million shares")
        )
        return Figure(grouped(value * factor, 4), label)
    if lang == "en":
        if unit.zh_factor != 1 and unit.zh_factor < 1:
            return Figure(grouped(value * 1e-6, 1), f"million {unit.label.en}")
        if unit.code == "billion USD" and abs(value) >= 1000 and not exact:
            return Figure(grouped(value / 1000, 2), "tn USD")
        return Figure(grouped(value, indicator.decimals), unit.label.en)
    scaled = value * unit.zh_factor
    if unit.zh_factor == 1:
        return Figure(grouped(scaled, indicator.decimals), unit.label.zh)
    if round(abs(scaled)) >= _WAN_YI:
        return Figure(grouped(scaled / _WAN_YI, 2), "万" + unit.label.zh)
    return Figure(grouped(scaled, 0 if abs(scaled) >= 1000 else 2), unit.label.zh)


def spoken(figure: Figure, unit: Unit) -> str:
    """A figure in a picture or a sentence: a ratio is said without a unit."""
    return (
        figure.number
        if figure.unit and unit.code == "ratio" and figure.unit in (unit.label.zh, unit.label.en)
        else str(figure)
    )


def change(now: float, before: float, indicator: Indicator, unit: Unit, lang: str) -> Change:
    """The difference from the value before: in percent; in basis points where the unit is percent;
    in pieces where things are counted."""
    direction = (now > before) - (now < before)
    if direction == 0:
        return Change("持平" if lang == "zh" else "unchanged", 0)
    if unit.code == "percent":
        points = round(100 * abs(now - before), 1)
        text = f"{points:g} " + ("个基点" if lang == "zh" else "bp")
    elif unit.code in COUNTED or before <= 0 or unit.code == "ratio":
        text = grouped(abs(now - before), indicator.decimals)
    else:
        text = f"{grouped(100 * abs(now / before - 1), 2)}%"
    return Change(text, direction)


def day(when: date, indicator: Indicator, lang: str, *, year: bool = False) -> str:
    """The date of a value as its frequency has it: 5 月 26 日, 2026 年 4 月, 2026 年一季度, 2025
    年."""
    if indicator.frequency == "annual":
        return f"{when.year} 年" if lang == "zh" else str(when.year)
    if indicator.frequency == "monthly":
        return f"{when.year} 年 {when.month} 月" if lang == "zh" else f"{when:%b %Y}"
    if indicator.frequency == "quarterly":
        quarter = (when.month - 1) // 3
        return f"{when.year} 年{'一二三四'[quarter]}季度" if lang == "zh" else (
            f"Q{quarter + 1} {when.year}"
        )  # fmt: skip
    if indicator.frequency == "event" or year:
        return full_date(when, lang)
    return f"{when.month} 月 {when.day} 日" if lang == "zh" else f"{when.day} {when:%b}"


def full_date(when: date, lang: str) -> str:
    if lang == "zh":
        return f"{when.year} 年 {when.month} 月 {when.day} 日"
    return f"{when.day} {when:%B %Y}"


def beijing(moment: datetime, lang: str) -> str:
    """A moment in Beijing time, to the minute."""
    local = moment.astimezone(BEIJING)
    if lang == "zh":
        return f"{full_date(local.date(), lang)} {local:%H:%M}（北京时间）"
    return f"{full_date(local.date(), lang)}, {local:%H:%M} Beijing time"


def grouped(value: float, decimals: int) -> str:
    """Digits in groups of three, with a true minus sign."""
    text = f"{abs(value):,.{decimals}f}"
    negative = value < 0 and any(digit in "123456789" for digit in text)
    return (MINUS if negative else "") + text


def signed(value: float, decimals: int) -> str:
    return ("+" if value > 0 else "") + grouped(value, decimals)


def round_number(value: float, unit: Unit, lang: str) -> str:
    """A milestone: 1 万亿美元, 30,000 点."""
    scaled = value * unit.zh_factor if lang == "zh" else value
    if lang == "zh" and unit.zh_factor != 1 and scaled >= _WAN_YI:
        return f"{scaled / _WAN_YI:g} 万{unit.label.zh}"
    if lang == "en" and unit.code == "billion USD" and value >= 1000:
        return f"{value / 1000:g} tn USD"
    return spoken(Figure(f"{scaled:,.10g}", unit.label.in_(lang)), unit)
