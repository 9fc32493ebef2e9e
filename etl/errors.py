"""Every error this project raises on purpose, each a sentence for a person.

XinzhiError
├── CatalogError       indicators.yaml is wrong: a person must edit it
├── SettingError       a setting or an argument is wrong
├── StorageError       the disk, the warehouse or a snapshot cannot be used
│   ├── Locked         another run holds the lock
│   └── PostgresAway   PostgreSQL cannot be asked now
├── SourceError        one source failed for one indicator
│   ├── SourceUnavailable   it could not be reached
│   └── UnexpectedPayload   it answered something else than data
├── FileProblem        a file that a person wrote (figures, register, import, bulletin) is wrong
└── CheckFailed        the numbers break what indicators.yaml expects
    ├── HeldBack       they rewrite history: a person must accept them
    └── RefusedAgain   they rewrite history as a person has refused before
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from etl.texts import in_chinese


class XinzhiError(Exception):
    """The root of the family. `str(error)` is one sentence that can be shown as it is."""


class CatalogError(XinzhiError):
    """indicators.yaml is wrong; nothing can be run before a person edits it."""


class SettingError(XinzhiError):
    """A setting or an argument is wrong."""


class StorageError(XinzhiError):
    """The disk, the warehouse or a snapshot cannot be used."""


class Locked(StorageError):
    """Another run holds the lock."""


class PostgresAway(StorageError):
    """PostgreSQL cannot be asked now; it may be back in a minute."""


class SourceError(XinzhiError):
    """One source failed for one indicator; the others go on."""


class SourceUnavailable(SourceError):
    """The source could not be reached."""

    def __init__(self, message: str, *, host: str = "") -> None:
        super().__init__(message)
        self.host = host


class UnexpectedPayload(SourceError):
    """The source answered with something other than data; `status` and `body` if it was not a
    200."""

    def __init__(self, message: str, *, status: int = 200, body: bytes = b"") -> None:
        super().__init__(message)
        self.status, self.body = status, body


class FileProblem(XinzhiError):
    """A file that a person wrote is wrong: which, where, and what would be right."""

    def __init__(self, path: Path | str, message: str, *, line: int | None = None) -> None:
        place = f"{path}, line {line}" if line else f"{path}"
        super().__init__(f"{place}: {message}")
        self.path, self.line = Path(path), line


class CheckFailed(XinzhiError):
    """The numbers violate what indicators.yaml expects of them."""


class HeldBack(CheckFailed):
    """An answer rewrites history beyond the catalog's tolerance; it waits for a person."""


class RefusedAgain(CheckFailed):
    """An answer rewrites history in a way that a person has refused."""


def in_words(error: XinzhiError | str, lang: str) -> str:
    """The sentence of an error for people who read `lang`. A sentence whose Chinese is not known
    is given as it is, and said to be English; one that ends as Chinese does is Chinese already."""
    said = str(error)
    if lang != "zh" or said.endswith("。"):
        return said
    return in_chinese(said) or f"出错了，原文是英文：{said}"


#: How many characters of foreign text are quoted, and how many are examined for that.
MOST_QUOTED, MOST_READ = 80, 4_000
#: Terminal control sequences: colours, cursor movements, window titles, character sets.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)


def plain_line(text: str) -> str:
    """Foreign text as one line of visible characters: nothing in it moves the cursor, changes the
    writing direction or hides."""
    seen = (c for c in _ESCAPES.sub(" ", text) if unicodedata.category(c) != "Cf")
    return " ".join("".join(c if c.isprintable() else " " for c in seen).split())


def quoted(said: object) -> str:
    """Foreign text as our sentences may quote it: one plain line of at most `MOST_QUOTED`
    characters, or `nothing`."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    line = plain_line(text[:MOST_READ])
    return (line if len(line) <= MOST_QUOTED else f"{line[: MOST_QUOTED - 1]}…") or "nothing"


def beginning(text: str) -> str:
    """The first line of an unexpected answer, to be quoted."""
    return quoted(text[:MOST_READ].strip().partition("\n")[0])


#: How many names a hint lists, and the longest word it looks for.
MOST_NAMES, MOST_LETTERS = 40, 100


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint to append to a sentence: the known name closest to `word`, or else the names."""
    names = sorted(known)
    close = get_close_matches(word[:MOST_LETTERS], names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    more = len(names) - MOST_NAMES
    tail = f" and {more:,} more" if more > 0 else ""
    shown = ", ".join(name[:MOST_LETTERS] for name in names[:MOST_NAMES])
    return f"Known: {shown}{tail}."
