"""Corrections: a wrong value of a source is replaced from then on, for all to see, and the run says
so when the source says anything else than was expected."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest
from conftest import Cli, is_one_sentence, replace_line, run_with_fred, served, settings_of

from etl.catalog import Catalog
from etl.observation import BEIJING, now
from etl.replay import replay
from etl.settings import Settings
from etl.update import Report, Request
from etl.warehouse import opened

BRENT, DAY = "brent_spot_usd_bbl", date(2026, 8, 18)
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
    replace_line(data / "figures" / "market.csv", f"{BRENT},{DAY}", f"{BRENT},{DAY},9529,EIA,,,,")
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
    row = f"{BRENT},{DAY},{given},EIA,,,,"
    replace_line(filled / "figures" / "market.csv", f"{BRENT},{DAY}", row)
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
        rows = held.vintages(SHARES, now())
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
        ({"source": "import"}, "has no source 'import'. Known: figures, fred."),
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
