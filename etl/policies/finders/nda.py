"""The National Data Administration: its lists of documents and of notices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag

from etl.errors import UnexpectedPayload, beginning, plain_line, quoted
from etl.ingest.upstream import Upstream
from etl.policies.finders.base import (
    DocumentFinder,
    Extent,
    Listing,
    ListPage,
    as_browser,
    dotted_day,
    turned,
)
from etl.policies.identity import issuer_in, kind_of, topics_of, without_number
from etl.records import Document

HOST = "www.nda.gov.cn"
#: Documents and notices, without interpretations (`zcjd` and `zjjd`).
PARTS = ("zcfb", "tzgg")
MOST_DOCUMENTS = 100_000
MOST_LETTERS, MOST_OF_A_PAGE = 1000, 4_000_000
ISSUER = "国家数据局"
_TOTAL = re.compile(r"\btotalData\b\s*[:=]\s*['\"]?(-?\d{1,20})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Nda(DocumentFinder):
    """www.nda.gov.cn: plain pages with script-driven paging."""

    name: str = "nda"

    def fetch(self, since: date, known_at: datetime, out: Upstream) -> Sequence[ListPage]:
        headers = as_browser(out.settings, f"https://{HOST}/sjj/zwgk/")

        def pages(part: str) -> Iterator[ListPage]:
            address = partial(_address, part)
            return turned(part, address, _extent, since, partial(out.get, headers=headers))

        return [page for part in PARTS for page in pages(part)]

    @property
    def is_ours(self) -> bool:
        return True

    def parse(self, payload: bytes) -> Sequence[Document]:
        return _listing(payload).good()

    def skipped(self, payload: bytes) -> Sequence[str]:
        return _listing(payload).wrong


def _listing(payload: bytes) -> Listing:
    return Listing.of(_rows(payload), _document)


def _address(part: str, number: int) -> str:
    return f"https://{HOST}/sjj/zwgk/{part}/list/index_pc_{number}.html"


def _extent(payload: bytes) -> Extent:
    rows = len(_rows(payload))
    days = [document.day for document in _listing(payload).good()]
    return Extent(rows, _total(payload, rows), min(days))


def _rows(payload: bytes) -> list[Tag]:
    """The entries of the list. Rows inside an entry are its interpretations, not entries."""
    text = _text(payload)
    listed = BeautifulSoup(text, "html.parser").select("ul.u-list > li")
    rows = [row for row in listed if row.find("a") or row.get_text(strip=True)]
    if not rows:
        raise UnexpectedPayload(
            f"{HOST} sent a page without its list (it begins: {beginning(text)})."
        )
    if "</html>" not in text[-2000:].lower():
        raise UnexpectedPayload(f"{HOST} sent a list that is cut off.")
    _total(payload, len(rows))
    return rows


def _text(payload: bytes) -> str:
    if len(payload) > MOST_OF_A_PAGE:
        raise UnexpectedPayload(f"{HOST} sent a page of more than {MOST_OF_A_PAGE:,} bytes.")
    try:
        return payload.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnexpectedPayload(f"{HOST} sent a page that is not UTF-8.") from None


def _total(payload: bytes, rows: int) -> int:
    """How many entries all pages have; a list without a paging script has only one page."""
    found = _TOTAL.search(_text(payload))
    total = int(found[1]) if found else rows
    if not rows <= total <= MOST_DOCUMENTS:
        raise UnexpectedPayload(f"{HOST} says that its list holds {total} and shows {rows}.")
    return total


def _document(row: Tag) -> Document:
    link, dated = row.find("a", recursive=False), row.find("span", recursive=False)
    if not isinstance(link, Tag) or not isinstance(dated, Tag):
        shown = quoted(row.get_text())
        raise UnexpectedPayload(f"{HOST} lists '{shown}' without a link or a date.")
    title, number = without_number(_title(link))
    url = _link(str(link.get("href", "")), title)
    # What lies elsewhere may be of any body; only what NDA keeps itself is its own unless it says.
    own = ISSUER if urlsplit(url).hostname == HOST else ""
    return Document(
        title=title,
        issuer=issuer_in(title) or own,
        issued="",
        published=dotted_day(plain_line(dated.get_text()), HOST).isoformat(),
        number=number,
        topics=topics_of(title),
        kind=kind_of(title),
        verification="found",
        url=url,
        origin="nda",
    )


def _title(link: Tag) -> str:
    """The full title, which the link text may shorten."""
    title = plain_line(str(link.get("title") or link.get_text()))
    if not title or len(title) > MOST_LETTERS:
        where = quoted(link.get("href", ""))
        raise UnexpectedPayload(f"{HOST} lists an entry without a title ({where}).")
    return title


def _link(text: str, title: str) -> str:
    """The full address, on a government host: NDA also lists documents on www.gov.cn, and writes
    http for https. A row that leads elsewhere is not a document."""
    try:
        whole = urlsplit(urljoin(f"https://{HOST}/", text.strip()))
        host = whole.hostname or ""
        fits = whole.scheme in ("http", "https") and host.endswith(".gov.cn") and not whole.username
    except ValueError:
        fits = False
    if not fits:
        raise UnexpectedPayload(f"{HOST} links 《{quoted(title)}》 to '{quoted(text)}'.")
    secure = host in (HOST, "www.gov.cn")
    return (whole._replace(scheme="https") if secure else whole).geturl()
