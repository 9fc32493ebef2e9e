"""Where a clause begins and ends, what ends its verb, and words that nobody understands."""

from __future__ import annotations

from etl.claims.lexer import Token
from etl.claims.reading.state import Clause, SentenceReading
from etl.claims.reading.telling import told


def on_clause(reading: SentenceReading, token: Token) -> None:
    clause = reading.clause
    is_only_time = not (clause.had_verb or clause.verb or clause.group)
    window = clause.window if is_only_time else None  # 5 月以来，标普 500 上涨
    close(reading)
    reading.clause = Clause(window)


def on_text(reading: SentenceReading, token: Token) -> None:
    words = token.words
    if not words.isalnum():
        words = "".join(c for c in words if c.isalnum())
    if not words:
        return
    clause = reading.clause
    clause.gap += words
    clause.had_text = clause.had_text or words
    clause.group_is_open = False
    clause.hedge, clause.is_versus = "", False
    clause.last = None
    if clause.verb and clause.verb.figures:
        flush(reading)


def close(reading: SentenceReading) -> None:
    """Ends the clause: who is carried on to the next one."""
    flush(reading)
    clause = reading.clause
    if clause.group:
        is_told = clause.had_verb or not clause.gap
        reading.carried = tuple(clause.group) if is_told else ()
        reading.carries_doubt = clause.is_doubted
    elif clause.had_text and not clause.had_verb and not _is_aside(reading):
        reading.carried = ()


def flush(reading: SentenceReading) -> None:
    """Ends the verb: what it tells is found."""
    clause = reading.clause
    verb, clause.verb = clause.verb, None
    if verb is None:
        return
    clause.had_verb = True
    for subject in verb.subjects:
        if subject not in reading.everyone:
            reading.everyone.append(subject)
    if not reading.is_no_fact():
        reading.found += told(reading, verb)
    clause.is_negated = clause.is_first = clause.has_set = False
    clause.in_a_row, clause.base, clause.window = None, None, None
    clause.last = None


def _is_aside(reading: SentenceReading) -> bool:
    return reading.clause.had_text.startswith(reading.grammar.asides)
