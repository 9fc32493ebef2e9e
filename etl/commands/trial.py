"""What the sources of an entry answer now, before anything is written or stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from etl.catalog import Catalog, Indicator, SourceRef
from etl.errors import (
    CheckFailed,
    FileProblem,
    SourceError,
    SourceUnavailable,
    StorageError,
    XinzhiError,
)
from etl.files.authored import read_bulletins, read_documents
from etl.ingest.answers import accepted
from etl.ingest.boundary import at_the_boundary
from etl.ingest.derived import Series, derive
from etl.ingest.upstream import Upstream, within
from etl.records import Action, Document, Observation, now
from etl.settings import Settings
from etl.sources import sources
from etl.sources.base import FIRST_DAY
from etl.storage.current import CurrentSnapshot, current_snapshot
from etl.storage.snapshots import whole_store_of

#: How long one source may take in all.
TRIAL_S = 30.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What a source answered for an indicator, in order of date, with `notes` about it. With a
    `problem` it would not be taken as it is; `is_unreachable` if it did not answer at all."""

    indicator: str
    source: str
    rows: Sequence[Observation] = ()
    problem: str = ""
    notes: Sequence[str] = ()
    is_unreachable: bool = False


def tried(
    settings: Settings, catalog: Catalog, names: Sequence[str], seconds: float = TRIAL_S
) -> Iterator[Trial]:
    """Ask every source of the indicators, each for so many seconds at most, and store nothing. What
    is derived is worked out from the published values."""
    counts = any(catalog[name].ref("register") for name in names)
    known = sources(settings, _documents(settings) if counts else (), catalog.units)
    with Upstream(settings) as out:

        def ask(indicator: Indicator, ref: SourceRef) -> Trial:
            if ref.name == "derived":
                return _worked_out(settings, catalog, indicator)
            source, found = known[ref.name], Trial(indicator.id, ref.name)
            asked_at = now()
            with at_the_boundary(ref.name, settings.without_secrets):
                payload = source.fetch(indicator, ref.params, FIRST_DAY, out)
                rows = source.parse(payload, indicator, ref.params)
                notes = source.notes(payload, indicator, ref.params, asked_at)
            return _judged(replace(found, notes=tuple(notes)), indicator, rows, asked_at)

        for indicator in (catalog[name] for name in names):
            for ref in indicator.sources:
                yield _answered(indicator, ref, lambda i=indicator, r=ref: ask(i, r), seconds)  # type: ignore[misc]


def _answered(
    indicator: Indicator, ref: SourceRef, ask: Callable[[], Trial], seconds: float
) -> Trial:
    none = Trial(indicator.id, ref.name)
    try:
        return within(seconds, ask)
    except TimeoutError:
        sentence = f"no whole answer in {seconds:g} s; try again later."
        return replace(none, problem=sentence, is_unreachable=True)
    except SourceUnavailable as error:
        return replace(none, problem=str(error), is_unreachable=True)
    except (SourceError, FileProblem, StorageError) as error:
        return replace(none, problem=str(error))


def _judged(
    trial: Trial, indicator: Indicator, rows: Sequence[Observation], moment: datetime
) -> Trial:
    """The rows that would be taken, or all with what is wrong with them."""
    try:
        return replace(trial, rows=accepted(indicator, rows, moment))
    except CheckFailed as error:
        in_order = sorted(rows, key=lambda one: one.date)
        return replace(trial, rows=in_order, problem=str(error))


class _Published:
    """What is published, as derived indicators take it."""

    def __init__(self, snapshot: CurrentSnapshot) -> None:
        self.snapshot = snapshot

    def series(self, indicator: str) -> Series:
        return [(one, one.known_at) for one in self.snapshot.series(indicator)]

    vintages = series

    def actions(self, indicator: str) -> Sequence[Action]:
        return self.snapshot.actions().get(indicator, ())


def _worked_out(settings: Settings, catalog: Catalog, indicator: Indicator) -> Trial:
    trial = Trial(indicator.id, "derived")
    try:
        with current_snapshot(whole_store_of(settings)) as snapshot:
            held = _Published(snapshot)
            lacking = [name for name in indicator.inputs if not held.series(name)]
            rows = [] if lacking else derive(catalog, indicator, held)
    except StorageError as error:
        return replace(trial, notes=(str(error),))
    if lacking:
        return replace(trial, notes=(f"Nothing is published yet of {', '.join(lacking)}.",))
    return _judged(trial, indicator, rows, now())


def _documents(settings: Settings) -> tuple[Document, ...]:
    try:
        return read_documents(settings, read_bulletins(settings).read)
    except XinzhiError:  # what is wrong with the register is told where it is shown
        return ()
