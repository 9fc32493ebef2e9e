"""The append-only truth: every vintage of every observation, and the only SQL that writes it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from etl.catalog import STATUS_OF_SOURCE
from etl.corrections import CORRECTED
from etl.errors import Locked, StorageError
from etl.records import Action, Observation, Vintage

# Times are stored as UTC without a zone: DuckDB then needs no extension to compare them.
# What thousands of vintages say alike (source, status, credit, basis, note) stands once, in
# origins; the view `vintages` puts both together again, and is what is asked.
SCHEMA = """
create table if not exists origins (
  origin integer not null, source varchar not null, status varchar not null,
  credit varchar not null, basis varchar not null, note varchar not null);
create table if not exists held (
  indicator varchar not null, date date not null, value double not null,
  known_at timestamp not null, public_at timestamp not null, load integer not null,
  origin integer not null);
create table if not exists loads (
  load integer not null, command varchar not null, started_at timestamp not null,
  known_at timestamp not null, finished_at timestamp);
create table if not exists outcomes (
  load integer not null, subject varchar not null, source varchar not null,
  added integer not null, revised integer not null, newest date, problem varchar not null);
create table if not exists texts (
  kind varchar not null, key varchar not null, document varchar not null,
  known_at timestamp not null, load integer not null);
create table if not exists answers (
  load integer not null, source varchar not null, indicator varchar not null,
  digest varchar not null);
create table if not exists holds (
  load integer not null, source varchar not null, indicator varchar not null,
  digest varchar not null, sentence varchar not null, accepted_load integer);
create table if not exists quarantine (
  load integer not null, source varchar not null, indicator varchar not null,
  digest varchar not null, sentence varchar not null, released_load integer);
create table if not exists actions (
  indicator varchar not null, date date not null, kind varchar not null, value double not null,
  source varchar not null, known_at timestamp not null, load integer not null);
alter table outcomes add column if not exists notice varchar default '';
create table if not exists attempts (
  load integer not null, subject varchar not null, source varchar not null,
  problem varchar not null);
create table if not exists ranks (
  indicator varchar not null, source varchar not null, rank integer not null);
"""
VINTAGES = """
create or replace view vintages as
select indicator, date, source, value, known_at, load, public_at, status, credit, basis, note
from held join origins using (origin)
"""
# How much of the memory DuckDB may take; what does not fit waits beside the database file.
LIMITS: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "600MB"}

#: Before anything was known.
EVER = datetime.min.replace(tzinfo=UTC)

#: How many indicators are worked on at a time, where the rows of all would not fit into memory.
AT_ONCE = 500

# What is served: for each date the newest vintage of the preferred source that has it, or an
# import if that is newer. Written once, and kept as a macro in the warehouse and in snapshots.
SERVED = """
with known as (
  select indicator, date, source, max(known_at) known_at,
         arg_max(struct_pack(value := value, load := load, public_at := public_at,
                 status := status, credit := credit, basis := basis, note := note),
                 (known_at, load)) row
  from vintages where {where} group by indicator, date, source),
ranked as (
  select k.*, coalesce(r.rank, 99) rank
  from known k left join ranks r on r.indicator = k.indicator and r.source = k.source),
best as (
  select indicator, date, min(rank) filter (source <> 'import') rank
  from ranked group by indicator, date)
select r.indicator, r.date, served.value, served.source, served.known_at, served.public_at,
       served.status, served.credit, served.basis, served.note{more}
from (
  select r.indicator, r.date,
         arg_max(struct_insert(r.row, source := r.source, known_at := r.known_at),
                 (r.known_at, r.row.load)) served
  from ranked r join best b on b.indicator = r.indicator and b.date = r.date
  where r.source = 'import' or r.rank = b.rank
  group by r.indicator, r.date) r
order by r.indicator, r.date
"""
SERVED_MACROS = (
    "create or replace macro served(id, moment) as table "
    + SERVED.format(where="indicator = id and known_at <= moment", more=""),
    "create or replace macro served_all(moment) as table "
    + SERVED.format(where="known_at <= moment", more=""),
)
# The same for the newest date of each indicator, or of one, without reading the dates before.
NEWEST_SERVED = (
    "with newest as (select indicator, max(date) date from vintages "
    "where known_at <= $moment and ($id is null or indicator = $id) group by indicator) from ("
    + SERVED.format(
        where="known_at <= $moment and ($id is null or indicator = $id) and exists (select 1 from "
        "newest n where n.indicator = vintages.indicator and n.date = vintages.date)",
        more="",
    )
    + ")"
)

# What is to be appended. `said` numbers what rows say alike; `fresh` marks the first row of a date.
SAY = """
create or replace temp table said as
select unnest($said) said, unnest($status) status, unnest($credit) credit, unnest($basis) basis,
       unnest($note) note
"""
STAGE = """
create or replace temp table staged as
select $indicator indicator, unnest($dates) date, unnest($values) value,
       unnest($public)::timestamp public_at, unnest($known)::timestamp known_at,
       unnest($said_of) said, unnest($fresh) fresh
"""

# What differs from the newest vintage that was known by then. The bounds let DuckDB skip what
# is held of other indicators; the newest is found by one number, because a pair takes far longer.
DIFFERENT = """
create or replace temp table different as
with last as (
  select s.rowid as place,
         arg_max(h.value, epoch_us(h.known_at)::hugeint * 4294967296 + h.load) value,
         arg_max(h.origin, epoch_us(h.known_at)::hugeint * 4294967296 + h.load) origin
  from staged s
  join held h on h.indicator = s.indicator and h.date = s.date and h.known_at <= s.known_at
  where h.indicator between $first and $last
    and h.origin in (select origin from origins where source = $source)
  group by s.rowid)
select s.*, l.value is not null as revision
from staged s
join said n using (said)
left join last l on l.place = s.rowid
left join origins o on o.origin = l.origin
where l.value is null
   or abs(s.value - l.value) > $precision * abs(l.value)
   or (o.basis, o.status) is distinct from (n.basis, n.status)
"""
COUNT = """
select indicator, count(*) filter (fresh and not revision), count(*) filter (revision)
from different group by indicator
"""

NEW_ORIGINS = """
insert into origins
select (select coalesce(max(origin), 0) from origins)
       + row_number() over (order by status, credit, basis, note), n.*
from (select distinct $source source, status, credit, basis, note
      from said where said in (select said from different)) n
     anti join origins o using (source, status, credit, basis, note)
"""

# Both kinds of answers that wait apart: those a person may take, and those nobody can.
REFUSED = """
select indicator, source, started_at, sentence, may_be_taken from (
  select load, indicator, source, sentence, true may_be_taken from holds
  where accepted_load is null
  union all
  select load, indicator, source, sentence, false from quarantine where released_load is null)
join loads using (load) order by load, indicator, source
"""

NEEDED_ANSWERS = """
select a.source, a.indicator, a.digest from answers as a join loads as l using (load)
where l.known_at >= ?
union
select source, indicator, arg_max(digest, load) from answers group by source, indicator
union
select source, indicator, digest from holds where accepted_load is null
union
select source, indicator, digest from quarantine where released_load is null
"""

REVISIONS = """
with touched as (
  select distinct indicator, source, date from vintages
  where known_at >= $since and status = 'fetched'),
told as (
  select indicator, source, date, value, known_at, load,
         lag(value) over (partition by indicator, source, date order by known_at, load) before
  from vintages join touched using (indicator, source, date))
select indicator, date, source, before, value, known_at from told
where before is not null and before <> value and known_at >= $since
order by known_at desc, indicator, date limit $most
"""

LAST_OUTCOMES = """
with told as (
  select subject, source, arg_max(problem, load) problem from attempts group by subject, source),
known as (
  select subject, string_agg(distinct problem, ' ') filter (problem <> '') problem
  from told group by subject)
select o.subject,
       arg_max(struct_pack(s := o.source, a := added, r := revised, n := newest,
               p := o.problem, i := notice), load),
       any_value(k.subject) is not null, any_value(k.problem)
from outcomes o join loads using (load) left join known k on k.subject = o.subject
where command in ('run', 'accept') group by o.subject
"""

APPEND = """
insert into held
select d.indicator, d.date, d.value, d.known_at, d.public_at, $load, m.origin
from different d
join (select n.said, o.origin from said n join origins o using (status, credit, basis, note)
      where o.source = $source) m using (said)
"""

# A warehouse from before there were origins becomes one with them.
RENEW = """
alter table vintages rename to vintages_before;
insert into origins
select row_number() over (order by source, status, credit, basis, note), *
from (select distinct source, status, credit, basis, note from vintages_before);
insert into held
select v.indicator, v.date, v.value, v.known_at, v.public_at, v.load, o.origin
from vintages_before v join origins o using (source, status, credit, basis, note);
drop table vintages_before;
"""


@dataclass(frozen=True, slots=True)
class Appended:
    """How many observations were new and how many replaced an older value of their date."""

    new: int = 0
    revised: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run did for one subject: an indicator, or a file that several share.

    A `problem` kept something from being stored, or needs a person's word; a `notice` is only to be
    known. `attempts` are
    the sources that were asked, each with its own problem, if any.
    """

    subject: str
    source: str = ""
    new: int = 0
    revised: int = 0
    newest: date | None = None
    problem: str = ""
    notice: str = ""
    attempts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer that is kept apart from the data, since when, and why.

    `may_be_taken` if a person can take it as it is: it only rewrites history.
    """

    indicator: str
    source: str
    since: datetime
    sentence: str
    may_be_taken: bool


@dataclass(frozen=True, slots=True)
class Revision:
    """A value that its source has replaced."""

    indicator: str
    date: date
    source: str
    before: float
    after: float
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """One archived answer as a load has read it."""

    load: int
    known_at: datetime
    source: str
    indicator: str
    digest: str


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the one lock of all writers; a Locked error says who has it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = open(path, "a+", encoding="ascii")  # noqa: SIM115 - held over the block
    except OSError as error:
        raise StorageError(_cannot_write(path.parent, error)) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            raise Locked(
                f"Another run (process {holder}) is writing to {path.parent}; "
                "wait until it has ended, then run again."
            ) from None
        try:
            os.ftruncate(handle.fileno(), 0)
            os.write(handle.fileno(), str(os.getpid()).encode())
        except OSError as error:
            raise StorageError(_cannot_write(path, error)) from None
        yield


@contextmanager
def opened(path: Path, *, read_only: bool = False) -> Iterator[Warehouse]:
    """The warehouse at `path`, closed and checkpointed afterwards."""
    is_new = not path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(str(path), read_only=read_only, config=LIMITS)
    except (duckdb.Error, OSError) as error:
        if is_new and not read_only:
            path.unlink(missing_ok=True)  # half a header would stop every later run
        raise StorageError(_cannot_write(path, error)) from None
    try:
        warehouse = Warehouse(connection)
        if not read_only:
            _prepare(connection)
        yield warehouse
        if not read_only:
            connection.execute("checkpoint")
    except duckdb.Error as error:
        raise StorageError(_cannot_write(path, error)) from None
    finally:
        connection.close()


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Every table, view and macro of a warehouse, whatever it holds already."""
    connection.execute("begin")
    connection.execute(SCHEMA)
    query = "select count(*) from duckdb_tables() where table_name = 'vintages'"
    if connection.execute(query).fetchall() != [(0,)]:
        connection.execute(RENEW)
    for statement in (VINTAGES, *SERVED_MACROS):
        connection.execute(statement)
    connection.execute("commit")


class Warehouse:
    """The vintages on one DuckDB connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written in the block, or nothing of it."""
        self.connection.execute("begin")
        try:
            yield
        except BaseException:
            with suppress(duckdb.Error):  # what failed is what must be heard of
                self.connection.execute("rollback")
            raise
        self.connection.execute("commit")

    def begin_load(self, command: str, started_at: datetime, known_at: datetime) -> int:
        """The number of a new load."""
        query = "select coalesce(max(load), 0) + 1 from loads"
        number = int(self._one(query))
        self.connection.execute(
            "insert into loads values (?, ?, ?, ?, null)",
            [number, command, _naive(started_at), _naive(known_at)],
        )
        return number

    def finish_load(self, load: int, finished_at: datetime, outcomes: Sequence[Outcome]) -> None:
        """Keep what the load did; its outcomes replace those of earlier loads in `status`."""
        self.connection.execute(
            "insert into outcomes select $load, unnest($subjects), unnest($sources), "
            "unnest($added), unnest($revised), unnest($newest)::date, unnest($problems), "
            "unnest($notices)",
            {
                "load": load,
                "subjects": [o.subject for o in outcomes],
                "sources": [o.source for o in outcomes],
                "added": [o.new for o in outcomes],
                "revised": [o.revised for o in outcomes],
                "newest": [o.newest for o in outcomes],
                "problems": [o.problem for o in outcomes],
                "notices": [o.notice for o in outcomes],
            },
        )
        attempts = [(o.subject, *attempt) for o in outcomes for attempt in o.attempts]
        self.connection.execute(
            "insert into attempts select $load, unnest($subjects), unnest($sources), "
            "unnest($problems)",
            {
                "load": load,
                "subjects": [subject for subject, _, _ in attempts],
                "sources": [source for _, source, _ in attempts],
                "problems": [problem for _, _, problem in attempts],
            },
        )
        self.connection.execute(
            "update loads set finished_at = ? where load = ?", [_naive(finished_at), load]
        )

    def holds(self, indicator: str, source: str) -> bool:
        """Whether anything that the source said of the indicator is held."""
        query = (
            "select count(*) from (select 1 from vintages where indicator = ? and source = ? "
            "and status <> ? limit 1)"
        )
        return bool(self._one(query, [indicator, source, CORRECTED]))

    def indicators_of(self, source: str) -> set[str]:
        """The indicators of which any vintage from the source is held."""
        query = "select distinct indicator from vintages where source = ?"
        return {row[0] for row in self.connection.execute(query, [source]).fetchall()}

    def note_answer(self, load: int, source: str, indicator: str, digest: str) -> None:
        """Note which archived answer a load has read."""
        self.connection.execute(
            "insert into answers values (?, ?, ?, ?)", [load, source, indicator, digest]
        )

    def hold(self, answer: Answer, sentence: str) -> None:
        """Hold an answer back; the same bytes wait only once."""
        self._release("quarantine", "released_load", answer.indicator, answer.source, answer.load)
        waiting = self.waiting(answer.indicator)
        if not any((w.source, w.digest) == (answer.source, answer.digest) for w in waiting):
            self.connection.execute(
                "insert into holds values (?, ?, ?, ?, ?, null)",
                [answer.load, answer.source, answer.indicator, answer.digest, sentence],
            )

    def waiting(self, indicator: str) -> list[Answer]:
        """The answers of an indicator that are held back, oldest first."""
        rows = self.connection.execute(
            "select h.load, l.known_at, h.source, h.indicator, h.digest "
            "from holds h join loads l using (load) "
            "where h.indicator = ? and h.accepted_load is null order by h.load",
            [indicator],
        ).fetchall()
        return [Answer(r[0], r[1].replace(tzinfo=UTC), r[2], r[3], r[4]) for r in rows]

    def quarantine(self, answer: Answer, sentence: str) -> None:
        """Keep an answer apart that breaks what is expected; the newest of a source stands."""
        self._release("quarantine", "released_load", answer.indicator, answer.source, answer.load)
        self.connection.execute(
            "insert into quarantine values (?, ?, ?, ?, ?, null)",
            [answer.load, answer.source, answer.indicator, answer.digest, sentence],
        )

    def release(self, indicator: str, source: str, load: int) -> None:
        """What was kept apart of a source is so no more: a person took it, or it was overtaken."""
        self._release("holds", "accepted_load", indicator, source, load)
        self._release("quarantine", "released_load", indicator, source, load)

    def _release(self, table: str, column: str, indicator: str, source: str, load: int) -> None:
        self.connection.execute(
            f"update {table} set {column} = ? "
            f"where indicator = ? and source = ? and {column} is null",
            [load, indicator, source],
        )

    def refused(self) -> list[Refused]:
        """Every answer that is kept apart, oldest first."""
        rows = self.connection.execute(REFUSED).fetchall()
        return [Refused(r[0], r[1], r[2].replace(tzinfo=UTC), r[3], r[4]) for r in rows]

    def revisions(self, since: datetime, most: int = 1000) -> list[Revision]:
        """The fetched values that were replaced since a moment, newest first."""
        rows = self.connection.execute(REVISIONS, {"since": _naive(since), "most": most}).fetchall()
        return [Revision(r[0], r[1], r[2], r[3], r[4], r[5].replace(tzinfo=UTC)) for r in rows]

    def keep_actions(
        self, indicator: str, source: str, found: Sequence[Action], *, load: int, known_at: datetime
    ) -> None:
        """Add the splits and dividends that are not held, or are held with another value."""
        held = {(a.date, a.kind): a.value for a in self.actions(indicator)}
        new = [a for a in found if held.get((a.date, a.kind)) != a.value]
        if new:
            self.connection.executemany(
                "insert into actions values (?, ?, ?, ?, ?, ?, ?)",
                [[indicator, a.date, a.kind, a.value, source, _naive(known_at), load] for a in new],
            )

    def actions(self, indicator: str) -> list[Action]:
        """The splits and dividends of an indicator as last told, in the order of dates."""
        return self.all_actions().get(indicator, [])

    def all_actions(self) -> dict[str, list[Action]]:
        """The splits and dividends of every indicator that has any."""
        rows = self.connection.execute(
            "select indicator, date, kind, arg_max(value, load) from actions "
            "group by all order by indicator, date, kind"
        ).fetchall()
        found: dict[str, list[Action]] = {}
        for indicator, *action in rows:
            found.setdefault(indicator, []).append(Action(*action))
        return found

    def held_values(self, indicator: str, source: str, public_by: datetime) -> dict[date, float]:
        """The newest value that a source is held to have said for each date public by a moment."""
        rows = self.connection.execute(
            "select date, arg_max(value, (known_at, load)) from vintages "
            "where indicator = ? and source = ? and public_at <= ? group by date",
            [indicator, source, _naive(public_by)],
        ).fetchall()
        return dict(rows)

    def answers(self, sources: Sequence[str]) -> list[Answer]:
        """Every answer read from the sources, in the order of loads."""
        rows = self.connection.execute(
            "select a.load, l.known_at, a.source, a.indicator, a.digest "
            "from answers a join loads l using (load) where list_contains($sources, a.source) "
            "order by a.load, a.source, a.indicator",
            {"sources": list(sources)},
        ).fetchall()
        return [Answer(r[0], r[1].replace(tzinfo=UTC), r[2], r[3], r[4]) for r in rows]

    def needed_answers(self, since: datetime) -> set[tuple[str, str, str]]:
        """Source, indicator and digest of the answers that were read since a moment, of the newest
        ones of all, and of those that are kept apart."""
        return set(self.connection.execute(NEEDED_ANSWERS, [_naive(since)]).fetchall())

    def forget(self, source: str, since: int = 0) -> None:
        """Remove all that a source brought since a load: only to build it again from the archive.
        What a person put in its place is not the source's, and stays."""
        self.connection.execute(
            "delete from held where load >= ? and origin in "
            "(select origin from origins where source = ? and status <> ?)",
            [since, source, CORRECTED],
        )
        self.connection.execute(
            "delete from actions where source = ? and load >= ?", [source, since]
        )

    def digest(self, source: str) -> tuple[int, int]:
        """How many vintages a source has, and a number that changes with any of them."""
        query = (
            "select count(*), coalesce(sum(hash(indicator, date, value, known_at, public_at, "
            "status, credit, basis, note)::hugeint), 0) from vintages where source = ?"
        )
        count, total = self.connection.execute(query, [source]).fetchall()[0]
        return int(count), int(total)

    def newest(self, indicator: str, source: str) -> date | None:
        """The newest date held of the indicator from the source."""
        query = "select max(date) from vintages where indicator = ? and source = ?"
        found: date | None = self._one(query, [indicator, source])
        return found

    def append(
        self,
        indicator: str,
        source: str,
        observations: Sequence[Observation],
        *,
        load: int,
        known_at: datetime,
        exactly: bool = False,
        precision: float = 0.0,
    ) -> Appended:
        """Add what differs from the newest vintages held by `known_at`.

        Every observation must say when it was public. The first load of a series is honest about
        its past: a value is known from the day it was public. Later ones are known at `known_at`,
        as are all when `exactly` is set. What differs by no more than `precision`, a share of the
        value, is the same value.
        """
        first = not exactly and not self.holds(indicator, source)
        rows = list(observations) if first else _newest_of_each_date(observations)
        if not rows:
            return Appended()
        self._stage(indicator, rows, STATUS_OF_SOURCE.get(source, "fetched"), known_at, first)
        span = (indicator, indicator)
        added = self.append_staged(source, load=load, span=span, precision=precision)
        return added.get(indicator, Appended())

    def append_staged(
        self, source: str, *, load: int, span: tuple[str, str], precision: float = 0.0
    ) -> Mapping[str, Appended]:
        """Append what differs of the temporary tables `staged` and `said`, which hold only
        indicators of the span: for each that has anything new, how much."""
        names = {"source": source, "first": span[0], "last": span[1]}
        self.connection.execute(DIFFERENT, {**names, "precision": precision})
        counts = self.connection.execute(COUNT).fetchall()
        if counts:
            self.connection.execute(NEW_ORIGINS, {"source": source})
            self.connection.execute(APPEND, {"source": source, "load": load})
        return {name: Appended(new, revised) for name, new, revised in counts}

    def stage_said(self, said: Sequence[tuple[str, str, str, str]]) -> None:
        """Number what staged rows say alike: status, credit, basis and note."""
        status, credit, basis, note = (list(c) for c in zip(*said, strict=True))
        self.connection.execute(
            SAY,
            {"said": [*range(len(said))], "status": status, "credit": credit, "basis": basis,
             "note": note},
        )  # fmt: skip

    def _stage(
        self,
        indicator: str,
        rows: Sequence[Observation],
        status: str,
        known_at: datetime,
        first: bool,
    ) -> None:
        public = [_naive(row.public_at or known_at) for row in rows]
        now = _naive(known_at)
        said: dict[tuple[str, str, str, str], int] = {}
        said_of = [
            said.setdefault((_status(row, status), row.credit, row.basis, row.note), len(said))
            for row in rows
        ]
        # The first load knows each value from the day it was public, or was corrected.
        since = [
            max(p, _naive(row.corrected_at or EVER)) for p, row in zip(public, rows, strict=True)
        ]
        self.stage_said(list(said))
        first_of = {row.date: place for place, row in reversed([*enumerate(rows)])}
        self.connection.execute(
            STAGE,
            {
                "indicator": indicator,
                "dates": [row.date for row in rows],
                "values": [row.value for row in rows],
                "public": public,
                "known": [min(moment, now) for moment in since] if first else [now] * len(rows),
                "said_of": said_of,
                "fresh": [first_of[row.date] == place for place, row in enumerate(rows)],
            },
        )

    def vintages(self, indicator: str, as_of: datetime) -> list[tuple[Vintage, datetime]]:
        """Every vintage of every source known by a moment, each with the moment it was public."""
        rows = self.connection.execute(
            "select date, value, source, known_at, status, credit, basis, note, public_at "
            "from vintages where indicator = ? and known_at <= ? order by date, known_at, load",
            [indicator, _naive(as_of)],
        ).fetchall()
        return [_vintage(row) for row in rows]

    def told(
        self, indicator: str, source: str, day: date, as_of: datetime
    ) -> list[tuple[Vintage, datetime]]:
        """Every vintage of one date from one source known by a moment, oldest first."""
        rows = self.connection.execute(
            "select date, value, source, known_at, status, credit, basis, note, public_at "
            "from vintages where indicator = ? and source = ? and date = ? and known_at <= ? "
            "order by known_at, load",
            [indicator, source, day, _naive(as_of)],
        ).fetchall()
        return [_vintage(row) for row in rows]

    def corrected(self) -> list[tuple[str, str, date]]:
        """Indicator, source and date of every value that was ever corrected."""
        query = (
            "select distinct indicator, source, date from vintages where status = ? order by all"
        )
        return self.connection.execute(query, [CORRECTED]).fetchall()

    def dates(self, indicator: str, source: str) -> set[date]:
        """The dates held of the indicator from the source."""
        query = "select distinct date from vintages where indicator = ? and source = ?"
        return {row[0] for row in self.connection.execute(query, [indicator, source]).fetchall()}

    def prefer(self, ranks: Iterable[tuple[str, str, int]]) -> None:
        """Set the order of preference: indicator, source, rank from 0."""
        rows = list(ranks)
        self.connection.execute("delete from ranks")
        self.connection.execute(
            "insert into ranks select unnest($indicators), unnest($sources), unnest($ranks)",
            {
                "indicators": [indicator for indicator, _, _ in rows],
                "sources": [source for _, source, _ in rows],
                "ranks": [rank for _, _, rank in rows],
            },
        )

    def series(self, indicator: str, as_of: datetime) -> list[tuple[Vintage, datetime]]:
        """What is served as of a moment, each vintage with the moment it was public."""
        rows = self.connection.execute(
            "select date, value, source, known_at, status, credit, basis, note, public_at "
            "from served(?, ?)",
            [indicator, _naive(as_of)],
        ).fetchall()
        return [_vintage(row) for row in rows]

    def newest_served(self, as_of: datetime, indicator: str | None = None) -> dict[str, Vintage]:
        """The newest observation served as of a moment: of one indicator, or of each that has
        any."""
        rows = self.connection.execute(
            "select indicator, date, value, source, known_at, status, credit, basis, note, "
            f"public_at from ({NEWEST_SERVED})",
            {"moment": _naive(as_of), "id": indicator},
        ).fetchall()
        return {row[0]: _vintage(row[1:])[0] for row in rows}

    def keep_text(
        self, kind: str, key: str, document: str, *, known_at: datetime, load: int
    ) -> bool:
        """Keep a text if it differs from the newest of its key; older texts stay."""
        if self.texts(kind).get(key) == document:
            return False
        self.connection.execute(
            "insert into texts values (?, ?, ?, ?, ?)",
            [kind, key, document, _naive(known_at), load],
        )
        return True

    def texts(self, kind: str) -> dict[str, str]:
        """The newest text of each key."""
        query = "select key, arg_max(document, load) from texts where kind = ? group by key"
        return dict(self.connection.execute(query, [kind]).fetchall())

    def first_texts(self, kinds: Sequence[str]) -> list[tuple[str, str, str, datetime]]:
        """Kind, key, newest text and the moment it was first known, in the order they came."""
        rows = self.connection.execute(
            "select kind, key, arg_max(document, load), min(known_at) from texts "
            "where list_contains($kinds, kind) group by kind, key order by min(load), kind, key",
            {"kinds": list(kinds)},
        ).fetchall()
        return [(kind, key, text, known.replace(tzinfo=UTC)) for kind, key, text, known in rows]

    def forget_texts(self, kind: str, since: int = 0) -> None:
        """Remove every text of a kind since a load: only to build it again from the archive."""
        self.connection.execute("delete from texts where kind = ? and load >= ?", [kind, since])

    def digest_texts(self, kind: str) -> tuple[int, int]:
        """How many texts of a kind are held, and a number that changes with any of them."""
        query = (
            "select count(*), coalesce(sum(hash(key, document, known_at)::hugeint), 0) "
            "from texts where kind = ?"
        )
        count, total = self.connection.execute(query, [kind]).fetchall()[0]
        return int(count), int(total)

    def last_outcomes(self) -> dict[str, Outcome]:
        """For each subject what the newest run that touched it did.

        What a source last failed at is its problem until it is asked again.
        """
        rows = self.connection.execute(LAST_OUTCOMES).fetchall()
        return {
            subject: Outcome(
                subject, o["s"], o["a"], o["r"], o["n"],
                (problem or "") if was_attempted else o["p"], o["i"] or "",
            )
            for subject, o, was_attempted, problem in rows
        }  # fmt: skip

    def rows(self) -> int:
        """How many vintages are held."""
        return int(self._one("select count(*) from held"))

    def _one(self, query: str, parameters: Sequence[Any] = ()) -> Any:
        return self.connection.execute(query, list(parameters)).fetchall()[0][0]


def spans(indicators: Iterable[str]) -> list[tuple[str, str]]:
    """The first and last of each so many indicators, in the order of their names."""
    names = sorted(indicators)
    parts = [names[at : at + AT_ONCE] for at in range(0, len(names), AT_ONCE)]
    return [(part[0], part[-1]) for part in parts]


def _newest_of_each_date(observations: Iterable[Observation]) -> list[Observation]:
    """Of several values for one date, the one that was public last."""
    newest: dict[date, Observation] = {}
    for row in observations:
        held = newest.get(row.date)
        if held is None or (row.public_at or EVER) >= (held.public_at or EVER):
            newest[row.date] = row
    return list(newest.values())


def _status(row: Observation, status: str) -> str:
    """How an observation came to be held; what a person corrected is disputed no more."""
    if row.corrected_at is not None:
        return CORRECTED
    return "disputed" if row.disputed else status


def _vintage(row: Sequence[Any]) -> tuple[Vintage, datetime]:
    day, value, source, known_at, status, credit, basis, note, public_at = row
    known = known_at.replace(tzinfo=UTC)
    return Vintage(day, value, source, known, status, credit, basis, note), public_at.replace(
        tzinfo=UTC
    )


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _cannot_write(path: Path, error: Exception) -> str:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return (
        f"{path}: cannot be used ({reason}). Check free space and permissions, or set "
        "XINZHI_DATA to another folder; what was held before is unchanged."
    )
