"""The text of a bulletin: each mention of an indicator leads to its card, each statement that was
checked ends with a quiet mark that leads to its evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from dashboard import formatting
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.provenance import provenance_words
from dashboard.texts import text as words_of
from dashboard.urls import Urls
from etl.claims.model import Claim, Placed

MARKS = {"supported": "✔", "approximate": "≈", "contradicted": "✘", "unverifiable": "?"}
_STOPS = "，。；！？,;"
#: Where several statements end at one place, the gravest is marked.
GRAVITY = ("contradicted", "unverifiable", "approximate", "supported")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a paragraph: `words`, a `mention` of an indicator with its link, or the `verdict` of
    a statement, whose sign stands in the style sheet: the text stays that of the bulletin, also
    when it is copied."""

    kind: str
    words: str = ""
    href: str = ""
    title: str = ""
    #: The indicator that has a card on the page.
    card: str = ""


@dataclass(frozen=True, slots=True)
class CheckedStatement:
    """A statement with what it was checked against."""

    number: int
    verdict: str
    verdict_words: str
    sign: str
    sentence: str
    reason: str
    evidence: str
    chart: str


class MarkedText:
    """The paragraphs of one bulletin; `here` are the indicators that have a card on the page."""

    def __init__(self, snapshot: Snapshot, urls: Urls, day: date, here: Collection[str]) -> None:
        self.snapshot, self.urls, self.here = snapshot, urls, here
        self.lang = urls.display.lang
        self.mentions = queries.mentions(snapshot, day)
        self.claims = queries.claims(snapshot, day)
        self._ends: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
        for number, placed in enumerate(self.claims):
            self._ends[placed.claim.section, placed.paragraph].append((placed.stop, number))

    def paragraph(self, part: str, number: int, text: str) -> list[Piece]:
        """The paragraph in pieces, in order."""
        pieces: list[Piece] = []
        at = 0
        for start, stop, piece in self._marks(part, number, text):
            if start < at or stop > len(text):
                continue  # the text is not the one that was read
            pieces += [Piece("words", text[at:start])] if start > at else []
            pieces.append(piece)
            at = stop
        return [*pieces, Piece("words", text[at:])] if at < len(text) else pieces

    def _marks(self, part: str, number: int, text: str) -> Iterator[tuple[int, int, Piece]]:
        """What stands in the place of words, and the marks between them, in the order of places."""
        links = [
            (m.start, m.stop, self._mention(m.indicator, text[m.start : m.stop]))
            for m in self.mentions.get((part, number), ())
        ]
        ends = sorted(
            (_end_of_clause(text, stop), claim)
            for stop, claim in self._ends.get((part, number), ())
        )
        marks = [
            (stop, stop, self._verdict([claim for _, claim in group]))
            for stop, group in groupby(ends, key=lambda end: end[0])
        ]
        yield from sorted([*links, *marks], key=lambda piece: (piece[1], piece[0]))

    def _mention(self, name: str, words: str) -> Piece:
        title = self.snapshot.catalog[name].title.in_(self.lang)
        if name in self.here:
            return Piece("mention", words, f"#card-{name}", title, card=name)
        return Piece("mention", words, self.urls.page(f"/indicators/{name}"), title)

    def _verdict(self, numbers: Sequence[int]) -> Piece:
        number = min(numbers, key=lambda n: GRAVITY.index(self.claims[n].claim.verdict))
        claim = self.claims[number].claim
        label = f"{words_of(claim.verdict, self.lang)}：{claim.reason}"
        return Piece("verdict", claim.verdict, f"#claim-{number + 1}", label)

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
            claim.reason,
            evidence,
            self.urls.to(found.chart) if found and found.chart else "",
        )

    def _source(self, claim: Claim) -> str:
        assert claim.evidence is not None
        return provenance_words(
            claim.evidence.source, claim.indicator, self.snapshot.catalog, self.lang
        )


def _end_of_clause(text: str, at: int) -> int:
    """Where the next mark of punctuation stands: a mark within a phrase would cut it."""
    return next((k for k in range(at, len(text)) if text[k] in _STOPS), len(text))
