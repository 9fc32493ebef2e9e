"""The paragraphs of Word documents and PDFs, read in a process of their own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from etl.bulletins.document import Lines
from etl.bulletins.files import EMPTY, bytes_of
from etl.errors import FileProblem
from etl.files.bounded import Reader, Unreadable, answers

MOST_BYTES = 20_000_000
SECONDS = 20
_TOO_LARGE = "the file is larger than 20 MB; save it without its pictures, or as .txt."
_INSTEAD = "save its text as .txt and add that."
#: Who reads a kind of document, and how it is called.
READERS: Mapping[str, tuple[str, str]] = {
    ".docx": ("etl.bulletins.bounded:of_docx", "Word document"),
    ".pdf": ("etl.bulletins.bounded:of_pdf", "PDF"),
}


def lines_of(path: Path) -> Lines:
    """The paragraphs that the document holds."""
    function, document = READERS[path.suffix.lower()]
    raw = bytes_of(path, MOST_BYTES, _TOO_LARGE)
    if not raw.strip(b" \t\r\n\0"):
        raise FileProblem(path, EMPTY)
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        file.seek(0)
        try:
            ((lines, left_out),) = answers(file, Reader(function, document, _INSTEAD, SECONDS))
        except Unreadable as problem:
            raise FileProblem(path, str(problem)) from None
    return Lines(tuple(lines), tuple(left_out))


def of_docx(file: BinaryIO) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """The paragraphs of a Word document, and what is not among them; once."""
    from etl.bulletins.docx_lines import docx_lines

    found = docx_lines(file.read())
    yield found.lines, found.left_out


def of_pdf(file: BinaryIO) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """The same of a PDF."""
    from etl.bulletins.pdf_lines import pdf_lines

    found = pdf_lines(file.read())
    yield found.lines, found.left_out
