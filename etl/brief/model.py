"""What a brief is: what moved since the previous bulletin, as sentences with their figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime

from pydantic import TypeAdapter

JUMP = "jump"


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence; `name` is the part of it that links to `link`."""

    text: str
    name: str
    link: str


@dataclass(frozen=True, slots=True)
class Item:
    """A remarkable value, and why: `kinds` are those of events, and `jump`.

    `value` and `previous` are in the catalog's unit; `deviation` is the z-score of its change;
    `since` is where the history of its records begins.
    """

    kinds: tuple[str, ...]
    indicator: str
    date: Date
    value: float
    unit: str
    previous: float | None
    deviation: float | None
    since: Date | None
    source: str
    said: Said


@dataclass(frozen=True, slots=True)
class BriefPaper:
    """A policy document that entered the counts. `day` is as precise as it is known."""

    title: str
    issuer: str
    number: str
    day: str
    said: Said


@dataclass(frozen=True, slots=True)
class Brief:
    """What became known after `since` and by `until`, with the day of the previous bulletin, if
    there is one. `count` says how many documents were counted; the last three fields name the
    indicators with a new value and no item, with no new value, and with no value at all."""

    date: Date
    lang: str
    before: Date | None
    since: datetime
    until: datetime
    items: tuple[Item, ...]
    papers: tuple[BriefPaper, ...]
    count: Said | None
    unremarkable: tuple[str, ...]
    unchanged: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def marks(self) -> tuple[Item, ...]:
        """Records and round numbers."""
        return tuple(item for item in self.items if item.kinds != (JUMP,))

    @property
    def jumps(self) -> tuple[Item, ...]:
        """Large changes that are neither records nor round numbers."""
        return tuple(item for item in self.items if item.kinds == (JUMP,))


JSON: TypeAdapter[Brief] = TypeAdapter(Brief)
