"""Pictures that can be checked: the code that each carries, and the page that says whether what it
shows still holds."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import segno
from conftest import Cli, settings_of, write_csv
from serving import TestClient, client, still
from test_corrections import entry, write

from dashboard.address import ChartAddress
from dashboard.chart.qr import QUIET
from dashboard.chart_page import short_links
from etl.calendars import end_of
from etl.records import now
from etl.settings import Settings

FROZEN = "/c/brent_spot_usd_bbl@2026-07-15"
WHITE = bytes((255, 255, 255))


def lines_of(png: bytes) -> Iterator[list[bytes]]:
    """The pixels of a PNG of eight bits a channel, line by line."""
    at, packed, wide, samples = 8, b"", 0, 0
    while at < len(png):
        size, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        body = png[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            wide, samples = int.from_bytes(body[:4], "big"), {2: 3, 6: 4}[body[9]]
        elif kind == b"IDAT":
            packed += body
        at += 12 + size
    raw, long = zlib.decompress(packed), wide * samples
    before = bytearray(long)
    for start in range(0, len(raw), long + 1):
        way, line = raw[start], bytearray(raw[start + 1 : start + 1 + long])
        for i in range(long):
            left = line[i - samples] if i >= samples else 0
            up, corner = before[i], before[i - samples] if i >= samples else 0
            if way == 1:
                line[i] = (line[i] + left) & 255
            elif way == 2:
                line[i] = (line[i] + up) & 255
            elif way == 3:
                line[i] = (line[i] + (left + up) // 2) & 255
            elif way == 4:
                guess = left + up - corner
                near = min((left, up, corner), key=lambda v: abs(guess - v))
                line[i] = (line[i] + near) & 255
        before = line
        yield [bytes(line[i : i + 3]) for i in range(0, long, samples)]


def code_in(png: bytes, most: int) -> tuple[list[list[bool]], int]:
    """The modules of the code in the upper right corner, read from the pixels, and how many pixels
    each has. Its first line of quiet zone is the first that holds a long stretch of pure white."""
    rows = list(islice(lines_of(png), most))
    stretch = re.compile(b"(?:" + re.escape(b"w") + b"){60,}")
    flat = [b"".join(b"w" if pixel == WHITE else b"." for pixel in row) for row in rows]
    top = next(y for y, row in enumerate(flat) if stretch.search(row))
    found = stretch.search(flat[top])
    assert found is not None
    left, side = found.start(), found.end() - found.start()
    dark = [[pixel[0] < 128 for pixel in row[left : left + side]] for row in rows[top : top + side]]
    first = next(y for y, row in enumerate(dark) if any(row))
    module = first // QUIET
    assert first == QUIET * module, "the quiet zone is four whole modules"
    half = module // 2
    return [row[half::module] for row in dark[half::module]], module


def expected(link: str) -> list[list[bool]]:
    """The modules of a link with its quiet zone, from the library."""
    code = segno.make(link, error="m", micro=False)
    return [[bool(one) for one in row] for row in code.matrix_iter(border=QUIET)]


@pytest.mark.parametrize(("query", "most"), [
    ("size=square", 170), ("size=square&theme=dark", 170), ("w=400&h=400&scale=2", 260),
])  # fmt: skip
def test_a_picture_carries_a_code_that_can_be_read_from_its_pixels(
    site: TestClient, query: str, most: int
) -> None:
    modules, pixels = code_in(site.get(f"{FROZEN}.png?{query}").content, most)
    assert pixels >= 2
    code = re.search(r"核验 (\w+)", still(site.get(f"/verify?code={FROZEN[3:]}")).text)
    assert code is not None
    assert modules == expected(f"http://127.0.0.1:8050/verify/{code[1]}")


def test_a_picture_too_small_for_a_code_prints_it(site: TestClient) -> None:
    small = site.get(f"{FROZEN}.svg?w=320&h=220").text
    printed = re.search(r"核验 (\w+)", small)
    assert printed is not None
    assert "crispEdges" not in small
    assert "71.78 美元" in still(site.get(f"/verify/{printed[1]}")).text


def test_a_large_picture_prints_the_address_too(published: Settings) -> None:
    site = client(settings_of(published.data, XINZHI_BASE_URL="https://news.example/xinzhi"))
    printed = re.search(r"核验 news\.example(/xinzhi/verify/\w+)", site.get("/c/sp500.svg").text)
    assert printed is not None
    assert "标普 500" in still(site.get(printed[1])).text


def test_a_live_picture_carries_the_code_of_what_it_shows_now(site: TestClient) -> None:
    printed = re.search(r"核验 (\w+)<", site.get("/c/sp500.svg?w=320&h=260&theme=dark").text)
    assert printed is not None
    page = still(site.get(f"/verify/{printed[1]}"))
    assert page.one("h1").text == "仍然成立"
    assert any(re.match(r".*/c/sp500@", href) for href in page.hrefs())


def test_the_answer_stands_first_with_unit_date_and_source(site: TestClient) -> None:
    page = still(site.get(f"/verify?code={FROZEN[3:]}"))
    assert page.one("h1").text == "仍然成立，已有新值"
    (sentence,) = page.all("p", "check-sentence")
    assert sentence.text == (
        "布伦特原油现货价，2026 年 7 月 7 日为 71.78 美元/桶，至今没有改动。"
        "新值已出：95.29 美元/桶（2026 年 8 月 18 日）。"
    )
    assert "美国能源信息署" in page.text
    assert page.one("img").attributes["src"] == f"{FROZEN}.png"
    assert f"{FROZEN}" in page.hrefs()
    assert "/c/brent_spot_usd_bbl" in page.hrefs()


def test_several_lines_are_a_row_each(site: TestClient) -> None:
    address = "nasdaq_composite@2026-05-27?with=us_10y_yield_pct"
    page = still(site.get("/verify", params={"code": f"https://x.example/c/{address}"}))
    first, second = page.all("p", "check-sentence")
    assert first.text.startswith("纳斯达克综合指数，2026 年 5 月 26 日为 26,656.18 点")
    assert second.text.startswith("美国 10 年期国债收益率，2026 年 5 月 22 日为 4.56%")


@pytest.mark.parametrize("written", ["{0}", " {0} ", "核验 {0}", "核验：{0}", "{1}-{2}", "{1} {2}",
                                     "http://127.0.0.1:8050/verify/{0}", "/s/{0}", "/verify/{0}/",
                                     "https://a.example/xinzhi/s/{0}"])  # fmt: skip
def test_a_code_is_read_however_it_is_written(site: TestClient, written: str) -> None:
    code = "4eCEWuy8Cmbgyv"
    typed = written.format(code, code[:7], code[7:])
    page = still(site.get("/verify", params={"code": typed}))
    assert "2026 年 5 月 26 日为 1.01 万亿美元" in page.text


@pytest.mark.parametrize(("typed", "why"), [
    ("4eCEWuy8Cmbgyw", "核验码不完整，或有字符写错"), ("4ecewuy8cmbgyv", "核验码不完整"),
    ("4eCEWuy8Cmbg", "核验码不完整"), ("4eCEWuy8Cmbg0l", "没有这些字符：0 l"),
    ("漢", "没有这些字符：漢"), ("x<b>", "没有这些字符：< >"),
])  # fmt: skip
def test_a_mistyped_code_is_said_with_what_to_look_at(
    site: TestClient, typed: str, why: str
) -> None:
    page = still(site.get("/verify", params={"code": typed}), 404)
    assert page.one("h1").text == "查无此码"
    assert why in page.text
    assert "大小写要分清" in page.text
    assert page.one("input", id="code").attributes["value"] == typed
    assert "万亿" not in page.one("main").text


def test_a_whole_code_of_what_is_not_here_is_told_apart(site: TestClient) -> None:
    code = short_links.code(ChartAddress("kept_for_the_committee", end_of(now().date())))
    page = still(site.get(f"/verify/{code}"), 404)
    assert "核验码写法没有错，但本站没有它指的指标" in page.text


@pytest.mark.parametrize("typed", ["sp500?t=2y", "nothing_like_it", "sp500@2026-13-01", "x" * 5000,
                                   "/c/", "http://[", "sp500@1900-01-01"])  # fmt: skip
def test_what_is_no_chart_is_refused_in_words(site: TestClient, typed: str) -> None:
    answer = site.get("/verify", params={"code": typed})
    page = still(answer, answer.status_code)
    assert answer.status_code in (400, 404)
    assert len(page.one("main").text) > 10


def test_without_a_code_there_is_a_field_for_one_that_needs_no_script(site: TestClient) -> None:
    for lang in ("zh", "en"):
        page = still(site.get(f"/verify?lang={lang}"))
        form = page.one("form", "check-form")
        assert (form.attributes["action"], form.attributes["method"]) == ("/verify", "get")
        assert form.one("label").attributes["for"] == "code"


@pytest.mark.slow
def test_a_corrected_value_is_told_with_the_day_and_the_reason(filled: Path, cli: Cli) -> None:
    site = client(settings_of(filled))
    printed = re.search(r"核验 (\w+)<", site.get("/c/brent_spot_usd_bbl.svg?w=320&h=220").text)
    assert printed is not None
    write(filled, entry())
    assert cli("run", "--offline", "brent_spot_usd_bbl").status == 0
    page = still(client(settings_of(filled)).get(f"/verify/{printed[1]}"))
    assert page.one("h1").text == "已更正"
    assert "当时 95.29 美元/桶，现在 92.59 美元/桶" in page.text
    assert "抄录时数字颠倒" in page.text


@pytest.mark.slow
def test_a_revised_value_is_told_with_moment_and_source(filled: Path, cli: Cli) -> None:
    site = client(settings_of(filled))
    printed = re.search(r"核验 (\w+)<", site.get("/c/sp500.svg?w=320&h=260").text)
    assert printed is not None
    day = still(site.get(f"/verify/{printed[1]}"))
    (newest,) = re.findall(r"(\d{4}) 年 (\d+) 月 (\d+) 日为", day.one("p", "check-sentence").text)
    held = "-".join(part.zfill(2) for part in newest)
    table = write_csv(
        filled.parent / "x.csv", [["indicator", "date", "value"], ["sp500", held, "7654.32"]]
    )
    assert cli("import", table).status == 0
    page = still(client(settings_of(filled)).get(f"/verify/{printed[1]}"))
    assert page.one("h1").text == "已被修订"
    assert re.search(r"当时 [\d,.]+.*，现在 7,654\.32.*起采用新数，出自", page.text)
