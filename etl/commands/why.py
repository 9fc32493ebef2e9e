"""How each sentence was read: its words and what they were taken for, then what it states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from etl.bulletins.model import Bulletin
from etl.claims.check import passages
from etl.claims.dates import When, period_of
from etl.claims.grammar import SPAN
from etl.claims.lexer import Token
from etl.claims.model import Claim, Placed
from etl.claims.numbers import Number
from etl.claims.parse import Parser
from etl.claims.statement import Base, SaidWindow, Statement
from etl.commands.console import MARKS, columns, padded
from etl.errors import quoted

#: What a kind of token is to a person; of one that is not here, its own name says it.
_KINDS: Mapping[str, str] = {
    "mention": "indicator",
    "weak_mention": "indicator, if it is spoken of already",
    "facet": "which of its quantities",
    "strangers": "a subject that is none of ours",
    "number": "number",
    "when": "time",
    "text": "not read",
    "clause": "ends a clause",
    "glue": "passed over",
    "hedge": "how exact",
    "levels": "verb of a level",
    "direction": "move",
    "moves_to": "move to a level",
    "crossings": "crosses a level",
    "holds": "holds a level",
    "double": "a multiple",
    "record": "record",
    "weak_record": "record, behind a verb of records",
    "sets": "verb of records",
    "among": "what a record is among",
    "volatility": "volatility",
    "streaks": "streak",
    "in_a_row": "in a row",
    "compares": "comparison",
    "bases": "compared with",
    "versus": "compared with what follows",
    "since": "since then",
    "firsts": "for the first time",
    "negations": "denial",
    "hypotheticals": "no fact: forecast or wish",
    "conditionals": "no fact: condition",
    "fictions": "no fact: hearsay, or an example",
    "unreal": "its clause tells no fact",
    "intraday": "within the session",
    "running": "a session that is not over",
    "clock": "a time of day",
    "contract": "a month of delivery",
    "other_contracts": "another contract or currency",
    "others": "another quantity of the name before",
    "place": "a place",
    "moves_are": "so large has the move become",
    "thereafter": "from then until now",
    "nominal": "makes a noun of the move",
    "reports": "report",
    "joins": "joins subjects",
    "together": "of all of them",
    "respectively": "one each",
    "recent": "reaches back",
    "vague_spans": "since nobody knows when",
    "lost_days": "a day that only the text before tells",
}
_BASES: Mapping[str, str] = {
    "session": "the session before", "period": "the period before", "year": "a year before",
}  # fmt: skip
_DEEP, _WIDE = "  ", 30
Place = tuple[str, int, int, int, str, str]


def why(draft: Bulletin, parser: Parser, claims: Sequence[Placed]) -> Iterator[str]:
    """Lines for a person: of each sentence that names an indicator its words, and its statements
    with their period, what they were compared with, and why the verdict is what it is."""
    judged: Mapping[Place, Claim] = {
        (p.claim.section, p.paragraph, p.start, p.stop, p.claim.indicator, p.claim.kind): p.claim
        for p in claims
    }
    for passage in passages(draft, parser):
        for sentence in passage.sentences(parser):
            tokens = parser.lexer.tokens(sentence.words)
            if not tokens:
                continue
            yield f"{passage.part}: {quoted(sentence.shown)}"
            yield from _words(draft, tokens)
            for one, place in zip(sentence.statements, sentence.places, strict=True):
                claim = judged.get((passage.part, passage.index, *place, one.indicator, one.kind))
                yield from _statement(draft, one, sentence.words[one.start : one.stop], claim)
            if not sentence.statements:
                yield f"{_DEEP}→ nothing is stated"
            yield ""


def _words(draft: Bulletin, tokens: Sequence[Token]) -> Iterator[str]:
    shown = [(quoted(token.words), _said(draft, token)) for token in tokens]
    width = min(_WIDE, max(columns(words) for words, _ in shown))
    for words, said in shown:
        yield f"{_DEEP}{padded(words, width)}  {said}"


def _said(draft: Bulletin, token: Token) -> str:
    """What a token was taken for."""
    name = _KINDS.get(token.kind, token.kind.replace("_", " "))
    if token.number is not None:
        details = _number(token.number)
    elif token.when is not None:
        details = _time(token.when, draft)
    elif token.facets:
        details = ", ".join(dict.fromkeys(token.facets.values()))
    elif token.indicator or token.lexeme is None:
        details = token.indicator
    else:
        said = (token.lexeme.value, token.lexeme.size)
        details = " ".join(word for word in said if word not in ("", token.kind))
    return f"{name}: {details}" if details else name


def _statement(draft: Bulletin, one: Statement, words: str, claim: Claim | None) -> Iterator[str]:
    """A statement in the words of its fields, then its verdict and the reason."""
    facts = (
        ("number", _number(one.number) if one.number else ""),
        ("how exact", one.hedge),
        ("way", one.way if one.way != one.kind else ""),
        ("size", one.size),
        ("time", _time(one.when, draft)),
        ("period", (claim.period if claim else "") or ""),
        ("compared with", _base(one.base, draft)),
        ("reaches back", _window(one.window, draft)),
    )
    told = "".join(f"; {name} {value}" for name, value in facts if value)
    yield f"{_DEEP}→ “{quoted(words)}”: {one.kind} of {one.indicator}{told}"
    if claim is not None:
        yield f"{_DEEP}  {MARKS[claim.verdict]} {claim.verdict}: {claim.reason}"


def _number(number: Number) -> str:
    if number.value is None:
        return "none that could be a quantity"
    ends = [number.value, *([] if number.high is None else [number.high])]
    shown = " to ".join(f"{end:,.6f}".rstrip("0").rstrip(".") for end in ends)
    return f"{shown} {number.unit.removeprefix(SPAN).replace('_', ' ')}".rstrip()


def _time(when: When | None, draft: Bulletin) -> str:
    if when is None:
        return ""
    return str(period_of(when, draft.date) or "that does not exist")


def _base(base: Base | None, draft: Bulletin) -> str:
    if base is None:
        return ""
    return _time(base.when, draft) or _BASES.get(base.kind, base.kind)


def _window(window: SaidWindow | None, draft: Bulletin) -> str:
    if window is None:
        return ""
    return f"to {_time(window.since, draft)}" if window.since else f"{window.amount} {window.unit}"
