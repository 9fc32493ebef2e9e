"""Whether a file may be opened as the Office document that its name says: of bounded size, with no
macros and no password."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from etl.files.bounded import Unreadable

_OLE = b"\xd0\xcf\x11\xe0"
#: What a broken archive makes `zipfile` raise.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document, the program that writes it, and how large it may be: unpacked bytes in
    all and in one part of XML, and as a multiple of the file's size. `large` says what is too
    large."""

    document: str
    program: str
    suffix: str
    old: str
    most_bytes: int
    most_xml: int
    most_ratio: int
    large: str
    most_parts: int = 2_000

    @property
    def damaged(self) -> str:
        return f"the {self.document} is damaged; open it in {self.program} and save it again."

    @property
    def entities(self) -> str:
        return (
            f"its XML declares entities (DOCTYPE), which {self.program} never writes; "
            f"save it again from {self.program}."
        )

    @property
    def other(self) -> str:
        return (
            f"its name ends in {self.suffix} but it holds no {self.document}; "
            f"save it from {self.program} as {self.suffix}."
        )


@contextmanager
def opened(file: BinaryIO, kind: Kind) -> Iterator[zipfile.ZipFile]:
    """The parts of the document; Unreadable if it is no such document, should not be opened, or
    turns out to be broken in the block."""
    begin = file.read(4)
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if begin == _OLE:
        raise Unreadable(
            f"it is an old {kind.old} or has a password; save it as {kind.suffix} without one, "
            "then add that."
        )
    if not begin.startswith(b"PK"):
        raise Unreadable(kind.other)
    try:
        with zipfile.ZipFile(file) as archive:
            _check_sizes(archive, size, kind)
            _check_parts(archive, kind)
            yield archive
    except _BROKEN:
        raise Unreadable(kind.damaged) from None


def is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels"))


def _check_sizes(archive: zipfile.ZipFile, packed: int, kind: Kind) -> None:
    """Bounds what is read by what the archive declares: a part ends at its declared size."""
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    largest = max((part.file_size for part in parts if is_xml(part.filename)), default=0)
    many = len(parts) > kind.most_parts or unpacked > kind.most_bytes or largest > kind.most_xml
    if many or unpacked > max(packed * kind.most_ratio, 1_000_000):
        raise Unreadable(kind.large)
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("the document has a password; save it without one.")


def _check_parts(archive: zipfile.ZipFile, kind: Kind) -> None:
    names = archive.namelist()
    if "[Content_Types].xml" not in names or "_rels/.rels" not in names:
        raise Unreadable(kind.other)
    kinds = archive.read("[Content_Types].xml")
    macros = any(name.lower().endswith("vbaproject.bin") for name in names)
    if macros or b"macroEnabled" in kinds:
        raise Unreadable(f"the document holds macros; save it as {kind.suffix}, which has none.")
