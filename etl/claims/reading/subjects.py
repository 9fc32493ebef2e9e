"""Of whom a clause speaks: mentions, strangers, and nouns that say which quantity of whom."""

from __future__ import annotations

from collections.abc import Sequence

from etl.claims.grammar import bare
from etl.claims.lexer import Token
from etl.claims.model import Kind
from etl.claims.reading.clauses import flush, on_text
from etl.claims.reading.state import SentenceReading, Subject, unsure
from etl.claims.statement import CONTRACT, LOOSE, NOBODY, Statement

#: The tenor of our yield, in years.
TENOR = 10
#: The members of families of indices: 标普 200, 标普 600.
_MEMBERS = frozenset({30, 35, 40, 50, 60, 100, 150, 200, 225, 300, 400, 500, 600, 1000, 1500})


def on_mention(reading: SentenceReading, token: Token) -> None:
    clause = reading.clause
    subject = _subject(reading, token) if token.indicator else Subject("", token.words)
    if not subject.indicator:
        reading.has_stranger = True
    is_open = bool(clause.group) and clause.group_is_open
    if is_open and not clause.group[-1].indicator and _is_bracketed(reading, token):
        return  # the name in brackets is that of a stranger
    if is_open and _is_spread(reading, token):
        clause.group = [Subject("", token.words)]
    elif is_open:
        _beside(reading, subject)
    else:
        if clause.verb and not clause.verb.figures and clause.verb.token.kind == "levels":
            clause.verb = None
        flush(reading)
        reading.move_base, reading.has_origin = None, False
        clause.group = [subject]
        clause.is_intraday = clause.is_intraday and not clause.is_intraday_carried
    clause.group_is_open, clause.is_joined = True, False
    clause.gap, clause.last = "", None


def _subject(reading: SentenceReading, token: Token) -> Subject:
    """What a name means where it stands; nothing of ours where it is a part of another name."""
    clause, rules = reading.clause, reading.catalog[token.indicator].statements
    care, before = reading.lexer.care(token), reading.before
    is_other = reading.is_misplaced(token.indicator, clause.places) or _has_tenor(reading, before)
    if care and before is not None and (before.kind == "text" or _is_of(reading, before, token)):
        is_other = True  # 银行间隔夜回购加权利率, 微软 PUE
    if care == "needs_cue":
        is_other = is_other or not reading.has_cue("us")
    if is_other or _is_member(reading, token):
        return Subject("", token.words)
    is_told = care == "loose" and clause.places and rules.places == ("world",)
    doubt = LOOSE.format(token.words) if care in ("loose", "needs_cue") and not is_told else ""
    if not doubt and clause.had_text:
        doubt = unsure(clause.had_text)
    problem = CONTRACT.format(clause.other_contract) if clause.other_contract else ""
    return Subject(token.indicator, token.words, doubt, problem, clause.contract)


def _is_of(reading: SentenceReading, before: Token, token: Token) -> bool:
    """Whether the word before says whose quantity it is: a stranger, or its place."""
    group = reading.clause.group
    if not group or reading.clause.is_joined:
        return False
    is_stranger = before.kind == "place" or (not group[-1].indicator and before.kind == "strangers")
    is_other = before.kind == "mention" and before.indicator != token.indicator
    return is_stranger or is_other  # 标普 500 半导体指数


def _is_bracketed(reading: SentenceReading, token: Token) -> bool:
    return reading.folded[: token.start].rstrip().endswith("(")


def _is_spread(reading: SentenceReading, token: Token) -> bool:
    """Whether a dash stands between two names: Brent - WTI."""
    before = reading.before
    return before is not None and before.words.strip() in ("-", "–", "−")


def _has_tenor(reading: SentenceReading, before: Token | None) -> bool:
    """Whether a span stands before the name: 3 年期美债收益率. What is counted has numbers."""
    if before is None or before.number is None or not before.number.span:
        return False
    return before.number.span.endswith("期") and before.number.value != TENOR


def _is_member(reading: SentenceReading, token: Token) -> bool:
    """Whether the number behind the name makes another index of it: 标普 200 指数."""
    following = reading.next()
    number = following.number if following else None
    if number is None or following is None or following.start - token.stop > 1:
        return False
    return not number.unit and not number.sign and number.value in _MEMBERS


def on_others(reading: SentenceReading, token: Token) -> None:
    """Another quantity of the name before: 标普 500 股指期货."""
    clause = reading.clause
    if clause.group and not clause.verb:
        last = clause.group[-1]
        clause.group[-1] = Subject("", last.words + token.words)
    else:
        on_text(reading, token)


def _beside(reading: SentenceReading, subject: Subject) -> None:
    """A mention behind a mention: another subject, a noun of the first, or the one meant."""
    group = reading.clause.group
    last = group[-1]
    facet = _facet_of(reading, subject.words, last.indicator)
    if reading.clause.is_joined:
        group.append(subject)
    elif facet:
        group[-1] = last._replace(indicator=facet, words=last.words + subject.words)
    elif last.indicator and not subject.indicator:  # 纳指和标普 500 科技股
        reading.clause.group = [Subject("", one.words) for one in group]
    elif _are_counted(reading, last, subject):  # 人工智能政策文件: the first says which
        group[-1] = last._replace(words=last.words + subject.words)
    elif last.indicator != subject.indicator:
        group[-1] = subject


def on_strangers(reading: SentenceReading, token: Token) -> None:
    reading.has_stranger = True
    on_mention(reading, token._replace(indicator=""))


def on_weak_mention(reading: SentenceReading, token: Token) -> None:
    """It only says what the number before it counts."""


def on_facet(reading: SentenceReading, token: Token) -> None:
    clause = reading.clause
    subjects: Sequence[Subject]
    subjects = clause.verb.subjects if clause.verb else clause.group or reading.carried
    moved = [
        s._replace(indicator=token.facets.get(s.indicator, ""), words=s.words + token.words)
        for s in subjects
    ]
    if clause.verb is None and any(_is_two(reading, s, token) for s in clause.group):
        clause.group = [Subject("", s.words + token.words) for s in clause.group]
    elif moved and all(s.indicator for s in moved) and not (clause.verb is None and clause.gap):
        clause.noun_words += token.words
        if clause.verb:
            clause.verb.subjects = moved
        clause.group, clause.group_is_open = moved, True
    elif token.value == "others":
        on_others(reading, token)
    elif token.lexeme is not None and token.lexeme.kind in ("glue", "reports"):
        clause.noun_words += token.words
    elif subjects and not clause.verb:
        on_text(reading, token)
    elif not subjects and not reading.has_stranger:
        _nobody(reading, token)


def _is_two(reading: SentenceReading, subject: Subject, token: Token) -> bool:
    """Whether the noun makes another quantity of a name that has its own: 布伦特现货 11 月期货."""
    other = token.facets.get(subject.indicator, "")
    is_another = bool(other) and other != subject.indicator
    return is_another and subject.indicator not in reading.lexer.bases.get(bare(token.words), ())


def _nobody(reading: SentenceReading, token: Token) -> None:
    """A noun of an indicator without its owner: whose it is must not be guessed."""
    clause, owners = reading.clause, set(token.facets.values())
    if clause.verb and clause.verb.figures and len(owners) == 1 and not reading.is_no_fact():
        figure, owner = clause.verb.figures[0], owners.pop()
        kind: Kind = "first" if clause.is_first else "level"
        number = reading.units.own(owner, figure.number) or figure.number
        problem = NOBODY.format(token.words)
        reading.found.append(
            Statement(figure.start, token.stop, owner, kind, number=number, problem=problem)
        )
    clause.verb, clause.before = None, []


def on_joins(reading: SentenceReading, token: Token) -> None:
    reading.clause.is_joined = reading.clause.group_is_open


def on_respectively(reading: SentenceReading, token: Token) -> None:
    reading.clause.is_respective = True


def on_glue(reading: SentenceReading, token: Token) -> None:
    reading.clause.noun_words += token.words


def on_together(reading: SentenceReading, token: Token) -> None:
    reading.clause.is_together = True


def subjects(reading: SentenceReading) -> Sequence[Subject]:
    """Of whom a verb here speaks: those named before it, or whom the clauses before carry on."""
    clause = reading.clause
    if clause.group:
        return list(clause.group)
    if clause.gap:
        reading.carried = ()
        return ()
    if reading.carries_doubt:
        clause.is_doubted = True
    told_of = reading.everyone if clause.is_together and reading.everyone else reading.carried
    return [  # 而我国为 1.46: another place than that of the subject carried on
        subject
        for subject in told_of
        if not (subject.indicator and reading.is_misplaced(subject.indicator, clause.places))
    ]


def _facet_of(reading: SentenceReading, words: str, indicator: str) -> str:
    """What a noun makes of an indicator: 市值 of 美光 is its market value."""
    noun = bare(words)
    found = reading.lexer.facets.at(noun, 0) if noun else None
    return found[1].get(indicator, "") if found and found[0] == len(noun) else ""


def _are_counted(reading: SentenceReading, one: Subject, other: Subject) -> bool:
    rule = reading.units.count_rule
    return bool(rule(one.indicator)) and bool(rule(other.indicator))
