"""What a printed page bears and a screen does not: its address, and the same as a QR code."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup

from dashboard.chart.qr import modules
from dashboard.markup import render

SIZE = 96


@lru_cache(maxsize=256)
def on_paper(link: str, lang: str) -> Markup:
    """The address with its code, seen on paper only; nothing where there is no address."""
    if not link:
        return Markup("")
    return render("on_paper.html", lang, link=link, size=SIZE, code=Markup(modules(link, SIZE)))
