"""What was known of an indicator on a day: which day is looked at, and what has become of it."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard import formatting
from dashboard.address import ChartAddress, moment_text
from dashboard.chart_page.controls import Choice
from dashboard.chart_page.since import since
from dashboard.chart_page.view import View, known_then, of_chart, view
from dashboard.data import queries
from dashboard.pages.page import PageRequest
from dashboard.pages.parts.picking import kept_fields

#: Bulletins whose days are offered; any other day is written into the field.
OFFERED = 4


@dataclass(frozen=True, slots=True)
class DayChooser:
    """The days to choose from, and the form that looks at any other: where it is sent, the day it
    shows, what it keeps."""

    days: list[Choice]
    action: str
    day: str
    kept: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Ribbon:
    """As of when a page speaks of the past, what has become of it, and the way to the present."""

    known: str
    lines: tuple[str, ...]
    revised: str
    live: str


def day_chooser(request: PageRequest, address: ChartAddress) -> DayChooser:
    """Now, the newest bulletins, and a field."""
    offered = [str(day) for day in queries.bulletin_days(request.snapshot)[-OFFERED:][::-1]]
    chosen = moment_text(address.as_of) if address.as_of else ""
    now = (request.say("as_known_now"), _href(request, address), not chosen)
    days = [
        (request.say("as_known_on", day=day), _href(request, address, day), chosen == day)
        for day in offered
    ]
    action = request.urls.form(f"/indicators/{address.id}")
    return DayChooser([now, *days], action, chosen, kept_fields(request, address.chosen))


def ribbon(request: PageRequest, seen: View) -> Ribbon | None:
    """What is told of a day of the past; nothing where the page shows what is known now."""
    if seen.address.as_of is None:
        return None
    then = view(request.snapshot, of_chart(seen.address))
    found = since(then)
    moment = formatting.beijing(seen.address.as_of, request.lang)
    live = _href(request, seen.address)
    return Ribbon(known_then(then, moment), found.lines, found.revised, live)


def _href(request: PageRequest, address: ChartAddress, day: str = "") -> str:
    place = f"{address.id}@{day}" if day else address.id
    return request.urls.page(f"/indicators/{place}", **address.chosen)
