"""Small tables that the site itself writes (people, subscribers): a file of SQLite, or PostgreSQL
where several machines share it. One set of statements serves both."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from etl.dsn import Dsn
from etl.errors import StorageError
from etl.records import PEOPLE_LAYOUT, SUBSCRIBERS_LAYOUT, TRIES_LAYOUT
from etl.settings import Settings

if TYPE_CHECKING:
    from etl.storage.postgres import Connection

Row = tuple[Any, ...]
#: Seconds in which PostgreSQL must answer somebody who waits for a page.
ASK_S = 3


class RowStore(Protocol):
    """One database."""

    def ask(self, statement: str, *values: object) -> Sequence[Row]:
        """The rows of a statement, a transaction of its own, with `?` for each value; a
        StorageError in words where it cannot be asked."""

    def close(self) -> None:
        """Let go of the database; who asks again opens it again."""


@dataclass(frozen=True, slots=True)
class RowTables:
    """Tables that lie together: in the file of this name in `state/`, or in PostgreSQL. A backup
    holds those that are `kept`, and they go along to PostgreSQL; the others end in a day."""

    file: str
    layout: str
    kept: tuple[str, ...]

    def path(self, settings: Settings) -> Path:
        """The file of a single machine."""
        return settings.state / self.file

    def of(self, settings: Settings) -> RowStore:
        """Those of a site; nothing is opened before it is asked."""
        if settings.state_dsn is None:
            return self.in_file(self.path(settings))
        return PostgresRows(settings.state_dsn)

    def in_file(self, path: Path) -> RowStore:
        """Those in a file, which is made where there is none."""
        return SqliteRows(path, self.layout)

    def carry(self, source: RowStore, target: RowStore) -> int:
        """Let one place hold also what another does, what it has already staying as it is; how many
        rows of the first table were new to it."""
        with closing(source), closing(target):
            before = self.count(target)
            for table in self.kept:
                for row in source.ask(f"select * from {table}"):
                    blanks = ", ".join("?" * len(row))
                    statement = f"insert into {table} values ({blanks}) on conflict do nothing"
                    target.ask(statement, *row)
            return self.count(target) - before

    def count(self, store: RowStore) -> int:
        """The rows of the first table."""
        ((found,),) = store.ask(f"select count(*) from {self.kept[0]}")
        return int(found)


#: Who has signed in and the tokens of programs; who gets the letter of the day.
PEOPLE = RowTables("people.sqlite", PEOPLE_LAYOUT + TRIES_LAYOUT, ("people", "people_tokens"))
SUBSCRIBERS = RowTables(
    "subscribers.sqlite", SUBSCRIBERS_LAYOUT, ("subscribers", "subscriber_keys")
)


class SqliteRows:
    """Tables in a file that only its owner can read."""

    def __init__(self, path: Path, layout: str) -> None:
        self.path, self.layout = path, layout
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def ask(self, statement: str, *values: object) -> Sequence[Row]:
        try:
            with self._lock:
                return self._opened().execute(statement, values).fetchall()
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"{self.path}: cannot be used ({error}). Check free space and permissions."
            ) from None

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(
                self.path, timeout=5, check_same_thread=False, isolation_level=None
            )
            with suppress(sqlite3.OperationalError):  # another server is just doing the same
                connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = normal")
            connection.executescript(self.layout)
            self._connection = connection
        return self._connection


class PostgresRows:
    """Tables in PostgreSQL, over one connection, which is made anew when it is lost."""

    def __init__(self, dsn: Dsn) -> None:
        self.dsn = dsn
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def ask(self, statement: str, *values: object) -> Sequence[Row]:
        with self._lock:
            was_open = self._connection is not None
            try:
                return self._asked(statement, values)
            except StorageError:
                self._forget()
                if not was_open:
                    raise
            try:
                return self._asked(statement, values)  # one that stood idle may have been cut
            except StorageError:
                self._forget()
                raise

    def close(self) -> None:
        with self._lock:
            self._forget()

    def _asked(self, statement: str, values: Sequence[object]) -> Sequence[Row]:
        from etl.storage.postgres import connect, in_words, no_longer_than, prepare

        if self._connection is None:
            self._connection = connect(self.dsn, connect_s=ASK_S, statement_s=ASK_S)
            prepare(self.dsn, self._connection)
        with in_words(self.dsn), no_longer_than(self._connection, ASK_S):
            found = self._connection.execute(statement.replace("?", "%s").encode(), values)
            return found.fetchall() if found.description else []

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
