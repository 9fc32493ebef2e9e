"""The published snapshot that answers are made from: opened read-only, swapped when a new one is
pointed to, kept when the new one cannot be opened."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import suppress
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
#: How many answers of each kind are kept: readings are small, tables may hold whole histories.
SHELVES = {
    "standings": 200, "words": 1, "order": 14, "health": 2, "reading": 4000, "page": 300,
    "series": 40, "events": 200, "mentions": 200, "lines": 30, "rows": 30, "table": 60, "file": 60,
    "api": 60, "sheet": 400, "picture": 200,
}  # fmt: skip
_NAME = re.compile(r"(\d{8}T\d{6})\d{3}Z-[0-9a-f]{8}", re.ASCII)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Published:
    """A snapshot's file as it lies in the folder; the name says when it was published."""

    name: str
    published_at: datetime
    bytes: int


class Snapshot:
    """One open, immutable database. Each query runs on a cursor of its own, from any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = connect_sealed(path)
        self.meta: dict[str, str] = dict(self.rows("select key, value from meta"))
        reason = cannot_serve(self.meta)
        if reason:
            raise StorageError(_unreadable(path, reason))
        document = self.rows("select document from catalog")[0][0]
        self.catalog = catalog_of(document)
        self._shelves: dict[str, OrderedDict[Hashable, Any]] = {k: OrderedDict() for k in SHELVES}

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

    def rows(self, query: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
        """All rows of a query; a StorageError in words if the file does not give them."""
        try:
            with self.connection.cursor() as cursor:
                return cursor.execute(query, parameters).fetchall()
        except duckdb.Error as error:
            raise StorageError(_unreadable(self.path, str(error), "read")) from error

    def held(self, kind: str, key: Hashable) -> Any:
        """What is remembered already, or None."""
        return self._shelves[kind].get(key)

    def remember(self, kind: str, key: Hashable, compute: Callable[[], T]) -> T:
        """What `compute` gives, kept: a snapshot never changes."""
        try:
            value: T = self._shelves[kind][key]
        except KeyError:
            value = compute()
        self.keep(kind, key, value)
        return value

    def keep(self, kind: str, key: Hashable, value: object) -> None:
        """Keep an answer. Each kind has its own shelf, where the answer that was asked for longest
        ago makes room."""
        shelf = self._shelves[kind]
        shelf[key] = value
        with suppress(KeyError):  # another thread may have made room in between
            shelf.move_to_end(key)
            while len(shelf) > SHELVES[kind]:
                shelf.popitem(last=False)


class Snapshots:
    """The current snapshot of a folder. A swap never fails a request: whoever holds the old one
    finishes with it, and it is closed when the last of them lets go. `get_ready` makes of a new one
    what nobody should wait for, before it takes the place of the old."""

    def __init__(
        self, folder: Path, get_ready: Callable[[Snapshot], object] = lambda _: None
    ) -> None:
        self.folder = folder
        self.get_ready = get_ready
        self.problem = ""
        self._lock = threading.Lock()
        self._open: Snapshot | None = None
        self._looked_at = 0.0

    def at_hand(self) -> Snapshot | None:
        """The open snapshot where the pointer was looked at just now: no wait, no I/O."""
        looked_just_now = time.monotonic() - self._looked_at <= LOOK_EVERY_S
        return self._open if looked_just_now else None

    def current(self) -> Snapshot:
        """The snapshot to answer from; a StorageError in words while there is none. Who asks while
        another opens a new one goes on with the old, and waits only where there is none."""
        is_due = self._open is None or time.monotonic() - self._looked_at > LOOK_EVERY_S
        if is_due and self._lock.acquire(blocking=self._open is None):
            try:
                self._look()
            finally:
                self._lock.release()
        if self._open is None:
            raise StorageError(self.problem)
        return self._open

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
        self._looked_at = time.monotonic()
        name, self.problem = self._pointed_to()
        if not name:
            return
        path = self.folder / f"{name}.duckdb"
        if self._open is not None and self._open.path == path:
            if not path.exists():
                self.problem = (
                    f"{path}: the file of the open snapshot was deleted. It is still served from "
                    "memory; run `python -m etl run` or `python -m etl rollback` before a restart."
                )
            return
        try:
            found = Snapshot(path)
            self.get_ready(found)
            self._open = found
        except StorageError as error:
            self.problem = str(error)
        except (duckdb.Error, OSError, KeyError, IndexError, ValueError) as error:
            self.problem = _unreadable(path, str(error) or type(error).__name__)

    def _pointed_to(self) -> tuple[str, str]:
        """The name in the pointer, or nothing and what is wrong."""
        try:
            pointer = json.loads((self.folder / POINTER).read_text(encoding="utf-8"))
            return str(pointer["snapshot"]), ""
        except FileNotFoundError:
            return "", (
                f"{self.folder}: nothing is published yet. Run `python -m etl run` (or `make etl`)."
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            return "", (
                f"{self.folder / POINTER}: cannot be read ({type(error).__name__}). Run "
                "`python -m etl rollback` to point to a snapshot again."
            )


def _unreadable(path: Path, reason: str, cannot: str = "opened") -> str:
    """What is wrong with a snapshot, and what to do."""
    return (
        f"{path}: this snapshot cannot be {cannot} ({reason.partition(chr(10))[0]}). Run "
        "`python -m etl run` to publish anew, or `python -m etl rollback` to return to the one "
        "before."
    )
