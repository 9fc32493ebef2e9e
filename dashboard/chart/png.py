"""A picture as PNG, drawn from its SVG without a browser."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from xml.sax.saxutils import escape

import resvg_py

from dashboard.chart.fonts import Font, fallback, lacks
from dashboard.chart.glyphs import Face, face

_UP, _DOWN = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "₀₁₂₃₄₅₆₇₈₉₋"
_PLAIN = str.maketrans(_UP + _DOWN, "0123456789−" * 2)
_TEXT = re.compile(r"(<text\b[^>]*>)(.*?)(?=</text>)", re.DOTALL)
_FAMILY = re.compile(r"font-family:[^;}]*")
#: What stands for a letter that no font has, as printers do it.
_LACKING = "〓"
#: Categories of letters that only change others, or the way they are joined.
_UNSEEN = ("Mn", "Me", "Cf", "Cc", "Cs")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MOVED = re.compile(f"([{_UP}]+|[{_DOWN}]+)(&[^;]+;|[^<])?")


def png(svg: str, font: Font, *, told: bool = True) -> bytes:
    """The pixels of an SVG, lettered in one font; from others comes only what it lacks. What no
    font has is `told` to whoever runs the site, but not where a stranger wrote the words."""
    lettering = _Lettering(face(font.file), told=told)
    drawn = _TEXT.sub(lettering.lettered, _NOT_IN_XML.sub("", svg))
    if lettering.others:  # the names that a style gives may mean one of them
        drawn = _FAMILY.sub(f"font-family:'{lettering.face.family}'", drawn)
    return resvg_py.svg_to_bytes(
        svg_string=drawn,
        font_files=[str(file) for file in (font.file, *lettering.others)],
        skip_system_fonts=True,
    )


class _Lettering:
    """The texts of one picture: `others` are the fonts that the letters it lacks come from."""

    def __init__(self, face: Face, *, told: bool) -> None:
        self.face, self.told = face, told
        self.others: dict[Path, None] = {}

    def lettered(self, text: re.Match[str]) -> str:
        words = _MOVED.sub(_moved, text[2])
        if words.isascii() or not self.face.spans:
            return text[1] + words
        return text[1] + "".join(map(self._drawn, words))

    def _drawn(self, letter: str) -> str:
        """The letter, from wherever it can be had; else what it is like; else a mark for it."""
        if letter.isascii() or self.face.has(letter):
            return letter
        if unicodedata.category(letter) in _UNSEEN:
            return ""
        if file := fallback(letter):
            self.others[file] = None
            return f'<tspan font-family="{escape(face(file).family)}">{letter}</tspan>'
        like = unicodedata.normalize("NFKC", letter)
        if like != letter and all(map(self.face.has, like)):
            return escape(like)
        if self.told:
            lacks(letter)
        return _LACKING if self.face.has(_LACKING) else "?"


def _moved(digits: re.Match[str]) -> str:
    """Small digits above or below the line, drawn from common ones: the font has no others but
    ¹²³."""
    shift, size = (-0.35 if digits[1][0] in _UP else 0.15), 0.65
    small = digits[1].translate(_PLAIN)
    after = f'<tspan dy="{-shift}em">{digits[2]}</tspan>' if digits[2] else ""
    return f'<tspan dy="{shift / size:.3f}em" font-size="{size}em">{small}</tspan>{after}'
