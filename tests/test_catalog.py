"""indicators.yaml: complete, consistent, and refused in words when it is not."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import CATALOG, Cli, bundled, is_one_sentence, settings_of

from benchmarks.many import names, write_catalog
from etl.catalog import OPTIONAL_PARAMS, SOURCE_PARAMS, Catalog, load_catalog
from etl.errors import CatalogError, nearest
from etl.files.strict_yaml import line_of, parse_yaml
from etl.formulas import PARAMS
from etl.sources import sources

IDS_OF_THE_CONTRACT = [
    "micron_close_usd",
    "micron_shares_outstanding",
    "micron_market_cap_usd_bn",
    "nasdaq_composite",
    "sp500",
    "phlx_semiconductor",
    "brent_spot_usd_bbl",
    "wti_spot_usd_bbl",
    "brent_futures_usd_bbl",
    "wti_futures_usd_bbl",
    "gold_futures_usd_oz",
    "gold_monthly_usd_oz",
    "us_10y_yield_pct",
    "us_10y_breakeven_pct",
    "fed_target_upper_pct",
    "vix",
    "usd_cny",
    "pue_global_average",
    "pue_google_fleet",
    "policy_documents_monthly",
    "policy_documents_data_monthly",
    "policy_documents_compute_monthly",
    "policy_documents_ai_monthly",
    "data_contest_tracks",
    "digital_economy_work_point_tasks",
]

SMALL = """\
units:
  usd: {code: USD, label: {zh: 美元, en: USD}}
groups:
  markets: {title: {zh: 市场, en: Markets}}
indicators:
  first_usd:
    title: {zh: 甲, en: First}
    short: {zh: 甲, en: First}
    group: markets
    unit: usd
    decimals: 2
    frequency: daily
    calendar: XNYS
    definition: {zh: 甲, en: First}
    credit:
      name: {zh: 某人, en: Somebody}
      licence: {zh: 公有, en: Public domain}
      url: https://example.org/
    sources:
      - {name: fred, series: FIRST}
      - name: figures
        file: market.csv
    expect:
      min: 0
      max: 100
    publication:
      rule: days
      at: '09:00'
    aliases:
      - 甲
      - first
  second_usd:
    title: {zh: 乙, en: Second}
    short: {zh: 乙, en: Second}
    group: markets
    unit: usd
    decimals: 2
    frequency: daily
    calendar: XNYS
    definition: {zh: 乙, en: Second}
    credit:
      name: {zh: 某人, en: Somebody}
      licence: {zh: 公有, en: Public domain}
      url: https://example.org/
    sources:
      - {name: yahoo, ticker: SECOND}
    expect: {min: 0, max: 100}
    publication: {rule: close}
    aliases:
      - 乙
"""

# What stands in the good text, what a person wrote instead, the words the error stands at (in the
# text as written), and what the sentence must say.
MISTAKES = {
    "misspelt key of the file": ("groups:", "grups:", "grups:", "'groups'"),
    "misspelt key of a unit": ("{code: USD", "{cod: USD", "{cod: USD", "'code'"),
    "misspelt key of a label": ("label: {zh: 美元", "label: {zn: 美元", "{zn:", "zh"),
    "misspelt key of a group": ("{title: {zh: 市场", "{titel: {zh: 市场", "titel", "'title'"),
    "misspelt key of an indicator": ("decimals: 2", "decimal: 2", "decimal:", "'decimals'"),
    "misspelt key of a credit": ("licence: {zh", "license: {zh", "license:", "'licence'"),
    "misspelt key of an expectation": ("      min: 0", "      mim: 0", "mim:", "'min'"),
    "misspelt key of a publication": ("      rule: days", "      rul: days", "rul:", "'rule'"),
    "misspelt parameter": ("series: FIRST", "serie: FIRST", "serie:", "'series'"),
    "parameter of another source": ("ticker: SECOND", "series: SECOND", "SECOND}", "'series'"),
    "missing parameter": (", series: FIRST", "", "{name: fred}", "'series'"),
    "unknown source": ("name: fred", "name: fredd", "fredd", "'fred'"),
    "unknown unit": ("unit: usd", "unit: usdd", "usdd", "'usd'"),
    "unknown group": ("group: markets", "group: market", "group: market\n", "'markets'"),
    "unknown neighbour": (
        "    aliases:\n      - 乙",
        "    shown_with: [frist_usd]\n    aliases:\n      - 乙",
        "frist_usd",
        "'first_usd'",
    ),
    "alias of two indicators": ("- 乙", "- Ｆirst", "- Ｆirst", "first_usd"),
    "repeated key": (
        "    unit: usd", "    unit: usd\n    group: markets", "group: markets\n    dec", "'group'"
    ),
    "repeated indicator": (
        "  second_usd:", "  first_usd:", "  first_usd:\n    title: {zh: 乙", "'first_usd'"
    ),
    "text for a number": ("decimals: 2", "decimals: two", "two", "decimals"),
    "fraction for a count": ("decimals: 2", "decimals: 2.5", "2.5", "decimals"),
    "word for a switch": ("decimals: 2", "records: always\n    decimals: 2", "always", "records"),
    "unknown frequency": ("frequency: daily", "frequency: dayly", "dayly", "'daily'"),
    "unknown calendar": ("calendar: XNYS", "calendar: NYSE", "NYSE", "'XNYS'"),
    "an hour that does not exist": ("at: '09:00'", "at: '25:00'", "25:00", "at"),
    "limits the wrong way round": (
        "      min: 0", "      min: 100", "expect:\n      min: 100", "expect.min"
    ),
    "address without https": ("url: https:", "url: http:", "url: http:", "url"),
    "broken YAML": ("decimals: 2", "decimals: [2", "decimals: [2", "YAML"),
    "second document": ("groups:", "---\ngroups:", "---\ngroups", "second document"),
    "alias of nothing": ("unit: usd", "unit: *usd", "*usd", "'*usd'"),
    "tag of another language": ("unit: usd", "unit: !!binary dXNk", "!!binary", "'binary'"),
    "key of several words": ("    unit: usd", "    [unit]: usd", "[unit]", "one word"),
    "tab as indentation": ("    decimals: 2", "\tdecimals: 2", "\tdecimals", "YAML"),
    "nothing under an indicator": (
        "    expect: {min: 0, max: 100}", "    expect:", "expect:\n    p", "expect"
    ),
}  # fmt: skip


def test_every_indicator_of_the_contract_is_in_the_catalog(catalog: Catalog) -> None:
    assert len(IDS_OF_THE_CONTRACT) == 25
    assert set(IDS_OF_THE_CONTRACT) <= set(catalog.indicators)


def test_every_entry_names_a_unit_and_a_group_that_exist(catalog: Catalog) -> None:
    for indicator in catalog.all():
        assert indicator.unit in catalog.units
        assert indicator.group in catalog.groups
        assert set(indicator.shown_with) <= set(catalog.indicators)


def test_chinese_and_latin_letters_stand_apart_in_every_text_that_is_shown(
    catalog: Catalog,
) -> None:
    def texts(told: object, place: str = "") -> Iterator[tuple[str, str]]:
        for key, value in told.items() if isinstance(told, dict) else ():
            if key == "zh" and isinstance(value, str):
                yield place, value
            yield from texts(value, f"{place}.{key}")
        for value in told if isinstance(told, list | tuple) else ():
            yield from texts(value, place)

    shown = dict(texts(catalog.model_dump()))
    assert len(shown) > 3 * len(catalog.indicators)
    # What stands in quotation marks is named as it is called elsewhere.
    close = re.compile(r"[\u4e00-\u9fff][A-Za-z]|[A-Za-z][\u4e00-\u9fff]")
    assert [words for words in shown.items() if close.search(re.sub("“.*?”", "", words[1]))] == []


def test_every_source_in_the_catalog_can_be_asked(catalog: Catalog, tmp_path: Path) -> None:
    registered = {*sources(settings_of(tmp_path), ()), "derived"}
    assert registered == set(SOURCE_PARAMS)
    for indicator in catalog.all():
        for ref in indicator.sources:
            needs = {*SOURCE_PARAMS[ref.name], *PARAMS.get(ref.params.get("formula", ""), ())}
            assert needs <= set(ref.params) <= needs | set(OPTIONAL_PARAMS.get(ref.name, ()))


def test_every_bundled_file_in_the_catalog_holds_its_indicator(catalog: Catalog) -> None:
    for indicator in catalog.all():
        for ref in indicator.sources:
            if ref.name == "figures":
                assert bundled(ref.params["file"], indicator.id)


def test_every_moment_of_publication_can_be_computed(catalog: Catalog) -> None:
    from datetime import date

    for indicator in catalog.all():
        assert indicator.public_at(date(2026, 5, 26)).tzinfo is not None


def test_the_small_catalog_of_these_tests_is_a_good_one(tmp_path: Path) -> None:
    path = tmp_path / "indicators.yaml"
    path.write_text(SMALL, encoding="utf-8")
    assert list(load_catalog(path).indicators) == ["first_usd", "second_usd"]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_file_line_and_the_right_word(
    mistake: str, tmp_path: Path
) -> None:
    right, wrong, place, says = MISTAKES[mistake]
    text = SMALL.replace(right, wrong, 1)
    assert text != SMALL
    line = text[: text.index(place) + len(place) - len(place.lstrip("\n"))].count("\n") + 1
    path = tmp_path / "indicators.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError) as refused:
        load_catalog(path)
    assert _named_line(str(refused.value), path) in _lines_a_reader_would_accept(mistake, line)
    assert says in str(refused.value)


def _named_line(sentence: str, path: Path) -> int:
    start = f"{path}, line "
    assert sentence.startswith(start)
    return int(sentence.removeprefix(start).split(":")[0])


def _lines_a_reader_would_accept(mistake: str, line: int) -> tuple[int, ...]:
    # An open bracket is only missed where the next thing does not fit.
    return (line, line + 1) if mistake == "broken YAML" else (line,)


def test_plain_words_mean_what_yaml_1_2_says() -> None:
    words = """\
    texts: [no, on, Yes, 2026-05-26, 2026-02-30, 09:00, '1', !!str 2, 1.2.3, -, null and void]
    switches: [true, False]
    numbers: [1, -2, 007, 1_000, 0x1F, 0o17, 1.5, -.5, 1.0e-8, 1e3, .inf]
    nothing: [null, ~, ]
    """
    assert parse_yaml(words) == {
        "texts": ["no", "on", "Yes", "2026-05-26", "2026-02-30", "09:00", "1", "2", "1.2.3", "-",
                  "null and void"],
        "switches": [True, False],
        "numbers": [1, -2, 7, 1000, 31, 15, 1.5, -0.5, 1e-8, 1000.0, math.inf],
        "nothing": [None, None],
    }  # fmt: skip


def test_a_mapping_may_take_what_another_says_and_the_lines_are_those_of_the_other() -> None:
    found = parse_yaml("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\nc: *a\n")
    assert (found["b"], found["c"]) == ({"y": 3, "x": 1}, {"x": 1, "y": 2})
    assert [line_of(found, ("b", key)) for key in ("x", "y")] == [1, 4]


def test_ten_times_the_entries_take_about_ten_times_the_time(tmp_path: Path) -> None:
    seconds = []
    for indicators in (100, 1000):
        path = write_catalog(tmp_path / f"{indicators}.yaml", indicators)
        start = time.process_time()
        assert list(load_catalog(path).indicators) == names(indicators)
        seconds.append(time.process_time() - start)
    assert seconds[1] < 40 * seconds[0]


def test_a_hint_among_many_names_stays_one_short_sentence() -> None:
    assert nearest("vix", names(10_000)).endswith("index_00039 and 9,960 more.")


@pytest.mark.parametrize("text", ["", "- a list\n", "just words\n", "indicators: 3\n", "a: *b\n"])
def test_a_file_that_is_no_catalog_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "indicators.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError, match=r"indicators\.yaml"):
        load_catalog(path)


def test_a_catalog_that_is_not_utf8_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "indicators.yaml"
    path.write_bytes(SMALL.encode("gb18030"))
    with pytest.raises(CatalogError, match="UTF-8"):
        load_catalog(path)


def test_a_missing_catalog_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="XINZHI_CATALOG"):
        load_catalog(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("    decimals: 2", "    decimal: 2"),
        ("formula: market_cap,", "formula: market_kap,"),
        ("topics: [数据要素]", "topics: 数据要素"),
        ("kind: draft", "kind: drafts"),
    ],
    ids=["misspelt key", "misspelt formula", "one topic that is not in a list", "unknown kind"],
)
@pytest.mark.parametrize("arguments", [["check"], ["run", "--offline"]], ids=["check", "run"])
def test_a_command_with_a_wrong_catalog_ends_with_2_and_one_sentence(
    arguments: list[str],
    right: str,
    wrong: str,
    data: Path,
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = CATALOG.read_text(encoding="utf-8")
    line = good[: good.index(right)].count("\n") + 1
    path = tmp_path / "indicators.yaml"
    path.write_text(good.replace(right, wrong, 1), encoding="utf-8")
    monkeypatch.setenv("XINZHI_CATALOG", str(path))
    done = cli(*arguments)
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert f"{path}, line {line}:" in done.err
    assert not (data / "warehouse.duckdb").exists()


def test_check_tells_everything_that_is_wrong_with_the_catalog_at_once(
    data: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {
        "    decimals: 2": "    decimal: 2", "ticker: ^VIX": "tickr: ^VIX",
        "  sp500:\n    title:": "  sp500:\n    checked: perhaps\n    title:",
        "MU]\n": "MU, 费半]\n", "file: pue.csv": "file: pu.csv",
    }  # fmt: skip
    text, lines = CATALOG.read_text(encoding="utf-8"), []
    for right, new in wrong.items():
        assert right in text
        text = text.replace(right, new, 1)
    path = tmp_path / "indicators.yaml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("XINZHI_CATALOG", str(path))
    done = cli("check")
    lines = done.err.splitlines()
    assert done.status == 2
    assert [line.startswith(f"error: {path}, line ") for line in lines] == [True] * 4 + [False]
    for words in ("Did you mean 'decimals'?", "sp500.checked", "Did you mean 'ticker'?",
                  "needs 'ticker'", "pu.csv"):  # fmt: skip
        assert any(words in line for line in lines), words
    # A key that is missing because it was misspelt is not told twice.
    assert "'micron_close_usd.decimals' is missing" not in done.err
    assert "5 problems" in done.out


def test_check_finds_nothing_wrong_with_what_comes_with_the_project(data: Path, cli: Cli) -> None:
    done = cli("check")
    assert (done.status, done.err) == (0, "")
