"""What a person picks from: groups of indicators, each a link that changes one thing in the
address; and forms that keep the rest of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import parse_qsl, urlsplit

from dashboard.data import queries
from dashboard.data.search import found
from dashboard.pages.page import PageRequest
from etl.catalog import Indicator

#: How many indicators are offered at once, and from how many on they can be searched, too.
OFFERED, SEARCHED = 100, 40


@dataclass(frozen=True, slots=True)
class Chip:
    """One of several that may be chosen together; without a link, there is no room for it."""

    words: str
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class SearchForm:
    """A form that the browser sends: the words stand in the address as `q`, beside what is kept."""

    action: str
    label: str
    words: str
    kept: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Picker:
    """Indicators as chips, by group; a search where there are many."""

    count: str
    groups: list[tuple[str, list[Chip]]]
    search: SearchForm | None


def search_form(request: PageRequest, path: str, label: str, kept: Mapping[str, str]) -> SearchForm:
    return SearchForm(
        request.urls.form(path), label, request.query.get("q", ""), kept_fields(request, kept)
    )


def kept_fields(request: PageRequest, kept: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What a form must carry besides, so that sending it loses nothing that was chosen."""
    fields = {**request.urls.kept, **kept}
    return tuple((name, value) for name, value in fields.items() if value)


def picker(
    request: PageRequest,
    chosen: Sequence[str],
    most: int,
    href: Callable[[Sequence[str]], str],
    may_offer: Callable[[Indicator], bool] = lambda _: True,
) -> Picker:
    """Every indicator that has values, of those that may be offered, as a chip that adds it or
    takes it away; those that would be too many are words without a link. Where there are many,
    those that are looked for."""
    catalog, held = request.snapshot.catalog, queries.standings(request.snapshot)
    has_many = len(held) > SEARCHED
    words = request.query.get("q", "") if has_many else ""
    near = islice(
        (one for one in found(request.snapshot, words) if one.id in held and may_offer(one)),
        OFFERED,
    )
    offered = dict.fromkeys((*chosen, *(one.id for one in near)))
    groups = [
        (
            group.title.in_(request.lang),
            [
                chip(catalog[one].short.in_(request.lang), one, chosen, most, href)
                for one in offered
                if catalog[one].group == name
            ],
        )
        for name, group in catalog.groups.items()
    ]
    return Picker(
        request.say("picked", count=str(len(chosen)), most=str(most)),
        [(title, chips) for title, chips in groups if chips],
        _search(request, href(chosen)) if has_many else None,
    )


def _search(request: PageRequest, here: str) -> SearchForm:
    """The form that looks for indicators to pick, keeping what the address `here` says."""
    parts = urlsplit(here)
    kept = {
        name: value for name, value in parse_qsl(parts.query) if name not in request.display.kept
    }
    label = request.say("search_indicators")
    return SearchForm(parts.path, label, request.query.get("q", ""), kept_fields(request, kept))


def chip(
    words: str, name: str, chosen: Sequence[str], most: int, href: Callable[[Sequence[str]], str]
) -> Chip:
    """A chip that adds one of several, or takes it away."""
    if name in chosen:
        rest = [other for other in chosen if other != name]
        return Chip(f"{words} ✕", href(rest), current=True)
    return Chip(words, href([*chosen, name]) if len(chosen) < most else "")
