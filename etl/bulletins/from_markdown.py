"""A bulletin out of Markdown with a typed head."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from etl.bulletins.model import Bulletin, ReadBulletin, Section
from etl.bulletins.parts import DIGITS, JUDGEMENT, REFERENCES, no_date, no_such_date, references
from etl.bulletins.plain import Dropped, counted, join, plain, without_tags
from etl.errors import FileProblem, nearest
from etl.files.strict_yaml import NotYaml, YamlRefused, YamlTable, parse_yaml

HEAD_KEYS = ("title", "date", "publisher", "summary")


class _Commonmark(MarkdownIt):
    """CommonMark that takes any address for a link: only the words of a link are kept."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 (the name is markdown-it's)
        return True


_MARKDOWN = _Commonmark("commonmark", {"html": False})
_PREFIX = re.compile(rf"(?:(?:[{DIGITS}十]{{1,3}})\s*[、．.]|\d{{1,3}}、)\s*(.*)")
_JAVASCRIPT = re.compile(r"\s*javascript:", re.IGNORECASE)


@dataclass(slots=True)
class _Body:
    """What stands below the head; `here` is where paragraphs go, None before any heading."""

    sections: list[tuple[str, list[str]]] = field(default_factory=list)
    judgement: list[str] = field(default_factory=list)
    entries: list[tuple[int, int, str]] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    tables: int = 0


def read_markdown(path: Path, text: str, date: dt.date | None) -> ReadBulletin:
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    first, last = _head_lines(path, lines)
    dropped = Dropped()
    head, day = _head(path, "\n".join(lines[first:last]), first, date)
    words = {key: plain(value, dropped) for key, value in head.items()}
    if not words["title"]:
        raise FileProblem(path, "the title in the head is empty; write the bulletin's name.")
    source = without_tags("\n".join(lines[last + 1 :]), dropped)
    body = _body(path, _MARKDOWN.parse(source), last + 2, dropped)
    if not body.sections:
        raise FileProblem(
            path, "no sections were found; begin each with a line such as '## 一、' and its title."
        )
    bulletin = Bulletin(
        date=day,
        **words,
        sections=tuple(
            Section(number=number, title=title, paragraphs=tuple(paragraphs))
            for number, (title, paragraphs) in enumerate(body.sections, 1)
        ),
        judgement=tuple(body.judgement),
        references=references(path, _renumbered(body.entries)),
    )
    counts = (
        ("the text before the first heading", len(body.before), "paragraph"),
        ("text around the references", len(body.beside), "paragraph"),
        ("tables inside the text", body.tables, "line"),
    )
    left_out = [f"{what} ({counted(count, noun)})" for what, count, noun in counts if count]
    return ReadBulletin(bulletin, (*left_out, *dropped.sentences()))


def _head_lines(path: Path, lines: list[str]) -> tuple[int, int]:
    """The indices of the first line of the head and of the '---' that ends it."""
    start = next(at for at, line in enumerate(lines) if plain(line))
    marks = [at for at in range(start, len(lines)) if plain(lines[at]) == "---"]
    if not marks or marks[0] != start:
        raise FileProblem(
            path,
            f"the file must begin with a head between two lines '---' ({', '.join(HEAD_KEYS)}).",
            line=start + 1,
        )
    if len(marks) < 2:
        raise FileProblem(path, "the head has no end; close it with a line '---'.", line=start + 1)
    return start + 1, marks[1]


def _head(
    path: Path, text: str, offset: int, date: dt.date | None
) -> tuple[dict[str, str], dt.date]:
    """The texts of the head, and the date; each key once, none unknown, none missing."""
    table = _table(path, text, offset)
    missing = [key for key in HEAD_KEYS if key not in table and not (key == "date" and date)]
    if missing:
        message = f"the head lacks '{missing[0]}'; it needs {', '.join(HEAD_KEYS)}."
        raise no_date(path) if missing[0] == "date" else FileProblem(path, message, line=offset)
    values = {}
    for key in ("title", "publisher", "summary"):
        if not isinstance(table[key], str):
            line = table.lines[key] + offset
            raise FileProblem(path, f"'{key}' must be text; put it in quotes.", line=line)
        values[key] = table[key]
    return values, date or _head_date(path, table["date"], table.lines["date"] + offset)


def _head_date(path: Path, value: object, line: int) -> dt.date:
    words = value.strip() if isinstance(value, str) else ""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", words):
        raise FileProblem(path, "'date' must be a day such as 2026-05-27.", line=line)
    try:
        return dt.date.fromisoformat(words)
    except ValueError:
        raise no_such_date(path, words, line) from None


def _table(path: Path, text: str, offset: int) -> YamlTable:
    try:
        table = parse_yaml(text)
    except NotYaml as error:
        raise FileProblem(path, f"the head is {error}", line=error.line + offset) from None
    except YamlRefused as error:
        raise FileProblem(path, str(error), line=error.line + offset) from None
    if not isinstance(table, YamlTable):
        raise FileProblem(
            path, f"the head must hold 'key: value' lines for {', '.join(HEAD_KEYS)}.", line=offset
        )
    for name, line in table.lines.items():
        if name not in HEAD_KEYS:
            hint = nearest(name, HEAD_KEYS)
            raise FileProblem(path, f"unknown key '{name}' in the head. {hint}", line=line + offset)
    return table


def _body(path: Path, tokens: list[Token], offset: int, dropped: Dropped) -> _Body:
    body = _Body()
    here: list[str] | None = body.before  # None: in the list of references
    for at, token in enumerate(tokens):
        if token.type not in {"inline", "fence", "code_block"}:
            continue
        words = plain(_words(token, dropped), dropped)
        line = (token.map[0] if token.map else 0) + offset
        opener = tokens[at - 1]
        if token.type == "inline" and opener.type == "heading_open" and opener.tag == "h2":
            here = _placed(path, body, words, line)
        elif token.content.startswith("|"):
            body.tables += token.content.count("\n") + 1
        elif not words:
            continue
        elif here is not None:
            here.append(words)
        else:
            _take_entry(body, tokens[at - 2] if at > 1 else token, token, words, line)
    return body


def _placed(path: Path, body: _Body, words: str, line: int) -> list[str] | None:
    """Open the part that a heading names; the answer is where its paragraphs go."""
    numbered = _PREFIX.fullmatch(words)
    title = numbered[1] if numbered else words
    if JUDGEMENT.fullmatch(title):
        return body.judgement
    if REFERENCES.fullmatch(title):
        return None
    if not title:
        raise FileProblem(path, "a heading has no words; write the section's title.", line=line)
    body.sections.append((title, []))
    return body.sections[-1][1]


def _take_entry(body: _Body, outer: Token, token: Token, words: str, line: int) -> None:
    """A list item is an entry; what is nested in it belongs to it; all else has no place."""
    if outer.type == "list_item_open" and outer.level == 1:
        body.entries.append((line, int(outer.info) if outer.info else 0, words))
    elif token.level > 1 and body.entries:
        before = body.entries[-1]
        body.entries[-1] = (before[0], before[1], join((before[2], words)))
    else:
        body.beside.append(words)


def _renumbered(entries: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Numbers as written if they rise; counted from 1 otherwise: '1.' for all is usual."""
    numbers = [0, *(number for _, number, _ in entries)]
    if all(a < b for a, b in pairwise(numbers)):
        return entries
    return [(line, at, words) for at, (line, _, words) in enumerate(entries, 1)]


def _words(token: Token, dropped: Dropped) -> str:
    """The words of a block or of an image, without their markup."""
    if token.children is None:
        return token.content
    pieces = [""]
    for child in token.children:
        if child.type in {"softbreak", "hardbreak"}:
            pieces[-1] = pieces[-1].strip()
            pieces.append("")
        elif child.type == "link_open":
            dropped.script_links += bool(_JAVASCRIPT.match(str(child.attrGet("href") or "")))
        else:
            pieces[-1] += _words(child, dropped) if child.type == "image" else child.content
    return join(pieces)
