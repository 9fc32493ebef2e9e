"""Build the vintages of online sources again from the archive of their answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from etl import raw
from etl.catalog import Catalog
from etl.errors import CheckFailed, SettingError, SourceError, nearest
from etl.settings import Settings
from etl.sources import sources
from etl.sources.base import Source
from etl.update import accepted
from etl.warehouse import Answer, Warehouse, lock, opened


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one source held before and after; `same` if not a row differs."""

    source: str
    answers: int
    before: int
    after: int
    same: bool


def replay(settings: Settings, catalog: Catalog, only: str | None = None) -> list[Replayed]:
    """Forget what the online sources brought and read every archived answer again, each as known
    when its load was. All of it, or nothing: a missing answer leaves the warehouse as it was."""
    online = {name for name, source in sources(settings, ()).items() if source.online}
    if only is not None and only not in online:
        raise SettingError(f"Source '{only}' keeps no archive. {nearest(only, online)}")
    names = sorted(online if only is None else {only})
    with lock(settings.lock), opened(settings.warehouse) as warehouse:
        # Read before anything is forgotten, so that a gap in the archive changes nothing.
        answers = warehouse.answers(names)
        payloads = [raw.held(settings.raw, a.source, a.indicator, a.digest) for a in answers]
        with warehouse.transaction():
            return list(_rebuilt(settings, catalog, warehouse, names, answers, payloads))


def _rebuilt(
    settings: Settings,
    catalog: Catalog,
    warehouse: Warehouse,
    names: list[str],
    answers: list[Answer],
    payloads: list[bytes],
) -> Iterator[Replayed]:
    before = {name: warehouse.digest(name) for name in names}
    for name in names:
        warehouse.forget(name)
    known = sources(settings, ())
    for answer, payload in zip(answers, payloads, strict=True):
        _read(known[answer.source], catalog, warehouse, answer, payload)
    for name in names:
        after = warehouse.digest(name)
        count = sum(answer.source == name for answer in answers)
        yield Replayed(name, count, before[name][0], after[0], before[name] == after)


def _read(
    source: Source, catalog: Catalog, warehouse: Warehouse, answer: Answer, payload: bytes
) -> None:
    indicator = catalog.indicators.get(answer.indicator)
    ref = indicator.ref(answer.source) if indicator else None
    if indicator is None or ref is None:  # the catalog has let go of it
        return
    try:
        found = source.parse(payload, indicator, ref.params)
        actions = source.actions(payload, ref.params)
        observations = accepted(indicator, found, answer.known_at, actions)
    except (SourceError, CheckFailed):
        return  # what is refused today was refused then, or is no longer believed
    names = (answer.indicator, answer.source)
    warehouse.keep_actions(*names, actions, load=answer.load, known_at=answer.known_at)
    warehouse.append(*names, observations, load=answer.load, known_at=answer.known_at)
