"""Every link of the site, made in one place: pages, charts and their files, whole addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from dashboard.address import ChartAddress
from dashboard.display import Display

ASSETS = Path(__file__).parent / "assets"


@dataclass(frozen=True, slots=True)
class Urls:
    """Links for one reader: `base` is the public origin, with its path prefix if there is one, and
    `display` is kept in every link to a page."""

    base: str = ""
    display: Display = field(default_factory=Display)

    @property
    def prefix(self) -> str:
        """The path in front of every address, behind a proxy that serves the site below it."""
        return urlsplit(self.base).path.rstrip("/")

    def page(self, path: str, /, **parameters: str) -> str:
        """A page of the dashboard, with what was chosen about the display."""
        return self._with(path, {**parameters, **self.display.kept})

    def form(self, path: str, /) -> str:
        """Where a form is sent; its fields are the parameters."""
        return f"{self.prefix}{path}"

    def chart(self, address: ChartAddress, suffix: str = "") -> str:
        """The page of a chart, or what it comes as with a suffix like `.csv`."""
        query = address.query()
        return f"{self.prefix}/c/{address.place}{suffix}" + (f"?{query}" if query else "")

    def api(self, path: str, /, **parameters: str) -> str:
        """An answer of the API: for programs, so that the display is no part of it."""
        return self._with(f"/api/v1{path}", parameters)

    def asset(self, name: str) -> str:
        """A file of the site itself; its address changes with its content."""
        return f"{self.prefix}/assets/{name}?m={_fingerprint(name)}"

    def whole(self, link: str) -> str:
        """A link of the site as an address that works from anywhere."""
        return self.base.removesuffix(self.prefix) + link

    def _with(self, path: str, parameters: Mapping[str, str]) -> str:
        query = {name: value for name, value in parameters.items() if value}
        return f"{self.prefix}{path}" + (f"?{urlencode(query, safe=':,.')}" if query else "")


@cache
def _fingerprint(name: str) -> str:
    return sha256((ASSETS / name).read_bytes()).hexdigest()[:12]
