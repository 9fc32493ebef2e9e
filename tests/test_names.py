"""What files are called where they are saved."""

from __future__ import annotations

import re
from itertools import product
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import TestClient, client

from dashboard.address import ChartAddress, Transform
from dashboard.export.names import MOST, disposition
from etl.catalog import Catalog, Text, load_catalog
from etl.settings import PROJECT, Settings

CATALOG = load_catalog(PROJECT / "indicators.yaml")
REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
QUERIES = (
    "", "t=3y", "t=2025-01-01..", "t=..2025-01-01", "t=2025-01-01..2025-02-01", "u=yoy", "u=ma:5",
    "u=ma:50", "u=index", "u=index:2025-01-02", "scale=log", "shape=wide", "for=excel",
    "scope=full", "lang=en", "with=vix", "with=vix,nasdaq_composite", "t=3y&u=yoy",
)  # fmt: skip


@pytest.fixture(scope="session")
def site(published: Settings) -> TestClient:
    return client(published)


def names(words: str) -> tuple[str, str]:
    """The ASCII name and the other one."""
    found = re.fullmatch(r'(?:attachment|inline); filename="([^"]+)"; filename\*=UTF-8\'\'(\S+)',
                         words)  # fmt: skip
    assert found is not None, words
    assert words.isascii()
    return found[1], unquote(found[2], errors="strict")


def test_different_files_have_different_names_and_the_same_address_the_same(
    site: TestClient,
) -> None:
    plain, told = {}, {}
    for place, query, suffix in product(
        ("sp500", "sp500@2026-05-27", "sp500@2026-05-27T0900"), QUERIES, (".csv", ".kit.zip")
    ):
        url = f"/c/{place}{suffix}?{query}"
        if suffix == ".kit.zip" and query and not query.startswith(("t=3y", "u=yoy", "lang")):
            continue  # each draws pictures
        one, other = names(site.get(url).headers["content-disposition"])
        assert plain.setdefault(one, url) == url
        assert told.setdefault(other, url) == url
        assert not REFUSED.search(one + other)
    again = names(site.get("/c/sp500.csv?u=yoy&t=3y").headers["content-disposition"])
    assert plain[again[0]] == "/c/sp500.csv?t=3y&u=yoy"


def test_a_name_says_what_is_in_the_file(site: TestClient) -> None:
    def of(url: str) -> tuple[str, str]:
        return names(site.get(url).headers["content-disposition"])

    assert of("/c/sp500.csv") == ("sp500.csv", "标普 500 指数.csv")
    assert of("/c/sp500@2026-05-27.csv?t=3y&u=yoy&for=excel") == (
        "sp500_2026-05-27_3y_yoy_excel.csv", "标普 500 指数_2026-05-27_3 年_同比_Excel.csv",
    )  # fmt: skip
    assert of("/c/sp500.xlsx?with=vix&t=2025-01-01..&shape=wide&lang=en") == (
        "sp500+vix_2025-01-01~_en_wide.xlsx",
        "S&P 500+CBOE Volatility Index (VIX)_2025-01-01~_wide.xlsx",
    )  # fmt: skip
    assert of("/api/v1/observations?ids=sp500,vix&format=csv")[0] == "sp500+vix.csv"


def test_a_saved_picture_is_named_after_what_it_shows(site: TestClient) -> None:
    paths = (
        "/c/sp500.png", "/c/sp500.svg", "/c/sp500.png?size=square", "/c/sp500.png?scale=2",
        "/c/sp500.png?theme=dark", "/c/sp500.qr.png", "/c/sp500@2026-05-27.png", "/c/sp500.txt",
        "/c/sp500.png?w=700", "/c/sp500.png?scale=log",
    )  # fmt: skip
    found = [names(site.get(path).headers["content-disposition"]) for path in paths]
    assert len({one for one, _ in found}) == len({other for _, other in found}) == len(paths)
    assert found[0] == ("sp500_1200x628.png", "标普 500 指数_1200x628.png")
    assert site.get("/c/sp500.png").headers["content-disposition"].startswith("inline; ")


@given(st.text(max_size=400), st.text(max_size=20))
def test_no_title_makes_a_name_that_a_file_system_refuses(zh: str, ticker: str) -> None:
    words = disposition(ChartAddress("sp500"), _titled(f"{zh}{ticker}"), ".csv")
    one, other = names(words)
    for name in (one, other):
        assert not REFUSED.search(name)
        assert name.isprintable()
        assert len(name) <= MOST + len(".csv")
        assert len(name.encode("utf-16-le")) <= 2 * 255
        assert name == name.strip(" ")


def test_long_names_are_cut_and_still_differ(catalog: Catalog) -> None:
    ids = tuple(catalog.indicators)
    found = {
        names(disposition(ChartAddress(ids[0], more=ids[1:n], transform=Transform("yoy")), catalog,
                          ".csv"))
        for n in range(1, len(ids))
    }  # fmt: skip
    assert len({one for one, _ in found}) == len({other for _, other in found}) == len(ids) - 1
    assert all(len(one) <= MOST + 4 and len(other) <= MOST + 4 for one, other in found)


@pytest.mark.parametrize("title", ["CON", "con", "Aux", "com1", "LPT9", "nul.x"])
def test_the_names_of_devices_are_no_files(title: str) -> None:
    _, told = names(disposition(ChartAddress("sp500"), _titled(title), ".csv"))
    assert told == f"_{title}.csv"


def _titled(title: str) -> Catalog:
    """The catalog with another title for one of its indicators."""
    held = CATALOG["sp500"].model_copy(update={"title": Text.model_construct(zh=title, en=title)})
    return Catalog(
        units=CATALOG.units,
        groups=CATALOG.groups,
        indicators={**CATALOG.indicators, "sp500": held},
    )
