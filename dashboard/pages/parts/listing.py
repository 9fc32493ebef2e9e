"""What a long list is asked by: choices in force, bars that narrow it, further pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboard.pages.paging import Paged
from dashboard.texts import text


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a small bar chart: its name, its number, where it leads; `current` if chosen."""

    name: str
    count: int
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Further:
    """Where in a long list this page is, and the way to the ones beside it."""

    words: str
    previous: str
    next: str


def further(page: Paged[Any], href: Callable[[str], str], lang: str) -> Further | None:
    """The way to the page before and the page after; nothing where there is one page. The first
    page has no number in its address."""
    if page.pages == 1:
        return None
    before = href(str(page.number - 1) if page.number > 2 else "") if page.number > 1 else ""
    after = href(str(page.number + 1)) if page.number < page.pages else ""
    words = text("page_of", lang, page=str(page.number), pages=str(page.pages))
    return Further(words, before, after)
