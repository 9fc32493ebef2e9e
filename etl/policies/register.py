"""The register of policy documents: read with its citations, and written to and from text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from etl.bulletins.model import Bulletin, Reference
from etl.errors import FileProblem, nearest, quoted
from etl.files.cells import bytes_of, rows_of
from etl.policies.identity import (
    KINDS,
    _is_document,
    normal_issuer,
    normal_title,
    same_document,
    topics_of,
)
from etl.records import COMMITTEE, PUBLIC, VISIBILITIES, Document, Visibility
from etl.words.bodies import is_national, is_press

COLUMNS = (
    "title", "issuer", "date_issued", "date_published", "doc_no", "topics", "kind",
    "verification", "url", "note", "visibility",
)  # fmt: skip


def read_register(path: Path) -> tuple[Document, ...]:
    """The documents of the register, each once; a FileProblem names the line that is wrong."""
    return register_in(
        bytes_of(path, "the register is missing; restore it from the repository."), path
    )


def register_in(payload: bytes, path: Path) -> tuple[Document, ...]:
    """The same of a content that is not in its file yet."""
    documents: list[Document] = []
    for line, cell in rows_of(payload, path, COLUMNS, COLUMNS[:7]):
        document = document_in(cell, path, line)
        first = next((held for held in documents if same_document(document, held)), None)
        if first is None:
            documents.append(document)
        elif first.visibility != document.visibility:
            message = (
                f"this document stands twice, once for the committee and once for all; write "
                f"visibility: {COMMITTEE} in both rows, or keep one."
            )
            raise FileProblem(path, message, line=line)
    return tuple(documents)


def with_citations(
    register: Sequence[Document], bulletins: Iterable[Bulletin]
) -> tuple[Document, ...]:
    """The register with its citations marked, plus the policy documents that only bulletins name. A
    cited document of a national body counts like any other; one that only bulletins for the
    committee cite is for the committee."""
    held = list(register)
    # What is public first: it must not depend on what is not.
    for bulletin in sorted(bulletins, key=lambda b: (b.visibility != PUBLIC, b.date)):
        for reference in bulletin.references:
            index = _match(reference, held)
            if index is not None:
                cited = (*held[index].cited_by, bulletin.date.isoformat())
                held[index] = replace(held[index], cited_by=tuple(dict.fromkeys(cited)))
            elif is_policy(reference):
                held.append(_cited(reference, bulletin))
    return tuple(held)


def document_of(reference: Reference, documents: Sequence[Document]) -> Document | None:
    """The document that a reference means, by title and issuer, if it is among these."""
    index = _match(reference, documents)
    return None if index is None else documents[index]


def documents_to_json(documents: Iterable[Document]) -> str:
    """The documents as one text, which `documents_from_json` reads back."""
    return json.dumps([asdict(document) for document in documents], ensure_ascii=False)


def documents_from_json(text: str) -> tuple[Document, ...]:
    """The documents that `documents_to_json` wrote."""
    return tuple(
        Document(**{**row, "topics": tuple(row["topics"]), "cited_by": tuple(row["cited_by"])})
        for row in json.loads(text)
    )


def is_policy(reference: Reference) -> bool:
    """Whether a reference is itself a policy document of a national body, not news about one."""
    return is_national(reference.publisher or "") and _is_document(reference.title)


def document_in(cell: dict[str, str], path: Path, line: int) -> Document:
    """The document of a row; a FileProblem says what is wrong with it."""
    if not cell["title"] or not cell["issuer"]:
        raise FileProblem(path, "title and issuer must not be empty.", line=line)
    if cell["kind"] not in KINDS:
        hint = nearest(cell["kind"], KINDS)
        raise FileProblem(path, f"unknown kind '{cell['kind']}'. {hint}", line=line)
    for name in ("date_issued", "date_published"):
        if cell[name] and not _is_partial_date(cell[name]):
            message = (
                f"{name}: '{cell[name]}' is not a date that exists; write 2026-05-19 or 2026-05."
            )
            raise FileProblem(path, message, line=line)
    return Document(
        title=cell["title"],
        issuer=cell["issuer"],
        issued=cell["date_issued"],
        published=cell["date_published"],
        number=cell["doc_no"],
        topics=tuple(topic for topic in cell["topics"].split(";") if topic),
        kind=cell["kind"],
        verification=cell.get("verification", ""),
        url=cell.get("url", ""),
        note=cell.get("note", ""),
        visibility=_visibility(cell.get("visibility", ""), path, line),
    )


def _visibility(word: str, path: Path, line: int) -> Visibility:
    """Who sees a document; everybody where the cell is empty."""
    for known in VISIBILITIES:
        if (word or PUBLIC) == known:
            return known
    hint = nearest(word, VISIBILITIES)
    raise FileProblem(path, f"unknown visibility '{quoted(word)}'. {hint}", line=line)


def _match(reference: Reference, documents: Sequence[Document]) -> int | None:
    title = normal_title(reference.title)
    issuer = normal_issuer(reference.publisher or "")
    if reference.publisher and is_press(reference.publisher):
        return None
    for index, document in enumerate(documents):
        same_body = not issuer or issuer in document.issuer or document.issuer in issuer
        if same_body and normal_title(document.title) == title:
            return index
    return None


def _cited(reference: Reference, bulletin: Bulletin) -> Document:
    day = reference.date.isoformat() if reference.date else ""
    return Document(
        title=reference.title,
        issuer=(reference.publisher or "").split("转发")[-1],
        issued="",
        published=day,
        number="",
        topics=topics_of(reference.title),
        kind="issued",
        verification="cited",
        note=f"named by the bulletin of {bulletin.date}",
        origin="cited",
        cited_by=(bulletin.date.isoformat(),),
        visibility=bulletin.visibility,
    )


def _is_partial_date(text: str) -> bool:
    for form in ("%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            if datetime.strptime(text, form).strftime(form) == text:
                return True
        except ValueError:
            continue
    return False
