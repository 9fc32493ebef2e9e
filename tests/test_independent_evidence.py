"""What the site knows only through a bulletin supports no bulletin."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from conftest import BUNDLED, Cli, bulletin, is_one_sentence, reference, settings_of, snapshot
from serving import TestClient, client, republish

from etl.bulletins.read import read_bulletin
from etl.catalog import Catalog
from etl.claims.model import Claim
from etl.document_scope import ALL_DOCUMENTS
from etl.policies.counts import counts
from etl.policies.register import read_register, with_citations
from etl.settings import Settings

DAY = date(2026, 5, 27)
REAL = BUNDLED / "bulletins" / f"{DAY}.md"
OWN = "出自本期，尚无独立来源。"


def judged(site: TestClient, day: date = DAY) -> list[Claim]:
    answer = site.get(f"/api/v1/bulletins/{day}/claims")
    assert answer.status_code == 200, answer.text[:300]
    return [Claim.model_validate(one) for one in answer.json()["claims"]]


def found_elsewhere(folder: Path) -> None:
    """A person has found the figures of counts.csv elsewhere."""
    path = folder / "figures" / "counts.csv"
    path.write_text(path.read_text("utf-8").replace(f",{DAY}\n", ",\n"), "utf-8")


def add(folder: Path, day: date, summary: str) -> None:
    text = REAL.read_text("utf-8").replace(f"date: {DAY}", f"date: {day}")
    head, _, _ = text.partition("summary:")
    body = f'{head}summary: "{summary}"\n---\n\n## 一、节\n\n{summary}\n'
    (folder / "bulletins" / f"{day}.md").write_text(body, "utf-8")


def test_the_two_counts_of_the_bundled_bulletin_rest_on_it_alone(site: TestClient) -> None:
    counted = [claim for claim in judged(site) if claim.kind == "count"]
    assert [(c.indicator, c.value) for c in counted] == [
        ("digital_economy_work_point_tasks", 8.0),
        ("data_contest_tracks", 16.0),
        ("data_contest_tracks", 1.0),
    ]
    assert {(c.verdict, c.reason, c.evidence) for c in counted} == {("unverifiable", OWN, None)}


def test_a_figure_is_independent_once_a_person_has_found_it_elsewhere(
    filled: Path, cli: Cli
) -> None:
    (filled / "bulletins" / REAL.name).write_bytes(REAL.read_bytes())
    found_elsewhere(filled)
    assert cli("run", "--offline").status == 0
    counted = [c for c in judged(client(settings_of(filled))) if c.kind == "count"]
    assert {c.verdict for c in counted} == {"supported"}
    assert cli("run", "--offline").status == 0
    with snapshot(filled) as connection:
        rows = connection.execute(
            "select status from vintages where indicator = 'data_contest_tracks' "
            "and date = '2026-01-01' order by load"
        ).fetchall()
    assert rows == [("cited",), ("bundled",)]


@pytest.mark.parametrize("day", [date(2026, 5, 26), date(2026, 5, 28)])
@pytest.mark.parametrize("summary", ["大赛今年设 17 个赛道。", "大赛今年设 18 个赛道。"])
def test_another_issue_is_neither_supported_nor_refuted_by_it(
    filled: Path, cli: Cli, day: date, summary: str
) -> None:
    add(filled, day, summary)
    assert cli("run", "--offline").status == 0
    claims = judged(client(settings_of(filled)), day)
    assert {c.verdict for c in claims} == {"unverifiable"}
    assert {c.reason for c in claims} == {f"出自 {DAY} 一期，尚无独立来源。"}


def test_the_figure_of_another_year_has_a_source_of_its_own(filled: Path, cli: Cli) -> None:
    add(filled, date(2026, 5, 28), "2024 年大赛设 12 个赛道。")
    assert cli("run", "--offline").status == 0
    claims = judged(client(settings_of(filled)), date(2026, 5, 28))
    assert {c.verdict for c in claims} == {"supported"}


def test_a_month_that_counts_a_document_only_the_bulletin_names_supports_nothing(
    filled: Path, catalog: Catalog
) -> None:
    words = "4 月国家机构共发布 2 份政策文件，3 月发布 3 份政策文件。"
    republish(filled, catalog, bulletin(DAY, summary=words))
    april, march = judged(client(settings_of(filled)))
    assert (april.verdict, april.reason) == ("unverifiable", OWN)
    assert march.evidence is not None
    assert march.evidence.source == "register: data/policies.csv"


def test_a_count_is_cited_from_the_document_on_that_only_a_bulletin_names(
    published: Settings,
) -> None:
    notice = reference("国家数据局", "关于甲的通知", date(2026, 5, 20))
    documents = with_citations(read_register(published.register), [bulletin(DAY, notice)])
    may = [o for o in counts(documents, ALL_DOCUMENTS) if o.date == date(2026, 5, 1)]
    assert [(o.value, o.is_cited) for o in may] == [(1, False), (3, False), (4, True)]
    assert may[-1].credit.endswith(f"in the bulletin of {DAY}")
    known = read_bulletin(REAL).bulletin.references[1]  # stands in the register
    documents = with_citations(read_register(published.register), [bulletin(DAY, known)])
    assert not any(o.is_cited for o in counts(documents, ALL_DOCUMENTS))


@pytest.mark.parametrize(
    ("source", "cited_by", "said"),
    [
        ("a notice", "2026-02-30", "cited_by"),
        ("a notice", "the bulletin", "cited_by"),
        ("a notice, as reported in the bulletin of 2026-05-27", "", "into the column cited_by"),
    ],
)
def test_check_refuses_a_figure_whose_bulletin_is_not_named_as_a_day(
    data: Path, cli: Cli, source: str, cited_by: str, said: str
) -> None:
    path = data / "figures" / "counts.csv"
    row = f'data_contest_tracks,2025-01-01,14,"{source}",,,,,{cited_by}\n'
    path.write_text(path.read_text("utf-8") + row, "utf-8")
    done = cli("check")
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert said in done.err
