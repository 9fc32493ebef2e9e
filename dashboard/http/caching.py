"""How long each kind of answer may be kept, by browsers and by what stands in front of the site,
and the keys under which a cache can be told to drop it. docs/in-front.md says what follows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dashboard.data.snapshot import Snapshot
from dashboard.http.asgi import RawHeaders
from etl import surrogate_keys as keys

#: Seconds that a browser and a cache in front of it keep what changes; how much longer a cache may
#: answer with it while it fetches the new one; and while no reader answers at all.
BROWSER_S, SHARED_S, MEANWHILE_S, OUTAGE_S = 30, 60, 30, 86_400


class Lasts(StrEnum):
    """The kinds of addresses, each with its Cache-Control."""

    #: What can never change: a moment that was held, a file named by its content.
    FROZEN = "public, max-age=31536000, immutable"
    #: What was known before anything was loaded may be known better when more history is.
    RECONSTRUCTED = "public, max-age=3600"
    #: What each snapshot, the clock or a new program may change.
    LIVE = (
        f"public, max-age={BROWSER_S}, s-maxage={SHARED_S}, "
        f"stale-while-revalidate={MEANWHILE_S}, stale-if-error={OUTAGE_S}"
    )
    #: Where a misspelt address leads: it follows from the address alone.
    MOVED = "public, max-age=86400"
    #: The chart library, whose address Dash gives without a version.
    LIBRARY = "public, max-age=604800"
    #: The description of the API, which changes with the program alone.
    DESCRIPTION = "public, max-age=300"
    #: Errors, what is sent, drafts, and what those ask who run the site.
    NEVER = "no-store"
    #: Whatever a member of the committee is shown.
    PRIVATE = "private, no-store"


#: The headers that only this module writes.
_OURS = (b"cache-control", b"surrogate-key", b"cache-tag", b"expires", b"pragma", b"age")


@dataclass(frozen=True, slots=True)
class Caching:
    """How long one answer may be kept, and by which keys it may be dropped."""

    lasts: Lasts
    keys: tuple[str, ...] = ()

    @property
    def headers(self) -> dict[str, str]:
        """Cache-Control; and the keys as Fastly and as Cloudflare read them."""
        told = {"Cache-Control": str(self.lasts)}
        if self.keys:
            found = keys.bounded(self.keys)
            told |= {"Surrogate-Key": " ".join(found), "Cache-Tag": ",".join(found)}
        return told


MOVED = Caching(Lasts.MOVED)
NEVER = Caching(Lasts.NEVER)
PRIVATE = Caching(Lasts.PRIVATE)
#: What belongs to the program: under a name that holds its content or its version; under any other.
NAMED_FILE = Caching(Lasts.FROZEN, (keys.FILES,))
FILE = Caching(Lasts.LIVE, (keys.FILES, keys.LIVE))
LIBRARY = Caching(Lasts.LIBRARY, (keys.FILES,))
DESCRIPTION = Caching(Lasts.DESCRIPTION, (keys.FILES,))


def frozen(ids: Iterable[str]) -> Caching:
    """That of an answer about these indicators that follows from its address alone."""
    return Caching(Lasts.FROZEN, (keys.FROZEN, *map(keys.of_indicator, ids)))


def live(snapshot: Snapshot | None, ids: Iterable[str] = (), day: str | None = None) -> Caching:
    """That of an answer that changes, about these indicators alone; else about much, and mostly
    about the bulletin of a day where one is given."""
    about = [keys.of_indicator(name) for name in ids] or [keys.ALL]
    if day is not None:
        about.append(keys.of_bulletin(day))
    return Caching(Lasts.LIVE, (keys.LIVE, *about, *_made_from(snapshot)))


def as_of(snapshot: Snapshot, ids: Sequence[str], moment: datetime | None) -> Caching:
    """That of an answer about these indicators as of a moment: for ever where it can never change,
    which only a snapshot that holds the moment can tell; for an hour where it is reconstructed."""
    if snapshot.is_final(ids, moment):
        return final(snapshot, ids)
    found = live(snapshot, ids)
    is_old = snapshot.is_reconstructed(ids, moment)
    return Caching(Lasts.RECONSTRUCTED, found.keys) if is_old else found


def final(snapshot: Snapshot, ids: Iterable[str] = ()) -> Caching:
    """That of an answer which no later snapshot can change."""
    found = frozen(ids)
    return Caching(found.lasts, (*found.keys, *_made_from(snapshot)))


def kept(headers: RawHeaders, lasts: Caching) -> RawHeaders:
    """The headers of an answer that says nothing of ours, with a policy."""
    ours = [(name.lower().encode(), value.encode()) for name, value in lasts.headers.items()]
    return [*_others(headers), *ours]


def settled(headers: RawHeaders, status: int, method: str) -> RawHeaders:
    """The headers of an answer with exactly one policy: nobody keeps an error, the answer to what
    was sent, or an answer that says nothing of it."""
    told = sum(name == b"cache-control" for name, _ in headers)
    if status < 400 and method in ("GET", "HEAD") and told == 1:
        return headers
    return kept(headers, NEVER)


def _others(headers: RawHeaders) -> RawHeaders:
    return [header for header in headers if header[0] not in _OURS]


def _made_from(snapshot: Snapshot | None) -> tuple[str, ...]:
    return (keys.of_snapshot(snapshot.name),) if snapshot else ()
