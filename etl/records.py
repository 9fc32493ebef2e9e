"""The types that travel between layers, and the clock that dates them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from datetime import date as Date
from typing import Any, Literal, NamedTuple, Protocol, get_args
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
#: Who sees an indicator, a bulletin or a document: everybody, or the committee alone.
Visibility = Literal["public", "committee"]
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)
PUBLIC, COMMITTEE = VISIBILITIES
#: How the receipts of served files lie in a file of SQLite, wherever it is written.
RECEIPTS_LAYOUT = """
create table if not exists served (
  sha256 text not null unique, address text not null, snapshot text not null,
  bytes integer not null, made_at text not null)
"""
#: How people, their sessions and tokens lie, in SQLite as in PostgreSQL. Keys are hashes; moments
#: are seconds since 1970.
PEOPLE_LAYOUT = """
create table if not exists people (
  name text primary key, shown text not null, way text not null, groups text not null,
  most integer, first_at double precision not null, seen_at double precision not null);
create table if not exists people_sessions (
  id text primary key, number text not null unique, name text not null,
  agent text not null, made_at double precision not null, seen_at double precision not null,
  ends_at double precision not null);
create table if not exists people_tokens (
  id text primary key, number text not null unique, label text not null, scopes text not null,
  made_by text not null, made_at double precision not null, ends_at double precision not null,
  used_at double precision);
create table if not exists people_attempts (
  id text primary key, way text not null, body text not null, ends_at double precision not null);
create table if not exists people_secrets (name text primary key, body text not null);
"""
#: How attempts to sign in lie that were made in the last minute.
TRIES_LAYOUT = """
create table if not exists people_tries (
  kind text not null, address text not null, at double precision not null);
create index if not exists people_tries_of on people_tries (kind, address, at);
create index if not exists people_tries_at on people_tries (at);
"""
#: How those lie who get the letter of the day, in SQLite as in PostgreSQL: `sent` is the newest day
#: of which they got it, and `subscriber_keys` what their addresses for leaving are signed with.
SUBSCRIBERS_LAYOUT = """
create table if not exists subscribers (
  number text primary key, address text not null unique, lang text not null,
  since text not null, sent text not null);
create table if not exists subscriber_keys (name text primary key, body text not null);
"""


@dataclass(frozen=True, slots=True)
class Observation:
    """One dated value from a source, in the unit of its indicator.

    `public_at` is when it became public, if the source says so, and `is_stated` whether it does.
    `basis` names the way of measuring if an indicator has several; values with different bases are
    not comparable. `corrected_at` is when a person replaced the source's value with this one.
    `is_cited` if nothing but a bulletin says so, whatever the bulletin names as its source.
    """

    date: date
    value: float
    public_at: datetime | None = None
    credit: str = ""
    basis: str = ""
    disputed: bool = False
    note: str = ""
    corrected_at: datetime | None = None
    is_stated: bool = False
    is_cited: bool = False

    def public(self, moment: datetime, *, is_stated: bool) -> Observation:
        """The same, public since a moment. `replace` takes three times as long."""
        return Observation(
            self.date, self.value, moment, self.credit, self.basis, self.disputed, self.note,
            self.corrected_at, is_stated, self.is_cited,
        )  # fmt: skip


#: How the credit of a value that only a bulletin gives goes on; the day of the bulletin follows.
_CITED = ", as reported in the bulletin of "


def as_cited(credit: str, day: str) -> str:
    """The credit of a value that is known only from the bulletin of a day."""
    return f"{credit}{_CITED}{day}" if day else credit


def cited_in(credit: str) -> str:
    """The day of the bulletin that a value is known from alone; nothing if it has a source of its
    own."""
    return credit.rpartition(_CITED)[2] if _CITED in credit else ""


@dataclass(frozen=True, slots=True)
class Action:
    """A split (`value` new shares for one old) or a dividend (`value` in the unit of the price),
    kept separately from prices."""

    date: date
    kind: Literal["split", "dividend"]
    value: float


@dataclass(frozen=True, slots=True)
class Vintage:
    """An observation as it was known at `known_at`; `status` says how it was obtained: bundled,
    fetched, imported, derived, counted, cited, disputed or corrected."""

    date: date
    value: float
    source: str
    known_at: datetime
    status: str
    credit: str = ""
    basis: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class HeldAnswer:
    """An answer that is not used yet, since when, and why.

    `may_be_taken` if a person can accept it as it is, because it only rewrites history.
    """

    indicator: str
    source: str
    since: datetime
    sentence: str
    may_be_taken: bool


@dataclass(frozen=True, slots=True)
class Revision:
    """A value that its source has replaced."""

    indicator: str
    date: Date
    source: str
    before: float
    after: float
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request to a host on behalf of a source: when it was sent, how long its answer took, and
    what was wrong with it, if anything."""

    source: str
    host: str
    at: datetime
    seconds: float
    problem: str = ""


class Measured(Protocol):
    """What is needed to compare two values."""

    @property
    def date(self) -> Date: ...
    @property
    def value(self) -> float: ...
    @property
    def basis(self) -> str: ...


class Sample(NamedTuple):
    """A value without its provenance: one of the many of a sparkline."""

    date: Date
    value: float
    basis: str


#: The grain at which values are held: at the indicator's own frequency, one at the end of each
#: month, or with other gaps.
Grain = Literal["complete", "month_end", "gaps"]


@dataclass(frozen=True, slots=True)
class Event:
    """A record, or a round number crossed, judged by the values held from `since` on and at their
    grain; from `unbroken` on they are held at the indicator's own frequency. `all_time` says
    whether it holds for all time, including values that are not held: only then is it a 历史新高,
    历史新低 or 首次."""

    indicator: str
    date: Date
    kind: str
    value: float
    threshold: float | None
    is_first: bool
    previous: float
    previous_date: Date
    since: Date
    known_at: datetime
    all_time: bool
    grain: Grain
    unbroken: Date

    @property
    def follows(self) -> bool:
        """Whether the previous value is that of the previous step; otherwise nobody knows on which
        day a number was crossed."""
        return self.unbroken < self.date


#: The columns of the table `events`, in the order of the fields.
EVENT_COLUMNS = ", ".join(field.name for field in fields(Event))


@dataclass(frozen=True, slots=True)
class Document:
    """A policy document. Dates are as precise as they are known: YYYY, YYYY-MM or a day.

    `origin` is `register`, or `cited` for a document that only a bulletin names, or where it was
    found (`gov_cn`, `nda`); `cited_by` are the dates of the bulletins that cite it.
    """

    title: str
    issuer: str
    issued: str
    published: str
    number: str
    topics: tuple[str, ...]
    kind: str
    verification: str = ""
    url: str = ""
    note: str = ""
    origin: str = "register"
    cited_by: tuple[str, ...] = ()
    visibility: Visibility = PUBLIC

    @property
    def day(self) -> str:
        """The date that counts: of publication, or else of issue."""
        return self.published or self.issued

    @property
    def month(self) -> str:
        """YYYY-MM of the date that counts, or nothing if not even the month is known."""
        return self.day[:7] if len(self.day) >= 7 else ""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two sources with different values for one date; the first is the one that is served."""

    date: Date
    source: str
    value: float
    other_source: str
    other_value: float


def event_of(row: Sequence[Any]) -> Event:
    """The event in a row of the table `events`, whose columns are in the order of the fields."""
    found = Event(*row)
    return replace(found, known_at=found.known_at.replace(tzinfo=UTC))


def now() -> datetime:
    """The present moment in UTC, to the microsecond."""
    return datetime.now(UTC)


def parse_moment(text: str) -> datetime:
    """The moment that ISO 8601 `text` names; a ValueError if it has no time zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"'{text}' has no time zone; write for example 2026-05-27T09:00+08:00")
    return moment.astimezone(UTC)
