"""A bulletin out of a file, whatever its kind."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from etl.bulletins.bounded import lines_of
from etl.bulletins.files import EMPTY, bytes_of
from etl.bulletins.from_markdown import read_markdown
from etl.bulletins.from_text import read_document, read_text
from etl.bulletins.model import ReadBulletin
from etl.bulletins.plain import visible
from etl.errors import FileProblem

MAX_BYTES = 2_000_000
_TEXTS, _DOCUMENTS = (".md", ".txt"), (".docx", ".pdf")
_INSTEAD = {
    ".docm": "it may hold macros; save it as 'Word Document (.docx)' and add that.",
    ".doc": "it is an old Word document; save it as 'Word Document (.docx)' and add that.",
}


def read_bulletin(path: Path, *, date: dt.date | None = None) -> ReadBulletin:
    """The bulletin that `path` holds; `date` goes before the date that the file states."""
    kind = path.suffix.lower()
    if kind in _DOCUMENTS:
        return read_document(path, lines_of(path), date)
    if kind not in _TEXTS:
        raise FileProblem(path, _INSTEAD.get(kind) or _other(kind))
    text = _decoded(path)
    if not visible(text).strip():
        raise FileProblem(path, EMPTY)
    return read_markdown(path, text, date) if kind == ".md" else read_text(path, text, date)


def _other(kind: str) -> str:
    found = f"a '{kind}' file" if kind else "a file without a suffix"
    return f"a bulletin is read from .md, .txt, .docx or .pdf, not from {found}."


def _decoded(path: Path) -> str:
    raw = bytes_of(path, MAX_BYTES, "the file is larger than 2 MB; a bulletin is a few pages.")
    # GB18030 comes last: it takes almost any bytes for Chinese.
    marked = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise FileProblem(
        path, "the text is neither UTF-8, GB18030 nor UTF-16 with a mark; save it as UTF-8."
    )
