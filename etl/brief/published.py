"""The brief of a day, and since a day, from the current snapshot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import duckdb

from etl.brief.find import brief
from etl.brief.known import News, Rows, first_value, news, news_since
from etl.brief.model import Brief
from etl.catalog import Catalog
from etl.errors import SettingError, StorageError
from etl.settings import Settings
from etl.storage.snapshots import committee_store_of, store_of


def published_brief(
    settings: Settings, day: date, lang: str, now: datetime, *, committee: bool = False
) -> Brief:
    """The brief of a day, with what is for the `committee` if that is asked for; a SettingError if
    it is in the future, a StorageError if there is no snapshot to make it from."""
    return _published(settings, lang, lambda rows: news(rows, day, now), committee=committee)


def published_since(
    settings: Settings, since: date, lang: str, now: datetime, *, committee: bool = False
) -> Brief:
    """The same of what became known since the end of a day; a SettingError, too, if nothing is held
    from before it."""

    def found(rows: Rows) -> News:
        first = first_value(rows)
        if first is not None and since < first[1]:
            raise SettingError(f"{since} is before the first value held: {first[0]}, {first[1]}.")
        return news_since(rows, since, now)

    return _published(settings, lang, found, committee=committee)


def _published(
    settings: Settings, lang: str, find: Callable[[Rows], News], *, committee: bool
) -> Brief:
    store = committee_store_of(settings) if committee else store_of(settings)
    with store.read_current() as connection:
        try:
            ((document,),) = connection.execute("select document from catalog").fetchall()
            found = find(lambda sql, given: connection.execute(sql, given).fetchall())
        except duckdb.CatalogException:
            raise StorageError(
                f"{store}: the published snapshot is of an earlier version; run "
                "`python -m etl run` to publish anew."
            ) from None
    return brief(Catalog.model_validate_json(document), found, settings.base_url, lang)
