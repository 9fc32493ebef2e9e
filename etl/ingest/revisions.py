"""What an update would rewrite: small revisions pass, a rewrite of history waits for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from etl.calendars import is_session
from etl.catalog import Indicator
from etl.records import Observation

#: An answer that leaves out more of what is held is a shortened history; of a series that says
#: only when something changed, each value counts.
MOST_GONE = 5


@dataclass(frozen=True, slots=True)
class Rewrite:
    """How an answer differs from what its source had said before."""

    compared: int
    changed: tuple[date, ...]
    largest_pct: float
    gone: tuple[date, ...]

    def is_beyond(self, indicator: Indicator) -> bool:
        """Whether a person must accept it."""
        shortened = len(self.gone) > (0 if indicator.frequency == "event" else MOST_GONE)
        return shortened or self.largest_pct > indicator.expect.revision_pct


def rewrite(held: Mapping[date, float], new: Sequence[Observation], first: date) -> Rewrite:
    """The difference between the held values of a source and its new answer, date by date.

    A whole answer begins at `first`: whatever is held from then on and no longer present is gone.
    """
    answer = {o.date: o.value for o in new}
    both = [day for day in answer if day in held]
    changed = sorted(day for day in both if answer[day] != held[day])
    gone = sorted(day for day in held if first <= day and day not in answer)
    largest = max((_change_pct(held[day], answer[day]) for day in changed), default=0.0)
    return Rewrite(len(both) + len(gone), tuple(changed), largest, tuple(gone))


def answerable(indicator: Indicator, held: Mapping[date, float]) -> dict[date, float]:
    """What a source is expected to repeat: not a price on a day without a session, which only an
    earlier version of this program took for one."""
    if not indicator.is_traded:
        return dict(held)
    return {day: value for day, value in held.items() if is_session(indicator.calendar, day)}


def sentence(indicator: Indicator, source: str, found: Rewrite, bulletins: Iterable[date]) -> str:
    """Why an answer is held back, what it touches, and what to do."""
    parts = []
    if found.changed:
        parts.append(
            f"{len(found.changed)} of {found.compared} values from {found.changed[0]} to "
            f"{found.changed[-1]} would change, by up to {found.largest_pct:.1f} %"
        )
    if found.gone:
        parts.append(f"{len(found.gone)} values from {found.gone[0]} on would be gone")
    first = min((*found.changed, *found.gone))
    touched = sorted(day for day in bulletins if day >= first)
    after = f" Bulletins from then on: {', '.join(map(str, touched))}." if touched else ""
    return (
        f"{indicator.id}: {source} rewrites its history: {' and '.join(parts)}. Held back; "
        f"`python -m etl accept {indicator.id}` takes it.{after}"
    )


def _change_pct(before: float, now: float) -> float:
    return 100 * abs(now - before) / abs(before) if before else 100.0
