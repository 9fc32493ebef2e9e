"""The cells of a table as sentences: what the heads of row and column surely name, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from etl.bulletins.mentions import MentionFinder
from etl.bulletins.parts import DATE
from etl.bulletins.tables import TextCell, TextTable
from etl.catalog import Catalog
from etl.claims.grammar import Grammar, folded

#: How many rows of a table are read.
MOST_ROWS = 500
#: A line above a table that is so short, or ends so, is about the table.
MOST_CAPTION = 40
_LEADS_TO_TABLE = re.compile(r"如下|下表|见表|[:：]$")
_DAY = re.compile(rf"{DATE.pattern}|(\d{{1,2}})\s*月\s*(\d{{1,2}})\s*日?(?!\d)")
#: The units that the value of a cell may have.
_UNITS = ("percent", "basis_point", "points", "usd", "cny")
_NOTHING = re.compile(r"[\s()（）\[\]【】/|,，、:：·*#^._—–-]+")
_VALUE = re.compile(
    r"(?P<sign>[+＋\-−－▲▼↑↓涨跌]?)\s*(?P<digits>\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"\s*(?P<unit>[^\d\s↑↓▲▼]*)\s*(?P<arrow>[↑↓▲▼]?)"
)
#: A code in brackets behind a name: （SPX）, (^GSPC).
_TICKER = re.compile(r"[(（][\^.]?[A-Z]{2,6}[)）]")
_DOWN, _UP = frozenset("-−－▼↓跌"), frozenset("+＋▲↑涨")


class CellSentence(NamedTuple):
    """A cell that is read: the sentence it says of an indicator, and that as a person reads it."""

    cell: TextCell
    indicator: str
    words: str
    shown: str


@dataclass(frozen=True, slots=True)
class _Named:
    """What the words of a head name; '' for what they do not."""

    indicator: str = ""
    subject: str = ""
    quantity: str = ""
    day: str = ""
    unit: str = ""

    def with_(self, other: _Named) -> _Named | None:
        """Both together; None where they name two of a kind."""
        pairs = [(getattr(self, name), getattr(other, name)) for name in _Named.__slots__]
        if any(one and two and one != two for one, two in pairs):
            return None
        return _Named(*(one or two for one, two in pairs))


class CellReader:
    """Reads tables by the words of a catalog."""

    def __init__(self, catalog: Catalog, finder: MentionFinder, grammar: Grammar) -> None:
        self._catalog, self._finder = catalog, finder
        words = grammar.tables
        self._doubts = _one_of(words.doubts)
        self._quantities = {
            folded(word): name for name, listed in words.quantities.items() for word in listed
        }
        self._units = {folded(word): name for name in _UNITS for word in grammar.units[name]}
        known = [*self._quantities, *self._units, *map(folded, words.neutral)]
        self._known = _one_of(known)
        self._named = lru_cache(maxsize=4096)(self._read)

    def sentences(self, table: TextTable, above: Sequence[str]) -> Iterator[CellSentence]:
        """What the cells of a table say. `above` are the headings it stands under, and last the
        paragraph before it."""
        *headings, before = above
        is_caption = len(before) <= MOST_CAPTION or _LEADS_TO_TABLE.search(before)
        caption = before if is_caption else ""
        days = {found[0] for found in _DAY.finditer(caption)}
        heads = [cell.text for cell in table.head]
        about = [_DAY.sub("", words) for words in (*headings, caption)]
        if len(days) > 1 or any(map(self._doubts.search, map(folded, about))):
            return
        told = _Named(day=_day(next(iter(days), "")))
        columns = [self._column(words) for words in heads]
        is_running = any(re.search(r"最新|现价|实时|盘[前中后]", words) for words in heads)
        for row in table.rows[:MOST_ROWS]:
            for at, cell in enumerate(row):
                column, value = columns[at], _VALUE.fullmatch(cell.text)
                rowed = self._row(row[:at], columns) if column and value else None
                named = rowed.with_(column) if rowed and column else None
                named = named and (named if named.day else named.with_(told))
                if named and value and not (is_running and named.quantity != "close"):
                    words = self._sentence(named, value)
                    shown = " · ".join(filter(None, (self._name(row[:at]), heads[at])))
                    if words:
                        yield CellSentence(cell, named.indicator, words, f"{shown}：{cell.text}")

    def _name(self, cells: Sequence[TextCell]) -> str:
        return " ".join(cell.text for cell in cells if not self._is_value(cell.text))

    def _is_value(self, words: str) -> bool:
        """Whether a cell is a figure; 10年期美债 is a name."""
        return bool(_VALUE.fullmatch(words)) and not any(self._finder.found(words))

    def _column(self, words: str) -> _Named | None:
        return None if self._doubts.search(folded(_YEAR.sub("", words))) else self._named(words)

    def _row(self, cells: Sequence[TextCell], columns: Sequence[_Named | None]) -> _Named | None:
        """What the cells before a value name; None where a word of them is not understood."""
        found: _Named | None = _Named()
        for cell, column in zip(cells, columns, strict=False):
            is_value = self._is_value(cell.text) and not _DAY.fullmatch(cell.text)
            if found is None or is_value or not _NOTHING.sub("", cell.text):
                continue
            named = self._named(cell.text)
            heads_it = column is not None and not (column.indicator or column.quantity)
            found = found.with_(named) if named and heads_it else None
        return found

    def _read(self, words: str) -> _Named | None:
        """What a head names; None where there is a word that is not understood."""
        mentions = list(self._finder.found(words))
        if len({indicator for _, _, indicator in mentions}) > 1:
            return None
        rest = words
        for start, stop, _ in reversed(mentions):
            rest = f"{rest[:start]} {rest[stop:]}"
        days = _DAY.findall(rest)
        day = _DAY.search(rest)
        rest = folded(_TICKER.sub(" ", _DAY.sub(" ", rest)))
        known = self._known.findall(rest)
        quantities = {self._quantities[word] for word in known if word in self._quantities}
        units = {word for word in known if word in self._units}
        if len(days) > 1 or len(quantities) > 1 or len(units) > 1:
            return None
        if _NOTHING.sub("", self._known.sub(" ", rest)):
            return None
        indicator = mentions[0][2] if mentions else ""
        subject = words[mentions[0][0] : mentions[0][1]] if mentions else ""
        return _Named(
            indicator, subject, next(iter(quantities), ""), _day(day[0]) if day else "",
            next(iter(units), ""),
        )  # fmt: skip

    def _sentence(self, named: _Named, value: re.Match[str]) -> str:
        """The sentence of a cell; '' where it is not sure what the value is."""
        unit = folded(value["unit"]) or named.unit
        if not named.indicator or (unit and unit not in self._units):
            return ""
        kind = self._units.get(unit, "")
        is_rate = self._catalog.unit(self._catalog[named.indicator]).code == "percent"
        digits = re.sub("[,，]", "", value["digits"])
        signs = {*value["sign"], *value["arrow"]}
        start = f"{named.day}{named.subject}"
        is_level = named.quantity == "close" or (not named.quantity and bool(named.day))
        if is_level:
            sure = not signs and is_rate == (kind == "percent")
            return f"{start}收于{digits}{unit}" if sure else ""
        is_known = kind == "basis_point" if is_rate else kind in {"percent", "points", "usd"}
        if not named.quantity or not is_known or len(signs & _DOWN) + len(signs & _UP) > 1:
            return ""
        if named.quantity == "year":
            start = f"{named.subject}今年以来累计"
        if not float(digits):
            return f"{start}持平" if named.quantity == "change" else ""
        return f"{start}{'跌' if signs & _DOWN else '涨'}{digits}{unit}"


_YEAR = re.compile(r"年初至今|年初以来|今年以来|年内涨")


def _one_of(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words, the longest first; a Latin one with no letter beside it."""
    longest = sorted(map(folded, words), key=len, reverse=True)
    parts = [
        rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word.isascii() and word.isalpha()
        else re.escape(word)
        for word in longest
    ]  # fmt: skip
    return re.compile("|".join(parts))


def _day(words: str) -> str:
    """A day as sentences write it; '' for none."""
    found = _DAY.fullmatch(words.strip())
    if found is None:
        return ""
    year, month, day, short_month, short_day = found.groups()
    if year:
        return f"{year}年{int(month)}月{int(day)}日"
    return f"{int(short_month)}月{int(short_day)}日"
