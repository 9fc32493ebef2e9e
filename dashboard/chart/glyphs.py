"""Which letters a font file can draw, and its family: as OpenType tables say it."""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

#: What letters are drawn with; a font without any of them holds small pictures.
_OUTLINES = (b"glyf", b"CFF ", b"CFF2")
#: Tables that are larger are no tables of letters.
_MOST = 8_000_000
#: The family by which others name a font, in English.
_WINDOWS, _UNICODE, _ENGLISH, _FAMILY = 3, (1, 10), 0x409, 1
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Face:
    """The first face of a font file: its family, and the letters it has as rising spans."""

    family: str
    spans: tuple[Span, ...]

    def has(self, letter: str) -> bool:
        at = bisect_right(self.spans, (ord(letter), 0x110000)) - 1
        return at >= 0 and ord(letter) <= self.spans[at][1]


@cache
def face(file: Path) -> Face:
    """What a font file holds; nothing where it cannot be read."""
    try:
        with open(file, "rb") as font:
            return _face(font)
    except (OSError, struct.error, LookupError, ValueError):
        return Face("", ())


def _face(font: BinaryIO) -> Face:
    start = 0
    if font.read(4) == b"ttcf":
        (start,) = struct.unpack(">I", _at(font, 12, 4))
    (count,) = struct.unpack(">H", _at(font, start + 4, 2))
    records = struct.iter_unpack(">4sIII", _at(font, start + 12, 16 * count))
    tables = {tag: (offset, length) for tag, _, offset, length in records}
    if not any(tag in tables for tag in _OUTLINES):
        return Face("", ())
    return Face(_family(_at(font, *tables[b"name"])), _spans(_at(font, *tables[b"cmap"])))


def _at(font: BinaryIO, offset: int, length: int) -> bytes:
    if length > _MOST:
        raise ValueError
    font.seek(offset)
    return font.read(length)


def _family(table: bytes) -> str:
    count, strings = struct.unpack_from(">HH", table, 2)
    for platform, encoding, language, name, length, offset in struct.iter_unpack(
        ">6H", table[6 : 6 + 12 * count]
    ):
        told = (platform, language, name) == (_WINDOWS, _ENGLISH, _FAMILY)
        if told and encoding in _UNICODE:
            return table[strings + offset : strings + offset + length].decode("utf-16-be")
    return ""


def _spans(table: bytes) -> tuple[Span, ...]:
    """The letters of the widest table of them: 12 reaches beyond the first 65,536, 4 does not."""
    (count,) = struct.unpack_from(">H", table, 2)
    found: dict[int, int] = {}
    for platform, encoding, offset in struct.iter_unpack(">HHI", table[4 : 4 + 8 * count]):
        if platform == 0 or (platform == _WINDOWS and encoding in _UNICODE):
            (kind,) = struct.unpack_from(">H", table, offset)
            found.setdefault(kind, offset)
    if 12 in found:
        return _groups(table, found[12])
    return _segments(table, found[4]) if 4 in found else ()


def _groups(table: bytes, offset: int) -> tuple[Span, ...]:
    (count,) = struct.unpack_from(">I", table, offset + 12)
    groups = struct.iter_unpack(">III", table[offset + 16 : offset + 16 + 12 * count])
    return tuple(sorted((first, last) for first, last, _ in groups))


def _segments(table: bytes, offset: int) -> tuple[Span, ...]:
    """Of format 4. Whether a letter within a segment leads to no glyph after all is not looked up:
    fonts that are made by programs cut their segments."""
    (twice,) = struct.unpack_from(">H", table, offset + 6)
    count = twice // 2
    lasts = struct.unpack_from(f">{count}H", table, offset + 14)
    firsts = struct.unpack_from(f">{count}H", table, offset + 16 + twice)
    return tuple(sorted(zip(firsts, lasts, strict=True)))
