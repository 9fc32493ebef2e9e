"""Everything that cannot be fetched again, as one consistent copy in a folder, and the way back.

The manifest is written last: a folder without one is half a backup, and nothing is taken from it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sqlite3
import stat
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from etl.catalog import load_catalog
from etl.committee import Hidden, hidden_now
from etl.dsn import Dsn
from etl.errors import FileProblem, StorageError, XinzhiError, quoted
from etl.records import now
from etl.row_store import PEOPLE, SUBSCRIBERS, RowTables
from etl.settings import PROJECT, RAW, Settings
from etl.storage.audiences import exposes, hidden_of
from etl.storage.audit import FILE as AUDIT
from etl.storage.audit import AuditFile, SharedAudit, written
from etl.storage.move import copy, put_back
from etl.storage.objects import ObjectProblem, Objects, StoredObject
from etl.storage.snapshots import (
    NotServed,
    UnreadableSnapshot,
    read_whole,
    store_of,
    sync,
)
from etl.storage.state import (
    ALERTS,
    alert_memory,
    export_shared_receipts,
    import_receipts,
    shared_text,
)
from etl.storage.warehouse import is_there, opened, place_of, warehouse_of, writing

MANIFEST = "manifest.json"
#: A backup holds the truth, of which each snapshot can be made again.
COMMITTEE_LATER = (
    "the committee's snapshot is in no backup; `python -m etl run` publishes it from the warehouse"
)
#: What lies in a backup, each where it lies below XINZHI_DATA; the catalog lies beside.
WAREHOUSE, RECEIPTS, PUBLISHED, CATALOG = (
    "warehouse.duckdb", "served.sqlite", "published", "indicators.yaml",
)  # fmt: skip
SENT, CHANGED = f"state/{ALERTS}", f"state/{AUDIT}"
#: Who has signed in and the tokens of programs (no sessions), and who gets letters.
ROWS = {f"state/{one.file}": one for one in (PEOPLE, SUBSCRIBERS)}
FILES = ("policies.csv", "corrections.yaml", SENT, CHANGED)
#: What lies in PostgreSQL where several machines share it, and in a backup as files.
SHARED = (RECEIPTS, SENT, CHANGED, *ROWS)
FOLDERS = (RAW, "figures", "manual", "bulletins", "drafts")
_KNOWN = {WAREHOUSE, RECEIPTS, PUBLISHED, CATALOG, *FOLDERS, *(PurePosixPath(f).parts[0]
          for f in FILES)}  # fmt: skip
#: What DuckDB and SQLite may have left beside a database, which belongs to that one alone.
_OF_SQLITE = ("-wal", "-shm", "-journal")
_BESIDE = {WAREHOUSE: (".wal",), **dict.fromkeys((RECEIPTS, *ROWS), _OF_SQLITE)}


class Copied(BaseModel):
    """One file of a backup."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    path: str
    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What a backup holds; `digest` is of all the rest."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    backup: Literal[1] = 1
    program: str
    made_at: AwareDatetime
    vintages: int
    snapshot: str | None
    files: tuple[Copied, ...]
    digest: str = ""

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    def sealed(self) -> Manifest:
        """The same with the digest that belongs to it."""
        rest = self.model_dump(mode="json", exclude={"digest"})
        return self.model_copy(
            update={"digest": sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()}
        )


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought back, where lies what it replaced, and what is to be known."""

    manifest: Manifest
    replaced: Path | None
    notices: tuple[str, ...]


def backup(settings: Settings, folder: Path) -> tuple[Manifest, tuple[str, ...]]:
    """Copy everything into an empty folder while nothing is written; what is to be known."""
    with writing(settings):
        if not is_there(settings):
            raise StorageError(
                f"{place_of(settings)}: no warehouse yet; run `python -m etl run` first."
            )
        _refuse_inside(settings, folder)
        is_new, begun = not folder.exists(), False
        try:
            if not is_new and any(folder.iterdir()):
                raise StorageError(
                    f"{folder}: is not empty, and no backup is written over another; name a new "
                    f"folder, such as {folder / f'{now():%Y-%m-%d}'}."
                )
            # Opened once, so that it is whole in its one file and is known to open.
            with warehouse_of(settings) as warehouse:
                vintages = warehouse.rows()
            snapshot, notices = _current(settings)
            begun = True
            folder.mkdir(parents=True, exist_ok=True)
            copied = tuple(
                Copied(path=path, bytes=size, sha256=digest)
                for path, copy in _sources(settings, snapshot)
                for size, digest in (copy(folder / path),)
            )
            manifest = Manifest(
                program=_program(), made_at=now(), vintages=vintages, snapshot=snapshot,
                files=copied,
            ).sealed()  # fmt: skip
            _write(folder / MANIFEST, manifest.model_dump_json(indent=1).encode())
        except ObjectProblem:
            if begun:
                _clear(folder, is_new)
            raise
        except (OSError, sqlite3.Error) as error:
            if begun:
                _clear(folder, is_new)
            raise StorageError(
                f"{_place(error, folder)}: the backup could not be written ({_reason(error)}). "
                "Check free space and permissions; nothing was left half written."
            ) from None
        except StorageError:
            if begun:
                _clear(folder, is_new)
            raise
    return manifest, notices


def check(folder: Path) -> Manifest:
    """The manifest of a backup that was found whole: every file as it was copied, the warehouse and
    the snapshot opened and counted. A sentence if it is not. Nothing is changed."""
    manifest = _manifest(folder)
    for file in manifest.files:
        _check_file(folder, file)
    with opened(folder / WAREHOUSE, read_only=True) as warehouse:
        held = warehouse.rows()
    if held != manifest.vintages:
        raise FileProblem(
            folder / WAREHOUSE,
            f"holds {held:,} vintages, and {manifest.vintages:,} were backed up; use another "
            "backup.",
        )
    if manifest.snapshot is not None:
        read_whole(folder / PUBLISHED / f"{manifest.snapshot}.duckdb")
    return manifest


def restore(settings: Settings, folder: Path) -> Restored:
    """Bring everything of a backup back below XINZHI_DATA, and serve its snapshot.

    What is there and differs is moved aside, never lost; what the backup does not hold stays where
    it is. All is copied before anything is replaced, and each file is replaced in one step.
    """
    manifest = check(folder)
    data = settings.data
    with writing(settings):
        hidden, notices = _hidden(settings), list[str]()
        stage = data / f".restoring-{secrets.token_hex(4)}"
        aside = data / f"replaced-{now():%Y%m%dT%H%M%S%fZ}"
        for left in data.glob(".restoring-*"):  # by one that was killed
            shutil.rmtree(left, ignore_errors=True)
        try:
            files = [file for file in manifest.files if file.path != CATALOG]
            for file in files:
                size, digest = _copy(folder / file.path, stage / file.path)
                if (size, digest) != (file.bytes, file.sha256):
                    raise FileProblem(folder / file.path, "changed while it was read.")
            if settings.state_dsn is not None:
                _share(settings, stage, aside, [f.path for f in files if f.path in SHARED])
                files = [file for file in files if file.path not in SHARED]
            bucket = _bucket(settings)
            for file in files:
                if file.path == WAREHOUSE and settings.lake:
                    put_back(
                        _at(settings, stage / WAREHOUSE), settings, _at(settings, aside / WAREHOUSE)
                    )
                    continue
                if bucket is not None and file.path.startswith(f"{RAW}/"):
                    _put(bucket, stage / file.path, aside / file.path, file)
                    continue
                _replace(stage / file.path, _target(settings, file), aside / file.path, file)
            if manifest.snapshot is not None:
                notices += _serve(settings, manifest.snapshot, hidden | _hidden(settings))
            elif hidden or _hidden(settings):
                notices.append(COMMITTEE_LATER)
        except OSError as error:
            kept = f"; what was replaced lies in {aside}" if aside.exists() else ""
            raise StorageError(
                f"{_place(error, data)}: the backup could not be restored ({_reason(error)}). "
                f"Check free space and permissions, then restore again{kept}."
            ) from None
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    told = (*notices, *_notices(settings, folder))
    return Restored(manifest, aside if aside.exists() else None, told)


def _hidden(settings: Settings) -> Hidden:
    """What is for the committee, as far as what is there can be read."""
    catalog = None
    with suppress(XinzhiError):
        catalog = load_catalog(settings.catalog)
    try:
        return hidden_of(settings, catalog)
    except StorageError:
        return hidden_now(catalog, (), ()) if catalog is not None else Hidden()


def _serve(settings: Settings, name: str, hidden: Hidden) -> Iterator[str]:
    """Point to the snapshot of a backup, unless it shows what is for the committee by now; what is
    to be known."""
    store = store_of(settings)
    path = store.place(name)
    meta, shown = read_whole(path), exposes(path, hidden)
    store.put(path, name)
    if shown:
        yield (
            f"its snapshot is not served: it shows {quoted(shown)}, which is for the committee; "
            "run `python -m etl run` to publish anew"
        )
    else:
        store.point_to(name, meta["fingerprint"])
    if hidden:
        yield COMMITTEE_LATER


def _refuse_inside(settings: Settings, folder: Path) -> None:
    """A backup that lay in what is backed up would hold itself."""
    place, data = folder.resolve(), settings.data.resolve()
    if place.is_relative_to(data) and place != data:
        below = place.relative_to(data).parts[0]
        if below in _KNOWN:
            raise StorageError(
                f"{folder}: lies in {data / below}, which is backed up itself; name a folder on "
                "another disk."
            )


def _sources(
    settings: Settings, snapshot: str | None
) -> Iterator[tuple[str, Callable[[Path], tuple[int, str]]]]:
    """Each file of a backup, and how it is copied."""
    yield WAREHOUSE, lambda to: _copy_warehouse(settings, to)
    if snapshot is not None:
        path = store_of(settings).path(snapshot)
        yield f"{PUBLISHED}/{path.name}", lambda to: _copy(path, to)
    if settings.state_dsn is not None:
        yield from _shared(settings.state_dsn)
    elif settings.served.exists():
        yield RECEIPTS, lambda to: _copy_database(settings.served, to)
    for name, tables in ROWS.items():
        if settings.state_dsn is not None or tables.path(settings).exists():
            yield name, partial(_copy_rows, settings, tables)
    yield CATALOG, lambda to: _copy(settings.catalog, to)
    found = [
        settings.data / name for name in FILES if settings.state_dsn is None or name not in SHARED
    ]
    bucket = _bucket(settings)
    for name in FOLDERS:
        if bucket is None or name != RAW:
            found += sorted((settings.data / name).rglob("*"))
    if bucket is not None:
        for one in bucket.every(RAW):
            yield one.name, partial(_fetch, bucket, one)
    for path in found:
        if path.is_file() and not path.name.startswith(".") and path.suffix != ".draft":
            below = path.relative_to(settings.data).as_posix()
            yield below, lambda to, path=path: _copy(path, to)  # type: ignore[misc]


def _shared(dsn: Dsn) -> Iterator[tuple[str, Callable[[Path], tuple[int, str]]]]:
    """What PostgreSQL holds, as the files that a single machine has."""

    def receipts(to: Path) -> tuple[int, str]:
        export_shared_receipts(dsn, to)
        sync(to)
        return to.stat().st_size, _sha256(to)

    yield RECEIPTS, receipts
    sent = shared_text(dsn, ALERTS)
    if sent is not None:
        yield SENT, lambda to: _written(to, sent)
    yield CHANGED, lambda to: _copy_audit(SharedAudit(dsn), to)


def _share(settings: Settings, stage: Path, aside: Path, paths: Sequence[str]) -> None:
    """Bring what several machines share back into PostgreSQL: the memory of alerts as it was, and
    all else beside what is there, of which nothing is lost."""
    if SENT in paths:
        with alert_memory(settings) as kept:
            before, text = kept.read(), (stage / SENT).read_text(encoding="utf-8")
            if before is not None and before != text:
                _written(aside / SENT, before)
            kept.write(text)
    dsn = settings.state_dsn
    if RECEIPTS in paths and dsn is not None:
        import_receipts(stage / RECEIPTS, dsn)
    if CHANGED in paths and dsn is not None:
        SharedAudit(dsn).take_over(AuditFile(stage / CHANGED).all())
    for name, tables in ROWS.items():
        if name in paths:
            tables.carry(tables.in_file(stage / name), tables.of(settings))


def _written(path: Path, text: str) -> tuple[int, str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, text.encode())
    return path.stat().st_size, _sha256(path)


def _current(settings: Settings) -> tuple[str | None, tuple[str, ...]]:
    """The snapshot that is served, if it reads whole, and what is to be known if it does not."""
    store = store_of(settings)
    name = store.current_name()
    if name is None:
        return None, (f"{store}: nothing is published; the backup has no snapshot",)
    try:
        read_whole(store.path(name))
    except (UnreadableSnapshot, NotServed) as error:
        return None, (f"the backup has no snapshot: {error}",)
    return name, ()


def _manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    if not folder.is_dir():
        raise FileProblem(folder, "there is no such folder; name one that `etl backup` has filled.")
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise FileProblem(
            folder, f"has no {MANIFEST}: it is no backup, or one that was not finished."
        ) from None
    except (OSError, ValidationError, ValueError, RecursionError):
        raise FileProblem(path, "is damaged, or of a later version; use another backup.") from None
    if manifest.sealed().digest != manifest.digest:
        raise FileProblem(path, "was changed since the backup was made; use another backup.")
    paths = [file.path for file in manifest.files]
    times = Counter(paths)
    wrong = next((p for p in paths if not _is_inside(p) or times[p] > 1), None)
    if wrong is not None:
        raise FileProblem(path, f"names {wrong[:80]!r}, which is no file of a backup.")
    if WAREHOUSE not in paths or (
        manifest.snapshot and f"{PUBLISHED}/{manifest.snapshot}.duckdb" not in paths
    ):
        raise FileProblem(path, "names no warehouse, or not the snapshot that was served.")
    return manifest


def _is_inside(path: str) -> bool:
    """Whether a manifest may name this: a plain path below what a backup holds."""
    pure = PurePosixPath(path)
    plain = path.isprintable() and "\\" not in path and str(pure) == path
    return plain and ".." not in pure.parts and bool(pure.parts) and pure.parts[0] in _KNOWN


def _check_file(folder: Path, file: Copied) -> None:
    path = folder / file.path
    links = [p for p in (path, *path.parents) if p.is_relative_to(folder) and p != folder]
    if not path.is_file() or any(p.is_symlink() for p in links):
        raise FileProblem(path, "is missing from the backup; use another one.")
    try:
        size, digest = path.stat().st_size, _sha256(path)
    except OSError as error:
        raise FileProblem(path, f"cannot be read ({error.strerror}).") from None
    if (size, digest) != (file.bytes, file.sha256):
        raise FileProblem(
            path,
            f"is not what was backed up ({size:,} bytes of {file.bytes:,}, or other ones); use "
            "another backup.",
        )


def _target(settings: Settings, file: Copied) -> Path:
    """Where a file of a backup belongs."""
    path = PurePosixPath(file.path)
    if file.path == WAREHOUSE:
        return settings.warehouse
    if path.parts[0] == PUBLISHED:
        return settings.published.joinpath(*path.parts[1:])
    return settings.data / path


def _replace(new: Path, target: Path, aside: Path, file: Copied) -> None:
    """Put a copied file in its place; what is there and differs goes aside first."""
    if target.is_file() and _sha256(target) == file.sha256:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    for ending in _BESIDE.get(file.path, ()):
        beside = target.with_name(target.name + ending)
        if beside.exists():
            aside.parent.mkdir(parents=True, exist_ok=True)
            beside.rename(aside.with_name(aside.name + ending))
    if target.exists():
        aside.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            target.rename(aside)
        else:
            _keep(target, aside)
    os.replace(new, target)
    sync(target.parent)


def _bucket(settings: Settings) -> Objects | None:
    """The bucket in which the answers of sources lie, if they lie in one."""
    return Objects(settings, settings.answers) if settings.answers is not None else None


def _fetch(bucket: Objects, one: StoredObject, target: Path) -> tuple[int, str]:
    """Copy an object and bring it to the disk; its size and digest as it was read."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "xb") as written:
        digest = bucket.fetch(one.name, one.bytes, written)
        written.flush()
        os.fsync(written.fileno())
    return one.bytes, digest


def _put(bucket: Objects, new: Path, aside: Path, file: Copied) -> None:
    """Put a copied file into a bucket; what is there and differs goes aside first."""
    size = bucket.size(file.path)
    if size is not None:
        if (size, bucket.fetch(file.path, size)) == (file.bytes, file.sha256):
            return
        aside.parent.mkdir(parents=True, exist_ok=True)
        with open(aside, "xb") as written:
            bucket.fetch(file.path, size, written)
    bucket.put_file(file.path, new)


def _keep(path: Path, aside: Path) -> None:
    """The same file at a second place, so that it is missing at no moment."""
    try:
        os.link(path, aside)
    except OSError:  # a disk without hard links
        shutil.copy2(path, aside)


def _notices(settings: Settings, folder: Path) -> Iterator[str]:
    with suppress(OSError):
        kept = folder / CATALOG
        if kept.is_file() and kept.read_bytes() != settings.catalog.read_bytes():
            yield f"the catalog of the backup differs from {settings.catalog}; it lies in {kept}"
    if (folder / "state" / PEOPLE.file).exists():
        yield (
            "tokens that were revoked since the backup let programs in again; see `python -m "
            "dashboard people tokens`"
        )


def _copy(source: Path, target: Path) -> tuple[int, str]:
    """Copy a file, with who may read it, and bring it to the disk; its size and digest as it was
    read."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = sha256(), 0
    with open(source, "rb") as read, open(target, "xb") as written:
        os.fchmod(written.fileno(), stat.S_IMODE(os.fstat(read.fileno()).st_mode))
        while chunk := read.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
            written.write(chunk)
        written.flush()
        os.fsync(written.fileno())
    return size, digest.hexdigest()


def _copy_warehouse(settings: Settings, target: Path) -> tuple[int, str]:
    """The file of the warehouse, or a file that holds what a lake does."""
    if settings.lake is None:
        return _copy(settings.warehouse, target)
    copy(settings, _at(settings, target))
    return target.stat().st_size, _sha256(target)


def _at(settings: Settings, path: Path) -> Settings:
    """The same settings with a file as the warehouse."""
    return replace(settings, lake=None, warehouse_file=path)


def _copy_rows(settings: Settings, tables: RowTables, target: Path) -> tuple[int, str]:
    """What is kept of some tables, wherever they lie, as the file that a single machine has."""
    tables.carry(tables.of(settings), tables.in_file(target))
    sync(target)
    return target.stat().st_size, _sha256(target)


def _copy_audit(log: SharedAudit, target: Path) -> tuple[int, str]:
    """The lines that several machines share, as the file that a single one has."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "xb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.writelines(map(written, log.all()))
        file.flush()
        os.fsync(file.fileno())
    return target.stat().st_size, _sha256(target)


def _copy_database(source: Path, target: Path) -> tuple[int, str]:
    """A file of SQLite as it stands, while the dashboard goes on writing it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_RDWR, stat.S_IMODE(source.stat().st_mode)))
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)
        written.execute("pragma journal_mode = delete")
    sync(target)
    return target.stat().st_size, _sha256(target)


def _write(path: Path, payload: bytes) -> None:
    with open(path, "xb") as written:
        written.write(payload)
        written.flush()
        os.fsync(written.fileno())
    sync(path.parent)


def _sha256(path: Path) -> str:
    digest = sha256()
    with open(path, "rb") as read:
        while chunk := read.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _clear(folder: Path, is_new: bool) -> None:
    """Take away what was half written into a folder that was empty."""
    if is_new:
        shutil.rmtree(folder, ignore_errors=True)
        return
    with suppress(OSError):
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _program() -> str:
    with open(PROJECT / "pyproject.toml", "rb") as lines:
        return str(tomllib.load(lines)["project"]["version"])


def _place(error: Exception, folder: Path) -> str:
    return str(getattr(error, "filename", None) or folder)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)[:200]
