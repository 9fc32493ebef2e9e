"""The figures of provinces as files: a line for each, with its source and how it is measured."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.export import xlsx
from dashboard.export.csv import Field, Record, heads, lines_of
from dashboard.texts import text
from etl.records import BEIJING

FIELDS = (
    Field("province", "省份", "text"),
    Field("factor", "因素", "text"),
    Field("yardstick", "口径代号", "text"),
    Field("title", "口径", "text"),
    Field("period", "期间", "text"),
    Field("value", "数值", "number"),
    Field("unit", "单位", "text"),
    Field("source", "来源", "text"),
    Field("address", "网址", "text"),
    Field("public", "公布日", "date"),
    Field("status", "性质", "text"),
    Field("note", "备注", "text"),
)
NAME = "provinces"


def records(snapshot: Snapshot, as_of: datetime | None) -> Iterator[Record]:
    """The figures that were public at a moment, yardstick by yardstick."""
    day = as_of.astimezone(BEIJING).date().isoformat() if as_of else ""
    for one in queries.provinces(snapshot, day):
        for figure in one.figures:
            yield (
                figure.province, one.factor, one.yardstick, one.title, figure.period,
                float(figure.value), one.unit, figure.source, figure.address,
                date.fromisoformat(figure.public), figure.status, figure.note,
            )  # fmt: skip


def as_csv(snapshot: Snapshot, as_of: datetime | None, *, for_excel: bool) -> bytes:
    """The figures as CSV; with a mark and Chinese headings where it is for Excel."""
    written = lines_of([heads(FIELDS, for_excel=for_excel), *records(snapshot, as_of)])
    return written.encode("utf-8-sig" if for_excel else "utf-8")


def as_xlsx(snapshot: Snapshot, as_of: datetime | None) -> bytes:
    """The figures as a workbook, with how each is measured on its second sheet."""
    said = [
        ("说明", text("provinces_lead", "zh")),
        ("快照", snapshot.name),
        *((one.title, one.definition) for one in queries.provinces(snapshot)),
    ]
    header = heads(FIELDS, for_excel=True)
    return xlsx.workbook(FIELDS, header, records(snapshot, as_of), said)
