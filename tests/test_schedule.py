"""The hours at which sources are asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from etl.calendars import NEW_YORK
from etl.catalog import SOURCE_PARAMS
from etl.ingest.schedule import LOOK_EVERY_S, SLOTS, Slot, due, keep_time, next_due
from etl.policies.candidates import FINDERS

FRIDAY = datetime(2026, 3, 6, 12, tzinfo=UTC)  # clocks in New York change on the 8th


def moments(slot: Slot, after: datetime, count: int) -> list[datetime]:
    found: Iterator[datetime] = slot.moments(after)
    return [next(found) for _ in range(count)]


def slot_of(source: str | None) -> Slot:
    return next(slot for slot in SLOTS if slot.source == source)


def test_every_slot_asks_a_source_that_exists() -> None:
    assert {slot.source for slot in SLOTS} - {None} <= {*SOURCE_PARAMS, *FINDERS}


def test_the_close_is_asked_for_after_the_close_in_winter_and_in_summer() -> None:
    found = moments(slot_of("yahoo"), FRIDAY, 2)
    assert found == [
        datetime(2026, 3, 6, 22, 15, tzinfo=UTC),  # Friday, winter time
        datetime(2026, 3, 9, 21, 15, tzinfo=UTC),  # Monday, summer time
    ]


@pytest.mark.parametrize("slot", SLOTS, ids=str)
def test_a_slot_keeps_its_local_hour_all_year(slot: Slot) -> None:
    for moment in moments(slot, FRIDAY, 300):
        local = moment.astimezone(slot.zone)
        assert local.time().replace(tzinfo=None) == slot.at
        assert local.weekday() in slot.weekdays


def test_no_weekend_is_asked_for_american_hours() -> None:
    days = {m.astimezone(NEW_YORK).weekday() for m in moments(slot_of("sec"), FRIDAY, 50)}
    assert days == {0, 1, 2, 3, 4}


def test_the_next_slot_is_the_one_that_comes_first() -> None:
    moment, slot = next_due(FRIDAY)
    assert moment == min(next(s.moments(FRIDAY)) for s in SLOTS)
    assert due(FRIDAY, moment) == [slot]
    assert due(FRIDAY, moment - timedelta(seconds=1)) == []


def test_a_machine_that_slept_for_days_asks_each_slot_once_in_order() -> None:
    found = due(FRIDAY, FRIDAY + timedelta(days=9))
    assert sorted(map(str, found)) == sorted(map(str, SLOTS))
    firsts = [next(slot.moments(FRIDAY)) for slot in found]
    assert firsts == sorted(firsts)


class Clock:
    """A clock that runs as fast as it is slept on, and that can be set."""

    def __init__(self, start: datetime, jumps: dict[int, timedelta] | None = None) -> None:
        self.now, self.looks, self.jumps = start, 0, jumps or {}

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.looks += 1
        self.now += timedelta(seconds=seconds) + self.jumps.get(self.looks, timedelta(0))


def played(start: datetime, hours: float, jumps: dict[int, timedelta] | None = None) -> list[Slot]:
    clock, done = Clock(start, jumps), []
    most = int(hours * 3600 / LOOK_EVERY_S)
    keep_time(done.append, clock, clock.sleep, lambda: clock.looks < most)
    return done


def test_a_day_asks_every_slot_once() -> None:
    thursday = FRIDAY - timedelta(days=1)
    assert sorted(map(str, played(thursday, 24))) == sorted(map(str, SLOTS))


def test_a_clock_set_back_asks_nothing_twice() -> None:
    start = datetime(2026, 3, 5, 21, 40, tzinfo=UTC)
    once = played(start, 1.4)
    assert [slot.source for slot in once] == ["yahoo"]
    assert played(start, 1.4, {30: -timedelta(minutes=14)}) == once


def test_a_clock_set_forward_skips_nothing() -> None:
    start = datetime(2026, 3, 5, 21, 0, tzinfo=UTC)
    found = played(start, 0.5, {10: timedelta(hours=3)})
    assert [slot.source for slot in found] == ["yahoo", "sec", "fred", None]
