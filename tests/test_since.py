"""/since/DATE and `etl brief --since`: what moved since a meeting, what no longer holds, what is
missing; now, and as it was known."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import stdev

import pytest
from browsing import Opened
from conftest import (
    BUNDLED,
    Cli,
    authored,
    bulletin,
    fill,
    is_one_sentence,
    served,
    settings_of,
    write_csv,
)
from pypdf import PdfReader
from serving import TestClient, client, republish, still

from etl.brief.model import Brief
from etl.brief.published import published_since
from etl.bulletins.read import read_bulletin
from etl.calendars import end_of, sessions
from etl.catalog import Catalog
from etl.records import BEIJING, now
from etl.settings import Settings

DAY, NEXT, LAST = date(2026, 5, 27), date(2026, 5, 28), date(2026, 7, 25)
REAL = BUNDLED / "bulletins" / f"{DAY}.md"
SAID = "布伦特原油现货价隔夜收于 80 美元。美光市值守住万亿美元。"


@pytest.fixture(scope="module")
def folder(published: Settings, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled data with the bundled bulletin, and one of the day after it."""
    found = fill(authored(tmp_path_factory.mktemp("since") / "data"), published.data)
    republish(found, catalog, read_bulletin(REAL).bulletin, bulletin(NEXT, summary=SAID),
              bulletin(LAST, summary="纳斯达克综合指数隔夜跌破 25000 点。"))  # fmt: skip
    return found


@pytest.fixture(scope="module")
def own(folder: Path) -> TestClient:
    return client(settings_of(folder))


@pytest.fixture(scope="module")
def told(folder: Path) -> Brief:
    return published_since(settings_of(folder), DAY, "zh", now())


def statements(site: TestClient, path: str) -> list[str]:
    """What the page says of statements that no longer hold."""
    page = still(site.get(path))
    section = next(s for s in page.all("section") if s.one("h2").text == "不再成立的说法")
    return [entry.text for entry in section.all("li")]


# --- What moved --------------------------------------------------------------------------------


def test_each_level_is_the_newest_value_beside_the_one_that_was_known_on_the_day(
    told: Brief, folder: Path
) -> None:
    assert len(told.levels) > 15
    for level in told.levels:
        today, then = served(folder, level.indicator), served(folder, level.indicator, end_of(DAY))
        assert (level.date, level.value) == max(today.items())
        if not then:  # it was published first after the day
            assert (level.base, level.change) == (None, None)
            continue
        assert level.base_date == max(then)
        assert level.base == today[max(then)]
        assert level.is_new == (level.date > max(then))
        assert (level.change is not None) <= level.is_new


def test_what_moved_furthest_by_its_own_steps_stands_first(told: Brief, folder: Path) -> None:
    moved = [level for level in told.levels if level.is_new]
    sizes = [abs(level.deviation) for level in moved if level.deviation is not None]
    assert sizes == sorted(sizes, reverse=True)
    assert moved == list(told.levels[: len(moved)])
    (nasdaq,) = [level for level in moved if level.indicator == "nasdaq_composite"]
    values = served(folder, "nasdaq_composite")
    assert nasdaq.base_date is not None
    before = [values[day] for day in sorted(values) if day <= nasdaq.base_date][-61:]
    steps = len(sessions("XNYS", nasdaq.base_date + timedelta(days=1), nasdaq.date))
    spread = stdev(b - a for a, b in pairwise(before)) * steps**0.5
    assert nasdaq.base is not None
    assert nasdaq.deviation == pytest.approx((nasdaq.value - nasdaq.base) / spread)
    assert nasdaq.change is not None
    assert nasdaq.change.direction == -1


def test_a_row_names_value_date_change_source_and_the_events_in_between(own: TestClient) -> None:
    page = still(own.get(f"/since/{DAY}"))
    (row,) = [row for row in page.all("tr") if row.text.startswith("标普 500")]
    assert "标普道琼斯指数公司，经 FRED（SP500）" in row.text
    assert "7,686.14 点2026 年 8 月 31 日" in row.text
    assert row.one("span", "delta").classes == ["delta", "rise"]
    assert "▲ 2.22%" in row.text
    assert "7,519.12 点2026 年 5 月 26 日" in row.text
    assert "8 月 13 日历史新高" in row.text
    assert row.hrefs() == [f"/indicators/sp500?t={DAY}.."]


def test_of_round_numbers_only_the_newest_crossing_is_named_beside_a_first(told: Brief) -> None:
    (close,) = [level for level in told.levels if level.indicator == "micron_close_usd"]
    assert close.marks == (
        "6 月 1 日首次突破 1,000 美元", "6 月 25 日历史新高", "8 月 18 日跌破 1,000 美元",
    )  # fmt: skip


def test_documents_that_came_are_listed_newest_first_with_issuer_and_date(
    own: TestClient, site: TestClient
) -> None:
    page = still(site.get("/since/2026-05-07"))
    text = page.text
    assert "2026 年 5 月 19 日，国家数据局公布《2026年数字经济发展工作要点》" in text
    assert text.index("5 月 19 日，国家数据局") < text.index("5 月 8 日，国家能源局")
    assert "其间没有。" in still(own.get(f"/since/{DAY}")).text


# --- What no longer holds ----------------------------------------------------------------------


def test_a_record_that_was_broken_since_is_named_with_the_value_that_broke_it(
    own: TestClient,
) -> None:
    said = statements(own, f"/since/{DAY}")
    assert (
        "2026 年 5 月 27 日一期说标普 500 指数“历史新高”（5 月 26 日，7,519.12 点），"
        "已被 5 月 27 日的 7,520.36 点打破。 来源：标普道琼斯指数公司，经 FRED（SP500）"
    ) in said


def test_what_was_overtaken_before_the_meeting_is_told_no_more(own: TestClient) -> None:
    assert not any("历史新高" in words for words in statements(own, "/since/2026-08-01"))


def test_a_round_number_that_was_lost_is_named_until_it_is_won_again(own: TestClient) -> None:
    lost = statements(own, f"/since/{NEXT}?asof=2026-07-29")
    assert any("“守住万亿美元”" in words and "7 月 28 日跌回其下" in words for words in lost)
    won = statements(own, f"/since/{NEXT}?asof=2026-08-05")
    assert not any("美光" in words for words in won)


def test_a_number_that_was_fallen_below_and_is_above_again_is_named(own: TestClient) -> None:
    back = statements(own, f"/since/{LAST}?asof=2026-07-31")
    assert any(
        "纳斯达克" in words and "7 月 30 日升回其上：25,122.18 点" in words for words in back
    )


def test_a_statement_that_a_later_value_contradicts_is_named(own: TestClient) -> None:
    (found,) = [words for words in statements(own, f"/since/{NEXT}") if "与之不符" in words]
    assert "当日无法核对；后来的值为 97.11 美元/桶" in found


def test_a_statement_whose_value_was_revised_is_named_with_both_values(
    filled: Path, cli: Cli, catalog: Catalog, tmp_path: Path
) -> None:
    rows = [["indicator", "date", "value"], ["sp500", "2026-05-26", "7519.5"]]
    file = write_csv(tmp_path / "sp500.csv", rows)
    assert cli("import", file, "--known-at", "2026-06-20T00:00:00Z").status == 0
    republish(filled, catalog, bulletin(DAY, summary="标普 500 收于 7519.12 点。"))
    (found,) = published_since(settings_of(filled), date(2026, 6, 1), "zh", now()).overtaken
    assert found.why == "revised"
    assert found.said.text == (
        "2026 年 5 月 27 日一期说标普 500 指数“收于 7519.12 点”，所依 5 月 26 日的值 7,519.12 点"
        "已改为 7,519.50 点。"
    )


# --- What is missing ---------------------------------------------------------------------------


def test_what_is_late_or_has_holes_is_counted_by_its_own_sessions(
    told: Brief, folder: Path
) -> None:
    held = served(folder, "us_10y_yield_pct")
    (yields,) = [level for level in told.levels if level.indicator == "us_10y_yield_pct"]
    assert yields.base_date is not None
    due = sessions("FED", yields.base_date + timedelta(days=1), yields.date)
    (holes,) = [one for one in told.lacks if one.kind == "holes"]
    assert holes.count == len(set(due) - set(held)) > 0
    assert "美国 10 年期国债收益率" in holes.names
    assert not any("原油" in name for name in holes.names)  # its holidays are not known
    behind = [one for one in told.lacks if one.kind == "behind"]
    assert {"标普 500 指数", "纳斯达克综合指数"} in [set(one.names) for one in behind]
    assert "2026 年 8 月 31 日" in {one.day for one in behind}


def test_what_has_no_value_at_all_is_named_and_counted(own: TestClient, told: Brief) -> None:
    page = still(own.get(f"/since/{DAY}")).text
    assert "没有数据：费城半导体指数、VIX 波动率指数" in page
    assert f"等 {len(told.missing)} 项" in page
    assert told.missing[10] not in page.partition("没有数据：")[2].partition("项")[0]


# --- As it was known ---------------------------------------------------------------------------


def test_as_of_a_moment_only_what_was_known_by_then_is_on_the_page(
    own: TestClient, folder: Path
) -> None:
    page = still(own.get(f"/since/{DAY}?asof=2026-06-10"))
    then = served(folder, "sp500", end_of(date(2026, 6, 10)))
    day = max(then)
    (row,) = [row for row in page.all("tr") if row.text.startswith("标普 500")]
    assert f"{then[day]:,.2f} 点{day.year} 年 {day.month} 月 {day.day} 日" in row.text
    assert row.hrefs() == [f"/indicators/sp500?t={DAY}..&asof=2026-06-10"]
    assert "8 月" not in page.one("article").text
    assert "据后来载入的历史重建" in page.text


def test_a_frozen_page_is_cached_for_ever_and_stays_when_more_is_loaded(
    filled: Path, cli: Cli, tmp_path: Path
) -> None:
    site = client(settings_of(filled))
    lasting = next(
        link
        for link in still(site.get(f"/since/{DAY}")).one(css="since-foot").hrefs()
        if "asof=2" in link and ".md" not in link and ".csv" not in link
    )  # fmt: skip
    frozen = site.get(lasting)
    assert frozen.headers["cache-control"] == "public, max-age=31536000, immutable"
    before = still(frozen).one("article").text
    rows = [["indicator", "date", "value"], ["sp500", "2026-09-01", "9999"]]
    assert cli("import", write_csv(tmp_path / "sp500.csv", rows)).status == 0
    assert "9,999.00 点" in site.get(f"/since/{DAY}").text
    assert still(site.get(lasting)).one("article").text == before


def test_the_page_of_now_and_one_of_before_the_first_load_are_not_kept_for_ever(
    own: TestClient,
) -> None:
    for path in (f"/since/{DAY}", f"/since/{DAY}?asof=2026-06-10"):
        assert "s-maxage=60" in own.get(path).headers["cache-control"]


# --- Addresses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/since/2026-02-30", 400, "“2026-02-30”不是日期"),
        ("/since/gestern", 400, "不是日期"),
        ("/since/9999-12-31", 400, "还没有到"),
        ("/since/2026-08-01?asof=2026-06-10", 400, "在截至的时点（2026-06-10）之后"),
        ("/since/2026-05-27?asof=never", 400, "asof"),
        ("/since/1959-12-31", 404, "早于本站所存最早的值：黄金月均价，1960-01-01"),
        ("/since/1959-12-31?lang=en", 404, "before the first value held"),
        ("/since/2026-05-27/more", 400, "不是日期"),
    ],
)
def test_what_is_wrong_with_a_day_is_said_in_words(
    own: TestClient, path: str, status: int, words: str
) -> None:
    answer = own.get(path)
    assert answer.status_code == status
    assert words in still(answer, status).one("main").text


@pytest.mark.parametrize("suffix", [".md", ".csv"])
def test_the_same_is_refused_for_a_file(own: TestClient, suffix: str) -> None:
    assert own.get(f"/since/9999-12-31{suffix}").status_code == 400
    assert own.get(f"/since/1959-12-31{suffix}").status_code == 404


def test_today_is_a_day_since_which_nothing_came(own: TestClient) -> None:
    today = datetime.now(UTC).astimezone(BEIJING).date()
    page = still(own.get(f"/since/{today}"))
    assert "其间没有新值。" in page.text


def test_a_day_is_chosen_by_a_form_or_from_those_offered(own: TestClient) -> None:
    page = still(own.get("/since"))
    assert [f"/since/{day}" for day in (LAST, NEXT, DAY)] == page.one("article").hrefs()[:3]
    form = page.one("article").one("form")
    assert (form.attributes["action"], form.attributes["method"]) == ("/since", "get")
    sent = own.get(f"/since?date={DAY}&asof=2026-06-10&lang=en")
    assert sent.status_code == 302
    assert sent.headers["location"] == f"/since/{DAY}?asof=2026-06-10&lang=en"


def test_bulletins_lead_to_the_page(own: TestClient) -> None:
    assert f"/since/{NEXT}" in still(own.get("/")).hrefs()
    assert f"/since/{DAY}" in still(own.get(f"/bulletins/{DAY}")).hrefs()
    assert "/since" in still(own.get("/bulletins")).hrefs()


# --- Files and the command ---------------------------------------------------------------------


def test_the_csv_holds_every_level_with_unit_dates_and_source(own: TestClient, told: Brief) -> None:
    answer = own.get(f"/since/{DAY}.csv?asof=2026-06-10")
    assert answer.headers["cache-control"] == "public, max-age=3600"
    text = own.get(f"/since/{DAY}.csv").content.decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["indicator"] for row in rows] == [level.indicator for level in told.levels]
    for row, level in zip(rows, told.levels, strict=True):
        assert float(row["value"]) == level.value
        assert (row["unit"], row["date"]) == (level.unit, str(level.date))
        assert row["base_date"] == str(level.base_date or "")
        assert row["source"]


def test_the_command_says_what_the_page_says(
    folder: Path, own: TestClient, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINZHI_DATA", str(folder))
    done = cli("brief", "--since", str(DAY))
    assert done.status == 0
    file = own.get(f"/since/{DAY}.md").text
    assert done.out.splitlines()[1:] == file.splitlines()[1:]
    assert "| 标普 500 指数 | 7,686.14 点 | 2026 年 8 月 31 日 | ▲ 2.22% |" in done.out
    english = cli("brief", "--since", str(DAY), "--lang", "en", "--json")
    assert json.loads(english.out)["overtaken"][0]["said"]["text"].startswith("The bulletin of ")


def test_the_brief_of_a_day_has_the_table_too(
    folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINZHI_DATA", str(folder))
    done = cli("brief", str(NEXT))
    assert "| 标普 500 指数 | 7,520.36 点 | 2026 年 5 月 27 日 | ▲ 0.02% |" in done.out
    assert "不再成立" not in done.out


@pytest.mark.parametrize("day", ["2026-02-30", "9999-12-31", "1959-12-31"])
def test_a_day_that_cannot_be_looked_back_to_is_refused(
    folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, day: str
) -> None:
    monkeypatch.setenv("XINZHI_DATA", str(folder))
    done = cli("brief", "--since", day)
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert day in done.err


# --- Paper -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["2026-05-27", "2026-08-01", "2025-01-01", "2025-01-01?lang=en"])
def test_the_page_fits_one_sheet_of_a4(visit: Opened, tmp_path: Path, path: str) -> None:
    page = visit().open(f"/since/{path}", live=False)
    page.pdf(path=tmp_path / "since.pdf", prefer_css_page_size=True)
    (sheet,) = PdfReader(tmp_path / "since.pdf").pages
    assert (round(float(sheet.mediabox.width)), round(float(sheet.mediabox.height))) in (
        (595, 842), (596, 842), (594, 842), (595, 841),
    )  # fmt: skip
    assert "标普 500" in sheet.extract_text() or "S&P 500" in sheet.extract_text()
