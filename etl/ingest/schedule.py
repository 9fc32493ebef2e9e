"""When to ask which source: after it usually publishes, in its own time zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from etl.calendars import NEW_YORK
from etl.records import BEIJING

WORKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(7))
#: How often to look at the clock, to notice when it was set or the machine slept.
LOOK_EVERY_S = 30.0


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
