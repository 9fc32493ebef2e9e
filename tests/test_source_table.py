"""TableSite at an address or a path, and files that people keep: what runs make of them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from catalogs import catalog_text, entry
from conftest import Cli, served, settings_of, snapshot, vintages
from hand_files import FIRMS, csv_of, own_catalog, workbook
from sites.tables import HOST, MONTHS, TableSite
from upstreams import MODES, OF_THE_LINE, Internet, in_turn

from etl.catalog import load_catalog
from etl.errors import CatalogError
from etl.ingest.replay import replay
from etl.ingest.run import Report, Request, run

pytestmark = pytest.mark.slow

AT = f"https://{HOST}"
SHAPES: Mapping[str, Mapping[str, object]] = {
    "long.csv": {"date": "期间", "value": "产量", "where": {"地区": "全国"}},
    "provinces.csv": {"date": "月份", "value": "全国"},
    "wide.csv": {"where": {"地区": "全国"}},
    "long.xlsx": {"date": "期间", "value": "产量", "where": {"地区": "全国"}},
}
#: What changes nothing about what a table says.
HARMLESS = ("text", "thousands", "extra-column", "reversed")
#: What can be seen only by who knows what was said before.
OF_HISTORY = ("halved", "shortened")
#: Each shape of a table, and each way in which it can go wrong by itself.
CASES = in_turn(
    (place, how)
    for place in ("long.csv", "wide.csv", "long.xlsx")
    for how in MODES
    if how not in OF_HISTORY and (place, how) != ("wide.csv", "extra-column")
)
UNIT = "  tonnes: {code: tonnes, label: {zh: 万吨, en: tonnes}, zh_factor: 1.0e-4}\n"
EXPECT = {"min": 1e6, "max": 1e9, "max_change_pct": 60, "stale_after": 100_000}
TOLD = {day: value * 1e4 for day, value in MONTHS.items()}


def catalog_at(path: Path, *sources: Mapping[str, object]) -> Path:
    """A catalog of one monthly series for each source: made_0, made_1 …"""
    entries = [
        entry(f"made_{at}", unit="tonnes", frequency="monthly", calendar="month",
              sources=[{"name": "table", **source}], expect=EXPECT)
        for at, source in enumerate(sources)
    ]  # fmt: skip
    text = catalog_text(*entries).replace("groups:", f"{UNIT}{FIRMS}groups:", 1)
    path.write_text(text, encoding="utf-8")
    return path


def run_of(data: Path, catalog: Path, internet: Internet, **asked: object) -> Report:
    environment = {
        "XINZHI_PROXY": internet.proxy_url, "XINZHI_CA_BUNDLE": str(internet.ca_pem),
        "XINZHI_TIMEOUT": "2", "XINZHI_CATALOG": str(catalog),
    }  # fmt: skip
    settings = settings_of(data, **environment)
    request = Request(source="table", **asked)  # type: ignore[arg-type]
    return run(settings, load_catalog(catalog), request, lambda outcome: None)


def said(report: Report) -> str:
    return " ".join(f"{o.problem} {o.notice}" for o in report.outcomes).strip()


@pytest.fixture
def tables(internet: Internet) -> TableSite:
    site = TableSite()
    internet.sites.append(site)
    return site


@pytest.mark.parametrize("place", SHAPES)
def test_a_table_of_each_shape_is_read(
    place: str, data: Path, tmp_path: Path, internet: Internet, tables: TableSite
) -> None:
    catalog = catalog_at(tmp_path / "c.yaml", {"address": f"{AT}/{place}", **SHAPES[place]})
    assert run_of(data, catalog, internet).exit_status == 0
    assert served(data, "made_0") == pytest.approx(TOLD)


@pytest.mark.parametrize(("place", "how"), CASES)
def test_a_table_that_goes_wrong_is_refused_or_changes_nothing(
    place: str, how: str, data: Path, tmp_path: Path, internet: Internet, tables: TableSite
) -> None:
    internet.fail(HOST if how in OF_THE_LINE else place, how)
    catalog = catalog_at(tmp_path / "c.yaml", {"address": f"{AT}/{place}", **SHAPES[place]})
    report = run_of(data, catalog, internet)
    told = said(report)
    found = served(data, "made_0")
    if how in HARMLESS:
        assert found == pytest.approx(TOLD), told
    elif (place, how) == ("long.csv", "truncated"):  # its last line is a note
        assert found == pytest.approx(TOLD)
        assert "may be cut off" in told
    elif (place, how) == ("wide.csv", "truncated"):  # the last line is another province's
        assert found == pytest.approx(TOLD)
    else:
        assert found == {}, told
        assert report.exit_status == 1
        assert HOST in told or "made_0" in told


@pytest.mark.parametrize("how", ["halved", "x100", "shortened"])
def test_a_table_that_contradicts_what_it_said_changes_none_of_the_values(
    how: str, data: Path, tmp_path: Path, internet: Internet, tables: TableSite
) -> None:
    source = {"address": f"{AT}/long.csv", **SHAPES["long.csv"]}
    catalog = catalog_at(tmp_path / "c.yaml", source)
    assert run_of(data, catalog, internet).exit_status == 0
    internet.fail("long.csv", how)
    report = run_of(data, catalog, internet)
    assert report.exit_status == (0 if how == "shortened" else 1), said(report)
    assert served(data, "made_0") == pytest.approx(TOLD)


def test_a_download_without_an_end_loses_its_last_line_unless_its_body_writes_it_so(
    data: Path, tmp_path: Path, internet: Internet, tables: TableSite
) -> None:
    internet.say("open.csv", 200, "月份,产量（万吨）\n2026-01,1000\n2026-02,1012".encode())
    told = {"address": f"{AT}/open.csv"}
    catalog = catalog_at(tmp_path / "c.yaml", told, {**told, "open_end": True})
    tables.asked.clear()
    report = run_of(data, catalog, internet)
    assert served(data, "made_0") == {date(2026, 1, 1): 1e7}
    assert served(data, "made_1") == {date(2026, 1, 1): 1e7, date(2026, 2, 1): 1.012e7}
    assert "say 'open_end: true'" in said(report)


@pytest.mark.parametrize("promised", ["", "utf-8", "gb18030"])
def test_a_table_in_another_encoding_than_promised_is_refused_or_read(
    promised: str, data: Path, tmp_path: Path, internet: Internet, tables: TableSite
) -> None:
    tables.encoding = "gb18030"
    source = {"address": f"{AT}/long.csv", **SHAPES["long.csv"]}
    catalog = catalog_at(tmp_path / "c.yaml", {**source, **({"encoding": promised} if promised
                                                            else {})})  # fmt: skip
    report = run_of(data, catalog, internet)
    assert served(data, "made_0") == (pytest.approx(TOLD) if promised != "utf-8" else {})
    assert ("is no text in utf-8" in said(report)) == (promised == "utf-8")


def test_a_table_of_provinces_feeds_an_indicator_for_each_and_is_fetched_once(
    data: Path, tmp_path: Path, internet: Internet, tables: TableSite
) -> None:
    long = {"address": f"{AT}/long.csv", "date": "期间", "value": "产量"}
    provinces = [{**long, "where": {"地区": name}} for name in ("全国", "广东省", "海南省")]
    catalog = catalog_at(tmp_path / "c.yaml", *provinces)
    text = catalog.read_text(encoding="utf-8").replace('"min": 1000000.0', '"min": 0')
    catalog.write_text(text, encoding="utf-8")
    report = run_of(data, catalog, internet)
    assert served(data, "made_0") == pytest.approx(TOLD)
    assert set(served(data, "made_1").values()) == {75_000.0}
    assert "no row has '海南省' in its column '地区' (found: 全国, 广东省)" in said(report)
    assert tables.asked == ["/long.csv"]


def test_a_table_below_the_data_folder_is_read_without_a_network_and_outlives_a_replay(
    data: Path, tmp_path: Path, internet: Internet, tables: TableSite
) -> None:
    (data / "tables").mkdir()
    (data / "tables" / "产量.xlsx").write_bytes(
        workbook([("月份", "产量（万吨）"), ("2026年1月", 1000), ("2026年2月", 1012)])
    )
    catalog = catalog_at(tmp_path / "c.yaml", {"address": "tables/产量.xlsx"},
                         {"address": f"{AT}/long.csv", **SHAPES["long.csv"]})  # fmt: skip
    report = run_of(data, catalog, internet, offline=True)
    assert served(data, "made_0") == {date(2026, 1, 1): 1e7, date(2026, 2, 1): 1.012e7}
    assert (served(data, "made_1"), tables.asked) == ({}, [])
    assert report.exit_status == 0
    settings = settings_of(data, XINZHI_CATALOG=str(catalog))
    assert all(one.same for one in replay(settings, load_catalog(catalog), "table"))
    assert served(data, "made_0") == {date(2026, 1, 1): 1e7, date(2026, 2, 1): 1.012e7}


def test_a_link_out_of_the_data_folder_is_not_followed(
    data: Path, tmp_path: Path, internet: Internet
) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_bytes(csv_of([("月份", "产量（万吨）"), ("2026年1月", 1000)]))
    (data / "inside.csv").symlink_to(outside)
    catalog = catalog_at(tmp_path / "c.yaml", {"address": "inside.csv"})
    report = run_of(data, catalog, internet, offline=True)
    assert "leads out of the data folder" in said(report)
    assert served(data, "made_0") == {}


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ({"address": "http://example.org/a.csv"}, "no https address"),
        ({"address": "https://me:secret@example.org/a.csv"}, "must not name a user"),
        ({"address": "../a.csv"}, "no path below"), ({"address": "/etc/passwd"}, "no path below"),
        ({"address": "a.csv", "encoding": "utf-9"}, "unknown encoding 'utf-9'"),
        ({"address": "a.csv", "where": "全国"}, "a mapping like"),
        ({"address": "a.csv", "where": {"年": 2026}}, "write the texts in quotes"),
        ({"address": "a.csv", "colum": "x"}, "takes no 'colum'"), ({}, "needs 'address'"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_meant_is_refused_with_its_line(
    source: dict[str, object], says: str, tmp_path: Path
) -> None:
    path = catalog_at(tmp_path / "c.yaml", source)
    with pytest.raises(CatalogError, match=r"line \d+: made_0: ") as refused:
        load_catalog(path)
    assert says in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_file_dropped_for_a_series_is_taken_by_the_next_run_and_mended_values_are_vintages(
    data: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [{"name": "manual", "file": "kept.xlsx", "author": "综合处"}]
    catalog = own_catalog(tmp_path / "own.yaml", sources=sources)
    monkeypatch.setenv("XINZHI_CATALOG", str(catalog))
    done = cli("run", "--offline", "kept")
    assert done.status == 0, done.err
    assert served(data, "kept") == {}
    (data / "manual").mkdir()
    file = data / "manual" / "kept.xlsx"
    file.write_bytes(workbook([("月份", "数值"), ("2026年1月", 5), ("2026年2月", 6)]))
    assert cli("run", "--offline", "kept").status == 0
    file.write_bytes(workbook([("月份", "数值", "原因"), ("2026年2月", 7, "年报更正")]))
    assert cli("run", "--offline", "kept").status == 0
    assert served(data, "kept") == {date(2026, 1, 1): 5.0, date(2026, 2, 1): 7.0}
    assert vintages(data) == 3
    with snapshot(data) as found:
        query = "select credit, status from observations order by date desc limit 1"
        row = found.execute(query).fetchone()
    assert row == ("据《kept.xlsx》，录入：综合处，理由：年报更正", "imported")


def test_a_wrong_cell_of_such_a_file_fails_its_indicator_alone_and_check_tells_it(
    data: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [{"name": "manual", "file": "kept.csv"}]
    catalog = own_catalog(tmp_path / "own.yaml", sources=sources)
    monkeypatch.setenv("XINZHI_CATALOG", str(catalog))
    (data / "manual").mkdir()
    (data / "manual" / "kept.csv").write_bytes(csv_of([("月份", "数值"), ("2026年1月", "约5")]))
    assert cli("run", "--offline", "kept").status == 1
    done = cli("check")
    assert done.status == 2
    assert "kept.csv, line 2: B2 '约5' is no number" in done.err
    shutil.rmtree(data / "manual")
