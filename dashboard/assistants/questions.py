"""What each tool takes. Parameters that addresses have too are called as there, and what they may
be is said and refused by the grammar of addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard.address import MAX_IDS, MAX_WITH, schema_of
from dashboard.data.search import LONGEST
from etl.claims.parse import MOST_LETTERS
from etl.events import KINDS

#: The most entries of a list that one answer holds, and the longest words that are looked for.
MOST_ENTRIES = 50
MOST_ASKED = LONGEST * 2
Lang = Annotated[
    Literal["zh", "en"], Field(description="the language of the sentences: zh (default) or en")
]
AsOf = Annotated[
    str,
    Field(
        description="as known at a moment, not a date of a value: 2026-05-27 for what was known by "
        "the end of that day in Beijing (the newest close is then that of the day before, for "
        "markets in America), 2026-05-27T0900 for a minute there; empty: now",
        json_schema_extra=schema_of("asof"),
    ),
]
Span = Annotated[
    str,
    Field(
        description="the dates of values: 1m 3m 6m ytd 1y 3y 5y 10y max (back from the newest "
        "value), or FROM..TO such as 2026-05-01..2026-05-26, where either date may be left out; "
        "for one day 2026-05-26..2026-05-26; empty: 1y, or max where that holds under 8 values",
        json_schema_extra=schema_of("t"),
    ),
]
Change = Annotated[
    str,
    Field(
        description="the transform: level; diff and pct (against the value before); mom 环比 and "
        "yoy 同比 (percent against a month or a year before); index or index:DATE (100 on that "
        "day); ma:N (mean of N values); drawdown (percent below the highest so far); z:N (standard "
        "deviations from the mean of N values); empty: level",
        json_schema_extra=schema_of("u"),
    ),
]
Coarser = Annotated[
    str,
    Field(
        description="bring the values to weeks, months, quarters or years: w m q a; empty: as held",
        json_schema_extra={"enum": ["", "w", "m", "q", "a"]},
    ),
]
Together = Annotated[
    str,
    Field(
        description="only with freq: what stands for a period: eop (the value at its end), avg "
        "(mean), sum, min, max; empty: eop",
        json_schema_extra={"enum": ["", "eop", "avg", "sum", "min", "max"]},
    ),
]
Limit = Annotated[int, Field(ge=1, le=MOST_ENTRIES, description="how many entries at most")]
Offset = Annotated[int, Field(ge=0, le=100_000, description="how many entries to pass over")]
Day = Annotated[str, Field(json_schema_extra=schema_of("date"))]


class ToolQuestion(BaseModel):
    """What a tool is asked; an argument that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class IndicatorSearch(ToolQuestion):
    """Which indicators there are."""

    query: str = Field(
        "",
        description="what one indicator is called, in few words: a name, ticker, unit or topic in "
        f"Chinese, pinyin or English, such as 美光市值 or gold; up to {MOST_ASKED} letters; empty: "
        "all indicators",
    )
    limit: Limit = 10
    offset: Offset = 0
    lang: Lang = "zh"


class SeriesQuestion(ToolQuestion):
    """The values of indicators."""

    ids: Sequence[str] = Field(
        description=f"1 to {MAX_IDS} ids as search_indicators gives them",
        json_schema_extra={
            "items": schema_of("id"), "minItems": 1, "maxItems": MAX_IDS,
        },
    )  # fmt: skip
    asof: AsOf = ""
    t: Span = ""
    u: Change = ""
    freq: Coarser = ""
    agg: Together = ""
    lang: Lang = "zh"


class StatementQuestion(ToolQuestion):
    """A statement to be checked."""

    statement: str = Field(
        description=f"one or a few sentences in Chinese, up to {MOST_LETTERS} letters in all",
        json_schema_extra={"minLength": 1, "maxLength": MOST_LETTERS},
    )
    date: Day = Field(
        "", description="the day on which it was said, like 2026-05-27; empty: today in Beijing"
    )
    lang: Lang = "zh"


class DocumentQuestion(ToolQuestion):
    """Policy documents."""

    month: str = Field("", description="the month, like 2026-05",
                       json_schema_extra=schema_of("month"))  # fmt: skip
    topic: str = Field("", description="a topic, such as 数据要素")
    issuer: str = Field("", description="a part of the name of a body, such as 国务院")
    limit: Limit = 20
    offset: Offset = 0
    lang: Lang = "zh"


class EventQuestion(ToolQuestion):
    """Records and round numbers."""

    id: str = Field("", description="the id of an indicator; empty: of all",
                    json_schema_extra=schema_of("id"))  # fmt: skip
    kind: str = Field(
        "",
        description="what happened; empty: all",
        json_schema_extra={"enum": ["", *KINDS]},
    )
    since: Day = Field("", description="events dated 2026-05-01, say, or later")
    until: Day = Field("", description="events dated 2026-05-31, say, or earlier")
    limit: Limit = 20
    offset: Offset = 0
    lang: Lang = "zh"


class ChartQuestion(ToolQuestion):
    """A chart."""

    id: str = Field(description="the id of an indicator", json_schema_extra=schema_of("id"))
    with_: Sequence[str] = Field(
        (),
        alias="with",
        description=f"up to {MAX_WITH} more ids in the same chart",
        json_schema_extra={"items": schema_of("id"), "maxItems": MAX_WITH},
    )
    asof: AsOf = ""
    t: Span = ""
    u: Change = ""
    freq: Coarser = ""
    agg: Together = ""
    scale: Literal["linear", "log"] = Field("linear", description="the scale of values")
    size: Literal["og", "square", "wechat"] = Field(
        "og", description="1200 × 628, 600 × 600 or 900 × 383 pixels"
    )
    lang: Lang = "zh"
