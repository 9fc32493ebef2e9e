"""What `import --indicator` makes of tables as the secretariat keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, is_one_sentence, served, snapshot, vintages
from hand_files import Cells, csv_of, own_catalog, quickly, read, refusal, with_results, workbook
from test_import_bounds import FAR, ROW, in_sheet, sheet

from etl.catalog import load_catalog
from etl.words.numbers import change
from etl.words.sentences import change_words

JAN, FEB, MAR = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
HEAD = ("月份", "数值")


def values(folder: Path, raw: bytes, **more: Any) -> dict[date, float]:
    return {one.date: one.value for one in read(folder, raw, **more).values}


def table(*rows: Any, head: Any = HEAD) -> bytes:
    return quickly([head, *rows])


PERIODS: dict[str, tuple[object, ...]] = {
    "monthly": ("2026年1月", "2026年01月份", "2026-01", "2026/1", "202601", "２０２６年１月",
                "2026 年 1 月",
                "2026/1/31", "2026-01-31", "2026年1月31日", "20260131", date(2026, 1, 31),
                datetime(2026, 1, 1), "2026M01", "Jan 2026", "2026.01"),
    "quarterly": ("2026年第一季度", "2026年一季度", "2026年1季度", "2026Q1", "2026-q1", "2026年Q1",
                  date(2026, 3, 31)),
    "annual": ("2026年", "2026", 2026, "2026年度", "2026年全年", date(2026, 12, 31)),
    "event": ("2026-01-01", "2026年1月1日", date(2026, 1, 1)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("frequency", "written"), [(kind, one) for kind, several in PERIODS.items() for one in several]
)
def test_a_period_is_read_as_people_write_it(
    frequency: str, written: object, tmp_path: Path
) -> None:
    calendar = {"monthly": "month", "quarterly": "quarter", "annual": "year", "event": "event"}
    catalog = own_catalog(tmp_path / "c.yaml", frequency=frequency, calendar=calendar[frequency])
    assert values(tmp_path, table((written, 5)), catalog=catalog) == {JAN: 5.0}


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("1月", "names no year"), ("一季度", "names no year"), ("2026年第一季度", "is a quarter"),
        ("2026", "is a year"), ("2026年1—2月", "several periods"),
        ("2026年1-2月", "several periods"), ("1至2月", "several periods"),
        ("2026年上半年", "several periods"), ("2026年1-3月累计", "several periods"),
        ("2026.1", "is no period"), ("2026年13月", "no period"), ("元月", "is no period"),
        ("二〇二六年一月", "is no period"), ("1/31/2026", "is no period"),
        ("2026-02-30", "no period"),
    ],
)  # fmt: skip
def test_a_period_that_may_mean_another_is_refused_with_its_cell(
    written: str, says: str, tmp_path: Path
) -> None:
    said = refusal(tmp_path, table(("2026年3月", 4), (written, 5)))
    assert f"line 3: A3 '{written}'" in said
    assert says in said


def test_two_months_in_one_without_a_value_are_no_trouble(tmp_path: Path) -> None:
    assert values(tmp_path, table(("2026年1—2月", ""), ("2026年3月", 5))) == {MAR: 5.0}


NUMBERS = {
    "14,603": 14603, "１４，６０３": 14603, "1.46万家": 14600, "14603家": 14603, "14 603": 14603,
    "1.46万": 14600, "-5": -5, "−5": -5, "1.5e3": 1500, "5 家": 5,
}  # fmt: skip


@pytest.mark.parametrize("written", NUMBERS)
def test_a_number_is_read_as_people_write_it(written: str, tmp_path: Path) -> None:
    assert values(tmp_path, table(("2026年1月", written))) == {JAN: NUMBERS[written]}


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("约5", "no number"), ("5-6", "cannot be told in 家"), ("1,46", "no number"),
        ("5 亿元", "cannot be told in 家"), ("5%", "cannot be told in 家"), ("（5）", "no number"),
        ("1.234,5", "no number"), ("#DIV/0!", "holds the error #DIV/0!"), ("inf", "no number"),
        (date(2026, 1, 5), "is a date"), ("=A1", "formula whose result is not stored"),
    ],
)  # fmt: skip
def test_what_is_surely_no_value_is_refused_with_its_cell(
    written: object, says: str, tmp_path: Path
) -> None:
    said = refusal(tmp_path, table(("2026年1月", 1), ("2026年2月", written)))
    assert ": 表1!B3 " in said or "line 3: B3 " in said
    assert says in said


UNITS: list[tuple[str, str, float]] = [
    ("cny_bn", "亿元", 0.5), ("cny_bn", "万亿元", 5000), ("cny_bn", "万元", 5e-5),
    ("cny_bn", "元", 5e-9), ("cny_bn", "十亿元", 5), ("cny_bn", "亿元人民币", 0.5),
    ("usd_bn", "亿美元", 0.5), ("firms", "万家", 50000), ("firms", "家", 5), ("percent", "%", 5),
    ("shares", "万股", 50000), ("shares", "亿股", 5e8), ("cny_bn", "单位：亿元", 0.5),
]  # fmt: skip


@pytest.mark.parametrize(("unit", "written", "value"), UNITS)
@pytest.mark.parametrize("where", ["head", "above", "column", "cell", "option"])
def test_a_value_is_told_in_the_unit_of_the_indicator_wherever_its_own_is_written(
    unit: str, written: str, value: float, where: str, tmp_path: Path
) -> None:
    catalog, plain = own_catalog(tmp_path / "c.yaml", unit=unit), written.removeprefix("单位：")
    raw = {
        "head": table(("2026年1月", 5), head=("月份", f"数值（{written}）")),
        "above": quickly([("表",), (f"单位：{plain}",), HEAD, ("2026年1月", 5)]),
        "column": table(("2026年1月", 5, plain), head=(*HEAD, "单位")),
        "cell": table(("2026年1月", f"5{plain}")),
        "option": table(("2026年1月", 5)),
    }[where]
    options = {"unit": plain} if where == "option" else {}
    found = values(tmp_path, raw, catalog=catalog, **options)
    assert found == {JAN: pytest.approx(value, rel=1e-12)}


@pytest.mark.parametrize(
    ("unit", "written"),
    [("cny_bn", "亿美元"), ("cny_bn", "亿吨"), ("firms", "个"), ("percent", "家"), ("usd", "元")],
)
def test_a_unit_that_is_not_that_of_the_indicator_is_refused(
    unit: str, written: str, tmp_path: Path
) -> None:
    catalog = own_catalog(tmp_path / "c.yaml", unit=unit)
    raw = table(("2026年1月", 5), head=("月份", f"数值（{written}）"))
    assert f"is counted in '{written}', which cannot be told in" in refusal(
        tmp_path, raw, catalog=catalog
    )


def test_a_number_of_no_unit_is_refused_where_readers_count_in_another(tmp_path: Path) -> None:
    catalog = own_catalog(tmp_path / "c.yaml", unit="cny_bn")
    said = refusal(tmp_path, table(("2026年1月", 5)), catalog=catalog)
    assert "nothing says in which unit" in said
    assert "数值（亿元）" in said
    assert "--unit" in said


def test_a_cell_shown_in_percent_is_what_a_reader_sees(tmp_path: Path) -> None:
    def shown(book: Any) -> None:
        book.worksheets[0]["B2"].number_format = "0.0%"

    raw = workbook([HEAD, ("2026年1月", 0.052)], change=shown)
    catalog = own_catalog(tmp_path / "c.yaml", unit="percent")
    assert values(tmp_path, raw, catalog=catalog) == {JAN: 5.2}
    assert "'%', which cannot be told in 家" in refusal(tmp_path, raw)


def test_titles_above_and_notes_below_are_none_of_the_table(tmp_path: Path) -> None:
    def merged(book: Any) -> None:
        book.worksheets[0].merge_cells("A1:D1")

    raw = workbook(
        [("国家级专精特新“小巨人”企业数",), ("单位：家", None, "2026 年"), (),
         ("序号", "月份", "数值", "备注"), (1, "2026年1月", 5, None), (2, "2026年2月", 6, "含撤销"),
         ("合计", None, 11), (None, "平均", 5.5), ("注：由各省报送，截至月末。",),
         ("数据来源：工信部", None, 2026),
         ("这是一条没有写明是注的很长的说明文字，共二十多个字。",)],
        change=merged,
    )  # fmt: skip
    found = read(tmp_path, raw)
    assert [(one.date, one.value, one.note) for one in found.values] == [
        (JAN, 5.0, ""), (FEB, 6.0, "含撤销"),
    ]  # fmt: skip
    assert "Row 7 ('合计') is no period and was left out." in found.remarks


def test_an_empty_cell_is_missing_and_never_nought(tmp_path: Path) -> None:
    raw = table(("2026年1月", None), ("2026年2月", "—"), ("2026年3月", "暂无"), ("2026年4月", "…"),
                ("2026年5月", 0))  # fmt: skip
    found = read(tmp_path, raw)
    assert {one.date: one.value for one in found.values} == {date(2026, 5, 1): 0.0}
    assert found.remarks == ["No value for January 2026, February 2026, March 2026 and 1 more."]


def test_two_values_for_one_period_are_refused_with_both_cells(tmp_path: Path) -> None:
    said = refusal(tmp_path, table(("2026年1月", 5), ("2026-02", 6), (date(2026, 1, 31), 5)))
    assert "表1!B2 and 表1!B4 are two values for January 2026; keep one." in said


def test_a_value_in_a_row_without_a_period_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, table(("2026年1月", 5), (None, 6)))
    assert "B3 holds a value, and its row names no period." in said


BOTH = [("月份", "本月", "累计"), ("2026年1月", 5, 9)]
COLUMNS: dict[str, tuple[Cells, dict[str, str], float | str]] = {
    "the only one with numbers": ([("月份", "家数", "说明"), ("2026年1月", 5, "x")], {}, 5),
    "the one called so": ([("月份", "同比", "数值"), ("2026年1月", 1, 5)], {}, 5),
    "the indicator's own": ([("月份", "小巨人企业数", "数值"), ("2026年1月", 5, 9)], {}, 5),
    "the one that is named": (BOTH, {"value": "本月"}, 5),
    "the one of a letter": (BOTH, {"value": "b"}, 5),
    "below a head of two rows": (
        [("月份", "新增（家）", None), (None, "本月", "累计"), ("2026年1月", 5, 9)],
        {"value": "新增（家） 本月"}, 5,
    ),
    "month or sum": (
        BOTH, {}, "several columns hold numbers: 本月 (B), 累计 (C); say which is kept: --column",
    ),
    "a sum alone": ([("月份", "1月以来累计"), ("2026年1月", 9)], {}, "sums since January"),
    "none": ([("月份", "说明"), ("2026年1月", "无数")], {}, "holds numbers (found: 月份, 说明)"),
    "not there": (
        [HEAD, ("2026年1月", 5)], {"value": "家数"}, "no column '家数' (found: 月份, 数值)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
def test_the_column_of_the_values_is_found_or_asked_for(name: str, tmp_path: Path) -> None:
    rows, options, expected = COLUMNS[name]
    if isinstance(expected, str):
        said = refusal(tmp_path, quickly(rows), **options)
        assert expected in said
        assert "line 1" in said
    else:
        assert values(tmp_path, quickly(rows), **options) == {JAN: expected}


def test_an_indicator_that_is_a_sum_takes_the_column_of_sums(tmp_path: Path) -> None:
    title = {"zh": "新增企业数（累计）", "en": "New firms, year to date"}
    catalog = own_catalog(tmp_path / "c.yaml", title=title)
    raw = workbook([("月份", "本月", "累计"), ("2026年1月", 5, 9)])
    assert values(tmp_path, raw, catalog=catalog) == {JAN: 9}


def test_months_side_by_side_are_read_from_the_row_of_the_indicator(tmp_path: Path) -> None:
    rows = [("指标", "2026年2月", "2026年1月"), ("小巨人企业数（家）", 6, 5), ("其他", 1, 2)]
    assert values(tmp_path, workbook(rows)) == {JAN: 5, FEB: 6}
    assert values(tmp_path, workbook(rows), value="其他") == {JAN: 2, FEB: 1}
    assert "2 of its rows can be kept (rows: a, b)" in refusal(
        tmp_path, workbook([rows[0], ("a", 1, 2), ("b", 3, 4)])
    ).replace("0 of", "2 of")


def hide(**what: Any) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        first = book.worksheets[0]
        if "row" in what:
            first.row_dimensions[what["row"]].hidden = True
        if "column" in what:
            first.column_dimensions[what["column"]].hidden = True
        if "sheet" in what:
            book.worksheets[what["sheet"]].sheet_state = "hidden"

    return change


def test_hidden_rows_are_read_and_said_hidden_columns_only_if_named(tmp_path: Path) -> None:
    rows = [(*HEAD, "旧"), ("2026年1月", 5, 1), ("2026年2月", 6, 2)]
    found = read(tmp_path, workbook(rows, change=hide(row=3, column="C")))
    assert [one.value for one in found.values] == [5, 6]
    assert found.remarks == [
        "The hidden row 3 was read too.", "Columns are hidden: C; they are taken only if named.",
    ]  # fmt: skip
    assert values(tmp_path, workbook(rows, change=hide(column="C")), value="旧") == {JAN: 1, FEB: 2}


def test_of_several_sheets_the_one_that_fits_is_taken_or_one_is_asked_for(tmp_path: Path) -> None:
    one, other = [HEAD, ("2026年1月", 5)], [HEAD, ("2026年1月", 6)]
    words = [("填表说明",), ("各省每月 10 日前报送", "无")]
    assert values(tmp_path, workbook(words, one)) == {JAN: 5}
    assert values(tmp_path, workbook(one, other, change=hide(sheet=0))) == {JAN: 6}
    assert values(tmp_path, workbook(one, other), sheet="表2") == {JAN: 6}
    assert "2 of its sheets hold periods (表1, 表2); say which: --sheet" in refusal(
        tmp_path, workbook(one, other)
    )
    assert "no sheet '表3' (found: 表1, 表2)" in refusal(
        tmp_path, workbook(one, other), sheet="表3"
    )


def test_the_stored_result_of_a_formula_is_its_value(tmp_path: Path) -> None:
    raw = table(("2026年1月", 5), ("2026年2月", "=B2+1"))
    assert values(tmp_path, with_results(raw, {"B3": "6"})) == {JAN: 5, FEB: 6}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_is_read_in_whatever_excel_wrote_it(encoding: str, tmp_path: Path) -> None:
    rows = [("小巨人企业数",), HEAD, ("2026年1月", "14,600"), ("2026年2月", 14603)]
    assert values(tmp_path, csv_of(rows, encoding)) == {JAN: 14600, FEB: 14603}
    tabs = "月份\t数值\n2026年1月\t1,234,567.5\n".encode(encoding)
    assert values(tmp_path, tabs) == {JAN: 1234567.5}


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "holds nothing"), (b"\xff\xff\xff\x00", "no workbook, and no text"),
        (b"%PDF-1.7", "no head"), ("2026年1月,5\n2026年2月,6\n".encode(), "no head"),
        (b"PK\x03\x04 not a workbook", "XLSX"), (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old .xls"),
        (in_sheet(sheet(ROW + FAR)), "names row 2,000,000,000"),
        (in_sheet(sheet(" " * 30_000_000)), "unpacks to far more"),
        ("月份,数值\n2026年1月,\"5\n".encode(), "no well-formed CSV"),
        ("月份,数值\n".encode() + b"x" * 1_100_000, "1,000,000 characters"),
        ("月份,数值\n".encode() + "2026年1月,5\n".encode() * 100_001, "more than 100,000 rows"),
        ("月份,数值\n".encode(), "it holds no value of kept"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_one_sentence(raw: bytes, says: str, tmp_path: Path) -> None:
    name = "月报.xlsx" if raw[:2] in (b"PK", b"\xd0\xcf") else "月报.csv"
    said = refusal(tmp_path, raw, name=name)
    assert says in said
    assert name in said
    assert "\n" not in said


@pytest.fixture
def kept(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose catalog has one series kept by hand."""
    expect = {"min": 0, "max": 100_000, "max_change_pct": 50}
    rule = {"rule": "next_month", "n": 10, "zone": "Asia/Shanghai"}
    catalog = own_catalog(tmp_path / "own.yaml", expect=expect, publication=rule)
    monkeypatch.setenv("XINZHI_CATALOG", str(catalog))
    return data


def put(folder: Path, *rows: Any, name: str = "月报.xlsx") -> Path:
    path = folder / name
    path.write_bytes(workbook([HEAD, *rows]))
    return path


def test_a_table_is_stored_with_who_entered_it_and_why(kept: Path, cli: Cli) -> None:
    path = put(kept, ("2026年1月", 5), ("2026年2月", 6))
    done = cli("import", path, "--indicator", "kept", "--author", "王芳", "--reason", "首次录入",
               "--note", "由各省报送")  # fmt: skip
    assert done.status == 0, done.err
    assert served(kept, "kept") == {JAN: 5.0, FEB: 6.0}
    with snapshot(kept) as found:
        query = "select distinct source, credit, note, status from observations"
        (row,) = found.execute(query).fetchall()
    assert row == (
        "import",
        "据《月报.xlsx》，录入：王芳，理由：首次录入",
        "由各省报送",
        "imported",
    )


def test_a_value_that_is_mended_is_a_vintage_and_the_same_again_is_none(
    kept: Path, cli: Cli
) -> None:
    first, second = "2026-04-01T09:00+08:00", "2026-05-01T09:00+08:00"
    path = put(kept, ("2026年1月", 5), ("2026年2月", 6))
    assert cli("import", path, "--indicator", "kept", "--known-at", first).status == 0
    put(kept, ("2026年1月", 5), ("2026年2月", 7))
    assert cli("import", path, "--indicator", "kept", "--known-at", second).status == 0
    assert vintages(kept) == 3
    assert cli("import", path, "--indicator", "kept", "--author", "李四").status == 0
    assert vintages(kept) == 3
    assert served(kept, "kept", datetime(2026, 4, 15, tzinfo=UTC))[FEB] == 6
    assert served(kept, "kept")[FEB] == 7


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (("2026年2月", 600), "表1!B3: kept: 2026-02-01"), (("2026年2月", -5), "negative"),
        (("2099年2月", 5), "the date lies in the future"), (("2026年2月", "约6"), "表1!B3 '约6'"),
    ],
)  # fmt: skip
def test_one_wrong_cell_stores_nothing_and_is_named(
    row: tuple[object, ...], says: str, kept: Path, cli: Cli
) -> None:
    path = put(kept, ("2026年1月", 5), row)
    done = cli("import", path, "--indicator", "kept")
    assert (done.status, is_one_sentence(done.err)) == (2, True), done.err
    assert f"{path}, line 3: " in done.err
    assert says in done.err
    assert not (kept / "warehouse.duckdb").exists() or vintages(kept) == 0


def test_a_value_is_judged_beside_what_is_held(kept: Path, cli: Cli) -> None:
    assert cli("import", put(kept, ("2026年1月", 5)), "--indicator", "kept").status == 0
    done = cli("import", put(kept, ("2026年2月", 50)), "--indicator", "kept")
    assert done.status == 2
    assert "表1!B2: kept: 2026-02-01" in done.err
    assert served(kept, "kept") == {JAN: 5.0}


def test_a_period_keeps_the_day_under_which_it_is_held(kept: Path, cli: Cli) -> None:
    usual = kept / "usual.csv"
    usual.write_text("indicator,date,value\nkept,2026-01-31,5\n", encoding="utf-8")
    assert cli("import", usual).status == 0
    assert cli("import", put(kept, ("2026年1月", 6)), "--indicator", "kept").status == 0
    assert served(kept, "kept") == {date(2026, 1, 31): 6.0}


def test_a_table_of_indicators_gives_its_own_rows_to_one(kept: Path, cli: Cli) -> None:
    usual = kept / "usual.csv"
    usual.write_text("indicator,date,value\nkept,2026-01-01,5\nother,2026-01-01,9\n", "utf-8")
    assert cli("import", usual, "--indicator", "kept").status == 0
    assert served(kept, "kept") == {JAN: 5.0}
    assert served(kept, "other") == {}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--indicator", "kepd"], "Did you mean 'kept'?"), (["--author", "王芳"], "--indicator"),
        (["more.xlsx", "--indicator", "kept"], "takes one file"),
        (["--indicator", "kept", "--note", "长" * 201], "be brief"),
    ],
)  # fmt: skip
def test_what_belongs_to_one_table_is_asked_of_one(
    arguments: list[str], says: str, kept: Path, cli: Cli
) -> None:
    done = cli("import", put(kept, ("2026年1月", 5)), *arguments)
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert says in done.err


def test_an_indicator_of_no_value_waits_and_says_so(kept: Path, cli: Cli) -> None:
    assert cli("run", "--offline").status == 0
    told = {row["id"]: row for row in json.loads(cli("status", "--json").out)}
    assert told["kept"]["newest"] is None


def test_a_change_of_heads_is_told_as_so_many_more(tmp_path: Path) -> None:
    known = load_catalog(own_catalog(tmp_path / "c.yaml", decimals=0))
    one, unit = known["kept"], known.units["firms"]

    def told(now: float, lang: str) -> str:
        return change_words(change(now, 120, one, unit, lang), one, unit, lang)

    assert told(125, "zh") == "较上月增加 5 家"
    assert told(119, "zh") == "较上月减少 1 家"
    assert told(120, "zh") == "与上月持平"
    assert told(125, "en") == "up 5 firms"
    assert told(121, "en") == "up 1 firm"


def test_a_bulletin_is_judged_by_the_heads_that_were_added(
    kept: Path, cli: Cli, tmp_path: Path
) -> None:
    catalog = tmp_path / "own.yaml"
    text = catalog.read_text(encoding="utf-8")
    more = '    aliases: ["小巨人企业"]\n    statements: {"places": ["cn"]}\n  other:'
    catalog.write_text(text.replace("  other:", more, 1), encoding="utf-8")
    rows = [("2026年2月", 14603), ("2026年3月", 14608)]
    assert cli("import", put(kept, *rows), "--indicator", "kept").status == 0
    draft = tmp_path / "2026-05-27.md"
    draft.write_text(
        "# 新质生产力每日动态\n\n2026年5月27日\n\n## 一、动态\n\n"
        "2026 年 3 月，小巨人企业为 14608 家，较上月增加 5 家。"
        "2026 年 3 月，小巨人企业较上月增加 50 家。\n",
        encoding="utf-8",
    )
    told = json.loads(cli("claims", draft, "--json").out)
    assert [(one["kind"], one["value"], one["verdict"]) for one in told] == [
        ("level", 14608.0, "supported"), ("change", 5.0, "supported"),
        ("change", 50.0, "contradicted"),
    ]  # fmt: skip


#: Tables as they stand in public, a few rows of each: the oil prices of github.com/datasets, an
#: export of the National Bureau of Statistics, and the populations that Our World in Data keeps.
PUBLIC: dict[str, tuple[str, dict[str, object], dict[str, object], dict[date, float]]] = {
    "one series": (
        "Date,Price\n2025-07-15,71.04\n2025-08-15,67.87\n", {}, {"unit": "usd_bbl"},
        {date(2025, 7, 1): 71.04, date(2025, 8, 1): 67.87},
    ),
    "years side by side": (
        "数据库：分省年度数据\n指标：年末常住人口(万人)\n时间：最近10年\n地区,2023年,2022年,2021年\n北京市,2186,2184,2189\n"
        "天津市,1364,1363,1373\n数据来源：国家统计局\n",
        {"where": {"地区": "北京市"}, "unit": "万人"},
        {"unit": "own", "frequency": "annual", "calendar": "year"},
        {date(2021, 1, 1): 2189e4, date(2022, 1, 1): 2184e4, date(2023, 1, 1): 2186e4},
    ),
    "a row for each country and year": (
        "Country,Year,Population\nAfghanistan,2018,37172000\nAfghanistan,2019,38042000\n"
        "Albania,2018,2883000\nAlbania,2019,2881000\n",
        {"where": {"Country": "Albania"}, "value": "Population", "unit": "人"},
        {"unit": "own", "frequency": "annual", "calendar": "year"},
        {date(2018, 1, 1): 2883000, date(2019, 1, 1): 2881000},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLIC)
def test_tables_that_stand_in_public_are_read(name: str, tmp_path: Path) -> None:
    text, choice, changed, expected = PUBLIC[name]
    catalog = own_catalog(tmp_path / "c.yaml", **changed)
    people = "  own: {code: people, label: {zh: 万人, en: people}, zh_factor: 1.0e-4}\ngroups:"
    words = catalog.read_text(encoding="utf-8").replace("groups:", people, 1)
    catalog.write_text(words, encoding="utf-8")
    assert values(tmp_path, text.encode(), catalog=catalog, **choice) == expected
