"""Words on charts: none lies on a line, on other words or beyond the paper, in any chart."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, pairwise, product
from pathlib import Path
from typing import Any

import pytest
from browsing import WAIT_MS
from conftest import PROJECT, Swept
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page
from serving import vintages

from dashboard.address import RANGES, AddressError, Transform, parse
from dashboard.chart.layout import Layout, apart
from dashboard.chart.lettering import Box
from dashboard.chart.model import Model, build
from dashboard.chart.picture import Paper
from dashboard.chart.plotly import CONFIG, figure
from dashboard.chart.svg import chart
from dashboard.chart_page.pictures import SIZES, svg_of
from dashboard.chart_page.view import View, view
from dashboard.data.snapshot import Snapshot
from dashboard.urls import Urls
from etl.catalog import load_catalog
from etl.events import events_of

CATALOG = load_catalog(PROJECT / "indicators.yaml")
URLS = Urls("https://example.org")
NOW = datetime(2026, 11, 29, tzinfo=UTC)
#: Width and height of every paper that charts of pages are drawn on, and of lower ones.
PAPERS = ((720, 340), (360, 300), (358, 240), (480, 225), (960, 400), (320, 150))
#: One theme a language: colours do not move words, the letters of a language do.
LOOKS = {"zh": "light", "en": "dark"}
QUERIES: Sequence[Mapping[str, str]] = (
    {},
    {"u": "yoy"},
    {"u": "drawdown"},
    {"with": "brent_spot_usd_bbl"},
    {"with": "sp500,nasdaq_composite,vix", "u": "index"},
)
PLOTLY = Path(__file__).parents[1] / "dashboard/vendor/plotly-basic-4.1.1.min.js"
#: Of every picture on the page: words that lie on words or on a line, or leave the paper.
AMISS = """() => { const spots = line => {
  // What getPointAtLength would tell, which walks the line anew for every point of thousands.
  const drawn = line.getAttribute('d'), m = line.getScreenCTM(), found = [];
  if (!drawn || /[^MLHVZ0-9.,\\seE-]/.test(drawn)) {
    for (let at = 0, all = line.getTotalLength(); at <= all; at += 2) {
      found.push(line.getPointAtLength(at).matrixTransform(m));
    }
    return found;
  }
  let x = 0, y = 0, first = [0, 0], left = 0;
  for (const [, how, told] of drawn.matchAll(/([MLHVZ])([^MLHVZ]*)/g)) {
    const at = (told.match(/-?[\\d.]+(e-?\\d+)?/gi) || []).map(Number);
    const ends = how === 'H' ? [[at[0], y]] : how === 'V' ? [[x, at[0]]] : how === 'Z' ? [first] :
      at.flatMap((n, i) => i % 2 ? [] : [[n, at[i + 1]]]);
    ends.forEach(([toX, toY], i) => {
      if (how === 'M' && !i) { [x, y] = first = [toX, toY]; }
      const long = Math.hypot(toX - x, toY - y);
      for (; left <= long; left += 2) {
        const a = x + (toX - x) * left / (long || 1), b = y + (toY - y) * left / (long || 1);
        found.push({x: m.a * a + m.c * b + m.e, y: m.b * a + m.d * b + m.f});
      }
      left -= long;
      [x, y] = [toX, toY];
    });
  }
  return found;
};
return [...document.querySelectorAll('.one')].flatMap(holder => {
  const paper = holder.querySelector('svg').getBoundingClientRect(), amiss = [];
  const texts = [...holder.querySelectorAll('svg text')].filter(t => t.textContent.trim())
    .map(t => [t.textContent, t.getBoundingClientRect()]).filter(([, b]) => b.width);
  const meet = (a, b) => a.left < b.right - .4 && b.left < a.right - .4 &&
    a.top < b.bottom - .4 && b.top < a.bottom - .4;
  texts.forEach(([words, a], i) => {
    if (a.left < paper.left - .6 || a.right > paper.right + .6 || a.top < paper.top - .6 ||
      a.bottom > paper.bottom + .6) { amiss.push('off: ' + words); }
    texts.slice(i + 1).forEach(([other, b]) => {
      if (meet(a, b)) { amiss.push('words: ' + words + ' | ' + other); }
    });
  });
  const lines = '.l,.m,.t,.g,.z,.k,.e,.js-line,.shapelayer path';
  for (const line of holder.querySelectorAll(lines)) {
    const points = spots(line);
    texts.filter(([, b]) => points.some(p => p.x > b.left && p.x < b.right && p.y > b.top &&
      p.y < b.bottom)).forEach(([words]) => amiss.push('line: ' + words));
  }
  for (const spot of holder.querySelectorAll('circle, rect.d, .barlayer path, .points path')) {
    const b = spot.getBoundingClientRect();
    texts.filter(([, a]) => meet(a, b)).forEach(([words]) => amiss.push('dot: ' + words));
  }
  return amiss.map(what => holder.id + ' ' + what);
}); }"""


def views(
    names: Sequence[str],
    newest: Snapshot,
    queries: Sequence[Mapping[str, str]],
    *,
    langs: Collection[str] = tuple(LOOKS),
    spans: Sequence[str] = ("", *RANGES),
) -> Iterator[View]:
    """The languages of one view follow each other: they share its table."""
    for name, span, query, lang in product(names, spans, queries, langs):
        try:
            address = parse(name, {"t": span, "lang": lang, **query}, newest.catalog, NOW)
            yield view(newest, address)
        except AddressError:
            continue  # an indicator beside itself, a third axis


def named(seen: View) -> str:
    return f"{seen.address.place}?{seen.address.query()}"


def amiss(page: Page, pictures: Sequence[tuple[str, str]]) -> list[str]:
    found: list[str] = []
    for first in range(0, len(pictures), 60):
        page.set_content("".join(
            f'<div class="one" id="{name}" style="width:{wide}px">{svg}</div>'
            for name, svg in pictures[first : first + 60]
            for wide in [svg.partition('viewBox="0 0 ')[2].split()[0]]
        ))  # fmt: skip
        found += page.evaluate(AMISS)
    return found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of the browser without a site."""
    opened = browser.new_page(viewport={"width": 1300, "height": 900}, locale="zh-CN")
    opened.set_default_timeout(WAIT_MS)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def names(swept: Swept, newest: Snapshot) -> Sequence[str]:
    """The indicators whose charts are looked at."""
    return swept(list(newest.catalog.indicators), 12)


def test_words_lie_on_no_line_and_on_no_words_in_any_chart(
    page: Page, newest: Snapshot, names: Sequence[str]
) -> None:
    drawn = [
        (f"{named(seen)} {wide}x{high}", chart(seen.model, wide, high, LOOKS[seen.lang]))
        for seen in views(names, newest, QUERIES)
        for wide, high in (PAPERS if not seen.address.more else PAPERS[:3])
    ]
    assert len(drawn) > 35 * len(names)
    assert amiss(page, drawn) == []


def test_words_lie_on_no_line_and_on_no_words_in_any_picture(
    page: Page, newest: Snapshot, names: Sequence[str]
) -> None:
    drawn = [
        (f"{named(seen)} {size}", svg_of(seen, Paper(*SIZES[size]), URLS))
        for seen in views(names, newest, QUERIES[:1])
        for size in SIZES
    ]
    assert amiss(page, drawn) == []


def test_words_lie_on_no_line_and_on_no_words_in_a_live_chart(
    page: Page, newest: Snapshot, names: Sequence[str]
) -> None:
    page.set_content("<div class=all></div>")
    page.add_script_tag(path=PLOTLY)
    seen = views(names, newest, ({}, QUERIES[3]), langs=["zh"], spans=["", "max"])
    drawn = [(named(s), figure(s.model)) for s in seen if not s.model.empty]
    assert len(drawn) > 1.7 * len(names)
    found: list[str] = []
    for first in range(0, len(drawn), 40):
        batch = json.dumps(drawn[first : first + 40])
        for paper in ((358, 320), (960, 400)):
            page.evaluate(PLOT, [batch, {**CONFIG, "responsive": False}, paper])
            found += page.evaluate(AMISS)
    assert found == []


#: Draws live charts in the place of those before.
PLOT = """([figures, config, [wide, high]]) => {
  document.querySelector('.all').replaceChildren();
  for (const [name, figure] of JSON.parse(figures)) {
    const holder = document.createElement('div');
    holder.className = 'one'; holder.id = name;
    holder.style.width = wide + 'px'; holder.style.height = high + 'px';
    document.querySelector('.all').append(holder);
    Plotly.newPlot(holder, figure.data, figure.layout, config);
  }
}"""


def jagged(seed: int, count: int, size: float) -> Model:
    """A chart of a daily series that wanders."""
    chance = random.Random(seed)
    values, value = {}, 100.0
    for k in range(count):
        value = max(1.0, value + chance.gauss(0, size))
        values[date(2024, 1, 1) + timedelta(days=k)] = round(value, 2)
    indicator = CATALOG["brent_spot_usd_bbl"]
    rows = vintages(values)
    events = list(events_of(indicator, rows))
    return build(indicator, CATALOG.unit(indicator), [(v, v.value) for v in rows],
                 transform=Transform(), events=events, lang="zh")  # fmt: skip


def shrunk(box: Box) -> Box:
    """A box without what rounding to tenths adds to it."""
    return Box(box.left + 0.06, box.top + 0.06, box.right - 0.06, box.bottom - 0.06)


def crosses(box: Box, start: tuple[float, float], end: tuple[float, float]) -> bool:
    """Whether a straight line touches a box: clipped at its four sides, something is left."""
    (x0, y0), (x1, y1) = start, end
    low, high = 0.0, 1.0
    for step, least, most in ((x1 - x0, box.left - x0, box.right - x0),
                              (y1 - y0, box.top - y0, box.bottom - y0)):  # fmt: skip
        if step == 0:
            if least > 0 or most < 0:
                return False
            continue
        near, far = sorted((least / step, most / step))
        low, high = max(low, near), min(high, far)
    return low <= high


@given(
    seed=st.integers(0, 10_000),
    count=st.integers(2, 700),
    size=st.floats(0.1, 9),
    paper=st.sampled_from(PAPERS),
)
def test_a_wandering_line_is_left_free(
    seed: int, count: int, size: float, paper: tuple[int, int]
) -> None:
    layout = Layout(jagged(seed, count, size), *paper)
    boxes = [shrunk(label.box) for label in layout.labels]
    assert not any(a.meets(b) for a, b in combinations(boxes, 2))
    assert all(b.left >= 0 and b.right <= paper[0] and b.top >= 0 and b.bottom <= paper[1]
               for b in boxes)  # fmt: skip
    for series in layout.model.series:
        for segment in series.segments:
            for start, end in pairwise(layout.frame.places(series, segment)):
                assert not any(crosses(box, start, end) for box in boxes)
    for leader in layout.leaders:  # it ends before the words, not on their edge
        assert not any(crosses(label.box, leader.start, leader.end) for label in layout.labels)


@given(
    wanted=st.lists(st.floats(0, 300), min_size=1, max_size=6).map(sorted),
    tall=st.sampled_from((18.0, 36.0)),
)
def test_what_would_meet_in_the_margin_is_pushed_apart_and_stays_on_the_paper(
    wanted: list[float], tall: float
) -> None:
    heights = [tall] * len(wanted)
    found = apart(wanted, heights, 0, 300)
    assert all(b - a >= tall - 1e-6 for a, b in pairwise(found))
    assert min(found) >= -1e-6
    assert max(found) <= 300 + 1e-6
    if all(b - a >= tall for a, b in pairwise(wanted)):
        assert found == pytest.approx(wanted)  # nothing meets: nothing moves


def test_a_small_paper_bears_one_mark_and_what_finds_no_place_stands_below(
    newest: Snapshot,
) -> None:
    address = parse("micron_close_usd", {"t": "max"}, newest.catalog, NOW)
    model = view(newest, address).model
    small = Layout(model, 360, 300)
    assert [mark.kind for mark in small.marks] == ["newest", "milestone"]
    wide = Layout(model, 720, 340)
    words = " ".join(label.words for label in wide.labels)
    for mark in model.series[0].marks:
        assert mark.label in words


def test_a_log_axis_of_less_than_a_power_of_ten_has_ticks(newest: Snapshot) -> None:
    address = parse("sp500", {"t": "10y", "scale": "log"}, newest.catalog, NOW)
    axis: Any = view(newest, address).model.axes[0]
    assert len(axis.ticks) >= 2
    assert all(tick.at % 1000 == 0 for tick in axis.ticks)
