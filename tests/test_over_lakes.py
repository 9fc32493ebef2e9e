"""The tests of the warehouse once more, over a lake, in the environment that has its DuckDB."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from conftest import PROJECT

from benchmarks.servers import LAKE_PYTHON, PostgresServer

pytestmark = pytest.mark.slow

#: What is asked of a lake too: how vintages are appended, held, renamed and served, and what a
#: whole run and a publication make of them. What starts processes of its own names files.
FILES = ("test_warehouse.py", "test_revisions.py", "test_renames.py", "test_publish.py")
CHOSEN = (
    "test_warehouse or test_revisions or renam or nothing_lies_beside "
    "or has_not_changed_is_not_published or published_file_never_changes"
)
#: A hang ends here; on a quiet machine it takes a minute and a half.
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
