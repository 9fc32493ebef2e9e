"""What a chart address says as Markdown, for assistants and for notes: /c/ID[@ASOF].md."""

from __future__ import annotations

import re
from datetime import datetime

from dashboard.chart_page.page import SiteConfig, captions, lasting_address
from dashboard.chart_page.value_table import MAX_ROWS
from dashboard.chart_page.view import View
from dashboard.export.csv import iso
from dashboard.export.metadata import metadata
from dashboard.export.quoting import sentences
from dashboard.formatting import plain_number
from dashboard.markup import plain
from dashboard.texts import text
from etl.brief.words import in_markdown

_PLAIN = re.compile(r"[A-Za-z0-9](?:[\w.:+-]*[A-Za-z0-9])?", re.ASCII)


def chart_markdown(view: View, site: SiteConfig) -> str:
    """Title, newest values, words, every value with its unit, source and moment (of very many the
    newest, and how many there are), definitions, citation and links."""
    lang, urls, found = view.lang, site.urls.online, view.table
    rows = list(found.records())
    shown = rows[-MAX_ROWS:]
    lasting = lasting_address(view)
    cut = text("table_cut", lang, shown=f"{MAX_ROWS:,}", all=f"{len(rows):,}")
    return plain(
        "chart.md",
        lang,
        headline=_line(view.words.headline),
        subtitle=_line(view.words.subtitle),
        newest=[_line(one) for one in sentences(found, lang)],
        paragraph=_line(view.words.paragraph(lang)),
        captions=[_line(one) for one in captions(view)],
        cut=cut if len(rows) > len(shown) else "",
        columns=[field.name for field in found.fields],
        rows=[[_cell(cell) for cell in row] for row in reversed(shown)],
        definitions=[
            (_line(one.indicator.title.in_(lang)), _line(one.indicator.definition.in_(lang)))
            for one in view.columns
        ],
        said=metadata(found, site.urls),
        page=urls.chart(view.address),
        frozen=urls.chart(lasting) if lasting.as_of else "",
        data=urls.chart(view.address, ".csv"),
    )


def _line(words: str) -> str:
    return in_markdown(" ".join(words.split()))


def _cell(cell: object) -> str:
    """A cell of the table, as in the data files."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return iso(cell)
    if isinstance(cell, float):
        return plain_number(cell)
    words = str(cell)
    # Ids, dates and numbers hold nothing that Markdown reads.
    return words if _PLAIN.fullmatch(words) else _line(words).replace("|", "\\|")
