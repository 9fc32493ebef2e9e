"""What a page is: who asks, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from dashboard.address import AddressError, MovedError
from dashboard.chart_page.page import SiteConfig
from dashboard.data.snapshot import Published, Snapshot
from dashboard.display import Display
from dashboard.pages.parts.charts import PageChart
from dashboard.texts import hint, text
from dashboard.urls import Urls
from etl.records import BEIJING
from etl.texts import told


@dataclass(frozen=True, slots=True)
class PageClock:
    """What a page is judged by besides the snapshot: the clock, what is wrong with the published
    files, and which there are. Whoever looks at it is kept no longer than its minute."""

    minute: datetime
    problem: str
    published: tuple[Published, ...]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One reader asking for one page of one snapshot, on a site."""

    snapshot: Snapshot
    path: str
    query: Mapping[str, str]
    urls: Urls
    site: SiteConfig
    #: Parameters of the address that the page does not look at.
    unknown: tuple[str, ...] = ()

    @property
    def as_of(self) -> datetime | None:
        """The moment that the reader looks back to; None for now."""
        return self.urls.as_of

    @property
    def last_day(self) -> date:
        """The last day, in Beijing, of which anything may be told; without end for now."""
        return date.max if self.as_of is None else self.as_of.astimezone(BEIJING).date()

    @property
    def display(self) -> Display:
        return self.urls.display

    @property
    def lang(self) -> str:
        return self.urls.display.lang

    def say(self, name: str, **values: str) -> str:
        """The words called so, in the reader's language."""
        return text(name, self.lang, **values)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: what the template `pages/NAME.html` shows of `context`, a sentence about it for
    previews, its HTTP status; `charts` come alive, `location` is where the page has moved to, and
    `is_final` says that it never changes. Of a page as of a moment, `told` is what is to be said of
    it besides, `ids` are the indicators that it is about (None for all), and one that `has_past`
    not shows what is so now. `paper` is the whole address that a page bears when it is printed.
    There is no such page as of a day before it `begins`."""

    title: str
    template: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    charts: tuple[PageChart, ...] = ()
    description: str = ""
    status: int = 200
    location: str = ""
    told: tuple[str, ...] = ()
    ids: tuple[str, ...] | None = None
    has_past: bool = True
    begins: date | None = None
    is_final: bool = False
    paper: str = ""
    #: Feeds about what is shown besides those of the whole site: address and title.
    feeds: tuple[tuple[str, str], ...] = ()


def message(title: str, sentence: str, status: int) -> Page:
    """A page that says in words why there is nothing else to show."""
    return Page(title, "message", {"sentence": sentence}, description=sentence, status=status)


def wrong_parameter(request: PageRequest, error: AddressError | MovedError) -> Page:
    """The page that says what is wrong with a parameter, and what may stand there."""
    status = error.status if isinstance(error, AddressError) else 404
    sentence = f"{hint(error.parameter, request.lang)} {told(str(error), request.lang)}".strip()
    return message(request.say("wrong_address"), sentence, status)
