"""Writing a static copy: first what pages lead to, then the pages; no file is ever half."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
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
from dashboard.static_copy.contents import Files, charts, machines, packs, pages
from dashboard.static_copy.places import CopyUrls, Places
from dashboard.urls import ASSETS, Urls
from etl.settings import Settings
from etl.storage.snapshots import store_of

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
    snapshots = Snapshots(store_of(settings))
    snapshot = snapshots.current()
    catalog = snapshot.catalog
    wanted = [known_id(catalog.resolve(name), catalog) for name in ids] or list(catalog.indicators)
    online = Urls.of(settings)
    site = SiteConfig(online, FORMATS, reports_to=settings.corrections_to)
    groups = list(_groups(snapshots, snapshot, online, wanted))
    places = Places(address for _, files in groups for address in files)
    links = CopyUrls(online.base, places=places)
    count = size = 0
    for name, files in groups:
        step(name)
        for address, make in files.items():
            at = places.files[address]
            body = make(replace(site, urls=replace(links, at=at)))
            write_whole(folder / at, body)
            count, size = count + 1, size + len(body)
    for path, body in _older(folder, snapshot, site, links):
        write_whole(path, body)
        count, size = count + 1, size + len(body)
    return Written(count, size, snapshot.name)


def _groups(
    snapshots: Snapshots, snapshot: Snapshot, online: Urls, ids: Sequence[str]
) -> Iterator[tuple[str, Files]]:
    """What is written, in the order of writing: nothing leads to what is not there yet."""
    yield "assets", _assets()
    for chart in charts(snapshot, ids):
        files = chart.files(snapshot, online)
        yield next(iter(files)), dict(reversed(files.items()))  # the page after its files
    yield "packs", packs(snapshot)
    for address in pages(snapshot):
        yield address, {address: partial(_page, snapshots, address)}
    yield "machines", machines(snapshot)
    yield "404", {"/404.html": _absent}


def _assets() -> Files:
    found = {f"/assets/{name}": partial(_asset, name) for name in ("site.css", "icon.svg")}
    scripts = {chart_page.script_url(name): partial(_script, name) for name in chart_page.SCRIPTS}
    return {**found, **scripts}


def _asset(name: str, _: SiteConfig) -> bytes:
    return (ASSETS / name).read_bytes()


def _script(name: str, _: SiteConfig) -> bytes:
    return chart_page.script(name)


def _absent(site: SiteConfig) -> bytes:
    """What a web server shows in the place of any address, so that its links are whole."""
    return chart_page.problem_page(404, _ABSENT, site.urls.online).encode()


def _page(snapshots: Snapshots, address: str, site: SiteConfig) -> bytes:
    """The page as it is before any script: whole to read, with links that need none."""
    path, _, query = address.partition("?")
    return document(resolve(snapshots, path, parse_query(query), site), site).encode()


def _older(
    folder: Path, snapshot: Snapshot, site: SiteConfig, links: CopyUrls
) -> Iterator[tuple[Path, bytes]]:
    """What has become of charts that earlier runs froze: the rest of them never changes."""
    written = frozenset(links.places.files.values())
    for path in sorted(folder.glob("c/*@*/since/*.html")):
        at = path.relative_to(folder).as_posix()
        query = {"lang": "en"} if path.name == "lang-en.html" else {}
        if at in written:
            continue
        try:
            place, _ = as_named(path.parts[-3], {}, snapshot.catalog)
            address = parse(place, query, snapshot.catalog, datetime.now(UTC))
            there = replace(site, urls=replace(links, at=at))
            yield path, chart_page.since_page(view(snapshot, address), there).encode()
        except AddressError:
            continue  # the indicator has left the catalog: its frozen page stays as it is
