"""What the commands that only read are told: by the snapshot that is served, never by the
warehouse, which a reader would lock for the run that writes it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from etl.catalog import Catalog
from etl.lags import FirstSeen
from etl.records import Action, Disagreement, HeldAnswer, Revision, Vintage
from etl.reliability import JSON as RELIABILITY
from etl.reliability import Reliability
from etl.storage.snapshots import SnapshotStore
from etl.storage.warehouse import REVISIONS

SERIES = """
select date, value, source, known_at, status, credit, basis, note from observations
where indicator = ? order by date
"""
NEWEST = """
select o.indicator, o.date, o.value, o.source, o.known_at, o.status, o.credit, o.basis, o.note
from observations as o
join (select indicator, max(date) as date from observations where known_at <= ?
      group by indicator) as n
  on n.indicator = o.indicator and n.date = o.date
"""
DISAGREEMENTS = """
select indicator, date, source, value, other_source, other_value
from disagreements order by indicator, date desc, other_source
"""


class CurrentSnapshot:
    """The served snapshot. What an earlier version did not write into it is empty."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
        self._tables = {name for (name,) in tables}

    def series(self, indicator: str) -> list[Vintage]:
        """What is served of an indicator, in the order of dates."""
        return [_vintage(row) for row in self._rows(SERIES, [indicator])]

    def newest(self, known_by: datetime) -> Mapping[str, Vintage]:
        """The newest observation of each indicator that has any that was known by a moment."""
        return {row[0]: _vintage(row[1:]) for row in self._rows(NEWEST, [_naive(known_by)])}

    def looked(self, catalog: Catalog) -> Catalog:
        """The catalog with the day until which each indicator was looked at that changes only at
        events, as it was published."""
        ((document,),) = self._rows("select document from catalog")
        told = json.loads(document)["indicators"]
        looked = {
            one.id: one.model_copy(update={"checked": _day(told.get(one.id, {}).get("checked"))})
            for one in catalog.all()
            if one.calendar == "event" and one.id in told
        }
        return catalog.model_copy(update={"indicators": {**catalog.indicators, **looked}})

    def disagreements(self) -> Mapping[str, Sequence[Disagreement]]:
        """Where the sources of an indicator differ beyond its tolerance, newest first."""
        found: dict[str, list[Disagreement]] = defaultdict(list)
        for indicator, *row in self._rows(DISAGREEMENTS):
            found[indicator].append(Disagreement(*row))
        return found

    def actions(self) -> Mapping[str, Sequence[Action]]:
        """The splits and dividends of every indicator that has any."""
        found: dict[str, list[Action]] = defaultdict(list)
        query = "select indicator, date, kind, value from actions order by indicator, date, kind"
        for indicator, *action in self._rows(query):
            found[indicator].append(Action(*action))
        return found

    def problems(self) -> Mapping[str, str]:
        """What each subject last failed at."""
        return dict(self._rows("select subject, problem from problems"))

    def notices(self) -> Mapping[str, str]:
        """What is to be known of each subject, though nothing is wrong with it."""
        return dict(self._optional("notices", "subject, notice"))

    def refused(self) -> Iterator[HeldAnswer]:
        """Every answer that is kept apart, oldest first."""
        columns = "indicator, source, since, sentence, may_be_taken"
        for indicator, source, since, sentence, may_be_taken in self._rows(
            f"select {columns} from refused order by since, indicator, source"
        ):
            yield HeldAnswer(indicator, source, since.replace(tzinfo=UTC), sentence, may_be_taken)

    def revisions(self, since: datetime, most: int = 1000) -> Iterator[Revision]:
        """The fetched values that were replaced since a moment, newest first."""
        for r in self._rows(REVISIONS, {"since": _naive(since), "most": most}):
            yield Revision(r[0], r[1], r[2], r[3], r[4], r[5].replace(tzinfo=UTC))

    def candidates(self) -> list[str]:
        """The documents that were found and wait for a person, as they were written."""
        return [document for (document,) in self._optional("candidates", "document")]

    def left(self) -> frozenset[str]:
        """The keys of documents that a person has left."""
        return frozenset(key for (key,) in self._optional("candidates_left", "key"))

    def reliability(self) -> list[Reliability]:
        """What each source did in the 90 days up to the last run."""
        told = self._optional("reliability", "document")
        return [RELIABILITY.validate_json(document) for (document,) in told]

    def first_seen(self) -> Mapping[str, Sequence[FirstSeen]]:
        """When the newest values of each indicator were first seen."""
        found: dict[str, list[FirstSeen]] = defaultdict(list)
        columns = "indicator, source, date, seen_at, missed_at, public_at"
        for *names, seen, missed, public in self._optional("first_seen", columns):
            moments = (moment.replace(tzinfo=UTC) for moment in (seen, missed, public))
            found[names[0]].append(FirstSeen(*names, *moments))
        return found

    def _optional(self, table: str, columns: str) -> list[tuple[Any, ...]]:
        if table not in self._tables:
            return []
        return self._rows(f"select {columns} from {table} order by rowid")

    def _rows(self, query: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, parameters).fetchall()


@contextmanager
def current_snapshot(store: SnapshotStore) -> Iterator[CurrentSnapshot]:
    """The snapshot that is served from a store; a StorageError in words if there is none."""
    with store.read_current() as connection:
        yield CurrentSnapshot(connection)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _vintage(row: Sequence[Any]) -> Vintage:
    day, value, source, known_at, *more = row
    return Vintage(day, value, source, known_at.replace(tzinfo=UTC), *more)
