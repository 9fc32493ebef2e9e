"""A table of a bulletin with the marks of its text in its cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dashboard.pages.parts.marked import MarkedText, Piece
from etl.bulletins.tables import BAR, TextCell, TextTable


@dataclass(frozen=True, slots=True)
class MarkedCell:
    """The pieces of a cell; `is_figure` where its column holds figures."""

    pieces: list[Piece]
    is_figure: bool


@dataclass(frozen=True, slots=True)
class MarkedTable:
    """A table in pieces."""

    head: list[MarkedCell]
    rows: list[list[MarkedCell]]


Block = list[Piece] | MarkedTable


def block(marked: MarkedText, part: str, number: int, text: str) -> Block:
    """A paragraph of the bulletin in pieces, or the table that it is."""
    pieces = marked.paragraph(part, number, text)
    return marked_table(text, pieces) or pieces


def marked_table(text: str, pieces: Sequence[Piece]) -> MarkedTable | None:
    """The table that a paragraph is, each piece of the paragraph in the cell where it stands; None
    for a paragraph of words."""
    table = TextTable.of(text)
    if table is None:
        return None
    placed = list(_placed(pieces))
    figures = [table.is_numeric(column) for column in range(len(table.head))]
    at = 0

    def row(cells: Sequence[TextCell]) -> list[MarkedCell]:
        nonlocal at
        found = []
        for cell, is_figure in zip(cells, figures, strict=True):
            inside: list[Piece] = []
            end = cell.stop + 1  # a verdict stands at the pipe
            while at < len(placed) and placed[at][0] <= end:
                start, piece = placed[at]
                stop = start + _length(piece)
                inside += _part(piece, start, cell)
                if stop > end:
                    break
                at += 1
            found.append(MarkedCell(inside, is_figure))
        return found

    return MarkedTable(row(table.head), [row(cells) for cells in table.rows])


def _placed(pieces: Sequence[Piece]) -> Iterator[tuple[int, Piece]]:
    """Each piece with its place in the text."""
    at = 0
    for piece in pieces:
        yield at, piece
        at += _length(piece)


def _length(piece: Piece) -> int:
    if piece.kind == "judged":
        return sum(map(_length, piece.pieces))
    return 0 if piece.kind == "verdict" else len(piece.words)


def _part(piece: Piece, start: int, cell: TextCell) -> list[Piece]:
    """What of a piece stands in a cell."""
    if piece.kind != "words":
        inside = tuple(part for one in piece.pieces for part in _part(one, 0, _EVERYWHERE))
        return [replace(piece, pieces=inside)] if start >= cell.start else []
    words = piece.words[max(cell.start - start, 0) : max(cell.stop - start, 0)]
    return [Piece("words", words.replace(BAR, "|"))] if words else []


_EVERYWHERE = TextCell("", 0, 1_000_000_000)
