"""What a brief is: what moved since the previous bulletin, as sentences with their figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime

from pydantic import TypeAdapter

from etl.words.numbers import Change

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
class BriefLevel:
    """Where an indicator stands: its newest value, and that of the newest date that was known
    before, `base`, where there is one; `figure` and `was` are the two as readers write them.

    `change` is from the one to the other, if they may be compared; `deviation` is its size in
    standard deviations of up to 60 steps until `base_date`, times the root of its own number.
    `marks` are the newest records, firsts and crossing in between, in words; `is_new` tells whether
    anything came.
    """

    indicator: str
    title: str
    value: float
    unit: str
    date: Date
    figure: str
    day: str
    base: float | None
    base_date: Date | None
    was: str
    was_day: str
    change: Change | None
    deviation: float | None
    marks: tuple[str, ...]
    source: str
    link: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A statement of an earlier bulletin that no longer holds, and why: `broken` (a record), `lost`
    or `regained` (a round number), `contradicted` (by a value that was missing on its day), or
    `revised` (the value it was judged by). `value` and `date` are what overtook it."""

    bulletin: Date
    indicator: str
    why: str
    value: float
    unit: str
    date: Date
    source: str
    said: Said


@dataclass(frozen=True, slots=True)
class Lack:
    """Indicators that lack the same: `behind` or `late` (`count` sessions, or periods, since
    `day`), `unchecked` (since `day`), `never` (checked), `holes` (`count` sessions in between) or
    `failing`; `day` is in words."""

    kind: str
    names: tuple[str, ...]
    day: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Brief:
    """What became known after `since` and by `until`, with the day of the previous bulletin, or the
    one that one looks back to, if there is one. `count` says how many documents were counted;
    `unremarkable`, `unchanged` and `missing` name the indicators with a new value and no item, with
    no new value, and with no value at all. `levels` has what moved furthest first.

    `overtaken` and `lacks` are there only where one looks back to a day that was named, and
    `is_reconstructed` says whether what was known on it is told from what was loaded later."""

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
    levels: tuple[BriefLevel, ...] = ()
    overtaken: tuple[Overtaken, ...] = ()
    lacks: tuple[Lack, ...] = ()
    is_meeting: bool = False
    is_reconstructed: bool = False

    @property
    def marks(self) -> tuple[Item, ...]:
        """Records and round numbers."""
        return tuple(item for item in self.items if item.kinds != (JUMP,))

    @property
    def jumps(self) -> tuple[Item, ...]:
        """Large changes that are neither records nor round numbers."""
        return tuple(item for item in self.items if item.kinds == (JUMP,))


JSON: TypeAdapter[Brief] = TypeAdapter(Brief)
