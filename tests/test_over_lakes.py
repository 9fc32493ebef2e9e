"""The tests of the warehouse once more, over a lake, in the environment that has its DuckDB."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from conftest import PROJECT

from benchmarks.servers import LAKE_PYTHON, PostgresServer

pytestmark = pytest.mark.slow

#: What is asked of a lake too, one test of each kind: how vintages are appended, revised, held
#: back, taken, replayed, renamed and served, what is left of what broke, and what is published.
FILES = ("test_warehouse.py", "test_revisions.py", "test_renames.py", "test_publish.py")
CHOSEN = (
    "unchanged_value_is_not_stored or revision_is_a_new_vintage or as_of_any_moment "
    "or preferred_source_is_served or another_order_of_sources or new_name_keeps "
    "or clock_of_the_loads or import_is_served or broken_block or file_is_opened_again "
    "or rewrite_of_history_is_held or takes_it_with_accept or accepted_comes_out "
    "or values_and_vintages_move or published_file_never_changes or nothing_lies_beside"
)
#: A hang ends here.
PATIENCE_S = 1200


def test_the_tests_of_the_warehouse_pass_over_a_lake(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    if not LAKE_PYTHON.exists():
        pytest.skip("the environment of a lake is missing: make install-lake")
    files = tmp_path / "lakes"
    files.mkdir()
    done = subprocess.run(
        [
            str(LAKE_PYTHON), "-m", "pytest", "-p", "over_lakes", "-p", "no:cacheprovider",
            "--hypothesis-profile=quick", f"--basetemp={tmp_path / 'below'}", "-k", CHOSEN,
            *(f"tests/{name}" for name in FILES),
        ],
        cwd=PROJECT,
        env={
            **os.environ,
            "PYTHONPATH": str(PROJECT / "tests"),
            "XINZHI_TEST_LAKE": postgres.new_database("over_lakes"),
            "XINZHI_TEST_LAKE_FILES": str(files),
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
