"""A bulletin to take along: whole without a network, true to the site, the same each time."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from conftest import Cli, settings_of, write_csv
from playwright.sync_api import Browser
from serving import TestClient, client, republish

from etl.bulletins.model import Bulletin, Section
from etl.catalog import load_catalog
from etl.settings import PROJECT, Settings

DAY = "2026-05-27"
ADDRESS = f"/bulletins/{DAY}.zip"


def unpacked(site: TestClient, address: str = ADDRESS) -> dict[str, bytes]:
    answer = site.get(address)
    assert answer.status_code == 200, answer.text[:300]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_it_holds_the_whole_text_with_marks_charts_and_evidence(site: TestClient) -> None:
    page = unpacked(site)["index.html"].decode()
    text = html.unescape(re.sub("<[^>]*>", "", page))
    told = site.get(f"/api/v1/bulletins/{DAY}").json()
    for section in told["sections"]:
        assert section["title"] in text
        for paragraph in section["paragraphs"]:
            assert paragraph in text
    assert all(reference["title"] in text for reference in told["references"])
    claims = site.get(f"/api/v1/bulletins/{DAY}/claims").json()["claims"]
    assert page.count('id="claim-') == len(claims) == 10
    assert page.count("<svg") == 2 * page.count('id="card-')
    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in page, target


def test_it_asks_for_nothing_from_elsewhere(site: TestClient) -> None:
    for address in (ADDRESS, f"{ADDRESS}?lang=en"):
        page = unpacked(site, address)["index.html"].decode()
        assert not re.search(r"<(script|link|img|iframe|object|embed)\b|@import|url\(", page)
        links = re.findall(r'href="([^"#][^"]*)"', page)
        assert links
        assert all(link.startswith("http://127.0.0.1") for link in links), links


@pytest.mark.parametrize("width", [390, 1440])
def test_it_opens_from_a_folder_without_a_network(
    site: TestClient, browser: Browser, tmp_path: Path, width: int
) -> None:
    file = tmp_path / "index.html"
    file.write_bytes(unpacked(site)["index.html"])
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    page, heard = context.new_page(), []
    page.on("console", lambda said: heard.append(said.text))
    page.on("request", lambda asked: heard.append(asked.url))
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shown = page.locator(".packed svg:visible")
    assert shown.count() == page.locator(".packed").count() > 10
    page.locator("#all-marks").check()
    page.locator("a.verdict.supported").first.click()
    assert "#claim-" in page.url
    assert [one for one in heard if not one.startswith(file.as_uri())] == []
    context.close()


def test_its_receipts_are_those_of_its_files_and_of_the_site(site: TestClient) -> None:
    files = unpacked(site)
    receipts = json.loads(files["receipts.json"])
    for name, digest in receipts["files"].items():
        assert sha256(files[name]).hexdigest() == digest, name
    assert set(files) == {*receipts["files"], "receipts.json", "README.md"}
    for chart in receipts["charts"]:
        path = chart["csv"].partition("8050")[2]
        assert sha256(site.get(path).content).hexdigest() == chart["csv_sha256"], path
    whole = sha256(site.get(ADDRESS).content).hexdigest()
    assert site.get(f"/verify/{whole}").json()["address"].endswith(ADDRESS)


def test_its_data_is_what_was_known_by_the_end_of_that_day(
    site: TestClient, filled: Path, cli: Cli, tmp_path: Path
) -> None:
    rows = list(csv.DictReader(io.StringIO(unpacked(site)["data.csv"].decode())))
    micron = [row for row in rows if row["indicator"] == "micron_market_cap_usd_bn"]
    assert (micron[-1]["date"], micron[-1]["value"]) == ("2026-05-26", "1010.31438160988")
    assert max(row["known_at"] for row in rows) < "2026-05-27T16:00"
    later = write_csv(
        tmp_path / "later.csv", [["indicator", "date", "value"], ["sp500", "2026-05-26", 7500.5]]
    )
    before = unpacked(client(settings_of(filled)))
    assert cli("import", str(later), "--known-at", "2026-06-01T08:00:00Z").status == 0
    again = unpacked(client(settings_of(filled)))
    assert again["data.csv"] == before["data.csv"]


def test_the_same_question_has_the_same_bytes(site: TestClient, published: Settings) -> None:
    first = site.get(ADDRESS)
    again = client(published).get(ADDRESS)
    assert first.content == again.content
    assert first.headers["etag"] == again.headers["etag"]
    assert site.get(ADDRESS, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    head = site.head(ADDRESS)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["x-snapshot"] == first.headers["x-snapshot"]


def test_a_bulletin_with_a_script_in_it_is_only_words(filled: Path) -> None:
    words = '<script>alert(1)</script> " onload="x'
    bulletin = Bulletin(
        date="2026-05-28", title=words, publisher=words, summary=words,
        sections=(Section(number=1, title=words, paragraphs=(words,)),), judgement=(words,),
    )  # fmt: skip
    republish(filled, load_catalog(PROJECT / "indicators.yaml"), bulletin)
    page = unpacked(client(settings_of(filled)), "/bulletins/2026-05-28.zip")["index.html"].decode()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 5


@pytest.mark.parametrize(("address", "status"), [
    ("/bulletins/2026-05-28.zip", 404), ("/bulletins/1999-02-30.zip", 400),
    ("/bulletins/x.zip", 400), (f"{ADDRESS}?lang=fr", 400), (f"{ADDRESS}?lang=en&lang=zh", 400),
    (f"{ADDRESS}?colour=red", 200),
])  # fmt: skip
def test_what_cannot_be_packed_is_said(site: TestClient, address: str, status: int) -> None:
    assert site.get(address).status_code == status


def test_a_kit_holds_every_chart_of_the_bulletin_in_the_order_of_its_text(
    site: TestClient, published: Settings
) -> None:
    kit = unpacked(site, f"/bulletins/{DAY}.kit.zip")
    folders = list(dict.fromkeys(name.split("/")[0] for name in kit if "/" in name))
    packed = unpacked(site)["index.html"].decode()
    assert [name[3:] for name in folders] == re.findall(r'id="card-(\w+)"', packed)
    told = kit["README.md"].decode()
    for folder in folders:
        assert folder in told
        assert kit[f"{folder}/link.txt"].decode().strip() in told
        for name in ("chart.png", "wechat.png", "qr.png"):
            assert kit[f"{folder}/{name}"].startswith(b"\x89PNG")
    again = client(published).get(f"/bulletins/{DAY}.kit.zip")
    assert again.content == site.get(f"/bulletins/{DAY}.kit.zip").content
    assert "/bulletins/2026-05-27.kit.zip" in site.get(f"/bulletins/{DAY}").text
    assert site.get("/bulletins/2020-01-01.kit.zip").status_code == 404
