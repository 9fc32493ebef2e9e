"""Where a value came from, and what sources without one answered, in the words of a page. Files and
the API say it as it is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dashboard import formatting
from dashboard.data.awaited import AwaitedIndicator
from dashboard.texts import text
from etl.catalog import STATUS_OF_SOURCE, Catalog
from etl.reliability import failure_told

_HAN = re.compile(r"[\u4e00-\u9fff]")
#: How the credit of a derived value names its inputs, as etl/ingest/derived.py writes it.
_MARKET_CAP = re.compile(r"close (\S+) (\S+) × (\d+) shares filed (\d{4}-\d\d-\d\d)(.*)")
_SPLIT = re.compile(r" × (\S+) \(split of (\d{4}-\d\d-\d\d)\)")
_COMBINED = re.compile(r" [+−÷] ")


def provenance_words(stored: str, indicator: str, catalog: Catalog, lang: str) -> str:
    """The source of a value, given as `SOURCE: its own words`. What a source says itself in
    the other language is told as the catalog credits it; how a value was derived, in full."""
    source, _, own = stored.partition(": ")
    named = text(f"source_{source}", lang)
    told = _derived(own, catalog, lang) if source == "derived" else own
    if not told or (lang == "zh") != bool(_HAN.search(told)):
        told = catalog[indicator].credit.name.in_(lang)
    return told if named in told else text("source_says", lang, source=named, words=told)


def _derived(own: str, catalog: Catalog, lang: str) -> str:
    """The formula with its inputs by their names: 收盘价 895.88 美元 × 股本 1,127,734,051 股."""

    def title(name: re.Match[str]) -> str:
        known = catalog.indicators.get(name[0])
        return known.title.in_(lang) if known else name[0]

    found = _MARKET_CAP.fullmatch(own)
    if found is None:
        return re.sub(r"\w+", title, own) if _COMBINED.search(own) else own
    close, code, count, filed, splits = found.groups()
    labels = {unit.code: unit.label.in_(lang) for unit in catalog.units.values()}
    values: dict[str, Any] = {
        "close": close, "currency": labels.get(code, code), "count": f"{int(count):,}",
        "filed": filed,
    }  # fmt: skip
    return text("derived_market_cap", lang, **values) + "".join(
        text("derived_split", lang, factor=factor, day=day)
        for factor, day in _SPLIT.findall(splits)
    )


@dataclass(frozen=True, slots=True)
class TriedSource:
    """A source, when it was last asked and what it answered; `said` is what went wrong."""

    name: str
    result: str
    said: str


def tried_sources(one: AwaitedIndicator, lang: str) -> Iterator[TriedSource]:
    """Each source in the order of the catalog."""
    for ref in one.indicator.sources:
        name, attempt = text(f"source_{ref.name}", lang), one.attempt(ref.name)
        if one.attempts is None:
            yield TriedSource(name, "", "")
            continue
        if attempt is None:
            yield TriedSource(name, text("never_tried", lang), "")
            continue
        kind = "tried_badly" if attempt.problem else "tried_well"
        if ref.name in STATUS_OF_SOURCE and not attempt.problem:
            kind = "inputs_wait" if ref.name == "derived" else "tried_here"
        moment = formatting.minute(attempt.tried_at)
        yield TriedSource(
            name, text(kind, lang, moment=moment), failure_told(attempt.problem, lang)
        )
