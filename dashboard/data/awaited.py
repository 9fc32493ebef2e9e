"""Indicators of the catalog of which no value is held: what they would say, and what was tried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.data import queries
from dashboard.data.queries import SourceAttempt
from dashboard.data.snapshot import Snapshot
from etl.catalog import Indicator


@dataclass(frozen=True, slots=True)
class AwaitedIndicator:
    """An indicator without values, with the last attempt at each of its sources that was asked;
    None of the past, of which it is not known what was tried."""

    indicator: Indicator
    attempts: Sequence[SourceAttempt] | None

    def attempt(self, source: str) -> SourceAttempt | None:
        """When a source was last asked; None where it never was."""
        return next((one for one in self.attempts or () if one.source == source), None)


def awaited(
    snapshot: Snapshot,
    indicators: Iterable[Indicator] | None = None,
    as_of: datetime | None = None,
) -> list[AwaitedIndicator]:
    """Those of `indicators`, or of all, without a value now, or as of a moment."""
    held = queries.standings(snapshot, as_of)
    tried = queries.attempts(snapshot)
    return [
        AwaitedIndicator(one, None if as_of else tried.get(one.id, ()))
        for one in (snapshot.catalog.all() if indicators is None else indicators)
        if one.id not in held
    ]
