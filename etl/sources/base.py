"""What every source does in two steps; only the first leaves the program."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from etl.catalog import Indicator
from etl.errors import UnexpectedPayload, quoted
from etl.ingest.upstream import Upstream
from etl.records import Action, Observation

Params = Mapping[str, Any]
#: The first day that is ever asked for: before it no source has anything.
FIRST_DAY = date(1776, 7, 4)
_PLAIN = re.compile(r"-?\d+(\.\d*)?", re.ASCII)


class Source(Protocol):
    """One upstream. `online` sources are left out of an offline run."""

    @property
    def name(self) -> str: ...

    @property
    def online(self) -> bool: ...

    @property
    def precision(self) -> float:
        """By what share of a value two answers may differ and still say the same."""
        return 0.0

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        """The answer as it came; SourceUnavailable or UnexpectedPayload in words."""
        ...

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        """What the answer says, in the order of dates; pure. UnexpectedPayload in words."""
        ...

    def actions(self, payload: bytes, params: Params) -> Sequence[Action]:
        """The splits and dividends that the answer carries; pure."""
        return ()

    def notes(
        self, payload: bytes, indicator: Indicator, params: Params, known_at: datetime
    ) -> Sequence[str]:
        """Sentences about an answer that is good: rows that were skipped, an edition that is old;
        pure."""
        return ()

    def reaches_back_to(self, params: Params, since: date, today: date) -> date:
        """The first day that a whole answer to `fetch(…, since, …)` speaks of."""
        return date.min


def json_of(payload: bytes) -> Any:
    """The JSON document in `payload`; a ValueError also for NaN, which JSON does not have."""
    return json.loads(payload, parse_constant=_no_number)


def number(value: object, what: str) -> float:
    """The number that a JSON value is; an UnexpectedPayload that quotes anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise UnexpectedPayload(f"{what}: '{quoted(value)}' is no number.")


def decimal(text: str, what: str) -> float:
    """The number that a cell of digits says; an UnexpectedPayload that quotes anything else."""
    if _PLAIN.fullmatch(text):
        return float(text)
    raise UnexpectedPayload(f"{what}: '{quoted(text)}' is no number.")


def in_order(previous: date | None, day: date, what: str) -> None:
    """Refuse a series whose dates do not rise: what repeats or goes back is not what it was."""
    if previous is not None and day == previous:
        raise UnexpectedPayload(f"{what} has two rows for {day}.")
    if previous is not None and day < previous:
        raise UnexpectedPayload(f"{what} is out of order: {day} comes after {previous}.")


#: How many rows that were skipped are told one by one.
MOST_TOLD = 3


def left_out(wrong: Iterable[str]) -> tuple[str, ...]:
    """What was wrong with rows that were skipped: the first in full, the others counted."""
    sentences = list(wrong)
    if not sentences:
        return ()
    more = len(sentences) - MOST_TOLD
    rows = "One row was" if len(sentences) == 1 else f"{len(sentences):,} rows were"
    tail = f" … and {more:,} more." if more > 0 else ""
    return (f"{rows} left out: {' '.join(sentences[:MOST_TOLD])}{tail}",)


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no JSON number")
