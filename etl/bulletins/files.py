"""The bytes of a file that a person names, bounded."""

from __future__ import annotations

from pathlib import Path

from etl.errors import FileProblem

EMPTY = "the file is empty; a bulletin with a title and sections belongs."


def bytes_of(path: Path, most: int, too_large: str) -> bytes:
    """The whole file; a FileProblem with the sentence `too_large` beyond `most` bytes."""
    try:
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except FileNotFoundError:
        raise FileProblem(path, "no such file; check the name and the folder.") from None
    except OSError as error:
        raise FileProblem(path, f"the file cannot be read ({error.strerror}).") from None
    if len(raw) > most:
        raise FileProblem(path, too_large)
    return raw
