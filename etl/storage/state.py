"""What is remembered between runs: in files below XINZHI_DATA, or in PostgreSQL where several
machines share it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from etl.dsn import Dsn
from etl.errors import FileProblem
from etl.records import RECEIPTS_LAYOUT
from etl.settings import Settings
from etl.storage.warehouse import lock

if TYPE_CHECKING:
    from etl.storage.postgres import AdvisoryLock

#: The file, and the text in PostgreSQL, that remembers which alerts were sent.
ALERTS = "alerts.json"
#: How many receipts are written at a time.
_AT_ONCE = 1000
_PUT_TEXT = """
insert into texts (name, body) values (%s, %s)
on conflict (name) do update set body = excluded.body, changed_at = now()
"""


class KeptText(Protocol):
    """A text that is kept: `place` says where, for sentences."""

    @property
    def place(self) -> str: ...

    def read(self) -> str | None:
        """The text, or None where there is none yet; an OSError, ValueError or StorageError where
        it cannot be read."""

    def write(self, text: str) -> None:
        """Keep another text instead, whole or not at all; an OSError or StorageError where it
        cannot be."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text in a file."""

    path: Path

    @property
    def place(self) -> str:
        return str(self.path)

    def read(self) -> str | None:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def write(self, text: str) -> None:
        draft = self.path.with_name(f".{self.path.name}.draft")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, self.path)


@dataclass(frozen=True, slots=True)
class SharedText:
    """A text in PostgreSQL, read and written by who holds a lock, through the connection of that
    lock: who has lost it writes nothing any more."""

    dsn: Dsn
    held: AdvisoryLock
    name: str

    @property
    def place(self) -> str:
        return f"{self.name} in {self.dsn.shown}"

    def read(self) -> str | None:
        from etl.storage.postgres import STATEMENT_S, in_words, no_longer_than

        connection = self.held.connection
        with in_words(self.dsn), no_longer_than(connection, STATEMENT_S):
            query = "select body from texts where name = %s"
            row = connection.execute(query, [self.name]).fetchone()
        return None if row is None else str(row[0])

    def write(self, text: str) -> None:
        from etl.storage.postgres import STATEMENT_S, in_words, no_longer_than

        connection = self.held.connection
        with in_words(self.dsn), no_longer_than(connection, STATEMENT_S):
            connection.execute(_PUT_TEXT, [self.name, text])


@contextmanager
def alert_memory(settings: Settings) -> Iterator[KeptText]:
    """What remembers the alerts that were sent, while no other process, on whatever machine, has
    it; a Locked error where one has."""
    if settings.state_dsn is None:
        with lock(settings.state / ".alerts.lock"):
            yield own_alert_memory(settings)
        return
    from etl.storage.postgres import advisory_lock, prepare

    with advisory_lock(settings.state_dsn, "sending of alerts") as held:
        prepare(settings.state_dsn, held.connection)
        yield SharedText(settings.state_dsn, held, ALERTS)


def shared_text(dsn: Dsn, name: str) -> str | None:
    """A text in PostgreSQL as it stands, whoever writes it; None where there is none."""
    from etl.storage.postgres import opened_schema

    with opened_schema(dsn) as connection:
        row = connection.execute("select body from texts where name = %s", [name]).fetchone()
    return None if row is None else str(row[0])


def own_alert_memory(settings: Settings) -> TextFile:
    """What this machine's file remembers of alerts that were sent."""
    return TextFile(settings.state / ALERTS)


@dataclass(frozen=True, slots=True)
class SharedHours:
    """Until when each slot of the schedule was done, in PostgreSQL and by its clock, so that it
    does not matter which machine has done it and what its own clock says."""

    dsn: Dsn

    def look(self, slots: Sequence[str]) -> tuple[datetime, dict[str, datetime]]:
        """The moment, and until when each of these was done. One that nobody knows yet begins
        now."""
        from etl.storage.postgres import opened_schema

        with opened_schema(self.dsn) as connection:
            connection.execute(
                "insert into hours select slot, clock_timestamp() from unnest(%s::text[]) as slot "
                "on conflict do nothing",
                [list(slots)],
            )
            rows = connection.execute(
                "select slot, done_until, clock_timestamp() from hours where slot = any(%s)",
                [list(slots)],
            ).fetchall()
        done = {slot: until.astimezone(UTC) for slot, until, _ in rows}
        return max(at for _, _, at in rows).astimezone(UTC), done

    def record(self, slot: str, until: datetime) -> None:
        """Remember that a slot was done; a moment that was recorded never goes back."""
        from etl.storage.postgres import opened_schema

        with opened_schema(self.dsn) as connection:
            connection.execute(
                "insert into hours values (%s, %s) on conflict (slot) do update "
                "set done_until = greatest(hours.done_until, excluded.done_until)",
                [slot, until],
            )


def export_shared_receipts(dsn: Dsn, target: Path) -> int:
    """Write the receipts in PostgreSQL into a file as a single machine keeps them, oldest first;
    how many. An OSError or sqlite3.Error where the file cannot be written."""
    from etl.storage.postgres import opened_schema

    target.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with opened_schema(dsn, statement_s=120) as connection, closing(sqlite3.connect(target)) as out:
        out.execute(RECEIPTS_LAYOUT)
        with connection.transaction(), connection.cursor("receipts") as rows:
            rows.itersize = _AT_ONCE
            rows.execute(
                "select sha256, address, snapshot, bytes, made_at from served order by number"
            )
            for *row, made_at in rows:
                moment = made_at.astimezone(UTC).isoformat()
                out.execute("insert into served values (?, ?, ?, ?, ?)", [*row, moment])
                count += 1
        out.commit()
    return count


def import_receipts(source: Path, dsn: Dsn) -> tuple[int, int]:
    """Carry the receipts of a file into PostgreSQL; how many the file has, and how many PostgreSQL
    did not. Of a file that both know, the earlier moment is kept. A FileProblem where it is no
    such file."""
    from etl.storage.postgres import PUT_RECEIPT, opened_schema

    count = before = after = 0
    with opened_schema(dsn, statement_s=120) as connection, connection.cursor() as cursor:
        query = "select count(*) from served"
        before = _count(cursor.execute(query).fetchone())
        for rows in _receipts_of(source):
            cursor.executemany(PUT_RECEIPT, rows)
            count += len(rows)
        after = _count(cursor.execute(query).fetchone())
    return count, after - before


def _receipts_of(source: Path) -> Iterator[list[tuple[object, ...]]]:
    """The receipts of a file, some at a time, oldest first."""
    query = "select sha256, address, snapshot, bytes, made_at from served order by rowid"
    try:
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as held:
            found = held.execute(query)
            while rows := found.fetchmany(_AT_ONCE):
                yield [(*row, datetime.fromisoformat(made_at)) for *row, made_at in rows]
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise FileProblem(source, f"is no record of served files ({error}).") from None


def _count(row: tuple[int, ...] | None) -> int:
    return row[0] if row else 0
