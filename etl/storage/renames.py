"""An indicator under another name: every row that was held under an old id moves to the new one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import duckdb

from etl.catalog import Catalog
from etl.ingest import raw
from etl.records import now
from etl.settings import Settings
from etl.storage.warehouse import Warehouse, opened

#: Every table that names indicators, and the column that does.
NAMED = {
    "held": "indicator",
    "actions": "indicator",
    "answers": "indicator",
    "holds": "indicator",
    "quarantine": "indicator",
    "ranks": "indicator",
    "outcomes": "subject",
    "attempts": "subject",
}
TABLE = """
create table if not exists renames (
  old varchar not null, new varchar not null, since timestamp not null)
"""


@contextmanager
def opened_as_named(settings: Settings, catalog: Catalog) -> Iterator[Warehouse]:
    """The warehouse of the settings to write to, in which whatever the catalog has renamed stands
    under its present id, and so does its archive."""
    with opened(settings.warehouse) as warehouse:
        for old, new in catalog.current_ids.items():
            raw.rename(settings.raw, old, new)
        _move(warehouse, catalog, now())
        yield warehouse


def rename(connection: duckdb.DuckDBPyConnection, old: str, new: str, *, since: datetime) -> None:
    """Move every row of an indicator to its new id, and note since when it is called so."""
    for table, column in NAMED.items():
        connection.execute(
            f"update {table} set {column} = $new where {column} = $old", {"old": old, "new": new}
        )
    moment = since.astimezone(UTC).replace(tzinfo=None)
    connection.execute("insert into renames values (?, ?, ?)", [old, new, moment])


def _move(warehouse: Warehouse, catalog: Catalog, since: datetime) -> None:
    if not catalog.current_ids:
        return
    connection = warehouse.connection
    connection.execute(TABLE)
    named = " union ".join(
        f"select {column} as id from {table} where list_contains($old, {column})"
        for table, column in NAMED.items()
    )
    held = connection.execute(named, {"old": list(catalog.current_ids)}).fetchall()
    with warehouse.transaction():
        for (old,) in sorted(held):
            rename(connection, old, catalog.current_ids[old], since=since)
