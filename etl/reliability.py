"""How reliably the sources answer: what each did in the last 90 days, which have failed for a week,
and what to do about it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import TypeAdapter

from etl.catalog import Text
from etl.records import BEIJING

#: How many days are looked back, and after how many of nothing but failures the operator is told.
DAYS, A_WEEK = 90, 7
#: What a day was, in a letter: nothing asked, nothing good, some good, all good.
NOT_ASKED, NONE_GOOD, SOME_GOOD, ALL_GOOD = "-", "x", "o", "+"
Trouble = Literal["network", "access", "address", "content"]

# What a sentence about a failure says of its cause; the first that fits.
_SIGNS: Mapping[Trouble, re.Pattern[str]] = {
    "access": re.compile(r"XINZHI_(?!PROXY)|\b(401|403|429)\b|api_key|contact"),
    "address": re.compile(r"\b(301|302|307|308|404|410)\b|another address|which is not followed"),
    "network": re.compile(r"could not be reached|no answer|cut the connection|is slow|\b50\d\b"),
}
_ADVICE: Mapping[Trouble, Text] = {
    "network": Text(
        zh="看网络和代理（XINZHI_PROXY）。境内连不上的来源，设 XINZHI_REGION=cn 先问境内来源。",
        en="Look at the network and the proxy (XINZHI_PROXY). For sources that do not answer in "
        "mainland China set XINZHI_REGION=cn, which asks those that do first.",
    ),
    "access": Text(
        zh="它要密钥或联系邮箱，或嫌问得太多：核对 XINZHI_FRED_API_KEY、XINZHI_CONTACT。",
        en="It wants a key or a contact, or is asked too often: check XINZHI_FRED_API_KEY and "
        "XINZHI_CONTACT.",
    ),
    "address": Text(
        zh="地址可能搬了：打开来源的网页，找到新地址或新代码，改 indicators.yaml 里该来源的参数。",
        en="Its address may have moved: open its page, find the new address or code, and change "
        "the parameters of the source in indicators.yaml.",
    ),
    "content": Text(
        zh="有答复但读不懂，可能改了格式：按最近一次的说明查看；修好以前，"
        "可在 indicators.yaml 里把另一来源排在前面。",
        en="It answers, but not as expected: its format may have changed. Read the last problem; "
        "until the program is mended another source can stand first in indicators.yaml.",
    ),
}

_HOST = r"(?P<host>[\w-]+(?:\.[\w-]+)+)"
_LOST = rf"{_HOST} could not be reached \("
#: The rest of the reason, up to the end of its sentence.
_ON = r"(?:(?!\)\.(?:\s|$)).)*?"
#: How `Upstream` and the sources put a failure, and the same in Chinese, without what a library
#: says of it; the first that fits.
_IN_CHINESE: Sequence[tuple[re.Pattern[str], str]] = [
    (re.compile(sign), words)
    for sign, words in (
        (_LOST + r"no answer in time\)\.", "{host} 没有在规定的时间内答复。"),
        (rf"{_LOST}{_ON}(?i:certificate|ssl|tls){_ON}\)\.", "与 {host} 的加密连接未能建立。"),
        (rf"{_LOST}{_ON}(?i:refused|errno 111){_ON}\)\.", "{host} 拒绝连接。"),
        (rf"{_LOST}{_ON}(?i:name or service|name resolution|errno -\d|resolve){_ON}\)\.",
         "找不到主机 {host}。"),
        (rf"{_LOST}{_ON}(?i:proxy|tunnel){_ON}\)\.", "经代理连不上 {host}。"),
        (rf"{_LOST}{_ON}\)\.", "连不上 {host}。"),
        (rf"{_HOST} cut the connection \({_ON}\)\.", "{host} 中断了连接。"),
        (_HOST + r" is slow: .*? left for later\.", "{host} 答复太慢，其余的留待下次。"),
        (_HOST + r" was not asked: it demands a contact;[^.]*\.?",
         "{host} 要求留下联系邮箱，未去请求。"),
        (_HOST + r" answered (?P<code>429)\b[^.]*\.", "{host} 称请求过于频繁（{code}）。"),
        (_HOST + r" answered (?P<code>401|403|407|451)\b[^.]*\.", "{host} 拒绝了请求（{code}）。"),
        (_HOST + r" answered (?P<code>404|410)\b[^.]*\.", "{host} 上没有这个地址（{code}）。"),
        (_HOST + r" answered (?P<code>5\d\d)\b[^.]*\.", "{host} 暂时出错（{code}）。"),
        (_HOST + r" answered (?P<code>\d{3})\b[^.]*\.", "{host} 的答复不是数据（{code}）。"),
        (_HOST + r" points to .*?(?:are|again|none|sent on to it)\.",
         "{host} 转往另一地址，未跟去。"),
        # What whoever runs the site can do about it, which is no failure of its own.
        (r"FRED's API answers [^.]*XINZHI_FRED_API_KEY [^.]*\.", ""),
        (r"Check XINZHI_[A-Z_]+\.", ""),
    )
]  # fmt: skip
_UNSURE = "来源没有给出可用的答复。"


@dataclass(frozen=True, slots=True)
class HostLatency:
    """How a host answered: requests, good answers, and the seconds these took."""

    host: str
    asked: int
    good: int
    median_s: float | None
    worst_s: float | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """What a source did in the 90 days up to `last_day` (in Beijing), when it was last asked.

    `strip` has a letter for each day. `asked` counts what was wanted of it, one for each indicator
    and run, `good` what came and was believed. `seen` values were first seen a median of `lag_h`
    hours after they became public, the latest after `most_lag_h`. `revised` values were replaced,
    by a median of `revised_pct` and at most by `most_revised_pct` percent.
    """

    source: str
    last_day: date
    strip: str
    asked: int
    good: int
    last_good_at: datetime | None
    failing_since: datetime | None
    problem: str
    hosts: tuple[HostLatency, ...] = ()
    seen: int = 0
    lag_h: float | None = None
    most_lag_h: float | None = None
    revised: int = 0
    revised_pct: float | None = None
    most_revised_pct: float | None = None

    @property
    def share(self) -> float:
        """The share of good answers."""
        return self.good / self.asked if self.asked else 0.0

    @property
    def days_failing(self) -> int:
        """For how many days it was asked and nothing good came."""
        if self.failing_since is None:
            return 0
        not_asked = len(self.strip) - len(self.strip.rstrip(NOT_ASKED))
        last_asked = self.last_day - timedelta(days=not_asked)
        return (last_asked - self.failing_since.astimezone(BEIJING).date()).days

    @property
    def weeks_failing(self) -> int:
        """For how many whole weeks."""
        return self.days_failing // A_WEEK

    @property
    def told_by_day(self) -> tuple[object, ...]:
        """What changes at most once a day, unless a source begins to fail for a week or ends."""
        return self.source, self.last_day, self.strip[:-1], self.weeks_failing


JSON: TypeAdapter[Reliability] = TypeAdapter(Reliability)
LIST: TypeAdapter[list[Reliability]] = TypeAdapter(list[Reliability])


def failing(found: Iterable[Reliability]) -> list[Reliability]:
    """The sources that have failed for a week or more, the longest first."""
    return sorted((one for one in found if one.weeks_failing), key=lambda one: -one.days_failing)


def trouble_of(problem: str) -> Trouble:
    """What kind of trouble a sentence about a failure speaks of."""
    return next((kind for kind, sign in _SIGNS.items() if sign.search(problem)), "content")


def failure_told(problem: str, lang: str) -> str:
    """The sentences about failures for readers: in Chinese what kind of failure each is, without a
    word of a library; where that is not sure, that no usable answer came."""
    if lang != "zh":
        return problem
    found: dict[int, str] = {}
    rest = problem
    for sign, words in _IN_CHINESE:
        for one in sign.finditer(rest):
            found[one.start()] = words.format(**one.groupdict())
        rest = sign.sub(lambda one: " " * len(one[0]), rest)
    said = [words for _, words in sorted(found.items())]
    return "".join(dict.fromkeys([*said, *([_UNSURE] if rest.strip() else [])]))


def warning(one: Reliability) -> Text:
    """That a source has failed for so long, what it last said, and what to do."""
    assert one.failing_since is not None
    since, advice = one.failing_since.astimezone(BEIJING).date(), _ADVICE[trouble_of(one.problem)]
    return Text(
        zh=f"来源 {one.source} 自 {since} 起 {one.days_failing} 天没有一次可用的答复，最近一次："
        f"{failure_told(one.problem, 'zh')}{advice.zh}",
        en=f"source {one.source} has given no usable answer for {one.days_failing} days, since "
        f"{since}; the last time: {one.problem} {advice.en}",
    )
