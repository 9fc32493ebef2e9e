"""What a chart shows: lines that claim no more than the data, ticks, labels, and both drawings."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

import pytest
from conftest import bundled, examples
from hypothesis import given
from hypothesis import strategies as st
from serving import days_from, vintages

from dashboard.address import Transform
from dashboard.chart.fonts import font
from dashboard.chart.layout import Layout
from dashboard.chart.model import SAMPLED_DAYS, Model, Part, build, compose
from dashboard.chart.notes import Note
from dashboard.chart.plotly import CONFIG, figure
from dashboard.chart.png import png
from dashboard.chart.svg import chart, data_uri, spark
from dashboard.chart.ticks import value_ticks
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.markup import template, words
from dashboard.pages.parts.charts import WIDE, PageChart
from etl.catalog import Indicator, Text, load_catalog
from etl.frequency import RULES, Frequency, is_step, months_after
from etl.records import Vintage
from etl.settings import PROJECT

CATALOG = load_catalog(PROJECT / "indicators.yaml")
SVG = "{http://www.w3.org/2000/svg}"
#: One indicator of every frequency, unit of its own and kind of drawing.
KINDS = (
    "sp500",
    "micron_market_cap_usd_bn",
    "gold_monthly_usd_oz",
    "pue_global_average",
    "pue_google_fleet",
    "micron_shares_outstanding",
    "fed_target_upper_pct",
    "policy_documents_monthly",
)


def drawn(
    indicator: Indicator,
    rows: Sequence[Vintage],
    values: Sequence[float | None] | None = None,
    *,
    log: bool = False,
    lang: str = "zh",
    transform: Transform | None = None,
    events: Sequence[queries.Event] = (),
) -> Model:
    """The chart of rows with their own values, or with others in their place."""
    shown = [v.value for v in rows] if values is None else values
    return build(
        indicator,
        CATALOG.unit(indicator),
        list(zip(rows, shown, strict=True)),
        transform=transform or Transform(),
        events=events,
        lang=lang,
        log=log,
    )


def of_snapshot(newest: Snapshot, name: str, **options: object) -> Model:
    rows = queries.series(newest, name)
    events = queries.events(newest, name)
    return drawn(CATALOG[name], rows, events=events, **options)  # type: ignore[arg-type]


def dates(model: Model) -> list[list[date]]:
    return [[p.date for p in segment.points] for segment in model.segments]


def test_pue_of_different_bases_is_never_one_line(newest: Snapshot) -> None:
    segments = dates(of_snapshot(newest, "pue_global_average"))
    assert sorted(day for segment in segments for day in segment) == sorted(
        bundled("pue.csv", "pue_global_average")
    )
    weighted = date(2025, 1, 1)
    assert [weighted] in segments


def test_the_years_without_a_pue_survey_are_not_drawn_over(newest: Snapshot) -> None:
    segments = dates(of_snapshot(newest, "pue_global_average"))
    assert [[day.year for day in segment] for segment in segments] == [
        [2007],
        [2011],
        [2013],
        [2018, 2019, 2020, 2021, 2022, 2023, 2024],
        [2025],
    ]


def test_the_pue_of_google_is_four_dots(newest: Snapshot) -> None:
    model = of_snapshot(newest, "pue_google_fleet")
    assert [len(segment.points) for segment in model.segments] == [1, 1, 1, 1]


def test_month_end_values_of_a_daily_series_are_joined_by_sampled_lines(newest: Snapshot) -> None:
    held = sorted(bundled("market.csv", "sp500"))
    model = of_snapshot(newest, "sp500")
    assert model.sampled
    far = {(a, b) for a, b in pairwise(held) if (b - a).days > 10}
    pairs = {(a.date, b.date) for s in model.segments if s.sampled for a, b in pairwise(s.points)}
    assert far == pairs
    assert len(far) > 100


def test_every_value_is_drawn_once_and_none_is_added(newest: Snapshot) -> None:
    for name, file in (("sp500", "market.csv"), ("micron_close_usd", "market.csv")):
        assert {p.date: p.value for p in of_snapshot(newest, name).points} == bundled(file, name)


@pytest.mark.parametrize("name", ["fed_target_upper_pct", "pue_google_fleet"])
def test_a_series_of_events_is_drawn_in_steps(newest: Snapshot, name: str) -> None:
    model = of_snapshot(newest, name)
    assert model.series[0].kind == "step"
    lines = [trace for trace in figure(model)["data"] if "line" in trace]
    assert {trace["line"]["shape"] for trace in lines} == {"hv"}
    for path in ET.fromstring(chart(model)).iter(f"{SVG}path"):
        assert "L" not in path.attrib["d"]


def test_counts_are_drawn_as_bars_from_zero(newest: Snapshot) -> None:
    model = of_snapshot(newest, "policy_documents_monthly")
    assert (model.series[0].kind, model.axes[0].low) == ("bars", 0.0)
    assert [trace["type"] for trace in figure(model)["data"]] == ["bar"]


@st.composite
def _any_series(draw: st.DrawFn) -> tuple[Indicator, list[Vintage], list[float | None]]:
    """A series of any kind with gaps, a break in basis and empty values."""
    indicator = CATALOG[draw(st.sampled_from(KINDS))]
    gaps = st.sampled_from((1, 2, 3, 9, 10, 11, 31, 39, 40, 41, 45, 46, 200, 201, 400, 401, 800))
    steps = draw(st.lists(gaps, max_size=30))
    days = days_from(draw(st.dates(date(1995, 1, 1), date(2000, 1, 1))), steps)
    amount = st.floats(-1e5, 1e5).filter(lambda x: x == 0 or abs(x) > 1e-3)
    values = draw(st.lists(amount, min_size=len(days), max_size=len(days)))
    cut = draw(st.one_of(st.none(), st.sampled_from(days)))
    rows = vintages(dict(zip(days, values, strict=True)), "old", cut, "new")
    empty = draw(st.lists(st.booleans(), min_size=len(days), max_size=len(days)))
    shown = [
        None if e and k % 3 == 0 else v.value
        for k, (e, v) in enumerate(zip(empty, rows, strict=True))
    ]
    return indicator, rows, shown


@given(_any_series())
@examples(300)
def test_a_line_never_crosses_a_gap_or_another_basis(
    case: tuple[Indicator, list[Vintage], list[float | None]],
) -> None:
    indicator, rows, shown = case
    place = {v.date: k for k, v in enumerate(rows)}
    for segment in drawn(indicator, rows, shown).segments:
        for one, other in pairwise(segment.points):
            assert place[other.date] == place[one.date] + 1  # no empty value between
            assert rows[place[one.date]].basis == rows[place[other.date]].basis
            is_one = is_step(indicator.frequency, one.date, other.date)
            if segment.sampled:
                assert indicator.frequency == "daily"
                assert not is_one
                assert (other.date - one.date).days <= SAMPLED_DAYS
            else:
                assert is_one


@given(_any_series())
def test_every_shown_value_is_in_some_segment(
    case: tuple[Indicator, list[Vintage], list[float | None]],
) -> None:
    indicator, rows, shown = case
    expected = [v.date for v, x in zip(rows, shown, strict=True) if x is not None]
    assert sorted({day for segment in dates(drawn(indicator, rows, shown)) for day in segment}) == (
        expected
    )


@given(_any_series())
def test_the_ticks_reach_over_the_data(
    case: tuple[Indicator, list[Vintage], list[float | None]],
) -> None:
    indicator, rows, shown = case
    model = drawn(indicator, rows, shown)
    values = [p.value for p in model.points]
    if not values:
        assert model.empty
        return
    axis = model.axes[0]
    ticks = [tick.at for tick in axis.ticks]
    slack = 1e-9 * max(1.0, *(abs(v) for v in values))
    assert ticks == sorted(ticks)
    assert 2 <= len(ticks) <= 8
    assert ticks[0] <= min(values) + slack
    assert ticks[-1] >= max(values) - slack
    assert (axis.low, axis.high) == (ticks[0], ticks[-1])
    assert len({tick.label for tick in axis.ticks}) == len(ticks)
    assert all(model.first <= day <= model.last for day, _ in model.x_ticks)


def dated(frequency: Frequency, days: Sequence[date], **options: Any) -> Model:
    """The chart of an indicator of that frequency with values on these days."""
    indicator = CATALOG["gold_monthly_usd_oz"].model_copy(update={"frequency": frequency})
    return drawn(indicator, vintages({day: 1.0 + k for k, day in enumerate(days)}), **options)


def every(months: int, first: date, count: int) -> list[date]:
    return [months_after(first, k * months) for k in range(count)]


@pytest.mark.parametrize(
    ("frequency", "days", "zh", "en"),
    [
        ("annual", every(12, date(2023, 12, 31), 3), "2023 2024 2025", "2023 2024 2025"),
        ("annual", every(12, date(2023, 1, 1), 3), "2023 2024 2025", "2023 2024 2025"),
        ("annual", every(12, date(2010, 6, 30), 9), "2010 2012 2014 2016 2018",
         "2010 2012 2014 2016 2018"),
        ("quarterly", every(3, date(2025, 6, 30), 4), "二季度 三季度 四季度 2026 年",
         "Q2 Q3 Q4 2026Q1"),
        ("quarterly", every(3, date(2024, 3, 31), 9), "2024 年 三季度 2025 年 三季度 2026 年",
         "2024Q1 Q3 2025Q1 Q3 2026Q1"),
        ("quarterly", every(3, date(2020, 1, 1), 20), "2020 2021 2022 2023 2024",
         "2020 2021 2022 2023 2024"),
        ("monthly", every(1, date(2026, 1, 31), 3), "2026 年 2 月 3 月", "2026 Feb Mar"),
        ("monthly", [date(2026, 5, 1)], "5 月", "May"),
        ("daily", [date(2026, 5, 1), date(2026, 5, 3)], "5 月 1 日 5 月 2 日 5 月 3 日",
         "1 May 2 May 3 May"),
    ],
)  # fmt: skip
def test_an_axis_counts_what_its_values_stand_for(
    frequency: Frequency, days: list[date], zh: str, en: str
) -> None:
    for lang, expected in (("zh", zh), ("en", en)):
        model = dated(frequency, days, lang=lang)
        assert " ".join(label for _, label in model.x_ticks) == expected


@given(
    st.sampled_from(("monthly", "quarterly", "annual")),
    st.dates(date(1990, 1, 1), date(2030, 1, 1)),
    st.integers(1, 60),
    st.sampled_from(("zh", "en")),
)
def test_a_value_stands_over_the_tick_of_its_period(
    frequency: Frequency, start: date, count: int, lang: str
) -> None:
    months = RULES[frequency].months
    assert months is not None
    model = dated(frequency, every(months, start, count), lang=lang)
    places = {p.at for p in model.points}
    assert {day for day, _ in model.x_ticks} <= places
    assert 1 <= len(model.x_ticks) <= 8
    assert all(model.first < at <= model.last for at in places)
    root = ET.fromstring(chart(model, 2000))
    words = {(t.text, t.attrib["x"]) for t in root.iter(f"{SVG}text")}
    frame = Layout(model, 2000, 300).frame
    inside = [(day, label) for day, label in model.x_ticks if 40 < frame.x(day) < frame.right - 40]
    assert {(label, f"{frame.x(day):.1f}") for day, label in inside} <= words


def test_values_of_a_period_among_daily_ones_stand_amid_it(newest: Snapshot) -> None:
    both = [("pue_global_average", "annual"), ("us_10y_yield_pct", "daily")]
    parts = [
        Part(
            CATALOG[name].model_copy(update={"unit": "percent"}),
            CATALOG.units["percent"],
            [(v, v.value) for v in queries.series(newest, name)],
        )
        for name, _ in both
    ]
    model = compose(parts, transform=Transform(), lang="zh")
    years, days = model.series
    assert {(p.at.month, p.at.day) for p in years.points} <= {(7, 1), (7, 2)}
    assert all(p.at == p.date for p in days.points)
    traces = figure(model)["data"]
    assert {t.get("xperiod") for t in traces} == {"M12", None}
    words = [w for t in traces for w in t.get("customdata", ())]
    assert "1.54% · 2025 年" in words
    assert "4.50%" in words


@pytest.mark.parametrize(
    ("frequency", "period", "zh", "en"),
    [
        ("annual", "M12", "%Y 年", "%Y"),
        ("quarterly", "M3", "%Y 年第 %q 季度", "%YQ%q"),
        ("monthly", "M1", "%Y 年 %-m 月", "%B %Y"),
    ],
)
def test_the_live_chart_shows_and_names_whole_periods(
    frequency: Frequency, period: str, zh: str, en: str
) -> None:
    for lang, expected in (("zh", zh), ("en", en)):
        model = dated(frequency, [date(2024, 12, 31), date(2025, 12, 31)], lang=lang)
        document = figure(model)
        for trace in document["data"]:
            assert (trace["xperiod"], trace["xperiodalignment"]) == (period, "middle")
            assert trace["xhoverformat"] == expected
        low, high = document["layout"]["xaxis"]["range"]
        ends = [datetime.fromisoformat(end).date() for end in (low, high)]
        assert ends[0] <= model.first
        assert model.last <= ends[1]


def test_a_log_axis_has_ticks_within_the_data(newest: Snapshot) -> None:
    model = of_snapshot(newest, "micron_market_cap_usd_bn", log=True)
    values = [p.value for p in model.points]
    axis = model.axes[0]
    assert (axis.low, axis.high) == (min(values), max(values))
    assert len(axis.ticks) >= 2
    assert all(axis.low <= tick.at <= axis.high for tick in axis.ticks)


def test_the_newest_value_is_labelled_in_words(newest: Snapshot) -> None:
    rows = [
        v for v in queries.series(newest, "micron_market_cap_usd_bn") if v.date <= date(2026, 5, 26)
    ]
    model = drawn(CATALOG["micron_market_cap_usd_bn"], rows)
    assert model.series[0].marks[0].point.date == date(2026, 5, 26)
    newest_mark = model.series[0].marks[0]
    assert (newest_mark.label, newest_mark.number) == ("1.01 万亿美元", "1.01")
    assert ">1.01 万亿美元<" in chart(model)
    assert ">1.01<" in chart(model, 360, 300)  # the unit stands above the axis
    assert any("<b>1.01</b>" in a["text"] for a in figure(model)["layout"]["annotations"])


def test_a_round_number_crossed_in_the_window_is_a_level(newest: Snapshot) -> None:
    model = of_snapshot(newest, "micron_market_cap_usd_bn")
    assert [level.label for level in model.levels] == ["1 万亿美元"]
    assert model.levels[0].at == pytest.approx(1.0)  # on an axis that counts 万亿


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_picture_is_well_formed_and_says_what_it_shows(
    newest: Snapshot, name: str, lang: str
) -> None:
    model = of_snapshot(newest, name, lang=lang)
    root = ET.fromstring(chart(model))
    assert root.tag == f"{SVG}svg"
    assert root.findtext(f"{SVG}title") == model.description
    assert CATALOG[name].title.in_(lang) in model.description
    assert model.series[0].marks[0].label in model.description
    words = [element.text for element in root.iter(f"{SVG}text")]
    assert len({tick.label for tick in model.axes[0].ticks} & set(words)) >= 2


def test_the_picture_escapes_what_it_is_given() -> None:
    title = Text(zh='<script>alert("1")</script> & "more"', en="x")
    indicator = CATALOG["sp500"].model_copy(update={"title": title})
    svg = chart(drawn(indicator, vintages({date(2026, 5, 26): 1.0, date(2026, 5, 27): 2.0})))
    root = ET.fromstring(svg)
    assert not list(root.iter(f"{SVG}script"))
    assert "<script" not in svg
    assert title.zh in (root.findtext(f"{SVG}title") or "")


def test_a_chart_without_values_is_empty_and_still_drawn() -> None:
    model = drawn(CATALOG["sp500"], vintages({date(2026, 5, 26): 1.0}), [None])
    assert model.empty
    ET.fromstring(chart(model))
    json.dumps(figure(model))


def test_a_sparkline_is_well_formed_and_in_steps_where_values_hold() -> None:
    values = [(date(2026, 5, 1) + timedelta(days=k), v) for k, v in enumerate((4.0, 4.0, 3.75))]
    for step in (False, True):
        root = ET.fromstring(spark(values, step=step))
        assert ("H" in root.find(f"{SVG}path").attrib["d"]) is step  # type: ignore[union-attr]


def test_a_picture_in_an_address_is_the_picture(newest: Snapshot) -> None:
    model = of_snapshot(newest, "pue_global_average")
    for svg in (chart(model), "<svg><title>100 % \"a\" #1 & 'b'\n{}^`|\\</title></svg>"):
        address = data_uri(svg)
        assert unquote(address.removeprefix("data:image/svg+xml,")) == svg
        assert not set(address) & set(' "<>#\n\t`{}|^\\')  # as `srcset` takes it


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("log", [False, True])
def test_the_figure_is_plain_json_with_the_values_of_the_model(
    newest: Snapshot, name: str, log: bool
) -> None:
    if log and name == "policy_documents_monthly":
        log = False  # it holds zeros
    model = of_snapshot(newest, name, log=log)
    document = json.loads(json.dumps(figure(model), allow_nan=False))
    shown = {
        (day, value)
        for trace in document["data"]
        for day, value in zip(trace["x"], trace["y"], strict=True)
    }
    assert shown == {(p.date.isoformat(), p.value) for p in model.points}


def test_a_gap_between_segments_is_a_gap_in_the_figure(newest: Snapshot) -> None:
    model = of_snapshot(newest, "pue_global_average")
    lines = [trace for trace in figure(model)["data"] if "lines" in trace["mode"]]
    assert [len(trace["x"]) for trace in lines] == [7]


def written(model: Model) -> list[str]:
    """What stands in the right margin of the live chart: its kind."""
    return [a["name"] for a in figure(model)["layout"]["annotations"] if "name" in a]


def test_what_is_marked_of_a_day_is_told_under_the_pointer_on_that_day_alone(
    newest: Snapshot,
) -> None:
    model = of_snapshot(newest, "micron_close_usd")
    marks = model.series[0].marks
    assert [mark.kind for mark in marks] == ["newest", "milestone", "record", "record"]
    assert written(model) == ["milestone", "newest"]  # from the top down
    told = {
        day: said.partition("<br>")[2]
        for trace in figure(model)["data"]
        for day, said in zip(trace["x"], trace.get("customdata", ()), strict=False)
        if "<br>" in said
    }
    assert told == {mark.point.date.isoformat(): mark.label for mark in marks[1:]}
    dots = [trace for trace in figure(model)["data"] if trace["mode"] == "markers"]
    assert all(trace["hoverinfo"] == "skip" for trace in dots if "customdata" not in trace)


def test_words_that_are_longer_than_the_margin_are_left_out() -> None:
    unit = CATALOG.unit(CATALOG["sp500"])
    long = unit.model_copy(update={"label": Text(zh="很长的单位" * 20, en="a long unit " * 20)})
    rows = vintages({date(2026, 1, 1) + timedelta(days=k): 100.0 + k for k in range(9)})
    for lang in ("zh", "en"):
        part = Part(CATALOG["sp500"], long, [(v, v.value) for v in rows])
        model = compose([part], transform=Transform(), lang=lang)
        (newest_value,) = (label for label in Layout(model, 640, 300).labels if label.kind == "v")
        assert newest_value.words == model.series[0].marks[0].number == "108.00"


def test_a_live_chart_shows_breaks_targets_and_the_days_of_bulletins(newest: Snapshot) -> None:
    model = replace(
        of_snapshot(newest, "pue_global_average"),
        notes=(Note(date(2024, 5, 27), "bulletin", "动态"),),
    )
    document = figure(model)
    shapes = document["layout"]["shapes"]
    assert [shape["x0"] for shape in shapes if shape.get("yref") == "paper"] == ["2025-01-01"]
    assert [shape["y0"] for shape in shapes if shape.get("xref") == "paper"] == [1.5]
    assert "口径变动" in [a["text"] for a in document["layout"]["annotations"]]
    (ticks,) = [trace for trace in document["data"] if trace.get("name") == "notes"]
    assert dict(zip(ticks["x"], ticks["text"], strict=True))["2024-05-27"] == "动态"
    assert set(ticks["y"]) == {model.axes[0].low}


def block(model: Model, name: str) -> str:
    """The chart as it stands on a page."""
    macros = template("parts/charts.html").make_module(words("zh"))
    return str(macros.chart(PageChart(name, model, "zh", "auto", WIDE)))


def test_behind_every_chart_stands_a_table_of_its_values(newest: Snapshot) -> None:
    pue = block(of_snapshot(newest, "pue_global_average"), "pue")
    assert '<tr><th scope="row">2025 年</th><td>1.54</td></tr>' in pue
    assert pue.count("<td>") == 11
    assert "见 CSV" not in pue
    index = block(of_snapshot(newest, "sp500"), "sp500")
    days = len(queries.series(newest, "sp500"))
    assert f"最近 100 个日期；全部 {days} 个见 CSV" in index
    assert index.count("<td>") == 100


@pytest.mark.parametrize(("log", "at"), [(False, 1.0), (True, 0.0)])
def test_the_words_of_a_level_stand_on_its_line_on_either_scale(
    newest: Snapshot, log: bool, at: float
) -> None:
    """Plotly places a shape by its value and an annotation by its place on the axis."""
    layout = figure(of_snapshot(newest, "micron_market_cap_usd_bn", log=log))["layout"]
    (line,) = layout["shapes"]
    (words,) = [a for a in layout["annotations"] if a.get("name") == "milestone"]
    assert (line["y0"], words["y"]) == (pytest.approx(1.0), pytest.approx(at))


def test_of_several_lines_the_page_and_not_the_picture_says_which_is_which(
    newest: Snapshot,
) -> None:
    parts = [
        Part(CATALOG[name], CATALOG.unit(CATALOG[name]),
             [(v, v.value) for v in queries.series(newest, name)])
        for name in ("sp500", "brent_spot_usd_bbl")
    ]  # fmt: skip
    model = compose(parts, transform=Transform(), lang="zh")
    assert written(model) == []
    assert "标普 500" in chart(model)
    both = block(model, "both")
    assert both.count("标普 500 <b>") == both.count("布伦特现货 <b>") == 1
    assert "标普 500" not in unquote(re.findall(r'src="([^"]*)"', both)[0]).partition("<g")[2]


def test_no_graph_may_send_its_data_away() -> None:
    assert CONFIG["showSendToCloud"] is False
    assert CONFIG["plotlyServerURL"] == ""
    assert CONFIG["displayModeBar"] is False


def test_small_digits_that_the_font_lacks_are_drawn_in_a_picture() -> None:
    letters = font()
    assert letters is not None

    def drawn_as(words: str) -> bytes:
        text = f'<text x="5" y="30" font-family="Noto Sans SC">{words}</text>'
        return png(f'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="40">{text}</svg>',
                   letters)  # fmt: skip

    words = ["10²⁶", "10²⁷", "10⁻⁸", "CO₂", "CO₃", "10⁶&amp;a"]
    assert len({drawn_as(one) for one in words}) == len(words)


def test_a_log_axis_over_large_numbers_is_told_without_an_exponent_of_computers() -> None:
    _, _, ticks = value_ticks([9e5, 5e26], zero=False, log=True)
    labels = [label for _, label in ticks]
    assert "1,000,000" in labels
    assert "5×10²⁶" in labels
    assert not any("e" in label for label in labels)


def test_each_of_several_breaks_is_named_at_its_own_day() -> None:
    breaks = tuple(
        CATALOG["pue_global_average"].breaks[0].model_copy(update={"date": date(year, 1, 1)})
        for year in (2018, 2024)
    )
    indicator = CATALOG["pue_global_average"].model_copy(update={"breaks": breaks})
    rows = vintages({date(year, 7, 1): 1.5 for year in range(2010, 2027)})
    document = figure(drawn(indicator, rows), (960, 400))
    named = [a for a in document["layout"]["annotations"] if a["text"] == "口径变动"]
    assert [(a["x"], abs(a["xshift"]) < 2) for a in named] == [
        ("2018-01-01", True), ("2024-01-01", True),
    ]  # fmt: skip
