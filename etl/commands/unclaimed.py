"""Values under ids that no catalog entry claims: after a mistake in a rename, a series would
silently start again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

import duckdb

from etl.catalog import Catalog
from etl.errors import FileProblem, StorageError, nearest
from etl.files.cells import bytes_of, rows_of
from etl.files.strict_yaml import line_of, load_yaml
from etl.settings import Settings
from etl.sources.figures import COLUMNS, REQUIRED
from etl.storage.snapshots import Folder, whole_folder_of

#: How many dates or vintages of each id a snapshot shows, and how many it leaves out.
HELD = ("select indicator, count from standings", "select indicator, rows from unclaimed")


def unclaimed(settings: Settings, catalog: Catalog) -> Iterator[str]:
    """A sentence for each id that the figures or the current snapshot hold and nobody claims. The
    warehouse is not opened, because a run may be writing it."""
    for path in sorted(settings.figures.glob("*.csv*")):
        yield from _in_figures(path, catalog)
    held = {
        name: rows
        for name, rows in _held(whole_folder_of(settings)).items()
        if not _is_claimed(name, catalog) and name not in catalog.retired
    }
    if held:
        document = load_yaml(settings.catalog)
        for name, rows in sorted(held.items()):
            near, hint = _nearest(name, catalog)
            line = f", line {line_of(document, ('indicators', near))}" if near else ""
            yield (
                f"{settings.catalog}{line}: {rows:,} values are held of '{name}', which no entry "
                f"claims. {hint} If it was renamed, its new entry says old_ids: [{name}]; if it "
                "was given up, name it under 'retired'."
            )


def _is_claimed(name: str, catalog: Catalog) -> bool:
    return catalog.resolve(name) in catalog


def _in_figures(path: Path, catalog: Catalog) -> Iterator[str]:
    """The first row of each unknown id; a file without ids is skipped."""
    told: set[str] = set()
    with suppress(FileProblem):  # what is broken is told by whoever reads the file
        payload = bytes_of(path, "it is gone.")
        header = payload.partition(b"\n")[0].decode("utf-8-sig", "replace").strip().split(",")
        if "indicator" not in header:
            return
        for line, cell in rows_of(payload, path, COLUMNS, REQUIRED):
            name = cell["indicator"]
            if not _is_claimed(name, catalog) and name not in told:
                told.add(name)
                _, hint = _nearest(name, catalog)
                problem = f"no entry of the catalog claims '{name[:64]}'. {hint}"
                yield str(FileProblem(path, problem, line=line))


def _held(store: Folder) -> dict[str, int]:
    """How many values the current snapshot on this machine holds for each id, including those not
    shown."""
    found = dict[str, int]()
    # A snapshot that cannot be read, or was made before it held this, is not what people wrote.
    with (
        suppress(StorageError, duckdb.CatalogException),
        store.read_current() as connection,
    ):
        for query in HELD:
            found |= dict(connection.execute(query).fetchall())
    return found


def _nearest(name: str, catalog: Catalog) -> tuple[str, str]:
    """The entry with the nearest id or old id, and a hint that names it."""
    known = [*catalog.indicators, *catalog.current_ids]
    close = get_close_matches(name[:100], known, n=1, cutoff=0.6)
    if not close:
        return "", nearest(name, catalog.indicators)
    owner = catalog.resolve(close[0])
    where = "" if owner == close[0] else f" ({owner} says so in old_ids)"
    return owner, f"Did you mean '{close[0]}'{where}?"
