"""The chart as a Plotly figure: the same model, with values under the pointer. Colours come from
the page's style sheet, so that light and dark need no second figure."""

from __future__ import annotations

import math
from typing import Any

from dashboard.chart.model import Axis, Mark, Model, Segment, Series
from dashboard.chart.palette import LIGHT

#: What every graph of the site is made with: nothing is sent anywhere, nothing traps the thumb.
CONFIG: dict[str, Any] = {
    "displayModeBar": False,
    "displaylogo": False,
    "responsive": True,
    "scrollZoom": False,
    "doubleClick": False,
    "showSendToCloud": False,
    "showEditInChartStudio": False,
    "plotlyServerURL": "",
}
INK, RULE, GOLD, GREEN = LIGHT["muted"], LIGHT["rule"], LIGHT["gold"], LIGHT["green"]
COLOURS = tuple(LIGHT[f"c{number}"] for number in range(4))
FONT = "-apple-system, 'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"


def figure(model: Model) -> dict[str, Any]:
    """The figure as plain data."""
    traces = [
        trace
        for number, series in enumerate(model.series)
        for trace in _traces(series, COLOURS[number], several=len(model.series) > 1)
    ]
    return {"data": traces, "layout": _layout(model)}


def _traces(series: Series, colour: str, *, several: bool) -> list[dict[str, Any]]:
    hover = f"{series.name} %{{customdata}}" if several else "%{customdata}"
    axis = {"yaxis": "y2"} if series.axis else {}
    if series.kind == "bars":
        points = list(series.points)
        return [
            {
                "type": "bar",
                "x": [p.date.isoformat() for p in points],
                "y": [p.value for p in points],
                "customdata": [series.say(p.raw) for p in points],
                "marker": {"color": colour},
                "hovertemplate": f"{hover}<extra></extra>",
            }
        ]
    lines = [{**_line(series, s, colour, hover), **axis} for s in series.segments]
    return [*lines, *({**_dot(mark, colour), **axis} for mark in series.marks)]


def _line(series: Series, segment: Segment, colour: str, hover: str) -> dict[str, Any]:
    alone = len(segment.points) == 1
    few = segment.sampled and len(segment.points) < 40
    return {
        "type": "scatter",
        "mode": "markers" if alone else ("lines+markers" if few else "lines"),
        "x": [p.date.isoformat() for p in segment.points],
        "y": [p.value for p in segment.points],
        "customdata": [series.say(p.raw) for p in segment.points],
        "line": {
            "color": colour,
            "width": 1.5 if segment.sampled else 2,
            "dash": "2px 4px" if segment.sampled else "solid",
            "shape": "hv" if series.kind == "step" else "linear",
        },
        "opacity": 0.65 if segment.sampled else 1,
        "marker": {"color": colour, "size": 5},
        "hovertemplate": f"{hover}<extra></extra>",
        "showlegend": False,
    }


def _dot(mark: Mark, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [mark.point.date.isoformat()],
        "y": [mark.point.value],
        "marker": {"color": colour, "size": 7},
        **_hover(mark),
        "showlegend": False,
    }


def _hover(mark: Mark) -> dict[str, Any]:
    """The newest value is labelled; records and round numbers speak under the pointer, where their
    words cannot lie on it."""
    if mark.kind == "newest":
        return {"hoverinfo": "skip"}
    return {"hovertemplate": f"{mark.label}<extra></extra>"}


def _layout(model: Model) -> dict[str, Any]:
    two = len(model.axes) > 1
    axes = {"yaxis": _axis(model.axes[0], "left" if two else "right")}
    if two:
        axes["yaxis2"] = {**_axis(model.axes[1], "right"), "overlaying": "y", "showgrid": False}
    return {
        "autosize": True,
        "dragmode": False,
        "hovermode": "x unified",
        "showlegend": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": INK},
        "margin": {"l": 56 if two else 8, "r": 64, "t": 26, "b": 28},
        "xaxis": {
            "type": "date",
            "tickvals": [day.isoformat() for day, _ in model.x_ticks],
            "ticktext": [label for _, label in model.x_ticks],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "hoverformat": "%Y-%m-%d",
        },
        **axes,
        "shapes": [
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": level.at,
                "y1": level.at,
                "line": {
                    "color": GREEN if level.kind == "target" else GOLD,
                    "width": 1,
                    "dash": "2px 3px" if level.kind == "target" else "5px 4px",
                },
            }
            for level in model.levels
        ],
        "annotations": [*_level_labels(model), *_mark_labels(model), *_unit_labels(model)],
        "hoverlabel": {"font": {"family": FONT, "size": 13}},
    }


def _axis(axis: Axis, side: str) -> dict[str, Any]:
    low, high = axis.low, axis.high
    if axis.log:
        low, high = math.log10(low), math.log10(high)
    margin = (high - low) * 0.03
    return {
        "type": "log" if axis.log else "linear",
        "side": side,
        "range": [low - margin, high + margin],
        "tickvals": [tick.at for tick in axis.ticks],
        "ticktext": [tick.label for tick in axis.ticks],
        "gridcolor": RULE,
        "zeroline": False,
        "fixedrange": True,
    }


def _level_labels(model: Model) -> list[dict[str, Any]]:
    return [
        {**_TEXT, "xref": "paper", "x": 0, "y": level.at, "yshift": 9, "xanchor": "left",
         "text": level.label,
         "font": {"color": GREEN if level.kind == "target" else GOLD, "size": 12}}
        for level in model.levels
    ]  # fmt: skip


def _mark_labels(model: Model) -> list[dict[str, Any]]:
    # A value on a log axis is placed by its logarithm; the label then stays with its point.
    several = len(model.series) > 1
    return [
        {**_TEXT, "x": mark.point.date.isoformat(), "xanchor": "right", "yshift": 12,
         "y": _place(model.axes[series.axis], mark.point.value),
         "text": f"<b>{series.name} {mark.label}</b>" if several else f"<b>{mark.label}</b>",
         "name": mark.kind, **({"yref": "y2"} if series.axis else {}),
         **({"font": {"color": COLOURS[number], "size": 12}} if several else {})}
        for number, series in enumerate(model.series)
        for mark in series.marks
        if mark.kind == "newest"
    ]  # fmt: skip


def _place(axis: Axis, value: float) -> float:
    return math.log10(value) if axis.log else value


def _unit_labels(model: Model) -> list[dict[str, Any]]:
    return [
        {**_TEXT, "xref": "paper", "yref": "paper", "x": number, "y": 1, "yshift": 14,
         "xanchor": "right" if number else "left", "text": axis.unit}
        for number, axis in enumerate(model.axes)
    ]  # fmt: skip


_TEXT: dict[str, Any] = {"showarrow": False, "font": {"color": INK, "size": 12}}
