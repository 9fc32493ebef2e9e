"""Documents that may be one and the same although nothing proves it: for a person to look at, side
by side."""

from __future__ import annotations

from collections.abc import Sequence

from etl.policies.identity import is_listed_twice, normal_number, normal_title
from etl.records import Document

#: From which share of common pairs of letters two titles are alike, and how many are shown.
ALIKE, MOST_ALIKE = 0.6, 3


class Likeness:
    """Documents among which others like one are looked for."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._held = [(document, _pairs(document.title)) for document in documents]

    def alike(self, document: Document) -> list[Document]:
        """Those whose title is nearly the same, or that bear the same number or address under
        another title, the likest first; without those that are surely the same document, and the
        document itself."""
        pairs, found = _pairs(document.title), []
        for other, others in self._held:
            if other is document:
                continue
            share = _share(pairs, others)
            if (share >= ALIKE or _same_mark(document, other)) and _may_be(document, other):
                found.append((share, other))
        found.sort(key=lambda one: -one[0])
        return [other for _, other in found[:MOST_ALIKE]]


def _may_be(one: Document, other: Document) -> bool:
    """Whether it is open if two are the same: two numbers that differ settle it."""
    numbers = {normal_number(one.number), normal_number(other.number)}
    return not is_listed_twice(one, other) and ("" in numbers or len(numbers) == 1)


def _same_mark(one: Document, other: Document) -> bool:
    is_there = bool(one.url) and one.url == other.url
    number = normal_number(one.number)
    return is_there or (bool(number) and number in normal_title(f"{other.note}{other.title}"))


def _pairs(title: str) -> frozenset[str]:
    text = normal_title(title)
    return frozenset(text[at : at + 2] for at in range(len(text) - 1)) or frozenset({text})


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / (len(one | other) or 1)
