"""The published snapshot that answers are made from: opened read-only, swapped when a new one is
pointed to, kept when the new one cannot be opened."""

from __future__ import annotations

import json
import logging
import re
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
from etl.errors import StorageError
from etl.settings import POINTER
from etl.storage.snapshots import cannot_serve

LOOK_EVERY_S = 0.5
#: How many values of each kind the cache of a snapshot holds: readings are small, tables may hold
#: whole histories.
CACHE_SIZES = {
    "standings": 200, "words": 2, "order": 14, "health": 2, "reading": 4000, "page": 300,
    "series": 40, "brought": 40, "events": 200, "mentions": 200, "lines": 30, "rows": 30,
    "table": 60, "problems": 1, "reliability": 1, "notes": 60, "since": 40, "awaited": 4,
    "related": 400,
}  # fmt: skip
_NAME = re.compile(r"(\d{8}T\d{6})\d{3}Z-[0-9a-f]{8}", re.ASCII)
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
        self.meta: dict[str, str] = dict(self.rows("select key, value from meta"))
        reason = cannot_serve(self.meta)
        if reason:
            raise _unreadable(path, "", why=reason)
        document = self.rows("select document from catalog")[0][0]
        self.catalog = catalog_of(document)
        self._cache: dict[str, OrderedDict[Hashable, Any]] = {k: OrderedDict() for k in CACHE_SIZES}

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
        except KeyError:
            value = compute()
        self.add_to_cache(kind, key, value)
        return value

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
    """The current snapshot of a folder. A swap never fails a request: whoever holds the old one
    finishes with it, and it is closed when the last of them lets go. `get_ready` makes of a new one
    what nobody should wait for, before it takes the place of the old."""

    def __init__(
        self, folder: Path, get_ready: Callable[[Snapshot], object] = lambda _: None
    ) -> None:
        self.folder = folder
        self.get_ready = get_ready
        #: What is wrong, for any reader, and with the names of files.
        self.problem = self.detail = ""
        self.has_looked = False
        self._lock = threading.Lock()
        self._open: Snapshot | None = None
        self._tried: tuple[Path, Identity] | None = None

    @property
    def open(self) -> Snapshot | None:
        """The open snapshot, if there is one: no wait, no file is touched."""
        return self._open

    @property
    def name(self) -> str:
        """The name of the open snapshot; empty without one."""
        return self._open.name if self._open is not None else ""

    def current(self) -> Snapshot:
        """The snapshot to answer from; a SnapshotError while there is none. Who asks first of all
        opens it; from then on it is the open one, until `refresh` finds another."""
        if not self.has_looked:
            self.refresh(only_first=True)
        found = self._open
        if found is None:
            raise SnapshotError(self.problem, self.detail)
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
        """The files that are kept, newest first; what else lies there is left alone."""
        found = []
        for path in sorted(self.folder.glob("2*.duckdb"), reverse=True):
            named = _NAME.fullmatch(path.stem)
            with suppress(OSError, ValueError):  # cleared away in between; no date that exists
                if named:
                    moment = datetime.strptime(named[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
                    found.append(Published(path.stem, moment, path.stat().st_size))
        return tuple(found)

    def _look(self) -> None:
        try:
            self._open_if_new(self.folder / f"{self._pointed_to()}.duckdb")
            self.problem = self.detail = ""
        except SnapshotError as error:
            self.problem, self.detail = str(error), error.detail

    def _open_if_new(self, path: Path) -> None:
        identity, current = _identity(path), self._open
        if current is not None and current.path == path:
            _check_file(current, identity)
            return
        if self._tried == (path, identity):  # it could not be opened, and is as it was
            raise SnapshotError(self.problem, self.detail)
        self._tried = path, identity
        try:
            found = Snapshot(path)
            self.get_ready(found)
        except SnapshotError:
            raise
        except (duckdb.Error, OSError, KeyError, IndexError, ValueError, StorageError) as error:
            raise _unreadable(path, str(error) or type(error).__name__) from None
        self._open, self._tried = found, None

    def _pointed_to(self) -> str:
        """The name in the pointer; a SnapshotError where it names none."""
        try:
            pointer = json.loads((self.folder / POINTER).read_text(encoding="utf-8"))
            return str(pointer["snapshot"])
        except FileNotFoundError:
            raise _told(
                "Nothing is published yet. Run `python -m etl run` (or `make etl`).", self.folder
            ) from None
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise _told(
                f"{POINTER}: cannot be read ({type(error).__name__}). Run `python -m etl rollback` "
                "to point to a snapshot again.", self.folder,
            ) from None  # fmt: skip


#: By what a file is known to be the one that was opened: its number, size and time of change.
Identity = tuple[int, int, int] | None


def _identity(path: Path) -> Identity:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _check_file(snapshot: Snapshot, identity: Identity) -> None:
    """A SnapshotError where the file of the open snapshot is not what it was. One in its place,
    with another number, is no harm: the open one is read as before."""
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
