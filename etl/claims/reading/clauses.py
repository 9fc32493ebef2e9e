"""Where a clause begins and ends, what ends its verb, and words that nobody understands."""

from __future__ import annotations

import re

from etl.claims.lexer import Token
from etl.claims.reading.state import Clause, SentenceReading, unread, unsure
from etl.claims.reading.telling import told

_COLONS = frozenset(":：")
#: How an opening ends that speaks of another time, in words that are not read.
_ERA = re.compile(
    "(?:时期|期间|时代|年代|周期[中里内]?|[前后时里间]|当日|当天|首日|行日|布日)$|往年|历次"
)


def on_clause(reading: SentenceReading, token: Token) -> None:
    clause = reading.clause
    is_only_time = not (clause.had_verb or clause.verb or clause.group)
    window = clause.window if is_only_time else None  # 5 月以来，标普 500 上涨
    opening = reading.folded[clause.start : token.start].strip()
    is_opening = is_only_time and opening and not reading.found and reading.when is None
    era = clause.era
    if is_opening and _ERA.search(opening) and "收" not in opening:
        era = opening  # 疫情期间, …
    if token.words in _COLONS and clause.is_doubted:
        reading.is_conditional = True  # 假设情景一：…
    places = clause.places if is_only_time and not clause.had_text else frozenset()
    close(reading)
    base = clause.base if is_only_time else None  # 去年同期，油价报 82 美元
    reading.clause = Clause(
        window,
        base=base,
        era=era,
        start=token.stop,
        first=len(reading.found),
        places=places,
        is_intraday=clause.is_intraday,
        is_intraday_carried=clause.is_intraday,
    )


def on_text(reading: SentenceReading, token: Token) -> None:
    words = token.words
    if not words.isalnum():
        words = "".join(c for c in words if c.isalnum())
    if not words:
        return
    clause = reading.clause
    clause.gap += words
    if clause.group_is_open and clause.verb is None:  # 标普 500 能源板块: all that is said of it
        clause.group[-1] = clause.group[-1]._replace(problem=unread(clause.gap))
    clause.had_text = clause.had_text or words
    clause.group_is_open = False
    clause.hedge, clause.is_versus = "", False
    clause.last = None
    if clause.verb and clause.verb.figures:
        flush(reading)
    for at in range(clause.first, len(reading.found)):  # 上涨 1% 的股票
        found = reading.found[at]
        if not found.doubt and found.kind != "count":
            reading.found[at] = found._replace(doubt=unsure(words))


def settle(reading: SentenceReading) -> None:
    """A word of a close: what was told before it was of the running session."""
    reading.is_settled, reading.is_forecast = True, False
    if reading.is_running or reading.clause.is_intraday:
        flush(reading)
        reading.is_running = False
        reading.clause.is_intraday = False


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
    if verb.token.kind == "direction" and verb.figures:
        reading.last_move = verb.token
    for subject in verb.subjects:
        if subject not in reading.everyone:
            reading.everyone.append(subject)
    if not reading.is_no_fact():
        reading.found += told(reading, verb)
    clause.last = None
    if verb.token.kind == "levels" and not verb.figures:
        return  # 为 8 月以来首次: the verb is still to come
    clause.is_negated = clause.is_first = clause.has_set = False
    clause.in_a_row, clause.base, clause.window = None, None, None


def _is_aside(reading: SentenceReading) -> bool:
    return reading.clause.had_text.startswith(reading.grammar.asides)
