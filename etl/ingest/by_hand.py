"""A person's table of periods and values for one indicator: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from etl.catalog import Catalog, Indicator
from etl.errors import FileProblem
from etl.files.bounded import Unreadable
from etl.files.cells import bytes_of
from etl.files.grids import MOST_BYTES, grids_of
from etl.files.hand_table import HandSeries, HandValue, TableChoice, credit_of, series_of
from etl.frequency import period_of
from etl.ingest.checks import findings
from etl.ingest.imports import SOURCE
from etl.ingest.splits import known_splits
from etl.records import Observation
from etl.storage.warehouse import Outcome, Warehouse

KINDS = (".csv", ".xlsx", ".txt", ".tsv")


@dataclass(frozen=True, slots=True)
class Entered:
    """What a person says of all values of a file; a row may say it for itself."""

    author: str = ""
    reason: str = ""
    note: str = ""


def read_table(
    path: Path, catalog: Catalog, indicator: Indicator, choice: TableChoice, *, encoding: str = ""
) -> HandSeries:
    """The series in the file; a FileProblem names the cell that is wrong and what to do."""
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise FileProblem(
            path, f"'{kind}' files are not read as tables; save it as .xlsx or .csv and give that."
        )
    payload = bytes_of(path, "no such file.", MOST_BYTES)
    try:
        return series_of(
            grids_of(payload, encoding), indicator, catalog.unit(indicator), choice, strict=True
        )
    except Unreadable as problem:
        raise FileProblem(path, str(problem), line=problem.line) from None


def observations_of(series: HandSeries, file: str, said: Entered) -> list[Observation]:
    """The values with where they come from: the file, who entered them, and why."""
    return [
        Observation(
            one.date,
            one.value,
            credit=credit_of(one, file, said.author, said.reason),
            note=one.note or said.note,
        )
        for one in series.values
    ]


def store(
    path: Path,
    series: HandSeries,
    said: Entered,
    catalog: Catalog,
    indicator: Indicator,
    warehouse: Warehouse,
    *,
    started_at: datetime,
    known_at: datetime,
    exactly: bool,
) -> Outcome:
    """Append the values, all or none."""
    held = {value.date: value.value for value, _ in warehouse.series(indicator.id)}
    days = {period_of(indicator.frequency, day): day for day in warehouse.dates(indicator.id)}
    told: list[tuple[HandValue, Observation]] = []
    for one, made in zip(series.values, observations_of(series, path.name, said), strict=True):
        # A period has one day: that under which it is held already.
        day = days.get(period_of(indicator.frequency, one.date), one.date)
        told.append((one, replace(made, date=day, public_at=indicator.public_at(day))))
    _refuse_wrong(path, indicator, told, held, known_at, catalog, warehouse)
    with warehouse.transaction():
        load = warehouse.begin_load(SOURCE, started_at, known_at)
        added = warehouse.append(
            indicator.id, SOURCE, [made for _, made in told], load=load, known_at=known_at,
            exactly=exactly,
        )  # fmt: skip
        newest = max(made.date for _, made in told)
        outcome = Outcome(indicator.id, SOURCE, added.new, added.revised, newest)
        warehouse.finish_load(load, datetime.now(UTC), [outcome])
    return outcome


def _refuse_wrong(
    path: Path,
    indicator: Indicator,
    told: Sequence[tuple[HandValue, Observation]],
    held: dict[date, float],
    known_at: datetime,
    catalog: Catalog,
    warehouse: Warehouse,
) -> None:
    """A FileProblem for the first cell that is not as expected beside what is held."""
    values = held | {made.date: made.value for _, made in told}
    series = [Observation(day, value) for day, value in sorted(values.items())]
    place = {made.date: one for one, made in told}
    splits = known_splits(catalog, warehouse, indicator)
    for fault in findings(indicator, series, known_at, splits):
        if fault.date in place:
            one = place[fault.date]
            sentence = (
                f"{one.place}: {fault.sentence} If it is true, widen 'expect' of the indicator, or "
                "add the day to its facts."
            )
            raise FileProblem(path, sentence, line=one.line)
