"""Snapshots: whole, immutable database files, and the pointer to the current one."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import duckdb

from etl.alerts.rules import JSON as ALERT
from etl.alerts.rules import Alert
from etl.bulletins.mentions import MentionFinder, mentions
from etl.bulletins.model import Bulletin, Withdrawal
from etl.catalog import Catalog
from etl.claims.check import check_all
from etl.claims.grammar import PATH as GRAMMAR
from etl.claims.known import EVER
from etl.claims.known import KnownSnapshot as Known
from etl.corrections import Correction
from etl.database import attached, connect, make_room_for_logs
from etl.errors import StorageError
from etl.files.authored import COMPARISONS, PueComparison
from etl.lags import FirstSeen
from etl.policies.identity import is_counted
from etl.policies.references import cited
from etl.provinces import ProvinceYardstick
from etl.records import BEIJING, Document, HeldAnswer
from etl.reliability import JSON as RELIABILITY
from etl.reliability import Reliability
from etl.storage.events import create_events
from etl.storage.latest import create_standings
from etl.storage.schema import FOREVER, MACROS, VINTAGES, served_sql
from etl.storage.snapshots import BUILDING, FORMAT, SnapshotStore, read_snapshot, sync
from etl.storage.warehouse import LIMITS, Warehouse, spans, table_digest
from etl.words.pinyin import sounds

#: The tables whose every row a snapshot depends on.
DIGESTED = ("held", "origins", "actions", "ranks")
#: How many indicators are named that would be published with fewer vintages.
MOST_FEWER = 3

# What is copied out of the warehouse, span by span, so that only a span is ever sorted at once.
COPIED = """
create table snapshot.ranks as
  select * from ranks where indicator in (select id from wanted) order by all;
create table snapshot.first_loads as
  select * from first_loads where indicator in (select id from wanted) order by indicator;
create table snapshot.renames as
  select * from renames
  where new not in (select id from untold) and old not in (select id from untold) order by all;
create table snapshot.held as select *, true as served from held limit 0;
create table snapshot.actions as
  select indicator, date, kind, arg_max(value, load) as value, arg_max(source, load) as source
  from actions where indicator in (select id from wanted)
  group by indicator, date, kind order by indicator, date, kind;
"""
ORIGINS = "create table snapshot.origins as select * from {origins} order by origin"
COPY = """
insert into snapshot.held
select *, true from held
where indicator between $first and $last and indicator in (select id from wanted)
order by indicator, date, known_at, load
"""

# What is made of it, in the snapshot alone. Most dates have one vintage, which is served; only
# where a date stands again in the sorted rows is there a choice.
REPEATED = """
create temp table repeated as
select distinct indicator, date
from (select indicator, date,
             lag(indicator) over () = indicator and lag(date) over () = date as twice
      from held)
where twice
"""
CHOOSE = f"""
with chosen as (
  {
    served_sql(
        indicators="indicator between $first and $last",
        vintages="v.indicator between $first and $last and exists (select 1 from repeated as p "
        "where p.indicator = v.indicator and p.date = v.date)",
        moment=FOREVER,
    )
})
update held set served = false
where indicator between $first and $last
  and (indicator, date) in (select (indicator, date) from repeated)
  and not exists (
    select 1 from chosen as c join origins as o on o.source = c.source and o.origin = held.origin
    where c.indicator = held.indicator and c.date = held.date
      and c.known_at = held.known_at and c.load = held.load)
"""
OBSERVATIONS = """
create view observations as
select indicator, date, value, source, known_at, public_at, status, credit, basis, note, held_at
from held join origins using (origin) where served
"""
DISAGREEMENTS = """
create table disagreements as
with newest as (
  select indicator, date, source, arg_max(value, (known_at, load)) as value
  from vintages semi join repeated using (indicator, date) group by indicator, date, source)
select o.indicator, o.date, o.source, o.value, n.source as other_source, n.value as other_value
from observations as o
join newest as n on n.indicator = o.indicator and n.date = o.date and n.source <> o.source
join wanted as w on w.id = o.indicator
where abs(n.value - o.value) > w.tolerance_pct / 100 * abs(o.value)
order by o.indicator, o.date, n.source
"""
# How much is held under ids that no entry of the catalog has.
UNCLAIMED = """
with others as (
  select indicator from first_loads
  where indicator not in (select id from wanted) and indicator not in (select id from untold))
select indicator, count(*) as rows from held
where indicator in (select indicator from others) group by indicator order by indicator
"""
# The last runs, the newest first: when, how long, and what came of what the catalog names.
RUNS = """
select l.started_at, l.finished_at, l.command,
       coalesce(sum(o.added) filter (told), 0) as added,
       coalesce(sum(o.revised) filter (told), 0) as revised,
       count(*) filter (o.problem <> '' and o.subject not in (select id from untold)) as failed,
       coalesce((list(o.subject order by o.added + o.revised desc, o.subject)
                 filter (told and o.added + o.revised > 0))[:$most], []) as came
from loads as l
left join (select *, list_contains($ids, subject) as told from outcomes) as o on o.load = l.load
where l.finished_at is not null and l.command in ('run', 'import', 'accept')
group by l.load, l.started_at, l.finished_at, l.command order by l.load desc limit $runs
"""
# When each source of an indicator without values was last asked, and what came of it.
ATTEMPTS = """
select a.subject, a.source, max(l.started_at), arg_max(a.problem, a.load)
from attempts as a join loads as l using (load)
where list_contains($ids, a.subject) and a.subject not in (select indicator from first_loads)
group by a.subject, a.source order by a.subject, a.source
"""
#: How many runs are told, and of how many indicators each that something came of them.
TOLD_RUNS, TOLD_CAME = 20, 12
TABLES = """
create table runs (started_at timestamp, finished_at timestamp, command varchar, added bigint,
  revised bigint, failed bigint, came varchar[]);
create table catalog (document varchar);
create table bulletins (date date, document varchar);
create table withdrawals (date date, document varchar);
create table mentions (date date, part varchar, paragraph integer, start integer,
  stop integer, indicator varchar);
create table claims (date date, number integer, section varchar, paragraph integer, start integer,
  stop integer, indicator varchar, kind varchar, verdict varchar, later varchar, judged_by date,
  low double, high double, document varchar);
create table policies (month varchar, counted boolean, document varchar);
create table problems (subject varchar, problem varchar);
create table refused (indicator varchar, source varchar, since timestamp, sentence varchar,
  may_be_taken boolean);
create table comparisons (scope varchar, scope_zh varchar, period varchar, pue varchar,
  kind varchar, kind_zh varchar, source varchar, status varchar, note varchar);
create table provinces (document varchar);
create table alerts (indicator varchar, rule varchar, state varchar, document varchar);
create table citations (date date, number integer, kind varchar, document varchar);
create table corrections (indicator varchar, date date, since date, document varchar);
create table attempts (indicator varchar, source varchar, tried_at timestamp, problem varchar);
create table sounds (words varchar, syllables varchar);
create table unclaimed (indicator varchar, rows bigint);
create table notices (subject varchar, notice varchar);
create table candidates (document varchar);
create table candidates_left (key varchar);
create table reliability (source varchar, document varchar);
create table first_seen (indicator varchar, source varchar, date date, seen_at timestamp,
  missed_at timestamp, public_at timestamp);
create table meta (key varchar, value varchar);
"""
# One reading in the order of the file: every row, in order, and one served for each date.
WHOLE = """
select count(*), count(*) filter (before > here), count(*) filter (before is distinct from here),
       count(*) filter (served)
from (select {'i': indicator, 'd': date} as here,
             lag({'i': indicator, 'd': date}) over () as before, served
      from held)
"""


@dataclass(frozen=True, slots=True)
class SnapshotContent:
    """All that goes into a snapshot besides the vintages, of which those of the catalog do."""

    catalog: Catalog
    bulletins: tuple[Bulletin, ...]
    documents: tuple[Document, ...]
    problems: tuple[tuple[str, str], ...]
    comparisons: tuple[PueComparison, ...] = ()
    provinces: tuple[ProvinceYardstick, ...] = ()
    alerts: tuple[Alert, ...] = ()
    corrections: tuple[Correction, ...] = ()
    notices: tuple[tuple[str, str], ...] = ()
    candidates: tuple[str, ...] = ()
    candidates_left: tuple[str, ...] = ()
    reliability: tuple[Reliability, ...] = ()
    first_seen: tuple[FirstSeen, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    #: The ids of which it must not tell that they are held, and how sentences of sources are told
    #: that may name one.
    untold: frozenset[str] = frozenset()
    tell: Callable[[str], str] = str
    #: What is for the committee, for a snapshot that is.
    committee: str = ""


def publish(
    warehouse: Warehouse,
    content: SnapshotContent,
    store: SnapshotStore,
    now: datetime,
    *,
    allow_fewer: bool = False,
) -> str | None:
    """Build, verify and point to a new snapshot; its name, or None when nothing has changed.

    A StorageError in words, and nothing is published, where an indicator of the catalog would have
    fewer vintages than in the snapshot that is served, unless `allow_fewer`.
    """
    fingerprint = _fingerprint(warehouse, content)
    served = store.current_fingerprint()
    if served == fingerprint:
        return None
    if not allow_fewer:
        reference = store.current_name() if served else store.newest_readable()
        if reference is not None:
            _refuse_fewer(warehouse, content.catalog, store, reference)
    now = store.moment_after_all(now.astimezone(UTC))
    name = f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z-{fingerprint[:8]}"
    folder = store.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        store.sweep()
        building = folder / f"{BUILDING}{secrets.token_hex(4)}.duckdb"
        _build(warehouse, content, building, name, fingerprint, now)
        _verify(building, warehouse)
        sync(building)
        store.put(building, name)
        store.point_to(name, fingerprint)
        store.forget_old()
    except StorageError:
        store.sweep()
        raise
    except OSError as error:
        store.sweep()
        raise StorageError(
            f"{folder}: the snapshot could not be written ({error.strerror}). Check free space "
            "and permissions; the last snapshot is still served."
        ) from None
    except duckdb.Error as error:
        store.sweep()
        raise StorageError(
            f"{folder}: the snapshot could not be built ({str(error).splitlines()[0]}). Check "
            "free space; the last snapshot is still served."
        ) from None
    return name


def _fingerprint(warehouse: Warehouse, content: SnapshotContent) -> str:
    """Everything a snapshot depends on."""
    _want(warehouse.connection, content)
    parts = [
        str(FORMAT),
        *(str(table_digest(warehouse.connection, table)) for table in _told_of(content)),
        repr(_refused(warehouse, content)),
        content.catalog.model_dump_json(),
        *(bulletin.model_dump_json() for bulletin in content.bulletins),
        *(withdrawal.model_dump_json() for withdrawal in content.withdrawals),
        json.dumps([asdict(document) for document in content.documents]),
        json.dumps(content.problems),
        GRAMMAR.read_text(encoding="utf-8"),  # other words, other claims
        json.dumps([asdict(comparison) for comparison in content.comparisons]),
        *(one.to_json() for one in content.provinces),
        *(_alert_document(alert) for alert in content.alerts),
        *(correction.model_dump_json() for correction in content.corrections),
        json.dumps([content.notices, content.candidates, content.candidates_left]),
        repr([one.told_by_day for one in content.reliability]),
        # That a source still gives nothing is news once a day.
        repr([(*tried, at.replace(tzinfo=UTC).astimezone(BEIJING).date(), problem != "")
              for *tried, at, problem in _attempts(warehouse, content)]),
        content.committee,
    ]  # fmt: skip
    return sha256("\x00".join(parts).encode()).hexdigest()


def _told_of(content: SnapshotContent) -> Sequence[str]:
    """The tables whose every row a snapshot depends on, without the rows that it must not tell
    of; from DuckDB's side, what stands after `from`."""
    if not content.untold:
        return DIGESTED
    mine = "where indicator in (select id from wanted)"
    origins = f"where origin in (select origin from held {mine})"
    return [f"(select * from {table} {origins if table == 'origins' else mine})"
            for table in DIGESTED]  # fmt: skip


def _attempts(
    warehouse: Warehouse, content: SnapshotContent
) -> list[tuple[str, str, datetime, str]]:
    """What was tried for each indicator of the catalog of which nothing is held."""
    ids = {"ids": [*content.catalog.indicators]}
    rows = warehouse.connection.execute(ATTEMPTS, ids).fetchall()
    return [(*tried, content.tell(problem)) for *tried, problem in rows]


def _refused(warehouse: Warehouse, content: SnapshotContent) -> list[HeldAnswer]:
    """The answers that are kept apart."""
    return [replace(one, sentence=content.tell(one.sentence)) for one in warehouse.refused()
            if one.indicator not in content.untold]  # fmt: skip


def _names(catalog: Catalog) -> Iterator[str]:
    """The words that readers may spell in letters."""
    for one in catalog.all():
        yield from (one.title.zh, one.short.zh, *one.aliases)


def _refuse_fewer(warehouse: Warehouse, catalog: Catalog, store: SnapshotStore, name: str) -> None:
    """A StorageError in words if the warehouse holds less of an indicator than a snapshot:
    one that was lost must not empty the site. What the catalog names no more is not missed."""
    with read_snapshot(store.path(name)) as connection:
        served = _vintages_of_each(connection)
    held = _vintages_of_each(warehouse.connection)
    fewer = []
    for indicator in catalog.all():
        before = max(served.get(i, 0) for i in (indicator.id, *indicator.old_ids))
        if held.get(indicator.id, 0) < before:
            fewer.append(f"{indicator.id} {held.get(indicator.id, 0):,} instead of {before:,}")
    if fewer:
        more = f" and {len(fewer) - MOST_FEWER:,} more" if len(fewer) > MOST_FEWER else ""
        raise StorageError(
            f"{store}: a new snapshot would hold fewer vintages than {name}, which stays served: "
            f"{', '.join(fewer[:MOST_FEWER])}{more}. Bring the warehouse back with `python -m etl "
            "restore FOLDER`, or publish what it holds with `python -m etl run --allow-fewer`."
        )


def _vintages_of_each(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    query = "select indicator, count(*) from held group by indicator"
    return dict(connection.execute(query).fetchall())


def _build(
    warehouse: Warehouse,
    content: SnapshotContent,
    path: Path,
    name: str,
    fingerprint: str,
    now: datetime,
) -> None:
    _copy(warehouse, content, path)
    with connect(path, config=LIMITS) as own:
        _choose(own, content)
        own.execute(TABLES)
        create_events(own, content.catalog)
        create_standings(own, content.catalog)
        _write_content(own, content, _refused(warehouse, content))
        told = {"ids": [*content.catalog.indicators], "most": TOLD_CAME, "runs": TOLD_RUNS}
        _insert(own, "runs", warehouse.connection.execute(RUNS, told).fetchall())
        _insert(own, "attempts", _attempts(warehouse, content))
        _insert(own, "sounds", list(sounds(_names(content.catalog))))
        _insert(own, "unclaimed", warehouse.connection.execute(UNCLAIMED).fetchall())
        meta = {
            "snapshot": name,
            "fingerprint": fingerprint,
            "published_at": now.astimezone(UTC).isoformat(timespec="seconds"),
            "rows": str(_count(own, "held")),
            "held_until": _held_until(warehouse, now),
            "format": str(FORMAT),
        }
        if content.committee:
            meta["committee"] = content.committee
        _insert(own, "meta", list(meta.items()))
        own.execute("checkpoint")


def _held_until(warehouse: Warehouse, now: datetime) -> str:
    """The last moment as of which the snapshot answers for good: nothing that comes later counts
    as held by then. With nothing held, the moment it was published."""
    return (warehouse.latest() or now).astimezone(UTC).isoformat()


def _copy(warehouse: Warehouse, content: SnapshotContent, path: Path) -> None:
    """The vintages of the catalog's indicators, sorted, into a new file."""
    connection = warehouse.connection
    _want(connection, content)
    make_room_for_logs(path)
    connection.execute(f"attach {attached(path)} as snapshot")
    try:
        connection.execute(COPIED)
        (origins,) = (table for table in _told_of(content) if "origins" in table)
        connection.execute(ORIGINS.format(origins=origins))
        for first, last in spans(content.catalog.indicators):
            connection.execute(COPY, {"first": first, "last": last})
    finally:
        connection.execute("detach snapshot")


def _choose(own: duckdb.DuckDBPyConnection, content: SnapshotContent) -> None:
    """Which vintage of each date is served, and where sources disagree."""
    for statement in (VINTAGES, OBSERVATIONS, *MACROS, REPEATED):
        own.execute(statement)
    repeated = own.execute("select distinct indicator from repeated").fetchall()
    for first, last in spans(name for (name,) in repeated):
        own.execute(CHOOSE, {"first": first, "last": last})
    _want(own, content)
    own.execute(DISAGREEMENTS)


def _want(connection: duckdb.DuckDBPyConnection, content: SnapshotContent) -> None:
    connection.execute("create or replace temp table wanted (id varchar, tolerance_pct double)")
    _insert(connection, "wanted", [(i.id, i.expect.tolerance_pct) for i in content.catalog.all()])
    connection.execute("create or replace temp table untold (id varchar)")
    _insert(connection, "untold", [(name,) for name in sorted(content.untold)])


def _write_content(
    connection: duckdb.DuckDBPyConnection, content: SnapshotContent, refused: Sequence[HeldAnswer]
) -> None:
    catalog, finder = content.catalog, MentionFinder(content.catalog)
    tables: dict[str, list[tuple[object, ...]]] = {
        "catalog": [(content.catalog.model_dump_json(),)],
        "bulletins": [(b.date, b.model_dump_json()) for b in content.bulletins],
        "withdrawals": [(one.date, one.model_dump_json()) for one in content.withdrawals],
        "mentions": [
            (b.date, m.part, m.paragraph, m.start, m.stop, m.indicator)
            for b in content.bulletins
            for m in mentions(b, catalog, finder)
        ],
        "claims": list(_claims(content.bulletins, catalog, Known(connection, catalog))),
        "policies": [
            (d.month, is_counted(d), json.dumps(asdict(d), ensure_ascii=False))
            for d in sorted(content.documents, key=lambda d: d.day, reverse=True)
        ],
        "problems": list(content.problems),
        "comparisons": [
            tuple(getattr(c, name) for name in COMPARISONS) for c in content.comparisons
        ],
        "provinces": [(one.to_json(),) for one in content.provinces],
        "alerts": [(a.indicator, a.rule, a.state, _alert_document(a)) for a in content.alerts],
        "citations": [
            (
                c.day,
                c.number,
                c.kind,
                json.dumps(asdict(c.document), ensure_ascii=False) if c.document else None,
            )
            for bulletin in content.bulletins
            for c in cited(bulletin, content.documents)
        ],
        "corrections": [
            (c.indicator, c.date, c.since, c.model_dump_json()) for c in content.corrections
        ],
        "refused": [
            (r.indicator, r.source, r.since.replace(tzinfo=None), r.sentence, r.may_be_taken)
            for r in refused
        ],
    }
    tables["notices"] = list(content.notices)
    tables["candidates"] = [(document,) for document in content.candidates]
    tables["candidates_left"] = [(key,) for key in content.candidates_left]
    tables["reliability"] = [
        (one.source, RELIABILITY.dump_json(one).decode()) for one in content.reliability
    ]
    tables["first_seen"] = [
        (one.indicator, one.source, one.date,
         *(at.replace(tzinfo=None) for at in (one.seen_at, one.missed_at, one.public_at)))
        for one in content.first_seen
        if one.indicator in catalog
    ]  # fmt: skip
    for table, rows in tables.items():
        _insert(connection, table, rows)


def _claims(
    bulletins: Sequence[Bulletin], catalog: Catalog, known: Known
) -> Iterator[tuple[object, ...]]:
    """A row for each statement: its day and number there, where its words stand, what it is asked
    for by, the value it was judged by and the bounds that keep it true, and all of it."""
    number, last = 0, None
    for day, placed in check_all(bulletins, catalog, known, later=EVER):
        number, last = number + 1 if day == last else 1, day
        claim, basis = placed.claim, placed.judged_by
        yield (
            day, number, claim.section, placed.paragraph, placed.start, placed.stop,
            claim.indicator, claim.kind, claim.verdict,
            claim.later.verdict if claim.later else None,
            *((basis.date, basis.low, basis.high) if basis else (None, None, None)),
            claim.model_dump_json(),
        )  # fmt: skip


def _alert_document(alert: Alert) -> str:
    return ALERT.dump_json(alert).decode()


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]
) -> None:
    """All rows in one statement: row by row, DuckDB takes a thousand times as long."""
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        cells = ", ".join("unnest(?)" for _ in columns)
        connection.execute(f"insert into {table} select {cells}", columns)


def _verify(path: Path, warehouse: Warehouse) -> None:
    """Read the file back as readers will: complete, sorted, one value a date, nothing beside it."""
    expected = _count(warehouse.connection, "held where indicator in (select id from wanted)")
    with read_snapshot(path) as connection:
        found, unsorted, dates, served = connection.execute(WHOLE).fetchall()[0]
    wal = path.with_name(path.name + ".wal")
    if found != expected or unsorted or served != dates or wal.exists():
        raise StorageError(
            f"{path}: the new snapshot does not read back as written ({found} of {expected} rows, "
            f"{served} of {dates} dates); the last snapshot is still served."
        )


def _count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    return int(connection.execute(f"select count(*) from {source}").fetchall()[0][0])


def all_content(
    catalog: Catalog,
    bulletins: Sequence[Bulletin],
    documents: Sequence[Document],
    problems: Sequence[tuple[str, str]],
    comparisons: Sequence[PueComparison] = (),
    alerts: Sequence[Alert] = (),
    corrections: Sequence[Correction] = (),
    *,
    provinces: Sequence[ProvinceYardstick] = (),
    notices: Sequence[tuple[str, str]] = (),
    candidates: Sequence[str] = (),
    candidates_left: Iterable[str] = (),
    reliability: Sequence[Reliability] = (),
    first_seen: Sequence[FirstSeen] = (),
    withdrawals: Sequence[Withdrawal] = (),
) -> SnapshotContent:
    """The content of a snapshot in its fixed order."""
    return SnapshotContent(
        catalog,
        tuple(sorted(bulletins, key=lambda b: b.date)),
        tuple(documents),
        tuple(sorted(problems)),
        tuple(comparisons),
        tuple(provinces),
        tuple(alerts),
        tuple(corrections),
        tuple(sorted(notices)),
        tuple(candidates),
        tuple(sorted(candidates_left)),
        tuple(reliability),
        tuple(first_seen),
        tuple(withdrawals),
    )
