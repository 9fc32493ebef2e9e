"""A bulletin to take along: one page with its text, marks, charts and evidence that opens without a
network, the data behind it, and receipts for all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from hashlib import sha256

from markupsafe import Markup

from dashboard import formatting
from dashboard.address import ChartAddress, Window, moment_text
from dashboard.api import answers
from dashboard.chart_page import page as chart_page
from dashboard.chart_page.page import NARROW, WIDE, SiteConfig
from dashboard.chart_page.value_table import caption, value_table
from dashboard.chart_page.view import View, view
from dashboard.components.marked import Marked, evidence
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.display import Display
from dashboard.export.table import address_url, table, to_json
from dashboard.export.zip_archive import archive
from dashboard.pages.page import PageRequest
from dashboard.prerender import to_html
from dashboard.texts import text
from etl.bulletins.model import Bulletin
from etl.bulletins.parts import numeral
from etl.calendars import end_of
from etl.claims.model import Placed


@dataclass(frozen=True, slots=True)
class Online(Display):
    """What a reader chose, with links that lead to the site from anywhere."""

    base_url: str = ""

    def href(self, path: str, **parameters: str) -> str:
        return self.base_url + super(Online, self).href(path, **parameters)


def pack(snapshot: Snapshot, bulletin: Bulletin, chosen: Display, site: SiteConfig) -> bytes:
    """The zip of one day, as known by the end of it; the same bytes from the same snapshot."""
    day = bulletin.date
    views = list(_views(snapshot, day, chosen))
    files = {
        "index.html": _page(snapshot, bulletin, views, chosen, site).encode(),
        "claims.json": to_json(answers.claims(snapshot, str(day)).model_dump(mode="json")),
    }
    if views:
        files["data.csv"] = _data(snapshot, views)
    files["receipts.json"] = to_json(_receipts(snapshot, day, files, views, site))
    files["README.md"] = text("pack_readme", "zh", day=str(day)).encode()
    return archive(files)


def _mentioned(snapshot: Snapshot, day: date) -> list[str]:
    """The indicators that the bulletin speaks of, in its order."""
    parts = queries.mentioned(snapshot, day).values()
    return list(dict.fromkeys(name for names in parts for name in names))


def _views(snapshot: Snapshot, day: date, chosen: Display) -> Iterator[View]:
    """The frozen chart of each of them that had a value then."""
    moment = end_of(day)
    for name in _mentioned(snapshot, day):
        if queries.series(snapshot, name, moment):
            yield view(snapshot, ChartAddress(name, as_of=moment, lang=chosen.lang))


def _data(snapshot: Snapshot, views: list[View]) -> bytes:
    """Every value that was known of these indicators."""
    first, *others = (seen.address.id for seen in views)
    address = replace(views[0].address, id=first, more=tuple(others), window=Window("max"))
    return table(snapshot, replace(address, lang="zh")).csv


def _receipts(
    snapshot: Snapshot, day: date, files: Mapping[str, bytes], views: list[View], site: SiteConfig
) -> dict[str, object]:
    """What each file is, and what the site answers for each chart."""
    return {
        "bulletin": f"{site.base_url}/bulletins/{day}",
        "snapshot": snapshot.name,
        "as_of": moment_text(end_of(day)),
        "files": {name: sha256(body).hexdigest() for name, body in files.items()},
        "charts": [
            {
                "indicator": seen.address.id,
                "chart": address_url(seen.address, site.base_url, ""),
                "csv": address_url(seen.address, site.base_url, ".csv"),
                "csv_sha256": sha256(seen.table.csv).hexdigest(),
            }
            for seen in views
        ],
        "verify": f"{site.base_url}/verify/SHA256",
    }


def _page(
    snapshot: Snapshot, bulletin: Bulletin, views: list[View], chosen: Display, site: SiteConfig
) -> str:
    there = Online(chosen.lang, chosen.theme, chosen.updown, site.base_url)
    visit = PageRequest(snapshot, f"/bulletins/{bulletin.date}", {}, there, site)
    marked = Marked(visit, bulletin.date, {seen.address.id for seen in views})
    marked.claims = [_led_online(placed, site) for placed in marked.claims]

    def said(part: str, index: int, words: str) -> Markup:
        return Markup(to_html(marked.words(part, index, words)))

    return str(
        chart_page.template("pack.html").render(
            **chart_page.frame(chosen.lang),
            more_css=Markup(_css()),
            theme=chosen.theme,
            updown=chosen.updown,
            bulletin=bulletin,
            day=formatting.full_date(bulletin.date, chosen.lang),
            online=there.href(f"/bulletins/{bulletin.date}"),
            summary=said("summary", 0, bulletin.summary),
            sections=[
                (f"{numeral(part.number)}、{part.title}",
                 [said(str(part.number), n, words) for n, words in enumerate(part.paragraphs)])
                for part in bulletin.sections
            ],
            judgement=[said("judgement", n, words) for n, words in enumerate(bulletin.judgement)],
            charts=[_chart(seen, site) for seen in views],
            waiting=_waiting(snapshot, bulletin, views, chosen),
            evidence=Markup(to_html(evidence(visit, marked))),
            snapshot=snapshot.name,
        )
    )  # fmt: skip


def _led_online(placed: Placed, site: SiteConfig) -> Placed:
    """The statement, whose evidence leads to the chart on the site."""
    found = placed.claim.evidence
    if found is None or not found.chart.startswith("/"):
        return placed
    there = found.model_copy(update={"chart": site.base_url + found.chart})
    return replace(placed, claim=placed.claim.model_copy(update={"evidence": there}))


def _waiting(snapshot: Snapshot, bulletin: Bulletin, views: list[View], chosen: Display) -> str:
    """The names of those of which nothing was known."""
    shown = {seen.address.id for seen in views}
    missing = [n for n in _mentioned(snapshot, bulletin.date) if n not in shown]
    between = "、" if chosen.lang == "zh" else ", "
    return between.join(snapshot.catalog[name].short.in_(chosen.lang) for name in missing)


def _chart(seen: View, site: SiteConfig) -> dict[str, object]:
    return {
        "id": seen.address.id,
        "words": seen.words,
        "wide": chart_page.drawing(seen.model, *WIDE, "wide"),
        "narrow": chart_page.drawing(seen.model, *NARROW, "narrow"),
        "captions": list(chart_page.captions(seen)),
        "table": Markup(value_table(seen)),
        "caption": caption(seen),
        "online": address_url(seen.address, site.base_url, ""),
    }


@cache
def _css() -> str:
    return (chart_page.TEMPLATES / "pack.css").read_text(encoding="utf-8")
