"""A bulletin out of plain lines: text taken from a document, contents table and all."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from etl.bulletins.document import Lines
from etl.bulletins.headings import headings, is_cut, is_sentence, is_short, paragraphs_of
from etl.bulletins.left_out import LeftOut, unaccounted
from etl.bulletins.markdown_words import without_footnotes
from etl.bulletins.masthead import ENDING, HeadLine, arranged, masthead
from etl.bulletins.model import Bulletin, ReadBulletin
from etl.bulletins.parts import (
    CONTACT,
    CONTENTS,
    DATE,
    JUDGEMENT,
    MOST_ABOVE_DATE,
    REFERENCES,
    SUMMARY,
    no_text,
    references,
    without_numeral,
)
from etl.bulletins.plain import BREAK, Dropped, join, plain, without_tags
from etl.bulletins.tables import (
    TextTable,
    is_rule,
    pipe_row,
    pipe_tables,
    spaced_tables,
    table_text,
)
from etl.bulletins.typography import typographic

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_STRONG = re.compile(r"(\*\*|__)(?=\S)([^*_\n]+)\1")
_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\((?!\s*javascript:)[^()\s]*(?:\s+\"[^\"\n]*\")?\)", re.I)
_HASHES = re.compile(r"^#{1,6}\s+", re.MULTILINE)
_BULLET = re.compile(r"[•●▪■◆‣*-]\s+")
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


class _Part(Enum):
    HEAD = auto()
    SUMMARY = auto()
    CONTENTS = auto()
    SECTION = auto()
    JUDGEMENT = auto()
    REFERENCES = auto()
    CONTACT = auto()


class _Opening(NamedTuple):
    """A line that opens a part: a section has a rank, a summary may begin on the same line."""

    part: _Part
    rank: int = 0
    words: str = ""


@dataclass(slots=True)
class _Parts:
    """The lines of a text by the part they stand in; a blank line is ''."""

    head: list[HeadLine] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    sections: list[tuple[str, list[str]]] = field(default_factory=list)
    judgement: list[str] = field(default_factory=list)
    references: list[HeadLine] = field(default_factory=list)
    left_out: LeftOut = field(default_factory=LeftOut)

    def take(self, part: _Part, line: HeadLine) -> None:
        """Put `line` where the lines of `part` are kept, or say that it is left out."""
        if part is _Part.HEAD:
            self.head.append(line)
        elif part is _Part.SUMMARY:
            self.summary.append(line.text)
        elif part is _Part.SECTION:
            self.sections[-1][1].append(line.text)
        elif part is _Part.JUDGEMENT:
            self.judgement.append(line.text)
        elif part is _Part.REFERENCES and line.text:
            self.references.append(line)
        elif part is _Part.CONTENTS and line.text:
            self.left_out.add("the table of contents", "line", *_rows_with_words(line.text))
        elif part is _Part.CONTACT and line.text:
            self.left_out.add("the contact block", "line", *_rows_with_words(line.text))


def read_text(path: Path, text: str, date: dt.date | None) -> ReadBulletin:
    """The bulletin in a text whose lines may have been cut anywhere."""
    dropped = Dropped()
    lines = _lines(text, dropped)
    return _reading(path, lines, date, LeftOut(), dropped, _wrapped)


def read_document(path: Path, document: Lines, date: dt.date | None) -> ReadBulletin:
    """The bulletin in a document whose every line is a paragraph."""
    dropped, left_out = Dropped(), LeftOut()
    left_out.extend(document.left_out)
    # A line of the document is none of the file: errors name no number.
    lines = [HeadLine(0, _flat(typographic(line), dropped)) for line in document.lines]
    spaced = [one for line in lines for one in (line, HeadLine(0, ""))]
    return _reading(path, spaced, date, left_out, dropped, _cut_only, document.source)


def _flat(text: str, dropped: Dropped) -> str:
    """The words of a line; a table as it is."""
    return text if TextTable.of(text) else plain(text, dropped)


def _reading(
    path: Path,
    lines: list[HeadLine],
    date: dt.date | None,
    left_out: LeftOut,
    dropped: Dropped,
    paragraphs: Callable[[Sequence[str], Dropped], Sequence[str]],
    source: Sequence[str] = (),
) -> ReadBulletin:
    parts = _parts(lines, left_out)
    ending = [line.text for line in lines if line.text][-ENDING:]
    top = masthead(path, parts.head, date, ending=ending)
    sections = [(title, paragraphs(texts, dropped)) for title, texts in parts.sections]
    summary = join(paragraphs(parts.summary, dropped))
    summary, arranged_ = arranged(paragraphs(top.below, dropped), summary, sections, left_out)
    if not arranged_:
        raise no_text(path)
    entries, beside = _entries(parts.references, dropped)
    bulletin = Bulletin(
        date=top.day,
        title=top.title,
        publisher=top.publisher,
        summary=summary,
        sections=arranged_,
        judgement=tuple(paragraphs(parts.judgement, dropped)),
        references=references(path, entries),
    )
    left_out.add("text around the references", "line", *beside)
    left_out.add("text beside the date", "place", *top.beside)
    left_out.extend(dropped.entries)
    said = source or [line.text for line in lines]
    left_out.add("other words", "place", *unaccounted(said, bulletin, left_out))
    return ReadBulletin(bulletin, tuple(left_out.sentences()), top.notes)


def _lines(text: str, dropped: Dropped) -> list[HeadLine]:
    """The lines with their words alone; a table is one line."""
    text = without_footnotes(_HASHES.sub("", re.sub(r"\r\n?", "\n", text)))
    text = _ESCAPED.sub(r"\1", _STRONG.sub(r"\2", _LINK.sub(r"\1", text)))
    lines = without_tags(text, dropped).split("\n")
    tables = {at: (stop, list(map(pipe_row, lines[at:stop]))) for at, stop in pipe_tables(lines)}
    tables |= {at: (at + len(rows), rows) for at, rows in spaced_tables(lines)}
    found: list[HeadLine] = []
    end = 0
    for at, line in enumerate(lines):
        stop, rows = tables.get(at, (0, []))
        if stop > at + 1 and is_rule(lines[at + 1]):
            del rows[1]
        cells = [[plain(typographic(cell), dropped) for cell in row] for row in rows]
        if table := table_text(cells):
            found.append(HeadLine(at + 1, table))
            end = stop
        elif at >= end:
            words = (plain(typographic(one), dropped) for one in line.split(BREAK))
            found += [HeadLine(at + 1, one) for one in words]
    return found


def _parts(lines: list[HeadLine], left_out: LeftOut) -> _Parts:
    """Sort the lines into parts: a heading opens a part, which lasts until the next heading."""
    parts, here, rank = _Parts(left_out=left_out), _Part.HEAD, 0
    others = {} if _has_numerals(lines) else headings([line.text for line in lines])
    for at, line in enumerate(lines):
        opening = _opening(line.text)
        if at in others:
            opening = _Opening(_Part.SECTION, rank + 1, others[at])
        elif not parts.head and not (opening and opening.part is _Part.SECTION):
            opening = None
        if here is _Part.CONTACT:
            parts.take(here, line)
        elif _is_contents(line.text):
            here = here if parts.sections else _Part.CONTENTS
            parts.take(_Part.CONTENTS, line)
        elif parts.head and _is_furniture(line.text, parts.head[: 2 * MOST_ABOVE_DATE]):
            left_out.add("page numbers and running heads", "line", line.text)
        elif opening is None or not _opens(opening, here, rank, lines, at):
            parts.take(here, line)
        else:
            here, rank = opening.part, opening.rank or rank
            if here is _Part.SECTION:
                parts.sections.append((opening.words, []))
            elif here is _Part.CONTACT or opening.words:
                parts.take(here, HeadLine(line.number, opening.words or line.text))
    return parts


def _has_numerals(lines: list[HeadLine]) -> bool:
    return any(opening.part is _Part.SECTION for line in lines if (opening := _opening(line.text)))


def _is_contents(text: str) -> bool:
    """Whether a table, or a line in pipes, holds the headings of the text and their pages."""
    if not text.startswith("|"):
        return False
    firsts = [row.strip("| ").split("|")[0].strip() for row in _rows_with_words(text)]
    return "\n" not in text or all(_opening(_LEADER.sub("", words)) for words in firsts)


def _rows_with_words(text: str) -> Iterator[str]:
    return (row for row in text.split("\n") if row.strip("|-: "))


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


def _opens(opening: _Opening, here: _Part, rank: int, lines: list[HeadLine], at: int) -> bool:
    """Whether the heading opens its part here, or is only an entry or a sentence of this one."""
    if here is _Part.CONTENTS and _is_entry(lines, at):
        return False
    if opening.part is _Part.SECTION:
        return opening.rank > rank and here is not _Part.REFERENCES
    if opening.part in {_Part.SUMMARY, _Part.CONTENTS}:
        return rank == 0
    return opening.part is not _Part.CONTACT or rank > 0


def _is_entry(lines: list[HeadLine], at: int) -> bool:
    """In a table of contents a heading is followed by a heading; in the text, by words."""
    for following in range(at + 1, len(lines)):
        words = lines[following].text
        if words and not words.startswith("|") and not _PAGE_NUMBER.fullmatch(words):
            return _opening(_LEADER.sub("", words)) is not None
    return True


def _is_furniture(text: str, head: list[HeadLine]) -> bool:
    """Page numbers, and the head repeated on later pages."""
    if not text:
        return False
    first = next((line.text for line in head if line.text), "")
    rest = text.replace(first, "", 1).strip(" |·-—") if first else text
    is_repeated = not is_sentence(rest) and any(rest == line.text for line in head)
    return not rest or is_repeated or bool(_PAGE_NUMBER.fullmatch(rest))


def _wrapped(lines: Sequence[str], dropped: Dropped) -> list[str]:
    """Whole paragraphs of a text: what a line end or a page break cut is one again."""
    found: list[list[str]] = []
    is_open = False  # whether the last paragraph was cut
    for block in _blocks(lines):
        for at, run in enumerate(paragraphs_of(block)):
            bullet = _BULLET.match(run[0])
            goes_on = is_open and not at and not bullet and "\n" not in run[0]
            if goes_on:
                found[-1] += run
            else:
                found += _without_bullets(run)
            is_open = not is_sentence(run[-1]) and (goes_on or not _stands(run))
    return _joined(found, dropped)


def _stands(run: Sequence[str]) -> bool:
    return "\n" in run[0] or (len(run) == 1 and is_short(run[0]))


def _without_bullets(run: Sequence[str]) -> Iterator[list[str]]:
    """The run as paragraphs, one more for each line that a bullet begins."""
    found: list[list[str]] = []
    for words in run:
        bullet = _BULLET.match(words)
        if bullet or not found:
            found.append([words[bullet.end() :] if bullet else words])
        else:
            found[-1].append(words)
    yield from found


def _cut_only(lines: Sequence[str], dropped: Dropped) -> list[str]:
    """The paragraphs of a document, where one is only cut for sure."""
    found: list[list[str]] = []
    for words in filter(None, lines):
        bullet = _BULLET.match(words)
        if found and not bullet and "\n" not in words and is_cut(found[-1][-1]):
            found[-1].append(words)
        else:
            found.append([words[bullet.end() :] if bullet else words])
    return _joined(found, dropped)


def _joined(found: list[list[str]], dropped: Dropped) -> list[str]:
    return list(filter(None, (_flat(join(pieces), dropped) for pieces in found)))


def _blocks(lines: Sequence[str]) -> Iterator[list[str]]:
    """The runs of lines between blank ones."""
    for words, run in groupby(lines, key=bool):
        if words:
            yield list(run)


def _entries(
    lines: list[HeadLine], dropped: Dropped
) -> tuple[list[tuple[int, int, str]], list[str]]:
    """References as (line, number, text), wrapped lines joined; and the lines that are none."""
    numbered = any(_ENTRY.fullmatch(line.text) for line in lines)
    found, others = _numbered(lines) if numbered else _unnumbered(lines)
    entries = [(line, at, plain(join(pieces), dropped)) for line, at, pieces in found]
    return [entry for entry in entries if entry[2]], others


def _unnumbered(lines: list[HeadLine]) -> tuple[_Entries, list[str]]:
    """A list without numbers: an entry begins where the one before it has ended."""
    found: _Entries = []
    others: list[str] = []
    for line in lines:
        text = _BULLET.sub("", line.text, count=1)
        last = "".join(found[-1][2]) if found else ""
        if last and not _is_ended(last, text):
            found[-1][2].append(text)
        elif _IS_SOURCE.search(text):
            found.append((line.number, len(found) + 1, [text]))
        else:
            others.append(line.text)
    return found, others


def _is_ended(entry: str, following: str) -> bool:
    return entry.endswith("。") or ("》" in entry and "《" in following)


def _numbered(lines: list[HeadLine]) -> tuple[_Entries, list[str]]:
    found: _Entries = []
    others: list[str] = []
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
            others.append(line.text)
    return found, others
