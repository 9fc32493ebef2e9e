"""When to ask which source: after its hours of publication, in its own time zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from etl.calendars import NEW_YORK
from etl.records import BEIJING

WORKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(7))
#: The clock is looked at this often, so that a clock set anew or a machine that slept is noticed.
LOOK_EVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class Slot:
    """A time of day on which a source is asked; all of them, when none is named."""

    at: time
    zone: ZoneInfo
    weekdays: frozenset[int]
    source: str | None
    why: str

    def moments(self, after: datetime) -> Iterator[datetime]:
        """When it is due, from the first moment later than `after` on, in UTC."""
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
    """The slots that fell due in (after, until], each once, in the order of their moments."""
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
    """Do the work of each slot when it falls due, as long as `goes_on` says so.

    What fell due while the machine slept is done once. A clock that was set back does nothing
    twice: a slot is due only after the newest moment that was ever seen.
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
