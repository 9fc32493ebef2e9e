"""What a verb tells of each of its subjects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from etl.claims.grammar import bare
from etl.claims.lexer import Token
from etl.claims.reading.predicates import (
    Maker,
    compares,
    crosses,
    doubles,
    holds,
    moves,
    moves_to,
    records,
    stands_at,
    streaks,
    swings,
)
from etl.claims.reading.state import SaidFigure, SentenceReading, Subject, Verb
from etl.claims.statement import Statement

_DELIVERY = re.compile(r"(?:([0-9]{2,4})年)?([0-9]{1,2})月")
#: What each class of verbs tells.
MAKERS: Mapping[str, Maker] = {
    "direction": moves,
    "double": doubles,
    "moves_to": moves_to,
    "levels": stands_at,
    "crossings": crosses,
    "holds": holds,
    "record": records,
    "weak_record": records,
    "volatility": swings,
    "streaks": streaks,
    "compares": compares,
}


def told(reading: SentenceReading, verb: Verb) -> Iterator[Statement]:
    """The statements of a verb. As many figures as subjects go one to each."""
    if reading.clause.is_respective and len(verb.figures) not in (0, len(verb.subjects)):
        reading.clause.lost = reading.clause.lost or "分别"
    owned = [subject for subject in verb.subjects if subject.indicator]
    is_paired = len(verb.figures) == len(verb.subjects) > 1
    for place, subject in enumerate(verb.subjects):
        if subject.indicator and _is_told(reading, subject, verb):
            figures = [verb.figures[place]] if is_paired else verb.figures
            if not is_paired and len(owned) > 1 and len(figures) > 1:
                figures = []
            make = MAKERS[verb.token.kind]
            yield from make(reading, verb, _blank(reading, verb, subject, figures), figures)


def _is_told(reading: SentenceReading, subject: Subject, verb: Verb) -> bool:
    """Whether a value is spoken of: of a count, only where its documents are named."""
    if not reading.units.count_rule(subject.indicator):
        is_revised = verb.token.words in reading.grammar.revisions
        is_rate = reading.catalog.unit(reading.catalog[subject.indicator]).code == "percent"
        return not (is_revised and not is_rate) and not _is_of_actor(reading, subject, verb)
    return reading.names_documents(subject.words + reading.clause.noun_words)


def _is_of_actor(reading: SentenceReading, subject: Subject, verb: Verb) -> bool:
    """Whether it tells what a central bank does, not what its rate does: 美联储下调增长预期."""
    token = Token("mention", 0, 0, subject.words, indicator=subject.indicator)
    if reading.lexer.care(token) != "actors" or verb.token.words in reading.grammar.of_rates:
        return False
    return not any(figure.number.unit == "basis_point" for figure in verb.figures)


def _blank(
    reading: SentenceReading, verb: Verb, subject: Subject, figures: Sequence[SaidFigure]
) -> Statement:
    """The statement as far as all verbs tell it alike."""
    clause, token = reading.clause, verb.token
    return Statement(
        min([token.start, *(figure.start for figure in figures)]),
        max([token.stop, *(figure.stop for figure in figures)]),
        subject.indicator,
        "level",
        way=token.value,
        when=reading.when,
        base=clause.base,
        window=clause.window,
        is_inverse=_is_inverse(reading, subject),
        problem=reading.problem(verb.gap, subject),
        doubt=reading.doubt(subject, "" if figures else clause.gap),
        contract=_delivery(subject.contract),
    )


def _delivery(words: str) -> tuple[int, int] | None:
    """The year, 0 if it is not told, and the month of a contract."""
    found = _DELIVERY.match(words)
    if found is None:
        return None
    year = int(found[1] or 0)
    return year + 2000 if 0 < year < 100 else year, int(found[2])


def _is_inverse(reading: SentenceReading, subject: Subject) -> bool:
    inverse = reading.catalog[subject.indicator].inverse
    if not inverse:
        return False
    return bare(subject.words) in map(bare, inverse)
