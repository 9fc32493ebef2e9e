"""All-time extremes in the catalog, and values that refute them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from etl.catalog import Catalog, Indicator, line_in
from etl.errors import StorageError
from etl.events import beaten
from etl.records import Measured, Sample
from etl.settings import Settings
from etl.storage.snapshots import read_snapshot, whole_folder_of

HELD = "select date, value, basis from observations where indicator = ? order by date"
SPLITS = "select date from actions where indicator = ? and kind = 'split'"


def held(settings: Settings, catalog: Catalog) -> list[str]:
    """The extremes that values of the current snapshot on this machine refute; none if there is
    none."""
    store = whole_folder_of(settings)
    name = store.current_name()
    path = store.path(f"{name}")
    if name is None or not path.is_file():
        return []
    wrong: list[str] = []
    try:
        with read_snapshot(path) as connection:
            for indicator in catalog.all():
                if indicator.history.high or indicator.history.low:
                    rows = connection.execute(HELD, [indicator.id]).fetchall()
                    days = connection.execute(SPLITS, [indicator.id]).fetchall()
                    values = [Sample(*row) for row in rows]
                    splits = [day for (day,) in days]
                    wrong += beaten_by(settings, indicator, values, f"snapshot {name}", splits)
    except StorageError as problem:
        wrong.append(str(problem))
    return wrong


def beaten_by(
    settings: Settings,
    indicator: Indicator,
    rows: Sequence[Measured],
    where: str,
    splits: Sequence[date] = (),
) -> list[str]:
    """Those of one indicator that its rows refute, each with its line in the catalog."""
    wrong = []
    for side, value in beaten(indicator, rows, splits):
        line = line_in(settings.catalog, "indicators", indicator.id, "history", side, "value")
        wrong.append(
            f"{settings.catalog}, line {line}: {indicator.id}: history.{side} is no extreme of all "
            f"time: {where} holds {value.value:.10g} for {value.date}. Correct the one that is "
            "wrong."
        )
    return wrong
