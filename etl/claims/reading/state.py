"""What is known at a place of a sentence: its clause, and what the clauses before carry on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from etl.catalog import Catalog
from etl.claims.dates import When
from etl.claims.grammar import Grammar
from etl.claims.lexer import Lexer, Token
from etl.claims.numbers import Number
from etl.claims.reading.units import Units
from etl.claims.statement import INTRADAY, NEGATED, UNREAD, Base, SaidWindow, Statement

#: Verbs that say that a value is a record.
RECORDS = frozenset({"record", "weak_record"})
_MOST_UNREAD = 20


class Subject(NamedTuple):
    """Of what is spoken, in the words of the text; a stranger has no indicator."""

    indicator: str
    words: str = ""


class SaidFigure(NamedTuple):
    """A number with the hedge beside it; `start` and `stop` are places in the sentence."""

    number: Number
    hedge: str
    start: int
    stop: int
    words: str

    @classmethod
    def of(cls, token: Token, hedge: str = "") -> SaidFigure:
        """The number of a token."""
        assert token.number is not None
        return cls(token.number, hedge, token.start, token.stop, token.words)


@dataclass(slots=True)
class Verb:
    """A predicate with what was found for it so far."""

    token: Token
    subjects: Sequence[Subject]
    gap: str
    figures: list[SaidFigure] = field(default_factory=list)
    is_level: bool = False


@dataclass(slots=True)
class Clause:
    """What was read since the last comma. `gap` is what was not understood since the last thing
    that was, `before` the figures that no verb has taken yet, `last` the list of the newest one."""

    window: SaidWindow | None = None
    group: list[Subject] = field(default_factory=list)
    group_is_open: bool = False
    is_joined: bool = False
    gap: str = ""
    verb: Verb | None = None
    had_verb: bool = False
    had_text: str = ""
    is_doubted: bool = False
    is_negated: bool = False
    is_intraday: bool = False
    is_first: bool = False
    is_together: bool = False
    has_set: bool = False
    in_a_row: int | None = None
    row_unit: str = ""
    base: Base | None = None
    is_versus: bool = False
    vague: str = ""
    lost: str = ""
    hedge: str = ""
    is_recent: bool = False
    origin: SaidFigure | None = None
    before: list[SaidFigure] = field(default_factory=list)
    last: list[SaidFigure] | None = None
    noun_words: str = ""

    def problem(self, gap: str) -> str:
        """What keeps a statement of this clause from being checked."""
        if self.is_negated:
            return NEGATED
        if self.is_intraday:
            return INTRADAY
        if self.lost:
            return UNREAD.format(self.lost)
        return unread(gap) if gap else ""


@dataclass(slots=True)
class SentenceReading:
    """One sentence while it is read: the tokens, the clause, what is carried on, and what was
    found."""

    catalog: Catalog
    grammar: Grammar
    lexer: Lexer
    units: Units
    folded: str
    tokens: Sequence[Token]
    named: frozenset[str]
    at: int = 0
    clause: Clause = field(default_factory=Clause)
    found: list[Statement] = field(default_factory=list)
    carried: tuple[Subject, ...] = ()
    everyone: list[Subject] = field(default_factory=list)
    when: When | None = None
    is_conditional: bool = False
    carries_doubt: bool = False
    has_stranger: bool = False

    def is_no_fact(self) -> bool:
        """Whether the clause tells a condition or a forecast."""
        return self.clause.is_doubted or self.is_conditional

    def next(self, *passing: str) -> Token | None:
        """The token behind this one, those of some kinds passed over."""
        for token in self.tokens[self.at + 1 :]:
            if token.kind not in passing:
                return token
        return None

    def names_documents(self, words: str) -> bool:
        """Whether the words speak of documents."""
        return any(noun in words for noun in self.grammar.counted["documents"].nouns)


def unread(gap: str) -> str:
    """The problem with words that were not understood."""
    return UNREAD.format(gap[:_MOST_UNREAD])
