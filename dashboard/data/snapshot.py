"""The published snapshot that answers are made from: opened read-only, swapped when a new one is
pointed to, kept when the new one cannot be opened."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from etl.catalog import catalog_of
from etl.database import connect_sealed
from etl.errors import StorageError, quoted
from etl.storage.objects import ObjectProblem, StoreAway
from etl.storage.snapshots import (
    Bucket,
    NotServed,
    Pointer,
    SnapshotStore,
    cannot_serve,
    moment_of,
)

#: What is said before the first look has ended.
OPENING = "The snapshot is being opened."
#: How many values of each kind the cache of a snapshot holds: readings are small, tables may hold
#: whole histories.
CACHE_SIZES = {
    "standings": 200, "words": 2, "order": 14, "health": 2, "reading": 4000, "page": 300,
    "series": 40, "brought": 40, "events": 200, "mentions": 200, "lines": 30, "rows": 30, "runs": 1,
    "table": 60, "problems": 1, "reliability": 1, "notes": 60, "since": 40, "awaited": 4,
    "related": 400, "parser": 1, "pictures": 20,
    "vintages": 12,
}  # fmt: skip
T = TypeVar("T")


log = logging.getLogger(__name__)


class SnapshotError(StorageError):
    """A snapshot cannot be served. `str(error)` can be shown to any reader; `detail` names the file
    and belongs to the log and the command line."""

    def __init__(self, message: str, detail: str) -> None:
        super().__init__(message)
        self.detail = detail


class TooLongError(SnapshotError):
    """A question takes longer than readers who wait behind it may be kept."""


@dataclass(frozen=True, slots=True)
class Published:
    """A snapshot's file as it lies in the folder; the name says when it was published."""

    name: str
    published_at: datetime
    bytes: int


class Snapshot:
    """One open, immutable database. Each query runs on a cursor of its own, from any thread."""

    def __init__(self, path: Path) -> None:
        self.path, self.identity = path, _identity(path)
        #: What a query could not read; empty as long as all can be.
        self.damage = ""
        self.connection = connect_sealed(path)
        try:
            self._begin(path)
        except BaseException:
            self.close()
            raise

    def _begin(self, path: Path) -> None:
        self.meta: dict[str, str] = dict(self.rows("select key, value from meta"))
        reason = cannot_serve(self.meta)
        if reason:
            raise _unreadable(path, "", why=reason)
        document = self.rows("select document from catalog")[0][0]
        self.catalog = catalog_of(document)
        self._cache: dict[str, OrderedDict[Hashable, Any]] = {k: OrderedDict() for k in CACHE_SIZES}
        #: How often each kind was there already and was not. Nobody waits for a lock to count: one
        #: of two that come at once may be missed.
        self.cache_hits, self.cache_misses = (
            dict.fromkeys(CACHE_SIZES, 0),
            dict.fromkeys(CACHE_SIZES, 0),
        )

    def close(self) -> None:
        """Let go of the file. While anyone has it open, DuckDB would give another file that took
        its name for this one."""
        self.connection.close()

    @property
    def name(self) -> str:
        return self.meta["snapshot"]

    @property
    def format(self) -> int:
        """The number of the form in which it is written."""
        return int(self.meta["format"])

    @cached_property
    def published_at(self) -> datetime:
        return datetime.fromisoformat(self.meta["published_at"]).astimezone(UTC)

    @cached_property
    def held_until(self) -> datetime:
        """The last moment as of which the answers are final: what is loaded later counts as held
        from a later moment on."""
        told = self.meta.get("held_until")
        return datetime.fromisoformat(told).astimezone(UTC) if told else self.published_at

    @cached_property
    def _begun(self) -> Mapping[str, datetime]:
        """When the first of each indicator was loaded."""
        if not self.has("first_loads"):
            return {}
        rows = self.rows("select indicator, loaded_at from first_loads")
        return {name: moment.replace(tzinfo=UTC) for name, moment in rows}

    @cached_property
    def begins(self) -> tuple[datetime, datetime] | None:
        """When the first value of all became known, and when the first was held here: before that,
        every answer is reconstructed. None where nothing is held."""
        known = self.rows("select min(known_at) from held")[0][0]
        if known is None or not self._begun:
            return None
        return known.replace(tzinfo=UTC), min(self._begun.values())

    @cached_property
    def _renames(self) -> Mapping[str, tuple[str, datetime]]:
        """For each new name the old one, and since when it is the new one."""
        if not self.has("renames"):
            return {}
        rows = self.rows("select new, old, since from renames order by since")
        return {new: (old, since.replace(tzinfo=UTC)) for new, old, since in rows}

    def is_final(self, ids: Iterable[str], as_of: datetime | None) -> bool:
        """Whether an answer about these indicators as of a moment can never change: each of them
        was held by then, and nothing can be added to what was."""
        if as_of is None or as_of > self.held_until:
            return False
        return all(name in self._begun and self._begun[name] <= as_of for name in ids)

    def is_reconstructed(self, ids: Iterable[str], as_of: datetime | None) -> bool:
        """Whether any of these indicators was not held at a moment, so that what was known then
        is told from when its values became public."""
        if as_of is None:
            return False
        return any(name in self._begun and as_of < self._begun[name] for name in ids)

    def was_holding(self, ids: Iterable[str], as_of: datetime) -> bool:
        """Whether any of these indicators was held at a moment."""
        return any(name in self._begun and self._begun[name] <= as_of for name in ids)

    def name_at(self, indicator: str, as_of: datetime | None) -> str:
        """The id that an indicator bore at a moment; today's without one."""
        name = indicator
        while as_of is not None and name in self._renames and as_of < self._renames[name][1]:
            name = self._renames[name][0]
        return name

    @cached_property
    def _tables(self) -> frozenset[str]:
        return frozenset(name for (name,) in self.rows("select table_name from duckdb_tables()"))

    def has(self, table: str) -> bool:
        """Whether there is this table: an earlier version of the program, whose snapshot may still
        be served or returned to, did not write all that this one does."""
        return table in self._tables

    def rows(
        self, query: str, parameters: Any = (), most_s: float | None = None
    ) -> list[tuple[Any, ...]]:
        """All rows of a query; a SnapshotError in words if the file does not give them, a
        TooLongError if not in `most_s` seconds."""
        try:
            with self.connection.cursor() as cursor, _ended(cursor, most_s):
                return cursor.execute(query, parameters).fetchall()
        except duckdb.InterruptException:
            sentence = (
                f"This takes over {most_s:g} seconds to work out, which is too long for a page."
            )
            raise TooLongError(sentence, sentence) from None
        except duckdb.Error as error:
            unreadable = _unreadable(self.path, str(error), "read")
            if not self.damage:
                log.error("%s", unreadable.detail)
            self.damage = str(unreadable)
            raise unreadable from None

    def cached(self, kind: str, key: Hashable, compute: Callable[[], T]) -> T:
        """What `compute` gives, from the cache where it is there: a snapshot never changes. Of each
        kind, what was asked for longest ago makes room."""
        try:
            value: T = self._cache[kind][key]
            self.cache_hits[kind] += 1
        except KeyError:
            self.cache_misses[kind] += 1
            value = compute()
        self.add_to_cache(kind, key, value)
        return value

    def cache_entries(self) -> Mapping[str, int]:
        """How many values of each kind the cache holds."""
        return {kind: len(held) for kind, held in self._cache.items()}

    def in_cache(self, kind: str, key: Hashable) -> Any:
        """What the cache holds already, or None."""
        return self._cache[kind].get(key)

    def add_to_cache(self, kind: str, key: Hashable, value: object) -> None:
        """Put something into the cache that came along with something else."""
        cache = self._cache[kind]
        cache[key] = value
        with suppress(KeyError):  # another thread may have made room in between
            cache.move_to_end(key)
            while len(cache) > CACHE_SIZES[kind]:
                cache.popitem(last=False)


class Snapshots:
    """The current snapshot of a store. A swap never fails a request: whoever holds the old one
    finishes with it, and it is closed when the last of them lets go. `get_ready` makes of a new one
    what nobody should wait for, before it takes the place of the old. Where a thread beside the
    requests looks (`in_background`), none of these waits for a network."""

    def __init__(
        self,
        store: SnapshotStore,
        get_ready: Callable[[Snapshot], object] = lambda _: None,
        *,
        in_background: bool = False,
    ) -> None:
        self.store = store
        self.get_ready = get_ready
        #: What is wrong, for any reader, and with the names of files.
        self.problem = self.detail = ""
        self.has_looked = False
        #: Since when the store cannot be used; None while it can.
        self.away_since: datetime | None = None
        #: When the store last said what is current.
        self.looked_at: datetime | None = None
        #: Whether what is current is known, and is not what is open.
        self.is_behind = False
        self._waits = store.is_near or not in_background
        self._lock = threading.Lock()
        self._open: Snapshot | None = None
        self._failed: tuple[Path, Identity, SnapshotError] | None = None
        self._kept: Mapping[str, int] = {}

    @property
    def open(self) -> Snapshot | None:
        """The open snapshot, if there is one: no wait, no file is touched."""
        return self._open

    @property
    def name(self) -> str:
        """The name of the open snapshot; empty without one."""
        return self._open.name if self._open is not None else ""

    @property
    def may_lag(self) -> bool:
        """Whether a newer snapshot is, or may be, published than the open one."""
        return self.is_behind or self.away_since is not None

    @property
    def cache_bytes(self) -> int | None:
        """The bytes of all snapshots that were fetched to this machine; None where none are."""
        return self.store.cache_bytes if isinstance(self.store, Bucket) else None

    def current(self) -> Snapshot:
        """The snapshot to answer from; a SnapshotError while there is none. Who asks first of all
        opens it; from then on it is the open one, until `refresh` finds another."""
        if not self.has_looked and self._waits:
            self.refresh(only_first=True)
        found = self._open
        if found is None:
            raise SnapshotError(self.problem or OPENING, self.detail or OPENING)
        return found

    def refresh(self, *, only_first: bool = False) -> None:
        """Look at the pointer, and open the snapshot that it names if it is another one, or its
        file has changed. To be called where waiting stops nobody."""
        with self._lock:
            if not (only_first and self.has_looked):
                before = self.detail
                self._look()
                self.has_looked = True
                if self.detail and self.detail != before:
                    log.warning("%s", self.detail)

    def published(self) -> tuple[Published, ...]:
        """The files that are kept, newest first; what else lies there is left alone. No network:
        of a bucket, as they were when a snapshot was last opened."""
        sizes = self.store.sizes() if self.store.is_near else self._kept
        found = []
        for name, size in sorted(sizes.items(), reverse=True):
            if (moment := moment_of(name)) is not None:
                found.append(Published(name, moment.replace(microsecond=0), size))
        return tuple(found)

    def _look(self) -> None:
        if self._open is None and not self._waits:
            self._open_cached()
        try:
            self._follow(self.store.pointer())
            self.problem = self.detail = ""
        except StoreAway as error:
            self._go_on_without(error)
            return
        except (NotServed, ObjectProblem) as error:
            self.problem, self.detail = error.plain, str(error)
        except SnapshotError as error:
            self.problem, self.detail = str(error), error.detail
        self.away_since = None

    def _follow(self, pointer: Pointer) -> None:
        """Open what the pointer names, unless it is open."""
        self.looked_at = datetime.now(UTC)
        self.is_behind = self.name != pointer.snapshot
        current = self._open
        if current is not None and current.path == self.store.place(pointer.snapshot):
            _check_file(current, _identity(current.path), self.store)
            return
        self._open_if_new(self.store.fetched(pointer))
        self.is_behind = False
        self.store.settle(pointer)
        if not self.store.is_near:
            with suppress(ObjectProblem):  # the next look says it
                self._kept = self.store.sizes()

    def _open_if_new(self, path: Path) -> None:
        identity = _identity(path)
        if self._failed is not None and self._failed[:2] == (path, identity):
            # It could not be opened, and is as it was.
            raise self._failed[2].with_traceback(None)
        try:
            self._open, self._failed = self._opened(path), None
        except SnapshotError as error:
            self._failed = path, identity, error
            raise

    def _opened(self, path: Path) -> Snapshot:
        try:
            found = Snapshot(path)
            try:
                if found.name != path.stem:
                    raise _unreadable(path, "", why=f"it is a copy of {quoted(found.name)}")
                self.get_ready(found)
            except BaseException:
                found.close()
                raise
        except SnapshotError:
            raise
        except (duckdb.Error, OSError, KeyError, IndexError, ValueError, StorageError) as error:
            raise _unreadable(path, str(error) or type(error).__name__) from None
        return found

    def _open_cached(self) -> None:
        """Open what was fetched before, if it can be."""
        cached = self.store.cached()
        if cached is not None:
            with suppress(SnapshotError):
                self._open_if_new(cached)

    def _go_on_without(self, error: StoreAway) -> None:
        """Say since when the store cannot be used, and what is served meanwhile. The first reason
        is told until the store is back, so that the log has it once."""
        if self._open is None:
            self._open_cached()
        if self.away_since is None:
            self.away_since = datetime.now(UTC).replace(microsecond=0)
        self.is_behind = False  # nobody knows
        served = f"{self.name} is served until it can" if self.name else "nothing can be served yet"
        since = f"{self.away_since:%Y-%m-%d %H:%M:%S} UTC"
        problem = f"The store of snapshots cannot be used since {since}; {served}."
        if self.problem != problem:
            self.problem, self.detail = problem, f"{error} {problem}"


#: By what a file is known to be the one that was opened: its number, size and time of change.
Identity = tuple[int, int, int] | None


def _identity(path: Path) -> Identity:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _check_file(snapshot: Snapshot, identity: Identity, store: SnapshotStore) -> None:
    """A SnapshotError where the file of the open snapshot is not what it was. One in its place,
    with another number, is no harm: the open one is read as before."""
    if identity is None and not store.is_near:
        return  # another process has made room; it is fetched again when it is needed
    if identity is None:
        raise _told(
            "The file of the open snapshot was deleted. It is still served from memory; run "
            "`python -m etl run` or `python -m etl rollback` before a restart.", snapshot.path,
        )  # fmt: skip
    opened = snapshot.identity
    if opened is not None and opened[0] == identity[0] and opened != identity:
        changed = _told(
            "The file of the open snapshot was changed while it was served. Run `python -m etl "
            "run` to publish anew, or `python -m etl rollback`.", snapshot.path,
        )  # fmt: skip
        snapshot.damage = snapshot.damage or str(changed)
        raise changed


@contextmanager
def _ended(cursor: duckdb.DuckDBPyConnection, most_s: float | None) -> Iterator[None]:
    """Interrupts what runs on the cursor after so many seconds."""
    if most_s is None:
        yield
        return
    timer = threading.Timer(most_s, cursor.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _told(sentence: str, place: Path) -> SnapshotError:
    """A sentence for any reader, and the same with the place that it is about."""
    return SnapshotError(sentence, f"{place}: {sentence}")


def _unreadable(path: Path, said: str, cannot: str = "opened", why: str = "") -> SnapshotError:
    """What is wrong with a snapshot, and what to do. What DuckDB said may name files."""
    what_to_do = (
        "Run `python -m etl run` to publish anew, or `python -m etl rollback` to return to the one "
        "before."
    )
    reason = why or said.partition("\n")[0]
    return SnapshotError(
        f"The snapshot {path.stem} cannot be {cannot}{f' ({why})' if why else ''}. {what_to_do}",
        f"{path}: this snapshot cannot be {cannot} ({reason}). {what_to_do}",
    )
