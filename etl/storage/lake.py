"""The warehouse as a DuckLake: its catalog in PostgreSQL, its data files in a folder or a bucket.

DuckDB has the extensions that it takes from wheels, never from the network. Only who names a lake
loads this module.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import duckdb
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from etl.database import Config, attached
from etl.errors import PostgresAway, SettingError, StorageError, quoted
from etl.settings import HIDDEN, BucketAddress, Lake, ObjectAccess, Settings
from etl.storage import postgres
from etl.storage.objects import stands_in_host

#: The DuckDB whose wheels there are, and the format of lakes that they read and write.
DUCKDB, FORMAT = "1.5.5", "1.0"
#: How a lake is called on its own connection.
NAME = "lake"
_EXTENSIONS = ("postgres_scanner", "ducklake")
_OF_BUCKETS = "httpfs"
#: How long DuckLake keeps a state of the tables, and then the files of it: a dump of PostgreSQL
#: that is no older finds every file it names.
KEPT = "7 days"
#: With more data files than this they are merged.
MOST_FILES = 100
#: A dead machine is noticed, as `postgres.connect` does.
_PATIENCE = {
    "connect_timeout": 5, "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5,
    "keepalives_count": 3, "tcp_user_timeout": 20_000,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A lake, and how its data files are reached."""

    lake: Lake
    access: ObjectAccess


def placed(settings: Settings) -> Place:
    """The lake of the settings, which must name one."""
    assert settings.lake is not None
    return Place(settings.lake, settings.object_access)


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What DuckDB says of a catalog or of data files, and what that means."""

    pattern: str
    sentence: str
    passes: bool = False


_TROUBLES = (
    _Trouble(
        r"\b403\b|AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|Forbidden",
        "{files}: the object store does not let in who asks (XINZHI_S3_KEY_ID, XINZHI_S3_SECRET), "
        "or a clock is wrong",
    ),
    _Trouble(
        r"\b404\b|NoSuchBucket|NoSuchKey|No such file|No files found",
        "{files}: a data file or the bucket is missing; see XINZHI_LAKE_FILES, and whether every "
        "machine has the folder",
    ),
    _Trouble(
        r"(?:HTTP|https?://).*|.*\bHTTP (?:PUT|GET|HEAD|POST)\b",
        "{files}: the object store does not answer (XINZHI_S3_ENDPOINT); try again later",
    ),
    _Trouble(
        r"Permission denied|Read-only file system|Not a directory|Is a directory|Could not create",
        "{files}: data files cannot be written there; give permission, or name another place "
        "(XINZHI_LAKE_FILES) for a new lake",
    ),
    _Trouble(r"No space left|disk quota", "{files}: no space is left for data files"),
    _Trouble(
        r"closed the connection|terminating connection|no connection to|could not (?:receive|send)"
        r"|Unable to connect|connection to server|[Cc]onnection (?:refused|reset|timed out)|EOF"
        r"|shutting down|starting up|connection has been|[Ff]ailed to (?:get|prepare|execute|flush)"
        r"|invalidated",
        "{catalog}: the connection to PostgreSQL was lost; see whether it runs",
        passes=True,
    ),
)


def require_engine(lake: Lake) -> list[Path]:
    """The paths of the extensions for a lake; a SettingError that says what to install where."""
    wanted = (*_EXTENSIONS, *([_OF_BUCKETS] if isinstance(lake.files, BucketAddress) else []))
    found = {name: _extension(name) for name in wanted}
    missing = [name for name, path in found.items() if path is None]
    if duckdb.__version__ != DUCKDB or missing:
        lacks = f" without {', '.join(missing)}" if missing else ""
        raise SettingError(
            f"XINZHI_WAREHOUSE: a lake needs DuckDB {DUCKDB} with its extensions, and this Python "
            f"has DuckDB {duckdb.__version__}{lacks}. `make install-lake` makes the environment "
            ".venv-lake from requirements-lake.lock (the extra [lake]); run "
            "`.venv-lake/bin/python -m etl …`."
        )
    return [path for path in found.values() if path is not None]


def _extension(name: str) -> Path | None:
    """The file of an extension in its wheel, if it is installed."""
    spec = find_spec(f"duckdb_extension_{name}")
    places = spec.submodule_search_locations if spec else None
    files = (file for place in places or () for file in Path(place).rglob(f"{name}.*extension"))
    return next(files, None)


@contextmanager
def opened(
    place: Place, config: Config, *, read_only: bool
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Callable[[], bool]]]:
    """A connection whose tables are those of the lake, and what tells whether it is still the only
    one that writes; what DuckDB says in the block becomes a StorageError in words."""
    require_engine(place.lake)
    with ExitStack() as held:
        still_held: Callable[[], bool] = lambda: True  # noqa: E731
        if not read_only:
            still_held = held.enter_context(writer(place.lake)).still_held
        connection = held.enter_context(engine([place], config))
        held.enter_context(in_words(place))
        attach(connection, place, NAME, read_only=read_only)
        connection.execute(f"use {NAME}")
        yield connection, still_held


@contextmanager
def engine(places: Sequence[Place], config: Config) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory that can attach the lakes and asks nothing of the network besides. What
    does not fit into memory is spilled to a folder that is gone afterwards."""
    extensions = dict.fromkeys(path for one in places for path in require_engine(one.lake))
    never = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    with tempfile.TemporaryDirectory(prefix="xinzhi-") as spilled:
        settings = {**config, **never, "temp_directory": spilled}
        with closing(duckdb.connect(":memory:", config=settings)) as connection:
            for path in extensions:
                connection.execute(f"load {attached(path)}")
            for number, one in enumerate(places):
                if isinstance(one.lake.files, BucketAddress):
                    with in_words(one):
                        connection.execute(_secret_of(f"files{number}", one))
            yield connection


@contextmanager
def writer(lake: Lake) -> Iterator[postgres.AdvisoryLock]:
    """Be the one writer of a lake on all machines, and make room for its catalog."""
    with postgres.advisory_lock(lake.catalog, "writer") as held:
        with postgres.in_words(lake.catalog):
            schema = sql.Identifier(postgres.schema_of(lake.catalog))
            held.connection.execute(sql.SQL("create schema if not exists {}").format(schema))
        yield held


def attach(
    connection: duckdb.DuckDBPyConnection, place: Place, name: str, *, read_only: bool
) -> None:
    """Attach the lake under a name; a StorageError in words if it is not one that can be used.
    Without `read_only` an empty one is made where there is none."""
    lake = place.lake
    tables = tables_of(lake)
    if read_only and not tables:
        raise StorageError(
            f"{lake.catalog.shown}: no warehouse yet; run `python -m etl run` first."
        )
    if not read_only and isinstance(lake.files, Path):
        _try_to_write(lake.files)
    parts = {k: v for k, v in conninfo_to_dict(lake.catalog.conninfo).items() if v is not None}
    password = str(parts.pop("password", ""))
    address = make_conninfo("", **{**_PATIENCE, "application_name": "etl", **parts})
    with in_words(place):
        # In a secret of DuckDB the password is in no address, and so in no sentence.
        connection.execute(
            f"create or replace secret catalog_of_{name} "
            f"(type postgres, password {attached(password)})"
        )
        connection.execute(
            f"attach {attached(f'ducklake:postgres:{address}')} as {name} "
            f"(data_path {attached(files_of(lake))}, meta_secret 'catalog_of_{name}', "
            f"metadata_schema {attached(postgres.schema_of(lake.catalog))}"
            f"{', read_only' if read_only else ''})"
        )
        if tables is None:
            for option in ("expire_older_than", "delete_older_than"):
                connection.execute(f"call {name}.set_option('{option}', '{KEPT}')")


def tidy(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Merge the small files of many runs, and forget states and files that are too old. It takes
    seconds, so that it waits for some work."""
    with closing(postgres.connect(lake.catalog)) as asked, postgres.in_words(lake.catalog):
        table = sql.Identifier(postgres.schema_of(lake.catalog), "ducklake_data_file")
        query = sql.SQL("select count(*) from {} where end_snapshot is null").format(table)
        ((files,),) = asked.execute(query).fetchall()
    if files > MOST_FILES:
        connection.execute("checkpoint")


def tables_of(lake: Lake) -> int | None:
    """How many tables the catalog has, None where there is no catalog; a StorageError in words if
    this program cannot use it."""
    schema = postgres.schema_of(lake.catalog)
    with closing(postgres.connect(lake.catalog)) as asked, postgres.in_words(lake.catalog):
        table = sql.Identifier(schema, "ducklake_metadata")
        there = asked.execute("select to_regclass(%s) is not null", [table.as_string(asked)])
        if there.fetchone() != (True,):
            return None
        query = sql.SQL("select key, value from {} where scope is null").format(table)
        told = {str(key): str(value) for key, value in asked.execute(query).fetchall()}
        query = sql.SQL("select count(*) from {} where end_snapshot is null").format(
            sql.Identifier(schema, "ducklake_table")
        )
        ((count,),) = asked.execute(query).fetchall()
    if told.get("version") != FORMAT:
        raise StorageError(
            f"{lake.catalog.shown}: the catalog is of DuckLake {quoted(told.get('version'))}, and "
            f"this program reads and writes {FORMAT}. Update the program on this machine; nothing "
            "was changed."
        )
    if told.get("data_path") != files_of(lake):
        raise StorageError(
            f"{lake.catalog.shown}: the data files of this lake lie in "
            f"{quoted(told.get('data_path'))}, and XINZHI_LAKE_FILES names "
            f"{quoted(files_of(lake))}. Set it to where they lie, the same on every machine."
        )
    return int(count)


def files_of(lake: Lake) -> str:
    """Where the data files lie, as the catalog has it."""
    place = lake.files
    return f"{place.resolve() if isinstance(place, Path) else place}/"


@contextmanager
def in_words(place: Place) -> Iterator[None]:
    """What DuckDB says of the lake in the block, as a StorageError without a secret."""
    try:
        yield
    except duckdb.Error as error:
        raise _said(place, error) from None


def _said(place: Place, error: duckdb.Error) -> StorageError:
    text, lake, access = str(error), place.lake, place.access
    for secret in (*lake.catalog.secrets, access.secret, access.token, access.key_id):
        text = text.replace(secret, HIDDEN) if secret else text
    unchanged = "what was held before is unchanged"
    for one in _TROUBLES:
        if re.search(one.pattern, text):
            told = one.sentence.format(files=files_of(lake), catalog=lake.catalog.shown)
            kind: type[StorageError] = PostgresAway if one.passes else StorageError
            return kind(f"{told} ({_first_line(text)}); {unchanged}.")
    return StorageError(
        f"{lake.catalog.shown}: the lake cannot be used ({_first_line(text)}); {unchanged}."
    )


def _first_line(text: str) -> str:
    """The words without the address that DuckDB repeats before them."""
    line = text.strip().splitlines()[0] if text.strip() else "no words"
    return quoted(re.sub(r'(?:Failed to attach .*?path \+ )?"postgres:[^"]*"', "", line))


def _try_to_write(folder: Path) -> None:
    """A StorageError in words before anything is begun that could not be ended."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StorageError(
            f"{folder}: data files of the lake cannot be written there ({error.strerror}). Give "
            "permission, or set XINZHI_LAKE_FILES; what was held before is unchanged."
        ) from None


def _secret_of(name: str, one: Place) -> str:
    """The statement that lets DuckDB into the bucket of a lake, and nowhere else."""
    place, access = one.lake.files, one.access
    assert isinstance(place, BucketAddress)
    given = {"region": access.region, "scope": f"s3://{place.name}"}
    if access.key_id and access.secret:
        given |= {"key_id": access.key_id, "secret": access.secret}
    if access.token:
        given["session_token"] = access.token
    safe = "true"
    if access.endpoint:
        scheme, _, host = access.endpoint.partition("://")
        in_host = stands_in_host(access.endpoint, place.name)
        given |= {
            "endpoint": host.removeprefix(f"{place.name}."),
            "url_style": "vhost" if in_host else "path",
        }
        safe = "true" if scheme == "https" else "false"
    named = ", ".join(f"{name} {attached(value)}" for name, value in given.items())
    return f"create or replace secret {name} (type s3, {named}, use_ssl {safe})"
