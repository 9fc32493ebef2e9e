"""Files that are read in a process of their own: documents, web pages, and long texts."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from etl.bulletins.document import Lines
from etl.bulletins.files import EMPTY, bytes_of
from etl.bulletins.model import Bulletin, ReadBulletin
from etl.errors import FileProblem
from etl.files.bounded import Reader, Unreadable, answers

MOST_BYTES = 20_000_000
SECONDS, MEMORY = 20, 500_000_000
_TOO_LARGE = "the file is larger than 20 MB; save it without its pictures, or as .txt."
_INSTEAD = "save its text as .txt and add that."
#: Who reads a kind of document, and how it is called.
READERS: Mapping[str, tuple[str, str]] = {
    ".docx": ("etl.bulletins.bounded:of_docx", "Word document"),
    ".pdf": ("etl.bulletins.bounded:of_pdf", "PDF"),
    ".html": ("etl.bulletins.bounded:of_html", "web page"),
    ".htm": ("etl.bulletins.bounded:of_html", "web page"),
}


def lines_of(path: Path) -> Lines:
    """The paragraphs that the document holds."""
    function, document = READERS[path.suffix.lower()]
    raw = bytes_of(path, MOST_BYTES, _TOO_LARGE)
    if not raw.strip(b" \t\r\n\0"):
        raise FileProblem(path, EMPTY)
    lines, left_out, source = _answer(path, raw, function, document)
    entries = tuple((what, noun, list(texts)) for what, noun, texts in left_out)
    return Lines(tuple(lines), entries, tuple(source))


def long_text(path: Path, text: str, date: dt.date | None) -> ReadBulletin:
    """The bulletin in a text that may take long to read."""
    asked = {"path": str(path), "text": text, "date": str(date) if date else None}
    raw = json.dumps(asked).encode()
    bulletin, left_out, notes = _answer(path, raw, "etl.bulletins.bounded:of_text", "text")
    return ReadBulletin(Bulletin.model_validate(bulletin), tuple(left_out), tuple(notes))


def _answer(path: Path, raw: bytes, function: str, document: str) -> Any:
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        file.seek(0)
        try:
            (answer,) = answers(file, Reader(function, document, _INSTEAD, SECONDS, MEMORY))
        except Unreadable as problem:
            raise FileProblem(path, str(problem), line=problem.line) from None
    return answer


def of_docx(file: BinaryIO) -> Iterator[object]:
    """The paragraphs of a Word document, and what is not among them; once."""
    from etl.bulletins.docx_lines import docx_lines

    yield _parts(docx_lines(file.read()))


def of_pdf(file: BinaryIO) -> Iterator[object]:
    """The same of a PDF."""
    from etl.bulletins.pdf_lines import pdf_lines

    yield _parts(pdf_lines(file.read()))


def of_html(file: BinaryIO) -> Iterator[object]:
    """The same of a web page."""
    from etl.bulletins.html_lines import html_lines

    yield _parts(html_lines(file.read()))


def of_text(file: BinaryIO) -> Iterator[object]:
    """The bulletin in a text, what is left out, and notes; once."""
    from etl.bulletins.read import of_words

    asked = json.load(file)
    date = dt.date.fromisoformat(asked["date"]) if asked["date"] else None
    path = Path(asked["path"])
    try:
        found = of_words(path, asked["text"], date)
    except FileProblem as problem:
        sentence = str(problem).partition(": ")[2]
        raise Unreadable(sentence, line=problem.line) from None
    yield found.bulletin.model_dump(mode="json"), found.left_out, found.notes


def _parts(lines: Lines) -> tuple[object, ...]:
    return lines.lines, lines.left_out, lines.source
