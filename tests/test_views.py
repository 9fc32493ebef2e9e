"""One view of an address: picture, words and data file say the same numbers."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime

import pytest
from serving import TestClient, rows_of

from dashboard import formatting
from dashboard.address import AddressError, parse
from dashboard.chart.svg import chart
from dashboard.chart_page.view import View, view
from dashboard.data.snapshot import Snapshot
from dashboard.formatting import spoken
from etl.catalog import load_catalog
from etl.settings import PROJECT

CATALOG = load_catalog(PROJECT / "indicators.yaml")
#: What has a file beside its picture.
NAMES = [one.id for one in CATALOG.all() if one.credit.reuse != "view"]
TRANSFORMS = ("level", "diff", "pct", "mom", "yoy", "index", "ma:3", "drawdown", "z:3")
NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)


def seen(newest: Snapshot, place: str, **query: str) -> View:
    return view(newest, parse(place, {k.rstrip("_"): v for k, v in query.items()}, CATALOG, NOW))


@pytest.mark.parametrize("u", TRANSFORMS)
@pytest.mark.parametrize("name", NAMES)
def test_picture_words_and_csv_say_the_same(
    newest: Snapshot, site: TestClient, name: str, u: str
) -> None:
    shown = seen(newest, name, u=u)
    rows = [row for row in rows_of(site.get(f"/c/{name}.csv?u={u}")) if row["value"]]
    (series,) = shown.model.series
    assert [(p.date.isoformat(), p.value) for p in series.points] == [
        (row["date"], pytest.approx(float(row["value"]) * series.factor)) for row in rows
    ]
    if not rows:
        assert shown.words.findings == ()
        return
    indicator, unit = CATALOG[name], CATALOG.unit(CATALOG[name])
    figure = formatting.transformed_figure(
        float(rows[-1]["value"]), shown.address.transform, indicator, unit, "zh"
    )
    label = spoken(figure, unit)
    assert series.marks[0].label == label
    assert label in shown.words.sentences[0]
    assert label in shown.words.alternative
    assert label in "".join(ET.fromstring(chart(shown.model)).itertext())


def test_the_headline_says_the_finding(newest: Snapshot) -> None:
    shown = seen(newest, "micron_market_cap_usd_bn@2026-05-27")
    assert shown.words.headline == ("美光市值首次突破 1 万亿美元、创历史新高")
    assert shown.words.subtitle == (
        "美光科技市值，万亿美元，2025 年 5 月 30 日至 2026 年 5 月 26 日"
    )


def test_the_paragraph_has_newest_range_trend_and_records(newest: Snapshot) -> None:
    told = seen(newest, "micron_market_cap_usd_bn@2026-05-27").words.paragraph("zh")
    for words in (
        "2026 年 5 月 26 日，美光科技市值为 1.01 万亿美元，较上一交易日涨 19.29%。",
        "图中 70 个值，最高 1.01 万亿美元（2026 年 5 月 26 日），",
        "自 2025 年 5 月 30 日的 1,056 亿美元以来，累计涨 857.05%。",
        "首次突破 1 万亿美元",
        "。历史新高。",
        "以上数据截至 2026 年 5 月 27 日 23:59（北京时间）",
    ):
        assert words in told


def test_the_english_words_hold_no_chinese(newest: Snapshot) -> None:
    for name in CATALOG.indicators:
        said = seen(newest, name, lang="en").words
        for words in (said.headline, said.subtitle, said.paragraph("en"), said.alternative):
            assert not any("\u4e00" <= c <= "\u9fff" for c in words), words


def test_a_frozen_view_says_only_what_was_known(newest: Snapshot) -> None:
    shown = seen(newest, "micron_market_cap_usd_bn@2026-05-26")
    assert max(p.date for p in shown.model.points) < date(2026, 5, 26)


def test_two_units_get_two_axes_and_one_unit_one(newest: Snapshot) -> None:
    two = seen(newest, "sp500", with_="us_10y_yield_pct,nasdaq_composite").model
    assert [s.axis for s in two.series] == [0, 1, 0]
    assert [axis.unit for axis in two.axes] == ["点", "%"]
    assert len(seen(newest, "sp500", with_="nasdaq_composite").model.axes) == 1
    assert len(seen(newest, "sp500", with_="us_10y_yield_pct", u="index").model.axes) == 1


def test_a_third_unit_is_refused_and_not_drawn(newest: Snapshot) -> None:
    with pytest.raises(AddressError) as refused:
        seen(newest, "sp500", with_="us_10y_yield_pct,micron_market_cap_usd_bn")
    assert (refused.value.parameter, refused.value.status) == ("with", 400)
    assert "3 units" in str(refused.value)


def test_the_lines_of_several_are_named_where_they_end(newest: Snapshot) -> None:
    shown = seen(newest, "sp500", with_="nasdaq_composite,us_10y_yield_pct")
    texts = [t.text or "" for t in ET.fromstring(chart(shown.model)).iter() if t.tag[-4:] == "text"]
    for series in shown.model.series:
        assert f"{series.name} {series.marks[0].label}" in texts


@pytest.mark.parametrize("width", [340, 640, 960])
@pytest.mark.parametrize("name", CATALOG.indicators)
def test_no_words_lie_outside_the_paper(newest: Snapshot, name: str, width: int) -> None:
    root = ET.fromstring(chart(seen(newest, name, t="max").model, width, 300))
    for element in root.iter("{http://www.w3.org/2000/svg}text"):
        assert -1 <= float(element.attrib["x"]) <= width
        assert 10 <= float(element.attrib["y"]) <= 300


def test_the_target_of_pue_is_a_line_from_the_day_it_was_announced(newest: Snapshot) -> None:
    (level,) = seen(newest, "pue_global_average").model.levels
    assert (level.at, level.kind) == (1.5, "target")
    assert "全国平均低于 1.5" in level.label
    assert seen(newest, "pue_global_average@2024-07-22").model.levels == ()


def test_the_targets_are_those_of_the_bundled_reference() -> None:
    lines = (PROJECT / "data" / "figures" / "pue_reference.csv").read_text(encoding="utf-8")
    targets = [line for line in lines.splitlines() if line.startswith("China policy target")]
    for name, value in (("pue_global_average", "<1.5"), ("pue_google_fleet", "<=1.25")):
        (target,) = CATALOG[name].targets
        assert [row for row in targets if f",{value}" in row and str(target.announced) in row]
        assert target.value == float(value.strip("<="))


def test_a_break_in_definition_is_marked(newest: Snapshot) -> None:
    shown = seen(newest, "pue_global_average")
    assert [day for day, _ in shown.model.breaks] == [date(2025, 1, 1)]
    assert "口径变动：2025 年 1 月 1 日" in shown.words.paragraph("zh")


def test_the_day_of_a_bulletin_is_marked_once_it_has_come(newest: Snapshot) -> None:
    def days(place: str) -> list[date]:
        return [n.day for n in seen(newest, place).model.notes if n.kind == "bulletin"]

    assert days("micron_market_cap_usd_bn") == [date(2026, 5, 27)]
    assert days("micron_market_cap_usd_bn@2026-05-26") == []


def test_a_long_history_is_drawn_with_no_more_points_than_the_paper_shows(
    newest: Snapshot,
) -> None:
    shown = seen(newest, "us_10y_yield_pct", t="max")
    assert len(chart(shown.model)) < 40_000
