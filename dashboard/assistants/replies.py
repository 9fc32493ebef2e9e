"""What tools answer, as types: the schemas that assistants are shown are made from these. A value
is never without its unit, date, source and the moment from which it was known."""

from __future__ import annotations

from datetime import date as Date

from pydantic import Field

from dashboard.api.models import (
    ApiModel,
    ClaimAnswer,
    Count,
    EventAnswer,
    EvidenceAnswer,
    Id,
    Moment,
    PolicyAnswer,
    SnapshotName,
    TextAnswer,
)
from etl.catalog import Reuse


class QuotableValue(ApiModel):
    """A value with all that must be said with it."""

    indicator: Id
    date: Date = Field(
        description="a day in its own market, or the first day of the month, quarter or year that "
        "the value stands for",
        examples=["2026-05-26"],
    )
    value: float | None = Field(description="none: `status` says why", examples=[1010.3])
    unit: str = Field(examples=["USD bn"])
    source: str = Field(description="where it came from", examples=["fred: Federal Reserve"])
    known_at: Moment = Field(
        description="from when it was known", examples=["2026-05-26T20:00:00Z"]
    )
    status: str = Field(
        description="how it came to be held, or why there is none", examples=["fetched"]
    )


class Reply(ApiModel):
    """What every answer says: the snapshot that it was made from, as of when it speaks, and what to
    say with it."""

    snapshot: SnapshotName
    as_of: Moment
    said: str = Field(description="the answer in short, with what must be quoted with it")


class FoundIndicator(ApiModel):
    """An indicator that was found."""

    id: Id
    title: TextAnswer
    unit: str
    frequency: str
    definition: TextAnswer
    reuse: Reuse = Field(
        description="what the licence allows: `view` values are shown in charts, and given in no "
        "series"
    )
    first_date: Date | None
    rows: int = Field(description="observations held")
    newest: QuotableValue | None = Field(description="none: no value is held")
    page: str


class FoundIndicators(Reply):
    """Indicators, the nearest first."""

    count: Count = Field(description="how many there are in all")
    only_alike: bool = Field(
        description="whether nothing is called so: these have names that are alike, and none of "
        "them may be what is meant"
    )
    indicators: list[FoundIndicator]


class SeriesReply(Reply):
    """The values of indicators, oldest first, each with its provenance."""

    reconstructed: bool = Field(
        description="whether a moment before the first load was asked for, so that what was known "
        "is told from when values became public"
    )
    newest: list[QuotableValue] = Field(description="the newest value of each indicator")
    values: list[QuotableValue]
    metadata: dict[str, object] = Field(
        description="titles, definitions, sources with licences, breaks, notes, citations, and the "
        "lasting address `frozen_url`"
    )


class QuotableEvidence(EvidenceAnswer):
    """The value that a statement was judged by."""

    unit: str


class CheckedClaim(ClaimAnswer):
    """What the data say of a statement."""

    sentence: str = Field(description="how it begins, up to 80 letters")
    evidence: QuotableEvidence | None


class StatementReply(Reply):
    """What the data of a day say of each statement that was found."""

    date: Date
    count: Count
    claims: list[CheckedClaim]


class DocumentsReply(Reply):
    """Policy documents, newest first."""

    count: Count = Field(description="how many there are in all")
    counted: int = Field(description="how many of all enter the counts")
    documents: list[PolicyAnswer]


class QuotableEvent(EventAnswer):
    """An event with its unit and source."""

    unit: str
    source: str


class EventsReply(Reply):
    """Events, newest first."""

    count: Count = Field(description="how many there are in all")
    events: list[QuotableEvent]


class ChartReply(Reply):
    """A chart: where it is to be seen, and what it says."""

    headline: str
    address: str = Field(description="the page of the chart")
    frozen: str = Field(description="the page that shows the same for good, to be cited")
    picture: str = Field(description="the address of the picture")
    newest: list[QuotableValue] = Field(
        description="the newest value that the chart shows of each indicator"
    )
    citation: dict[str, str]
