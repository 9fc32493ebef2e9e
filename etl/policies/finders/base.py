"""What every document finder does: fetch pages, and read them with a pure function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

from etl.errors import UnexpectedPayload, quoted
from etl.ingest.upstream import Upstream, user_agent
from etl.records import Document
from etl.settings import Settings

MOST_PAGES = 20
T = TypeVar("T")
_DAY = re.compile(r"(\d{4})([.\-/年])(\d{1,2})(?:\2|(?<=\d)月)(\d{1,2})日?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ListPage:
    """One answer of several, under the name by which the archive keeps it."""

    name: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Extent:
    """How many entries a page lists, of how many on all pages (None if that is not credibly
    stated), and the oldest date among them."""

    rows: int
    total: int | None
    oldest: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a page lists: the documents, and a sentence for each row that is none."""

    documents: tuple[Document, ...]
    wrong: tuple[str, ...]

    @classmethod
    def of(cls, rows: Iterable[T], document_of: Callable[[T], Document]) -> Listing:
        """Each row as a document, or what is wrong with it: one bad row is only one bad row."""
        documents, wrong = [], []
        for row in rows:
            try:
                documents.append(document_of(row))
            except UnexpectedPayload as error:
                wrong.append(str(error))
        return cls(tuple(documents), tuple(wrong))

    def good(self) -> list[Document]:
        """The documents; UnexpectedPayload if there are rows and none of them is a document."""
        if self.wrong and not self.documents:
            raise UnexpectedPayload(self.wrong[0])
        return list(self.documents)


class DocumentFinder(Protocol):
    """One upstream that lists documents, newest first, over several pages."""

    @property
    def name(self) -> str: ...

    def fetch(self, since: date, known_at: datetime, out: Upstream) -> Sequence[ListPage]:
        """The pages that list what was published from `since` on, as they came."""
        ...

    @property
    def is_ours(self) -> bool:
        """Whether everything it lists is relevant, whatever the titles say."""
        return False

    def parse(self, payload: bytes) -> Sequence[Document]:
        """The entries of a page, whatever they are about; UnexpectedPayload in words if none is
        good. Pure."""
        ...

    def skipped(self, payload: bytes) -> Sequence[str]:
        """A sentence for each row of a page that is not a document; pure."""
        return ()


def turned(
    part: str,
    address_of: Callable[[int], str],
    extent_of: Callable[[bytes], Extent],
    since: date,
    get: Callable[[str], bytes],
) -> Iterator[ListPage]:
    """The pages of one list until its end, or until they are older than `since`.

    A page that cannot be read is the last: it is kept like any other, and `parse` says what is
    wrong with it.
    """
    read, before, is_counted = 0, b"", True
    for number in range(1, MOST_PAGES + 1):
        page = ListPage(f"{part}-{number}", get(address_of(number)))
        if page.payload == before:
            if not is_counted:  # the last page comes again where there is no other
                return
            raise UnexpectedPayload(f"{part}: page {number} is the page before it once more.")
        before = page.payload
        yield page
        try:
            extent = extent_of(page.payload)
        except UnexpectedPayload:
            return
        read, is_counted = read + extent.rows, extent.total is not None
        is_last = extent.total is not None and read >= extent.total
        if not extent.rows or is_last or extent.oldest < since.isoformat():
            return
    lists = "no end" if extent.total is None else f"{extent.total:,} documents"
    raise UnexpectedPayload(
        f"{part} lists {lists}; {MOST_PAGES} pages hold {read:,} and reach back to "
        f"{extent.oldest} only, not to {since}."
    )


def as_browser(settings: Settings, referer: str) -> dict[str, str]:
    """Headers for hosts that answer only browsers, with our own name after the browser's."""
    browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0"
    return {"User-Agent": f"{browser} Safari/537.36 {user_agent(settings)}", "Referer": referer}


def dotted_day(text: str, host: str) -> date:
    """A date written like 2026.05.27, 2026.5.27, 2026-05-27 or 2026年5月27日."""
    found = _DAY.fullmatch("".join(text.split()))
    try:
        if found:
            return date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        pass
    raise UnexpectedPayload(f"{host} sent the date '{quoted(text)}'; expected one like 2026.05.27.")
