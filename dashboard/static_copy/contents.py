"""What a static copy holds: which addresses, and how the file of each is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from html import escape

from dashboard import discovery
from dashboard.address import RANGES, ChartAddress, Transform, Window
from dashboard.chart.picture import Paper
from dashboard.chart.qr import qr
from dashboard.chart_page import page as chart_page
from dashboard.chart_page import short_links
from dashboard.chart_page.controls import SHOWN_TRANSFORMS
from dashboard.chart_page.kit import as_html, as_zip, kit
from dashboard.chart_page.page import SiteConfig
from dashboard.chart_page.pictures import SIZES, png_of, svg_of
from dashboard.chart_page.view import View, view
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.display import Display
from dashboard.export.formats import FORMATS, Format
from dashboard.export.table import address_url, frozen_moment, of_data, table, to_json
from dashboard.static_copy.pack import pack

LANGS = ("zh", "en")
OG = Paper(*SIZES["og"])
#: Pages that are made of what a person chooses; they need the program.
ASKING = ("/bulletins/new", "/compare", "/export", "/policies", "/status")
Make = Callable[[], bytes]
Files = dict[str, Make]


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart address of a copy; `whole` if the kit, the frame and the short link go with it."""

    address: ChartAddress
    whole: bool

    def files(self, snapshot: Snapshot, site: SiteConfig) -> Files:
        """The addresses of its files, and how each is made. The chart is only looked up once."""

        @cache
        def seen() -> View:
            return view(snapshot, self.address)

        site = replace(site, shared=self.whole)
        found: dict[str, Make] = {
            self._url(""): lambda: chart_page.page(seen(), site).encode(),
            self._url(".svg"): lambda: svg_of(seen(), OG).encode(),
            self._url(".png"): lambda: png_of(seen(), OG),
            self._url(".txt"): lambda: chart_page.plain_text(seen(), site).encode(),
        }
        if self.address.lang == "zh":
            found |= self._data(snapshot, site)
        return found | (self._shared(seen, site) if self.whole else {})

    def _data(self, snapshot: Snapshot, site: SiteConfig) -> Files:
        """The numbers: of this view, for Excel too; the whole history where nothing is chosen."""
        plain = of_data(self.address)
        asked = [(plain, kind) for kind in FORMATS.values()]
        asked.append((replace(plain, for_="excel"), FORMATS[".csv"]))
        if plain == ChartAddress(plain.id):
            asked += [(replace(plain, scope="full"), kind) for kind in FORMATS.values()]
        return {
            address_url(address, "", kind.suffix): partial(
                _written, snapshot, address, kind, site.base_url
            )
            for address, kind in asked
        }

    def _shared(self, seen: Callable[[], View], site: SiteConfig) -> Files:
        found: dict[str, Make] = {
            self._url(".kit.zip"): lambda: as_zip(seen(), site),
            self._url(".kit.html"): lambda: as_html(kit(seen(), site)).encode(),
            self._url(".qr.svg"): lambda: qr(chart_page.share_url(seen(), site.base_url)).encode(),
            f"/embed{self._url('')}": lambda: chart_page.embed_page(seen(), site).encode(),
        }
        if self.address.as_of is not None:
            found[self._url("/since")] = lambda: chart_page.since_page(seen()).encode()
            found[f"/s/{short_links.code(self.address)}"] = lambda: _moved(self._url(""))
        return found

    def _url(self, suffix: str) -> str:
        return address_url(self.address, "", suffix)


def charts(snapshot: Snapshot, ids: Iterable[str]) -> Iterator[Chart]:
    """Each indicator as it is and as it is known for ever, then with one thing chosen: a range or a
    transform. Of two choices at once there are too many to write."""
    standings = queries.standings(snapshot)
    for name in ids:
        for lang in LANGS:
            plain = ChartAddress(name, lang=lang)
            is_held = name in standings
            yield Chart(plain, is_held)
            if is_held:
                yield Chart(replace(plain, as_of=frozen_moment(snapshot)), True)
                yield from (Chart(address, False) for address in _chosen(plain))


def pages(snapshot: Snapshot) -> Iterator[str]:
    """The addresses of the dashboard's pages that are whole without scripts."""
    days = [f"/bulletins/{day}" for day in queries.bulletin_days(snapshot)]
    for path in (*discovery.PAGES, *days):
        if path in ASKING:
            continue
        yield path
        yield f"{path}?lang=en"


def packs(snapshot: Snapshot, site: SiteConfig) -> Files:
    """The bulletins to take along."""
    found: Files = {}
    for day in queries.bulletin_days(snapshot):
        bulletin = queries.bulletin(snapshot, day)
        assert bulletin is not None
        for lang in LANGS:
            chosen = Display(lang)
            address = chosen.href(f"/bulletins/{day}.zip")
            found[address] = partial(pack, snapshot, bulletin, chosen, site)
    return found


def machines(snapshot: Snapshot, base_url: str) -> Files:
    """What is read by programs."""
    return {
        "/robots.txt": lambda: discovery.robots(base_url).encode(),
        "/sitemap.xml": lambda: discovery.sitemap(snapshot, base_url, ASKING),
        "/atom.xml": lambda: discovery.atom(snapshot, base_url),
        "/catalog.jsonld": lambda: to_json(discovery.catalogue(snapshot, base_url)),
    }


def _chosen(plain: ChartAddress) -> Iterator[ChartAddress]:
    for name in RANGES:
        yield replace(plain, window=Window(name))
    for transform in SHOWN_TRANSFORMS:
        if transform != Transform():
            yield replace(plain, transform=transform)


def _written(snapshot: Snapshot, address: ChartAddress, kind: Format, base_url: str) -> bytes:
    found = snapshot.cached("table", address, lambda: table(snapshot, address))
    return kind.write(found, base_url)


def _moved(target: str) -> bytes:
    """A page that leads on: a file cannot answer with another address."""
    there = escape(target)
    return (
        f'<!DOCTYPE html>\n<meta charset="utf-8">\n<title>{there}</title>\n'
        f'<meta name="robots" content="noindex">\n'
        f'<meta http-equiv="refresh" content="0; url={there}">\n'
        f'<p><a href="{there}">{there}</a></p>\n'
    ).encode()
