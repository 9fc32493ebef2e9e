"""The whole warehouse from one place to another, a file or a lake, proved equal row by row."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass

import duckdb

from etl.database import attached, make_room_for_logs
from etl.errors import Locked, StorageError
from etl.settings import Settings
from etl.storage.schema import LATEST_STEP, bring_up, steps_of
from etl.storage.snapshots import sync
from etl.storage.warehouse import LIMITS, cannot_use, is_there, opened, place_of, table_digest

#: The form in which a file is written: every DuckDB that this program works with reads it, while
#: the newest one writes another unless it is told.
FORM = "v1.5.0"
_DRAFT = ".moving-"
_TABLES = "select table_name from duckdb_tables() where database_name = ? order by table_name"


@dataclass(frozen=True, slots=True)
class Carried:
    """One table: its rows, and a number that changes with any value in them."""

    table: str
    rows: int
    digest: int


def look(source: Settings, target: Settings) -> list[Carried]:
    """What a copy would carry, table by table; a StorageError in words if it would be refused."""
    _refuse(source, target)
    with _engine(source, target) as connection, _reading(connection, source):
        return _carried(connection, "source")


def copy(source: Settings, target: Settings) -> list[Carried]:
    """Carry every table from the warehouse of one setting to that of another, which must hold
    nothing, and prove each equal; a StorageError in words if that fails.

    The source is only read. Whatever ends it too early, the target holds nothing then.
    """
    _refuse(source, target)
    return _carry(source, target)


def put_back(source: Settings, target: Settings, aside: Settings) -> list[Carried]:
    """Let the lake of a setting hold what the file of another does, in one step; what it held and
    differs is carried to a third place first."""
    if is_there(target):
        with _engine(source, target) as connection, _reading(connection, source):
            wanted = _carried(connection, "source")
        with _engine(target, target) as connection, _reading(connection, target):
            held = _carried(connection, "source")
        if held == wanted:
            return held
        copy(target, aside)
    return _carry(source, target)


def _refuse(source: Settings, target: Settings) -> None:
    """A StorageError in words where nothing can be carried, or something is there already."""
    if not is_there(source):
        raise StorageError(f"{place_of(source)}: no warehouse is there that could be carried.")
    if is_there(target):
        raise StorageError(
            f"{place_of(target)}: holds something already, and nothing is carried over another "
            "warehouse; name a new file, or an empty database or schema."
        )


def _carry(source: Settings, target: Settings) -> list[Carried]:
    with (
        _engine(source, target) as connection,
        _reading(connection, source),
        _writing(connection, target) as still_ours,
    ):
        return _fill(connection, source, target, still_ours)


def _fill(
    connection: duckdb.DuckDBPyConnection,
    source: Settings,
    target: Settings,
    still_ours: Callable[[], bool],
) -> list[Carried]:
    """Every table, in one transaction."""
    connection.execute("begin")
    for (name,) in connection.execute(_TABLES, ["target"]).fetchall():
        connection.execute(f'drop table target."{name}"')
    bring_up(connection, place_of(target))
    connection.execute("delete from schema_steps")
    wanted = _carried(connection, "source")
    known = {name for (name,) in connection.execute(_TABLES, ["target"]).fetchall()}
    for one in wanted:
        if one.table in known:
            connection.execute(
                f'insert into target."{one.table}" by name select * from source."{one.table}"'
            )
    carried = _carried(connection, "target")
    differ = sorted({one.table for one in set(carried) ^ set(wanted)})
    if differ:
        raise StorageError(
            f"{place_of(target)}: {', '.join(differ)} would not be what {place_of(source)} holds; "
            "nothing was carried."
        )
    if not still_ours():
        raise Locked(f"{place_of(target)}: the lock was lost; nothing was carried. Move again.")
    connection.execute("commit")
    return carried


def _carried(connection: duckdb.DuckDBPyConnection, database: str) -> list[Carried]:
    names = connection.execute(_TABLES, [database]).fetchall()
    return [Carried(name, *table_digest(connection, f'{database}."{name}"')) for (name,) in names]


@contextmanager
def _engine(*places: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory that can attach the places."""
    lakes = [one for one in places if one.lake]
    with ExitStack() as held:
        if lakes:
            from etl.storage import lake

            yield held.enter_context(lake.engine([lake.placed(one) for one in lakes], LIMITS))
            return
        spilled = held.enter_context(tempfile.TemporaryDirectory(prefix="xinzhi-"))
        limits = {**LIMITS, "temp_directory": spilled}
        yield held.enter_context(closing(duckdb.connect(":memory:", config=limits)))


@contextmanager
def _reading(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """Attach a warehouse as `source`, to be read only."""
    with ExitStack() as held:
        if settings.lake:
            from etl.storage import lake

            held.enter_context(lake.in_words(lake.placed(settings)))
            lake.attach(connection, lake.placed(settings), "source", read_only=True)
        else:
            try:
                connection.execute(f"attach {attached(settings.warehouse)} as source (read_only)")
            except duckdb.Error as error:
                raise StorageError(cannot_use(settings.warehouse, error)) from None
        step = steps_of(connection, "source")
        if step != LATEST_STEP:
            raise StorageError(
                f"{place_of(settings)}: its tables are at step {step}, and this version carries "
                f"step {LATEST_STEP}. "
                + (
                    "Run `python -m etl run --offline` once, then again."
                    if step < LATEST_STEP
                    else "Install the version that wrote it."
                )
            )
        yield


@contextmanager
def _writing(
    connection: duckdb.DuckDBPyConnection, settings: Settings
) -> Iterator[Callable[[], bool]]:
    """Attach a warehouse as `target`, which is used; a file appears when the block has ended."""
    if settings.lake:
        from etl.storage import lake

        place = lake.placed(settings)
        with lake.writer(settings.lake) as held, lake.in_words(place):
            lake.attach(connection, place, "target", read_only=False)
            connection.execute("use target")
            yield held.still_held
        return
    path = settings.warehouse
    draft = path.with_name(f"{_DRAFT}{secrets.token_hex(4)}.duckdb")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f"{_DRAFT}*"):  # by one that was killed
            left.unlink()
        make_room_for_logs(draft)
        connection.execute(f"attach {attached(draft)} as target (storage_version '{FORM}')")
        connection.execute("use target")
        yield lambda: True
        connection.execute("use memory")
        connection.execute("detach target")
        with opened(draft):  # which adds the view and the macros
            pass
        sync(draft)
        os.replace(draft, path)
        sync(path.parent)
    except duckdb.Error as error:
        raise StorageError(cannot_use(path, error)) from None
    except OSError as error:
        raise StorageError(
            f"{path}: cannot be written ({error.strerror}). Check free space and permissions; "
            "nothing was carried."
        ) from None
    finally:
        for left in (draft, draft.with_name(f"{draft.name}.wal")):
            with suppress(OSError):
                left.unlink(missing_ok=True)
