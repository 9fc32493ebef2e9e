"""Every link of the site, made in one place: pages, charts and their files, whole addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlencode, urljoin, urlsplit

from dashboard.address import MAX_WITH, ChartAddress, moment_text, observations_query
from dashboard.chart_page import short_links
from dashboard.display import Display
from etl.settings import Settings

ASSETS = Path(__file__).parent / "assets"


@dataclass(frozen=True, slots=True)
class Urls:
    """Links for one reader. `base` is the public address of the site, with the path that a proxy
    puts before every address of it; `display` is kept in every link to a page, and so is `as_of`,
    the moment that a reader looks back to: charts are frozen at it. A link is empty where there is
    nothing that it could lead to."""

    base: str = ""
    display: Display = field(default_factory=Display)
    as_of: datetime | None = None
    #: Whether every link is a whole address, which leads here from anywhere.
    is_whole: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The links of the site that `settings` describe."""
        return cls(settings.base_url)

    @property
    def prefix(self) -> str:
        """The path in front of every address, behind a proxy that serves the site below it."""
        return _path_of(self.base)

    @property
    def kept(self) -> dict[str, str]:
        """What every link and form of a page carries on; empty where it is the usual."""
        return {"asof": moment_text(self.as_of) if self.as_of else "", **self.display.kept}

    @property
    def online(self) -> Self:
        """The same links as whole addresses, for what is read elsewhere."""
        return replace(self, is_whole=True)

    def to(self, address: str) -> str:
        """Where an address of the site, like `/c/sp500?t=3m`, is found. Every link is made here."""
        return f"{self.base if self.is_whole else _path_of(self.base)}{address}"

    def whole(self, link: str) -> str:
        """A link as an address that works from anywhere."""
        return urljoin(self.here, link) if link else ""

    @property
    def here(self) -> str:
        """The whole address of where the links stand."""
        return f"{self.base}/"

    def within(self, link: str) -> str | None:
        """The address of the site that a link, whole or not, leads to; None if it leads elsewhere.
        A link may lack the prefix: some proxies take it away."""
        if self.base and f"{link}/".startswith(f"{self.base}/"):
            return link.removeprefix(self.base) or "/"
        if not link.startswith("/") or link.startswith("//"):
            return None
        if f"{link}/".startswith(f"{self.prefix}/"):
            return link.removeprefix(self.prefix) or "/"
        return link

    def page(self, path: str, /, *, fragment: str = "", **parameters: str) -> str:
        """A page of the dashboard, with what is kept of the choices. An `asof` of its own, which
        may be empty, goes before the one that is kept."""
        kept = {name: value for name, value in self.kept.items() if name not in parameters}
        return self.to(_with_query(path, {**parameters, **kept}, fragment))

    def form(self, path: str, /) -> str:
        """Where a form is sent; its fields are the parameters."""
        return self.to(path)

    def chart(self, address: ChartAddress, suffix: str = "") -> str:
        """The page of a chart, or what it comes as with a suffix like `.csv`; `/since` is what has
        become of a frozen one. More ids than a chart has are an address of the API."""
        if self.as_of is not None and address.as_of is None:
            address = replace(address, as_of=self.as_of)
        return self.to(chart_address(address, suffix))

    def indicator(self, address: ChartAddress) -> str:
        """The same chart among the pages of the dashboard."""
        query = address.query()
        return self.to(f"/indicators/{address.id}" + (f"?{query}" if query else ""))

    def embed(self, address: ChartAddress) -> str:
        """The chart for a frame on another site."""
        return self.to(f"/embed{chart_address(address)}")

    def short(self, frozen: ChartAddress) -> str:
        """The short link to a frozen chart."""
        return self.to(short_address(frozen))

    def check(self, frozen: ChartAddress, lang: str = "") -> str:
        """What has become of what a frozen chart says."""
        asked = {"lang": lang} if lang == "en" else {}
        return self.to(_with_query(check_address(frozen), asked))

    def verify(self, digest: str) -> str:
        """Whether a file with this SHA-256 was made here."""
        return self.to(f"/verify/{digest}")

    def oembed(self, address: ChartAddress) -> str:
        """What tells another site how to embed a chart."""
        link = self.whole(self.to(chart_address(address)))
        return self.to(f"/oembed?url={quote(link, safe='')}")

    def api(self, path: str, /, **parameters: str) -> str:
        """An answer of the API: for programs, so that the display is no part of it."""
        return self.to(_with_query(f"/api/v1{path}", parameters))

    def asset(self, name: str) -> str:
        """A file of the site itself; its address changes with its content."""
        return self.to(f"/assets/{name}?m={fingerprint(name)}")


def chart_address(address: ChartAddress, suffix: str = "") -> str:
    """The address within the site of a chart, or of what it comes as."""
    if len(address.more) > MAX_WITH:
        about = ".metadata.json" if suffix == ".metadata.json" else ""
        query = observations_query(address, "" if about else suffix.removeprefix("."))
        return f"/api/v1/observations{about}?{query}"
    query = address.query()
    return f"/c/{address.place}{suffix}" + (f"?{query}" if query else "")


def short_address(frozen: ChartAddress) -> str:
    """The address within the site of the short link to a frozen chart."""
    return f"/s/{short_links.code(frozen)}"


def check_address(frozen: ChartAddress) -> str:
    """The address within the site of what has become of a frozen chart."""
    return f"/verify/{short_links.code(frozen)}"


def _with_query(path: str, parameters: Mapping[str, str], fragment: str = "") -> str:
    query = {name: value for name, value in parameters.items() if value}
    return (
        path
        + (f"?{urlencode(query, safe=':,.')}" if query else "")
        + (f"#{fragment}" if fragment else "")
    )


@cache
def _path_of(base: str) -> str:
    return urlsplit(base).path.rstrip("/")


def fingerprint(name: str) -> str:
    """A part of the hash of a file of the site; empty where there is none of this name."""
    return _fingerprints().get(name, "")


@cache
def _fingerprints() -> Mapping[str, str]:
    found = (path for path in ASSETS.rglob("*") if path.is_file())
    return {
        path.relative_to(ASSETS).as_posix(): sha256(path.read_bytes()).hexdigest()[:12]
        for path in found
    }
