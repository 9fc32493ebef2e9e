"""Days and values that the sites hold unless a test says otherwise."""

from __future__ import annotations

from datetime import date

from upstreams import Price

#: Sessions of every market, after all that comes with the project.
OCTOBER = [date(2026, 10, day) for day in (12, 13, 14, 15, 16, 19, 20)]


def october(start: float) -> list[Price]:
    """A value for each of these days, rising a little."""
    return [(day, round(start + 0.01 * n, 4)) for n, day in enumerate(OCTOBER)]


def monthly(start: float) -> list[Price]:
    """A value for each month of that year before them."""
    return [(date(2026, month, 1), round(start + 0.01 * month, 4)) for month in range(1, 9)]
