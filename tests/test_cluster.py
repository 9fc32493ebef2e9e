"""A site on several machines, all of it on loopback: one thing after the other breaks, and no
reader sees an error or an old frozen value."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.cluster import DRILLS, People, cluster
from benchmarks.servers import LAKE_PYTHON, NGINX, POSTGRES

pytestmark = pytest.mark.slow

MISSING = [
    name
    for name, found in {
        "the environment of the lake (make install-lake)": LAKE_PYTHON.exists(),
        "nginx": NGINX,
        "PostgreSQL": POSTGRES,
        "faketime": shutil.which("faketime"),
    }.items()
    if not found
]


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_no_reader_sees_an_error_or_an_old_value_whatever_breaks(tmp_path: Path) -> None:
    with cluster(tmp_path / "site") as site, People(site.address) as people:
        for drill in DRILLS:
            drill(site, people)
            people.require_content(drill.__name__)
        assert people.asked > 200
        assert set(people.frozen) == set(people.said)  # and each was called so
