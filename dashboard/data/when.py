"""Questions like 美光何时跌破万亿: read, and answered from the values held, never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dashboard import formatting
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.texts import text
from etl.bulletins.mentions import MentionFinder
from etl.catalog import Indicator
from etl.claims.grammar import grammar
from etl.claims.numbers import number_at
from etl.events import events_of
from etl.records import Event
from etl.words.sentences import event_words, gap, lowered

#: Longer words are no question; so many indicators are answered for.
LONGEST, MOST = 80, 6
_WHEN = re.compile(r"何时|什么时候|哪天|哪一天|哪日|几时|\bwhen\b")
_FIRST = re.compile(r"首次|首度|第一次|\bfirst\b")
_WAYS = (
    ("record_high", re.compile(r"新高|\brecord highs?\b|\bhighest\b")),
    ("record_low", re.compile(r"新低|\brecord lows?\b|\blowest\b")),
    ("milestone_down", re.compile(r"跌破|失守|低于|\bbelow\b|\bf[ea]ll\b")),
    ("milestone_up", re.compile(r"突破|升破|涨破|站上|重回|超过|高于|\bcross(?:ed)?\b|\babove\b")),
)


@dataclass(frozen=True, slots=True)
class WhenAsked:
    """What is asked for: a kind of event, the number it is about, and whether the first is."""

    kind: str
    number: float | None
    is_first: bool


@dataclass(frozen=True, slots=True)
class DatedAnswer:
    """A sentence, and the indicator and the day that it is about; no day where none answers."""

    sentence: str
    id: str = ""
    day: date | None = None


def read(words: str) -> WhenAsked | None:
    """The question that words ask; None where they ask none."""
    words = words.casefold()
    if len(words) > LONGEST or not _WHEN.search(words):
        return None
    kind = next((kind for kind, way in _WAYS if way.search(words)), "")
    if not kind:
        return None
    value = None
    if kind.startswith("milestone"):
        units = grammar().unit_words
        found = (number_at(words, at, units) for at in range(len(words)))
        values = [one.value for one in found if one and one.value is not None and not one.span]
        if not values:
            return None
        value = values[0]
    return WhenAsked(kind, value, bool(_FIRST.search(words)))


def answers(
    snapshot: Snapshot, words: str, lang: str, as_of: datetime | None = None
) -> Sequence[DatedAnswer]:
    """The answers to a question, one an indicator; a sentence that says so where nothing held
    answers it; nothing where it is no question."""
    asked = read(words)
    if asked is None:
        return ()
    named = _named(snapshot, words)
    told = [
        answer
        for indicator in (named or snapshot.catalog.all())
        if (answer := _answer(snapshot, indicator, asked, lang, as_of, is_named=bool(named)))
    ]
    dated = sorted((one for one in told if one.day), key=lambda one: one.day or date.min)[::-1]
    found = (dated or told)[:MOST]
    return found or [DatedAnswer(text("when_unanswered", lang))]


def _named(snapshot: Snapshot, words: str) -> list[Indicator]:
    """The indicators that are named, with what is derived from them, and what stands beside those
    of which nothing is held: each is answered for under its own name."""
    catalog = snapshot.catalog
    finder = snapshot.cached("words", "finder", lambda: MentionFinder(catalog))
    names = dict.fromkeys(name for _, _, name in finder.found(words))
    for one in catalog.all():
        is_bare = any(n in names and not queries.standing(snapshot, n) for n in one.shown_with[:1])
        if is_bare or names.keys() & {*one.inputs}:
            names[one.id] = None
    return [catalog[name] for name in names]


def _answer(
    snapshot: Snapshot,
    indicator: Indicator,
    asked: WhenAsked,
    lang: str,
    as_of: datetime | None,
    *,
    is_named: bool,
) -> DatedAnswer | None:
    unit = snapshot.catalog.unit(indicator)
    level = asked.number
    if level is not None and unit.code.startswith("billion "):
        level /= 1e9
    if not is_named and level is not None and level not in indicator.milestones:
        return None
    held = queries.series(snapshot, indicator.id, as_of)
    if not held or (level is not None and not _is_near(level, [v.value for v in held])):
        return None
    searched = indicator.model_copy(update={"milestones": () if level is None else (level,)})
    splits = [a.date for a in queries.actions(snapshot, indicator.id) if a.kind == "split"]
    events = [
        e for e in events_of(searched, held, splits, records=level is None) if e.kind == asked.kind
    ]
    title, when = indicator.title.in_(lang), _when(indicator, lang)
    if not events:
        return DatedAnswer(
            text("when_never", lang, title=title, first=when(held[0].date),
                 last=when(held[-1].date)), indicator.id,
        )  # fmt: skip
    event = events[0] if asked.is_first else events[-1]
    told = event_words(event, indicator, unit, lang)
    figure = formatting.spoken(formatting.figure(event.value, indicator, unit, lang), unit)
    return DatedAnswer(
        ("" if lang == "zh" else " ").join(
            _sentences(event, indicator, asked, told, figure, lang, level)
        ),
        indicator.id,
        event.date,
    )


def _sentences(
    event: Event, indicator: Indicator, asked: WhenAsked, told: str, figure: str, lang: str,
    level: float | None,
) -> Iterator[str]:  # fmt: skip
    title, when = indicator.title.in_(lang), _when(indicator, lang)
    said = lowered(told) if lang == "en" else f"{gap(title)}{told}"
    yield text("when_found", lang, day=when(event.date), title=title, told=said, figure=figure)
    if level is not None and level not in indicator.milestones:
        yield text("when_computed", lang)
    if asked.is_first and not event.all_time:
        yield text("when_first_held", lang, first=when(event.since))
    yield text("when_source", lang, source=indicator.credit.name.in_(lang))


def _when(indicator: Indicator, lang: str) -> Callable[[date], str]:
    """How its dates are written."""
    return lambda day: formatting.day(day, indicator, lang, year=True)


def _is_near(level: float, values: Sequence[float]) -> bool:
    """Whether a number can be one of this indicator: 万亿 is no price of a share."""
    return min(values) / 5 <= level <= 5 * max(values)
