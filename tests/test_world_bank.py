"""The World Bank's workbook: where it is, what its sheet says, and what is no such sheet."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from conftest import bundled, snapshot
from upstreams import MODES, OF_THE_VALUES, Internet, pink_sheet

from etl.catalog import Catalog, Indicator
from etl.errors import UnexpectedPayload
from etl.ingest.replay import replay
from etl.ingest.run import Report, Request, run
from etl.settings import load_settings
from etl.sources.world_bank import FILE, HOST, PAGE, SHEET, WorldBank, address_in

pytestmark = pytest.mark.slow

GOLD = "gold_monthly_usd_oz"
MONTHS = [date(2026, month, 1) for month in range(1, 9)]
PRICES = [(month, 4400.5 + n) for n, month in enumerate(MONTHS)]
RECORDED = Path(__file__).parent / "recorded/world_bank/commodity-markets.html"
#: By then the average of August 2026 has been published.
OCTOBER = datetime(2026, 10, 9, 12, tzinfo=UTC)


@pytest.fixture
def gold(catalog: Catalog) -> Indicator:
    return catalog[GOLD]


def parsed(payload: bytes, gold: Indicator) -> list[tuple[date, float]]:
    found = WorldBank().parse(payload, gold, {"commodity": "Gold"})
    return [(o.date, o.value) for o in found]


def changed(change: Callable[[openpyxl.Workbook], object]) -> bytes:
    """A good workbook in which one thing was changed."""
    book = openpyxl.load_workbook(io.BytesIO(pink_sheet({"Gold": list(PRICES)})))
    change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def cell(place: str, value: object) -> Callable[[openpyxl.Workbook], object]:
    return lambda book: setattr(book[SHEET][place], "value", value)


def test_each_month_becomes_its_first_day_and_a_missing_one_is_left_out(gold: Indicator) -> None:
    assert parsed(pink_sheet({"Gold": list(PRICES)}), gold) == PRICES
    for mark in ("…", "..", "...", None, ""):
        assert parsed(changed(cell("C9", mark)), gold) == [*PRICES[:2], *PRICES[3:]]


def test_a_value_is_public_on_the_fifth_of_the_next_month(gold: Indicator) -> None:
    assert gold.public_at(date(2026, 5, 1)).date() == date(2026, 6, 5)


def test_notes_and_columns_beside_the_table_change_nothing(gold: Indicator) -> None:
    noted = changed(lambda book: book[SHEET].append(["Note: averages of daily prices."]))
    wider = changed(lambda book: book[SHEET].insert_cols(2, amount=40))
    taller = changed(lambda book: book[SHEET].insert_rows(2))
    assert parsed(noted, gold) == parsed(wider, gold) == parsed(taller, gold) == PRICES


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"PK\x03\x04", b"<!DOCTYPE html><html>Welcome</html>", b"\x00\xff",
        pink_sheet({"Gold": list(PRICES)})[:-400], pink_sheet({"Silver, spot": list(PRICES)}),
        pink_sheet({"Gold": []}), pink_sheet({"Gold": [(day, None) for day in MONTHS]}),
        pink_sheet({"Gold": list(PRICES), "Gold ": list(PRICES)}),
        changed(lambda book: book.remove(book[SHEET])), changed(cell("C6", "($/kg)")),
        changed(cell("C6", None)), changed(cell("C8", "4,401.5")), changed(cell("C8", True)),
        changed(cell("A8", "2026M13")), changed(cell("A8", "Feb 2026")), changed(cell("A8", None)),
        changed(cell("A8", "2026M01")),
    ],
    ids=["empty", "cut off", "html", "bytes", "end missing", "no gold", "no months", "no values",
         "gold twice", "no sheet", "other unit", "no unit", "text", "truth", "month 13",
         "other date", "no date", "two values"],
)  # fmt: skip
def test_what_is_no_such_workbook_is_refused_in_one_sentence(
    payload: bytes, gold: Indicator
) -> None:
    with pytest.raises(UnexpectedPayload) as refused:
        parsed(payload, gold)
    told = str(refused.value)
    assert told.startswith("The World Bank")
    assert told.endswith(".")
    assert "\n" not in told
    assert len(told) < 300


def test_the_recorded_page_names_the_workbook() -> None:
    address = address_in(RECORDED.read_bytes())
    assert address == (
        f"https://{HOST}/en/doc/74e8be41ceb20fa0da750cda2f6b9e4e-0050012026/related/{FILE}"
    )


def link(address: str) -> bytes:
    return f'<html><body><a href="{address}">Monthly prices</a></body></html>'.encode()


@pytest.mark.parametrize(
    "page",
    [
        b"", b"<html>Access Denied</html>", link("/en/related/CMO-Historical-Data-Annual.xlsx"),
        link(f"http://{HOST}/en/doc/1/{FILE}"), link(f"https://example.org/en/doc/1/{FILE}"),
        link(f"https://{HOST}.example.org/en/{FILE}"), link(f"https://{HOST}/en/{FILE}.exe"),
        link(f"https://{HOST}@example.org/en/{FILE}"), link(f"https://[{HOST}/en/{FILE}"),
        link(f"https://{HOST}/en/doc/1/{FILE}") + link(f"https://{HOST}/en/doc/2/{FILE}"),
    ],
)  # fmt: skip
def test_a_page_that_does_not_name_one_workbook_is_refused_in_words(page: bytes) -> None:
    with pytest.raises(UnexpectedPayload) as refused:
        address_in(page)
    assert str(refused.value).startswith(PAGE)
    assert str(refused.value).endswith(".")


def test_a_link_that_stands_twice_is_one() -> None:
    address = f"https://{HOST}/en/doc/1/{FILE}"
    assert address_in(link(address) + link(f"{address}?download=1#top")) == address


@pytest.fixture
def look(
    data: Path, catalog: Catalog, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Report]:
    """A run that asks for gold; the World Bank's prices differ from the bundled ones."""
    internet.commodities = {"Gold": list(PRICES)}
    monkeypatch.setenv("XINZHI_PROXY", internet.proxy_url)
    monkeypatch.setenv("XINZHI_CA_BUNDLE", str(internet.ca_pem))
    monkeypatch.setenv("XINZHI_TIMEOUT", "1.5")
    request = Request((GOLD,), known_at=OCTOBER)
    return lambda: run(load_settings(), catalog, request, lambda outcome: None)


def served(folder: Path) -> dict[date, tuple[float, str]]:
    query = "select date, value, source from observations where indicator = ?"
    with snapshot(folder) as connection:
        return {day: row for day, *row in connection.execute(query, [GOLD]).fetchall()}  # type: ignore[misc]


def test_the_banks_own_values_are_preferred_and_the_figures_fill_the_rest(
    look: Callable[[], Report], data: Path, internet: Internet, catalog: Catalog
) -> None:
    report = look()
    assert (report.exit_status, [o.problem for o in report.outcomes]) == (0, [""])
    assert [asked.host for asked in internet.requests] == ["www.worldbank.org", HOST]
    held = served(data)
    assert {day: held[day] for day in MONTHS} == {d: [v, "world_bank"] for d, v in PRICES}
    earlier = {d: v for d, v in bundled("gold_monthly.csv.gz", GOLD).items() if d < MONTHS[0]}
    assert {d: row for d, row in held.items() if d < MONTHS[0]} == {
        d: [v, "figures"] for d, v in earlier.items()
    }
    again = look()
    assert [(o.new, o.revised) for o in again.outcomes] == [(0, 0)]
    (done,) = replay(load_settings(), catalog, "world_bank")
    assert done.same
    assert done.after == len(PRICES)


#: The workbook has no currency, and more columns than are read.
FAILURES = [
    how for how in MODES if how not in ("halved", "shortened", "extra-column", "other-currency")
]


@pytest.mark.parametrize("how", FAILURES)
def test_a_failure_is_one_sentence_and_the_figures_stay(
    how: str, look: Callable[[], Report], data: Path, internet: Internet
) -> None:
    internet.fail(HOST, how)
    report = look()
    (outcome,) = report.outcomes
    assert report.exit_status == 1
    assert outcome.problem[-1] in ".?"
    assert "\n" not in outcome.problem
    assert len(outcome.problem) < 400
    assert {row[1] for row in served(data).values()} == {"figures"}


@pytest.mark.parametrize("how", [how for how in MODES if how not in OF_THE_VALUES])
def test_where_the_page_turns_programs_away_the_workbook_is_found_all_the_same(
    how: str, look: Callable[[], Report], data: Path, internet: Internet
) -> None:
    internet.fail("www.worldbank.org", how)
    (outcome,) = look().outcomes
    assert (outcome.problem, outcome.notice) == ("", "")
    assert served(data)[MONTHS[0]] == [PRICES[0][1], "world_bank"]


NEXT = f"https://{HOST}/en/doc/74e8-0050012027/related/{FILE}"


def test_the_address_that_answered_last_is_asked_where_the_page_fails(
    look: Callable[[], Report], data: Path, internet: Internet
) -> None:
    place = NEXT.removeprefix("https://")
    internet.say("www.worldbank.org", 200, link(NEXT))
    internet.say(place, 200, pink_sheet({"Gold": list(PRICES)}))
    assert look().exit_status == 0
    assert (data / "state/world_bank.txt").read_text("utf-8").strip() == NEXT
    internet.requests.clear()
    internet.say("www.worldbank.org", 403)
    assert look().exit_status == 0
    assert [f"{a.host}{a.path}" for a in internet.requests][-1] == place


@pytest.mark.parametrize(
    "kept", ["", "https://example.org/x.xlsx", f"http://{HOST}/{FILE}", "\0", "\udcff"]
)
def test_what_is_no_address_of_a_workbook_is_not_asked_though_it_is_kept(
    kept: str, look: Callable[[], Report], data: Path, internet: Internet
) -> None:
    internet.say("www.worldbank.org", 403)
    (data / "state").mkdir()
    (data / "state/world_bank.txt").write_bytes(kept.encode("utf-8", "surrogateescape"))
    assert look().exit_status == 0
    assert {a.host for a in internet.requests} == {"www.worldbank.org", HOST}


def test_where_neither_answers_both_are_told_and_nothing_is_remembered(
    look: Callable[[], Report], data: Path, internet: Internet
) -> None:
    internet.say("www.worldbank.org", 403)
    internet.say(HOST, 200, b"<html>Gone</html>")
    assert "no whole XLSX workbook (it begins: <html>Gone</html>)" in look().outcomes[0].problem
    internet.say(HOST, 404)
    (outcome,) = look().outcomes
    assert f"{HOST} answered 404" in outcome.problem
    assert "www.worldbank.org answered 403" in outcome.problem
    assert not (data / "state/world_bank.txt").exists()


def test_a_workbook_that_is_old_says_so_and_is_taken(gold: Indicator) -> None:
    payload, params = pink_sheet({"Gold": list(PRICES)}), {"commodity": "Gold"}
    updated = datetime(2026, 10, 2, tzinfo=UTC)
    bank = WorldBank()
    assert bank.notes(payload, gold, params, updated + timedelta(days=40)) == ()
    (told,) = bank.notes(payload, gold, params, updated + timedelta(days=41))
    assert "workbook is of 2026-10-02" in told
    assert PAGE in told
    for unsaid in ("Updated on soon", "Updated on Oktober 2, 2026", None):
        silent = changed(cell("A4", unsaid))
        assert bank.notes(silent, gold, params, updated + timedelta(days=400)) == ()


def test_the_whole_history_since_1960_passes_the_checks(gold: Indicator) -> None:
    from etl.ingest.run import accepted

    steps = {date(1979, 12, 1): 455.0, date(1980, 1, 1): 675.3, date(1968, 1, 1): 35.2}
    found = WorldBank().parse(
        pink_sheet({"Gold": sorted(steps.items())}), gold, {"commodity": "Gold"}
    )
    assert len(accepted(gold, found, OCTOBER)) == len(steps)
