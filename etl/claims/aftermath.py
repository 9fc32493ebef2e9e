"""What became of statements: what the values that came later say of one that was true. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from operator import attrgetter

import numpy as np

from etl.claims.model import JudgedBy
from etl.records import Vintage

_date = attrgetter("date")


@dataclass(frozen=True, slots=True)
class Turn:
    """A value with which a statement ceased to be true, or became true again."""

    date: date
    value: float
    is_true: bool


@dataclass(frozen=True, slots=True)
class Aftermath:
    """A statement that was true of the value of `since`: up to which date it stayed so, the turns
    that it took, and the newest value that was looked at."""

    since: date
    until: date
    turns: tuple[Turn, ...]
    newest: date

    @property
    def has_ended(self) -> bool:
        """Whether it is no longer true, or was not for some time."""
        return bool(self.turns)


def aftermath(rows: Sequence[Vintage], basis: JudgedBy | None) -> Aftermath | None:
    """What became of a statement, by the value that it was judged by and those after it; None where
    nothing later has a say, or that value is no longer held."""
    if basis is None or basis.low is None or basis.high is None or not rows:
        return None
    values = np.array([row.value for row in rows])
    is_true = (basis.low <= values) & (values <= basis.high)
    is_true[0] = True  # the value that it was judged by, whatever was revised since
    at = np.flatnonzero(np.diff(is_true)) + 1
    turns = tuple(Turn(rows[k].date, rows[k].value, bool(is_true[k])) for k in at.tolist())
    until = rows[int(at[0]) - 1] if len(at) else rows[-1]
    return Aftermath(basis.date, until.date, turns, rows[-1].date)


def values_from(series: Sequence[Vintage], day: date, changes: Sequence[date]) -> Sequence[Vintage]:
    """The value of a day and those after it, as far as they are of the same definition, which
    changes on the days `changes`; nothing if there is no value of that day."""
    at = bisect_right(series, day, key=_date) - 1
    if at < 0 or series[at].date != day:
        return ()
    ends = next((change for change in changes if change > day), date.max)
    same = takewhile(lambda row: row.date < ends and row.basis == series[at].basis, series[at:])
    return list(same)
