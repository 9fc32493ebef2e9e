"""An indicator under a new name keeps everything that it had under the old one."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from catalogs import catalog_text, entry
from conftest import Cli, is_one_sentence, run_with_fred, served, settings_of, snapshot, write_csv
from serving import client, rows_of, still

from dashboard.address import ChartAddress
from dashboard.chart_page import short_links
from etl.alerts import notify
from etl.calendars import end_of
from etl.catalog import load_catalog
from etl.errors import CatalogError
from etl.ingest.run import Request, accept
from etl.ingest.upstream import Upstream
from etl.records import now
from etl.storage.warehouse import opened

pytestmark = pytest.mark.slow

DAY, NEXT = date(2026, 5, 18), date(2026, 5, 19)
ALERTS = [{"kind": "threshold", "above": 100}]
FRED = [{"name": "fred", "series": "PRICE"}]


@pytest.fixture
def own(data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder without figures, with a catalog that a test writes."""
    for path in (data / "figures").glob("*.csv*"):
        path.unlink()
    monkeypatch.setenv("XINZHI_CATALOG", str(data / "catalog.yaml"))
    return data


def write(folder: Path, *entries: str, before: str = "") -> None:
    (folder / "catalog.yaml").write_text(before + catalog_text(*entries), encoding="utf-8")


def price(name: str, *old_ids: str, **more: object) -> str:
    told = {"alerts": ALERTS, "sources": FRED, **more}
    return entry(name, old_ids=[*old_ids], **told)


def imported(folder: Path, cli: Cli, *rows: tuple[str, date, float]) -> None:
    done = cli("import", write_csv(folder / "in.csv", [("indicator", "date", "value"), *rows]))
    assert done.status == 0, done.err


def before(folder: Path, cli: Cli) -> None:
    """Two values under the first name, published."""
    write(folder, price("brass"), entry("other"))
    imported(folder, cli, ("brass", DAY, 90.0), ("brass", NEXT, 101.0), ("other", DAY, 1.0))


def test_values_and_vintages_move_to_the_new_id(own: Path, cli: Cli) -> None:
    before(own, cli)
    with opened(own / "warehouse.duckdb", read_only=True) as held:
        old = held.vintages("brass")
    write(own, price("brass_usd", "brass"), entry("other"))
    assert cli("run", "--offline").status == 0
    with opened(own / "warehouse.duckdb", read_only=True) as held:
        assert held.vintages("brass_usd") == old
        assert held.vintages("brass") == []
        assert held.last_outcomes().keys() >= {"brass_usd"}
        assert "brass" not in held.last_outcomes()
    assert served(own, "brass_usd") == {DAY: 90.0, NEXT: 101.0}


def test_a_chain_of_names_leads_to_the_last_one(own: Path, cli: Cli) -> None:
    before(own, cli)
    write(own, price("brass_usd", "brass"), entry("other"))
    assert cli("run", "--offline").status == 0
    write(own, price("brass_usd_t", "brass", "brass_usd"), entry("other"))
    imported(own, cli, ("brass", date(2026, 5, 20), 102.0), ("brass_usd", date(2026, 5, 21), 103.0))
    assert list(served(own, "brass_usd_t").values()) == [90.0, 101.0, 102.0, 103.0]


def test_a_name_that_was_skipped_moves_all_the_same(own: Path, cli: Cli) -> None:
    before(own, cli)
    write(own, price("brass_usd_t", "brass", "brass_usd"), entry("other"))
    assert cli("run", "--offline").status == 0
    assert served(own, "brass_usd_t") == {DAY: 90.0, NEXT: 101.0}


def test_an_import_moves_what_is_held_before_it_adds_to_it(own: Path, cli: Cli) -> None:
    before(own, cli)
    write(own, price("brass_usd", "brass"), entry("other"))
    imported(own, cli, ("brass_usd", NEXT, 101.0), ("brass_usd", date(2026, 5, 20), 102.0))
    with opened(own / "warehouse.duckdb", read_only=True) as held:
        assert len(held.vintages("brass_usd")) == 3


def test_two_rows_of_one_date_under_both_names_are_refused(own: Path, cli: Cli) -> None:
    write(own, price("brass_usd", "brass"))
    file = write_csv(own / "in.csv", [("indicator", "date", "value"), ("brass", DAY, 1.0),
                                      ("brass_usd", DAY, 1.0)])  # fmt: skip
    done = cli("import", file)
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "line 3" in done.err
    assert "brass_usd has a second value" in done.err


def test_figures_and_corrections_under_the_old_id_are_those_of_the_new(own: Path, cli: Cli) -> None:
    write_csv(own / "figures/own.csv", [("indicator", "date", "value", "source"),
                                        ("brass", DAY, 90.0, "the mill")])  # fmt: skip
    words = {"zh": "笔误", "en": "a slip"}
    wrong = {"indicator": "brass", "date": str(DAY), "source": "figures", "expected": 90.0,
             "value": 95.0, "reason": words, "evidence": "the mill's list",
             "since": str(NEXT)}  # fmt: skip
    (own / "corrections.yaml").write_text(json.dumps({"corrections": [wrong]}), encoding="utf-8")
    write(own, price("brass_usd", "brass", sources=[{"name": "figures", "file": "own.csv"}]))
    assert cli("check").status == 0
    assert cli("run", "--offline").status == 0
    assert served(own, "brass_usd") == {DAY: 95.0}


def test_commands_take_the_old_id(own: Path, cli: Cli) -> None:
    before(own, cli)
    write(own, price("brass_usd", "brass"), entry("other"))
    done = cli("run", "brass", "--offline")
    assert done.status == 0
    assert "brass_usd" in done.out


def test_what_waits_and_what_was_archived_is_found_under_the_new_id(own: Path, cli: Cli) -> None:
    write(own, price("brass", alerts=[]))
    settings = settings_of(own, XINZHI_CATALOG=str(own / "catalog.yaml"))
    first = "".join(f"2026-05-{day:02d},{50 + day}\n" for day in range(1, 19))
    run_with_fred(settings, load_catalog(settings.catalog), Request(("brass",)), first)
    doubled = "".join(f"2026-05-{day:02d},{100 + 2 * day}\n" for day in range(1, 19))
    run_with_fred(settings, load_catalog(settings.catalog), Request(("brass",)), doubled)
    write(own, price("brass_usd", "brass", alerts=[]))
    renamed = load_catalog(settings.catalog)
    assert cli("replay").status == 0
    assert not (settings.raw / "fred/brass").exists()
    assert len(list((settings.raw / "fred/brass_usd").glob("*.gz"))) == 2
    (taken,) = accept(settings, renamed, "brass")
    assert (taken.subject, taken.revised) == ("brass_usd", 12)  # no Saturdays, no Sundays


def test_addresses_short_links_and_files_lead_on(own: Path, cli: Cli) -> None:
    before(own, cli)
    code = short_links.code(ChartAddress("brass", end_of(now().date() - timedelta(days=1))))
    write(own, price("brass_usd", "brass"), entry("other"))
    assert cli("run", "--offline").status == 0
    site = client(settings_of(own))
    frozen = f"@{now().date() - timedelta(days=1)}"
    for old, new in (
        (f"/c/brass{frozen}.csv?t=max", f"/c/brass_usd{frozen}.csv?t=max"),
        (f"/c/other{frozen}?with=brass&t=max", f"/c/other{frozen}?with=brass_usd&t=max"),
        ("/c/brass_usd.csv?with=brass&t=max", "/c/brass_usd.csv?t=max"),
        (
            f"/indicators/brass{frozen}?t=max",
            f"/indicators/brass_usd?t=max&asof={frozen.removeprefix('@')}",
        ),
        ("/compare?ids=other,brass&t=max", "/compare?ids=other,brass_usd&t=max"),
        ("/export?ids=brass,brass_usd", "/export?ids=brass_usd"),
        ("/api/v1/observations?ids=brass,brass_usd", "/api/v1/observations?ids=brass_usd"),
    ):
        answer = site.get(old)
        assert (answer.status_code, answer.headers["location"]) == (301, new), old
        assert site.get(new).status_code == 200, new
    # A page that is opened in place follows no redirect: the whole page comes with it.
    for moved in ("/indicators/brass?t=max", "/compare?ids=other,brass&t=max"):
        assert still(site.get(moved), 301).one("article", "indicator").one("img", "chart-still")
    there = site.get(f"/s/{code}", follow_redirects=True)
    assert str(there.url).endswith(f"/c/brass_usd{frozen}")
    assert len(rows_of(site.get(f"/c/brass_usd{frozen}.csv?t=max"))) == 2


def test_an_address_inside_another_is_read_under_its_new_id(own: Path, cli: Cli) -> None:
    before(own, cli)
    write(own, price("brass_usd", "brass"), entry("other"))
    assert cli("run", "--offline").status == 0
    site = client(settings_of(own, XINZHI_BASE_URL="http://here"))
    told = site.get("/oembed?url=http://here/c/brass%3Fwith=other")
    assert told.status_code == 200
    assert "/c/brass_usd.png" in told.json()["thumbnail_url"]
    assert site.get("/corrections?ids=brass").status_code == 200


def test_an_alert_that_went_out_is_not_sent_again_under_the_new_id(own: Path, cli: Cli) -> None:
    sent: list[str] = []

    class Wire:
        name = address = "wire"

        def send(self, message: notify.Message, out: Upstream) -> str:
            sent.append(message.key)
            return ""

    def alerts() -> None:
        settings = settings_of(own)
        catalog = load_catalog(own / "catalog.yaml")
        from etl.ingest.run import judged

        with opened(own / "warehouse.duckdb", read_only=True) as held:
            rows = judged(catalog, held, now())
        with Upstream(settings, httpx.MockTransport(lambda _: httpx.Response(404))) as out:
            notify.send(settings, catalog, rows, out, [Wire()])

    before(own, cli)
    alerts()
    write(own, price("brass_usd", "brass"), entry("other"))
    assert cli("run", "--offline").status == 0
    alerts()
    assert sent == [f"brass/threshold:above=100/{NEXT}"]


def test_the_feed_tells_nothing_a_second_time(own: Path, cli: Cli) -> None:
    def ids() -> set[str]:
        site = client(settings_of(own))
        text = site.get("/atom.xml").text + site.get("/events.atom").text
        return {part.partition("</id>")[0] for part in text.split("<id>")[1:]}

    before(own, cli)
    first = ids()
    write(own, price("brass_usd", "brass"), entry("other"))
    assert cli("run", "--offline").status == 0
    assert ids() == first
    assert len(first) > 1


#: What the catalog says of old ids, and what the refusal must say.
WRONG = {
    "claimed twice": ([price("one", "former"), price("two", "former")], "already claimed by one"),
    "still there": ([price("one", "two"), price("two")], "still in use"),
    "itself": ([price("one", "one")], "still in use"),
    "twice in one list": ([price("one", "former", "former")], "stands twice"),
    "a circle of names": ([price("one", "two"), price("two", "one")], "still in use"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_old_ids_that_lead_nowhere_or_to_two_are_refused(mistake: str, tmp_path: Path) -> None:
    entries, words = WRONG[mistake]
    path = tmp_path / "catalog.yaml"
    path.write_text(catalog_text(*entries), encoding="utf-8")
    with pytest.raises(CatalogError, match=words) as refused:
        load_catalog(path)
    line = int(str(refused.value).partition("line ")[2].partition(":")[0])
    assert "old_ids" in path.read_text(encoding="utf-8").splitlines()[line - 1]


def test_what_stands_beside_an_indicator_is_named_by_its_present_id(tmp_path: Path) -> None:
    path = tmp_path / "catalog.yaml"
    text = catalog_text(price("one", "former"), entry("two", shown_with=["former"]))
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError, match="It is now 'one'; write that"):
        load_catalog(path)


@pytest.mark.parametrize("after_a_run", [False, True], ids=["before the run", "after the run"])
def test_check_names_what_a_slip_in_a_rename_would_leave_behind(
    after_a_run: bool, own: Path, cli: Cli
) -> None:
    before(own, cli)
    write(own, price("brass_usd", "bras"), entry("other"))
    if after_a_run:
        assert cli("run", "--offline").status == 0
    done = cli("check")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    line = (own / "catalog.yaml").read_text(encoding="utf-8").splitlines().index("  brass_usd:") + 1
    assert f"catalog.yaml, line {line}: 2 values are held of 'brass'" in done.err
    assert "Did you mean 'bras' (brass_usd says so in old_ids)?" in done.err
    write(own, price("brass_usd", "brass"), entry("other"))
    assert cli("check").status == 0


def test_what_is_given_up_is_named_so_and_stays_held(own: Path, cli: Cli) -> None:
    before(own, cli)
    write(own, entry("other"), before="retired: [brass]\n")
    assert cli("check").status == 0
    assert cli("run", "--offline").status == 0
    assert cli("check").status == 0
    with snapshot(own) as held:
        assert held.execute("select * from unclaimed").fetchall() == [("brass", 2)]
    write(own, entry("other"), before="retired: [other]\n")
    assert "'other' is still in use" in cli("check").err


def test_check_names_ids_in_figures_that_nobody_claims(own: Path, cli: Cli) -> None:
    write(own, price("brass_usd"))
    write_csv(own / "figures/own.csv", [("indicator", "date", "value", "source"),
                                        ("brass_usd", DAY, 1.0, "x"), ("bras_usd", DAY, 1.0, "x"),
                                        ("bras_usd", NEXT, 1.0, "x")])  # fmt: skip
    done = cli("check")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "own.csv, line 3: no entry of the catalog claims 'bras_usd'" in done.err
    assert "Did you mean 'brass_usd'?" in done.err


def test_check_leaves_a_warehouse_that_is_written_alone(own: Path, cli: Cli) -> None:
    before(own, cli)
    with opened(own / "warehouse.duckdb"):
        assert cli("check").status == 0


def test_the_renaming_itself_is_held(own: Path, cli: Cli) -> None:
    before(own, cli)
    write(own, price("brass_usd", "brass"), entry("other"))
    assert cli("run", "--offline").status == 0
    assert cli("run", "--offline").status == 0
    with opened(own / "warehouse.duckdb", read_only=True) as held:
        ((old, new, since),) = held.connection.execute("select * from renames").fetchall()
    assert (old, new) == ("brass", "brass_usd")
    assert abs(since.replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=5)
