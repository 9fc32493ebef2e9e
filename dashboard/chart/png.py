"""A picture as PNG, drawn from its SVG without a browser."""

from __future__ import annotations

import re

import resvg_py

from dashboard.chart.fonts import Font

_UP, _DOWN = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "₀₁₂₃₄₅₆₇₈₉₋"
_PLAIN = str.maketrans(_UP + _DOWN, "0123456789−" * 2)
_TEXT = re.compile(r"(<text\b[^>]*>)(.*?)(?=</text>)", re.DOTALL)
_MOVED = re.compile(f"([{_UP}]+|[{_DOWN}]+)(&[^;]+;|[^<])?")


def png(svg: str, font: Font) -> bytes:
    """The pixels of an SVG, lettered in one font and nothing of the system."""
    return resvg_py.svg_to_bytes(
        svg_string=_TEXT.sub(_with_small_digits, svg),
        font_files=[str(font.file)],
        skip_system_fonts=True,
    )


def _with_small_digits(text: re.Match[str]) -> str:
    """The words with small digits above or below the line drawn from common ones: the font has
    no others but ¹²³."""
    return text[1] + _MOVED.sub(_moved, text[2])


def _moved(digits: re.Match[str]) -> str:
    shift, size = (-0.35 if digits[1][0] in _UP else 0.15), 0.65
    small = digits[1].translate(_PLAIN)
    after = f'<tspan dy="{-shift}em">{digits[2]}</tspan>' if digits[2] else ""
    return f'<tspan dy="{shift / size:.3f}em" font-size="{size}em">{small}</tspan>{after}'
