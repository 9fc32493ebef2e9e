"""Words that say how a clause is meant: denied, supposed, within the day, for the first time."""

from __future__ import annotations

from etl.claims.lexer import Token
from etl.claims.reading.clauses import flush, on_text
from etl.claims.reading.state import SentenceReading
from etl.claims.statement import CONTRACT


def on_negations(reading: SentenceReading, token: Token) -> None:
    reading.clause.is_negated = True


def on_hypotheticals(reading: SentenceReading, token: Token) -> None:
    following = reading.next()
    if token.words == "将" and following and following.kind in ("mention", "facet"):
        return  # 将利率下调: 将 is 把
    if token.words in ("或", "or") and following and following.kind == "number":
        return  # 跌 1.55 美元或 2.39%
    clause = reading.clause
    clause.is_doubted = True
    if not (clause.group or clause.verb):
        reading.is_forecast = True  # 预计降息 25 个基点，利率降至 4%


def on_conditionals(reading: SentenceReading, token: Token) -> None:
    reading.is_conditional = True


def on_fictions(reading: SentenceReading, token: Token) -> None:
    """网传…系误传: nothing of the sentence is a fact."""
    reading.is_conditional = True
    reading.found.clear()


def on_unreal(reading: SentenceReading, token: Token) -> None:
    """降息 25 个基点的概率: what the clause said before is no fact either."""
    clause = reading.clause
    clause.is_doubted, clause.verb = True, None
    del reading.found[clause.first :]


def on_intraday(reading: SentenceReading, token: Token) -> None:
    reading.clause.is_intraday, reading.clause.is_intraday_carried = True, False


def on_running(reading: SentenceReading, token: Token) -> None:
    reading.is_running = True


def on_contract(reading: SentenceReading, token: Token) -> None:
    clause = reading.clause
    clause.contract = token.words
    if clause.verb is None:
        clause.group = [subject._replace(contract=token.words) for subject in clause.group]


def on_other_contracts(reading: SentenceReading, token: Token) -> None:
    clause = reading.clause
    clause.other_contract = token.words
    if clause.group and clause.verb is None:
        problem = CONTRACT.format(token.words)
        clause.group[-1] = clause.group[-1]._replace(problem=problem)


def on_place(reading: SentenceReading, token: Token) -> None:
    clause = reading.clause
    if clause.verb or clause.group:
        on_text(reading, token)
    else:
        clause.places |= {token.value}


def on_moves_are(reading: SentenceReading, token: Token) -> None:
    """跌幅扩大至 0.33%: the number behind is the move."""
    verb = reading.clause.verb
    if verb is None or verb.figures or verb.token.words not in reading.grammar.move_nouns:
        on_text(reading, token)


def on_firsts(reading: SentenceReading, token: Token) -> None:
    if token.words.isascii():
        reading.clause.is_first = True  # closed above 7,000 for the first time
    flush(reading)
    reading.clause.is_first = True


def on_sets(reading: SentenceReading, token: Token) -> None:
    verb = reading.clause.verb
    if verb is not None and verb.figures:
        flush(reading)  # 高于 20,000 点、创 2021 年以来新高: the time is that of the record
    reading.clause.has_set = True
