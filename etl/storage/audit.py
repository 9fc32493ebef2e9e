"""What people changed: who, when, by which command, and what came of it; one line each, in a file
below XINZHI_DATA or in PostgreSQL where several machines share it. No line is ever changed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from etl.dsn import Dsn
from etl.errors import StorageError, plain_line
from etl.settings import Settings

#: The file that remembers it, and how much of its end is read for a page.
FILE, MOST_READ = "audit.jsonl", 4_000_000
#: How long each part of a line may be.
MOST_LETTERS = 1_000
#: Seconds for what goes over all lines.
LONG_S = 120
_COLUMNS = "at, who, command, outcome, about, failed"
_PUT = f"insert into audit ({_COLUMNS}) values (%s, %s, %s, %s, %s, %s)"
_PUT_NEW = (
    f"insert into audit ({_COLUMNS}) select %s, %s, %s, %s, %s, %s where not exists (select 1 from "
    f"audit where ({_COLUMNS}) = (%s, %s, %s, %s, %s, %s))"
)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One change: the moment, who made it, the command of `etl` that it equals, and what came of
    it. `about` is what it concerns (an indicator, a day, a key); `failed` says that nothing was
    changed."""

    at: datetime
    who: str
    command: str
    outcome: str
    about: str = ""
    failed: bool = False


class AuditLog(Protocol):
    """Where the lines are."""

    def require(self) -> None:
        """Nothing where a line could be added; else a StorageError in words."""

    def add(self, line: AuditLine) -> None:
        """Keep one more line; a StorageError where it cannot be kept."""

    def newest(self, most: int, about: str | None = None) -> list[AuditLine]:
        """At most so many lines, the newest first; of all, or about one thing."""


def audit_log(settings: Settings) -> AuditLog:
    """The log of a site: a file of this machine, or shared by all of them."""
    if settings.state_dsn is not None:
        return SharedAudit(settings.state_dsn)
    return AuditFile(settings.state / FILE)


@dataclass(frozen=True, slots=True)
class AuditFile:
    """The lines in a file, one JSON object each, added at its end."""

    path: Path

    def require(self) -> None:
        self._append(b"")

    def add(self, line: AuditLine) -> None:
        self._append(written(line))

    def all(self) -> Iterator[AuditLine]:
        """Every line, the oldest first; a StorageError where the file cannot be read."""
        try:
            with open(self.path, "rb") as file:
                for line in file:
                    one = _parsed(line)
                    if one is not None:
                        yield one
        except OSError as error:
            raise StorageError(f"{self.path}: cannot be read ({error.strerror}).") from None

    def _append(self, content: bytes) -> None:
        """In one write, so that lines of two processes never mix."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                if content and os.write(handle, content) != len(content):
                    raise OSError("the disk is full")
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise StorageError(
                f"{self.path}: cannot be written ({error.strerror or error}); a change that leaves "
                "no line in the audit log is not made."
            ) from None

    def newest(self, most: int, about: str | None = None) -> list[AuditLine]:
        found: list[AuditLine] = []
        for one in self._read():
            if about is None or one.about == about:
                found.append(one)
                if len(found) == most:
                    break
        return found

    def _read(self) -> Iterator[AuditLine]:
        """The lines from the last one back, as far as is read for a page."""
        try:
            with open(self.path, "rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - MOST_READ))
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(f"{self.path}: cannot be read ({error.strerror}).") from None
        for line in reversed(lines if size <= MOST_READ else lines[1:]):
            one = _parsed(line)
            if one is not None:
                yield one


@dataclass(frozen=True, slots=True)
class SharedAudit:
    """The lines in PostgreSQL."""

    dsn: Dsn

    def require(self) -> None:
        self.newest(1)

    def add(self, line: AuditLine) -> None:
        from etl.storage.postgres import opened_schema

        with opened_schema(self.dsn) as connection:
            connection.execute(_PUT, _row(line))

    def all(self) -> Iterator[AuditLine]:
        """Every line, the oldest first."""
        from etl.storage.postgres import opened_schema

        with (
            opened_schema(self.dsn, statement_s=LONG_S) as connection,
            connection.transaction(),
            connection.cursor("audit") as rows,
        ):
            rows.execute(f"select {_COLUMNS} from audit order by at, number")
            for row in rows:
                yield AuditLine(row[0].astimezone(UTC), *row[1:])

    def take_over(self, lines: Iterable[AuditLine]) -> int:
        """Keep also these lines; how many were not there yet."""
        from etl.storage.postgres import opened_schema

        with opened_schema(self.dsn, statement_s=LONG_S) as connection, connection.transaction():
            return sum(connection.execute(_PUT_NEW, _row(line) * 2).rowcount for line in lines)

    def newest(self, most: int, about: str | None = None) -> list[AuditLine]:
        from etl.storage.postgres import opened_schema

        with opened_schema(self.dsn) as connection:
            rows: Sequence[tuple[Any, ...]] = connection.execute(
                f"select {_COLUMNS} from audit "
                "where %s::text is null or about = %s order by at desc, number desc limit %s",
                [about, about, most],
            ).fetchall()
        return [AuditLine(row[0].astimezone(UTC), *row[1:]) for row in rows]


def written(line: AuditLine) -> bytes:
    """A line as it stands in the file."""
    at, *said, failed = _row(line)
    facts = dict(zip(_COLUMNS.split(", "), (at.isoformat(), *said, failed), strict=True))
    return (json.dumps(facts, ensure_ascii=False) + "\n").encode()


def _row(line: AuditLine) -> list[Any]:
    said = (_bounded(one) for one in (line.who, line.command, line.outcome, line.about))
    return [line.at.astimezone(UTC), *said, line.failed]


def _bounded(text: str) -> str:
    line = plain_line(text[: 2 * MOST_LETTERS])
    return line if len(line) <= MOST_LETTERS else f"{line[: MOST_LETTERS - 1]}…"


def _parsed(line: bytes) -> AuditLine | None:
    """A line of the file; None of one that is cut, as after a full disk."""
    try:
        facts = json.loads(line)
        at = datetime.fromisoformat(facts["at"]).astimezone(UTC)
        who, command, outcome, about = (
            str(facts[name]) for name in ("who", "command", "outcome", "about")
        )
        return AuditLine(at, who, command, outcome, about, bool(facts["failed"]))
    except (ValueError, KeyError, TypeError):
        return None
