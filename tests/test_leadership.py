"""Two machines run the schedule: one works, the other waits and takes over."""

from __future__ import annotations

import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import command, finished, is_one_sentence

from benchmarks.servers import (
    PASSWORD,
    PostgresServer,
    free_port,
    wait_until,
)
from etl.errors import PostgresAway
from etl.ingest.schedule import LEAD_EVERY_S, SLOTS, Slot, keep_shared_time

START = datetime(2026, 3, 5, 21, 40, tzinfo=UTC)
NAMES = [slot.name for slot in SLOTS]


class Shared:
    """The hours that machines share, by a clock that runs as fast as any of them sleeps."""

    def __init__(self, start: datetime = START) -> None:
        self.now, self.done, self.is_away = start, {}, False
        self.recorded: list[tuple[str, datetime]] = []

    def look(self, slots: Sequence[str]) -> tuple[datetime, Mapping[str, datetime]]:
        if self.is_away:
            raise PostgresAway("away")
        for slot in slots:
            self.done.setdefault(slot, self.now)
        return self.now, dict(self.done)

    def record(self, slot: str, until: datetime) -> None:
        if self.is_away:
            raise PostgresAway("away")
        self.recorded.append((slot, until))
        self.done[slot] = max(self.done[slot], until)

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def played(shared: Shared, until: datetime, work: Callable[[Slot], bool]) -> None:
    keep_shared_time(work, shared, lambda: shared.now < until, shared.sleep)


def test_a_day_asks_every_slot_once_whichever_machine_leads() -> None:
    shared, done = Shared(START - timedelta(hours=9)), []

    def work(slot: Slot) -> bool:
        done.append(slot.name)
        return True

    for hour in range(1, 25):  # another machine leads each hour
        played(shared, START - timedelta(hours=9) + timedelta(hours=hour), work)
    assert sorted(done) == sorted(NAMES)


def test_two_slots_of_one_moment_are_two() -> None:
    """In winter 18:30 in New York is 07:30 in Beijing; one that dies between them leaves one."""
    moment = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)
    shared, done = Shared(moment - timedelta(minutes=1)), []

    def dies(slot: Slot) -> bool:
        if done:
            raise KeyboardInterrupt
        done.append(slot.name)
        return True

    with pytest.raises(KeyboardInterrupt):
        played(shared, moment + timedelta(hours=1), dies)
    played(shared, moment + timedelta(hours=1), lambda slot: not done.append(slot.name))
    assert sorted(done) == ["all", "fred"]


def test_what_a_machine_died_in_is_done_by_the_next_and_what_it_ended_is_not() -> None:
    shared, begun = Shared(), []

    def killed(slot: Slot) -> bool:
        begun.append(slot.name)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        played(shared, START + timedelta(hours=1), killed)
    for _ in range(2):
        played(shared, START + timedelta(hours=1), lambda slot: not begun.append(slot.name))
        shared.now = START + timedelta(minutes=50)
    assert begun == ["yahoo", "yahoo"]


def test_work_that_was_not_done_is_tried_again_at_the_next_look() -> None:
    shared, tries = Shared(), []

    def work(slot: Slot) -> bool:
        tries.append(shared.now)
        return len(tries) == 3

    played(shared, START + timedelta(hours=1), work)
    assert len(tries) == 3
    assert tries[2] - tries[0] == timedelta(seconds=2 * LEAD_EVERY_S)


def test_a_run_that_ends_while_postgresql_is_away_is_recorded_when_it_is_back() -> None:
    shared, done = Shared(), []

    def work(slot: Slot) -> bool:
        done.append(slot.name)
        shared.is_away = True
        return True

    def sleep(seconds: float) -> None:
        shared.sleep(seconds)
        if done and len(done) == 1 and shared.now > START + timedelta(minutes=36):
            shared.is_away = False

    keep_shared_time(work, shared, lambda: shared.now < START + timedelta(hours=1), sleep)
    assert done == ["yahoo"]
    assert [slot for slot, _ in shared.recorded] == ["yahoo"]


def test_a_machine_that_lost_the_lock_begins_no_run() -> None:
    shared, done, leads = Shared(), [], [True, False]
    shared.look(NAMES)
    shared.now += timedelta(days=3)  # all of them are due
    keep_shared_time(
        lambda slot: not done.append(slot.name), shared, lambda: leads.pop(0), shared.sleep
    )
    assert done == []


def test_a_slot_that_the_leader_before_has_just_ended_is_not_done_again() -> None:
    shared, done = Shared(), []
    shared.look(NAMES)
    shared.now += timedelta(hours=1)
    looks = iter([True, True])

    def leads() -> bool:
        first = next(looks, None)
        if done == [] and first and shared.recorded == [] and len(shared.done) == len(NAMES):
            shared.record("yahoo", shared.now)  # between the first look and the run
        return bool(first)

    keep_shared_time(lambda slot: not done.append(slot.name), shared, leads, shared.sleep)
    assert done == []


# The same with two processes and a PostgreSQL.


class Scheduler:
    """`etl schedule` as a machine of its own, and what it has said so far."""

    def __init__(self, data: Path, state: str, before: str = "") -> None:
        self.lines: list[str] = []
        dead = f"http://127.0.0.1:{free_port()}"
        self.process: subprocess.Popen[str] = command(
            "schedule", data=data, before=before, XINZHI_STATE=state, XINZHI_PROXY=dead,
            XINZHI_TIMEOUT="1", PYTHONUNBUFFERED="1",
        )  # fmt: skip
        for stream in (self.process.stdout, self.process.stderr):
            threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream: Iterator[str]) -> None:
        for line in stream:
            self.lines.append(line)

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def has_said(self, words: str, times: int = 1) -> bool:
        assert self.process.poll() is None, self.said
        return self.said.count(words) >= times

    def asked(self) -> Counter[str]:
        """How often it has begun to ask each source."""
        found = (line.split(" asking ")[1].split()[0] for line in self.lines if " asking " in line)
        return Counter(found)


@contextmanager
def schedulers(data: Path, state: str, *before: str) -> Iterator[list[Scheduler]]:
    machines: list[Scheduler] = []
    try:
        for one in before or ("", ""):
            machines.append(Scheduler(data, state, one))
        yield machines
    finally:
        for machine in machines:
            machine.process.kill()
            machine.process.wait()


def leader_of(machines: Sequence[Scheduler]) -> tuple[Scheduler, Scheduler]:
    """Who leads, and who waits, once both have said so."""
    first, second = machines
    wait_until(
        lambda: (
            (first.has_said("leads:") and second.has_said("waits:"))
            or (second.has_said("leads:") and first.has_said("waits:"))
        ),
        "one leads and one waits",
    )
    return (first, second) if "leads:" in first.said else (second, first)


def fall_due(server: PostgresServer, slot: str) -> None:
    """Let the last time of a slot be long ago, as soon as the leader knows of it."""
    changed = (
        "update xinzhi.hours set done_until = now() - interval '8 days' "
        f"where slot = '{slot}' returning slot"
    )

    def is_due() -> bool:
        try:
            return server.sql(changed, "state") == slot
        except RuntimeError:  # the leader has not made its tables yet
            return False

    wait_until(is_due, f"{slot} is due")


def until_done(server: PostgresServer, slot: str) -> None:
    """Wait until a slot is recorded as done."""
    recorded = (
        f"select done_until > now() - interval '1 hour' from xinzhi.hours where slot = '{slot}'"
    )
    wait_until(lambda: server.sql(recorded, "state") == "t", f"{slot} is done", 180)


@pytest.mark.slow
def test_the_second_machine_waits_and_takes_over_when_the_first_is_killed(
    filled: Path, own_server: PostgresServer
) -> None:
    with schedulers(filled, own_server.new_database("state")) as machines:
        leader, waiting = leader_of(machines)
        assert f"waits: process {leader.process.pid} on " in waiting.said
        assert "asks the sources; this one takes over when it ends" in waiting.said
        leader.process.kill()
        wait_until(lambda: waiting.has_said("leads:"), "the other takes over", 60)
        fall_due(own_server, "sec")
        wait_until(lambda: waiting.has_said(" asking sec"), "it works")
        for machine in machines:
            assert PASSWORD not in machine.said


@pytest.mark.slow
def test_one_leads_again_after_a_restart_of_postgresql_and_nothing_is_done_twice(
    filled: Path, own_server: PostgresServer
) -> None:
    with schedulers(filled, own_server.new_database("state")) as machines:
        leader, _ = leader_of(machines)
        fall_due(own_server, "sec")
        until_done(own_server, "sec")
        own_server.kill()
        wait_until(lambda: all("nothing answers there" in m.said for m in machines),
                   "both say that it is away")  # fmt: skip
        own_server.start()
        before = [machine.said.count("leads:") for machine in machines]
        wait_until(
            lambda: [m.said.count("leads:") for m in machines] != before, "one leads again", 60
        )
        fall_due(own_server, "nda")
        wait_until(lambda: sum((m.asked() for m in machines), Counter())["nda"] == 1, "it works")
        assert sum((m.asked() for m in machines), Counter()) == {"sec": 1, "nda": 1}
        assert "leads no more" in leader.said
        assert all(machine.process.poll() is None for machine in machines)


@pytest.mark.slow
def test_a_leader_whose_connection_is_ended_stops_and_one_leads_after_it(
    filled: Path, own_server: PostgresServer
) -> None:
    with schedulers(filled, own_server.new_database("state")) as machines:
        leader, waiting = leader_of(machines)
        own_server.sql(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'", "state"
        )
        wait_until(lambda: leader.has_said("leads no more"), "it notices")
        wait_until(lambda: waiting.has_said("leads:") or leader.has_said("leads:", 2), "one leads")


SKEWED = """
from datetime import timedelta
import etl.records
exact = etl.records.now
etl.records.now = lambda: exact() + timedelta(minutes={minutes})
"""


@pytest.mark.slow
def test_clocks_ten_minutes_apart_skip_nothing_and_do_nothing_twice(
    filled: Path, own_server: PostgresServer
) -> None:
    both = [SKEWED.format(minutes=minutes) for minutes in (5, -5)]
    with schedulers(filled, own_server.new_database("state"), *both) as machines:
        leader, waiting = leader_of(machines)
        fall_due(own_server, "sec")
        until_done(own_server, "sec")
        leader.process.kill()
        wait_until(lambda: waiting.has_said("leads:"), "the other takes over", 60)
        fall_due(own_server, "nda")
        until_done(own_server, "nda")
        assert leader.asked() == {"sec": 1}
        assert waiting.asked() == {"nda": 1}


@pytest.mark.slow
def test_what_the_killed_leader_was_in_is_done_by_the_other(
    filled: Path, own_server: PostgresServer
) -> None:
    """The leader is killed as soon as it has said that it asks."""
    with schedulers(filled, own_server.new_database("state")) as machines:
        leader, waiting = leader_of(machines)
        fall_due(own_server, "fred")
        wait_until(lambda: " asking fred" in leader.said, "it asks")
        leader.process.kill()
        wait_until(lambda: waiting.has_said(" asking fred"), "the other asks")
        until_done(own_server, "fred")
        assert waiting.asked() == {"fred": 1}


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["password", "database"])
def test_a_schedule_whose_postgresql_is_named_wrongly_ends_with_one_sentence(
    filled: Path, own_server: PostgresServer, wrong: str
) -> None:
    state = own_server.dsn(password="anotherword") if wrong == "password" else own_server.dsn("no")
    done = finished(command("schedule", data=filled, XINZHI_STATE=state))
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert wrong in done.err
    assert "anotherword" not in done.out + done.err
    assert PASSWORD not in done.out + done.err
