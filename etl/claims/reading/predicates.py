"""What each class of verbs tells of a subject: moves, levels, marks, records, streaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from etl.claims.dates import DAYS
from etl.claims.grammar import folded
from etl.claims.model import Kind
from etl.claims.numbers import Number
from etl.claims.reading.state import SaidFigure, SentenceReading, Verb
from etl.claims.reading.units import VALUES
from etl.claims.statement import ORIGIN, OTHER_ROW, VAGUE, Base, Statement

Maker = Callable[[SentenceReading, Verb, Statement, Sequence[SaidFigure]], Iterator[Statement]]
#: What a streak is counted in, by the frequency of the values.
_ROW_UNITS: Mapping[str, frozenset[str]] = {
    "daily": frozenset({"日", "天", "个交易日", "交易日", "个工作日"}),
    "monthly": frozenset({"月", "个月"}),
    "annual": frozenset({"年"}),
}


def moves(
    reading: SentenceReading, verb: Verb, blank: Statement, figures: Sequence[SaidFigure]
) -> Iterator[Statement]:
    """上涨 0.61%: changes; without a number, or with 连续, a direction."""
    is_told, clause = False, reading.clause
    if clause.is_first:
        blank = blank._replace(window=None)  # 年内首次降息
    is_summed = verb.token.words.startswith("累") or "累计" in clause.noun_words
    if blank.base is None and blank.window is None and blank.when is None and not clause.group:
        if reading.move_base is not None:
            blank = blank._replace(base=reading.move_base)  # 从 4 月 8 日的…升至…，涨幅 33.22%
        elif reading.has_origin:
            blank = blank._replace(problem=blank.problem or ORIGIN)
    units = _ROW_UNITS.get(reading.catalog[blank.indicator].frequency, frozenset())
    if clause.in_a_row is not None and clause.row_unit and clause.row_unit not in units:
        blank = blank._replace(problem=blank.problem or OTHER_ROW.format(clause.row_unit))
    is_bare = blank.base is None and blank.window is None
    if is_summed and is_bare and (blank.when is None or blank.when.kind in DAYS):
        blank = blank._replace(problem=blank.problem or VAGUE.format("累计"))
    for figure in figures:
        if verb.is_level and _is_own(reading, blank, figure):
            yield _level(reading, blank, figure)
            continue
        is_told = True
        yield _change(reading, blank._replace(way=blank.way or _way(figure.number)), figure)
    if clause.in_a_row is not None:
        yield _streak(reading, blank, clause.in_a_row, clause.row_unit)
    elif not is_told:
        size = verb.token.lexeme.size if verb.token.lexeme else ""
        yield blank._replace(kind="direction", size=size)


def doubles(
    reading: SentenceReading, verb: Verb, blank: Statement, figures: Sequence[SaidFigure]
) -> Iterator[Statement]:
    """翻番: a change of the size that the word says."""
    assert verb.token.lexeme is not None
    pct = abs(verb.token.lexeme.amount)
    number = Number(blank.start, blank.start, blank.stop, pct, 10.0, 10.0, "percent")
    yield blank._replace(kind="change", number=number, mode="double")


def moves_to(
    reading: SentenceReading, verb: Verb, blank: Statement, figures: Sequence[SaidFigure]
) -> Iterator[Statement]:
    """从 4.5% 升至 4.56%: where it began, where it ended, and the direction."""
    origin = reading.clause.origin
    if origin is not None:
        began = blank._replace(start=origin.start, stop=origin.stop, kind="level", way="")
        if blank.base is None:
            began = began._replace(doubt=began.doubt or ORIGIN)
        reading.move_base, reading.has_origin = blank.base, True
        yield _marked(reading, began, origin)._replace(mode="origin")
    for figure in figures:
        yield _level(reading, blank._replace(base=None), figure)
    if figures:  # 升至买入 tells of a rating
        yield blank._replace(kind="direction")


def stands_at(
    reading: SentenceReading, verb: Verb, blank: Statement, figures: Sequence[SaidFigure]
) -> Iterator[Statement]:
    """收于 7519.12 点: levels; 报 +0.61% is a change."""
    for figure in figures:
        if figure.number.sign and not _is_own(reading, blank, figure):
            yield _change(reading, blank._replace(way=_way(figure.number)), figure)
        else:
            yield _level(reading, blank, figure)


def crosses(
    reading: SentenceReading, verb: Verb, blank: Statement, figures: Sequence[SaidFigure]
) -> Iterator[Statement]:
    """突破 7500 点; 首次突破 is a first."""
    kind: Kind = "first" if reading.clause.is_first else "milestone"
    for figure in figures:
        yield _marked(reading, blank._replace(kind=kind), figure)


def holds(
    reading: SentenceReading, verb: Verb, blank: Statement, figures: Sequence[SaidFigure]
) -> Iterator[Statement]:
    """守住 7500 点."""
    for figure in figures:
        yield _marked(reading, blank._replace(kind="milestone", mode="hold"), figure)


def compares(
    reading: SentenceReading, verb: Verb, blank: Statement, figures: Sequence[SaidFigure]
) -> Iterator[Statement]:
    """低于 20 点 is a bound, 高于去年同期 a direction, 比上周高 2% a change."""
    for figure in figures:
        if _is_own(reading, blank, figure) and not blank.base:
            yield _marked(reading, blank._replace(mode="bound"), figure)
        else:
            yield _change(reading, blank, figure)
    if not figures and (blank.base or blank.when):
        base = blank.base or Base("when", blank.when)
        when = blank.when if blank.base else None
        yield blank._replace(kind="direction", base=base, when=when)


def records(
    reading: SentenceReading, verb: Verb, blank: Statement, figures: Sequence[SaidFigure]
) -> Iterator[Statement]:
    """创新高, and with a number also the level that is one."""
    for figure in figures:
        if figure.number.unit in VALUES and _is_own(reading, blank, figure):
            yield _level(reading, blank._replace(window=None), figure)
    kind: Kind = "record_high" if blank.way in ("up", "high") else "record_low"
    vague = reading.clause.vague
    problem = blank.problem or (VAGUE.format(vague) if vague else "")
    yield blank._replace(kind=kind, way="", mode=_among(reading, verb), problem=problem)


def _among(reading: SentenceReading, verb: Verb) -> str:
    """What a record is judged among, in brackets behind it: 最高（月末值）."""
    behind = reading.folded[verb.token.stop :].lstrip()
    if not behind.startswith("("):
        return ""
    aside = behind[1:].lstrip()
    return next(
        (
            name
            for name, listed in reading.grammar.among.items()
            if aside.startswith(tuple(folded(word) for word in listed.words))
        ),
        "",
    )


def swings(
    reading: SentenceReading, verb: Verb, blank: Statement, figures: Sequence[SaidFigure]
) -> Iterator[Statement]:
    """波动, 大幅波动."""
    yield blank._replace(kind="volatility", way="", mode=verb.token.value)


def streaks(
    reading: SentenceReading, verb: Verb, blank: Statement, figures: Sequence[SaidFigure]
) -> Iterator[Statement]:
    """连涨三日."""
    counted = [
        (int(figure.number.value or 0), figure.number.span)
        for figure in figures
        if figure.number.unit == "" or figure.number.span
    ]
    amount, unit = counted[0] if counted else (0, "")
    yield _streak(reading, blank, amount, unit)


def _streak(reading: SentenceReading, blank: Statement, amount: int, unit: str) -> Statement:
    """So many values in a row, if the text counts in what the indicator has values of."""
    frequency = reading.catalog[blank.indicator].frequency
    units = _ROW_UNITS.get(frequency, frozenset())
    problem = "" if unit in units or not unit else OTHER_ROW.format(unit)
    return blank._replace(kind="streak", streak=amount, problem=blank.problem or problem)


def _level(reading: SentenceReading, blank: Statement, figure: SaidFigure) -> Statement:
    """A level; the first one of its kind behind 首次."""
    if reading.clause.is_first:
        return _marked(reading, blank._replace(kind="first", way=blank.way or "up"), figure)
    return _marked(reading, blank._replace(kind="level", way=""), figure)


def _marked(reading: SentenceReading, blank: Statement, figure: SaidFigure) -> Statement:
    return reading.units.as_level(blank, figure.number, figure.hedge, figure.words)


def _change(reading: SentenceReading, blank: Statement, figure: SaidFigure) -> Statement:
    return reading.units.as_change(blank, figure.number, figure.hedge, figure.words)


def _is_own(reading: SentenceReading, blank: Statement, figure: SaidFigure) -> bool:
    """Whether the figure is in the unit of the indicator itself."""
    return reading.units.own(blank.indicator, figure.number) is not None


def _way(number: Number) -> str:
    return "down" if number.sign < 0 else "up"
