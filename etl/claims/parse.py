"""A sentence as statements: who, what, how much, when. What is not told as a fact is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from etl.catalog import Catalog
from etl.claims.dates import When
from etl.claims.grammar import CountRule, Lexeme, folded, grammar
from etl.claims.lexer import Lexer, Token
from etl.claims.model import Kind
from etl.claims.numbers import Number
from etl.claims.statement import (
    INTRADAY,
    NEGATED,
    NOBODY,
    OTHER_ROW,
    TOO_LARGE,
    TOO_LONG,
    UNREAD,
    VAGUE,
    WRONG_UNIT,
    Base,
    Statement,
    Window,
)

#: A longer sentence is not read: nobody writes it, and each of its statements would repeat it.
MOST_LETTERS = 1000
#: More unread words between a number and what it counts are another matter.
_FAR = 14

_PREDICATES = frozenset(
    {"direction", "double", "moves_to", "levels", "crossings", "holds", "record", "weak_record",
     "volatility", "streaks", "compares"}
)  # fmt: skip
#: What a streak is counted in, by the frequency of the values.
_ROW_UNITS: Mapping[str, frozenset[str]] = {
    "daily": frozenset({"日", "天", "个交易日", "交易日", "个工作日"}),
    "monthly": frozenset({"月", "个月"}),
    "annual": frozenset({"年"}),
}
_DAYS = frozenset({"day", "full", "weekdays"})
_COUNTS = frozenset({"copies", "pieces", "aspects"})
_VALUES = frozenset(
    {"percent", "point_of_percent", "basis_point", "times", "points", "usd", "cny", "euro",
     "shares"}
)  # fmt: skip
_SINGLE = frozenset({"negations", "hypotheticals", "conditionals", "hedge", "since", "levels",
                     "versus", "intraday", "recent", "direction", "in_a_row", "sets",
                     "weak_record"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Subject:
    indicator: str
    words: str = ""


@dataclass(slots=True)
class _Verb:
    """A predicate with what was found for it so far."""

    token: Token
    subjects: Sequence[_Subject]
    gap: str
    numbers: list[tuple[Number, str, int]] = field(default_factory=list)
    level: bool = False


class Parser:
    """Reads sentences by the words of a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog, self.grammar = catalog, grammar()
        self.lexer = Lexer(catalog, self.grammar)

    def statements(self, sentence: str) -> list[Statement]:
        """What a sentence states of indicators, in the order of its words."""
        if len(sentence) > MOST_LETTERS:
            return self._too_long(sentence)
        reader = _Reader(self, sentence)
        return _with_parts(reader.read(_joined(self.lexer.tokens(sentence))))

    def _too_long(self, sentence: str) -> list[Statement]:
        problem = TOO_LONG.format(MOST_LETTERS)
        for start, stop, indicator in self.lexer.finder.found(sentence):
            return [Statement(start, stop, indicator, "level", problem=problem)]
        return []


def _joined(tokens: Sequence[Token]) -> list[Token]:
    """The tokens, but a single letter that touches unread text is a part of it: 需 in 需求."""
    found: list[Token] = []
    for at, token in enumerate(tokens):
        if token.kind in _SINGLE and len(token.words) == 1:
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
                found[at] = replace(statement, parts=parts, is_part=True)
    return found


class _Reader:
    """Goes through the tokens of one sentence once."""

    def __init__(self, parser: Parser, sentence: str) -> None:
        self.catalog, self.grammar = parser.catalog, parser.grammar
        self.folded, self.facets = folded(sentence), parser.lexer.facets
        self.found: list[Statement] = []
        self.carried: tuple[_Subject, ...] = ()
        self.everyone: list[_Subject] = []
        self.when: When | None = None
        self.is_conditional = False
        self.carries_doubt = False
        self.has_stranger = False
        self.named: set[str] = set()

    def read(self, tokens: Sequence[Token]) -> list[Statement]:
        self.named = {t.indicator for t in tokens if t.kind == "mention"}
        self.tokens = tokens
        self._open()
        for at, token in enumerate(tokens):
            self.at = at
            self._take(token)
        self._close()
        return self.found

    # Clauses

    def _open(self) -> None:
        self.group: list[_Subject] = []
        self.group_is_open = False
        self.is_joined = False
        self.gap = ""
        self.verb: _Verb | None = None
        self.had_verb = False
        self.had_text = ""
        self.is_doubted = self.is_negated = self.is_intraday = False
        self.is_first = self.is_together = self.has_set = False
        self.in_a_row: int | None = None
        self.row_unit = ""
        self.base: Base | None = None
        self.is_versus = False
        self.window: Window | None = None
        self.vague = self.lost = ""
        self.hedge = ""
        self.is_recent = False
        self.origin: tuple[Number, str, int] | None = None
        self.before: list[tuple[Number, str, int]] = []
        self.last_number: list[tuple[Number, str, int]] | None = None
        self.noun_words = ""

    def _close(self) -> None:
        self._flush()
        if self.group:
            is_told = self.had_verb or not self.gap
            self.carried = tuple(self.group) if is_told else ()
            self.carries_doubt = self.is_doubted
        elif self.had_text and not self.had_verb and not self._is_aside():
            self.carried = ()

    def _is_aside(self) -> bool:
        return self.had_text.startswith(self.grammar.asides)

    # Tokens

    def _take(self, token: Token) -> None:
        handler = getattr(self, f"_on_{token.kind}", None)
        if handler is not None:
            handler(token)
        elif token.kind in _PREDICATES:
            self._on_predicate(token)

    def _on_clause(self, token: Token) -> None:
        window = None if self.had_verb or self.verb or self.group else self.window
        self._close()
        self._open()
        self.window = window  # 5 月以来，标普 500 上涨

    def _on_text(self, token: Token) -> None:
        words = "".join(c for c in token.words if c.isalnum())
        if not words:
            return
        self.gap += words
        self.had_text = self.had_text or words
        self.group_is_open = False
        self.hedge, self.is_versus = "", False
        self.last_number = None
        if self.verb and self.verb.numbers:
            self._flush()

    def _on_mention(self, token: Token) -> None:
        subject = _Subject(token.indicator, token.words)
        noun = "".join(c for c in folded(token.words) if c != " ")
        if self.group and self.group_is_open:
            last = self.group[-1]
            facet = self._facet_of(noun, last.indicator)
            if self.is_joined:
                self.group.append(subject)
            elif facet:
                self.group[-1] = _Subject(facet, last.words + token.words)
            elif self._are_counted(last, subject):  # 人工智能政策文件: the first says which
                self.group[-1] = _Subject(last.indicator, last.words + token.words)
            elif last.indicator != subject.indicator:
                self.group[-1] = subject
        else:
            if self.verb and not self.verb.numbers and self.verb.token.kind == "levels":
                self.verb = None
            self._flush()
            self.group = [subject]
        self.group_is_open, self.is_joined = True, False
        self.gap, self.last_number = "", None

    def _on_strangers(self, token: Token) -> None:
        self.has_stranger = True
        self._on_mention(replace(token, indicator=""))

    def _on_facet(self, token: Token) -> None:
        subjects: Sequence[_Subject]
        subjects = self.verb.subjects if self.verb else self.group or self.carried
        moved = [
            _Subject(token.facets.get(s.indicator, ""), s.words + token.words) for s in subjects
        ]
        if moved and all(s.indicator for s in moved) and not (self.verb is None and self.gap):
            self.noun_words += token.words
            if self.verb:
                self.verb.subjects = moved
            self.group, self.group_is_open = moved, True
        elif token.lexeme is not None and token.lexeme.kind in ("glue", "reports"):
            self.noun_words += token.words
        elif subjects and not self.verb:
            self._on_text(Token("text", token.start, token.stop, token.words))
        elif not subjects and not self.has_stranger:
            self._nobody(token)

    def _nobody(self, token: Token) -> None:
        """A noun of an indicator without its owner: whose it is must not be guessed."""
        numbers = self.verb.numbers if self.verb else self.before
        owners = set(token.facets.values())
        if numbers and len(owners) == 1 and self.verb and not self._is_no_fact():
            number, _, start = numbers[0]
            kind: Kind = "first" if self.is_first else "level"
            problem = NOBODY.format(token.words)
            owner = owners.pop()
            value = self._in_unit(owner, number)
            self.found.append(
                Statement(start, token.stop, owner, kind, number=value or number, problem=problem)
            )
        self.verb, self.before = None, []

    def _on_joins(self, token: Token) -> None:
        self.is_joined = self.group_is_open

    def _on_glue(self, token: Token) -> None:
        self.noun_words += token.words

    def _on_together(self, token: Token) -> None:
        self.is_together = True

    def _on_hedge(self, token: Token) -> None:
        if self.last_number and self._touches_number():
            number, _, start = self.last_number[-1]
            self.last_number[-1] = (number, token.value, start)
        else:
            self.hedge = token.value
            self.last_number = None

    def _touches_number(self) -> bool:
        return self.at > 0 and self.tokens[self.at - 1].kind == "number"

    def _on_negations(self, token: Token) -> None:
        self.is_negated = True

    def _on_hypotheticals(self, token: Token) -> None:
        following = self._next(set())
        if token.words == "将" and following and following.kind in ("mention", "facet"):
            return  # 将利率下调: 将 is 把
        self.is_doubted = True

    def _on_conditionals(self, token: Token) -> None:
        self.is_conditional = True

    def _on_intraday(self, token: Token) -> None:
        self.is_intraday = True

    def _on_firsts(self, token: Token) -> None:
        self._flush()
        self.is_first = True

    def _on_sets(self, token: Token) -> None:
        self.has_set = True

    def _on_in_a_row(self, token: Token) -> None:
        self.in_a_row = 0

    def _on_recent(self, token: Token) -> None:
        self.is_recent = True

    def _on_vague_spans(self, token: Token) -> None:
        self.vague = token.words

    def _on_lost_days(self, token: Token) -> None:
        self.lost = token.words

    def _on_bases(self, token: Token) -> None:
        self.base, self.is_versus = Base(token.value), False

    def _on_versus(self, token: Token) -> None:
        self.is_versus = True

    def _on_when(self, token: Token) -> None:
        following = self._next({"glue"})
        assert token.when is not None
        if following and following.kind == "reports" and token.when.kind in _DAYS:
            return  # 光明网 5 月 26 日刊文: the day of the report, not of a session
        if following and following.kind == "since":
            self.window, self.is_versus = Window(since=token.when), False
        elif following and following.kind in ("record", "weak_record") and not self.is_versus:
            self.window = Window(since=token.when)
        elif self.is_versus:
            self.base, self.is_versus = Base("when", token.when), False
        elif not (token.when.value == "same" and self.when is not None):
            self.when = token.when

    def _on_weak_mention(self, token: Token) -> None:
        return  # it only says what the number before it counts

    def _on_number(self, token: Token) -> None:
        number = token.number
        assert number is not None
        hedge = "over" if number.is_over else self.hedge
        is_near, self.hedge = self.hedge == "near", ""
        if number.unit in _COUNTS and hedge == "over" and self._says_more(token):
            hedge = ""
        if number.unit.startswith("span:"):
            self._span(token, number, is_near)
        elif number.unit in _COUNTS and not self._is_change_of_count():
            self._count(token, hedge)
        elif number.unit == "other":
            self._on_text(Token("text", token.start, token.stop, token.words))
        elif self.is_versus or (self.verb is None and self._comes_from_a_time()):
            self.is_versus, self.origin = False, (number, hedge, token.start)
        elif self.verb is not None and not self.gap:
            self.verb.numbers.append((number, hedge, token.start))
            self.last_number = self.verb.numbers
        elif self.verb is None:
            self._number_before(number, hedge, token)
        self.group_is_open = False

    def _comes_from_a_time(self) -> bool:
        """Whether the number is that of the time it is compared with: 从 2023 年的 1.58."""
        return bool(self.base and self.base.kind == "when" and self.group and not self.gap)

    def _number_before(self, number: Number, hedge: str, token: Token) -> None:
        """A number without a verb: a level if it says its unit, a change if it has a sign."""
        if self.gap or not (self.group or self.carried):
            self._number_unread(number, token)
            self.before = [(number, hedge, token.start)] if not self.gap else []
            self.last_number = self.before
            return
        following = self._next({"glue"})
        if number.unit == "" and following and following.kind == "streaks":
            self.before = [(number, hedge, token.start)]
            return
        kind = "direction" if number.sign else "levels"
        is_told = number.unit in _VALUES or number.sign or number.step < 1
        if is_told and (number.unit or number.step < 1):
            self._on_predicate(Token(kind, token.start, token.stop, token.words))
            assert self.verb is not None
            self.verb.numbers.append((number, hedge, token.start))
            self.last_number = self.verb.numbers

    def _number_unread(self, number: Number, token: Token) -> None:
        """A number that the unread words before it keep from being placed: 美光投资 100 亿美元."""
        subject = self.group[-1] if self.group else None
        if subject is None or not subject.indicator or self._is_no_fact():
            return
        value = self._in_unit(subject.indicator, number)
        if value is not None and number.unit in _VALUES and self.gap:
            problem = UNREAD.format(self.gap[:20])
            self.found.append(
                Statement(
                    token.start, token.stop, subject.indicator, "level", number=value,
                    problem=problem,
                )
            )  # fmt: skip

    def _span(self, token: Token, number: Number, is_near: bool) -> None:
        amount = int(number.value or 0)
        following = self._next({"glue", "hedge"})
        kind = following.kind if following else ""
        if self.in_a_row == 0:
            self.in_a_row, self.row_unit = amount, number.unit.removeprefix("span:")
        elif self.verb and self.verb.token.kind == "streaks":
            self.verb.numbers.append((number, "", token.start))
        elif is_near or self.is_recent or kind in ("since", "record", "weak_record"):
            self.window = Window(amount, number.unit.removeprefix("span:"))
            self.is_recent = False

    def _says_more(self, token: Token) -> bool:
        """Whether 多 is a verb, as in 比 4 月多 1 份."""
        if self.base is None or self.verb is not None or self.gap:
            return False
        more = Lexeme("direction", "up")
        self._on_predicate(Token("direction", token.start, token.stop, "多", more))
        return True

    def _is_change_of_count(self) -> bool:
        if self.verb is None or self.gap or self.verb.token.kind != "direction":
            return False
        return any(self._rule(s.indicator) for s in self.verb.subjects)

    def _count(self, token: Token, hedge: str) -> None:
        number = token.number
        assert number is not None
        subject = self._counted(number.unit)
        self.verb, self.gap = None, ""
        if subject is None or self._is_no_fact():
            return
        indicator, words, is_named = subject
        problem = self._problem("") if is_named else NOBODY.format(words)
        is_part = words in self.catalog[indicator].parts
        if self.catalog[indicator].unit == "documents":
            words += self.grammar.counted["documents"].nouns[0]  # what further counts are of
        self.group = [_Subject(indicator, words)]
        self.had_verb = True
        self.found.append(
            Statement(
                token.start, token.stop, indicator, "count", number=number, hedge=hedge,
                when=self.when, is_part=is_part,
                problem=problem or (TOO_LARGE if number.value is None else ""),
            )
        )  # fmt: skip

    def _counted(self, unit: str) -> tuple[str, str, bool] | None:
        """What the number counts: its noun behind it, or the documents named before it."""
        text = ""
        for token in self.tokens[self.at + 1 :]:
            if token.kind in ("mention", "weak_mention"):
                rule = self._rule(token.indicator)
                if rule and unit in rule.takes:
                    is_named = token.kind == "mention" or token.indicator in self.named
                    return token.indicator, token.words, is_named
                text += token.words
            elif token.kind in ("text", "glue", "facet"):
                text += token.words
            elif token.kind not in ("hypotheticals", "direction", "levels", "days"):
                break
            if len(text) > _FAR:
                break
        if unit != "copies" or (text and not self._names_documents(text)):
            return None
        for subject in [*reversed(self.group), *self.carried]:
            rule = self._rule(subject.indicator)
            named = subject.words + self.noun_words + self.gap + text
            if rule and unit in rule.takes and self._names_documents(named):
                return subject.indicator, subject.words, True
        return None

    def _names_documents(self, text: str) -> bool:
        return any(noun in text for noun in self.grammar.counted["documents"].nouns)

    # Predicates

    def _on_predicate(self, token: Token) -> None:
        is_noun = token.stop < len(self.folded) and self.grammar.nouns.at(self.folded, token.stop)
        if token.kind == "direction" and is_noun:
            self._on_text(Token("text", token.start, token.stop, token.words))
            return
        if self._continues(token):
            return
        if token.kind == "weak_record" and not (self.has_set or self._stands_on(token)):
            self._on_text(Token("text", token.start, token.stop, token.words))
            return
        is_record = token.kind in ("record", "weak_record")
        if is_record and self.verb and self.verb.token.kind == "record" and not self.gap:
            return  # 创纪录新高 is one record
        if is_record and self.verb and not self.verb.numbers:
            self.gap = self.verb.gap
            self.verb = None
        self._flush()
        gap, subjects = self.gap, self._subjects()
        self.verb = _Verb(token, subjects, gap if self.group else "")
        self.gap = ""
        self.group_is_open = False
        if token.kind in ("streaks", "record", "weak_record"):
            self.verb.numbers += self.before
        self.before = []

    def _continues(self, token: Token) -> bool:
        """Whether the verb only carries on the one before: 涨幅达, 上涨至, 首次达到."""
        verb = self.verb
        if verb is None or verb.numbers or self.gap or token.kind not in ("levels", "moves_to"):
            return False
        if verb.token.kind == "direction":
            verb.level = verb.token.words not in self.grammar.move_nouns
            return token.kind == "levels"
        return verb.token.kind in ("crossings", "compares", "moves_to") and token.kind == "levels"

    def _stands_on(self, token: Token) -> bool:
        verb = self.verb
        return bool(verb and not verb.numbers and verb.token.kind in ("levels", "moves_to"))

    def _subjects(self) -> Sequence[_Subject]:
        if self.group:
            return list(self.group)
        if self.gap:
            self.carried = ()
            return ()
        if self.carries_doubt:
            self.is_doubted = True
        return list(self.everyone) if self.is_together and self.everyone else list(self.carried)

    def _flush(self) -> None:
        verb, self.verb = self.verb, None
        if verb is None:
            return
        self.had_verb = True
        for subject in verb.subjects:
            if subject not in self.everyone:
                self.everyone.append(subject)
        if not self._is_no_fact():
            self.found += self._statements(verb)
        self.is_negated = self.is_first = self.has_set = False
        self.in_a_row, self.base, self.window = None, None, None
        self.last_number = None

    def _is_no_fact(self) -> bool:
        return self.is_doubted or self.is_conditional

    def _statements(self, verb: _Verb) -> Iterator[Statement]:
        subjects = [s for s in verb.subjects if s.indicator]
        is_paired = len(verb.numbers) == len(verb.subjects) > 1
        for place, subject in enumerate(verb.subjects):
            if subject.indicator:
                numbers = [verb.numbers[place]] if is_paired else verb.numbers
                if self._rule(subject.indicator) and not self._tells_count(subject):
                    continue
                if not is_paired and len(subjects) > 1 and len(numbers) > 1:
                    numbers = []
                yield from self._of_subject(verb, subject, numbers)

    def _tells_count(self, subject: _Subject) -> bool:
        return self._names_documents(subject.words + self.noun_words)

    def _of_subject(
        self, verb: _Verb, subject: _Subject, numbers: Sequence[tuple[Number, str, int]]
    ) -> Iterator[Statement]:
        token = verb.token
        stop = max([token.stop, *(self._end_of(start) for _, _, start in numbers)])
        start = min([token.start, *(start for _, _, start in numbers)])
        blank = Statement(
            start, stop, subject.indicator, "level", way=token.value, when=self.when,
            base=self.base, window=self.window, is_inverse=self._is_inverse(subject),
            problem=self._problem(verb.gap),
        )  # fmt: skip
        make = getattr(self, f"_make_{token.kind}")
        yield from make(blank, verb, numbers)

    def _end_of(self, start: int) -> int:
        return next((t.stop for t in self.tokens if t.start == start and t.kind == "number"), start)

    def _make_direction(
        self, blank: Statement, verb: _Verb, numbers: Sequence[tuple[Number, str, int]]
    ) -> Iterator[Statement]:
        size = verb.token.lexeme.size if verb.token.lexeme else ""
        told = False
        for number, hedge, _ in numbers:
            value = self._in_unit(blank.indicator, number)
            if verb.level and value is not None:
                yield self._level(blank, number, hedge)
                continue
            told = True
            signed = number if blank.way or not number.sign else replace(number, sign=number.sign)
            way = blank.way or ("down" if number.sign < 0 else "up")
            yield self._change(replace(blank, way=way), signed, hedge)
        if self.in_a_row is not None:
            yield self._streak(blank, self.in_a_row, self.row_unit)
        elif not told:
            yield replace(blank, kind="direction", size=size)

    def _make_double(
        self, blank: Statement, verb: _Verb, numbers: Sequence[tuple[Number, str, int]]
    ) -> Iterator[Statement]:
        assert verb.token.lexeme is not None
        pct = abs(verb.token.lexeme.amount)
        number = Number(blank.start, blank.start, blank.stop, pct, 10.0, 10.0, "percent")
        yield replace(blank, kind="change", number=number)

    def _make_moves_to(
        self, blank: Statement, verb: _Verb, numbers: Sequence[tuple[Number, str, int]]
    ) -> Iterator[Statement]:
        if self.origin is not None:
            number, hedge, start = self.origin
            told = replace(blank, start=start, stop=self._end_of(start), kind="level", way="")
            yield replace(self._marked(told, number, hedge), mode="origin")
        for number, hedge, _ in numbers:
            yield self._level(replace(blank, base=None), number, hedge)
        yield replace(blank, kind="direction")

    def _make_levels(
        self, blank: Statement, verb: _Verb, numbers: Sequence[tuple[Number, str, int]]
    ) -> Iterator[Statement]:
        for number, hedge, _ in numbers:
            if number.sign and self._in_unit(blank.indicator, number) is None:
                way = "down" if number.sign < 0 else "up"
                yield self._change(replace(blank, way=way), number, hedge)
            else:
                yield self._level(blank, number, hedge)

    def _make_crossings(
        self, blank: Statement, verb: _Verb, numbers: Sequence[tuple[Number, str, int]]
    ) -> Iterator[Statement]:
        for number, hedge, _ in numbers:
            kind: Kind = "first" if self.is_first else "milestone"
            yield self._marked(replace(blank, kind=kind), number, hedge)

    def _make_holds(
        self, blank: Statement, verb: _Verb, numbers: Sequence[tuple[Number, str, int]]
    ) -> Iterator[Statement]:
        for number, hedge, _ in numbers:
            yield self._marked(replace(blank, kind="milestone", mode="hold"), number, hedge)

    def _make_compares(
        self, blank: Statement, verb: _Verb, numbers: Sequence[tuple[Number, str, int]]
    ) -> Iterator[Statement]:
        for number, hedge, _ in numbers:
            if self._in_unit(blank.indicator, number) is not None and not blank.base:
                yield self._marked(replace(blank, mode="bound"), number, hedge)
            else:
                yield self._change(blank, number, hedge)
        if not numbers and (blank.base or blank.when):
            base = blank.base or Base("when", blank.when)
            when = blank.when if blank.base else None
            yield replace(blank, kind="direction", base=base, when=when)

    def _make_record(
        self, blank: Statement, verb: _Verb, numbers: Sequence[tuple[Number, str, int]]
    ) -> Iterator[Statement]:
        for number, hedge, _ in numbers:
            if number.unit in _VALUES and self._in_unit(blank.indicator, number) is not None:
                yield self._level(replace(blank, window=None), number, hedge)
        kind: Kind = "record_high" if blank.way == "up" or blank.way == "high" else "record_low"
        problem = blank.problem or (VAGUE.format(self.vague) if self.vague else "")
        yield replace(blank, kind=kind, way="", problem=problem)

    _make_weak_record = _make_record

    def _make_volatility(
        self, blank: Statement, verb: _Verb, numbers: Sequence[tuple[Number, str, int]]
    ) -> Iterator[Statement]:
        yield replace(blank, kind="volatility", way="", mode=verb.token.value)

    def _make_streaks(
        self, blank: Statement, verb: _Verb, numbers: Sequence[tuple[Number, str, int]]
    ) -> Iterator[Statement]:
        counted = [
            (int(n.value or 0), n.unit.removeprefix("span:"))
            for n, _, _ in numbers
            if n.unit == "" or n.unit.startswith("span:")
        ]
        amount, unit = counted[0] if counted else (0, "")
        yield self._streak(blank, amount, unit)

    def _streak(self, blank: Statement, amount: int, unit: str) -> Statement:
        """So many values in a row, if the text counts in what the indicator has values of."""
        frequency = self.catalog[blank.indicator].frequency
        units = _ROW_UNITS.get(frequency, frozenset())
        problem = "" if unit in units or not unit else OTHER_ROW.format(unit)
        return replace(
            blank, kind="direction", mode="streak", streak=amount, problem=blank.problem or problem
        )

    def _level(self, blank: Statement, number: Number, hedge: str) -> Statement:
        """A level; the first one of its kind behind 首次."""
        if self.is_first:
            return self._marked(replace(blank, kind="first", way=blank.way or "up"), number, hedge)
        return self._marked(replace(blank, kind="level", way=""), number, hedge)

    def _marked(self, blank: Statement, number: Number, hedge: str) -> Statement:
        if number.value is None:
            return replace(blank, hedge=hedge, problem=blank.problem or TOO_LARGE)
        value = self._in_unit(blank.indicator, number)
        if value is None:
            return replace(
                blank, number=number, problem=blank.problem or self._wrong_unit(blank, number)
            )
        return replace(blank, number=value, hedge=hedge)

    def _change(self, blank: Statement, number: Number, hedge: str) -> Statement:
        """A change: in per cent, or in the unit of the indicator."""
        blank = replace(blank, kind="change", number=number, hedge=hedge)
        if number.value is None:
            return replace(blank, number=None, problem=blank.problem or TOO_LARGE)
        unit = self.catalog[blank.indicator].unit
        if number.unit == "times":
            return replace(blank, number=_times(number, 100.0, "percent"))
        if number.unit == "percent" or (
            unit == "percent" and number.unit in ("basis_point", "point_of_percent")
        ):
            return blank
        rule = self._rule(blank.indicator)
        if rule and number.unit in rule.takes:
            return replace(blank, number=replace(number, unit=unit))
        value = self._in_unit(blank.indicator, number)
        if value is None or (number.unit == "" and unit != "ratio"):
            return replace(blank, problem=blank.problem or self._wrong_unit(blank, number))
        return replace(blank, number=value)

    def _wrong_unit(self, blank: Statement, number: Number) -> str:
        unit = self.catalog.unit(self.catalog[blank.indicator]).label.zh
        words = next(
            (t.words for t in self.tokens if t.number is not None and t.number.start == number.start
             and t.number.stop == number.stop), "",
        )  # fmt: skip
        return WRONG_UNIT.format(words, unit)

    def _in_unit(self, indicator: str, number: Number) -> Number | None:
        """The number in the unit of the indicator; None if it is in another one."""
        known = self.catalog[indicator]
        rule = self.grammar.level_rule(self.catalog, known)
        if number.value is None or number.unit not in rule.takes or self._rule(indicator):
            return None
        return _times(number, rule.scale, known.unit)

    def _rule(self, indicator: str) -> CountRule | None:
        """How the indicator counts; None if it is no count."""
        if not indicator:
            return None
        return self.grammar.counted.get(self.catalog[indicator].unit)

    def _problem(self, gap: str) -> str:
        if self.is_negated:
            return NEGATED
        if self.is_intraday:
            return INTRADAY
        if self.lost:
            return UNREAD.format(self.lost)
        return UNREAD.format(gap[:20]) if gap else ""

    def _is_inverse(self, subject: _Subject) -> bool:
        inverse = self.catalog[subject.indicator].inverse
        words = "".join(folded(subject.words).split())
        return any("".join(folded(word).split()) == words for word in inverse)

    def _facet_of(self, noun: str, indicator: str) -> str:
        found = self.facets.at(noun, 0) if noun else None
        return found[1].get(indicator, "") if found and found[0] == len(noun) else ""

    def _are_counted(self, one: _Subject, other: _Subject) -> bool:
        return bool(self._rule(one.indicator)) and bool(self._rule(other.indicator))

    def _next(self, passing: set[str]) -> Token | None:
        for token in self.tokens[self.at + 1 :]:
            if token.kind not in passing:
                return token
        return None


def _times(number: Number, scale: float, unit: str) -> Number:
    """The number times a factor, without the dust of binary fractions."""
    assert number.value is not None
    if scale == 1:
        return replace(number, unit=unit)
    return replace(
        number,
        value=float(f"{number.value * scale:.12g}"),
        high=float(f"{number.high * scale:.12g}") if number.high is not None else None,
        step=float(f"{number.step * scale:.12g}"),
        coarse=float(f"{number.coarse * scale:.12g}"),
        unit=unit,
    )
