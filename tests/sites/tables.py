"""A body that publishes a table as a CSV or a workbook, in the three shapes that such tables have:
a row for each period and province, a column for each province, months side by side."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import openpyxl
from upstreams import XLSX, Answer, bent

HOST = "tables.example.org"
#: What stands in the tables unless a test says otherwise: the months of 2026, in 万吨.
MONTHS: Mapping[date, float] = {
    date(2026, month, 1): 1000.5 + 12 * month for month in (1, 2, 3, 4, 5, 6)
}
_HEADS = {"renamed-column": "数量（万吨）", "other-currency": "产量（亿元）"}


@dataclass
class TableSite:
    """The same values at /long.csv, /provinces.csv, /wide.csv and /long.xlsx."""

    values: Mapping[date, float] = field(default_factory=lambda: dict(MONTHS))
    encoding: str = "utf-8"
    hosts: frozenset[str] = frozenset({HOST})
    asked: list[str] = field(default_factory=list)

    def answer(
        self, host: str, place: str, query: dict[str, str], headers: dict[str, str], how: str
    ) -> Answer | None:
        self.asked.append(place)
        rows = [(day, _written(value)) for day, value in bent([*self.values.items()], how)]
        shape, _, kind = place.removeprefix("/").partition(".")
        make = {"long": _long, "provinces": _provinces, "wide": _wide}.get(shape)
        if make is None:
            return None
        table = make(rows, how)
        if kind == "xlsx":
            return Answer(200, XLSX, _workbook(table))
        text = "".join(",".join(f'"{c}"' if "," in c else c for c in row) + "\r\n" for row in table)
        return Answer(200, "text/csv", text.encode(self.encoding))


def _written(value: object) -> str:
    return "" if value is None else "NaN" if value != value else str(value)


def _long(rows: Sequence[tuple[date, str]], how: str) -> list[list[str]]:
    head = ["期间", "地区", _HEADS.get(how, "产量（万吨）")]
    whole = "合计" if how == "other-series" else "全国"
    table = [["某某产量月度数据"], head]
    for day, value in rows:
        table += [[f"{day:%Y年%-m月}", whole, value], [f"{day:%Y年%-m月}", "广东省", "7.5"]]
    table.append(["注：2月数据为初步核实数。"])
    return [[*row, "x"] if how == "extra-column" and len(row) > 1 else row for row in table]


def _provinces(rows: Sequence[tuple[date, str]], how: str) -> list[list[str]]:
    whole = {"renamed-column": "中国", "other-series": "合计", "other-currency": "全国（亿元）"}
    head = ["月份", "北京市", whole.get(how, "全国（万吨）")]
    return [head, *([f"{day:%Y-%m}", "1.5", value] for day, value in rows)]


def _wide(rows: Sequence[tuple[date, str]], how: str) -> list[list[str]]:
    label = {"renamed-column": "区域"}.get(how, "地区")
    whole = {"other-series": "合计"}.get(how, "全国")
    unit = "亿元" if how == "other-currency" else "万吨"
    return [
        ["指标：产量"], [f"单位：{unit}"],
        [label, *(f"{day:%Y年%-m月}" for day, _ in rows)],
        [whole, *(value for _, value in rows)], ["广东省", *("7.5" for _ in rows)],
    ]  # fmt: skip


def _workbook(table: Sequence[Sequence[str]]) -> bytes:
    book, made = openpyxl.Workbook(), io.BytesIO()
    for row in table:
        book.active.append([_typed(text) for text in row])
    book.save(made)
    return made.getvalue()


def _typed(text: str) -> object:
    try:
        return float(text) if text and text != "NaN" else text or None
    except ValueError:
        return text
