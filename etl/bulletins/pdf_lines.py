"""The paragraphs of a PDF: its lines put together again, without what stands on every page."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from pypdf import PdfReader

from etl.bulletins.document import Lines, Paragraph, with_numerals
from etl.bulletins.left_out import LeftOut
from etl.bulletins.parts import names_a_part, without_numeral
from etl.bulletins.pdf_page import PdfLine, joined, page_lines, width_of
from etl.files.bounded import Unreadable

MOST_PAGES = 100
_EDGE = 3  # lines at the head and the foot of a page that may be furniture
_NUMBER = re.compile(r"[-—–·\s]*\d{1,3}[-—–·\s]*|\d{1,3}\s*/\s*\d{1,3}"
                     r"|第?\s*\d{1,3}\s*页[\s,，/、]*(?:共\s*\d{1,3}\s*页)?"
                     r"|page\s+\d{1,3}(?:\s+of\s+\d{1,3})?", re.IGNORECASE)  # fmt: skip
_DIGITS = re.compile(r"\d+")
_ITEM = re.compile(r"[一二三四五六七八九十]{1,3}\s*[、．]|[（(][一二三四五六七八九十\d]{1,3}[)）]"
                   r"|[\[［【]\d{1,3}[\]］】]|\d{1,3}\s*[.．、)）]\s*(?!\d)"
                   r"|[•●▪■◆‣①-⑳]")  # fmt: skip
_LEADER = re.compile(r"(.*?)\s*(?:[.．…·]\s*){3,}\d{1,3}")
_ENTRY = re.compile(r"(.*\S)\s+\d{1,3}")
_END = re.compile(r"[。！？!?….：:；;][”’」』）)】\"]*$|[”」』]$")
_UNIT = re.compile(r"[!-~]+|.[，。、；：！？”’）》】]*")
_WIDE, _MARK = (
    r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef",
    r"\u3001-\u301b\uff01-\uff0f\uff1a-\uff20",
)
# Spaces that only stretch a justified line: beside Chinese marks, and between Chinese letters.
_BESIDE_MARK = re.compile(rf"(?<=[{_MARK}]) +| +(?=[{_MARK}])")
_BETWEEN = re.compile(rf"(?<=[{_WIDE}“”‘’—…·]) +(?=[{_WIDE}“”‘’—…·])")
_STRETCHED = 3  # so many of them in a line are not the writer's
# Letters without a meaning of their own: of private use, or the bare names of glyphs.
_UNKNOWN = re.compile(r"[\ufffd\ue000-\uf8ff]|/(?:g|G|cid|glyph)\d+")
_DAMAGED = "the PDF is damaged; open it and save it again, or save its text as .txt."
_NO_TEXT = (
    "the PDF holds no text, only pictures of pages; have its text recognised (OCR), or use "
    "the document it was made from."
)
_NO_LETTERS = (
    "the fonts of the PDF do not say which letters they draw; use the document it was made from, "
    "or save its text as .txt."
)
_SCRIPT = "javascript:"


@dataclass(frozen=True, slots=True)
class _Edges:
    """Between which positions the lines of a column stand."""

    left: float
    right: float


def pdf_lines(raw: bytes) -> Lines:
    """The paragraphs of the PDF, and what of it is not among them."""
    if b"%PDF-" not in raw[:1024]:
        raise Unreadable("its name ends in .pdf but it is no PDF; export it as one again.")
    try:
        reader = PdfReader(io.BytesIO(raw))
        if reader.is_encrypted:
            raise Unreadable("the PDF has a password or is protected; save it without one.")
        count = len(reader.pages)
        if count > MOST_PAGES:
            raise Unreadable(
                f"the PDF has {count} pages; a bulletin has {MOST_PAGES} at most: "
                "save the pages that are the bulletin."
            )
        return _lines(reader)
    except (Unreadable, MemoryError):
        raise
    # A broken PDF breaks pypdf in many ways, all of which mean the same to a person.
    except Exception:
        raise Unreadable(_DAMAGED) from None


def _lines(reader: PdfReader) -> Lines:
    pages: list[list[PdfLine]] = []
    said = LeftOut()
    for number, page in enumerate(reader.pages):
        if page.rotation % 360:
            page.transfer_rotation_to_content()
        lines, askew = page_lines(page, number)
        pages.append(lines)
        said.add("text that stands askew", "piece", *askew)
        said.add("pages without text", "page", *[""] * (not lines))
        _look_at_notes(page, said)
    _check_letters("".join(line.text for lines in pages for line in lines))
    furniture = _furniture(pages)
    lines = [line for page in pages for line in page if line not in furniture]
    beside = [line.text for page in pages for line in page if line in furniture]
    said.add("headers and footers of pages", "line", *beside)
    source = [line.text for page in pages for line in page]
    return Lines(tuple(with_numerals(_paragraphs(lines))), tuple(said.entries), tuple(source))


def _look_at_notes(page: Any, said: LeftOut) -> None:
    for reference in page.get("/Annots") or ():
        note = reference.get_object()
        if note.get("/Subtype") in {"/Text", "/FreeText"}:
            said.add("comments", "comment", str(note.get("/Contents") or ""))
        action = note.get("/A") or {}
        address = "".join(str(action.get("/URI", "")).split()).lower()
        if action.get("/S") == "/JavaScript" or address.startswith(_SCRIPT):
            said.add("", "javascript: link", "")


def _check_letters(text: str) -> None:
    if not text.strip():
        raise Unreadable(_NO_TEXT)
    if sum(map(len, _UNKNOWN.findall(text))) > len(text) // 10:
        raise Unreadable(_NO_LETTERS)


def _furniture(pages: Sequence[Sequence[PdfLine]]) -> set[PdfLine]:
    """Page numbers, and lines that stand on two pages or more in the same place."""
    edges = [_edges(page) for page in pages]
    seen = Counter(key for edge in edges for key in {_place(line) for line in edge})
    return {
        line for edge in edges for line in edge
        if seen[_place(line)] > 1 or _NUMBER.fullmatch(line.text.strip())
    }  # fmt: skip


def _edges(page: Sequence[PdfLine]) -> list[PdfLine]:
    down = sorted(page, key=lambda line: -line.y)
    return list(dict.fromkeys(down[:_EDGE] + down[-_EDGE:]))


def _place(line: PdfLine) -> tuple[str, int]:
    return _DIGITS.sub("#", line.text), round(line.y / 4)


def _paragraphs(lines: list[PdfLine]) -> list[Paragraph]:
    levels, edges, pitch = _levels(lines), _edges_of(lines), _pitch(lines)
    found: list[list[PdfLine]] = []
    for line in lines:
        if found and _goes_on(found[-1], line, edges, pitch):
            found[-1].append(line)
        else:
            found.append([line])
    return [_paragraph(one, levels) for one in found]


def _paragraph(lines: list[PdfLine], levels: dict[int, int]) -> Paragraph:
    if _contents(lines[0]):
        return Paragraph(f"| {lines[0].text} |")
    text = _BESIDE_MARK.sub("", joined(_unstretched(line.text) for line in lines))
    return Paragraph(text, levels.get(round(lines[0].size), 0))


def _unstretched(text: str) -> str:
    text = _BESIDE_MARK.sub("", text)
    return _BETWEEN.sub("", text) if len(_BETWEEN.findall(text)) >= _STRETCHED else text


def _goes_on(
    paragraph: list[PdfLine], line: PdfLine, edges: dict[str, _Edges], pitch: dict[int, float]
) -> bool:
    """Whether a line belongs to the paragraph above it."""
    first, last = paragraph[0], paragraph[-1]
    if _contents(line) or _contents(first) or names_a_part(line.text) or names_a_part(first.text):
        return False
    if abs(line.size - last.size) > 0.08 * last.size:
        return False
    is_cut = not _END.search(last.text)
    if _ITEM.match(line.text) and not (is_cut and line.x > first.x + 0.5 * line.size):
        return False
    right = edges[last.column].right
    full = _is_full(last, line, right)
    heading = without_numeral(first.text)[0]
    wraps = is_cut and not heading and _is_long(last, right)
    if (line.page, line.column) != (last.page, last.column):
        return wraps or (full and (is_cut or _is_inner(paragraph, line, edges)))
    if last.y - line.y > 1.25 * pitch[round(line.size)]:
        return False
    indented = line.x > last.x + 0.8 * line.size and not _is_centred(last, line)
    if indented and not (len(paragraph) == 1 and _ITEM.match(first.text)):
        return False
    if heading and first.bold and not line.bold:
        return False
    return full or wraps


def _is_inner(paragraph: list[PdfLine], line: PdfLine, edges: dict[str, _Edges]) -> bool:
    """Whether a line is none that begins a paragraph: those here are indented, and it is not."""

    def indent(one: PdfLine) -> float:
        return (one.x - edges[one.column].left) / one.size

    return indent(paragraph[0]) > 1 and max(map(indent, (*paragraph[1:], line))) < 0.5


def _is_centred(last: PdfLine, line: PdfLine) -> bool:
    return abs(last.x + last.right - line.x - line.right) < 2 * line.size


def _is_full(last: PdfLine, line: PdfLine, right: float) -> bool:
    """Whether the first word of `line` had no room behind `last`."""
    unit = _UNIT.match(line.text)
    needed = width_of(unit[0]) if unit else 1.0
    slack = 1.0 + 0.06 * sum(width_of(c) for c in last.text if c.isascii())
    return last.right + needed * line.size > right - slack * line.size


def _is_long(line: PdfLine, right: float) -> bool:
    return line.right - line.x > 0.7 * (right - line.x)


def _contents(line: PdfLine) -> str:
    """What an entry of a table of contents leads to: a number far behind it, or behind dots."""
    if leader := _LEADER.fullmatch(line.text):
        return leader[1]
    entry = _ENTRY.fullmatch(line.text) if line.cells > 1 else None
    known = entry and (without_numeral(entry[1])[0] or names_a_part(entry[1]))
    return entry[1] if entry and known else ""


def _levels(lines: list[PdfLine]) -> dict[int, int]:
    """The depth of headings by size, where no heading has a number to tell it by."""
    if any(without_numeral(line.text)[0] for line in lines):
        return {}
    letters: Counter[int] = Counter()
    for line in lines:
        letters[round(line.size)] += len(line.text)
    body = letters.most_common(1)[0][0]
    larger = sorted((size for size in letters if size > 1.1 * body), reverse=True)
    return {size: depth for depth, size in enumerate(larger, 1)}


def _edges_of(lines: list[PdfLine]) -> dict[str, _Edges]:
    """Where the lines of each column end: nearly the furthest, for widths are estimates."""
    columns: dict[str, list[PdfLine]] = {}
    for line in lines:
        columns.setdefault(line.column, []).append(line)
    return {
        column: _Edges(
            min(line.x for line in inside),
            sorted(line.right for line in inside)[-1 - len(inside) // 10],
        )
        for column, inside in columns.items()
    }


def _pitch(lines: list[PdfLine]) -> dict[int, float]:
    """From line to line, by size: what is usual where lines follow each other closely."""
    steps: dict[int, list[float]] = {}
    for one, next_one in pairwise(lines):
        step = one.y - next_one.y
        same = (one.page, one.column, round(one.size)) == (
            next_one.page, next_one.column, round(next_one.size),
        )  # fmt: skip
        if same and 0 < step < 2.5 * one.size:
            steps.setdefault(round(one.size), []).append(step)
    return {
        round(line.size): median(steps.get(round(line.size), [1.5 * line.size])) for line in lines
    }
