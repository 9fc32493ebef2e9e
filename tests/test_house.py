"""Rules of the house that no other tool holds: names, words, and what tests may look at."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"

#: How a library is put back to where a new process finds it; it has no public way.
OF_LIBRARIES = {
    "sites/stats_gov_cn.py": {"_id"},  # a name in the bureau's answers
    "upstreams.py": {
        "_CookieCacheManager", "_CookieDBManager", "_Cookie_cache", "_ISINCacheManager",
        "_ISINDBManager", "_TzCacheManager", "_TzDBManager", "_db", "_instances", "_isin_cache",
        "_load_option", "_tz_cache", "_tz_info_fetch_ctr",
    },
}  # fmt: skip
#: A private name as monkeypatch and setattr take it: alone, or with the path to it.
IN_WORDS = re.compile(r"(?:\w+\.)*_[A-Za-z]\w*")


@cache
def modules(*folders: str) -> list[tuple[str, ast.Module]]:
    """The path from the root and the tree of every module below the folders."""
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [
        (path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
        for path in paths
    ]


def classes(tree: ast.Module) -> Iterator[str]:
    return (node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def private_names(tree: ast.Module) -> Iterator[str]:
    """Private names of others that a module reaches for: as an attribute, in an import, or as the
    name that is patched. What a class of its own keeps in `self` is its own affair."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            is_named_tuple = node.attr in ("_replace", "_asdict", "_fields")
            if is_private(node.attr) and not is_own and not is_named_tuple:
                yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names if is_private(alias.name))
        elif isinstance(node, ast.Constant) and IN_WORDS.fullmatch(str(node.value)):
            yield str(node.value).rpartition(".")[2]


def test_no_test_looks_at_private_attributes() -> None:
    found = defaultdict(set)
    for path, tree in modules("tests"):
        file = path.removeprefix("tests/")
        if file != Path(__file__).name:
            found[file].update(private_names(tree))
    named = {file: names for file, names in found.items() if names}
    assert named == OF_LIBRARIES


def test_no_class_name_stands_in_two_modules() -> None:
    where = defaultdict(list)
    for path, tree in modules("etl", "dashboard", "desk"):
        for name in classes(tree):
            where[name].append(path)
    twice = {name: paths for name, paths in where.items() if len(paths) > 1}
    assert twice == {}


def test_no_class_and_no_module_is_named_with_a_word_that_the_glossary_replaces() -> None:
    page = (ROOT / "docs" / "words.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in page.splitlines() if line.startswith("|")]
    never = {word for row in rows for word in re.findall(r"`(\w+)`", row[-2])}
    assert {"Shelf", "Turnstile", "sheet"} <= never
    found = defaultdict(set)
    for path, tree in modules("etl", "dashboard", "desk"):
        stem = Path(path).stem
        said = {name for name in classes(tree) if name.lstrip("_") in never}
        found[path] = said | ({stem} & never)
    assert {path: said for path, said in found.items() if said} == {}


def test_every_thing_has_one_entry_in_the_glossary_in_both_languages() -> None:
    page = (ROOT / "docs" / "words.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]]
            for line in page.splitlines() if re.match(r"\| [a-z]", line)]  # fmt: skip
    assert len(rows) > 40
    assert all(len(row) == 4 and re.search(r"[一-龥]", row[1]) and row[2] for row in rows)
    for column in (0, 1):
        words = [row[column] for row in rows]
        assert len(set(words)) == len(words)
