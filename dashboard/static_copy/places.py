"""Where each address of the site lies in a static copy, and links between files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from posixpath import dirname, relpath

from dashboard.address import parse_query
from dashboard.urls import Urls

#: Files whose address changes with their content: what stands behind the `?` is no choice.
_ASSETS = ("assets", "static")


def file_of(address: str) -> str:
    """The file of an address: a page is the index of its own folder, a parameter is in the name.

    /c/sp500?t=3m → c/sp500/t-3m.html; /c/sp500.csv?scope=full → c/sp500.scope-full.csv.
    """
    path, _, query = address.partition("?")
    chosen = "_".join(f"{name}-{value}" for name, value in parse_query(query).items())
    chosen = re.sub(r"[^A-Za-z0-9._@-]", "-", chosen)
    folder, _, name = path.strip("/").rpartition("/")
    stem, dot, suffix = name.partition(".")
    if not dot:
        return "/".join(part for part in (folder, name, f"{chosen or 'index'}.html") if part)
    if folder.split("/")[0] in _ASSETS:
        chosen = ""
    whole = ".".join(part for part in (stem, chosen, suffix) if part)
    return f"{folder}/{whole}" if folder else whole


class Places:
    """The addresses that a copy holds, and the file of each."""

    def __init__(self, held: Iterable[str] = ()) -> None:
        self.files = {address: file_of(address) for address in held}

    def file(self, address: str) -> str | None:
        """The file that an address of the site leads to; None where the copy has none."""
        return self.files.get(address) or self.files.get(_nearest(address))


@dataclass(frozen=True, slots=True)
class CopyUrls(Urls):
    """Links of the file `at` to other files of a copy, relative, so that it works wherever it lies.
    A link is empty where the copy holds no such page, and where it is the page itself under another
    address."""

    places: Places = field(default_factory=Places)
    at: str = "index.html"

    def to(self, address: str) -> str:
        address, mark, fragment = address.partition("#")
        file = self.places.file(address)
        if file is None or (file == self.at and address not in self.places.files):
            return ""
        link = f"{self.base}/{file}" if self.is_whole else relpath(file, dirname(self.at) or ".")
        return f"{link}{mark}{fragment}"

    def form(self, path: str, /) -> str:
        """Nothing: a file cannot answer what it is asked."""
        return ""

    @property
    def here(self) -> str:
        return f"{self.base}/{self.at}"


def _nearest(address: str) -> str:
    """The address of the same thing in a copy: charts stand at their light address, and a data file
    is one for all languages."""
    path, _, query = address.partition("?")
    if path.startswith("/indicators/"):
        return f"/c/{path.removeprefix('/indicators/')}" + (f"?{query}" if query else "")
    if path.split("/")[1] in _ASSETS:
        return path
    if "." in path:
        query = "&".join(part for part in query.split("&") if not part.startswith("lang="))
    return path + (f"?{query}" if query else "")
