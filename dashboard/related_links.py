"""Related indicators as links, each with why it is named: on pages of indicators and of charts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from dashboard.data.related import related
from dashboard.data.snapshot import Snapshot
from dashboard.texts import text


@dataclass(frozen=True, slots=True)
class RelatedLinks:
    """Those that are named for one reason: words and link."""

    why: str
    links: list[tuple[str, str]]


def related_links(
    snapshot: Snapshot, name: str, href: Callable[[str], str], lang: str
) -> list[RelatedLinks]:
    """The related indicators of one by reason, those without a page left out."""
    found = [
        RelatedLinks(
            text(f"related_{why}", lang),
            [
                (one.indicator.short.in_(lang), link)
                for one in part
                if (link := href(one.indicator.id))
            ],
        )
        for why, part in groupby(related(snapshot, name), key=attrgetter("why"))
    ]
    return [one for one in found if one.links]
