"""`new-indicator`: what a new editor is asked, shown and given; and the steps of the manual."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import stat
from datetime import date
from pathlib import Path

import pytest
from catalogs import part_of_the_catalog
from conftest import CATALOG, PROJECT, Cli, is_one_sentence, served
from hand_files import csv_of, workbook

from etl.catalog import load_catalog

PAGE = (PROJECT / "docs" / "catalog.md").read_text(encoding="utf-8")
STEPS = {
    (words := shlex.split(line))[words.index("--kind") + 1]: words[3:]
    for line in PAGE.splitlines()
    if line.startswith("python -m etl new-indicator --yes")
}


@pytest.fixture
def own(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the catalog, to be written."""
    path = tmp_path / "indicators.yaml"
    shutil.copy(CATALOG, path)
    monkeypatch.setenv("XINZHI_CATALOG", str(path))
    return path


def answers(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def without(new: str, old: str) -> list[str]:
    """The lines that were added; each other line stands as it stood."""
    left = iter(old.splitlines(keepends=True))
    waiting, added = next(left, None), []
    for line in new.splitlines(keepends=True):
        if line == waiting:
            waiting = next(left, None)
        else:
            added.append(line)
    assert waiting is None, waiting
    return added


@pytest.mark.parametrize("kind", STEPS)
def test_the_steps_of_the_manual_add_what_check_has_nothing_against(
    kind: str, own: Path, data: Path, cli: Cli
) -> None:
    (data / "provinces.csv").write_bytes(
        csv_of([
            ("地区", "2026年2月", "2026年1月"), ("广东省", 560.1, 610.2), ("海南省", 30.1, 33.3),
            ("单位：亿千瓦时",),
        ])
    )  # fmt: skip
    before = own.read_text(encoding="utf-8")
    done = cli(*STEPS[kind], *(["--offline"] if kind in ("company", "fred") else []))
    assert done.status == 0, done.err
    after = own.read_text(encoding="utf-8")
    assert without(after, before)
    line = int(re.search(r"indicators.yaml, line (\d+):", done.out)[1])  # type: ignore[index]
    new = after.splitlines()[line - 1].strip(" :")
    assert re.search(rf"Next: python -m etl run .*\b{new}\b", done.out)
    assert new in load_catalog(own)
    assert cli("check").status == 0


def test_the_province_and_the_excel_of_the_manual_are_there_after_the_next_run(
    own: Path, data: Path, cli: Cli
) -> None:
    test_the_steps_of_the_manual_add_what_check_has_nothing_against("table", own, data, cli)
    test_the_steps_of_the_manual_add_what_check_has_nothing_against("manual", own, data, cli)
    (data / "manual").mkdir()
    rows = [
        ("专精特新“小巨人”企业数",),
        ("月份", "数值"),
        ("2026年1月", "1.46万家"),
        ("2026年2月", 14603),
    ]
    (data / "manual" / "专精特新.xlsx").write_bytes(workbook(rows))
    done = cli("run", "--offline", "guangdong_power_use_kwh_bn", "specialised_firms")
    assert done.status == 0, done.err
    assert served(data, "guangdong_power_use_kwh_bn") == {
        date(2026, 1, 1): pytest.approx(61.02), date(2026, 2, 1): pytest.approx(56.01),
    }  # fmt: skip
    assert served(data, "specialised_firms") == {date(2026, 1, 1): 14600, date(2026, 2, 1): 14603}


def test_a_person_is_asked_again_until_an_answer_can_be_right(
    own: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(
        monkeypatch, "sprea", "spread", "brent_spot", "brent_spot_usd_bbl", "wti_spot_usd_bbl",
        "Spread", "vix", "brent_wti_usd_bbl", "", "", "", "", "", "费半",
        "布伦特与 WTI 价差", "y",
    )  # fmt: skip
    before = own.read_text(encoding="utf-8")
    done = cli("new-indicator", "--lang", "zh")
    assert done.status == 0, done.err
    for words in ("是不是“spread”？", "是不是“brent_spot_usd_bbl”？", "“Spread”不能作 id",
                  "“vix”已经有了", "“费半”已经指 phlx_semiconductor",
                  "写入？"):  # fmt: skip
        assert words in done.out, words
    made = load_catalog(own)["brent_wti_usd_bbl"]
    assert (made.inputs, made.group) == (("brent_spot_usd_bbl", "wti_spot_usd_bbl"), "energy")
    assert made.aliases == ("布伦特与 WTI 价差",)
    added = "".join(without(own.read_text(encoding="utf-8"), before))
    assert added.strip() in done.out


@pytest.mark.parametrize("answer", ["n", "", None])
def test_nothing_is_written_unless_a_person_agrees(
    answer: str | None, own: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, *([] if answer is None else [answer]))
    before = own.read_bytes()
    given = [word for word in STEPS["spread"] if word != "--yes"]
    told = ["--title-zh", "价差", "--title-en", "Spread", "--short-zh", "价差",
            "--short-en", "Spread", "--group", "energy", "--aliases", ""]  # fmt: skip
    done = cli(*given, *told)
    assert done.status == (2 if answer is None else 0)
    assert own.read_bytes() == before


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"--id": "brent_spot_usd_bbl"}, "exists already"), ({"--id": "Brent-WTI"}, "is no id"),
        ({"--second": "wti"}, "unknown 'wti'"), ({"--aliases": "费半"}, "means phlx_"),
        ({"--group": "enrgy"}, "Did you mean 'energy'?"),
        ({"--second": "us_10y_yield_pct"}, "difference"),
        ({"--second": "brent_spot_usd_bbl"}, "twice"),
    ],
)  # fmt: skip
def test_what_check_would_refuse_is_not_written(
    changed: dict[str, str], says: str, own: Path, cli: Cli
) -> None:
    before, words = own.read_bytes(), [*STEPS["spread"]]
    for flag, text in changed.items():
        if flag in words:
            words[words.index(flag) + 1] = text
        else:
            words += [flag, text]
    done = cli(*words)
    assert (done.status, is_one_sentence(done.err)) == (2, True), done.err
    assert says in done.err
    assert own.read_bytes() == before


def test_all_that_is_still_to_be_said_is_told_at_once(own: Path, cli: Cli) -> None:
    done = cli("new-indicator", "--yes", "--kind", "manual", "--id", "x_firms")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    for flag in ("--title-zh", "--title-en", "--unit", "--definition-zh", "--source-en", "--url"):
        assert f"{flag} (" in done.err
    assert "--id (" not in done.err
    assert "--frequency" not in done.err


def test_a_table_that_is_not_as_told_is_not_written_and_says_how_to_try_again(
    own: Path, data: Path, cli: Cli
) -> None:
    (data / "provinces.csv").write_bytes(
        csv_of([("地区", "2026年2月", "2026年1月"), ("海南", 1, 2)])
    )
    before = own.read_bytes()
    done = cli(*STEPS["table"])
    assert done.status == 2
    assert "no row has '广东省' in its column '地区' (found: 海南)" in done.err
    (again,) = (line for line in done.out.splitlines() if line.startswith("python -m etl new-"))
    assert {"--where", "地区=广东省", "--unit", "kwh_bn"} < {*shlex.split(again)}
    assert own.read_bytes() == before


def test_comments_line_ends_and_the_mode_of_the_file_stay(
    data: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = part_of_the_catalog(tmp_path / "part.yaml", "vix")
    named = {key: getattr(load_catalog(path), key) for key in ("units", "groups")}
    assert "energy" in named["groups"]
    text = CATALOG.read_text(encoding="utf-8").replace("\n", "\r\n")
    path.write_bytes(text.encode())
    path.chmod(0o640)
    monkeypatch.setenv("XINZHI_CATALOG", str(path))
    assert cli(*STEPS["spread"]).status == 0
    raw = path.read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert without(raw.decode(), text)
