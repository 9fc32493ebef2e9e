"""The folder of published snapshots: the pointer to the current one, which ones this program can
read, and rollback. Nothing here makes or changes a snapshot."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from etl.database import connect_sealed
from etl.errors import SettingError, StorageError, nearest, quoted
from etl.settings import POINTER

#: Increment when the tables of a snapshot change, so that the same content is published again.
FORMAT = 13
#: The oldest format still served; earlier ones lack more than a table or two.
OLDEST = 5


@dataclass(frozen=True, slots=True)
class ListedSnapshot:
    """One published file in `history`; `problem` says why it cannot be read."""

    name: str
    published_at: str
    rows: int
    current: bool
    problem: str = ""


class UnreadableSnapshot(StorageError):
    """A snapshot that this program cannot read: which one, and why in a few words."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: this snapshot cannot be read ({reason}).")
        self.reason = reason


def cannot_serve(meta: Mapping[str, str]) -> str:
    """Why this program cannot serve a snapshot with this `meta`; nothing if it can."""
    told = meta.get("format", "")
    number = int(told) if told.isascii() and told.isdigit() else 0
    if number < OLDEST:
        return f"an earlier version wrote its format {number or 'without a number'}; this one " \
               f"reads {OLDEST} to {FORMAT}"  # fmt: skip
    if number > FORMAT:
        return f"a later version wrote its format {number}; this one reads {OLDEST} to {FORMAT}"
    missing = {"snapshot", "fingerprint", "published_at", "rows"} - meta.keys()
    return f"it does not say its {min(missing)}" if missing else ""


@contextmanager
def read_snapshot(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A snapshot opened as readers open it; UnreadableSnapshot in words if it, or what is asked of
    it, cannot be read. Readers must expect missing tables."""
    try:
        connection = connect_sealed(path)
    except (duckdb.Error, OSError) as error:
        raise UnreadableSnapshot(path, _reason(error)) from None
    try:
        reason = cannot_serve(meta_of(connection))
        if reason:
            raise UnreadableSnapshot(path, reason)
        yield connection
    except duckdb.CatalogException:
        raise
    except duckdb.Error as error:
        raise UnreadableSnapshot(path, _reason(error)) from None
    finally:
        connection.close()


def meta_of(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The metadata of a snapshot; nothing if it is not one."""
    try:
        return dict(connection.execute("select key, value from meta").fetchall())
    except (duckdb.CatalogException, duckdb.BinderException):
        return {}


def read_whole(path: Path) -> dict[str, str]:
    """Read every block of a snapshot once, which fails if it is damaged: its metadata, or
    UnreadableSnapshot."""
    with read_snapshot(path) as connection:
        meta = meta_of(connection)
        if meta["snapshot"] != path.stem:
            raise UnreadableSnapshot(path, f"it is a copy of {quoted(meta['snapshot'])}")
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
        for (table,) in tables:
            connection.execute(f'select bit_xor(hash(r)) from "{table}" as r').fetchall()
    return meta


def names(folder: Path) -> list[str]:
    """The snapshots that are kept, newest first."""
    return sorted((path.stem for path in folder.glob("2*.duckdb")), reverse=True)


def history(folder: Path) -> list[ListedSnapshot]:
    """The snapshots that are kept, newest first, with the reason if one cannot be read."""
    return [_listed(folder / f"{name}.duckdb", current_name(folder)) for name in names(folder)]


def _listed(path: Path, current: str | None) -> ListedSnapshot:
    try:
        with read_snapshot(path) as connection:
            meta = meta_of(connection)
        return ListedSnapshot(
            path.stem, meta["published_at"], int(meta["rows"]), path.stem == current
        )
    except (UnreadableSnapshot, ValueError) as error:
        reason = error.reason if isinstance(error, UnreadableSnapshot) else "its rows are no number"
        return ListedSnapshot(path.stem, "", 0, path.stem == current, reason)


def newest_readable(folder: Path, before: str | None = None) -> str | None:
    """The newest snapshot, or the newest before a given one, that can be read completely."""
    for name in names(folder):
        if before is None or name < before:
            try:
                read_whole(folder / f"{name}.duckdb")
            except UnreadableSnapshot:
                continue
            return name
    return None


def rollback(folder: Path, name: str | None) -> str:
    """Point to `name`, or to the newest readable snapshot before the current one; returns the name
    now served. If the pointer is unreadable, the newest readable snapshot of all."""
    if name is None:
        current = current_name(folder)
        name = newest_readable(folder, current)
        if name is None:
            which = "before the current one" if current else "that can be read"
            raise SettingError(f"{folder}: there is no snapshot {which}.")
    elif name not in names(folder):
        known = names(folder)
        hint = nearest(name, known) if known else "None is published yet."
        raise SettingError(f"{folder}: no snapshot '{quoted(name)}'. {hint}")
    meta = read_whole(folder / f"{name}.duckdb")
    try:
        point_to(folder, name, meta["fingerprint"])
    except OSError as error:
        raise StorageError(f"{folder}: the pointer cannot be moved ({error.strerror}).") from None
    return name


def point_to(folder: Path, name: str, fingerprint: str) -> None:
    """Move the pointer in one step: readers see the old name or the new one, never neither."""
    draft = folder / f".{POINTER}.{secrets.token_hex(4)}"
    draft.write_text(json.dumps({"snapshot": name, "fingerprint": fingerprint}), encoding="utf-8")
    sync(draft)
    os.replace(draft, folder / POINTER)
    sync(folder)


def current_name(folder: Path) -> str | None:
    """The snapshot that the pointer names, if any."""
    return _pointer(folder).get("snapshot")


@contextmanager
def read_current(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The snapshot that is served from a folder, opened; a StorageError in words if there is
    none."""
    name = current_name(folder)
    if name is None:
        raise StorageError(f"{folder}: nothing is published yet; run `python -m etl run` first.")
    with read_snapshot(folder / f"{name}.duckdb") as connection:
        yield connection


def current_fingerprint(folder: Path) -> str | None:
    """What the current snapshot was made from; None unless it can be read completely and agrees."""
    pointer = _pointer(folder)
    if not pointer:
        return None
    try:
        meta = read_whole(folder / f"{pointer['snapshot']}.duckdb")
    except UnreadableSnapshot:
        return None
    told = meta["fingerprint"]
    return told if told == pointer["fingerprint"] else None


def _pointer(folder: Path) -> dict[str, str]:
    """The name and fingerprint in the pointer; nothing if it is damaged."""
    try:
        pointer = json.loads((folder / POINTER).read_text(encoding="utf-8"))
        found = {key: pointer[key] for key in ("snapshot", "fingerprint")}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    whole = all(isinstance(value, str) for value in found.values())
    return found if whole and found["snapshot"] == Path(found["snapshot"]).name else {}


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reason(error: Exception) -> str:
    words = str(error).splitlines()[0] if str(error) else type(error).__name__
    return "".join(letter if letter.isprintable() else " " for letter in words)[:200]
