"""Numbers, units and dates as readers write them, the same on pages, in alerts and in briefs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from etl.catalog import Indicator, Unit
from etl.formulas import RATES
from etl.frequency import period_of
from etl.records import BEIJING

MINUS = "−"
#: What is said of a change that rounds to nothing.
UNCHANGED: Mapping[str, str] = {"zh": "持平", "en": "unchanged"}
#: The words that large numbers are counted by, and the units that begin with such a word.
_COUNTS: Mapping[str, tuple[tuple[float, str], ...]] = {
    "zh": ((1e12, "万亿"), (1e8, "亿")),
    "en": ((1e12, "tn "), (1e9, "bn ")),
}
_COUNTED_BY: Mapping[str, float] = {
    "万亿": 1e12, "十亿": 1e9, "亿": 1e8, "千万": 1e7, "百万": 1e6, "万": 1e4,
    "trillion ": 1e12, "tn ": 1e12, "billion ": 1e9, "bn ": 1e9, "million ": 1e6, "thousand ": 1e3,
}  # fmt: skip
#: From here on nobody reads digits: a word counts, or a power of ten.
_LONG = 1e10
#: From here on no word counts, and only powers of ten are left: 10,000 万亿.
_BEYOND = 1e16 - 5e11  # what is rounded up to it included
#: Decimals of what is counted in a larger unit than its own in a table.
_IN_TABLES = 4
#: How many digits of a float are its own, and how many of a power of ten are said in passing.
_DIGITS, _ROUGHLY = 15, 3
#: Anything smaller is a rounding error.
_NOTHING = 1e-9
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and its unit, to be set typographically."""

    number: str
    unit: str

    def __str__(self) -> str:
        tight = self.unit in ("%", "") or not self.unit[0].isascii()
        space = " " if self.unit and (not tight or self.unit[0] > "\u2e7f") else ""
        return f"{self.number}{space}{self.unit}"


@dataclass(frozen=True, slots=True)
class Scale:
    """How values are counted: `factor` converts a value to the number shown."""

    factor: float
    label: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change in words: `direction` is 1, 0 or -1; `arrow` shows the same without colour."""

    text: str
    direction: int

    @property
    def arrow(self) -> str:
        return {1: "▲", -1: "▼"}.get(self.direction, "＝")


def counted(largest: float, label: str, lang: str, factor: float = 1.0) -> Scale:
    """The scale for so large a number of `label`: 1.03e13 美元 in 万亿美元. Beyond the words for
    numbers it is the unit alone, with powers of ten."""
    word = next((word for word in _COUNTED_BY if label.startswith(word)), "")
    size, unit = _COUNTED_BY.get(word, 1.0), label.removeprefix(word)
    whole = abs(largest) * factor * size
    if whole >= _BEYOND or 0 < whole < 0.005 * size:
        return Scale(factor * size, unit)
    for count, name in _COUNTS[lang]:
        # Millions are read up to a trillion: 1,119.1 million shares.
        if word == "million " and count < 1e12:
            continue
        if count > size and whole >= count - (size / 2 if word else 0):
            return Scale(factor * size / count, name + unit if unit else name.strip())
    return Scale(factor, label)


def counted_in(largest: float, unit: Unit, lang: str) -> Scale:
    """The scale for values of a unit, up to the largest of them."""
    own = _own(unit, lang)
    return counted(largest, own.label, lang, own.factor)


def _own(unit: Unit, lang: str) -> Scale:
    """How a unit is counted while its numbers are small."""
    if lang != "en":
        return Scale(unit.zh_factor, unit.label.zh)
    if unit.zh_factor < 1:
        return Scale(1e-6, f"million {unit.label.en}")
    return Scale(1.0, unit.label.en)


def figure(
    value: float,
    indicator: Indicator,
    unit: Unit,
    lang: str,
    *,
    exact: bool = False,
    largest: float = 0.0,
) -> Figure:
    """A value with its unit; 亿 and 万亿 where Chinese readers count so. `exact` figures, for
    tables, stay in the unit itself and keep the decimals of the catalog, as long as their digits
    can be read; all of a column are counted alike by its `largest`."""
    own = _own(unit, lang)
    if exact:
        largest = max(abs(value), abs(largest))
        if largest * own.factor < _LONG:
            decimals = _IN_TABLES if unit.zh_factor < 1 else indicator.decimals
            return Figure(_told(value * own.factor, decimals), own.label)
        scale = counted_in(largest, unit, lang)
        return Figure(_told(value * scale.factor, _IN_TABLES), scale.label)
    scale = counted_in(value, unit, lang)
    number = value * scale.factor
    if abs(number) >= _LONG:
        return Figure(_sign(number) + _power(abs(number), _ROUGHLY), scale.label)
    decimals = 0 if abs(number) >= 1000 and lang != "en" else 2
    if scale.factor > own.factor:
        decimals = indicator.decimals
    elif scale == own and lang == "en":
        decimals = 1 if unit.zh_factor < 1 else indicator.decimals
    elif scale == own and unit.zh_factor == 1:
        decimals = indicator.decimals
    return Figure(_told(number, decimals), scale.label)


def _told(value: float, decimals: int) -> str:
    """Digits in groups; for a number that would round to zero, its first two digits."""
    text = grouped(value, decimals)
    if says_something(text) or abs(value) < _NOTHING:
        return text
    if abs(value) < 1e-6:
        return _sign(value) + _power(abs(value), 2)
    return _trimmed(grouped(value, 1 - math.floor(math.log10(abs(value)))))


def spoken(figure: Figure, unit: Unit) -> str:
    """A figure in a picture or sentence: a ratio has no unit."""
    return (
        figure.number
        if figure.unit and unit.code == "ratio" and figure.unit in (unit.label.zh, unit.label.en)
        else str(figure)
    )


def change(now: float, before: float, indicator: Indicator, unit: Unit, lang: str) -> Change:
    """The difference from the previous value: in per cent; in basis points if the unit is per cent;
    in units if things are counted."""
    return _moved(_difference(now, before, indicator, unit, lang), now - before, lang)


def in_percent(percent: float, lang: str) -> Change:
    """A change by so many percent."""
    return _moved(_counted_step(percent, "%", lang, 2), percent, lang)


def step(difference: float, indicator: Indicator, unit: Unit, lang: str) -> Figure:
    """How far apart two values are, in their unit: nought where no digit that is shown of them
    differs."""
    own = _own(unit, lang)
    decimals = _IN_TABLES if unit.zh_factor < 1 else indicator.decimals
    rounded = grouped(difference * own.factor, decimals)
    if not says_something(rounded):
        return Figure(rounded, own.label)
    return figure(difference, indicator, unit, lang)


def _moved(size: Figure, difference: float, lang: str) -> Change:
    """A change of this size; one that rounds to nothing is none."""
    if not says_something(size.number):
        return Change(UNCHANGED[lang], 0)
    return Change(str(size), 1 if difference > 0 else -1)


def _difference(now: float, before: float, indicator: Indicator, unit: Unit, lang: str) -> Figure:
    """How far apart two values are."""
    if unit.code in RATES and unit.in_points:
        label = "个百分点" if lang == "zh" else "pp"
        return _counted_step(now - before, label, lang, max(1, indicator.decimals))
    if unit.code in RATES:
        label = "个基点" if lang == "zh" else "bp"
        return _counted_step(100 * (now - before), label, lang, 1, trim=True)
    if unit.counted or before <= 0 or unit.code == "ratio":
        if unit.zh_factor != 1:
            return step(abs(now - before), indicator, unit, lang)
        if unit.counted:
            size = _counted_step(now - before, unit.label.in_(lang), lang, indicator.decimals)
            is_one = lang == "en" and size.number == "1"
            return Figure(size.number, size.unit.removesuffix("s")) if is_one else size
        return _counted_step(now - before, "", lang, indicator.decimals)
    return _counted_step(100 * (now / before - 1), "%", lang, 2)


def _counted_step(
    difference: float, label: str, lang: str, decimals: int, *, trim: bool = False
) -> Figure:
    """The size of a difference with so many decimals; two where a word counts it."""
    scale = counted(difference, label, lang)
    size = abs(difference) * scale.factor
    if size >= _LONG:
        number = _power(size, _ROUGHLY)
    elif scale.factor != 1:
        number = grouped(size, 2)
    else:
        number = _trimmed(grouped(size, decimals)) if trim else grouped(size, decimals)
    return Figure(number, scale.label)


def day(when: date, indicator: Indicator, lang: str, *, year: bool = False) -> str:
    """The date of a value according to its frequency: 5 月 26 日, 2026 年 5 月 25 日当周, 2026 年 4
    月, 2026 年一季度, 2025 年."""
    if indicator.frequency == "annual":
        return f"{when.year} 年" if lang == "zh" else str(when.year)
    if indicator.frequency == "monthly":
        return f"{when.year} 年 {when.month} 月" if lang == "zh" else f"{when:%b %Y}"
    if indicator.frequency == "quarterly":
        quarter = (when.month - 1) // 3
        return f"{when.year} 年{'一二三四'[quarter]}季度" if lang == "zh" else (
            f"Q{quarter + 1} {when.year}"
        )  # fmt: skip
    if indicator.frequency == "weekly":
        start = full_date(period_of("weekly", when), lang)
        return f"{start}当周" if lang == "zh" else f"the week of {start}"
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


def unit_of_files(unit: Unit) -> str:
    """What a value is counted in as files have it, in Chinese: 十亿美元 where pages say 亿美元."""
    plain = counted(_NOTHING, unit.label.zh, "zh", unit.zh_factor)
    words = {1.0: "", **{size: word for word, size in _COUNTED_BY.items() if not word.isascii()}}
    word = words.get(float(f"{plain.factor:.9g}"))
    return unit.code if word is None else word + plain.label


def grouped(value: float, decimals: int) -> str:
    """Digits in groups of three with a proper minus sign, and only the digits that the number
    has."""
    size = abs(value)
    if size >= _LONG:
        return _sign(value) + _power(size, _DIGITS)
    text = f"{size:,.{min(decimals, _DIGITS - len(str(int(size))))}f}"
    return (_sign(value) if says_something(text) else "") + text


def signed(value: float, decimals: int) -> str:
    text = grouped(value, decimals)
    return ("+" if value > 0 and says_something(text) else "") + text


def trimmed(value: float) -> str:
    """A number that a person wrote, without trailing zeros: 5,000 and 2.5."""
    text = grouped(value, 10)
    return _trimmed(text) if says_something(text) or not value else _told(value, 0)


def round_number(value: float, unit: Unit, lang: str) -> str:
    """A milestone: 1 万亿美元, 30,000 点."""
    scale = counted_in(value, unit, lang)
    return spoken(Figure(trimmed(value * scale.factor), scale.label), unit)


def _power(size: float, digits: int) -> str:
    """5×10²⁶, with so many digits at most."""
    if math.isinf(size):
        return ">10³⁰⁸"  # no float holds it
    mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
    return f"{_trimmed(mantissa)}×10{str(int(exponent)).translate(_RAISED)}"


def _trimmed(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits and "×" not in digits else digits


def _sign(value: float) -> str:
    return MINUS if value < 0 else ""


def says_something(digits: str) -> bool:
    """Whether any digit is left after rounding."""
    return any(digit in "123456789" for digit in digits)
