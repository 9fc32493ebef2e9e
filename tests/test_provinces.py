"""The provinces side by side: every figure with its source, and openly where there is none."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from conftest import BUNDLED, Cli, is_one_sentence, settings_of
from serving import Node, TestClient, client, still

from etl.catalog import Catalog
from etl.ingest.run import Request, run
from etl.provinces import FACTORS, PROVINCES

FIGURES = BUNDLED / "figures" / "provinces.csv"
HERE = "/provinces"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return read(FIGURES.read_text(encoding="utf-8"))


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def body(page: Node) -> list[Node]:
    return list(page.one("table", "provinces-table").one("tbody").all("tr"))


def names(page: Node) -> list[str]:
    return [row.one("th").text for row in body(page)]


def test_every_province_is_listed_with_every_figure_of_the_file(
    site: TestClient, rows: list[dict[str, str]]
) -> None:
    page = still(site.get(HERE))
    assert names(page) == list(PROVINCES)
    for row in body(page):
        told = [cell.text for cell in row.all("span", "cell-number")]
        mine = [r for r in rows if r["province"] == row.one("th").text]
        assert sorted(told) == sorted(r["value"] + r["unit"] for r in mine)


def test_what_has_no_public_figure_is_said_and_never_empty_or_zero(
    site: TestClient, rows: list[dict[str, str]]
) -> None:
    held = {(r["province"], r["factor"]) for r in rows}
    for row in body(still(site.get(HERE))):
        name = row.one("th").text
        lacking = [factor for factor in FACTORS if (name, factor) not in held]
        assert row.one("td", "lacks").text == f"暂无公开口径：{'、'.join(lacking)}"
        assert all(cell.text for cell in row.all("td"))


@pytest.mark.parametrize("turn", ["", "-"])
def test_a_rank_holds_within_one_yardstick_and_those_without_a_figure_come_last(
    site: TestClient, rows: list[dict[str, str]], turn: str
) -> None:
    page = still(site.get(f"{HERE}?sort={turn}renewable_weight_pct"))
    values = {
        r["province"]: float(r["value"]) for r in rows if r["yardstick"] == "renewable_weight_pct"
    }
    order = [values[name] for name in names(page) if name in values]
    assert order == sorted(values.values(), reverse=not turn)
    assert names(page)[-1] == "西藏"
    if not turn:
        assert [row.text.count("第 1") for row in body(page)[:3]] == [1, 1, 1]  # all at 70.0


def test_figures_of_different_times_have_no_order(site: TestClient) -> None:
    answer = site.get(f"{HERE}?sort=local_models_filed")
    assert answer.status_code == 400
    assert "sort" in answer.text
    shown = still(site.get(f"{HERE}?group=场景"))
    assert "2025-03" in shown.text
    assert "2024-09" in shown.text
    assert not shown.one("table", "provinces-table").one("thead").hrefs()


def test_a_factor_alone_and_english_are_in_the_address(site: TestClient) -> None:
    one = still(site.get(f"{HERE}?group=PUE&lang=en"))
    assert "Talent" not in one.one("table", "provinces-table").text
    assert names(one)[0] == "Beijing"
    assert site.get(f"{HERE}?group=天气").status_code == 400


def test_each_figure_is_told_with_source_and_day(
    site: TestClient, rows: list[dict[str, str]]
) -> None:
    told = still(site.get(HERE)).one("section", "yardsticks")
    for row in rows:
        assert row["source"] in told.text
        assert f"{row['public']} 公布" in told.text
        assert not row["address"] or row["address"] in told.hrefs()


def test_as_of_a_day_only_what_was_public_is_there(
    site: TestClient, rows: list[dict[str, str]]
) -> None:
    asked = read(site.get("/provinces.csv?asof=2024-08-01").text)
    assert {r["yardstick"] for r in asked} == {
        r["yardstick"] for r in rows if r["public"] <= "2024-08-01"
    }
    assert (
        "研发经费"
        not in still(site.get(f"{HERE}?asof=2024-08-01")).one("table", "provinces-table").text
    )


def test_the_files_hold_every_figure(site: TestClient, rows: list[dict[str, str]]) -> None:
    answer = site.get("/provinces.csv")
    assert answer.headers["x-row-count"] == str(len(rows))
    assert answer.text.count("\r\n") == len(rows) + 1
    told = {(r["province"], r["yardstick"]): float(r["value"]) for r in read(answer.text)}
    assert told == {(r["province"], r["yardstick"]): float(r["value"]) for r in rows}
    excel = site.get("/provinces.csv?for=excel")
    assert excel.content.startswith(b"\xef\xbb\xbf\xe7\x9c\x81")
    assert site.get("/provinces.csv?for=word").status_code == 400
    book = site.get("/provinces.xlsx")
    assert book.content[:2] == b"PK"
    assert book.content == site.get("/provinces.xlsx").content
    assert site.head("/provinces.xlsx").status_code == 200


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("北京,电力结构", "京城,电力结构", "unknown province '京城'"),
        (
            "北京,电力结构",
            "北京,土地效率",
            "factor: '土地效率' is not that of renewable_weight_pct",
        ),
        ("2023,20.1,%", "2023,—,%", "value: '—' is not a number"),
        ("2023,20.1,%", ",20.1,%", "period must not be empty"),
        ("2023-08-04,planned", "2023-08,planned", "public: '2023-08' is not a date"),
        ("2023-08-04,planned", "2023-08-04,guessed", "unknown status 'guessed'"),
        ("天津,电力结构", "北京,电力结构", "renewable_weight_pct of 北京 stands twice"),
        (
            "renewable_weight_pct,2023,20.1",
            "weight_pct,2023,20.1",
            "unknown yardstick 'weight_pct'",
        ),
    ],
)
def test_a_broken_row_is_named_and_the_last_good_figures_stay(
    right: str, wrong: str, said: str, data: Path, catalog: Catalog, cli: Cli
) -> None:
    settings = settings_of(data)
    run(settings, catalog, Request(offline=True, ids=("data_contest_tracks",)), lambda _: None)
    path = data / "figures" / "provinces.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
    told = cli("check")
    assert (told.status, is_one_sentence(told.err)) == (2, True)
    assert said in told.err
    assert "provinces.csv, line" in told.err
    report = run(
        settings, catalog, Request(offline=True, ids=("data_contest_tracks",)), lambda _: None
    )
    assert any(said in (o.problem or "") for o in report.outcomes)
    assert len(body(still(client(settings).get(HERE)))) == len(PROVINCES)
    assert "20.1" in client(settings).get("/provinces.csv").text


def test_a_folder_without_figures_says_so_of_every_factor(data: Path, catalog: Catalog) -> None:
    (data / "figures" / "province_yardsticks.csv").unlink()
    settings = settings_of(data)
    run(settings, catalog, Request(offline=True), lambda _: None)
    page = still(client(settings).get(HERE))
    assert names(page) == list(PROVINCES)
    assert not list(page.all("span", "cell-number"))
