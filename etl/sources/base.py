"""What every source does in two steps; only the first one uses the network."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from etl.catalog import Indicator
from etl.errors import UnexpectedPayload, quoted
from etl.ingest.upstream import Upstream
from etl.records import Action, Observation

Params = Mapping[str, Any]
#: The first day ever asked for; no source has anything earlier.
FIRST_DAY = date(1776, 7, 4)
_PLAIN = re.compile(r"-?\d+(\.\d*)?", re.ASCII)
_AMERICAN = re.compile(r"(\d\d)/(\d\d)/(\d{4})", re.ASCII)


class Source(Protocol):
    """One upstream. `online` sources are skipped in an offline run."""

    @property
    def name(self) -> str: ...

    @property
    def online(self) -> bool: ...

    @property
    def precision(self) -> float:
        """The relative difference below which two answers say the same."""
        return 0.0

    @property
    def answers_in_china(self) -> bool:
        """Whether its hosts are known to answer in mainland China, or not known not to."""
        return True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        """The answer as it came; SourceUnavailable or UnexpectedPayload in words."""
        ...

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        """The values of an answer in order of date; pure. UnexpectedPayload in words."""
        ...

    def actions(self, payload: bytes, params: Params) -> Sequence[Action]:
        """The splits and dividends in the answer; pure."""
        return ()

    def notes(
        self, payload: bytes, indicator: Indicator, params: Params, known_at: datetime
    ) -> Sequence[str]:
        """Remarks about a good answer, such as skipped rows or an old edition; pure."""
        return ()

    def needs_network(self, params: Params) -> bool:
        """Whether this reference is asked over the network; an offline run leaves it out then."""
        return self.online

    def reaches_back_to(self, params: Params, since: date, today: date) -> date:
        """The first day that a complete answer to `fetch(…, since, …)` covers."""
        return date.min


class RowSource(Source, Protocol):
    """A source whose rows are read one by one: a row that gives no value costs itself alone, and
    is told in the notes."""

    def read(
        self, payload: bytes, indicator: Indicator, params: Params
    ) -> tuple[list[Observation], list[str]]:
        """The values of an answer in order of date, and what is wrong with the other rows; pure."""
        ...

    def no_row(self, params: Params) -> str:
        """What is said of an answer without a row; nothing where that is good."""
        return ""

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        found, wrong = self.read(payload, indicator, params)
        told = wrong[0] if wrong else self.no_row(params)
        if told and not found:
            raise UnexpectedPayload(told)
        return found

    def notes(
        self, payload: bytes, indicator: Indicator, params: Params, known_at: datetime
    ) -> Sequence[str]:
        return left_out(self.read(payload, indicator, params)[1])


def json_of(payload: bytes) -> Any:
    """The JSON document in `payload`; a ValueError also for NaN, which JSON does not allow."""
    return json.loads(payload, parse_constant=_no_number)


def decoded(payload: bytes) -> str:
    """The text of an answer: UTF-8, or else what Chinese sites send in its place."""
    try:
        return payload.decode("utf-8-sig")
    except UnicodeDecodeError:
        return payload.decode("gb18030", "replace")


def number(value: object, what: str) -> float:
    """The number in a JSON value; otherwise an UnexpectedPayload that quotes it."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise UnexpectedPayload(f"{what}: '{quoted(value)}' is no number.")


def decimal(text: str, what: str) -> float:
    """The number in a cell of digits; otherwise an UnexpectedPayload that quotes it."""
    if _PLAIN.fullmatch(text):
        return float(text)
    raise UnexpectedPayload(f"{what}: '{quoted(text)}' is no number.")


def american_day(text: str, what: str) -> date:
    """The day in a cell like 05/27/2026; otherwise an UnexpectedPayload that quotes it."""
    found = _AMERICAN.fullmatch(text)
    try:
        if found:
            month, day, year = (int(part) for part in found.groups())
            return date(year, month, day)
    except ValueError:
        pass
    raise UnexpectedPayload(f"{what}: '{quoted(text)}' is no day like 05/27/2026.")


def table_of(text: str, what: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The first row of a CSV, and the others with their lines; an UnexpectedPayload for one that
    has not a cell for each column."""
    try:
        rows = list(csv.reader(io.StringIO(text)))
    except csv.Error:
        rows = []
    head = [name.strip() for name in rows[0]] if rows else []

    def whole() -> Iterator[tuple[int, list[str]]]:
        for line, row in enumerate(rows[1:], 2):
            if row and (len(row) < len(head) or any(row[len(head) :])):
                shown = quoted(",".join(row))
                raise UnexpectedPayload(
                    f"{what}, line {line}: '{shown}' has not {len(head)} cells; was it cut off?"
                )
            if row:
                yield line, row

    return head, whole()


def in_order(previous: date | None, day: date, what: str) -> None:
    """Refuse a series whose dates do not ascend."""
    if previous is not None and day == previous:
        raise UnexpectedPayload(f"{what} has two rows for {day}.")
    if previous is not None and day < previous:
        raise UnexpectedPayload(f"{what} is out of order: {day} comes after {previous}.")


#: How many skipped rows are reported one by one.
MOST_TOLD = 3


def left_out(wrong: Iterable[str]) -> tuple[str, ...]:
    """What was wrong with skipped rows: the first ones in full, the others counted."""
    sentences = list(wrong)
    if not sentences:
        return ()
    more = len(sentences) - MOST_TOLD
    rows = "One row was" if len(sentences) == 1 else f"{len(sentences):,} rows were"
    tail = f" … and {more:,} more." if more > 0 else ""
    return (f"{rows} left out: {' '.join(sentences[:MOST_TOLD])}{tail}",)


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no JSON number")
