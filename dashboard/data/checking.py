"""Statements checked by the snapshot that readers see. What one check reads of it is there for the
next."""

from __future__ import annotations

from dashboard.data.snapshot import Snapshot
from etl.bulletins.model import Bulletin
from etl.claims.draft import DraftChecker
from etl.claims.model import Placed
from etl.claims.parse import Parser


def checked(snapshot: Snapshot, draft: Bulletin) -> list[Placed]:
    """The statements of a draft, and what was known of each by the end of its day."""
    parser = snapshot.cached("parser", "", lambda: Parser(snapshot.catalog))
    with snapshot.connection.cursor() as cursor:
        checker = DraftChecker(
            cursor, snapshot.catalog, parser,
            lambda name, read: snapshot.cached("vintages", name, read),
        )  # fmt: skip
        return checker.claims(draft)
