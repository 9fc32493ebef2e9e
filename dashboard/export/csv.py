"""How a CSV is written (RFC 4180, CRLF): its columns and their headings, its cells, its lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from dashboard.formatting import plain_number

#: What a spreadsheet would take for the beginning of a formula.
_RISKY = ("=", "+", "-", "@", "\t", "\r")
Kind = Literal["date", "text", "number", "moment"]
Cell = str | float | date | datetime | None
Record = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a file: its name, its Chinese heading, and what its cells hold."""

    name: str
    heading: str
    kind: Kind


LONG = (
    Field("date", "日期", "date"),
    Field("indicator", "指标", "text"),
    Field("value", "数值", "number"),
    Field("unit", "单位", "text"),
    Field("source", "来源", "text"),
    Field("known_at", "公布时间", "moment"),
    Field("status", "状态", "text"),
)


def heads(fields: Sequence[Field], *, for_excel: bool) -> tuple[str, ...]:
    """The first line: names, or Chinese headings where the file is for Excel."""
    return tuple(field.heading if for_excel else field.name for field in fields)


def lines_of(rows: Iterable[Iterable[Cell]]) -> str:
    """The rows as lines."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(map(written, row) for row in rows)
    return out.getvalue()


def written(cell: Cell) -> str:
    """A cell as it stands in the file: every digit of a number, nothing for what is missing."""
    match cell:
        case None:
            return ""
        case str():
            return safe(cell)
        case datetime():
            return iso(cell)
        case date():
            return cell.isoformat()
    return plain_number(cell)


def safe(cell: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_RISKY) else cell


def iso(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
