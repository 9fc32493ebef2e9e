"""The text of a bulletin: each mention of an indicator leads to its card, each statement that was
checked ends with a quiet mark that leads to its evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from itertools import groupby

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import formatting
from dashboard.components.cards import Parts
from dashboard.data import queries
from dashboard.pages.page import PageRequest
from dashboard.texts import text as words_of
from etl.claims.model import Placed

MARKS = {"supported": "✔", "approximate": "≈", "contradicted": "✘", "unverifiable": "?"}
_STOPS = "，。；！？,;"
#: Where several statements end at one place, the gravest is marked.
GRAVITY = ("contradicted", "unverifiable", "approximate", "supported")


class Marked:
    """The paragraphs of one bulletin; `here` are the indicators that have a card on the page."""

    def __init__(self, visit: PageRequest, day: date, here: Collection[str]) -> None:
        self.visit, self.here = visit, here
        self.found = queries.mentions(visit.snapshot, day)
        self.claims = queries.claims(visit.snapshot, day)
        self._ends: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
        for number, placed in enumerate(self.claims):
            self._ends[placed.claim.section, placed.paragraph].append((placed.stop, number))

    def words(self, part: str, paragraph: int, text: str) -> Parts:
        """The paragraph as words, links and marks."""
        parts: Parts = []
        at = 0
        for start, stop, pieces in self._pieces(part, paragraph, text):
            if start < at or stop > len(text):
                continue  # the text is not the one that was read
            parts += [text[at:start]] if start > at else []
            parts += pieces
            at = stop
        return [*parts, text[at:]] if at < len(text) else parts

    def _pieces(self, part: str, paragraph: int, text: str) -> Iterator[tuple[int, int, Parts]]:
        """What stands in the place of words, and the marks between them, in the order of places."""
        links: list[tuple[int, int, Parts]] = [
            (m.start, m.stop, [self._link(m.indicator, text[m.start : m.stop])])
            for m in self.found.get((part, paragraph), ())
        ]
        ends = sorted(
            (_end_of_clause(text, stop), number)
            for stop, number in self._ends.get((part, paragraph), ())
        )
        marks: list[tuple[int, int, Parts]] = [
            (stop, stop, [self._mark([number for _, number in group])])
            for stop, group in groupby(ends, key=lambda end: end[0])
        ]
        yield from sorted([*links, *marks], key=lambda piece: (piece[1], piece[0]))

    def _link(self, name: str, words: str) -> html.A | dcc.Link:
        title = self.visit.snapshot.catalog[name].title.in_(self.visit.lang)
        if name in self.here:
            return html.A(words, href=f"#card-{name}", className="mention", title=title,
                          **{"data-mention": name})  # fmt: skip
        there = self.visit.chosen.href(f"/indicators/{name}")
        return dcc.Link(words, href=there, className="mention", title=title)

    def _mark(self, numbers: Sequence[int]) -> Component:
        number = min(numbers, key=lambda n: GRAVITY.index(self.claims[n].claim.verdict))
        claim = self.claims[number].claim
        label = f"{words_of(claim.verdict, self.visit.lang)}：{claim.reason}"
        # The sign itself stands in the style sheet: the text stays that of the bulletin, also when
        # it is copied.
        return html.A(href=f"#claim-{number + 1}", title=label,
                      className=f"verdict {claim.verdict}", **{"aria-label": label})  # fmt: skip


def _end_of_clause(text: str, at: int) -> int:
    """Where the next mark of punctuation stands: a mark within a phrase would cut it."""
    return next((k for k in range(at, len(text)) if text[k] in _STOPS), len(text))


def evidence(visit: PageRequest, marked: Marked) -> Component | None:
    """Every statement that was checked, with what it was checked against."""
    if not marked.claims:
        return None
    lang = visit.lang
    counts = [
        f"{MARKS[v]} {words_of(v, lang)} {count}"
        for v in MARKS
        if (count := sum(p.claim.verdict == v for p in marked.claims))
    ]
    entries = [_entry(visit, number, placed) for number, placed in enumerate(marked.claims, 1)]
    return html.Section(
        [
            html.H2(words_of("checked", lang)),
            html.P([" · ".join(counts), html.Span(words_of("checked_note", lang),
                    className="quiet")]),
            html.Ol(entries, className="claims", lang="zh-CN"),
        ],
        className="prose checked",
        id="checked",
    )  # fmt: skip


def _entry(visit: PageRequest, number: int, placed: Placed) -> Component:
    claim, lang = placed.claim, visit.lang
    found = claim.evidence
    facts: Parts = []
    if found is not None:
        facts.append(words_of("evidence", lang, source=found.source,
                              known_at=formatting.beijing(found.known_at, lang)))  # fmt: skip
        if found.chart:
            facts += [" ", html.A(words_of("frozen_chart", lang), href=found.chart)]
    return html.Li(
        [
            html.Span(MARKS[claim.verdict], className=f"verdict {claim.verdict}",
                      title=words_of(claim.verdict, lang)),
            html.Q(claim.sentence),
            html.Div(claim.reason),
            html.Div(facts, className="quiet") if facts else None,
        ],
        id=f"claim-{number}",
    )  # fmt: skip
