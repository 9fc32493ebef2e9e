"""The same chart chosen otherwise: ranges, transforms, frequencies and scales as links, and a form
for two dates, on every page that shows a chart. An editor's headline speaks of one choice and
stays with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dashboard.address import RANGES, ChartAddress, Transform, Window
from dashboard.chart_page.view import View
from dashboard.data import aggregation, queries
from dashboard.data.snapshot import Snapshot
from dashboard.texts import range_name, text, transform_name

SHOWN_TRANSFORMS = (
    Transform(), Transform("pct"), Transform("mom"), Transform("yoy"), Transform("index"),
    Transform("ma", n=20), Transform("drawdown"),
)  # fmt: skip
SCALES = ("linear", "log")
#: Words, link, and whether it is the current one.
Choice = tuple[str, str, bool]
#: Where a page shows the chart of an address.
LinkTo = Callable[[ChartAddress], str]


@dataclass(frozen=True, slots=True)
class SpanForm:
    """Two dates to be filled in, within what is held, and what the form carries besides. Nowhere to
    send it in a static copy."""

    action: str
    start: str
    end: str
    first: str
    last: str
    kept: tuple[tuple[str, str], ...]


def controls(
    view: View, link: LinkTo, offered: Sequence[Transform] = SHOWN_TRANSFORMS
) -> list[tuple[str, list[Choice]]]:
    """Every row of choices with its label; of scales, where a logarithmic one has a place for every
    value."""
    rows = [
        ("range", ranges(view, link)),
        ("transform", transforms(view, link, offered)),
        *frequency_rows(view.snapshot, view.address, link),
    ]
    if view.table.may_be_log:
        rows.append(("scale", _scales(view, link)))
    return [(text(name, view.lang), choices) for name, choices in rows]


def ranges(view: View, link: LinkTo) -> list[Choice]:
    return [
        (
            range_name(name, view.lang),
            link(replace(view.address, window=Window(name), title="")),
            view.table.window_name == name,
        )
        for name in RANGES
    ]


def transforms(
    view: View, link: LinkTo, offered: Sequence[Transform] = SHOWN_TRANSFORMS
) -> list[Choice]:
    return [
        (
            transform_name(one.name, view.lang, one.n),
            link(replace(view.address, transform=one, title="")),
            view.address.transform == one,
        )
        for one in offered
    ]


def frequency_rows(
    snapshot: Snapshot, address: ChartAddress, link: LinkTo
) -> list[tuple[str, list[Choice]]]:
    """To what the values of all indicators may be brought, and how, once they are."""
    indicators, lang = [snapshot.catalog[name] for name in address.ids], address.lang
    common = [
        name for name in aggregation.FREQUENCIES
        if all(name in aggregation.allowed(one) for one in indicators)
        and not all(one.frequency == aggregation.FREQUENCIES[name] for one in indicators)
    ]  # fmt: skip
    if not common:
        return []
    found = [("frequency", [
        (text(f"freq_{name}" if name else "as_held", lang),
         link(replace(address, freq=name, agg=_possible(name, address.agg), title="")),
         address.freq == name)
        for name in ("", *common)
    ])]  # fmt: skip
    if address.freq:
        adds_up = all(aggregation.adds_up(one, snapshot.catalog) for one in indicators)
        found.append(("aggregate", [
            (text(f"agg_{name}", lang), link(replace(address, agg=name, title="")),
             address.agg == name)
            for name in ("eop", "avg", *(["sum"] if adds_up else []), "min", "max")
        ]))  # fmt: skip
    return found


def _possible(freq: str, agg: str) -> str:
    return agg if freq else "eop"


def span_form(
    snapshot: Snapshot, address: ChartAddress, action: str, kept: Sequence[tuple[str, str]]
) -> SpanForm:
    """The form for a span of one's own, as the address has it."""
    held = [series for name in address.ids
            if (series := queries.series(snapshot, name, address.as_of))]  # fmt: skip
    window = address.window
    return SpanForm(
        action if held else "",
        str(window.start or ""),
        str(window.end or ""),
        str(min((series[0].date for series in held), default="")),
        str(max((series[-1].date for series in held), default="")),
        tuple((name, value) for name, value in kept if value and name not in ("t", "title")),
    )


def _scales(view: View, link: LinkTo) -> list[Choice]:
    return [
        (
            text(f"scale_{name}", view.lang),
            link(replace(view.address, scale=name, title="")),
            view.address.scale == name,
        )
        for name in SCALES
    ]
