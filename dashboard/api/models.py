"""What the API answers, as types: its documentation is made from these, and so are its answers."""

from __future__ import annotations

from datetime import date as Date
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from etl.catalog import Reuse
from etl.claims.model import Kind, Verdict
from etl.events import Kind as EventKind
from etl.frequency import Frequency
from etl.records import Grain

#: A moment in UTC, to the second: 2026-05-26T20:00:00Z.
Moment = Annotated[
    datetime, PlainSerializer(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}", when_used="json")
]
State = Literal["fresh", "stale", "failing", "empty"]
Id = Annotated[str, Field(description="the id of an indicator", examples=["sp500"])]
Url = Annotated[str, Field(examples=["https://example.org/c/sp500.csv"])]
SnapshotName = Annotated[
    str,
    Field(
        description="the snapshot that the answer was made from",
        examples=["20260527T010000000Z-1a2b3c4d"],
    ),
]
Count = Annotated[int, Field(description="how many entries the answer has", examples=[25])]


class ApiModel(BaseModel):
    """Frozen, and strict about the names of its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(BaseModel):
    """An error, after RFC 9457: `detail` says in a sentence what is wrong and what is allowed."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Bad request"])
    status: int = Field(examples=[400])
    detail: str = Field(examples=["t: '2y' is not a range. Allowed: 1m 3m 6m ytd 1y …"])
    parameter: str | None = Field(None, description="the parameter that is wrong", examples=["t"])
    source: str | None = Field(
        None,
        description="where the values can be seen that a licence does not allow to pass on",
        examples=["https://www.example.org/series"],
    )


class TextAnswer(ApiModel):
    """The same words in Chinese and in English."""

    zh: str = Field(examples=["标普 500 指数"])
    en: str = Field(examples=["S&P 500"])


class CreditAnswer(ApiModel):
    """Whom to thank, and under which licence."""

    name: TextAnswer
    licence: TextAnswer
    reuse: Reuse = Field(
        description="what the licence allows: `open` anything, `credit` to pass values on with the "
        "name of their source, `view` only to look at them (data files answer 403)",
        examples=["credit"],
    )
    url: str = Field(examples=["https://fred.stlouisfed.org/series/SP500"])


class Newest(ApiModel):
    """The newest observation of an indicator."""

    date: Date = Field(examples=["2026-05-26"])
    value: float = Field(examples=[6941.25])
    source: str = Field(examples=["fred: S&P Dow Jones Indices LLC"])
    known_at: Moment = Field(examples=["2026-05-26T20:00:00Z"])
    status: str = Field(description="how it came to be held", examples=["fetched"])


class AttemptAnswer(ApiModel):
    """A source of an indicator without values, when it was last asked, and what went wrong."""

    source: str = Field(examples=["yahoo"])
    tried_at: Moment | None = Field(
        description="none where it was never asked", examples=["2026-05-26T20:00:00Z"]
    )
    problem: str = Field(
        description="empty where it answered well, and had no value", examples=[""]
    )


class IndicatorEntry(ApiModel):
    """An indicator in the list."""

    id: Id
    title: TextAnswer
    group: str = Field(examples=["markets"])
    unit: str = Field(examples=["points"])
    frequency: Frequency
    definition: TextAnswer
    credit: CreditAnswer
    sources: list[str] = Field(description="in order of preference", examples=[["yahoo", "fred"]])
    first_date: Date | None = Field(examples=["2016-01-29"])
    last_date: Date | None = Field(examples=["2026-05-26"])
    rows: int = Field(description="observations held", examples=[2610])
    newest: Newest | None
    awaited: list[AttemptAnswer] = Field(
        description="where no value is held: what was tried at each source", examples=[[]]
    )
    csv: str = Field(
        description="empty where the licence allows no data files",
        examples=["https://example.org/c/sp500.csv"],
    )
    page: str = Field(examples=["https://example.org/indicators/sp500"])


class IndicatorList(ApiModel):
    """Every indicator, in the order of the catalog."""

    snapshot: SnapshotName
    count: Count
    indicators: list[IndicatorEntry]


class BreakAnswer(ApiModel):
    """A day on which a definition changed, and how."""

    date: Date = Field(examples=["2025-01-01"])
    note: TextAnswer


class IndicatorDetail(IndicatorEntry):
    """One indicator with all that the catalog says of it."""

    snapshot: SnapshotName
    calendar: str = Field(
        description="the days on which a value may be expected", examples=["XNYS"]
    )
    records: bool = Field(description="whether record highs and lows are announced")
    milestones: list[float] = Field(
        description="round numbers worth announcing", examples=[[5000, 6000, 7000]]
    )
    breaks: list[BreakAnswer]
    old_ids: list[str] = Field(examples=[[]])
    files: dict[str, str] = Field(
        description="the lasting address of each format",
        examples=[{"parquet": "https://example.org/c/sp500.parquet"}],
    )


class Observations(ApiModel):
    """The rows of a table, and what must be said with them. Long rows have the columns of the CSV;
    wide ones a date and one number for each id."""

    metadata: dict[str, object] = Field(examples=[{"id": "sp500", "rows": 1, "unit": "points"}])
    data: list[dict[str, str | float | None]] = Field(
        examples=[
            [
                {
                    "date": "2026-05-26",
                    "indicator": "sp500",
                    "value": 6941.25,
                    "unit": "points",
                    "source": "fred: S&P Dow Jones Indices LLC",
                    "known_at": "2026-05-26T20:00:00Z",
                    "status": "fetched",
                }
            ]
        ]
    )


class BulletinSummary(ApiModel):
    """A bulletin in the list."""

    date: Date = Field(examples=["2026-05-27"])
    title: str = Field(examples=["新质生产力每日动态"])
    summary: str
    headings: list[str]
    url: str = Field(examples=["https://example.org/bulletins/2026-05-27"])


class BulletinList(ApiModel):
    """Every bulletin, newest first."""

    snapshot: SnapshotName
    count: Count
    bulletins: list[BulletinSummary]


class SectionAnswer(ApiModel):
    """A numbered section, and the indicators that it mentions."""

    number: int = Field(examples=[1])
    title: str
    paragraphs: list[str] = Field(description="plain text; a table is one, as a pipe table")
    indicators: list[str] = Field(examples=[["micron_market_cap_usd_bn"]])


class RegisterEntry(ApiModel):
    """A policy document as the register names it."""

    title: str = Field(examples=["“数据要素×”三年行动计划（2024—2026年）"])
    issuer: str = Field(examples=["国家数据局等"])
    origin: Literal["register", "cited"] = Field(
        description="cited: only bulletins name it, and it is proposed to the register"
    )


class ReferenceAnswer(ApiModel):
    """A reference of a bulletin."""

    number: int = Field(examples=[1])
    publisher: str | None
    title: str
    date: Date | None = Field(examples=["2026-05-26"])
    use: str
    kind: Literal["policy", "media", "data"] | None = Field(
        None, description="what it is, where the snapshot says so", examples=["policy"]
    )
    document: RegisterEntry | None = Field(
        None, description="the document of the register that it means"
    )


class BulletinDetail(ApiModel):
    """One bulletin as plain text."""

    snapshot: SnapshotName
    date: Date = Field(examples=["2026-05-27"])
    title: str
    publisher: str
    summary: str
    sections: list[SectionAnswer]
    judgement: list[str]
    references: list[ReferenceAnswer]
    indicators: list[str] = Field(
        description="every indicator it mentions", examples=[["micron_market_cap_usd_bn"]]
    )
    url: str = Field(examples=["https://example.org/bulletins/2026-05-27"])


class EvidenceAnswer(ApiModel):
    """The value that a statement was judged by, as it was known by the end of the day."""

    date: Date = Field(examples=["2026-05-26"])
    value: float = Field(examples=[7519.12])
    previous: float | None = Field(
        description="what it was compared with: the value before, or the highest or lowest held",
        examples=[7501.24],
    )
    known_at: Moment = Field(examples=["2026-05-26T20:00:00Z"])
    source: str = Field(examples=["fred: S&P Dow Jones Indices LLC"])
    chart: str = Field(
        description="the frozen chart, an address on this site",
        examples=["/c/sp500@2026-05-27?t=max"],
    )


class LaterAnswer(ApiModel):
    """A value that was missing on the bulletin's day, and what it says of the statement."""

    value: float
    known_at: Moment
    verdict: Verdict


class ClaimAnswer(ApiModel):
    """One statement of a bulletin, and what the data of its day say of it."""

    sentence: str
    section: str = Field(
        description="title, summary, judgement or the number of a section", examples=["4"]
    )
    indicator: Id
    kind: Kind
    value: float | None = Field(description="the number that is told", examples=[None])
    unit: str = Field(description="the unit of the value", examples=["points"])
    period: str | None = Field(
        description="the day, month or year that is meant, or a span FROM..TO",
        examples=["2026-05-26"],
    )
    verdict: Verdict
    reason: str = Field(description="a sentence in Chinese")
    evidence: EvidenceAnswer | None
    later: LaterAnswer | None = Field(
        description="the verdict of a value that came after the day; that of the day stays",
        examples=[None],
    )


class ClaimList(ApiModel):
    """The statements of a bulletin in the order of its text."""

    snapshot: SnapshotName
    date: Date = Field(examples=["2026-05-27"])
    count: Count
    counts: dict[Verdict, int] = Field(examples=[{"supported": 7, "unverifiable": 2}])
    claims: list[ClaimAnswer]


class TurnAnswer(ApiModel):
    """A value with which a statement ceased to be true, or became true again."""

    date: Date = Field(examples=["2026-07-16"])
    value: float = Field(examples=[963.6])
    is_true: bool


class AftermathAnswer(ApiModel):
    """How long a statement of a level, a record, a round number or a first stayed true."""

    since: Date = Field(
        description="the date of the value it was judged by", examples=["2026-05-26"]
    )
    until: Date = Field(
        description="the last date up to which it was true without a break", examples=["2026-07-15"]
    )
    newest: Date = Field(description="the newest date looked at", examples=["2026-08-20"])
    turns: list[TurnAnswer] = Field(description="none: it is true to this day")


class StatementAnswer(ClaimAnswer):
    """A statement in the ledger: of which bulletin, where it stands there, how long it was true."""

    date: Date = Field(description="the day of the bulletin", examples=["2026-05-27"])
    number: int = Field(description="its place among the statements of that day", examples=[1])
    page: str = Field(examples=["https://example.org/bulletins/2026-05-27#claim-1"])
    aftermath: AftermathAnswer | None


class StatementLedger(ApiModel):
    """Statements of bulletins, the newest bulletin first, each in the order of its text."""

    snapshot: SnapshotName
    count: Count
    claims: list[StatementAnswer]


class PolicyAnswer(ApiModel):
    """A policy document. Dates are as precise as they are known: YYYY, YYYY-MM or a day."""

    title: str
    issuer: str = Field(examples=["国务院"])
    number: str = Field(description="文号", examples=["国发〔2021〕29号"])
    issued: str = Field(examples=["2021-12-12"])
    published: str = Field(examples=["2022-01-12"])
    month: str = Field(description="the month it counts in", examples=["2022-01"])
    topics: list[str] = Field(examples=[["数据要素", "数字经济"]])
    kind: str = Field(description="issued, draft, reply, interpretation or media")
    counted: bool = Field(description="whether it enters the counts")
    verification: str
    url: str
    note: str
    origin: Literal["register", "cited", "gov_cn", "nda"] = Field(
        description="the register; only a bulletin; or where it was found, waiting for a person"
    )
    cited_by: list[str] = Field(description="the days of the bulletins that cite it")


class PolicyList(ApiModel):
    """Documents of the register and those that bulletins cite, newest first."""

    snapshot: SnapshotName
    count: Count
    counted: int = Field(description="how many of them enter the counts", examples=[3])
    policies: list[PolicyAnswer]


class EventAnswer(ApiModel):
    """A record or a round number crossed, judged on the values held from `since` on."""

    indicator: Id
    date: Date = Field(examples=["2026-05-26"])
    kind: EventKind
    value: float = Field(examples=[1010.3])
    threshold: float | None = Field(description="the round number", examples=[1000])
    is_first: bool = Field(description="whether no earlier value that is held had reached it")
    previous: float = Field(examples=[969.2])
    previous_date: Date = Field(examples=["2026-05-22"])
    since: Date = Field(
        description="from when values are held that it was judged on", examples=["2016-01-29"]
    )
    known_at: Moment = Field(examples=["2026-05-26T20:00:00Z"])
    all_time: bool = Field(
        description="whether it holds for all time, also of values that are not held"
    )
    grain: Grain = Field(
        description="at which grain the values it was judged on are held: complete (at the "
        "indicator's own frequency), month_end (one at the end of each month) or gaps"
    )
    unbroken: Date = Field(
        description="from when values up to this one are held at the indicator's own frequency; "
        "where that is its own date, nobody knows on which day a number was crossed",
        examples=["2026-02-27"],
    )


class EventList(ApiModel):
    """Events, newest first."""

    snapshot: SnapshotName
    count: Count
    events: list[EventAnswer]


class CorrectionAnswer(ApiModel):
    """A value that a source gives wrongly, and what is right."""

    indicator: Id
    date: Date = Field(description="the date of the value", examples=["2026-08-18"])
    source: str = Field(description="the source whose value is wrong", examples=["figures"])
    unit: str = Field(examples=["USD/bbl"])
    expected: float = Field(description="what the source gives", examples=[95.29])
    value: float = Field(description="what is right", examples=[92.59])
    reason: TextAnswer
    evidence: str = Field(
        description="where the right value comes from: an address, or words",
        examples=["https://www.eia.gov/dnav/pet/pet_pri_spt_s1_d.htm"],
    )
    since: Date = Field(description="the day it was corrected, in Beijing", examples=["2026-08-24"])
    page: str = Field(examples=["https://example.org/indicators/brent_spot_usd_bbl"])


class CorrectionList(ApiModel):
    """Every correction, newest first."""

    snapshot: SnapshotName
    count: Count
    corrections: list[CorrectionAnswer]


class RefusedAnswer(ApiModel):
    """An answer of a source that is kept apart, and why."""

    source: str = Field(examples=["yahoo"])
    since: Moment
    sentence: str
    may_be_taken: bool = Field(description="whether a person can accept it as it is")


class Difference(ApiModel):
    """Two sources that say different values for one date, beyond the tolerance of the catalog; the
    first is the one that is served."""

    date: Date = Field(examples=["2026-05-26"])
    source: str = Field(examples=["fred"])
    value: float = Field(examples=[92.59])
    other_source: str = Field(examples=["figures"])
    other_value: float = Field(examples=[95.29])


class IndicatorStatus(ApiModel):
    """How fresh an indicator is; `missed` counts the sessions of its own calendar that should have
    been public by now and are not held. What changes only at events is stale where nobody has
    looked for a month."""

    id: Id
    state: State
    newest: Date | None = Field(examples=["2026-05-26"])
    missed: int | None = Field(examples=[0])
    calendar: str = Field(examples=["XNYS"])
    source: str = Field(examples=["fred"])
    known_at: Moment | None = Field(examples=["2026-05-26T20:00:00Z"])
    as_of: str = Field(examples=["截至 05-26 收盘（美东）"])
    checked_until: Date | None = Field(
        description="the day until which somebody looked, of what changes only at events",
        examples=[None],
    )
    problem: str = Field(description="what the last run could not do")
    refused: list[RefusedAnswer]
    disagreements: list[Difference] = Field(description="where its sources differ, newest first")


class HostAnswers(ApiModel):
    """How a host answered: requests, good answers, and the seconds these took."""

    host: str = Field(examples=["fred.stlouisfed.org"])
    asked: Count
    good: Count
    median_s: float | None = Field(examples=[0.4])
    worst_s: float | None = Field(examples=[2.1])


class SourceStatus(ApiModel):
    """How a source of the network answered in the 90 days up to `last_day`, the day in Beijing on
    which any source was last asked. What was not measured is null."""

    source: str = Field(examples=["fred"])
    last_day: Date = Field(examples=["2026-05-27"])
    strip: str = Field(
        description="a letter for each day: + all good, o some, x none, - not asked",
        examples=["-" * 88 + "+o"],
    )
    asked: Count = Field(description="what was wanted of it, one for each indicator and run")
    good: Count = Field(description="what came and was believed")
    last_good_at: Moment | None
    failing_since: Moment | None = Field(description="since when nothing good has come")
    days_failing: int = Field(examples=[0])
    problem: str = Field(description="what it last failed at")
    hosts: list[HostAnswers]
    seen: Count = Field(description="how many values were first seen by a run")
    lag_h: float | None = Field(description="hours from publication until then, the median")
    most_lag_h: float | None
    revised: Count = Field(description="how many values it replaced")
    revised_pct: float | None = Field(description="by how many percent, the median")
    most_revised_pct: float | None


class Status(ApiModel):
    """The state of the data as `python -m etl status` judges it."""

    snapshot: SnapshotName
    published_at: Moment
    judged_at: Moment
    warning: str = Field(description="what is wrong with the published files, if anything is")
    counts: dict[State, int] = Field(examples=[{"fresh": 24, "stale": 1}])
    indicators: list[IndicatorStatus]
    sources: list[SourceStatus]
