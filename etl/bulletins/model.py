"""What a bulletin is, once read: the one type that its readers, pages and checks share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date

from etl.files.strict_model import FrozenModel
from etl.records import PUBLIC, Visibility


class Section(FrozenModel):
    """A numbered section. `number` counts from 1 in the order of the text."""

    number: int
    title: str
    paragraphs: tuple[str, ...]


class Reference(FrozenModel):
    """One entry of the list of references; `use` is what the bulletin cites it for."""

    number: int
    publisher: str | None
    title: str
    date: Date | None
    use: str = ""


class Bulletin(FrozenModel):
    """One day's bulletin as plain text: no markup of any kind survives reading."""

    date: Date
    title: str
    publisher: str
    summary: str
    sections: tuple[Section, ...]
    judgement: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    visibility: Visibility = PUBLIC


class Withdrawal(FrozenModel):
    """That the bulletin of a day was taken back: on which day in Beijing, and why."""

    date: Date
    withdrawn: Date
    reason: str
    visibility: Visibility = PUBLIC


@dataclass(frozen=True, slots=True)
class ReadBulletin:
    """A bulletin, and sentences: what of its file is not in it, and what was not taken from the
    text."""

    bulletin: Bulletin
    left_out: tuple[str, ...]
    notes: tuple[str, ...] = ()
