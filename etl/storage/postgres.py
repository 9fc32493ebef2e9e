"""PostgreSQL, where several machines share what one alone keeps in files: connections that cannot
hang, errors as sentences without a secret, tables in numbered steps, and locks.

Loading this takes a tenth of a second; who names no PostgreSQL does not load it.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeAlias

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from etl.dsn import Dsn
from etl.errors import Locked, PostgresAway, StorageError, quoted
from etl.records import PEOPLE_LAYOUT, SUBSCRIBERS_LAYOUT, TRIES_LAYOUT
from etl.settings import HIDDEN

#: A connection whose every statement is a transaction of its own.
Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
#: Seconds in which a connection must stand, and in which a statement must be answered.
CONNECT_S, STATEMENT_S = 5, 10
#: Both ends notice within half a minute that the other one is gone: the program, so that it does
#: not wait; the server, so that it lets go of what a dead machine had locked.
_PROGRAM = {
    "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5,
    "keepalives_count": 3, "tcp_user_timeout": 20_000,
}  # fmt: skip
_SERVER = {
    "tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
    "tcp_user_timeout": "20000", "client_connection_check_interval": "5000",
    "idle_in_transaction_session_timeout": "60000", "lock_timeout": "8000",
}  # fmt: skip
#: The schema in which everything lies, unless the address names another one.
SCHEMA = "xinzhi"
_SEARCH_PATH = re.compile(r"(?:-c\s*|--)search[_-]path=\"?([A-Za-z_][A-Za-z0-9_]{0,62})\"?(?:\s|$)")
#: What the tables are, step by step; a version holds all steps up to its number. Each is done once.
STEPS = (
    """
    create table texts (
      name text primary key, body text not null, changed_at timestamptz not null default now());
    create table served (
      number bigint generated always as identity primary key, sha256 text not null unique,
      address text not null, snapshot text not null, bytes bigint not null,
      made_at timestamptz not null);
    create table hours (slot text primary key, done_until timestamptz not null);
    """,
    PEOPLE_LAYOUT,
    """
    create table audit (
      number bigint generated always as identity primary key, at timestamptz not null,
      who text not null, command text not null, outcome text not null, about text not null,
      failed boolean not null);
    create index audit_about on audit (about, number);
    """,
    SUBSCRIBERS_LAYOUT,
    TRIES_LAYOUT,
    "create index audit_at on audit (at, number)",
)
#: Notes a served file; of one that is known already, the earlier moment is kept.
PUT_RECEIPT = """
insert into served (sha256, address, snapshot, bytes, made_at) values (%s, %s, %s, %s, %s)
on conflict (sha256) do update
set address = excluded.address, snapshot = excluded.snapshot, made_at = excluded.made_at
where excluded.made_at < served.made_at
"""
#: Who holds the lock of a number, in this database.
_LOCKS = """
(select pid from pg_locks where locktype = 'advisory' and granted and objsubid = 1
 and database = (select oid from pg_database where datname = current_database())
 and (classid::bigint << 32 | objid::bigint) = %s) as l
"""


class HeldElsewhere(Locked):
    """Another process holds the lock; `holder` says which, on which machine."""

    def __init__(self, message: str, holder: str) -> None:
        super().__init__(message)
        self.holder = holder


def schema_of(dsn: Dsn) -> str:
    """The schema of a site: `xinzhi`, or what the address names with `options=-csearch_path=NAME`,
    so that several sites may share one database."""
    found = _SEARCH_PATH.search(str(conninfo_to_dict(dsn.conninfo).get("options") or ""))
    return found.group(1) if found else SCHEMA


def connect(
    dsn: Dsn, *, connect_s: int = CONNECT_S, statement_s: float = STATEMENT_S
) -> Connection:
    """A connection that sees the site's schema first; a StorageError in words where there is none
    in `connect_s` seconds.

    A statement that takes longer than `statement_s` seconds is ended by the server.
    """
    own = {key: value for key, value in conninfo_to_dict(dsn.conninfo).items() if value is not None}
    given: dict[str, Any] = {
        **_PROGRAM, "connect_timeout": connect_s, "application_name": _name(), **own
    }  # fmt: skip
    with in_words(dsn):
        connection = psycopg.connect(make_conninfo("", **given), autocommit=True)
        try:
            wanted = {**_SERVER, "statement_timeout": str(int(statement_s * 1000))}
            set_all = sql.SQL(", ").join(
                sql.SQL("set_config({}, {}, false)").format(sql.Literal(name), sql.Literal(value))
                for name, value in {**wanted, "search_path": f'"{schema_of(dsn)}"'}.items()
            )
            with no_longer_than(connection, statement_s):
                connection.execute(sql.SQL("select {}").format(set_all))
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def opened_schema(dsn: Dsn, *, statement_s: float = STATEMENT_S) -> Iterator[Connection]:
    """A connection to the site's tables, which are made where they are missing; what PostgreSQL
    says in the block becomes a StorageError in words."""
    with closing(connect(dsn, statement_s=statement_s)) as connection, in_words(dsn):
        prepare(dsn, connection)
        yield connection


def prepare(dsn: Dsn, connection: Connection) -> None:
    """Make the schema and the tables that are missing, whoever else does so at the same time."""
    with in_words(dsn), no_longer_than(connection, 2 * STATEMENT_S):
        schema = schema_of(dsn)
        if _version(connection, schema) == len(STEPS):
            return
        key = [_key(schema, "schema")]
        # Before the transaction: within it, what others make while this waits would not be seen.
        connection.execute("select pg_advisory_lock(%s)", key)
        try:
            _take_steps(dsn, connection, schema)
        finally:
            if not connection.closed:
                connection.execute("select pg_advisory_unlock(%s)", key)


def _take_steps(dsn: Dsn, connection: Connection, schema: str) -> None:
    with connection.transaction():
        held = _version(connection, schema)
        if held > len(STEPS):
            raise StorageError(
                f"{dsn.shown}: a later version of the program made the tables of {schema}; "
                "update the program on this machine."
            )
        if not held:
            name = sql.Identifier(schema)
            connection.execute(sql.SQL("create schema if not exists {}").format(name))
            connection.execute("create table version (number integer not null)")
            connection.execute("insert into version values (0)")
        for step in STEPS[held:]:
            connection.execute(step)
        connection.execute("update version set number = %s", [len(STEPS)])


def _version(connection: Connection, schema: str) -> int:
    table = sql.Identifier(schema, "version")
    row = connection.execute(
        "select to_regclass(%s) is not null", [table.as_string(connection)]
    ).fetchone()
    if row is None or not row[0]:
        return 0
    found = connection.execute(sql.SQL("select number from {}").format(table)).fetchone()
    return int(found[0]) if found else 0


@contextmanager
def no_longer_than(connection: Connection, seconds: float) -> Iterator[None]:
    """Cut the connection where the block takes longer: a server that was stopped in the middle of
    an answer says nothing, and no timeout of its own ends that."""
    line = socket.socket(fileno=os.dup(connection.fileno()))

    def cut() -> None:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds + 1, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        line.close()


@dataclass(slots=True)
class AdvisoryLock:
    """A lock that is held as long as its connection stands, and of which the holder can ask
    whether that is so. What is written through `connection` is written by who holds the lock."""

    name: str
    connection: Connection = field(repr=False)
    _key: int

    def still_held(self) -> bool:
        """Whether the lock is held at this moment: asked of PostgreSQL, within a few seconds. A
        lock that was lost once is never held again."""
        try:
            with no_longer_than(self.connection, CONNECT_S):
                query = f"select true from {_LOCKS} where l.pid = pg_backend_pid()"
                row = self.connection.execute(query, [self._key]).fetchone()
        except (psycopg.Error, OSError):
            row = None
        if row is None:
            self.connection.close()
        return row is not None


@contextmanager
def advisory_lock(dsn: Dsn, name: str) -> Iterator[AdvisoryLock]:
    """Hold the one lock with this name of all machines of a site, on a connection of its own; a
    HeldElsewhere error says who has it, and nothing is waited for.

    It is let go at the end of the block, or by PostgreSQL when the process dies, within half a
    minute when its machine or its network does. `still_held` tells whether it was lost meanwhile.
    """
    connection, key = connect(dsn), _key(schema_of(dsn), name)
    try:
        with in_words(dsn), no_longer_than(connection, STATEMENT_S):
            row = connection.execute("select pg_try_advisory_lock(%s)", [key]).fetchone()
            if row != (True,):
                holder = _holder(connection, key)
                raise HeldElsewhere(
                    f"Another {name} ({holder}) is writing to {dsn.shown}; wait until it has "
                    "ended, then run again.",
                    holder,
                )
        yield AdvisoryLock(name, connection, key)
    finally:
        _let_go(connection)


def _let_go(connection: Connection) -> None:
    """Give the lock back and close. PostgreSQL sees only later that a connection was closed, and
    who comes next would be told that this process still writes."""
    lost = suppress(psycopg.Error, OSError)  # and the lock with it
    with closing(connection), lost, no_longer_than(connection, CONNECT_S):
        connection.execute("select pg_advisory_unlock_all()")


def _holder(connection: Connection, key: int) -> str:
    """Which process has a lock, on which machine, as it calls itself."""
    query = f"select a.application_name from {_LOCKS} join pg_stat_activity as a using (pid)"
    row = connection.execute(query, [key]).fetchone()
    return quoted(row[0]) if row and row[0] else "a process that does not say its name"


def _key(schema: str, name: str) -> int:
    """The number by which PostgreSQL knows a lock: from 0 to 2⁶³ - 1."""
    return int.from_bytes(sha256(f"{schema}/{name}".encode()).digest()[:8]) >> 1


def _name() -> str:
    """What this process calls itself; PostgreSQL keeps 63 bytes of it."""
    host = socket.gethostname().encode("ascii", "replace").decode()[:30]
    return f"process {os.getpid()} on {host}"


@contextmanager
def in_words(dsn: Dsn) -> Iterator[None]:
    """What PostgreSQL says in the block, as a StorageError: which database, why, what to do."""
    try:
        yield
    except psycopg.Error as error:
        raise _said(dsn, error) from None


def _said(dsn: Dsn, error: psycopg.Error) -> StorageError:
    code, text = error.sqlstate or "", str(error)
    for secret in dsn.secrets:
        text = text.replace(secret, HIDDEN)
    # A connection that was refused has no code, only the words of the server or the system. The
    # names in them, which are quoted, may be any words.
    words = re.sub(r'"[^"]*"', '""', text)
    for one in _REASONS:
        if code in one.codes.split() if code else re.search(one.pattern, words):
            kind: type[StorageError] = PostgresAway if one.passes else StorageError
            user = f"the user {quoted(dsn.user)}" if dsn.user else "the user"
            return kind(f"{dsn.shown}: {one.sentence.format(user=user, database=dsn.database)}")
    last = quoted(next((line for line in reversed(text.splitlines()) if line.strip()), ""))
    if not code or code.startswith(("08", "57")):
        return PostgresAway(f"{dsn.shown}: PostgreSQL cannot be asked ({last}).")
    return StorageError(f"{dsn.shown}: PostgreSQL refused what was asked ({last}, {code}).")


@dataclass(frozen=True, slots=True)
class _Reason:
    """What PostgreSQL or the system says, and what that means for who runs the site."""

    codes: str
    pattern: str
    sentence: str
    passes: bool = False


_REASONS = (
    _Reason(
        "28P01",
        r"password authentication failed|no password supplied|SCRAM",
        "the password of {user} is wrong or missing; set it in the address.",
    ),
    _Reason(
        "28000",
        r"no pg_hba\.conf entry|(?:role|user) \"\" does not exist|Peer authentication|Ident",
        "{user} may not come in; PostgreSQL must know it (create role) and let this machine in "
        "(pg_hba.conf).",
    ),
    _Reason(
        "3D000",
        r"database \"\" does not exist",
        "there is no database {database}; make it with `createdb {database}`.",
    ),
    _Reason(
        "53300",
        r"too many (?:clients|connections)|remaining connection slots",
        "PostgreSQL has no connection left (max_connections); try again later.",
        passes=True,
    ),
    _Reason(
        "42501",
        r"permission denied",
        "{user} has no permission for it; it must own its schema, or be let make one "
        "(grant create on database {database}).",
    ),
    _Reason(
        "25006",
        r"(?:session|transaction) is read-only|read-only transaction|is in hot standby",
        "this PostgreSQL only reads, as a standby does; name the one that writes, or both with "
        "target_session_attrs=read-write.",
        passes=True,
    ),
    _Reason(
        "53100",
        r"No space left",
        "the disk of PostgreSQL is full; free some space there.",
    ),
    _Reason(
        "57014 55P03 25P03",
        r"statement timeout|lock timeout",
        "PostgreSQL did not answer in time, or another process keeps what is needed.",
        passes=True,
    ),
    _Reason(
        "57P01 57P02 57P03 57P05 08003 08006",
        r"starting up|shutting down|recovery mode|not yet accepting|terminating connection"
        r"|closed the connection|Connection reset|Broken pipe|connection is (?:closed|lost)"
        r"|connection has been closed|EOF|could not (?:receive|send) data",
        "PostgreSQL has ended or starts again, or the connection was cut.",
        passes=True,
    ),
    _Reason(
        "",
        r"could not translate host name|[Nn]ame or service not known|resolve|name resolution",
        "no machine of this name is found; see whether it is written rightly.",
        passes=True,
    ),
    _Reason(
        "",
        r"Connection refused|No such file or directory|Is the server running",
        "nothing answers there as PostgreSQL; see whether it runs and listens on this port.",
        passes=True,
    ),
    _Reason(
        "",
        r"timeout|timed out|No route to host|[Uu]nreachable|Host is down",
        "the machine does not answer in time; see whether the network reaches it.",
        passes=True,
    ),
    _Reason(
        "",
        r"certificate|SSL|GSSAPI",
        "no safe connection could be made (sslmode, sslrootcert); see which certificate "
        "PostgreSQL shows.",
    ),
)
