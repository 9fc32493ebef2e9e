"""Reading a bulletin: what is placed, what is left out and said so, what is refused."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest
from conftest import examples
from hypothesis import example, given
from hypothesis import strategies as st

from etl.bulletins.model import Bulletin, ReadBulletin, Reference, Section
from etl.bulletins.parts import numeral, reference_of
from etl.bulletins.plain import plain
from etl.bulletins.read import read_bulletin
from etl.bulletins.to_markdown import to_markdown
from etl.errors import FileProblem

ROOT = Path(__file__).parents[1]
REAL = ROOT.parent / "shared" / "bulletins" / "2026-05-27.txt"
BUNDLED = ROOT / "data" / "bulletins" / "2026-05-27.md"

TEXT = """

产业观察日报

某某研究会

甲公司 & 乙公司

2026 年 3 月 9 日

摘要

今天谈两件事：一是电价，二是芯片。

Contents

| | |
|---|---|
| 一、电价回落，用电大户先受益 | 2 |
| 二、芯片扩产与 AI 需求 | 2 |

| | |
|-----|-----|
| 今日判断 | 3 |
| 参考文献 | 3 |

一、电价回落，用电大户先受益

本周现货电价走低，受益的有数据中心、

电解铝和化工企业。

电价会不会继续走低，要看来水。

二、芯片扩产与 AI 需求

两家工厂宣布扩产，设备订单排到了明年，买家称之为“抢

跑”。

今日判断

电价是短期变量，芯片是长期变量。

参考文献

1. 某某晚报：《电价为何回落》，2026-03-08，用于说明电价。
2. Some Wire: 《Chip maker spends \\$2 billion, reads 《Nature》》，2026-03-07，用于
说明扩产。

3. 《电力市场规则（2025—2027 年）》，用于交代背景。

联系我们，请扫描二维码

某某研究会
官方公众号

网站地址：<https://example.org>."""

HEAD = """---
title: 产业观察日报
date: 2026-03-09
publisher: 某某研究会
summary: 今天谈电价。
---
"""


def body_of(written, words: str) -> tuple[str, ...]:
    """The paragraphs of the one section of a Markdown bulletin."""
    path = written(f"{HEAD}\n## 一、电价\n\n{words}\n", "body.md")
    return read_bulletin(path).bulletin.sections[0].paragraphs


def said(reading: ReadBulletin) -> str:
    """What is left out, in one text."""
    return "\n".join(reading.left_out)


def problem(path: Path, **options: date) -> str:
    with pytest.raises(FileProblem) as caught:
        read_bulletin(path, **options)
    return str(caught.value)


# ---- text taken from a document


def test_head_of_a_text_gives_title_publisher_date_and_summary(written):
    bulletin = read_bulletin(written(TEXT)).bulletin
    assert bulletin.title == "产业观察日报"
    assert bulletin.publisher == "某某研究会；甲公司 & 乙公司"
    assert bulletin.date == date(2026, 3, 9)
    assert bulletin.summary == "今天谈两件事：一是电价，二是芯片。"


def test_headings_are_taken_from_the_text_and_not_from_the_contents(written):
    sections = read_bulletin(written(TEXT)).bulletin.sections
    assert [(s.number, s.title) for s in sections] == [
        (1, "电价回落，用电大户先受益"),
        (2, "芯片扩产与 AI 需求"),
    ]


def test_paragraph_cut_by_a_page_break_is_one_again(written):
    sections = read_bulletin(written(TEXT)).bulletin.sections
    assert sections[0].paragraphs == (
        "本周现货电价走低，受益的有数据中心、电解铝和化工企业。",
        "电价会不会继续走低，要看来水。",
    )
    assert sections[1].paragraphs[0].endswith("买家称之为“抢跑”。")


def test_judgement_and_references_are_read_from_a_text(written):
    bulletin = read_bulletin(written(TEXT)).bulletin
    assert bulletin.judgement == ("电价是短期变量，芯片是长期变量。",)
    assert bulletin.references == (
        Reference(
            number=1,
            publisher="某某晚报",
            title="电价为何回落",
            date=date(2026, 3, 8),
            use="用于说明电价",
        ),
        Reference(
            number=2,
            publisher="Some Wire",
            title="Chip maker spends $2 billion, reads 《Nature》",
            date=date(2026, 3, 7),
            use="用于说明扩产",
        ),
        Reference(
            number=3,
            publisher=None,
            title="电力市场规则（2025—2027 年）",
            date=None,
            use="用于交代背景",
        ),
    )


def test_contents_and_contact_block_are_left_out_and_named(written):
    contents, contact = read_bulletin(written(TEXT)).left_out
    assert contents.startswith("the table of contents (4 lines): | 一、电价回落")
    assert contact.startswith("the contact block (4 lines): 联系我们，请扫描二维码")


def test_contents_without_a_table_are_left_out_too(written):
    start, end = TEXT.index("Contents"), TEXT.index("一、电价回落，用电大户先受益\n")
    contents = "目 录\n一、电价回落 …… 2\n\n二、芯片扩产 2\n今日判断 3\n参考文献\n\n- 1 -\n\n"
    reading = read_bulletin(written(TEXT[:start] + contents + TEXT[end:]))
    assert reading.bulletin == read_bulletin(written(TEXT)).bulletin
    assert "the table of contents (4 lines): 一、电价回落" in said(reading)


def test_page_numbers_and_running_heads_do_not_break_a_paragraph(written):
    furniture = "数据中心、\n\n2\n\n第 3 页 共 4 页\n\f产业观察日报 2026 年 3 月 9 日\n"
    reading = read_bulletin(written(TEXT.replace("数据中心、\n", furniture)))
    assert reading.bulletin == read_bulletin(written(TEXT)).bulletin
    assert "page numbers and running heads (3 lines): 2 / 第 3 页 共 4 页 / " in said(reading)


def test_table_inside_the_text_is_a_paragraph_of_its_own(written):
    table = "要看来水。\n\n| 省 | 价 |\n|---|---|\n| 甲 | 1 |\n"
    reading = read_bulletin(written(TEXT.replace("要看来水。\n", table)))
    paragraphs = reading.bulletin.sections[0].paragraphs
    assert paragraphs[1:] == (
        "电价会不会继续走低，要看来水。",
        "| 省 | 价 |\n|---|---|\n| 甲 | 1 |",
    )
    assert reading.left_out == read_bulletin(written(TEXT)).left_out


def test_lines_under_the_date_are_named_as_left_out(written):
    reading = read_bulletin(written(TEXT.replace("3 月 9 日\n", "3 月 9 日\n\n第 12 期\n", 1)))
    assert "text above the first heading (1 line): 第 12 期" in reading.left_out


def test_text_after_the_references_is_named_as_left_out(written):
    text = TEXT.replace("联系我们，请扫描二维码", "本刊仅供内部参考。")
    assert "text around the references (3 lines): 本刊仅供内部参考。" in said(
        read_bulletin(written(text))
    )


@pytest.mark.parametrize(
    "change",
    [
        ("\n", "\r\n"),
        ("\n", "\r"),
        ("2026 年 3 月 9 日", "２０２６年３月９日"),
        ("2026 年 3 月 9 日", "2026-03-09 星期一"),
        ("参考文献", "参考资料"),
        ("今日判断\n", "今日判断：\n"),
        ("摘要\n\n", "摘 要："),
        ("Contents", "目录"),
        ("1. 某某", "１．某某"),
        ("1. 某某", "[1] 某某"),
        ("Some Wire: ", "Some Wire："),
        ("产业观察日报", "\u3000\u3000产业\u200b观察日报"),
        ("二、芯片", "## 二、芯片"),
        ("今日判断\n\n", "三、今日判断\n\n"),
        ("电解铝", "**电解铝**"),
        ("电解铝", "[电解铝](https://example.org)"),
    ],
)
def test_other_ways_to_write_the_same_text_read_the_same(written, change):
    assert change[0] in TEXT
    changed = read_bulletin(written(TEXT.replace(*change))).bulletin
    assert changed == read_bulletin(written(TEXT)).bulletin


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_usual_encodings_are_read(written, encoding):
    path = written(TEXT.encode(encoding))
    assert read_bulletin(path).bulletin.title == "产业观察日报"


def test_publisher_judgement_and_references_may_be_missing(written):
    bulletin = read_bulletin(written("日报\n2026年3月9日\n一、电价\n电价走低。\n")).bulletin
    assert bulletin == Bulletin(
        date=date(2026, 3, 9),
        title="日报",
        publisher="",
        summary="",
        sections=(Section(number=1, title="电价", paragraphs=("电价走低。",)),),
    )


def test_date_may_stand_in_the_title_line(written):
    bulletin = read_bulletin(written("日报（2026年3月9日）\n\n一、电价\n\n电价走低。\n")).bulletin
    assert (bulletin.title, bulletin.date) == ("日报", date(2026, 3, 9))


def test_twenty_sections_are_read_in_order(written):
    sections = "".join(f"{numeral(n)}、第 {n} 题\n\n正文。\n\n" for n in range(1, 21))
    found = read_bulletin(written(f"日报\n\n2026年3月9日\n\n{sections}")).bulletin.sections
    assert [(s.number, s.title) for s in found] == [(n, f"第 {n} 题") for n in range(1, 21)]


def test_numbered_sentence_inside_a_section_is_not_a_heading(written):
    text = TEXT.replace("要看来水。\n", "要看来水。\n\n一、来水偏枯\n\n二、负荷走高。\n")
    assert len(read_bulletin(written(text)).bulletin.sections) == 2


def test_wrapped_lines_are_joined_with_a_space_only_between_latin_words(written):
    text = TEXT.replace("要看来水。", "要看\n来水，\nHBM and\nDRAM 的\n需求。")
    paragraphs = read_bulletin(written(text)).bulletin.sections[0].paragraphs
    assert paragraphs[-1] == "电价会不会继续走低，要看来水，HBM and DRAM 的需求。"


def test_lines_that_each_end_a_sentence_are_paragraphs(written):
    text = TEXT.replace("要看来水。", "要看来水。\n来水偏枯。\n负荷走高。")
    assert len(read_bulletin(written(text)).bulletin.sections[0].paragraphs) == 4


def test_given_date_goes_before_the_date_of_the_file(written):
    given_day = date(2026, 4, 1)
    undated = TEXT.replace("2026 年 3 月 9 日", "")
    for text in (TEXT, undated, TEXT.replace("3 月 9 日", "2 月 30 日")):
        assert read_bulletin(written(text), date=given_day).bulletin.date == given_day
    for head in (HEAD, HEAD.replace("date: 2026-03-09\n", "")):
        path = written(f"{head}\n## 一、电价\n", "dated.md")
        assert read_bulletin(path, date=given_day).bulletin.date == given_day


# ---- references


def test_reference_without_a_title_mark_is_all_title():
    found = reference_of(1, "某某晚报，2026-03-08")
    assert (found.publisher, found.title, found.date) == (None, "某某晚报，2026-03-08", None)


def test_title_ends_at_its_own_mark_and_not_at_a_later_one():
    found = reference_of(1, "甲报：《读《论语》有感》，2026年3月8日，用于对照《孟子》。")
    assert found.title == "读《论语》有感"
    assert (found.date, found.use) == (date(2026, 3, 8), "用于对照《孟子》")


def test_reference_with_a_date_that_does_not_exist_is_refused_with_its_line(written):
    path = written(TEXT.replace("2026-03-08", "2026-02-30"))
    line = TEXT.split("\n").index("1. 某某晚报：《电价为何回落》，2026-03-08，用于说明电价。") + 1
    assert f"line {line}: reference 1 has a date that does not exist" in problem(path)


# ---- markup


def test_html_is_removed_and_counted(written):
    text = TEXT.replace(
        "电解铝",
        '电<b onclick="a>b">解</b>铝<!-- 注\n释 --><script>\nalert(1)\n\n</script><img src=x>',
    )
    reading = read_bulletin(written(text))
    assert reading.bulletin == read_bulletin(written(TEXT)).bulletin
    assert "6 HTML tags: <!-- 注 释 -->" in reading.left_out


def test_javascript_links_are_removed_and_counted(written):
    text = TEXT.replace("要看来水。", "要看[来水](JavaScript:alert('x'))。")
    reading = read_bulletin(written(text))
    assert reading.bulletin == read_bulletin(written(TEXT)).bulletin
    assert "1 javascript: link" in reading.left_out
    path = written(f"{HEAD}\n## 一、电价\n\n看[来水](javascript:alert)。\n", "link.md")
    assert read_bulletin(path).bulletin.sections[0].paragraphs == ("看来水。",)
    assert read_bulletin(path).left_out == ("1 javascript: link",)
    path = written(f"{HEAD}\n## 一、电价\n\n看[来水](javascript:alert)<u>。</u>\n", "both.md")
    assert read_bulletin(path).left_out == ("2 HTML tags", "1 javascript: link")


@pytest.mark.parametrize(
    "text", ["a < b", "PUE <1.3", "1<2 且 3>2", "a <- b -> c", "x<y，z>w", "R&D"]
)
def test_signs_that_are_no_tags_are_kept(text, written):
    assert plain(text) == text
    assert body_of(written, text) == (text,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("见 <https://example.org>。", "见 https://example.org。"),
        ("<scr<b>ipt>走低", "走低"),
        ("<a href=x\nclass=y>走低</a>", "走低"),
        ("<svg:rect onload=f()>走低", "走低"),
        ("<javascript:alert(1)>走低", "走低"),
        ("<!DOCTYPE html>走低", "走低"),
        ("走\u200b低\u0007", "走低"),
        ("  走  低\t了 ", "走 低 了"),
        ("e\u0301", "é"),
        ("，。“”：", "，。“”："),
    ],
)
def test_plain_text_keeps_the_words_alone(text, words):
    assert plain(text) == words


@given(st.text(alphabet="<>!-/ab=\"' :。javscript[]()\u200b\u0338\n") | st.text())
def test_plain_text_of_plain_text_is_the_same(text):
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize(
    "unit",
    ["<a ", '<a "', "<!--", "<script>", "字\n", "1、", "[", "一、字\n", "\u0301\u0316", "| a ",
     "甲", "**", "~~字", "a\t1\n", "电价，\n"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_large_odd_text_is_read_or_refused_in_seconds(written, unit, name):
    path = written("日报\n2026年3月9日\n# 一、电价\n" + unit * (99_000 // len(unit.encode())), name)
    begun = time.process_time()
    read_bulletin(path)
    assert time.process_time() - begun < 10


# ---- Markdown


def test_markdown_gives_head_sections_judgement_and_references(written):
    text = (
        f"{HEAD}\n## 一、电价\n\n走*低*了，见[**公告**](https://example.org)。\n\n"
        "- 其一\n- 其二\n\n"
        "## 芯片\n\n![图一](x.png)扩产\n在即。\n\n## 今日判断\n\n看`来水`。\n\n"
        "## 参考文献\n\n1. 甲报：《电价》，2026-03-08，用于说明\n   电价。\n1. 《规则》\n"
    )
    assert read_bulletin(written(text, "a.md")).bulletin == Bulletin(
        date=date(2026, 3, 9),
        title="产业观察日报",
        publisher="某某研究会",
        summary="今天谈电价。",
        sections=(
            Section(number=1, title="电价", paragraphs=("走低了，见公告。", "其一", "其二")),
            Section(number=2, title="芯片", paragraphs=("扩产在即。",)),
        ),
        judgement=("看来水。",),
        references=(
            reference_of(1, "甲报：《电价》，2026-03-08，用于说明电价。"),
            reference_of(2, "《规则》"),
        ),
    )


def test_text_that_markdown_cannot_place_is_named_as_left_out(written):
    text = (
        f"{HEAD}\n# 日报\n\n按语。\n\n## 一、电价\n\n走低。\n\n| 甲 | 乙 |\n|---|---|\n\n"
        "## 参考文献\n\n说明。\n\n1. 《规则》\n"
    )
    reading = read_bulletin(written(text, "a.md"))
    assert reading.left_out == (
        "text above the first heading (1 line): 日报",
        "text around the references (1 paragraph): 说明。",
    )
    assert [(s.title, s.paragraphs) for s in reading.bulletin.sections] == [
        ("导语", ("按语。",)),
        ("电价", ("走低。", "| 甲 | 乙 |\n|---|---|")),
    ]


def test_html_in_markdown_does_not_reach_the_bulletin(written):
    words = "走<b>低</b>。<script>\n\nalert(1)\n\n</script>\n\n&lt;img src=x onerror=f()&gt;来水。"
    assert body_of(written, words) == ("走低。", "来水。")


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("summary:", "title: 乙\nsummary:", 5, "the key 'title' stands twice"),
        ("summary:", "visibility: members\nsummary:", 5, "unknown visibility 'members'"),
        ("某某研究会", "12", 4, "'publisher' must be text"),
        ("某某研究会", "[甲, 乙]", 4, "'publisher' must be text"),
        ("2026-03-09", "三月九日", 3, "'date' must be a day such as 2026-05-27"),
        ("2026-03-09", "2026-02-30", 3, "the date '2026-02-30' does not exist"),
        ("某某研究会", '"某某', 5, "the head is not valid YAML"),
        ("---\ntitle", "title", 1, "must begin with a head between two lines '---'"),
        ("。\n---\n", "。\n", 1, "the head has no end"),
    ],
)
def test_wrong_head_is_refused_with_its_line(written, before, after, line, words):
    text = f"{HEAD}\n## 一、电价\n\n走低。\n"
    assert before in text
    said = problem(written(text.replace(before, after, 1), "a.md"))
    assert f"line {line}: " in said
    assert words in said


def test_head_without_a_date_is_refused_and_without_a_title_takes_it_from_the_heading(written):
    undated = HEAD.replace("date: 2026-03-09\n", "")
    assert "has no date" in problem(written(f"{undated}\n## 一、电价\n", "a.md"))
    untitled = HEAD.replace("产业观察日报", "''")
    for heading, name, title in (("# 晨报\n\n", "a.md", "晨报"), ("", "电价周报.md", "电价周报")):
        path = written(f"{untitled}\n{heading}## 一、电价\n", name)
        assert read_bulletin(path).bulletin.title == title


def test_heading_without_words_is_refused_with_its_line(written):
    assert "line 8: a heading has no words" in problem(written(f"{HEAD}\n## 一、\n", "a.md"))


# ---- files that are refused


def test_other_kinds_of_file_are_refused(written):
    assert "from .md, .txt, .docx, .pdf or .html, not from a .exe file" in problem(
        written(TEXT, "a.exe")
    )
    assert "it is a .wps file; open it in WPS or Word" in problem(written(TEXT, "a.wps"))


def test_missing_file_is_refused(tmp_path):
    assert "no such file" in problem(tmp_path / "none.txt")


def test_folder_is_refused(tmp_path):
    (tmp_path / "folder.txt").mkdir()
    assert "cannot be read" in problem(tmp_path / "folder.txt")


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
@pytest.mark.parametrize("content", ["", " \r\n\t\u3000\u200b\n", "\ufeff"])
def test_empty_file_is_refused(written, content, name):
    assert "the file is empty" in problem(written(content, name))


@pytest.mark.parametrize(
    "content",
    [b"\xff\xff\xff\xff", b"\xff\xfe\x00", b"PK\x03\x04\x00\x00", bytes(range(256)) * 9],
)
def test_bytes_that_are_no_text_are_refused(written, content):
    assert "neither UTF-8, GB18030, Big5 nor UTF-16" in problem(written(content))


def test_text_without_a_date_is_refused_and_told_how_to_give_one(written):
    said = problem(written(TEXT.replace("2026 年 3 月 9 日", "")))
    assert "has no date: write '2026 年 5 月 27 日' under the title, or give --date" in said


def test_date_that_does_not_exist_is_refused_with_its_line(written):
    said = problem(written(TEXT.replace("3 月 9 日", "2 月 30 日")))
    assert "line 9: the date '2026 年 2 月 30 日' does not exist" in said


def test_bulletin_without_headings_is_one_section_and_without_text_is_refused(written):
    for text, name in (("日报\n\n2026 年 3 月 9 日\n\n", "a.txt"), (f"{HEAD}\n", "a.md")):
        (section,) = read_bulletin(written(f"{text}无事。\n", name)).bulletin.sections
        assert (section.title, section.paragraphs) == ("正文", ("无事。",))
        assert "no text below the title" in problem(written(text, name))


def test_file_larger_than_two_megabytes_is_refused(written):
    assert "larger than 2 MB" in problem(written(TEXT + "字" * 700_000))


# ---- writing and reading back

WORDS = (
    (
        st.text(alphabet="*_`[]()<>&#;!\\|~+-=.)12a 《》：，。、一二\"':{}", min_size=1)
        | st.text(min_size=1)
    )
    .map(plain)
    .filter(bool)
)
TITLES = WORDS.filter(lambda words: words.strip("：: ") not in {"今日判断", "参考文献", "参考资料"})
PARAGRAPHS = st.lists(WORDS, max_size=3).map(tuple)
ENTRIES = st.lists(
    st.sampled_from(["《", "》", "：", "，", "。", "2026-03-08", "甲报"]) | WORDS, min_size=1
).map(lambda pieces: plain("".join(pieces)))


def sections_of(pairs: list[tuple[str, tuple[str, ...]]]) -> tuple[Section, ...]:
    return tuple(Section(number=n, title=t, paragraphs=p) for n, (t, p) in enumerate(pairs, 1))


def references_of(texts: list[str]) -> tuple[Reference, ...]:
    return tuple(reference_of(number, text) for number, text in enumerate(texts, 1))


BULLETINS = st.builds(
    Bulletin,
    date=st.dates(),
    title=WORDS,
    publisher=WORDS | st.just(""),
    summary=WORDS | st.just(""),
    sections=st.lists(st.tuples(TITLES, PARAGRAPHS), min_size=1, max_size=21).map(sections_of),
    judgement=PARAGRAPHS,
    references=st.lists(ENTRIES.filter(bool), max_size=12).map(references_of),
)


@given(bulletin=BULLETINS)
@examples(200)
@example(
    bulletin=Bulletin(
        date=date(2026, 3, 9),
        title="---",
        publisher="a: b # c",
        summary='"\\',
        sections=sections_of(
            [("# 一、*甲* #", ("1. 甲", "- 乙", "> 丙", "```", "&lt;b", "a <b", "|"))]
        ),
        references=references_of(
            ["1. 甲报：：《乙》，，用于丙", "无书名号。", "《甲《乙》，2026-03-08"]
        ),
    )
)
def test_written_bulletin_is_read_back_equal(tmp_path_factory, bulletin):
    path = tmp_path_factory.mktemp("written") / "a.md"
    path.write_text(to_markdown(bulletin), encoding="utf-8", newline="")
    reading = read_bulletin(path)
    assert reading.bulletin == bulletin
    assert reading.left_out == ()


def test_written_bulletin_numbers_its_headings_in_chinese_and_ends_with_a_newline(written):
    text = to_markdown(read_bulletin(written(TEXT)).bulletin)
    assert "\n## 一、电价回落，用电大户先受益\n" in text
    assert "\n## 二、芯片扩产与 AI 需求\n" in text
    assert text.endswith("用于交代背景。\n")


# ---- the bulletins that exist


def test_bundled_bulletin_reads_whole_and_is_written_as_it_stands():
    reading = read_bulletin(BUNDLED)
    assert reading.left_out == ()
    assert len(reading.bulletin.sections) == 5
    assert len(reading.bulletin.references) == 8
    assert to_markdown(reading.bulletin) == BUNDLED.read_text(encoding="utf-8")


@pytest.mark.skipif(not REAL.exists(), reason="the bulletin as it was sent is not here")
def test_bulletin_as_it_was_sent_reads_whole():
    reading = read_bulletin(REAL)
    bulletin, bundled = reading.bulletin, read_bulletin(BUNDLED).bulletin
    assert (bulletin.title, bulletin.publisher) == (bundled.title, bundled.publisher)
    assert bulletin.date == date(2026, 5, 27)
    assert bulletin.summary.endswith("供应链韧性。")
    assert [(s.number, len(s.paragraphs)) for s in bulletin.sections] == [
        (n, 2) for n in range(1, 6)
    ]
    assert "“产权登记、价格形成、" in bulletin.sections[1].paragraphs[1]
    assert "算力芯片，HBM、DRAM" in bulletin.sections[3].paragraphs[1]
    assert len(bulletin.judgement) == 1
    assert [(r.number, r.publisher, r.title, r.date) for r in bulletin.references] == [
        (r.number, r.publisher, r.title, r.date) for r in bundled.references
    ]
    assert reading.left_out == (
        "the table of contents (7 lines): | 一、人工智能创新生态成为新质生产力的重要组织…",
        "the contact block (10 lines): 联系我们，请扫描二维码 / 新质生产力工作委员会…",
    )
