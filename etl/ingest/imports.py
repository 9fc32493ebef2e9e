"""Observations from a person's file: CSV, XLSX or Parquet; all of its rows, or none.

Millions of rows are read, checked and compared in SQL, whole columns at a time. The first wrong row
is described by the functions that read one cell; a file that SQL does not read the same way is read
by them, row by row.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from etl import frequency
from etl.calendars import why_running, why_shut
from etl.catalog import STATUS_OF_SOURCE, Catalog, Indicator
from etl.database import attached, connect
from etl.errors import FileProblem, StorageError, nearest, quoted
from etl.files.bounded import Unreadable, answers
from etl.files.cells import (
    check_header,
    date_of,
    name_of,
    number_of,
    opened_bytes,
    opened_text,
    rows_in,
)
from etl.files.xlsx import READER as XLSX
from etl.ingest.checks import findings
from etl.records import Observation
from etl.storage.periods import is_step, period, shares_period
from etl.storage.warehouse import LIMITS, Appended, Outcome, Warehouse, spans

COLUMNS = ("indicator", "date", "value")
READERS = (".csv", ".xlsx", ".parquet")
MAX_BYTES = 2_000_000_000
#: Limits for files that claim more than they are: rows, and seconds to read them.
MAX_ROWS, SECONDS = 50_000_000, 300
#: The most values of an indicator: one a day for 270 years.
MAX_DAYS = 100_000
#: The longest id, date or number; a longer text is wrong, and no more of it is looked at.
MOST_LETTERS = 200
SOURCE = "import"
SCRATCH = ".import-"
#: How many rows read by Python are handed to SQL at once.
BATCH = 100_000
Row = tuple[int, str, str, str]  # line, indicator, date, value

# The rows of all files, one after the other. An id is an enumeration: as small as a number, in the
# order of names, and null where the catalog has no such name; so is a cell that does not hold what
# it should. `line` is known where Python has read the row.
STAGE = """
create type id as enum (select unnest(?::varchar[]));
create table expected (
  id id, least double, most double, change double, months integer, step_days integer,
  rule integer);
create table facts (indicator id, date date);
create table renamed (old id, new id);
create table traded (indicator id, calendar varchar);
create table rows (indicator id, date date, value double, file integer, line integer);
create table publics (rule integer, date date, public_at timestamp);
create macro short(t) as case when strlen(t) <= 200 then t end;
create macro day_of(t) as
  case when strlen(t) = 10 and try_cast(t as date)::varchar = t then try_cast(t as date) end;
create macro number_of(t) as
  case when isfinite(try_cast(t as double)) and not contains(t, '_') then try_cast(t as double) end
"""
READ = """
insert into rows
select coalesce(try_cast(short(indicator) as id), try_cast(trim(short(indicator)) as id)),
       {day}, {number}, $file, null
from {source}
"""
TEXT_DAY = "coalesce(day_of(date), day_of(trim(short(date))))"
TEXT_NUMBER = "number_of(short(value))"
# Nothing is guessed. A fourth column makes room for the cell too many that makes a row wrong, and
# a word that no file holds tells an absent cell from an empty one.
CSV = """
(select indicator, date, case when surplus is null then value end as value
 from read_csv($path, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
               columns = {columns}, strict_mode = true, null_padding = true,
               nullstr = '<absent>', compression = 'none'))
"""
#: How typed columns of a Parquet file become what a text would have said: as the columns of READ,
#: and as the text. A moment is a date where it has no zone and stands at the beginning of a day.
_MOMENT = (
    "case when isfinite(date) and year(date) between 1 and 9999 and date = date::date"
    " then date::date end",
    "case when date = date::date then date::date::varchar else date::varchar end",
)
DAYS = {
    "VARCHAR": (TEXT_DAY, f"left(date, {MOST_LETTERS + 1})"),
    "DATE": (
        "case when isfinite(date) and year(date) between 1 and 9999 then date end",
        "date::varchar",
    ),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), _MOMENT),
}
_WHOLE = [
    sign + size for sign in ("", "U") for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
]
NUMBERS = {
    "VARCHAR": (TEXT_NUMBER, f"left(value, {MOST_LETTERS + 1})"),
    "DECIMAL": ("number_of(value::varchar)", "value::varchar"),
    **dict.fromkeys(
        ("DOUBLE", "FLOAT", *_WHOLE),
        ("case when isfinite(value::double) then value::double end", "value::double::varchar"),
    ),
}
NAMES = {"VARCHAR": ("indicator", f"left(indicator, {MOST_LETTERS + 1})")}
#: What is expected of each column of a Parquet file, and what of it can be read.
TYPED = {
    "indicator": ("texts", NAMES),
    "date": ("dates", DAYS),
    "value": ("numbers", NUMBERS),
}
TAKE = """
insert into rows
select unnest($names)::id, unnest($days), unnest($values), $file, unnest($lines)
"""
#: Rows under an old id are those of the indicator as it is called now.
RENAME = "update rows set indicator = new from renamed where indicator = old"
UNREADABLE = """
select min(rowid) from rows where indicator is null or date is null or value is null
having count(*) > 0
"""
# The first row of a span that stands for the period of another (kind 1), or is not as the catalog
# expects (kind 2).
WRONG = f"""
with steps as (
  select indicator, date, value, rowid as place, lag(date) over days as before,
         lag(value) over days as base
  from rows
  where indicator between $first::id and $last::id and date is not null and value is not null
  window days as (partition by indicator order by date, rowid)),
judged as (
  select s.*, {shares_period("before", "date", "months")} as again,
         date > $tomorrow or value < least or value > most
         or ({is_step("before", "date", "months", "step_days")} and base > 0
             and abs(100 * (value / base - 1)) > change
             and not exists (from facts as f where (f.indicator, f.date) = (s.indicator, s.date))
            ) as odd
  from steps as s join expected as e on e.id = s.indicator)
select case when again then 1 else 2 end, place, before, base
from judged where again or odd order by 1, 2 limit 1
"""
# The days of each market in the files, and the first row of days that can have no value.
DAYS_OF_MARKETS = """
select distinct t.calendar as calendar, r.date as date
from rows as r join traded as t on t.indicator = r.indicator where r.date is not null
"""
WITHOUT_PRICE = """
select min(r.rowid)
from rows as r join traded as t on t.indicator = r.indicator
join (select unnest($calendars) as calendar, unnest($days) as date) as n
  on n.calendar = t.calendar and n.date = r.date
where r.value is not null
"""
# One span, each value with the moment it was public and the moment it is known from.
RULES = """
create or replace temp table rules as
select e.id, e.id::varchar as name, e.rule,
       e.id::varchar not in (select unnest($started::varchar[])) as is_first
from stage.expected as e
"""
DATED = """
create or replace temp table staged as
select u.name as indicator, r.date, r.value,
       least(p.public_at, $known_at::timestamp) as public_at,
       case when u.is_first then least(p.public_at, $known_at::timestamp)
            else $known_at::timestamp end as known_at,
       case when $exactly then $known_at::timestamp
            else least(p.public_at, $known_at::timestamp) end as first_at,
       known_at as again_at, r.file as said, true as fresh
from stage.rows as r
join rules as u on u.id = r.indicator
join stage.publics as p on p.rule = u.rule and p.date = r.date
where r.indicator between $first::stage.id and $last::stage.id
"""
# A value for a period of which that of another day is held. One span of `staged`.
SECOND = f"""
with long as (
  select id::varchar as indicator, months from stage.expected where months is not null),
here as (
  select s.indicator, s.date, s.said, {period("s.date", "l.months")} as period
  from staged as s join long as l using (indicator)),
there as (
  select distinct h.indicator, h.date, {period("h.date", "l.months")} as period
  from held as h join long as l using (indicator) where h.indicator between $first and $last)
select here.indicator, here.date, there.date, here.said
from here join there using (indicator, period)
where not exists (
  from there as t where t.indicator = here.indicator and t.date = here.date)
order by here.indicator, here.date, there.date limit 1
"""


@dataclass(frozen=True, slots=True)
class Imported:
    """The rows of the files, checked, in a database of their own until they are stored."""

    database: Path
    files: Sequence[str]
    newest: Mapping[str, date]


@contextmanager
def read_files(
    paths: Sequence[Path],
    catalog: Catalog,
    known_at: datetime,
    folder: Path,
    *,
    in_sql: bool = True,
) -> Iterator[Imported]:
    """Everything in the files, checked; the first wrong row is a FileProblem naming its line.

    The rows wait in a scratch folder below `folder`, which is removed after the block. Without
    `in_sql` every cell is read by the functions for one cell: the same result, slowly.
    """
    with _scratch(folder) as scratch:
        database = scratch / "rows.duckdb"
        try:
            with connect(database, config=LIMITS) as connection:
                newest = _Reading(connection, paths, catalog, known_at).newest(in_sql)
        except duckdb.Error as error:
            raise StorageError(
                f"{folder}: the rows cannot be kept there while they are checked "
                f"({str(error).splitlines()[0]}). Check free space; nothing was stored."
            ) from None
        yield Imported(database, [path.name for path in paths], newest)


def store(
    imported: Imported,
    catalog: Catalog,
    warehouse: Warehouse,
    *,
    started_at: datetime,
    known_at: datetime,
    exactly: bool,
) -> list[Outcome]:
    """Append the observations, all or none; one outcome an indicator, in the catalog's order."""
    connection = warehouse.connection
    connection.execute(f"attach {attached(imported.database)} as stage (read_only)")
    try:
        with warehouse.transaction():
            load = warehouse.begin_load(SOURCE, started_at, known_at)
            added = _append(imported, catalog, warehouse, load, known_at, exactly)
            outcomes = [
                Outcome(name, SOURCE, one.new, one.revised, imported.newest[name])
                for name in catalog.indicators
                if name in imported.newest
                for one in [added.get(name, Appended())]
            ]
            warehouse.finish_load(load, datetime.now(UTC), outcomes)
    finally:
        connection.execute("detach stage")
    return outcomes


def _append(
    imported: Imported,
    catalog: Catalog,
    warehouse: Warehouse,
    load: int,
    known_at: datetime,
    exactly: bool,
) -> Mapping[str, Appended]:
    # What was imported before is known when it comes; so is all, where a moment was given.
    started = imported.newest if exactly else warehouse.indicators_of(SOURCE)
    warehouse.connection.execute(RULES, {"started": list(started)})
    warehouse.stage_said(
        [(STATUS_OF_SOURCE[SOURCE], f"import of {name}", "", "") for name in imported.files]
    )
    moment = known_at.astimezone(UTC).replace(tzinfo=None)
    added: dict[str, Appended] = {}
    for first, last in spans(imported.newest):
        warehouse.connection.execute(
            DATED, {"first": first, "last": last, "known_at": moment, "exactly": exactly}
        )
        _refuse_second(imported, catalog, warehouse, first, last)
        added.update(warehouse.append_staged(SOURCE, load=load, span=(first, last)))
    return added


def _refuse_second(
    imported: Imported, catalog: Catalog, warehouse: Warehouse, first: str, last: str
) -> None:
    """Raise a FileProblem if a staged value is for a period of which another day's value is
    held."""
    found = warehouse.connection.execute(SECOND, {"first": first, "last": last}).fetchall()
    for name, day, held, file in found:
        stood_for = frequency.period_name(catalog[name].frequency, day)
        raise FileProblem(
            imported.files[file],
            f"{name}: {day} is a second date for {stood_for}, of which {held} is held; "
            f"write {held} to revise it.",
        )


class _ReadOtherwise(Exception):
    """SQL has read a file differently from the functions for one cell."""


class _Reading:
    """The rows of the files on one connection."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        paths: Sequence[Path],
        catalog: Catalog,
        known_at: datetime,
    ) -> None:
        self.connection, self.paths, self.catalog = connection, paths, catalog
        self.known_at = known_at
        self.offsets: list[int] = []
        # Indicators of one rule and calendar have their moments in common.
        self.rules: dict[object, tuple[int, Indicator]] = {}
        self._prepare()

    def newest(self, in_sql: bool) -> dict[str, date]:
        """The newest date of each indicator in the files, if every row is good."""
        try:
            self._fill(exactly=not in_sql)
            self._refuse()
        except _ReadOtherwise:
            self._fill(exactly=True)
            self._refuse()
        found = dict(self._rows("select indicator, max(date) from rows group by indicator"))
        if not found:
            raise FileProblem(self.paths[0], "holds no rows; expected indicator,date,value.")
        self._date()
        return found

    def _rows(self, query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, parameters).fetchall()

    def _prepare(self) -> None:
        ids = sorted({*self.catalog.indicators, *self.catalog.current_ids})
        for statement in filter(str.strip, STAGE.split(";")):
            self.connection.execute(statement, [ids] if "?" in statement else None)
        self.connection.execute(
            "insert into renamed select unnest(?), unnest(?)",
            [list(self.catalog.current_ids), list(self.catalog.current_ids.values())],
        )
        names = sorted(self.catalog.indicators)
        entries = [self.catalog[name] for name in names]
        for one in entries:
            self.rules.setdefault((one.publication, one.calendar), (len(self.rules), one))
        self.connection.execute(
            "insert into expected select unnest(?), unnest(?), unnest(?), unnest(?), "
            "unnest(?::integer[]), unnest(?::integer[]), unnest(?)",
            [
                names,
                [one.expect.min for one in entries],
                [one.expect.max for one in entries],
                [one.expect.max_change_pct for one in entries],
                [frequency.RULES[one.frequency].months for one in entries],
                [frequency.RULES[one.frequency].step_days for one in entries],
                [self.rules[one.publication, one.calendar][0] for one in entries],
            ],
        )
        traded = [one for one in entries if one.is_traded]
        self.connection.execute(
            "insert into traded select unnest(?), unnest(?)",
            [[one.id for one in traded], [one.calendar for one in traded]],
        )
        facts = [(one.id, fact.date) for one in entries for fact in one.expect.facts]
        self.connection.execute(
            "insert into facts select unnest(?), unnest(?)",
            [[name for name, _ in facts], [day for _, day in facts]],
        )

    def _fill(self, *, exactly: bool) -> None:
        self.connection.execute("truncate rows")
        self.offsets.clear()
        for file, path in enumerate(self.paths):
            ((count,),) = self._rows("select count(*) from rows")
            self.offsets.append(count)
            kind = _kind(path)
            if kind == ".xlsx" or exactly:
                self._take(file, path)
            elif kind == ".csv":
                self._read_csv(file, path)
            else:
                self._read_parquet(file, path)
        if self.catalog.current_ids:
            self.connection.execute(RENAME)

    def _read_csv(self, file: int, path: Path) -> None:
        with opened_text(path, "no such file.", MAX_BYTES) as text:
            header = next(iter(rows_in(text, path, COLUMNS, COLUMNS)), None)
            if header is None:
                return
            names = list(header[1])
            columns = {**dict.fromkeys(names, "varchar"), "surplus": "varchar"}
            query = READ.format(
                day=TEXT_DAY, number=TEXT_NUMBER, source=CSV.format(columns=columns)
            )
            try:
                self.connection.execute(query, {"file": file, "path": name_of(text)})
            except (duckdb.IOException, duckdb.OutOfMemoryException):
                raise
            except duckdb.Error as error:
                raise _ReadOtherwise from error

    def _read_parquet(self, file: int, path: Path) -> None:
        most = min(MAX_ROWS, MAX_DAYS * len(self.catalog))
        with _parquet(path, most) as (source, types):
            (day, _), (number, _) = DAYS[types["date"]], NUMBERS[types["value"]]
            query = READ.format(day=day, number=number, source="read_parquet($path)")
            with _in_time(self.connection):
                self.connection.execute(query, {"file": file, "path": source})

    def _take(self, file: int, path: Path) -> None:
        """Read row by row, with the functions for one cell."""
        batch: list[tuple[int, str, date, float]] = []
        try:
            for row in _rows(path):
                batch.append(_read(row, path, self.catalog))
                if len(batch) == BATCH:
                    self._keep(file, batch)
                    batch.clear()
        except FileProblem:
            self._keep(file, batch)
            self._refuse(worst=1)  # what stands twice above the wrong row comes first
            raise
        self._keep(file, batch)

    def _keep(self, file: int, batch: Sequence[tuple[int, str, date, float]]) -> None:
        if batch:
            lines, names, days, values = (list(column) for column in zip(*batch, strict=True))
            self.connection.execute(
                TAKE,
                {"file": file, "lines": lines, "names": names, "days": days, "values": values},
            )

    def _refuse(self, worst: int = 2) -> None:
        """Raise a FileProblem for the first wrong row, if there is one up to that kind."""
        tomorrow = (self.known_at.astimezone(UTC) + timedelta(days=1)).date()
        found = [(1, place, None, None) for (place,) in self._rows(UNREADABLE)]
        for first, last in spans(self.catalog.indicators):
            found += self._rows(WRONG, {"first": first, "last": last, "tomorrow": tomorrow})
        found += [(2, place, None, None) for place in self._without_price()]
        wrong = [one for one in found if one[0] <= worst]
        if wrong:
            self._explain(*min(wrong, key=lambda one: one[:2]))

    def _without_price(self) -> Iterator[int]:
        """The first row dated on a day when its market is shut, or whose session is running."""
        none = [
            (calendar, day)
            for calendar, day in self._rows(DAYS_OF_MARKETS)
            if why_shut(calendar, day) or why_running(calendar, day, self.known_at)
        ]
        if none:
            names, days = (list(column) for column in zip(*none, strict=True))
            ((place,),) = self._rows(WITHOUT_PRICE, {"calendars": names, "days": days})
            yield from [] if place is None else [place]

    def _explain(self, kind: int, place: int, before: date | None, base: float | None) -> None:
        name, day, value, file, line = self._rows(
            "select indicator, date, value, file, line from rows where rowid = ?", [place]
        )[0]
        path = self.paths[file]
        if line is None:
            row = next(_rows(path, skip=place - self.offsets[file]), None)
            if row is None or _read(row, path, self.catalog)[1:] != (name, day, value):
                raise _ReadOtherwise
            line = row[0]
        if kind == 1:
            words = frequency.second_words(self.catalog[name].frequency, before or day, day)
            raise FileProblem(path, f"{name} has {words}", line=line)
        steps = [Observation(before, base)] if before is not None and base is not None else []
        steps.append(Observation(day, value))
        sentences = [f.sentence for f in findings(self.catalog[name], steps, self.known_at)]
        raise FileProblem(path, sentences[-1], line=line)

    def _date(self) -> None:
        """When the values of each day became public, once for each rule."""
        days = [
            (rule, day, indicator.public_at(day).replace(tzinfo=None))
            for rule, indicator in self.rules.values()
            for (day,) in self._rows(
                "select distinct date from rows join expected on id = indicator where rule = ?",
                [rule],
            )
        ]
        self.connection.execute(
            "insert into publics select unnest(?), unnest(?), unnest(?)",
            [list(column) for column in zip(*days, strict=True)],
        )


def _read(row: Row, path: Path, catalog: Catalog) -> tuple[int, str, date, float]:
    """The contents of a row's cells; a FileProblem for the first that is wrong."""
    line, written, day_text, value_text = row
    name = catalog.resolve(written)
    if name not in catalog:
        hint = nearest(name, catalog.indicators)
        raise FileProblem(path, f"unknown indicator '{quoted(name)}'. {hint}", line=line)
    day = date_of(day_text, path, line, name)
    return line, name, day, number_of(value_text, path, line, name)


def _kind(path: Path) -> str:
    kind = path.suffix.lower()
    if kind not in READERS:
        raise FileProblem(path, f"'{kind}' files are not read; give one of {', '.join(READERS)}.")
    return kind


def _rows(path: Path, skip: int = 0) -> Iterator[Row]:
    """The rows of a file after the first so many."""
    kind = _kind(path)
    if kind == ".csv":
        return _csv_rows(path, skip)
    return islice(_xlsx_rows(path), skip, None) if kind == ".xlsx" else _parquet_rows(path, skip)


def _csv_rows(path: Path, skip: int) -> Iterator[Row]:
    with opened_text(path, "no such file.", MAX_BYTES) as text:
        for line, cell in rows_in(text, path, COLUMNS, COLUMNS, skip):
            yield line, cell["indicator"], cell["date"], cell["value"]


def _xlsx_rows(path: Path) -> Iterator[Row]:
    with opened_bytes(path, "no such file.", MAX_BYTES) as handle:
        try:
            header: dict[str, str] = {}
            for line, cells in answers(handle, XLSX):
                if not header:
                    header = cells
                    check_header([*header.values()], COLUMNS, COLUMNS, path)
                    continue
                for column in cells:
                    if column not in header:
                        raise FileProblem(
                            path, f"the cell {column}{line} stands below no header.", line=line
                        )
                row = {name: cells.get(column, "") for column, name in header.items()}
                yield line, row["indicator"], row["date"], row["value"]
            check_header([*header.values()], COLUMNS, COLUMNS, path)
        except Unreadable as problem:
            raise FileProblem(path, str(problem), line=problem.line) from None


def _parquet_rows(path: Path, skip: int) -> Iterator[Row]:
    with _parquet(path) as (source, types), duckdb.connect(config=LIMITS) as connection:
        texts = ", ".join(TYPED[name][1][types[name]][1] + f" as {name}" for name in COLUMNS)
        found = connection.execute(
            f"select {texts} from read_parquet($path) offset $skip", {"path": source, "skip": skip}
        )
        number = skip
        while rows := found.fetchmany(BATCH):
            for cells in rows:
                number += 1
                yield number, *((cell or "").strip() for cell in cells)  # type: ignore[misc]


@contextmanager
def _parquet(path: Path, most: int = MAX_ROWS) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The name under which DuckDB finds the file, and its column types; whatever goes wrong with it
    in the block is a FileProblem."""
    with opened_bytes(path, "no such file.", MAX_BYTES) as handle:
        source = name_of(handle)
        try:
            with duckdb.connect(config=LIMITS) as connection, _in_time(connection):
                ((rows,),) = connection.execute(
                    "select num_rows from parquet_file_metadata($path)", {"path": source}
                ).fetchall()
                query = "select column_name, column_type from (describe from read_parquet($path))"
                types = dict(connection.execute(query, {"path": source}).fetchall())
            if rows > most:
                raise FileProblem(
                    path, f"holds {rows:,} rows; indicators of the catalog have {most:,} at most."
                )
            check_header(list(types), COLUMNS, COLUMNS, path)
            yield source, {name: _type(types[name], name, path) for name in COLUMNS}
        except duckdb.InterruptException:
            raise FileProblem(
                path, f"reading it took over {SECONDS} s; split it, or save it as CSV."
            ) from None
        except (duckdb.Error, UnicodeDecodeError) as error:
            reason = str(error).splitlines()[0].replace(source, path.name)[:80]
            raise FileProblem(path, f"is not a readable Parquet file ({reason}).") from None


def _type(found: str, column: str, path: Path) -> str:
    """The type of a column; a FileProblem if it holds something other than expected."""
    expected, known = TYPED[column]
    kind = "DECIMAL" if found.startswith("DECIMAL(") and found.endswith(")") else found
    if kind in known:
        return kind
    if kind == "TIMESTAMP WITH TIME ZONE":
        raise FileProblem(
            path,
            f"its column '{column}' holds instants, and which day they are depends on the place; "
            "store the dates alone, as type DATE.",
        )
    raise FileProblem(
        path,
        f"its column '{column}' holds values of the type {quoted(found)}; {expected} belong there.",
    )


@contextmanager
def _in_time(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Interrupt what runs on the connection in the block if it takes too long."""
    timer = threading.Timer(SECONDS, connection.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A temporary folder that is removed afterwards, like any left behind by a killed import."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{SCRATCH}*"):
            shutil.rmtree(left, ignore_errors=True)
        scratch = tempfile.TemporaryDirectory(
            prefix=SCRATCH, dir=folder, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written ({error.strerror}).") from None
    with scratch as name:
        yield Path(name)
