"""YAML that was made to harm is refused in one sentence with its line, soon and in little room."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import CATALOG, Cli, is_one_sentence

from benchmarks.many import write_catalog
from etl.files import strict_yaml
from etl.files.strict_yaml import YamlRefused, parse_yaml

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)
BAD = {
    "billion laughs": (LAUGHS, 6, "the aliases up to here repeat more than"),
    "one long text a thousand times": (
        "a: &a '" + "x" * 1_000_000 + "'\nb: [" + ", ".join(["*a"] * 1000) + "]",
        2, "the aliases up to here repeat more than",
    ),
    "one mapping merged ten thousand times": (
        "a: &a {" + ", ".join(f"k{n}: 1" for n in range(100)) + "}\n"
        "b:\n  <<: [" + ", ".join(["*a"] * 10_000) + "]",
        3, "the aliases up to here repeat more than",
    ),
    "an alias of itself": ("a: &a [*a]", 1, "'*a' names nothing above it"),
    "a mapping merged into itself": ("a: &a\n  <<: *a", 2, "'*a' names nothing above it"),
    "deep lists": ("[" * 100_000, 1, "nesting"),
    "deep mappings": ("".join(" " * n + "a:\n" for n in range(500)), 31, "nested more than 30"),
    "deep lists of dashes": ("- " * 100_000, 1, "nested more than 30"),
    "a million digits": ("a:\n  b: " + "9" * 1_000_000, 2, "is no int of at most 40 digits"),
    "a million digits of sixteen": ("a: 0x" + "f" * 1_000_000, 1, "is no int of at most 40"),
    "a tag on a list": ("a: !!set [b]", 1, "the tag 'set' means nothing here"),
    "a tag on a mapping": ("a: !!python/object:os.system {b: c}", 1, "means nothing here"),
    "a long key twice": ("k" * 900 + ": 1\n" + "k" * 900 + ": 2", 2, "stands twice"),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_text_that_was_made_to_harm_is_refused_with_its_line(bad: str) -> None:
    text, line, says = BAD[bad]
    with pytest.raises(YamlRefused, match=re.escape(says)) as refused:
        parse_yaml(text)
    assert refused.value.line == line
    assert len(str(refused.value)) < 200


def test_more_values_than_any_file_needs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_yaml, "MOST_VALUES", 1000)
    assert len(parse_yaml("".join(f"k{n}: 1\n" for n in range(999)))) == 999
    with pytest.raises(YamlRefused, match="more than 1,000 values"):
        parse_yaml("".join(f"k{n}: 1\n" for n in range(1000)))


def test_aliases_as_people_use_them_are_read() -> None:
    found = parse_yaml(
        "a: &a {b: 1, c: [2, 3]}\nd: *a\ne:\n  <<: *a\n  b: 4\nf: !!map {g: !!seq [1]}"
    )
    assert found["d"] == {"b": 1, "c": [2, 3]}
    assert found["e"] == {"b": 4, "c": [2, 3]}
    assert found["f"] == {"g": [1]}


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf", "1e999", "1" + "0" * 400])
@pytest.mark.parametrize("place", ["milestones: [{}]", "expect: {{min: 0, max: {}}}"])
def test_a_number_of_the_catalog_is_finite(
    place: str, number: str, data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_catalog(data / "catalog.yaml", 1)
    entry = path.read_text("utf-8").replace("milestones: [100, 200]", "records: false")
    entry = entry.replace("    records: true\n", "")
    if place.startswith("expect"):
        entry = entry.replace("expect: {min: 0.01, max: 1000000, max_change_pct: 60}", "xxx")
        entry = entry.replace("    xxx\n", f"    {place.format(number)}\n")
    else:
        entry = entry.replace("records: false", place.format(number))
    path.write_text(entry, "utf-8")
    monkeypatch.setenv("XINZHI_CATALOG", str(path))
    done = cli("check")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert f"{path}, line " in done.err


def test_a_catalog_that_is_a_folder_or_too_large_is_refused_by_check(
    data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINZHI_CATALOG", str(data))
    done = cli("check")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    monkeypatch.setattr(strict_yaml, "MOST_BYTES", 1000)
    monkeypatch.setenv("XINZHI_CATALOG", str(CATALOG))
    done = cli("check")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "larger than 1,000 bytes" in done.err
