"""What has become of a frozen chart: whether its newest value still holds, what is newer, and both
lines where history was revised. Judged here alone, for the ribbon of a frozen page and for the page
that checks pictures; apart from the frozen page, which never changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from dashboard import formatting
from dashboard.address import Window
from dashboard.chart.model import Model, Part, compose
from dashboard.chart.words import Finding
from dashboard.chart_page.view import View, view
from dashboard.formatting import day, spoken
from dashboard.texts import text
from etl.corrections import CORRECTED
from etl.records import Vintage

#: From the gravest on.
Outcome = Literal["corrected", "revised", "recomputed", "gone", "newer", "holds"]
OUTCOMES: tuple[Outcome, ...] = ("corrected", "revised", "recomputed", "gone", "newer", "holds")


@dataclass(frozen=True, slots=True)
class Became:
    """What became of the newest value that a frozen chart shows of one indicator: `vintage` and
    `said` are the value of the same day as it is known today, `newest` is the newest today."""

    then: Finding
    outcome: Outcome
    vintage: Vintage | None
    said: str
    newest: Finding | None

    @property
    def is_newest(self) -> bool:
        return self.newest is None or self.newest.vintage.date <= self.then.vintage.date


@dataclass(frozen=True, slots=True)
class Since:
    """Then and now in words; `both` is drawn where a value that was shown then is another now."""

    lines: tuple[str, ...]
    revised: str
    both: Model | None
    became: tuple[Became, ...]


def since(then: View) -> Since:
    """What is known today of what a frozen view shows."""
    start = min((p.date for p in then.model.points), default=None)
    address = replace(then.address, as_of=None, window=Window("", start, None))
    now = view(then.snapshot, address)
    changed = [days for a, b in zip(then.parts, now.parts, strict=True) if (days := _revised(a, b))]
    count = len({day for days in changed for day in days})
    became = tuple(_became(then, now))
    return Since(
        lines=tuple(_line(one, then) for one in became),
        revised=text("revised_since", then.lang, count=f"{count:,}") if count else "",
        both=_both(then, now) if count else None,
        became=became,
    )


def _revised(then: Part, now: Part) -> list[date]:
    """The days whose value was another one then."""
    today = {v.date: v.value for v, _ in now.rows}
    return [v.date for v, _ in then.rows if today.get(v.date) != v.value]


def _became(then: View, now: View) -> Iterator[Became]:
    newest = {f.part.indicator.id: f for f in now.words.findings}
    parts = {part.indicator.id: part for part in now.parts}
    for finding in then.words.findings:
        name = finding.part.indicator.id
        rows = parts[name].rows
        found = next(((v, x) for v, x in rows if v.date == finding.vintage.date), None)
        vintage, value = found or (None, None)
        said = "" if value is None else _said(finding, value, then)
        outcome = _outcome(finding, vintage, said, newest.get(name), then)
        yield Became(finding, outcome, vintage, said, newest.get(name))


def _outcome(
    then: Finding, vintage: Vintage | None, said: str, newest: Finding | None, seen: View
) -> Outcome:
    """A value holds as long as it is the same as it was printed."""
    if vintage is None or not said:
        return "gone"
    if said == then.said:
        is_newest = newest is None or newest.vintage.date <= then.vintage.date
        return "holds" if is_newest else "newer"
    if vintage.status == CORRECTED and vintage.value != then.vintage.value:
        return "corrected"
    is_level = seen.address.transform.name == "level" and not seen.address.freq
    return "revised" if is_level else "recomputed"


def _said(finding: Finding, value: float, seen: View) -> str:
    """A value of today, written as that of then."""
    part = finding.part
    figure = formatting.transformed_figure(
        value, seen.address.transform, part.indicator, part.unit, seen.lang
    )
    return spoken(figure, part.unit)


def _line(one: Became, seen: View) -> str:
    """One indicator in few words, for the ribbon."""
    lang, then = seen.lang, one.then
    name = then.part.indicator.short.in_(lang) if len(seen.parts) > 1 else ""
    now = one.newest
    same = now is not None and one.outcome == "holds" and one.is_newest
    words = "then_as_now" if same else "then_and_now"
    return text(
        words, lang, who=f"{name} " if name else "", then=dated(then, lang),
        now=dated(now, lang) if now else text("gone", lang),
    )  # fmt: skip


def dated(finding: Finding, lang: str) -> str:
    """A value with its day."""
    when = day(finding.vintage.date, finding.part.indicator, lang, year=True)
    return f"{finding.said}（{when}）" if lang == "zh" else f"{finding.said} ({when})"


def _both(then: View, now: View) -> Model:
    """Both lines of the first indicator: as it was known then, and as it is known now."""
    lang = then.lang
    parts = [
        replace(now.parts[0], events=(), name=text("now", lang)),
        replace(then.parts[0], events=(), name=text("then", lang)),
    ]
    return compose(parts, transform=then.address.transform, lang=lang,
                   log=then.address.scale == "log")  # fmt: skip
