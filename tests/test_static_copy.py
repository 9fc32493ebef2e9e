"""python -m dashboard site: the public part as files that work from any web server."""

from __future__ import annotations

import re
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from posixpath import dirname, join, normpath

import httpx
import pytest
from conftest import is_one_sentence, settings_of, write_csv
from playwright.sync_api import Browser
from serving import TestClient, client, tree

from dashboard.__main__ import main
from dashboard.static_copy.places import CopyUrls, Places, file_of
from dashboard.static_copy.write import write_copy
from etl.settings import Settings

pytestmark = pytest.mark.slow

BASE = "https://example.org/figures"
IDS = ("sp500", "pue_global_average", "gold_futures_usd_oz")


@pytest.fixture(scope="module")
def copy(published: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    settings = settings_of(published.data, XINZHI_BASE_URL=BASE)
    write_copy(settings, folder, IDS, lambda address: None)
    return folder


@pytest.fixture(scope="module")
def served(copy: Path) -> Iterator[str]:
    """The copy below a folder of a plain web server that knows nothing of it."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(copy.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{copy.name}"
        server.shutdown()


@pytest.fixture
def site(published: Settings) -> TestClient:
    return client(settings_of(published.data, XINZHI_BASE_URL=BASE))


def files_of(copy: Path) -> set[str]:
    return {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("/", "index.html"),
        ("/?lang=en", "lang-en.html"),
        ("/bulletins/2026-05-27", "bulletins/2026-05-27/index.html"),
        ("/c/sp500", "c/sp500/index.html"),
        ("/c/sp500?t=3m&lang=en", "c/sp500/t-3m_lang-en.html"),
        ("/c/sp500?u=ma:20", "c/sp500/u-ma-20.html"),
        ("/c/sp500@2026-05-27T0900/since", "c/sp500@2026-05-27T0900/since/index.html"),
        ("/c/sp500.csv?scope=full", "c/sp500.scope-full.csv"),
        ("/c/sp500.metadata.json?t=1m", "c/sp500.t-1m.metadata.json"),
        ("/assets/site.css", "assets/site.css"),
        ("/s/Ab1", "s/Ab1/index.html"),
        ("/sitemap.xml", "sitemap.xml"),
    ],
)
def test_an_address_has_one_place_in_a_copy(address: str, file: str) -> None:
    assert file_of(address) == file


def test_every_link_of_every_page_leads_to_a_file(copy: Path) -> None:
    files, led = files_of(copy), 0
    for at in sorted(files):
        if not at.endswith(".html"):
            continue
        text = (copy / at).read_text(encoding="utf-8")
        for found in re.findall(r'\b(?:href|src|data-rich)="([^"]*)"|; url=([^"]*)"', text):
            link = unescape("".join(found)).partition("#")[0]
            if not link or link.startswith(("http", "data:")):
                continue
            assert normpath(join(dirname(at), link)) in files, (at, link)
            led += 1
    assert led > 1000


def texts_of(copy: Path) -> Iterator[tuple[str, str]]:
    """What stands in the pages, feeds and texts of a copy, and in its packs and kits."""
    for at in sorted(files_of(copy)):
        if at.endswith((".html", ".xml", ".jsonld", ".txt")):
            yield at, (copy / at).read_text(encoding="utf-8")
        elif at.startswith("bulletins/") or at.endswith(".kit.zip"):
            with zipfile.ZipFile(copy / at) as packed:
                for name in packed.namelist():
                    if not name.endswith(".png"):
                        yield f"{at}/{name}", packed.read(name).decode()


def test_every_whole_address_of_the_site_leads_to_a_file(copy: Path) -> None:
    files, led = files_of(copy), 0
    for at, text in texts_of(copy):
        for place in re.findall(re.escape(BASE) + r"/([^\s\"'<>\\&）)]*)", text):
            assert place in files, (at, place)
            led += 1
    assert led > 1000


def test_a_name_that_leads_nowhere_keeps_its_size(copy: Path, site: TestClient) -> None:
    first = tree((copy / "index.html").read_text(encoding="utf-8"))
    whole = tree(site.get("/").text)
    for kind in ("headline-name", "card-name", "mention", "masthead-name"):
        here, there = (sorted(n.text for n in page.all(css=kind)) for page in (first, whole))
        assert here == there, kind
        assert here
    tags = {node.tag for node in first.all(css="headline-name")}
    assert tags == {"a", "span"}  # of three indicators there are pages
    assert not list(first.all("form"))


def test_the_page_for_an_absent_address_works_from_any_depth(copy: Path) -> None:
    page = tree((copy / "404.html").read_text(encoding="utf-8"))
    assert page.hrefs()
    assert all(link.startswith(f"{BASE}/") for link in page.hrefs())


def test_the_files_are_those_of_the_site(copy: Path, site: TestClient) -> None:
    for address in (
        "/c/sp500.csv",
        "/c/sp500.csv?for=excel",
        "/c/sp500.csv?scope=full",
        "/c/sp500.csv?u=yoy",
        "/c/sp500.xlsx?t=3m",
        "/c/sp500.parquet",
        "/c/sp500.json?t=max",
        "/c/sp500.zip",
        "/c/sp500.png",
        "/c/sp500.png?u=drawdown",
        "/c/sp500.svg?t=5y&lang=en",
    ):
        assert (copy / file_of(address)).read_bytes() == site.get(address).content, address


def test_the_brief_needs_the_program_and_is_not_held(copy: Path) -> None:
    assert not (copy / "bulletins" / "new").exists()
    assert "写新一期" not in (copy / "bulletins" / "index.html").read_text(encoding="utf-8")
    assert "/bulletins/new" not in (copy / "sitemap.xml").read_text(encoding="utf-8")


def test_a_short_link_of_a_page_leads_to_its_frozen_chart(copy: Path, served: str) -> None:
    page = (copy / "c/sp500/index.html").read_text(encoding="utf-8")
    (place,) = re.findall(rf'id="link" readonly value="{BASE}/([^"]*)"', page)
    first = httpx.get(f"{served}/{place}").text
    (target,) = re.findall(r'; url=([^"]*)"', first)
    assert normpath(join(dirname(place), target)).startswith("c/sp500@")
    frozen = httpx.get(f"{served}/{dirname(place)}/{target}", follow_redirects=True)
    assert "<svg" in frozen.text


def test_a_kit_in_a_copy_names_files_of_the_copy(copy: Path) -> None:
    html = (copy / "c/sp500.kit.html").read_text(encoding="utf-8")
    places = re.findall(rf'(?:src|href)="{BASE}/([^"]*)"', html)
    assert len(places) == 2
    assert set(places) <= files_of(copy)
    with zipfile.ZipFile(BytesIO((copy / "c/sp500.kit.zip").read_bytes())) as packed:
        assert "chart.png" in packed.namelist()
        link = packed.read("link.txt").decode().strip().removeprefix(f"{BASE}/")
        assert packed.read("insert.html").decode() == html
    assert link in places


def test_an_indicator_without_data_has_its_page_and_no_lasting_link(copy: Path) -> None:
    page = (copy / "c/gold_futures_usd_oz/index.html").read_text(encoding="utf-8")
    assert "/s/" not in page
    assert not list(copy.glob("c/gold_futures_usd_oz@*"))


def test_a_reader_walks_through_the_copy_in_a_browser(served: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("response", lambda got: said.append(got.url) if got.status >= 400 else None)
    page.goto(f"{served}/index.html")
    page.click("a[href*='c/sp500/']")
    page.wait_for_url("**/c/sp500/index.html")
    assert "标普" in page.inner_text("h1")
    page.click("a:text-is('5 年')")
    page.wait_for_url("**/c/sp500/t-5y.html")
    page.click("nav.choices a:text-is('EN')")
    page.wait_for_url("**/c/sp500/t-5y_lang-en.html")
    assert page.inner_text("nav.choices").startswith("Indicators")
    page.close()
    assert not said


def test_what_a_copy_does_not_hold_has_no_link() -> None:
    held = Places(["/", "/c/vix", "/c/vix?t=3m", "/c/vix.csv", "/assets/site.css"])
    links = CopyUrls(BASE, places=held, at="a/b/index.html")
    assert links.page("/", fragment="top") == "../../index.html#top"
    assert links.to("/indicators/vix?t=3m") == "../../c/vix/t-3m.html"
    assert links.to("/c/vix.csv?lang=en") == "../../c/vix.csv"
    assert links.asset("site.css") == "../../assets/site.css"
    assert (
        links.online.to("/c/vix") == links.whole(links.to("/c/vix")) == f"{BASE}/c/vix/index.html"
    )
    for address in ("/c/sp500", "/?theme=dark", "/c/vix?t=1y", "/c/vix.csv?t=3m", "/nowhere"):
        assert links.to(address) == links.online.to(address) == links.whole("") == ""
    assert links.form("/") == ""
    there = replace(links, at="c/vix/index.html")
    assert there.to("/c/vix") == "index.html"
    assert there.to("/indicators/vix") == ""  # the page itself, under another address


def test_a_second_writing_keeps_older_frozen_charts_and_says_what_became_of_them(
    filled: Path, tmp_path: Path, cli: object
) -> None:
    settings = settings_of(filled, XINZHI_BASE_URL=BASE)
    folder = tmp_path / "copy"
    write_copy(settings, folder, ["vix"], lambda address: None)
    assert not list(folder.glob("c/vix@*"))
    file = write_csv(
        tmp_path / "x.csv", [["indicator", "date", "value"], ["vix", "2026-05-26", "17.5"]]
    )
    assert cli("import", file, "--known-at", "2026-05-27T08:00+08:00").status == 0  # type: ignore
    write_copy(settings, folder, ["vix"], lambda address: None)
    (old,) = folder.glob("c/vix@*/since/index.html")
    more = write_csv(
        tmp_path / "y.csv", [["indicator", "date", "value"], ["vix", "2026-05-26", "18.5"]]
    )
    assert cli("import", more).status == 0  # type: ignore
    before = old.read_text(encoding="utf-8")
    write_copy(settings, folder, ["vix"], lambda address: None)
    assert "18.5" not in before
    assert "18.5" in old.read_text(encoding="utf-8")


def test_the_command_says_what_it_has_written(
    filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "mine.txt").write_text("mine")
    assert main(["site", str(tmp_path / "copy"), "data_contest_tracks"]) == 0
    said = capsys.readouterr()
    assert re.search(r": [0-9,]+ files, [0-9,]+ bytes, of snapshot 2", said.out)
    assert "XINZHI_BASE_URL is not set" in said.err
    assert (tmp_path / "copy" / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("arguments", [["{file}"], ["{folder}", "sp5000"]])
def test_a_place_that_cannot_be_written_and_an_unknown_id_are_said_in_a_sentence(
    filled: Path,
    tmp_path: Path,
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XINZHI_BASE_URL", BASE)
    (tmp_path / "file").write_text("")
    named = [a.format(file=tmp_path / "file", folder=tmp_path / "new") for a in arguments]
    assert main(["site", *named]) == 2
    assert is_one_sentence(capsys.readouterr().err)
