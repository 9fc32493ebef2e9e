"""Which documents a monthly count is of: by topic, by body and by kind."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from etl.records import PUBLIC, Document
from etl.words.bodies import bodies_in, is_national

#: Origins of documents that were found upstream and not yet taken into the register.
FOUND = ("gov_cn", "nda")

#: The kinds that are counted, each by itself: a draft for comment is no document in force.
COUNTED_KINDS = ("issued", "draft")


@dataclass(frozen=True, slots=True)
class DocumentScope:
    """A count is of the documents of any of `topics` and of any of `issuers`, all where none are
    named, and of one `kind`. A joint document is one of each of the bodies that it names. Only a
    count that is itself `for_committee` counts documents that are."""

    topics: frozenset[str] = frozenset()
    issuers: frozenset[str] = frozenset()
    kind: str = "issued"
    for_committee: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it is the count of all documents."""
        return replace(self, for_committee=False) == ALL_DOCUMENTS

    @property
    def breadth(self) -> tuple[bool, int]:
        """Sorts scopes, the narrowest first."""
        return self.is_whole, len(self.topics) + len(self.issuers)

    def concerns(self, document: Document) -> bool:
        """Whether a document is of its topics, bodies and kind, counted or not."""
        return (
            (not self.topics or not self.topics.isdisjoint(document.topics))
            and (not self.issuers or not self.issuers.isdisjoint(bodies_in(document.issuer)))
            and (self.kind == document.kind or self.kind == "issued")
        )

    def counts(self, document: Document) -> bool:
        """Whether a document is one of those counted."""
        return self.kind == document.kind and self.may_count(document) and self.concerns(document)

    def may_count(self, document: Document) -> bool:
        """Whether it could be counted, of whatever topics, bodies and kind."""
        return is_countable(document) and (self.for_committee or document.visibility == PUBLIC)


ALL_DOCUMENTS = DocumentScope()


def scope_of(
    topics: Collection[str] = (),
    issuers: Collection[str] = (),
    kind: str = "issued",
    *,
    for_committee: bool = False,
) -> DocumentScope:
    """The scope that the parameters of an indicator describe."""
    return DocumentScope(frozenset(topics), frozenset(issuers), kind, for_committee)


def is_countable(document: Document) -> bool:
    """Whether a count may hold it: of a national body, with a month, and named by a person or a
    bulletin."""
    return document.origin not in FOUND and bool(document.month) and is_national(document.issuer)
