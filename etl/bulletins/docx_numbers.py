"""The numbers of lists and headings in a Word document, which are not in its text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from etl.bulletins.parts import numeral

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MOST_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
          (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


def attribute(element: Any, path: str, name: str = "val") -> str | None:
    """The attribute of what stands at `path` below `element`, such as `pPr/pStyle`."""
    found = element.find(_path(path))
    return None if found is None else found.get(W + name)


@cache
def _path(path: str) -> str:
    return "/".join(W + step for step in path.split("/"))


@dataclass(frozen=True, slots=True)
class Styles:
    """The styles of a document by id: each may build upon another."""

    elements: dict[str, Any]

    def chain(self, style: str | None) -> Iterator[Any]:
        """The style and those it is based on."""
        seen: set[str] = set()
        while style in self.elements and style not in seen:
            seen.add(style)
            yield self.elements[style]
            style = attribute(self.elements[style], "basedOn")

    def of(self, paragraph: Any) -> Iterator[Any]:
        """Where the properties of a paragraph are looked up: itself first."""
        yield paragraph
        yield from self.chain(attribute(paragraph, "pPr/pStyle"))


@dataclass(slots=True)
class Numbers:
    """Counts as Word does: lists of one kind go on from each other unless one starts anew."""

    root: Any
    styles: Styles
    unknown: int = 0
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)
    _started: set[str] = field(default_factory=set)

    def mark(self, paragraph: Any) -> str:
        """What Word writes before the paragraph, such as `一、` or `• `; '' for nothing."""
        number, level = self._place(paragraph)
        if number in {None, "0"}:
            return ""
        levels = self._levels(str(number))
        if level not in levels:
            self.unknown += 1
            return ""
        counts = self._count(str(number), level, levels)
        return _mark(levels, level, counts)

    def _place(self, paragraph: Any) -> tuple[str | None, int]:
        number = depth = None
        for element in self.styles.of(paragraph):
            number = number or attribute(element, "pPr/numPr/numId")
            depth = depth or attribute(element, "pPr/numPr/ilvl")
        return number, int(depth) if depth and depth.isdecimal() else 0

    def _levels(self, number: str) -> dict[int, Any]:
        levels: dict[int, Any] = {}
        one = self._find("num", "numId", number)
        if one is None:
            return levels
        for parent in (self._find("abstractNum", "abstractNumId", _kind(one)), one):
            for level in () if parent is None else parent.iter(W + "lvl"):
                levels[int(level.get(W + "ilvl", "0"))] = level
        return levels

    def _find(self, tag: str, key: str, value: str) -> Any:
        every = () if self.root is None else self.root.iterchildren(W + tag)
        return next((one for one in every if one.get(W + key) == value), None)

    def _count(self, number: str, level: int, levels: dict[int, Any]) -> dict[int, int]:
        one = self._find("num", "numId", number)
        counts = self._counts.setdefault(_kind(one), {})
        if number not in self._started:
            self._started.add(number)
            for override in one.iterchildren(W + "lvlOverride"):
                if attribute(override, "startOverride") is not None:
                    counts.pop(int(override.get(W + "ilvl", "0")), None)
        for deeper in range(level + 1, MOST_LEVELS):
            counts.pop(deeper, None)
        for upper in range(level + 1):
            if upper not in counts:
                counts[upper] = _start(one, levels.get(upper), upper)
            elif upper == level:
                counts[upper] += 1
        return counts


def _kind(number: Any) -> str:
    return attribute(number, "abstractNumId") or ""


def _start(number: Any, level: Any, at: int) -> int:
    for override in number.iterchildren(W + "lvlOverride"):
        if override.get(W + "ilvl") == str(at):
            start = attribute(override, "startOverride")
            if start and start.isdecimal():
                return int(start)
    start = None if level is None else attribute(level, "start")
    return int(start) if start and start.isdecimal() else 1


def _mark(levels: dict[int, Any], level: int, counts: dict[int, int]) -> str:
    form = attribute(levels[level], "numFmt") or "decimal"
    if form == "bullet":
        return "• "
    plain = levels[level].find(W + "isLgl") is not None

    def digits(place: re.Match[str]) -> str:
        at = int(place[1]) - 1
        style = "decimal" if plain or at not in levels else attribute(levels[at], "numFmt")
        return _FORMS.get(style or "decimal", str)(counts.get(at, 1))

    words = _PLACE.sub(digits, attribute(levels[level], "lvlText") or "")
    return words + " " if words and words[-1].isascii() and words[-1] != " " else words


def _letters(first: str) -> Callable[[int], str]:
    """a, b … z, aa, bb …"""
    return lambda number: chr(ord(first) + (number - 1) % 26) * (1 + (number - 1) // 26)


def _roman(number: int) -> str:
    words = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        words += letters * min(count, 9)
    return words


def _circled(number: int) -> str:
    return chr(0x245F + number) if 1 <= number <= 20 else str(number)


_CHINESE = ("chineseCounting", "chineseCountingThousand", "ideographDigital", "japaneseCounting",
            "japaneseDigitalTenThousand", "taiwaneseCounting", "taiwaneseCountingThousand",
            "koreanDigital2")  # fmt: skip
_FORMS: dict[str, Callable[[int], str]] = {
    **dict.fromkeys(_CHINESE, numeral),
    **dict.fromkeys(("decimalEnclosedCircle", "decimalEnclosedCircleChinese"), _circled),
    "lowerLetter": _letters("a"),
    "upperLetter": _letters("A"),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "decimalZero": lambda number: f"{number:02}",
    "none": lambda number: "",
}
