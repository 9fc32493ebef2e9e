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
from etl.command_line import language, said
from etl.commands.console import MARKS, columns, padded
from etl.errors import quoted

#: What a kind of token is to a person; of one that is not here, its own name says it.
_KINDS: Mapping[str, str] = {
    "mention": "indicator",
    "weak_mention": "indicator, if it is spoken of already",
    "facet": "which of its quantities",
    "strangers": "a subject that is none of ours",
    "number": "figure",
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
            yield f"{passage.part}{_colon()}{quoted(sentence.shown)}"
            yield from _words(draft, tokens)
            for one, place in zip(sentence.statements, sentence.places, strict=True):
                claim = judged.get((passage.part, passage.index, *place, one.indicator, one.kind))
                yield from _statement(draft, one, sentence.words[one.start : one.stop], claim)
            if not sentence.statements:
                yield f"{_DEEP}→ {said('nothing is stated')}"
            yield ""


def _words(draft: Bulletin, tokens: Sequence[Token]) -> Iterator[str]:
    shown = [(quoted(token.words), _taken_for(draft, token)) for token in tokens]
    width = min(_WIDE, max(columns(words) for words, _ in shown))
    for words, taken_for in shown:
        yield f"{_DEEP}{padded(words, width)}  {taken_for}"


def _taken_for(draft: Bulletin, token: Token) -> str:
    """What a token was taken for."""
    name = said(_KINDS.get(token.kind, token.kind.replace("_", " ")))
    if token.number is not None:
        details = _number(token.number)
    elif token.when is not None:
        details = _time(token.when, draft)
    elif token.facets:
        details = ", ".join(dict.fromkeys(token.facets.values()))
    elif token.indicator or token.lexeme is None:
        details = token.indicator
    else:
        words = (token.lexeme.value, token.lexeme.size)
        details = " ".join(said(word) for word in words if word not in ("", token.kind))
    return f"{name}{_colon()}{details}" if details else name


def _colon() -> str:
    return "：" if language() == "zh" else ": "


def _statement(draft: Bulletin, one: Statement, words: str, claim: Claim | None) -> Iterator[str]:
    """A statement in the words of its fields, then its verdict and the reason."""
    facts = (
        ("figure", _number(one.number) if one.number else ""),
        ("how exact", said(one.hedge)),
        ("which way", said(one.way) if one.way != one.kind else ""),
        ("how large", said(one.size)),
        ("time", _time(one.when, draft)),
        ("period", (claim.period if claim else "") or ""),
        ("compared with", _base(one.base, draft)),
        ("reaches back", _window(one.window, draft)),
    )
    semicolon = "；" if language() == "zh" else "; "
    more = "".join(f"{semicolon}{said(name)} {value}" for name, value in facts if value)
    what = (
        f"{one.indicator} {said(one.kind)}"
        if language() == "zh"
        else (f"{one.kind} of {one.indicator}")
    )
    yield f"{_DEEP}→ “{quoted(words)}”{_colon()}{what}{more}"
    if claim is not None:
        verdict = said(claim.verdict)
        # Reasons are in Chinese, and begin with their verdict.
        told = claim.reason if language() == "zh" else f"{verdict}: {claim.reason}"
        yield f"{_DEEP}  {MARKS[claim.verdict]} {told}"


def _number(number: Number) -> str:
    if number.value is None:
        return said("none that could be a quantity")
    ends = [number.value, *([] if number.high is None else [number.high])]
    shown = said(" to ").join(f"{end:,.6f}".rstrip("0").rstrip(".") for end in ends)
    unit = number.unit.removeprefix(SPAN).replace("_", " ")
    return f"{shown} {said(unit)}".rstrip()


def _time(when: When | None, draft: Bulletin) -> str:
    if when is None:
        return ""
    return str(period_of(when, draft.date) or said("that does not exist"))


def _base(base: Base | None, draft: Bulletin) -> str:
    if base is None:
        return ""
    return _time(base.when, draft) or said(_BASES.get(base.kind, base.kind))


def _window(window: SaidWindow | None, draft: Bulletin) -> str:
    if window is None:
        return ""
    if window.since:
        return f"{said('to')} {_time(window.since, draft)}"
    return said(f"{window.amount} {window.unit}")
