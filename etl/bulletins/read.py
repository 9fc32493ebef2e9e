"""A bulletin out of a file: Markdown with a typed head, or text taken from a document."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from etl.bulletins.model import Bulletin, Reference, Section
from etl.errors import FileProblem, nearest

MAX_BYTES = 2_000_000
HEAD_KEYS = ("title", "date", "publisher", "summary")


@dataclass(frozen=True, slots=True)
class Reading:
    """A bulletin, and sentences that say what of its file is not in it."""

    bulletin: Bulletin
    left_out: tuple[str, ...]


def read_bulletin(path: Path, *, date: dt.date | None = None) -> Reading:
    """The bulletin that `path` holds; `date` goes before the date that the file states."""
    kind = path.suffix.lower()
    if kind not in {".md", ".txt"}:
        found = f"a '{kind}' file" if kind else "a file without a suffix"
        raise FileProblem(path, f"a bulletin is read from .md or .txt, not from {found}.")
    text = _decoded(path)
    if not _visible(text).strip():
        raise FileProblem(path, "the file is empty; a bulletin with a title and sections belongs.")
    return _read_markdown(path, text, date) if kind == ".md" else _read_text(path, text, date)


def _decoded(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise FileProblem(path, "no such file; check the name and the folder.") from None
    except OSError as error:
        raise FileProblem(path, f"the file cannot be read ({error.strerror}).") from None
    if len(raw) > MAX_BYTES:
        raise FileProblem(path, "the file is larger than 2 MB; a bulletin is a few pages of text.")
    # GB18030 comes last: it takes almost any bytes for Chinese.
    marked = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise FileProblem(
        path, "the text is neither UTF-8, GB18030 nor UTF-16 with a mark; save it as UTF-8."
    )


# ---- plain text ------------------------------------------------------------------------------

_SPACES = re.compile(r"\s+")
_HIDDEN = re.compile(r"<(?:(?P<name>script|style)\b[^<>]*>|!--)", re.IGNORECASE)
_HIDDEN_END = {
    "script": re.compile(r"</script\s*>", re.IGNORECASE),
    "style": re.compile(r"</style\s*>", re.IGNORECASE),
    "": re.compile(r"-->"),
}
_AUTOLINK = re.compile(
    r"<((?!(?:javascript|vbscript|data):)[a-z][a-z0-9+.-]{1,31}:[^\s<>]*|[\w.+-]+@[\w.-]+)>",
    re.IGNORECASE,
)
# A tag may run over a line end, but not over the end of a paragraph.
_TAG = re.compile(
    rf"(?!{_AUTOLINK.pattern})<(?:/?[a-z][a-z0-9:._-]*(?=[\s/>\"'=])|[!?][a-z\[])"
    r"(?:(?:\"[^\"<]*\"|'[^'<]*'|[^<>\"'\n]|\n(?!\s*\n))*|(?:[^<>\n]|\n(?!\s*\n))*)>"
    r"|<(?:javascript|vbscript|data):[^<>\n]*>",
    re.IGNORECASE,
)
_SCRIPT_LINK = re.compile(r"!?\[([^\[\]]*)\]\(\s*javascript:(?:[^()]|\([^()]*\))*\)", re.IGNORECASE)
_SCRIPT_ADDRESS = re.compile(r"javascript:[^\s，。；！？）》”]+", re.IGNORECASE)
_PASSES = 20


@dataclass(slots=True)
class _Dropped:
    """How much was dropped on the way to plain text."""

    tags: int = 0
    script_links: int = 0

    def sentences(self) -> list[str]:
        counts = ((self.tags, "HTML tag"), (self.script_links, "javascript: link"))
        return [_counted(count, noun) for count, noun in counts if count]


def plain(text: str, dropped: _Dropped | None = None) -> str:
    """The words of `text` on one line: NFC, single spaces, no tags, nothing invisible.

    Applying it twice changes nothing, although dropping one tag may put another together.
    """
    dropped = dropped if dropped is not None else _Dropped()
    for _ in range(_PASSES):
        before, text = text, _plainer(text, dropped)
        if text == before:
            return text
    return plain(text.replace("<", ""), dropped)  # nested on purpose: not worth more passes


def _plainer(text: str, dropped: _Dropped) -> str:
    text = _SPACES.sub(" ", unicodedata.normalize("NFC", text))
    text = _AUTOLINK.sub(r"\1", _without_tags(_visible(text), dropped))
    text, links = _SCRIPT_LINK.subn(r"\1", text)
    text, addresses = _SCRIPT_ADDRESS.subn("", text)
    dropped.script_links += links + addresses
    return text.strip()


def _visible(text: str) -> str:
    """Without zero-width, control and surrogate characters; YAML cannot hold U+FFFE and U+FFFF."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c
        for c in text
        if unicodedata.category(c) not in {"Cc", "Cf", "Cs"} and c not in "\ufffe\uffff"
    )


def _without_tags(text: str, dropped: _Dropped) -> str:
    """Without complete tags; as many line ends as before, so that line numbers stay true."""

    def drop(found: re.Match[str]) -> str:
        dropped.tags += 1
        return "\n" * found[0].count("\n")

    return _TAG.sub(drop, _without_hidden(text, dropped)) if "<" in text else text


def _without_hidden(text: str, dropped: _Dropped) -> str:
    """Without comments, scripts and style sheets, their content included."""
    kept: list[str] = []
    done = 0
    endless: set[str] = set()  # looked for once in vain: keeps the time linear
    while opening := _HIDDEN.search(text, done):
        kind = (opening["name"] or "").lower()
        closing = None if kind in endless else _HIDDEN_END[kind].search(text, opening.end())
        kept.append(text[done : opening.start()])
        if closing:
            dropped.tags += 2 if kind else 1
            done = closing.end()
            kept.append("\n" * text.count("\n", opening.start(), done))
        else:
            endless.add(kind)
            done = opening.end()
            kept.append(opening[0])
    return "".join(kept) + text[done:]


def _join(pieces: Iterable[str]) -> str:
    """Lines as one: a space only where Latin words would otherwise run together."""
    joined: list[str] = []
    for piece in filter(None, pieces):
        if joined and not _is_tight(joined[-1][-1], piece[0]):
            joined.append(" ")
        joined.append(piece)
    return "".join(joined)


def _is_tight(left: str, right: str) -> bool:
    marks = _is_wide_mark(left) or _is_wide_mark(right)
    return marks or (_is_wide(left) and _is_wide(right))


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _is_wide_mark(character: str) -> bool:
    category = unicodedata.category(character)
    return category.startswith("P") and (_is_wide(character) or character in "“”‘’—…·")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


# ---- what both kinds of file share -----------------------------------------------------------

_DIGITS = "一二三四五六七八九"
_DATE = re.compile(
    r"(\d{4})\s*(?:年|[-－/.．])\s*(\d{1,2})\s*(?:月|[-－/.．])\s*(\d{1,2})(?!\d)(?:\s*日)?"
)
_NUMBERED = re.compile(rf"([{_DIGITS}十]{{1,3}})\s*[、．.]\s*(.+)")
_SEPARATORS = "，,、；;：:。 "


def numeral(number: int) -> str:
    """`number` as a heading counts it: 一, 二, … 十一, … 二十; in digits from a hundred on."""
    if not 0 < number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else _DIGITS[tens - 1] + "十"
    return head + (_DIGITS[ones - 1] if ones else "")


_RANKS = {numeral(number): number for number in range(1, 100)}


def reference_of(number: int, text: str) -> Reference:
    """The entry that one line of the list states; a ValueError if its date does not exist."""
    span = _title_span(text)
    if span is None:
        return Reference(number=number, publisher=None, title=text, date=None)
    start, end = span
    publisher = re.sub(r"\s*[:：]$", "", text[:start].strip())
    rest, day = text[end + 1 :].lstrip(_SEPARATORS), None
    if stated := _DATE.match(rest):
        day = _date_of(stated)
        rest = rest[stated.end() :].lstrip(_SEPARATORS)
    return Reference(
        number=number,
        publisher=publisher or None,
        title=text[start + 1 : end].strip(),
        date=day,
        use=rest.rstrip("。 "),
    )


def _title_span(text: str) -> tuple[int, int] | None:
    """Where the first 《 and its own 》 stand; None if they hold no title."""
    start = text.find("《")
    if start < 0:
        return None
    depth, end = 0, text.rfind("》")
    for at in range(start, len(text)):
        depth += {"《": 1, "》": -1}.get(text[at], 0)
        if not depth:
            end = at
            break
    return (start, end) if text[start + 1 : max(end, 0)].strip() else None


def _date_of(stated: re.Match[str]) -> dt.date:
    year, month, day = (int(part) for part in stated.groups())
    return dt.date(year, month, day)


def _references(path: Path, entries: Iterable[tuple[int, int, str]]) -> tuple[Reference, ...]:
    """References of (line, number, text)."""
    found = []
    for line, number, text in entries:
        try:
            found.append(reference_of(number, text))
        except ValueError:
            raise FileProblem(
                path,
                f"reference {number} has a date that does not exist; write it like 2026-05-27.",
                line=line,
            ) from None
    return tuple(found)


def _no_date(path: Path) -> FileProblem:
    return FileProblem(
        path,
        "the bulletin has no date: write '2026 年 5 月 27 日' under the title, "
        "or give --date 2026-05-27.",
    )


def _no_such_date(path: Path, words: str, line: int) -> FileProblem:
    return FileProblem(
        path, f"the date '{words}' does not exist; correct it, or give --date.", line=line
    )


# ---- text taken from a document --------------------------------------------------------------

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_STRONG = re.compile(r"(\*\*|__)(?=\S)([^*_\n]+)\1")
_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\((?!\s*javascript:)[^()\s]*(?:\s+\"[^\"\n]*\")?\)", re.I)
_HASHES = re.compile(r"^#{1,6}\s+", re.MULTILINE)
_BULLET = re.compile(r"[•●▪■◆‣*-]\s+")
_SENTENCE_END = re.compile(r"[。！？!?….][”’」』）)】\"]*$|[”」』]$")
_PAGE_NUMBER = re.compile(
    r"[-—–·\s]*\d{1,3}[-—–·\s]*|\d{1,3}\s*/\s*\d{1,3}|第\s*\d+\s*页[\s,，/、]*(?:共\s*\d+\s*页)?"
    r"|page\s+\d+(?:\s+of\s+\d+)?",
    re.IGNORECASE,
)
_LEADER = re.compile(r"(?<![\s.．…·])[\s.．…·]+\d{1,3}$")
_CONTENTS = re.compile(r"目\s*录|(?:table of )?contents", re.IGNORECASE)
_SUMMARY = re.compile(r"摘\s*要(?:\s*[:：]\s*(.*))?")
_JUDGEMENT = re.compile(r"今日判断\s*[:：]?")
_REFERENCES = re.compile(r"参考(?:文献|资料)\s*[:：]?")
_CONTACT = re.compile(r"联系(?:我们|方式)")
_ENTRY = re.compile(
    r"(?:[\[［(（【]\s*(\d{1,3})\s*[\]］)）】]|(\d{1,3})\s*[.．、)）](?!\d))\s*(.*)"
)


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
        return [f"{what} ({_counted(count, 'line')})" for what, count in counts if count]


def _read_text(path: Path, text: str, date: dt.date | None) -> Reading:
    dropped = _Dropped()
    parts = _parts(_lines(text, dropped))
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
        summary=_join(_paragraphs(parts.summary, dropped)),
        sections=tuple(
            Section(number=number, title=title, paragraphs=_paragraphs(lines, dropped))
            for number, (title, lines) in enumerate(parts.sections, 1)
        ),
        judgement=_paragraphs(parts.judgement, dropped),
        references=_references(path, entries),
    )
    left_out = [f"text under the date ({_counted(stray, 'line')})"] if stray else []
    left_out += parts.left_out()
    if after:
        left_out.append(f"text around the references ({_counted(after, 'line')})")
    return Reading(bulletin, (*left_out, *dropped.sentences()))


def _lines(text: str, dropped: _Dropped) -> list[_Line]:
    text = _HASHES.sub("", re.sub(r"\r\n?", "\n", text))
    text = _ESCAPED.sub(r"\1", _STRONG.sub(r"\2", _LINK.sub(r"\1", text)))
    text = _without_tags(text, dropped)
    return [_Line(number, plain(line, dropped)) for number, line in enumerate(text.split("\n"), 1)]


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
    numbered = _NUMBERED.fullmatch(text)
    rank = _RANKS.get(numbered[1], 0) if numbered else 0
    words = numbered[2] if numbered and rank else text
    if _JUDGEMENT.fullmatch(words):
        return _Opening(_Part.JUDGEMENT)
    if _REFERENCES.fullmatch(words):
        return _Opening(_Part.REFERENCES)
    if rank and words[-1] not in "。；：，":
        return _Opening(_Part.SECTION, rank, words)
    if summary := _SUMMARY.fullmatch(text):
        return _Opening(_Part.SUMMARY, words=summary[1] or "")
    if _CONTENTS.fullmatch(text):
        return _Opening(_Part.CONTENTS)
    return _Opening(_Part.CONTACT) if _CONTACT.match(text) else None


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
        ((at, found) for at, line in enumerate(head) if (found := _DATE.search(line.text))),
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
        raise _no_date(path)
    try:
        return title, publisher, _date_of(stated), stray
    except ValueError:
        raise _no_such_date(path, stated[0], head[at].number) from None


def _paragraphs(lines: list[str], dropped: _Dropped) -> tuple[str, ...]:
    """Whole paragraphs: what a line end or a page break cut in mid-sentence is one again."""
    found: list[list[str]] = []
    for block in _blocks(lines):
        each = all(map(_is_whole, block))  # else the block is one paragraph, wrapped over lines
        for at, words in enumerate(block):
            bullet = _BULLET.match(words)
            if bullet:
                found.append([words[bullet.end() :]])
            elif found and (not _is_whole(found[-1][-1]) or (at and not each)):
                found[-1].append(words)
            else:
                found.append([words])
    paragraphs = (plain(_join(pieces), dropped) for pieces in found)
    return tuple(filter(None, paragraphs))


def _is_whole(words: str) -> bool:
    return bool(_SENTENCE_END.search(words))


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """The runs of lines between blank ones."""
    for words, run in groupby(lines, key=bool):
        if words:
            yield list(run)


def _entries(lines: list[_Line], dropped: _Dropped) -> tuple[list[tuple[int, int, str]], int]:
    """References as (line, number, text), wrapped lines joined; and how many lines are none."""
    found: list[tuple[int, int, list[str]]] = []
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
    whole_entries = [(line, at, plain(_join(pieces), dropped)) for line, at, pieces in found]
    return [entry for entry in whole_entries if entry[2]], others


# ---- Markdown with a typed head --------------------------------------------------------------


class _Commonmark(MarkdownIt):
    """CommonMark that takes any address for a link: only the words of a link are kept."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 (the name is markdown-it's)
        return True


_MARKDOWN = _Commonmark("commonmark", {"html": False})
_PREFIX = re.compile(rf"(?:(?:[{_DIGITS}十]{{1,3}})\s*[、．.]|\d{{1,3}}、)\s*(.*)")
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


def _read_markdown(path: Path, text: str, date: dt.date | None) -> Reading:
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    first, last = _head_lines(path, lines)
    dropped = _Dropped()
    head, day = _head(path, "\n".join(lines[first:last]), first, date)
    words = {key: plain(value, dropped) for key, value in head.items()}
    if not words["title"]:
        raise FileProblem(path, "the title in the head is empty; write the bulletin's name.")
    source = _without_tags("\n".join(lines[last + 1 :]), dropped)
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
        references=_references(path, _renumbered(body.entries)),
    )
    counts = (
        ("the text before the first heading", len(body.before), "paragraph"),
        ("text around the references", len(body.beside), "paragraph"),
        ("tables inside the text", body.tables, "line"),
    )
    left_out = [f"{what} ({_counted(count, noun)})" for what, count, noun in counts if count]
    return Reading(bulletin, (*left_out, *dropped.sentences()))


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
    nodes = _nodes(path, text, offset)
    missing = [key for key in HEAD_KEYS if key not in nodes and not (key == "date" and date)]
    if missing:
        message = f"the head lacks '{missing[0]}'; it needs {', '.join(HEAD_KEYS)}."
        raise _no_date(path) if missing[0] == "date" else FileProblem(path, message, line=offset)
    values = {}
    for key in ("title", "publisher", "summary"):
        node = nodes[key]
        if not isinstance(node, ScalarNode) or node.tag != "tag:yaml.org,2002:str":
            line = node.start_mark.line + offset + 1
            raise FileProblem(path, f"'{key}' must be text; put it in quotes.", line=line)
        values[key] = str(node.value)
    return values, date or _head_date(path, nodes["date"], offset)


def _head_date(path: Path, node: Node, offset: int) -> dt.date:
    line = node.start_mark.line + offset + 1
    words = node.value.strip() if isinstance(node, ScalarNode) else ""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", words):
        raise FileProblem(path, "'date' must be a day such as 2026-05-27.", line=line)
    try:
        return dt.date.fromisoformat(words)
    except ValueError:
        raise _no_such_date(path, words, line) from None


def _nodes(path: Path, text: str, offset: int) -> dict[str, Node]:
    # Nodes instead of values: they know their lines, and a date that does not exist is one too.
    try:
        root = YAML().compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FileProblem(
            path,
            f"the head is not valid YAML ({error.problem}); check its quotes and colons.",
            line=(mark.line if mark else 0) + offset + 1,
        ) from None
    except (YAMLError, RecursionError):
        raise FileProblem(path, "the head is not valid YAML; retype it.", line=offset) from None
    if not isinstance(root, MappingNode):
        raise FileProblem(
            path, f"the head must hold 'key: value' lines for {', '.join(HEAD_KEYS)}.", line=offset
        )
    found: dict[str, Node] = {}
    for key, value in root.value:
        name, line = str(key.value), key.start_mark.line + offset + 1
        if name not in HEAD_KEYS:
            hint = nearest(name, HEAD_KEYS)
            raise FileProblem(path, f"unknown key '{name}' in the head. {hint}", line=line)
        if name in found:
            raise FileProblem(path, f"the key '{name}' stands twice; keep one.", line=line)
        found[name] = value
    return found


def _body(path: Path, tokens: list[Token], offset: int, dropped: _Dropped) -> _Body:
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
    if _JUDGEMENT.fullmatch(title):
        return body.judgement
    if _REFERENCES.fullmatch(title):
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
        body.entries[-1] = (before[0], before[1], _join((before[2], words)))
    else:
        body.beside.append(words)


def _renumbered(entries: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Numbers as written if they rise; counted from 1 otherwise: '1.' for all is usual."""
    numbers = [0, *(number for _, number, _ in entries)]
    if all(a < b for a, b in pairwise(numbers)):
        return entries
    return [(line, at, words) for at, (line, _, words) in enumerate(entries, 1)]


def _words(token: Token, dropped: _Dropped) -> str:
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
    return _join(pieces)
