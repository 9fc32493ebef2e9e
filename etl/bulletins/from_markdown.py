"""A bulletin out of Markdown, with a head or without."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from etl.bulletins.front_matter import FrontMatter, front_matter
from etl.bulletins.headings import heading_words, paragraphs_of
from etl.bulletins.left_out import LeftOut, unaccounted
from etl.bulletins.markdown_words import MarkdownBlock, MarkdownWords, source_lines
from etl.bulletins.masthead import ENDING, HeadLine, arranged, masthead
from etl.bulletins.model import Bulletin, ReadBulletin
from etl.bulletins.parts import (
    CONTENTS,
    JUDGEMENT,
    REFERENCES,
    SUMMARY,
    date_line,
    no_text,
    references,
)
from etl.bulletins.plain import Dropped, join, without_tags
from etl.errors import FileProblem


@dataclass(slots=True)
class _Body:
    """What stands below the head; `lead` what stands above the first heading."""

    lead: list[HeadLine] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    sections: list[tuple[str, list[str]]] = field(default_factory=list)
    judgement: list[str] = field(default_factory=list)
    entries: list[tuple[int, int, str]] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


def read_markdown(path: Path, text: str, date: dt.date | None) -> ReadBulletin:
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    left_out, dropped = LeftOut(), Dropped()
    head = front_matter(path, lines, left_out)
    source = without_tags("\n".join(lines[head.lines :]), dropped)
    blocks = MarkdownWords(left_out, dropped).blocks(source)
    body = _body(path, blocks, head)
    ending = [line for block in blocks[-ENDING:] for line in block.lines]
    top = masthead(path, body.lead, date, head.values["title"], head.day, ending)
    summary = head.values["summary"] or join(body.summary)
    summary, sections = arranged(top.below, summary, body.sections, left_out)
    if not sections:
        raise no_text(path)
    bulletin = Bulletin(
        date=top.day,
        title=top.title,
        publisher=head.values["publisher"] or top.publisher,
        summary=summary,
        sections=sections,
        judgement=tuple(body.judgement),
        references=references(path, _renumbered(body.entries)),
        visibility=head.visibility,
    )
    left_out.add("the table of contents", "line", *body.contents)
    left_out.add("text around the references", "paragraph", *body.beside)
    left_out.add("text beside the date", "place", *top.beside)
    left_out.extend(dropped.entries)
    said = [*head.values.values(), *source_lines(source)]
    left_out.add("other words", "place", *unaccounted(said, bulletin, left_out))
    return ReadBulletin(bulletin, tuple(left_out.sentences()), top.notes)


def _body(path: Path, blocks: list[MarkdownBlock], head: FrontMatter) -> _Body:
    body = _Body()
    title = _title_heading(blocks, head)
    top = _level_of_sections(blocks, title)
    here: list[str] | None = None
    for at, block in enumerate(blocks):
        line = block.line + head.lines + 1
        if block.level and at != title and (block.level <= top or _names_a_part(block.words)):
            here = _placed(path, body, block.words, line)
        elif here is body.beside:
            _take_entry(body, block, line)
        else:
            pieces = [join(lines) for lines in paragraphs_of(block.lines)]
            if here is not None:
                here += pieces
            else:
                body.lead += [HeadLine(line, piece) for piece in pieces]
    return body


def _title_heading(blocks: list[MarkdownBlock], head: FrontMatter) -> int:
    """The place of the heading that is the title: the only one of its level above the others, or
    one with the date, or with nothing between it and the next; -1 for none."""
    headings = [at for at, block in enumerate(blocks) if block.level]
    if not headings:
        return -1
    first, *others = headings
    alone = blocks[first].level == 1 and all(blocks[at].level > 1 for at in others)
    if head.values["title"]:
        return first if alone and others else -1
    next_one = others[0] if others else len(blocks)
    between = [line for block in blocks[first + 1 : next_one] for line in block.lines]
    is_bare = bool(others) and blocks[first].level == 1 and all(map(date_line, between))
    return first if alone or is_bare or date_line(blocks[first].words) else -1


def _level_of_sections(blocks: list[MarkdownBlock], title: int) -> int:
    levels = [
        block.level for at, block in enumerate(blocks)
        if block.level and at != title and not _names_a_part(block.words)
    ]  # fmt: skip
    return min(levels, default=0)


def _names_a_part(words: str) -> bool:
    name = heading_words(words)
    return bool(
        JUDGEMENT.fullmatch(name)
        or REFERENCES.fullmatch(name)
        or SUMMARY.fullmatch(words)
        or CONTENTS.fullmatch(words)
    )


def _placed(path: Path, body: _Body, words: str, line: int) -> list[str]:
    """Open the part that a heading names; the answer is where its paragraphs go."""
    title = heading_words(words)
    if JUDGEMENT.fullmatch(title):
        return body.judgement
    if REFERENCES.fullmatch(title):
        return body.beside
    if CONTENTS.fullmatch(words):
        return body.contents
    if summary := SUMMARY.fullmatch(words):
        body.summary += [summary[1]] if summary[1] else []
        return body.summary
    if not title:
        raise FileProblem(path, "a heading has no words; write the section's title.", line=line)
    body.sections.append((title, []))
    return body.sections[-1][1]


def _take_entry(body: _Body, block: MarkdownBlock, line: int) -> None:
    """A list item is an entry; what is nested in it belongs to it; all else has no place."""
    if block.number is not None:
        body.entries.append((line, block.number, block.words))
    elif block.depth > 1 and body.entries:
        before = body.entries[-1]
        body.entries[-1] = (before[0], before[1], join((before[2], block.words)))
    else:
        body.beside += block.lines


def _renumbered(entries: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Numbers as written if they rise; counted from 1 otherwise: '1.' for all is usual."""
    numbers = [0, *(number for _, number, _ in entries)]
    if all(a < b for a, b in pairwise(numbers)):
        return entries
    return [(line, at, words) for at, (line, _, words) in enumerate(entries, 1)]
