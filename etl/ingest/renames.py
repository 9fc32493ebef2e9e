"""Renamed indicators: every row under an old id moves to the new one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from etl.catalog import Catalog
from etl.ingest import raw
from etl.records import now
from etl.settings import Settings
from etl.storage.warehouse import NAMED, Warehouse, warehouse_of


@contextmanager
def opened_as_named(
    settings: Settings, catalog: Catalog, known_at: datetime | None = None
) -> Iterator[Warehouse]:
    """The warehouse of the settings, open for writing, with everything that the catalog has renamed
    moved to its present id from now on or from `known_at`, and its archive too."""
    with warehouse_of(settings) as warehouse:
        archive = raw.archive_of(settings)
        for old, new in catalog.current_ids.items():
            archive.rename(old, new)
        renamed = _held(warehouse, list(catalog.current_ids))
        if renamed:
            with warehouse.transaction():
                started_at = now()
                load = warehouse.begin_load("rename", started_at, known_at or started_at)
                for old in renamed:
                    warehouse.rename(old, catalog.current_ids[old], load=load)
                warehouse.finish_load(load, now(), ())
        yield warehouse


def _held(warehouse: Warehouse, ids: list[str]) -> list[str]:
    """Those of the ids under which anything is held."""
    if not ids:
        return []
    named = " union ".join(
        f"select {column} as id from {table} where list_contains($ids, {column})"
        for table, column in NAMED
    )
    return sorted(row[0] for row in warehouse.connection.execute(named, {"ids": ids}).fetchall())
