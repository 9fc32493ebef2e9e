"""What an editor inserts with a chart: picture with a QR code, caption, definition, source,
alternative text and short link; as HTML for the WeChat editor, as Markdown, and all in a zip."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

from dashboard.chart.picture import Paper
from dashboard.chart.qr import qr, qr_png
from dashboard.chart_page.page import SiteConfig, captions, lasting_address, shared_link
from dashboard.chart_page.pictures import SIZES, png_of
from dashboard.chart_page.view import View
from dashboard.markup import plain, render
from dashboard.texts import text

#: A time that never changes, so that the same chart gives the same bytes.
WHEN = (2026, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Kit:
    """The words to insert, and where the picture and the chart are."""

    headline: str
    paragraph: str
    lines: tuple[str, ...]
    definitions: tuple[str, ...]
    alternative: str
    link: str
    picture: str
    lang: str


def kit(view: View, site: SiteConfig) -> Kit:
    """The words of a view; its picture and its link are frozen, as the words are."""
    lang, urls = view.lang, site.urls.online
    return Kit(
        headline=view.words.headline,
        paragraph=view.words.paragraph(lang),
        lines=tuple(captions(view)),
        definitions=tuple(
            f"{text('definition', lang)}{'：' if lang == 'zh' else ': '}"
            f"{column.indicator.definition.in_(lang)}"
            for column in view.columns
        ),
        alternative=view.words.alternative,
        link=shared_link(view, urls),
        picture=urls.chart(lasting_address(view), ".png"),
        lang=lang,
    )


def as_html(kit: Kit) -> str:
    """For the WeChat editor, which keeps inline styles and drops everything else."""
    return str(render("kit.html", kit.lang, kit=kit))


def as_markdown(kit: Kit, picture: str) -> str:
    """With the picture at that address."""
    alternative = kit.alternative.replace("[", "(").replace("]", ")")
    return plain("kit.md", kit.lang, kit=kit, alternative=alternative, picture=picture)


def files(view: View, site: SiteConfig) -> dict[str, bytes]:
    """Everything by its name; the pictures are large enough for a printed page."""
    found = kit(view, site)
    return {
        "chart.png": png_of(view, Paper(*SIZES["og"], density=1.5), site.urls),
        "wechat.png": png_of(view, Paper(*SIZES["wechat"]), site.urls),
        "qr.svg": qr(found.link).encode(),
        "qr.png": qr_png(found.link),
        "insert.html": as_html(found).encode(),
        "insert.md": as_markdown(found, "chart.png").encode(),
        "alternative.txt": f"{found.alternative}\n".encode(),
        "link.txt": f"{found.link}\n".encode(),
    }


def as_zip(view: View, site: SiteConfig) -> bytes:
    """The same in one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in files(view, site).items():
            packed.writestr(zipfile.ZipInfo(name, WHEN), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
