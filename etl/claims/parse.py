"""A sentence as statements: who, what, how much, when. What is not told as a fact is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from etl.catalog import Catalog
from etl.claims.grammar import folded, grammar
from etl.claims.lexer import Lexer, Token
from etl.claims.reading import clauses, figures, marks, subjects, times
from etl.claims.reading.state import SentenceReading
from etl.claims.reading.telling import MAKERS
from etl.claims.reading.units import Units
from etl.claims.reading.verbs import on_verb
from etl.claims.statement import TOO_LONG, Statement

#: A longer sentence is not read: nobody writes it, and each of its statements would repeat it.
MOST_LETTERS = 1000

_SINGLE = frozenset({"negations", "hypotheticals", "conditionals", "hedge", "since", "levels",
                     "versus", "intraday", "recent", "direction", "in_a_row", "sets",
                     "weak_record"})  # fmt: skip
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
    "intraday": marks.on_intraday,
    "firsts": marks.on_firsts,
    "sets": marks.on_sets,
    "when": times.on_when,
    "bases": times.on_bases,
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
        self._units = Units(catalog, self.grammar)

    def statements(self, sentence: str) -> list[Statement]:
        """What a sentence states of indicators, in the order of its words."""
        if len(sentence) > MOST_LETTERS:
            return self._too_long(sentence)
        tokens = _joined(self.lexer.tokens(sentence))
        return _with_parts(self._read(sentence, tokens)) if tokens else []

    def _read(self, sentence: str, tokens: Sequence[Token]) -> list[Statement]:
        """Goes through the tokens once."""
        named = frozenset(token.indicator for token in tokens if token.kind == "mention")
        reading = SentenceReading(
            self.catalog, self.grammar, self.lexer, self._units, folded(sentence), tokens, named
        )
        for reading.at, token in enumerate(tokens):
            handler = _HANDLERS.get(token.kind)
            if handler is not None:
                handler(reading, token)
        clauses.close(reading)
        return reading.found

    def _too_long(self, sentence: str) -> list[Statement]:
        problem = TOO_LONG.format(MOST_LETTERS)
        for start, stop, indicator in self.lexer.finder.found(sentence):
            return [Statement(start, stop, indicator, "level", problem=problem)]
        return []


def _joined(tokens: Sequence[Token]) -> list[Token]:
    """The tokens, but a single letter that touches unread text is a part of it: 需 in 需求."""
    found: list[Token] = []
    for at, token in enumerate(tokens):
        if len(token.words) == 1 and token.kind in _SINGLE:
            before = tokens[at - 1] if at else None
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
