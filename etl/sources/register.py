"""Counts from the register of policy documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from etl.catalog import Indicator
from etl.document_scope import scope_of
from etl.ingest.upstream import Upstream
from etl.policies.counts import counts
from etl.policies.register import documents_from_json, documents_to_json
from etl.records import COMMITTEE, Document, Observation
from etl.sources.base import Params, Source


@dataclass(frozen=True, slots=True)
class Register(Source):
    """Counts `documents`: the register together with what bulletins cite."""

    documents: tuple[Document, ...]
    name: str = "register"
    online: bool = False

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        return _written(self.documents)

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        scope = scope_of(**params, for_committee=indicator.visibility == COMMITTEE)
        return counts(_read(payload), scope)


@lru_cache(maxsize=1)  # every count of a run is made of the same documents
def _written(documents: tuple[Document, ...]) -> bytes:
    return documents_to_json(documents).encode()


@lru_cache(maxsize=1)
def _read(payload: bytes) -> tuple[Document, ...]:
    return documents_from_json(payload.decode())
