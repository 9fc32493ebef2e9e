"""An index of documents, which finds a known one without comparing it with all of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from etl.policies.identity import is_listed_twice, normal_number, normal_title
from etl.records import Document


class DocumentIndex:
    """Documents by key; `key_of` finds the one that another listing refers to."""

    def __init__(self, documents: Mapping[str, Document] = MappingProxyType({})) -> None:
        self.documents: dict[str, Document] = {}
        self._marked: dict[str, list[str]] = {}
        for key, document in documents.items():
            self.put(key, document)

    def put(self, key: str, document: Document) -> None:
        """Index `document` under `key`, replacing the one before."""
        self.documents[key] = document
        for mark in _marks(document):
            keys = self._marked.setdefault(mark, [])
            if key not in keys:
                keys.append(key)

    def key_of(self, document: Document) -> str | None:
        """The key of the same document; None if it is not indexed."""
        for mark in _marks(document):
            for key in self._marked.get(mark, ()):
                if is_listed_twice(self.documents[key], document):
                    return key
        return None


def _marks(document: Document) -> tuple[str, ...]:
    """What two listings of one document share: its number, or else its title."""
    return tuple(filter(None, (normal_number(document.number), normal_title(document.title))))
