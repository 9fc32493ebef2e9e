"""SEC's company facts: numbers from filings, each with its filing date, which is when it was known.

A filing says of itself what it counts and for which days: the order of the list says nothing. The
same number comes again in later filings, as it was or restated. Cash flows are told from the
beginning of the fiscal year; a quarter is then the difference of two such sums. Counts of one class
of shares are not among the facts: SEC keeps only those told of the whole company.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from etl.catalog import Indicator
from etl.errors import SourceUnavailable, UnexpectedPayload, quoted
from etl.frequency import period_name, period_of
from etl.ingest.upstream import Upstream
from etl.records import Observation
from etl.sources.base import Params, RowSource, json_of, number

ADDRESS = "https://data.sec.gov/api/xbrl/companyconcept/CIK{cik}/{taxonomy}/{concept}.json"
#: How long a fiscal quarter is: 12 to 14 weeks.
QUARTER_DAYS = range(80, 101)
#: A company tells a few hundred numbers of a kind in twenty years.
MOST_FACTS = 20_000
#: How far the same quarter, told in two ways, may differ, and for how long back that is reported.
AGREES = 0.01
TOLD_FOR = timedelta(days=800)


@dataclass(frozen=True, slots=True)
class Sec(RowSource):
    """U.S. Securities and Exchange Commission; answers only who leaves an address."""

    name: str = "sec"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        if not out.settings.contact:
            raise SourceUnavailable(
                "data.sec.gov was not asked: it demands a contact; set XINZHI_CONTACT to an e-mail "
                "address.",
                host="data.sec.gov",
            )
        concepts = _concepts(params)
        if len(concepts) == 1:
            return out.get(_address(params, concepts[0]))
        # A company need not have used every one of them.
        answers = [_if_any(_address(params, concept), out) for concept in concepts]
        if not any(answers):
            raise UnexpectedPayload(
                f"SEC has none of {', '.join(concepts)} of CIK {params['cik']}.", status=404
            )
        return json.dumps({"answers": answers}).encode()

    def read(
        self, payload: bytes, indicator: Indicator, params: Params
    ) -> tuple[list[Observation], list[str]]:
        return _read(payload, indicator, params)

    def no_row(self, params: Params) -> str:
        return f"SEC sent no {_what(params)} for CIK {params['cik']}."

    def notes(
        self, payload: bytes, indicator: Indicator, params: Params, known_at: datetime
    ) -> Sequence[str]:
        told = RowSource.notes(self, payload, indicator, params, known_at)
        if indicator.frequency != "quarterly":
            return told
        facts, _ = _facts(payload, params)
        since = known_at.date() - TOLD_FOR
        return (*told, *_disagreements(_versions(facts, []), since, params))


class Fact(NamedTuple):
    """A number of a filing: of a day, or of the days from `start` on. `rank` is the place of its
    concept among those that are asked for."""

    start: date | None
    end: date
    value: float
    filed: date
    form: str
    rank: int


class Version(NamedTuple):
    """What became known of a calendar quarter on the day of a filing. A lower `rank` goes before a
    higher one: an earlier concept, and within it what was told of the quarter itself."""

    filed: date
    rank: tuple[int, int]
    quarter: date
    start: date
    end: date
    value: float
    form: str


def _concepts(params: Params) -> list[str]:
    """The concept that is asked for, and those that stand in where it tells nothing."""
    return [params["concept"], *params.get("also", ())]


def _address(params: Params, concept: str) -> str:
    taxonomy = params.get("taxonomy", "dei")
    return ADDRESS.format(cik=params["cik"], taxonomy=taxonomy, concept=concept)


def _if_any(address: str, out: Upstream) -> str | None:
    try:
        return out.get(address).decode("utf-8", "replace")
    except UnexpectedPayload as error:
        if error.status != 404:
            raise
        return None


def _unit(params: Params) -> tuple[str, float]:
    """SEC's name of the unit, and how many of them make one of the indicator's: `billion USD`."""
    scale, _, unit = str(params.get("unit", "shares")).rpartition(" ")
    return unit, 1e9 if scale == "billion" else 1.0


def _what(params: Params, more: str = "") -> str:
    is_count = _unit(params)[0] == "shares"
    return f"share count{more}" if is_count else str(params["concept"])


def _read(
    payload: bytes, indicator: Indicator, params: Params
) -> tuple[list[Observation], list[str]]:
    """The values of an answer in order, and what is wrong with the rows that give none."""
    facts, wrong = _facts(payload, params)
    scale = _unit(params)[1]
    if indicator.frequency == "quarterly":
        known = _known(_versions(facts, wrong), wrong)
        found = [_of_quarter(version, indicator, scale) for version in known]
    else:
        kept = [fact for fact in facts if fact.start is None]
        if facts and not kept:
            raise UnexpectedPayload(
                f"SEC's {params['concept']} is of spans of time, not of days: its indicator must "
                "be quarterly."
            )
        cover = params.get("taxonomy", "dei") == "dei"
        found = [_of_day(fact, indicator, scale, is_cover=cover) for fact in kept]
    found.sort(key=lambda o: (o.date, o.public_at is None or o.public_at))
    return found, wrong


def _facts(payload: bytes, params: Params) -> tuple[list[Fact], list[str]]:
    """The facts of an answer in its order, and what is wrong with the other rows."""
    concepts = _concepts(params)
    try:
        answers: list[Any] = [payload]
        if len(concepts) > 1:
            answers = json_of(payload)["answers"]
        if not isinstance(answers, list) or len(answers) != len(concepts):
            raise ValueError("another number of answers")
    except (ValueError, KeyError, TypeError) as error:
        raise UnexpectedPayload(
            f"SEC sent no {_what(params, 's')} for CIK {params['cik']} ({quoted(repr(error))})."
        ) from None
    found: list[Fact] = []
    wrong: list[str] = []
    for rank, (concept, answer) in enumerate(zip(concepts, answers, strict=True)):
        for row in _rows(answer, concept, params) if answer is not None else ():
            try:
                found.append(_fact(row, rank, _what(params)))
            except UnexpectedPayload as error:
                wrong.append(str(error))
    return found, wrong


def _rows(answer: Any, concept: str, params: Params) -> list[Any]:
    """The rows that SEC sent of a concept in the unit that was asked for."""
    unit = _unit(params)[0]
    try:
        told = json_of(answer)
        asked = (int(params["cik"]), concept)
        came = (int(told["cik"]), told["tag"])
        rows = list(told["units"][unit])
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise UnexpectedPayload(
            f"SEC sent no {_what(params, 's')} for CIK {params['cik']} in {unit} "
            f"({quoted(repr(error))})."
        ) from None
    if came != asked:
        raise UnexpectedPayload(
            f"SEC sent {quoted(came[1])} of CIK {came[0]}, not {concept} of CIK {params['cik']}."
        )
    if len(rows) > MOST_FACTS:
        raise UnexpectedPayload(
            f"SEC sent {len(rows):,} rows of {concept}, more than the {MOST_FACTS:,} that are read."
        )
    return rows


def _fact(row: Any, rank: int, what: str) -> Fact:
    try:
        end, filed = date.fromisoformat(row["end"]), date.fromisoformat(row["filed"])
        start = date.fromisoformat(row["start"]) if "start" in row else None
        form, said = quoted(row["form"]), row["val"]
    except (ValueError, KeyError, TypeError):
        raise UnexpectedPayload(f"SEC's row '{quoted(row)}' is no {what} of a filing.") from None
    value = number(said, f"SEC's {what} of {end}")
    if filed < end:
        raise UnexpectedPayload(f"SEC's {what} of {end} was filed before, on {filed}.")
    if start is not None and end <= start:
        raise UnexpectedPayload(f"SEC's {what} from {start} on ends before, on {end}.")
    return Fact(start, end, value, filed, form, rank)


def _versions(facts: Iterable[Fact], wrong: list[str]) -> list[Version]:
    """What became known of each quarter, in order of the filings."""
    told: dict[tuple[int, date | None, date], list[Fact]] = {}
    for fact in sorted(facts, key=lambda f: f.filed):
        held = told.setdefault((fact.rank, fact.start, fact.end), [])
        if not held or held[-1].value != fact.value:
            if held and held[-1].filed == fact.filed:
                wrong.append(
                    f"SEC has two numbers of {fact.end} filed on {fact.filed}, "
                    f"{held[-1].value:g} and {fact.value:g}."
                )
            else:
                held.append(fact)
    spans: dict[tuple[int, date], list[date]] = {}
    for rank, start, end in told:
        if start is not None:
            spans.setdefault((rank, start), []).append(end)
    return sorted(
        version
        for (rank, start, end), versions in told.items()
        for version in (
            _of_instant(versions, rank)
            if start is None
            else _of_span(versions, rank, start, sorted(spans[rank, start]), told)
        )
    )


def _of_instant(facts: Sequence[Fact], rank: int) -> Iterator[Version]:
    """A number at the end of a quarter, like an inventory."""
    for fact in facts:
        start = fact.end - timedelta(days=90)
        yield _version(fact, (rank, 0), start, fact.value, fact.filed)


def _of_span(
    facts: Sequence[Fact],
    rank: int,
    start: date,
    ends: Sequence[date],
    told: Mapping[tuple[int, date | None, date], Sequence[Fact]],
) -> Iterator[Version]:
    """A quarter that was told as one, and the last quarter of a longer span that was told without
    it too. Like is taken from like: a sum as first filed from a sum as first filed, a restated one
    from one restated as often."""
    end = facts[0].end
    if (end - start).days + 1 in QUARTER_DAYS:
        for fact in facts:
            yield _version(fact, (rank, 0), start, fact.value, fact.filed)
    for before in ends:
        if (end - before).days in QUARTER_DAYS and (before - start).days >= QUARTER_DAYS.start - 1:
            for whole, part in zip(facts, told[rank, start, before], strict=False):
                first = before + timedelta(days=1)
                filed = max(whole.filed, part.filed)
                yield _version(whole, (rank, 1), first, whole.value - part.value, filed)


def _version(fact: Fact, rank: tuple[int, int], start: date, value: float, filed: date) -> Version:
    """A quarter goes by the calendar quarter in which its middle lies, so that one that ends in
    the first days of July is still the second, and one of December to February is the first."""
    middle = start + (fact.end - start) / 2
    quarter = period_of("quarterly", middle)
    return Version(filed, rank, quarter, start, fact.end, value, fact.form)


def _known(versions: Iterable[Version], wrong: list[str]) -> Iterator[Version]:
    """The first version of each quarter, and each that changed it: what was told of it in a better
    way counts from its own filing on, not before."""
    held: dict[date, Version] = {}
    ends: dict[date, date] = {}
    for version in versions:
        end = ends.setdefault(version.quarter, version.end)
        if end != version.end:
            wrong.append(
                f"SEC's quarter to {version.end} falls into {_named(version.quarter)}, as the one "
                f"to {end} does."
            )
            continue
        before = held.get(version.quarter)
        if before is None or version.rank <= before.rank:
            held[version.quarter] = version
            if before is None or version.value != before.value:
                yield version


def _named(quarter: date) -> str:
    return period_name("quarterly", quarter)


def _disagreements(versions: Iterable[Version], since: date, params: Params) -> Iterator[str]:
    """Each quarter that was told in two ways which do not agree."""
    concepts = _concepts(params)
    newest: dict[date, dict[tuple[int, int], Version]] = {}
    for version in versions:
        if version.quarter >= since:
            newest.setdefault(version.quarter, {})[version.rank] = version
    for quarter, ways in sorted(newest.items()):
        best = ways[min(ways)]
        for rank, other in sorted(ways.items()):
            if abs(other.value - best.value) > AGREES * abs(best.value):
                way = " as a difference" if rank[1] else ""
                yield (
                    f"SEC's {concepts[rank[0]]} for {_named(quarter)} is {other.value:g}{way}, "
                    f"where {best.value:g} is used."
                )


def _of_quarter(version: Version, indicator: Indicator, scale: float) -> Observation:
    """Dated by the first day of the calendar quarter: a filing may come before its last."""
    way = ", as a difference of sums" if version.rank[1] else ""
    return Observation(
        date=version.quarter,
        value=version.value / scale,
        public_at=indicator.publication.on(version.filed),
        credit=(
            f"SEC EDGAR, Form {version.form} filed {version.filed}, quarter to {version.end}{way}"
        ),
    )


def _of_day(fact: Fact, indicator: Indicator, scale: float, *, is_cover: bool) -> Observation:
    place = "cover page of Form" if is_cover else "Form"
    return Observation(
        date=fact.end,
        value=fact.value / scale,
        public_at=indicator.publication.on(fact.filed),
        credit=f"SEC EDGAR, {place} {fact.form} filed {fact.filed}",
    )
