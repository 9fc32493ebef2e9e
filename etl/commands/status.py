"""How up to date each indicator is, by the sessions of its own calendar, and what went wrong with
it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from etl.catalog import Catalog
from etl.freshness import as_of_words, sessions_missed, state_of
from etl.records import Disagreement, HeldAnswer, Revision
from etl.storage.current import CurrentSnapshot

#: How long revisions are reported.
_TOLD_DAYS = 30


@dataclass(frozen=True, slots=True)
class Freshness:
    """One row of `status`. `state` is fresh, stale, failing or empty; `missed` counts the sessions
    that should have been public by now and are not held; `checked_until` is the day until which
    somebody checked what changes only at events. `refused` are the held and quarantined answers,
    `revisions` the values replaced lately, `disagreements` where sources differ."""

    id: str
    state: str
    newest: date | None
    missed: int | None
    calendar: str
    source: str
    known_at: datetime | None
    as_of: str
    problem: str
    checked_until: date | None = None
    notice: str = ""
    refused: tuple[HeldAnswer, ...] = ()
    revisions: tuple[Revision, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()

    @property
    def is_wrong(self) -> bool:
        """Whether something is stale or failing. That nothing is held yet is a problem only where
        a source could not be asked."""
        return self.state in ("stale", "failing") or (self.state == "empty" and self.problem != "")

    def to_json(self) -> dict[str, Any]:
        """The row with its dates and moments in ISO 8601."""
        row: dict[str, Any] = _written(asdict(self))
        for entry in (*row["refused"], *row["revisions"]):
            del entry["indicator"]
        return row


def freshness(catalog: Catalog, snapshot: CurrentSnapshot, now: datetime) -> Iterator[Freshness]:
    """The published state of each indicator, in the order of the catalog."""
    problems, notices = snapshot.problems(), snapshot.notices()
    disagreeing = snapshot.disagreements()
    refused, revisions = defaultdict(list), defaultdict(list)
    for answer in snapshot.refused():
        refused[answer.indicator].append(answer)
    for revision in snapshot.revisions(now - timedelta(days=_TOLD_DAYS)):
        revisions[revision.indicator].append(revision)
    served = snapshot.newest(now)
    for indicator in snapshot.looked(catalog).all():
        problem = problems.get(indicator.id, "")
        newest = served.get(indicator.id)
        missed = sessions_missed(indicator, newest.date, now) if newest else None
        yield Freshness(
            id=indicator.id,
            state=state_of(indicator, newest.date if newest else None, problem, now),
            newest=newest.date if newest else None,
            missed=missed,
            calendar=indicator.calendar,
            source=newest.source if newest else "",
            known_at=newest.known_at if newest else None,
            as_of=as_of_words(indicator, newest.date) if newest else "等待数据",
            problem=problem,
            checked_until=indicator.checked,
            notice=notices.get(indicator.id, ""),
            refused=tuple(refused[indicator.id]),
            revisions=tuple(revisions[indicator.id]),
            disagreements=tuple(disagreeing.get(indicator.id, ())),
        )


def _written(value: Any) -> Any:
    """The same with every date and moment as text."""
    if isinstance(value, dict):
        return {key: _written(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_written(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
