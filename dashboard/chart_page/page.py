"""Chart pages as HTML that needs no script: one answer holds the words, the picture, the table and
the style."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from markupsafe import Markup

from dashboard import feeds, formatting
from dashboard.address import ChartAddress, moment_text
from dashboard.chart.layout import Layout
from dashboard.chart.model import Model
from dashboard.chart.palette import VARIABLES, rules
from dashboard.chart.svg import draw
from dashboard.chart_page.controls import Choice, controls, span_form
from dashboard.chart_page.paper import on_paper
from dashboard.chart_page.report_mail import PAGE as CORRECTIONS
from dashboard.chart_page.report_mail import report_link
from dashboard.chart_page.since import since
from dashboard.chart_page.value_table import caption, value_table
from dashboard.chart_page.view import View, known_then
from dashboard.data import correction_notes
from dashboard.data.awaited import awaited
from dashboard.display import Display, alternatives
from dashboard.export.licence import is_free
from dashboard.export.table import Column, frozen, provenance
from dashboard.markup import TEMPLATES, render
from dashboard.provenance import TriedSource, provenance_words, tried_sources
from dashboard.related_links import RelatedLinks, related_links
from dashboard.texts import hint, text
from dashboard.urls import Urls
from etl.catalog import Credit, Indicator
from etl.frequency import period_middle
from etl.records import BEIJING, Vintage
from etl.texts import told

STATIC = Path(__file__).parents[1] / "static"
WIDE, NARROW = (720, 340), (360, 300)
#: Width and height of a frame on another site, until its script says what it needs.
EMBED = (720, 520)
#: What data files there may be, in the order in which they are offered.
FORMATS = ("csv", "xlsx", "json", "parquet", "zip")
ICON = "/assets/icon.svg"
MEDIA = {"csv": "text/csv", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class Option:
    """A link to the same chart with one thing chosen otherwise."""

    words: str
    href: str
    current: bool = False
    title: str = ""
    #: Whether it is no page, so that nobody who looks for pages follows it.
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """What a page must know of the site besides its own view."""

    urls: Urls = field(default_factory=Urls)
    formats: tuple[str, ...] = ()
    #: The e-mail address to which readers report a wrong number, if there is one.
    reports_to: str = ""
    #: Whether anyone can sign in here.
    signs_in: bool = False


def page(view: View, site: SiteConfig) -> str:
    """The whole page of a chart address."""
    address, words, lang = view.address, view.words, view.lang
    one = words.findings[0] if len(words.findings) == len(view.parts) == 1 else None
    indicator = view.parts[0].indicator
    urls = replace(site.urls, display=Display(address.lang, address.theme, address.updown))
    whole, lasting, formats = urls.online, lasting_address(view), _formats(view, site)
    chosen, display = controls(view, urls.chart), _leading(_choices(address, urls))
    followed = [] if for_committee(view) else _leading(_feeds(view, urls))
    return render(
        "chart.html",
        lang,
        css=style(),
        address=address,
        words=words,
        model=view.model,
        icon=urls.to(ICON),
        url=whole.chart(address),
        canonical=whole.chart(replace(address, title="")),
        languages=[
            (name, href)
            for name in ("zh-CN", "en")
            # A headline of one language is none of the other.
            if (href := whole.chart(replace(address, lang=name[:2], title="")))
        ],
        alternates=[
            (MEDIA[name], href)
            for name in formats
            if name in MEDIA and (href := urls.chart(address, f".{name}"))
        ],
        picture=whole.chart(address, ".png"),
        description=words.paragraph(lang)[:300] or words.headline,
        home=urls.page("/"),
        indicators=urls.page("/indicators"),
        since=urls.chart(address, "/since") if address.as_of else "",
        one=one,
        direction={1: "rise", -1: "fall"}.get(one.change.direction if one and one.change else 0,
                                              "flat"),
        one_day=formatting.day(one.vintage.date, indicator, lang, year=True) if one else "",
        languages_here=display[:1],
        ranges=_options(chosen[0][1]),
        rows=[
            *((label, _options(choices)) for label, choices in chosen[1:]),
            (text("display", lang), display[1:]),
        ],
        span=span_form(
            view.snapshot, address, urls.form(f"/c/{address.place}"), parse_qsl(address.query())
        ),
        nothing=text("no_data_long" if _is_bare(view) else "empty_chart", lang),
        tried=_tried(view),
        wide=drawing(view.model, *WIDE, "wide"),
        narrow=drawing(view.model, *NARROW, "narrow"),
        captions=list(captions(view)),
        report=report_link(view.table, urls, site.reports_to),
        corrections=urls.page(CORRECTIONS),
        paragraph=words.paragraph(lang),
        notes=told_notes(view, urls),
        all_notes=urls.page("/events", id=address.id,
                            asof=moment_text(address.as_of) if address.as_of else ""),
        uses=_leading([*_uses(address, formats, urls), *followed]),
        feeds=followed,
        refused=text("no_files", lang) if site.formats and not formats else "",
        share=whole.short(lasting) if lasting.as_of and not for_committee(view) else "",
        paper=on_paper("" if for_committee(view) else shared_link(view, whole), lang),
        for_committee=for_committee(view),
        inserts=_leading(_inserts(address, urls)),
        kit_html=urls.chart(address, ".kit.html"),
        embed_code=embed_code(view, urls),
        oembed="" if for_committee(view) else whole.oembed(address),
        table=value_table(view) if not view.model.empty else "",
        table_caption=caption(view),
        related=_related(view, urls),
        facts=[_fact(column, view) for column in view.columns],
        known=_known(view),
        dataset=Markup(_dataset(view, formats, whole)),
        script=urls.to(script_url("chart.js")),
    )  # fmt: skip


def _formats(view: View, site: SiteConfig) -> tuple[str, ...]:
    """The data files that there are of it: none where a licence forbids them."""
    return site.formats if is_free(view.snapshot.catalog, view.address.ids) else ()


def since_page(then: View, site: SiteConfig) -> str:
    """The small page within a frozen one that says what has become of it."""
    found = since(then)
    both = found.both
    return render(
        "since.html",
        then.lang,
        css=style(),
        address=then.address,
        icon=site.urls.to(ICON),
        title=then.model.title,
        lines=found.lines,
        revised=found.revised,
        live=site.urls.chart(replace(then.address, as_of=None)),
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
        site.urls.online.chart(view.address),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def problem_page(
    status: int,
    detail: str,
    urls: Urls,
    lang: str = "zh",
    parameter: str = "",
    credit: Credit | None = None,
    at_door: str = "",
) -> str:
    """A page that says what is wrong with an address; of `credit`, that its licence forbids what is
    asked for. What is said `at_door` of signing in is in `lang` already, `detail` is English."""
    name = {404: "not_found", 400: "wrong_address", 403: "refused", 503: "no_snapshot",
            429: "busy", 401: "sign_in_needed"}  # fmt: skip
    if status == 403 and credit is None:
        name[403] = "not_allowed"
    if at_door:
        name |= {400: "sign_in", 503: "sign_in"}
    return render(
        "problem.html",
        lang,
        css=style(),
        icon=urls.to(ICON),
        home=urls.page("/"),
        indicators=urls.page("/indicators"),
        title=text(name.get(status, "wrong_address"), lang),
        status=status,
        detail=told(detail, lang),
        hint=at_door or (text("no_files", lang) if credit else hint(parameter, lang)),
        source=(credit.name.in_(lang), credit.url) if credit else None,
    )


def drawing(model: Model, width: int, height: int, kind: str = "") -> Markup:
    """The chart for a page that holds its style: with what a script needs to find a day on it."""
    if model.empty:
        return Markup("")
    layout = Layout(model, width, height)
    frame = layout.frame
    facts = {"left": frame.x(model.first), "right": frame.x(model.last),
             "first": model.first, "last": model.last}  # fmt: skip
    data = "".join(f' data-{name}="{value}"' for name, value in facts.items())
    return Markup(
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" font-size="12" aria-hidden="true"'
        f"{data}>{draw(layout)}</svg>"
    )


def embed_page(view: View, site: SiteConfig) -> str:
    """The chart for a frame on another site: picture, source and the way to the page."""
    return render(
        "embed.html",
        view.lang,
        css=style(),
        address=view.address,
        words=view.words,
        icon=site.urls.to(ICON),
        url=site.urls.online.chart(view.address),
        nothing=text("no_data_long" if _is_bare(view) else "empty_chart", view.lang),
        wide=drawing(view.model, *WIDE, "wide"),
        narrow=drawing(view.model, *NARROW, "narrow"),
        captions=list(captions(view)),
        script=site.urls.to(script_url("embed.js")),
    )


def embed_code(view: View, urls: Urls, width: int = EMBED[0], height: int = EMBED[1]) -> str:
    """The frame that another site puts into its page."""
    return str(
        render(
            "embed_code.html",
            view.lang,
            frame=urls.online.embed(view.address),
            title=view.words.headline,
            width=width,
            height=height,
        )
    )


def lasting_address(view: View) -> ChartAddress:
    """The address of what is known in this snapshot, to the minute; that of the live chart where
    nothing is."""
    return replace(view.address, as_of=frozen(view.table).as_of)


def for_committee(view: View) -> bool:
    """Whether anything in a chart is for the committee: nothing is offered to pass it on."""
    return any(part.indicator.for_committee for part in view.parts)


def qr_link(view: View, urls: Urls) -> str:
    """What a QR code leads to: of a frozen chart its short link, of a live one its page."""
    address = view.address
    return urls.short(address) if address.as_of else urls.chart(address)


def shared_link(view: View, urls: Urls) -> str:
    """What is passed on: the short link to what this page shows now; of what is for the committee,
    which has none, its address."""
    lasting = lasting_address(view)
    is_short = lasting.as_of and not for_committee(view)
    return urls.short(lasting) if is_short else urls.chart(lasting)


@cache
def style_hash() -> str:
    """The one style that these pages may hold, as their security policy names it."""
    return "sha256-" + base64.b64encode(sha256(style().encode()).digest()).decode()


SCRIPTS = ("chart.js", "embed.js")


@cache
def script(name: str) -> bytes:
    return (STATIC / name).read_bytes()


@cache
def script_url(name: str) -> str:
    """The address of a script within the site; it changes with its content."""
    stem = name.removesuffix(".js")
    return f"/static/{stem}.{sha256(script(name)).hexdigest()[:12]}.js"


@cache
def style() -> Markup:
    """The style of these pages."""
    css = (TEMPLATES / "chart.css").read_text(encoding="utf-8")
    return Markup(css + rules(VARIABLES, ".plot "))


def _is_bare(view: View) -> bool:
    """Whether nothing at all is held, not only in the range that is shown."""
    return not any(column.series for column in view.columns)


def _leading(options: Iterable[Option]) -> list[Option]:
    """Those that lead somewhere: a static copy does not hold every choice."""
    return [option for option in options if option.href]


def _related(view: View, urls: Urls) -> list[RelatedLinks]:
    """Where a reader of a live chart of one indicator may go on; a frozen one is to stay as it
    is."""
    address = view.address
    if address.more or address.as_of is not None:
        return []
    display = Display(address.lang, address.theme, address.updown)

    def href(name: str) -> str:
        return urls.chart(ChartAddress(name, lang=display.lang, theme=display.theme,
                                       updown=display.updown))  # fmt: skip

    return related_links(view.snapshot, address.id, href, address.lang)


def _tried(view: View) -> list[TriedSource]:
    """What the sources answered of indicators of which nothing is held."""
    of = [column.indicator for column in view.columns]
    waits = awaited(view.snapshot, of, view.address.as_of) if _is_bare(view) else ()
    return [tried for one in waits for tried in tried_sources(one, view.lang)]


def _options(choices: Iterable[Choice]) -> list[Option]:
    return _leading(Option(*one) for one in choices)


def _choices(address: ChartAddress, urls: Urls) -> Iterator[Option]:
    """Language, theme and colour of a rise: each a link to this page, chosen otherwise."""
    for words, label, other in alternatives(urls.display):
        title = address.title if other.lang == address.lang else ""
        chosen = replace(
            address, lang=other.lang, theme=other.theme, updown=other.updown, title=title
        )
        yield Option(words, urls.chart(chosen), title=label)


def captions(view: View) -> Iterator[str]:
    """Sources, dates, and what must be known to read the picture."""
    lang = view.lang
    names = dict.fromkeys(p.indicator.credit.name.in_(lang) for p in view.parts)
    yield text("source_is", lang, source=("；" if lang == "zh" else "; ").join(names))
    yield _known(view)
    if left_out := max(column.left_out for column in view.columns):
        yield text("left_out", lang, count=str(left_out))
    if view.model.sampled:
        yield text("sampled", lang)
    for part in view.parts:
        for change in part.indicator.breaks:
            if view.model.first < change.date <= view.model.last:
                when = formatting.table_day(change.date, part.indicator, lang)
                yield f"{when}：{change.note.in_(lang)}"
    yield from correction_notes.sentences(view.snapshot, view.columns, lang)


@dataclass(frozen=True, slots=True)
class ToldNote:
    """An event note below the chart: its day, where a script finds it on the picture (`at`, the
    middle of its period), its sign and words, and where they lead."""

    day: date
    at: date
    dated: str
    sign: str
    words: str
    href: str


def told_notes(view: View, urls: Urls) -> list[ToldNote]:
    """The notes of the chart in words, the newest first."""
    frequency = view.parts[0].indicator.frequency
    return [
        ToldNote(
            note.day,
            period_middle(frequency, note.day),
            formatting.full_date(note.day, view.lang),
            note.sign,
            note.words,
            urls.to(note.href) if note.href.startswith("/") else note.href,
        )
        for note in view.model.notes
    ]


def _known(view: View) -> str:
    """As of when the page speaks."""
    if view.address.as_of is not None:
        return known_then(view, formatting.beijing(view.address.as_of, view.lang))
    moment = formatting.beijing(view.snapshot.published_at, view.lang)
    return text("known_now", view.lang, moment=moment)


def _uses(address: ChartAddress, formats: Sequence[str], urls: Urls) -> Iterator[Option]:
    """The same chart among the pages of the dashboard, and what it comes as."""
    lang, live = address.lang, replace(address, as_of=None)
    yield Option(text("open_dashboard", lang), urls.indicator(address))
    yield Option(text("live_chart" if address.as_of else "this_chart", lang), urls.chart(live))
    for name in formats:
        yield _file(name.upper(), urls.chart(address, f".{name}"))
        if name == "csv":
            excel = replace(address, for_="excel")
            yield _file(text("csv_for_excel", lang), urls.chart(excel, ".csv"))
    yield _file(text("picture_png", lang), urls.chart(address, ".png"))
    yield _file("SVG", urls.chart(address, ".svg"))
    if formats:
        yield _file(text("as_text", lang), urls.chart(address, ".txt"))
    yield _file(text("metadata", lang), urls.chart(address, ".metadata.json"))


def _feeds(view: View, urls: Urls) -> Iterator[Option]:
    """Where the new values of each indicator are followed."""
    for part in view.parts:
        name = text("feed_of", view.lang, title=part.indicator.short.in_(view.lang))
        yield _file(name, urls.to(feeds.address(feeds.EVENTS, view.lang, id=part.indicator.id)))


def _inserts(address: ChartAddress, urls: Urls) -> Iterator[Option]:
    """What an editor inserts."""
    for name, suffix in (("kit", ".kit.zip"), ("kit_html", ".kit.html"), ("qr", ".qr.svg")):
        yield _file(text(name, address.lang), urls.chart(address, suffix))


def _file(words: str, href: str) -> Option:
    return Option(words, href, is_file=True)


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
        "licence": licence_words(indicator.credit, lang),
        "unit": unit.label.in_(lang),
        "frequency": text(indicator.frequency, lang),
        "newest": formatting.day(newest.date, indicator, lang, year=True) if newest else "",
        "known": _known_since(view, indicator, newest) if newest else "",
    }


def licence_words(credit: Credit, lang: str) -> str:
    """The licence, and what it allows with the values."""
    semicolon = "；" if lang == "zh" else "; "
    return f"{credit.licence.in_(lang)}{semicolon}{text(f'reuse_{credit.reuse}', lang)}"


def _known_since(view: View, indicator: Indicator, newest: Vintage) -> str:
    """Since when the newest value is known, and from where."""
    catalog = view.snapshot.catalog
    source = provenance_words(provenance(newest), indicator.id, catalog, view.lang)
    return f"{formatting.minute(newest.known_at)} · {source}"


def _dataset(view: View, formats: Iterable[str], urls: Urls) -> str:
    """The page as a schema.org Dataset, safe within a script element."""
    address, lang = view.address, view.lang
    first = view.parts[0].indicator
    document: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": view.model.title,
        "description": f"{first.definition.in_(lang)} {view.words.paragraph(lang)}".strip(),
        "url": urls.chart(address),
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
             "contentUrl": href}
            for name in formats
            if (href := urls.chart(address, f".{name}"))
        ],
    }  # fmt: skip
    if lasting := urls.chart(lasting_address(view)):
        document["identifier"] = lasting
    if not view.model.empty:
        days = [point.date for point in view.model.points]
        document["temporalCoverage"] = f"{min(days)}/{max(days)}"
        document["image"] = urls.chart(address, ".png")
    text_ = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text_.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
