"""The policy counts: how many documents each month has, as that number grew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from etl.calendars import end_of_month, listed_at
from etl.policies.identity import is_counted
from etl.records import Document, Observation


def counts(documents: Iterable[Document], topics: Sequence[str]) -> list[Observation]:
    """The count of each month with any of `topics` (all if none are given), as it grew.

    A month has one observation for each day on which its count changed, so that an as-of question
    finds the count of that day. Months run from the first to the last of the whole register; one
    without a document counts 0 once it is over.
    """
    counted = [document for document in documents if is_counted(document)]
    if not counted:
        return []
    wanted = [d for d in counted if not topics or set(topics) & set(d.topics)]
    by_month: dict[str, list[datetime]] = {month: [] for month in _months(counted)}
    for document in wanted:
        by_month[document.month].append(listed_at(document.day))
    return [o for month, moments in by_month.items() for o in _growth(month, sorted(moments))]


def _growth(month: str, moments: Sequence[datetime]) -> Iterator[Observation]:
    first = date.fromisoformat(f"{month}-01")
    credit = "data/policies.csv"
    if not moments:
        yield Observation(first, 0.0, end_of_month(first), credit=credit)
    for count, moment in enumerate(moments, start=1):
        later = moments[count] if count < len(moments) else None
        if moment != later:
            yield Observation(first, float(count), moment, credit=credit)


def _months(documents: Sequence[Document]) -> Iterator[str]:
    first, last = min(d.month for d in documents), max(d.month for d in documents)
    year, month = int(first[:4]), int(first[5:])
    while (text := f"{year:04d}-{month:02d}") <= last:
        yield text
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
