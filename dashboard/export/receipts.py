"""The record of the files this site has made: which digest, at which address, from which snapshot
and when. It is a file of its own beside the data, or in PostgreSQL where several readers share it;
the warehouse is never written from here."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from etl.errors import StorageError
from etl.records import RECEIPTS_LAYOUT
from etl.settings import Settings

#: How many digests are remembered; the oldest make room. About 60 MB.
KEPT = 200_000
_NOTE = "insert or ignore into served values (?, ?, ?, ?, ?)"
_FORGET = "delete from served where rowid <= (select max(rowid) from served) - ?"
_FIND = "select sha256, address, snapshot, bytes, made_at from served where sha256 = ?"
_EXTENT = "select count(*), min(made_at) from served"
#: What a reader is told where nothing can be; the log says why.
UNKNOWN = "The record of served files cannot be used, so that nothing is known of this one."
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Made:
    """One file: what it was made of, and when it was made for the first time."""

    sha256: str
    address: str
    snapshot: str
    bytes: int
    made_at: datetime


class Receipts(Protocol):
    """The record in one of its forms. `kept` is how many files are remembered."""

    kept: int

    @property
    def problem(self) -> str:
        """What is wrong with it, if anything."""

    @property
    def waiting(self) -> int:
        """How many files wait to be written."""

    def note(self, made: Made) -> None:
        """Remember a file; one that is known already keeps its first moment. Nothing is raised and
        nothing is waited for."""

    def find(self, digest: str) -> Made | None:
        """The file with this SHA-256, if it is remembered; a StorageError where nothing can be."""

    def extent(self) -> tuple[int, str | None]:
        """How many files are remembered, and since when; a StorageError where nothing is known."""

    def close(self) -> None:
        """Write what is still to be written, as far as that takes a few seconds."""


def receipts(settings: Settings) -> Receipts:
    """The record of a site: in PostgreSQL where the settings name one, else in a file."""
    if settings.state_dsn is None:
        return Served(settings.served)
    from dashboard.export.shared_receipts import SharedReceipts

    return SharedReceipts(settings.state_dsn)


def members_receipts(settings: Settings) -> Receipts:
    """The record of the site for the committee, in a file of this machine: it names what is for
    the committee. Of a file that the public site has made it tells as well."""
    return MembersReceipts(Served(settings.served_to_members), receipts(settings))


class MembersReceipts:
    """Notes in a record of its own, and finds in that of the public site too."""

    def __init__(self, own: Receipts, public: Receipts) -> None:
        self.own, self.public, self.kept = own, public, own.kept

    @property
    def problem(self) -> str:
        """What is wrong with its own record, if anything."""
        return self.own.problem

    @property
    def waiting(self) -> int:
        """How many files wait to be written."""
        return self.own.waiting

    def note(self, made: Made) -> None:
        """Remember a file, in its own record alone."""
        self.own.note(made)

    def find(self, digest: str) -> Made | None:
        """The file with this SHA-256, whichever of the two sites made it."""
        return self.own.find(digest) or self.public.find(digest)

    def extent(self) -> tuple[int, str | None]:
        """How many files both remember, and since when."""
        (own, since), (public, before) = self.own.extent(), self.public.extent()
        return own + public, min(filter(None, (since, before)), default=None)

    def close(self) -> None:
        """Write what is still to be written."""
        self.own.close()
        self.public.close()


class Served:
    """The record in `path`. Where it cannot be written, files are still served: `find` then says
    why nothing can be told of them."""

    def __init__(self, path: Path, kept: int = KEPT) -> None:
        self.path, self.kept, self.problem = path, kept, ""
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    def note(self, made: Made) -> None:
        """Remember a file; one that is known already keeps its first moment."""
        row = (made.sha256, made.address, made.snapshot, made.bytes, made.made_at.isoformat())
        try:
            with self._lock, self._opened() as connection:
                connection.execute(_NOTE, row)
                connection.execute(_FORGET, [self.kept])
            self.problem = ""
        except (sqlite3.Error, OSError) as error:
            self._cannot(error)
            log.warning(self.problem)

    def find(self, digest: str) -> Made | None:
        """The file with this SHA-256, if it is remembered; a StorageError where nothing can be."""
        for sha256, address, snapshot, size, made_at in self._rows(_FIND, [digest]):
            return Made(sha256, address, snapshot, size, datetime.fromisoformat(made_at))
        return None

    def extent(self) -> tuple[int, str | None]:
        """How many files are remembered, and since when."""
        count, since = self._rows(_EXTENT, [])[0]
        return count, since

    def close(self) -> None:
        """Every file was written when it was noted."""

    @property
    def waiting(self) -> int:
        """How many files wait to be written: each is written when it is noted."""
        return 0

    def _rows(self, query: str, parameters: list[str]) -> list[tuple[Any, ...]]:
        try:
            with self._lock, self._opened() as connection:
                return connection.execute(query, parameters).fetchall()
        except (sqlite3.Error, OSError) as error:
            self._cannot(error)
            log.warning(self.problem)  # it names the file, which no reader needs to know
            raise StorageError(UNKNOWN) from None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=5, check_same_thread=False)
            with suppress(sqlite3.OperationalError):  # another server is just doing the same
                connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = normal")
            connection.execute(RECEIPTS_LAYOUT)
            self._connection = connection
        return self._connection

    def _cannot(self, error: Exception) -> None:
        self.problem = (
            f"{self.path}: the record of served files cannot be used ({error}). Check free space "
            "and permissions."
        )
