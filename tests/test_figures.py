"""Bundled figures in packed files: read like any other, bounded, and refused with their line."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import BUNDLED, Cli, bundled, served

#: An indicator whose bundled rows the tests pack.
FILE, INDICATOR = "pue.csv", "pue_global_average"


def packed(folder: Path, change: Callable[[str], str] = str) -> bytes:
    """The content of the file of figures, changed and packed."""
    text = (folder / "figures" / FILE).read_text("utf-8")
    return gzip.compress(change(text).encode(), mtime=0)


def put(folder: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The content in the place of the figures, and a catalog that names it."""
    (folder / "figures" / FILE).unlink()
    path = folder / "figures" / f"{FILE}.gz"
    path.write_bytes(content)
    catalog = folder / "own.yaml"
    text = (BUNDLED.parent / "indicators.yaml").read_text("utf-8")
    catalog.write_text(text.replace(f"file: {FILE}}}", f"file: {FILE}.gz}}"), "utf-8")
    monkeypatch.setenv("XINZHI_CATALOG", str(catalog))
    return path


def test_a_packed_file_is_read_like_any_other(
    data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(data, packed(data), monkeypatch)
    assert cli("check").status == 0
    assert cli("run", INDICATOR, "--offline").status == 0
    assert served(data, INDICATOR) == bundled(FILE, INDICATOR)


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "no gzip file": (gzip.decompress, "is no gzip file, or a damaged one"),
    "damaged": (lambda b: b[:60] + bytes(30) + b[90:], "is no gzip file, or a damaged one"),
    "cut short": (lambda b: b[:-20], "is a gzip file cut short"),
    "empty": (lambda b: b"", "is a gzip file cut short"),
    "two in one": (lambda b: b + b, "goes on after the end of the gzip file"),
    "a bomb": (
        lambda b: gzip.compress(bytes(65_000_000), mtime=0),
        "unpacks to more than 64,000,000 bytes",
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_packed_file_that_cannot_be_unpacked_is_refused_by_check_and_run(
    how: str, data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, said = BROKEN[how]
    path = put(data, broken(packed(data)), monkeypatch)
    checked = cli("check")
    assert checked.status == 2
    assert f"{path}: {said}" in checked.err
    done = cli("run", INDICATOR, "sp500", "--offline")
    assert done.status == 1
    assert f"{path}: {said}" in done.out
    assert served(data, "sp500") == bundled("market.csv", "sp500")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("date,value", "date,values", "line 1: has no column 'value'"),
        ("disputed,note", "disputed,remark", "line 1: unknown column 'remark'"),
        (",1.98,", ",l.98,", "line 3: pue_global_average: 'l.98' is not a number"),
        (",2011-01-01,", ",2011-02-30,", "line 3: pue_global_average: '2011-02-30' is not a date"),
        ("1.98,Uptime Institute Global Data Center Survey", "1.98,", "line 3: pue_global_average: "
         "the source is empty"),
    ],
)  # fmt: skip
def test_a_wrong_row_of_a_packed_file_is_named_with_its_line(
    old: str, new: str, said: str, data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(data, packed(data, lambda text: text.replace(old, new, 1)), monkeypatch)
    checked = cli("check")
    assert checked.status == 2
    assert f"{path}, {said}" in checked.err


def test_check_names_ids_in_packed_figures_that_nobody_claims(
    data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(data, packed(data, lambda t: t + "pue_globe,2025-01-01,1.5,x,,,,\n"), monkeypatch)
    assert f"{path}, line 17: no entry of the catalog claims 'pue_globe'" in cli("check").err
