"""What is said of values that were corrected, wherever they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dashboard import formatting
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.export.table import Column
from dashboard.texts import text
from etl.catalog import Indicator
from etl.corrections import CORRECTED
from etl.records import Vintage

#: A chart names so many corrected dates, newest first, and counts the rest.
NAMED = 3


def sentences(snapshot: Snapshot, columns: Sequence[Column], lang: str) -> Iterator[str]:
    """Which of the values shown were corrected, and why."""
    for column in columns:
        found = [v for v, _ in reversed(column.rows) if v.status == CORRECTED]
        for vintage in found[:NAMED]:
            yield sentence(snapshot, column.indicator, vintage, lang)
        if len(found) > NAMED:
            yield text("more_corrected", lang, count=f"{len(found) - NAMED:,}")


def sentence(snapshot: Snapshot, indicator: Indicator, vintage: Vintage, lang: str) -> str:
    """The date of a corrected value, and why it was corrected."""
    day = formatting.table_day(vintage.date, indicator, lang)
    return text("value_corrected", lang, day=day, note=note(snapshot, indicator, vintage, lang))


def note(snapshot: Snapshot, indicator: Indicator, vintage: Vintage, lang: str) -> str:
    """What stands with a value. In English by its entry, while that stands; the vintage itself
    keeps the Chinese."""
    if lang == "en" and vintage.status == CORRECTED:
        for entry in queries.corrections(snapshot):
            found = (entry.indicator, entry.date, entry.source, entry.value)
            if found == (indicator.id, vintage.date, vintage.source, vintage.value):
                was = formatting.plain_number(entry.expected)
                return text("corrected_from", lang, was=was, reason=entry.reason.en)
    return vintage.note
