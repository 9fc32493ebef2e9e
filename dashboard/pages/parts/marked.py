"""The text of a bulletin: each mention of an indicator leads to its card, the words of each checked
statement are marked, and its clause ends with a sign that leads to the evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from urllib.parse import urlencode

from dashboard import formatting
from dashboard.data import queries
from dashboard.data.queries import Mentioned
from dashboard.data.snapshot import Snapshot
from dashboard.provenance import provenance_words
from dashboard.texts import text as words_of
from dashboard.urls import Urls
from etl.claims.judging.case import without_verdict
from etl.claims.model import TRUE, Claim, Placed

MARKS = {"supported": "✔", "approximate": "≈", "contradicted": "✘", "unverifiable": "?"}
_STOPS = "，。；！？,;|"
#: Where several statements share a mark, the gravest is shown.
GRAVITY = ("contradicted", "unverifiable", "approximate", "supported")
#: The picture of the frozen chart beside a statement.
_PICTURE = {"w": "480", "h": "320"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a paragraph: `words`, a `mention` of an indicator with its link, the `judged` words
    of statements, which hold `pieces`, or the mark of a `verdict`, whose sign stands in the style
    sheet: the text stays that of the bulletin, also when it is copied."""

    kind: str
    words: str = ""
    href: str = ""
    title: str = ""
    #: The indicator that has a card on the page.
    card: str = ""
    #: The numbers of the statements that a mark or judged words stand for.
    claims: str = ""
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedStatement:
    """A statement with what it was checked against; `picture` is the chart to be shown beside it,
    `later` what a value says that came after the day."""

    number: int
    verdict: str
    verdict_words: str
    sign: str
    sentence: str
    told: str
    evidence: str
    chart: str
    picture: str
    later: str


@dataclass(frozen=True, slots=True)
class _Span:
    """`text[start:stop]` are the words of some statements."""

    start: int
    stop: int
    claims: tuple[int, ...]


class MarkedText:
    """The paragraphs of one bulletin; `here` are the indicators that have a card on the page."""

    def __init__(
        self,
        snapshot: Snapshot,
        urls: Urls,
        mentions: Mapping[tuple[str, int], Sequence[Mentioned]],
        claims: Sequence[Placed],
        here: Collection[str] = (),
    ) -> None:
        self.snapshot, self.urls, self.here = snapshot, urls, here
        self.lang = urls.display.lang
        self.mentions, self.claims = mentions, claims
        self._claims: dict[tuple[str, int], list[int]] = defaultdict(list)
        for number, placed in enumerate(claims):
            self._claims[placed.claim.section, placed.paragraph].append(number)

    @classmethod
    def of_day(cls, snapshot: Snapshot, urls: Urls, day: date, here: Collection[str]) -> MarkedText:
        """The text of a bulletin that is published."""
        return cls(
            snapshot, urls, queries.mentions(snapshot, day), queries.claims(snapshot, day), here
        )

    def paragraph(self, part: str, number: int, text: str) -> list[Piece]:
        """The paragraph in pieces, in order."""
        mentions = [m for m in self.mentions.get((part, number), ()) if m.stop <= len(text)]
        return list(self._pieces(part, number, text, mentions))

    def heading(self, part: str, number: int, text: str) -> list[Piece]:
        """The same of a heading, whose words are no links."""
        return list(self._pieces(part, number, text, ()))

    def _pieces(
        self, part: str, number: int, text: str, mentions: Sequence[Mentioned]
    ) -> Iterator[Piece]:
        def plain(start: int, stop: int) -> Iterator[Piece]:
            """The words and the links from one place to another."""
            for m in mentions:
                if start <= m.start and m.stop <= stop:
                    if m.start > start:
                        yield Piece("words", text[start : m.start])
                    yield self._mention(m.indicator, text[m.start : m.stop])
                    start = m.stop
            if start < stop:
                yield Piece("words", text[start:stop])

        at = 0
        for stop, spans in groupby(
            self._spans(part, number, text, mentions),
            key=lambda span: _end_of_clause(text, span.stop),
        ):
            told: list[int] = []
            for span in spans:
                yield from plain(at, span.start)
                yield self._judged(span.claims, tuple(plain(span.start, span.stop)))
                told += span.claims
                at = span.stop
            yield from plain(at, stop)
            yield self._verdict(told)
            at = stop
        yield from plain(at, len(text))

    def _spans(
        self, part: str, number: int, text: str, mentions: Sequence[Mentioned]
    ) -> list[_Span]:
        """The words of the statements in the order of the text: those that overlap are one span,
        and none cuts a link or ends in the middle of another's clause."""
        found: list[_Span] = []
        placed = [(self.claims[one].start, self.claims[one].stop, one)
                  for one in self._claims.get((part, number), ())]  # fmt: skip
        for start, stop, one in sorted(placed):
            if stop > len(text):
                continue  # the text is not the one that was read
            for m in mentions:
                if m.start < stop and m.stop > start:
                    start, stop = min(start, m.start), max(stop, m.stop)
            claims: tuple[int, ...] = (one,)
            while found and (
                start < found[-1].stop or start < _end_of_clause(text, found[-1].stop) < stop
            ):
                last = found.pop()
                start, stop = min(start, last.start), max(stop, last.stop)
                claims = last.claims + claims
            found.append(_Span(start, stop, claims))
        return found

    def _mention(self, name: str, words: str) -> Piece:
        title = self.snapshot.catalog[name].title.in_(self.lang)
        if name in self.here:
            return Piece("mention", words, f"#card-{name}", title, card=name)
        return Piece("mention", words, self.urls.page(f"/indicators/{name}"), title)

    def _gravest(self, numbers: Sequence[int]) -> int:
        return min(numbers, key=lambda n: GRAVITY.index(self.claims[n].claim.verdict))

    def _judged(self, numbers: Sequence[int], pieces: tuple[Piece, ...]) -> Piece:
        verdict = self.claims[self._gravest(numbers)].claim.verdict
        return Piece("judged", verdict, claims=_names(numbers), pieces=pieces)

    def _verdict(self, numbers: Sequence[int]) -> Piece:
        number = self._gravest(numbers)
        claim = self.claims[number].claim
        label = self._told(claim)
        return Piece(
            "verdict", claim.verdict, f"#claim-{number + 1}", label, claims=_names(numbers)
        )

    def _told(self, claim: Claim) -> str:
        """The verdict in the reader's language and its reason, which may begin with the verdict."""
        reason = without_verdict(claim.reason)
        if reason != claim.reason and self.lang == "zh":
            return claim.reason
        return words_of(
            "verdict_told", self.lang, verdict=words_of(claim.verdict, self.lang), reason=reason,
        )  # fmt: skip

    @property
    def has_quiet(self) -> bool:
        """Whether there are marks that only stand there on request."""
        return any(p.claim.verdict in TRUE for p in self.claims)

    @property
    def counted(self) -> str:
        """How many statements have which verdict: ✔ 相符 12 · ? 无法核对 3."""
        counts = {v: sum(p.claim.verdict == v for p in self.claims) for v in MARKS}
        return " · ".join(
            f"{MARKS[v]} {words_of(v, self.lang)} {count}" for v, count in counts.items() if count
        )

    @property
    def checked(self) -> list[CheckedStatement]:
        """Every statement that was checked, in the order of the text."""
        return [self._checked(number, placed) for number, placed in enumerate(self.claims, 1)]

    def _checked(self, number: int, placed: Placed) -> CheckedStatement:
        claim, found = placed.claim, placed.claim.evidence
        evidence = (
            words_of("evidence", self.lang, source=self._source(claim),
                     known_at=formatting.beijing(found.known_at, self.lang)) if found else ""
        )  # fmt: skip
        return CheckedStatement(
            number,
            claim.verdict,
            words_of(claim.verdict, self.lang),
            MARKS[claim.verdict],
            claim.sentence,
            self._told(claim),
            evidence,
            self.urls.to(found.chart) if found and found.chart else "",
            self._picture(found.chart) if found and found.chart else "",
            self._later(claim),
        )

    def _picture(self, chart: str) -> str:
        path, _, query = chart.partition("?")
        chosen = {**_PICTURE, **{name: one for name, one in self.urls.display.kept.items() if one}}
        return self.urls.to(f"{path}.svg?{query}{'&' if query else ''}{urlencode(chosen)}")

    def _later(self, claim: Claim) -> str:
        """What became of a statement that could not be judged on the day."""
        if claim.later is None:
            return ""
        indicator = self.snapshot.catalog[claim.indicator]
        unit = self.snapshot.catalog.unit(indicator)
        return words_of(
            "later", self.lang, verdict=words_of(claim.later.verdict, self.lang),
            value=str(
                formatting.figure(claim.later.value, indicator, unit, self.lang, exact=True)
            ),
            known_at=formatting.beijing(claim.later.known_at, self.lang),
        )  # fmt: skip

    def _source(self, claim: Claim) -> str:
        assert claim.evidence is not None
        return provenance_words(
            claim.evidence.source, claim.indicator, self.snapshot.catalog, self.lang
        )


def _names(numbers: Sequence[int]) -> str:
    """The statements as the evidence counts them."""
    return " ".join(str(number + 1) for number in numbers)


def _end_of_clause(text: str, at: int) -> int:
    """Where the next mark of punctuation stands: a mark within a phrase or a number would cut
    it."""
    for k in range(at, len(text)):
        is_in_number = text[k] == "," and text[k + 1 : k + 2].isdigit()
        if text[k] in _STOPS and not is_in_number:
            return k
    return len(text)
