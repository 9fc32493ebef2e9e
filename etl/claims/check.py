"""Bulletins as checked claims."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from etl.bulletins.mentions import HEADING, paragraphs, without_addresses
from etl.bulletins.model import Bulletin
from etl.bulletins.tables import TextTable
from etl.catalog import Catalog
from etl.claims.known import Known
from etl.claims.model import Placed
from etl.claims.parse import Parser
from etl.claims.reading.state import Context
from etl.claims.verdict import Judge

TITLE = "title"
_ENDS, _CLOSERS = "。！？!?\n；;", '”’」』）)》"'
_END = f"[{_ENDS}][{_CLOSERS}]*"
_SENTENCE = re.compile(f"[^{_ENDS}]+(?:{_END})?|{_END}")


def check_all(
    bulletins: Iterable[Bulletin], catalog: Catalog, known: Known, later: datetime | None = None
) -> Iterator[tuple[date, Placed]]:
    """Every claim of every bulletin with its day; the grammar is made ready once."""
    parser = Parser(catalog)
    for bulletin in bulletins:
        for placed in check(bulletin, parser, known, later):
            yield bulletin.date, placed


def check(
    bulletin: Bulletin, parser: Parser, known: Known, later: datetime | None = None
) -> list[Placed]:
    """The claims of one bulletin in the order of its text. What could not be judged on its day for
    want of a value is judged by what is known `later`, too."""
    judge = Judge(parser.catalog, known, bulletin.date, later)
    title = parser.context_of(bulletin.title)
    found: list[Placed] = []
    above = {TITLE: bulletin.title}
    for part, index, text in [(TITLE, 0, bulletin.title), *paragraphs(bulletin)]:
        heading = above.get(f"{part} {HEADING}", "")
        if table := TextTable.of(text):
            lines = (bulletin.title, heading, above.get(part, ""))
            found += check_table(table, lines, part, index, parser, judge)
        else:
            context = replace(title, heading=parser.context_of(heading).heading or title.heading)
            found += check_text(text, part, index, parser, judge, context)
        above[part] = text
        above.setdefault(f"{part} {index}", text)
    return found


def check_table(
    table: TextTable, above: Sequence[str], part: str, index: int, parser: Parser, judge: Judge
) -> Iterator[Placed]:
    """The claims of the cells of a table below some lines of text."""
    for cell, indicator, words, shown in parser.cells.sentences(table, above):
        statements = parser.statements(words)
        if len(statements) == 1 and statements[0].indicator == indicator:
            claim, basis = judge.judged(statements[0], shown, part)
            yield Placed(index, cell.start, cell.stop, claim, basis)


def check_text(
    text: str,
    part: str,
    index: int,
    parser: Parser,
    judge: Judge,
    context: Context | None = None,
) -> Iterator[Placed]:
    """The claims of one paragraph. Addresses are not read; a sentence knows those before it, and
    the heading above them by its `context`."""
    context = context or Context()
    for start, sentence in sentences(without_addresses(text)):
        statements = parser.statements(sentence, context)
        whole = text[start : start + len(sentence)].strip()
        found = judge.judged_together(statements, whole, part)
        for statement, (claim, basis) in zip(statements, found, strict=True):
            yield Placed(index, start + statement.start, start + statement.stop, claim, basis)


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Where each sentence begins, and the sentence with its mark."""
    for found in _SENTENCE.finditer(text):
        yield found.start(), found[0]
