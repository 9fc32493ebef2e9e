"""Documents read in a process of their own, which ends when it takes too long or too much."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from etl.bulletins.document import Lines, Unreadable
from etl.bulletins.files import EMPTY, bytes_of
from etl.errors import FileProblem
from etl.settings import PROJECT

MOST_BYTES = 20_000_000
SECONDS = 20
MEMORY = 1_500_000_000
_TOO_LARGE = "the file is larger than 20 MB; save it without its pictures, or as .txt."
KINDS = {".docx": "Word document", ".pdf": "PDF"}


def lines_of(path: Path) -> Lines:
    """The paragraphs that the document holds."""
    kind = KINDS[path.suffix.lower()]
    raw = bytes_of(path, MOST_BYTES, _TOO_LARGE)
    if not raw.strip(b" \t\r\n\0"):
        raise FileProblem(path, EMPTY)
    program = [sys.executable, "-m", "etl.bulletins.bounded", path.suffix.lower()]
    try:
        ended = subprocess.run(
            program, input=raw, capture_output=True, cwd=PROJECT, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise FileProblem(
            path,
            f"reading the {kind} took over {SECONDS} s; save its text as .txt and add that.",
        ) from None
    if ended.returncode:
        raise FileProblem(
            path,
            f"the {kind} cannot be read within {MEMORY / 1e9:.1f} GB of memory; "
            "save its text as .txt and add that.",
        )
    answer = json.loads(ended.stdout)
    if "problem" in answer:
        raise FileProblem(path, answer["problem"])
    return Lines(tuple(answer["lines"]), tuple(answer["left_out"]))


def _reader(suffix: str) -> Callable[[bytes], Lines]:
    if suffix == ".docx":
        from etl.bulletins.docx_lines import docx_lines

        return docx_lines
    from etl.bulletins.pdf_lines import pdf_lines

    return pdf_lines


def _answer(suffix: str, raw: bytes) -> dict[str, object]:
    try:
        found = _reader(suffix)(raw)
    except Unreadable as problem:
        return {"problem": str(problem)}
    return {"lines": found.lines, "left_out": found.left_out}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    json.dump(_answer(sys.argv[1], sys.stdin.buffer.read()), sys.stdout)
