"""The claims of a bulletin as they are published."""

from __future__ import annotations

from datetime import date

import duckdb

from etl.claims.model import Claim
from etl.errors import SettingError, StorageError
from etl.storage.snapshots import SnapshotStore, meta_of

#: The first format of snapshots that judge again when a value comes.
KNOWS_LATER = 12
LATER = "select date, document from claims where later is not null order by date desc limit ?"
DAYS = "select date from bulletins order by date"
CLAIMS = "select document from claims where date = ? order by rowid"


def claims_judged_later(store: SnapshotStore, most: int = 200) -> list[tuple[date, Claim]]:
    """The newest claims of the snapshot that readers see that could be judged only after their day,
    each with that day; none of a snapshot that does not know them."""
    if store.current_name() is None:
        return []
    with store.read_current() as connection:
        if int(meta_of(connection)["format"]) < KNOWS_LATER:
            return []
        rows = connection.execute(LATER, [most]).fetchall()
    return [(day, Claim.model_validate_json(document)) for day, document in rows]


def published_claims(store: SnapshotStore, day: date) -> list[Claim]:
    """The claims of the bulletin of a day in the snapshot that readers see, in their order."""
    with store.read_current() as connection:
        try:
            days = [row[0] for row in connection.execute(DAYS).fetchall()]
            rows = connection.execute(CLAIMS, [day]).fetchall()
        except duckdb.CatalogException:
            raise StorageError(
                f"{store}: the published snapshot is from before statements were checked; run "
                "`python -m etl run` to publish anew."
            ) from None
    if day not in days:
        newest = f" The newest is of {days[-1]}." if days else ""
        raise SettingError(
            f"no bulletin of {day} is published; add it with `python -m etl bulletin`, then "
            f"`python -m etl run`.{newest}"
        )
    return [Claim.model_validate_json(document) for (document,) in rows]
