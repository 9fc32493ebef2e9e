"""The chart as a Plotly figure: the same model, with values under the pointer. Colours come from
the page's style sheet, so that light and dark need no second figure."""

from __future__ import annotations

from typing import Any

from dashboard.chart.model import Model, Segment

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
INK, ACCENT, RULE, GOLD = "#6b6a65", "#1f4e79", "#dcd9d0", "#a8741a"
FONT = "-apple-system, 'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"


def figure(model: Model) -> dict[str, Any]:
    """The figure as plain data."""
    return {"data": _traces(model), "layout": _layout(model)}


def _traces(model: Model) -> list[dict[str, Any]]:
    if model.kind == "bars":
        points = list(model.points)
        return [
            {
                "type": "bar",
                "x": [p.date.isoformat() for p in points],
                "y": [p.value for p in points],
                "customdata": [p.label for p in points],
                "marker": {"color": ACCENT},
                "hovertemplate": "%{customdata}<extra></extra>",
            }
        ]
    lines = [_line(model, segment) for segment in model.segments]
    return [*lines, _newest(model)] if model.marks else lines


def _line(model: Model, segment: Segment) -> dict[str, Any]:
    alone = len(segment.points) == 1
    few = segment.sampled and len(segment.points) < 40
    return {
        "type": "scatter",
        "mode": "markers" if alone else ("lines+markers" if few else "lines"),
        "x": [p.date.isoformat() for p in segment.points],
        "y": [p.value for p in segment.points],
        "customdata": [p.label for p in segment.points],
        "line": {
            "color": ACCENT,
            "width": 1.5 if segment.sampled else 2,
            "dash": "2px 4px" if segment.sampled else "solid",
            "shape": "hv" if model.kind == "step" else "linear",
        },
        "opacity": 0.65 if segment.sampled else 1,
        "marker": {"color": ACCENT, "size": 5},
        "hovertemplate": "%{customdata}<extra></extra>",
        "showlegend": False,
    }


def _newest(model: Model) -> dict[str, Any]:
    point = model.marks[-1].point
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [point.date.isoformat()],
        "y": [point.value],
        "marker": {"color": ACCENT, "size": 7},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _layout(model: Model) -> dict[str, Any]:
    low, high = model.low, model.high
    if model.log:
        import math

        low, high = math.log10(low), math.log10(high)
    margin = (high - low) * 0.03
    return {
        "autosize": True,
        "dragmode": False,
        "hovermode": "x unified",
        "showlegend": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": INK},
        "margin": {"l": 8, "r": 64, "t": 26, "b": 28},
        "xaxis": {
            "type": "date",
            "tickvals": [day.isoformat() for day, _ in model.x_ticks],
            "ticktext": [label for _, label in model.x_ticks],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "hoverformat": "%Y-%m-%d",
        },
        "yaxis": {
            "type": "log" if model.log else "linear",
            "side": "right",
            "range": [low - margin, high + margin],
            "tickvals": [tick.at for tick in model.y_ticks],
            "ticktext": [tick.label for tick in model.y_ticks],
            "gridcolor": RULE,
            "zeroline": False,
            "fixedrange": True,
        },
        "shapes": [
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": level.at,
                "y1": level.at,
                "line": {"color": GOLD, "width": 1, "dash": "5px 4px"},
            }
            for level in model.levels
        ],
        "annotations": [*_level_labels(model), *_end_labels(model), _unit_label(model)],
        "hoverlabel": {"font": {"family": FONT, "size": 13}},
    }


def _level_labels(model: Model) -> list[dict[str, Any]]:
    return [
        {**_TEXT, "xref": "paper", "x": 0, "y": level.at, "yshift": 9, "xanchor": "left",
         "text": level.label, "font": {"color": GOLD, "size": 12}}
        for level in model.levels
    ]  # fmt: skip


def _end_labels(model: Model) -> list[dict[str, Any]]:
    # A value on a log axis is placed by its logarithm; the label then stays with its point.
    import math

    return [
        {**_TEXT, "x": mark.point.date.isoformat(), "xanchor": "right", "yshift": 12,
         "y": math.log10(mark.point.value) if model.log else mark.point.value,
         "text": f"<b>{mark.label}</b>", "name": "newest"}
        for mark in model.marks
    ]  # fmt: skip


def _unit_label(model: Model) -> dict[str, Any]:
    return {**_TEXT, "xref": "paper", "yref": "paper", "x": 0, "y": 1, "yshift": 14,
            "xanchor": "left", "text": model.unit}  # fmt: skip


_TEXT: dict[str, Any] = {"showarrow": False, "font": {"color": INK, "size": 12}}
