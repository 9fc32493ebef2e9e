"""What a sentence states of an indicator, and the words for what keeps it from being checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from etl.claims.dates import When
from etl.claims.model import Kind
from etl.claims.numbers import Number

NEGATED = "否定的说法，不作核对"
INTRADAY = "说的是盘中价，本站只有收盘价"
TOO_LARGE = "数字过大或写法不成数，无法核对"
WRONG_UNIT = "“{}”的单位与指标的单位（{}）不符，无法核对"
UNREAD = "“{}”没有读懂，不作推断"
NOBODY = "没有说明是谁的“{}”，不作推断"
VAGUE = "“{}”没有说明从何时算起，无法核对"
TOO_LONG = "这一句超过 {} 字，不作核对"
OTHER_ROW = "只核对逐期的连续涨跌，不核对按“{}”计的"
UNSURE = "“{}”没有读懂，不能认定"
LOOSE = "“{}”也可以指别的价格或指数，不能认定"
CONTRACT = "说的是“{}”，本站是近月合约，不能认定"
OTHER_TIME = "说的是另一个时间的水平，不作核对"
QUOTED = "引号里是别人的话，不作核对"
UNDATED = "上文说的是“{}”，这一句没有写明时间，不能认定"
UNMATCHED = "“分别”之后的数与前面的名称对不上，不作推断"
OTHER_DAY = "与 {} 的值相符，文中的日期可能是那一天，不能认定"
MAYBE_INTRADAY = "文中没有说是收盘，也许说的是盘中，不能认定"
ALREADY = "此前已在这一边，说不上是这一天，不能认定"
SINCE_WHEN = "没有说明从何时算起，不能认定"
FORECAST = "上文说的是预测，不作核对"
ORIGIN = "没有说明从何时算起，不能认定"
OLD_NEWS = "说的是 {} 的报道，不作核对"
MORE_THAN = "多于一倍，不能认定"
JUST_BEGUN = "才到月初、年初，说的也许是上一期，不能认定"
NOT_YOY = "没有写明是同比多少，不作推断"
NO_MARK = "没有说明到了什么数，无法核对"


@dataclass(frozen=True, slots=True)
class SaidWindow:
    """How far a record or a change reaches back: `amount` of `unit`, or to a time."""

    amount: int = 0
    unit: str = ""
    since: When | None = None


@dataclass(frozen=True, slots=True)
class Base:
    """What a value is compared with: the session, period or year before, or a time."""

    kind: str
    when: When | None = None


class Statement(NamedTuple):
    """`sentence[start:stop]` says something of an indicator.

    `way` is up, down or flat. `mode` is hold (above, wherever from), bound (a comparison with a
    number), origin (where a move began), double, strong or plain; of a record what it is judged
    among: month_end or held. A `problem` is why it cannot be
    checked, a `doubt` why it cannot be contradicted.
    `context` is the time that a sentence before names; `is_settled` whether a close is named,
    `reported` the day of the report, `contract` year and month of delivery.
    """

    start: int
    stop: int
    indicator: str
    kind: Kind
    way: str = ""
    number: Number | None = None
    hedge: str = ""
    size: str = ""
    mode: str = ""
    streak: int = 0
    when: When | None = None
    base: Base | None = None
    window: SaidWindow | None = None
    parts: tuple[float, ...] = ()
    is_part: bool = False
    is_inverse: bool = False
    problem: str = ""
    doubt: str = ""
    context: When | None = None
    is_settled: bool = False
    reported: When | None = None
    contract: tuple[int, int] | None = None
