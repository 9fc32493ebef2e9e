"""What every finder of documents is: pages from outside, read by a pure function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from etl.errors import UnexpectedPayload
from etl.ingest.upstream import Upstream, user_agent
from etl.policies.register import Document
from etl.settings import Settings

MOST_PAGES = 20
_DAY = re.compile(r"(\d{4})\.(\d{2})\.(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of several, under the name by which the archive keeps it."""

    name: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Extent:
    """How many entries a page lists, of how many on all pages, and the oldest day among them."""

    rows: int
    total: int
    oldest: str


class Finder(Protocol):
    """One upstream that lists documents, newest first, on several pages."""

    @property
    def name(self) -> str: ...

    def fetch(self, since: date, known_at: datetime, out: Upstream) -> Sequence[Page]:
        """The pages that list what was published from `since` on, as they came."""
        ...

    def parse(self, payload: bytes) -> Sequence[Document]:
        """The entries of a page, whatever they are about; UnexpectedPayload in words. Pure."""
        ...


def turned(
    part: str,
    address_of: Callable[[int], str],
    extent_of: Callable[[bytes], Extent],
    since: date,
    get: Callable[[str], bytes],
) -> Iterator[Page]:
    """The pages of one list until its end or until they are older than `since`.

    A page that cannot be read is the last: it is kept like any other, and `parse` says what is
    wrong with it.
    """
    read, before = 0, b""
    for number in range(1, MOST_PAGES + 1):
        page = Page(f"{part}-{number}", get(address_of(number)))
        if page.payload == before:
            raise UnexpectedPayload(f"{part}: page {number} is the page before it once more.")
        before = page.payload
        yield page
        try:
            extent = extent_of(page.payload)
        except UnexpectedPayload:
            return
        read += extent.rows
        if not extent.rows or read >= extent.total or extent.oldest < since.isoformat():
            return
    raise UnexpectedPayload(
        f"{part} lists {extent.total:,} documents; {MOST_PAGES} pages hold {read:,} of them and "
        f"reach back to {extent.oldest} only, not to {since}."
    )


def as_browser(settings: Settings, referer: str) -> dict[str, str]:
    """Headers for hosts that answer only browsers; our own name stands behind the browser's."""
    browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0"
    return {"User-Agent": f"{browser} Safari/537.36 {user_agent(settings)}", "Referer": referer}


def plain_line(text: str) -> str:
    """A text from outside on one line, of printable letters only."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def beginning(text: str) -> str:
    """How a text begins, to be quoted in a sentence."""
    return plain_line(text.strip().partition("\n")[0][:40]) or "nothing"


def dotted_day(text: str, host: str) -> date:
    """The day that is written like 2026.05.27."""
    found = _DAY.fullmatch(text)
    try:
        if found:
            return date(*map(int, found.groups()))
    except ValueError:
        pass
    raise UnexpectedPayload(f"{host} sent the date '{text[:40]}'; expected one like 2026.05.27.")
