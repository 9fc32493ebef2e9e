"""Pictures at chart addresses: how large they may be, and what they show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from dashboard import formatting
from dashboard.address import AddressError
from dashboard.chart.fonts import font, warning
from dashboard.chart.picture import Caption, Paper, picture
from dashboard.chart.png import png
from dashboard.chart_page.check_codes import check_code, check_link
from dashboard.chart_page.view import View, known_then, view
from dashboard.texts import text
from dashboard.urls import Urls
from etl.errors import StorageError
from etl.records import BEIJING

SIZES: Mapping[str, tuple[int, int]] = {
    "og": (1200, 628), "square": (600, 600), "wechat": (900, 383),
}  # fmt: skip
MIN_SIDE, MAX_SIDE, MAX_DENSITY = 200, 2400, 4
MAX_PIXELS = 4_000_000


def paper(query: Mapping[str, str]) -> tuple[Paper, dict[str, str]]:
    """The size that `size`, `w`, `h` and a number in `scale` ask for, and the other parameters.

    `scale` is the scale of values (linear, log) and for pictures also the density (1 to 4): one of
    them, or both with a comma.
    """
    name = query.get("size", "") or "og"
    if name not in SIZES:
        raise AddressError(
            "size", f"size: '{name[:40]}' is not a size. Allowed: {', '.join(SIZES)}."
        )
    wide, high = SIZES[name]
    density, scale = _scale(query.get("scale", ""))
    found = Paper(_side("w", query, wide), _side("h", query, high), density)
    pixels = found.width * found.height * density * density
    if pixels > MAX_PIXELS:
        raise AddressError(
            "w", f"w, h, scale: {pixels:,.0f} pixels; at most {MAX_PIXELS:,} are drawn."
        )
    rest = {k: v for k, v in query.items() if k not in ("size", "w", "h", "scale")}
    return found, {**rest, "scale": scale}


def svg_of(seen: View, paper: Paper, urls: Urls) -> str:
    """The view as a picture of that size."""
    return picture(seen.model, _caption(seen, urls), paper, seen.address.theme, seen.lang)


def png_of(seen: View, paper: Paper, urls: Urls) -> bytes:
    """The view as PNG; in English where no Chinese font is at hand, and the picture says so. A PNG
    has one look: daylight, unless the address asks for the dark."""
    found = font()
    if found is None:
        raise StorageError(warning())
    if not found.chinese and seen.lang != "en":
        seen = view(seen.snapshot, replace(seen.address, lang="en"))
        caption = replace(_caption(seen, urls), source=text("no_font", "en"))
    else:
        caption = _caption(seen, urls)
    theme = "dark" if seen.address.theme == "dark" else "light"
    drawn = picture(seen.model, caption, paper, theme, seen.lang, bold=True)
    return png(drawn, found, told=not seen.words.is_own)


def _caption(seen: View, urls: Urls) -> Caption:
    lang, found = seen.lang, seen.words.findings
    one = found[0] if len(found) == len(seen.parts) == 1 else None
    names = dict.fromkeys(p.indicator.credit.name.in_(lang) for p in seen.parts)
    moment = seen.address.as_of or seen.snapshot.published_at
    day = formatting.full_date(moment.astimezone(BEIJING).date(), lang)
    known = known_then(seen, day) if seen.address.as_of else text("known_now", lang, moment=day)
    if seen.words.is_own:
        known = f"{text('own_title_short', lang)} · {known}"
    return Caption(
        seen.words.headline,
        seen.words.subtitle,
        text("source_is", lang, source=("；" if lang == "zh" else "; ").join(names)),
        known,
        link=check_link(seen, urls),
        code=check_code(seen),
        value=(
            one.figure.number,
            one.figure.unit,
            formatting.day(one.vintage.date, one.part.indicator, lang, year=True),
        )
        if one
        else None,
    )


def _side(name: str, query: Mapping[str, str], usual: int) -> int:
    given = query.get(name, "")
    if not given:
        return usual
    if re.fullmatch(r"[0-9]{1,4}", given, re.ASCII) and MIN_SIDE <= int(given) <= MAX_SIDE:
        return int(given)
    raise AddressError(
        name, f"{name}: '{given[:40]}' is not a length. Allowed: {MIN_SIDE} to {MAX_SIDE} pixels."
    )


def _scale(given: str) -> tuple[float, str]:
    """The density and the scale of values in one parameter."""
    words = given.split(",") if given else []
    numbers = [w for w in words if re.fullmatch(r"[1-4](\.[0-9]{1,2})?", w, re.ASCII)]
    names = [w for w in words if w in ("linear", "log")]
    known = len(numbers) <= 1 and len(names) <= 1 and len(numbers) + len(names) == len(words)
    if not known or (numbers and float(numbers[0]) > MAX_DENSITY):
        raise AddressError(
            "scale",
            f"scale: '{given[:40]}' is not allowed. Allowed: linear, log, for pictures also a "
            f"density from 1 to {MAX_DENSITY}, or both like log,2.",
        )
    return float(numbers[0]) if numbers else 1.0, names[0] if names else ""
