"""A table of a bulletin is kept, shown, and checked cell by cell."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import PICTURES, WAIT_MS
from conftest import Cli, examples, settings_of
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser
from serving import client, republish, running, still

from etl.bulletins.model import Bulletin, Section
from etl.bulletins.plain import plain
from etl.bulletins.read import read_bulletin
from etl.bulletins.tables import TextTable, pipe_row, spaced_tables, table_text
from etl.bulletins.to_markdown import to_markdown
from etl.catalog import Catalog

DAY = "2026-05-27"
HEAD = f'---\ntitle: "收评"\ndate: {DAY}\n---\n\n## 一、行情\n\n'
CELLS = (
    st.text(alphabet="*_`~[]()<>&#;!\\|+-=.)12a 《》：，。、", max_size=9) | st.text(max_size=9)
).map(plain)
ROWS = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=5)
)


def table_in(written, text: str, name: str = "a.md") -> TextTable:
    """The one table of the one section of a bulletin."""
    bulletin = read_bulletin(written(text, name)).bulletin
    tables = [t for s in bulletin.sections for p in s.paragraphs if (t := TextTable.of(p))]
    assert len(tables) == 1
    return tables[0]


def rows_of(table: TextTable) -> list[tuple[str, ...]]:
    return list(table.all_rows)


@given(rows=ROWS)
@examples(200)
def test_a_written_table_is_read_back_equal(tmp_path_factory, rows):
    paragraph = table_text(rows)
    table = TextTable.of(paragraph)
    assert table is not None
    assert rows_of(table) == list(map(tuple, rows))
    for cell in (cell for row in (table.head, *table.rows) for cell in row):
        assert paragraph[cell.start : cell.stop].replace("\\|", "|") == cell.text
    section = Section(number=1, title="行情", paragraphs=("前。", paragraph, "后。"))
    bulletin = Bulletin(
        date=date(2026, 5, 27), title="收评", publisher="", summary="", sections=(section,)
    )
    path = tmp_path_factory.mktemp("written") / "a.md"
    path.write_text(to_markdown(bulletin), encoding="utf-8", newline="")
    reading = read_bulletin(path)
    assert reading.bulletin == bulletin
    assert reading.left_out == ()


@pytest.mark.parametrize(
    "table",
    [
        "| 指数 | 收盘 |\n|---|---|\n| 标普500 | 7519.12 |",
        "指数 | 收盘\n:--- | ---:\n标普500 | 7519.12",
        "| 指数 | 收盘 |\n| 标普500 | 7519.12 |",
        "- 见表\n\n  | 指数 | 收盘 |\n  |---|---|\n  | 标普500 | **7519.12** |",
        "> | 指数 | 收盘 |\n> |---|---|\n> | [标普500](https://example.org) | 7519.12 |",
        "行情如下：\n| 指数 | 收盘 |\n|:-:|:-:|\n| 标普500 | 7519.12 |",
        "```\n指数\t收盘\n标普500\t7519.12\n```",
    ],
)
def test_tables_are_read_however_markdown_writes_them(written, table):
    assert rows_of(table_in(written, HEAD + table)) == [("指数", "收盘"), ("标普500", "7519.12")]


def test_ragged_rows_keep_every_cell_and_pipes_in_cells_are_text(written):
    table = "| 甲 | 乙 |\n|---|---|\n| 1 |\n| 2 | 3\\|4 | 5 |"
    assert rows_of(table_in(written, HEAD + table)) == [
        ("甲", "乙", ""), ("1", "", ""), ("2", "3|4", "5"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "lines",
    [
        "指数\t收盘\t涨跌\n标普500\t7519.12\t+0.61%\n纳指\t26656.18\t+1.19%",
        "指数    收盘    涨跌\n标普500  7519.12  +0.61%\n纳指     26656.18  +1.19%",
        "| 指数 | 收盘 | 涨跌 |\n|---|---|---|\n|标普500|7519.12|+0.61%|\n|纳指|26656.18|+1.19%|",
    ],
)
def test_columns_of_a_text_are_a_table(written, lines):
    table = table_in(written, f"收评\n{DAY}\n一、行情\n{lines}\n以上为收盘。\n", "a.txt")
    assert rows_of(table) == [
        ("指数", "收盘", "涨跌"), ("标普500", "7519.12", "+0.61%"), ("纳指", "26656.18", "+1.19%"),
    ]  # fmt: skip
    assert [table.is_numeric(column) for column in range(3)] == [False, True, True]


def test_words_with_spaces_between_them_are_no_table():
    assert not list(spaced_tables(["甲  乙  丙", "丁  戊  己", "庚"]))
    assert pipe_row("| 甲 | 乙\\|丙 |") == ["甲", "乙|丙"]


def test_a_table_of_ten_thousand_rows_is_read_whole(written):
    rows = "\n".join(f"| {n} | {n}.5 | 甲 |" for n in range(10_000))
    table = table_in(written, f"{HEAD}| 甲 | 乙 | 丙 |\n|---|---|---|\n{rows}\n")
    assert len(table.rows) == 10_000


# ---- checked cell by cell


@pytest.fixture
def told(filled, cli: Cli, written):
    """The verdict of each statement of a section, by what it says."""

    def told(text: str, title: str = "收评") -> dict[str, tuple[str, str]]:
        path = written(HEAD.replace("收评", title) + text, "draft.md")
        claims = json.loads(cli("claims", path, "--json").out)
        return {one["sentence"]: (one["indicator"], one["verdict"]) for one in claims}

    return told


def test_cells_are_judged_by_the_heads_of_their_row_and_column(told):
    table = (
        "| 指数 | 收盘 | 涨跌幅 | 评论 |\n|---|---|---|---|\n"
        "| 标普500（SPX） | 7,519.12 | +0.61% | 创新高 |\n"
        "| 纳斯达克指数 | 26656.18点 | -1.19% | 回落 |\n"
        "| 日经指数 | 50000 | +0.1% | |\n"
        "| 标普500期货 | 7000 | +9% | |\n"
        "| 澳洲标普200 | 8000 | +9% | |\n"
    )
    assert told(table) == {
        "标普500（SPX） · 收盘：7,519.12": ("sp500", "supported"),
        "标普500（SPX） · 涨跌幅：+0.61%": ("sp500", "supported"),
        "纳斯达克指数 · 收盘：26656.18点": ("nasdaq_composite", "supported"),
        "纳斯达克指数 · 涨跌幅：-1.19%": ("nasdaq_composite", "contradicted"),
    }


@pytest.mark.parametrize(
    ("table", "sentences"),
    [
        ("| 日期 | 标普500 |\n|---|---|\n| 2026-05-22 | 7473.47 |\n| 5月26日 | 7519.12 |",
         {"2026-05-22 · 标普500：7473.47", "5月26日 · 标普500：7519.12"}),
        ("| 指数 | 5月22日 | 5月26日收盘 |\n|---|---|---|\n| 标普500 | 7473.47 | 7519.12 |",
         {"标普500 · 5月22日：7473.47", "标普500 · 5月26日收盘：7519.12"}),
        ("5月22日行情：\n\n| 指数 | 收盘 |\n|---|---|\n| 标普500 | 7473.47 |",
         {"标普500 · 收盘：7473.47"}),
        ("| 日期 | 标普500收盘 | 标普500涨跌幅 |\n|---|---|---|\n| 5月26日 | 7519.12 | 0.61% |",
         {"5月26日 · 标普500收盘：7519.12", "5月26日 · 标普500涨跌幅：0.61%"}),
    ],
)  # fmt: skip
def test_a_date_in_a_head_or_above_a_table_gives_the_session(told, table, sentences):
    found = told(table)
    assert set(found) == sentences
    assert set(found.values()) == {("sp500", "supported")}


@pytest.mark.parametrize(
    "text",
    [
        "| 指数 | 最新价 | 涨跌幅 |\n|---|---|---|\n| 标普500 | 9000 | +9% |",
        "| 指数 | 周涨跌 | 前值 | 目标 |\n|---|---|---|---|\n| 标普500 | 9% | 9 | 9 |",
        "本周表现：\n\n| 指数 | 收盘 | 涨跌幅 |\n|---|---|---|\n| 标普500 | 9000 | +9% |",
        "截至发稿：\n\n| 指数 | 收盘 | 涨跌幅 |\n|---|---|---|\n| 标普500 | 9000 | +9% |",
        "| 期货合约 | 收盘 |\n|---|---|\n| 标普500 | 9000 |",
        "| 机构 | 指数 | 收盘 |\n|---|---|---|\n| 甲银行 | 标普500 | 9000 |",
        "| 指数 | 收盘 |\n|---|---|\n| 标普500与纳指 | 9000 |",
        "| 品种 | 收盘 |\n|---|---|\n| 10年期美债收益率 | 9 |",
        "| 品种 | 收盘 |\n|---|---|\n| 3年期美债收益率 | 9% |",
        "| 品种 | 收盘 |\n|---|---|\n| 7年期美债收益率 | 9% |",
        "5月22日至5月26日：\n\n| 指数 | 收盘 |\n|---|---|\n| 标普500 | 9000 |",
    ],
)
def test_a_cell_whose_heads_are_not_surely_read_is_no_statement(told, text):
    assert told(text) == {}


def test_a_table_of_a_weekly_review_is_not_read_as_the_days(told):
    table = "| 指数 | 收盘 | 涨跌幅 |\n|---|---|---|\n| 标普500 | 9000 | +9% |"
    assert told(table, title="一周回顾") == {}


# ---- shown


def test_a_table_is_shown_as_one_with_links_and_marks_in_its_cells(
    filled: Path, catalog: Catalog
) -> None:
    table = table_text(
        [["指数", "收盘", "备注"], ["标普500", "7519.12", "甲|乙 <b>"], ["纳指", "1.00", ""]]
    )
    bulletin = Bulletin(
        date=date(2026, 5, 28), title="收评", publisher="", summary="",
        sections=(Section(number=1, title="行情", paragraphs=("如下。", table)),),
    )  # fmt: skip
    republish(filled, catalog, bulletin)
    site = client(settings_of(filled))
    page = still(site.get("/bulletins/2026-05-28"))
    shown = page.one("table", css="of-text")
    assert [cell.text for cell in shown.all("th")] == ["指数", "收盘", "备注"]
    assert [cell.text for cell in shown.all("td")] == [
        "标普500", "7519.12", "甲|乙 <b>", "纳指", "1.00", "",
    ]  # fmt: skip
    first, close, *_ = shown.all("td")
    assert first.one("a", css="mention").text == "标普500"
    assert "verdict" in close.one("a", css="verdict").classes
    assert close.classes == ["n"]
    assert first.classes == []
    assert "| 指数 |" not in page.text
    assert not list(page.all(css="summary"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_wide_table_scrolls_inside_itself_on_a_phone(
    filled: Path, catalog: Catalog, browser: Browser, scheme: Literal["light", "dark"]
) -> None:
    heads = ["指数", "收盘", "涨跌幅", "年初至今", "成交额（亿美元）", "备注"]
    rows = [["标普500", "7,519.12", "+0.61%", "+9.84%", "5,123.40", "科技股领涨，能源股走低"],
            ["纳斯达克指数", "26,656.18", "-1.19%", "+14.20%", "12.00", ""]]  # fmt: skip
    bulletin = Bulletin(
        date=date(2026, 5, 28), title="收评", publisher="", summary="",
        sections=(Section(number=1, title="行情", paragraphs=(table_text([heads, *rows]),)),),
    )  # fmt: skip
    republish(filled, catalog, bulletin)
    with running(filled) as address:
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, locale="zh-CN", color_scheme=scheme
        )
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(f"{address}/bulletins/2026-05-28")
        frame = page.locator(".scroll", has=page.locator(".of-text"))
        frame.scroll_into_view_if_needed()
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"table-390-{scheme}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert frame.evaluate("e => e.scrollWidth > e.clientWidth")
        figure = frame.locator("td.n").first
        assert figure.evaluate("e => getComputedStyle(e).textAlign") == "right"
        assert "tabular-nums" in figure.evaluate("e => getComputedStyle(e).fontVariantNumeric")
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
        context.close()
