"""The peer: the bundled market figures into a DuckDB file, as a short pandas script does it."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pandas as pd


def main(figures: str, target: str) -> None:
    frames = [pd.read_csv(path) for path in sorted(Path(figures).glob("*.csv"))]
    with duckdb.connect(target) as connection:
        for index, frame in enumerate(frames):
            connection.register("frame", frame)
            connection.execute(f"create or replace table figures_{index} as from frame")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
