"""What changed between two texts of a bulletin, for a person to look over."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import islice, takewhile, zip_longest

MOST_LINES = 20
_AROUND, _MOST_LETTERS = 10, 100


def difference(before: str, after: str) -> list[str]:
    """Lines `- …` and `+ …`, each only its changed words with a little around them."""
    changes = _changes(before.splitlines(), after.splitlines())
    lines = list(islice(changes, MOST_LINES + 1))
    return lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES], "… and more"]


def _changes(old: list[str], new: list[str]) -> Iterator[str]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        for one, other in zip_longest(old[start:end], new[new_start:new_end], fillvalue=""):
            first, second = _changed(one, other)
            yield from (f"- {first}",) if one else ()
            yield from (f"+ {second}",) if other else ()


def _changed(one: str, other: str) -> tuple[str, str]:
    """The two lines without what they begin and end with alike."""
    if not one or not other:
        return _short(one), _short(other)
    start = _alike(one, other)
    tail = _alike(one[start:][::-1], other[start:][::-1])
    begin, end = max(start - _AROUND, 0), max(tail - _AROUND, 0)

    def cut(line: str) -> str:
        middle = _short(line[begin : len(line) - end])
        return f"{'…' if begin else ''}{middle}{'…' if end else ''}"

    return cut(one), cut(other)


def _alike(one: str, other: str) -> int:
    """How many letters both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _short(words: str) -> str:
    return words if len(words) <= _MOST_LETTERS else f"{words[:_MOST_LETTERS]}…"
