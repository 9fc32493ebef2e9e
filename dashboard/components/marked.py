"""The text of a bulletin in which each mention of an indicator leads to its card."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from dash import dcc, html

from dashboard import queries
from dashboard.components.cards import Parts
from dashboard.pages.page import Visit


class Marked:
    """The paragraphs of one bulletin; `here` are the indicators that have a card on the page."""

    def __init__(self, visit: Visit, day: date, here: Collection[str]) -> None:
        self.visit, self.here = visit, here
        self.found = queries.mentions(visit.snapshot, day)

    def words(self, part: str, paragraph: int, text: str) -> Parts:
        """The paragraph as words and links."""
        parts: Parts = []
        at = 0
        for mention in self.found.get((part, paragraph), ()):
            if mention.start < at or mention.stop > len(text):
                continue  # the text is not the one that was read
            parts += [text[at : mention.start]] if mention.start > at else []
            parts.append(self._link(mention.indicator, text[mention.start : mention.stop]))
            at = mention.stop
        return [*parts, text[at:]] if at < len(text) else parts

    def _link(self, name: str, words: str) -> html.A | dcc.Link:
        title = self.visit.snapshot.catalog[name].title.in_(self.visit.lang)
        if name in self.here:
            return html.A(words, href=f"#card-{name}", className="mention", title=title,
                          **{"data-mention": name})  # fmt: skip
        there = self.visit.chosen.href(f"/indicators/{name}")
        return dcc.Link(words, href=there, className="mention", title=title)
