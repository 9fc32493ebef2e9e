"""Writing a static copy: first what pages lead to, then the pages; no file is ever half."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from dashboard.address import AddressError, as_named, known_id, parse, parse_query
from dashboard.app import document
from dashboard.chart_page import page as chart_page
from dashboard.chart_page.page import FORMATS, SiteConfig
from dashboard.chart_page.view import view
from dashboard.data.snapshot import Snapshot, Snapshots
from dashboard.export.files import write_whole
from dashboard.pages import resolve
from dashboard.static_copy.contents import Files, Make, charts, machines, packs, pages
from dashboard.static_copy.places import Links
from dashboard.urls import ASSETS
from etl.settings import Settings

#: Texts besides pages in which whole addresses of the site stand.
_TEXTS = (".xml", ".jsonld", ".txt")
_ABSENT = "This copy of the site holds no such page; begin at its first page."
Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Written:
    """How much was written, and from which snapshot."""

    files: int
    bytes: int
    snapshot: str


def write_copy(settings: Settings, folder: Path, ids: Sequence[str], step: Step) -> Written:
    """Write the public part of the site into `folder`, with the charts of `ids` or of all; `step`
    is told the address of each group of files. What lies there already stays, and what has the same
    name is replaced."""
    snapshots = Snapshots(settings.published)
    snapshot = snapshots.current()
    catalog = snapshot.catalog
    wanted = [known_id(catalog.resolve(name), catalog) for name in ids] or list(catalog.indicators)
    site = SiteConfig(settings.base_url, FORMATS, reports_to=settings.corrections_to)
    groups = list(_groups(snapshots, snapshot, site, wanted))
    links = Links(settings.base_url, (address for _, files in groups for address in files))
    count = size = 0
    for name, files in groups:
        step(name)
        for address, make in files.items():
            body = _linked(make(), links, links.files[address])
            write_whole(folder / links.files[address], body)
            count, size = count + 1, size + len(body)
    for path, body in _older(folder, snapshot, links):
        write_whole(path, body)
        count, size = count + 1, size + len(body)
    return Written(count, size, snapshot.name)


def _groups(
    snapshots: Snapshots, snapshot: Snapshot, site: SiteConfig, ids: Sequence[str]
) -> Iterator[tuple[str, Files]]:
    """What is written, in the order of writing: nothing leads to what is not there yet."""
    yield "assets", _assets()
    for chart in charts(snapshot, ids):
        files = chart.files(snapshot, site)
        yield next(iter(files)), dict(reversed(files.items()))  # the page after its files
    yield "packs", packs(snapshot, site)
    for address in pages(snapshot):
        yield address, {address: _page_maker(snapshots, address, site)}
    yield "machines", machines(snapshot, site.base_url)
    yield "404", {"/404.html": lambda: chart_page.problem_page(404, _ABSENT).encode()}


def _assets() -> Files:
    found: dict[str, Make] = {}
    for name in ("site.css", "icon.svg"):
        found[f"/assets/{name}"] = (ASSETS / name).read_bytes
    for name in chart_page.SCRIPTS:
        found[chart_page.script_url(name)] = partial(chart_page.script, name)
    return found


def _page_maker(snapshots: Snapshots, address: str, site: SiteConfig) -> Make:
    """The page as it is before any script: whole to read, with links that need none."""
    path, _, query = address.partition("?")

    def make() -> bytes:
        return document(resolve(snapshots, path, parse_query(query), site), site).encode()

    return make


def _linked(body: bytes, links: Links, at: str) -> bytes:
    if at.endswith(".html"):
        return links.page(body.decode(), at).encode()
    return links.absolute(body.decode()).encode() if at.endswith(_TEXTS) else body


def _older(folder: Path, snapshot: Snapshot, links: Links) -> Iterator[tuple[Path, bytes]]:
    """What has become of charts that earlier runs froze: the rest of them never changes."""
    for path in sorted(folder.glob("c/*@*/since/*.html")):
        at = path.relative_to(folder).as_posix()
        query = {"lang": "en"} if path.name == "lang-en.html" else {}
        if at in links.files.values():
            continue
        try:
            place, _ = as_named(path.parts[-3], {}, snapshot.catalog)
            address = parse(place, query, snapshot.catalog, datetime.now(UTC))
            yield path, _linked(chart_page.since_page(view(snapshot, address)).encode(), links, at)
        except AddressError:
            continue  # the indicator has left the catalog: its frozen page stays as it is
