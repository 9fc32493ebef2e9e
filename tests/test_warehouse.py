"""The append-only truth: what was known when, which source is served, and who may write."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from conftest import Cli, command, finished, is_one_sentence
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.errors import StorageError
from etl.records import Observation
from etl.storage.warehouse import Outcome, Warehouse, opened

DAY = date(2026, 5, 26)
NOON = datetime(2026, 5, 27, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
NAMES = count()


def _append(
    warehouse: Warehouse,
    value: float,
    known_at: datetime,
    *,
    source: str = "fred",
    load: int = 1,
    day: date = DAY,
) -> tuple[int, int]:
    done = warehouse.append(
        "sp500", source, [Observation(day, value)], load=load, known_at=known_at, exactly=True
    )
    return done.new, done.revised


def _value(warehouse: Warehouse, as_of: datetime) -> float | None:
    found = warehouse.series("sp500", as_of)
    return found[0][0].value if found else None


def test_an_unchanged_value_is_not_stored_twice(warehouse: Warehouse) -> None:
    assert _append(warehouse, 7519.12, NOON) == (1, 0)
    assert _append(warehouse, 7519.12, LATER) == (0, 0)
    assert warehouse.rows() == 1


def test_a_revision_is_a_new_vintage_and_the_old_one_stays(warehouse: Warehouse) -> None:
    _append(warehouse, 7519.0, NOON)
    assert _append(warehouse, 7519.12, LATER) == (0, 1)
    assert warehouse.rows() == 2
    assert _value(warehouse, NOON - timedelta(seconds=1)) is None
    assert _value(warehouse, NOON) == 7519.0
    assert _value(warehouse, LATER - timedelta(seconds=1)) == 7519.0
    assert _value(warehouse, LATER) == 7519.12


def test_a_value_that_returns_is_a_vintage_again(warehouse: Warehouse) -> None:
    for hours, value in enumerate((1.0, 2.0, 1.0)):
        _append(warehouse, value, NOON + timedelta(hours=hours), load=hours)
    answers = [_value(warehouse, NOON + timedelta(hours=hours)) for hours in range(3)]
    assert answers == [1.0, 2.0, 1.0]


def test_a_first_load_is_known_from_when_each_value_was_public(warehouse: Warehouse) -> None:
    public = NOON - timedelta(days=30)
    rows = [Observation(DAY - timedelta(days=31), 1.0, public), Observation(DAY, 2.0, NOON)]
    warehouse.append("sp500", "fred", rows, load=1, known_at=LATER)
    assert [v.value for v, _ in warehouse.series("sp500", public)] == [1.0]
    assert [v.value for v, _ in warehouse.series("sp500", NOON)] == [1.0, 2.0]


def test_what_comes_later_is_known_from_when_it_came(warehouse: Warehouse) -> None:
    public = NOON - timedelta(days=30)
    old = Observation(DAY - timedelta(days=31), 1.0, public)
    warehouse.append("sp500", "fred", [old], load=1, known_at=NOON)
    revised = Observation(old.date, 1.5, public)
    warehouse.append("sp500", "fred", [revised], load=2, known_at=LATER)
    assert _value(warehouse, NOON) == 1.0
    assert _value(warehouse, LATER) == 1.5


def test_an_unchanged_second_load_adds_nothing_to_a_first_one(warehouse: Warehouse) -> None:
    rows = [Observation(DAY, 1.0, NOON - timedelta(days=9))]
    for load, moment in ((1, NOON), (2, LATER)):
        warehouse.append("sp500", "fred", rows, load=load, known_at=moment)
    assert warehouse.rows() == 1


def test_the_preferred_source_is_served_whichever_came_last(warehouse: Warehouse) -> None:
    warehouse.prefer([("sp500", "yahoo", 0), ("sp500", "fred", 1)])
    _append(warehouse, 1.0, NOON, source="yahoo")
    _append(warehouse, 2.0, LATER, source="fred", load=2)
    assert _value(warehouse, LATER) == 1.0
    warehouse.prefer([("sp500", "fred", 0), ("sp500", "yahoo", 1)])
    assert _value(warehouse, LATER) == 2.0


def test_a_less_preferred_source_fills_the_days_the_other_lacks(warehouse: Warehouse) -> None:
    warehouse.prefer([("sp500", "yahoo", 0), ("sp500", "fred", 1)])
    before = DAY - timedelta(days=1)
    _append(warehouse, 1.0, NOON, source="yahoo")
    _append(warehouse, 2.0, NOON, source="fred", day=before)
    found = {v.date: (v.value, v.source) for v, _ in warehouse.series("sp500", NOON)}
    assert found == {before: (2.0, "fred"), DAY: (1.0, "yahoo")}


def test_an_import_is_served_only_while_it_is_the_newest(warehouse: Warehouse) -> None:
    warehouse.prefer([("sp500", "yahoo", 0)])
    _append(warehouse, 1.0, NOON, source="yahoo", load=1)
    _append(warehouse, 2.0, NOON + timedelta(hours=1), source="import", load=2)
    _append(warehouse, 3.0, NOON + timedelta(hours=2), source="yahoo", load=3)
    answers = [_value(warehouse, NOON + timedelta(hours=hours)) for hours in range(3)]
    assert answers == [1.0, 2.0, 3.0]


def test_a_broken_block_leaves_nothing_behind(warehouse: Warehouse) -> None:
    _append(warehouse, 1.0, NOON)

    def write_and_stop() -> None:
        with warehouse.transaction():
            _append(warehouse, 2.0, LATER)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_stop()
    assert warehouse.rows() == 1
    assert _value(warehouse, LATER) == 1.0


def test_what_was_stored_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with opened(path) as first:
        _append(first, 7519.12, NOON)
    with opened(path, read_only=True) as second:
        assert _value(second, NOON) == 7519.12


def test_an_older_text_stays_beside_a_newer_one(warehouse: Warehouse) -> None:
    assert warehouse.keep_text("bulletin", "2026-05-27", "old", known_at=NOON, load=1)
    assert not warehouse.keep_text("bulletin", "2026-05-27", "old", known_at=NOON, load=2)
    assert warehouse.keep_text("bulletin", "2026-05-27", "new", known_at=LATER, load=3)
    assert warehouse.texts("bulletin") == {"2026-05-27": "new"}
    kept = warehouse.connection.execute("select count(*) from texts").fetchall()
    assert kept == [(2,)]


def test_the_last_outcome_of_each_subject_is_remembered(warehouse: Warehouse) -> None:
    for problem in ("broken", ""):
        load = warehouse.begin_load("run", NOON, NOON)
        warehouse.finish_load(load, LATER, [Outcome("sp500", "fred", 1, 0, DAY, problem)])
    assert warehouse.last_outcomes()["sp500"].problem == ""


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    path.write_text("this is not a database, however long it may be" * 500)
    with pytest.raises(StorageError, match=r"warehouse\.duckdb"), opened(path):
        pass


STEP = st.tuples(
    st.sampled_from(["yahoo", "fred", "import"]),
    st.integers(0, 2),  # the day
    st.integers(1, 3),  # the value
    st.integers(0, 2),  # hours since the step before
)


@given(steps=st.lists(STEP, max_size=10))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_as_of_any_moment_the_answer_is_what_was_known_then(
    warehouse: Warehouse, steps: list[tuple[str, int, int, int]]
) -> None:
    """The law of the warehouse, against the plainest Python that says the same."""
    name, hour = f"indicator_{next(NAMES)}", 0
    warehouse.prefer([(name, "yahoo", 0), (name, "fred", 1)])
    told: dict[tuple[int, str], list[tuple[int, int, int]]] = {}  # (known hour, load, value)
    for load, (source, day, value, pause) in enumerate(steps, start=1):
        hour += pause
        warehouse.append(
            name,
            source,
            [Observation(DAY + timedelta(days=day), float(value))],
            load=load,
            known_at=NOON + timedelta(hours=hour),
            exactly=True,
        )
        held = told.setdefault((day, source), [])
        if not held or held[-1][2] != value:
            held.append((hour, load, value))

    for moment in range(-1, hour + 2):
        expected = {}
        for day in range(3):
            known = {
                source: max(v for v in held if v[0] <= moment)
                for (of_day, source), held in told.items()
                if of_day == day and any(v[0] <= moment for v in held)
            }
            preferred = next((known[s] for s in ("yahoo", "fred") if s in known), None)
            best = max(v for v in (preferred, known.get("import"), (-2, 0, 0)) if v is not None)
            if known:
                expected[DAY + timedelta(days=day)] = float(best[2])
        answer = warehouse.series(name, NOON + timedelta(hours=moment))
        assert {vintage.date: vintage.value for vintage, _ in answer} == expected
        assert all(vintage.known_at <= NOON + timedelta(hours=moment) for vintage, _ in answer)
        newest = warehouse.newest_served(NOON + timedelta(hours=moment), name)
        assert newest == ({name: answer[-1][0]} if answer else {})


HOLDER = """
import sys
from pathlib import Path
from etl.storage.warehouse import lock
with lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("arguments", [["run", "--offline"], ["rollback"]], ids=lambda a: a[0])
def test_a_second_writer_is_refused_in_words_that_name_the_first(
    arguments: list[str], filled: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(filled / ".lock")],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        done = finished(command(*arguments, data=filled))
        holder.communicate()
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert str(holder.pid) in done.err


def test_the_lock_is_free_again_when_its_holder_is_gone(filled: Path, cli: Cli) -> None:
    (filled / ".lock").write_text("99999")
    assert cli("run", "--offline").status == 0
