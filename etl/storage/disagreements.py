"""Where the sources of an indicator say different values, as the published snapshot has it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from etl.records import Disagreement
from etl.storage.publish import current_name, read_snapshot

QUERY = """
select indicator, date, source, value, other_source, other_value
from disagreements order by indicator, date desc, other_source
"""


def disagreements(folder: Path) -> Mapping[str, list[Disagreement]]:
    """The differences beyond the catalog's tolerance by indicator, newest first; none where
    nothing is published."""
    name = current_name(folder)
    found: dict[str, list[Disagreement]] = {}
    if name is None:
        return found
    with read_snapshot(folder / f"{name}.duckdb") as connection:
        for indicator, *row in connection.execute(QUERY).fetchall():
            found.setdefault(indicator, []).append(Disagreement(*row))
    return found
