"""Until when somebody looked at what changes only at events, and where sources differ."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from catalogs import catalog_text, entry
from conftest import BUNDLED, Cli, run_with_fred, settings_of, write_csv
from serving import client, still

from etl.catalog import Catalog, load_catalog
from etl.errors import CatalogError
from etl.freshness import checked_words, state_of
from etl.ingest.run import Report, Request, run
from etl.ingest.upstream import Upstream
from etl.policies.candidates import FINDERS
from etl.records import now
from etl.settings import Settings
from etl.storage.looks import with_looks
from etl.storage.warehouse import Outcome, opened

pytestmark = pytest.mark.slow

NOON = datetime(2026, 5, 27, 4, tzinfo=UTC)
TODAY = date(2026, 5, 27)
EVENT = {"frequency": "event", "calendar": "event",
         "expect": {"min": 0, "max": 1000}}  # fmt: skip
FRED = [{"name": "fred", "series": "RATE"}]
FIGURES = [{"name": "figures", "file": "own.csv"}]


@pytest.fixture
def own(data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with one figure, with a catalog that a test writes."""
    for path in (data / "figures").glob("*.csv"):
        path.unlink()
    write_csv(data / "figures/own.csv", [("indicator", "date", "value", "source"),
                                         ("rate", "2025-12-11", 3.75, "the bank")])  # fmt: skip
    monkeypatch.setenv("XINZHI_CATALOG", str(data / "catalog.yaml"))
    return data


def write(folder: Path, *entries: str) -> Catalog:
    (folder / "catalog.yaml").write_text(catalog_text(*entries), encoding="utf-8")
    return load_catalog(folder / "catalog.yaml")


def rate(**more: object) -> str:
    return entry("rate", **{"sources": FIGURES, **EVENT, **more})


def state(catalog: Catalog, looked: date | None, at: datetime = NOON, problem: str = "") -> str:
    indicator = catalog["rate"].model_copy(update={"checked": looked})
    return state_of(indicator, date(2025, 12, 11), problem, at)


def days_ago(count: int) -> date:
    return TODAY - timedelta(days=count)


def test_a_month_without_a_look_is_no_longer_up_to_date(own: Path) -> None:
    catalog = write(own, rate())
    assert [state(catalog, days_ago(n)) for n in (0, 31, 32, 400)] == [
        "fresh", "fresh", "stale", "stale",
    ]  # fmt: skip
    assert state(catalog, None) == "stale"


def test_patience_is_counted_in_months(own: Path) -> None:
    catalog = write(own, rate(expect={"min": 0, "max": 1000, "stale_after": 12}))
    assert state(catalog, days_ago(372)) == "fresh"
    assert state(catalog, days_ago(373)) == "stale"


def test_a_look_that_failed_lately_is_a_failure_and_one_long_ago_is_none(own: Path) -> None:
    catalog = write(own, rate())
    assert state(catalog, days_ago(3), problem="HTTP 500") == "failing"
    assert state(catalog, days_ago(40), problem="HTTP 500") == "stale"


def test_the_day_of_a_look_is_that_of_beijing(own: Path) -> None:
    catalog = write(own, rate())
    after_midnight = datetime(2026, 5, 26, 16, 1, tzinfo=UTC)  # the 27th in Beijing
    assert state(catalog, date(2026, 4, 26), after_midnight) == "fresh"
    assert state(catalog, date(2026, 4, 25), after_midnight) == "stale"


@pytest.mark.parametrize(
    ("looked", "zh", "en"),
    [(date(2026, 5, 27), "核对至 5 月 27 日", "checked until 27 May"),
     (date(2025, 12, 1), "核对至 2025 年 12 月 1 日", "checked until 1 Dec 2025"),
     (None, "未核对", "never checked")],
)  # fmt: skip
def test_until_when_is_said_as_a_reader_says_it(looked: date | None, zh: str, en: str) -> None:
    assert (checked_words(looked, NOON, "zh"), checked_words(looked, NOON, "en")) == (zh, en)


def fetched(settings: Settings, catalog: Catalog, status: int, at: datetime) -> Report:
    answer = "observation_date,RATE\n2025-12-11,3.75\n"
    out = Upstream(settings, httpx.MockTransport(lambda _: httpx.Response(status, text=answer)))
    return run(settings, catalog, Request(source="fred", known_at=at), lambda outcome: None, out)


def until(folder: Path, catalog: Catalog, at: datetime = NOON) -> dict[str, date]:
    with opened(folder / "warehouse.duckdb", read_only=True) as held:
        shown = with_looks(catalog, held, at)
    return {one.id: one.checked for one in shown.all() if one.checked is not None}


def test_only_an_answer_counts_as_a_look(own: Path) -> None:
    catalog, settings = write(own, rate(sources=[*FRED, *FIGURES])), settings_of(own)
    run(settings, catalog, Request(offline=True), lambda outcome: None)
    assert until(own, catalog) == {}
    fetched(settings, catalog, 200, NOON - timedelta(days=9))
    assert until(own, catalog) == {"rate": days_ago(9)}
    fetched(settings, catalog, 500, NOON - timedelta(days=2))
    assert until(own, catalog) == {"rate": days_ago(9)}
    fetched(settings, catalog, 200, NOON)
    assert until(own, catalog) == {"rate": TODAY}
    fetched(settings, catalog, 200, NOON - timedelta(days=5))  # a replay of an earlier day
    assert until(own, catalog) == {"rate": TODAY}


def test_what_is_kept_by_hand_was_looked_at_when_the_catalog_says_so(own: Path) -> None:
    catalog = write(own, rate(checked=str(days_ago(4))))
    run(settings_of(own), catalog, Request(offline=True), lambda outcome: None)
    assert until(own, catalog) == {"rate": days_ago(4)}
    # Nobody has looked at what is still to come.
    assert until(own, catalog, NOON - timedelta(days=9)) == {"rate": days_ago(9)}


def test_who_imports_has_looked(own: Path, cli: Cli) -> None:
    catalog = write(own, rate())
    file = write_csv(own / "in.csv", [("indicator", "date", "value"), ("rate", "2026-01-29", 3.5)])
    assert cli("import", file, "--known-at", "2026-03-02T10:00+08:00").status == 0
    assert until(own, catalog) == {"rate": date(2026, 3, 2)}


def test_what_is_derived_was_looked_at_as_far_as_all_of_its_inputs(own: Path) -> None:
    made = [{"name": "derived", "formula": "sum", "of": ["rate", "other"]}]
    catalog = write(own, rate(checked=str(days_ago(40))), entry("total", sources=made, **EVENT),
                    entry("other", **EVENT, checked=str(days_ago(2))))  # fmt: skip
    run(settings_of(own), catalog, Request(offline=True), lambda outcome: None)
    assert until(own, catalog)["total"] == days_ago(40)
    without = write(own, rate(), entry("total", sources=made, **EVENT),
                    entry("other", **EVENT, checked=str(days_ago(2))))  # fmt: skip
    assert "total" not in until(own, without)


def test_the_register_was_looked_at_when_the_last_of_its_upstreams_was(own: Path) -> None:
    counted = entry("count", sources=[{"name": "register", "topics": []}], **EVENT)
    catalog = write(own, counted)
    first, *others = FINDERS

    def looked(name: str, at: datetime, problem: str = "") -> None:
        with opened(own / "warehouse.duckdb") as held:
            load = held.begin_load("run", at, at)
            outcome = Outcome(name, name, attempts=((name, problem),))
            held.finish_load(load, at, [outcome])

    looked(first, NOON)
    assert until(own, catalog) == {}
    for name in others:
        looked(name, NOON - timedelta(days=50))
        looked(name, NOON, "no answer")
    assert until(own, catalog) == {"count": days_ago(50)}
    for name in others:
        looked(name, NOON)
    assert until(own, catalog) == {"count": TODAY}


def test_what_has_a_calendar_is_judged_by_it_alone(own: Path) -> None:
    patient = {"min": 0, "max": 1000, "stale_after": 100_000}
    catalog = write(own, rate(frequency="daily", calendar="24/5", expect=patient))
    run(settings_of(own), catalog, Request(offline=True), lambda outcome: None)
    assert until(own, catalog) == {}
    assert state(catalog, None) == "fresh"
    with pytest.raises(CatalogError, match="'checked' is for the calendar event"):
        write(own, rate(frequency="daily", calendar="24/5", checked=str(TODAY)))


def test_a_look_is_published_once_a_day(own: Path) -> None:
    catalog, settings = write(own, rate(sources=[*FRED, *FIGURES])), settings_of(own)
    today = now().replace(hour=4, minute=0)
    yesterday = today - timedelta(days=1)
    assert fetched(settings, catalog, 200, yesterday - timedelta(hours=3)).snapshot is not None
    assert fetched(settings, catalog, 200, yesterday).snapshot is None
    assert fetched(settings, catalog, 200, today).snapshot is not None
    (told,) = client(settings).get("/api/v1/status").json()["indicators"]
    assert told["checked_until"] == str(today.date())


def test_every_voice_says_until_when_somebody_looked(own: Path, cli: Cli) -> None:
    write(own, rate(checked="2026-01-05"))
    assert cli("run", "--offline").status == 0
    assert "核对至" in cli("status").out
    done = cli("status", "--json")
    (row,) = json.loads(done.out)
    assert (done.status, row["state"], row["checked_until"]) == (1, "stale", "2026-01-05")
    site = client(settings_of(own))
    (told,) = site.get("/api/v1/status").json()["indicators"]
    assert (told["state"], told["checked_until"]) == ("stale", "2026-01-05")
    assert "核对至" in still(site.get("/status")).text
    assert "核对至" in still(site.get("/indicators?cols=age")).text


def test_disagreements_stand_with_both_sources_and_values(own: Path, cli: Cli) -> None:
    day = "2025-12-11"
    daily = rate(frequency="daily", calendar="24/5", sources=[*FRED, *FIGURES])
    catalog = write(own, daily, entry("calm"))
    run_with_fred(settings_of(own), catalog, Request(("rate",)), f"{day},4.25\n")
    done = cli("run", "--offline")
    line = f"sources disagree: rate, {day}: fred 4.25, figures 3.75"
    assert line in done.out
    assert line in cli("status").out
    expected = [{"date": day, "source": "fred", "value": 4.25, "other_source": "figures",
                 "other_value": 3.75}]  # fmt: skip
    rows = {row["id"]: row["disagreements"] for row in json.loads(cli("status", "--json").out)}
    assert rows == {"rate": expected, "calm": []}
    told = client(settings_of(own)).get("/api/v1/status").json()["indicators"]
    assert {row["id"]: row["disagreements"] for row in told} == rows
    assert "sources disagree" not in cli("run", "calm", "--offline").out


def test_many_disagreements_are_counted_on_the_console_and_whole_in_json(
    own: Path, cli: Cli
) -> None:
    days = [date(2026, 3, 2) + timedelta(days=k) for k in range(5)]
    rows = [("rate", day, 3.0, "the bank") for day in days]
    write_csv(own / "figures/own.csv", [("indicator", "date", "value", "source"), *rows])
    daily = rate(frequency="daily", calendar="24/5", sources=[*FRED, *FIGURES])
    catalog = write(own, daily)
    answer = "".join(f"{day},{4.25 + k / 100}\n" for k, day in enumerate(days))
    run_with_fred(settings_of(own), catalog, Request(("rate",)), answer)
    assert cli("run", "--offline").out.count("sources disagree") == 3
    assert "… and 2 more of rate" in cli("status").out
    (row,) = json.loads(cli("status", "--json").out)
    assert [one["date"] for one in row["disagreements"]] == [str(day) for day in reversed(days)]


def test_the_bundled_counts_say_until_when_they_were_looked_at(catalog: Catalog) -> None:
    """What no machine looks at must be said by a person."""
    by_hand = [i for i in catalog.all() if i.calendar == "event"
               and {ref.name for ref in i.sources} == {"figures"}]  # fmt: skip
    assert {i.id for i in by_hand if i.checked is None} <= {"pue_google_fleet"}
    with open(BUNDLED / "figures/counts.csv", encoding="utf-8", newline="") as lines:
        assert {row["indicator"] for row in csv.DictReader(lines)} <= {i.id for i in by_hand}
