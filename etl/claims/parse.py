"""A sentence as statements: who, what, how much, when. What is not told as a fact is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from etl.catalog import Catalog
from etl.claims.cells import CellReader
from etl.claims.dates import DAYS
from etl.claims.grammar import folded, grammar
from etl.claims.lexer import Lexer, Token
from etl.claims.reading import clauses, figures, marks, subjects, times
from etl.claims.reading.state import Context, SentenceReading
from etl.claims.reading.telling import MAKERS
from etl.claims.reading.units import Units
from etl.claims.reading.verbs import on_verb
from etl.claims.statement import QUOTED, TOO_LONG, UNDATED, Statement

#: A longer sentence is not read: nobody writes it, and each of its statements would repeat it.
MOST_LETTERS = 1000

#: What may stand behind the mark of a sentence.
CLOSERS = "”’」』）)》\"' \n"
#: Words of closes, but for a few that begin so.
_CLOSES = ("收", "报收", "结算", "高收", "低收", "平收", "全天", "closed", "ended", "settled")
_NO_CLOSES = ("收复", "收获", "收窄", "收盘前")
_SPEAKS = "(?:称|表示|说|指出|认为|道|写道|强调|直言|坦言|回忆|预言)"
_SPOKEN = re.compile(rf"{_SPEAKS}[:：，,]?\s*[“「\"]|[”」\"][，,]?[^，。；]{{0,10}}{_SPEAKS}")
_QUOTATION = re.compile('《[^《》]+》|“[^“”]{12,}”|「[^「」]{12,}」|"[^"]{12,}"')
_SINGLE = frozenset({"negations", "hypotheticals", "conditionals", "hedge", "since", "levels",
                     "versus", "intraday", "recent", "direction", "in_a_row", "sets",
                     "weak_record", "running"})  # fmt: skip
#: Letters that are words of their own only beside words that are read.
_PARTICLES = frozenset("于")
#: The kinds of words that may speak of a close.
_SETTLING = frozenset({"levels", "direction", "glue", "record", "moves_to", "volatility"})
#: What each kind of token does to the reading; the others are only looked at from beside.
_HANDLERS: Mapping[str, Callable[[SentenceReading, Token], None]] = {
    "clause": clauses.on_clause,
    "text": clauses.on_text,
    "mention": subjects.on_mention,
    "weak_mention": subjects.on_weak_mention,
    "strangers": subjects.on_strangers,
    "facet": subjects.on_facet,
    "joins": subjects.on_joins,
    "glue": subjects.on_glue,
    "together": subjects.on_together,
    "negations": marks.on_negations,
    "hypotheticals": marks.on_hypotheticals,
    "conditionals": marks.on_conditionals,
    "fictions": marks.on_fictions,
    "since": times.on_since,
    "intraday": marks.on_intraday,
    "running": marks.on_running,
    "clock": marks.on_running,
    "unreal": marks.on_unreal,
    "contract": marks.on_contract,
    "other_contracts": marks.on_other_contracts,
    "place": marks.on_place,
    "moves_are": marks.on_moves_are,
    "others": subjects.on_others,
    "respectively": subjects.on_respectively,
    "firsts": marks.on_firsts,
    "sets": marks.on_sets,
    "when": times.on_when,
    "bases": times.on_bases,
    "thereafter": times.on_thereafter,
    "versus": times.on_versus,
    "in_a_row": times.on_in_a_row,
    "recent": times.on_recent,
    "vague_spans": times.on_vague_spans,
    "lost_days": times.on_lost_days,
    "hedge": figures.on_hedge,
    "number": figures.on_number,
    **dict.fromkeys(MAKERS, on_verb),
}


class Parser:
    """Reads sentences by the words of a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog, self.grammar = catalog, grammar()
        self.lexer = Lexer(catalog, self.grammar)
        self.cells = CellReader(catalog, self.lexer.finder, self.grammar)
        self._units = Units(catalog, self.grammar)

    def statements(self, sentence: str, context: Context | None = None) -> list[Statement]:
        """What a sentence states of indicators, in the order of its words. `context` is what the
        sentences before it say, and learns from this one."""
        if len(sentence) > MOST_LETTERS:
            return self._too_long(sentence)
        if sentence.rstrip(CLOSERS).endswith(("？", "?")):
            return []
        tokens, context = _joined(self.lexer.tokens(sentence)), context or Context()
        if not tokens:
            self._note(sentence, context)
            return []
        return _with_parts(self._read(sentence, tokens, context))

    def long_heading(self, heading: str) -> str:
        """The word of a heading that speaks of a longer time than a day; '' if none does."""
        return next((word for word in self.grammar.long_headings if word in heading), "")

    def _note(self, sentence: str, context: Context) -> None:
        """Keeps the time that a sentence without indicators names for those that follow."""
        for token in self.lexer.times(sentence):
            if token.when is not None:
                context.when, context.when_words = token.when, token.words
            else:
                context.is_running = token.kind == "running"

    def _read(self, sentence: str, tokens: Sequence[Token], context: Context) -> list[Statement]:
        """Goes through the tokens once."""
        named = frozenset(token.indicator for token in tokens if token.kind == "mention")
        reading = SentenceReading(
            self.catalog, self.grammar, self.lexer, self._units, folded(sentence), tokens, named
        )
        reading.is_running = context.is_running
        for reading.at, token in enumerate(tokens):
            if _is_settled(token) and not reading.is_compared:
                clauses.settle(reading)
            handler = _HANDLERS.get(token.kind)
            if handler is not None:
                handler(reading, token)
        clauses.close(reading)
        return _in_context(reading, sentence, context)

    def _too_long(self, sentence: str) -> list[Statement]:
        problem = TOO_LONG.format(MOST_LETTERS)
        for start, stop, indicator in self.lexer.finder.found(sentence):
            return [Statement(start, stop, indicator, "level", problem=problem)]
        return []


def _is_settled(token: Token) -> bool:
    """Whether the word speaks of a close: what follows is no price of a running session."""
    return (
        token.kind in _SETTLING
        and token.words.startswith(_CLOSES)
        and not token.words.startswith(_NO_CLOSES)
    )


def _in_context(reading: SentenceReading, sentence: str, context: Context) -> list[Statement]:
    """What was found, as far as the sentences before and quotation marks let it be a fact; and what
    this sentence says to those that follow."""
    found = [
        s._replace(is_settled=reading.is_settled, reported=reading.reported) for s in reading.found
    ]
    if found and ("《" in sentence or _SPOKEN.search(sentence)):
        found = [_spoken(statement, sentence) for statement in found]
    if reading.when is not None:
        undated = UNDATED.format(reading.when_words)
        found = [
            s._replace(problem=s.problem or undated) if s.kind == "streak" and s.when is None else s
            for s in found
        ]
        context.when, context.when_words = reading.when, reading.when_words
    elif context.when is not None or context.heading:
        is_day = context.when is not None and context.when.kind in DAYS
        doubt = "" if is_day else UNDATED.format(context.when_words or context.heading)
        found = [
            s._replace(doubt=s.doubt or doubt, context=context.when)
            if s.base is None and s.window is None
            else s
            for s in found
        ]
    context.is_running = reading.is_running
    return found


def _spoken(statement: Statement, sentence: str) -> Statement:
    """The statement, not checked if it is in somebody's mouth."""
    is_said = any(
        quoted.start() < statement.start < quoted.end()
        for quoted in _QUOTATION.finditer(sentence)
        if quoted[0][0] == "《" or _SPOKEN.search(sentence)
    )
    return statement._replace(problem=statement.problem or QUOTED) if is_said else statement


def _joined(tokens: Sequence[Token]) -> list[Token]:
    """The tokens, but a single letter that touches unread text is a part of it: 需 in 需求."""
    found: list[Token] = []
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else None
        is_opening = before is None or before.kind == "clause"
        is_opened = is_opening and token.kind in ("conditionals", "hypotheticals")
        is_single = token.kind in _SINGLE or token.words in _PARTICLES
        if len(token.words) == 1 and is_single and not is_opened:
            after = tokens[at + 1] if at + 1 < len(tokens) else None
            touches = (before and before.kind == "text" and before.stop == token.start) or (
                after and after.kind == "text" and after.start == token.stop
            )
            if touches:
                token = Token("text", token.start, token.stop, token.words)
        found.append(token)
    return found


def _with_parts(statements: Sequence[Statement]) -> list[Statement]:
    """Counts that a sentence tells in parts know each other: 16 个行业赛道、1 个基础设施赛道."""
    found = list(statements)
    for at, statement in enumerate(found):
        if statement.kind == "count":
            same = [s for s in found if s.kind == "count" and s.indicator == statement.indicator]
            if any(s.is_part for s in same):
                values = [s.number.value for s in same if s.number]
                parts = tuple(value for value in values if value is not None)
                found[at] = statement._replace(parts=parts, is_part=True)
    return found
