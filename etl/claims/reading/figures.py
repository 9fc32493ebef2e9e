"""Numbers and the words that hedge them: whose number it is, and what it is of."""

from __future__ import annotations

from etl.claims.lexer import Token
from etl.claims.numbers import Number
from etl.claims.reading.clauses import on_text
from etl.claims.reading.counts import COUNTS, is_change_of_count, on_count, says_more
from etl.claims.reading.state import SaidFigure, SentenceReading, unread
from etl.claims.reading.times import on_span
from etl.claims.reading.units import VALUES
from etl.claims.reading.verbs import on_verb
from etl.claims.statement import Statement

#: What only what is counted in it has: 30 家公司 are no number of an index.
_HEADS = frozenset({"firms"})
#: Between a move and the same in another unit.
_OR = frozenset({"或", "or"})


def on_hedge(reading: SentenceReading, token: Token) -> None:
    clause = reading.clause
    if clause.last and _touches_number(reading):
        clause.last[-1] = clause.last[-1]._replace(hedge=token.value)
    else:
        clause.hedge, clause.last = token.value, None


def _touches_number(reading: SentenceReading) -> bool:
    return reading.at > 0 and reading.tokens[reading.at - 1].kind == "number"


def on_number(reading: SentenceReading, token: Token) -> None:
    number, clause = token.number, reading.clause
    assert number is not None
    hedge = "over" if number.is_over else clause.hedge
    is_near, clause.hedge = clause.hedge == "near", ""
    if number.unit in COUNTS and hedge == "over" and says_more(reading, token):
        hedge = ""
    if number.span:
        on_span(reading, token, is_near)
    elif number.unit in COUNTS and not is_change_of_count(reading):
        on_count(reading, token, hedge)
    elif number.unit == "other" or (number.unit in _HEADS and not _are_counted(reading, number)):
        on_text(reading, token)
    else:
        _on_figure(reading, token, SaidFigure.of(token, hedge))
    clause.group_is_open = False


def _are_counted(reading: SentenceReading, number: Number) -> bool:
    """Whether an indicator that is spoken of counts in this unit: 家 of firms, not of anything."""
    said = reading.clause.group or reading.carried
    named = [subject.indicator for subject in said if subject.indicator]
    return any(reading.catalog[name].unit == number.unit for name in named)


def _on_figure(reading: SentenceReading, token: Token, figure: SaidFigure) -> None:
    """A number of the verb, of the time it is compared with, or without a verb."""
    clause, following = reading.clause, reading.next("glue")
    if _is_of_compared(reading):
        return
    if figure.number.unit == "" and following and following.kind == "streaks":
        clause.before = [figure]  # 录得八连涨
        if clause.verb and clause.verb.token.kind == "levels" and not clause.verb.figures:
            clause.verb = None
    elif clause.is_versus or (clause.verb is None and _comes_from_a_time(reading)):
        clause.is_versus, clause.origin = False, figure
    elif clause.verb is None:
        _without_verb(reading, token, figure)
    elif not clause.gap:
        _give(reading, figure)


def _is_of_compared(reading: SentenceReading) -> bool:
    """Whether the number is that of the time behind the verb: 高于 8 月末的 6460 点."""
    verb, before = reading.clause.verb, reading.before
    is_after = before is not None and (before.words == "的" or before.when is not None)
    base = reading.clause.base
    is_compared = verb is not None and verb.token.kind == "compares" and not verb.figures
    return is_compared and is_after and base is not None and base.kind == "when"


def _comes_from_a_time(reading: SentenceReading) -> bool:
    """Whether the number is that of the time it is compared with: 从 2023 年的 1.58."""
    clause = reading.clause
    is_compared = clause.base is not None and clause.base.kind == "when"
    return bool(is_compared and (clause.group or reading.carried) and not clause.gap)


def _give(reading: SentenceReading, figure: SaidFigure) -> None:
    """Gives the figure to the verb."""
    verb = reading.clause.verb
    assert verb is not None
    verb.figures.append(figure)
    reading.clause.last = verb.figures


def _without_verb(reading: SentenceReading, token: Token, figure: SaidFigure) -> None:
    """A number without a verb: a level if it says its unit, a change if it has a sign."""
    clause, number = reading.clause, figure.number
    if clause.gap or not (clause.group or reading.carried):
        _unplaced(reading, figure)
        clause.before = [figure] if not clause.gap else []
        clause.last = clause.before
        return
    is_exact = number.step < 1
    before = reading.before
    is_other_way = before is not None and before.words in _OR and reading.last_move is not None
    if is_other_way and reading.last_move is not None:  # 上涨 31.61 点，或 0.48%
        on_verb(reading, reading.last_move._replace(start=token.start, stop=token.stop))
        _give(reading, figure)
        return
    is_told = number.unit in VALUES or number.sign or is_exact
    if is_told and (number.unit or is_exact):
        kind = "direction" if number.sign else "levels"
        on_verb(reading, Token(kind, token.start, token.stop, token.words))
        _give(reading, figure)


def _unplaced(reading: SentenceReading, figure: SaidFigure) -> None:
    """A number that the unread words before it keep from being placed: 美光投资 100 亿美元."""
    clause = reading.clause
    subject = clause.group[-1] if clause.group else None
    if subject is None or not subject.indicator or reading.is_no_fact():
        return
    own = reading.units.own(subject.indicator, figure.number)
    if own is not None and figure.number.unit in VALUES and clause.gap:
        reading.found.append(
            Statement(
                figure.start, figure.stop, subject.indicator, "level", number=own,
                problem=unread(clause.gap),
            )
        )  # fmt: skip
