"""A bulletin out of a file, whatever its kind."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from etl.bulletins.from_markdown import read_markdown
from etl.bulletins.from_text import read_text
from etl.bulletins.model import Reading
from etl.bulletins.plain import visible
from etl.errors import FileProblem

MAX_BYTES = 2_000_000


def read_bulletin(path: Path, *, date: dt.date | None = None) -> Reading:
    """The bulletin that `path` holds; `date` goes before the date that the file states."""
    kind = path.suffix.lower()
    if kind not in {".md", ".txt"}:
        found = f"a '{kind}' file" if kind else "a file without a suffix"
        raise FileProblem(path, f"a bulletin is read from .md or .txt, not from {found}.")
    text = _decoded(path)
    if not visible(text).strip():
        raise FileProblem(path, "the file is empty; a bulletin with a title and sections belongs.")
    return read_markdown(path, text, date) if kind == ".md" else read_text(path, text, date)


def _decoded(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise FileProblem(path, "no such file; check the name and the folder.") from None
    except OSError as error:
        raise FileProblem(path, f"the file cannot be read ({error.strerror}).") from None
    if len(raw) > MAX_BYTES:
        raise FileProblem(path, "the file is larger than 2 MB; a bulletin is a few pages of text.")
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
