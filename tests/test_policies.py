"""The register: which entries are one document, what is counted, and what a month counted when."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from conftest import BUNDLED, END_OF_BULLETIN_DAY, Cli, bulletin, reference, served

from etl.bulletins.read import read_bulletin
from etl.catalog import Catalog
from etl.document_scope import ALL_DOCUMENTS, scope_of
from etl.errors import FileProblem
from etl.policies.counts import counts
from etl.policies.identity import is_counted, same_document
from etl.policies.register import (
    COLUMNS,
    documents_from_json,
    documents_to_json,
    read_register,
    with_citations,
)
from etl.records import BEIJING, Document
from etl.settings import Settings
from etl.words.bodies import is_national

REGISTER = BUNDLED / "policies.csv"
MAY = date(2026, 5, 1)


def _rows() -> list[dict[str, str]]:
    with open(REGISTER, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _document(title: str, issuer: str = "国家数据局", **fields: object) -> Document:
    given = {"issued": "", "published": "2026-05-19", "number": "", "topics": (), "kind": "issued"}
    return Document(title=title, issuer=issuer, **{**given, **fields})  # type: ignore[arg-type]


def _count(documents: list[Document], month: date, moment: datetime | None = None) -> float | None:
    known = [
        (o.public_at, o.value)
        for o in counts(documents, ALL_DOCUMENTS)
        if o.date == month and (moment is None or o.public_at <= moment)
    ]
    return max(known)[1] if known else None


@pytest.mark.parametrize(
    "other",
    ["国发[2026]12号", "国发【2026】12 号", "国发（2026）12号", "国发〔２０２６〕１２号",
     "国发 〔 2026 〕 12号"],
)  # fmt: skip
def test_a_number_is_the_same_however_it_is_written(other: str) -> None:
    one = _document("甲", number="国发〔2026〕12号")
    assert same_document(one, _document("另一个题目", number=other))


@pytest.mark.parametrize("other", ["国发〔2026〕13号", "国发〔2025〕12号", "国办发〔2026〕12号"])
def test_another_number_is_another_document_even_under_one_title(other: str) -> None:
    assert not same_document(
        _document("甲", number="国发〔2026〕12号"), _document("甲", number=other)
    )


def test_an_incomplete_number_falls_back_to_title_and_issuer() -> None:
    one = _document("行动方案", "工业和信息化部办公厅", number="工信厅…〔2026〕76号")
    other = _document("另一方案", "工业和信息化部办公厅", number="工信厅…〔2026〕76号")
    assert same_document(one, _document("行动方案", "工业和信息化部", number="工信厅〔2026〕76号"))
    assert not same_document(one, other)


@pytest.mark.parametrize(
    "other",
    [
        "关于印发《数据产业行动计划》的通知",
        "国家数据局关于印发数据产业行动计划的通知",
        "“数据产业”行动计划",
        "数据产业 行动计划",
    ],
)
def test_a_title_is_the_same_with_its_announcement_quotes_and_spaces(other: str) -> None:
    assert same_document(_document("数据产业行动计划"), _document(other))


def test_full_width_letters_and_dashes_make_no_other_title() -> None:
    one = _document("“人工智能＋”行动（２０２６—２０２８年）")
    assert same_document(one, _document("“人工智能+”行动(2026–2028年)"))


def test_the_same_title_of_another_body_is_another_document() -> None:
    one, other = _document("工作要点", "国家数据局"), _document("工作要点", "国家能源局")
    assert not same_document(one, other)


def test_a_joint_document_listed_by_each_of_its_bodies_counts_once(tmp_path: Path) -> None:
    number, other = "发改数据〔2026〕5号", "发改数据[2026]5号"
    rows = [
        ["联合方案", "国家发展改革委、国家数据局", "", "2026-05-06", number, "", "issued"],
        ["联合方案", "国家数据局、国家发展改革委", "", "2026-05-07", other, "", "issued"],
    ]  # fmt: skip
    documents = read_register(_register(tmp_path, rows))
    assert len(documents) == 1
    assert _count(list(documents), MAY) == 1


def test_the_two_work_points_of_19_may_2026_are_two_documents() -> None:
    titles = {d.title for d in read_register(REGISTER) if d.day == "2026-05-19"}
    assert titles == {"2026年数字经济发展工作要点", "2026年数字社会发展工作要点"}


def test_no_document_of_the_bundled_register_is_merged_away() -> None:
    assert len(read_register(REGISTER)) == len(_rows())


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"kind": "draft"}, "a draft for comment"),
        ({"kind": "reply"}, "a reply letter"),
        ({"kind": "interpretation"}, "an interpretation"),
        ({"kind": "media"}, "a report"),
        ({"issuer": "浙江省数据局"}, "a local body"),
        ({"issuer": "上海市经济和信息化委员会"}, "a local body"),
        ({"issuer": "广西壮族自治区人民政府"}, "a local body"),
        ({"issuer": "人民日报海外版"}, "a newspaper"),
        ({"issuer": "新华社"}, "a news agency"),
        ({"published": "2026"}, "a month that is not known"),
    ],
)
def test_it_is_kept_but_not_counted(fields: dict[str, str], why: str) -> None:
    given = {"title": "甲", **fields}
    assert not is_counted(_document(**given)), why  # type: ignore[arg-type]


@pytest.mark.parametrize("issuer", sorted({row["issuer"] for row in _rows()}))
def test_every_issuer_of_the_bundled_register_is_a_national_body(issuer: str) -> None:
    assert is_national(issuer)


def test_the_date_of_issue_counts_where_publication_is_unknown() -> None:
    document = _document("甲", issued="2026-04-30", published="")
    assert document.month == "2026-04"
    assert _document("甲", issued="2026-04-30", published="2026-05-02").month == "2026-05"


def test_may_2026_counts_the_three_documents_of_the_register(published: Settings) -> None:
    assert served(published.data, "policy_documents_monthly")[MAY] == 3


def test_april_2026_counts_one_of_the_register_and_one_that_a_bulletin_cites(
    published: Settings,
) -> None:
    april = [r for r in _rows() if r["date_published"][:7] == "2026-04" and r["kind"] == "issued"]
    assert len(april) == 1
    assert served(published.data, "policy_documents_monthly")[date(2026, 4, 1)] == 2


def test_every_month_counts_what_the_csv_says(catalog: Catalog) -> None:
    """By month, topic, body and kind, counted here from the file and by nothing else."""
    for indicator in (i for i in catalog.all() if i.documents is not None):
        given = indicator.sources[0].params
        expected = Counter(
            (row["date_published"] or row["date_issued"])[:7]
            for row in _rows()
            if row["kind"] == given.get("kind", "issued")
            if not given.get("topics") or set(given["topics"]) & set(row["topics"].split(";"))
            if not given.get("issuers") or any(body in row["issuer"] for body in given["issuers"])
        )
        last: dict[str, float] = {}
        for observation in counts(read_register(REGISTER), scope_of(**given)):
            last[f"{observation.date:%Y-%m}"] = observation.value
        assert {month: value for month, value in last.items() if value} == expected, indicator.id
        assert expected, f"{indicator.id} is empty for lack of documents"


def test_a_joint_document_counts_for_each_body_that_it_names_and_once_in_each_count() -> None:
    documents = [
        _document("甲", "国家发展改革委、国家数据局综合司等六部门"),
        _document("乙", "财政部"),
        _document("丙", "国家数据局", kind="draft"),
    ]
    found = {
        body: counts(documents, scope_of(issuers=body))[-1].value
        for body in (
            ("国家数据局",),
            ("国家发展改革委",),
            ("国家数据局", "国家发展改革委"),
            ("财政部",),
        )
    }
    assert [*found.values()] == [1, 1, 1, 1]


def test_drafts_are_counted_apart_from_the_first_of_them_on() -> None:
    documents = [
        _document("甲", published="2026-02-02"),
        _document("乙（征求意见稿）", published="2026-04-03", kind="draft"),
        _document("丙（征求意见稿）", "浙江省数据局", published="2026-04-03", kind="draft"),
        _document("丁", published="2026-05-02"),
    ]
    drafts = counts(documents, scope_of(kind="draft"))
    assert [(f"{o.date:%Y-%m}", o.value) for o in drafts] == [("2026-04", 1), ("2026-05", 0)]
    assert [o.value for o in counts(documents, ALL_DOCUMENTS)] == [1, 0, 0, 1]
    assert not counts(documents[:1], scope_of(kind="draft"))


def test_a_month_without_a_document_is_zero_only_inside_the_span_of_the_register() -> None:
    months = sorted({r["date_published"][:7] for r in _rows() if r["kind"] == "issued"})
    found = {f"{o.date:%Y-%m}": o.value for o in counts(read_register(REGISTER), ALL_DOCUMENTS)}
    assert (min(found), max(found)) == (months[0], months[-1])
    assert {month for month, value in found.items() if value == 0} == set(found) - set(months)
    assert len(found) == len({o.date for o in counts(read_register(REGISTER), scope_of(["算力"]))})


def test_an_empty_month_is_known_to_be_empty_when_it_is_over() -> None:
    documents = [_document("甲", published="2026-03-02"), _document("乙", published="2026-05-04")]
    april = date(2026, 4, 1)
    assert _count(documents, april, datetime(2026, 4, 30, 12, tzinfo=BEIJING)) is None
    assert _count(documents, april, datetime(2026, 5, 1, tzinfo=BEIJING)) == 0


def test_a_month_grows_as_its_documents_come_out(published: Settings) -> None:
    expected = {7: None, 8: 1.0, 18: 1.0, 19: 3.0, 31: 3.0}
    for day, count in expected.items():
        moment = datetime(2026, 5, day, 23, tzinfo=BEIJING)
        assert served(published.data, "policy_documents_monthly", moment).get(MAY) == count


def test_a_document_of_which_only_the_month_is_known_counts_when_the_month_is_over() -> None:
    document = _document("甲", published="2026-05")
    assert _count([document], MAY, datetime(2026, 5, 31, 23, tzinfo=BEIJING)) is None
    assert _count([document], MAY, datetime(2026, 6, 1, tzinfo=BEIJING)) == 1


def test_an_unknown_policy_that_a_bulletin_cites_is_added_and_counted() -> None:
    held = [_document("甲", published="2026-05-04")]
    cited = bulletin(
        date(2026, 5, 27), reference("国家能源局", "关于绿色算力的指导意见", date(2026, 5, 12))
    )
    documents = with_citations(held, [cited])
    assert [(d.origin, d.cited_by, is_counted(d)) for d in documents] == [
        ("register", (), True),
        ("cited", ("2026-05-27",), True),
    ]
    assert _count(list(documents), MAY) == 2
    assert "算力" in documents[1].topics


def test_a_policy_cited_by_two_bulletins_is_added_once() -> None:
    days = [date(2026, 5, 27), date(2026, 5, 28)]
    entry = reference("国家能源局", "关于绿色算力的指导意见", date(2026, 5, 12))
    (document,) = with_citations([], [bulletin(day, entry) for day in days])
    assert document.cited_by == ("2026-05-27", "2026-05-28")


def test_a_known_policy_that_a_bulletin_cites_is_only_marked() -> None:
    held = [_document("2026年数字经济发展工作要点")]
    title = "国家数据局印发 2026 年数字经济发展工作要点"
    cited = bulletin(date(2026, 5, 27), reference("国家数据局", title, date(2026, 5, 19)))
    (document,) = with_citations(held, [cited])
    assert (document.origin, document.cited_by) == ("register", ("2026-05-27",))


@pytest.mark.parametrize(
    ("publisher", "title"),
    [
        ("人民日报海外版", "国家数据局印发关于绿色算力的指导意见"),
        ("Reuters", "关于绿色算力的指导意见"),
        ("国家数据局", "国家数据局负责人谈绿色算力"),
        ("浙江省数据局", "关于绿色算力的指导意见"),
        ("", "关于绿色算力的指导意见"),
    ],
)
def test_news_about_a_policy_is_not_counted(publisher: str, title: str) -> None:
    cited = bulletin(date(2026, 5, 27), reference(publisher, title, date(2026, 5, 12)))
    assert with_citations([], [cited]) == ()


def test_the_bundled_bulletin_marks_and_adds_what_it_cites() -> None:
    text = read_bulletin(BUNDLED / "bulletins/2026-05-27.md").bulletin
    cited = [d for d in with_citations(read_register(REGISTER), [text]) if d.cited_by]
    assert {d.title: d.origin for d in cited} == {
        "“数据要素×”三年行动计划（2024—2026年）": "register",
        "2026年数字经济发展工作要点": "register",
        "关于举办 2026 年“数据要素 ×”大赛的通知": "cited",
    }


def test_as_of_the_bulletin_the_snapshot_answers_with_its_counts(published: Settings) -> None:
    known = served(published.data, "policy_documents_monthly", END_OF_BULLETIN_DAY)
    assert (known[date(2026, 4, 1)], known[MAY]) == (2, 3)


def test_documents_survive_being_kept_as_text() -> None:
    documents = read_register(REGISTER)
    assert documents_from_json(documents_to_json(documents)) == documents


def _register(folder: Path, rows: list[list[str]]) -> Path:
    path = folder / "policies.csv"
    with open(path, "w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([COLUMNS[:7], *rows])
    return path


GOOD = ["甲", "国家数据局", "", "2026-05-19", "", "", "issued"]


@pytest.mark.parametrize(
    ("column", "wrong", "says"),
    [
        (3, "2026-02-30", "2026-02-30"),
        (2, "19.05.2026", "19.05.2026"),
        (3, "2026-13", "2026-13"),
        (6, "isued", "'issued'"),
        (0, "", "title"),
        (1, "  ", "issuer"),
        (6, "issued,surplus", "cells"),
    ],
)
def test_a_broken_row_of_the_register_is_named_by_its_line(
    column: int, wrong: str, says: str, tmp_path: Path
) -> None:
    row = [wrong if index == column else cell for index, cell in enumerate(GOOD)]
    path = _register(tmp_path, [GOOD])
    with open(path, "a", encoding="utf-8") as lines:
        lines.write(",".join(row) + "\n")
    with pytest.raises(FileProblem) as refused:
        read_register(path)
    assert str(refused.value).startswith(f"{path}, line 3: ")
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["", "title,issuer\n", "titel,issuer,date_issued,date_published,doc_no,topics,kind\n",
     '"title,issuer\n甲,国家数据局\n'],
    ids=["empty", "missing column", "misspelt column", "open quote in the header"],
)  # fmt: skip
def test_a_register_with_a_wrong_header_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "policies.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileProblem, match=r"policies\.csv, line 1"):
        read_register(path)


def test_a_register_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = _register(tmp_path, [GOOD])
    path.write_bytes(path.read_bytes() + "乙,国家数据局,,2026-05-20,,,issued\n".encode("gb18030"))
    with pytest.raises(FileProblem, match="line 3: not UTF-8"):
        read_register(path)


def test_a_missing_register_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="missing"):
        read_register(tmp_path / "policies.csv")


def test_a_moved_document_leaves_no_count_behind(data: Path, cli: Cli) -> None:
    """A month that loses its only document no longer says that it has one."""
    path = data / "policies.csv"
    with open(path, "a", encoding="utf-8") as lines:
        lines.write("误植日期的意见,国家数据局,,2026-07-02,,,issued,,,\n")
    assert cli("run", "policy_documents_monthly", "--offline").status == 0
    july = date(2026, 7, 1)
    assert served(data, "policy_documents_monthly")[july] == 1
    path.write_text(path.read_text("utf-8").replace("2026-07-02", "2026-05-02"), "utf-8")
    assert cli("run", "policy_documents_monthly", "--offline").status == 0
    now = served(data, "policy_documents_monthly", datetime.now(UTC))
    assert now[MAY] == 4
    assert not now.get(july)
