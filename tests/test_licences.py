"""What a licence allows only to look at stands in no file, whichever door it is asked for at."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from conftest import authored, fill, is_one_sentence, settings_of
from serving import PLAIN, SiteClient, client, republish, still, tree

from dashboard.__main__ import main
from dashboard.static_copy.write import write_copy
from etl.bulletins.model import Bulletin
from etl.catalog import Catalog, load_catalog
from etl.errors import CatalogError
from etl.ingest.run import read_bulletins
from etl.settings import PROJECT, Settings

SEEN, FREE = "nasdaq_composite", "sp500"
SOURCE = "https://www.example.org/only-to-be-seen"
SUFFIXES = ("csv", "xlsx", "parquet", "json", "zip", "txt")
PICTURES = ("svg", "png", "qr.svg", "qr.png", "kit.zip", "kit.html")


def with_one_only_to_be_seen(catalog: Catalog) -> Catalog:
    known = dict(catalog.indicators)
    credit = known[SEEN].credit.model_copy(update={"reuse": "view", "url": SOURCE})
    known[SEEN] = known[SEEN].model_copy(update={"credit": credit})
    return catalog.model_copy(update={"indicators": known})


@pytest.fixture(scope="module")
def seen_data(
    published: Settings, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = fill(authored(tmp_path_factory.mktemp("licences") / "data"), published.data)
    bulletins: tuple[Bulletin, ...] = read_bulletins(settings_of(PROJECT / "data")).read
    republish(folder, with_one_only_to_be_seen(catalog), *bulletins)
    return folder


@pytest.fixture(scope="module")
def asked(seen_data: Path) -> SiteClient:
    return client(settings_of(seen_data))


def refused(site: SiteClient, address: str, parameter: str) -> None:
    """The address answers 403 in words to programs, and a page to a browser."""
    answer = site.get(address)
    assert answer.status_code == 403, address
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["parameter"], told["source"]) == (403, parameter, SOURCE)
    assert SEEN in told["detail"]
    assert SOURCE in told["detail"]
    assert site.head(address).status_code == 403
    page = site.get(address, headers={"Accept": "text/html,application/xhtml+xml"})
    assert page.status_code == 403
    assert page.headers["content-type"].startswith("text/html")
    assert SOURCE in tree(page.text).hrefs()
    assert "不提供下载" in page.text


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_data_file_of_it_is_given(asked: SiteClient, suffix: str) -> None:
    refused(asked, f"/c/{SEEN}.{suffix}", "id")
    refused(asked, f"/c/{SEEN}@2026-05-27.{suffix}", "id")
    refused(asked, f"/c/{SEEN}.{suffix}?u=yoy&t=max", "id")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_beside_others_the_one_that_forbids_is_named(asked: SiteClient, suffix: str) -> None:
    refused(asked, f"/c/{FREE}.{suffix}?with={SEEN}&u=index", "with")
    assert asked.get(f"/c/{FREE}.{suffix}").status_code == 200


@pytest.mark.parametrize("form", ["json", "csv", "parquet"])
@pytest.mark.parametrize("shape", ["long", "wide"])
def test_the_api_gives_no_rows_of_it(asked: SiteClient, form: str, shape: str) -> None:
    rest = f"format={form}&shape={shape}"
    refused(asked, f"/api/v1/observations?ids={FREE},{SEEN}&{rest}", "ids")
    assert asked.get(f"/api/v1/observations?ids={FREE}&{rest}").status_code == 200


def test_pictures_page_kit_and_description_are_given(asked: SiteClient) -> None:
    for suffix in PICTURES:
        assert asked.get(f"/c/{SEEN}.{suffix}").status_code == 200, suffix
    assert asked.get(f"/embed/c/{SEEN}").status_code == 200
    told = asked.get(f"/c/{SEEN}.metadata.json").json()
    assert told["reuse"] == told["sources"][0]["reuse"] == "view"
    assert told["licence"] == told["sources"][0]["licence"]
    assert asked.get(f"/c/{FREE}.metadata.json").json()["reuse"] == "credit"
    both = asked.get(f"/c/{FREE}.metadata.json?with={SEEN}&u=index").json()
    assert both["reuse"] == "view"


@pytest.mark.parametrize("address", [f"/c/{SEEN}", f"/c/{FREE}?with={SEEN}&u=index"])
def test_a_chart_page_offers_no_file_of_it_and_says_why(asked: SiteClient, address: str) -> None:
    page = asked.get(address, headers=PLAIN).text
    offered = [link for link in tree(page).hrefs() if link.startswith("/c/")]
    assert not [link for link in offered if link.partition("?")[0].endswith(tuple(SUFFIXES))
                and ".kit." not in link and ".metadata." not in link]  # fmt: skip
    assert "不提供下载" in page
    assert 'rel="alternate" type="text/csv"' not in page
    assert '"contentUrl"' not in page


def test_its_own_page_and_a_comparison_offer_none_either(asked: SiteClient) -> None:
    for address in (f"/indicators/{SEEN}", f"/compare?ids={FREE},{SEEN}&u=index"):
        page = still(asked.get(address))
        files = [link for link in page.hrefs() if ".csv" in link or ".xlsx" in link]
        assert not files
        assert not [link for link in page.hrefs() if link.startswith("/export?ids")]
        assert "不提供下载" in page.text
    free = still(asked.get(f"/indicators/{FREE}"))
    assert any(f"/c/{FREE}.csv" in link for link in free.hrefs())
    assert "可以下载，引用请注明来源" in free.text


def test_the_chooser_of_files_names_it_with_its_source_and_does_not_offer_it(
    asked: SiteClient,
) -> None:
    page = still(asked.get("/export"))
    assert not [link for link in page.hrefs() if f"ids={SEEN}" in link]
    assert SOURCE in page.hrefs()
    wrong = still(asked.get(f"/export?ids={FREE},{SEEN}"), 403)
    assert "不提供下载" in wrong.text
    ordered = still(asked.get(f"/export?ids={FREE}"))
    assert "可以下载，引用请注明来源" in ordered.text


def test_catalogues_name_no_file_of_it(asked: SiteClient) -> None:
    told = asked.get(f"/api/v1/indicators/{SEEN}").json()
    assert told["csv"] == ""
    assert list(told["files"]) == ["metadata.json"]
    assert told["credit"]["reuse"] == "view"
    sets = {one["identifier"]: one for one in asked.get("/catalog.jsonld").json()["dataset"]}
    assert sets[SEEN]["distribution"] == []
    assert sets[FREE]["distribution"]


def test_the_table_since_a_meeting_leaves_it_out(asked: SiteClient) -> None:
    answer = asked.get("/since/2026-05-01.csv?asof=2026-05-27")
    named = {row["indicator"] for row in csv.DictReader(io.StringIO(answer.text))}
    assert FREE in named
    assert SEEN not in named


def test_a_pack_holds_its_picture_and_not_its_values(asked: SiteClient) -> None:
    answer = asked.get("/bulletins/2026-05-27.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        rows = list(csv.DictReader(io.StringIO(packed.read("data.csv").decode())))
        charts = json.loads(packed.read("receipts.json"))["charts"]
        readme, page = (packed.read(name).decode() for name in ("README.md", "index.html"))
    assert rows
    assert SEEN not in {row["indicator"] for row in rows}
    assert [("csv" in one) for one in charts if one["indicator"] == SEEN] == [False]
    assert SOURCE in readme
    assert f'id="card-{SEEN}"' in page


@pytest.mark.slow
def test_a_static_copy_holds_its_page_and_pictures_alone(seen_data: Path, tmp_path: Path) -> None:
    write_copy(settings_of(seen_data), tmp_path, (SEEN, FREE), lambda _: None)
    files = {path.name for path in (tmp_path / "c").iterdir() if path.is_file()}
    of_it = {name for name in files if name.startswith(SEEN)}
    assert {f"{SEEN}.svg", f"{SEEN}.png", f"{SEEN}.metadata.json"} <= of_it
    assert not [n for n in of_it if n.endswith((".csv", ".xlsx", ".parquet", ".txt"))]
    assert f"{SEEN}.json" not in of_it
    assert f"{SEEN}.zip" not in of_it
    assert f"{FREE}.csv" in files
    page = (tmp_path / "c" / SEEN / "index.html").read_text(encoding="utf-8")
    assert "不提供下载" in page


def test_the_command_line_refuses_it_in_one_sentence(
    seen_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XINZHI_DATA", str(seen_data))
    target = tmp_path / "out.csv"
    assert main(["export", FREE, SEEN, "--u", "index", "-o", str(target)]) == 2
    said = capsys.readouterr().err
    assert is_one_sentence(said)
    assert SEEN in said
    assert SOURCE in said
    assert not target.exists()
    assert main(["image", SEEN, "-o", str(tmp_path / "out.svg")]) == 0


def test_an_unknown_word_for_what_is_allowed_is_refused_with_its_key(tmp_path: Path) -> None:
    text = (PROJECT / "indicators.yaml").read_text(encoding="utf-8")
    path = tmp_path / "indicators.yaml"
    path.write_text(text.replace("      url: ", "      reuse: sell\n      url: ", 1), "utf-8")
    with pytest.raises(CatalogError, match="reuse"):
        load_catalog(path)
