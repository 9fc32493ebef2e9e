"""Indicators by the words a reader looks for."""

from __future__ import annotations

from collections.abc import Iterator

from etl.catalog import Catalog, Indicator


def found(catalog: Catalog, words: str) -> Iterator[Indicator]:
    """Those whose id, names or aliases hold every word; all of them where there is no word."""
    wanted = words.casefold().split()
    for indicator in catalog.all():
        if not wanted or all(word in _searched(indicator) for word in wanted):
            yield indicator


def _searched(indicator: Indicator) -> str:
    i = indicator
    parts = (i.id, i.title.zh, i.title.en, i.short.zh, i.short.en, *i.aliases)
    return "\n".join(parts).casefold()
