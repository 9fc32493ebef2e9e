"""How DuckDB opens a file to write, whatever its folder is called."""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import duckdb

from etl.settings import READ_ONLY

#: What DuckDB adds to the path of a database for the logs of what is being written.
_LOGS = (".wal", ".checkpoint.wal", ".recovery.wal")
Config = Mapping[str, str | bool | int | float | list[str]]


def connect(
    path: Path, *, read_only: bool = False, config: Config | None = None
) -> duckdb.DuckDBPyConnection:
    """A database as it is."""
    if not read_only:
        make_room_for_logs(path)
    return duckdb.connect(str(path), read_only=read_only, config=dict(config or {}))


def connect_sealed(path: Path) -> duckdb.DuckDBPyConnection:
    """Open for reading, closed to everything outside the file. That is set afterwards, or before,
    as whoever has the file open in this process already did: DuckDB takes no other way then."""
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.ConnectionException:
        return duckdb.connect(str(path), read_only=True, config=READ_ONLY)
    with suppress(duckdb.InvalidInputException):  # it was locked before
        for name, value in READ_ONLY.items():
            connection.execute(f"set {name} = {value}")
    return connection


def attached(path: Path | str) -> str:
    """The path, or another text, as a statement names it."""
    quoted = str(path).replace("'", "''")
    return f"'{quoted}'"


def make_room_for_logs(path: Path) -> None:
    """Make the folders of the logs of a database that is written. DuckDB takes what follows a `?`
    in a path for parameters and adds their names before it: those of /srv/a?b/x.duckdb are in
    /srv/a.wal?b. They are gone when the process ends, if it closed the database."""
    whole = str(path.resolve())
    at = whole.find("?")
    if at < 0:
        return
    for log in _LOGS:
        _make(Path(whole[:at] + log + whole[at:]).parent, whole.count("/", at))


@cache
def _make(folder: Path, depth: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    atexit.register(_remove_if_empty, [folder, *folder.parents][:depth])


def _remove_if_empty(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):
            os.rmdir(folder)
