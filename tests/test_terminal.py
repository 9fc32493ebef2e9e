"""Commands on terminals that cannot print every letter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT, Finished
from hypothesis import given
from hypothesis import strategies as st

from etl.terminal import as_printed


def told(encoding: str, module: str, *arguments: str, data: Path) -> Finished:
    """What a command prints where only `encoding` is understood."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=PROJECT,
        env={**os.environ, "XINZHI_DATA": str(data), "PYTHONIOENCODING": encoding, "LANG": "C"},
        capture_output=True,
        timeout=120,
    )
    return Finished(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))


COMMANDS = (
    ("claims", "2026-05-27"), ("claims", "2026-05-27✔"), ("candidates",), ("status",),
    ("brief", "2026-05-27"), ("alerts",), ("history",), ("check",), ("run", "--offline"),
)  # fmt: skip


@pytest.mark.parametrize(("encoding", "most"), [("ascii", 9), ("gbk", 3), ("cp1252", 3)])
def test_every_command_says_in_words_what_the_terminal_lacks(
    filled: Path, encoding: str, most: int
) -> None:
    for command in COMMANDS[:most]:
        done = told(encoding, "etl", *command, data=filled)
        assert "Traceback" not in done.err, command
        assert done.status in ((2,) if "✔" in command[-1] else (0, 1)), (command, done.err)
        assert done.out or done.err


def test_a_verdict_is_a_word_where_there_is_no_sign_for_it(filled: Path) -> None:
    plain = told("utf-8", "etl", "claims", "2026-05-27", data=filled).out.splitlines()
    chinese = told("gbk", "etl", "claims", "2026-05-27", data=filled).out.splitlines()
    assert plain[1].startswith("✔  supported")
    assert chinese[1].startswith("yes  supported")
    assert "相符" in chinese[1]
    columns = {line.index(word) for line in chinese[:2] for word in ("verdict", "supported")
               if word in line}  # fmt: skip
    assert len(columns) == 1


@pytest.mark.parametrize("command", [("claims", "2026-05-27"), ("status",), ("alerts",),
                                     ("brief", "2026-05-27"), ("candidates",)])  # fmt: skip
def test_json_is_whole_on_any_terminal(filled: Path, command: tuple[str, ...]) -> None:
    found = [
        json.loads(told(encoding, "etl", *command, "--json", data=filled).out)
        for encoding in ("utf-8", "ascii")
    ]
    if command[0] == "status":  # which tells the moment it was asked
        assert [r["id"] for r in found[1]] == [r["id"] for r in found[0]]
    else:
        assert found[0] == found[1]


def test_the_dashboard_speaks_plainly_too(filled: Path, tmp_path: Path) -> None:
    target = tmp_path / "图.svg"
    done = told("ascii", "dashboard", "image", "sp500", "-o", str(target), data=filled)
    assert (done.status, done.err) == (0, "")
    assert "1200 x 628" in done.out
    done = told("ascii", "dashboard", "image", "标普", "-o", str(target), data=filled)
    assert done.status == 2
    assert "Traceback" not in done.err


@given(st.text(), st.sampled_from(("ascii", "gbk", "cp437", "utf-8", "gb18030")))
def test_any_text_is_printed_and_what_can_be_stays(text: str, encoding: str) -> None:
    shown = as_printed(text, encoding)
    shown.encode(encoding)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return
    assert shown == text


def test_signs_are_said_by_what_they_mean() -> None:
    assert as_printed("✔ ≈ ✘ 5×10²⁶ CO₂ −3 → ▲（a）、…", "ascii") == (
        "yes about no 5x10^26 CO2 -3 -> up(a),..."
    )
    assert as_printed("中文\udcff", "ascii") == "\\u4e2d\\u6587\\udcff"
    assert as_printed("a\udcffb", "utf-8") == "a\\udcffb"
