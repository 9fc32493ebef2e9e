"""Corrections: a value that a source gives wrongly, and the right one, as a person wrote it down.

A correction depends on what the source says. While the source gives what was expected, the right
value replaces it; if it gives anything else, that is stored as it came, and the run reports it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date as Date
from datetime import datetime, time
from typing import Annotated

from pydantic import Field

from etl.catalog import Catalog, Id, Indicator, Text, Words
from etl.errors import nearest, quoted
from etl.files.strict_model import StrictModel
from etl.files.strict_yaml import Path_
from etl.records import BEIJING, Observation, Vintage

#: The status of a value that replaces another.
CORRECTED = "corrected"
FILE = "corrections.yaml"
#: Sources whose values are calculated here: correct their inputs instead.
MADE_HERE: Mapping[str, str] = {
    "derived": "correct the indicators that it is made of",
    "register": "correct data/policies.csv",
}
Number = Annotated[float, Field(allow_inf_nan=False)]
_LINK = re.compile(r"https?://[^\s\"'<>]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S*")


class Correction(StrictModel):
    """One value of one source: what the source says (`expected`), and the right value (`value`).

    `evidence` is where the right value comes from, an address or words; `since` the day in Beijing
    on which the correction was made: before it, the wrong value is what was known.
    """

    indicator: Id
    date: Date
    source: str
    expected: Number
    value: Number
    reason: Text
    evidence: Words
    since: Date

    @property
    def made_at(self) -> datetime:
        """The moment from which it holds."""
        return datetime.combine(self.since, time(), BEIJING)

    @property
    def link(self) -> str:
        """The address of the evidence; empty if the evidence is in words."""
        return self.evidence if _LINK.fullmatch(self.evidence) else ""

    @property
    def note(self) -> str:
        """The note shown with the value wherever it appears."""
        return f"已更正，原为 {self.expected:.15g}。{self.reason.zh}"


class CorrectionFile(StrictModel):
    """The contents of data/corrections.yaml."""

    corrections: tuple[Correction, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """What to store for one date besides what its source says, and what to report."""

    observation: Observation | None = None
    sentence: str = ""


Fix = Callable[[Observation], Observation]


def contradictions(
    entries: Sequence[Correction], catalog: Catalog, today: Date
) -> Iterator[tuple[Path_, str]]:
    """Every place where well-formed entries cannot be meant."""
    seen: set[tuple[str, Date, str]] = set()
    for index, entry in enumerate(entries):
        here: Path_ = ("corrections", index)
        key = (entry.indicator, entry.date, entry.source)
        if key in seen:
            yield here, f"{_named(entry)} stands twice; keep one."
        seen.add(key)
        if entry.indicator not in catalog:
            hint = nearest(entry.indicator, catalog.indicators)
            yield (*here, "indicator"), f"unknown indicator '{entry.indicator}'. {hint}"
        else:
            yield from _misfits(entry, catalog[entry.indicator], today, here)


def as_named(entries: Sequence[Correction], catalog: Catalog) -> tuple[Correction, ...]:
    """The same entries under the present ids of their indicators."""
    return tuple(
        entry.model_copy(update={"indicator": catalog.resolve(entry.indicator)})
        for entry in entries
    )


def fixing(entries: Mapping[Date, Correction], precision: float) -> Fix:
    """A function that replaces the expected wrong value with the right one and leaves every other
    observation as it came."""

    def fix(told: Observation) -> Observation:
        entry = entries.get(told.date)
        is_wrong = entry is not None and _same(told.value, entry.expected, precision)
        return _corrected(told, entry) if entry is not None and is_wrong else told

    return fix


def standing(
    entries: Sequence[Correction], indicator: str, source: str, moment: datetime
) -> dict[Date, Correction]:
    """The corrections of an indicator's source that were made by a moment, by date."""
    return {
        entry.date: entry
        for entry in entries
        if (entry.indicator, entry.source) == (indicator, source) and entry.made_at <= moment
    }


def settle(
    entry: Correction, told: Sequence[tuple[Vintage, datetime]], precision: float
) -> Settled:
    """What becomes of a date, given its vintages from the corrected source, oldest first."""
    if not told:
        return Settled(
            sentence=f"{_named(entry)}: nothing is held of that date; look at its date and source."
        )
    newest, plain = told[-1], _as_told(told)
    if newest[0].status == CORRECTED:
        is_right = newest[0].value == entry.value
        return Settled() if is_right else Settled(_corrected(_observed(plain or newest), entry))
    if _same(newest[0].value, entry.expected, precision):
        return Settled(_corrected(_observed(newest), entry))
    is_mended = _same(newest[0].value, entry.value, precision)
    do = "it is mended there: remove" if is_mended else "look which is right, and change or remove"
    return Settled(
        sentence=f"{_named(entry)} expected {entry.expected!r}, and {entry.source} now gives "
        f"{newest[0].value!r}, which is shown; {do} the entry in {FILE}."
    )


def unsettle(told: Sequence[tuple[Vintage, datetime]]) -> Settled:
    """What becomes of a date whose correction was removed: what its source last said."""
    plain = _as_told(told)
    is_corrected = bool(told) and told[-1][0].status == CORRECTED
    return Settled(_observed(plain) if plain and is_corrected else None)


def _as_told(told: Sequence[tuple[Vintage, datetime]]) -> tuple[Vintage, datetime] | None:
    """The newest vintage as the source itself gave it, if one is held."""
    return next((one for one in reversed(told) if one[0].status != CORRECTED), None)


def _observed(one: tuple[Vintage, datetime]) -> Observation:
    vintage, public_at = one
    return Observation(
        vintage.date, vintage.value, public_at, vintage.credit, vintage.basis,
        disputed=vintage.status == "disputed", note=vintage.note,
        is_cited=vintage.status == "cited",
    )  # fmt: skip


def _corrected(told: Observation, entry: Correction) -> Observation:
    return replace(told, value=entry.value, corrected_at=entry.made_at, note=entry.note)


def _misfits(
    entry: Correction, indicator: Indicator, today: Date, here: Path_
) -> Iterator[tuple[Path_, str]]:
    name, names = _named(entry), [ref.name for ref in indicator.sources]
    if entry.source not in names:
        hint = nearest(entry.source, names)
        yield (*here, "source"), f"{name}: {indicator.id} has no source '{entry.source}'. {hint}"
    elif entry.source in MADE_HERE:
        do = MADE_HERE[entry.source]
        yield (*here, "source"), f"{name}: values of '{entry.source}' are made here; {do} instead."
    if entry.value == entry.expected:
        yield (*here, "value"), f"{name}: value and expected are the same; nothing is corrected."
    low, high = indicator.expect.min, indicator.expect.max
    if not low <= entry.value <= high:
        yield (
            (*here, "value"),
            f"{name}: {entry.value!r} is not within {low!r} and {high!r}, which the catalog "
            f"expects of {indicator.id}.",
        )
    if entry.date > today:
        yield (*here, "date"), f"{name}: the date lies in the future."
    if entry.since > today:
        yield (*here, "since"), f"{name}: since {entry.since} lies in the future (Beijing time)."
    elif entry.since < entry.date:
        yield (*here, "since"), f"{name}: since {entry.since} lies before the date of the value."
    if _SCHEME.fullmatch(entry.evidence) and not entry.link:
        yield (
            (*here, "evidence"),
            f"{name}: '{quoted(entry.evidence)}' is no address of the web; write http:// or "
            "https://, or say it in words.",
        )


def _named(entry: Correction) -> str:
    return f"{entry.indicator}: the correction of {entry.date} ({entry.source})"


def _same(one: float, other: float, precision: float) -> bool:
    """Whether two values are equal to the precision with which the source computes."""
    return one == other or abs(one - other) <= precision * abs(other)
