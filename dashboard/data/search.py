"""Indicators by the words a reader looks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dashboard.data.snapshot import Snapshot
from etl.catalog import Indicator


def found(snapshot: Snapshot, words: str) -> Iterator[Indicator]:
    """Those whose id, names or aliases hold every word; all of them where there is no word."""
    wanted = words.casefold().split()
    if not wanted:
        yield from snapshot.catalog.all()
        return
    for indicator, searched in said(snapshot):
        if all(word in searched for word in wanted):
            yield indicator


def said(snapshot: Snapshot) -> Sequence[tuple[Indicator, str]]:
    """Each indicator with everything that it may be found by."""
    catalog = snapshot.catalog
    return snapshot.cached("words", "", lambda: [(i, _said(i)) for i in catalog.all()])


def _said(i: Indicator) -> str:
    parts = (i.id, i.title.zh, i.title.en, i.short.zh, i.short.en, *i.aliases)
    return "\n".join(parts).casefold()
