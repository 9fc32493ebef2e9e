"""Corrections: a wrong value of a source is replaced from then on, for all to see, and the run says
so when the source says anything else than was expected."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from urllib.parse import unquote, urlsplit

import pytest
from conftest import (
    Cli,
    authored,
    fill,
    is_one_sentence,
    replace_line,
    run_with_fred,
    served,
    settings_of,
)  # fmt: skip
from serving import TestClient, client, rows_of, still, tree

from dashboard.address import ChartAddress, Window
from dashboard.chart_page.report_mail import report_link
from dashboard.data.snapshot import Snapshots
from dashboard.export.table import table
from dashboard.static_copy.write import write_copy
from dashboard.urls import Urls
from etl.catalog import Catalog, Text
from etl.errors import SettingError
from etl.ingest.replay import replay
from etl.ingest.run import Report, Request, run
from etl.records import BEIJING, now
from etl.settings import Settings
from etl.storage.snapshots import Folder
from etl.storage.warehouse import opened

pytestmark = pytest.mark.slow

BRENT, DAY = "brent_spot_usd_bbl", date(2026, 8, 18)
FILE = "brent_spot.csv.gz"
SHARES = "micron_shares_outstanding"
YIELD = "us_10y_yield_pct"
START = datetime(2026, 5, 20, 1, tzinfo=UTC)


def entry(**changed: object) -> str:
    """The correction of one value of the bundled figures, as a person writes it."""
    cells: dict[str, object] = {
        "indicator": BRENT,
        "date": DAY,
        "source": "figures",
        "expected": 95.29,
        "value": 92.59,
        "reason": "{zh: 抄录时数字颠倒。, en: Digits were swapped in copying.}",
        "evidence": "https://www.eia.gov/dnav/pet/pet_pri_spt_s1_d.htm",
        "since": now().astimezone(BEIJING).date(),
    }
    lines = [f"{name}: {cell}" for name, cell in (cells | changed).items() if cell is not None]
    return "- " + "\n  ".join(lines) + "\n"


def write(folder: Path, *entries: str) -> Path:
    path = folder / "corrections.yaml"
    path.write_text(
        "corrections:\n" + "".join(entries) if entries else "corrections: []\n", "utf-8"
    )
    return path


def statuses(folder: Path, indicator: str, day: date) -> list[tuple[float, str]]:
    """Value and status of each vintage of a day, oldest first."""
    with opened(folder / "warehouse.duckdb", read_only=True) as held:
        return held.connection.execute(
            "select value, status from vintages where indicator = ? and date = ? "
            "order by known_at, load", [indicator, day],
        ).fetchall()  # fmt: skip


def test_a_correction_is_known_from_now_and_the_old_value_stays_what_was_known(
    filled: Path, cli: Cli
) -> None:
    before = now()
    write(filled, entry())
    ended = cli("run", "--offline", BRENT)
    assert ended.status == 0, ended.out + ended.err
    assert served(filled, BRENT)[DAY] == 92.59
    assert served(filled, BRENT, before)[DAY] == 95.29
    assert statuses(filled, BRENT, DAY) == [(95.29, "bundled"), (92.59, "corrected")]


def test_a_second_run_adds_nothing(filled: Path, cli: Cli) -> None:
    write(filled, entry())
    cli("run", "--offline", BRENT)
    again = cli("run", "--offline", BRENT)
    assert again.status == 0
    assert len(statuses(filled, BRENT, DAY)) == 2


def test_the_first_load_of_a_series_knows_the_wrong_value_until_it_was_corrected(
    data: Path, cli: Cli
) -> None:
    write(data, entry(since="2026-09-01"))
    assert cli("run", "--offline", BRENT).status == 0
    eve = datetime(2026, 8, 31, 23, 59, tzinfo=BEIJING)
    assert served(data, BRENT, eve)[DAY] == 95.29
    assert served(data, BRENT, eve + timedelta(minutes=1))[DAY] == 92.59


def test_a_value_that_was_never_believed_is_not_told_even_as_of_then(data: Path, cli: Cli) -> None:
    replace_line(data / "figures" / FILE, f"{BRENT},{DAY}", f"{BRENT},{DAY},9529,EIA")
    assert "is above 400.0" in cli("run", "--offline", BRENT).out
    write(data, entry(expected=9529, value=95.29, since="2026-09-01"))
    assert cli("run", "--offline", BRENT).status == 0
    assert served(data, BRENT)[DAY] == 95.29
    assert DAY not in served(data, BRENT, datetime(2026, 8, 31, tzinfo=UTC))
    assert statuses(data, BRENT, DAY) == [(95.29, "corrected")]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (96.1, "now gives 96.1, which is shown; look which is right, and change or remove"),
        (92.59, "now gives 92.59, which is shown; it is mended there: remove the entry"),
    ],
)
def test_what_upstream_gives_instead_is_stored_as_it_came_and_the_run_says_so(
    filled: Path, cli: Cli, given: float, words: str
) -> None:
    write(filled, entry())
    cli("run", "--offline", BRENT)
    row = f"{BRENT},{DAY},{given},EIA"
    replace_line(filled / "figures" / FILE, f"{BRENT},{DAY}", row)
    for _ in range(2):  # as long as the entry stands
        ended = cli("run", "--offline", BRENT)
        assert ended.status == 1
        said = " ".join(ended.out.split())
        assert f"{BRENT}: the correction of {DAY} (figures) expected 95.29" in said
        assert words in said
    assert statuses(filled, BRENT, DAY) == [
        (95.29, "bundled"), (92.59, "corrected"), (given, "bundled"),
    ]  # fmt: skip
    write(filled)
    assert cli("run", "--offline", BRENT).status == 0
    assert served(filled, BRENT)[DAY] == given


def test_without_its_entry_a_value_is_again_what_the_source_says(filled: Path, cli: Cli) -> None:
    write(filled, entry())
    cli("run", "--offline", BRENT)
    write(filled)
    assert cli("run", "--offline", BRENT).status == 0
    assert served(filled, BRENT)[DAY] == 95.29
    assert [status for _, status in statuses(filled, BRENT, DAY)] == [
        "bundled", "corrected", "bundled",
    ]  # fmt: skip


def test_a_correction_of_a_date_that_is_not_held_is_told(filled: Path, cli: Cli) -> None:
    write(filled, entry(date="2026-08-16"))
    ended = cli("run", "--offline", BRENT)
    assert ended.status == 1
    assert "nothing is held of that date" in " ".join(ended.out.split())


def test_a_correction_that_breaks_what_is_expected_is_not_stored(filled: Path, cli: Cli) -> None:
    write(filled, entry(value=12.5))
    ended = cli("run", "--offline", BRENT)
    assert ended.status == 1
    assert "12.5 is -86.5 % from 92.43 on 2026-08-17, beyond 60 %" in " ".join(ended.out.split())
    assert statuses(filled, BRENT, DAY) == [(95.29, "bundled")]


def test_what_is_made_of_a_corrected_value_is_reckoned_anew(filled: Path, cli: Cli) -> None:
    day, before = date(2026, 5, 26), now()
    close = served(filled, "micron_close_usd")[day]
    cap = served(filled, "micron_market_cap_usd_bn")[day]
    write(filled, entry(indicator="micron_close_usd", date=day, expected=close, value=close * 0.97))
    assert cli("run", "--offline", "micron_close_usd", "micron_market_cap_usd_bn").status == 0
    assert served(filled, "micron_market_cap_usd_bn")[day] == pytest.approx(cap * 0.97)
    assert served(filled, "micron_market_cap_usd_bn", before)[day] == cap


def test_a_corrected_share_count_replaces_the_one_that_was_filed(filled: Path, cli: Cli) -> None:
    with opened(filled / "warehouse.duckdb", read_only=True) as held:
        rows = held.vintages(SHARES)
    count = rows[-1][0]
    cap = served(filled, "micron_market_cap_usd_bn")
    write(filled, entry(indicator=SHARES, date=count.date,
                        expected=count.value, value=count.value * 1.02))  # fmt: skip
    assert cli("run", "--offline", SHARES, "micron_market_cap_usd_bn").status == 0
    newest = max(cap)
    after = served(filled, "micron_market_cap_usd_bn")
    assert after[newest] == pytest.approx(cap[newest] * 1.02)


# Online sources: only a window is asked for, and the archive keeps what came.


def answers(values: dict[str, float]) -> str:
    return "".join(f"{day},{value}\n" for day, value in values.items())


def ask(settings: Settings, catalog: Catalog, at: datetime, values: dict[str, float]) -> Report:
    return run_with_fred(settings, catalog, Request((YIELD,), "fred", known_at=at), answers(values))


@pytest.fixture
def fred(tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A first load in which one of four values is wrong."""
    monkeypatch.setenv("XINZHI_DATA", str(tmp_path / "data"))
    settings = settings_of(tmp_path / "data")
    ask(settings, catalog, START, WRONG)
    return settings


WRONG = {"2026-05-12": 4.1, "2026-05-13": 4.8, "2026-05-14": 4.2, "2026-05-15": 4.3}
BAD = date(2026, 5, 13)


def yield_entry(**changed: object) -> str:
    return entry(
        **{"indicator": YIELD, "date": BAD, "source": "fred", "expected": 4.8, "value": 4.15,
           "since": "2026-05-21", **changed}
    )  # fmt: skip


def test_a_correction_is_no_rewrite_of_history_that_waits(fred: Settings, catalog: Catalog) -> None:
    write(fred.data, yield_entry())
    report = ask(fred, catalog, START + timedelta(days=2), WRONG)
    assert report.exit_status == 0, report.outcomes
    assert served(fred.data, YIELD)[BAD] == 4.15
    assert statuses(fred.data, YIELD, BAD) == [(4.8, "fetched"), (4.15, "corrected")]


def test_a_correction_holds_only_from_the_day_it_was_made(fred: Settings, catalog: Catalog) -> None:
    write(fred.data, yield_entry(since="2026-05-23"))
    ask(fred, catalog, START + timedelta(days=2), WRONG)  # known on 22 May
    assert statuses(fred.data, YIELD, BAD) == [(4.8, "fetched")]
    ask(fred, catalog, START + timedelta(days=3), WRONG)
    assert statuses(fred.data, YIELD, BAD) == [(4.8, "fetched"), (4.15, "corrected")]


def test_a_value_that_upstream_is_no_longer_asked_for_is_corrected_without_it(
    fred: Settings, cli: Cli
) -> None:
    write(fred.data, yield_entry())
    assert cli("run", YIELD, "--offline").status == 0
    assert served(fred.data, YIELD)[BAD] == 4.15


def test_a_fix_upstream_raises_even_when_that_date_is_asked_for_no_more(
    fred: Settings, catalog: Catalog
) -> None:
    write(fred.data, yield_entry())
    ask(fred, catalog, START + timedelta(days=2), WRONG)
    mended = {**WRONG, "2026-05-13": 4.15}
    report = ask(fred, catalog, START + timedelta(days=3), mended)
    assert report.exit_status == 1
    later = {"2026-07-30": 4.4, "2026-07-31": 4.45}
    report = ask(fred, catalog, datetime(2026, 8, 4, tzinfo=UTC), {**mended, **later})
    assert report.exit_status == 1
    (outcome,) = report.outcomes
    assert "it is mended there: remove the entry" in outcome.problem
    assert outcome.newest == date(2026, 7, 31)
    write(fred.data)
    report = ask(fred, catalog, datetime(2026, 8, 5, tzinfo=UTC), {**mended, **later})
    assert report.exit_status == 0, report.outcomes
    assert served(fred.data, YIELD)[BAD] == 4.15


def test_an_answer_that_goes_back_to_the_wrong_value_is_corrected_again(
    fred: Settings, catalog: Catalog
) -> None:
    write(fred.data, yield_entry())
    for day, value in ((2, 4.8), (3, 4.3), (4, 4.8)):
        ask(fred, catalog, START + timedelta(days=day), {**WRONG, "2026-05-13": value})
    assert served(fred.data, YIELD)[BAD] == 4.15
    assert [value for value, _ in statuses(fred.data, YIELD, BAD)] == [4.8, 4.15, 4.3, 4.15]


@pytest.mark.parametrize("offline", [False, True])
def test_a_replay_corrects_as_the_runs_did(
    fred: Settings, catalog: Catalog, cli: Cli, offline: bool
) -> None:
    write(fred.data, yield_entry())
    if offline:
        assert cli("run", YIELD, "--offline").status == 0
    else:
        ask(fred, catalog, START + timedelta(days=2), WRONG)
    before = statuses(fred.data, YIELD, BAD)
    (replayed,) = replay(fred, catalog, "fred")
    assert replayed.same
    assert statuses(fred.data, YIELD, BAD) == before
    assert served(fred.data, YIELD, datetime(2026, 5, 14, 23, tzinfo=UTC))[BAD] == 4.8


# What is wrong with the file is one sentence, with its line.


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"indicator": "brent_spot_usd_bb"}, "unknown indicator 'brent_spot_usd_bb'. Did you mean"),
        ({"source": "figurs"}, "has no source 'figurs'. Did you mean 'figures'?"),
        ({"source": "import"}, "has no source 'import'. Known: eia, figures, fred."),
        ({"value": 95.29}, "value and expected are the same"),
        ({"value": 950}, "950.0 is not within 1.0 and 400.0"),
        ({"value": None}, "'1.value' is missing; every entry needs it."),
        ({"value": ".nan"}, "found: nan"),
        ({"date": "2026-02-30"}, "date: input should be a valid date"),
        ({"date": "2999-01-01"}, "the date lies in the future"),
        ({"since": "2999-01-01"}, "since 2999-01-01 lies in the future"),
        ({"since": "2026-08-17"}, "lies before the date of the value"),
        ({"evidence": "javascript:alert(1)"}, "is no address of the web"),
        ({"valeu": 3}, "unknown key 'valeu' (1.valeu). Did you mean 'value'?"),
        ({"reason": "{zh: 错。}"}, "'1.reason.en' is missing"),
        ({"expected": "'95.29'"}, "1.expected: input should be a valid number"),
    ],
)
def test_a_wrong_entry_is_refused_in_one_sentence_with_its_line(
    data: Path, cli: Cli, changed: dict[str, object], words: str
) -> None:
    path = write(data, entry(date="2026-08-14"), entry(**changed))
    ended = cli("check")
    assert ended.status == 2
    assert is_one_sentence(ended.err), ended.err
    assert words in ended.err
    line = int(ended.err.partition(f"{path}, line ")[2].partition(":")[0])
    assert 10 <= line <= 18


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- 1\n", "a list below the key 'corrections' was expected"),
        ("corrections: [\n", "not valid YAML"),
        ("correction: []\n", "unknown key 'correction' (correction). Did you mean 'corrections'?"),
        ("", "a list below the key 'corrections' was expected"),
    ],
)
def test_a_file_of_another_form_is_refused_in_one_sentence(
    data: Path, cli: Cli, text: str, words: str
) -> None:
    (data / "corrections.yaml").write_text(text, "utf-8")
    ended = cli("check")
    assert ended.status == 2
    assert is_one_sentence(ended.err)
    assert words in ended.err


def test_one_value_is_corrected_once(data: Path, cli: Cli) -> None:
    write(data, entry(), entry(value=92.6))
    assert "stands twice; keep one" in cli("check").err


def test_what_is_counted_or_reckoned_here_is_corrected_where_it_comes_from(
    data: Path, cli: Cli
) -> None:
    made = {"date": "2026-05-26", "expected": 1, "value": 2}
    write(data, entry(indicator="micron_market_cap_usd_bn", source="derived", **made))
    assert "correct the indicators that it is made of instead" in cli("check").err
    write(data, entry(indicator="policy_documents_monthly", source="register", **made))
    assert "correct data/policies.csv instead" in cli("check").err


def test_a_broken_file_stops_no_run_and_the_last_corrections_stay(filled: Path, cli: Cli) -> None:
    path = write(filled, entry())
    cli("run", "--offline", BRENT)
    path.write_text("corrections: [", "utf-8")
    ended = cli("run", "--offline", BRENT)
    assert ended.status == 1
    assert "not valid YAML" in " ".join(ended.out.split())
    assert served(filled, BRENT)[DAY] == 92.59
    with opened(filled / "warehouse.duckdb", read_only=True) as held:
        assert held.texts("corrections")["file"].count(BRENT) == 1


def test_the_file_of_the_project_is_in_order_and_shows_an_entry(data: Path, cli: Cli) -> None:
    path = Path(__file__).parents[1] / "data" / "corrections.yaml"
    text = path.read_text("utf-8")
    shown = text.partition("# corrections:\n")[2].partition("corrections:")[0]
    example = "\n".join(line.removeprefix("# ") for line in shown.splitlines())
    write(data, dedent(example) + "\n")
    ended = cli("check")
    assert ended.status == 0, ended.err


# What readers see.


@pytest.fixture(scope="module")
def corrected_once(
    published: Settings, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = fill(authored(tmp_path_factory.mktemp("corrected")), published.data)
    write(folder, entry())
    run(settings_of(folder), catalog, Request((BRENT,), offline=True), lambda outcome: None)
    return folder


@pytest.fixture
def corrected(data: Path, corrected_once: Path) -> Path:
    """A published data folder in which one value was corrected."""
    write(data, entry())
    return fill(data, corrected_once)


def test_the_page_lists_a_correction_with_all_that_is_known_of_it(corrected: Path) -> None:
    site = client(settings_of(corrected))
    page = still(site.get("/corrections"))
    (item,) = page.one(css="corrections").all("li")
    for words in ("布伦特原油现货价", "2026 年 8 月 18 日", "95.29", "92.59", "美元/桶",
                  "项目自带数据", "抄录时数字颠倒。"):  # fmt: skip
        assert words in item.text
    assert f"/indicators/{BRENT}" in item.hrefs()
    assert "https://www.eia.gov/dnav/pet/pet_pri_spt_s1_d.htm" in item.hrefs()
    english = still(site.get("/corrections?lang=en"))
    assert "Digits were swapped in copying." in english.one(css="corrections").text


def test_the_newest_correction_comes_first(filled: Path, cli: Cli) -> None:
    old = entry(date="2026-08-14", expected=92.02, value=92.2, since="2026-08-30")
    write(filled, old, entry(), entry(date="2026-08-13", expected=92.03, value=92.3))
    assert cli("run", "--offline", BRENT).status == 0
    listed = client(settings_of(filled)).get("/api/v1/corrections").json()["corrections"]
    assert [one["date"] for one in listed] == ["2026-08-18", "2026-08-13", "2026-08-14"]


def test_without_corrections_the_page_says_so(published: Settings) -> None:
    page = still(client(published).get("/corrections"))
    assert "目前没有更正。" in page.text
    assert not list(page.all(css="corrections"))


@pytest.mark.parametrize("path", ["/about", "/status", "/", f"/indicators/{BRENT}"])
def test_the_pages_lead_to_the_corrections(published: Settings, path: str) -> None:
    assert "/corrections" in still(client(published).get(path)).hrefs()


def test_the_api_tells_corrections_with_their_unit(corrected: Path) -> None:
    answer = client(settings_of(corrected)).get("/api/v1/corrections")
    assert answer.headers["X-Row-Count"] == "1"
    (one,) = answer.json()["corrections"]
    assert (one["expected"], one["value"], one["unit"]) == (95.29, 92.59, "USD/bbl")
    assert one["reason"] == {"zh": "抄录时数字颠倒。", "en": "Digits were swapped in copying."}


def test_files_and_pages_say_which_value_was_corrected(corrected: Path) -> None:
    site = client(settings_of(corrected))
    rows = {row["date"]: row for row in rows_of(site.get(f"/c/{BRENT}.csv"))}
    assert (rows["2026-08-18"]["value"], rows["2026-08-18"]["status"]) == ("92.59", "corrected")
    assert rows["2026-08-17"]["status"] == "bundled"
    told = "2026-08-18 的值已更正，原为 95.29。抄录时数字颠倒。"
    assert told in site.get(f"/c/{BRENT}").text
    assert told in site.get(f"/c/{BRENT}.txt").text
    assert told in still(site.get(f"/indicators/{BRENT}")).text
    english = "2026-08-18: corrected from 95.29. Digits were swapped in copying."
    assert english in site.get(f"/c/{BRENT}?lang=en").text
    notes = site.get(f"/c/{BRENT}.metadata.json").json()["notes"]
    assert notes == [f"{BRENT}, 2026-08-18: 已更正，原为 95.29。抄录时数字颠倒。"]


def test_a_chart_that_was_frozen_before_says_what_was_known_then(corrected: Path) -> None:
    site = client(settings_of(corrected))
    frozen = f"/c/{BRENT}@2026-09-01"
    rows = {row["date"]: row for row in rows_of(site.get(f"{frozen}.csv"))}
    assert (rows["2026-08-18"]["value"], rows["2026-08-18"]["status"]) == ("95.29", "bundled")
    assert "已更正" not in site.get(frozen).text


def test_what_a_transform_leaves_empty_keeps_its_own_reason(corrected: Path) -> None:
    site = client(settings_of(corrected))
    *_, row = rows_of(site.get(f"/c/{BRENT}.csv?freq=m&u=ma:5000"))
    assert row["date"].startswith("2026-08")
    assert row["value"] == ""
    assert row["status"] not in ("", "corrected")


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_what_stands_in_the_file_is_never_markup(filled: Path, cli: Cli, words: str) -> None:
    quoted = words.replace("'", "''")
    write(filled, entry(reason=f"{{zh: '{quoted}', en: '{quoted}'}}", evidence=f"'{quoted}'"))
    assert cli("run", "--offline", BRENT).status == 0
    site = client(settings_of(filled))
    for path in ("/corrections", "/corrections?lang=en", f"/c/{BRENT}", f"/indicators/{BRENT}"):
        assert words not in site.get(path).text
    (item,) = still(site.get("/corrections")).one(css="corrections").all("li")
    assert words in item.text
    assert item.hrefs() == [f"/indicators/{BRENT}"]


# What readers report.


def letter_of(href: str) -> tuple[str, str, list[str]]:
    """Recipient, subject and lines of a mailto link, read as a mail program reads it."""
    assert len(href) <= 2000
    assert re.fullmatch(r"mailto:[!-~]+\?subject=[!-~]+&body=[!-~]+", href)
    parts = urlsplit(href)
    said = dict(one.split("=", 1) for one in parts.query.split("&"))
    body = unquote(said["body"])
    assert "\n" not in body.replace("\r\n", "")
    return unquote(parts.path), unquote(said["subject"]), body.split("\r\n")


def report(site: TestClient, path: str) -> str:
    (href,) = [
        link.attributes["href"]
        for link in tree(site.get(path).text).all("a")
        if link.text in ("这个数不对？", "Report a wrong number")
    ]
    return href


@pytest.fixture
def addressed(published: Settings) -> TestClient:
    return client(
        settings_of(published.data, XINZHI_CORRECTIONS_TO="desk@example.org",
                    XINZHI_BASE_URL="https://figures.example.org")
    )  # fmt: skip


@pytest.mark.parametrize("path", [f"/c/{BRENT}", f"/indicators/{BRENT}"])
def test_a_report_names_what_the_reader_sees(addressed: TestClient, path: str) -> None:
    to, subject, lines = letter_of(report(addressed, path))
    assert to == "desk@example.org"
    assert subject == f"这个数不对：布伦特原油现货价（{BRENT}）"
    address, value, snapshot, *_ = lines
    assert address.startswith(f"https://figures.example.org/c/{BRENT}@20")
    assert value == (
        f"{BRENT} 布伦特原油现货价：2026-08-18，95.29 USD/bbl，figures: U.S. EIA, Europe "
        "Brent spot price FOB (RBRTE), USD/bbl; public domain，2026-08-25T21:00:00Z"
    )
    assert snapshot == f"快照 {addressed.get(f'/c/{BRENT}.csv').headers['X-Snapshot']}"
    shown = addressed.get(address.removeprefix("https://figures.example.org"))
    assert shown.status_code == 200


def test_a_report_of_a_frozen_chart_names_its_own_address_and_no_snapshot(
    addressed: TestClient,
) -> None:
    path = f"/c/sp500@2026-05-27?with={BRENT}&t=3m&lang=en"
    _, subject, lines = letter_of(report(addressed, path))
    assert subject == "Wrong number: S&P 500 (sp500)"
    assert lines[0] == f"https://figures.example.org/c/sp500@2026-05-27?with={BRENT}&t=3m"
    assert lines[1].startswith("sp500 S&P 500: 2026-05-26, ")
    assert lines[2].startswith(f"{BRENT} Brent crude spot price: 2026-05-19, ")
    assert lines[3:] == ["", "What is wrong, and how you know:", ""]


@pytest.mark.parametrize("title", ["新" * 2000, "a\r\nBcc: x@y.z&body=%0A<b>'\"", "𝔘" * 500])
def test_a_report_is_one_whole_link_whatever_a_title_holds(
    published: Settings, catalog: Catalog, title: str
) -> None:
    names = (BRENT, "wti_spot_usd_bbl", "gold_monthly_usd_oz", "vix")
    snapshot = Snapshots(Folder(published.published)).current()
    held = table(snapshot, ChartAddress(BRENT, more=names[1:], window=Window("1y")))
    hostile = tuple(
        replace(column, indicator=column.indicator.model_copy(
            update={"title": Text(zh=title, en=title)}))
        for column in held.columns
    )  # fmt: skip
    urls = Urls("https://figures.example.org")
    href = report_link(replace(held, columns=hostile), urls, "a@b.c")
    _, subject, lines = letter_of(href)
    assert subject.startswith("这个数不对：")
    assert [line.split()[0] for line in lines[1:5]] == list(names)


def test_without_an_address_to_write_to_the_words_are_there_to_copy(published: Settings) -> None:
    site = client(published)
    href = report(site, f"/c/{BRENT}?t=6m")
    assert href.startswith(f"/corrections?ids={BRENT}&asof=")
    assert href.endswith("&t=6m#report")
    part = still(site.get(href)).one(id="report")
    assert "本站还没有设置收信地址" in part.text
    shown = part.one("pre").text.split("\n")
    mailing = client(settings_of(published.data, XINZHI_CORRECTIONS_TO="a@b.c"))
    expected = letter_of(report(mailing, f"/c/{BRENT}?t=6m"))
    assert shown == [expected[1], "", *expected[2]]


@pytest.mark.parametrize(
    ("query", "status"),
    [("ids=nothing", 404), (f"ids={BRENT}&asof=never", 400), (f"ids={BRENT}&t=2y", 400),
     (f"ids={BRENT}&asof=1980-01-01", 404), ("page=2", 400)],
)  # fmt: skip
def test_a_wrong_address_of_a_report_is_said(published: Settings, query: str, status: int) -> None:
    assert client(published).get(f"/corrections?{query}").status_code == status


@pytest.mark.parametrize(
    ("set_to", "contact", "to"),
    [(None, "desk@example.org", "desk@example.org"), (None, "The desk, room 5", ""),
     ("a@b.org", "desk@example.org", "a@b.org"), (None, None, "")],
)  # fmt: skip
def test_who_is_written_to(
    tmp_path: Path, set_to: str | None, contact: str | None, to: str
) -> None:
    given = {"XINZHI_CORRECTIONS_TO": set_to, "XINZHI_CONTACT": contact}
    settings = settings_of(tmp_path, **{k: v for k, v in given.items() if v})
    assert settings.corrections_to == to


@pytest.mark.parametrize("text", ["desk", "a@b.c?cc=x@y.z", "a@b.c, d@e.f", "a b@c.d", "@x"])
def test_what_is_no_e_mail_address_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingError, match="XINZHI_CORRECTIONS_TO"):
        settings_of(tmp_path, XINZHI_CORRECTIONS_TO=text)


def test_the_static_copy_holds_the_page_and_its_links_resolve(
    corrected: Path, tmp_path: Path
) -> None:
    write_copy(settings_of(corrected), tmp_path / "site", [BRENT], lambda at: None)
    page = (tmp_path / "site" / "corrections" / "index.html").read_text("utf-8")
    (item,) = tree(page).one(css="corrections").all("li")
    (inner, _) = item.hrefs()
    assert (tmp_path / "site" / "corrections" / inner).resolve().is_file()
    chart = tree((tmp_path / "site" / "c" / BRENT / "index.html").read_text("utf-8"))
    assert "../../corrections/index.html" in chart.hrefs()
    assert not [href for href in chart.hrefs() if "report" in href]
