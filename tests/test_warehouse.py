"""The append-only truth: what was known when, which source is served, and who may write."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from conftest import Cli, command, examples, finished, is_one_sentence
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import StorageError
from etl.records import Observation
from etl.storage.warehouse import Outcome, Warehouse, opened

DAY = date(2026, 5, 26)
NOON = datetime(2026, 5, 27, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
NAMES = count()


def _load(warehouse: Warehouse, moment: datetime) -> int:
    """A load that begins at a moment, as the clock of the run shows it."""
    return warehouse.begin_load("run", moment, moment)


def _append(
    warehouse: Warehouse,
    value: float,
    known_at: datetime,
    *,
    source: str = "fred",
    day: date = DAY,
) -> tuple[int, int]:
    done = warehouse.append(
        "sp500", source, [Observation(day, value)], load=_load(warehouse, known_at),
        known_at=known_at, exactly=True,
    )  # fmt: skip
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
        _append(warehouse, value, NOON + timedelta(hours=hours))
    answers = [_value(warehouse, NOON + timedelta(hours=hours)) for hours in range(3)]
    assert answers == [1.0, 2.0, 1.0]


def test_a_first_load_is_known_from_when_each_value_was_public(warehouse: Warehouse) -> None:
    public = NOON - timedelta(days=30)
    rows = [Observation(DAY - timedelta(days=31), 1.0, public), Observation(DAY, 2.0, NOON)]
    warehouse.append("sp500", "fred", rows, load=_load(warehouse, LATER), known_at=LATER)
    assert [v.value for v, _ in warehouse.series("sp500", public)] == [1.0]
    assert [v.value for v, _ in warehouse.series("sp500", NOON)] == [1.0, 2.0]


def test_a_revision_is_known_from_when_it_came(warehouse: Warehouse) -> None:
    public = NOON - timedelta(days=30)
    old = Observation(DAY - timedelta(days=31), 1.0, public)
    warehouse.append("sp500", "fred", [old], load=_load(warehouse, NOON), known_at=NOON)
    revised = Observation(old.date, 1.5, public)
    warehouse.append("sp500", "fred", [revised], load=_load(warehouse, LATER), known_at=LATER)
    assert _value(warehouse, NOON) == 1.0
    assert _value(warehouse, LATER) == 1.5
    assert warehouse.series("sp500")[0][0].known_at == LATER


def test_a_revision_is_known_from_when_its_source_says(warehouse: Warehouse) -> None:
    first, filed = NOON - timedelta(days=30), LATER - timedelta(hours=5)
    for moment, value, public in ((NOON, 1.0, first), (LATER, 1.5, filed)):
        told = Observation(DAY - timedelta(days=31), value, public, is_stated=True)
        warehouse.append("sp500", "sec", [told], load=_load(warehouse, moment), known_at=moment)
    assert [v.known_at for v, _ in warehouse.vintages("sp500")] == [first, filed]


def test_a_value_that_was_sent_waits_for_no_rule(warehouse: Warehouse) -> None:
    rule = LATER + timedelta(days=3)
    told = [Observation(DAY, 1.0, rule)]
    warehouse.append("sp500", "fred", told, load=_load(warehouse, NOON), known_at=NOON)
    ((vintage, public),) = warehouse.series("sp500")
    assert (vintage.known_at, public) == (NOON, NOON)


def test_a_value_that_comes_late_was_public_on_time_and_is_held_from_when_it_came(
    warehouse: Warehouse,
) -> None:
    _append(warehouse, 1.0, NOON, day=DAY - timedelta(days=1))
    public, late = NOON + timedelta(hours=8), NOON + timedelta(days=9)
    told = [Observation(DAY, 2.0, public)]
    warehouse.append("sp500", "fred", told, load=_load(warehouse, late), known_at=late)
    assert warehouse.series("sp500")[-1][0].known_at == public
    before = late - timedelta(minutes=1)
    assert [v.value for v, _ in warehouse.series("sp500", before)] == [1.0]
    assert [v.value for v, _ in warehouse.series("sp500", late)] == [1.0, 2.0]


def test_before_the_first_load_what_was_public_is_reconstructed(warehouse: Warehouse) -> None:
    """A later source may make it better; what was answered from the first load on stays."""
    public = NOON - timedelta(days=30)
    warehouse.prefer([("sp500", "yahoo", 0), ("sp500", "fred", 1)], load=_load(warehouse, NOON))
    told = [Observation(DAY, 1.0, public)]
    warehouse.append("sp500", "fred", told, load=_load(warehouse, NOON), known_at=NOON)
    held = [v.value for v, _ in warehouse.series("sp500", LATER - timedelta(hours=1))]
    fuller = [Observation(DAY, 2.0, public)]
    warehouse.append("sp500", "yahoo", fuller, load=_load(warehouse, LATER), known_at=LATER)
    assert _value(warehouse, public) == 2.0
    assert [v.value for v, _ in warehouse.series("sp500", LATER - timedelta(hours=1))] == held
    assert _value(warehouse, LATER) == 2.0


def test_an_unchanged_second_load_adds_nothing_to_a_first_one(warehouse: Warehouse) -> None:
    rows = [Observation(DAY, 1.0, NOON - timedelta(days=9))]
    for moment in (NOON, LATER):
        load = _load(warehouse, moment)
        warehouse.append("sp500", "fred", rows, load=load, known_at=moment)
    assert warehouse.rows() == 1


def test_the_preferred_source_is_served_whichever_came_last(warehouse: Warehouse) -> None:
    order = [("sp500", "yahoo", 0), ("sp500", "fred", 1)]
    warehouse.prefer(order, load=_load(warehouse, NOON))
    _append(warehouse, 1.0, NOON, source="yahoo")
    _append(warehouse, 2.0, LATER, source="fred")
    assert _value(warehouse, LATER) == 1.0


def test_another_order_of_sources_holds_from_when_it_was_set(warehouse: Warehouse) -> None:
    first, second = [("sp500", "yahoo", 0), ("sp500", "fred", 1)], [
        ("sp500", "fred", 0), ("sp500", "yahoo", 1),
    ]  # fmt: skip
    warehouse.prefer(first, load=_load(warehouse, NOON))
    _append(warehouse, 1.0, NOON, source="yahoo")
    _append(warehouse, 2.0, NOON, source="fred")
    warehouse.prefer(first, load=_load(warehouse, LATER))
    warehouse.prefer(second, load=_load(warehouse, LATER))
    assert _value(warehouse, LATER - timedelta(minutes=1)) == 1.0
    assert _value(warehouse, LATER) == 2.0
    warehouse.prefer(first, load=_load(warehouse, LATER + timedelta(days=1)))
    assert _value(warehouse, LATER) == 2.0
    assert _value(warehouse, LATER + timedelta(days=1)) == 1.0


def test_a_new_name_keeps_everything_that_was_held_under_the_old_one(
    warehouse: Warehouse,
) -> None:
    order = [("sp500", "yahoo", 0), ("sp500", "fred", 1)]
    warehouse.prefer(order, load=_load(warehouse, NOON))
    _append(warehouse, 1.0, NOON, source="fred")
    _append(warehouse, 2.0, NOON, source="yahoo")
    moments = (NOON, NOON + timedelta(minutes=1), LATER)
    before = [warehouse.series("sp500", moment) for moment in moments]
    assert warehouse.rename("sp500", "sp500_index", load=_load(warehouse, LATER))
    assert [warehouse.series("sp500_index", moment) for moment in moments] == before
    assert warehouse.series("sp500") == []
    assert not warehouse.rename("sp500", "sp500_index", load=_load(warehouse, LATER))
    named = warehouse.connection.execute("select old, new, since from renames").fetchall()
    assert named == [("sp500", "sp500_index", LATER.replace(tzinfo=None))]


def test_the_clock_of_the_loads_never_runs_back(warehouse: Warehouse) -> None:
    """Seconds do not count: what is asked as of a minute is final once the minute is over."""
    moments = [NOON, NOON + timedelta(seconds=5), NOON - timedelta(days=3)]
    for value, moment in enumerate(moments, start=1):
        _append(warehouse, float(value), moment, day=DAY + timedelta(days=value))
    held = warehouse.connection.execute("select loaded_at from loads order by load").fetchall()
    assert [(m[0].hour, m[0].minute, m[0].second) for m in held] == [
        (12, 0, 0), (12, 1, 0), (12, 2, 0),
    ]  # fmt: skip


def test_a_replay_sets_the_clock_as_long_as_it_goes_on(warehouse: Warehouse) -> None:
    for day in (1, 2):
        moment = NOON - timedelta(days=30 - day)
        load = warehouse.begin_load("run", LATER, moment)
        told = [Observation(DAY - timedelta(days=40 - day), 1.0)]
        warehouse.append("sp500", "fred", told, load=load, known_at=moment)
        assert len(warehouse.series("sp500", moment)) == day
    assert len(warehouse.series("sp500", NOON - timedelta(days=29))) == 1


def test_a_less_preferred_source_fills_the_days_the_other_lacks(warehouse: Warehouse) -> None:
    order = [("sp500", "yahoo", 0), ("sp500", "fred", 1)]
    warehouse.prefer(order, load=_load(warehouse, NOON))
    before = DAY - timedelta(days=1)
    _append(warehouse, 1.0, NOON, source="yahoo")
    _append(warehouse, 2.0, NOON, source="fred", day=before)
    found = {v.date: (v.value, v.source) for v, _ in warehouse.series("sp500")}
    assert found == {before: (2.0, "fred"), DAY: (1.0, "yahoo")}


def test_an_import_is_served_only_while_it_is_the_newest(warehouse: Warehouse) -> None:
    warehouse.prefer([("sp500", "yahoo", 0)], load=_load(warehouse, NOON))
    _append(warehouse, 1.0, NOON, source="yahoo")
    _append(warehouse, 2.0, NOON + timedelta(hours=1), source="import")
    _append(warehouse, 3.0, NOON + timedelta(hours=2), source="yahoo")
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
    st.sampled_from(["yahoo", "fred", "import", "other order"]),
    st.integers(0, 2),  # the day
    st.integers(1, 3),  # the value
    st.integers(1, 2),  # hours since the step before
    st.integers(0, 3),  # hours that the value was public before
)
ORDERS = (("yahoo", "fred"), ("fred", "yahoo"))


@given(steps=st.lists(STEP, max_size=12))
@examples(60)
def test_as_of_any_moment_the_answer_is_what_was_held_or_public_then(
    warehouse: Warehouse, steps: list[tuple[str, int, int, int, int]]
) -> None:
    """The law of the warehouse, against the plainest Python that says the same."""
    name, hour = f"indicator_{next(NAMES)}", 24 * next(NAMES)
    start, begun = hour, None
    orders = [(hour, ORDERS[0])]
    _prefer(warehouse, name, ORDERS[0], hour)
    # known, load, value, held, public
    told: dict[tuple[int, str], list[tuple[int, int, int, int, int]]] = {}
    for number, (source, day, value, pause, lag) in enumerate(steps):
        hour += pause
        if source == "other order":
            orders.append((hour, ORDERS[len(orders) % 2]))
            _prefer(warehouse, name, orders[-1][1], hour)
            continue
        moment = NOON + timedelta(hours=hour)
        public = moment - timedelta(hours=lag)
        load = _load(warehouse, moment)
        begun = hour if begun is None else begun
        observation = Observation(DAY + timedelta(days=day), float(value), public)
        warehouse.append(name, source, [observation], load=load, known_at=moment)
        held = told.setdefault((day, source), [])
        if not held or max(held)[2] != value:
            known = hour if held else hour - lag
            is_first = not any(told.values())
            since = known if is_first else max(known, hour)
            held.append((known, number, value, since, hour - lag))

    for moment in range(start - 4, hour + 2):
        expected = {}
        is_held = begun is not None and moment >= begun
        in_force = [order for since, order in orders if since <= moment or not is_held][-1:]
        for day in range(3):
            known = {
                source: max(v for v in held if v[3 if is_held else 0] <= moment)
                for (of_day, source), held in told.items()
                if of_day == day and any(v[3 if is_held else 0] <= moment for v in held)
            }
            order = in_force[0] if in_force else ORDERS[0]
            preferred = next((known[s] for s in order if s in known), None)
            brought = known.get("import")
            if brought and preferred and brought[0] < preferred[4]:
                brought = None
            allowed = [v for v in (preferred, brought) if v is not None]
            if allowed:
                newest = max(allowed, key=lambda v: (v[3], v[1]))
                expected[DAY + timedelta(days=day)] = float(newest[2])
        answer = warehouse.series(name, NOON + timedelta(hours=moment))
        assert {vintage.date: vintage.value for vintage, _ in answer} == expected
        assert all(vintage.known_at <= NOON + timedelta(hours=moment) for vintage, _ in answer)
    now = warehouse.series(name)
    assert warehouse.newest_served(name) == ({name: now[-1][0]} if now else {})


def _prefer(warehouse: Warehouse, name: str, order: Sequence[str], hour: int) -> None:
    load = _load(warehouse, NOON + timedelta(hours=hour))
    ranks = [(name, source, rank) for rank, source in enumerate(order)]
    warehouse.prefer(ranks, load=load)


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
