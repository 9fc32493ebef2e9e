"""A whole picture that stands alone: finding, subtitle, chart, source and date. As SVG it follows
the reader's system; PNG is drawn from the same text."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

from dashboard.address import AddressError
from dashboard.chart.lettering import width, wrapped
from dashboard.chart.model import Model
from dashboard.chart.palette import DARK, LIGHT, Palette, rules
from dashboard.chart.qr import modules
from dashboard.chart.svg import plot
from dashboard.texts import text

PAD = 16.0
HEAD, SUB, FOOT = 21.0, 13.0, 11.0
MIN_PLOT, CODE = 80.0, 58.0
#: From one line of the headline to the next, so that no font's letters touch.
LEADING = 1.46


@dataclass(frozen=True, slots=True)
class Paper:
    """How large a picture is: the pixels of a screen, and how many of its own it puts into each."""

    width: int
    height: int
    density: float = 1.0

    @property
    def zoom(self) -> float:
        """Letters grow with the picture: a preview is looked at small."""
        return self.width / min(760.0, max(320.0, self.width / 1.8))


@dataclass(frozen=True, slots=True)
class Caption:
    """The words around a chart; a `link` is drawn as a QR code beside them."""

    headline: str
    subtitle: str
    source: str
    known: str
    link: str = ""


def picture(
    model: Model, caption: Caption, paper: Paper, theme: str, lang: str, *, bold: bool = False
) -> str:
    """The picture as SVG. `bold` thickens the headline by hand, for a font without a bold face."""
    wide, high = paper.width / paper.zoom, paper.height / paper.zoom
    parts, top = _head(caption, wide, high)
    foot, bottom = _foot(caption, wide, high, lang)
    room = bottom - top
    if room < MIN_PLOT:
        raise AddressError(
            "h",
            f"h: {paper.height} is too low for a chart {paper.width} wide with its words; at least "
            f"{round(paper.height + (MIN_PLOT - room) * paper.zoom) + 1} are needed.",
        )
    inner = wide - 2 * PAD
    if model.empty:
        words = text("empty_chart", lang)
        drawn = _line(words, inner / 2, room / 2, 15, "s", "middle")
    else:
        drawn = plot(model, inner, room)
    size = f'width="{paper.width * paper.density:g}" height="{paper.height * paper.density:g}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {wide:g} {high:g}" '
        f'role="img" font-size="12"><title>{escape(caption.headline)}</title>'
        f"<desc>{escape(model.description)}</desc><style>{_style(theme, bold)}</style>"
        f'<rect class="w" width="{wide:g}" height="{high:g}"/>{"".join(parts)}'
        f'<g transform="translate({PAD:g} {top:.1f})">{drawn}</g>{"".join(foot)}'
        f"{_code(caption.link, wide)}</svg>"
    )


def _head(caption: Caption, wide: float, high: float) -> tuple[list[str], float]:
    """The finding in as many lines as there is height for, what is shown, where there is room for
    that too, and where the chart may begin."""
    room = wide - 2 * PAD - (CODE + 12 if caption.link else 0)
    low = high < 240
    size = 17.0 if low else HEAD
    most = 3 if high > wide * 0.8 else 2
    lines = wrapped(caption.headline, size * 1.04, room, most)
    y = PAD + size * 0.9
    parts = []
    for words in lines:
        parts.append(_line(words, PAD, y, size, "h"))
        y += size * LEADING
    if low:
        return parts, max(y - size * 0.9, PAD + CODE + 6 if caption.link else 0)
    (subtitle,) = wrapped(caption.subtitle, SUB, room, 1)
    parts.append(_line(subtitle, PAD, y - size * 0.32, SUB, "s"))
    return parts, max(y - size * 0.32 + 10, PAD + CODE + 6 if caption.link else 0)


def _foot(caption: Caption, wide: float, high: float, lang: str) -> tuple[list[str], float]:
    """Source, date and site on the last lines, and where the chart must end."""
    room = wide - 2 * PAD
    site = text("site", lang)
    y = high - 10
    beside = room - width(site, FOOT) - 16
    parts = [_line(site, wide - PAD, y, FOOT, "s", "end")]
    both = f"{caption.source} · {caption.known}"
    if width(both, FOOT) <= beside:
        parts.append(_line(both, PAD, y, FOOT, "s"))
        return parts, y - 16
    (known,) = wrapped(caption.known, FOOT, beside, 1)
    (source,) = wrapped(caption.source, FOOT, room, 1)
    parts += [_line(known, PAD, y, FOOT, "s"), _line(source, PAD, y - 16, FOOT, "s")]
    return parts, y - 32


def _code(link: str, wide: float) -> str:
    """The link as a QR code in the upper right corner, dark on light in every theme."""
    if not link:
        return ""
    return (
        f'<g transform="translate({wide - PAD - CODE:g} {PAD - 4:g})">'
        f'<rect width="{CODE:g}" height="{CODE:g}" fill="#fff"/>{modules(link, CODE)}</g>'
    )


def _line(words: str, x: float, y: float, size: float, kind: str, anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" '
        f'text-anchor="{anchor}">{escape(words)}</text>'
    )


def _style(theme: str, bold: bool) -> str:
    if theme == "auto":
        dark = _rules(DARK, bold)
        return f"{_rules(LIGHT, bold)}@media(prefers-color-scheme:dark){{{dark}}}"
    return _rules(DARK if theme == "dark" else LIGHT, bold)


def _rules(colours: Palette, bold: bool) -> str:
    thick = f";stroke:{colours['ink']};stroke-width:.6" if bold else ""
    return (
        f"{rules(colours)}.w{{fill:{colours['paper']}}}"
        f".h{{fill:{colours['ink']};font-weight:700{thick}}}.s{{fill:{colours['muted']}}}"
    )
