"""Changes, records and round numbers in words, the same in charts, alerts and briefs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from etl.calendars import has_session
from etl.catalog import Indicator, Unit
from etl.changes import ZScore, follows
from etl.formulas import RATES
from etl.frequency import RULES, Frequency, months_after, period_of
from etl.records import Event, Grain, Measured, Vintage
from etl.words.numbers import UNCHANGED, Change, change, day, full_date, round_number

RECORDS: Mapping[str, tuple[str, str]] = {
    "record_high": ("历史新高", "Record high"),
    "record_low": ("历史新低", "Record low"),
}
#: Added if values are not held at the indicator's own frequency.
GRAINS: Mapping[Grain, tuple[str, str]] = {
    "complete": ("", ""),
    "month_end": ("月末值", "month-end values"),
    "gaps": ("所存数据有间断", "data held has gaps"),
}
#: What the value before the newest is called.
_BASES: Mapping[str, tuple[str, str]] = {
    "daily": ("上一交易日", "from the session before"),
    "weekly": ("上周", "from the week before"),
    "monthly": ("上月", "from the month before"),
    "quarterly": ("上季", "from the quarter before"),
    "annual": ("上年", "from the year before"),
    "event": ("上次", "from the time before"),
}
#: How a sentence says what a headline has no room for.
_IN_FULL: Mapping[str, str] = {"增": "增加", "减": "减少"}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Badge:
    """A few words for what is remarkable, and the full sentence behind them."""

    words: str
    sentence: str
    kind: str


def badges(
    newest: Vintage, events: Iterable[Event], indicator: Indicator, unit: Unit, lang: str
) -> Iterator[Badge]:
    """The records and round numbers of the newest value; of several round numbers only the
    highest."""
    today = [e for e in events if e.date == newest.date and e.value == newest.value]
    ups = [e for e in today if e.kind == "milestone_up"]
    downs = [e for e in today if e.kind == "milestone_down"]
    records = [e for e in today if e.kind in RECORDS]
    for event in (*ups[-1:], *downs[:1], *records):
        words = event_words(event, indicator, unit, lang)
        yield Badge(words, _sentence(event, indicator, words, lang), event.kind)


def event_words(event: Event, indicator: Indicator, unit: Unit, lang: str) -> str:
    """An event in a few words: 历史新高, 首次突破 1 万亿美元. A record that is not all-time names
    what it was judged on: 2015 年以来最高（月末值）. If nobody knows on which day a number was
    crossed, only on which side the value is: 高于 1 万亿美元."""
    if event.threshold is None:
        return _record_words(event, indicator, lang)
    level, is_up = round_number(event.threshold, unit, lang), event.kind == "milestone_up"
    if event.is_first and event.all_time and is_up:
        return f"首次突破 {level}" if lang == "zh" else f"First above {level}"
    if lang == "en":
        return f"{'Above' if is_up else 'Below'} {level}"
    if event.follows:
        return f"{'升破' if is_up else '跌破'} {level}"
    return f"{'高于' if is_up else '低于'} {level}"


def _record_words(event: Event, indicator: Indicator, lang: str) -> str:
    """What is certain about a record: since when values up to it are held without a gap, or, after
    a gap, among what it stands out."""
    if event.all_time:
        return RECORDS[event.kind][lang == "en"]
    if event.follows:
        return _extreme_words(event, since_words(event, indicator, lang), lang)
    grain = GRAINS[event.grain][lang == "en"]
    words = _extreme_words(event, since_words(event, indicator, lang, held=True), lang)
    return words + (f"（{grain}）" if lang == "zh" else f" ({grain})")


def _extreme_words(event: Event, since: str, lang: str) -> str:
    is_high = event.kind == "record_high"
    if lang == "en":
        return f"{'Highest' if is_high else 'Lowest'} since {since}"
    return f"{since}以来最{'高' if is_high else '低'}"


def _sentence(event: Event, indicator: Indicator, words: str, lang: str) -> str:
    """The words, and for a record after sparse values, that it exceeds those too."""
    is_whole = event.threshold is not None or event.all_time or event.grain == "complete"
    if is_whole or not event.follows:
        return words
    since = since_words(event, indicator, lang, held=True)
    is_high, of_months = event.kind == "record_high", event.grain == "month_end"
    if lang == "en":
        held = "month-end value" if of_months else "value held"
        return f"{words}, and {'above' if is_high else 'below'} every {held} since {since}"
    held = "各月末值" if of_months else "所存各值"
    return f"{words}，也{'高' if is_high else '低'}于 {since}以来的{held}"


def since_words(event: Event, indicator: Indicator, lang: str, *, held: bool = False) -> str:
    """Since when values up to an event are held, without a gap or with gaps (`held`): the year or
    the month if all of it is held, or else the day."""
    since = event.since if held else event.unbroken
    first = _whole_from(since, event, indicator, sparse=held and event.grain != "complete")
    if first is None:
        return full_date(since, lang)
    if first.month == 1:
        return f"{first.year} 年" if lang == "zh" else str(first.year)
    return f"{first.year} 年 {first.month} 月" if lang == "zh" else f"{first:%B %Y}"


def _whole_from(since: date, event: Event, indicator: Indicator, *, sparse: bool) -> date | None:
    """The first day of the month or period from which all values are held; none if they begin in
    the middle of it, or if it does not begin before the event."""
    if RULES[indicator.frequency].months is not None:
        return period_of(indicator.frequency, since)
    month = since.replace(day=1)
    if sparse:
        return month if event.grain == "month_end" else None
    if indicator.frequency != "daily":
        return None
    following = months_after(month, 1)
    if not has_session(indicator.calendar, since + _DAY, following - _DAY):
        month = following  # the last session of the month before: all of this one is held
    elif has_session(indicator.calendar, month, since - _DAY):
        return None
    return month if has_session(indicator.calendar, month, event.date - _DAY) else None


def joined(found: Sequence[Badge], lang: str) -> str:
    """Records and round numbers side by side: 首次突破 1 万亿美元、创历史新高."""
    if lang == "en":
        return ", ".join(badge.words for badge in found)
    return "、".join(
        f"创{gap_before(b.words)}{b.words}" if b.kind in RECORDS else b.words for b in found
    )


def newest_change(
    rows: Sequence[Measured], indicator: Indicator, unit: Unit, lang: str
) -> Change | None:
    """The change from the previous value, if the newest follows it by a single step."""
    if len(rows) < 2 or not follows(rows[-2], rows[-1], indicator):
        return None
    return change(rows[-1].value, rows[-2].value, indicator, unit, lang)


def base_words(frequency: Frequency, lang: str) -> str:
    """What a change from the previous value is a change from: 上一交易日, 上月."""
    zh, en = _BASES[frequency]
    return en if lang == "en" else zh


def base_day(before: Measured, newest: Measured, indicator: Indicator, lang: str) -> str:
    """The day of the value before, where it is not that of the session before: a change from it
    must not be called one from there."""
    between = before.date + timedelta(days=1), newest.date - timedelta(days=1)
    if indicator.frequency != "daily" or not has_session(indicator.calendar, *between):
        return ""
    return day(before.date, indicator, lang)


def fell_or_rose(up: bool, unit: Unit, lang: str) -> str:
    """The verb for a value that went up or down."""
    if lang == "en":
        return "up" if up else "down"
    if unit.counted:
        return "增" if up else "减"
    if unit.code in (*RATES, "ratio", "shares"):
        return "升" if up else "降"
    return "涨" if up else "跌"


def change_words(
    change: Change | None, indicator: Indicator, unit: Unit, lang: str, base: str = ""
) -> str:
    """The change from the previous value as a clause: 较上一交易日涨 19.29%; or from the day
    `base`."""
    if change is None:
        return ""
    if lang == "en":
        way = {1: f"up {change.text}", -1: f"down {change.text}"}.get(change.direction, "unchanged")
        return f"{way} from {base}" if base else way
    base = f" {base}" if base else base_words(indicator.frequency, lang)
    if change.direction == 0:
        return f"与{base}持平"
    return f"较{base}{change_itself(change, unit, lang)}"


def change_itself(change: Change, unit: Unit, lang: str) -> str:
    """The change without what it is a change from: 涨 19.29%, 增加 5 家."""
    verb = fell_or_rose(change.direction > 0, unit, lang)
    return f"{_IN_FULL.get(verb, verb)} {change.text}"


def value_words(
    title: str, when: str, figure: str, clauses: Iterable[str], lang: str, measure: str = ""
) -> str:
    """A value as a sentence: 2026 年 5 月 26 日，美光科技市值为 1.01 万亿美元，较上一交易日涨
    19.29%。"""
    more = [clause for clause in clauses if clause]
    if lang == "en":
        measured = f", {lowered(measure)}," if measure else ""
        if figure == UNCHANGED["en"]:
            return f"{title}{measured} was unchanged ({when})."
        return ", ".join([f"{title}{measured} stood at {figure} ({when})", *more]) + "."
    told = figure if figure == UNCHANGED["zh"] else f"为 {figure}"
    return "，".join([when, f"{title}{gap(title)}{measure}{told}", *more]) + "。"


def z_score_words(found: ZScore, lang: str) -> str:
    """How unusual a change is, as a clause. It has no direction: a rise that is smaller than usual
    lies below the mean."""
    size = f"{abs(found.measure):.1f}"
    if lang == "en":
        return f"{size} standard deviations from the mean of the {found.window} steps before"
    return f"偏离此前 {found.window} 次变动的均值 {size} 个标准差"


def lowered(words: str) -> str:
    """The words as they appear within a sentence."""
    return words[:1].lower() + words[1:]


def gap_before(words: str) -> str:
    """The space between Chinese words and what begins with a Latin letter or digit."""
    return " " if words[:1] <= "\u2e7f" else ""


def gap(name: str) -> str:
    """The space between a name that ends in Latin letters or digits and Chinese words."""
    return " " if name[-1:] <= "\u2e7f" else ""
