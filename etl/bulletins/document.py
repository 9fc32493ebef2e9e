"""What a reader of documents hands to the reader of text: paragraphs, one a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from etl.bulletins.left_out import Entry
from etl.bulletins.parts import MOST_ABOVE_DATE, date_line, names_a_part, numeral, without_numeral

_DECIMAL = re.compile(r"\d{1,2}\s*[.．、]?\s*(?![\d年月])")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph; `level` is the depth of a heading from 1, or 0."""

    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class Lines:
    """The paragraphs of a document, what of it is known not to be among them, and every line of
    words in it."""

    lines: tuple[str, ...]
    left_out: tuple[Entry, ...] = ()
    source: tuple[str, ...] = ()


def with_numerals(paragraphs: Sequence[Paragraph]) -> Iterable[str]:
    """The texts, each heading of a section with its 一、 where the document leaves it out."""
    start = _end_of_head(paragraphs)
    top, rank = _level_of_sections(paragraphs[start + 1 :]), 0
    for at, paragraph in enumerate(paragraphs):
        text = paragraph.text
        if at > start and paragraph.level and paragraph.level == top and not _is_named(text):
            stated, _ = without_numeral(text)
            rank = max(rank + 1, stated)
            if not stated:
                text = f"{numeral(rank)}、{_DECIMAL.sub('', text, count=1) or text}"
        yield text


def _level_of_sections(paragraphs: Sequence[Paragraph]) -> int:
    levels = (one.level for one in paragraphs if one.level and not _is_named(one.text))
    return min(levels, default=0)


def _end_of_head(paragraphs: Sequence[Paragraph]) -> int:
    """Where the date stands, or the first part with a name; else the first paragraph."""
    ends = (
        at for at, one in enumerate(paragraphs[:MOST_ABOVE_DATE])
        if date_line(one.text) or _is_named(one.text)
    )  # fmt: skip
    return next(ends, 0)


def _is_named(text: str) -> bool:
    return names_a_part(text.strip())
