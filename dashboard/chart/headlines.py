"""What a chart found, in the few words that a newspaper sets above it: of all that happened within
the period shown, the first of `ORDER` that did. Every figure is computed from what is shown;
records and firsts are those of `etl.events`, in their own words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from dashboard import formatting
from dashboard.address import Transform
from dashboard.chart.lettering import width
from dashboard.chart.model import Model, Part
from dashboard.formatting import UNCHANGED, Figure, spoken
from dashboard.texts import text, transform_name
from etl.changes import comparable
from etl.frequency import RULES, is_step, months_after, period_of
from etl.records import Event, Vintage
from etl.words.numbers import says_something, step
from etl.words.sentences import (
    RECORDS,
    badges,
    base_day,
    base_words,
    event_words,
    fell_or_rose,
    gap,
    gap_before,
    joined,
    lowered,
)

#: How much a line holds: about 24 Chinese characters, as many Latin ones as fit beside them.
ROOM = {"zh": 24.0, "en": 36.0}
#: From how many record highs within how many days on it is their number that is told.
RUN, RUN_DAYS = 3, 30
#: In per cent, or tenths of a percentage point: what is hardly a change, a calm period, a turn.
STILL, CALM, TURN = 1.0, 5.0, 10.0
#: Which part of the period, its last third, is recent enough for a crossing to be its news.
RECENT = 3
#: How far a period may begin from the day that it is named by, for holidays.
_NEAR_DAYS = 7
#: From how many times the first value on a rise is told as a multiple.
_DOUBLED = 2
_NUMERALS = "一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class Course:
    """The values of one indicator that are shown and may be compared with the newest of them."""

    part: Part
    name: str
    rows: tuple[tuple[Vintage, float], ...]
    lang: str

    @property
    def is_zh(self) -> bool:
        return self.lang == "zh"

    @property
    def days(self) -> tuple[date, date]:
        return self.rows[0][0].date, self.rows[-1][0].date

    @property
    def first(self) -> float:
        return self.rows[0][1]

    @property
    def newest(self) -> float:
        return self.rows[-1][1]

    @property
    def highest(self) -> tuple[Vintage, float]:
        return max(self.rows, key=lambda row: row[1])

    @property
    def lowest(self) -> tuple[Vintage, float]:
        return min(self.rows, key=lambda row: row[1])

    @property
    def happened(self) -> list[Event]:
        """The events of the values shown."""
        shown = {vintage.date: vintage.value for vintage, _ in self.rows}
        return [e for e in self.part.events if shown.get(e.date) == e.value]

    def of(self, words: str) -> str:
        """The name before what is said of it."""
        if not self.is_zh:
            return f"{self.name} {words}"
        return f"{self.name}{gap(self.name) or gap_before(words)}{words}"

    def figure(self, value: float) -> str:
        part = self.part
        return spoken(formatting.figure(value, part.indicator, part.unit, self.lang), part.unit)

    def apart(self, value: float, base: float) -> float:
        """How far apart two values are: in per cent, in tenths of a percentage point for what is
        one itself."""
        if self.part.unit.code == "percent":
            return 10 * abs(value - base)
        largest = max(abs(value), abs(base))
        if base > 0 and value > 0:
            return 100 * abs(value / base - 1)
        return 100 * abs(value - base) / largest if largest else 0.0


Teller = Callable[[Course], str]


def headline(parts: Sequence[Part], model: Model, transform: Transform, lang: str) -> str:
    """The finding of a chart."""
    courses = [course for part in parts if (course := _course(part, transform, lang))]
    if not courses:
        names = dict.fromkeys(part.indicator.title.in_(lang) for part in parts)
        colon, between = ("：", "、") if lang == "zh" else (": ", ", ")
        return f"{between.join(names)}{colon}{text('empty_chart', lang)}"
    if len(parts) > 1:
        return _of_several(courses, transform, lang)
    return _of_one(courses[0], transform)


def _course(part: Part, transform: Transform, lang: str) -> Course | None:
    held = [(vintage, value) for vintage, value in part.rows if value is not None]
    rows: list[tuple[Vintage, float]] = []
    for vintage, value in reversed(held):
        if not comparable(vintage, held[-1][0], part.indicator):
            break
        rows.append((vintage, value))
    name = part.name or part.indicator.short.in_(lang)
    if transform.name == "ma":
        name = _average(name, transform, part, lang)
    return Course(part, name, tuple(reversed(rows)), lang) if rows else None


def _average(name: str, transform: Transform, part: Part, lang: str) -> str:
    daily = part.indicator.frequency == "daily"
    if lang == "en":
        return f"{name}, {transform.n}-{'day' if daily else 'period'} average,"
    return f"{name} {transform.n} {'日' if daily else '期'}均线"


def _of_one(course: Course, transform: Transform) -> str:
    match transform.name:
        case "level":
            tellers = ORDER
        case "ma":
            tellers = _SMOOTH
        case "index":
            return course.of(_from_start(course))
        case "drawdown":
            return course.of(_below_high(course))
        case "z":
            return course.of(_from_mean(course, transform))
        case _:
            return course.of(_change(course, transform))
    return next(told for tell in tellers if (told := tell(course)))


# Levels, in the order in which they are looked for


def _alone(course: Course) -> str:
    """A single value."""
    return course.of(_stands(course)) if len(course.rows) == 1 else ""


def _newest(course: Course) -> str:
    """What the newest value itself did: a record, a round number."""
    part = course.part
    found = list(badges(course.rows[-1][0], part.events, part.indicator, part.unit, course.lang))
    if not found:
        return ""
    upward = found[0].kind in ("record_high", "milestone_up")
    if found[0].kind in RECORDS and (run := _run(course)):
        return _with_change(course, run, upward=upward)
    words = joined(found, course.lang)
    return _with_change(course, words if course.is_zh else f"at {lowered(words)}", upward=upward)


def _run(course: Course) -> str:
    """How often of late the highest value of all time was reached anew, where it was often."""
    last = course.days[1]
    days = [
        e.date
        for e in course.happened
        if e.kind == "record_high" and e.all_time and (last - e.date).days < RUN_DAYS
    ]
    if len(days) < RUN or last not in days:
        return ""
    span, times = (last - min(days)).days + 1, len(days)
    if not course.is_zh:
        return f"at {times} record highs in {span} days"
    said = _NUMERALS[times - 1] if times <= len(_NUMERALS) else f" {times} 次"
    return f"{span} 天内{said}创{'历史' if times > 10 else ''}新高"


def _counted(course: Course) -> str:
    """What is counted month by month: the newest count against the one before."""
    indicator = course.part.indicator
    if course.part.unit.code != "documents" or indicator.frequency != "monthly":
        return ""
    (before, one), (now, other) = course.rows[-2:]
    newest = course.figure(other)
    if course.is_zh:
        when, base = (f"{v.date.month} 月" for v in (now, before))
        told = f"{when}{gap_before(course.name)}{course.of(newest)}"
    else:
        when, base = (f"{v.date:%B}" for v in (now, before))
        newest = newest.split()[0]
        told = f"{course.name}: {newest} in {when}"
    if not is_step(indicator.frequency, before.date, now.date) or one == other or not other:
        return told
    size, more = course.figure(abs(other - one)), other > one
    if course.is_zh:
        return f"{told}，比 {base}{'多' if more else '少'} {size}"
    return f"{told}, {size.split()[0]} {'more' if more else 'fewer'} than in {base}"


def _stepped(course: Course) -> str:
    """What changes at events only: where its last change led."""
    if course.part.indicator.frequency != "event":
        return ""
    before, now = course.rows[-2][1], course.newest
    figure = course.figure(now)
    if course.figure(before) == figure:
        return course.of(f"维持 {figure}" if course.is_zh else f"stays at {figure}")
    verb = fell_or_rose(now > before, course.part.unit, course.lang)
    words = f"{verb}至 {figure}" if course.is_zh else f"{verb} to {figure}"
    return _with_change(course, words, upward=now > before) if course.is_zh else course.of(words)


def _crossing(course: Course) -> str:
    """A round number that lies between the first value and the newest."""
    low, high = sorted((course.first, course.newest))
    rose = course.newest > course.first
    kind = "milestone_up" if rose else "milestone_down"
    crossed = [
        e
        for e in course.happened
        if e.kind == kind
        and e.threshold is not None
        and low < e.threshold <= high
        and (e.follows or (e.is_first and e.all_time))
    ]
    first, last = course.days
    crossed = [e for e in crossed if (last - e.date) * RECENT <= last - first]
    if not crossed:
        return ""
    level = (max if rose else min)(e.threshold or 0.0 for e in crossed)
    event = [e for e in crossed if e.threshold == level][-1]
    ever = next((e for e in crossed if e.threshold == level and e.is_first), event)
    part = course.part
    number = formatting.round_number(level, part.unit, course.lang)
    if rose and not ever.is_first:
        words = f"重回 {number}" if course.is_zh else f"back above {number}"
    else:
        told = ever if rose else event
        words, day = (
            event_words(told, part.indicator, part.unit, course.lang),
            _day(told.date, course),
        )
        if course.is_zh:
            return _with_change(course, words, upward=rose, lead=day)
        words = f"{lowered(words)} on {day}"
    return _with_change(course, words, upward=rose)


def _many_times(course: Course) -> str:
    """A rise to twice the first value or more."""
    return course.of(_moved(course)) if _grown(course) >= _DOUBLED else ""


def _turn(course: Course) -> str:
    """A fall from the high of the period, or a rise from its low, that outweighs the change over
    the whole."""
    turns = []
    for (row, value), is_high in ((course.highest, True), (course.lowest, False)):
        if row.date in course.days:
            continue
        size = course.apart(course.newest, value)
        swing = course.highest[1] - course.lowest[1]
        is_most = abs(course.newest - value) >= 0.6 * swing
        if is_most and size >= TURN and size > course.apart(course.newest, course.first):
            turns.append((size, row.date, value, is_high))
    if not turns:
        return ""
    _, when, value, is_high = max(turns)
    size_words = _difference(course, course.newest, value)
    if not says_something(size_words):
        return ""
    month = _month(when, course)
    if course.is_zh:
        turned = "回落" if is_high else "回升"
        words = f"自 {month}{'高' if is_high else '低'}点{turned}"
        return _with_change(course, f"{words}{gap_before(size_words)}{size_words}")
    side, way = ("high", "down") if is_high else ("low", "up")
    return _with_change(course, f"{way} {size_words} from its {month} {side}")


def _steady(course: Course) -> str:
    """Hardly any change, within and over the period."""
    if course.highest[1] == course.lowest[1]:
        words = "未变" if course.is_zh else "unchanged"
    elif (
        course.part.unit.code != "ratio"
        and course.apart(course.newest, course.first) < STILL
        and course.apart(course.highest[1], course.lowest[1]) < CALM
    ):
        words = "变化不大" if course.is_zh else "little changed"
    else:
        return ""
    return course.of(_over(course, words, since=True))


def _wavered(course: Course) -> str:
    """Much movement that led nowhere."""
    swing = course.highest[1] - course.lowest[1]
    far = course.apart(course.highest[1], course.lowest[1]) >= CALM
    if not far or swing < 4 * abs(course.newest - course.first):
        return ""
    part = course.part
    low, high = (
        _outer(x, up, course) for x, up in ((course.lowest[1], False), (course.highest[1], True))
    )
    least = low.number if low.unit == high.unit and low.unit != "%" else str(low)
    most = spoken(high, part.unit)
    if course.is_zh:
        words = f"在 {least} 至 {most}{gap(most)}之间"
    else:
        words = f"between {least} and {most}"
    return course.of(_over(course, words, since=True))


def _outer(value: float, up: bool, course: Course) -> Figure:
    """An end of a range; what is long is rounded outwards to whole numbers."""
    part = course.part
    if part.unit.zh_factor != 1 or abs(value) < 1000:
        return formatting.figure(value, part.indicator, part.unit, course.lang)
    whole = math.ceil(value) if up else math.floor(value)
    figure = formatting.figure(whole, part.indicator, part.unit, course.lang)
    return Figure(figure.number.removesuffix("." + "0" * part.indicator.decimals), figure.unit)


def _went(course: Course) -> str:
    """A rise or a fall over the period."""
    return course.of(_moved(course))


_SMOOTH: tuple[Teller, ...] = (_alone, _many_times, _turn, _steady, _wavered, _went)
#: What is told of levels, the most remarkable first.
ORDER: tuple[Teller, ...] = (
    _alone, _newest, _counted, _stepped, _crossing, _many_times, _turn, _steady, _wavered, _went,
)  # fmt: skip


# Transforms


def _from_start(course: Course) -> str:
    """An index against its start of 100."""
    moved = _percent(course.newest, 100.0, course.lang)
    if not says_something(moved):
        return "与起点持平" if course.is_zh else "is where it started"
    verb = fell_or_rose(course.newest > 100, course.part.unit, course.lang)
    return f"较起点{verb} {moved}" if course.is_zh else f"{verb} {moved} from its start"


def _below_high(course: Course) -> str:
    size = f"{abs(course.newest):.2f}%"
    if not says_something(size):
        return "处在所存最高" if course.is_zh else "is at the highest value held"
    return f"自高点回落 {size}" if course.is_zh else f"is {size} below its high"


def _from_mean(course: Course, transform: Transform) -> str:
    size, above = f"{abs(course.newest):.1f}", course.newest > 0
    if not says_something(size):
        return f"接近 {transform.n} 期均值" if course.is_zh else (
            f"is close to its {transform.n}-period mean"
        )  # fmt: skip
    if course.is_zh:
        return f"{'高' if above else '低'}于 {transform.n} 期均值 {size} 个标准差"
    side = "above" if above else "below"
    return f"is {size} standard deviations {side} its {transform.n}-period mean"


def _change(course: Course, transform: Transform) -> str:
    """A change from the value before, or a month or a year before, and how that change changed
    over the period."""
    frequency = course.part.indicator.frequency
    named = {"mom": ("环比", "month on month"), "yoy": ("同比", "year on year")}
    if transform.name in named:
        base = named[transform.name][not course.is_zh]
    else:
        base = _previous(course) or base_words(frequency, course.lang)
    if course.part.indicator.statements.growth and transform.name != "diff":
        # How a rate of growth grew in per cent would be read as the rate itself.
        return f"的{base}变化" if course.is_zh else f"and its change {base}"
    size, way = _change_figure(course, transform, course.newest)
    if not way:
        if not course.is_zh:
            return f"{UNCHANGED['en']} {base}"
        return f"{base}持平" if transform.name in named else f"与{base}持平"
    verb = fell_or_rose(way > 0, course.part.unit, course.lang)
    told = f"{verb} {size}"
    if not course.is_zh:
        return f"{told} {base}"
    told = f"{base}{told}" if transform.name in named else f"较{base}{told}"
    return f"{told}{_how_it_grew(course, transform)}"


def _previous(course: Course) -> str:
    """The day of the value before the newest, where another session lies between them."""
    part, newest = course.part, course.rows[-1][0]
    before = [vintage for vintage, _ in part.rows if vintage.date < newest.date][-1:]
    day = base_day(before[0], newest, part.indicator, course.lang) if before else ""
    return day and (f" {day}" if course.is_zh else f"from {day}")


def _how_it_grew(course: Course, transform: Transform) -> str:
    """Whether a change is larger or smaller than the first one shown, in the same direction."""
    months, _ = _period(course)
    far = abs(course.newest) - abs(course.first)
    if transform.name not in ("mom", "yoy") or not months or course.newest * course.first <= 0:
        return ""
    if abs(far) < STILL:
        return ""
    verb = fell_or_rose(course.newest > 0, course.part.unit, "zh")
    return f"，{verb}幅较{gap_before(months)}{months}前{'扩大' if far > 0 else '收窄'}"


def _change_figure(course: Course, transform: Transform, value: float) -> tuple[str, int]:
    part, size = course.part, abs(value)
    if transform.name != "diff":
        words = _rounded(size, course.lang)
    elif part.unit.code == "percent":
        change = formatting.change(size, 0.0, part.indicator, part.unit, course.lang)
        words = change.text if change.direction else "0"
    else:
        figure = step(size, part.indicator, part.unit, course.lang)
        words = spoken(figure, part.unit)
        words = words if says_something(figure.number) else "0"
    return words, (1 if value > 0 else -1) if says_something(words) else 0


# Several


def _of_several(courses: Sequence[Course], transform: Transform, lang: str) -> str:
    between, colon = ("，", "：") if lang == "zh" else (", ", ": ")
    match transform.name:
        case "index":
            told = [(c, _from_start(c)) for c in courses]
        case "drawdown":
            told = [(c, _below_high(c)) for c in courses]
        case "z":
            told = [(c, _from_mean(c, transform)) for c in courses]
        case "level" | "ma":
            periods = {_period(c) for c in courses}
            if len(periods) > 1 or any(len(c.rows) == 1 for c in courses):
                return between.join(c.of(_stands(c)) for c in courses)
            if len(courses) > 2 and (ranked := _first_and_last(courses, lang)):
                return ranked
            first, *others = courses
            said = first.of(_over(first, _went_by(first)))
            return between.join([said, *(c.of(_went_by(c)) for c in others)])
        case _:
            measure = transform_name(transform.name, lang, transform.n)
            told = [(c, _bare_change(c, transform)) for c in courses]
            return f"{measure}{colon}" + between.join(c.of(words) for c, words in told)
    if len(courses) > 2 and transform.name == "index":
        best = max(courses, key=lambda c: c.newest)
        worst = min(courses, key=lambda c: c.newest)
        if best is not worst:
            told = [(best, _from_start(best)), (worst, _from_start(worst))]
            return between.join(_ranked(c.of(words), n, lang) for n, (c, words) in enumerate(told))
    return between.join(c.of(words) for c, words in told)


def _bare_change(course: Course, transform: Transform) -> str:
    size, way = _change_figure(course, transform, course.newest)
    if not way:
        return UNCHANGED[course.lang]
    verb = fell_or_rose(way > 0, course.part.unit, course.lang)
    return f"{verb} {size}"


def _first_and_last(courses: Sequence[Course], lang: str) -> str:
    """Of three or more that are measured alike: the one that rose most, and the one that rose
    least."""
    if not all(_in_percent(c, c.newest, c.first) for c in courses):
        return ""
    best, worst = max(courses, key=_grown), min(courses, key=_grown)
    if _grown(best) == _grown(worst):
        return ""
    told = best.of(_over(best, _went_by(best))), worst.of(_went_by(worst))
    return ("，" if lang == "zh" else ", ").join(
        _ranked(words, n, lang) for n, words in enumerate(told)
    )


def _ranked(words: str, place: int, lang: str) -> str:
    if lang == "en":
        return f"{words} ({('the most', 'the least')[place]})"
    return f"{words} {('居首', '居末')[place]}"


# What they are made of


def _stands(course: Course) -> str:
    figure = course.figure(course.newest)
    return f"为 {figure}" if course.is_zh else f"at {figure}"


def _with_change(course: Course, words: str, *, upward: bool | None = None, lead: str = "") -> str:
    """What happened, after `lead`, and how far the value went over the period, where it went the
    same way, it is no trifle and there is room for it."""
    told = f"{lead}{gap_before(course.name) if lead else ''}{course.of(words)}"
    rose = course.newest > course.first
    trifle = len(course.rows) < 3 or course.apart(course.newest, course.first) < STILL
    if trifle or upward not in (None, rose):
        return told
    comma = "，" if course.is_zh else ", "
    both = f"{told}{comma}{_moved(course)}"
    return both if width(both, 1.0) <= ROOM[course.lang] else told


def _over(course: Course, words: str, *, since: bool = False) -> str:
    """What happened, with the period over which it did."""
    months, day = _period(course, near=since)
    if not course.is_zh:
        return f"{words} {f'in {months}' if months else f'since {day}'}"
    if not months:
        return f"自 {day}以来{gap_before(words)}{words}"
    return f"{months}{'来' if since else ''}{gap_before(words)}{words}"


def _period(course: Course, *, near: bool = False) -> tuple[str, str]:
    """The months or years from the first value shown to the newest, 一年, where they are that to
    the day, or `near` it, which is enough where nothing is measured from that day; and the day."""
    first, last = course.days
    frequency = course.part.indicator.frequency
    since, until = period_of(frequency, first), period_of(frequency, last)
    months = (until.year - since.year) * 12 + until.month - since.month
    room = 0 if not near else _NEAR_DAYS if months < 24 else 2 * _NEAR_DAYS
    months -= (months_after(first, months) - last).days > room
    is_exact = (
        RULES[frequency].months is not None
        or abs((months_after(last, -months) - first).days) <= room
    )
    is_told = is_exact and months > 0 and (months < 12 or months % 12 == 0)
    return _length(months, course.lang) if is_told else "", _day(first, course)


def _day(when: date, course: Course) -> str:
    """A day of the period, with its year where that is not the newest value's."""
    indicator, last = course.part.indicator, course.days[1]
    if RULES[indicator.frequency].months is not None:
        return formatting.day(when, indicator, course.lang)
    if when.year != last.year:
        return formatting.full_date(when, course.lang)
    return f"{when.month} 月 {when.day} 日" if course.is_zh else f"{when.day} {when:%B}"


def _length(months: int, lang: str) -> str:
    years, rest = divmod(months, 12)
    count, unit = (months, "个月") if rest else (years, "年")
    if lang == "en":
        return f"{count} {'month' if rest else 'year'}{'s' if count > 1 else ''}"
    if months == 6:
        return "半年"
    if count > len(_NUMERALS):
        return f"{count} {unit}"
    return f"{'两' if count == 2 else _NUMERALS[count - 1]}{unit}"


def _month(when: date, course: Course) -> str:
    """The month of a day of the period, or the day itself where the period is short."""
    first, last = course.days
    if RULES[course.part.indicator.frequency].months is not None or (last - first).days < 60:
        return _day(when, course)
    if when.year == last.year:
        return f"{when.month} 月" if course.is_zh else f"{when:%B}"
    return f"{when.year} 年 {when.month} 月" if course.is_zh else f"{when:%B %Y}"


def _moved(course: Course) -> str:
    """How far the newest value is from the first: 一年涨 19.3%, 三个月翻倍, 是三年前的 7.4 倍."""
    times = _grown(course)
    if times >= _DOUBLED:
        return _multiple(course, times)
    return _over(course, _went_by(course))


def _went_by(course: Course) -> str:
    """The same without the period."""
    size = _difference(course, course.newest, course.first)
    if not says_something(size):
        return UNCHANGED[course.lang]
    verb = fell_or_rose(course.newest > course.first, course.part.unit, course.lang)
    return f"{verb} {size}"


def _times(now: float, before: float, course: Course) -> float:
    """How many times a value another is, where that says something."""
    return now / before if _in_percent(course, now, before) else 0.0


def _grown(course: Course) -> float:
    return _times(course.newest, course.first, course)


def _multiple(course: Course, times: float) -> str:
    """At least twice the first value."""
    if times < 2.05:
        return _over(course, "翻倍" if course.is_zh else "doubled")
    told = (f"{times:,.1f}" if times < 10 else f"{times:,.0f}").removesuffix(".0")
    months, day = _period(course)
    if not course.is_zh:
        return f"{told} times its value {f'{months} ago' if months else f'of {day}'}"
    return f"是{f'{months}前' if months else f' {day}'}的 {told} 倍"


def _in_percent(course: Course, now: float, before: float) -> bool:
    """Whether a change is told in per cent."""
    unit = course.part.unit
    return now > 0 and before > 0 and not unit.counted and unit.code not in ("percent", "ratio")


def _difference(course: Course, now: float, before: float) -> str:
    """How far apart two values are, as the unit has it: per cent, basis points, or units."""
    part = course.part
    if _in_percent(course, now, before):
        return _percent(now, before, course.lang)
    if part.unit.code == "percent":
        if abs(now - before) >= 1 and not part.unit.in_points:
            points = "个百分点" if course.is_zh else "percentage points"
            return f"{abs(now - before):.2f} {points}"
        change = formatting.change(now, before, part.indicator, part.unit, course.lang)
        return change.text if change.direction else "0"
    figure = step(abs(now - before), part.indicator, part.unit, course.lang)
    return spoken(figure, part.unit)


def _percent(now: float, before: float, lang: str) -> str:
    return _rounded(100 * abs(now / before - 1), lang)


def _rounded(size: float, lang: str) -> str:
    """A number of per cent with as many digits as a headline bears."""
    figure = formatting.counted(size, "%", lang)
    shown = size * figure.factor
    decimals = 2 if shown < 0.1 else 1 if shown < 100 else 0
    return str(Figure(formatting.grouped(shown, decimals), figure.label))
