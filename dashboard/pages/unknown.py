"""Parameters that a page does not look at: named in one line, so that nobody believes they work."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.address import KNOWN, PARAMETERS, is_foreign
from dashboard.data.ledger import PARAMETERS as OF_LEDGER
from dashboard.data.notes import PARAMETERS as OF_EVENTS
from dashboard.data.policy_filter import FILTERS
from dashboard.texts import text

#: What every page takes.
ALWAYS = ("asof", "lang", "theme", "updown")
_CHART = ("t", "u", "scale", "freq", "agg")
#: What each page takes besides, those of a kind under their first word; one that is not named here
#: takes whatever any address of the site does.
TAKES: Mapping[str, tuple[str, ...]] = {
    "": (),
    "bulletins": ("q", "page"),
    "bulletins/": (),
    "bulletins/new": ("date",),
    "indicators": ("q", "group", "link", "frequency", "sort", "cols", "page"),
    "indicators/": _CHART,
    "compare": ("ids", *_CHART, "q"),
    "provinces": ("group", "sort"),
    "export": ("ids", "t", "u", "freq", "agg", "shape", "format", "for", "scope", "q"),
    "policies": ("ids", *FILTERS, "page"),
    "corrections": ("ids", *PARAMETERS, "page"),
    "status": ("page",),
    "about": ("page",),
    "claims": (*OF_LEDGER, "page"),
    "wall": ("ids", "t", "u", "full", "q"),
    "verify": ("code",),
    "verify/": (),
    "since": ("date",),
    "since/": (),
    "events": (*OF_EVENTS, "q", "page"),
}
#: So many are named, each with at most so many letters.
NAMED, LETTERS = 5, 40


def unknown(path: str, query: Mapping[str, str]) -> tuple[str, ...]:
    """The parameters of an address that its page does not look at."""
    takes = _taken(path)
    known = KNOWN if takes is None else {*takes, *ALWAYS}
    found = (name for name in query if name not in known and (name in KNOWN or is_foreign(name)))
    return tuple(found)[:NAMED]


def unknown_words(path: str, names: tuple[str, ...], lang: str) -> str:
    """What is said of them, and what the page takes instead."""
    shown = ", ".join("".join(filter(str.isprintable, name))[:LETTERS] for name in names)
    said, takes = text("unknown_parameters", lang, names=shown), _taken(path)
    if takes is None:
        return said
    offered = ", ".join(dict.fromkeys((*takes, *ALWAYS)))
    return said + text("known_parameters", lang, names=offered)


def _taken(path: str) -> tuple[str, ...] | None:
    place = path.strip("/")
    head, slash, _ = place.partition("/")
    return TAKES.get(place, TAKES.get(f"{head}{slash}"))
