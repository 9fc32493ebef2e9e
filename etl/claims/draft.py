"""A draft, checked before it is public against the snapshot that readers see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from etl.bulletins.model import Bulletin
from etl.catalog import Catalog, catalog_of
from etl.claims.check import check
from etl.claims.known import EVER, Keep, KnownSnapshot
from etl.claims.model import Placed
from etl.claims.parse import Parser
from etl.errors import StorageError
from etl.storage.snapshots import SnapshotStore


class DraftChecker:
    """Checks drafts by the catalog and the values of one snapshot; nothing is written."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        catalog: Catalog,
        parser: Parser | None = None,
        keep: Keep | None = None,
    ) -> None:
        """A `parser` of the same catalog may be given, since to make one takes a tenth of a second,
        and what `keep`s the series that have been read."""
        self.parser = parser or Parser(catalog)
        self._known = KnownSnapshot(connection, catalog, keep)

    def get_ready(self, indicator: str) -> None:
        """Read what is held of an indicator, so that nobody who speaks of it has to wait."""
        self._known.history(indicator, EVER)

    def claims(self, draft: Bulletin) -> list[Placed]:
        """What was known by the end of the draft's day says of its statements, in their order."""
        try:
            return check(draft, self.parser, self._known)
        except duckdb.Error:
            raise StorageError(
                "the published snapshot lacks what a check needs; run `python -m etl run` to "
                "publish anew."
            ) from None


@contextmanager
def published_checker(store: SnapshotStore) -> Iterator[DraftChecker]:
    """A checker by the snapshot that is served from a store; no run is waited for."""
    with store.read_current() as connection:
        ((document,),) = connection.execute("select document from catalog").fetchall()
        yield DraftChecker(connection, catalog_of(document))
