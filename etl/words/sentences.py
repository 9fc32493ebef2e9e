"""Changes, records and round numbers in words: charts, alerts and briefs say them alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from etl.catalog import Indicator, Unit
from etl.changes import ZScore, follows
from etl.records import Event, Measured, Vintage
from etl.words.numbers import COUNTED, Change, change, full_date, round_number

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
    newest: Vintage, events: Iterable[Event], unit: Unit, lang: str, *, crossed: bool = True
) -> Iterator[Badge]:
    """The records and round numbers of the newest value; of several numbers only the highest.
    Where it is not known when a number was crossed, only on which side of it the value lies."""
    today = [e for e in events if e.date == newest.date and e.value == newest.value]
    ups = [e for e in today if e.kind == "milestone_up"]
    downs = [e for e in today if e.kind == "milestone_down"]
    for event in (*ups[-1:], *downs[:1]):
        yield _badge(event, unit, lang, crossed)
    for event in today:
        if event.kind in RECORDS:
            yield _badge(event, unit, lang, crossed)


def _badge(event: Event, unit: Unit, lang: str, crossed: bool) -> Badge:
    """The words, and with them since when the history runs that they are judged on."""
    words = event_words(event, unit, lang, crossed=crossed)
    since = since_words(event.since, lang)
    return Badge(words, f"{words}（{since}）" if lang == "zh" else f"{words} {since}", event.kind)


def event_words(event: Event, unit: Unit, lang: str, *, crossed: bool = True) -> str:
    """An event in a few words: 历史新高, 首破 1 万亿美元; where it is not known when a number was
    crossed, 高于 1 万亿美元."""
    if event.threshold is None:
        return RECORDS[event.kind][lang == "en"]
    level = round_number(event.threshold, unit, lang)
    if event.kind == "milestone_down":
        return f"{'跌破' if crossed else '低于'} {level}" if lang == "zh" else f"Below {level}"
    if event.is_first:
        return f"首破 {level}" if lang == "zh" else f"First above {level}"
    return f"{'升破' if crossed else '高于'} {level}" if lang == "zh" else f"Above {level}"


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
    rows: Sequence[Measured], indicator: Indicator, unit: Unit, lang: str
) -> Change | None:
    """The change from the value before, where the newest follows it by a single step."""
    if len(rows) < 2 or not follows(rows[-2], rows[-1], indicator):
        return None
    return change(rows[-1].value, rows[-2].value, indicator, unit, lang)


def change_words(change: Change | None, unit: Unit, lang: str, base: str = "") -> str:
    """The change from the value before as a clause: 较前值涨 19.29%; or from the day `base`."""
    if change is None:
        return ""
    if lang == "en":
        way = {1: f"up {change.text}", -1: f"down {change.text}"}.get(change.direction, "unchanged")
        return f"{way} from {base}" if base else way
    if change.direction == 0:
        return f"与 {base}持平" if base else "与前值持平"
    up = change.direction > 0
    if unit.code in COUNTED:
        verb = "增" if up else "减"
    elif unit.code in ("percent", "ratio", "shares"):
        verb = "升" if up else "降"
    else:
        verb = "涨" if up else "跌"
    return f"较{f' {base}' if base else '前值'}{verb} {change.text}"


def value_words(
    title: str, when: str, figure: str, clauses: Iterable[str], lang: str, measure: str = ""
) -> str:
    """A value as a sentence: 2026 年 5 月 26 日，美光科技市值为 1.01 万亿美元，较前值涨 19.29%。"""
    more = [clause for clause in clauses if clause]
    if lang == "en":
        measured = f", {lowered(measure)}," if measure else ""
        return ", ".join([f"{title}{measured} stood at {figure} ({when})", *more]) + "."
    return "，".join([when, f"{title}{gap(title)}{measure}为 {figure}", *more]) + "。"


def z_score_words(found: ZScore, lang: str) -> str:
    """How unusual a step is as a clause. It has no direction: a step up that is smaller than usual
    lies below the mean."""
    size = f"{abs(found.measure):.1f}"
    if lang == "en":
        return f"{size} standard deviations from the mean of the {found.window} steps before"
    return f"偏离此前 {found.window} 次变动的均值 {size} 个标准差"


def lowered(words: str) -> str:
    """The words as they stand within a sentence."""
    return words[:1].lower() + words[1:]


def gap(name: str) -> str:
    """The space between a name that ends in Latin letters or digits and Chinese words."""
    return " " if name[-1:] <= "\u2e7f" else ""
