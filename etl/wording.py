"""Changes, records and round numbers in words: charts, alerts and briefs say them alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from etl.catalog import Indicator, Unit
from etl.formatting import COUNTED, Change, change, full_date, round_number
from etl.observation import Event, Vintage
from etl.steps import Deviation, comparable

#: Days between two values of a frequency beyond which the change between them is not told.
CHANGE_DAYS = {"daily": 10, "monthly": 62, "quarterly": 200, "annual": 400, "event": 36_500}
RECORDS: Mapping[str, tuple[str, str]] = {
    "record_high": ("历史新高", "Record high"),
    "record_low": ("历史新低", "Record low"),
}


@dataclass(frozen=True, slots=True)
class Badge:
    """A few words for what is remarkable, and the whole sentence behind them."""

    words: str
    sentence: str
    kind: str


def badges(
    newest: Vintage, events: Iterable[Event], indicator: Indicator, unit: Unit, lang: str
) -> Iterator[Badge]:
    """The records and round numbers of the newest value; of several numbers only the highest."""
    today = [e for e in events if e.date == newest.date and e.value == newest.value]
    ups = [e for e in today if e.kind == "milestone_up"]
    downs = [e for e in today if e.kind == "milestone_down"]
    for event in (*ups[-1:], *downs[:1]):
        yield _badge(event, unit, lang)
    for event in today:
        if event.kind in RECORDS:
            yield _badge(event, unit, lang)


def _badge(event: Event, unit: Unit, lang: str) -> Badge:
    """The words, and with them since when the history runs that they are judged on."""
    words, since = event_words(event, unit, lang), since_words(event.since, lang)
    return Badge(words, f"{words}（{since}）" if lang == "zh" else f"{words} {since}", event.kind)


def event_words(event: Event, unit: Unit, lang: str) -> str:
    """An event in a few words: 历史新高, 首破 1 万亿美元."""
    if event.threshold is None:
        return RECORDS[event.kind][lang == "en"]
    level = round_number(event.threshold, unit, lang)
    if event.kind == "milestone_down":
        return f"跌破 {level}" if lang == "zh" else f"Below {level}"
    if event.is_first:
        return f"首破 {level}" if lang == "zh" else f"First above {level}"
    return f"升破 {level}" if lang == "zh" else f"Above {level}"


def since_words(since: date, lang: str) -> str:
    """Since when the history runs that a record is judged on."""
    day = full_date(since, lang)
    return f"所存数据自 {day}起" if lang == "zh" else f"in data held since {day}"


def joined(found: Sequence[Badge], lang: str) -> str:
    """Records and round numbers side by side: 首破 1 万亿美元、创历史新高."""
    if lang == "en":
        return ", ".join(badge.words for badge in found)
    return "、".join(f"创{b.words}" if b.kind in RECORDS else b.words for b in found)


def newest_change(
    rows: Sequence[Vintage], indicator: Indicator, unit: Unit, lang: str
) -> Change | None:
    """The change from the value before, where the two may be compared."""
    if len(rows) < 2:
        return None
    before, now = rows[-2], rows[-1]
    gap = (now.date - before.date).days
    if not comparable(before, now, indicator) or gap > CHANGE_DAYS[indicator.frequency]:
        return None
    return change(now.value, before.value, indicator, unit, lang)


def change_words(change: Change | None, unit: Unit, lang: str) -> str:
    """The change from the value before as a clause: 较前值涨 19.29%."""
    if change is None:
        return ""
    if change.direction == 0:
        return "与前值持平" if lang == "zh" else "unchanged"
    up = change.direction > 0
    if lang == "en":
        return f"{'up' if up else 'down'} {change.text}"
    if unit.code in COUNTED:
        verb = "增" if up else "减"
    elif unit.code in ("percent", "ratio", "shares"):
        verb = "升" if up else "降"
    else:
        verb = "涨" if up else "跌"
    return f"较前值{verb} {change.text}"


def deviation_words(found: Deviation, lang: str) -> str:
    """How unusual a step is as a clause. It has no direction: a step up that is smaller than usual
    lies below the mean."""
    size = f"{abs(found.measure):.1f}"
    if lang == "en":
        return f"{size} standard deviations from the mean of the {found.window} steps before"
    return f"偏离此前 {found.window} 次变动的均值 {size} 个标准差"


def gap(name: str) -> str:
    """The space between a name that ends in Latin letters or digits and Chinese words."""
    return " " if name[-1:] <= "\u2e7f" else ""
