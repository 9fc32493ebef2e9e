"""The policy counts: how many documents each month has, as that number grew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from etl.calendars import end_of_month, listed_at
from etl.document_scope import DocumentScope
from etl.records import Document, Observation, as_cited

CREDIT = "data/policies.csv"


def counts(documents: Iterable[Document], scope: DocumentScope) -> list[Observation]:
    """The count of each month, of the documents in `scope`, as it grew.

    A month has one observation for each day on which its count changed, so that an as-of question
    finds the count of that day. Months run from the first document of this kind in the register to
    the newest of any counted kind; one without a document counts 0 once it is over.
    """
    held = [document for document in documents if scope.may_count(document)]
    first = min((d.month for d in held if d.kind == scope.kind), default="")
    last = max((d.month for d in held if d.kind in (scope.kind, "issued")), default="")
    if not first:
        return []
    by_month: dict[str, list[Document]] = {month: [] for month in _months(first, last)}
    for document in sorted(held, key=lambda d: listed_at(d.day)):
        if scope.counts(document):
            by_month[document.month].append(document)
    return [o for month, listed in by_month.items() for o in _growth(month, listed)]


def _growth(month: str, documents: Sequence[Document]) -> Iterator[Observation]:
    """The counts of a month; from the first document on that only a bulletin names, the count is no
    more than cited."""
    first, cited = date.fromisoformat(f"{month}-01"), ""
    if not documents:
        yield Observation(first, 0.0, end_of_month(first), credit=CREDIT)
    for count, document in enumerate(documents, start=1):
        moment = listed_at(document.day)
        if document.verification == "cited":
            cited = max(cited, next(iter(document.cited_by), ""))
        later = listed_at(documents[count].day) if count < len(documents) else None
        if moment != later:
            credit = as_cited(CREDIT, cited)
            yield Observation(first, float(count), moment, credit=credit, is_cited=bool(cited))


def _months(first: str, last: str) -> Iterator[str]:
    year, month = int(first[:4]), int(first[5:])
    while (text := f"{year:04d}-{month:02d}") <= last:
        yield text
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
