"""The pages look as they looked when somebody last looked at them: pictures, compared."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from browsing import Opened
from playwright.sync_api import Page

HELD = Path(__file__).parent / "golden" / "pictures"
#: TAKE_PICTURES=1 writes them anew; look at each before it is committed.
TAKE = os.environ.get("TAKE_PICTURES") == "1"
IN_CHINESE = {
    "today": "/",
    "indicators": "/indicators",
    "market-value": "/indicators/micron_market_cap_usd_bn",
    "compare": "/compare?ids=nasdaq_composite,us_10y_yield_pct",
    "policies": "/policies",
    "export": "/export?ids=sp500,micron_close_usd",
    "chart": "/c/brent_spot_usd_bbl@2026-05-27",
}
PAGES = {
    **IN_CHINESE,
    **{f"{name}-en": f"{path}{'&' if '?' in path else '?'}lang=en"
       for name, path in IN_CHINESE.items()},
}  # fmt: skip
LOOKS = {(390, "light"): "phone", (1440, "dark"): "desk"}
#: A picture is held at a quarter of its size; the letters are gone, the layout is there.
SMALLER = 4
#: How much of a band and of the height may differ: dates and counts of missed sessions move on,
#: fonts are drawn a little differently from one version of the browser to the next.
MOST_IN_A_BAND, MOST_HEIGHT = 0.08, 0.01
SHRINK = """async ([url, smaller]) => {
  const picture = await createImageBitmap(await (await fetch(url)).blob());
  const canvas = new OffscreenCanvas(Math.round(picture.width / smaller),
                                     Math.round(picture.height / smaller));
  const pen = canvas.getContext('2d');
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await canvas.convertToBlob({type: 'image/webp', quality: 0.4});
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, b => String.fromCharCode(b)).join(''));
}"""
# Both pictures in cells of four by four, each with its mean brightness; they are compared in bands
# of six rows of cells, about a hundred pixels of the page.
COMPARE = """async urls => {
  const cells = async url => {
    const picture = await createImageBitmap(await (await fetch(url)).blob());
    const canvas = new OffscreenCanvas(Math.ceil(picture.width / 4), Math.ceil(picture.height / 4));
    const pen = canvas.getContext('2d');
    pen.imageSmoothingQuality = 'high';
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const data = pen.getImageData(0, 0, canvas.width, canvas.height).data;
    return {width: canvas.width, height: canvas.height, at: i =>
      0.3 * data[4 * i] + 0.6 * data[4 * i + 1] + 0.1 * data[4 * i + 2]};
  };
  const [one, other] = [await cells(urls[0]), await cells(urls[1])];
  const count = one.width * Math.min(one.height, other.height), band = one.width * BAND;
  const differ = new Array(Math.ceil(count / band)).fill(0);
  for (let i = 0; i < count; i++)
    differ[Math.floor(i / band)] += Math.abs(one.at(i) - other.at(i)) > 20;
  return {width: one.width === other.width, worst: Math.max(...differ) / band,
          height: Math.abs(one.height - other.height) / one.height};
}""".replace("BAND", "6")


@pytest.fixture(scope="module", autouse=True)
def _same_letters() -> None:
    """The pictures were taken with Debian's Chinese fonts; other letters break lines elsewhere."""
    told = subprocess.run(["fc-match", "Noto Sans CJK SC"], capture_output=True, text=True)
    if "NotoSansCJK" not in told.stdout:
        pytest.skip("the pictures are compared where Noto Sans CJK is installed")


def url_of(picture: bytes, kind: str = "image/webp") -> str:
    return f"data:{kind};base64,{base64.b64encode(picture).decode()}"


def taken(page: Page) -> bytes:
    """The whole page as it stands, at a quarter of its size."""
    page.evaluate("document.fonts.ready")
    whole = page.screenshot(full_page=True, animations="disabled")
    desk = page.context.new_page()  # the policy of the site lets its pages fetch nothing
    desk.goto("about:blank")
    small: str = desk.evaluate(SHRINK, [url_of(whole, "image/png"), SMALLER])
    desk.close()
    return base64.b64decode(small)


def compared(page: Page, one: bytes, other: bytes) -> dict[str, Any]:
    desk = page.context.new_page()
    desk.goto("about:blank")
    found: dict[str, Any] = desk.evaluate(COMPARE, [url_of(one), url_of(other)])
    desk.close()
    return found


def is_alike(found: dict[str, Any]) -> bool:
    return bool(
        found["width"] and found["worst"] <= MOST_IN_A_BAND and found["height"] <= MOST_HEIGHT
    )


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_each_page_looks_as_it_did(visit: Opened, width: int, scheme: str) -> None:
    reader = visit(width, color_scheme=scheme, reduced_motion="reduce")
    for name, path in PAGES.items():
        page = reader.open(path, live=not name.startswith("chart"))
        page.wait_for_timeout(400)  # a live chart draws its axes after its lines
        now, file = taken(page), HELD / f"{name}-{LOOKS[width, scheme]}.webp"
        if TAKE:
            HELD.mkdir(parents=True, exist_ok=True)
            file.write_bytes(now)
        found = compared(page, file.read_bytes(), now)
        assert is_alike(found), f"{file.name}: {found}; look, then TAKE_PICTURES=1 if it is meant"


@pytest.mark.parametrize("change", [
    ".cards { display: none }", "body { font-size: 19px }", ".masthead { visibility: hidden }",
    ":root { --paper: #fff !important; --ink: #fff !important }",
])  # fmt: skip
def test_a_page_that_was_changed_is_seen_to_be_changed(
    visit: Opened,
    change: str,
) -> None:
    page = visit(390, color_scheme="light", reduced_motion="reduce").open("/")
    page.add_style_tag(content=change)
    found = compared(page, (HELD / "today-phone.webp").read_bytes(), taken(page))
    assert not is_alike(found)
