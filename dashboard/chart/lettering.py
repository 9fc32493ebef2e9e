"""How wide words are, and where labels stand without lying on each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from dashboard.formatting import in_pieces

#: Shares of the font size; a little generous, for fonts that are not ours.
WIDE, NARROW, DIGIT = 1.0, 0.55, 0.58
_NARROWEST = frozenset(" .,:;'|!il")


@lru_cache(maxsize=4096)
def width(words: str, size: float) -> float:
    """About how wide a line of text is."""
    return size * sum(_share(c) for c in words)


def _share(character: str) -> float:
    if character > "\u2e7f" or character in "▲▼＝→—":
        return WIDE
    if character in _NARROWEST:
        return 0.3
    if character in "%MWmw@":
        return 0.9
    return DIGIT if character.isdigit() or character.isupper() or character in "+−×" else NARROW


def wrapped(words: str, size: float, room: float, most: int) -> list[str]:
    """The words in at most so many lines: broken anywhere between Chinese characters, at spaces
    elsewhere, cut with an ellipsis where they do not fit."""
    lines, line = [], ""
    for piece in _pieces(words):
        if line and width(line + piece.rstrip(), size) > room:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    lines.append(line.rstrip())
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and width(last + "…", size) > room:
        last = last[:-1]
    return [*lines[: most - 1], last.rstrip("，。、； ") + "…"]


def _pieces(words: str) -> Iterable[str]:
    """What must stay on one line: a date, a number with what it counts, a Latin word, a Chinese
    character with the punctuation after it."""
    for part, is_whole in in_pieces(words):
        if is_whole:
            yield part
        else:
            yield from _smaller(part)


def _smaller(words: str) -> Iterable[str]:
    piece = ""
    for character in words:
        stays = not piece or character in "，。、；：）》！？%…" or (
            piece[-1] in "（《" or (_is_word(piece[-1]) and _is_word(character))
            or (piece[-1].isdigit() and character == " ")
            or (piece[-1] == " " and piece[-2:-1].isdigit() and not _is_word(character))
        )  # fmt: skip
        if not stays:
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def _is_word(character: str) -> bool:
    return character <= "\u2e7f" and character != " "


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle that is taken."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def free(box: Box, taken: Iterable[Box]) -> bool:
    """Whether a rectangle lies on no other."""
    return not any(box.meets(other) for other in taken)
