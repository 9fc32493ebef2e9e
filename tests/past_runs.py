"""Runs that are over, as a warehouse remembers them: for tests of what many days of runs say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from etl.records import Exchange, Observation
from etl.storage.warehouse import Outcome, opened

#: What each source was asked for at a moment, with its problem or nothing: {source: {subject: ''}}.
Asked = Mapping[str, Mapping[str, str]]


def remember(
    warehouse: Path,
    at: datetime,
    asked: Asked,
    *,
    hosts: Iterable[tuple[str, str, float]] = (),
    values: Mapping[tuple[str, str], Sequence[Observation]] | None = None,
    known_at: datetime | None = None,
) -> None:
    """One run that began `at`; `hosts` are sources, hosts and seconds, `values` what came by
    subject and source."""
    with opened(warehouse) as held, held.transaction():
        load = held.begin_load("run", at, known_at or at)
        for (subject, source), found in (values or {}).items():
            held.append(subject, source, found, load=load, known_at=known_at or at)
        outcomes = [
            Outcome(subject, source, problem=problem, attempts=((source, problem),))
            for source, subjects in asked.items()
            for subject, problem in subjects.items()
        ]
        held.finish_load(load, at + timedelta(seconds=5), outcomes)
        told = [Exchange(source, host, at, seconds) for source, host, seconds in hosts]
        if told:
            held.keep_exchanges(load, told)
