"""Whatever shape a brief has, it is read whole, and what is not in the bulletin is said."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from bulletin_files import saved
from conftest import Cli, is_one_sentence
from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from hypothesis import given
from hypothesis import strategies as st

from etl.bulletins.encoding import decoded
from etl.bulletins.left_out import LeftOut, unaccounted
from etl.bulletins.model import Bulletin, ReadBulletin, Section
from etl.bulletins.read import read_bulletin
from etl.errors import FileProblem

DAY = date(2026, 5, 28)
Read = Callable[..., ReadBulletin]


@pytest.fixture
def read(written) -> Read:
    def read(content: str | bytes, name: str = "快讯.txt", **options: Any) -> ReadBulletin:
        return read_bulletin(written(content, name), **options)

    return read


def outline(reading: ReadBulletin) -> list[tuple[str, tuple[str, ...]]]:
    """The sections as titles and paragraphs."""
    return [(section.title, section.paragraphs) for section in reading.bulletin.sections]


def head(reading: ReadBulletin) -> tuple[str, str, date]:
    one = reading.bulletin
    return one.title, one.publisher, one.date


# ---- Markdown


@pytest.mark.parametrize(
    "text",
    [
        "# 晨报 2026-05-28\n\n## 股市\n\n收高。\n",
        "# 晨报\n\n2026年5月28日\n\n## 股市\n\n收高。\n",
        "# 晨报\n\n**发布时间：** 2026-05-28\n\n---\n\n## 1. 股市\n\n收高。\n",
        "---\ntitle: 晨报\ndate: 2026-05-28\n---\n### 股市\n收高。\n",
        "---\nTitle: 晨报\ndate: 2026/5/28\n---\n# 股市\n收高。\n",
        "---\ntitle: 晨报\ndate: 2026-05-27T23:30:00Z\n---\n## （一）股市\n收高。\n",
        "---\ntitle: 晨报\ndate: 2026-05-28 07:30:00 +0800\nsummary:\n---\n## 一、股市\n收高。\n",
        '---\ndate: "[[2026-05-28]]"\n---\n# 晨报\n## 股市\n收高。\n',
        '+++\ntitle = "晨报"\ndate = 2026-05-28T08:00:00+08:00\n+++\n## 股市\n收高。\n',
    ],
)
def test_heads_of_other_systems_and_none_at_all_are_read(read: Read, text):
    reading = read(text, "a.md")
    assert head(reading) == ("晨报", "", DAY)
    assert outline(reading) == [("股市", ("收高。",))]


def test_keys_that_are_not_ours_are_said_and_not_refused(read: Read):
    keys = "layout: post\ntitle: 晨报\ndate: 2026-05-28\ntags: [股市, 油价]"
    text = f"---\n{keys}\n---\n## 股市\n收高。\n"
    assert read(text, "a.md").left_out == (
        "other keys of the head (2 keys): layout: post / tags: 股市,…",
    )


def test_title_and_date_may_be_those_of_the_name(read: Read):
    reading = read("## 股市\n\n收高。\n", "晨报_2026-05-28.md")
    assert head(reading) == ("晨报", "", DAY)
    assert reading.notes == (
        "the title is that of the file's name", "the date is that of the file's name",
    )  # fmt: skip
    assert head(read("晨报\n收高。\n", "20260528.txt")) == ("晨报", "", DAY)


def test_headings_of_the_highest_level_are_the_sections(read: Read):
    text = "# 股市\n\n收高。\n\n## 个股\n\n上涨。\n\n# 油价\n\n下跌。\n"
    assert outline(read(text, "晨报20260528.md")) == [
        ("股市", ("收高。", "个股", "上涨。")), ("油价", ("下跌。",)),
    ]  # fmt: skip


def test_a_paragraph_above_the_first_heading_leads_in(read: Read):
    reading = read("# 晨报 2026-05-28\n\n今天股市收高。\n\n## 股市\n\n收高。\n", "a.md")
    assert reading.bulletin.summary == "今天股市收高。"
    reading = read("# 晨报 2026-05-28\n\n其一。\n\n其二。\n\n## 股市\n\n收高。\n", "a.md")
    assert outline(reading)[0] == ("导语", ("其一。", "其二。"))
    assert reading.left_out == ()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("**股市小幅收高，**油价下跌。", ("股市小幅收高，油价下跌。",)),
        ("股市**“收高”**，油价__下跌__。", ("股市“收高”，油价下跌。",)),
        ("成交 2*3，3*4 手，a_b_c。", ("成交 2*3，3*4 手，a_b_c。",)),
        ("股市收高[^1]。\n\n[^1]: 据某报。", ("股市收高。", "据某报。")),
        ("股市收高。<br>油价下跌。", ("股市收高。", "油价下跌。")),
        ("股市\n三大指数集体收高，成交放大。\n油价\n布伦特原油下跌逾百分之一。",
         ("股市", "三大指数集体收高，成交放大。", "油价", "布伦特原油下跌逾百分之一。")),
        ("股市收高，\n油价下跌。", ("股市收高，油价下跌。",)),
        ("股市收高。\n---\n油价下跌。", ("股市收高。", "油价下跌。")),
        ("- [x] 股市收高。\n- 见[公告](https://example.org)", ("股市收高。", "见公告")),
    ],
)  # fmt: skip
def test_marks_of_markdown_leave_the_words_alone(read: Read, source, words):
    assert outline(read(f"# 晨报 2026-05-28\n\n## 行情\n\n{source}\n", "a.md")) == [("行情", words)]


def test_pictures_captions_and_struck_words_are_no_paragraphs(read: Read):
    text = (
        "# 晨报 2026-05-28\n\n## 行情\n\n![走势](a.png)\n*图1：走势*\n\n~~油价大跌~~ 油价微跌。\n"
    )
    reading = read(text, "a.md")
    assert outline(reading) == [("行情", ("油价微跌。",))]
    assert reading.left_out == (
        "pictures (1 picture): 走势",
        "captions of pictures (1 line): 图1：走势",
        "text struck through (1 piece): 油价大跌",
    )


# ---- texts


@pytest.mark.parametrize(
    ("first", "second"),
    [("一、股市", "二、油价"), ("【股市】", "【油价】"), ("1. 股市", "2. 油价"),
     ("（一）股市", "（二）油价"), ("第一部分 股市", "第二部分 油价"), ("01 股市", "02 油价"),
     ("股市", "油价"), ("## 股市", "## 油价"), ("■ 股市", "■ 油价"), ("股市：", "油价：")],
)  # fmt: skip
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_headings_of_any_form_open_sections(read: Read, first, second, gap):
    lines = ("晨报", "2026年5月28日", first, "三大指数集体收高。", second, "布伦特原油下跌。")
    reading = read(gap.join(lines))
    assert outline(reading) == [("股市", ("三大指数集体收高。",)), ("油价", ("布伦特原油下跌。",))]
    assert reading.left_out == ()


def test_numbered_sentences_are_paragraphs_of_one_section(read: Read):
    reading = read("晨报\n2026年5月28日\n1、股市收高。\n2、油价下跌。\n")
    assert outline(reading) == [("正文", ("1、股市收高。", "2、油价下跌。"))]


def test_a_sentence_that_is_said_twice_stands_twice(read: Read):
    reading = read("晨报\n2026年5月28日\n股市收高。\n油价下跌。\n股市收高。\n")
    assert outline(reading) == [("正文", ("股市收高。", "油价下跌。", "股市收高。"))]


def test_the_first_line_may_be_the_first_heading(read: Read):
    text = "一、股市\n截至收盘，三大指数集体收高。\n二、消息\n官员讲话。\n"
    reading = read(text, "早间要闻.txt", date=DAY)
    assert head(reading) == ("早间要闻", "", DAY)
    assert [title for title, _ in outline(reading)] == ["股市", "消息"]
    assert reading.notes == ("the title is that of the file's name",)


def test_short_lines_stand_alone_and_wrapped_ones_are_joined(read: Read):
    lines = (
        "一、原因\n风险升温\n信用动摇\n指数在98附近震荡，较高点回落。\n"
        "买入\n各国央行连续增持，受益的有\n黄金。\n"
    )
    assert outline(read(f"日评\n2026-05-28\n{lines}")) == [
        ("原因", ("风险升温", "信用动摇", "指数在98附近震荡，较高点回落。", "买入",
                "各国央行连续增持，受益的有黄金。")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "beside"),
    [("2026年5月28日 星期四", ("星期四",)), ("2026-05-28 07:10　来源：某网", ("07:10 来源：某网",)),
     ("发布时间：2026.05.28", ("发布时间",))],
)  # fmt: skip
def test_a_date_and_a_little_else_is_the_line_of_the_date(read: Read, line, beside):
    reading = read(f"晨报\n{line}\n\n股市收高。\n")
    assert (head(reading), outline(reading)) == (("晨报", "", DAY), [("正文", ("股市收高。",))])
    assert reading.left_out == tuple(f"text beside the date (1 place): {one}" for one in beside)


def test_a_sentence_with_a_date_is_a_sentence(read: Read):
    line = "截至2026年5月27日收盘，三大指数集体收高"
    reading = read(f"晨报\n{line}\n\n股市收高。\n", date=DAY)
    assert outline(reading) == [("正文", (line, "股市收高。"))]
    with pytest.raises(FileProblem, match="has no date"):
        read(f"晨报\n{line}\n\n股市收高。\n")


def test_of_several_dates_the_first_is_taken_and_the_others_are_said(read: Read):
    reading = read("晨报（2026年5月28日）\n更新：2026-05-29\n数据：2026-05-27\n一、股市\n收高。\n")
    assert reading.bulletin.date == DAY
    assert reading.notes == (
        "its head names other dates too (2026-05-27, 2026-05-29); --date chooses one",
    )


def test_a_document_may_be_dated_below_its_text(read: Read):
    reading = read("关于某事的通知\n\n一、要求\n加强建设。\n\n某某办公厅\n2026年5月28日\n")
    assert head(reading) == ("关于某事的通知", "", DAY)
    assert reading.notes == ("the date is that below the text",)


def test_a_publisher_is_short_and_no_sentence(read: Read):
    reading = read("晨报\n某某研究会\n昨夜股市收高，油价下跌。\n2026-05-28\n一、股市\n收高。\n")
    assert head(reading) == ("晨报", "某某研究会", DAY)
    assert reading.bulletin.summary == "昨夜股市收高，油价下跌。"


# ---- encodings


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("gb18030", "今日股市收高，油价下跌。"),
     ("big5", "今日股市收高，國際油價下跌，經濟數據公佈。"),
     ("utf-16-le", "今日股市收高，油价下跌。\n"), ("utf-16-be", "今日股市收高，油价下跌。\n"),
     ("utf-8", "今日股市收高，國際油價下跌。"), ("gb18030", "今日國際油價下跌，經濟數據公佈。")],
)  # fmt: skip
def test_letters_are_told_whatever_encoding_they_are_in(encoding, text):
    assert decoded(text.encode(encoding)) == text


# ---- pages and documents

PAGE = """<!DOCTYPE html><html><head><title>隔夜股市收高 - 某网</title><script>var a = 1</script>
<meta property="article:published_time" content="2026-05-28T06:10:00+08:00"></head><body>
<header><a href="/">首页</a></header><nav><ul><li>股票</li></ul></nav>
<div><h1>隔夜股市收高</h1><p>三大指数集体收高。</p><h2>股市</h2>
<p>成交<b>放大</b>，见<a href="javascript:f()">公告</a>。</p>
<table><tr><th rowspan="2">指数</th><th colspan="2">美股</th></tr>
<tr><th>收盘</th><th>涨跌</th></tr>
<tr><td rowspan="2">标普</td><td>7520.36</td><td>0.02%</td></tr>
<tr><td>7519</td><td>甲|乙</td></tr></table>
<figure><img src="a.png" alt="走势"><figcaption>图：走势</figcaption></figure>
<h2>油价</h2><ul><li>布伦特下跌。</li><li>黄金上涨。</li></ul><p style="display: none">秘</p></div>
<div class="related-list related">更多</div><footer>版权</footer></body></html>"""


def test_a_web_page_is_read_without_what_stands_around_its_text(read: Read):
    reading = read(PAGE, "a.html")
    assert head(reading) == ("隔夜股市收高", "", DAY)
    assert reading.bulletin.summary == "三大指数集体收高。"
    assert outline(reading) == [
        ("股市", (
            "成交放大，见公告。",
            "| 指数 | 美股 收盘 | 涨跌 |\n|---|---|---|\n| 标普 | 7520.36 | 0.02% |\n"
            "|  | 7519 | 甲\\|乙 |",
        )),
        ("油价", ("布伦特下跌。", "黄金上涨。")),
    ]  # fmt: skip
    assert reading.left_out == (
        "parts of the page around the text (4 lines): 首页 / 股票 / 更多 / 版权",
        "1 javascript: link",
        "pictures (1 picture): 走势",
        "captions of pictures (1 line): 图：走势",
        "hidden text (1 line): 秘",
    )


@pytest.mark.parametrize("encoding", ["gb2312", "utf-8"])
def test_a_page_says_its_own_encoding(read: Read, encoding):
    page = PAGE.replace("<head>", f'<head><meta charset="{encoding}">').encode(encoding)
    assert read(page, "a.htm").bulletin.title == "隔夜股市收高"


@pytest.mark.parametrize(
    "unit", ["<div>", "<b>", "<table><tr><td>", "<ul><li>", "&#1234;", "<p>字"]
)
def test_a_hostile_page_is_read_or_refused_with_a_sentence(read: Read, unit):
    with suppress(FileProblem):
        read(f"<h1>晨报</h1><p>2026-05-28</p><p>股市收高。</p>{unit * 3_000}", "a.html")


def test_a_table_of_a_word_document_is_kept_with_its_merged_cells_and_its_lists(read: Read):
    made = Document()
    made.add_paragraph("日报")
    made.add_paragraph("2026-05-28")
    made.add_paragraph("一、行情")
    table = made.add_table(3, 3)
    for at, words in enumerate(
        ("指数", "收盘", "涨跌", "标普", "7520.36", "0.02%", "甲", "", "乙")
    ):
        table.cell(at // 3, at % 3).text = words
    table.cell(2, 0).merge(table.cell(2, 1))
    caption = made.styles.add_style("题注", WD_STYLE_TYPE.PARAGRAPH)
    made.add_paragraph("图 1 走势", caption)
    made.add_paragraph().add_run("旧文").font.strike = True
    reading = read(saved(made), "a.docx")
    assert outline(reading) == [
        (
            "行情",
            ("| 指数 | 收盘 | 涨跌 |\n|---|---|---|\n| 标普 | 7520.36 | 0.02% |\n| 甲 |  | 乙 |",),
        )
    ]
    assert reading.left_out == (
        "captions of pictures (1 line): 图 1 走势", "text struck through (1 piece): 旧文",
    )  # fmt: skip


# ---- what is left out


def test_what_is_in_no_bulletin_is_found_wherever_it_stands():
    bulletin = Bulletin(
        date=DAY, title="晨报", publisher="", summary="",
        sections=(Section(number=1, title="股市", paragraphs=("三大指数集体收高，成交放大。",)),),
    )  # fmt: skip
    source = [
        "晨报",
        "2026年5月28日 07:10",
        "一、股市",
        "三大指数集体",
        "收高，成交放大。",
        "油价下跌。",
    ]
    assert unaccounted(source, bulletin, LeftOut()) == ["07 10", "油价下跌"]
    assert "".join(unaccounted([*source[:5], "三大指数"], bulletin, LeftOut())).endswith("三大指数")


@given(
    st.lists(
        st.text(alphabet="股市收高油价下跌，。、（）【】1234567890.%ab \t-：“”", max_size=30),
        max_size=12,
    )
)
def test_every_letter_of_a_text_is_in_its_bulletin_or_said_to_be_left_out(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("text") / "晨报2026-05-28.txt"
    path.write_text("\n".join(["晨报", "2026-05-28", *lines, "完。"]), encoding="utf-8")
    reading = read_bulletin(path)
    source = [line for line in path.read_text(encoding="utf-8").splitlines() if line]
    if not reading.left_out:
        assert unaccounted(source, reading.bulletin, LeftOut()) == []


# ---- the command


def test_strict_refuses_a_file_of_which_anything_is_left_out(data, cli: Cli, written):
    file = written("晨报\n2026-05-28 星期四\n一、股市\n收高。\n", "a.txt")
    done = cli("bulletin", "--strict", file)
    assert (done.status, list((data / "bulletins").glob("2026-05-28.md"))) == (2, [])
    assert is_one_sentence(done.err)
    assert "left out: text beside the date (1 place): 星期四" in done.err
    assert cli("bulletin", file).status == 0
    whole = written("晨报\n2026-05-28\n一、股市\n收高。\n", "b.txt")
    assert cli("bulletin", "--strict", whole).status == 0


def test_two_bulletins_of_a_day_in_one_run_are_refused(data, cli: Cli, written):
    first = written("晨报\n2026-05-28\n一、股市\n收高。\n", "a.txt")
    second = written("晚报\n2026-05-28\n一、股市\n收低。\n", "b.txt")
    done = cli("bulletin", first, second)
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "b.txt: its date, 2026-05-28, is also that of" in done.err.replace("\n", "")
