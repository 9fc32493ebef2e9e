"""What differs between two snapshots, as the keys under which caches keep answers about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import duckdb

from etl import surrogate_keys
from etl.errors import SettingError, nearest, quoted
from etl.storage.snapshots import SnapshotStore, read_snapshot

#: What says which snapshot it is, and changes with each.
_OWN = frozenset({"meta", "runs"})
#: How the day of a bulletin is called in the tables about bulletins; elsewhere a date is another.
_BULLETINS = frozenset({"bulletins", "citations", "claims", "mentions", "withdrawals"})
_COLUMNS = """
select table_name, list(column_name) from duckdb_columns()
join duckdb_tables() using (table_name) group by table_name order by table_name
"""
#: For each thing, and for each table about it, what its rows come to in any order.
Contents = Mapping[tuple[str, str], object]


def changed_keys(
    store: SnapshotStore, first: str | None = None, last: str | None = None
) -> list[str]:
    """The keys of what the snapshot `last` (the current one) says otherwise than `first` (the one
    before it), sorted; none where they say the same. SettingError for one that there is not."""
    names = store.names()
    last = last or store.current_name()
    if last is None:
        raise SettingError("Nothing is published yet; run `python -m etl run` first.")
    if first is None:
        first = next((name for name in names if name < last), None)
        if first is None:
            raise SettingError(
                f"There is no snapshot before {last} to compare it with; purge the key "
                f"`{surrogate_keys.LIVE}` to have everything fetched anew."
            )
    for name in (first, last):
        if name not in names:
            hint = nearest(name, names) if names else ""
            raise SettingError(f"There is no snapshot '{quoted(name)}'. {hint}".rstrip())
    before, after = (_contents(store.path(name)) for name in (first, last))
    changed = {key for key, _ in _differing(before, after)}
    return sorted(changed | {surrogate_keys.ALL}) if changed else []


def _differing(before: Contents, after: Contents) -> Iterator[tuple[str, str]]:
    return (one for one in before.keys() | after.keys() if before.get(one) != after.get(one))


def _contents(path: Path) -> Contents:
    with read_snapshot(path) as connection:
        found = dict(_entries(connection))
        for table, columns in connection.execute(_COLUMNS).fetchall():
            if table not in _OWN and table != "catalog":
                found |= _of_table(connection, table, columns)
    return found


def _of_table(connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> Contents:
    """What the rows come to, of each indicator and each bulletin where they are about one; else of
    all."""
    key: Callable[[str], str]
    by, key = "''", _of_all
    if table in _BULLETINS:
        by, key = "date", surrogate_keys.of_bulletin
    elif "indicator" in columns:
        by, key = "indicator", surrogate_keys.of_indicator
    rows = connection.execute(
        f'select {by}, count(*), sum(hash(t)::hugeint) from "{table}" as t group by all'
    ).fetchall()
    found: dict[tuple[str, str], object] = {(key(str(name)), table): told for name, *told in rows}
    if table in _BULLETINS and "indicator" in columns:
        # What a bulletin says of an indicator stands on the indicator's pages too.
        found |= {
            (surrogate_keys.of_indicator(name), table): told
            for name, *told in connection.execute(
                f'select indicator, count(*), sum(hash(t)::hugeint) from "{table}" as t '
                "where indicator is not null group by all"
            ).fetchall()
        }
    return found


def _of_all(name: str) -> str:
    return surrogate_keys.ALL


def _entries(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[tuple[str, str], object]]:
    """The entry of each indicator in the catalog, and what is said there of all."""
    for (document,) in connection.execute("select document from catalog").fetchall():
        told = json.loads(document)
        for name, entry in told.pop("indicators").items():
            yield (surrogate_keys.of_indicator(name), "catalog"), entry
        yield (surrogate_keys.ALL, "catalog"), told
