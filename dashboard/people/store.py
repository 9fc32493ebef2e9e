"""Where people, sessions and tokens are kept."""

from __future__ import annotations

from etl.records import PEOPLE_LAYOUT, TRIES_LAYOUT
from etl.row_store import Row, RowStore, row_store
from etl.settings import Settings

__all__ = ["PeopleStore", "Row", "people_store"]
PeopleStore = RowStore


def people_store(settings: Settings) -> PeopleStore:
    """The store of a site; nothing is opened before it is asked."""
    return row_store(settings, settings.people, PEOPLE_LAYOUT + TRIES_LAYOUT)
