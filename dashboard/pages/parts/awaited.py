"""The list 等待数据: what an indicator without values would say, and what its sources answered."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.data.awaited import AwaitedIndicator
from dashboard.provenance import TriedSource, tried_sources
from dashboard.urls import Urls

#: Where the first sentence of a definition ends, and how long it may be.
_SENTENCE = re.compile(r"[。；]|(?<=[a-z)])[.;](?=\s|$)")
LONGEST = 120


@dataclass(frozen=True, slots=True)
class AwaitedRow:
    """An indicator without values, in words."""

    title: str
    href: str
    definition: str
    sources: list[TriedSource]


def awaited_rows(found: Iterable[AwaitedIndicator], urls: Urls) -> list[AwaitedRow]:
    """Each in the language of its links."""
    lang = urls.display.lang
    return [
        AwaitedRow(
            one.indicator.title.in_(lang),
            urls.page(f"/indicators/{one.indicator.id}"),
            _in_short(one.indicator.definition.in_(lang)),
            list(tried_sources(one, lang)),
        )
        for one in found
    ]


def _in_short(definition: str) -> str:
    """The first sentence of a definition."""
    end = _SENTENCE.search(definition)
    first = definition[: end.start()] if end else definition
    return first if len(first) <= LONGEST else f"{first[:LONGEST]}…"
