"""The record of served files in PostgreSQL, where several readers share it: any of them tells of a
file that another one made. No request waits for PostgreSQL."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import closing
from typing import Any

from dashboard.export.receipts import KEPT, UNKNOWN, Made
from etl.dsn import Dsn
from etl.errors import StorageError
from etl.storage.postgres import (
    PUT_RECEIPT,
    Connection,
    connect,
    in_words,
    no_longer_than,
    prepare,
)

#: How many files may wait to be written while PostgreSQL is away; 10,000 are about 5 MB.
WAITING = 10_000
#: How many are written at a time.
AT_ONCE = 500
#: Seconds within which a question is answered, and between two attempts while PostgreSQL is away.
FIND_S, AGAIN_S = 2, 5.0
#: Seconds in which what waits is written when the reader ends.
CLOSE_S = 2.0
#: A reader forgets the oldest after so many new ones, since that looks at all that are kept.
_FORGET_AFTER = 1000
_FORGET = """
delete from served where number <=
  (select number from served order by number desc offset %s limit 1)
"""
_FIND = "select sha256, address, snapshot, bytes, made_at from served where sha256 = %s"
_EXTENT = "select count(*), min(made_at) from served"
log = logging.getLogger(__name__)


class SharedReceipts:
    """The record in PostgreSQL. What is noted is written by a thread of its own; where PostgreSQL
    is away, files are still served, up to `WAITING` of them wait to be written, and `find` says
    that nothing can be told."""

    def __init__(self, dsn: Dsn, kept: int = KEPT) -> None:
        self.dsn, self.kept, self.problem = dsn, kept, ""
        self._waiting: dict[str, Made] = {}
        self._lost = 0
        self._changed = threading.Condition()
        self._asking = threading.Lock()
        self._connection: Connection | None = None
        self._away_until = 0.0
        self._writer: threading.Thread | None = None
        self._ends = False

    def note(self, made: Made) -> None:
        """Remember a file, soon; one that is known already keeps its first moment."""
        with self._changed:
            if made.sha256 in self._waiting:
                return
            if len(self._waiting) >= WAITING:
                self._lost += 1
                return
            self._waiting[made.sha256] = made
            if self._writer is None:  # begun by the process that serves, not by its parent
                self._writer = threading.Thread(target=self._write, daemon=True, name="receipts")
                self._writer.start()
            self._changed.notify()

    def find(self, digest: str) -> Made | None:
        """The file with this SHA-256, if any reader has noted it; a StorageError where PostgreSQL
        does not say within `FIND_S` seconds."""
        waiting = self._waiting.get(digest)
        try:
            row = self._asked(_FIND, [digest])
        except StorageError:
            if waiting is None:
                raise
            return waiting
        if row is None:
            return waiting
        sha256, address, snapshot, size, made_at = row
        return Made(sha256, address, snapshot, size, made_at)

    def extent(self) -> tuple[int, str | None]:
        """How many files are remembered, and since when."""
        count, since = self._asked(_EXTENT, []) or (0, None)
        return count, since.isoformat() if since else None

    @property
    def waiting(self) -> int:
        """How many files wait to be written."""
        return len(self._waiting)

    def close(self) -> None:
        """Write what waits, within `CLOSE_S` seconds."""
        until = time.monotonic() + CLOSE_S
        with self._changed:
            self._ends = True
            self._changed.notify_all()
            while self._waiting and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            if self._waiting:
                log.warning("%d files that were made are not on record.", len(self._waiting))

    def _is_away(self) -> bool:
        return time.monotonic() < self._away_until

    def _asked(self, query: str, parameters: list[str]) -> tuple[Any, ...] | None:
        """The first row of an answer. While PostgreSQL is away, nobody waits to hear so again."""
        if self._is_away() or not self._asking.acquire(timeout=FIND_S):
            raise StorageError(UNKNOWN)
        try:
            was_open = self._connection is not None
            try:
                return self._row(query, parameters)
            except StorageError:
                self._forget_connection()
                if not was_open:
                    raise
            return self._row(query, parameters)  # one that stood idle may have been cut
        except StorageError as error:
            self._forget_connection()
            self._cannot(error)
            raise StorageError(UNKNOWN) from None
        finally:
            self._asking.release()

    def _row(self, query: str, parameters: list[str]) -> tuple[Any, ...] | None:
        if self._connection is None:
            self._connection = connect(self.dsn, connect_s=FIND_S, statement_s=FIND_S)
            prepare(self.dsn, self._connection)
        with in_words(self.dsn), no_longer_than(self._connection, FIND_S):
            return self._connection.execute(query, parameters).fetchone()

    def _forget_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _cannot(self, error: StorageError) -> None:
        self._away_until = time.monotonic() + AGAIN_S
        if self.problem != str(error):
            self.problem = str(error)
            log.warning("The record of served files cannot be used. %s", error)

    def _write(self) -> None:
        """Write what waits as long as the reader lives, however often PostgreSQL is away."""
        while not self._is_done():
            try:
                with closing(connect(self.dsn)) as connection:
                    prepare(self.dsn, connection)
                    self._write_through(connection)
            except StorageError as error:
                self._cannot(error)
                with self._changed:
                    self._changed.wait_for(lambda: self._ends, AGAIN_S)

    def _is_done(self) -> bool:
        with self._changed:
            return self._ends and (not self._waiting or self._is_away())

    def _write_through(self, connection: Connection) -> None:
        since = self.kept  # what another reader has left is looked at once at the start
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ends)
                # In one order, so that two readers never wait for each other.
                batch = sorted(self._waiting.values(), key=lambda made: made.sha256)[:AT_ONCE]
                lost, self._lost = self._lost, 0
            if not batch:
                return
            rows = [(m.sha256, m.address, m.snapshot, m.bytes, m.made_at) for m in batch]
            since += len(rows)
            with in_words(self.dsn), no_longer_than(connection, 30), connection.cursor() as cursor:
                cursor.executemany(PUT_RECEIPT, rows)
                if since >= min(_FORGET_AFTER, self.kept // 10 or 1):
                    cursor.execute(_FORGET, [self.kept])
                    since = 0
            self.problem, self._away_until = "", 0.0
            if lost:
                log.warning("%d files are not on record: PostgreSQL was away for too long.", lost)
            with self._changed:
                for made in batch:
                    self._waiting.pop(made.sha256, None)
                self._changed.notify_all()
