"""Foreign files are read in a separate process, which is ended when it takes too long or too much
memory.

Whatever a malicious file does to a parser, it does to that process alone. What the reader yields
comes back as lines of JSON; a refusal comes back as a sentence.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from etl.settings import PROJECT


class Unreadable(Exception):
    """A document cannot be read; `str(error)` says what is wrong and what to do, `line` where."""

    def __init__(self, sentence: str, *, line: int | None = None) -> None:
        super().__init__(sentence)
        self.line = line


@dataclass(frozen=True, slots=True)
class Reader:
    """How to read a kind of document: `module:function` from an open file to JSON values, what the
    document is called, what a person can do instead, and how much the reader may use."""

    function: str
    document: str
    instead: str
    seconds: float
    memory: int = 1_500_000_000
    answer: int = 1_000_000_000


def answers(file: BinaryIO, reader: Reader) -> Iterator[Any]:
    """What the reader yields for the file; Unreadable if it refuses or exceeds its limits."""
    program = [sys.executable, "-m", "etl.files.apart", reader.function, str(reader.memory)]
    program += [str(reader.answer), str(round(reader.seconds) + 1)]
    with tempfile.TemporaryFile() as found:
        try:
            ended = subprocess.run(
                program, stdin=file, stdout=found, stderr=subprocess.DEVNULL, cwd=PROJECT,
                timeout=reader.seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Unreadable(
                f"reading the {reader.document} took over {reader.seconds:g} s; {reader.instead}"
            ) from None
        found.seek(0)
        for line in found if ended.returncode == 0 else ():
            answer = json.loads(line)
            if isinstance(answer, dict) and "problem" in answer:
                raise Unreadable(answer["problem"], line=answer["line"])
            yield answer
    if ended.returncode:
        raise Unreadable(
            f"the {reader.document} cannot be read within {reader.memory / 1e9:.1f} GB of memory; "
            f"{reader.instead}"
        )
