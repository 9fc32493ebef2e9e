"""The State Council's policy library: its search, newest first, by date of publication."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

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
from etl.policies.identity import issuer_in, issuer_line, kind_of, topics_of, without_number
from etl.records import BEIJING, Document

ADDRESS = "https://sousuo.www.gov.cn/search-gov/data"
LIBRARY_PAGE = "https://sousuo.www.gov.cn/zcwjk/policyDocumentLibrary"
#: Documents of the State Council and of its departments, without interpretations (`_or`).
LIBRARIES = ("zhengcelibrary_gw", "zhengcelibrary_bm")
#: The same two under the names they have where an answer holds a list for each.
CATEGORIES = ("gongwen", "bumenfile")
#: What the search page sends besides; the search answers only to the whole of it.
UNUSED = (
    "pcodeJiguan", "childtype", "subchildtype", "tsbq", "pubtimeyear", "puborg", "pcodeYear",
    "pcodeNum", "filetype", "inpro", "bmfl", "dup", "orpro",
)  # fmt: skip
NOTHING_FOUND = 1001
PAGE_SIZE = 100
MOST_DOCUMENTS = 1_000_000
MOST_LETTERS = 1000
NUMBER_KEYS = ("pcode", "wenhao", "fwzh")
#: A moment before is one of another unit: seconds since 1970 lie in its first weeks.
EARLIEST, LATEST = date(1971, 1, 1), date(2200, 12, 31)


@dataclass(frozen=True, slots=True)
class GovCn(DocumentFinder):
    """www.gov.cn, which collects the documents of all national bodies."""

    name: str = "gov_cn"

    def fetch(self, since: date, known_at: datetime, out: Upstream) -> Sequence[ListPage]:
        until = known_at.astimezone(BEIJING).date()
        headers = as_browser(out.settings, LIBRARY_PAGE)

        def pages(library: str) -> Iterator[ListPage]:
            address = partial(_address, library, since, until)
            return turned(library, address, _extent, since, partial(out.get, headers=headers))

        return [page for library in LIBRARIES for page in pages(library)]

    def parse(self, payload: bytes) -> Sequence[Document]:
        documents = _listing(payload).good()
        if documents and not any(document.url for document in documents):
            raise UnexpectedPayload("gov.cn lists documents of which none is at a gov.cn address.")
        return documents

    def skipped(self, payload: bytes) -> Sequence[str]:
        return _listing(payload).wrong


def _address(library: str, since: date, until: date, number: int) -> str:
    asked = {
        "t": library, "q": "", "timetype": "timezd", "mintime": since, "maxtime": until,
        "sort": "pubtime", "sortType": 1, "searchfield": "title", **dict.fromkeys(UNUSED, ""),
        "p": number, "n": PAGE_SIZE, "type": "gwyzcwjk",
    }  # fmt: skip
    return f"{ADDRESS}?{urlencode(asked)}"


def _listing(payload: bytes) -> Listing:
    return Listing.of((row for rows, _ in _lists(payload) for row in rows), _document)


def _extent(payload: bytes) -> Extent:
    lists = [(rows, total) for rows, total in _lists(payload) if rows]
    if not lists:
        return Extent(0, 0, "")
    totals = [total for _, total in lists]
    total = None if None in totals else max(t for t in totals if t is not None)
    documents = _listing(payload).good()
    return Extent(max(len(rows) for rows, _ in lists), total, min(d.day for d in documents))


def _lists(payload: bytes) -> Iterator[tuple[list[Any], int | None]]:
    """Each list in an answer, with the total number of documents if stated."""
    answer = _answer(payload)
    if answer.get("code") == NOTHING_FOUND and not answer.get("searchVO"):
        return
    search = answer.get("searchVO")
    if not isinstance(search, dict):
        keys = quoted(", ".join(map(str, answer)))
        raise UnexpectedPayload(f"gov.cn sent no list of documents (it holds: {keys}).")
    categories = search.get("catMap")
    found = [categories.get(c) for c in CATEGORIES] if isinstance(categories, dict) else []
    if search.get("listVO") or (search.get("listVO") == [] and not any(found)):
        yield _list(search)
        return
    if not any(found):
        keys = quoted(", ".join(map(str, search)))
        raise UnexpectedPayload(f"gov.cn sent a search without a list (it holds: {keys}).")
    yield from (_list(one) for one in found if one)


def _answer(payload: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        raise UnexpectedPayload(
            f"gov.cn sent no JSON (it begins: {beginning(payload.decode('utf-8', 'replace'))})."
        ) from None
    if not isinstance(answer, dict):
        raise UnexpectedPayload("gov.cn sent JSON that is no answer of its search.")
    return answer


def _list(holder: Any) -> tuple[list[Any], int | None]:
    """The rows of a list, and the total on all pages. A total that is missing, 0 beside rows, or
    less than the rows is ignored."""
    rows = holder.get("listVO") if isinstance(holder, dict) else None
    if rows is None and isinstance(holder, dict) and "listVO" in holder:
        rows = []
    if not isinstance(rows, list):
        raise UnexpectedPayload("gov.cn sent a search whose list is none.")
    total = _whole(holder.get("totalCount"))
    return rows, total if total is not None and len(rows) <= total <= MOST_DOCUMENTS else None


def _whole(value: object) -> int | None:
    """A whole number, given as a number or as text; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,20}", value.strip(), re.ASCII):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def _document(row: Any) -> Document:
    if not isinstance(row, dict):
        raise UnexpectedPayload(f"gov.cn lists '{quoted(row)}', which is no document.")
    title, in_title = without_number(_text(row, "title"))
    if not title:
        which = quoted(next(filter(None, map(row.get, (*NUMBER_KEYS, "url"))), "one of its rows"))
        raise UnexpectedPayload(f"gov.cn lists a document without a title ({which}).")
    day, note = _day(row, title)
    numbers = (_text(row, key) for key in NUMBER_KEYS)
    return Document(
        title=title,
        issuer=issuer_line(_text(row, "puborg")) or issuer_in(title),
        issued="",
        published=day.isoformat(),
        number=next(filter(None, numbers), in_title),
        topics=topics_of(title),
        kind=kind_of(title),
        verification="found",
        url=_link(_text(row, "url")),
        note=note,
        origin="gov_cn",
    )


def _text(row: Any, key: str) -> str:
    """A field of a row without search markup, entities and line ends; empty if absent."""
    value = row.get(key) if isinstance(row, dict) else None
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > MOST_LETTERS:
        raise UnexpectedPayload(f"gov.cn sent '{quoted(value)}' where {key} is a short text.")
    return plain_line(re.sub(r"</?\w+[^<>]*>", "", html.unescape(value)))


def _day(row: Any, title: str) -> tuple[date, str]:
    """The date of a document, and a note if its two dates disagree. The one in words is always
    present and sufficient; the other is a number, or a number as text."""
    shown, stamp = _text(row, "pubtimeStr"), row.get("pubtime")
    said = dotted_day(shown, "gov.cn") if shown else None
    meant = _stamped_day(_whole(stamp))
    if said is None and meant is None:
        raise UnexpectedPayload(
            f"gov.cn does not date 《{quoted(title)}》: its pubtime is '{quoted(stamp)}'."
        )
    if said and meant and said != meant:
        return said, f"gov.cn dates it {said} in words and {meant} in numbers"
    return (said or meant or EARLIEST), ""


def _stamped_day(stamp: int | None) -> date | None:
    """The day in Beijing of milliseconds since 1970; None if it is out of range."""
    if not stamp:  # 0 stands where there is none
        return None
    try:
        day = datetime.fromtimestamp(stamp / 1000, UTC).astimezone(BEIJING).date()
    except (OverflowError, ValueError, OSError):
        return None
    return day if EARLIEST <= day <= LATEST else None


def _link(text: str) -> str:
    """An address on gov.cn; empty if it leads elsewhere."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not f".{host}".endswith(".gov.cn"):
        return ""
    return parts._replace(scheme="https").geturl() if host == "www.gov.cn" else text
