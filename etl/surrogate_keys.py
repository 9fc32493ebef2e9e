"""The keys under which a cache in front of the site finds what it keeps, so that it can be told to
drop what has changed: Fastly and Varnish call them surrogate keys, Cloudflare cache tags. Whoever
answers and whoever purges spell them alike."""

from __future__ import annotations

from collections.abc import Iterable

#: What changes with each snapshot, and what never does.
LIVE, FROZEN = "live", "frozen"
#: What is told of more than can be named, or of the site as a whole: any change may be one of it.
ALL = "all"
#: Scripts, styles and what else belongs to the program, which changes when it is replaced.
FILES = "files"
#: The most bytes of all keys of one answer, below the bound of every cache that reads them.
MOST_BYTES = 8_000
_INDICATOR, _BULLETIN, _SNAPSHOT = "i-", "b-", "s-"


def of_indicator(name: str) -> str:
    """The key of every answer about this indicator."""
    return f"{_INDICATOR}{name}"


def of_bulletin(day: str) -> str:
    """The key of every answer about the bulletin of this day (ISO 8601)."""
    return f"{_BULLETIN}{day}"


def of_snapshot(name: str) -> str:
    """The key of every answer that was made from this snapshot."""
    return f"{_SNAPSHOT}{name}"


def bounded(keys: Iterable[str]) -> tuple[str, ...]:
    """The keys without repetitions, in their order; where they are too many for a header, those of
    indicators and bulletins give way to the one of everything."""
    once = tuple(dict.fromkeys(keys))
    if sum(len(key) + 1 for key in once) <= MOST_BYTES:
        return once
    named = (_INDICATOR, _BULLETIN)
    return (*(key for key in once if not key.startswith(named) and key != ALL), ALL)
