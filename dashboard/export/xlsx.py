"""XLSX: a sheet of typed dates and numbers with a frozen header, and a sheet 说明 that says what
they are. Written by hand, because the file must be the same bytes each time, and quickly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from xml.sax.saxutils import escape

from dashboard.export.csv import Cell, Field, Kind
from dashboard.export.metadata import metadata
from dashboard.export.table import Table
from dashboard.export.zip_archive import archive
from dashboard.texts import text
from dashboard.urls import Urls

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
#: Days are counted from here; before March 1900 Excel counts a day that never was.
_ORIGIN, _FIRST_DAY = date(1899, 12, 30), date(1900, 3, 1)
#: Styles by number, as `_STYLES` lists them.
_PLAIN, _DAY, _MOMENT, _BOLD, _WRAPPED = range(5)
_WIDTHS: dict[Kind, int] = {"date": 12, "text": 26, "number": 16, "moment": 20}
#: What XML cannot hold.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: What Excel would read as an escaped character.
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")

_CONTENT_TYPES = (
    f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType='
    '"application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    + "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType='
        f'"application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"/>'
        for part, kind in (
            ("workbook", "sheet.main"),
            ("styles", "styles"),
            ("worksheets/sheet1", "worksheet"),
            ("worksheets/sheet2", "worksheet"),
        )
    )
    + "</Types>"
)
_WORKBOOK = (
    f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="数据" sheetId="1" r:id="rId1"/><sheet name="说明" sheetId="2" r:id="rId2"/>'
    "</sheets></workbook>"
)
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="5">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1">'
    '<alignment vertical="top" wrapText="1"/></xf>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)


def write(table: Table, urls: Urls) -> bytes:
    """The bytes of the file."""
    return workbook(table.fields, table.header, table.records(), _explanation(table, urls))


def workbook(
    fields: Sequence[Field],
    header: Iterable[str],
    records: Iterable[Iterable[Cell]],
    explanation: Iterable[tuple[str, str]],
) -> bytes:
    """A sheet of records below their header, and a sheet of what is said of them."""
    data = _sheet(
        [_WIDTHS[field.kind] for field in fields],
        [_row(header, _BOLD), *(_row(record) for record in records)],
    )
    said = _sheet([22, 100], [_row(pair, _WRAPPED) for pair in explanation])
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": _WORKBOOK,
        "xl/_rels/workbook.xml.rels": _relations(
            {
                "rId1": ("worksheet", "worksheets/sheet1.xml"),
                "rId2": ("worksheet", "worksheets/sheet2.xml"),
                "rId3": ("styles", "styles.xml"),
            }
        ),
        "xl/styles.xml": _STYLES,
        "xl/worksheets/sheet1.xml": data,
        "xl/worksheets/sheet2.xml": said,
    }
    return archive({name: text.encode() for name, text in parts.items()})


def _sheet(widths: Iterable[int], rows: Iterable[str]) -> str:
    """A sheet whose first row stays in sight."""
    columns = "".join(
        f'<col min="{at}" max="{at}" width="{width}" customWidth="1"/>'
        for at, width in enumerate(widths, start=1)
    )
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        f"</sheetView></sheetViews><cols>{columns}</cols>"
        f"<sheetData>{''.join(rows)}</sheetData></worksheet>"
    )


def _row(cells: Iterable[Cell], style: int = _PLAIN) -> str:
    return f"<row>{''.join(xml_cell(cell, style) for cell in cells)}</row>"


def xml_cell(cell: Cell, style: int) -> str:
    """One cell. A text is a text in XLSX: nothing in it can be taken for a formula."""
    match cell:
        case None:
            return "<c/>"
        case float():
            return f"<c><v>{cell!r}</v></c>"
        case datetime() if cell.date() >= _FIRST_DAY:
            days = (cell.date() - _ORIGIN).days
            utc = cell.astimezone(UTC)
            seconds = utc.hour * 3600 + utc.minute * 60 + utc.second
            return f'<c s="{_MOMENT}"><v>{days + seconds / 86400!r}</v></c>'
        case date() if not isinstance(cell, datetime) and cell >= _FIRST_DAY:
            return f'<c s="{_DAY}"><v>{(cell - _ORIGIN).days}</v></c>'
    words = escape(_ESCAPED.sub("_x005F_", _FORBIDDEN.sub("", str(cell))))
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{words}</t></is></c>'


def _relations(targets: dict[str, tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for name, (kind, target) in targets.items()
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'


def _explanation(table: Table, urls: Urls) -> Iterator[tuple[str, str]]:
    """The metadata as two columns: what, and its value."""
    said = metadata(table, urls)
    yield "项目", "内容"
    for indicator in said["indicators"]:
        yield "指标", f"{indicator['title']['zh']} / {indicator['title']['en']}"
        yield "标识", indicator["id"]
        yield "单位", indicator["unit"]
        yield "频率", text(indicator["frequency"], "zh")
        yield "口径", indicator["definition"]["zh"]
        yield "Definition", indicator["definition"]["en"]
    for source in said["sources"]:
        yield "来源", f"{source['name']['zh']}，{source['url']}"
        allowed = text(f"reuse_{source['reuse']}", "zh")
        yield "许可", f"{source['licence']['zh']}；{allowed}"
        yield "引用来源", source["cite_as"]
    for what, key in (
        ("首日", "first_date"),
        ("末日", "last_date"),
        ("行数", "rows"),
        ("截至（UTC）", "as_of"),
        ("快照", "snapshot"),
        ("CSV 的 SHA-256", "sha256"),
        ("网址", "url"),
        ("固定网址", "frozen_url"),
    ):
        yield what, "" if said[key] is None else str(said[key])
    yield "引用（GB/T 7714）", said["citation"]["gb_t_7714"]
    yield "引用（短）", said["citation"]["short"]
    yield "BibTeX", said["citation"]["bibtex"]
    for change in said["breaks"]:
        yield "口径变动", f"{change['indicator']}，{change['date']}：{change['note']['zh']}"
    for note in said["notes"]:
        yield "附注", note
    if said["aggregation"]:
        yield "日期", "每个值记在该期的第一天。"
        yield "空值", "期间未完（period_unfinished），或期内缺值（period_incomplete），都不计算。"
    yield "时间", "known_at（公布时间）为协调世界时（UTC）。"
