"""What a static copy holds: which addresses, and how the file of each is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial

from dashboard import discovery, feeds
from dashboard.address import RANGES, ChartAddress, Transform, Window
from dashboard.chart.picture import Paper
from dashboard.chart.qr import qr, qr_png
from dashboard.chart_page import page as chart_page
from dashboard.chart_page.controls import SHOWN_TRANSFORMS
from dashboard.chart_page.kit import as_html, as_zip, kit
from dashboard.chart_page.markdown import chart_markdown
from dashboard.chart_page.page import SiteConfig
from dashboard.chart_page.pictures import SIZES, png_of, svg_of
from dashboard.chart_page.view import View, view
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.display import Display
from dashboard.export import provinces
from dashboard.export.formats import FORMATS, Format
from dashboard.export.licence import is_free
from dashboard.export.table import frozen_moment, of_data, table, to_json
from dashboard.markup import render
from dashboard.static_copy.pack import bulletin_kit, pack
from dashboard.urls import Urls, chart_address, check_address, short_address
from etl.bulletins.model import Bulletin

LANGS = ("zh", "en")
#: A copy has the kits of so many bulletins, the newest: each is seconds of drawing.
KITS = 5
OG = Paper(*SIZES["og"])
#: Pages that are made of what a person chooses; they need the program.
ASKING = (
    "/bulletins/new", "/claims", "/compare", "/events", "/export", "/policies", "/since", "/status",
    "/verify", "/wall",
)  # fmt: skip
#: How a file is made, given the site with the links of that file.
Make = Callable[[SiteConfig], bytes]
Files = dict[str, Make]


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart address of a copy; `whole` if the kit, the frame and the short link go with it."""

    address: ChartAddress
    whole: bool

    def files(self, snapshot: Snapshot, online: Urls) -> Files:
        """The addresses of its files, and how each is made. The chart is only looked up once. What
        stands in data files and pictures are the links of the site `online`: their bytes are those
        of the site."""

        @cache
        def seen() -> View:
            return view(snapshot, self.address)

        found: dict[str, Make] = {
            self._at(""): lambda site: chart_page.page(seen(), site).encode(),
            self._at(".svg"): lambda _: svg_of(seen(), OG, online).encode(),
            self._at(".png"): lambda _: png_of(seen(), OG, online),
        }
        if self._is_free(snapshot):
            found[self._at(".txt")] = lambda site: chart_page.plain_text(seen(), site).encode()
            found[self._at(".md")] = lambda site: chart_markdown(seen(), site).encode()
        if self.address.lang == "zh":
            found |= self._data(snapshot, online) | self._check(snapshot)
        return found | (self._shared(seen) if self.whole else {})

    def _data(self, snapshot: Snapshot, online: Urls) -> Files:
        """The numbers: of this view, for Excel too; the whole history where nothing is chosen."""
        plain = of_data(self.address)
        asked = [(plain, kind) for kind in FORMATS.values()]
        asked.append((replace(plain, for_="excel"), FORMATS[".csv"]))
        if plain == ChartAddress(plain.id):
            asked += [(replace(plain, scope="full"), kind) for kind in FORMATS.values()]
        free = self._is_free(snapshot)
        return {
            chart_address(address, kind.suffix): partial(_written, snapshot, address, kind, online)
            for address, kind in asked
            if free or not kind.holds_values
        }

    def _is_free(self, snapshot: Snapshot) -> bool:
        return is_free(snapshot.catalog, self.address.ids)

    def _check(self, snapshot: Snapshot) -> Files:
        """Where the code of its picture leads: to the frozen chart, with what became of it."""
        if self.address.id not in queries.standings(snapshot):
            return {}
        frozen = replace(self.address, as_of=self.address.as_of or frozen_moment(snapshot))
        target = ChartAddress(frozen.id, frozen.as_of)
        return {check_address(frozen): partial(_moved, target)}

    def _shared(self, seen: Callable[[], View]) -> Files:
        def link(site: SiteConfig) -> str:
            return chart_page.qr_link(seen(), site.urls.online)

        found: dict[str, Make] = {
            self._at(".kit.zip"): lambda site: as_zip(seen(), site),
            self._at(".kit.html"): lambda site: as_html(kit(seen(), site)).encode(),
            self._at(".qr.svg"): lambda site: qr(link(site)).encode(),
            self._at(".qr.png"): lambda site: qr_png(link(site)),
            f"/embed{self._at('')}": lambda site: chart_page.embed_page(seen(), site).encode(),
        }
        if self.address.as_of is not None:
            found[self._at("/since")] = lambda site: chart_page.since_page(seen(), site).encode()
            found[short_address(self.address)] = partial(_moved, self.address)
        return found

    def _at(self, suffix: str) -> str:
        return chart_address(self.address, suffix)


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


def packs(snapshot: Snapshot) -> Files:
    """The bulletins to take along."""
    found: Files = {}
    days = queries.bulletin_days(snapshot)
    newest = days[-KITS:]
    for day in days:
        bulletin = queries.bulletin(snapshot, day)
        assert bulletin is not None
        for lang in LANGS:
            asked = f"?lang={lang}" if lang != Display().lang else ""
            found[f"/bulletins/{day}.zip{asked}"] = partial(_packed, snapshot, bulletin, lang)
        if day in newest:
            found[f"/bulletins/{day}.kit.zip"] = partial(_kit, snapshot, bulletin)
    return found


def machines(snapshot: Snapshot) -> Files:
    """What is read by programs."""
    return {
        "/robots.txt": lambda site: discovery.robots(site.urls).encode(),
        "/sitemap.xml": lambda site: discovery.sitemap(snapshot, site.urls),
        "/llms.txt": lambda site: discovery.llms(snapshot, site.urls),
        "/atom.xml": lambda site: discovery.bulletins_feed(snapshot, site.urls),
        "/events.atom": lambda site: discovery.events_feed(snapshot, site.urls),
        "/policies.atom": lambda site: feeds.documents_feed(snapshot, site.urls),
        "/feeds.opml": lambda site: feeds.opml(snapshot, site.urls),
        **{
            feeds.address(feeds.EVENTS, "zh", id=name): partial(_values, snapshot, name)
            for name in queries.standings(snapshot)
        },
        "/provinces.csv": lambda _: provinces.as_csv(snapshot, None, for_excel=False),
        "/provinces.xlsx": lambda _: provinces.as_xlsx(snapshot, None),
        "/catalog.jsonld": lambda site: to_json(discovery.catalogue(snapshot, site.urls)),
    }


def _values(snapshot: Snapshot, name: str, site: SiteConfig) -> bytes:
    return feeds.indicator_feed(snapshot, site.urls, name)


def _chosen(plain: ChartAddress) -> Iterator[ChartAddress]:
    for name in RANGES:
        yield replace(plain, window=Window(name))
    for transform in SHOWN_TRANSFORMS:
        if transform != Transform():
            yield replace(plain, transform=transform)


def _written(
    snapshot: Snapshot, address: ChartAddress, kind: Format, online: Urls, _: SiteConfig
) -> bytes:
    found = snapshot.cached("table", address, lambda: table(snapshot, address))
    return kind.write(found, online)


def _packed(snapshot: Snapshot, bulletin: Bulletin, lang: str, site: SiteConfig) -> bytes:
    return pack(snapshot, bulletin, Display(lang), site)


def _kit(snapshot: Snapshot, bulletin: Bulletin, site: SiteConfig) -> bytes:
    return bulletin_kit(snapshot, bulletin, Display(), site)


def _moved(target: ChartAddress, site: SiteConfig) -> bytes:
    """A page that leads on: a file cannot answer with another address."""
    address, there = chart_address(target), site.urls.chart(target)
    return render("moved.html", target.lang, address=address, there=there).encode()
