"""What a person picks from: groups of indicators, each a link that changes one thing in the
address; and forms that keep the rest of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import parse_qsl, urlsplit

from dashboard.data.search import found
from dashboard.pages.page import PageRequest

#: How many indicators are offered at once.
OFFERED = 100


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
    """Every indicator as a chip, by group; a search where there are very many."""

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
    request: PageRequest, chosen: Sequence[str], most: int, href: Callable[[Sequence[str]], str]
) -> Picker:
    """Every indicator as a chip that adds it or takes it away; those that would be too many are
    words without a link. Where there are very many, those that are looked for."""
    catalog = request.snapshot.catalog
    has_many = len(catalog.indicators) > OFFERED
    words = request.query.get("q", "") if has_many else ""
    near = list(islice(found(request.snapshot, words), OFFERED))
    offered = [*(catalog[name] for name in chosen if catalog[name] not in near), *near]
    groups = [
        (
            group.title.in_(request.lang),
            [
                chip(one.short.in_(request.lang), one.id, chosen, most, href)
                for one in offered
                if one.group == name
            ],
        )
        for name, group in catalog.groups.items()
    ]
    return Picker(
        request.say("picked", count=str(len(chosen)), most=str(most)),
        groups,
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
