"""Event notes: what happened stands below the axis of dates, told in words, as known then."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from conftest import CATALOG

from dashboard.address import parse
from dashboard.chart.layout import Layout
from dashboard.chart.notes import NOTE_KINDS, SHAPES, Note, apart
from dashboard.chart.plotly import figure
from dashboard.chart.svg import chart
from dashboard.chart_page.view import View, view
from dashboard.data.notes import HappenedFilter, happened, related
from dashboard.data.snapshot import Snapshots
from dashboard.pages import resolve
from etl.catalog import load_catalog
from etl.settings import Settings
from etl.storage.snapshots import Folder

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def seen(settings: Settings, place: str, **query: str) -> View:
    snapshot = Snapshots(Folder(settings.published)).current()
    return view(snapshot, parse(place, query, snapshot.catalog, NOW))


def kinds(shown: View) -> set[str]:
    return {note.kind for note in shown.model.notes}


def test_a_chart_notes_filings_crossings_records_bulletins_and_authored_events(
    published: Settings,
) -> None:
    shown = seen(published, "micron_market_cap_usd_bn", t="2025-09-01..2026-05-27")
    assert kinds(shown) >= {"authored", "filing", "bulletin", "milestone_up", "record_high"}
    assert any("首次突破 1 万亿美元" in note.words for note in shown.model.notes)


def test_rate_decisions_are_told_of_the_indicators_that_name_them(published: Settings) -> None:
    shown = seen(published, "us_10y_yield_pct", t="2025-01-01..")
    (last,) = [note for note in shown.model.notes if note.day == date(2025, 12, 11)]
    assert last.kind == "rate"
    assert re.search(r"由 4(\.00)?% 降至 3\.75%", last.words)


def test_what_a_document_counts_for_is_noted_on_its_day(published: Settings) -> None:
    shown = seen(published, "policy_documents_monthly")
    assert "document" in kinds(shown)
    assert all(note.words.startswith("《") for note in shown.model.notes if note.kind == "document")


def test_a_frozen_chart_shows_no_note_that_was_not_known_by_then(published: Settings) -> None:
    now = seen(published, "policy_documents_monthly", t="max")
    then = seen(published, "policy_documents_monthly@2026-05-10", t="max")
    assert max(note.day for note in now.model.notes) > date(2026, 5, 10)
    assert max(note.day for note in then.model.notes) <= date(2026, 5, 10)


@pytest.mark.parametrize(("moment", "is_known"), [("2025-06-25T2300", False), ("2025-06-26", True)])
def test_an_authored_event_is_known_from_its_moment_on(
    published: Settings, moment: str, is_known: bool
) -> None:
    snapshot = Snapshots(Folder(published.published)).current()
    as_of = parse(f"micron_close_usd@{moment}", {}, snapshot.catalog, NOW).as_of
    found = happened(snapshot, HappenedFilter("micron_close_usd", ("authored",), as_of=as_of))
    assert (date(2025, 6, 25) in [one.day for one in found]) is is_known


def test_no_two_ticks_lie_on_each_other_and_each_kind_has_a_shape_of_its_own() -> None:
    notes = [Note(date(2026, 5, day), kind, "") for day in (1, 2, 9) for kind in NOTE_KINDS]
    places = sorted(x for x, _ in apart(notes, lambda day: 3.0 * day.day))
    assert all(b - a >= 8 for a, b in pairwise(places))
    assert len(places) == 2
    assert len({shape.path for shape in SHAPES.values()}) == len(SHAPES)
    assert len({shape.sign for shape in SHAPES.values()}) == len(SHAPES)


def test_ticks_stand_between_the_ground_line_and_the_dates(published: Settings) -> None:
    model = seen(published, "micron_market_cap_usd_bn").model
    drawn, frame = chart(model, 640, 300), Layout(model, 640, 300).frame
    ticks = re.findall(r'<path class="(?:mt|tt|u)" d="M([\d.]+) ([\d.]+)', drawn)
    assert ticks
    assert {float(y) for _, y in ticks} == {frame.bottom + 1}


def test_the_pointer_names_the_notes_of_that_day_only(published: Settings) -> None:
    model = seen(published, "micron_market_cap_usd_bn").model
    (trace,) = [one for one in figure(model)["data"] if one.get("name") == "notes"]
    told = {note.day.isoformat() for note in model.notes}
    for day, words, info in zip(trace["x"], trace["text"], trace["hoverinfo"], strict=True):
        assert (bool(words), info) == ((True, "text") if day in told else (False, "none"))
    beside = date(2026, 5, 25).isoformat()  # the day before the crossing stands there, and is mute
    assert beside in trace["x"]


def test_the_words_for_those_who_do_not_see_name_the_newest_notes(published: Settings) -> None:
    shown = seen(published, "micron_market_cap_usd_bn", lang="en")
    assert f"{len(shown.model.notes)} events are marked below the chart" in shown.model.description
    assert shown.model.notes[0].words in shown.model.description


def test_what_is_derived_is_told_of_what_it_is_derived_from() -> None:
    catalog = load_catalog(CATALOG)
    assert set(related(catalog, "micron_market_cap_usd_bn")) == {
        "micron_market_cap_usd_bn", "micron_close_usd", "micron_shares_outstanding",
    }  # fmt: skip


def test_everything_that_happened_is_listed_newest_first(published: Settings) -> None:
    found = happened(Snapshots(Folder(published.published)).current(), HappenedFilter())
    days = [one.day for one in found]
    assert days == sorted(days, reverse=True)
    assert {"rate", "filing", "document", "bulletin", "authored", "milestone_down"} <= {
        one.kind for one in found
    }


def test_the_list_of_events_is_filtered_and_each_leads_to_its_day_on_the_chart(
    published: Settings,
) -> None:
    snapshots = Snapshots(Folder(published.published))
    asked = {"id": "micron_market_cap_usd_bn", "kind": "milestone_up", "until": "2026-05-27"}
    html = str(resolve(snapshots, "/events", asked).html)
    assert "首次突破 1 万亿美元" in html
    assert "/c/micron_market_cap_usd_bn?t=2026-04-11..2026-07-10#d-2026-05-26" in html
    assert "2025 财年" not in html
    earlier = str(resolve(snapshots, "/events", {**asked, "asof": "2026-05-20"}).html)
    assert "首次突破 1 万亿美元" not in earlier


@pytest.mark.parametrize("query", [{"kind": "war"}, {"since": "2026-13-01"}, {"page": "99"},
                                   {"since": "2026-05-02", "until": "2026-05-01"}])  # fmt: skip
def test_what_cannot_be_listed_is_refused_in_words(
    published: Settings, query: dict[str, str]
) -> None:
    shown = resolve(Snapshots(Folder(published.published)), "/events", query)
    assert shown.page.status == 400
    assert next(iter(query)) in str(shown.html)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("美光何时首次突破万亿", ("2026 年 5 月 26 日", "首次突破 1 万亿美元", "来源")),
        ("何时首次突破万亿", ("美光科技市值",)),
        ("标普什么时候创新高", ("标普 500", "历史新高", "来源")),
        ("标普哪天站上 7001 点", ("7,001", "由所存的数值逐日推算")),
        ("何时首次突破 400 万亿", ("所存的数据答不了这个问题",)),
        ("黄金何时跌破 1 美元", ("所存的数据答不了这个问题",)),
    ],
)
def test_a_question_about_when_is_answered_from_what_is_held(
    published: Settings, words: str, told: tuple[str, ...]
) -> None:
    shown = resolve(Snapshots(Folder(published.published)), "/indicators", {"q": words})
    assert all(one in str(shown.html) for one in told)


def test_no_day_is_given_that_was_not_known_by_then(published: Settings) -> None:
    query = {"q": "美光市值何时首次突破万亿", "asof": "2026-05-20"}
    shown = resolve(Snapshots(Folder(published.published)), "/events", query)
    assert "2026 年 5 月 26 日" not in str(shown.html)
