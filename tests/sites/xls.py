"""Old Excel workbooks (BIFF8 in a compound file), as EIA still sends them: no library here writes
them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import date

SECTOR = 512
#: A stream that is shorter stands elsewhere in the file.
SHORTEST = 4096
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
#: The formats of cells: general, and a day.
GENERAL, DAY = 0, 1

Cell = str | float | date | None


def workbook(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bytes:
    """A workbook with the cells of each sheet."""
    formats = [_record(0x00E0, struct.pack("<HH16x", 0, number)) for number in (0, 14)]
    parts = [_sheet(rows) for rows in sheets.values()]
    head = [_record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 0x0600)), *formats]
    names = [name.encode("latin-1") for name in sheets]
    length = sum(map(len, head)) + sum(12 + len(name) for name in names) + 4
    for name, part in zip(names, parts, strict=True):
        head.append(_record(0x0085, struct.pack("<IBBBB", length, 0, 0, len(name), 0) + name))
        length += len(part)
    return _compound(b"".join([*head, _record(0x000A, b""), *parts]))


def _sheet(rows: Sequence[Sequence[Cell]]) -> bytes:
    cells = [
        _cell(row, column, value)
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
        if value is not None
    ]
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 0x0600))
    return b"".join([begin, *cells, _record(0x000A, b"")])


def _cell(row: int, column: int, value: str | float | date) -> bytes:
    if isinstance(value, str):
        text = value.encode("utf-16-le")
        place = struct.pack("<HHHHB", row, column, GENERAL, len(value), 1)
        return _record(0x0204, place + text)
    is_day = isinstance(value, date)
    number = float((value - date(1899, 12, 30)).days) if isinstance(value, date) else value
    return _record(0x0203, struct.pack("<HHHd", row, column, DAY if is_day else GENERAL, number))


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _compound(stream: bytes) -> bytes:
    """A compound file whose one stream is the workbook."""
    length = max(SHORTEST, len(stream))
    blocks = -(-length // SECTOR)
    tables = -(-(blocks + 1 + blocks // 100 + 1) // (SECTOR // 4))
    chain = [FAT] * tables + [END] + [*range(tables + 2, tables + 1 + blocks), END]
    table = chain + [FREE] * (tables * SECTOR // 4 - len(chain))
    head = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
        b"", 0, tables, tables, 0, SHORTEST, END, 0, END, 0,
    )  # fmt: skip
    places = [*range(tables), *[FREE] * (109 - tables)]
    entries = [
        _entry("Root Entry", 5, 1, END, 0), _entry("Workbook", 2, FREE, tables + 1, length),
    ]  # fmt: skip
    return b"".join([
        head, struct.pack("<109I", *places), struct.pack(f"<{len(table)}I", *table),
        b"".join(entries).ljust(SECTOR, b"\0"), stream.ljust(blocks * SECTOR, b"\0"),
    ])  # fmt: skip


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16sIQQIQ", text, len(text), kind, 1, FREE, FREE, child, b"", 0, 0, 0, start,
        size,
    )  # fmt: skip
