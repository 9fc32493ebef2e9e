"""Event notes: what happened on a day, as a tick below the axis of dates. Each kind has a shape of
its own; the words stand below the chart, or under the pointer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

NoteKind = Literal[
    "authored", "split", "rate", "filing", "bulletin", "document",
    "milestone_up", "milestone_down", "record_high", "record_low", "correction",
]  # fmt: skip
#: In the order in which they are told where there is no room for all.
NOTE_KINDS: tuple[NoteKind, ...] = get_args(NoteKind)
#: How far apart ticks must stand, and how high they are: between the ground line and the dates.
APART, HIGH = 8.0, 6


@dataclass(frozen=True, slots=True)
class NoteShape:
    """A tick: its sign in a text, its path from the top of its middle on, the class of its colour,
    and what plotly calls it."""

    sign: str
    path: str
    colour: str
    symbol: str


SHAPES: Mapping[NoteKind, NoteShape] = {
    "authored": NoteShape("✚", "m-1 0h2v2h2v2h-2v2h-2v-2h-2v-2h2z", "u", "cross"),
    "split": NoteShape("⧗", "m-3 0h6l-6 6h6z", "u", "hourglass"),
    "rate": NoteShape("◆", "l3 3l-3 3l-3-3z", "u", "diamond"),
    "filing": NoteShape("▬", "m-3.5 2h7v2.5h-7z", "u", "line-ew-open"),
    "bulletin": NoteShape("▲", "l3.5 6h-7z", "tt", "triangle-up"),
    "document": NoteShape("■", "m-2.5 .5h5v5h-5z", "tt", "square"),
    "milestone_up": NoteShape("⌃", "l3.5 4v2l-3.5-4l-3.5 4v-2z", "mt", "triangle-up-open"),
    "milestone_down": NoteShape("⌄", "m0 6l3.5-4v-2l-3.5 4l-3.5-4v2z", "mt", "triangle-down-open"),
    "record_high": NoteShape("●", "a3 3 0 1 1-.01 0z", "mt", "circle"),
    "record_low": NoteShape(
        "○", "a3 3 0 1 1-.01 0zm0 1.5a1.5 1.5 0 1 0 .01 0z", "mt", "circle-open"
    ),
    "correction": NoteShape("✎", "m-3 4h6v2h-6z", "u", "star"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Note:
    """What happened on a day, in words; `href` is where that can be read, here or elsewhere."""

    day: date
    kind: NoteKind
    words: str
    href: str = ""

    @property
    def sign(self) -> str:
        return SHAPES[self.kind].sign


def first_told(notes: Iterable[Note]) -> list[Note]:
    """The notes in the order in which they are told where there is no room for all: by kind, the
    newest first."""
    return sorted(notes, key=lambda note: (NOTE_KINDS.index(note.kind), -note.day.toordinal()))


def apart(notes: Sequence[Note], place: Callable[[date], float]) -> list[tuple[float, Note]]:
    """The notes whose ticks have room, each with its place: none lies on another."""
    found: list[tuple[float, Note]] = []
    for note in first_told(notes):
        x = place(note.day)
        if all(abs(x - taken) >= APART for taken, _ in found):
            found.append((x, note))
    return found
