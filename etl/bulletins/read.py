"""A bulletin out of a file, whatever its kind."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from etl.bulletins.bounded import READERS, lines_of, long_text
from etl.bulletins.encoding import decoded
from etl.bulletins.files import EMPTY, bytes_of
from etl.bulletins.from_markdown import read_markdown
from etl.bulletins.from_text import read_document, read_text
from etl.bulletins.model import ReadBulletin
from etl.bulletins.plain import visible
from etl.errors import FileProblem

MAX_BYTES = 2_000_000
#: A longer text is read in a process of its own.
MOST_AT_ONCE = 100_000
_TEXTS = {".md": read_markdown, ".markdown": read_markdown, ".txt": read_text}
_HEADING = re.compile(r"^#{1,6}[ \t]+\S", re.MULTILINE)
#: What other programs for writing keep.
_OF_WRITERS = (".wps", ".wpt", ".rtf", ".odt", ".pages", ".dot", ".dotx")
_INSTEAD = {
    ".docm": "it may hold macros; save it as 'Word Document (.docx)' and add that.",
    ".doc": "it is an old Word document; save it as 'Word Document (.docx)' and add that.",
}


def read_bulletin(path: Path, *, date: dt.date | None = None) -> ReadBulletin:
    """The bulletin that `path` holds; `date` goes before the date that the file states."""
    kind = path.suffix.lower()
    if kind in READERS:
        return read_document(path, lines_of(path), date)
    if kind not in _TEXTS:
        raise FileProblem(path, _INSTEAD.get(kind) or _other(kind))
    raw = bytes_of(path, MAX_BYTES, "the file is larger than 2 MB; a bulletin is a few pages.")
    text = decoded(raw)
    if text is None:
        raise FileProblem(
            path, "the text is neither UTF-8, GB18030, Big5 nor UTF-16; save it as UTF-8."
        )
    if not visible(text).strip():
        raise FileProblem(path, EMPTY)
    read = of_words if len(raw) <= MOST_AT_ONCE else long_text
    return read(path, text, date)


def of_words(path: Path, text: str, date: dt.date | None) -> ReadBulletin:
    """The bulletin in a text; the name of `path` says of which kind it is, or its headings do."""
    is_markdown = len(_HEADING.findall(text)) > 1
    read = read_markdown if is_markdown else _TEXTS[path.suffix.lower()]
    return read(path, text, date)


def _other(kind: str) -> str:
    if kind in _OF_WRITERS:
        return f"it is a {kind} file; open it in WPS or Word, save it as .docx and add that."
    found = f"a {kind} file" if kind else "a file without a suffix"
    return f"a bulletin is read from .md, .txt, .docx, .pdf or .html, not from {found}."
