"""The paragraphs of a Word document, with the numbers and marks that Word draws before them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import chain, takewhile
from typing import Any

from docx import Document
from docx.oxml import parse_xml

from etl.bulletins.document import Lines, Paragraph, with_numerals
from etl.bulletins.docx_archive import WORD, check_archive
from etl.bulletins.docx_numbers import MOST_LEVELS, Numbers, Styles, W, attribute
from etl.bulletins.left_out import LeftOut
from etl.bulletins.plain import plain
from etl.bulletins.tables import MOST_COLUMNS, table_text
from etl.files.bounded import Unreadable

_HEADING = re.compile(r"(?:heading|标题)\s*([1-9])", re.IGNORECASE)
_CONTENTS = re.compile(r"(?:toc|目录)\s*[1-9]", re.IGNORECASE)
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_SCRIPT = "javascript:"
#: What is drawn elsewhere, twice, or no more: deletions, readings of a character, older drawings.
_ELSEWHERE = {"del", "moveFrom", "rt", "Fallback", "txbxContent", "pPr", "rPr", "instrText"}
_DRAWN = {"tab": " ", "cr": "\n", "noBreakHyphen": "-"}
_OBJECTS = "pictures and objects"
_STRUCK = "text struck through"
_HIDDEN = {"vanish": "hidden text", "strike": _STRUCK, "dstrike": _STRUCK}
_CAPTION = re.compile(r"(?:caption|题注)\s*\d*", re.IGNORECASE)
_PICTURE = re.compile(r"图(?!书)|▲|△|figure", re.IGNORECASE)
#: Parts beside the text: how their content type ends, and what they are called.
_BESIDE = (
    (("header+xml", "footer+xml"), "headers and footers"),
    (("footnotes+xml", "endnotes+xml"), "footnotes"),
    (("comments+xml",), "comments"),
)


def docx_lines(raw: bytes) -> Lines:
    """The paragraphs of the document, and what of it is not among them."""
    check_archive(raw)
    try:
        document = Document(io.BytesIO(raw))
        return _DocxReader(document).lines()
    except Unreadable:
        raise
    # A broken package breaks python-docx in many ways, all of which mean the same to a person.
    except Exception:
        raise Unreadable(WORD.damaged) from None


class _DocxReader:
    def __init__(self, document: Any) -> None:
        self.body = document.element.body
        self.part = document.part
        self.left_out = LeftOut()
        styles = document.styles.element.iterchildren(W + "style")
        self.levels: dict[str, tuple[int, str]] = {}
        self.styles = Styles({style.get(W + "styleId"): style for style in styles})
        roots = (
            part for part in self.part.package.iter_parts()
            if part.content_type.endswith("numbering+xml")
        )  # fmt: skip
        self.numbers = Numbers(next((parse_xml(part.blob) for part in roots), None), self.styles)

    def lines(self) -> Lines:
        paragraphs = [one for one in self._blocks(self.body) if one.text.strip()]
        lines = tuple(with_numerals(paragraphs))
        self._look_beside()
        beside = [text for kinds, _ in _BESIDE for text in self._texts(kinds)]
        shown = (p for p in self.body.iter(W + "p") if not _is_drawn_elsewhere(p))
        source = [*filter(None, map(_text_of, shown)), *beside]
        return Lines(lines, tuple(self.left_out.entries), tuple(source))

    def _blocks(self, parent: Any) -> Iterator[Paragraph]:
        """Paragraphs and tables in the order of the text, content controls opened."""
        for element in parent.iterchildren():
            tag = _name(element)
            if tag == "p":
                yield from self._paragraph(element)
            elif tag == "tbl":
                yield from self._table(element)
            elif tag in {"sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"}:
                yield from self._blocks(element)
            elif tag == "altChunk":
                self.left_out.add(_OBJECTS, "item", "")

    def _paragraph(self, element: Any) -> Iterator[Paragraph]:
        for box in _boxes(element):
            yield from self._blocks(box)
        text = "".join(self._words(element)).strip("\n ")
        if not text:
            return
        level, style = self._level(element)
        mark = self.numbers.mark(element)
        if _CAPTION.fullmatch(style) and _PICTURE.match(text):
            self.left_out.add("captions of pictures", "line", text)
        elif _CONTENTS.match(style):
            yield Paragraph(f"| {text} |")
        elif level:
            yield Paragraph(mark + text.replace("\n", ""), level)
        else:
            yield from map(Paragraph, (mark + text).split("\n"))

    def _words(self, element: Any) -> Iterator[str]:
        for child in element.iterchildren():
            tag = _name(child)
            if tag == "r" and (hidden := _hidden(child)):
                self.left_out.add(hidden, "piece", "".join(self._words(child)))
            elif tag == "t" or child.tag == _MATH + "t":
                yield child.text or ""
            elif tag in _DRAWN:
                yield _DRAWN[tag]
            elif tag == "br":
                yield "\n" if child.get(W + "type", "textWrapping") == "textWrapping" else ""
            elif tag == "sym":
                self.left_out.add("signs of a symbol font", "sign", "")
            elif tag == "object" or (tag in {"drawing", "pict"} and not _boxes(child)):
                self.left_out.add(_OBJECTS, "item", "")
            elif tag not in _ELSEWHERE:
                yield from self._words(child)

    def _level(self, element: Any) -> tuple[int, str]:
        """The depth of a heading, or 0; and the name of the style."""
        style = attribute(element, "pPr/pStyle") or ""
        if style not in self.levels:
            self.levels[style] = _level_of(list(self.styles.chain(style)))
        level, name = self.levels[style]
        outline = _outline(element)
        return level if outline is None else outline, name

    def _table(self, table: Any) -> Iterator[Paragraph]:
        """A table of one row or column is there for its looks, and so is one that holds another; of
        others a merged cell says its words once, and stands empty elsewhere."""
        rows = [list(_inside(row, "tc")) for row in _inside(table, "tr")]
        is_frame = any(tc.find(f".//{W}tbl") is not None for tc in chain.from_iterable(rows))
        if len(rows) > 1 and not is_frame:
            words = table_text([list(self._row(cells)) for cells in rows])
            if words:
                yield Paragraph(words)
                return
        for cell in chain.from_iterable(rows):
            yield from self._blocks(cell)

    def _row(self, cells: list[Any]) -> Iterator[str]:
        for cell in cells:
            yield plain(" ".join(one.text for one in self._blocks(cell)))
            span = attribute(cell, "tcPr/gridSpan") or "1"
            yield from [""] * (min(int(span), MOST_COLUMNS) - 1 if span.isdecimal() else 0)

    def _look_beside(self) -> None:
        """Say what stands in other parts of the document, and what it has no words for."""
        beside = LeftOut()
        for kinds, what in _BESIDE:
            beside.add(what, "line", *self._texts(kinds))
        beside.extend(self.left_out.entries)
        beside.add("numbers of lists", "paragraph", *[""] * self.numbers.unknown)
        scripts = sum(map(_is_script, self.part.rels.values()))
        beside.add("", "javascript: link", *[""] * scripts)
        self.left_out = beside

    def _texts(self, kinds: tuple[str, ...]) -> Iterator[str]:
        """The lines of words of the parts of some kinds."""
        for part in self.part.package.iter_parts():
            if part.content_type.endswith(kinds):
                yield from filter(None, map(_text_of, parse_xml(part.blob).iter(W + "p")))


def _name(element: Any) -> str:
    """The name without its namespace; '' for a comment."""
    return str(element.tag).rpartition("}")[2] if isinstance(element.tag, str) else ""


def _level_of(chain_of_styles: list[Any]) -> tuple[int, str]:
    names = [attribute(style, "name") or "" for style in chain_of_styles]
    heading = next(filter(None, map(_HEADING.fullmatch, names)), None)
    outlines = (outline for style in chain_of_styles if (outline := _outline(style)) is not None)
    return next(outlines, int(heading[1]) if heading else 0), (names or [""])[0]


def _outline(element: Any) -> int | None:
    """The depth that an element states: 0 is the ninth level of Word's outline, the text."""
    outline = attribute(element, "pPr/outlineLvl")
    if outline is None or not outline.isdecimal():
        return None
    return int(outline) + 1 if int(outline) < MOST_LEVELS else 0


def _inside(parent: Any, tag: str) -> Iterator[Any]:
    """The rows of a table or the cells of a row, also where a content control holds them."""
    for child in parent.iterchildren():
        if _name(child) == tag:
            yield child
        elif _name(child) in {"sdt", "sdtContent", "customXml", "ins"}:
            yield from _inside(child, tag)


def _boxes(element: Any) -> list[Any]:
    """The text boxes drawn in a paragraph, without their older form and the boxes inside boxes."""

    def is_own(box: Any) -> bool:
        between = takewhile(lambda up: up is not element, box.iterancestors())
        return not any(_name(up) in {"Fallback", "txbxContent"} for up in between)

    return list(filter(is_own, element.iter(W + "txbxContent")))


def _is_drawn_elsewhere(paragraph: Any) -> bool:
    return any(_name(up) in {"Fallback", "del", "moveFrom"} for up in paragraph.iterancestors())


def _hidden(run: Any) -> str:
    """Why a run of letters is not read, or ''."""
    for tag, what in _HIDDEN.items():
        mark = run.find(f"{W}rPr/{W}{tag}")
        if mark is not None and mark.get(W + "val", "1") not in {"0", "false", "off"}:
            return what
    return ""


def _text_of(element: Any) -> str:
    """The letters in an element, without those of boxes in it and those drawn a second time."""
    return "".join(_letters_of(element)).strip()


def _letters_of(element: Any) -> Iterator[str]:
    for child in element.iterchildren():
        if child.tag in {W + "t", _MATH + "t"}:
            yield child.text or ""
        elif _name(child) in _DRAWN:
            yield " "
        elif _name(child) not in _ELSEWHERE and not _hidden(child):
            yield from _letters_of(child)


def _is_script(link: Any) -> bool:
    target = "".join(link.target_ref.split()) if link.is_external else ""
    return target.lower().startswith(_SCRIPT)
