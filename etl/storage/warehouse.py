"""The append-only truth: every vintage of every observation, and the only SQL that writes it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from etl.catalog import STATUS_OF_SOURCE
from etl.corrections import CORRECTED
from etl.database import connect
from etl.errors import Locked, StorageError
from etl.records import Action, Exchange, HeldAnswer, Observation, Revision, Vintage
from etl.settings import Settings
from etl.storage.schema import FOREVER, define, prepare, served_sql

# How much memory DuckDB may use; what does not fit is spilled next to the database file.
LIMITS: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "600MB"}

#: Before anything was known, and after all that will be.
EVER = datetime.min.replace(tzinfo=UTC)
LAST = datetime(9999, 12, 31, tzinfo=UTC)

#: A row to be appended: its indicator, whether nothing is held of it from the source, the value.
StagedRow = tuple[str, bool, Observation]

#: How many indicators are processed at a time when the rows of all would not fit into memory.
AT_ONCE = 500

#: How many days of exchanges are kept.
EXCHANGES_DAYS = 180

# What is served of the newest date of each indicator, or of one, without the dates before.
NEWEST_SERVED = (
    "with newest as (select indicator, max(date) as date from vintages "
    "where ($id is null or indicator = $id) group by indicator) "
    "select * from ("
    + served_sql(
        indicators="($id is null or indicator = $id)",
        vintages="($id is null or v.indicator = $id) and exists (select 1 from newest as n "
        "where n.indicator = v.indicator and n.date = v.date)",
        moment=FOREVER,
    )
    + ")"
)

# What is to be appended. `said` numbers what rows say alike; `fresh` marks the first row of a date.
SAY = """
create or replace temp table said as
select unnest($said) as said, unnest($status) as status, unnest($credit) as credit,
       unnest($basis) as basis, unnest($note) as note
"""
# `known_at` is the moment by which a row differs or not; a value of a new date is known from
# `first_at`, one in the place of another from `again_at`: from the day it was public, or was
# corrected, where nothing was held before or the source says so; what was sent is public.
STAGE = """
create or replace temp table staged as
with told as (
  select unnest($indicators) as indicator, unnest($firsts) as first,
         unnest($dates) as date, unnest($values) as value,
         least(unnest($public)::timestamp, $now) as public_at,
         unnest($corrected)::timestamp as corrected_at, unnest($stated) as stated,
         unnest($said_of) as said, unnest($fresh) as fresh),
known as (
  select *, least(greatest(public_at, coalesce(corrected_at, public_at)), $now) as since from told)
select indicator, date, value, public_at,
       case when first then since else $now end as known_at,
       case when $exactly then $now else since end as first_at,
       case when first or stated and not $exactly then since else $now end as again_at,
       said, fresh
from known
"""

# What differs from the newest vintage that was known by then. The bounds let DuckDB skip what
# is held of other indicators; the newest is found by one number, because a pair takes far longer.
DIFFERENT = """
create or replace temp table different as
with last as (
  select s.rowid as place,
         arg_max(h.value, epoch_us(h.known_at)::hugeint * 4294967296 + h.load) as value,
         arg_max(h.origin, epoch_us(h.known_at)::hugeint * 4294967296 + h.load) as origin,
         max(h.known_at) as known_at
  from staged as s
  join held as h on h.indicator = s.indicator and h.date = s.date and h.known_at <= s.known_at
  where h.indicator between $first and $last
    and h.origin in (select origin from origins where source = $source)
  group by s.rowid)
select s.* exclude (known_at, first_at, again_at), l.value is not null as revision,
       case when l.value is null then s.first_at else greatest(s.again_at, l.known_at) end
         as known_at
from staged as s
join said as n using (said)
left join last as l on l.place = s.rowid
left join origins as o on o.origin = l.origin
where l.value is null
   or abs(s.value - l.value) > $precision * abs(l.value)
   or (o.basis, o.status) is distinct from (n.basis, n.status)
"""
COUNT = """
select indicator, count(*) filter (where fresh and not revision),
       count(*) filter (where revision)
from different group by indicator
"""

# An order that differs from the one in force is in force from the load on.
PREFER = """
insert into ranks
with told as (
  select unnest($indicators) as indicator, unnest($sources) as source, unnest($ranks) as rank),
newest as (select indicator, max(since) as since from ranks group by indicator),
in_force as (
  select indicator, list(source order by rank) as sources
  from ranks join newest using (indicator, since) group by indicator),
wanted as (select indicator, list(source order by rank) as sources from told group by indicator),
changed as (
  select w.indicator from wanted as w left join in_force as f using (indicator)
  where w.sources is distinct from f.sources)
select t.indicator, t.source, t.rank, l.loaded_at
from told as t join loads as l on l.load = $load
where t.indicator in (select indicator from changed)
order by t.indicator, t.rank
"""

#: Where an indicator's name stands.
NAMED = (
    ("held", "indicator"), ("ranks", "indicator"), ("first_loads", "indicator"),
    ("outcomes", "subject"), ("attempts", "subject"), ("answers", "indicator"),
    ("holds", "indicator"), ("quarantine", "indicator"), ("actions", "indicator"),
)  # fmt: skip
# Of two orders since one moment that of the new name stays.
RENAME_ORDERS = """
delete from ranks
where indicator = $old and since in (select since from ranks where indicator = $new)
"""

# The newest moment from which anything counts as held, in force or named.
#: By how much the clock of a machine may be ahead of another's and still be believed.
CLOCKS_APART = timedelta(minutes=15)
LATEST = """
select greatest(
  (select max(loaded_at) from loads where load in (select distinct load from held)),
  (select max(since) from ranks), (select max(since) from renames))
"""

NEW_ORIGINS = """
insert into origins
select (select coalesce(max(origin), 0) from origins)
       + row_number() over (order by status, credit, basis, note), n.*
from (select distinct $source as source, status, credit, basis, note
      from said where said in (select said from different)) as n
     anti join origins as o using (source, status, credit, basis, note)
"""

# Both kinds of answers that wait apart: those a person may take, and those nobody can.
REFUSED = """
select indicator, source, started_at, sentence, may_be_taken from (
  select load, indicator, source, sentence, true as may_be_taken from holds
  where accepted_load is null
  union all
  select load, indicator, source, sentence, false as may_be_taken from quarantine
  where released_load is null)
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
         lag(value) over (partition by indicator, source, date order by known_at, load) as before
  from vintages join touched using (indicator, source, date))
select indicator, date, source, before, value, known_at from told
where before is not null and before <> value and known_at >= $since
order by known_at desc, indicator, date limit $most
"""

LAST_OUTCOMES = """
with told as (
  select subject, source, arg_max(problem, load) as problem from attempts group by subject, source),
known as (
  select subject, string_agg(distinct problem, ' ') filter (where problem <> '') as problem
  from told group by subject)
select o.subject,
       arg_max(struct_pack(s := o.source, a := added, r := revised, n := newest,
               p := o.problem, i := notice), load),
       any_value(k.subject) is not null, any_value(k.problem)
from outcomes as o join loads using (load) left join known as k on k.subject = o.subject
where command in ('run', 'accept') group by o.subject
"""

# What was asked in each of the newest runs it was asked in, and had nothing good to say in any.
SILENT = """
with asked as (
  select source, bool_or(problem = '') as answered,
         row_number() over (partition by source order by load desc) as age
  from attempts join loads using (load) where command = 'run' group by source, load)
select source from asked where age <= $runs
group by source having count(*) = $runs and not bool_or(answered)
"""

# The first load of an indicator is where what is held of it begins.
BEGIN = """
insert into first_loads
select d.indicator, l.load, l.loaded_at
from (select distinct indicator from different) as d
join loads as l on l.load = $load
where d.indicator not in (select indicator from first_loads)
order by d.indicator
"""
APPEND = """
insert into held
select d.indicator, d.date, d.value, d.known_at, d.public_at, $load, m.origin,
       case when f.load = $load then d.known_at else greatest(d.known_at, l.loaded_at) end
from different as d
join (select n.said, o.origin from said as n join origins as o using (status, credit, basis, note)
      where o.source = $source) as m using (said)
join first_loads as f on f.indicator = d.indicator
join loads as l on l.load = $load
"""


@dataclass(frozen=True, slots=True)
class Appended:
    """How many observations were new, and how many replaced an older value for their date."""

    new: int = 0
    revised: int = 0

    def __add__(self, other: Appended) -> Appended:
        return Appended(self.new + other.new, self.revised + other.revised)

    def __bool__(self) -> bool:
        return bool(self.new or self.revised)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run did for one subject: an indicator, or a file that several share.

    A `problem` prevented something from being stored, or needs a decision; a `notice` is only for
    information. `attempts` are the sources that were asked, each with its problem, if any.
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
class Answer:
    """One archived answer as read by a load; `fetched_at` if a person accepted it later than it
    came."""

    load: int
    known_at: datetime
    source: str
    indicator: str
    digest: str
    fetched_at: datetime | None = None

    @property
    def asked_at(self) -> datetime:
        """When it came: a session running at that moment gets no close from it."""
        return self.fetched_at or self.known_at


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the one lock of all writers; a Locked error says who has it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = open(path, "a+", encoding="ascii")  # noqa: SIM115 - held over the block
    except OSError as error:
        raise StorageError(cannot_use(path.parent, error)) from None
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
            raise StorageError(cannot_use(path, error)) from None
        yield


@contextmanager
def writing(settings: Settings) -> Iterator[None]:
    """Hold the one lock of all writers: of this machine's folder, and with a lake also of all
    machines; a Locked error says who has it."""
    with lock(settings.lock), _lock_of_all(settings):
        yield


@contextmanager
def _lock_of_all(settings: Settings) -> Iterator[None]:
    if settings.lake is None:
        yield
        return
    from etl.storage.postgres import advisory_lock

    with advisory_lock(settings.lake.catalog, "run"):
        yield


def place_of(settings: Settings) -> str:
    """Where the warehouse is, as sentences name it."""
    return settings.lake.catalog.shown if settings.lake else str(settings.warehouse)


def is_there(settings: Settings) -> bool:
    """Whether there is a warehouse; a StorageError in words where a lake cannot be asked."""
    if settings.lake is None:
        return settings.warehouse.exists()
    from etl.storage import lake

    return bool(lake.tables_of(settings.lake))


@contextmanager
def warehouse_of(settings: Settings, *, read_only: bool = False) -> Iterator[Warehouse]:
    """The warehouse of the settings, a file or a lake, left in order and closed afterwards."""
    if settings.lake is None:
        with opened(settings.warehouse, read_only=read_only) as held:
            yield held
        return
    from etl.storage import lake

    with lake.opened(lake.placed(settings), LIMITS, read_only=read_only) as (
        connection,
        still_held,
    ):
        if read_only:
            define(connection, kept=False)
        else:
            # Kept in the lake they would be written anew by every run.
            prepare(connection, place_of(settings), kept=False)
        yield Warehouse(connection, still_held)
        if not read_only:
            lake.tidy(connection, settings.lake)


@contextmanager
def opened(path: Path, *, read_only: bool = False) -> Iterator[Warehouse]:
    """The warehouse at `path`, checkpointed and closed afterwards."""
    is_new = not path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = connect(path, read_only=read_only, config=LIMITS)
    except (duckdb.Error, OSError) as error:
        if is_new and not read_only:
            path.unlink(missing_ok=True)  # half a header would stop every later run
        raise StorageError(cannot_use(path, error)) from None
    try:
        warehouse = Warehouse(connection)
        if not read_only:
            prepare(connection, path)
        yield warehouse
        if not read_only:
            connection.execute("checkpoint")
    except duckdb.Error as error:
        raise StorageError(cannot_use(path, error)) from None
    finally:
        connection.close()


class Warehouse:
    """The vintages on one DuckDB connection, whatever keeps them. `still_ours` tells whether no
    other machine can be writing by now."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, still_ours: Callable[[], bool] = lambda: True
    ) -> None:
        self.connection, self._still_ours = connection, still_ours

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything written in the block, or nothing."""
        self.connection.execute("begin")
        try:
            yield
            self._refuse_if_lost()
        except BaseException:
            with suppress(duckdb.Error):  # what failed is what must be heard of
                self.connection.execute("rollback")
            raise
        self.connection.execute("commit")

    def not_before_others(self, moment: datetime) -> datetime:
        """A moment of this machine's clock, or one just after the last load began, where another
        machine's clock is ahead of it: what is written later must count as known later."""
        told: datetime | None = self._one("select max(started_at) from loads")
        last = told.replace(tzinfo=UTC) if told else moment
        is_near = moment <= last <= moment + CLOCKS_APART
        return last + timedelta(microseconds=1) if is_near and told else moment

    def begin_load(self, command: str, started_at: datetime, known_at: datetime) -> int:
        """The number of a new load.

        It counts as loaded from the next full minute on, and later than all loads before it, so
        that it does not affect what was served at any earlier minute. If `known_at` differs from
        the start, as in replays, it is used as the clock, as long as it does not run backwards.
        """
        self._refuse_if_lost()
        number = int(self._one("select coalesce(max(load), 0) + 1 from loads"))
        started, known = _naive(started_at), _naive(known_at)
        self.connection.execute(
            "insert into loads values (?, ?, ?, ?, null, ?)",
            [number, command, started, known, _loaded_at(started, known, self._one(LATEST))],
        )
        return number

    def _refuse_if_lost(self) -> None:
        """Two writers would number their loads alike."""
        if not self._still_ours():
            raise Locked(
                "The lock of all writers was lost, and another machine may be writing; what was "
                "not stored yet is left out. Run again."
            )

    def latest(self) -> datetime | None:
        """The newest moment from which anything counts as held, in force or named."""
        found: datetime | None = self._one(LATEST)
        return found.replace(tzinfo=UTC) if found else None

    def keep_exchanges(self, load: int, exchanges: Sequence[Exchange]) -> None:
        """Keep how the hosts answered during a load, and forget what is too old to be told."""
        self.connection.execute(
            "insert into exchanges select $load, unnest($sources), unnest($hosts), unnest($at), "
            "unnest($seconds), unnest($problems)",
            {
                "load": load,
                "sources": [one.source for one in exchanges],
                "hosts": [one.host for one in exchanges],
                "at": [_naive(one.at) for one in exchanges],
                "seconds": [one.seconds for one in exchanges],
                "problems": [one.problem for one in exchanges],
            },
        )
        self.connection.execute(
            "delete from exchanges "
            "where sent_at < (select max(sent_at) from exchanges) - to_days(?)",
            [EXCHANGES_DAYS],
        )

    def finish_load(self, load: int, finished_at: datetime, outcomes: Sequence[Outcome]) -> None:
        """Record the load's outcomes, which replace those of earlier loads in `status`."""
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
        """Whether anything from the source is held for the indicator."""
        query = (
            "select count(*) from (select 1 from vintages where indicator = ? and source = ? "
            "and status <> ? limit 1)"
        )
        return bool(self._one(query, [indicator, source, CORRECTED]))

    def indicators_of(self, source: str) -> set[str]:
        """The indicators with any vintage from the source."""
        query = "select distinct indicator from vintages where source = ?"
        return {row[0] for row in self.connection.execute(query, [source]).fetchall()}

    def note_answer(self, load: int, source: str, indicator: str, digest: str) -> None:
        """Record which archived answer a load has read."""
        self.connection.execute(
            "insert into answers values (?, ?, ?, ?)", [load, source, indicator, digest]
        )

    def hold(self, answer: Answer, sentence: str) -> None:
        """Hold an answer back; identical bytes are held only once."""
        self._release("quarantine", "released_load", answer.indicator, answer.source, answer.load)
        waiting = self.waiting(answer.indicator)
        if not any((w.source, w.digest) == (answer.source, answer.digest) for w in waiting):
            self.connection.execute(
                "insert into holds values (?, ?, ?, ?, ?, null)",
                [answer.load, answer.source, answer.indicator, answer.digest, sentence],
            )

    def waiting(self, indicator: str) -> list[Answer]:
        """The held answers of an indicator, oldest first."""
        rows = self.connection.execute(
            "select h.load, l.known_at, h.source, h.indicator, h.digest "
            "from holds as h join loads as l using (load) "
            "where h.indicator = ? and h.accepted_load is null order by h.load",
            [indicator],
        ).fetchall()
        return [Answer(r[0], r[1].replace(tzinfo=UTC), r[2], r[3], r[4]) for r in rows]

    def quarantine(self, answer: Answer, sentence: str) -> None:
        """Quarantine an answer that violates expectations; only the newest of a source is kept."""
        self._release("quarantine", "released_load", answer.indicator, answer.source, answer.load)
        self.connection.execute(
            "insert into quarantine values (?, ?, ?, ?, ?, null)",
            [answer.load, answer.source, answer.indicator, answer.digest, sentence],
        )

    def release(self, indicator: str, source: str, load: int) -> None:
        """Release the held or quarantined answers of a source: a person accepted them, or they are
        outdated."""
        self._release("holds", "accepted_load", indicator, source, load)
        self._release("quarantine", "released_load", indicator, source, load)

    def _release(self, table: str, column: str, indicator: str, source: str, load: int) -> None:
        self.connection.execute(
            f"update {table} set {column} = ? "
            f"where indicator = ? and source = ? and {column} is null",
            [load, indicator, source],
        )

    def refused(self) -> list[HeldAnswer]:
        """Every held or quarantined answer, oldest first."""
        rows = self.connection.execute(REFUSED).fetchall()
        return [HeldAnswer(r[0], r[1], r[2].replace(tzinfo=UTC), r[3], r[4]) for r in rows]

    def revisions(self, since: datetime, most: int = 1000) -> list[Revision]:
        """The fetched values replaced since a moment, newest first."""
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
        """The splits and dividends of an indicator as last reported, in order of date."""
        rows = self.connection.execute(
            "select date, kind, arg_max(value, load) from actions "
            "where indicator = ? group by all order by date, kind",
            [indicator],
        ).fetchall()
        return [Action(*row) for row in rows]

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
        """The newest value that a source gave for each date that was public by a moment."""
        rows = self.connection.execute(
            "select date, arg_max(value, (known_at, load)) from vintages "
            "where indicator = ? and source = ? and public_at <= ? group by date",
            [indicator, source, _naive(public_by)],
        ).fetchall()
        return dict(rows)

    def answers(self, sources: Sequence[str]) -> list[Answer]:
        """Every answer read from the sources, in the order of loads."""
        rows = self.connection.execute(
            "select a.load, l.known_at, a.source, a.indicator, a.digest, min(f.known_at) "
            "from answers as a join loads as l using (load) "
            "left join holds as h on h.accepted_load = a.load and h.source = a.source "
            "and h.indicator = a.indicator and h.digest = a.digest "
            "left join loads as f on f.load = h.load "
            "where list_contains($sources, a.source) "
            "group by all order by a.load, a.source, a.indicator",
            {"sources": list(sources)},
        ).fetchall()
        return [
            Answer(
                r[0],
                r[1].replace(tzinfo=UTC),
                r[2],
                r[3],
                r[4],
                r[5].replace(tzinfo=UTC) if r[5] else None,
            )
            for r in rows
        ]

    def needed_answers(self, since: datetime) -> set[tuple[str, str, str]]:
        """Source, indicator and digest of the answers read since a moment, of the newest ones of
        all, and of those that are held back or quarantined."""
        return set(self.connection.execute(NEEDED_ANSWERS, [_naive(since)]).fetchall())

    def forget(self, source: str, since: int = 0) -> None:
        """Remove everything a source brought since a load, only to rebuild it from the archive.
        Corrections are not the source's and stay."""
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
        """The newest date held for the indicator from the source."""
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

        Every observation must say when it became public. A value for a date that is new from this
        source is known from the day it became public, at the latest from `known_at`. One that
        replaces another is known from `known_at`, or from when the source says (`is_stated`) that
        it became public. With `exactly`, all are known at `known_at`. Values that differ by no more
        than `precision`, as a share of the value, are equal.
        """
        added = self.append_all(
            {indicator: observations}, source, load=load, known_at=known_at, exactly=exactly,
            precision=precision,
        )  # fmt: skip
        return added.get(indicator, Appended())

    def append_all(
        self,
        series: Mapping[str, Sequence[Observation]],
        source: str,
        *,
        load: int,
        known_at: datetime,
        exactly: bool = False,
        precision: float = 0.0,
    ) -> Mapping[str, Appended]:
        """The same for several indicators of one source at once, which takes the time of one."""
        added: dict[str, Appended] = {}
        for span in spans(series):
            rows = list[StagedRow]()
            for name in sorted(series):
                if span[0] <= name <= span[1]:
                    first = not exactly and not self.holds(name, source)
                    told = series[name] if first else _newest_of_each_date(series[name])
                    rows += ((name, first, row) for row in told)
            if rows:
                self._stage(rows, STATUS_OF_SOURCE.get(source, "fetched"), known_at, exactly)
                added |= self.append_staged(source, load=load, span=span, precision=precision)
        return added

    def append_staged(
        self, source: str, *, load: int, span: tuple[str, str], precision: float = 0.0
    ) -> Mapping[str, Appended]:
        """Append what differs in the temporary tables `staged` and `said`, which hold only
        indicators of the span; how much was new for each indicator that has anything new."""
        names = {"source": source, "first": span[0], "last": span[1]}
        self.connection.execute(DIFFERENT, {**names, "precision": precision})
        counts = self.connection.execute(COUNT).fetchall()
        if counts:
            self.connection.execute(NEW_ORIGINS, {"source": source})
            self.connection.execute(BEGIN, {"load": load})
            self.connection.execute(APPEND, {"source": source, "load": load})
        return {name: Appended(new, revised) for name, new, revised in counts}

    def stage_said(self, said: Sequence[tuple[str, str, str, str]]) -> None:
        """Number the combinations of status, credit, basis and note that staged rows share."""
        status, credit, basis, note = (list(c) for c in zip(*said, strict=True))
        self.connection.execute(
            SAY,
            {"said": [*range(len(said))], "status": status, "credit": credit, "basis": basis,
             "note": note},
        )  # fmt: skip

    def _stage(
        self, staged: Sequence[StagedRow], status: str, known_at: datetime, exactly: bool
    ) -> None:
        names, firsts, rows = (list(column) for column in zip(*staged, strict=True))
        said: dict[tuple[str, str, str, str], int] = {}
        said_of = [
            said.setdefault((_status(row, status), row.credit, row.basis, row.note), len(said))
            for row in rows
        ]
        self.stage_said(list(said))
        dates = [row.date for row in rows]
        days = list(zip(names, dates, strict=True))
        first_of = dict(zip(reversed(days), reversed(range(len(days))), strict=True))
        self.connection.execute(
            STAGE,
            {
                "now": _naive(known_at),
                "exactly": exactly,
                "indicators": names,
                "firsts": firsts,
                "dates": dates,
                "values": [row.value for row in rows],
                "public": [_naive(row.public_at or known_at) for row in rows],
                "corrected": [row.corrected_at and _naive(row.corrected_at) for row in rows],
                "stated": [row.is_stated for row in rows],
                "said_of": said_of,
                "fresh": [first_of[day] == place for place, day in enumerate(days)],
            },
        )

    def vintages(self, indicator: str) -> list[tuple[Vintage, datetime]]:
        """Every vintage of every source, each with the moment it became public."""
        rows = self.connection.execute(
            "select date, value, source, known_at, status, credit, basis, note, public_at "
            "from vintages where indicator = ? order by date, known_at, load",
            [indicator],
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

    def dates(self, indicator: str, source: str | None = None) -> set[date]:
        """The dates held for the indicator from the source, or from any."""
        query = (
            "select distinct date from vintages "
            "where indicator = $indicator and source = coalesce($source, source)"
        )
        names = {"indicator": indicator, "source": source}
        return {row[0] for row in self.connection.execute(query, names).fetchall()}

    def prefer(self, ranks: Iterable[tuple[str, str, int]], *, load: int) -> None:
        """Set the order of preference (indicator, source, rank from 0) from a load on; an order
        already in force stays as it is."""
        rows = list(ranks)
        self.connection.execute(
            PREFER,
            {
                "indicators": [indicator for indicator, _, _ in rows],
                "sources": [source for _, source, _ in rows],
                "ranks": [rank for _, _, rank in rows],
                "load": load,
            },
        )

    def series(self, indicator: str, as_of: datetime = LAST) -> list[tuple[Vintage, datetime]]:
        """What is served now, or as of a moment, each vintage with the moment it became public."""
        rows = self.connection.execute(
            "select date, value, source, known_at, status, credit, basis, note, public_at "
            "from served(?, ?)",
            [indicator, _naive(as_of)],
        ).fetchall()
        return [_vintage(row) for row in rows]

    def newest_served(self, indicator: str | None = None) -> dict[str, Vintage]:
        """The newest observation served: for one indicator, or for each that has any."""
        rows = self.connection.execute(
            "select indicator, date, value, source, known_at, status, credit, basis, note, "
            f"public_at from ({NEWEST_SERVED})",
            {"id": indicator},
        ).fetchall()
        return {row[0]: _vintage(row[1:])[0] for row in rows}

    def rename(self, old: str, new: str, *, load: int) -> bool:
        """Move everything held under `old` to `new`, so named from a load on; whether there was
        anything. If both names hold values, they become one history."""
        for table, column in NAMED:
            query = f"select count(*) from (select 1 from {table} where {column} = ? limit 1)"
            if self._one(query, [old]):
                break
        else:
            return False
        begun = self.connection.execute(
            "select load, loaded_at from first_loads where indicator in (?, ?) "
            "order by loaded_at, load limit 1",
            [old, new],
        ).fetchall()
        self.connection.execute("delete from first_loads where indicator in (?, ?)", [old, new])
        for first in begun:
            self.connection.execute("insert into first_loads values (?, ?, ?)", [new, *first])
        self.connection.execute(RENAME_ORDERS, {"old": old, "new": new})
        for table, column in NAMED:
            self.connection.execute(
                f"update {table} set {column} = ? where {column} = ?", [new, old]
            )
        self.connection.execute(
            "insert into renames select ?, ?, loaded_at from loads where load = ?",
            [old, new, load],
        )
        return True

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
        """Kind, key, newest text and the moment it was first known, in order of arrival."""
        rows = self.connection.execute(
            "select kind, key, arg_max(document, load), min(known_at) from texts "
            "where list_contains($kinds, kind) group by kind, key order by min(load), kind, key",
            {"kinds": list(kinds)},
        ).fetchall()
        return [(kind, key, text, known.replace(tzinfo=UTC)) for kind, key, text, known in rows]

    def forget_texts(self, kind: str, since: int = 0) -> None:
        """Remove every text of a kind since a load, only to rebuild it from the archive."""
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
        """For each subject, what the newest run that touched it did.

        A source's last failure remains its problem until it is asked again.
        """
        rows = self.connection.execute(LAST_OUTCOMES).fetchall()
        return {
            subject: Outcome(
                subject, o["s"], o["a"], o["r"], o["n"],
                (problem or "") if was_attempted else o["p"], o["i"] or "",
            )
            for subject, o, was_attempted, problem in rows
        }  # fmt: skip

    def silent(self, runs: int) -> frozenset[str]:
        """The sources that failed for every subject in each of their last so many runs."""
        rows = self.connection.execute(SILENT, {"runs": runs}).fetchall()
        return frozenset(row[0] for row in rows)

    def rows(self) -> int:
        """How many vintages are held."""
        return int(self._one("select count(*) from held"))

    def _one(self, query: str, parameters: Sequence[Any] = ()) -> Any:
        return self.connection.execute(query, list(parameters)).fetchall()[0][0]


def spans(indicators: Iterable[str]) -> list[tuple[str, str]]:
    """The first and last id of each group of indicators, in the order of their names."""
    names = sorted(indicators)
    parts = [names[at : at + AT_ONCE] for at in range(0, len(names), AT_ONCE)]
    return [(part[0], part[-1]) for part in parts]


def _newest_of_each_date(observations: Iterable[Observation]) -> list[Observation]:
    """Of several values for one date, the one that became public last."""
    newest: dict[date, Observation] = {}
    for row in observations:
        held = newest.get(row.date)
        if held is None or (row.public_at or EVER) >= (held.public_at or EVER):
            newest[row.date] = row
    return list(newest.values())


def _loaded_at(started: datetime, known: datetime, latest: datetime | None) -> datetime:
    """The moment of a load on the clock of the warehouse, which never runs backwards."""
    if known != started and (latest is None or known >= latest):
        return known
    moment = started if latest is None else max(started, latest + timedelta(microseconds=1))
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)


def _status(row: Observation, status: str) -> str:
    """How an observation was obtained; a corrected value is no longer disputed or only cited."""
    if row.corrected_at is not None:
        return CORRECTED
    if row.disputed:
        return "disputed"
    return "cited" if row.is_cited else status


def _vintage(row: Sequence[Any]) -> tuple[Vintage, datetime]:
    day, value, source, known_at, status, credit, basis, note, public_at = row
    known = known_at.replace(tzinfo=UTC)
    return Vintage(day, value, source, known, status, credit, basis, note), public_at.replace(
        tzinfo=UTC
    )


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def table_digest(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[int, int]:
    """How many rows a table has, and a number that changes with any value in them, whatever their
    order. Of 25 million vintages it takes a third of a second."""
    query = f"select count(*), coalesce(sum(hash(r)::hugeint), 0) from {table} as r"
    count, total = connection.execute(query).fetchall()[0]
    return int(count), int(total)


def cannot_use(path: Path, error: Exception) -> str:
    """Why a file cannot be used, as a sentence."""
    if "version number" in str(error):
        return (
            f"{path}: was written by a later DuckDB than this one ({duckdb.__version__}). With "
            "the Python that wrote it, `python -m etl move --to PATH` makes a file that both "
            "read; nothing was changed."
        )
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return (
        f"{path}: cannot be used ({reason}). Check free space and permissions, or set "
        "XINZHI_DATA to another folder; what was held before is unchanged."
    )
