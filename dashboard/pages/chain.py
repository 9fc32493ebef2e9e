"""The chain that the bulletin follows, link by link: what there is to see of each, how it moved
since the bulletin before, and where there is nothing to see yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dashboard import formatting
from dashboard.data.cards import Reading, reading, readings
from dashboard.formatting import Change
from dashboard.pages.page import PageRequest
from dashboard.pages.parts.cards import Card, card
from etl.calendars import end_of
from etl.catalog import Link

#: So many indicators of a link are seen at once; the others unfold.
SEEN = 4


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """An indicator of a link, and how it moved: a change, or words where there is none."""

    card: Card
    change: Change | None
    moved: str


@dataclass(frozen=True, slots=True)
class ChainLink:
    """A link: its first entries and, folded away, the others; `nothing` says why there are none."""

    title: str
    entries: list[ChainEntry]
    others: list[ChainEntry]
    nothing: str


@dataclass(frozen=True, slots=True)
class Chain:
    """The links, and since when changes are counted."""

    since: str
    links: list[ChainLink]


def chain(request: PageRequest, as_of: datetime, days: Sequence[date]) -> Chain | None:
    """The overview as of a bulletin; None where the catalog names no chain."""
    links = request.snapshot.catalog.links
    if not links:
        return None
    before = max((day for day in days if end_of(day) < as_of), default=None)
    since = (
        request.say("since_bulletin", day=str(before)) if before else request.say("first_bulletin")
    )
    return Chain(since, [_link(request, link, as_of, before) for link in links.values()])


def _link(request: PageRequest, link: Link, as_of: datetime, before: date | None) -> ChainLink:
    items = readings(request.snapshot, link.indicators, as_of, request.lang, request.as_of)
    entries = [_entry(request, item, before) for item in items if item.vintage is not None]
    nothing = "" if entries else (
        request.say("no_data") if items else link.missing.in_(request.lang)
    )  # fmt: skip
    return ChainLink(link.title.in_(request.lang), entries[:SEEN], entries[SEEN:], nothing)


def _entry(request: PageRequest, item: Reading, before: date | None) -> ChainEntry:
    change, words = _moved(request, item, before)
    return ChainEntry(card(item, request.urls), change, words)


def _moved(request: PageRequest, item: Reading, before: date | None) -> tuple[Change | None, str]:
    """From what was known at the bulletin before to what is known now."""
    if before is None or item.vintage is None:
        return None, ""
    then = reading(request.snapshot, item.id, end_of(before), request.lang).vintage
    if then is None:
        return None, request.say("new_since")
    if then.date == item.vintage.date and then.value == item.vintage.value:
        return None, request.say("no_new_value")
    now = item.vintage.value
    return formatting.change(now, then.value, item.indicator, item.unit, request.lang), ""
