"""Whether the bytes of a .docx may be read: a Word document of a bounded size, without macros."""

from __future__ import annotations

import io

from etl.files.bounded import Unreadable
from etl.files.office import Kind, is_xml, opened

WORD = Kind(
    document="Word document", program="Word", suffix=".docx", old=".doc",
    most_bytes=50_000_000, most_xml=5_000_000, most_ratio=100,
    large="it unpacks to far more than a bulletin (over 50 MB, 5 MB of text, or 100 times its "
    "size); copy the text into a new document.",
)  # fmt: skip


def check_archive(raw: bytes) -> None:
    """Raise Unreadable for what is no Word document, or one that is better not opened."""
    with opened(io.BytesIO(raw), WORD) as archive:
        if b"purl.oclc.org/ooxml" in archive.read("_rels/.rels"):
            raise Unreadable(
                "it is saved as 'Strict Open XML'; save it as 'Word Document (.docx)' instead."
            )
        for name in archive.namelist():
            # A NUL between letters is UTF-16.
            if is_xml(name) and b"<!DOCTYPE" in archive.read(name).replace(b"\0", b""):
                raise Unreadable(WORD.entities)
