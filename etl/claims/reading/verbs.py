"""Which words are the verb of a clause, and which only carry on the one before."""

from __future__ import annotations

from etl.claims.lexer import Token
from etl.claims.reading.clauses import flush, on_text
from etl.claims.reading.state import RECORDS, SentenceReading, Verb
from etl.claims.reading.subjects import subjects

#: Prices as nouns.
_PRICES = ("收盘价", "结算价", "收市价", "收盘")


def on_verb(reading: SentenceReading, token: Token) -> None:
    if token.kind == "direction" and _is_noun(reading, token):
        on_text(reading, token)
        return
    if _continues(reading, token):
        return
    clause = reading.clause
    if token.kind == "levels" and reading.is_compared and token.words.startswith(_PRICES):
        return  # 较上周五收盘价 3,975.90 美元
    if token.kind == "direction" and clause.is_versus and clause.base is None:
        clause.is_intraday, clause.is_versus = True, False  # 由涨转跌
    if token.words in reading.grammar.revisions and not (clause.group or reading.carried):
        clause.is_doubted = True  # 机构上调金价至 3775 美元
    if token.kind in RECORDS and (clause.is_versus or clause.hedge == "near"):
        clause.lost = token.words  # 较历史高点下跌, 距离新高不到 1%
        return
    if token.kind == "weak_record" and not (reading.clause.has_set or _stands_on(reading)):
        on_text(reading, token)
        return
    if token.kind in RECORDS:
        verb = reading.clause.verb
        if verb and verb.token.kind == "record" and not reading.clause.gap:
            return  # 创纪录新高 is one record
        if verb and not verb.figures:
            reading.clause.gap, reading.clause.verb = verb.gap, None
    _begin(reading, token)


def _begin(reading: SentenceReading, token: Token) -> None:
    clause = reading.clause
    before, base, window = clause.verb, clause.base, clause.window
    flush(reading)
    if before is not None and before.token.kind == token.kind == "direction":
        clause.base, clause.window = base, window  # 较上周降 10.48 美元、降 13.88%
    gap, told_of = clause.gap, subjects(reading)
    clause.verb = Verb(token, told_of, gap if clause.group else "")
    clause.gap = ""
    clause.group_is_open = False
    if token.kind in RECORDS or token.kind == "streaks":
        clause.verb.figures += clause.before
    clause.before = []


def _is_noun(reading: SentenceReading, token: Token) -> bool:
    """Whether the word behind makes a noun of it."""
    behind = token.stop < len(reading.folded)
    return behind and bool(reading.grammar.nouns.at(reading.folded, token.stop))


def _continues(reading: SentenceReading, token: Token) -> bool:
    """Whether the verb only carries on the one before: 涨幅达, 上涨至, 首次达到."""
    verb = reading.clause.verb
    is_end = token.kind in ("levels", "moves_to")
    if verb is None or verb.figures or reading.clause.gap or not is_end:
        return False
    if verb.token.kind == "direction":
        verb.is_level = verb.token.words not in reading.grammar.move_nouns
        return token.kind == "levels"
    return verb.token.kind in ("crossings", "compares", "moves_to") and token.kind == "levels"


def _stands_on(reading: SentenceReading) -> bool:
    verb = reading.clause.verb
    return bool(verb and not verb.figures and verb.token.kind in ("levels", "moves_to"))
