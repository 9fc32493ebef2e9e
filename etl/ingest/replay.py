"""Build the vintages of online sources again from the archive of their answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from etl.catalog import Catalog
from etl.corrections import Correction
from etl.errors import CheckFailed, SettingError, SourceError, StorageError, nearest
from etl.files.authored import read_corrections
from etl.ingest import raw
from etl.ingest.boundary import read
from etl.ingest.run import accepted, fix_of
from etl.policies import candidates
from etl.settings import Settings
from etl.sources import sources
from etl.sources.base import Source
from etl.storage.warehouse import Answer, Warehouse, lock, opened


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one source held before and after, values or found documents; `same` if not a row
    differs."""

    source: str
    answers: int
    before: int
    after: int
    same: bool


def replay(settings: Settings, catalog: Catalog, only: str | None = None) -> list[Replayed]:
    """Forget what the online sources brought and read every archived answer again, each as known
    when its load was. All of it, or nothing: a missing answer leaves the warehouse as it was."""
    online = {name for name, source in sources(settings, ()).items() if source.online}
    online |= candidates.FINDERS.keys()
    if only is not None and only not in online:
        raise SettingError(f"Source '{only}' keeps no archive. {nearest(only, online)}")
    names = sorted(online if only is None else {only})
    corrected = read_corrections(settings, catalog)
    with lock(settings.lock), opened(settings.warehouse) as warehouse:
        # Read before anything is forgotten, so that a gap in the archive changes nothing.
        answers = warehouse.answers(names)
        payloads = [raw.held(settings.raw, a.source, a.indicator, a.digest) for a in answers]
        with warehouse.transaction():
            return list(_rebuilt(settings, catalog, corrected, warehouse, names, answers, payloads))


def _rebuilt(
    settings: Settings,
    catalog: Catalog,
    corrected: Sequence[Correction],
    warehouse: Warehouse,
    names: list[str],
    answers: list[Answer],
    payloads: list[bytes],
) -> Iterator[Replayed]:
    before = {name: _digest(warehouse, name) for name in names}
    for name in names:
        _forget(warehouse, name)
    known = sources(settings, ())
    for (_, name), group in groupby(
        zip(answers, payloads, strict=True), key=lambda one: (one[0].load, one[0].source)
    ):
        load = list(group)
        if name in candidates.FINDERS:
            _find(warehouse, load)
            continue
        for answer, payload in load:
            _read(known[name], catalog, corrected, warehouse, answer, payload)
    for name in names:
        after = _digest(warehouse, name)
        count = sum(answer.source == name for answer in answers)
        yield Replayed(name, count, before[name][0], after[0], before[name] == after)


def _digest(warehouse: Warehouse, name: str) -> tuple[int, int]:
    if name in candidates.FINDERS:
        return warehouse.digest_texts(candidates.kind_of_text(name))
    return warehouse.digest(name)


def _forget(warehouse: Warehouse, name: str) -> None:
    if name in candidates.FINDERS:
        warehouse.forget_texts(candidates.kind_of_text(name))
    else:
        warehouse.forget(name)


def _find(warehouse: Warehouse, pages: list[tuple[Answer, bytes]]) -> None:
    """Read the pages of one load together, as its run did."""
    answer = pages[0][0]
    try:
        found = candidates.read(
            candidates.FINDERS[answer.source], [payload for _, payload in pages], answer.known_at
        )
    except SourceError as error:  # it was read once: the reader has changed, not the document
        raise StorageError(
            f"Load {answer.load}: the archived answers of {answer.source} cannot be read any more "
            f"({error}) Nothing was changed."
        ) from None
    documents = found.documents
    candidates.store(
        answer.source, documents, warehouse, load=answer.load, known_at=answer.known_at
    )


def _read(
    source: Source,
    catalog: Catalog,
    corrected: Sequence[Correction],
    warehouse: Warehouse,
    answer: Answer,
    payload: bytes,
) -> None:
    indicator = catalog.indicators.get(answer.indicator)
    ref = indicator.ref(answer.source) if indicator else None
    if indicator is None or ref is None:  # the catalog has let go of it
        return
    try:
        reading = read(source, payload, indicator, ref.params, answer.known_at)
        actions = reading.actions
        fix = fix_of(corrected, indicator, source, answer.known_at)
        observations = accepted(indicator, reading.observations, answer.known_at, actions, fix)
    except (SourceError, CheckFailed):
        return  # what is refused today was refused then, or is no longer believed
    names = (answer.indicator, answer.source)
    warehouse.keep_actions(*names, actions, load=answer.load, known_at=answer.known_at)
    warehouse.append(
        *names,
        observations,
        load=answer.load,
        known_at=answer.known_at,
        precision=source.precision,
    )
