"""What stands above the sections of a bulletin: title, publisher, date, words that lead in."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from etl.bulletins.headings import is_byline, is_sentence, is_short
from etl.bulletins.left_out import LeftOut
from etl.bulletins.model import Section
from etl.bulletins.parts import (
    DATE,
    MOST_ABOVE_DATE,
    beside_date,
    date_line,
    date_of,
    day_in,
    name_of,
    no_date,
    no_such_date,
    no_title,
    without_date,
)

#: A title, a publisher, and a summary that nobody called one have at most so many letters.
MOST_TITLE, MOST_PUBLISHER, MOST_SUMMARY = 80, 40, 400
#: How many lines the end of a text is, where a document is signed and dated.
ENDING = 4
#: The headings of a section whose text has none.
LEAD, WHOLE = "导语", "正文"
_ISSUER = re.compile(
    r".*(?:研究|委员会|学会|协会|会|部|社|公司|证券|期货|编辑|中心|局|院|所|集团|银行)"
)


@dataclass(frozen=True, slots=True)
class HeadLine:
    """A line above the sections; `number` is that of the file, 0 where it has none."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Masthead:
    """`below` are the lines that are none of the head's, '' for a blank one; `beside` is what the
    line of the date holds; `notes` say what was taken from elsewhere."""

    title: str
    publisher: str
    day: dt.date
    below: tuple[str, ...]
    beside: tuple[str, ...]
    notes: tuple[str, ...]


def masthead(
    path: Path,
    lines: Sequence[HeadLine],
    given: dt.date | None,
    title: str = "",
    day: dt.date | None = None,
    ending: Sequence[str] = (),
) -> Masthead:
    """The head of a text from the lines above its first section; `title` and `day` where the file
    states them apart, `given` goes before every other date. The `ending` of a text may be dated."""
    filled = [at for at, line in enumerate(lines) if line.text]
    gone: set[int] = set()
    stated: list[HeadLine] = []
    if title:
        gone |= {at for at in filled[:1] if lines[at].text == title}
    else:
        above_all = _title_lines(lines, filled)
        gone |= set(above_all)
        stated += [lines[at] for at in above_all if day_in(lines[at].text)]
        title = without_date(lines[above_all[-1]].text) if above_all else ""
    dated = [at for at in filled[:MOST_ABOVE_DATE] if at not in gone and date_line(lines[at].text)]
    rest = [at for at in filled if at not in gone]
    above = [at for at in rest if dated and at < dated[0]]
    gone |= {at for at in above if _is_publisher(lines[at].text)}
    gone |= {at for at in rest[: not dated] if _ISSUER.fullmatch(lines[at].text)}
    publisher = "；".join(lines[at].text for at in rest if at in gone)
    taken = dated[:1] if not (stated or day) or _is_same(stated, lines, dated) else []
    stated += [lines[at] for at in dated]
    notes: list[str] = []
    day = given or day or _day(path, stated, notes)
    name, named_day = name_of(path)
    if day is None and (signed := [line for line in ending if _is_bare_date(line)]):
        day = _day(path, [HeadLine(0, signed[-1])], notes)
        notes.append("the date is that below the text")
    if not title:
        title = name
        notes.append("the title is that of the file's name")
    if day is None and named_day:
        day = named_day
        notes.append("the date is that of the file's name")
    if not title:
        raise no_title(path)
    if day is None:
        raise no_date(path)
    below = tuple(line.text for at, line in enumerate(lines) if at not in {*gone, *taken})
    beside = [without_date(lines[at].text, with_weekday=False) for at in taken]
    return Masthead(title, publisher, day, below, tuple(filter(None, beside)), tuple(notes))


def _is_same(stated: Sequence[HeadLine], lines: Sequence[HeadLine], dated: Sequence[int]) -> bool:
    """Whether the line of the date says again what was said above it."""
    days = [day_in(line.text) for line in (*stated, *(lines[at] for at in dated[:1]))]
    return len({tuple(map(int, day.groups())) for day in days if day}) == 1


def _title_lines(lines: Sequence[HeadLine], filled: Sequence[int]) -> list[int]:
    """The line that is the title; a line with nothing but a date may stand above it."""
    first = [at for at in filled[:1] if _is_bare_date(lines[at].text)]
    for at in filled[len(first) : len(first) + 1]:
        text = lines[at].text
        if len(text) <= MOST_TITLE and not (is_sentence(text) or is_byline(text) or "\n" in text):
            return [*first, at]
    return []


def _is_bare_date(text: str) -> bool:
    return bool(date_line(text)) and not without_date(beside_date(text))


def _is_publisher(text: str) -> bool:
    return len(text) <= MOST_PUBLISHER and not (is_sentence(text) or "，" in text or "\n" in text)


def _day(path: Path, stated: Sequence[HeadLine], notes: list[str]) -> dt.date | None:
    """The first date of the head; the others are said."""
    days: list[dt.date] = []
    for line in stated:
        for found in [*DATE.finditer(line.text)] or filter(None, [day_in(line.text)]):
            try:
                days.append(date_of(found))
            except ValueError:
                raise no_such_date(path, found[0], line.number) from None
    others = sorted({str(day) for day in days} - {str(day) for day in days[:1]})
    if others:
        notes.append(f"its head names other dates too ({', '.join(others)}); --date chooses one")
    return days[0] if days else None


def arranged(
    below: Sequence[str],
    summary: str,
    sections: Sequence[tuple[str, Sequence[str]]],
    left_out: LeftOut,
) -> tuple[str, tuple[Section, ...]]:
    """The summary and the sections with the paragraphs that stand above the first heading: without
    headings they are the one section; one that leads in is the summary where there is none."""
    found = [(title, tuple(texts)) for title, texts in sections]
    lead = list(below)
    if not sections:
        found = [(WHOLE, tuple(lead))] if lead else []
    else:
        while lead and (is_byline(lead[0]) or (is_short(lead[0]) and "\n" not in lead[0])):
            left_out.add("text above the first heading", "line", lead.pop(0))
        if len(lead) == 1 and not summary and len(lead[0]) <= MOST_SUMMARY and "\n" not in lead[0]:
            summary = lead[0]
        elif lead:
            found.insert(0, (LEAD, tuple(lead)))
    return summary, tuple(
        Section(number=number, title=title, paragraphs=texts)
        for number, (title, texts) in enumerate(found, 1)
    )
