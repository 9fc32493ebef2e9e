"""Letters that the font of pictures lacks."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from conftest import settings_of
from serving import client, republish

from dashboard.chart import fonts
from dashboard.chart.fonts import Font, font, warning
from dashboard.chart.glyphs import Face, face
from dashboard.chart.png import png
from etl.catalog import Catalog, Text

#: Has Latin letters, Greek and some signs, and no Chinese.
DEJAVU = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")


def found() -> Font:
    held = font()
    assert held is not None
    return held


def drawn(words: str) -> bytes:
    """A line of text as a picture."""
    return png(
        '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="40">'
        "<style>text{font-family:'Noto Sans CJK JP','DejaVu Sans',sans-serif}</style>"
        f'<text x="5" y="28" font-size="20">{escape(words)}</text></svg>',
        found(),
    )


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no font but that of the environment."""
    monkeypatch.setattr(fonts, "FOLDERS", ())
    for held in (fonts.fallback, fonts.plain_first):
        held.cache_clear()


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    for held in (fonts.fallback, fonts.plain_first):
        held.cache_clear()
    fonts.LACKING.clear()


def test_the_letters_of_a_font_are_known() -> None:
    held = face(found().file)
    assert held.family == "Noto Sans SC"
    assert all(map(held.has, "中文，。〓×√①㎡Aé"))
    assert not any(map(held.has, "₂𠮷🚀한"))


@pytest.mark.parametrize(
    "content",
    [b"", b"ttcf", b"OTTO\x00\xff" + b"\x00" * 20, b"\x00\x01\x00\x00" + b"\xff" * 400,
     b"OTTO" + struct.pack(">H", 1) + b"\x00" * 6 + struct.pack(">4sIII", b"CFF ", 0, 0, 4),
     b"OTTO" + struct.pack(">H", 2) + b"\x00" * 6 + struct.pack(">4sIII", b"CFF ", 0, 0, 4)
     + struct.pack(">4sIII", b"cmap", 0, 0, 0xFFFFFFFF)],
)  # fmt: skip
def test_a_file_that_is_no_font_has_no_letters(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.ttf"
    file.write_bytes(content)
    assert face(file) == Face("", ())
    assert face(tmp_path / "none.ttf") == Face("", ())


@pytest.mark.skipif(not DEJAVU.exists(), reason="a font with other letters is needed")
def test_a_letter_comes_from_another_font_where_one_has_it(tmp_path: Path) -> None:
    assert not face(found().file).has("♞")
    assert face(DEJAVU).has("♞")
    assert drawn("马 ♞") != drawn("马 〓")
    assert warning() == ""


@pytest.mark.usefixtures("alone")
def test_a_letter_that_no_font_has_is_seen_to_be_missing_and_said() -> None:
    assert drawn("马 ♞") == drawn("马 〓")
    assert drawn("🚀𠮷") == drawn("〓〓")
    assert "♞ (U+265E)" in warning()
    assert "𠮷 (U+20BB7)" in warning()


@pytest.mark.usefixtures("alone")
def test_what_is_like_a_letter_stands_for_it_and_what_is_unseen_is_left_out() -> None:
    assert drawn("𝔸ⁿ") == drawn("An")
    assert drawn("好\ufe0f\u200d\u2060") == drawn("好")
    assert warning() == ""


def test_a_letter_that_no_xml_may_hold_breaks_no_picture() -> None:
    assert drawn("a\x0bb\ufffec\x00") == drawn("abc")


@pytest.mark.usefixtures("alone")
def test_so_many_letters_are_named_and_no_more() -> None:
    drawn("".join(map(chr, range(0x1F600, 0x1F640))))
    assert warning().count("U+") == 20


def test_common_words_are_drawn_by_one_fontalone() -> None:
    plain = drawn("美光市值 1.01 万亿美元，CO₂ 与 10²⁶")
    assert plain == drawn("美光市值 1.01 万亿美元，CO₂ 与 10²⁶")
    assert warning() == ""


@pytest.mark.usefixtures("alone")
def test_the_picture_of_an_odd_title_is_whole_and_ready_says_what_it_lacks(
    filled: Path, catalog: Catalog
) -> None:
    title = Text(zh="𠮷野 <🚀> & CO₂ 排放", en="x")
    odd = catalog["sp500"].model_copy(update={"title": title, "short": title})
    republish(filled, Catalog(units=catalog.units, groups=catalog.groups,
                              indicators={**catalog.indicators, "sp500": odd}))  # fmt: skip
    site = client(settings_of(filled))
    assert "warning" not in site.get("/readyz").json()
    answer = site.get("/c/sp500.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    told = site.get("/readyz").json()["warning"]
    assert "🚀 (U+1F680)" in told
    assert "<" not in told
