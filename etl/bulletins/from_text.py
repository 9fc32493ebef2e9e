"""A bulletin out of plain lines: text taken from a document, contents table and all."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from etl.bulletins.document import Lines
from etl.bulletins.model import Bulletin, ReadBulletin, Section
from etl.bulletins.parts import (
    CONTACT,
    CONTENTS,
    DATE,
    JUDGEMENT,
    REFERENCES,
    SUMMARY,
    date_of,
    no_date,
    no_such_date,
    references,
    without_numeral,
)
from etl.bulletins.plain import Dropped, counted, join, plain, without_tags
from etl.bulletins.typography import typographic
from etl.errors import FileProblem

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_STRONG = re.compile(r"(\*\*|__)(?=\S)([^*_\n]+)\1")
_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\((?!\s*javascript:)[^()\s]*(?:\s+\"[^\"\n]*\")?\)", re.I)
_HASHES = re.compile(r"^#{1,6}\s+", re.MULTILINE)
_BULLET = re.compile(r"[•●▪■◆‣*-]\s+")
_CUT = re.compile(r"[，、,（(《“—]$")
_SENTENCE_END = re.compile(r"[。！？!?….][”’」』）)】\"]*$|[”」』]$")
_PAGE_NUMBER = re.compile(
    r"[-—–·\s]*\d{1,3}[-—–·\s]*|\d{1,3}\s*/\s*\d{1,3}|第\s*\d+\s*页[\s,，/、]*(?:共\s*\d+\s*页)?"
    r"|page\s+\d+(?:\s+of\s+\d+)?",
    re.IGNORECASE,
)
_LEADER = re.compile(r"(?<![\s.．…·])[\s.．…·]+\d{1,3}$")
_ENTRY = re.compile(
    r"(?:[\[［(（【]\s*(\d{1,3})\s*[\]］)）】]|(\d{1,3})\s*[.．、)）](?!\d))\s*(.*)"
)


_IS_SOURCE = re.compile(rf"《|https?://|{DATE.pattern}")
#: References as (line, number, pieces of text).
_Entries = list[tuple[int, int, list[str]]]
#: Whether the words of a line end where their paragraph may end.
_IsWhole = Callable[[str], bool]


class _Part(Enum):
    HEAD = auto()
    SUMMARY = auto()
    CONTENTS = auto()
    SECTION = auto()
    JUDGEMENT = auto()
    REFERENCES = auto()
    CONTACT = auto()


class _Line(NamedTuple):
    number: int
    text: str


class _Opening(NamedTuple):
    """A line that opens a part: a section has a rank, a summary may begin on the same line."""

    part: _Part
    rank: int = 0
    words: str = ""


@dataclass(slots=True)
class _Parts:
    """The lines of a text by the part they stand in; a blank line is ''."""

    head: list[_Line] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    sections: list[tuple[str, list[str]]] = field(default_factory=list)
    judgement: list[str] = field(default_factory=list)
    references: list[_Line] = field(default_factory=list)
    contents: int = 0
    furniture: int = 0
    tables: int = 0
    contact: int = 0

    def take(self, part: _Part, line: _Line) -> None:
        """Put `line` where the lines of `part` are kept, or count it."""
        if part is _Part.HEAD and line.text:
            self.head.append(line)
        elif part is _Part.SUMMARY:
            self.summary.append(line.text)
        elif part is _Part.SECTION:
            self.sections[-1][1].append(line.text)
        elif part is _Part.JUDGEMENT:
            self.judgement.append(line.text)
        elif part is _Part.REFERENCES and line.text:
            self.references.append(line)
        elif part is _Part.CONTENTS:
            self.contents += bool(line.text)
        elif part is _Part.CONTACT:
            self.contact += bool(line.text)

    def left_out(self) -> list[str]:
        counts = (
            ("the table of contents", self.contents),
            ("page numbers and running heads", self.furniture),
            ("tables inside the text", self.tables),
            ("the contact block", self.contact),
        )
        return [f"{what} ({counted(count, 'line')})" for what, count in counts if count]


def read_text(path: Path, text: str, date: dt.date | None) -> ReadBulletin:
    """The bulletin in a text whose lines may have been cut anywhere."""
    dropped = Dropped()
    return _reading(path, _lines(text, dropped), date, _is_whole, dropped)


def read_document(path: Path, document: Lines, date: dt.date | None) -> ReadBulletin:
    """The bulletin in a document whose every line is a paragraph."""
    dropped = Dropped()
    # A line of the document is none of the file: errors name no number.
    lines = [_Line(0, plain(typographic(line), dropped)) for line in document.lines]
    spaced = [one for line in lines for one in (line, _Line(0, ""))]
    reading = _reading(path, spaced, date, lambda words: not _CUT.search(words), dropped)
    return ReadBulletin(reading.bulletin, (*document.left_out, *reading.left_out))


def _reading(
    path: Path, lines: list[_Line], date: dt.date | None, is_whole: _IsWhole, dropped: Dropped
) -> ReadBulletin:
    parts = _parts(lines)
    title, publisher, day, stray = _head_of_text(path, parts.head, date)
    if not parts.sections:
        raise FileProblem(
            path, "no sections were found; begin each with a line such as '一、' and its title."
        )
    entries, after = _entries(parts.references, dropped)
    bulletin = Bulletin(
        date=day,
        title=title,
        publisher=publisher,
        summary=join(_paragraphs(parts.summary, is_whole, dropped)),
        sections=tuple(
            Section(number=number, title=title, paragraphs=_paragraphs(lines, is_whole, dropped))
            for number, (title, lines) in enumerate(parts.sections, 1)
        ),
        judgement=_paragraphs(parts.judgement, is_whole, dropped),
        references=references(path, entries),
    )
    left_out = [f"text under the date ({counted(stray, 'line')})"] if stray else []
    left_out += parts.left_out()
    if after:
        left_out.append(f"text around the references ({counted(after, 'line')})")
    return ReadBulletin(bulletin, (*left_out, *dropped.sentences()))


def _lines(text: str, dropped: Dropped) -> list[_Line]:
    text = _HASHES.sub("", re.sub(r"\r\n?", "\n", text))
    text = _ESCAPED.sub(r"\1", _STRONG.sub(r"\2", _LINK.sub(r"\1", text)))
    text = without_tags(text, dropped)
    return [
        _Line(number, plain(typographic(line), dropped))
        for number, line in enumerate(text.split("\n"), 1)
    ]


def _parts(lines: list[_Line]) -> _Parts:
    """Sort the lines into parts: a heading opens a part, which lasts until the next heading."""
    parts, here, rank = _Parts(), _Part.HEAD, 0
    for at, line in enumerate(lines):
        opening = _opening(line.text) if parts.head else None
        if here is _Part.CONTACT:
            parts.take(here, line)
        elif line.text.startswith("|"):
            if parts.sections:
                parts.tables += 1
            else:
                here = _Part.CONTENTS
                parts.contents += _is_row_with_words(line.text)
        elif parts.head and _is_furniture(line.text, parts.head):
            parts.furniture += 1
        elif opening is None or not _opens(opening, here, rank, lines, at):
            parts.take(here, line)
        else:
            here, rank = opening.part, opening.rank or rank
            if here is _Part.SECTION:
                parts.sections.append((opening.words, []))
            elif here is _Part.CONTACT or opening.words:
                parts.take(here, _Line(line.number, opening.words or line.text))
    return parts


def _opening(text: str) -> _Opening | None:
    rank, words = without_numeral(text)
    if JUDGEMENT.fullmatch(words):
        return _Opening(_Part.JUDGEMENT)
    if REFERENCES.fullmatch(words):
        return _Opening(_Part.REFERENCES)
    if rank and words[-1] not in "。；：，":
        return _Opening(_Part.SECTION, rank, words)
    if summary := SUMMARY.fullmatch(text):
        return _Opening(_Part.SUMMARY, words=summary[1] or "")
    if CONTENTS.fullmatch(text):
        return _Opening(_Part.CONTENTS)
    return _Opening(_Part.CONTACT) if CONTACT.match(text) else None


def _opens(opening: _Opening, here: _Part, rank: int, lines: list[_Line], at: int) -> bool:
    """Whether the heading opens its part here, or is only an entry or a sentence of this one."""
    if here is _Part.CONTENTS and _is_entry(lines, at):
        return False
    if opening.part is _Part.SECTION:
        return opening.rank > rank and here is not _Part.REFERENCES
    if opening.part in {_Part.SUMMARY, _Part.CONTENTS}:
        return rank == 0
    return opening.part is not _Part.CONTACT or rank > 0


def _is_entry(lines: list[_Line], at: int) -> bool:
    """In a table of contents a heading is followed by a heading; in the text, by words."""
    for following in range(at + 1, len(lines)):
        words = lines[following].text
        if words and not words.startswith("|") and not _PAGE_NUMBER.fullmatch(words):
            return _opening(_LEADER.sub("", words)) is not None
    return True


def _is_row_with_words(text: str) -> bool:
    return bool(text.strip("|-: "))


def _is_furniture(text: str, head: list[_Line]) -> bool:
    """Page numbers, and the head repeated on later pages."""
    if not text:
        return False
    rest = text.replace(head[0].text, "", 1).strip(" |·-—")
    return not rest or bool(_PAGE_NUMBER.fullmatch(rest)) or rest in {line.text for line in head}


def _head_of_text(
    path: Path, head: list[_Line], date: dt.date | None
) -> tuple[str, str, dt.date, int]:
    """Title, publisher, date, and how many lines stand below the date."""
    at, stated = next(
        ((at, found) for at, line in enumerate(head) if (found := DATE.search(line.text))),
        (len(head), None),
    )
    title = head[0].text if head else ""
    if stated and at == 0:
        title = title.replace(stated[0], "").strip(" （）()|·-—") or title
    publisher = "；".join(line.text for line in head[1:at])
    stray = len(head) - max(at + 1, 1) if stated else 0
    if date is not None:
        return title, publisher, date, stray
    if stated is None:
        raise no_date(path)
    try:
        return title, publisher, date_of(stated), stray
    except ValueError:
        raise no_such_date(path, stated[0], head[at].number) from None


def _paragraphs(lines: list[str], is_whole: _IsWhole, dropped: Dropped) -> tuple[str, ...]:
    """Whole paragraphs: what a line end or a page break cut in mid-sentence is one again."""
    found: list[list[str]] = []
    for block in _blocks(lines):
        each = all(map(is_whole, block))  # else the block is one paragraph, wrapped over lines
        for at, words in enumerate(block):
            bullet = _BULLET.match(words)
            if bullet:
                found.append([words[bullet.end() :]])
            elif found and (not is_whole(found[-1][-1]) or (at and not each)):
                found[-1].append(words)
            else:
                found.append([words])
    paragraphs = (plain(join(pieces), dropped) for pieces in found)
    return tuple(filter(None, paragraphs))


def _is_whole(words: str) -> bool:
    return bool(_SENTENCE_END.search(words))


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """The runs of lines between blank ones."""
    for words, run in groupby(lines, key=bool):
        if words:
            yield list(run)


def _entries(lines: list[_Line], dropped: Dropped) -> tuple[list[tuple[int, int, str]], int]:
    """References as (line, number, text), wrapped lines joined; and how many lines are none."""
    numbered = any(_ENTRY.fullmatch(line.text) for line in lines)
    found, others = _numbered(lines) if numbered else _unnumbered(lines)
    entries = [(line, at, plain(join(pieces), dropped)) for line, at, pieces in found]
    return [entry for entry in entries if entry[2]], others


def _unnumbered(lines: list[_Line]) -> tuple[_Entries, int]:
    """A list without numbers: an entry begins where the one before it has ended."""
    found: _Entries = []
    others = 0
    for line in lines:
        text = _BULLET.sub("", line.text, count=1)
        last = "".join(found[-1][2]) if found else ""
        if last and not _is_ended(last, text):
            found[-1][2].append(text)
        elif _IS_SOURCE.search(text):
            found.append((line.number, len(found) + 1, [text]))
        else:
            others += 1
    return found, others


def _is_ended(entry: str, following: str) -> bool:
    return entry.endswith("。") or ("》" in entry and "《" in following)


def _numbered(lines: list[_Line]) -> tuple[_Entries, int]:
    found: _Entries = []
    others = 0
    for line in lines:
        last, pieces = found[-1][1:] if found else (0, ["。"])
        whole = pieces[-1].endswith("。")
        entry = _ENTRY.fullmatch(line.text)
        number = int(entry[1] or entry[2]) if entry else 0
        # A wrapped line may begin with a number of its own; only the next one counts there.
        if entry and (number == last + 1 or (whole and number > last)):
            found.append((line.number, number, [entry[3]]))
        elif found and not whole:
            pieces.append(line.text)
        else:
            others += 1
    return found, others
