"""Where each address of the site lies in a static copy, and links between files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from posixpath import dirname, relpath

from dashboard.address import parse_query

_ANCHOR = re.compile(r"(?:<li>)?<a\b[^>]*\bhref=\"(/[^\"]*)\"[^>]*>(.*?)</a>(?:</li>)?", re.S)
_LINK = re.compile(r"<link\b[^>]*\bhref=\"([^\"]*)\"[^>]*>\n?")
_INNER = re.compile(r"(\b(?:href|src|data-rich)=\"|\burl=)(/[^\"]*)\"")
#: A choice or a file, not a part of a sentence: where it is not held, its words go with it.
_CHOICE = re.compile(r"\brel=\"nofollow\"|\bclass=\"(?:choice|nav-link)\"|^<li>")


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
    if folder.split("/")[0] in ("assets", "static"):
        chosen = ""
    whole = ".".join(part for part in (stem, chosen, suffix) if part)
    return f"{folder}/{whole}" if folder else whole


class Links:
    """Rewrites the addresses of the site into files of a copy that holds some of them."""

    def __init__(self, base_url: str, held: Iterable[str]) -> None:
        self.base_url = base_url
        self.files = {address: file_of(address) for address in held}
        # Bytes of an address within a text: an attribute, a script of JSON, XML.
        self._absolute = re.compile(
            re.escape(base_url) + r"(/(?:[^\s\"'<>\\&]|&amp;|\\u0026)*)(?=[\s\"'<>\\&]|$)"
        )

    def file(self, address: str) -> str | None:
        """The file that an address of the site leads to, or None where the copy has none."""
        address, _, fragment = address.partition("#")
        found = self.files.get(address) or self.files.get(_nearest(address))
        return f"{found}#{fragment}" if found and fragment else found

    def page(self, html: str, at: str) -> str:
        """The HTML of the file `at` with links to files; what leads nowhere is no link."""
        html = _LINK.sub(self._kept_link, html)
        html = _ANCHOR.sub(lambda m: self._kept_anchor(m, at), html)
        return self.absolute(_INNER.sub(lambda m: self._relative(m, at), html))

    def absolute(self, text: str) -> str:
        """A text in which whole addresses of the site lead to files below the same origin."""

        def moved(match: re.Match[str]) -> str:
            file = self.file(match[1].replace("\\u0026", "&").replace("&amp;", "&"))
            return match[0] if file is None else f"{self.base_url}/{file}"

        return self._absolute.sub(moved, text)

    def _kept_link(self, match: re.Match[str]) -> str:
        href = unescape(match[1])
        inner = href.removeprefix(self.base_url)
        return match[0] if not inner.startswith("/") or self.file(inner) else ""

    def _kept_anchor(self, match: re.Match[str], at: str) -> str:
        href = unescape(match[1])
        file = self.file(href)
        if href in self.files or file not in (None, at):
            return match[0]
        return "" if _CHOICE.search(match[0]) else match[2]

    def _relative(self, match: re.Match[str], at: str) -> str:
        file = self.file(unescape(match[2]))
        if file is None:
            return match[0]
        return f'{match[1]}{relpath(file, dirname(at) or ".")}"'


def _nearest(address: str) -> str:
    """The address of the same thing in a copy: charts stand at their light address, and a data file
    is one for all languages."""
    path, _, query = address.partition("?")
    if path.startswith("/indicators/"):
        return f"/c/{path.removeprefix('/indicators/')}" + (f"?{query}" if query else "")
    if "." in path:
        query = "&".join(part for part in query.split("&") if not part.startswith("lang="))
    return path + (f"?{query}" if query else "")
