"""What has become of a frozen chart: its newest value beside today's, and both lines where history
was revised. Apart from the frozen page, which never changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from dashboard.address import Window
from dashboard.chart.model import Model, Part, compose
from dashboard.chart.words import Finding
from dashboard.chart_page.view import View, view
from dashboard.formatting import day
from dashboard.texts import text


@dataclass(frozen=True, slots=True)
class Since:
    """Then and now in words; `both` is drawn where a value that was shown then is another now."""

    lines: tuple[str, ...]
    revised: str
    both: Model | None


def since(then: View) -> Since:
    """What is known today of what a frozen view shows."""
    start = min((p.date for p in then.model.points), default=None)
    address = replace(then.address, as_of=None, window=Window("", start, None))
    now = view(then.snapshot, address)
    changed = [days for a, b in zip(then.parts, now.parts, strict=True) if (days := _revised(a, b))]
    count = len({day for days in changed for day in days})
    return Since(
        lines=tuple(_lines(then, now)),
        revised=text("revised_since", then.lang, count=f"{count:,}") if count else "",
        both=_both(then, now) if count else None,
    )


def _revised(then: Part, now: Part) -> list[date]:
    """The days whose value was another one then."""
    today = {v.date: v.value for v, _ in now.rows}
    return [v.date for v, _ in then.rows if today.get(v.date) != v.value]


def _lines(then: View, now: View) -> Iterator[str]:
    newest = {f.part.indicator.id: f for f in now.words.findings}
    for finding in then.words.findings:
        other = newest.get(finding.part.indicator.id)
        name = finding.part.indicator.short.in_(then.lang) if len(then.parts) > 1 else ""
        if other is None:
            continue
        same = (other.vintage.date, other.vintage.value) == (
            finding.vintage.date, finding.vintage.value,
        )  # fmt: skip
        words = "then_as_now" if same else "then_and_now"
        yield text(
            words, then.lang, who=f"{name} " if name else "", then=_said(finding, then.lang),
            now=_said(other, then.lang),
        )  # fmt: skip


def _said(finding: Finding, lang: str) -> str:
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
