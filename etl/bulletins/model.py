"""What a bulletin is, once read: the one type that its readers, pages and checks share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Frozen, and strict about the names of its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Section(Model):
    """A numbered section. `number` counts from 1 in the order of the text."""

    number: int
    title: str
    paragraphs: tuple[str, ...]


class Reference(Model):
    """One entry of the list of references; `use` is what the bulletin cites it for."""

    number: int
    publisher: str | None
    title: str
    date: Date | None
    use: str = ""


class Bulletin(Model):
    """One day's bulletin as plain text: no markup of any kind survives reading."""

    date: Date
    title: str
    publisher: str
    summary: str
    sections: tuple[Section, ...]
    judgement: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A bulletin, and sentences that say what of its file is not in it."""

    bulletin: Bulletin
    left_out: tuple[str, ...]
