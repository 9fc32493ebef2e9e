"""The same chart chosen otherwise: ranges, transforms and scales as links, on every page that shows
a chart. An editor's headline speaks of one choice and stays with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from dashboard.address import RANGES, ChartAddress, Transform, Window
from dashboard.chart_page.view import View
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


def controls(
    view: View, link: LinkTo, offered: Sequence[Transform] = SHOWN_TRANSFORMS
) -> list[tuple[str, list[Choice]]]:
    """Every row of choices with its label; of scales, where a logarithmic one has a place for every
    value."""
    rows = [("range", ranges(view, link)), ("transform", transforms(view, link, offered))]
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


def _scales(view: View, link: LinkTo) -> list[Choice]:
    return [
        (
            text(f"scale_{name}", view.lang),
            link(replace(view.address, scale=name)),
            view.address.scale == name,
        )
        for name in SCALES
    ]
