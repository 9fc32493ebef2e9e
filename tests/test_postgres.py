"""PostgreSQL as several machines share it: locks, tables, and what is said when it is wrong."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from servers import postgres as postgres

from benchmarks.servers import PASSWORD, PostgresServer, free_port, wait_until
from etl.dsn import Dsn, parse_dsn
from etl.errors import PostgresAway, StorageError
from etl.storage.postgres import (
    STEPS,
    HeldElsewhere,
    advisory_lock,
    connect,
    no_longer_than,
    opened_schema,
    schema_of,
)

pytestmark = pytest.mark.slow

HOLD = """
import sys
from etl.dsn import parse_dsn
from etl.storage.postgres import advisory_lock
with advisory_lock(parse_dsn("XINZHI_STATE", sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def dsn(postgres: PostgresServer) -> Dsn:
    return parse_dsn("XINZHI_STATE", postgres.new_database("locks"))


def parsed(text: str) -> Dsn:
    return parse_dsn("XINZHI_STATE", text)


def holding(text: str, name: str) -> subprocess.Popen[str]:
    """Another process that holds a lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, text, name],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_one_is_told_who_holds_the_lock_and_where(postgres: PostgresServer) -> None:
    text = postgres.new_database("locks")
    other = holding(text, "run")
    try:
        with pytest.raises(HeldElsewhere) as caught, advisory_lock(parsed(text), "run"):
            pass
        assert f"process {other.pid} on " in str(caught.value)
        assert f"127.0.0.1:{postgres.port}/locks" in str(caught.value)
        assert str(caught.value).startswith("Another run (")
        with advisory_lock(parsed(text), "schedule") as held:  # another name is another lock
            assert held.still_held()
    finally:
        other.kill()
        other.wait()


def test_what_was_let_go_is_free_at_once(dsn: Dsn) -> None:
    for _ in range(200):  # PostgreSQL may see only later that a connection was closed
        with advisory_lock(dsn, "run") as held:
            assert held.still_held()


def test_the_lock_of_a_process_that_was_killed_is_free(postgres: PostgresServer) -> None:
    text = postgres.new_database("locks")
    other = holding(text, "run")
    other.kill()
    other.wait()

    def is_free() -> bool:
        try:
            with advisory_lock(parsed(text), "run") as held:
                return held.still_held()
        except HeldElsewhere:
            return False

    wait_until(is_free, "the lock of a dead process")


def test_two_sites_in_one_database_do_not_wait_for_each_other(postgres: PostgresServer) -> None:
    text = postgres.new_database("locks")
    other = parsed(f"{text} options='-c search_path=second_site'")
    assert (schema_of(parsed(text)), schema_of(other)) == ("xinzhi", "second_site")
    with advisory_lock(parsed(text), "run"), advisory_lock(other, "run") as held:
        assert held.still_held()
    for one in (parsed(text), other):
        with opened_schema(one) as connection:
            connection.execute("insert into texts (name, body) values ('a', 'b')")
    assert postgres.sql("select count(*) from second_site.texts", "locks") == "1"
    assert postgres.sql("select count(*) from xinzhi.texts", "locks") == "1"


def test_a_lock_whose_connection_was_ended_is_no_longer_held(
    postgres: PostgresServer, dsn: Dsn
) -> None:
    with advisory_lock(dsn, "run") as held:
        assert held.still_held()
        postgres.sql(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'", "locks"
        )
        assert not held.still_held()
        with advisory_lock(dsn, "run") as newer:  # another machine has it now
            assert not held.still_held()
            assert newer.still_held()


def test_a_lock_is_lost_with_a_restart_and_can_be_taken_again(own_server: PostgresServer) -> None:
    one = parsed(own_server.new_database("locks"))
    with advisory_lock(one, "run") as held:
        own_server.kill()
        assert not held.still_held()
        with pytest.raises(PostgresAway, match="nothing answers there"), advisory_lock(one, "run"):
            pass
        own_server.start()
        assert not held.still_held()
        with advisory_lock(one, "run") as again:
            assert again.still_held()


def test_tables_are_made_once_however_many_begin_at_a_time(
    postgres: PostgresServer, dsn: Dsn
) -> None:
    start, failures = threading.Barrier(8), []

    def begin() -> None:
        start.wait()
        try:
            with opened_schema(dsn) as connection:
                connection.execute("select * from texts")
        except StorageError as error:
            failures.append(str(error))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert postgres.sql("select number from xinzhi.version", "locks") == str(len(STEPS))


def test_tables_of_a_later_version_are_left_alone(postgres: PostgresServer, dsn: Dsn) -> None:
    with opened_schema(dsn):
        pass
    postgres.sql("update xinzhi.version set number = 99", "locks")
    with pytest.raises(StorageError, match="later version"), opened_schema(dsn):
        pass
    assert postgres.sql("select number from xinzhi.version", "locks") == "99"


@pytest.fixture
def guest(postgres: PostgresServer) -> str:
    """A user who may come in, and make nothing."""
    postgres.new_database("locks")
    postgres.sql("drop role if exists guest")
    postgres.sql("create role guest login password 'guests word'")
    return f"host=127.0.0.1 port={postgres.port} dbname=locks user=guest password='guests word'"


def test_who_may_make_no_schema_is_told_so_and_one_that_is_there_is_used(
    postgres: PostgresServer, guest: str
) -> None:
    sentence = r"guest has no permission .* create on database locks"
    with pytest.raises(StorageError, match=sentence), opened_schema(parsed(guest)):
        pass
    with opened_schema(parsed(postgres.dsn("locks"))):
        pass
    postgres.sql("grant usage on schema xinzhi to guest", "locks")
    postgres.sql("grant select on all tables in schema xinzhi to guest", "locks")
    with opened_schema(parsed(guest)) as connection:
        assert connection.execute("select count(*) from texts").fetchone() == (0,)


def wrong(postgres: PostgresServer, kind: str) -> str:
    """An address with one thing wrong."""
    right = postgres.dsn()
    return {
        "password": postgres.dsn(password="anotherword"),
        "no password": re.sub(r" password=.*", "", right),
        "user": right.replace("user=xinzhi", "user=nobody_known"),
        "database": postgres.dsn("no_such_one"),
        "port": right.replace(f"port={postgres.port}", f"port={free_port()}"),
        "host": right.replace("host=127.0.0.1", "host=no-such-host.invalid"),
        "socket": right.replace("host=127.0.0.1", "host=/no/such/folder"),
        "tls": f"{right} sslmode=require",
        "standby": f"{right} target_session_attrs=standby",
    }[kind]


@pytest.mark.parametrize(
    ("kind", "sentence", "passes"),
    [
        ("password", "password of the user xinzhi is wrong or missing", False),
        ("no password", "password of the user xinzhi is wrong or missing", False),
        ("user", "password of the user nobody_known is wrong or missing", False),
        ("database", "no database no_such_one; make it with `createdb no_such_one`", False),
        ("port", "nothing answers there as PostgreSQL", True),
        ("host", "no machine of this name is found", True),
        ("socket", "nothing answers there as PostgreSQL", True),
        ("tls", "no safe connection could be made", False),
        ("standby", "PostgreSQL", True),
    ],
)
def test_each_wrong_address_has_its_sentence_and_no_password(
    postgres: PostgresServer, kind: str, sentence: str, passes: bool
) -> None:
    one = parsed(wrong(postgres, kind))
    with pytest.raises(StorageError) as caught:
        connect(one)
    said = str(caught.value)
    assert sentence in said
    assert said.startswith("postgresql://")
    assert isinstance(caught.value, PostgresAway) == passes
    assert caught.value.__cause__ is None
    for secret in (PASSWORD, "anotherword", quote(PASSWORD, ""), "s3cret"):
        assert secret not in said + repr(one)


def test_a_server_without_connections_left_says_so(own_server: PostgresServer) -> None:
    own_server.sql("create role guest login password 'word'")
    own_server.sql("alter role guest connection limit 1")
    one = parsed(own_server.dsn().replace("user=xinzhi", "user=guest").split(" password")[0]
                 + " password=word")  # fmt: skip
    first = connect(one)
    with pytest.raises(PostgresAway, match="no connection left"):
        connect(one)
    first.close()


def test_a_machine_that_takes_connections_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(PostgresAway, match="does not answer in time"):
            connect(parsed(f"host=127.0.0.1 port={port} dbname=x user=y password=z"), connect_s=2)


def test_a_statement_that_takes_too_long_is_ended_by_the_server(dsn: Dsn) -> None:
    with pytest.raises(PostgresAway, match="did not answer in time"), \
            opened_schema(dsn, statement_s=0.5) as connection:  # fmt: skip
        connection.execute("select pg_sleep(30)")


def test_a_server_that_stops_in_mid_answer_is_cut_off(own_server: PostgresServer) -> None:
    one = parsed(own_server.new_database("locks"))
    with advisory_lock(one, "run") as held:
        backend = int(own_server.sql("select pid from pg_locks where locktype = 'advisory'",
                                     "locks"))  # fmt: skip
        os.kill(backend, 19)
        try:
            assert not held.still_held()
        finally:
            os.kill(backend, 18)
    with (
        pytest.raises(PostgresAway, match=r"connection was cut|cannot be asked"),
        opened_schema(one) as connection,
        no_longer_than(connection, 0),
    ):
        connection.execute("select pg_sleep(9)")
