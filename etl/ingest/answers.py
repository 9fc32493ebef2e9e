"""An answer of a source, from bytes to vintages: parse, correct, check, append. A run, `accept` and
`replay` take every answer this way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from etl import corrections
from etl.catalog import Indicator, SourceRef
from etl.corrections import Correction, Fix
from etl.errors import CheckFailed
from etl.ingest import checks
from etl.ingest.boundary import Hush, at_the_boundary
from etl.ingest.splits import as_authored, joined
from etl.records import Action, Observation, now
from etl.sources.base import Source
from etl.storage.warehouse import EVER, Answer, Appended, Warehouse

SHOWN_PROBLEMS = 3


@dataclass(frozen=True, slots=True)
class Beside:
    """What is needed besides an answer: the corrections (`corrected`), the dates already `held`,
    and the `splits` known from other answers; `hush` removes secrets from sentences."""

    corrected: Sequence[Correction] = ()
    held: Collection[date] = ()
    splits: Sequence[Action] = ()
    hush: Hush = str


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """The accepted content of an answer in order of date, with splits and dividends; `notes` are
    remarks about a good answer."""

    observations: Sequence[Observation]
    actions: Sequence[Action]
    notes: Sequence[str]


def read_answer(
    payload: bytes,
    indicator: Indicator,
    ref: SourceRef,
    source: Source,
    answer: Answer,
    beside: Beside,
) -> ReadAnswer:
    """Parse, correct, check: the content of an answer. UnexpectedPayload or CheckFailed in words if
    it cannot be believed."""
    with at_the_boundary(source.name, beside.hush):
        found = source.parse(payload, indicator, ref.params)
        actions = as_authored(indicator, source.actions(payload, ref.params))
        notes = source.notes(payload, indicator, ref.params, answer.known_at)
    fix = fix_of(beside.corrected, indicator, source, answer.known_at)
    splits = joined(actions, beside.splits)
    observations = accepted(
        indicator, found, answer.known_at, splits, fix, beside.held, asked_at=answer.asked_at
    )
    return ReadAnswer(observations, actions, notes)


def take_answer(
    warehouse: Warehouse,
    payload: bytes,
    answer: Answer,
    indicator: Indicator,
    ref: SourceRef,
    source: Source,
    beside: Beside,
    review: Callable[[Sequence[Observation]], None] = lambda observations: None,
) -> tuple[ReadAnswer, Appended]:
    """Parse, correct, check, append. `review` may still raise before anything is stored. The
    caller's transaction makes it atomic."""
    reading = read_answer(payload, indicator, ref, source, answer, beside)
    review(reading.observations)
    names = (indicator.id, ref.name)
    warehouse.keep_actions(*names, reading.actions, load=answer.load, known_at=answer.known_at)
    added = warehouse.append(
        *names,
        reading.observations,
        load=answer.load,
        known_at=answer.known_at,
        precision=source.precision,
    )
    return reading, added


def fix_of(
    entries: Sequence[Correction], indicator: Indicator, source: Source, known_at: datetime
) -> Fix:
    """The corrections of a source made by a moment, as a function on its values."""
    mine = corrections.standing(entries, indicator.id, source.name, known_at)
    return corrections.fixing(mine, source.precision)


def accepted(
    indicator: Indicator,
    found: Iterable[Observation],
    known_at: datetime,
    actions: Sequence[Action] = (),
    fix: Fix = lambda told: told,
    held: Collection[date] = (),
    *,
    is_sent: bool = True,
    asked_at: datetime | None = None,
) -> list[Observation]:
    """What was known by `known_at`, corrected by `fix`, dated, in order, without repeated rows;
    CheckFailed in words if it violates expectations, or has another day than those `held` for one
    of their periods.

    What a source has sent (`is_sent`) is public, whatever the publication rule says; of what is
    counted or kept by us, only what was public by then is taken. The price of a session that was
    running when it was asked for (`asked_at`, or else `known_at`) is left out.
    """
    dated = {(o.date, o.value, o.public_at): o for o in _dated(indicator, found)}  # repeats once
    told = sorted(
        (
            o
            for o in checks.settled(indicator, dated.values(), asked_at or known_at)
            if _is_known(o, known_at, is_sent)
        ),
        key=lambda o: (o.date, o.public_at or known_at),
    )
    observations = [fix(o) for o in told]
    # A future date is wrong, not merely unpublished: it is judged by the real clock.
    today = max(known_at, now())
    ahead = [o for o in dated.values() if o.date > today.date()]
    refuse(
        [
            *checks.problems(indicator, ahead[:1], today),
            *checks.problems(indicator, observations, known_at, actions),
            *checks.second_values(indicator, [o.date for o in observations], held),
        ]
    )
    # What was believed until it was corrected comes before it; what never was is left out.
    if observations == told or any(checks.problems(indicator, told, known_at, actions)):
        return observations
    return [o for pair in zip(told, observations, strict=True) for o in _in_turn(*pair)]


def refuse(wrong: Sequence[str]) -> None:
    """Raise CheckFailed with the first of the sentences, if there are any."""
    if wrong:
        more = len(wrong) - SHOWN_PROBLEMS
        tail = f" … and {more} more." if more > 0 else ""
        raise CheckFailed(" ".join(wrong[:SHOWN_PROBLEMS]) + tail)


def _is_known(observation: Observation, known_at: datetime, is_sent: bool) -> bool:
    if is_sent and observation.date <= known_at.date():
        return True
    return observation.public_at is None or observation.public_at <= known_at


def _dated(indicator: Indicator, observations: Iterable[Observation]) -> Iterator[Observation]:
    """Each observation with the moment it became public: from its source, or else by the
    catalog."""
    for o in observations:
        is_stated = o.public_at is not None
        yield o.public(o.public_at or indicator.public_at(o.date), is_stated=is_stated)


def _in_turn(told: Observation, right: Observation) -> Iterator[Observation]:
    """A value as the source gave it, if that was known before the correction, then as corrected."""
    if told != right and (told.public_at or EVER) <= (right.corrected_at or EVER):
        yield told
    yield right
