"""A bulletin to take along: one page with its text, marks, charts and evidence that opens without a
network, the data behind it, and receipts for all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from hashlib import sha256
from types import MappingProxyType

from markupsafe import Markup

from dashboard import formatting
from dashboard.address import ChartAddress, Window, moment_text
from dashboard.api import answers
from dashboard.chart_page import kit
from dashboard.chart_page import page as chart_page
from dashboard.chart_page.page import NARROW, WIDE, SiteConfig
from dashboard.chart_page.value_table import caption, value_table
from dashboard.chart_page.view import View, view
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.display import Display
from dashboard.export.licence import is_free
from dashboard.export.table import table, to_json
from dashboard.export.zip_archive import archive
from dashboard.markup import TEMPLATES, render
from dashboard.pages.parts.marked import MarkedText
from dashboard.pages.parts.marked_table import block
from dashboard.texts import text
from dashboard.urls import Urls
from etl.bulletins.mentions import HEADING
from etl.bulletins.model import Bulletin, Reference
from etl.bulletins.parts import numeral
from etl.bulletins.tables import TextTable
from etl.calendars import end_of
from etl.claims.check import TITLE

#: Of so many charts a kit holds the pictures, which take a quarter of a second each.
MOST_CHARTS = 20


def pack(snapshot: Snapshot, bulletin: Bulletin, chosen: Display, site: SiteConfig) -> bytes:
    """The zip of one day, as known by the end of it; the same bytes from the same snapshot."""
    day, urls = bulletin.date, replace(site.urls, display=chosen).online
    views = bulletin_views(snapshot, day, mentioned(snapshot, day), chosen)
    claims = answers.claims(snapshot, str(day), urls)
    files = {
        "index.html": _page(snapshot, bulletin, views, urls).encode(),
        "claims.json": to_json(claims.model_dump(mode="json")),
    }
    free = [seen for seen in views if is_free(snapshot.catalog, seen.address.ids)]
    if free:
        files["data.csv"] = _data(snapshot, free)
    files["receipts.json"] = to_json(_receipts(snapshot, day, files, views, urls))
    files["README.md"] = _readme(day, [seen for seen in views if seen not in free]).encode()
    return archive(files)


def _readme(day: date, kept_out: list[View]) -> str:
    """What lies in the pack, and whose values do not, as their licence forbids it."""
    told = text("pack_readme", "zh", day=str(day))
    lines = []
    for seen in kept_out:
        indicator = seen.columns[0].indicator
        lines.append(f"- {indicator.title.zh}：{indicator.credit.name.zh} <{indicator.credit.url}>")
    return told + ("\n" + "\n".join((text("pack_kept_out", "zh"), "", *lines, "")) if lines else "")


def bulletin_kit(
    snapshot: Snapshot,
    bulletin: Bulletin,
    chosen: Display,
    site: SiteConfig,
    parts: Mapping[str, Sequence[str]] | None = None,
    titles: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """What an editor inserts with the charts of a day: the whole text with them for the WeChat
    editor, a folder for each, in the order of the text, and a list of them. Beyond `MOST_CHARTS`
    the list names the rest with their links. Of a draft, `parts` are the indicators that each part
    of it mentions; `titles` are headlines of the editor's own, by indicator."""
    parts = queries.mentioned(snapshot, bulletin.date) if parts is None else parts
    names = once_each(parts)
    views = bulletin_views(snapshot, bulletin.date, names, chosen, titles)
    found: dict[str, bytes] = {
        "article.html": _as_file(article(bulletin, parts, views[:MOST_CHARTS], site)).encode()
    }
    lines = []
    for number, seen in enumerate(views, 1):
        folder = f"{number:02d}_{seen.address.id}"
        link = chart_page.shared_link(seen, site.urls.online)
        where = folder if number <= MOST_CHARTS else text("kit_left_out", chosen.lang)
        lines.append(f"{number}. {seen.words.headline}\n   {where}\n   {link}")
        if number <= MOST_CHARTS:
            found |= {f"{folder}/{name}": body for name, body in kit.files(seen, site).items()}
    head = text("kit_readme", chosen.lang, day=str(bulletin.date))
    if waiting := _waiting(snapshot, names, views, chosen):
        lines.append(text("kit_waiting", chosen.lang, names=waiting))
    return archive({"README.md": "\n\n".join((head.strip(), *lines, "")).encode(), **found})


def once_each(parts: Mapping[str, Sequence[str]]) -> list[str]:
    """The indicators that the parts of a bulletin speak of, in its order."""
    return list(dict.fromkeys(name for names in parts.values() for name in names))


def mentioned(snapshot: Snapshot, day: date) -> list[str]:
    """The indicators that the bulletin of a day speaks of, in its order."""
    return once_each(queries.mentioned(snapshot, day))


def bulletin_views(
    snapshot: Snapshot,
    day: date,
    names: Sequence[str],
    chosen: Display,
    titles: Mapping[str, str] = MappingProxyType({}),
) -> list[View]:
    """The chart, frozen at the end of a day, of each of these indicators that had a value then."""
    moment = end_of(day)
    return [
        view(
            snapshot,
            ChartAddress(name, as_of=moment, lang=chosen.lang, title=titles.get(name, "")),
        )
        for name, rows in queries.several_series(snapshot, names, moment).items()
        if rows
    ]


@dataclass(frozen=True, slots=True)
class ArticlePart:
    """A section of an article with the charts that stand below it."""

    heading: str
    paragraphs: list[str | TextTable]
    charts: list[kit.Kit]


def article(
    bulletin: Bulletin,
    parts: Mapping[str, Sequence[str]],
    views: Sequence[View],
    site: SiteConfig,
) -> str:
    """The whole text for the WeChat editor, each chart below the section that first speaks of it;
    its styles are inline, and links are words, as that editor wants it."""
    waiting = {seen.address.id: kit.kit(seen, site) for seen in views}

    def part(heading: str, name: str, paragraphs: Sequence[str]) -> ArticlePart:
        charts = [waiting.pop(one) for one in parts.get(name, ()) if one in waiting]
        return ArticlePart(heading, [TextTable.of(one) or one for one in paragraphs], charts)

    shown = [
        part(f"{numeral(one.number)}、{one.title}", str(one.number), one.paragraphs)
        for one in bulletin.sections
    ]
    if bulletin.judgement:
        shown.append(part(text("judgement", "zh"), "judgement", bulletin.judgement))
    if waiting and shown:  # what the summary alone speaks of
        shown[0].charts.extend(waiting.values())
    return str(
        render(
            "article.html", "zh", bulletin=bulletin, parts=shown,
            references=[_reference(one) for one in bulletin.references],
        )
    )  # fmt: skip


def _as_file(words: str) -> str:
    """An article as a page of its own: a browser must not guess its letters."""
    return f'<!DOCTYPE html>\n<html lang="zh-CN"><meta charset="utf-8">\n{words}\n</html>\n'


def _reference(one: Reference) -> str:
    publisher = f"{one.publisher}：" if one.publisher else ""
    day = f"，{one.date}" if one.date else ""
    return f"[{one.number}] {publisher}《{one.title}》{day}"


def _data(snapshot: Snapshot, views: list[View]) -> bytes:
    """Every value that was known of these indicators."""
    first, *others = (seen.address.id for seen in views)
    address = replace(views[0].address, id=first, more=tuple(others), window=Window("max"))
    return table(snapshot, replace(address, lang="zh")).csv


def _receipts(
    snapshot: Snapshot, day: date, files: Mapping[str, bytes], views: list[View], urls: Urls
) -> dict[str, object]:
    """What each file is, and what the site answers for each chart: an empty link where it holds
    none."""
    return {
        "bulletin": urls.to(f"/bulletins/{day}"),
        "snapshot": snapshot.name,
        "as_of": moment_text(end_of(day)),
        "files": {name: sha256(body).hexdigest() for name, body in files.items()},
        "charts": [
            {
                "indicator": seen.address.id,
                "chart": urls.chart(seen.address),
                **(
                    {
                        "csv": urls.chart(seen.address, ".csv"),
                        "csv_sha256": sha256(seen.table.csv).hexdigest(),
                    }
                    if is_free(snapshot.catalog, seen.address.ids)
                    else {}
                ),
            }
            for seen in views
        ],
        "verify": urls.verify("SHA256"),
    }


def _page(snapshot: Snapshot, bulletin: Bulletin, views: list[View], urls: Urls) -> str:
    chosen = urls.display
    marked = MarkedText.of_day(snapshot, urls, bulletin.date, {seen.address.id for seen in views})
    return render(
        "pack.html",
        chosen.lang,
        css=chart_page.style(),
        more_css=_css(),
        theme=chosen.theme,
        updown=chosen.updown,
        bulletin=bulletin,
        day=formatting.full_date(bulletin.date, chosen.lang),
        online=urls.page(f"/bulletins/{bulletin.date}"),
        title_pieces=marked.heading(TITLE, 0, bulletin.title),
        summary=marked.paragraph("summary", 0, bulletin.summary),
        sections=[
            (
                numeral(part.number),
                marked.heading(str(part.number), HEADING, part.title),
                [
                    block(marked, str(part.number), n, words)
                    for n, words in enumerate(part.paragraphs)
                ],
            )
            for part in bulletin.sections
        ],
        judgement=[
            block(marked, "judgement", n, words) for n, words in enumerate(bulletin.judgement)
        ],
        charts=[_chart(seen, urls) for seen in views],
        waiting=_waiting(snapshot, mentioned(snapshot, bulletin.date), views, chosen),
        marked=marked,
        snapshot=snapshot.name,
    )


def _waiting(snapshot: Snapshot, names: Sequence[str], views: list[View], chosen: Display) -> str:
    """The names of those of which nothing was known."""
    shown = {seen.address.id for seen in views}
    missing = [n for n in names if n not in shown]
    between = "、" if chosen.lang == "zh" else ", "
    return between.join(snapshot.catalog[name].short.in_(chosen.lang) for name in missing)


def _chart(seen: View, urls: Urls) -> dict[str, object]:
    return {
        "id": seen.address.id,
        "words": seen.words,
        "wide": chart_page.drawing(seen.model, *WIDE, "wide"),
        "narrow": chart_page.drawing(seen.model, *NARROW, "narrow"),
        "captions": list(chart_page.captions(seen)),
        "table": value_table(seen),
        "caption": caption(seen),
        "online": urls.chart(seen.address),
    }


@cache
def _css() -> Markup:
    return Markup((TEMPLATES / "pack.css").read_text(encoding="utf-8"))
