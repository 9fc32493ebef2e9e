"""Periods and steps in SQL: what `etl.frequency` says, for whole columns at a time.

Each function gives an expression over the names of columns. `months` and `step_days` are those of
the rule of a frequency, null where it has none.
"""

from __future__ import annotations


def period(day: str, months: str) -> str:
    """The number of the period that a day lies in; periods that follow one another have numbers
    that do. Null where each day stands for itself."""
    return f"((year({day}) * 12 + month({day}) - 1) // {months})"


def shares_period(one: str, other: str, months: str) -> str:
    """Whether two days stand for one period."""
    return f"({one} = {other} or coalesce({period(one, months)} = {period(other, months)}, false))"


def is_step(before: str, after: str, months: str, step_days: str) -> str:
    """Whether a day follows another by one step."""
    return (
        f"(case when {months} is null "
        f"then {after} > {before} and coalesce({after} - {before} <= {step_days}, true) "
        f"else {period(after, months)} - {period(before, months)} = 1 end)"
    )


def is_base(day: str, base: str, over: int, months: str, base_days: str) -> str:
    """Whether a value dated `base` may be that from which a change over so many months to `day` is
    reckoned. The newest that may is."""
    ago = f"({day} - interval {over} month)"
    return (
        f"(case when {months} is null "
        f"then {base} <= {ago} and {base} >= {ago} - to_days({base_days}) "
        f"else {over} % {months} = 0 "
        f"and {period(day, months)} - {period(base, months)} = {over} // {months} end)"
    )
