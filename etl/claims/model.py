"""What a checked statement is: the type that the checker, snapshots, pages and the API share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from typing import Literal

from etl.files.strict_model import FrozenModel

Kind = Literal[
    "level", "change", "direction", "record_high", "record_low", "milestone", "first", "count",
    "volatility", "streak",
]  # fmt: skip
Verdict = Literal["supported", "approximate", "contradicted", "unverifiable"]
#: The verdicts on what is true.
TRUE: frozenset[Verdict] = frozenset({"supported", "approximate"})


class Evidence(FrozenModel):
    """The value that a statement was judged by; `previous` is what it was compared with, and
    `chart` the frozen chart that shows both."""

    date: Date
    value: float
    previous: float | None
    known_at: datetime
    source: str
    chart: str


class Later(FrozenModel):
    """What a value that was missing on the day says of a statement: its verdict, not that of the
    day."""

    value: float
    known_at: datetime
    verdict: Verdict


class Claim(FrozenModel):
    """One statement of a bulletin and what the data known by the end of its day say of it.

    `section` is `summary`, `judgement`, `title` or the number of a section. `value` is in `unit`.
    `period` is a day, a month, a year, or a span FROM..TO.
    """

    sentence: str
    section: str
    indicator: str
    kind: Kind
    value: float | None
    unit: str
    period: str | None
    verdict: Verdict
    reason: str
    evidence: Evidence | None
    later: Later | None = None


@dataclass(frozen=True, slots=True)
class JudgedBy:
    """The date of the value that a statement was judged by, on its day or later. One that was true
    stays so while values are from `low` to `high`; None where nothing that comes after it has a
    say."""

    date: Date
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A claim and the words that make it: `text[start:stop]` of one paragraph of its section, as
    mentions are placed (-1 is the heading)."""

    paragraph: int
    start: int
    stop: int
    claim: Claim
    judged_by: JudgedBy | None = None
