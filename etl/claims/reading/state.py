"""What is known at a place of a sentence: its clause, and what the clauses before carry on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from etl.catalog import Catalog
from etl.claims.dates import When
from etl.claims.grammar import Grammar
from etl.claims.lexer import Lexer, Token
from etl.claims.numbers import Number
from etl.claims.reading.units import Units
from etl.claims.statement import (
    CONTRACT,
    FORECAST,
    INTRADAY,
    NEGATED,
    UNREAD,
    UNSURE,
    Base,
    SaidWindow,
    Statement,
)

#: Verbs that say that a value is a record.
RECORDS = frozenset({"record", "weak_record"})
_MOST_UNREAD = 20


class Subject(NamedTuple):
    """Of what is spoken, in the words of the text; a stranger has no indicator. `doubt` is why
    nothing that is said of it is contradicted, `problem` why nothing is checked, `contract` the
    delivery month that is told."""

    indicator: str
    words: str = ""
    doubt: str = ""
    problem: str = ""
    contract: str = ""


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
class Context:
    """What the sentences before say of the ones that follow in a text: when it was, and whether a
    session was still running. `heading` is the word of a heading that speaks of a longer time."""

    when: When | None = None
    when_words: str = ""
    heading: str = ""
    is_running: bool = False


@dataclass(slots=True)
class Clause:
    """What was read since the last comma. `gap` is what was not understood since the last thing
    that was, `before` the figures that no verb has taken yet, `last` the list of the newest one."""

    window: SaidWindow | None = None
    start: int = 0
    first: int = 0
    places: frozenset[str] = frozenset()
    contract: str = ""
    other_contract: str = ""
    is_respective: bool = False
    is_intraday_carried: bool = False
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
    era: str = ""
    hedge: str = ""
    is_recent: bool = False
    origin: SaidFigure | None = None
    before: list[SaidFigure] = field(default_factory=list)
    last: list[SaidFigure] | None = None
    noun_words: str = ""


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
    is_running: bool = False
    is_settled: bool = False
    is_forecast: bool = False
    when_words: str = ""
    last_move: Token | None = None
    when_before: When | None = None
    reported: When | None = None
    move_base: Base | None = None
    has_origin: bool = False
    has_stranger: bool = False

    def problem(self, gap: str, subject: Subject | None = None) -> str:
        """What keeps a statement of this clause from being checked."""
        clause = self.clause
        if subject is not None and subject.problem:
            return subject.problem
        if clause.is_negated:
            return NEGATED
        if clause.is_intraday or self.is_running:
            return INTRADAY
        if clause.lost or clause.era:
            return UNREAD.format(clause.lost or clause.era)
        if self.is_forecast and not clause.is_doubted:
            return FORECAST
        return unread(gap) if gap else ""

    def doubt(self, subject: Subject, gap: str = "") -> str:
        """What keeps a statement of this clause from being contradicted; `gap` is what was not
        understood behind its verb."""
        if subject.doubt:
            return subject.doubt
        if subject.contract:
            return CONTRACT.format(subject.contract)
        return unsure(gap) if gap else ""

    def has_cue(self, place: str) -> bool:
        """Whether the sentence speaks of the markets of a place, and of no other."""
        cue, sentence = self.grammar.bare_cues[place], self.folded.replace(" ", "")
        others = any(word in sentence for word in cue.against)
        return not others and any(word in sentence for word in cue.words)

    def is_misplaced(self, indicator: str, places: Collection[str]) -> bool:
        """Whether some places are none that the indicator may be said of."""
        return not {*places} <= {*self.catalog[indicator].statements.places}

    @property
    def before(self) -> Token | None:
        """The token just before this one; none at the beginning of a clause."""
        token = self.tokens[self.at - 1] if self.at else None
        return None if token is None or token.kind == "clause" else token

    @property
    def is_compared(self) -> bool:
        """Whether what follows is what a value is compared with: 较上周五收盘价."""
        clause = self.clause
        return clause.verb is None and (clause.is_versus or clause.base is not None)

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


def unsure(gap: str) -> str:
    """The doubt that words beside a statement raise."""
    return UNSURE.format(gap[:_MOST_UNREAD])


def unread(gap: str) -> str:
    """The problem with words that were not understood."""
    return UNREAD.format(gap[:_MOST_UNREAD])
