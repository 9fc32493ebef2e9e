"""1,000 indicators of 2,500 days, imported and published: with a lake, beside the same with a file,
both with the DuckDB that a lake needs."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.many import write_catalog, write_values
from benchmarks.servers import LAKE_PYTHON, POSTGRES, postgres_server
from etl.settings import PROJECT

INDICATORS, DAYS = 1_000, 2_500


def measure(
    folder: Path, indicators: int = INDICATORS, days: int = DAYS
) -> tuple[float, float] | None:
    """Seconds of CPU with a lake (catalog in PostgreSQL, data files in a folder), and with a file;
    None where PostgreSQL or the environment of a lake is missing."""
    if POSTGRES is None or not LAKE_PYTHON.exists():
        return None
    catalog = write_catalog(folder / "indicators.yaml", indicators)
    values = write_values(folder / "values.parquet", indicators, days)
    common = {"XINZHI_CATALOG": str(catalog)}
    with postgres_server() as server:
        address = f"ducklake:postgres:{server.new_database('bench')}"
        lake = _cpu_s(values, {**common, "XINZHI_WAREHOUSE": address}, folder / "lake")
    return lake, _cpu_s(values, common, folder / "file")


def _cpu_s(values: Path, environment: Mapping[str, str], data: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [str(LAKE_PYTHON), "-m", "etl", "import", str(values)],
        cwd=PROJECT, env={**os.environ, **environment, "XINZHI_DATA": str(data)},
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(measure(Path(place), *(int(number) for number in sys.argv[1:])))
