"""/bulletins/new: what moved since the bulletin before, to begin the bulletin of a day with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dashboard import formatting
from dashboard.address import AddressError, day_of
from dashboard.data import queries
from dashboard.data.snapshot import TooLongError
from dashboard.pages.draft import PATH, empty_form
from dashboard.pages.page import Page, PageClock, PageRequest, message, wrong_parameter
from dashboard.pages.parts.picking import kept_fields
from etl.brief.find import brief
from etl.brief.words import BriefLine, lead, markdown, sections
from etl.records import BEIJING


@dataclass(frozen=True, slots=True)
class LinkedSentence:
    """A sentence whose `name` leads to its chart, or to the document that it names."""

    before: str
    name: str
    after: str
    href: str
    source: str


@dataclass(frozen=True, slots=True)
class ShownBriefSection:
    """A part of the brief: sentences that lead somewhere, and sentences that do not."""

    title: str
    sentences: list[LinkedSentence]
    plain: tuple[str, ...]


def layout(request: PageRequest, clock: PageClock) -> Page:
    """The brief of the day in the address, or of today; 400 in words where there is no such day."""
    today = clock.minute.astimezone(BEIJING).date()
    try:
        day = _day(request.query.get("date", ""), today)
    except AddressError as error:
        return wrong_parameter(request, error)
    try:
        news = queries.news(request.snapshot, day, clock.minute)
    except TooLongError:
        return message(request.say("too_long"), request.say("brief_too_long"), 503)
    found = brief(request.snapshot.catalog, news, request.urls.base, request.lang)
    covers = lead(found)
    return Page(
        request.say("brief_of", day=formatting.full_date(day, request.lang)),
        "brief",
        {
            "covers": covers,
            "form": empty_form(request.urls),
            "action": request.urls.form(PATH),
            "kept": kept_fields(request, {}),
            "day": str(day),
            "sections": [
                ShownBriefSection(
                    one.title, [linked(request, line) for line in one.lines], one.plain
                )
                for one in sections(found)
            ],
            "markdown": markdown(found),
        },
        description=covers,
        has_past=False,
        paper=request.urls.online.page(PATH, date=str(day)),
    )


def _day(words: str, today: date) -> date:
    day = day_of("date", words) if words else today
    if day > today:
        raise AddressError(
            "date", f"date: {day} is still to come in Beijing; what moves by then is not known."
        )
    return day


def linked(request: PageRequest, line: BriefLine) -> LinkedSentence:
    """A sentence with its link as this reader follows it."""
    before, name, after = line.said.text.partition(line.said.name)
    address = request.urls.within(line.said.link)
    href = line.said.link if address is None else request.urls.to(address)
    return LinkedSentence(before, name, after, href, line.source)
