"""What several machines share in PostgreSQL: the memory of alerts, and receipts."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from conftest import Cli, command, finished, is_one_sentence
from servers import postgres as postgres
from serving import client
from test_alerts import Chat, holding
from test_alerts import channel as channel
from test_alerts import chat as chat
from test_alerts import triggered as triggered
from test_alerts import triggered_once as triggered_once

from benchmarks.servers import PASSWORD, PostgresServer, wait_until
from dashboard.export import shared_receipts
from dashboard.export.receipts import Made, Served
from dashboard.export.shared_receipts import SharedReceipts
from dashboard.people import People, Role
from dashboard.people.ways.way import Identity
from etl.alerts.notify import Memory
from etl.dsn import Dsn, parse_dsn
from etl.errors import Locked, StorageError
from etl.settings import Settings, load_settings
from etl.sign_in import BY_LINK
from etl.storage.audit import AuditLine, audit_log
from etl.storage.state import (
    alert_memory,
    export_shared_receipts,
    import_receipts,
    own_alert_memory,
)
from etl.subscribers import Subscribers

pytestmark = pytest.mark.slow
BASE = "http://127.0.0.1:8050"


@pytest.fixture
def shared(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Dsn:
    """A PostgreSQL that the settings name."""
    text = postgres.new_database("state")
    monkeypatch.setenv("XINZHI_STATE", text)
    return parse_dsn("XINZHI_STATE", text)


@pytest.fixture
def reader() -> Iterator[Callable[..., SharedReceipts]]:
    """Makes readers, and ends them with the test."""
    made: list[SharedReceipts] = []

    def begin(dsn: Dsn, **options: int) -> SharedReceipts:
        made.append(SharedReceipts(dsn, **options))
        return made[-1]

    yield begin
    for one in made:
        one.close()


def remembered(settings: Settings) -> str:
    """What people leave behind: somebody held down, a session, a token, a subscriber, two lines."""
    people = People.of(settings)
    for name in ("li", "wang"):
        people.sign_in_by("link", Identity(name, name), "Firefox")
    people.hold_down("link:wang", Role.MEMBER)
    token, _ = people.make_token("weekly report", ["read"], 30, "link:li")
    Subscribers.of(settings).add("li@example.cn", "zh")
    for number in (1, 2):
        audit_log(settings).add(line(number))
    return token


def line(number: int) -> AuditLine:
    at = datetime(2026, 5, 27, number, tzinfo=UTC)
    return AuditLine(at, "link:li", f"etl accept i{number}", "好", f"i{number}", failed=number == 2)


def are_remembered(settings: Settings, token: str) -> None:
    """The same, at another place: all but who was signed in."""
    people, subscribers = People.of(settings), Subscribers.of(settings)
    assert {one.name: one.most for one in people.everyone()} == {
        "link:li": None, "link:wang": Role.MEMBER,
    }  # fmt: skip
    assert people.sessions() == []
    scope = {"headers": [(b"authorization", f"Bearer {token}".encode())]}
    person = people.who_asks(scope).person
    assert person is not None
    assert (person.role, person.shown) == (Role.MEMBER, "weekly report")
    (one,) = subscribers.all()
    assert one.address == "li@example.cn"
    assert audit_log(settings).newest(9) == [line(2), line(1)]
    assert list(audit_log(settings).all()) == [line(1), line(2)]


def made(number: int, when: datetime | None = None) -> Made:
    digest = sha256(str(number).encode()).hexdigest()
    moment = when or datetime(2026, 5, 27, tzinfo=UTC)
    return Made(digest, f"{BASE}/c/{number}.csv", "snapshot", number, moment)


def written(record: SharedReceipts) -> None:
    wait_until(lambda: record.waiting == 0, "the receipts are written")


Readers = Callable[..., SharedReceipts]


def test_any_reader_tells_of_a_file_that_another_one_made(shared: Dsn, reader: Readers) -> None:
    one, other = reader(shared), reader(shared)
    assert other.find(made(1).sha256) is None
    one.note(made(1))
    assert one.find(made(1).sha256) == made(1)  # at once
    written(one)
    assert other.find(made(1).sha256) == made(1)
    assert other.extent() == (1, made(1).made_at.isoformat())


def test_the_first_moment_is_kept_whoever_writes_first(shared: Dsn, reader: Readers) -> None:
    one, other = reader(shared), reader(shared)
    early = made(1, datetime(2026, 5, 26, tzinfo=UTC))
    late = made(1, datetime(2026, 6, 5, tzinfo=UTC))
    for record, file in ((one, made(1)), (other, early), (one, late)):
        record.note(file)
        written(record)
    assert one.find(early.sha256) == other.find(early.sha256) == early
    assert one.extent()[0] == 1


def test_the_oldest_make_room(shared: Dsn, reader: Readers) -> None:
    record = reader(shared, kept=10)
    for number in range(25):
        record.note(made(number))
        written(record)
    count, _ = record.extent()
    assert count == 10
    assert record.find(made(14).sha256) is None
    assert record.find(made(24).sha256) == made(24)


def test_readers_that_write_the_same_files_at_once_lose_none(shared: Dsn, reader: Readers) -> None:
    records = [reader(shared) for _ in range(3)]
    start = threading.Barrier(3)

    def work(record: SharedReceipts, step: int) -> None:
        start.wait()
        for number in range(500):
            record.note(made(number * step % 500))

    threads = [
        threading.Thread(target=work, args=(record, step))
        for record, step in zip(records, (1, 3, 7), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for record in records:
        written(record)
    assert records[0].extent()[0] == 500
    assert [record.problem for record in records] == ["", "", ""]


def test_files_are_served_while_postgresql_is_away_and_written_when_it_is_back(
    own_server: PostgresServer, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_receipts, "AGAIN_S", 0.2)
    monkeypatch.setenv("XINZHI_STATE", own_server.new_database("state"))
    sites = [client(load_settings()) for _ in range(2)]
    assert sites[1].get("/verify/" + "0" * 64).status_code == 404
    own_server.kill()
    file = sites[0].get("/c/sp500.csv")
    assert file.status_code == 200
    digest = sha256(file.content).hexdigest()
    assert sites[0].get(f"/verify/{digest}").status_code == 200  # it made the file itself
    answer = sites[1].get(f"/verify/{digest}")
    assert answer.status_code == 503
    assert "record of served files cannot be used" in answer.json()["detail"]
    assert "postgresql" not in answer.text  # the log names the place
    own_server.start()
    wait_until(lambda: sites[1].get(f"/verify/{digest}").status_code == 200, "it is on record")
    assert not (filled / "served.sqlite").exists()


def test_what_waits_is_bounded_and_the_rest_is_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, own_server: PostgresServer
) -> None:
    monkeypatch.setattr(shared_receipts, "WAITING", 5)
    monkeypatch.setattr(shared_receipts, "AGAIN_S", 0.2)
    text = own_server.new_database("state")
    own_server.kill()
    record = SharedReceipts(parse_dsn("XINZHI_STATE", text))
    for number in range(8):
        record.note(made(number))
    assert record.waiting == 5
    with pytest.raises(StorageError, match="nothing is known"):
        record.find(made(7).sha256)
    own_server.start()
    written(record)
    wait_until(lambda: "3 files are not on record" in caplog.text, "the loss is said")
    assert record.find(made(4).sha256) == made(4)
    assert record.extent()[0] == 5
    assert PASSWORD not in caplog.text
    record.close()


def test_a_file_made_by_the_command_line_is_on_record(
    shared: Dsn, filled: Path, tmp_path: Path, reader: Readers
) -> None:
    from dashboard.__main__ import main

    target = tmp_path / "sp500.csv"
    assert main(["export", "sp500", "--format", "csv", "-o", str(target)]) == 0
    assert reader(shared).find(sha256(target.read_bytes()).hexdigest()) is not None


def test_receipts_go_there_and_back_and_a_second_time_changes_nothing(
    shared: Dsn, tmp_path: Path, reader: Readers
) -> None:
    own = Served(tmp_path / "served.sqlite")
    for number in range(2500):
        own.note(made(number))
    other = reader(shared)
    other.note(made(7, datetime(2026, 5, 1, tzinfo=UTC)))
    written(other)
    assert import_receipts(tmp_path / "served.sqlite", shared) == (2500, 2499)
    assert import_receipts(tmp_path / "served.sqlite", shared) == (2500, 0)
    assert export_shared_receipts(shared, tmp_path / "back.sqlite") == 2500
    back = Served(tmp_path / "back.sqlite")
    assert back.find(made(8).sha256) == made(8)
    assert back.find(made(7).sha256) == made(7, datetime(2026, 5, 1, tzinfo=UTC))


def test_an_alert_is_sent_once_by_two_machines_one_after_the_other(
    channel: Chat, triggered: Path, cli: Cli, shared: Dsn, tmp_path: Path
) -> None:
    count = holding(cli)
    assert f"{count} alerts sent" in cli("alerts", "--send").out
    assert not (triggered / "state" / "alerts.json").exists()
    (triggered / "published").rename(tmp_path / "published")  # another machine has another disk
    triggered.joinpath("published").symlink_to(tmp_path / "published")
    assert cli("alerts", "--send").status == 0
    assert len(channel.posts) == len(set(channel.words)) == count


def test_an_alert_is_sent_once_by_two_machines_at_once(
    channel: Chat, triggered: Path, cli: Cli, shared: Dsn
) -> None:
    count = holding(cli)
    both = [command("alerts", "--send", data=triggered) for _ in range(2)]
    done = [finished(one) for one in both]
    assert 0 in [one.status for one in done]
    for one in done:
        assert one.status == 0 or "Another sending of alerts (process" in one.err
        assert PASSWORD not in one.out + one.err
    assert len(channel.posts) == len(set(channel.words)) == count


def test_who_lost_the_lock_in_mid_sending_sends_nothing_more(
    channel: Chat, triggered: Path, cli: Cli, shared: Dsn, postgres: PostgresServer
) -> None:
    def lose() -> None:
        channel.before = lambda: None
        postgres.sql(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'", "state"
        )

    channel.before = lose
    done = cli("alerts", "--send")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "connection was cut" in done.err
    assert len(channel.posts) == 1
    done = cli("alerts", "--send")
    assert (done.status, "is not known; it is not sent again" in done.out) == (0, True)
    assert len(channel.posts) == len(set(channel.words)) == holding(cli)


def test_what_one_machine_had_sent_is_not_sent_again_when_it_begins_to_share(
    channel: Chat, triggered: Path, cli: Cli, postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert cli("alerts", "--send").status == 0
    count = len(channel.posts)
    assert count > 0
    monkeypatch.setenv("XINZHI_STATE", postgres.new_database("state"))
    assert cli("alerts", "--send").status == 0
    assert len(channel.posts) == count


def test_lines_of_the_audit_log_and_subscribers_are_shared_by_all_machines(shared: Dsn) -> None:
    settings = load_settings()
    here, there = audit_log(settings), audit_log(load_settings())
    here.require()
    for number in (2, 1):
        here.add(line(number))
    assert there.newest(1) == [line(2)]  # by their moments, whichever machine was first
    assert there.newest(9, about="i1") == [line(1)]
    assert there.newest(9, about="%") == []
    mine, theirs = Subscribers.of(settings), Subscribers.of(settings)
    assert mine.add("li@example.cn", "zh")
    assert not theirs.add("LI@example.cn", "en")
    (one,) = mine.all()
    assert one.lang == "en"
    assert mine.begin(one, date(2026, 5, 27))
    assert not theirs.begin(one, date(2026, 5, 27))  # no letter goes out twice
    assert theirs.waiting(date(2026, 5, 27)) == []
    theirs.take_back(one)
    assert [waits.number for waits in mine.waiting(date(2026, 5, 27))] == [one.number]
    token = mine.leave_path(one).removeprefix("/leave/").removesuffix("?lang=en")
    assert not theirs.leave(f"{token[:-1]}x")
    assert theirs.leave(token)
    assert mine.all() == []


def test_the_state_of_a_machine_is_carried_over_and_told(
    filled: Path, cli: Cli, shared: Dsn, reader: Readers
) -> None:
    token = remembered(replace(load_settings(), state_dsn=None, sign_in=BY_LINK))
    Served(filled / "served.sqlite").note(made(1))
    settings = load_settings()
    memory = Memory(own_alert_memory(settings))
    for name in ("webhook 1", "e-mail 2"):
        memory.begin(name, name)
        with memory.sending(name, "vix/a/2026-05-26"):
            pass
    with alert_memory(settings) as kept:  # another machine was here before
        there = Memory(kept)
        there.begin("webhook 1", "webhook 1")
        with there.sending("webhook 1", "vix/b/2026-05-27"):
            pass
    done = cli("move-state")
    assert (done.status, done.err) == (0, "")
    assert "alerts.json: 2 sent alerts were new to postgresql://127.0.0.1" in done.out
    assert "served.sqlite: 1 of 1 receipts were new" in done.out
    assert "audit.jsonl: 2 lines were new" in done.out
    assert "subscribers.sqlite: 1 subscribers were new" in done.out
    assert "people.sqlite: 2 people were new" in done.out
    are_remembered(replace(settings, sign_in=BY_LINK), token)
    again = cli("move-state")
    assert "0 sent alerts were new" in again.out
    assert "0 of 1 receipts were new" in again.out
    assert "0 lines were new" in again.out
    assert "0 people were new" in again.out
    assert PASSWORD not in done.out + again.out
    with alert_memory(settings) as kept:
        found = Memory(kept)
        assert found.sent("webhook 1") == {"vix/a/2026-05-26", "vix/b/2026-05-27"}
        assert found.sent("e-mail 2") == {"vix/a/2026-05-26"}
    assert reader(shared).find(made(1).sha256) == made(1)


def test_carrying_over_to_nowhere_says_what_to_set(filled: Path, cli: Cli) -> None:
    done = cli("move-state")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "XINZHI_STATE" in done.err


@pytest.mark.parametrize("damaged", [b"not a database" * 1000, b""])
def test_receipts_that_cannot_be_read_are_named(
    filled: Path, cli: Cli, shared: Dsn, damaged: bytes
) -> None:
    (filled / "served.sqlite").write_bytes(damaged)
    done = cli("move-state")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "served.sqlite: is no record of served files" in done.err


def test_a_backup_holds_what_is_shared_and_an_empty_postgresql_gets_it_back(
    filled: Path, tmp_path: Path, cli: Cli, postgres: PostgresServer, reader: Readers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    text = postgres.new_database("state")
    monkeypatch.setenv("XINZHI_STATE", text)
    monkeypatch.setenv("XINZHI_SIGN_IN", "link")
    token = remembered(load_settings())
    record = reader(parse_dsn("XINZHI_STATE", text))
    record.note(made(1))
    written(record)
    with alert_memory(load_settings()) as kept:
        memory = Memory(kept)
        memory.begin("webhook", "webhook 1")
        with memory.sending("webhook 1", "vix/a/2026-05-26"):
            pass
        before = kept.read()
    there = tmp_path / "backup"
    done = cli("backup", there)
    assert (done.status, done.err) == (0, "")
    assert (there / "state" / "alerts.json").read_text("utf-8") == before
    with closing(sqlite3.connect(there / "served.sqlite")) as held:
        assert held.execute("select count(*) from served").fetchone() == (1,)
    assert cli("restore", there, "--check").status == 0
    for name in ("people.sqlite", "subscribers.sqlite", "audit.jsonl"):
        path = there / "state" / name
        assert token.encode() not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0, path

    other = postgres.new_database("other")
    monkeypatch.setenv("XINZHI_STATE", other)
    with alert_memory(load_settings()) as kept:
        kept.write(json.dumps({}))
    assert cli("restore", there).status == 0
    with alert_memory(load_settings()) as kept:
        assert kept.read() == before
    (aside,) = filled.glob("replaced-*")
    assert (aside / "state" / "alerts.json").read_text("utf-8") == "{}"
    assert reader(parse_dsn("XINZHI_STATE", other)).find(made(1).sha256) == made(1)
    assert not (filled / "served.sqlite").exists()

    are_remembered(load_settings(), token)
    assert cli("restore", there).status == 0  # again: nothing stands there twice
    are_remembered(load_settings(), token)

    monkeypatch.delenv("XINZHI_STATE")  # and a machine that is alone gets files
    assert cli("restore", there).status == 0
    assert Served(filled / "served.sqlite").find(made(1).sha256) == made(1)
    assert (filled / "state" / "alerts.json").read_text("utf-8") == before
    are_remembered(load_settings(), token)


def test_a_backup_without_postgresql_says_so_and_leaves_nothing_half_written(
    filled: Path, tmp_path: Path, cli: Cli, own_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("XINZHI_STATE", own_server.new_database("state"))
    own_server.kill()
    done = cli("backup", tmp_path / "backup")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "nothing answers there as PostgreSQL" in done.err
    assert not (tmp_path / "backup").exists()


def test_two_memories_at_once_are_one_too_many(filled: Path, shared: Dsn) -> None:
    settings = load_settings()
    with alert_memory(settings), pytest.raises(Locked), alert_memory(settings):
        pass


def test_an_away_postgresql_is_no_reason_to_send_from_a_file(
    channel: Chat, triggered: Path, cli: Cli, own_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("XINZHI_STATE", own_server.new_database("state"))
    own_server.kill()
    done = cli("alerts", "--send")
    assert (done.status, channel.posts) == (2, [])
    assert "nothing answers there as PostgreSQL" in done.err
