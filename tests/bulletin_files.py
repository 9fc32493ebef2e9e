"""Word documents and PDFs, made for the tests out of the bulletin that is bundled."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import Any

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from playwright.sync_api import Browser

from etl.bulletins.model import Bulletin, Reference
from etl.bulletins.parts import numeral
from etl.bulletins.read import read_bulletin

BUNDLED = Path(__file__).parents[1] / "data" / "bulletins" / "2026-05-27.md"


def bundled() -> Bulletin:
    return read_bulletin(BUNDLED).bulletin


def entry(reference: Reference) -> str:
    """A reference as the bulletin writes it, without its number."""
    publisher = f"{reference.publisher}：" if reference.publisher else ""
    day = f"，{reference.date}" if reference.date else ""
    return f"{publisher}《{reference.title}》{day}，{reference.use}。"


def parts_of(bulletin: Bulletin) -> Iterable[tuple[str, str]]:
    """The text in reading order as (kind, words); headings of sections have their numeral."""
    yield "title", bulletin.title
    yield from (("publisher", words) for words in bulletin.publisher.split("；"))
    yield "date", f"{bulletin.date.year} 年 {bulletin.date.month} 月 {bulletin.date.day} 日"
    yield "heading", "摘要"
    yield "text", bulletin.summary
    for section in bulletin.sections:
        yield "section", f"{numeral(section.number)}、{section.title}"
        yield from (("text", words) for words in section.paragraphs)
    yield "heading", "今日判断"
    yield from (("text", words) for words in bulletin.judgement)
    yield "heading", "参考文献"
    yield from (("entry", f"{one.number}. {entry(one)}") for one in bulletin.references)


def as_text(bulletin: Bulletin) -> str:
    return "\n\n".join(words for _, words in parts_of(bulletin)) + "\n"


def as_docx(bulletin: Bulletin, change: Callable[[Any], None] = lambda document: None) -> bytes:
    """The bulletin as an editor writes it: styles for headings, every number in the text."""
    document = Document()
    for kind, words in parts_of(bulletin):
        style = {"title": "Title", "heading": "Heading 1", "section": "Heading 1"}.get(kind)
        document.add_paragraph(words, style)
    change(document)
    return saved(document)


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def add_list(document: Any, number: int, *levels: tuple[str, str]) -> None:
    """Define list `number`, each level by (form, text), such as ('decimal', '%1.')."""
    root = document.part.numbering_part.element
    rows = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for at, (form, text) in enumerate(levels)
    )
    kind = f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{number}">{rows}</w:abstractNum>'
    use = f'<w:num {nsdecls("w")} w:numId="{number}"><w:abstractNumId w:val="{number}"/></w:num>'
    root.insert(0, parse_xml(kind))
    root.append(parse_xml(use))


def in_list(paragraph: Any, number: int, level: int = 0) -> Any:
    """The paragraph, made an item of list `number`."""
    place = (
        f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    )
    paragraph.paragraph_format.element.get_or_add_pPr().append(parse_xml(place))
    return paragraph


def repacked(raw: bytes, change: dict[str, bytes | None]) -> bytes:
    """The archive with parts put in, replaced or (None) taken out."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(raw)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        kept = {name: old.read(name) for name in old.namelist()}
        for name, content in {**kept, **change}.items():
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def as_html(
    bulletin: Bulletin, *, columns: int = 1, style: str = "", contents: bool = False
) -> str:
    """The bulletin as a page to print: the head across it, the sections in columns."""
    blocks = [
        f'<{_TAGS.get(kind, "p")} class="{kind}">{escape(words)}</{_TAGS.get(kind, "p")}>'
        for kind, words in parts_of(bulletin)
    ]
    first = next(at for at, block in enumerate(blocks) if 'class="section"' in block)
    if contents:
        blocks[first:first] = _contents(bulletin)
        first += len(bulletin.sections)
    return (
        f'<meta charset="utf-8"><style>{_STYLE}{style}</style>{"".join(blocks[:first])}'
        f'<div style="columns:{columns};column-gap:2em">{"".join(blocks[first:])}</div>'
    )


_TAGS = {"title": "h1", "heading": "h2", "section": "h2"}
_STYLE = (
    'body{font:12pt/1.7 "Noto Sans CJK SC",sans-serif} h2{font-size:14pt}'
    "p{margin:.6em 0;text-align:justify} .toc{display:flex;justify-content:space-between}"
)


def _contents(bulletin: Bulletin) -> list[str]:
    return [
        f'<div class="toc"><span>{numeral(one.number)}、{escape(one.title)}</span>'
        f"<span>{one.number + 1}</span></div>"
        for one in bulletin.sections
    ]


def printed(browser: Browser, html: str) -> bytes:
    """The page as a PDF with a running head and page numbers."""
    page = browser.new_page()
    page.set_content(html)
    edge = '<div style="font-size:9px;width:100%;text-align:center">{}</div>'
    raw = page.pdf(
        format="A4",
        margin=dict.fromkeys(("top", "bottom", "left", "right"), "2cm"),
        display_header_footer=True,
        header_template=edge.format("内部资料"),
        footer_template=edge.format('<span class="pageNumber"></span>'),
    )
    page.close()
    return raw


def simple_pdf(*pages: str, resources: str = "") -> bytes:
    """A PDF of drawing commands in Helvetica (F1), one string for each page."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", ""]
    kids = []
    for commands in pages:
        objects.append(f"<</Length {len(commands)}>>stream\n{commands}\nendstream")
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {len(objects)} 0 R"
            "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica"
            f"/Encoding/WinAnsiEncoding>>>>>>{resources}>>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(kids)}]>>"
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>"
    return out + f"{end}\nstartxref\n{len(out)}\n%%EOF".encode()


def part(raw: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return archive.read(name)
