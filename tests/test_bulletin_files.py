"""Bulletins out of Word and PDF: the text of the .txt; one sentence for what is refused."""

from __future__ import annotations

import io
import zlib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bulletin_files import (
    add_list,
    as_docx,
    as_html,
    as_text,
    bundled,
    entry,
    in_list,
    part,
    printed,
    repacked,
    saved,
    simple_pdf,
)
from conftest import Cli, is_one_sentence
from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from playwright.sync_api import Browser
from pypdf import PdfWriter

from etl.bulletins import bounded
from etl.bulletins.difference import difference
from etl.bulletins.document import Lines
from etl.bulletins.model import Bulletin, ReadBulletin
from etl.bulletins.parts import numeral
from etl.bulletins.pdf_lines import pdf_lines
from etl.bulletins.pdf_page import joined
from etl.bulletins.read import read_bulletin
from etl.bulletins.to_markdown import to_markdown
from etl.bulletins.typography import typographic
from etl.errors import FileProblem
from etl.records import BEIJING

pytestmark = pytest.mark.slow

REAL = Path(__file__).parents[2] / "shared" / "bulletins" / "2026-05-27.txt"


@pytest.fixture
def read(written):
    def read(content: bytes, name: str = "a.docx", **options: date) -> ReadBulletin:
        return read_bulletin(written(content, name), **options)

    return read


@pytest.fixture
def problem(written):
    def problem(content: bytes, name: str = "a.docx") -> str:
        with pytest.raises(FileProblem) as caught:
            read_bulletin(written(content, name))
        said = str(caught.value)
        assert name in said
        assert "\n" not in said
        return said

    return problem


def document(*sections: str) -> Any:
    """A document with a head, to which the test adds its sections."""
    made = Document()
    for words in ("日报", "2026 年 3 月 9 日", *sections):
        made.add_paragraph(words)
    return made


def paragraphs(reading: ReadBulletin) -> list[str]:
    return [words for section in reading.bulletin.sections for words in section.paragraphs]


# ---- Word


def test_bulletin_in_word_reads_as_the_same_text(read):
    assert read(as_docx(bundled())) == ReadBulletin(bundled(), ())
    assert read(as_text(bundled()).encode(), "a.txt") == ReadBulletin(bundled(), ())


@pytest.mark.skipif(not REAL.exists(), reason="the bulletin as it was sent is not here")
def test_bulletin_as_it_was_sent_reads_the_same_from_word(read):
    sent = read_bulletin(REAL)
    assert read(as_docx(sent.bulletin)).bulletin == sent.bulletin
    lines = Document()
    for line in REAL.read_text(encoding="utf-8").splitlines():
        lines.add_paragraph(line.replace("\\$", "$"))
    reading = read(saved(lines))
    assert reading.bulletin == sent.bulletin
    assert reading.left_out == sent.left_out


def test_numbers_that_word_counts_are_written_out(read):
    bulletin = bundled()
    made = Document()
    add_list(made, 71, ("chineseCountingThousand", "%1、"))
    add_list(made, 72, ("decimal", "[%1]"))
    for words in (bulletin.title, *bulletin.publisher.split("；"), "2026-05-27"):
        made.add_paragraph(words)
    made.add_paragraph("摘要").add_run("：" + bulletin.summary)
    for section in bulletin.sections:
        in_list(made.add_paragraph(section.title, "Heading 1"), 71)
        for words in section.paragraphs:
            made.add_paragraph(words)
    made.add_paragraph("今日判断", "Heading 1")
    made.add_paragraph(bulletin.judgement[0])
    made.add_paragraph("参考文献", "Heading 1")
    for one in bulletin.references:
        in_list(made.add_paragraph(entry(one)), 72)
    assert read(saved(made)) == ReadBulletin(bulletin, ())


def test_headings_without_numbers_are_sections_too(read):
    made = document("摘要", "今天谈电价。")
    for words, style in (
        ("电价回落", "Heading 1"), ("走低。", None), ("来水", "Heading 2"), ("偏枯。", None),
        ("2. 芯片扩产", "Heading 1"), ("在即。", None), ("今日判断", "Heading 1"),
        ("看来水。", None),
    ):  # fmt: skip
        made.add_paragraph(words, style)
    bulletin = read(saved(made)).bulletin
    assert [(s.title, s.paragraphs) for s in bulletin.sections] == [
        ("电价回落", ("走低。", "来水", "偏枯。")),
        ("芯片扩产", ("在即。",)),
    ]
    assert bulletin.judgement == ("看来水。",)


def test_lists_keep_their_numbers_and_levels(read):
    made = document("一、电价")
    add_list(made, 71, ("decimal", "%1."), ("lowerLetter", "%1.%2)"), ("upperRoman", "(%3)"))
    add_list(made, 72, ("bullet", "\uf0b7"))
    add_list(made, 73, ("decimalEnclosedCircle", "%1"))
    for words, level in (
        ("甲", 0),
        ("乙", 0),
        ("丙", 1),
        ("丁", 1),
        ("戊", 2),
        ("己", 0),
        ("庚", 1),
    ):
        in_list(made.add_paragraph(words), 71, level)
    in_list(made.add_paragraph("辛"), 72)
    in_list(made.add_paragraph("壬"), 73)
    assert paragraphs(read(saved(made))) == [
        "1. 甲", "2. 乙", "2.a) 丙", "2.b) 丁", "(I) 戊", "3. 己", "3.a) 庚", "辛", "①壬",
    ]  # fmt: skip


def test_list_that_starts_anew_and_numbers_of_a_style_are_counted(read):
    made = document("一、电价")
    add_list(made, 71, ("decimal", "%1."))
    made.part.numbering_part.element.append(
        parse_xml(
            f'<w:num {nsdecls("w")} w:numId="72"><w:abstractNumId w:val="71"/>'
            '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>'
        )
    )
    in_list(made.add_paragraph("甲"), 71)
    in_list(made.add_paragraph("乙"), 72)
    in_list(made.add_paragraph("丙"), 72)
    in_list(made.add_paragraph("丁"), 99)
    made.add_paragraph("戊", "List Number")
    reading = read(saved(made))
    assert paragraphs(reading) == ["1. 甲", "5. 乙", "6. 丙", "丁", "1. 戊"]
    assert "numbers of lists (1 paragraph)" in reading.left_out


def test_contents_notes_and_pictures_are_named_as_left_out_and_a_table_is_kept(read):
    def change(made: Any) -> None:
        body = made.element.body
        style = made.styles.add_style("toc 1", 1)
        for at, title in enumerate(("一、人工智能", "二、要点"), 6):
            toc = made.add_paragraph(f"{title}\t{at}", style).paragraph_format.element
            body.insert(at, toc)
        table = made.add_table(2, 2)
        table.cell(0, 0).text, table.cell(1, 1).text = "省", "1"
        body.insert(15, body.tbl_lst[-1])
        made.sections[0].header.paragraphs[0].text = "内部资料"
        made.sections[0].footer.paragraphs[0].text = "1"
        made.paragraphs[8].add_run("秘").font.hidden = True
        made.paragraphs[8].add_run().font.element.append(
            parse_xml(f"<w:drawing {nsdecls('w')}><w:x/></w:drawing>")
        )

    reading = read(as_docx(bundled(), change))
    table = "| 省 |  |\n|---|---|\n|  | 1 |"
    assert [words for words in paragraphs(reading) if words != table] == paragraphs(
        ReadBulletin(bundled(), ())
    )
    assert table in paragraphs(reading)
    assert reading.left_out == (
        "headers and footers (2 lines): 内部资料 / 1",
        "hidden text (1 piece): 秘",
        "pictures and objects (1 item)",
        "the table of contents (2 lines): | 一、人工智能 6 | / | 二、要点 7 …",
    )


def test_head_in_a_table_or_a_text_box_is_read(read):
    made = Document()
    head = made.add_table(1, 2)
    head.cell(0, 0).text, head.cell(0, 1).text = "日报", "某会\n2026 年 3 月 9 日"
    made.add_paragraph("一、电价")
    assert read(saved(made)).bulletin.title == "日报"
    made = Document()
    box = "".join(f"<w:p><w:r><w:t>{words}</w:t></w:r></w:p>" for words in ("日报", "2026-03-09"))
    content = f"<w:txbxContent>{box}</w:txbxContent>"
    compatibility = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    drawn = (
        f'<w:r {nsdecls("w")} xmlns:mc="{compatibility}"><mc:AlternateContent>'
        f'<mc:Choice Requires="wps"><w:drawing>{content}</w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict>{content}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    made.add_paragraph("某会").paragraph_format.element.append(parse_xml(drawn))
    made.add_paragraph("一、电价")
    reading = read(saved(made))
    assert (reading.bulletin.title, reading.bulletin.date) == ("日报", date(2026, 3, 9))
    assert reading.left_out == ("text above the first heading (1 line): 某会",)


def test_changes_that_were_tracked_are_read_as_accepted(read):
    made = document("一、电价")
    run = "<w:r><w:t>{}</w:t></w:r>"
    tracked = (
        f"<w:p {nsdecls('w')}>{run.format('电价')}"
        f'<w:ins w:id="1" w:author="a">{run.format("走低")}</w:ins>'
        '<w:del w:id="2" w:author="a"><w:r><w:delText>走高</w:delText></w:r></w:del>'
        f"{run.format('。')}</w:p>"
    )
    made.element.body.insert(3, parse_xml(tracked))
    assert paragraphs(read(saved(made))) == ["电价走低。"]


def test_paragraphs_without_a_full_stop_stay_apart_and_cut_ones_are_joined(read):
    made = document(
        "一、电价", "来水偏枯", "负荷走高", "受益的有数据中心、", "电解铝。", "其一\n其二"
    )
    assert paragraphs(read(saved(made))) == [
        "来水偏枯", "负荷走高", "受益的有数据中心、电解铝。", "其一", "其二",
    ]  # fmt: skip


def test_link_with_a_script_keeps_its_text_alone(read):
    made = document("一、电价")
    link = made.part.relate_to("JavaScript:alert(1)", "http://x/hyperlink", is_external=True)
    words = (
        f'<w:hyperlink {nsdecls("w", "r")} r:id="{link}"><w:r><w:t>来水</w:t></w:r></w:hyperlink>'
    )
    made.add_paragraph("看").paragraph_format.element.append(parse_xml(words))
    reading = read(saved(made))
    assert paragraphs(reading) == ["看来水"]
    assert reading.left_out == ("1 javascript: link",)


def test_markup_in_a_document_is_text_or_nothing(read):
    made = document("一、电价", "走**低**，2\\$，<script>alert(1)</script>[来水](x)。")
    assert paragraphs(read(saved(made))) == ["走**低**，2\\$，[来水](x)。"]


@pytest.mark.parametrize(
    ("form", "meant"),
    [("eﬃcient ﬂow", "efficient flow"), ("⼈⼯智能", "人工智能"), ("⻓期看⻩金", "长期看黄金"),
     ("ＡＩ２０２６", "AI2026"), ("，。“”×①㎡％", "，。“”×①㎡％")],
)  # fmt: skip
def test_forms_of_letters_are_read_as_the_letters(form, meant):
    assert typographic(form) == meant


# ---- PDF


@pytest.mark.parametrize(
    ("columns", "style"),
    [
        (1, ""),
        (2, ""),
        (3, "body{font-size:9pt}"),
        (1, "p{text-align:left}"),
        (2, "p.text{text-indent:2em;margin:0} p.entry{margin:0}"),
        (2, "h1,h2{text-align:center} p.entry{padding-left:2em;text-indent:-2em}"),
        (2, "h1,h2{font-size:12pt;margin:0} p{margin:0}"),
    ],
)
def test_printed_bulletin_reads_as_the_same_text(read, browser: Browser, columns, style):
    raw = printed(browser, as_html(bundled(), columns=columns, style=style))
    reading = read(raw, "a.pdf")
    assert reading.bulletin == bundled()
    assert len(reading.left_out) == 1
    assert reading.left_out[0].startswith("headers and footers of pages (")


@pytest.mark.skipif(not REAL.exists(), reason="the bulletin as it was sent is not here")
@pytest.mark.parametrize("columns", [1, 2])
def test_bulletin_as_it_was_sent_reads_the_same_from_a_pdf(read, browser: Browser, columns):
    sent = read_bulletin(REAL).bulletin
    assert _packed(read(printed(browser, as_html(sent, columns=columns)), "a.pdf")) == _packed(
        ReadBulletin(sent, ())
    )


def _packed(reading: ReadBulletin) -> str:
    """Without spaces: one that stands where a line ends is not in a PDF."""
    return "".join(to_markdown(reading.bulletin).split(" "))


@pytest.mark.parametrize("columns", [1, 2])
def test_contents_of_a_pdf_are_left_out_and_said(read, browser: Browser, columns):
    raw = printed(browser, as_html(bundled(), columns=columns, contents=True))
    reading = read(raw, "a.pdf")
    assert reading.bulletin == bundled()
    assert any(said.startswith("the table of contents (5 lines): ") for said in reading.left_out)
    assert len(reading.left_out) == 2


def test_headings_of_a_pdf_without_numbers_are_told_by_their_size(read, browser: Browser):
    html = as_html(bundled())
    for number in range(1, 6):
        html = html.replace(f">{numeral(number)}、", ">")
    sections = read(printed(browser, html), "a.pdf").bulletin.sections
    assert [s.title for s in sections] == [s.title for s in bundled().sections]


def test_ligatures_and_radicals_of_a_pdf_are_plain_letters(read, browser: Browser):
    html = (
        "<style>body{font:12pt 'Noto Sans CJK SC';width:20em}</style><h1>日报</h1>"
        "<p>2026-03-09</p><h2>一、电价</h2>"
        "<p>eﬃcient 的负荷与 war-driven 以及 rate-hike 和 record-high 的⼈⼯需求。</p>"
    )
    assert paragraphs(read(printed(browser, html), "a.pdf")) == [
        "efficient 的负荷与 war-driven 以及 rate-hike 和 record-high 的人工需求。"
    ]


def test_word_that_a_line_cuts_is_one_again():
    assert joined(["trans\u00ad", "formation of war-", "driven", "cost"]) == (
        "transformation of war-driven cost"
    )


def test_lines_of_a_plain_pdf_are_read_and_what_is_askew_is_said(read):
    text = "BT /F1 12 Tf 72 {} Td 14 TL ({}) Tj ET "
    head = text.format(780, "Daily") + text.format(760, "2026-03-09")
    body = "BT /F1 12 Tf 72 700 Td 14 TL (1 Power) Tj T* (Prices fell.) Tj T* (Demand.) Tj ET "
    turned = "BT /F1 30 Tf 0 1 -1 0 300 300 Tm (DRAFT) Tj ET "
    raw = simple_pdf(head + body + turned)
    reading = read(raw, "a.pdf")
    assert (reading.bulletin.title, reading.bulletin.date) == ("Daily", date(2026, 3, 9))
    assert reading.left_out == ("text that stands askew (1 piece): DRAFT",)


def test_pdf_with_a_script_or_comments_keeps_its_text_alone():
    link = "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(javascript:alert\\(1\\))>>>>"
    note = "<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents(hm)>>"
    raw = simple_pdf("BT /F1 12 Tf 72 700 Td (Words) Tj ET", resources=f"/Annots[{link}{note}]")
    left_out = (("", "javascript: link", [""]), ("comments", "comment", ["hm"]))
    assert pdf_lines(raw) == Lines(("Words",), left_out, ("Words",))


def test_scanned_pdf_is_refused(problem):
    raw = simple_pdf("q 500 0 0 700 40 40 cm Q")
    assert "holds no text, only pictures of pages; have its text recognised" in problem(
        raw, "a.pdf"
    )


def test_page_without_text_among_others_is_said():
    raw = simple_pdf("BT /F1 12 Tf 72 700 Td (Words) Tj ET", "q Q")
    assert pdf_lines(raw).left_out == (("pages without text", "page", [""]),)


@pytest.mark.parametrize("password", ["geheim", ""])
def test_protected_pdf_is_refused(problem, password):
    writer = PdfWriter(clone_from=io.BytesIO(simple_pdf("")))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    assert "has a password or is protected; save it without one" in problem(out.getvalue(), "a.pdf")


def test_pdf_of_more_than_100_pages_is_refused(problem):
    assert "has 500 pages; a bulletin has 100 at most" in problem(simple_pdf(*[""] * 500), "a.pdf")


def test_damaged_pdf_is_refused(problem):
    assert "it is no PDF" in problem(b"PK\x03\x04", "a.pdf")
    raw = simple_pdf("BT /F1 12 Tf 72 700 Td (Words) Tj ET")
    for broken in (raw[:60], b"%PDF-1.7\n" + b"\xff" * 5000, raw.replace(b"/Kids[", b"/Kidz[")):
        said = problem(broken, "a.pdf")
        assert "the PDF is damaged" in said or "holds no text" in said


def test_pdf_that_unpacks_to_too_much_is_refused_in_time(problem):
    bomb = zlib.compress(b"BT /F1 9 Tf (a) Tj ET " * 12_000_000, 9)
    raw = simple_pdf("x").replace(
        b"<</Length 1>>", b"<</Length %d/Filter/FlateDecode>>" % len(bomb)
    )
    assert ".pdf: " in problem(raw.replace(b"\nx\n", b"\n" + bomb + b"\n"), "a.pdf")


def test_pdf_whose_fonts_hide_their_letters_is_refused(problem, browser: Browser):
    html = "<p style=\"font-family:'Noto Sans CJK SC'\">" + "\ue000" * 64
    assert "do not say which letters they draw" in problem(printed(browser, html), "a.pdf")


# ---- references


@pytest.mark.parametrize("style", [None, "List Bullet"])
def test_references_without_numbers_are_numbered_in_their_order(read, style):
    bulletin = bundled()
    made = document("一、电价", "参考文献")
    for one in bulletin.references:
        made.add_paragraph(entry(one), style)
    assert read(saved(made)).bulletin.references == bulletin.references
    text = (
        "日报\n2026-03-09\n一、电价\n参考文献\n说明\n甲报：《电价》，2026-03-08\n"
        "乙报：《来\n水》，2026-03-07，用于\n说明。\n"
    )
    reading = read(text.encode(), "a.txt")
    assert [(r.number, r.title, r.use) for r in reading.bulletin.references] == [
        (1, "电价", ""),
        (2, "来水", "用于说明"),
    ]
    assert reading.left_out == ("text around the references (1 line): 说明",)


# ---- files that are refused


def test_word_file_that_is_none_is_refused(problem):
    assert "holds no Word document; save it from Word" in problem(b"\x89PNG....")
    assert "is an old .doc or has a password" in problem(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    assert "an old Word document; save it as" in problem(b"x", "a.doc")
    assert "holds no Word document" in problem(repacked(as_docx(bundled()), {"_rels/.rels": None}))


@pytest.mark.parametrize("kind", ["docx", "pdf"])
@pytest.mark.parametrize("content", [b"", b" \r\n", b"\0\0"])
def test_empty_document_is_refused(problem, content, kind):
    assert "the file is empty" in problem(content, f"a.{kind}")


@pytest.mark.parametrize("cut", [30, 2000, -40])
def test_damaged_word_file_is_refused(problem, cut):
    assert "the Word document is damaged; open it in Word" in problem(as_docx(bundled())[:cut])


@pytest.mark.parametrize("name", ["word/document.xml", "word/styles.xml", "[Content_Types].xml"])
def test_word_file_with_broken_xml_is_refused(problem, name):
    raw = repacked(as_docx(bundled()), {name: b"<w:document"})
    assert "the Word document is damaged" in problem(raw)


def test_word_file_with_a_bit_turned_is_refused(problem):
    raw = bytearray(as_docx(bundled()))
    at = raw.index(b"word/document.xml") + 60
    raw[at] ^= 0xFF
    assert "the Word document is damaged" in problem(bytes(raw))


def test_macros_are_refused(problem):
    raw = as_docx(bundled())
    assert "the document holds macros" in problem(repacked(raw, {"word/vbaProject.bin": b"x"}))
    kinds = part(raw, "[Content_Types].xml").replace(
        b"openxmlformats-officedocument.wordprocessingml.document.main",
        b"ms-word.document.macroEnabled.main",
    )
    assert "the document holds macros" in problem(repacked(raw, {"[Content_Types].xml": kinds}))
    assert "it may hold macros" in problem(raw, "a.docm")


def test_archive_that_unpacks_to_too_much_is_refused(problem):
    raw = as_docx(bundled())
    for name, size in (("word/media/a.png", 60_000_000), ("word/a.xml", 6_000_000)):
        assert "unpacks to far more" in problem(repacked(raw, {name: b"\0" * size}))
    many = {f"word/media/{at}": b"" for at in range(2_100)}
    assert "unpacks to far more" in problem(repacked(raw, many))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(problem, encoding):
    bomb = (
        f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE d [<!ENTITY a "aaaa">'
        '<!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]><d>&b;&c;</d>'
    )
    raw = repacked(as_docx(bundled()), {"word/document.xml": bomb.encode(encoding)})
    assert "declares entities (DOCTYPE)" in problem(raw)


def test_strict_open_xml_is_refused(problem):
    raw = as_docx(bundled())
    strict = part(raw, "_rels/.rels").replace(
        b"http://schemas.openxmlformats.org/officeDocument/2006", b"http://purl.oclc.org/ooxml"
    )
    assert "'Strict Open XML'" in problem(repacked(raw, {"_rels/.rels": strict}))


@pytest.mark.parametrize("kind", ["docx", "pdf"])
def test_document_larger_than_20_megabytes_is_refused(problem, kind):
    assert "larger than 20 MB" in problem(b"%PDF-1.7\n" + b"0" * 20_000_000, f"a.{kind}")


@pytest.mark.parametrize("kind", ["docx", "pdf"])
def test_missing_document_and_folder_are_refused(tmp_path, kind):
    with pytest.raises(FileProblem, match="no such file"):
        read_bulletin(tmp_path / f"none.{kind}")
    (tmp_path / f"folder.{kind}").mkdir()
    with pytest.raises(FileProblem, match="cannot be read"):
        read_bulletin(tmp_path / f"folder.{kind}")


def test_document_that_takes_too_long_is_refused(problem, monkeypatch):
    monkeypatch.setattr(bounded, "SECONDS", 0.01)
    assert "reading the Word document took over" in problem(as_docx(bundled()))


def test_word_file_at_the_bounds_is_read_in_time(read):
    made = document("一、电价")
    raw = saved(made)
    body = part(raw, "word/document.xml")
    texts = b"".join(b"<w:p><w:r><w:t>n%d</w:t></w:r></w:p>" % at for at in range(30_000))
    raw = repacked(raw, {"word/document.xml": body.replace(b"<w:sectPr", texts + b"<w:sectPr", 1)})
    assert len(paragraphs(read(raw))) == 30_000


# ---- the command


def days_of(data: Path) -> list[str]:
    return sorted(path.name for path in (data / "bulletins").iterdir())


def test_command_adds_a_word_document_and_says_what_is_left_out(data, cli: Cli, written):
    def change(made: Any) -> None:
        made.sections[0].footer.paragraphs[0].text = "1"

    done = cli("bulletin", written(as_docx(bundled(), change), "a.docx"))
    assert done.status == 0
    assert "2026-05-27 新质生产力每日动态: 5 sections, 8 references" in done.out
    assert "left out: headers and footers (1 line): 1" in done.out
    assert read_bulletin(data / "bulletins" / "2026-05-27.md").bulletin == bundled()


def test_second_bulletin_of_a_day_keeps_the_first_text(data, cli: Cli, written):
    first = bundled()
    second = first.model_copy(update={"summary": "另一份摘要。"})
    cli("bulletin", written(as_docx(first), "a.docx"))
    done = cli("bulletin", written(as_docx(second), "b.docx"))
    (kept,) = (data / "bulletins" / "replaced").iterdir()
    assert str(kept) in done.out.replace("\n", "")
    assert '  + summary: "另一份摘要。"' in done.out
    assert "  - summary: " in done.out
    assert read_bulletin(kept).bulletin == first
    assert read_bulletin(data / "bulletins" / "2026-05-27.md").bulletin == second
    cli("bulletin", written(as_docx(second), "c.docx"))
    assert len(list((data / "bulletins" / "replaced").iterdir())) == 1


def test_difference_shows_the_changed_words_with_a_little_around_them():
    old = "一二三四五六七八九十甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳\n相同\n旧的"
    new = "一二三四五六七八九十甲乙走低丁戊己庚辛壬癸子丑寅卯辰巳\n相同"
    assert difference(old, new) == [
        "- …三四五六七八九十甲乙丙丁戊己庚辛壬癸子丑寅…",
        "+ …三四五六七八九十甲乙走低丁戊己庚辛壬癸子丑寅…",
        "- 旧的",
    ]
    assert difference(old, old) == []
    many = difference("\n".join(map(str, range(99))), "字" * 500)
    assert (len(many), many[-1], len(many[1])) == (21, "… and more", 103)


def test_bulletin_of_tomorrow_is_added_under_its_day(data, cli: Cli, written):
    tomorrow = datetime.now(BEIJING).date() + timedelta(days=1)
    made: Bulletin = bundled().model_copy(update={"date": tomorrow})
    done = cli("bulletin", written(as_docx(made), "a.docx"))
    assert (done.status, days_of(data)) == (0, [f"{tomorrow}.md"])
    assert "its date is still to come in Beijing; --date gives it another" in done.out
    assert "still to come" not in cli("bulletin", written(as_docx(bundled()), "a.docx")).out


def test_one_refused_file_among_many_stores_nothing(data, cli: Cli, written):
    good = written(as_docx(bundled()), "a.docx")
    done = cli("bulletin", good, written(b"PK\x03\x04", "broken.docx"))
    assert (done.status, days_of(data)) == (2, [])
    assert is_one_sentence(done.err)
    assert "broken.docx" in done.err
