"""Numbers as Chinese texts write them: 1.01 万亿, 一千零一亿, 两成半, 百分之三点五, 7,519.12."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from etl.claims.grammar import SPAN, Vocabulary

#: A number of more digits, or above this, is no quantity of any market.
MOST_DIGITS, MOST = 20, Decimal("1e18")

_ARABIC = re.compile(r"[0-9]{1,3}(?:[,，][0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?")
_DIGITS: Mapping[str, int] = {
    "零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7,
    "八": 8, "九": 9,
}  # fmt: skip
_SMALL: Mapping[str, int] = {"十": 10, "百": 100, "千": 1000}
_LARGE: Mapping[str, int] = {"万": 10**4, "亿": 10**8}
_FACTORS: Mapping[str, int] = {**_SMALL, **_LARGE}
_NUMERAL = frozenset({*_DIGITS, *_FACTORS})
#: What goes on with a numeral behind 万 or 千 is no number of one kind: 1千零1亿, 1亿2千万.
_GOES_ON = re.compile(r"[0-9零〇][0-9零〇一二两三四五六七八九十百千万亿.]*")
#: 百 and 千 that belong to the unit behind them, not to the number.
_NO_FACTOR = ("百分", "千瓦", "千克", "千米")
_ENGLISH: Mapping[str, int] = {"trillion": 10**12, "billion": 10**9, "million": 10**6}
_ENGLISH_WORD = re.compile("|".join(_ENGLISH))
_DASHES = "-–—~～〜"
_SIGNS: Mapping[str, int] = {"+": 1, "-": -1, "−": -1}
_AROUND = "多余来"


class Number(NamedTuple):
    """`text[start:stop]` is a number with its unit; `stem` is where the numeral itself ends.

    `value` is None if it is too large to be one. `step` is the value of its last written digit,
    `coarse` that of its last digit that is not zero. `high` is the end of a range.
    """

    start: int
    stem: int
    stop: int
    value: float | None
    step: float
    coarse: float
    unit: str = ""
    sign: int = 0
    high: float | None = None
    factor: float = 1.0
    is_over: bool = False
    is_chinese: bool = False

    @property
    def span(self) -> str:
        """The word of a span of time that it counts; nothing if it counts none."""
        return self.unit.removeprefix(SPAN) if self.unit.startswith(SPAN) else ""


@dataclass(frozen=True, slots=True)
class _Plain:
    value: Decimal | None
    step: Decimal
    stop: int
    is_chinese: bool = False
    high: Decimal | None = None
    factor: Decimal = Decimal(1)


def number_at(text: str, at: int, units: Vocabulary[str]) -> Number | None:
    """The number that begins at `at`, with its unit and the other end of a range."""
    first = _one_at(text, at, units)
    if first is None or first.value is None or first.high is not None:
        return first
    place = _past_spaces(text, first.stop)
    joined = text[place : place + 1]
    if not joined or joined not in _DASHES + "至到":
        return first
    if joined in "至到" and first.unit not in ("", "percent"):
        return first  # 涨 61 点至 7519 点 is a move and its end, no range
    second = _one_at(text, _past_spaces(text, place + 1), units)
    if second is None or second.sign or first.unit not in ("", second.unit):
        return first
    return _range(first, second) or first


def _range(first: Number, second: Number) -> Number | None:
    """Both ends as one number; in 1—2 万亿 the factor stands once."""
    for scale in (second.factor if not first.unit and first.factor == 1 else 1.0, 1.0):
        if first.value is not None and second.value is not None:
            low = first.value * scale
            if low < second.value:
                step = max(second.step, first.step * scale)
                return second._replace(
                    start=first.start, value=low, high=second.value, sign=first.sign,
                    step=step,
                )  # fmt: skip
    return None


def _one_at(text: str, at: int, units: Vocabulary[str]) -> Number | None:
    start, sign = at, 0
    if at < len(text) and text[at] in _SIGNS:
        before = text[at - 1] if at else ""
        if before.isdigit() or (before.isascii() and before.isalpha()):
            return None
        sign, at = _SIGNS[text[at]], _past_spaces(text, at + 1)
    is_dollar = text.startswith(("$", "us$"), at)
    if is_dollar:
        at = _past_spaces(text, text.index("$", at) + 1)
    if text.startswith("百分之", at):
        plain = _plain_at(text, at + 3)
        return _number(text, start, plain, plain.stop, "percent", sign) if plain else None
    plain = _plain_at(text, at)
    if plain is None:
        return None
    if text.startswith("分之", plain.stop):
        return _fraction(text, start, plain)
    stop, is_over = plain.stop, False
    place = _past_spaces(text, stop)
    if text[place : place + 1] and text[place] in _AROUND and units_follow(text, place + 1, units):
        is_over, stop = True, place + 1  # 200 多点
        plain = _with_rest(text, plain, stop)
        stop = plain.stop
    unit, stop = _unit_at(text, stop, units)
    if is_dollar:
        unit = "usd"
    if unit == "tenth" and plain.value is not None:
        plain, stop = _tenths(text, plain, stop)
        unit = "percent"
    number = _number(text, start, plain, stop, unit, sign)
    return number._replace(is_over=True) if is_over else number


def units_follow(text: str, at: int, units: Vocabulary[str]) -> bool:
    """Whether a unit, or 万 and 亿 with one, begins at `at`."""
    at = _past_spaces(text, at)
    return at < len(text) and (text[at] in _LARGE or units.at(text, at) is not None)


def _with_rest(text: str, plain: _Plain, at: int) -> _Plain:
    """The numeral with the 万 and 亿 behind 多: 1 万余亿."""
    factor, place = 1, _past_spaces(text, at)
    while text[place : place + 1] and text[place] in _LARGE and factor < MOST:
        factor, place = factor * _LARGE[text[place]], place + 1
    if factor == 1 or plain.value is None:
        return replace(plain, stop=at)
    return replace(plain, value=plain.value * factor, step=plain.step * factor, stop=place)


def _unit_at(text: str, at: int, units: Vocabulary[str]) -> tuple[str, int]:
    place = _past_spaces(text, at)
    found = units.at(text, place) if place < len(text) else None
    return (found[1], found[0]) if found else ("", at)


def _tenths(text: str, plain: _Plain, stop: int) -> tuple[_Plain, int]:
    """成 as per cent: 两成, 两成半, 一成五."""
    assert plain.value is not None
    value, step = plain.value * 10, plain.step * 10
    high = plain.high * 10 if plain.high is not None else None
    rest = text[stop : stop + 1]
    if rest == "半":
        return _Plain(value + 5, Decimal(5), stop, True, high), stop + 1
    if rest in _DIGITS and rest:
        return _Plain(value + _DIGITS[rest], Decimal(1), stop, True, high), stop + 1
    return _Plain(value, step, stop, plain.is_chinese, high), stop


def _fraction(text: str, start: int, under: _Plain) -> Number | None:
    over = _plain_at(text, under.stop + 2)
    if over is None or not over.value or not under.value:
        return None
    share = (over.value / under.value * 100).quantize(Decimal("0.01"))
    plain = _Plain(share, Decimal(1), over.stop, over.is_chinese)
    return _number(text, start, plain, over.stop, "percent", 0)


def _number(text: str, start: int, plain: _Plain, stop: int, unit: str, sign: int) -> Number:
    value = plain.value
    if value is None or abs(value) > MOST:
        return Number(start, plain.stop, stop, None, 0.0, 0.0, unit, sign)
    return Number(
        start=start,
        stem=plain.stop,
        stop=stop,
        value=float(value),
        step=float(plain.step),
        coarse=float(_coarse(value, plain.step)),
        unit=unit,
        sign=sign,
        high=float(plain.high) if plain.high is not None else None,
        factor=float(plain.factor),
        is_chinese=plain.is_chinese,
    )


def _coarse(value: Decimal, step: Decimal) -> Decimal:
    """The value of the last digit that is not zero: 100 in 7500."""
    coarse = step
    while value and not value % (coarse * 10):
        coarse *= 10
    return coarse


def _plain_at(text: str, at: int) -> _Plain | None:
    """A numeral with its factors, without sign or unit."""
    found = _ARABIC.match(text, at)
    if found:
        return _with_factors(text, found[0], found.end())
    return _chinese_at(text, at)


def _with_factors(text: str, digits: str, stop: int) -> _Plain:
    factor, count = Decimal(1), 0
    while True:
        place = _past_spaces(text, stop)
        letter = text[place : place + 1]
        if letter not in _FACTORS or not letter or text.startswith(_NO_FACTOR, place):
            break
        factor, stop, count = factor * _FACTORS[letter], place + 1, count + 1
        if count > 3:
            break
    if count and (mixed := _GOES_ON.match(text, stop)):
        return _Plain(None, Decimal(0), mixed.end())
    place = _past_spaces(text, stop)
    if english := _ENGLISH_WORD.match(text, place):
        factor, stop = factor * _ENGLISH[english[0]], english.end()
    plain = digits.replace(",", "").replace("，", "")
    if len(plain) > MOST_DIGITS or factor > 10**12:
        return _Plain(None, Decimal(0), stop)
    value = Decimal(plain)
    decimals = len(plain.partition(".")[2])
    step = Decimal(1).scaleb(-decimals) * factor
    return _Plain(value * factor, step, stop, factor=factor)


def _chinese_at(text: str, at: int) -> _Plain | None:
    stop = at
    while stop < len(text) and text[stop] in _NUMERAL and not text.startswith(_NO_FACTOR, stop):
        stop += 1
    letters = text[at:stop]
    is_decimal = text[stop : stop + 1] == "点" and text[stop + 1 : stop + 2] in _DIGITS
    if not letters or (letters in ("百", "千", "零", "〇") and not is_decimal):
        return None
    if len(letters) > MOST_DIGITS:
        return _Plain(None, Decimal(0), stop, True)
    if any(letter in _FACTORS for letter in letters) and (mixed := _GOES_ON.match(text, stop)):
        return _Plain(None, Decimal(0), mixed.end(), True)
    if is_decimal and stop + 1 < len(text):
        return _chinese_decimal(text, letters, stop)
    high = None
    if len(letters) == 2 and all(c in _DIGITS for c in letters):
        low, top = (_DIGITS[c] for c in letters)
        if top == low + 1 and low:  # 两三成
            return _Plain(Decimal(low), Decimal(1), stop, True, Decimal(top))
    value, step = _chinese(letters)
    return _Plain(value, step, stop, True, high)


def _chinese_decimal(text: str, letters: str, point: int) -> _Plain:
    stop = point + 1
    while stop < len(text) and text[stop] in _DIGITS:
        stop += 1
    fraction = "".join(str(_DIGITS[c]) for c in text[point + 1 : stop])
    whole, _ = _chinese(letters)
    if whole is None or len(fraction) > MOST_DIGITS:
        return _Plain(None, Decimal(0), stop, True)
    grown = _with_factors(text, f"{whole:f}.{fraction}", stop)
    return replace(grown, is_chinese=True)


def _chinese(letters: str) -> tuple[Decimal | None, Decimal]:
    """The value of Chinese numerals and of their last place; 二〇二六 is read digit by digit."""
    if all(c in _DIGITS for c in letters):
        return Decimal("".join(str(_DIGITS[c]) for c in letters)), Decimal(1)
    total, section, digit, last = 0, 0, 0, 1
    for place, letter in enumerate(letters):
        before = _FACTORS.get(letters[place - 1], 1) if place else 1
        if letter in _DIGITS:
            digit, last = _DIGITS[letter], 1
            continue
        if letter in _SMALL:
            section += (digit or 1) * _SMALL[letter]
            last = _SMALL[letter]
        else:
            section += digit or (0 if place else 1)
            is_empty = not section and (letter == "万" or not total)
            if is_empty or (letter == "亿" and total >= 10**8):
                return None, Decimal(0)  # 亿万 and 亿亿 are no numbers
            total = (
                (total + section) * _LARGE[letter]
                if letter == "亿"
                else total + section * _LARGE[letter]
            )
            section, last = 0, last * _LARGE[letter] if before > 1 else _LARGE[letter]
        digit = 0
    if digit and len(letters) > 1 and letters[-2] in _FACTORS and letters[-2] != "十":
        last = _FACTORS[letters[-2]] // 10  # 一万二 is 12,000
    return Decimal(total + section + digit * last), Decimal(last)


def _past_spaces(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at
