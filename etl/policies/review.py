"""What a person decides about found documents: take them into the register, or leave them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from etl.bulletins.model import Bulletin
from etl.errors import SettingError, nearest, quoted
from etl.files.authored import read_bulletins, read_documents
from etl.files.cells import bytes_of, text_of
from etl.files.edits import Editor, change
from etl.policies.candidates import (
    CITED,
    LEFT,
    Candidate,
    candidate_from,
    cited_candidates,
    ever_found,
    key_of,
    not_held,
    without_left,
)
from etl.policies.index import DocumentIndex
from etl.policies.register import read_register
from etl.records import PUBLIC, Document, now
from etl.settings import Settings
from etl.storage.current import CurrentSnapshot
from etl.storage.warehouse import Warehouse, is_there, warehouse_of, writing


def found(
    settings: Settings, warehouse: Warehouse, drafts: Sequence[Bulletin] = ()
) -> list[Candidate]:
    """Every document that the register lacks: cited in bulletins or drafts, then found upstream.
    What is cited and was found, too, is told as it was found: with its number and its address."""
    documents = read_documents(settings, [*read_bulletins(settings).read, *drafts])
    ever = ever_found(warehouse)
    known = DocumentIndex({str(number): one.document for number, one in enumerate(ever)})

    def as_found(one: Candidate) -> Candidate:
        at = known.key_of(one.document)
        return one if at is None else replace(ever[int(at)], keys=ever[int(at)].keys | one.keys)

    return [*map(as_found, cited_candidates(documents)), *not_held(ever, documents)]


def waiting(settings: Settings, snapshot: CurrentSnapshot) -> list[Candidate]:
    """The documents that wait for a decision: as published, minus what the register has by now."""
    documents = read_documents(settings, read_bulletins(settings).read)
    published = [candidate_from(text) for text in snapshot.candidates()]
    every = [*cited_candidates(documents), *not_held(published, documents)]
    return without_left(snapshot.left(), every)


def take(
    settings: Settings,
    keys: Sequence[str],
    editor: Editor,
    drafts: Sequence[Bulletin] = (),
) -> tuple[Path, list[Document]]:
    """Add documents to the register of the data folder in one step; the file, and what was added.
    Those that only `drafts` cite may be taken, too. It is a change of the file by `editor`.

    If the data folder has no register of its own, it first gets a copy of the project's.
    """
    with writing(settings):
        with warehouse_of(settings, read_only=True) as warehouse:
            chosen = _chosen(found(settings, warehouse, drafts), keys)
        documents = [_entry(candidate) for candidate in chosen]
        path = settings.data / "policies.csv"
        payload = _with_rows(settings.register, documents)
        change(path, payload, replace(editor, why=editor.why or _why(documents)))
    return path, documents


def leave(settings: Settings, keys: Sequence[str]) -> list[Document]:
    """Mark documents as not wanted, so that they are no longer listed; `take` still accepts
    them."""
    moment = now()
    with (
        writing(settings),
        warehouse_of(settings) as warehouse,
        warehouse.transaction(),
    ):
        chosen = _chosen(found(settings, warehouse), keys)
        load = warehouse.begin_load("candidates", moment, moment)
        for one in chosen:
            warehouse.keep_text(LEFT, one.key, one.document.title, known_at=moment, load=load)
        warehouse.finish_load(load, now(), [])
    return [one.document for one in chosen]


def decided(settings: Settings, keys: Sequence[str]) -> dict[str, str]:
    """What has become of candidates that wait no more, by key: `taken` or `left`. What still waits
    is not named, nor what was never found."""
    if not is_there(settings):
        return {}
    with warehouse_of(settings, read_only=True) as warehouse:
        left, ever = warehouse.texts(LEFT).keys(), ever_found(warehouse)
    register = read_register(settings.register)
    held = {key_of(one) for one in register}
    held |= {c.key for c in ever} - {c.key for c in not_held(ever, register)}
    told = {}
    for key in keys:
        one = next((c for c in ever if key in c.keys), None)
        if (one.key if one else key) in held:
            told[key] = "taken"
        elif (one.keys if one else {key}) & left:
            told[key] = "left"
    return told


def _chosen(candidates: Sequence[Candidate], keys: Sequence[str]) -> list[Candidate]:
    chosen: list[Candidate] = []
    for key in dict.fromkeys(keys):
        one = next((c for c in candidates if key in c.keys), None)
        if one is None:
            known = [c.key for c in candidates]
            hint = nearest(key, known) if known else "Nothing is waiting."
            raise SettingError(f"No found document has the key '{key}'. {hint}")
        if one not in chosen:
            chosen.append(one)
    return chosen


def _why(taken: Sequence[Document]) -> str:
    """What the history of the register says where nobody gave a reason."""
    more = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
    return f"taken into the register: {taken[0].title}{more}" if taken else ""


def _entry(candidate: Candidate) -> Document:
    """The row for the register: what the source says, unverified."""
    document = candidate.document
    if not document.issuer:
        raise SettingError(
            f"{candidate.key}: its source does not say who issued 《{quoted(document.title)}》; "
            f"look at {document.url or 'it'} and write its row into the register by hand."
        )
    day = f"{candidate.known_at:%Y-%m-%d}"
    where = f"found by {' and '.join(candidate.sources)} on {day}"
    told = "" if candidate.sources == (CITED,) else where  # its note names the bulletin
    note = "; ".join(filter(None, (told, document.note)))
    return replace(document, verification="", note=note)


def _with_rows(register: Path, documents: Sequence[Document]) -> bytes:
    """The bytes of the register with a row added for each document, in its columns."""
    read_register(register)  # a register that is broken is not written on
    payload = bytes_of(register, "the register is missing; restore it from the repository.")
    columns = next(csv.reader(io.StringIO(text_of(payload, register))))
    hidden = next((d for d in documents if d.visibility != PUBLIC), None)
    if hidden is not None and "visibility" not in map(str.strip, columns):
        raise SettingError(
            f"{register}: has no column 'visibility', without which 《{quoted(hidden.title)}》 "
            "would be public; add the column to its head, and a comma at the end of each row."
        )
    line_end = "\r\n" if b"\r\n" in payload else "\n"
    rows = io.StringIO()
    writer = csv.DictWriter(
        rows, [name.strip() for name in columns], extrasaction="ignore", lineterminator=line_end
    )
    writer.writerows(_cells(document) for document in documents)
    gap = b"" if payload.endswith(b"\n") else line_end.encode()
    return payload + gap + rows.getvalue().encode()


def _cells(document: Document) -> dict[str, str]:
    return {
        "title": document.title,
        "issuer": document.issuer,
        "date_issued": document.issued,
        "date_published": document.published,
        "doc_no": document.number,
        "topics": ";".join(document.topics),
        "kind": document.kind,
        "verification": document.verification,
        "url": document.url,
        "note": document.note,
        "visibility": "" if document.visibility == PUBLIC else document.visibility,
    }
