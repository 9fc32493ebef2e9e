"""How each indicator stands at a moment: the one judgement behind /api/v1/status and /status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.data import queries
from dashboard.data.queries import Standing
from dashboard.data.snapshot import Snapshot
from etl.catalog import Indicator
from etl.freshness import sessions_missed, state_of
from etl.records import HeldAnswer, Vintage

#: The states, what is worst first.
STATES = ("stale", "failing", "empty", "fresh")


@dataclass(frozen=True, slots=True)
class Health:
    """An indicator at a moment. `missed` counts the sessions of its own calendar that should have
    been public by then and are not held."""

    indicator: Indicator
    state: str
    newest: Vintage | None
    missed: int | None
    problem: str
    refused: tuple[HeldAnswer, ...]
    judged_at: datetime

    @property
    def badness(self) -> tuple[int, int]:
        """What sorts the worst first."""
        return STATES.index(self.state), -(self.missed or 0)


def health(
    snapshot: Snapshot,
    now: datetime,
    indicators: Iterable[Indicator] | None = None,
    as_of: datetime | None = None,
) -> list[Health]:
    """Each of `indicators`, or every one of the catalog, in that order. As of a moment, what went
    wrong by then is not told: only what goes wrong now is held."""
    standings = queries.standings(snapshot, as_of)
    problems = {} if as_of else queries.problems(snapshot)
    refused = {} if as_of else queries.refused(snapshot)
    return [
        _health(
            i, standings.get(i.id), problems.get(i.id, ""), refused.get(i.id, ()),
            now,
        )
        for i in (snapshot.catalog.all() if indicators is None else indicators)
    ]  # fmt: skip


def _health(
    indicator: Indicator,
    standing: Standing | None,
    problem: str,
    refused: Sequence[HeldAnswer],
    now: datetime,
) -> Health:
    newest = standing.newest if standing else None
    missed = sessions_missed(indicator, newest.date, now) if newest else None
    state = state_of(indicator, newest.date if newest else None, problem, now)
    return Health(indicator, state, newest, missed, problem, tuple(refused), now)
