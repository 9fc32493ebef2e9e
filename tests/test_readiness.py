"""What is done before a reader asks: a new snapshot is opened, and made ready, beside the old."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from conftest import Cli, settings_of, write_csv
from markupsafe import Markup
from serving import client, rows_of

from dashboard.data import search
from dashboard.data.cards import reading, readings
from dashboard.data.queries import series
from dashboard.data.snapshot import Snapshot, Snapshots, TooLongError
from dashboard.data.warm_up import get_ready, keep_up
from dashboard.pages import resolve
from etl.settings import Settings
from etl.storage.snapshots import Folder

pytestmark = pytest.mark.slow


def a_new_snapshot(filled: Path, cli: Cli) -> None:
    rows = [["indicator", "date", "value"], ["vix", "2026-05-26", "17.5"]]
    assert cli("import", write_csv(filled.parent / "new.csv", rows)).status == 0


def reached(what: Callable[[], bool], within_s: float = 10) -> bool:
    until = time.monotonic() + within_s
    while not what() and time.monotonic() < until:
        time.sleep(0.02)
    return what()


def test_a_snapshot_is_ready_when_it_is_first_served(published: Settings) -> None:
    snapshot = Snapshots(Folder(published.published), get_ready).current()
    held = {one for one in snapshot.catalog.indicators if series(snapshot, one)}
    assert set(snapshot.in_cache("standings", "")) == held
    assert len(snapshot.in_cache("words", "")) == len(snapshot.catalog)
    assert len(snapshot.in_cache("order", ("date", True, None, None))) == len(held)


def test_who_asks_while_a_new_snapshot_is_made_ready_goes_on_with_the_old(
    filled: Path, cli: Cli
) -> None:
    begun, may_end = threading.Event(), threading.Event()
    snapshots = Snapshots(Folder(settings_of(filled).published))
    old = snapshots.current()
    a_new_snapshot(filled, cli)

    def slowly(snapshot: Snapshot) -> None:
        begun.set()
        assert may_end.wait(10)

    snapshots.get_ready = slowly
    first = threading.Thread(target=snapshots.refresh)
    first.start()
    try:
        assert begun.wait(10)
        assert snapshots.current() is old
    finally:
        may_end.set()
        first.join()
    assert snapshots.current().name > old.name


def test_a_snapshot_that_cannot_be_made_ready_does_not_take_the_place_of_the_old(
    filled: Path, cli: Cli
) -> None:
    snapshots = Snapshots(Folder(settings_of(filled).published))
    old = snapshots.current()
    a_new_snapshot(filled, cli)

    def fails(snapshot: Snapshot) -> None:
        raise duckdb.Error("the table is damaged")

    snapshots.get_ready = fails
    snapshots.refresh()
    assert snapshots.current() is old
    assert "cannot be opened (the table is damaged)" in snapshots.detail
    assert "cannot be opened" in snapshots.problem
    assert "python -m etl rollback" in snapshots.problem


def test_no_request_opens_a_snapshot_but_the_very_first(filled: Path, cli: Cli) -> None:
    seen: list[str] = []
    snapshots = Snapshots(Folder(settings_of(filled).published), lambda one: seen.append(one.name))
    old = snapshots.current()
    a_new_snapshot(filled, cli)
    assert snapshots.current() is old
    assert len(seen) == 1
    snapshots.refresh()
    assert snapshots.current() is not old
    assert len(seen) == 2


def test_what_cannot_be_opened_is_tried_once(filled: Path, cli: Cli) -> None:
    tried: list[str] = []
    snapshots = Snapshots(Folder(settings_of(filled).published))
    old = snapshots.current()
    a_new_snapshot(filled, cli)

    def fails(snapshot: Snapshot) -> None:
        tried.append(snapshot.name)
        raise duckdb.Error("damaged")

    snapshots.get_ready = fails
    for _ in range(3):
        snapshots.refresh()
        assert "cannot be opened" in snapshots.problem
    assert len(tried) == 1
    assert snapshots.current() is old


def test_a_new_snapshot_is_opened_though_nobody_asks(filled: Path, cli: Cli) -> None:
    seen: list[str] = []
    snapshots = Snapshots(Folder(settings_of(filled).published), lambda one: seen.append(one.name))
    stopped = threading.Event()
    beside = threading.Thread(target=keep_up, args=(snapshots, stopped))
    beside.start()
    try:
        assert reached(lambda: len(seen) == 1)
        assert reached(lambda: gc.get_freeze_count() > 0)
        a_new_snapshot(filled, cli)
        assert reached(lambda: len(seen) == 2)
    finally:
        stopped.set()
        beside.join()
    assert gc.get_freeze_count() == 0


def test_a_folder_without_a_snapshot_is_looked_at_until_there_is_one(
    filled: Path, tmp_path: Path
) -> None:
    folder, published = tmp_path / "later", settings_of(filled).published
    snapshots, stopped = Snapshots(Folder(folder)), threading.Event()
    beside = threading.Thread(target=keep_up, args=(snapshots, stopped))
    beside.start()
    try:
        assert reached(lambda: "Nothing is published" in snapshots.problem)
        published.rename(folder)
        assert reached(lambda: snapshots.open is not None)
    finally:
        stopped.set()
        beside.join()


def test_a_server_looks_for_snapshots_only_while_it_runs(filled: Path, cli: Cli) -> None:
    with client(settings_of(filled)) as site:
        snapshots = site.app.snapshots
        assert reached(lambda: snapshots.open is not None)
        a_new_snapshot(filled, cli)
        first = snapshots.open
        assert reached(lambda: snapshots.open is not first)
        (row,) = rows_of(site.get("/c/vix.csv"))
        assert row["value"] == "17.5"
    assert reached(lambda: gc.get_freeze_count() == 0)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_readings_made_together_are_those_made_one_by_one(
    filled: Path, cli: Cli, lang: str
) -> None:
    rows = [["indicator", "date", "value"], ["sp500", "2026-09-02", "8211.5"]]
    assert cli("import", write_csv(filled.parent / "up.csv", rows)).status == 0
    folder = settings_of(filled).published
    together, alone = (Snapshots(Folder(folder)).current() for _ in range(2))
    found = readings(together, together.catalog.indicators, None, lang)
    assert len(found) == len(together.catalog)
    assert found == [reading(alone, one.id, None, lang) for one in found]
    assert sum(1 for one in found if one.spark) > 10
    assert [(one.id, len(one.badges)) for one in found if one.badges] == [("sp500", 2)]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("标普", 1),
        ("S&P", 1),
        ("sp500 标普", 1),
        ("SP500 黄金", 0),
        ("no such", 0),
    ],
)
def test_indicators_are_found_by_every_word_in_any_name(
    published: Settings, words: str, wanted: int
) -> None:
    snapshot = Snapshots(Folder(published.published)).current()
    found = list(search.found(snapshot, words))
    assert len(found) == wanted
    assert [i.id for i in found] == [
        i for i in snapshot.catalog.indicators if i in {f.id for f in found}
    ]


@pytest.mark.parametrize("words", ["", "  "])
def test_who_looks_for_nothing_finds_every_indicator(published: Settings, words: str) -> None:
    snapshot = Snapshots(Folder(published.published)).current()
    assert list(search.found(snapshot, words)) == [*snapshot.catalog.all()]


def test_of_a_page_only_its_html_is_kept(published: Settings) -> None:
    shown = resolve(Snapshots(Folder(published.published)), "/indicators", {})
    assert isinstance(shown.html, Markup)
    assert "/indicators/sp500" in shown.html
    assert not shown.page.context


def test_a_question_that_takes_too_long_is_ended_and_others_are_answered(
    published: Settings,
) -> None:
    snapshot = Snapshots(Folder(published.published)).current()
    with pytest.raises(TooLongError, match=r"over 0\.2 seconds"):
        snapshot.rows("select count(*) from range(100000000000) as t(a)", most_s=0.2)
    assert snapshot.rows("select 1", most_s=5) == [(1,)]
    assert snapshot.damage == ""
