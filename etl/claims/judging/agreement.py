"""How a value agrees with a number, at the precision of the text and of the site."""

from __future__ import annotations

from collections.abc import Mapping

from etl.claims.grammar import Hedge
from etl.claims.model import Verdict
from etl.claims.numbers import Number

_TINY = 1e-9
#: How far another vendor's value may lie in its last digits, as a part of it.
_DIGITS_APART = 2e-5
#: A number may be cut off rather than rounded where its last digit is as small a part of it, or a
#: move is told with decimals.
_FINE, _CUT_BELOW, _SEVERAL = 0.002, 0.1, 10


def agreement(
    number: Number,
    hedge: str,
    actual: float,
    decimals: int,
    hedges: Mapping[str, Hedge],
    apart: float = 0.0,
) -> Verdict:
    """The verdict on a number; a range and a hedge have rules of their own. `apart` is how far the
    last digits of another vendor may lie from the value here."""
    assert number.value is not None
    half = number.step / 2 * (1 + _TINY) + _TINY * abs(number.value)
    if number.high is not None:
        return _within(number.value, number.high, half + apart, actual)
    if hedge not in hedges:
        return _plain(number, number.value, half, actual, decimals, apart)
    known = hedges[hedge]
    if known.below_pct and known.above_pct:  # 约: both ways
        reach = _reach(number, known, half, known.above_pct)
        return "approximate" if abs(actual - number.value) <= reach else "contradicted"
    return _beyond(number, number.value, known, half if known.above_pct else apart, actual, apart)


def _within(low: float, high: float, half: float, actual: float) -> Verdict:
    if low <= actual <= high:
        return "supported"
    return "approximate" if low - half <= actual <= high + half else "contradicted"


def last_digits(value: float) -> float:
    """How far another vendor's last digits may lie from a value."""
    return _DIGITS_APART * abs(value)


def _plain(
    number: Number, value: float, half: float, actual: float, decimals: int, apart: float
) -> Verdict:
    if abs(actual - value) > half:
        is_cut = 0 <= (actual - value) * _sign(value) < number.step
        is_fine = (
            number.step <= _FINE * abs(value)
            or (number.unit == "percent" and number.step <= _CUT_BELOW)
            or (number.unit == "points" and number.step == 1 and abs(value) >= _SEVERAL)
        )
        if abs(actual - value) <= half + apart:
            return "approximate"
        return "unverifiable" if is_cut and is_fine else "contradicted"
    is_equal = abs(actual - value) <= _TINY * max(1.0, abs(value))
    is_whole = number.step <= 10**-decimals * (1 + _TINY) or is_equal
    return "supported" if is_whole else "approximate"


def _sign(value: float) -> float:
    return -1.0 if value < 0 else 1.0


def _beyond(
    number: Number, value: float, hedge: Hedge, half: float, actual: float, apart: float
) -> Verdict:
    """逾 and 近: on one side, and what is far beyond is literally true but not judged."""
    sign = 1.0 if hedge.above_pct else -1.0
    beyond = sign * (actual - value)
    if beyond < -apart:
        return "contradicted"
    reach = _reach(number, hedge, half, hedge.above_pct or hedge.below_pct)
    return "approximate" if beyond <= reach else "unverifiable"


def _reach(number: Number, hedge: Hedge, half: float, percent: float) -> float:
    """How far from a number its hedge reaches."""
    assert number.value is not None
    return max(half, min(hedge.of_step * number.coarse, percent / 100 * abs(number.value)))
