"""One series out of a table as people keep it: the head found below its title, the periods, the
values in the unit of the indicator, and whatever cannot be read said with its cell.

Nothing is guessed. What may mean two things is refused, with what would make it one. The caller
says whether a row that cannot be read refuses the table (a person's file) or is left out and told
(what a body publishes).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from etl.catalog import Indicator, Unit
from etl.errors import quoted
from etl.files.bounded import Unreadable
from etl.files.grids import Grid, GridCell, Row
from etl.files.period_words import NoPeriod, is_period, period
from etl.files.unit_words import factor, is_count, is_counted
from etl.frequency import period_name

#: How many rows are searched for the head of a table.
HEAD_ROWS = 40
#: The longest text that may be meant as a period: a longer one alone in its row is a note.
MOST_PERIOD = 20
#: How many periods without a value are named.
MOST_TOLD = 3
_PERIODS = frozenset((
    "月份", "日期", "期间", "年月", "季度", "年份", "年度", "时间", "月度", "统计时间", "统计期",
    "统计期间", "数据日期", "报告期", "所属期", "时期", "period", "date", "month", "quarter",
    "year", "time", "observation_date",
))  # fmt: skip
_VALUES = frozenset((
    "数值", "值", "数据", "指标值", "当期值", "本期值", "数量", "value", "values", "observation",
))  # fmt: skip
_NOTES = frozenset(("备注", "说明", "注", "注释", "note", "notes", "remark", "remarks"))
_AUTHORS = frozenset((
    "录入人", "填报人", "填表人", "经办人", "作者", "录入", "author", "entered by",
))  # fmt: skip
_REASONS = frozenset(("原因", "理由", "修改原因", "更正原因", "修订原因", "变动原因", "reason"))
_UNITS = frozenset(("单位", "计量单位", "unit", "units"))
_SOURCES = frozenset(("来源", "出处", "数据来源", "资料来源", "source"))
_OTHERS = frozenset(("序号", "编号", "no", "no.", "#"))
_ASIDE = _NOTES | _AUTHORS | _REASONS | _UNITS | _SOURCES | _OTHERS
#: What begins a line that is none of the table.
_BELOW = re.compile(
    r"(?:注|备注|说明|附注|数据来源|资料来源|来源|填报|填表|制表|审核|联系|截至|单位|note|source)s?\s*(?:[:：0-9（(]|$)",
    re.IGNORECASE,
)
_TOTALS = re.compile(
    r"(?:合计|总计|小计|累计|平均|均值|总和|total|sum|average)\s*[:：]?", re.IGNORECASE
)
_MISSING = frozenset(("", "-", "--", "—", "——", "–", "/", "…", "……", "...", "..", ".", "n/a", "na",
                      "无", "暂无", "缺", "null", "未公布", "nan", "#n/a"))  # fmt: skip
#: Said of values that are the sum since January.
_CUMULATIVE = ("累计", "年初以来", "ytd", "cumulative", "year to date")
_NUMBER = re.compile(r"([-+−]?)((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?)([^\d.,].*)?")
_IN_BRACKETS = re.compile(r"(.*?)[(（\[【]\s*(?:单位[:：])?([^()（）]*)[)）\]】]\s*$")
_UNIT_LINE = re.compile(r"(?:计量)?单位\s*[:：]\s*([^\s，,；;。)）]+)")


@dataclass(frozen=True, slots=True)
class TableChoice:
    """What is known of the table beforehand: its sheet, the heads of its columns, in which rows the
    series stands, and the unit of its numbers. `ask` is how a person names one of them."""

    sheet: str = ""
    date: str = ""
    value: str = ""
    where: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    ask: str = "--{}"


@dataclass(frozen=True, slots=True)
class HandValue:
    """A value with its place, and what its row says of it."""

    date: date
    value: float
    line: int
    place: str
    author: str = ""
    reason: str = ""
    note: str = ""
    source: str = ""


def credit_of(one: HandValue, file: str, author: str = "", reason: str = "") -> str:
    """Where a value came from: 工信部通报，据《月报.xlsx》，录入：王芳，理由：更正. What its row
    says comes before what is said of all."""
    author, reason = one.author or author, one.reason or reason
    parts = (
        one.source, f"据《{file}》", author and f"录入：{author}", reason and f"理由：{reason}"
    )  # fmt: skip
    return "，".join(filter(None, parts))


@dataclass(frozen=True, slots=True)
class HandSeries:
    """The values in order of date; what was wrong with rows that were left out, and remarks."""

    values: Sequence[HandValue]
    wrong: Sequence[str]
    remarks: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Head:
    """The head of a table: its last row, and the name of each column."""

    first: int
    last: int
    names: Mapping[str, str]
    date: str


def series_of(
    grids: Sequence[Grid], indicator: Indicator, unit: Unit, choice: TableChoice, *, strict: bool
) -> HandSeries:
    """The series of the indicator; Unreadable in words, with the line, if it cannot be found or,
    if `strict`, if anything of it cannot be read."""
    grid = _sheet(grids, indicator, choice)
    return _Reader(grid, indicator, unit, choice, strict).series()


def _sheet(grids: Sequence[Grid], indicator: Indicator, choice: TableChoice) -> Grid:
    """The one sheet that holds such a table."""
    ask = choice.ask.format("sheet")
    if choice.sheet:
        named = [grid for grid in grids if _plain(grid.name) == _plain(choice.sheet)]
        if not named:
            known = ", ".join(quoted(grid.name) for grid in grids if grid.name) or "no sheets"
            raise Unreadable(f"it has no sheet '{quoted(choice.sheet)}' (found: {known}).")
        return named[0]
    filled = [grid for grid in grids if grid.rows]
    if not filled:
        raise Unreadable("it holds nothing; a head and a row for each period were expected.")
    seen = [grid for grid in filled if grid.visible]
    if len(filled) == 1 and seen:
        return seen[0]
    fitting = [grid for grid in seen if _head(grid, indicator, choice) is not None]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(quoted(grid.name) for grid in (fitting or filled))
    if fitting:
        raise Unreadable(f"{len(fitting)} of its sheets hold periods ({names}); say which: {ask}.")
    raise Unreadable(f"none of its sheets that can be seen holds periods ({names}); say: {ask}.")


def _head(grid: Grid, indicator: Indicator, choice: TableChoice) -> _Head | None:
    """The first row with the head of a column of periods and that of another column."""
    wanted = {_plain(choice.date)} if choice.date else _PERIODS
    lines = list(grid.rows)[:HEAD_ROWS]
    for at, line in enumerate(lines):
        row = grid.rows[line]
        dates = [c for c in row if _plain(_named(row[c].text)[0]) in wanted]
        if not dates or len(row) < 2:
            continue
        names = {column: cell.text for column, cell in row.items()}
        last = line
        if at + 1 < len(lines):
            below = grid.rows[lines[at + 1]]
            if lines[at + 1] == line + 1 and dates[0] not in below and _all_words(below):
                names, last = _joined(names, below), line + 1
        return _Head(line, last, names, dates[0])
    return None


def _all_words(row: Row) -> bool:
    """Whether a row continues a head: words in all of its cells, and no number."""
    return all(cell.kind == "text" and not _NUMBER.fullmatch(_plain(cell.text))
               for cell in row.values())  # fmt: skip


def _joined(upper: Mapping[str, str], below: Row) -> dict[str, str]:
    """The names of a head of two rows; one that is merged stands over those to its right."""
    names, over = dict(upper), ""
    for column in sorted({*upper, *below}, key=lambda name: (len(name), name)):
        over = upper.get(column, over)
        if column in below:
            names[column] = f"{over} {below[column].text}".strip()
    return names


class _Unfit(Exception):
    """What a cell holds that is no value; `str(error)` goes on after its place."""


class _Reader:
    """One series of one sheet."""

    def __init__(
        self, grid: Grid, indicator: Indicator, unit: Unit, choice: TableChoice, strict: bool
    ) -> None:
        self.grid, self.indicator, self.unit = grid, indicator, unit
        self.choice, self.strict = choice, strict
        self.wrong: list[str] = []
        self.remarks: list[str] = []
        self.missing: list[str] = []
        self.found: dict[date, HandValue] = {}

    def series(self) -> HandSeries:
        head = _head(self.grid, self.indicator, self.choice)
        if head is None:
            head_line = None if self.choice.date else self._across()
            if head_line is None:
                raise self._no_head()
            self._read_across(head_line)
        else:
            self._read_down(head)
        if not self.found:
            told = f" {' '.join(self.wrong[:3])}" if self.wrong else ""
            raise Unreadable(f"it holds no value of {self.indicator.id}.{told}")
        values = [self.found[day] for day in sorted(self.found)]
        self._tell_missing()
        self._tell_hidden(values)
        return HandSeries(values, self.wrong, self.remarks)

    def _no_head(self) -> Unreadable:
        line = next(iter(self.grid.rows))
        shown = ", ".join(quoted(cell.text) for cell in [*self.grid.rows[line].values()][:5])
        what = f"'{quoted(self.choice.date)}'" if self.choice.date else "月份, 日期 or 期间"
        return Unreadable(
            f"it has no head with a column {what} (row {line} holds: {shown}); write one over the "
            "periods, and one like 数值 over the values.",
            line=line,
        )

    def _read_down(self, head: _Head) -> None:
        names = {column: _named(text) for column, text in head.names.items()}
        body = {line: row for line, row in self.grid.rows.items() if line > head.last}
        rows = self._where(head, names, body)
        column = self._column(head, names, rows)
        for line, row in rows.items():
            with_period = row.get(head.date)
            if self._is_aside(line, row):
                continue
            if with_period is None:
                if self._is_number(row.get(column)):
                    self._fault(line, column, "holds a value, and its row names no period")
                continue
            self._take(
                line, with_period, head.date, column, row.get(column), names[column][1],
                aside={known: self._aside(row, names, kinds) for known, kinds in _SAID.items()},
            )  # fmt: skip

    def _where(
        self, head: _Head, names: Mapping[str, tuple[str, str]], body: Mapping[int, Row]
    ) -> Mapping[int, Row]:
        """The rows that the choice means."""
        wanted = dict(self.choice.where)
        of_ids = [c for c, (name, _) in names.items() if _plain(name) == "indicator"]
        if of_ids and "indicator" not in wanted:
            wanted["indicator"] = self.indicator.id
        for title, text in wanted.items():
            columns = [c for c, (name, _) in names.items() if _plain(name) == _plain(title)]
            if len(columns) != 1:
                raise Unreadable(
                    f"it has no column '{quoted(title)}' (found: {self._shown(head)}).",
                    line=head.first,
                )
            held = {line: row[columns[0]].text for line, row in body.items() if columns[0] in row}
            body = {line: body[line] for line in held if _plain(held[line]) == _plain(text)}
            if not body:
                others = ", ".join(list(dict.fromkeys(map(quoted, held.values())))[:5])
                raise Unreadable(
                    f"no row has '{quoted(text)}' in its column '{quoted(title)}' (found: "
                    f"{others or 'nothing'}).",
                    line=head.first,
                )
        return body

    def _column(
        self, head: _Head, names: Mapping[str, tuple[str, str]], rows: Mapping[int, Row]
    ) -> str:
        """The column of the values."""
        wanted, ask = self.choice.value, self.choice.ask
        if wanted:
            named = [c for c in names if _plain(wanted) in
                     (_plain(names[c][0]), _plain(head.names[c]))]  # fmt: skip
            if len(named) > 1:
                raise Unreadable(
                    f"'{quoted(wanted)}' stands over {len(named)} columns "
                    f"({', '.join(named)}); name it by its letter.",
                    line=head.first,
                )
            if not named and wanted.upper() in names:
                named = [wanted.upper()]
            if not named:
                raise Unreadable(
                    f"it has no column '{quoted(wanted)}' (found: {self._shown(head)}).",
                    line=head.first,
                )
            return named[0]
        aside = {head.date} | {c for c, (name, _) in names.items() if _plain(name) in _ASIDE}
        aside |= {c for c in names if any(_plain(names[c][0]) == _plain(t)
                                          for t in self.choice.where)}  # fmt: skip
        seen = [c for c in names if c not in aside and c not in self.grid.hidden_columns]
        numeric = [c for c in seen if any(self._is_number(r.get(c)) for r in rows.values())]
        ours = {_plain(word) for word in self._words()}
        for fits in (ours.__contains__, _VALUES.__contains__):
            alike = [c for c in seen if fits(_plain(names[c][0]))]
            if len(alike) == 1:
                return alike[0]
        if len(numeric) > 1:  # 本月 beside 累计: the indicator may say which
            alike = [c for c in numeric if _is_cumulative(names[c][0]) == self._adds_up_itself]
            if len(alike) == 1 and self._adds_up_itself:
                return alike[0]
        if len(numeric) == 1:
            (only,) = numeric
            if _is_cumulative(names[only][0]) and not self._adds_up_itself:
                raise Unreadable(
                    f"its only numbers are those of '{quoted(head.names[only])}' ({only}), sums "
                    f"since January, and {self.indicator.id} is not one; if they are its values, "
                    f"say so: {ask.format('column')}.",
                    line=head.first,
                )
            return only
        if not numeric:
            raise Unreadable(
                f"no column but that of the periods holds numbers (found: {self._shown(head)}); "
                "write 数值 over the values.",
                line=head.first,
            )
        shown = ", ".join(f"{quoted(head.names[c])} ({c})" for c in numeric[:8])
        raise Unreadable(
            f"several columns hold numbers: {shown}; say which is {self.indicator.id}: "
            f"{ask.format('column')}.",
            line=head.first,
        )

    @property
    def _adds_up_itself(self) -> bool:
        """Whether the indicator is itself a sum since January."""
        return _is_cumulative(f"{self.indicator.title.zh} {self.indicator.title.en}")

    def _words(self) -> Iterator[str]:
        one = self.indicator
        yield from (one.id, one.title.zh, one.title.en, one.short.zh, one.short.en, *one.aliases)

    def _is_aside(self, line: int, row: Row) -> bool:
        """Whether a row is a note or a total rather than a period; a total is told."""
        text = next(iter(row.values())).text.strip()
        if _TOTALS.fullmatch(_plain(text)):
            self.remarks.append(f"Row {line} ('{quoted(text)}') is no period and was left out.")
            return True
        alone = len(row) == 1 and not is_period(text, self.indicator.frequency)
        return bool(_BELOW.match(text)) or (alone and len(text) > MOST_PERIOD)

    def _across(self) -> int | None:
        """The first row that holds several periods side by side."""
        for line in list(self.grid.rows)[:HEAD_ROWS]:
            cells = self.grid.rows[line].values()
            if sum(is_period(cell.text, self.indicator.frequency) for cell in cells) > 1:
                return line
        return None

    def _read_across(self, head: int) -> None:
        """Periods side by side in the head, one series a row, as statistical offices write."""
        top = self.grid.rows[head]
        dated = {c: cell for c, cell in top.items()
                 if is_period(cell.text, self.indicator.frequency)}  # fmt: skip
        names = {c: _named(cell.text) for c, cell in top.items() if c not in dated}
        body = {line: row for line, row in self.grid.rows.items() if line > head}
        shown = _Head(head, head, {c: cell.text for c, cell in top.items()}, "")
        rows = self._where(shown, names, body)
        rows = {n: r for n, r in rows.items() if any(self._is_number(r.get(c)) for c in dated)}
        ours = {_plain(self.choice.value)} if self.choice.value else set()
        if not ours and len(rows) > 1:
            ours = {_plain(word) for word in self._words()}
        if ours:
            rows = {n: r for n, r in rows.items()
                    if any(_plain(_named(r[c].text)[0]) in ours or _plain(r[c].text) in ours
                           for c in r if c not in dated)}  # fmt: skip
        if len(rows) != 1:
            held = [quoted(next(iter(r.values())).text) for r in body.values()]
            raise Unreadable(
                f"its periods stand side by side, and {len(rows)} of its rows can be "
                f"{self.indicator.id} (rows: {', '.join(held[:5])}); name one: "
                f"{self.choice.ask.format('column')}.",
                line=head,
            )
        ((line, row),) = rows.items()
        said = next((_named(row[c].text)[1] for c in row if c not in dated), "")
        units = [row[c].text for c in row if c in names and _plain(names[c][0]) in _UNITS]
        aside = {"unit": units[0]} if units else {}
        for column, cell in dated.items():
            self._take(line, cell, column, column, row.get(column), said, aside=aside)

    def _take(
        self,
        line: int,
        when: GridCell,
        when_column: str,
        column: str,
        cell: GridCell | None,
        head_unit: str,
        aside: Mapping[str, str],
    ) -> None:
        """Keep the value of one cell, or say what is wrong with it or its period."""
        frequency = self.indicator.frequency
        try:
            day = period(when.text, frequency)
        except NoPeriod as error:
            if not error.is_several:
                self._fault(line, when_column, str(error))
            elif self._is_number(cell):
                more = f"; the indicator is {frequency}: give one value for each, or take it out"
                self._fault(line, when_column, f"{error}{more}")
            return
        if cell is None or (cell.kind in ("text", "number") and _plain(cell.text) in _MISSING):
            self.missing.append(period_name(frequency, day))
            return
        try:
            number, unit = self._number(cell)
            of_column = aside.get("unit", "") or head_unit or self._unit_of_table
            unit = self._counted(unit, of_column) if unit else of_column
            value = float(f"{number * self._times(line, unit):.15g}")
        except _Unfit as error:
            self._fault(line, column, str(error))
            return
        place = self.grid.place(line, column)
        if day in self.found:
            raise Unreadable(
                f"{self.found[day].place} and {place} are two values for "
                f"{period_name(self.indicator.frequency, day)}; keep one.",
                line=line,
            )
        said = {name: text for name, text in aside.items() if name != "unit"}
        self.found[day] = HandValue(day, value, line, place, **said)

    def _number(self, cell: GridCell) -> tuple[float, str]:
        """The number in a cell, and the unit that stands behind it; _Unfit if it holds none."""
        if cell.kind == "formula":
            raise _Unfit(
                "holds a formula whose result is not stored; open the file in Excel and save it"
            )
        if cell.kind == "error":
            raise _Unfit(f"holds the error {quoted(cell.text)}; mend it")
        if cell.kind == "date":
            raise _Unfit(f"is a date ({quoted(cell.text)}), not a value")
        found = _NUMBER.fullmatch(_plain(cell.text))
        number = float(found[2].replace(",", "")) if found else math.nan
        if found is None or not math.isfinite(number):
            raise _Unfit(f"'{quoted(cell.text)}' is no number; write digits like 1234.5")
        number = -number if found[1] in ("-", "−") else number
        if cell.kind == "percent":
            return float(f"{number * 100:.15g}"), "%"
        return number, found[3] or ""

    def _counted(self, unit: str, of_column: str) -> str:
        """The unit of a cell: 1.46 万 under 家 counts 万家. Under 亿元 nobody knows which of both
        it is, and it cannot be told in any unit."""
        of_column = of_column or (self.unit.label.zh if self.unit.zh_factor == 1 else "")
        if is_count(unit) and not is_counted(of_column):
            return unit + of_column
        return unit

    def _times(self, line: int, unit: str) -> float:
        """What converts numbers in a unit, as somebody wrote it, into the indicator's."""
        ours = self.unit.label.zh
        if not unit and self.unit.zh_factor == 1:
            return 1.0
        if not unit:
            raise Unreadable(
                f"nothing says in which unit its numbers are; the indicator is told in {ours}: "
                f"write 数值（{ours}） over them, or say it: {self.choice.ask.format('unit')}.",
                line=line,
            )
        times = factor(unit, self.unit)
        if times is None:
            raise _Unfit(
                f"is counted in '{quoted(unit)}', which cannot be told in {ours}, the unit of "
                f"{self.indicator.id}"
            )
        return times

    @property
    def _unit_of_table(self) -> str:
        """The unit that the caller gives, or that a line over the table says: 单位：亿元."""
        for line in list(self.grid.rows)[:HEAD_ROWS]:
            for cell in self.grid.rows[line].values():
                if found := _UNIT_LINE.search(unicodedata.normalize("NFKC", cell.text)):
                    return found[1]
        return self.choice.unit

    def _aside(self, row: Row, names: Mapping[str, tuple[str, str]], kinds: frozenset[str]) -> str:
        """What a column beside the value says of it."""
        for column, (name, _) in names.items():
            if _plain(name) in kinds and column in row and row[column].kind != "error":
                return row[column].text[:200]
        return ""

    def _is_number(self, cell: GridCell | None) -> bool:
        if cell is None:
            return False
        if cell.kind in ("number", "percent", "formula", "error"):
            return True
        return cell.kind == "text" and bool(_NUMBER.fullmatch(_plain(cell.text)))

    def _fault(self, line: int, column: str, sentence: str) -> None:
        """A cell that cannot be read ends a strict reading; otherwise it is told."""
        told = f"{self.grid.place(line, column)} {sentence}."
        if self.strict:
            raise Unreadable(told, line=line)
        self.wrong.append(told)

    def _tell_missing(self) -> None:
        if self.missing:
            more = len(self.missing) - MOST_TOLD
            tail = f" and {more:,} more" if more > 0 else ""
            self.remarks.append(f"No value for {', '.join(self.missing[:MOST_TOLD])}{tail}.")

    def _tell_hidden(self, values: Sequence[HandValue]) -> None:
        hidden = [str(one.line) for one in values if one.line in self.grid.hidden_rows]
        if hidden:
            more = " …" if len(hidden) > 5 else ""
            rows, were = ("row", "was") if len(hidden) == 1 else ("rows", "were")
            self.remarks.append(f"The hidden {rows} {', '.join(hidden[:5])}{more} {were} read too.")
        if self.grid.hidden_columns:
            columns = sorted(self.grid.hidden_columns, key=lambda c: (len(c), c))
            self.remarks.append(
                f"Columns are hidden: {', '.join(columns[:5])}; they are taken only if named."
            )

    def _shown(self, head: _Head) -> str:
        return ", ".join(quoted(text) for text in [*head.names.values()][:8])


#: What a row may say of its value, and the heads that say so.
_SAID: Mapping[str, frozenset[str]] = {
    "author": _AUTHORS, "reason": _REASONS, "note": _NOTES, "source": _SOURCES, "unit": _UNITS,
}  # fmt: skip


def _is_cumulative(name: str) -> bool:
    said = _plain(name)
    return any(_plain(word) in said for word in _CUMULATIVE)


def _named(head: str) -> tuple[str, str]:
    """A head without its unit, and the unit: 数值（亿元）."""
    found = _IN_BRACKETS.fullmatch(head.strip())
    if found and found[1].strip():
        return found[1].strip(), found[2].strip()
    return head.strip(), ""


def _plain(text: str) -> str:
    """Without spaces, case and full-width forms."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
