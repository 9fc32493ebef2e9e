"""The tables of a warehouse: numbered steps from an empty file, or an earlier version's, to the
current schema."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from etl.errors import StorageError

_FOLDER = Path(__file__).parent
_STEP = re.compile(r"^-- step (\d+): (.+)$", re.MULTILINE)
_DONE = """
create table if not exists schema_steps (
  step integer not null, name varchar not null, applied_at timestamp not null)
"""
VINTAGES = """
create or replace view vintages as
select indicator, date, source, value, known_at, load, public_at, status, credit, basis, note,
       held_at
from held join origins using (origin)
"""
#: Later than anything known.
FOREVER = "timestamp '9999-12-31 00:00:00'"
_SERVED = (_FOLDER / "served.sql").read_text(encoding="utf-8")

# Adds origins to a warehouse that has none.
_RENEW = """
alter table vintages rename to vintages_before;
insert into origins
select row_number() over (order by source, status, credit, basis, note), *
from (select distinct source, status, credit, basis, note from vintages_before);
insert into held
select v.indicator, v.date, v.value, v.known_at, v.public_at, v.load, o.origin
from vintages_before as v join origins as o using (source, status, credit, basis, note);
drop table vintages_before;
"""


def served_sql(*, indicators: str, vintages: str, moment: str) -> str:
    """The query for what is served: conditions on the indicators and on the vintages `v`
    considered, and the moment, each in SQL."""
    lines = (line for line in _SERVED.splitlines() if not line.startswith("--"))
    return "\n".join(lines).format(indicators=indicators, vintages=vintages, moment=moment)


#: The macros of every connection: `served(id, moment)` and `served_all(moment)`.
MACROS = (
    "create or replace macro served(id, moment) as table "
    + served_sql(indicators="indicator = id", vintages="v.indicator = id", moment="moment"),
    "create or replace macro served_all(moment) as table "
    + served_sql(indicators="true", vintages="true", moment="moment"),
)


def prepare(connection: duckdb.DuckDBPyConnection, place: Path | str, *, kept: bool = True) -> None:
    """Create or upgrade every table, view and macro of a warehouse: all missing steps, or none. A
    StorageError if a later version has written it. Without `kept` the views and macros are those
    of the connection."""
    connection.execute("begin")
    bring_up(connection, place)
    define(connection, kept=kept)
    connection.execute("commit")


def define(connection: duckdb.DuckDBPyConnection, *, kept: bool) -> None:
    """Create the view and the macros, in the warehouse or for the connection alone."""
    for statement in (VINTAGES, *MACROS):
        own = statement if kept else statement.replace("or replace", "or replace temp", 1)
        connection.execute(own)


def steps_of(connection: duckdb.DuckDBPyConnection, database: str) -> int:
    """The step at which the tables of an attached warehouse are; 0 if it has none."""
    query = "select count(*) from duckdb_tables() where database_name = ? and table_name = ?"
    ((count,),) = connection.execute(query, [database, "schema_steps"]).fetchall()
    if not count:
        return 0
    ((done,),) = connection.execute(f"select max(step) from {database}.schema_steps").fetchall()
    return int(done or 0)


def bring_up(connection: duckdb.DuckDBPyConnection, place: Path | str) -> None:
    """Apply the missing steps in the transaction that was begun; a StorageError ends it."""
    steps = _steps()
    connection.execute(_DONE)
    ((done,),) = connection.execute("select coalesce(max(step), 0) from schema_steps").fetchall()
    if done > len(steps):
        connection.execute("rollback")
        raise StorageError(
            f"{place}: was written by a later version of this program (its tables are at step "
            f"{done}, this version knows {len(steps)}). Install that version, or restore a "
            "backup from before; nothing was changed."
        )
    for number, (name, sql) in enumerate(steps, start=1):
        if number > done:
            is_of_old = _is_table(connection, "vintages")
            if not is_of_old:
                connection.execute("drop view if exists vintages")
            connection.execute(sql)
            if is_of_old:
                connection.execute(_RENEW)
            moment = datetime.now(UTC).replace(tzinfo=None)
            connection.execute("insert into schema_steps values (?, ?, ?)", [number, name, moment])


def _steps() -> list[tuple[str, str]]:
    """Name and SQL of each step, in order."""
    text = (_FOLDER / "schema.sql").read_text(encoding="utf-8")
    parts = _STEP.split(text)[1:]
    numbers, names, sqls = parts[0::3], parts[1::3], parts[2::3]
    assert [int(number) for number in numbers] == [*range(1, len(numbers) + 1)]
    return list(zip(names, sqls, strict=True))


#: The step of a warehouse that this version has written.
LATEST_STEP = len(_steps())


def _is_table(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    query = "select count(*) from duckdb_tables() where table_name = ?"
    ((count,),) = connection.execute(query, [name]).fetchall()
    return bool(count)
