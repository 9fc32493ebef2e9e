"""The brief of a day from the current snapshot."""

from __future__ import annotations

from datetime import date, datetime

import duckdb

from etl.brief.find import brief
from etl.brief.known import news
from etl.brief.model import Brief
from etl.catalog import Catalog
from etl.errors import StorageError
from etl.settings import Settings
from etl.storage.snapshots import read_current


def published_brief(settings: Settings, day: date, lang: str, now: datetime) -> Brief:
    """The brief of a day; a SettingError if it is in the future, a StorageError if there is no
    snapshot to make it from."""
    with read_current(settings.published) as connection:
        try:
            ((document,),) = connection.execute("select document from catalog").fetchall()
            found = news(lambda sql, given: connection.execute(sql, given).fetchall(), day, now)
        except duckdb.CatalogException:
            raise StorageError(
                f"{settings.published}: the published snapshot is of an earlier version; run "
                "`python -m etl run` to publish anew."
            ) from None
    return brief(Catalog.model_validate_json(document), found, settings.base_url, lang)
