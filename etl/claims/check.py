"""Bulletins as checked claims."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from etl.bulletins.mentions import HEADING, paragraphs, without_addresses
from etl.bulletins.model import Bulletin
from etl.bulletins.tables import TextTable
from etl.catalog import Catalog
from etl.claims.known import Known
from etl.claims.model import Placed
from etl.claims.parse import Parser
from etl.claims.reading.state import Context
from etl.claims.statement import Statement
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
    return [
        placed
        for passage in passages(bulletin, parser)
        for sentence in passage.sentences(parser)
        for placed in _judged(sentence, passage.part, passage.index, judge)
    ]


def check_text(text: str, part: str, index: int, parser: Parser, judge: Judge) -> Iterator[Placed]:
    """The claims of one paragraph that stands alone."""
    for sentence in read_text(text, parser, Context()):
        yield from _judged(sentence, part, index, judge)


def _judged(sentence: ReadSentence, part: str, index: int, judge: Judge) -> Iterator[Placed]:
    claims = judge.judged_together(sentence.statements, sentence.shown, part)
    for (start, stop), (claim, basis) in zip(sentence.places, claims, strict=True):
        yield Placed(index, start, stop, claim, basis)


class ReadSentence(NamedTuple):
    """A sentence, or the cell of a table as one: what is read, what a person is shown of it, and
    its statements, each with the words of the paragraph that make it: `text[start:stop]`."""

    words: str
    shown: str
    statements: Sequence[Statement]
    places: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph of a bulletin, or the table that it is, below its title, its heading and the
    paragraph before it; `long` is the word of them that speaks of a longer time than a day."""

    part: str
    index: int
    text: str
    above: tuple[str, str, str]
    long: str

    def sentences(self, parser: Parser) -> Iterator[ReadSentence]:
        """What is read of it, in the order of its words."""
        if table := TextTable.of(self.text):
            return read_table(table, self.above, parser)
        return read_text(self.text, parser, Context(heading=self.long))


def passages(bulletin: Bulletin, parser: Parser) -> Iterator[Passage]:
    """Every text of a bulletin with what stands above it."""
    title = parser.long_heading(bulletin.title)
    here = heading = before = ""
    for part, index, text in texts(bulletin):
        if part != here:
            here, heading, before = part, "", ""
        long = parser.long_heading(heading) or title
        yield Passage(part, index, text, (bulletin.title, heading, before), long)
        heading, before = text if index == HEADING else heading, text


def texts(bulletin: Bulletin) -> Iterator[tuple[str, int, str]]:
    """The title and every text below it, with the part and the paragraph that it is."""
    yield TITLE, 0, bulletin.title
    yield from paragraphs(bulletin)


def read_table(table: TextTable, above: Sequence[str], parser: Parser) -> Iterator[ReadSentence]:
    """The cells that are surely read of a table below some lines of text."""
    for cell, indicator, words, shown in parser.cells.sentences(table, above):
        statements = parser.statements(words)
        if len(statements) == 1 and statements[0].indicator == indicator:
            yield ReadSentence(words, shown, statements, [(cell.start, cell.stop)])


def read_text(text: str, parser: Parser, context: Context) -> Iterator[ReadSentence]:
    """The sentences of a paragraph. Addresses are not read; a sentence knows those before it, and
    the heading above them, by its `context`."""
    for start, words in sentences(without_addresses(text)):
        statements = parser.statements(words, context)
        places = [(start + one.start, start + one.stop) for one in statements]
        shown = text[start : start + len(words)].strip()
        yield ReadSentence(words, shown, statements, places)


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Where each sentence begins, and the sentence with its mark."""
    for found in _SENTENCE.finditer(text):
        yield found.start(), found[0]
