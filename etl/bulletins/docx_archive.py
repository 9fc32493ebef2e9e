"""Whether the bytes of a .docx may be read: a Word document of a bounded size, without macros."""

from __future__ import annotations

import io
import zipfile
import zlib

from etl.bulletins.document import Unreadable

MOST_BYTES, MOST_XML, MOST_PARTS = 50_000_000, 5_000_000, 2_000
MOST_RATIO = 100
_OLD_WORD = b"\xd0\xcf\x11\xe0"
_NO_DOCX = "its name ends in .docx but it holds no Word document; save it from Word as .docx."
_DAMAGED = "the Word document is damaged; open it in Word and save it again."


def check_archive(raw: bytes) -> None:
    """Raise Unreadable for what is no Word document, or one that is better not opened."""
    if raw.startswith(_OLD_WORD):
        raise Unreadable(
            "it is an old .doc or has a password; save it as .docx without one, then add that."
        )
    if not raw.startswith(b"PK"):
        raise Unreadable(_NO_DOCX)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            _check_sizes(archive, len(raw))
            _check_parts(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError):
        raise Unreadable(_DAMAGED) from None


def _check_sizes(archive: zipfile.ZipFile, packed: int) -> None:
    """What the archive declares bounds what is read: a part ends at its declared size."""
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    largest = max((part.file_size for part in parts if _is_xml(part.filename)), default=0)
    many = len(parts) > MOST_PARTS or unpacked > MOST_BYTES or largest > MOST_XML
    if many or unpacked > max(packed * MOST_RATIO, MOST_XML // 5):
        raise Unreadable(
            "it unpacks to far more than a bulletin (over 50 MB, 5 MB of text, or 100 times its "
            "size); copy the text into a new document."
        )
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("the document has a password; save it without one.")


def _check_parts(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    if "[Content_Types].xml" not in names or "_rels/.rels" not in names:
        raise Unreadable(_NO_DOCX)
    kinds = archive.read("[Content_Types].xml")
    macros = any(name.lower().endswith("vbaproject.bin") for name in names)
    if macros or b"macroEnabled" in kinds:
        raise Unreadable(
            "the document holds macros; save it as 'Word Document (.docx)', which has none."
        )
    if b"purl.oclc.org/ooxml" in archive.read("_rels/.rels"):
        raise Unreadable(
            "it is saved as 'Strict Open XML'; save it as 'Word Document (.docx)' instead."
        )
    for name in names:
        # A NUL between letters is UTF-16.
        if _is_xml(name) and b"<!DOCTYPE" in archive.read(name).replace(b"\0", b""):
            raise Unreadable(
                "its XML declares entities (DOCTYPE), which Word never writes; "
                "save it again from Word."
            )


def _is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels"))
