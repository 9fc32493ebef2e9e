"""What a person refused: an answer that rewrites history. The values before stay, and the same
rewriting is not asked about again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import TypeAdapter

from etl.catalog import Indicator
from etl.errors import SettingError
from etl.ingest.revisions import Rewrite
from etl.records import BEIJING, Observation, now
from etl.storage.warehouse import Outcome, Warehouse

#: The kinds of texts in the warehouse: what a held answer would rewrite, and what was refused.
REWRITES, REFUSED = "rewrites", "refused rewrites"


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What an answer says of dates that are held with another value, and which it leaves out."""

    changed: Mapping[date, float]
    gone: tuple[date, ...] = ()

    def includes(self, other: Rewriting) -> bool:
        """Whether another one says nothing that this one does not."""
        same = all(self.changed.get(day) == value for day, value in other.changed.items())
        return same and set(other.gone) <= set(self.gone)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rewriting that somebody refused, when, and why; without one, nothing is refused any
    more."""

    rewriting: Rewriting | None
    author: str
    reason: str
    at: datetime

    @property
    def words(self) -> str:
        """Who refused it, when and why."""
        by = f" by {self.author}" if self.author else ""
        return f"refused{by} on {self.at.astimezone(BEIJING):%Y-%m-%d}: {self.reason}"


_REWRITING: TypeAdapter[Rewriting] = TypeAdapter(Rewriting)
_REFUSAL: TypeAdapter[Refusal] = TypeAdapter(Refusal)


def rewriting_of(found: Rewrite, observations: Sequence[Observation]) -> Rewriting:
    """What an answer would rewrite."""
    told = {o.date: o.value for o in observations}
    return Rewriting({day: told[day] for day in found.changed}, found.gone)


def keep_rewriting(
    warehouse: Warehouse, indicator: str, source: str, found: Rewriting, *, load: int,
    known_at: datetime,
) -> None:  # fmt: skip
    """Remember what a held answer would rewrite, so that it can be refused."""
    document = _REWRITING.dump_json(found).decode()
    warehouse.keep_text(REWRITES, _key(indicator, source), document, known_at=known_at, load=load)


def refusal_of(warehouse: Warehouse, indicator: str, source: str) -> Refusal | None:
    """What was last refused of a source, if it still is."""
    document = warehouse.texts(REFUSED).get(_key(indicator, source))
    found = _REFUSAL.validate_json(document) if document else None
    return found if found and found.rewriting else None


def refuse_held(
    warehouse: Warehouse, indicator: Indicator, author: str, reason: str
) -> list[Outcome]:
    """Refuse what is held back of an indicator; one outcome a source. A SettingError where nothing
    is."""
    waiting = {answer.source: answer for answer in warehouse.waiting(indicator.id)}
    if not waiting:
        raise SettingError(f"Nothing of {indicator.id} is held back.")
    moment = warehouse.not_before_others(now())
    load = warehouse.begin_load("refuse", moment, moment)
    rewritings, outcomes = warehouse.texts(REWRITES), []
    for source in waiting:
        document = rewritings.get(_key(indicator.id, source))
        # Of an answer that an earlier version held nobody knows what it rewrites: it goes, and the
        # next run holds it again, to be refused then.
        rewriting = _REWRITING.validate_json(document) if document else Rewriting({})
        _put(warehouse, indicator.id, source, Refusal(rewriting, author, reason, moment), load)
        warehouse.release(indicator.id, source, load)
        newest = warehouse.newest(indicator.id, source)
        problem = sentence(indicator.id, source, Refusal(rewriting, author, reason, moment))
        attempts = ((source, problem),)
        outcomes.append(Outcome(indicator.id, source, 0, 0, newest, problem, attempts=attempts))
    warehouse.finish_load(load, now(), outcomes)
    return outcomes


def take_back(warehouse: Warehouse, indicator: Indicator, author: str) -> list[str]:
    """Refuse no more what was refused of an indicator; the sources concerned. A SettingError where
    nothing was."""
    found = {ref.name: refusal_of(warehouse, indicator.id, ref.name) for ref in indicator.sources}
    sources = [source for source, refusal in found.items() if refusal]
    if not sources:
        raise SettingError(f"Nothing of {indicator.id} is refused.")
    moment = warehouse.not_before_others(now())
    load = warehouse.begin_load("refuse", moment, moment)
    for source in sources:
        _put(warehouse, indicator.id, source, Refusal(None, author, "", moment), load)
    warehouse.finish_load(load, now(), [])
    return sources


def sentence(indicator: str, source: str, refusal: Refusal) -> str:
    """What is said of a source while it says what was refused."""
    return (
        f"{indicator}: {source} rewrites its history in a way that was {refusal.words} The values "
        f"before stay; `python -m etl refuse {indicator} --undo` lets a person look at it again."
    )


def _put(warehouse: Warehouse, indicator: str, source: str, refusal: Refusal, load: int) -> None:
    document = _REFUSAL.dump_json(refusal).decode()
    warehouse.keep_text(REFUSED, _key(indicator, source), document, known_at=refusal.at, load=load)


def _key(indicator: str, source: str) -> str:
    return f"{indicator}/{source}"
