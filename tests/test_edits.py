"""Changes of the files that people write: commits where there is git, kept copies elsewhere, a way
back from each, and nothing lost on the way."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import CATALOG, Cli, settings_of
from hand_files import own_catalog

from etl.catalog import load_catalog
from etl.commands.catalog_edits import (
    change_catalog,
    changes_of_entry,
    drafted,
    with_name,
    with_values,
    without_change,
)
from etl.errors import CatalogError, Locked, SettingError, StorageError
from etl.files.catalog_text import entry_of, with_entry
from etl.files.edits import Editor, change, changes, editing, undone, versions
from etl.settings import Settings
from etl.storage.warehouse import writing
from etl.texts import in_chinese

WANG = Editor("王芳", "笔误", "wang@example.org")
TEN = b"".join(b"line %d\n" % number for number in range(10))


def git(folder: Path, *arguments: str) -> str:
    alone = {"HOME": str(folder), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, env=alone, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A git work tree with one committed file."""
    folder = tmp_path / "tree"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "list.csv").write_bytes(TEN)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "begun")
    return folder


@pytest.fixture(params=["git", "copies"])
def file(request: pytest.FixtureRequest, tree: Path) -> Path:
    """A file in a git work tree, or in a folder that is none."""
    if request.param == "copies":
        shutil.rmtree(tree / ".git")
    return tree / "list.csv"


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """A data folder and a catalog that may be written."""
    shutil.copy(CATALOG, tmp_path / "indicators.yaml")
    return settings_of(tmp_path / "data", XINZHI_CATALOG=str(tmp_path / "indicators.yaml"))


def test_a_change_is_a_commit_of_that_file_alone_with_who_and_why(tree: Path) -> None:
    (tree / "other.txt").write_text("staged by somebody\n")
    git(tree, "add", "other.txt")
    hook = tree / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert change(tree / "list.csv", TEN + b"new\n", WANG)
    assert git(tree, "log", "-1", "--format=%an|%ae|%cn|%s") == "王芳|wang@example.org|王芳|笔误\n"
    assert git(tree, "show", "--format=", "--name-only").split() == ["list.csv"]
    assert git(tree, "status", "--porcelain") == "A  other.txt\n"
    assert not change(tree / "list.csv", TEN + b"new\n", WANG)  # it says so already


def test_a_file_is_made_and_its_making_is_in_the_history(tree: Path) -> None:
    for path in (tree / "manual" / "a.csv", tree.parent / "plain" / "a.csv"):
        change(path, b"one\n", WANG)
        ((version, before),) = changes(path)
        assert (version.who, version.why, version.content, before) == (
            "王芳",
            "笔误",
            b"one\n",
            None,
        )
        with pytest.raises(SettingError, match="made the file"):
            undone(path, version.id)


def test_what_was_changed_by_hand_is_kept_apart_from_what_is_changed_after(file: Path) -> None:
    change(file, TEN.replace(b"line 1\n", b"one\n"), WANG)
    by_hand = file.read_bytes().replace(b"line 9", b"nine")
    file.write_bytes(by_hand)
    change(file, by_hand.replace(b"line 5", b"five"), Editor("李雷", "第五行"))
    told = [(version.who, version.why) for version, _ in changes(file)]
    assert told[0] == ("李雷", "第五行")
    assert told[1][0] == "unknown"
    assert told[2] == ("王芳", "笔误")
    newest = next(changes(file))[0]
    assert undone(file, newest.id) == by_hand


def test_a_change_is_taken_back_and_later_ones_elsewhere_stay(file: Path) -> None:
    change(file, TEN.replace(b"line 1\n", b"one\n"), WANG)
    first = next(changes(file))[0]
    change(file, file.read_bytes().replace(b"line 8", b"eight"), WANG)
    back = undone(file, first.id)
    assert back == TEN.replace(b"line 8", b"eight")
    change(file, file.read_bytes().replace(b"one", b"won"), WANG)
    with pytest.raises(SettingError, match="later changes touch the same lines"):
        undone(file, first.id)
    with pytest.raises(SettingError, match="no change"):
        undone(file, "--output=x")


def test_names_and_reasons_are_plain_lines_and_nobody_is_unknown(file: Path) -> None:
    change(file, b"a\n", Editor("<王>\nAuthor: x", "first\n\nSigned-off-by: y\x1b[31m", "a b<c>@d"))
    change(file, b"b\n", Editor(" . ", ""))
    newest, before = versions(file)[:2]
    assert (before.who, before.why) == ("王 Author: x", "first Signed-off-by: y")
    assert newest.who == "unknown"


def put_in_the_middle(tree: Path, what: str) -> None:
    inside = tree / ".git"
    if what == "merge":
        (inside / "MERGE_HEAD").write_text(git(tree, "commit-tree", "HEAD^{tree}", "-m", "x"))
    elif what == "rebase":
        git(tree, "checkout", "--quiet", "--detach")
        (inside / "rebase-merge").mkdir()
    elif what == "lock":
        (inside / "index.lock").touch()
    else:
        (inside / "config").write_text("[[[")


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("merge", "in the middle of a merge"), ("rebase", "in the middle of a merge"),
        ("lock", "remove index.lock"), ("config", "does not read its work tree"),
    ],
)  # fmt: skip
def test_what_git_refuses_leaves_the_file_and_its_stage_as_they_were(
    tree: Path, what: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.files.edits.LOOK_S", 0.01)
    put_in_the_middle(tree, what)
    with pytest.raises(StorageError, match=says) as caught:
        change(tree / "list.csv", TEN + b"new\n", WANG)
    assert in_chinese(str(caught.value))
    assert (tree / "list.csv").read_bytes() == TEN
    assert not (tree / "replaced").exists()
    if what != "config":
        assert git(tree, "status", "--porcelain") == ""


def test_a_file_on_no_branch_is_kept_beside_as_a_commit_would_belong_to_nobody(tree: Path) -> None:
    git(tree, "checkout", "--quiet", "--detach")
    change(tree / "list.csv", TEN + b"new\n", WANG)
    assert git(tree, "log", "--format=%s") == "begun\n"
    assert [one.who for one in versions(tree / "list.csv")] == ["王芳", "unknown"]


def test_what_git_ignores_is_kept_beside_the_file(tree: Path) -> None:
    (tree / ".gitignore").write_text("own.csv\nreplaced\n")
    change(tree / "own.csv", b"one\n", WANG)
    change(tree / "own.csv", b"two\n", WANG)
    kept = sorted(path.read_bytes() for path in (tree / "replaced").glob("own-*.csv"))
    assert kept == [b"one\n", b"two\n"]
    assert git(tree, "log", "--format=%s") == "begun\n"


def test_a_place_that_cannot_be_written_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder")
    (tmp_path / "replaced").write_text("no folder")
    with pytest.raises(StorageError, match="cannot be written"):
        change(tmp_path / "list.csv", b"x", WANG)
    with pytest.raises(StorageError, match="cannot be read"):
        change(tmp_path / "data" / "list.csv", b"x", WANG)
    with (
        pytest.raises(StorageError, match="cannot be used"),
        editing(settings_of(tmp_path / "data")),
    ):
        pass


def test_while_a_run_goes_on_a_change_says_so(own: Settings) -> None:
    before = own.catalog.read_bytes()
    with (
        writing(own),
        pytest.raises(Locked, match=r"A run is going on .* nothing was changed"),
        editing(own, wait_s=0.0),
    ):
        pass
    assert own.catalog.read_bytes() == before


def test_every_entry_of_the_catalog_is_a_block_that_can_be_put_back() -> None:
    text = CATALOG.read_text(encoding="utf-8")
    for name in ("micron_close_usd", "data_contest_tracks"):
        entry = entry_of(text, name)
        assert entry.startswith(f"  {name}:\n")
        assert with_entry(text, name, entry) == text
    crlf = text.replace("\n", "\r\n")
    entry = entry_of(crlf, "vix").replace("\r\n", "\n")
    assert with_entry(crlf, "vix", entry) == crlf


def test_other_values_for_keys_leave_every_other_line_as_it_stood() -> None:
    text = CATALOG.read_text(encoding="utf-8")
    new = {"short": {"zh": "甲: 乙", "en": "a, b"}, "not_in": None, "headline": True}
    after = with_values(text, "micron_close_usd", new)
    old, now = text.splitlines(), after.splitlines()
    assert [line for line in now if line not in old] == ["    short: {zh: '甲: 乙', en: 'a, b'}"]
    assert (len(now), now.count("    headline: true")) == (
        len(old), old.count("    headline: true") + 1
    )  # fmt: skip
    assert "# Steps are judged where they come from" in after
    assert with_values(text, "vix", {}) == text


def test_a_renamed_indicator_is_renamed_wherever_it_is_named(own: Settings) -> None:
    change_catalog(own, lambda text: with_name(text, "micron_close_usd", "mu_close_usd"), WANG)
    after = load_catalog(own.catalog)
    assert after.resolve("micron_close_usd") == "mu_close_usd"
    assert after["micron_market_cap_usd_bn"].inputs[0] == "mu_close_usd"
    assert "mu_close_usd" in after.links["capital"].indicators
    assert list(after.indicators) == [
        after.resolve(name) for name in load_catalog(CATALOG).indicators
    ]
    with pytest.raises(SettingError, match="exists already"):
        change_catalog(own, lambda text: with_name(text, "vix", "micron_close_usd"), WANG)


def test_what_check_would_refuse_is_not_written_and_says_its_line(own: Settings) -> None:
    before = own.catalog.read_bytes()
    text = before.decode()
    wrong = entry_of(text, "vix").replace("decimals:", "decimal:")
    line = text.splitlines().index("  vix:") + 1
    draft = drafted(text, with_entry(text, "vix", wrong))
    assert [said for at, said in draft.wrong if "decimal" in said and at > line]
    with pytest.raises(CatalogError, match=r"line \d+: .*decimal"):
        change_catalog(own, lambda now: with_entry(now, "vix", wrong), WANG)
    with pytest.raises(CatalogError, match="not valid YAML"):
        change_catalog(own, lambda now: with_entry(now, "vix", "  vix: {"), WANG)
    assert own.catalog.read_bytes() == before


def test_an_entry_has_a_history_and_a_way_back(own: Settings) -> None:
    original = own.catalog.read_bytes()
    change_catalog(own, lambda text: with_values(text, "vix", {"decimals": 3}), WANG)
    change_catalog(own, lambda text: with_values(text, "sp500", {"decimals": 3}), Editor("李雷"))
    ((version, before, after),) = changes_of_entry(own, "vix")
    assert (version.who, version.why) == ("王芳", "笔误")
    assert ("decimals: 3" in before, "decimals: 3" in after) == (False, True)
    change_catalog(own, without_change(own, version.id), Editor("韩梅", "取消"))
    ((other, *_),) = changes_of_entry(own, "sp500")
    change_catalog(own, without_change(own, other.id), Editor("韩梅", "取消"))
    assert own.catalog.read_bytes() == original


@pytest.mark.parametrize(
    ("what", "old", "new"),
    [("catalog", "decimals: 2", "decimals: 3"), ("register", "国家数据局", "国家数据局办公室")],
)
def test_a_file_is_changed_listed_and_put_back_from_the_command_line(
    what: str, old: str, new: str,
    data: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    shutil.copy(CATALOG, data / "indicators.yaml")
    monkeypatch.setenv("XINZHI_CATALOG", str(data / "indicators.yaml"))
    file = data / ("indicators.yaml" if what == "catalog" else "policies.csv")
    before, mine = file.read_bytes(), tmp_path / "mine"
    mine.write_text(before.decode("utf-8-sig").replace(old, new, 1), "utf-8")
    assert "--reason" in cli("edit", what, mine).err
    assert cli("edit", what, mine, "--reason", "笔误", "--author", "王芳").status == 0
    changed = file.read_bytes()
    assert changed != before
    (line,) = cli("edit", what).out.splitlines()
    assert line.endswith("王芳: 笔误")
    assert cli("edit", what, "--undo", line.split()[0]).status == 0
    assert file.read_bytes() == before
    mine.write_bytes(b"\xff")
    assert "UTF-8" in cli("edit", what, mine, "--reason", "x").err
    assert cli("edit", what, tmp_path / "none", "--reason", "x").status == 2
    assert file.read_bytes() == before


def test_a_table_kept_by_hand_is_changed_from_the_command_line(
    data: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINZHI_CATALOG", str(own_catalog(tmp_path / "own.yaml", sources=[
        {"name": "manual", "file": "kept.csv"}])))  # fmt: skip
    mine = tmp_path / "mine.csv"
    mine.write_text("月份,数值\n2026年1月,5\n", "utf-8")
    done = cli("edit", "kept", mine, "--reason", "一月通报", "--author", "王芳")
    assert done.status == 0, done.err
    kept = data / "manual" / "kept.csv"
    assert kept.read_text("utf-8") == mine.read_text("utf-8")
    mine.write_text("月份,数值\n2026年1月,很多\n", "utf-8")
    assert "很多" in cli("edit", "kept", mine, "--reason", "x").err
    assert "5" in kept.read_text("utf-8")
    assert "Did you mean" in cli("edit", "kep", mine, "--reason", "x").err


def test_an_indicator_is_renamed_from_the_command_line(
    data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = data / "indicators.yaml"
    shutil.copy(CATALOG, catalog)
    monkeypatch.setenv("XINZHI_CATALOG", str(catalog))
    assert cli("rename", "vix", "cboe_vix", "--author", "王芳").status == 0
    assert load_catalog(catalog).resolve("vix") == "cboe_vix"
    assert cli("rename", "sp500", "cboe_vix").status == 2
