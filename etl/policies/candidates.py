"""Documents found upstream that wait for a person: kept and shown, but not counted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from etl.catalog import Catalog
from etl.errors import SourceError, UnexpectedPayload, quoted
from etl.ingest import raw
from etl.ingest.boundary import at_the_boundary
from etl.policies.finders.base import DocumentFinder, ListPage
from etl.policies.finders.gov_cn import GovCn
from etl.policies.finders.nda import Nda
from etl.policies.identity import (
    bodies_of,
    document_key,
    topics_shown,
)
from etl.policies.index import DocumentIndex
from etl.policies.register import documents_from_json, documents_to_json
from etl.records import BEIJING, Document, now
from etl.sources.base import left_out
from etl.storage.warehouse import Outcome, Warehouse

FINDERS: Mapping[str, DocumentFinder] = {finder.name: finder for finder in (GovCn(), Nda())}
#: The kinds that are kept, including drafts and replies, which the register shows without counting.
KEPT = ("issued", "draft", "reply")
_REASONS: Mapping[str, str] = {"media": "news and the like", "interpretation": "interpretations"}
#: How far back the first look goes, and how far later ones overlap with the newest document held.
FIRST_LOOK_DAYS, LOOK_AGAIN_DAYS = 180, 60
LEFT = "candidates left"
#: The source of a document that only a bulletin names.
CITED = "cited"
#: What is asked of a finder, among what is asked of all sources.
PAGES = "pages"


@dataclass(frozen=True, slots=True)
class FoundDocuments:
    """What pages list: the relevant documents, each once, and what became of the rest."""

    documents: tuple[Document, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One found document, however often it is listed; `key` is the first of its keys, and stays the
    same."""

    key: str
    document: Document
    sources: tuple[str, ...]
    known_at: datetime
    keys: frozenset[str]

    def to_json(self) -> dict[str, Any]:
        row = asdict(self.document)
        shown = ("title", "issuer", "number", "published", "topics", "kind", "url", "note")
        row["topics"] = topics_shown(self.document)
        found = {"sources": self.sources, "known_at": self.known_at.isoformat()}
        return {"key": self.key, **{name: row[name] for name in shown}, **found}

    def as_shown(self) -> Document:
        """The document as people see it."""
        return replace(self.document, topics=topics_shown(self.document))

    def written(self) -> str:
        """The candidate as text, which `candidate_from` reads back."""
        row = {**asdict(self), "document": documents_to_json([self.document])}
        told = {**row, "known_at": self.known_at.isoformat(), "keys": sorted(self.keys)}
        return json.dumps(told, ensure_ascii=False)


def candidate_from(text: str) -> Candidate:
    """The candidate from the text of `written`."""
    row = json.loads(text)
    (document,) = documents_from_json(row["document"])
    known_at = datetime.fromisoformat(row["known_at"])
    return Candidate(row["key"], document, tuple(row["sources"]), known_at, frozenset(row["keys"]))


def asked(
    catalog: Catalog, ids: Sequence[str], source: str | None, *, offline: bool
) -> list[DocumentFinder]:
    """The finders that a run asks: those named, or all if everything or a policy count is asked
    for."""
    counts = not ids or any(catalog[catalog.resolve(name)].ref("register") for name in ids)
    if offline or not counts:
        return []
    return [finder for name, finder in FINDERS.items() if source in (None, name)]


def look(
    finder: DocumentFinder,
    answer: Callable[[], Sequence[ListPage]],
    warehouse: Warehouse,
    documents: Sequence[Document],
    *,
    archive: raw.Archive,
    load: int,
    known_at: datetime,
) -> Outcome:
    """Take a finder's answer and keep what it found; a failure becomes one sentence and changes
    nothing."""
    try:
        return keep(
            finder, answer(), warehouse, documents, archive=archive, load=load, known_at=known_at
        )
    except SourceError as error:
        held = newest(warehouse, finder)
        failed = ((finder.name, str(error)),)
        return Outcome(finder.name, finder.name, newest=held, problem=str(error), attempts=failed)


def first_day(warehouse: Warehouse, finder: DocumentFinder, known_at: datetime) -> date:
    """The day from which a finder is asked."""
    held, today = newest(warehouse, finder), _day(known_at)
    if held is None:
        return today - timedelta(days=FIRST_LOOK_DAYS)
    return min(held, today) - timedelta(days=LOOK_AGAIN_DAYS)


def newest(warehouse: Warehouse, finder: DocumentFinder) -> date | None:
    """The newest date among the documents held from a finder."""
    days = [document.day for document in _held(warehouse, finder.name).values()]
    return date.fromisoformat(max(days)) if days else None


def keep(
    finder: DocumentFinder,
    pages: Sequence[ListPage],
    warehouse: Warehouse,
    documents: Sequence[Document],
    *,
    archive: raw.Archive,
    load: int,
    known_at: datetime,
) -> Outcome:
    """Archive the pages, read them, and keep the relevant documents: all or none.

    `documents` is the register with its citations: what it contains is not new.
    """
    fetched_at = now()
    digests = [archive.keep(finder.name, p.name, p.payload, fetched_at) for p in pages]
    found = read(finder, [page.payload for page in pages], known_at)
    before = len(waiting(warehouse, documents))
    with warehouse.transaction():
        for page, digest in zip(pages, digests, strict=True):
            warehouse.note_answer(load, finder.name, page.name, digest)
        revised = store(finder.name, found.documents, warehouse, load=load, known_at=known_at)
    new = len(waiting(warehouse, documents)) - before
    return Outcome(
        finder.name, finder.name, max(new, 0), revised, newest(warehouse, finder),
        notice=" ".join(found.notes), attempts=((finder.name, ""),),
    )  # fmt: skip


def read(finder: DocumentFinder, payloads: Iterable[bytes], known_at: datetime) -> FoundDocuments:
    """The relevant documents that pages list and that were public by `known_at`. What is listed
    and not taken is counted, and rows that are no documents are reported: nothing is dropped
    silently."""
    entries: list[Document] = []
    wrong: list[str] = []
    with at_the_boundary(finder.name):
        for payload in payloads:
            entries += finder.parse(payload)
            wrong += finder.skipped(payload)
    today = _day(max(known_at, now())).isoformat()
    come = [d for d in entries if d.day <= today]
    wrong += [
        f"{finder.name} dates 《{quoted(d.title)}》 {d.day}, which has not come."
        for d in entries
        if d.day > today
    ]
    if entries and not come:
        raise UnexpectedPayload(wrong[-1])
    public = [d for d in come if d.day <= _day(known_at).isoformat()]
    concern = [d for d in public if d.kind in KEPT and (d.topics or finder.is_ours)]
    once = DocumentIndex()
    for document in sorted(concern, key=lambda d: (d.day, d.title, d.url)):
        _add(once, document)
    documents = tuple(once.documents.values())
    return FoundDocuments(documents, (*_not_taken(finder, public), *left_out(dict.fromkeys(wrong))))


def _not_taken(finder: DocumentFinder, listed: Sequence[Document]) -> Iterator[str]:
    """How many entries of a list were not taken, and why."""
    of_others = Counter(
        _REASONS.get(d.kind, "of other topics")
        for d in listed
        if d.kind not in KEPT or not (d.topics or finder.is_ours)
    )
    if of_others:
        told = ", ".join(f"{count:,} {why}" for why, count in of_others.most_common())
        yield f"Of {len(listed):,} entries these are not taken: {told}."


def store(
    source: str, found: Iterable[Document], warehouse: Warehouse, *, load: int, known_at: datetime
) -> int:
    """Keep each document under its key; returns how many were held in other words."""
    before = _held(warehouse, source)
    held = DocumentIndex(before)
    for document in found:
        _add(held, document)
    revised = 0
    for key, document in held.documents.items():
        if document != before.get(key):
            text = documents_to_json([document])
            warehouse.keep_text(kind_of_text(source), key, text, known_at=known_at, load=load)
            revised += key in before
    return revised


def cited_candidates(documents: Iterable[Document]) -> list[Candidate]:
    """The documents that bulletins cite and the register lacks, newest first. They are counted
    already: taking one makes it an entry that a person can complete."""
    found = [
        Candidate(
            key := document_key(document),
            document,
            (CITED,),
            datetime.combine(date.fromisoformat(document.cited_by[0]), time(), BEIJING),
            frozenset({key}),
        )
        for document in documents
        if document.origin == CITED
    ]
    return sorted(found, key=lambda c: (c.document.day, c.key), reverse=True)


def key_of(document: Document) -> str:
    """The key with which a person takes a document into the register."""
    return document_key(document)


def found_candidates(warehouse: Warehouse, documents: Iterable[Document]) -> list[Candidate]:
    """Each found document that the register lacks, newest first, including those left."""
    return not_held(ever_found(warehouse), documents)


def ever_found(warehouse: Warehouse) -> list[Candidate]:
    """Each document that was ever found, whatever has become of it since."""
    groups: dict[str, Candidate] = {}
    known = DocumentIndex()
    kinds = {kind_of_text(name): name for name in FINDERS}
    for kind, key, text, known_at in warehouse.first_texts(list(kinds)):
        (document,) = documents_from_json(text)
        one = Candidate(key, document, (kinds[kind],), known_at, frozenset({key}))
        first = known.key_of(document)
        if first is not None:
            one = _joined(groups[first], one)
        groups[one.key] = one
        known.put(one.key, one.document)
    return [*groups.values()]


def not_held(found: Iterable[Candidate], documents: Iterable[Document]) -> list[Candidate]:
    """The candidates that are not among `documents`, newest first."""
    register = DocumentIndex({str(number): document for number, document in enumerate(documents)})
    new = [c for c in found if register.key_of(c.document) is None]
    return sorted(new, key=lambda c: (c.document.day, c.key), reverse=True)


def without_left(left: Set[str], found: Iterable[Candidate]) -> list[Candidate]:
    """The candidates that no person has left."""
    return [candidate for candidate in found if not candidate.keys & left]


def waiting(warehouse: Warehouse, documents: Iterable[Document]) -> list[Candidate]:
    """The found documents that wait for a decision."""
    found = found_candidates(warehouse, documents)
    return without_left(warehouse.texts(LEFT).keys(), found)


def notes(problems: Mapping[str, str], notices: Mapping[str, str], waiting: int) -> Iterator[str]:
    """What a person should know, one line each: the last problem, what was left out, and how many
    documents wait."""
    for name in FINDERS:
        for sentence in filter(None, (problems.get(name), notices.get(name))):
            yield f"{name}: {sentence}"
    if waiting:
        words = "document waits" if waiting == 1 else "documents wait"
        yield f"{waiting} found {words} for you: python -m etl candidates"


def kind_of_text(source: str) -> str:
    """The kind of text under which the warehouse keeps a source's finds."""
    return f"candidate {source}"


def _held(warehouse: Warehouse, source: str) -> dict[str, Document]:
    texts = warehouse.texts(kind_of_text(source))
    return {key: documents_from_json(texts[key])[0] for key in sorted(texts)}


def _add(held: DocumentIndex, document: Document) -> None:
    """Add a document to those held; one that is listed again is merged."""
    key = held.key_of(document)
    if key is None:
        held.put(document_key(document), document)
    else:
        held.put(key, _merged(held.documents[key], document))


def _merged(one: Document, other: Document) -> Document:
    """Two listings of one document: the earlier one, completed from the other."""
    first, second = sorted((one, other), key=lambda d: d.day)  # stable: the held one comes first
    fuller = max((first, second), key=lambda d: len(bodies_of(d.issuer)))
    return replace(
        first,
        issuer=fuller.issuer,
        number=first.number or second.number,
        url=first.url or second.url,
    )


def _joined(one: Candidate, other: Candidate) -> Candidate:
    return replace(
        one,
        document=_merged(one.document, other.document),
        sources=tuple(dict.fromkeys((*one.sources, *other.sources))),
        keys=one.keys | other.keys,
    )


def _day(moment: datetime) -> date:
    return moment.astimezone(BEIJING).date()
