"""What a reader of documents hands to the reader of text: paragraphs, one a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from etl.bulletins.parts import DATE, names_a_part, numeral, without_numeral

_DECIMAL = re.compile(r"\d{1,2}\s*[.．、]?\s*(?![\d年月])")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph; `level` is the depth of a heading from 1, or 0."""

    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class Lines:
    """The paragraphs of a document, and sentences that say what of it is not among them."""

    lines: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def with_numerals(paragraphs: Sequence[Paragraph]) -> Iterable[str]:
    """The texts, each heading of a section with its 一、 where the document leaves it out."""
    top, rank, below_the_head = _level_of_sections(paragraphs), 0, False
    for paragraph in paragraphs:
        text = paragraph.text
        if below_the_head and paragraph.level and paragraph.level == top and not _is_named(text):
            stated, _ = without_numeral(text)
            rank = max(rank + 1, stated)
            if not stated:
                text = f"{numeral(rank)}、{_DECIMAL.sub('', text, count=1) or text}"
        below_the_head = below_the_head or _ends_the_head(paragraph)
        yield text


def _level_of_sections(paragraphs: Sequence[Paragraph]) -> int:
    """The highest level of a heading that stands below the head of the bulletin."""
    start = next((at for at, one in enumerate(paragraphs) if _ends_the_head(one)), 0)
    levels = (one.level for one in paragraphs[start + 1 :] if one.level and not _is_named(one.text))
    return min(levels, default=0)


def _ends_the_head(paragraph: Paragraph) -> bool:
    return bool(DATE.search(paragraph.text)) or _is_named(paragraph.text)


def _is_named(text: str) -> bool:
    return names_a_part(text.strip())
