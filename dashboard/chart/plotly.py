"""The chart as a Plotly figure: the same model, with values under the pointer. Colours come from
the page's style sheet, so that light and dark need no second figure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from html import escape
from typing import Any

from dashboard.chart.layout import GAP, PAD, Layout, PlotFrame
from dashboard.chart.model import Axis, Mark, Model, Point, Segment, Series
from dashboard.chart.notes import SHAPES, apart
from dashboard.chart.palette import LIGHT
from etl.frequency import RULES, Frequency

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
#: The colours of event notes, by their class.
NOTE_COLOURS: Mapping[str, str] = {"mt": GOLD, "tt": GREEN, "u": INK}
_DAY = timedelta(days=1)
#: Dates stand so far below the plot, and words so far above it, clear of the ticks beside it.
STANDOFF, ABOVE = 10, 9
#: Ticks stand so far beside the plot, below one another with what else stands in the margin.
BESIDE = 5
#: A day as plotly counts it, in milliseconds.
DAY = 86_400_000
#: How a period is named under the pointer, in both languages.
_HOVER: Mapping[Frequency, tuple[str, str]] = {
    "weekly": ("%Y 年 %-m 月 %-d 日当周", "the week of %-d %B %Y"),
    "monthly": ("%Y 年 %-m 月", "%B %Y"),
    "quarterly": ("%Y 年第 %q 季度", "%YQ%q"),
    "annual": ("%Y 年", "%Y"),
}
FONT = "-apple-system, 'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"


def figure(model: Model, paper: tuple[int, int] = (358, 300)) -> dict[str, Any]:
    """The figure as plain data. Its size is the reader's; `paper` is the smallest that it must look
    well on."""
    traces = [
        trace
        for number, series in enumerate(model.series)
        for trace in _traces(model, series, COLOURS[number])
    ]
    layout = Layout(model, *paper, named=False, marked=False)
    return {
        "data": [*traces, *_notes(model, layout.frame)],
        "layout": _layout(model, layout),
    }


def _traces(model: Model, series: Series, colour: str) -> list[dict[str, Any]]:
    hover = f"{series.name} %{{customdata}}" if len(model.series) > 1 else "%{customdata}"
    axis = {**_period(series, model.lang), **({"yaxis": "y2"} if series.axis else {})}
    said = _said_among_others if len({s.frequency for s in model.series}) > 1 else _said
    if series.kind == "bars":
        points = list(series.points)
        return [
            {
                "type": "bar",
                "x": [p.date.isoformat() for p in points],
                "y": [p.value for p in points],
                "customdata": [said(series, p) for p in points],
                "marker": {"color": colour},
                "hovertemplate": f"{hover}<extra></extra>",
                **axis,
            }
        ]
    lines = [{**_line(series, s, colour, hover, said), **axis} for s in series.segments]
    return [*lines, *({**_dot(mark, colour), **axis} for mark in series.marks)]


def _period(series: Series, lang: str) -> dict[str, Any]:
    """Values of a period stand over it, and the pointer reads its name."""
    rule = RULES[series.frequency]
    if not rule.is_of_periods:
        return {}
    length = {"xperiod": f"M{rule.months}"} if rule.months else {
        "xperiod": rule.days * DAY, "xperiod0": "2000-01-03",  # a Monday
    }  # fmt: skip
    return {
        **length,
        "xperiodalignment": "middle",
        "xhoverformat": _HOVER[series.frequency][lang == "en"],
    }


def _said(series: Series, point: Point) -> str:
    """The value, and what is to be marked of that very day."""
    marked = (m.label for m in series.marks if m.kind != "newest" and m.point.date == point.date)
    return "<br>".join((series.say(point.raw), *marked))


def _said_among_others(series: Series, point: Point) -> str:
    """The value with its period, where the pointer may read the day of another line."""
    if not RULES[series.frequency].is_of_periods:
        return _said(series, point)
    return f"{_said(series, point)} · {series.day(point.date)}"


def _line(
    series: Series,
    segment: Segment,
    colour: str,
    hover: str,
    said: Callable[[Series, Point], str],
) -> dict[str, Any]:
    alone = len(segment.points) == 1
    few = segment.sampled and len(segment.points) < 40
    return {
        "type": "scatter",
        "mode": "markers" if alone else ("lines+markers" if few else "lines"),
        "x": [p.date.isoformat() for p in segment.points],
        "y": [p.value for p in segment.points],
        "customdata": [said(series, p) for p in segment.points],
        "line": {
            "color": colour,
            "width": 1.5 if segment.sampled else 2,
            "dash": "2px 4px" if segment.sampled else "solid",
            "shape": "hv" if series.kind == "step" else "linear",
        },
        "opacity": 0.65 if segment.sampled else 1,
        "marker": {"color": colour, "size": 5},
        "cliponaxis": False,
        "hovertemplate": f"{hover}<extra></extra>",
        "showlegend": False,
    }


def _notes(model: Model, frame: PlotFrame) -> list[dict[str, Any]]:
    """A tick on the ground line for each event note that has room. Under the pointer a day names
    all of its notes; the days beside it stand there too, and say nothing."""
    if not model.notes or model.empty:
        return []
    told: dict[date, list[str]] = {}
    for note in model.notes:
        told.setdefault(note.day, []).append(note.words)
    drawn = {note.day: SHAPES[note.kind] for _, note in apart(model.notes, frame.x)}
    days = sorted({day for here in told for day in (here - _DAY, here, here + _DAY)})
    shapes = [drawn.get(day) for day in days]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [day.isoformat() for day in days],
            "y": [model.axes[0].low] * len(days),
            "marker": {
                "color": [NOTE_COLOURS[shape.colour] if shape else INK for shape in shapes],
                "size": [8 if shape else 0 for shape in shapes],
                "opacity": [1 if shape else 0 for shape in shapes],
                "symbol": [shape.symbol if shape else "circle" for shape in shapes],
                "line": {"width": 1},
            },
            "text": ["<br>".join(map(escape, told.get(day, ()))) for day in days],
            "hoverinfo": ["text" if day in told else "none" for day in days],
            "cliponaxis": False,
            "showlegend": False,
            "name": "notes",
        }
    ]


def _dot(mark: Mark, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [mark.point.date.isoformat()],
        "y": [mark.point.value],
        "marker": {"color": colour, "size": 7},
        "hoverinfo": "skip",
        "cliponaxis": False,
        "showlegend": False,
    }


def _layout(model: Model, layout: Layout) -> dict[str, Any]:
    two, frame = len(model.axes) > 1, layout.frame
    axes = {"yaxis": _axis(layout, 0, "left" if two else "right")}
    if two:
        axes["yaxis2"] = {**_axis(layout, 1, "right"), "overlaying": "y", "showgrid": False}
    return {
        "autosize": True,
        "dragmode": False,
        "hovermode": "x unified",
        "showlegend": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": INK},
        "margin": {
            "l": frame.left,
            "r": layout.width - frame.right,
            "t": frame.top,
            "b": layout.height - frame.bottom,
        },
        "xaxis": {
            "type": "date",
            **_ends(layout),
            "tickvals": [day.isoformat() for day, _ in model.x_ticks],
            "ticktext": [label for _, label in model.x_ticks],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "ticklabelstandoff": STANDOFF,
            "hoverformat": "%Y-%m-%d",
        },
        **axes,
        "shapes": [*_level_lines(model), *_break_lines(model)],
        "annotations": [
            *_margin(layout),
            *_break_labels(layout),
            *_unit_labels(layout),
        ],
        "hoverlabel": {"font": {"family": FONT, "size": 13}},
    }


def _ends(layout: Layout) -> dict[str, Any]:
    """The ends of the axis of dates, with the room beside them that the picture leaves too."""
    model, frame = layout.model, layout.frame
    if model.empty:
        return {}
    first, last = (datetime.combine(day, time()) for day in (model.first, model.last))
    room = (last - first or timedelta(days=1)) * (PAD / (frame.right - frame.left - 2 * PAD))
    return {"range": [day.isoformat(timespec="minutes") for day in (first - room, last + room)]}


def _axis(layout: Layout, number: int, side: str) -> dict[str, Any]:
    """The axis, with the labels of those ticks that nothing else in the margin stands on."""
    model, axis = layout.model, layout.model.axes[number]
    low, high = axis.low, axis.high
    if axis.log:
        low, high = math.log10(low), math.log10(high)
    told = layout.told[number]
    return {
        "type": "log" if axis.log else "linear",
        "side": side,
        "range": [low, high],
        "tickvals": [tick.at for tick in axis.ticks],
        "ticktext": [tick.label if tick in told else "" for tick in axis.ticks],
        "tickfont": {"color": _shade(model, number)},
        "gridcolor": RULE,
        "zeroline": False,
        "fixedrange": True,
        "ticklabelstandoff": BESIDE,
    }


def _level_lines(model: Model) -> list[dict[str, Any]]:
    return [
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
    ]


def _break_lines(model: Model) -> list[dict[str, Any]]:
    return [
        {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": day.isoformat(),
         "x1": day.isoformat(), "line": {"color": INK, "width": 1, "dash": "1px 3px"}}
        for day, _ in model.breaks
    ]  # fmt: skip


def _break_labels(layout: Layout) -> list[dict[str, Any]]:
    """Above the plot, where the picture has room for them too."""
    return [
        {**_TEXT, "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": ABOVE,
         "x": day.isoformat(), "text": label.words,
         "xshift": round(label.x - layout.frame.x(day))}
        for day, label in layout.break_labels.items()
    ]  # fmt: skip


def _margin(layout: Layout) -> list[dict[str, Any]]:
    """The newest value and the levels in the right margin, level with their lines."""
    return [
        {**_TEXT, "xref": "paper", "x": 1, "xanchor": "left", "xshift": GAP, "yanchor": "middle",
         "y": _place(layout.model.axes[0], entry.value), "yshift": -round(entry.moved),
         "text": f"<b>{'<br>'.join(entry.lines)}</b>", "name": entry.kind,
         "font": {"color": _COLOUR.get(entry.kind, LIGHT["ink"]), "size": 12}}
        for entry in layout.margin
    ]  # fmt: skip


#: What a level in the margin is coloured by; the newest value is written in ink.
_COLOUR: Mapping[str, str] = {"target": GREEN, "milestone": GOLD}


def _shade(model: Model, axis: int) -> str:
    """Where there are two axes, each has the colour of its line, if it has but one."""
    number = model.alone_on(axis)
    return INK if len(model.axes) == 1 or number is None else COLOURS[number]


def _place(axis: Axis, value: float) -> float:
    """A value on a log axis is placed by its logarithm; a label then stays with its point."""
    return math.log10(value) if axis.log else value


def _unit_labels(layout: Layout) -> list[dict[str, Any]]:
    """At the edges of the paper, as in the picture: its words above the plot keep off them."""
    ends, lowest = (layout.frame.left, layout.frame.right), layout.units[-1].y
    return [
        {**_TEXT, "xref": "paper", "yref": "paper", "x": number, "xshift": round(label.x - end),
         "y": 1, "yshift": ABOVE + round(lowest - label.y), "yanchor": "bottom",
         "xanchor": "right" if number else "left", "text": label.words,
         "font": {"color": _shade(layout.model, number), "size": 12}}
        for number, (label, end) in enumerate(zip(layout.units, ends, strict=False))
    ]  # fmt: skip


_TEXT: dict[str, Any] = {"showarrow": False, "font": {"color": INK, "size": 12}}
