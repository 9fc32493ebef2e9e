"""When to ask which source: after it usually publishes, in its own time zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from etl.calendars import NEW_YORK
from etl.errors import PostgresAway
from etl.records import BEIJING

WORKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(7))
#: How often to look at the clock, to notice when it was set or the machine slept.
LOOK_EVERY_S = 30.0
#: How often one of several machines looks whether it leads, and what is due.
LEAD_EVERY_S = 10.0
#: How often it is tried to record that a slot was done, before another machine may do it again.
RECORDED_IN = 12


@dataclass(frozen=True, slots=True)
class Slot:
    """A time of day at which a source is asked, or all of them if none is named."""

    at: time
    zone: ZoneInfo
    weekdays: frozenset[int]
    source: str | None
    why: str

    def moments(self, after: datetime) -> Iterator[datetime]:
        """When it is due, in UTC, starting with the first moment after `after`."""
        day = after.astimezone(self.zone).date()
        while True:
            moment = datetime.combine(day, self.at, self.zone).astimezone(UTC)
            if day.weekday() in self.weekdays and moment > after:
                yield moment
            day += timedelta(days=1)

    @property
    def name(self) -> str:
        """What it is called where several machines record what was done."""
        return self.source or "all"

    def __str__(self) -> str:
        return f"{self.source or 'every source'} at {self.at:%H:%M} {self.zone.key} ({self.why})"


SLOTS = (
    Slot(time(17, 15), NEW_YORK, WORKDAYS, "yahoo", "after the futures have closed, too"),
    Slot(time(18, 15), NEW_YORK, WORKDAYS, "sec", "filings are taken until 17:30"),
    Slot(time(18, 30), NEW_YORK, WORKDAYS, "fred", "after EIA's and the Federal Reserve's hours"),
    Slot(time(20, 15), BEIJING, EVERY_DAY, "gov_cn", "after office hours"),
    Slot(time(20, 30), BEIJING, EVERY_DAY, "nda", "after office hours"),
    Slot(time(7, 30), BEIJING, EVERY_DAY, None, "before the bulletin is read"),
)


def due(after: datetime, until: datetime) -> list[Slot]:
    """The slots that fell due in (after, until], each once, in order."""
    found = [(next(slot.moments(after)), index) for index, slot in enumerate(SLOTS)]
    return [SLOTS[index] for moment, index in sorted(found) if moment <= until]


def next_due(after: datetime) -> tuple[datetime, Slot]:
    """The next slot and its moment."""
    found = [(next(slot.moments(after)), index) for index, slot in enumerate(SLOTS)]
    moment, index = min(found)
    return moment, SLOTS[index]


def keep_time(
    work: Callable[[Slot], None],
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    goes_on: Callable[[], bool],
) -> None:
    """Do the work of each slot when it falls due, while `goes_on` says so.

    What fell due while the machine slept is done once. A clock that was set back repeats nothing: a
    slot is due only after the newest moment ever seen.
    """
    seen = clock()
    while goes_on():
        sleep(LOOK_EVERY_S)
        now = clock()
        if now <= seen:
            continue
        slots, seen = due(seen, now), now
        for slot in slots:
            work(slot)


class Hours(Protocol):
    """What several machines know in common of the schedule, by one clock."""

    def look(self, slots: Sequence[str]) -> tuple[datetime, Mapping[str, datetime]]:
        """The moment, and until when each of the slots was done."""

    def record(self, slot: str, until: datetime) -> None:
        """Remember that a slot was done."""


def keep_shared_time(
    work: Callable[[Slot], bool],
    hours: Hours,
    leads: Callable[[], bool],
    sleep: Callable[[float], None],
) -> None:
    """Do the work of each slot when it falls due by the clock of `hours`, as long as this machine
    `leads`; a PostgresAway error where that cannot be known.

    A slot is recorded when its work has ended: what a machine that died had begun is done again by
    the next one. Work that says that it was not done is tried at the next look.
    """
    names = [slot.name for slot in SLOTS]
    while leads():
        now, done = hours.look(names)
        found = [(next(slot.moments(done[slot.name])), at) for at, slot in enumerate(SLOTS)]
        for moment, at in sorted(found):
            slot = SLOTS[at]
            if moment > now:
                break
            if not leads():
                return
            # One that led before may have come to the end of it only now.
            is_done = hours.look(names)[1][slot.name] >= moment
            if not is_done and work(slot):
                _record(hours, slot, now, sleep)
        sleep(LEAD_EVERY_S)


def _record(hours: Hours, slot: Slot, now: datetime, sleep: Callable[[float], None]) -> None:
    """Record a slot that was done, also by a machine that leads no more."""
    for attempt in range(1, RECORDED_IN + 1):
        try:
            hours.record(slot.name, now)
            return
        except PostgresAway:
            if attempt == RECORDED_IN:
                raise
            sleep(LEAD_EVERY_S)
