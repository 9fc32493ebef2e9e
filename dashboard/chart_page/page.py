"""Chart pages as HTML that needs no script: one answer holds the words, the picture, the table and
the style."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dashboard import formatting
from dashboard.address import ChartAddress
from dashboard.chart.model import Model
from dashboard.chart.palette import VARIABLES, rules
from dashboard.chart.svg import Frame, plot
from dashboard.chart_page import short_links
from dashboard.chart_page.controls import ranges, transforms
from dashboard.chart_page.report_mail import PAGE as CORRECTIONS
from dashboard.chart_page.report_mail import report_url
from dashboard.chart_page.since import since
from dashboard.chart_page.value_table import caption, value_table
from dashboard.chart_page.view import View, known_then
from dashboard.data import correction_notes
from dashboard.display import Display
from dashboard.export.table import Column, address_url, frozen_moment, provenance
from dashboard.texts import hint, text
from etl.records import BEIJING

TEMPLATES = Path(__file__).parents[1] / "templates"
STATIC = Path(__file__).parents[1] / "static"
WIDE, NARROW = (720, 340), (360, 300)
#: Width and height of a frame on another site, until its script says what it needs.
EMBED = (720, 520)
#: What data files there may be, in the order in which they are offered.
FORMATS = ("csv", "xlsx", "json", "parquet", "zip")
MEDIA = {"csv": "text/csv", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class Option:
    """A link to the same chart with one thing chosen otherwise."""

    words: str
    href: str
    current: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """What a page must know of the site besides its own view."""

    base_url: str
    formats: tuple[str, ...] = ()
    #: Whether the short link, the kit and the frame of a page are at hand.
    shared: bool = True
    #: The e-mail address to which readers report a wrong number, if there is one.
    reports_to: str = ""


def page(view: View, site: SiteConfig) -> str:
    """The whole page of a chart address."""
    address, words, lang = view.address, view.words, view.lang
    one = words.findings[0] if len(words.findings) == len(view.parts) == 1 else None
    indicator = view.parts[0].indicator
    chosen = Display(address.lang, address.theme, address.updown)
    return template("chart.html").render(
        **frame(lang),
        address=address,
        words=words,
        model=view.model,
        url=address_url(address, site.base_url, ""),
        languages=[
            (name, address_url(replace(address, lang=name[:2]), site.base_url, ""))
            for name in ("zh-CN", "en")
        ],
        alternates=[
            (MEDIA[name], address_url(address, "", f".{name}"))
            for name in site.formats
            if name in MEDIA
        ],
        picture=_picture(view, site),
        description=words.paragraph(lang)[:300] or words.headline,
        home=chosen.href("/"),
        indicators=chosen.href("/indicators"),
        group=view.snapshot.catalog.groups[indicator.group].title.in_(lang),
        since=since_url(address) if address.as_of else "",
        one=one,
        direction={1: "rise", -1: "fall"}.get(one.change.direction if one and one.change else 0,
                                              "flat"),
        one_day=formatting.day(one.vintage.date, indicator, lang, year=True) if one else "",
        choices=list(_choices(address)),
        ranges=[Option(*one) for one in ranges(view, _href)],
        transforms=[Option(*one) for one in transforms(view, _href)],
        nothing=text("no_data_long" if _is_bare(view) else "empty_chart", lang),
        wide=drawing(view.model, *WIDE, "wide"),
        narrow=drawing(view.model, *NARROW, "narrow"),
        captions=list(captions(view)),
        report=report_url(view.table, chosen, site.base_url, site.reports_to),
        corrections=chosen.href(CORRECTIONS),
        paragraph=words.paragraph(lang),
        frozen=address.as_of is not None,
        dashboard=dashboard_url(address),
        live=address_url(replace(address, as_of=None), "", ""),
        downloads=list(_downloads(address, site)),
        share=share_url(view, site.base_url) if site.shared else "",
        table=Markup(value_table(view)) if not view.model.empty else "",
        table_caption=caption(view),
        facts=[_fact(column, view) for column in view.columns],
        known=_known(view),
        kit=address_url(address, "", ".kit.zip"),
        kit_html=address_url(address, "", ".kit.html"),
        embed_code=embed_code(view, site.base_url),
        oembed=_oembed(address, site),
        qr=address_url(address, "", ".qr.svg"),
        dataset=Markup(_dataset(view, site)),
        script=script_url("chart.js"),
    )  # fmt: skip


def since_page(then: View) -> str:
    """The small page within a frozen one that says what has become of it."""
    found = since(then)
    both = found.both
    return template("since.html").render(
        **frame(then.lang),
        address=then.address,
        title=then.model.title,
        lines=found.lines,
        revised=found.revised,
        live=_href(replace(then.address, as_of=None)),
        alternative=both.description if both else "",
        wide=drawing(both, *WIDE, "wide") if both else "",
        narrow=drawing(both, *NARROW, "narrow") if both else "",
    )


def plain_text(view: View, site: SiteConfig) -> str:
    """The chart in words, with its sources and its address."""
    words = view.words
    blocks = [
        words.headline,
        words.subtitle,
        words.paragraph(view.lang),
        "\n".join(captions(view)),
        *(column.indicator.definition.in_(view.lang) for column in view.columns),
        address_url(view.address, site.base_url, ""),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def problem_page(status: int, detail: str, lang: str = "zh", parameter: str = "") -> str:
    """A page that says what is wrong with an address."""
    name = {404: "not_found", 400: "wrong_address", 503: "no_snapshot", 429: "busy"}
    title = text(name.get(status, "wrong_address"), lang)
    return template("problem.html").render(
        **frame(lang), title=title, status=status, detail=detail, hint=hint(parameter, lang)
    )


def drawing(model: Model, width: int, height: int, kind: str = "") -> Markup:
    """The chart for a page that holds its style: with what a script needs to find a day on it."""
    if model.empty:
        return Markup("")
    frame = Frame(model, width, height)
    facts = {"left": frame.x(model.first), "right": frame.x(model.last),
             "first": model.first, "last": model.last}  # fmt: skip
    data = "".join(f' data-{name}="{value}"' for name, value in facts.items())
    return Markup(
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" font-size="12" aria-hidden="true"'
        f"{data}>{plot(model, width, height)}</svg>"
    )


def embed_page(view: View, site: SiteConfig) -> str:
    """The chart for a frame on another site: picture, source and the way to the page."""
    return template("embed.html").render(
        **frame(view.lang),
        address=view.address,
        words=view.words,
        url=address_url(view.address, site.base_url, ""),
        nothing=text("no_data_long" if _is_bare(view) else "empty_chart", view.lang),
        wide=drawing(view.model, *WIDE, "wide"),
        narrow=drawing(view.model, *NARROW, "narrow"),
        captions=list(captions(view)),
        script=script_url("embed.js"),
    )


def embed_code(view: View, base_url: str, width: int = EMBED[0], height: int = EMBED[1]) -> str:
    """The frame that another site puts into its page."""
    place = f"/embed{address_url(view.address, '', '')}"
    return (
        f'<iframe src="{escape(base_url + place)}" title="{escape(view.words.headline)}" '
        f'width="100%" height="{height}" loading="lazy" '
        f'style="border:0;max-width:{width}px"></iframe>'
    )


def _oembed(address: ChartAddress, site: SiteConfig) -> str:
    link = address_url(address, site.base_url, "")
    return f"{site.base_url}/oembed?url={quote(link, safe='')}"


def since_url(address: ChartAddress) -> str:
    """What has become of a frozen chart: a small page of its own, because it changes."""
    return address_url(address, "", "/since")


def share_url(view: View, base_url: str) -> str:
    """A short link that shows for ever what this page shows now."""
    return f"{base_url}/s/{short_links.code(frozen(view))}"


def frozen(view: View) -> ChartAddress:
    """The address of what is known in this snapshot, to the minute."""
    if view.address.as_of is not None:
        return view.address
    return replace(view.address, as_of=frozen_moment(view.snapshot))


def dashboard_url(address: ChartAddress) -> str:
    """The same chart among the other pages of the dashboard."""
    query = address.query()
    return f"/indicators/{address.id}" + (f"?{query}" if query else "")


@cache
def style_hash() -> str:
    """The one style that these pages may hold, as their security policy names it."""
    return "sha256-" + base64.b64encode(sha256(_css().encode()).digest()).decode()


SCRIPTS = ("chart.js", "embed.js")


@cache
def script(name: str) -> bytes:
    return (STATIC / name).read_bytes()


@cache
def script_url(name: str) -> str:
    """The address of a script; it changes with its content."""
    stem = name.removesuffix(".js")
    return f"/static/{stem}.{sha256(script(name)).hexdigest()[:12]}.js"


@cache
def _css() -> str:
    return (TEMPLATES / "chart.css").read_text(encoding="utf-8") + rules(VARIABLES, ".plot ")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,  # a template changes with the program only
    )


def template(name: str) -> Any:
    """A template of a page, read once."""
    return _environment().get_template(name)


def frame(lang: str) -> dict[str, Any]:
    """What every page needs."""
    return {
        "lang": lang,
        "html_lang": "en" if lang == "en" else "zh-CN",
        "css": Markup(_css()),
        "t": lambda name: text(name, lang),
    }


def _is_bare(view: View) -> bool:
    return not any(column.rows for column in view.columns)


def _picture(view: View, site: SiteConfig) -> str:
    """The preview of the page, in the same state."""
    return address_url(view.address, site.base_url, ".png")


def _choices(address: ChartAddress) -> Iterator[Option]:
    """Language, theme and colour of a rise: each a link to this page, chosen otherwise."""
    lang = address.lang
    themes = ("auto", "light", "dark")
    theme = themes[(themes.index(address.theme) + 1) % 3]
    other = "zh" if lang == "en" else "en"
    updown = "green" if address.updown == "red" else "red"
    yield Option(text("language", lang), _href(replace(address, lang=other)),
                 title=text("language_label", lang))  # fmt: skip
    yield Option(text(f"theme_{address.theme}", lang), _href(replace(address, theme=theme)),
                 title="→ " + text(f"theme_{theme}", lang))  # fmt: skip
    yield Option(text(f"updown_{address.updown}", lang), _href(replace(address, updown=updown)),
                 title="→ " + text(f"updown_{updown}", lang))  # fmt: skip


def _href(address: ChartAddress) -> str:
    return address_url(address, "", "")


def captions(view: View) -> Iterator[str]:
    """Sources, dates, and what must be known to read the picture."""
    lang = view.lang
    names = dict.fromkeys(p.indicator.credit.name.in_(lang) for p in view.parts)
    yield text("source_is", lang, source=("；" if lang == "zh" else "; ").join(names))
    yield _known(view)
    if view.model.sampled:
        yield text("sampled", lang)
    if view.model.bulletins:
        yield text("bulletin_marks", lang)
    for part in view.parts:
        for change in part.indicator.breaks:
            if view.model.first < change.date <= view.model.last:
                yield f"{change.date}：{change.note.in_(lang)}"
    yield from correction_notes.sentences(view.snapshot, view.columns, lang)


def _known(view: View) -> str:
    """As of when the page speaks."""
    if view.address.as_of is not None:
        return known_then(view, formatting.beijing(view.address.as_of, view.lang))
    moment = formatting.beijing(view.snapshot.published_at, view.lang)
    return text("known_now", view.lang, moment=moment)


def _downloads(address: ChartAddress, site: SiteConfig) -> Iterator[tuple[str, str]]:
    lang = address.lang
    for name in site.formats:
        yield name.upper(), address_url(address, "", f".{name}")
        if name == "csv":
            excel = replace(address, for_="excel")
            yield text("csv_for_excel", lang), address_url(excel, "", ".csv")
    yield text("picture_png", lang), address_url(address, "", ".png")
    yield "SVG", address_url(address, "", ".svg")
    yield text("as_text", lang), address_url(address, "", ".txt")
    yield text("metadata", lang), address_url(address, "", ".metadata.json")


def _fact(column: Column, view: View) -> dict[str, str]:
    """What is to be known of an indicator."""
    indicator, lang = column.indicator, view.lang
    unit = view.snapshot.catalog.unit(indicator)
    held = [v for v, x in column.rows if x is not None]
    newest = held[-1] if held else None
    return {
        "title": indicator.title.in_(lang),
        "definition": indicator.definition.in_(lang),
        "credit": indicator.credit.name.in_(lang),
        "credit_url": indicator.credit.url,
        "licence": indicator.credit.licence.in_(lang),
        "unit": unit.label.in_(lang),
        "frequency": text(indicator.frequency, lang),
        "newest": formatting.day(newest.date, indicator, lang, year=True) if newest else "",
        "known": f"{formatting.minute(newest.known_at)} · {provenance(newest)}" if newest else "",
    }


def _dataset(view: View, site: SiteConfig) -> str:
    """The page as a schema.org Dataset, safe within a script element."""
    address, lang = view.address, view.lang
    first = view.parts[0].indicator
    document: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": view.model.title,
        "description": f"{first.definition.in_(lang)} {view.words.paragraph(lang)}".strip(),
        "url": address_url(address, site.base_url, ""),
        "inLanguage": "en" if lang == "en" else "zh-CN",
        "isAccessibleForFree": True,
        "license": [c.indicator.credit.licence.in_(lang) for c in view.columns],
        "creator": [
            {"@type": "Organization", "name": c.indicator.credit.name.in_(lang),
             "url": c.indicator.credit.url}
            for c in view.columns
        ],
        "variableMeasured": [
            {"@type": "PropertyValue", "name": c.indicator.title.in_(lang), "unitText": c.unit,
             "propertyID": c.indicator.id}
            for c in view.columns
        ],
        "dateModified": (
            address.as_of or view.snapshot.published_at
        ).astimezone(BEIJING).isoformat(timespec="seconds"),
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": MEDIA.get(name, name),
             "contentUrl": address_url(address, site.base_url, f".{name}")}
            for name in site.formats
        ],
    }  # fmt: skip
    if site.shared:
        document["identifier"] = address_url(frozen(view), site.base_url, "")
    if not view.model.empty:
        days = [point.date for point in view.model.points]
        document["temporalCoverage"] = f"{min(days)}/{max(days)}"
        document["image"] = _picture(view, site)
    text_ = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text_.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
