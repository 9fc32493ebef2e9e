"""A whole picture that stands alone: finding, subtitle, chart, source and date. As SVG it follows
the reader's system; PNG is drawn from the same text."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

from dashboard.address import AddressError
from dashboard.chart.lettering import width, wrapped
from dashboard.chart.model import Model
from dashboard.chart.palette import DARK, LIGHT, Palette, rules
from dashboard.chart.qr import modules, side
from dashboard.chart.svg import plot
from dashboard.texts import text

PAD = 16.0
HEAD, SUB, FOOT, VALUE = 21.0, 13.0, 11.0, 30.0
LINE = 16.5
MIN_PLOT = 80.0
#: How large a QR code may be, of the height too, and how many pixels a module of it has at least.
CODE, PART, MODULE = 58.0, 0.22, 2
#: From one line of the headline to the next, so that no font's letters touch.
LEADING = 1.5
#: A cover is so many times as wide as it is high, and so high in units of its letters.
COVER, COVER_HIGH = 2.0, 180.0


@dataclass(frozen=True, slots=True)
class Paper:
    """How large a picture is: the pixels of a screen, and how many of its own it puts into each."""

    width: int
    height: int
    density: float = 1.0

    @property
    def zoom(self) -> float:
        """Letters grow with the picture: in a chat it is looked at 375 pixels wide."""
        found = self.width / min(760.0, max(320.0, self.width / 2.4))
        return min(found, self.height / COVER_HIGH) if self.is_cover else found

    @property
    def is_cover(self) -> bool:
        """Whether there is no height for words above the chart: they stand beside it."""
        return self.width >= COVER * self.height

    def code(self, link: str) -> float:
        """The side of the QR code of a link, in whole pixels a module so that it can be read; 0
        where one that can be read would take too much of the picture."""
        if not link:
            return 0.0
        pixels, count = self.zoom * self.density, side(link)
        module = int(min(CODE * pixels, PART * self.height * self.density) / count)
        return module * count / pixels if module >= MODULE else 0.0


@dataclass(frozen=True, slots=True)
class Caption:
    """The words around a chart. A `link` to where it can be checked is drawn as a QR code or, where
    there is no room for one that can be read, printed as its `code`."""

    headline: str
    subtitle: str
    source: str
    known: str
    link: str = ""
    code: str = ""
    #: The newest value with its unit and its day, where the chart has one.
    value: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Canvas:
    """What a picture is laid out on, in units of its letters."""

    wide: float
    high: float
    #: The side of the QR code, or 0.
    code: float
    lang: str


def picture(
    model: Model, caption: Caption, paper: Paper, theme: str, lang: str, *, bold: bool = False
) -> str:
    """The picture as SVG. `bold` thickens the headline by hand, for a font without a bold face."""
    wide, high = paper.width / paper.zoom, paper.height / paper.zoom
    sheet = _Canvas(wide, high, paper.code(caption.link), lang)
    foot, bottom = _foot(caption, sheet, beside=paper.is_cover)
    if paper.is_cover:
        left = PAD + min(wide * 0.42, 300.0)
        parts, top = _beside(caption, left - PAD, bottom), 12.0
        left, bottom = left + 12, min(bottom, high - sheet.code - 12)
        code_y = high - sheet.code - 8
    else:
        left, code_y = PAD, PAD - 4
        parts, top = _head(caption, sheet)
    room = bottom - top
    if room < MIN_PLOT:
        raise AddressError(
            "h",
            f"h: {paper.height} is too low for a chart {paper.width} wide with its words; at least "
            f"{round(paper.height + (MIN_PLOT - room) * paper.zoom) + 1} are needed.",
        )
    inner = wide - left - PAD
    if model.empty:
        drawn = "".join(
            _line(words, inner / 2, room / 2 + number * 15 * LEADING, 15, "s", "middle")
            for number, words in enumerate(wrapped(text("empty_chart", lang), 15, inner, 3))
        )
    else:
        drawn = plot(model, inner, room)
    size = f'width="{paper.width * paper.density:g}" height="{paper.height * paper.density:g}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {wide:g} {high:g}" '
        f'role="img" font-size="12"><title>{escape(caption.headline)}</title>'
        f"<desc>{escape(model.description)}</desc><style>{_style(theme, bold)}</style>"
        f'<rect class="w" width="{wide:g}" height="{high:g}"/>{"".join(parts)}'
        f'<g transform="translate({left:g} {top:.1f})">{drawn}</g>{"".join(foot)}'
        f"{_code(caption.link, sheet, code_y, paper)}</svg>"
    )


def _head(caption: Caption, sheet: _Canvas) -> tuple[list[str], float]:
    """The finding in as many lines as there is height for, what is shown, where there is room for
    that too, and where the chart may begin."""
    room = sheet.wide - 2 * PAD - (sheet.code + 12 if sheet.code else 0)
    low = sheet.high < 240
    size = 17.0 if low else HEAD
    most = 3 if sheet.high > sheet.wide * 0.8 else 2
    sizes = (size, size * 0.88)
    for count in range(1, most + 1):
        size, lines = _fitting(caption.headline, sizes, room, count, bold=True)
        if not lines[-1].endswith("…"):
            break
    y = PAD + size * 0.9
    parts = []
    for words in lines:
        parts.append(_line(words, PAD, y, size, "h"))
        y += size * LEADING
    below = PAD + sheet.code + 2 if sheet.code else 0
    if low:
        return parts, max(y - size * 0.9, below)
    if y - size * 0.32 - SUB > PAD - 4 + sheet.code:
        room = sheet.wide - 2 * PAD
    small, (subtitle,) = _fitting(caption.subtitle, (SUB, SUB * 0.9, SUB * 0.8), room, 1)
    parts.append(_line(subtitle, PAD, y - size * 0.32, small, "s"))
    return parts, max(y - size * 0.32 + 10, below)


def _beside(caption: Caption, room: float, bottom: float) -> list[str]:
    """The finding, the newest value in large digits and its day, one below the other."""
    y = 30.0
    held = 66.0 if caption.value else 0.0
    most = max(1, int((bottom - held - 10) / (18.0 * LEADING)))
    size, lines = _fitting(caption.headline, (18.0, 16.0, 14.0), room, most, bold=True)
    parts = []
    for words in lines:
        parts.append(_line(words, PAD, y, size, "h"))
        y += size * LEADING
    if caption.value:
        number, unit, day = caption.value
        y += 20
        beside = width(number, VALUE * 1.1) + width(unit, SUB) + 4 <= room
        parts.append(
            f'<text class="h" x="{PAD:g}" y="{y:.1f}" font-size="{VALUE:g}">{escape(number)}'
            f'<tspan class="s" font-size="{SUB:g}" dx="4">{escape(unit) if beside else ""}</tspan>'
            "</text>"
        )
        (below,) = wrapped(day if beside or not unit else f"{unit} · {day}", SUB, room, 1)
        parts.append(_line(below, PAD, y + 27, SUB, "s"))
    return parts


def _fitting(
    words: str, sizes: tuple[float, ...], room: float, most: int, *, bold: bool = False
) -> tuple[float, list[str]]:
    """The words in the largest letters in which they are not cut, and their lines; cut in the
    smallest where they are longer than that."""
    for size in sizes:
        lines = wrapped(words, size * (1.04 if bold else 1.0), room, most)
        if not lines[-1].endswith("…"):
            break
    return size, lines


def _foot(caption: Caption, sheet: _Canvas, *, beside: bool) -> tuple[list[str], float]:
    """Source, date, where to check and the site on the last lines, and where the chart must end."""
    room = sheet.wide - 2 * PAD - (sheet.code + 12 if beside and sheet.code else 0)
    check = _check(caption, sheet)
    site = "" if check and sheet.high < 240 else text("site", sheet.lang)  # one of both
    last = room - (width(site, FOOT) + 16 if site else 0)
    lines = _lines(caption, check, room, last, is_coded=sheet.code > 0)
    if width(lines[-1], FOOT * 0.85) > last:
        site, last = "", room  # the date goes before the name
    y = sheet.high - 10
    parts = [_line(site, PAD + room, y, FOOT, "s", "end")] if site else []
    for number, words in enumerate(reversed(lines)):
        size, (shown,) = _fitting(words, (FOOT, FOOT * 0.85), room if number else last, 1)
        parts.append(_line(shown, PAD, y - number * LINE, size, "s"))
    return parts, y - len(lines) * LINE


def _lines(caption: Caption, check: str, room: float, last: float, *, is_coded: bool) -> list[str]:
    """The lines of the foot; the last one is shorter."""
    both = f"{caption.source} · {caption.known}"
    lines = [both] if width(both, FOOT) <= (room if check else last) else [
        caption.source, caption.known,
    ]  # fmt: skip
    if check and width(f"{lines[-1]} · {check}", FOOT) <= last:
        lines[-1] += f" · {check}"
    elif check and (len(lines) == 1 or not is_coded):
        lines.append(check)
    return lines


def _check(caption: Caption, sheet: _Canvas) -> str:
    """Where the chart can be checked, in letters: the whole address where there is room, the code
    alone where nothing else leads there."""
    if not caption.link:
        return ""
    whole = caption.link.partition("://")[2].partition("?")[0]
    words = text("check_at", sheet.lang, where=whole)
    if sheet.high >= 240 and width(words, FOOT) <= sheet.wide - 2 * PAD - 110:
        return words
    return (
        "" if sheet.code or not caption.code else text("check_at", sheet.lang, where=caption.code)
    )


def _code(link: str, sheet: _Canvas, y: float, paper: Paper) -> str:
    """The link as a QR code at the right, dark on light in every theme, each module on whole
    pixels."""
    if not sheet.code:
        return ""
    pixels = paper.zoom * paper.density
    at, down = (round(place * pixels) / pixels for place in (sheet.wide - PAD - sheet.code, y))
    return (
        f'<g transform="translate({at:.5f} {down:.5f})" shape-rendering="crispEdges">'
        f'<rect width="{sheet.code:.4f}" height="{sheet.code:.4f}" fill="#fff"/>'
        f"{modules(link, sheet.code)}</g>"
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
        f".h{{fill:{colours['ink']};font-weight:700{thick}}}.s{{fill:{colours['muted']};font-weight:400;stroke:none}}"
    )
