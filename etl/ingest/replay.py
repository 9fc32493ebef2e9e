"""Rebuild the vintages of online sources from the archive of their answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from etl.catalog import Catalog
from etl.corrections import Correction
from etl.errors import CheckFailed, SettingError, SourceError, StorageError, nearest
from etl.files.authored import read_corrections
from etl.ingest import raw
from etl.ingest.answers import Beside, take_answer
from etl.ingest.renames import opened_as_named
from etl.ingest.splits import known_splits
from etl.policies import candidates
from etl.records import now
from etl.settings import Settings
from etl.sources import sources
from etl.sources.base import Source
from etl.storage.warehouse import Answer, Warehouse, writing


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one source held before and after, values or found documents; `same` if no row differs.
    `since` is the first load with all answers archived, if older ones were dropped; earlier data
    stays."""

    source: str
    answers: int
    before: int
    after: int
    same: bool
    since: datetime | None = None


def replay(
    settings: Settings, catalog: Catalog, only: str | None = None, *, allow_fewer: bool = False
) -> list[Replayed]:
    """Forget what the online sources brought and read every archived answer again, each as known at
    its load. All or nothing: if an answer is missing, or a source would end with fewer rows (unless
    `allow_fewer`), the warehouse stays as it was."""
    online = {name for name, source in sources(settings, ()).items() if source.online}
    online |= candidates.FINDERS.keys()
    if only is not None and only not in online:
        raise SettingError(f"Source '{only}' keeps no archive. {nearest(only, online)}")
    names = sorted(online if only is None else {only})
    corrected = read_corrections(settings, catalog)
    with writing(settings), opened_as_named(settings, catalog) as warehouse:
        # Read before anything is forgotten, so that a gap in the archive changes nothing.
        every = warehouse.answers(names)
        archive = raw.archive_of(settings)
        begins = _begins(settings, archive, every)
        # As in a run: the preferred source of a price first, which tells of splits that others do
        # not, and counts of shares last.
        answers = sorted(
            (a for a in every if a.load >= begins.get(a.source, 0)),
            key=lambda a: (a.load, a.indicator in catalog.counts, _rank(catalog, a)),
        )
        payloads = [archive.held(a.source, a.indicator, a.digest) for a in answers]
        with warehouse.transaction():
            found = list(
                _rebuilt(settings, catalog, corrected, warehouse, names, answers, payloads, begins)
            )
            if not allow_fewer:
                _refuse_fewer(found)
            return found


def _rank(catalog: Catalog, answer: Answer) -> int:
    indicator = catalog.indicators.get(answer.indicator)
    return indicator.rank(answer.source) if indicator else 0


def _begins(settings: Settings, archive: raw.Archive, answers: Sequence[Answer]) -> dict[str, int]:
    """For each source whose answers were dropped as XINZHI_RAW_DAYS allows: the first load with all
    of them archived. One that is missing without permission is found when it is read."""
    if settings.raw_days is None:
        return {}
    before = now() - timedelta(days=settings.raw_days)
    begins: dict[str, int] = {}
    for one in answers:
        key = (one.source, one.indicator, one.digest)
        if one.known_at < before and not archive.is_held(*key):
            begins[one.source] = one.load + 1
    return begins


def _refuse_fewer(found: Sequence[Replayed]) -> None:
    lost = [f"{r.source} {r.after:,} instead of {r.before:,}" for r in found if r.after < r.before]
    if lost:
        raise StorageError(
            f"The archived answers give fewer rows than are held: {', '.join(lost)}. Nothing was "
            "changed; take them all the same with `python -m etl replay --allow-fewer`."
        )


def _rebuilt(
    settings: Settings,
    catalog: Catalog,
    corrected: Sequence[Correction],
    warehouse: Warehouse,
    names: list[str],
    answers: list[Answer],
    payloads: list[bytes],
    begins: Mapping[str, int],
) -> Iterator[Replayed]:
    before = {name: _digest(warehouse, name) for name in names}
    for name in names:
        _forget(warehouse, name, begins.get(name, 0))
    known = sources(settings, (), catalog.units)
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
        mine = [answer for answer in answers if answer.source == name]
        since = mine[0].known_at if mine and name in begins else None
        same = before[name] == after
        yield Replayed(name, len(mine), before[name][0], after[0], same, since)


def _digest(warehouse: Warehouse, name: str) -> tuple[int, int]:
    if name in candidates.FINDERS:
        return warehouse.digest_texts(candidates.kind_of_text(name))
    return warehouse.digest(name)


def _forget(warehouse: Warehouse, name: str, since: int) -> None:
    if name in candidates.FINDERS:
        warehouse.forget_texts(candidates.kind_of_text(name), since)
    else:
        warehouse.forget(name, since)


def _find(warehouse: Warehouse, pages: list[tuple[Answer, bytes]]) -> None:
    """Read the pages of one load together, as its run did."""
    answer = pages[0][0]
    try:
        found = candidates.read(
            candidates.FINDERS[answer.source], [payload for _, payload in pages], answer.known_at
        )
    except SourceError as error:  # it was readable once: the reader has changed, not the document
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
    if indicator is None or ref is None:  # the catalog has dropped it
        return
    try:
        beside = Beside(corrected, splits=known_splits(catalog, warehouse, indicator))
        take_answer(warehouse, payload, answer, indicator, ref, source, beside)
    except (SourceError, CheckFailed):
        return  # what is refused today was refused then, or is no longer believed
