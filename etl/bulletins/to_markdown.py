"""A bulletin as Markdown with a typed head: the form in which bulletins are kept."""

from __future__ import annotations

import json
import re

from etl.bulletins.model import Bulletin, Reference
from etl.bulletins.parts import numeral, reference_of
from etl.bulletins.tables import TextTable, table_text
from etl.records import PUBLIC

_INLINE = re.compile(r"[\\`*_~\[\]]|&(?=#?\w+;)")
_CLOSING_HASH = re.compile(r"#$")


def to_markdown(bulletin: Bulletin) -> str:
    """The text of the file that `read_bulletin` reads back as an equal bulletin."""
    head = (
        "---",
        f"title: {_quoted(bulletin.title)}",
        f"date: {bulletin.date.isoformat()}",
        f"publisher: {_quoted(bulletin.publisher)}",
        f"summary: {_quoted(bulletin.summary)}",
        *([f"visibility: {bulletin.visibility}"] if bulletin.visibility != PUBLIC else []),
        "---",
    )
    blocks = ["\n".join(head)]
    for section in bulletin.sections:
        title = _CLOSING_HASH.sub(r"\\#", _inline(section.title))
        blocks.append(f"## {numeral(section.number)}、{title}")
        blocks += map(_paragraph, section.paragraphs)
    if bulletin.judgement:
        blocks += ["## 今日判断", *map(_paragraph, bulletin.judgement)]
    if bulletin.references:
        entries = (f"{r.number}. {_escaped(_entry(r))}" for r in bulletin.references)
        blocks += ["## 参考文献", "\n".join(entries)]
    return "\n\n".join(blocks) + "\n"


def _quoted(text: str) -> str:
    """A JSON string, which every YAML reader takes for the same text."""
    return json.dumps(text, ensure_ascii=False)


def _entry(reference: Reference) -> str:
    if reference_of(reference.number, reference.title) == reference:
        return reference.title  # without 《》 the whole entry is the title
    publisher = f"{reference.publisher}：" if reference.publisher else ""
    rest = (reference.date.isoformat() if reference.date else "", reference.use)
    return "，".join((f"{publisher}《{reference.title}》", *filter(None, rest))) + "。"


def _paragraph(text: str) -> str:
    table = TextTable.of(text)
    if table is None:
        return _escaped(text)
    return table_text([[_inline(cell) for cell in row] for row in table.all_rows])


def _escaped(text: str) -> str:
    """One paragraph or list entry that Markdown reads as nothing but `text`."""
    inline = _inline(text)
    number = re.match(r"\d{1,9}(?=[.)])", inline)
    if number:
        return f"{number[0]}\\{inline[number.end() :]}"
    return f"\\{inline}" if inline[:1] in tuple("#>+~|-") else inline


def _inline(text: str) -> str:
    # '<' becomes an entity, not an escape: readers drop tags before they look at escapes.
    return _INLINE.sub(r"\\\g<0>", text).replace("<", "&lt;")
