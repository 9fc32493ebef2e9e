"""Many indicators at once: the same answers as one by one, and as the plainest Python gives."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import Cli, examples, is_one_sentence, served, settings_of, snapshot, write_csv
from hypothesis import example, given
from hypothesis import strategies as st

import etl.storage.warehouse
from benchmarks.many import names, write_catalog, write_values
from etl.calendars import sessions
from etl.catalog import Catalog, load_catalog
from etl.errors import FileProblem
from etl.ingest import imports
from etl.records import Observation
from etl.storage import publish
from etl.storage.snapshots import Folder
from etl.storage.warehouse import Outcome, Warehouse, opened

pytestmark = pytest.mark.slow

HEADER = ("indicator", "date", "value")
INDICATORS, DAYS = 50, 100
FIRST = date(2026, 1, 5)
START = datetime(2026, 7, 1, tzinfo=UTC)
Values = dict[tuple[str, date], float]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(write_catalog(tmp_path_factory.mktemp("many") / "many.yaml", INDICATORS))


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few that there are several spans, and the last is not full."""
    monkeypatch.setattr(etl.storage.warehouse, "AT_ONCE", 7)


def _import(
    path: Path, values: Values, catalog: Catalog, held: Warehouse, moment: datetime, exactly: bool
) -> Mapping[str, Outcome]:
    write_csv(path, [HEADER, *((name, day, value) for (name, day), value in values.items())])
    with imports.read_files([path], catalog, moment, path.parent) as imported:
        outcomes = imports.store(
            imported, catalog, held, started_at=moment, known_at=moment, exactly=exactly
        )
    return {outcome.subject: outcome for outcome in outcomes}


def _next(chance: random.Random, before: Values) -> Values:
    """The next file: some values revised, some left out, all in another order."""
    rows = [
        (key, value * chance.uniform(0.9, 1.1) if chance.random() < 0.1 else value)
        for key, value in before.items()
        if chance.random() < 0.9
    ]
    chance.shuffle(rows)
    return dict(rows)


@pytest.mark.parametrize("seed", range(4))
def test_many_at_once_are_stored_as_plain_python_would_and_every_day_is_answered_exactly(
    seed: int, many: Catalog, warehouse: Warehouse, tmp_path: Path, few_at_once: None
) -> None:
    chance = random.Random(seed)
    days = sessions("XNYS", FIRST, START.date())[:DAYS]
    file: Values = {(n, d): 100 + chance.uniform(-9, 9) for n in names(INDICATORS) for d in days}
    told: dict[tuple[str, date], list[tuple[datetime, float]]] = {}
    started: set[str] = set()
    loads = [(START + timedelta(days=n), n == 3 or seed == 3) for n in range(5)]
    for moment, exactly in loads:
        file = _next(chance, file)
        new, revised = dict.fromkeys(names(INDICATORS), 0), dict.fromkeys(names(INDICATORS), 0)
        firsts = set() if exactly else {name for name, _ in file} - started
        for (name, day), value in file.items():
            public = many[name].public_at(day)
            known = min(public, moment) if name in firsts else moment
            held = told.setdefault((name, day), [])
            if not held or held[-1][1] != value:
                (revised if held else new)[name] += 1
                held.append((known, value))
            started.add(name)
        done = _import(tmp_path / "file.csv", file, many, warehouse, moment, exactly)
        assert {n: (o.new, o.revised) for n, o in done.items()} == {
            n: (new[n], revised[n]) for n in done
        }
        again = _import(tmp_path / "file.csv", file, many, warehouse, moment, exactly)
        assert not any(outcome.new or outcome.revised for outcome in again.values())
    assert warehouse.rows() == sum(map(len, told.values()))
    asked = [START + timedelta(hours=h) for h in (-4000, -2000, -1, 0, 23, 24, 60, 99, 200)]
    for name in chance.sample(names(INDICATORS), 9):
        for moment in asked:
            expected = {
                day: max(v for v in held if v[0] <= moment)[1]
                for (of, day), held in told.items()
                if of == name and any(known <= moment for known, _ in held)
            }
            found = {v.date: v.value for v, _ in warehouse.series(name, moment)}
            assert found == expected


def test_a_file_in_the_order_of_days_is_stored_as_one_in_the_order_of_indicators(
    many: Catalog, tmp_path: Path, few_at_once: None
) -> None:
    digests = []
    for order in ("indicator, date", "date, indicator"):
        path, target = write_values(tmp_path / "a.csv", INDICATORS, DAYS), tmp_path / "b.parquet"
        duckdb.sql(f"copy (from '{path}' order by {order}) to '{target}' (format parquet)")
        with opened(tmp_path / f"{order}.duckdb") as held:
            with imports.read_files([target], many, START, tmp_path) as imported:
                imports.store(imported, many, held, started_at=START, known_at=START, exactly=False)
            digests.append(held.digest("import"))
    assert digests[0] == digests[1]
    assert digests[0][0] == INDICATORS * DAYS


IDS = ["sp500", "vix", "spx", " sp500", "\u3000vix", '"vix"', '"v', "", "Vix"]
DATES = [
    "2026-05-26", " 2026-05-26 ", "2026-05-25", "2026-5-26", "2026-02-30", "0000-01-01", "infinity",
    "-infinity", "epoch", "２０２６-05-26", "2026-05-26 00:00:00", "2026-W22-2", "", '"2026-05-22"',
    "9999-12-31", "26-05-2026",
]  # fmt: skip
VALUES = [
    "15.5", "+1.6e1", "16.", " 17 ", "1_7", "inf", "nan", "-Infinity", "0x10", "１７", "1e999", "",
    "-", '"17,5"', '"18"', '"18"9', "18'9", "1d1", "true", "17f", "1 7", "\t17", "1e", "..5", "90",
    "-3", "NULL", "<absent>", "17\x00",
]  # fmt: skip
ROW = st.one_of(
    st.tuples(st.sampled_from(IDS), st.sampled_from(DATES), st.sampled_from(VALUES)).map(",".join),
    st.tuples(st.sampled_from(IDS[:2]), st.sampled_from(DATES[:3]), st.just("15.5")).map(",".join),
    st.sampled_from(["", "vix", "vix,2026-05-22", "vix,2026-05-22,1,", "vix,2026-05-22,1,,", " "]),
)


def _found(path: Path, catalog: Catalog, folder: Path, *, in_sql: bool) -> object:
    """The rows that are read, or what is said against them."""
    try:
        with (
            imports.read_files([path], catalog, START, folder, in_sql=in_sql) as imported,
            duckdb.connect(str(imported.database), read_only=True) as connection,
        ):
            query = "select indicator::varchar, date, value from rows"
            return connection.execute(query).fetchall()
    except FileProblem as problem:
        return str(problem)


@given(rows=st.lists(ROW, max_size=5), end=st.sampled_from(["\n", "\r\n", "\n\n"]))
@example(rows=["vix,2026-05-26,15.5", "", "sp500,2026-05-26,7000", "vix,2026-05-26,16"], end="\n")
@example(rows=["vix,2026-05-26,15.5", "vix,2026-05-26,15.5", "spx,2026-05-26,15.5"], end="\n")
@example(rows=["vix,2026-05-26,15.5", "vix,2026-05-26,15.5", "\u3000vix,1,1"], end="\n")
@example(rows=["vix,2026-05-22,15.5", '"vix",2026-05-25,"15.5"', "vix,2026-05-26,99"], end="\r\n")
@examples(50)
def test_whole_columns_are_read_as_the_functions_for_one_cell_read_them(
    rows: list[str], end: str, catalog: Catalog, tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(end.join(["indicator,date,value", *rows, ""]).encode())
    expected = _found(path, catalog, tmp_path, in_sql=False)
    assert _found(path, catalog, tmp_path, in_sql=True) == expected


def test_typed_columns_of_parquet_are_read_as_their_texts(data: Path, cli: Cli) -> None:
    path = data / "mine.parquet"
    for day in ("date '2026-05-26'", "timestamp '2026-05-26 00:00'", "'2026-05-26'"):
        for number, value in enumerate(("17.25::double", "'17.25'", "17.25::decimal(9, 2)")):
            query = f"select 'vix' indicator, {day} date, {value} \"value\""
            duckdb.sql(f"copy ({query}) to '{path}' (format parquet)")
            assert cli("import", path).status == 0, (day, number)
            assert served(data, "vix")[date(2026, 5, 26)] == 17.25
    with opened(data / "warehouse.duckdb", read_only=True) as held:
        assert len(held.vintages("vix")) == 1


def test_a_wrong_row_of_parquet_is_named_by_its_number(data: Path, cli: Cli) -> None:
    path = data / "mine.parquet"
    duckdb.sql(
        "copy (select 'vix' indicator, date '2026-05-01' + n::integer date, "
        "if(n = 6, 'nan', '17')::double \"value\" from range(9) t(n)) "
        f"to '{path}' (format parquet)"
    )
    done = cli("import", path)
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert f"{path}, line 7: vix: 'nan' is not a number" in done.err


def test_a_name_that_looks_like_a_pattern_or_an_address_is_only_a_name(
    data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data)
    write_csv(data / "ab1.csv", [HEADER, ("vix", "2026-05-26", 99)])
    write_csv(data / "a?[1].csv", [HEADER, ("vix", "2026-05-26", 17)])
    assert cli("import", "a?[1].csv").status == 0
    assert served(data, "vix") == {date(2026, 5, 26): 17.0}
    for name in ("a*.csv", "https://example.org/a.csv", "a*.parquet"):
        done = cli("import", name)
        assert (done.status, is_one_sentence(done.err)) == (2, True)
        assert "no such file" in done.err


def test_an_import_leaves_nothing_behind_and_sweeps_up_after_a_killed_one(
    data: Path, cli: Cli
) -> None:
    left = data / f"{imports.SCRATCH}dead"
    left.mkdir()
    (left / "rows.duckdb").write_text("half")
    for value, status in ((17, 0), ("n/a", 2)):
        path = write_csv(data / "mine.csv", [HEADER, ("vix", "2026-05-26", value)])
        assert cli("import", path).status == status
        assert list(data.glob(f"{imports.SCRATCH}*")) == []


def test_a_catalog_in_which_nothing_is_derived_can_be_imported_to(
    data: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINZHI_CATALOG", str(write_catalog(tmp_path / "few.yaml", 3)))
    path = write_values(tmp_path / "few.csv", 3, 20)
    assert cli("import", path).status == 0
    assert len(served(data, names(3)[2])) == 20
    assert cli("status").out.count("import") == 3


@pytest.mark.parametrize("seed", range(3))
def test_what_a_snapshot_serves_is_what_the_law_of_the_warehouse_says(
    seed: int, warehouse: Warehouse, many: Catalog, tmp_path: Path, few_at_once: None
) -> None:
    chance = random.Random(seed)
    order = [(n, s, k) for n in names(20) for k, s in enumerate(("yahoo", "fred"))]
    warehouse.prefer(order, load=warehouse.begin_load("run", START, START))
    for _ in range(60):
        name, source = chance.choice(names(20)), chance.choice(("yahoo", "fred", "import"))
        rows = [
            Observation(FIRST + timedelta(days=day), float(chance.randint(1, 3)))
            for day in chance.sample(range(9), 4)
        ]
        moment = START + timedelta(hours=chance.randint(0, 40))
        load = warehouse.begin_load("run", moment, moment)
        warehouse.append(name, source, rows, load=load, known_at=moment, exactly=True)
    folder = settings_of(tmp_path).published
    publish.publish(warehouse, publish.all_content(many, (), (), ()), Folder(folder), START)
    everything = "indicator, date, value, source, known_at, public_at, status, credit, basis, note"
    with snapshot(tmp_path) as connection:
        (shown, law) = (
            connection.execute(f"select {everything} from {source} order by all").fetchall()
            for source in ("observations", "served_all(timestamp '9999-12-31')")
        )
        assert shown == law
        assert len(shown) > 50
        order = connection.execute("select indicator, date, known_at, load from held").fetchall()
    assert order == sorted(order)


BEFORE_ORIGINS = """
create table vintages (
  indicator varchar not null, date date not null, source varchar not null,
  value double not null, known_at timestamp not null, load integer not null,
  public_at timestamp not null, status varchar not null,
  credit varchar not null, basis varchar not null, note varchar not null);
insert into vintages
select 'sp500', date '2026-05-01' + n::integer, if(n % 2 = 0, 'fred', 'figures'), n,
       timestamp '2026-06-01', 1, timestamp '2026-06-01', 'fetched', 'credit ' || n % 3, '', ''
from range(20) t(n);
"""


def test_a_warehouse_from_before_there_were_origins_holds_the_same_afterwards(
    tmp_path: Path,
) -> None:
    path = tmp_path / "warehouse.duckdb"
    query = (
        "select indicator, date, source, value, known_at, load, public_at, status, credit, basis, "
        "note from vintages order by all"
    )
    with duckdb.connect(str(path)) as connection:
        connection.execute(BEFORE_ORIGINS)
        before = connection.execute(query).fetchall()
    with opened(path) as held:
        assert held.connection.execute(query).fetchall() == before
    with opened(path) as held:
        assert held.connection.execute(query).fetchall() == before
        assert held.connection.execute("select count(*) from origins").fetchall() == [(6,)]
