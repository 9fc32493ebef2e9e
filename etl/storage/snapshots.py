"""Where snapshots are published, a folder or a bucket behind one interface: the pointer to the
current one, which ones this program can read, and rollback. Nothing here makes a snapshot."""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import duckdb

from etl.database import connect_sealed
from etl.errors import SettingError, StorageError, nearest, quoted
from etl.settings import POINTER, BucketAddress, Settings
from etl.storage.objects import (
    TRANSFER_S,
    NoSuchObject,
    ObjectProblem,
    Objects,
    OtherSize,
)

#: Increment when the tables of a snapshot change, so that the same content is published again.
FORMAT = 14
#: The oldest format still served; earlier ones lack more than a table or two.
OLDEST = 5
#: How many snapshots are kept.
KEPT = 30
#: A name: when it was published, and the beginning of its fingerprint.
NAME = re.compile(r"(\d{8}T\d{6})(\d{3})Z-[0-9a-f]{8}", re.ASCII)
#: The longest pointer that is read, in bytes.
MOST_POINTER = 10_000
#: How long a snapshot that cannot be fetched is left alone, at first and at most, in seconds.
AGAIN_S, MOST_AGAIN_S = 2.0, 60.0
#: What the files begin with that are being fetched, and those that are being built.
FETCHING, BUILDING = ".fetching-", ".building-"
#: Looks at the names in a folder are cheap, at a bucket each is a request.
LOOK_FOLDER_S, LOOK_BUCKET_S = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class ListedSnapshot:
    """One published file in `history`; `rows` is None where the file is not on this machine, and
    `problem` says why it cannot be read."""

    name: str
    published_at: str
    rows: int | None
    current: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Pointer:
    """What the pointer says of the current snapshot; `sha256` and `bytes` where it lies in a
    bucket."""

    snapshot: str
    fingerprint: str
    sha256: str = ""
    bytes: int = 0


class NotServed(StorageError):
    """There is no snapshot to serve where the pointer is, or none that it can name. `plain`, which
    names no place, can be shown to any reader."""

    def __init__(self, place: object, plain: str) -> None:
        super().__init__(f"{place}: {plain}")
        self.plain = plain


class UnreadableSnapshot(StorageError):
    """A snapshot that this program cannot read: which one, and why in a few words."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: this snapshot cannot be read ({reason}).")
        self.reason = reason


def cannot_serve(meta: Mapping[str, str]) -> str:
    """Why this program cannot serve a snapshot with this `meta`; nothing if it can."""
    told = meta.get("format", "")
    number = int(told) if told.isascii() and told.isdigit() else 0
    if number < OLDEST:
        return f"an earlier version wrote its format {number or 'without a number'}; this one " \
               f"reads {OLDEST} to {FORMAT}"  # fmt: skip
    if number > FORMAT:
        return f"a later version wrote its format {number}; this one reads {OLDEST} to {FORMAT}"
    missing = {"snapshot", "fingerprint", "published_at", "rows"} - meta.keys()
    return f"it does not say its {min(missing)}" if missing else ""


@contextmanager
def read_snapshot(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A snapshot opened as readers open it; UnreadableSnapshot in words if it, or what is asked of
    it, cannot be read. Readers must expect missing tables."""
    try:
        connection = connect_sealed(path)
    except (duckdb.Error, OSError) as error:
        raise UnreadableSnapshot(path, _reason(error)) from None
    try:
        reason = cannot_serve(meta_of(connection))
        if reason:
            raise UnreadableSnapshot(path, reason)
        yield connection
    except duckdb.CatalogException:
        raise
    except duckdb.Error as error:
        raise UnreadableSnapshot(path, _reason(error)) from None
    finally:
        connection.close()


def meta_of(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The metadata of a snapshot; nothing if it is not one."""
    try:
        return dict(connection.execute("select key, value from meta").fetchall())
    except (duckdb.CatalogException, duckdb.BinderException):
        return {}


def read_whole(path: Path) -> dict[str, str]:
    """Read every block of a snapshot once, which fails if it is damaged: its metadata, or
    UnreadableSnapshot."""
    with read_snapshot(path) as connection:
        meta = meta_of(connection)
        if meta["snapshot"] != path.stem:
            raise UnreadableSnapshot(path, f"it is a copy of {quoted(meta['snapshot'])}")
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
        for (table,) in tables:
            connection.execute(f'select bit_xor(hash(r)) from "{table}" as r').fetchall()
    return meta


class SnapshotStore(ABC):
    """Snapshots and the pointer to the current one. The names of snapshots rise: each is later than
    all before it, by whichever clock it was made."""

    #: Where the files of its snapshots lie on this machine.
    folder: Path
    #: Whether a look at it needs no network.
    is_near: bool
    #: How often to look at the pointer.
    look_every_s: float

    @abstractmethod
    def sizes(self) -> Mapping[str, int]:
        """The snapshots that are kept, with the bytes of each."""

    @abstractmethod
    def pointer(self) -> Pointer:
        """What the pointer says now; NotServed if there is none, or it is damaged. Of a bucket,
        StoreAway if it cannot be used."""

    @abstractmethod
    def fetched(self, pointer: Pointer) -> Path:
        """The file on this machine of the snapshot that a pointer names."""

    @abstractmethod
    def path(self, name: str) -> Path:
        """The file on this machine of any snapshot that is kept, whether it can be read or not."""

    @abstractmethod
    def put(self, built: Path, name: str) -> None:
        """Take a snapshot that was built and verified in `folder`: whole or not at all. Until the
        pointer names it, no reader sees it."""

    @abstractmethod
    def point_to(self, name: str, fingerprint: str) -> None:
        """Move the pointer in one step: readers see the old name or the new one, never neither."""

    @abstractmethod
    def settle(self, pointer: Pointer) -> None:
        """Be told that the snapshot of a pointer was opened, and is served from now on."""

    @abstractmethod
    def forget(self, name: str) -> None:
        """Delete a snapshot; one that cannot be deleted is left for the next time."""

    def place(self, name: str) -> Path:
        """Where on this machine the file of a snapshot lies, once it is here."""
        return self.folder / f"{name}.duckdb"

    def cached(self) -> Path | None:
        """What can be served while the store cannot be used: the file of the snapshot that was
        served last, or else of the newest that can be read completely. No network."""
        near = Folder(self.folder)
        name = near.newest_readable()
        return None if name is None else near.path(name)

    def sweep(self) -> None:
        """Clear away what a killed publisher left half done."""
        for pattern in (f"{BUILDING}*", f".{POINTER}.*"):
            for path in self.folder.glob(pattern):
                with suppress(OSError):
                    path.unlink()

    def names(self) -> list[str]:
        """The snapshots that are kept, newest first."""
        return sorted(self.sizes(), reverse=True)

    def current_name(self) -> str | None:
        """The snapshot that the pointer names, if any."""
        try:
            return self.pointer().snapshot
        except NotServed:
            return None

    def current_fingerprint(self) -> str | None:
        """What the current snapshot was made from; None unless it can be read completely and
        agrees."""
        try:
            pointer = self.pointer()
            told = read_whole(self.fetched(pointer))["fingerprint"]
        except (NotServed, UnreadableSnapshot):
            return None
        return told if told == pointer.fingerprint else None

    @contextmanager
    def read_current(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The snapshot that is served, opened; a StorageError in words if there is none."""
        try:
            path = self.fetched(self.pointer())
        except NotServed:
            raise StorageError(
                f"{self}: nothing is published yet; run `python -m etl run` first."
            ) from None
        with read_snapshot(path) as connection:
            yield connection

    def history(self) -> list[ListedSnapshot]:
        """The snapshots that are kept, newest first, with the reason if one cannot be read. None is
        fetched for this."""
        current = self.current_name()
        return [self._listed(name, name == current) for name in self.names()]

    def _listed(self, name: str, current: bool) -> ListedSnapshot:
        path = self.place(name)
        if not self.is_near and not path.exists():
            moment = moment_of(name)
            told = moment.isoformat(timespec="seconds") if moment else ""
            return ListedSnapshot(name, told, None, current)
        try:
            with read_snapshot(path) as connection:
                meta = meta_of(connection)
            return ListedSnapshot(name, meta["published_at"], int(meta["rows"]), current)
        except (UnreadableSnapshot, ValueError) as error:
            why = "its rows are no number"
            if isinstance(error, UnreadableSnapshot):
                why = error.reason
            return ListedSnapshot(name, "", 0, current, why)

    def newest_readable(
        self, before: str | None = None, exposed: Callable[[Path], str] = lambda path: ""
    ) -> str | None:
        """The newest snapshot, or the newest before a given one, that can be read completely, and
        in which nothing is exposed."""
        for name in self.names():
            if before is None or name < before:
                try:
                    read_whole(self.path(name))
                    if exposed(self.path(name)):
                        continue
                except (UnreadableSnapshot, NotServed):
                    continue
                return name
        return None

    def rollback(self, name: str | None, exposed: Callable[[Path], str] = lambda path: "") -> str:
        """Point to `name`, or to the newest readable snapshot before the current one; returns the
        name now served. If the pointer is unreadable, the newest readable snapshot of all.
        `exposed` says what a snapshot would show that is for the committee: none of these is
        returned to."""
        if name is None:
            current = self.current_name()
            name = self.newest_readable(current, exposed)
            if name is None:
                which = "before the current one" if current else "that can be read"
                if self.newest_readable(current) is not None:
                    which += ", in which nothing is shown that is for the committee now"
                raise SettingError(f"{self}: there is no snapshot {which}.")
        elif name not in (known := self.names()):
            hint = nearest(name, known) if known else "None is published yet."
            raise SettingError(f"{self}: no snapshot '{quoted(name)}'. {hint}")
        meta = read_whole(self.path(name))
        if shown := exposed(self.path(name)):
            raise SettingError(
                f"{self}: {name} is not returned to: it shows {quoted(shown)}, which is for the "
                "committee now. Return to a later one, or run `python -m etl run` to publish anew."
            )
        try:
            self.point_to(name, meta["fingerprint"])
        except OSError as error:
            raise StorageError(f"{self}: the pointer cannot be moved ({error.strerror}).") from None
        return name

    def moment_after_all(self, now: datetime) -> datetime:
        """Now, or a thousandth of a second after the newest snapshot if another clock was ahead."""
        known = (*self.names()[:1], *filter(None, [self.current_name()]))
        latest = max(filter(None, map(moment_of, known)), default=None)
        whole = now.replace(microsecond=now.microsecond // 1000 * 1000)
        return now if latest is None or whole > latest else latest + timedelta(milliseconds=1)

    def forget_old(self) -> None:
        """Keep the newest snapshots, and always what the pointer names."""
        old = self.names()[KEPT:]
        current = self.current_name() if old else None
        for name in old:
            if name != current:
                self.forget(name)


class Folder(SnapshotStore):
    """Snapshots in a folder: of this machine, or one that several share."""

    is_near, look_every_s = True, LOOK_FOLDER_S

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def sizes(self) -> Mapping[str, int]:
        found = {}
        for path in self.folder.glob("2*.duckdb"):
            with suppress(OSError):  # cleared away in between
                found[path.stem] = path.stat().st_size
        return found

    def pointer(self) -> Pointer:
        try:
            found = _read_pointer((self.folder / POINTER).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise _nothing(self.folder) from None
        except _DAMAGED as error:
            raise _damaged(self.folder, error) from None
        return replace(found, sha256="", bytes=0)

    def fetched(self, pointer: Pointer) -> Path:
        return self.path(pointer.snapshot)

    def path(self, name: str) -> Path:
        return self.place(name)

    def put(self, built: Path, name: str) -> None:
        os.replace(built, self.path(name))
        sync(self.folder)

    def point_to(self, name: str, fingerprint: str) -> None:
        write_pointer(self.folder, {"snapshot": name, "fingerprint": fingerprint})

    def settle(self, pointer: Pointer) -> None:
        """Nothing is fetched, so nothing is to be let go."""

    def forget(self, name: str) -> None:
        with suppress(OSError):
            self.path(name).unlink()


class Bucket(SnapshotStore):
    """Snapshots in a bucket, of which this machine keeps those that it has fetched or made in a
    folder, with a copy of the pointer to the last. Several processes may share the folder."""

    is_near, look_every_s = False, LOOK_BUCKET_S

    def __init__(self, objects: Objects, folder: Path, most_bytes: int) -> None:
        self.objects, self.folder, self.most_bytes = objects, folder, most_bytes
        #: The bytes of all snapshots in the folder when it was last looked at.
        self.cache_bytes = 0
        self._checked: set[tuple[Pointer, Any]] = set()
        self._failed: tuple[Pointer, float, float, StorageError] | None = None

    def __str__(self) -> str:
        return str(self.objects)

    def sizes(self) -> Mapping[str, int]:
        objects, _ = self.objects.listed()
        suffix = ".duckdb"
        named = {one.name.removesuffix(suffix): one.bytes for one in objects
                 if one.name.endswith(suffix)}  # fmt: skip
        return {name: size for name, size in named.items() if NAME.fullmatch(name)}

    def pointer(self) -> Pointer:
        try:
            return self._whole(_read_pointer(self.objects.get(POINTER, MOST_POINTER)))
        except NoSuchObject:
            raise _nothing(self.objects) from None
        except (*_DAMAGED, OtherSize) as error:
            raise _damaged(self.objects, error) from None

    def current_fingerprint(self) -> str | None:
        try:
            pointer = self.pointer()
        except NotServed:
            return None
        is_there = self.objects.size(f"{pointer.snapshot}.duckdb") == pointer.bytes
        return super().current_fingerprint() if is_there else None

    def cached(self) -> Path | None:
        with suppress(StorageError, OSError, *_DAMAGED):
            text = (self.folder / POINTER).read_text(encoding="utf-8")
            pointer = self._whole(_read_pointer(text))
            if self._holds(pointer):
                return self.place(pointer.snapshot)
        return super().cached()

    def fetched(self, pointer: Pointer) -> Path:
        """The file of a snapshot, fetched if need be and checked by size and hash. One that could
        not be fetched is left alone for a while, the longer the more often."""
        if self._failed is not None and self._failed[0] == pointer:
            _, until, pause, error = self._failed
            if time.monotonic() < until:
                raise error.with_traceback(None)
        else:
            pause = AGAIN_S / 2
        try:
            if not self._holds(pointer):
                self._fetch(pointer)
        except StorageError as error:
            pause = min(2 * pause, MOST_AGAIN_S)
            self._failed = pointer, time.monotonic() + pause, pause, error
            raise
        self._failed = None
        return self.place(pointer.snapshot)

    def path(self, name: str) -> Path:
        path = self.place(name)
        if not path.exists():
            size = self.objects.size(path.name)
            if size is None:
                raise self._missing(name)
            self._fetch(Pointer(name, "", "", size))
        return path

    def put(self, built: Path, name: str) -> None:
        self.objects.put_file(f"{name}.duckdb", built)
        os.replace(built, self.place(name))
        sync(self.folder)

    def point_to(self, name: str, fingerprint: str) -> None:
        """Move the pointer, once the object has been read back and is what lies here."""
        path = self.place(name)
        with open(path, "rb") as file:
            digest = _digest(file)
        pointer = Pointer(name, fingerprint, digest, path.stat().st_size)
        if self.objects.fetch(path.name, pointer.bytes) != digest:
            raise NotServed(
                self.objects, f"{path.name} is not what was put there; the pointer was not moved."
            )
        self.objects.put(POINTER, json.dumps(asdict(pointer)).encode())
        self.settle(pointer)

    def settle(self, pointer: Pointer) -> None:
        """Keep a copy of the pointer for a start without the store, and let go of what is old."""
        copy, told = self.folder / POINTER, asdict(pointer)
        with suppress(OSError):  # on a full disk the newest file is found without it
            if not copy.exists() or copy.read_bytes() != json.dumps(told).encode():
                write_pointer(self.folder, told)
        self.trim({pointer.snapshot})

    def forget(self, name: str) -> None:
        with suppress(ObjectProblem):
            self.objects.delete(f"{name}.duckdb")

    def sweep(self) -> None:
        super().sweep()
        for path in self.folder.glob(f"{FETCHING}*"):
            with suppress(OSError), open(path, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # else somebody is at it
                path.unlink()

    def trim(self, kept: Collection[str], coming: int = 0) -> None:
        """Let go of the oldest files on this machine beyond the bound, but for those `kept`. Who
        has one of them open reads on."""
        near = Folder(self.folder)
        sizes = dict(near.sizes())
        for name in sorted(sizes):
            if sum(sizes.values()) + coming <= self.most_bytes:
                break
            if name not in kept:
                near.forget(name)
                del sizes[name]
        self.cache_bytes = sum(sizes.values())

    def _whole(self, pointer: Pointer) -> Pointer:
        """The pointer, if it has all that one in a bucket has."""
        is_hash = re.fullmatch(r"[0-9a-f]{64}", pointer.sha256, re.ASCII)
        if not (NAME.fullmatch(pointer.snapshot) and is_hash and pointer.bytes > 0):
            raise ValueError("no pointer of a bucket")
        return pointer

    def _holds(self, pointer: Pointer) -> bool:
        """Whether the file is here, with the size and the hash that the pointer tells."""
        try:
            with open(self.place(pointer.snapshot), "rb") as file:
                found = os.fstat(file.fileno())
                key = pointer, (found.st_ino, found.st_size, found.st_mtime_ns)
                if key in self._checked:
                    return True
                if found.st_size != pointer.bytes or _digest(file) != pointer.sha256:
                    return False
        except OSError:
            return False
        self._checked = {key}
        return True

    def _fetch(self, pointer: Pointer) -> None:
        """Fetch a snapshot beside its place, check it, and put it there in one step. Of several
        processes one does it, and the others wait for it."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._turn(self.folder / f"{FETCHING}{pointer.snapshot}.duckdb") as file:
                is_here = self.place(pointer.snapshot).exists() and not pointer.sha256
                if is_here or self._holds(pointer):  # another has fetched it meanwhile
                    Path(file.name).unlink()
                    return
                try:
                    self._fill(file, pointer)
                    os.replace(file.name, self.place(pointer.snapshot))
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)  # a full disk has room again
                    raise
            sync(self.folder)
        except NoSuchObject:
            raise self._missing(pointer.snapshot) from None
        except OtherSize:
            raise self._other(pointer.snapshot) from None
        except OSError as error:
            raise NotServed(
                self.folder,
                f"The snapshot {pointer.snapshot} cannot be kept on this machine "
                f"({error.strerror}); make room, or lower XINZHI_CACHE_MB.",
            ) from None

    def _fill(self, file: IO[bytes], pointer: Pointer) -> None:
        served = Folder(self.folder).current_name()
        self.trim({pointer.snapshot, *filter(None, [served])}, pointer.bytes)
        file.truncate(0)
        digest = self.objects.fetch(f"{pointer.snapshot}.duckdb", pointer.bytes, file)
        file.flush()
        os.fsync(file.fileno())
        if digest != pointer.sha256 != "":
            raise self._other(pointer.snapshot)

    @contextmanager
    def _turn(self, path: Path) -> Iterator[IO[bytes]]:
        """The file, open for writing, once no other process is at it; what is killed lets go."""
        until = time.monotonic() + TRANSFER_S
        while True:
            with open(path, "ab") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if _is(file, path):
                        yield file
                        return
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise
            time.sleep(0.1)

    def _missing(self, name: str) -> NotServed:
        return NotServed(self.objects, f"The snapshot {name} is not there. {_WHAT_TO_DO}")

    def _other(self, name: str) -> NotServed:
        return NotServed(
            self.objects,
            f"The snapshot {name} is not what was published: its bytes are other ones. "
            f"{_WHAT_TO_DO}",
        )


def store_of(settings: Settings) -> SnapshotStore:
    """Where snapshots are published by these settings."""
    if isinstance(settings.snapshots, BucketAddress):
        objects = Objects(settings, settings.snapshots)
        return Bucket(objects, settings.published, settings.cache_mb * 1_000_000)
    return Folder(settings.published)


def committee_store_of(settings: Settings) -> SnapshotStore:
    """Where the snapshots for the committee are published by these settings, whether there are any
    or not."""
    if isinstance(settings.committee_snapshots, BucketAddress):
        objects = Objects(settings, settings.committee_snapshots)
        return Bucket(objects, settings.committee, settings.cache_mb * 1_000_000)
    return Folder(settings.committee)


def has_committee(settings: Settings) -> bool:
    """Whether there are snapshots for the committee, as far as can be told without a network: a
    place is set for them, or some were published here."""
    return settings.committee_snapshots is not None or (settings.committee / POINTER).exists()


def whole_store_of(settings: Settings) -> SnapshotStore:
    """Where commands read that show everything to whoever runs the site: the snapshots for the
    committee where there are any, else the public ones."""
    return committee_store_of(settings) if has_committee(settings) else store_of(settings)


def whole_folder_of(settings: Settings) -> Folder:
    """The folder of this machine where those snapshots lie."""
    return Folder(settings.committee if has_committee(settings) else settings.published)


def write_pointer(folder: Path, told: Mapping[str, object]) -> None:
    """Write the pointer of a folder in one step."""
    draft = folder / f".{POINTER}.{secrets.token_hex(4)}"
    draft.write_text(json.dumps(told), encoding="utf-8")
    sync(draft)
    os.replace(draft, folder / POINTER)
    sync(folder)


_WHAT_TO_DO = (
    "Run `python -m etl run` to publish anew, or `python -m etl rollback` to return to the one "
    "before."
)
#: What is raised by whatever a damaged pointer holds.
_DAMAGED = (OSError, ValueError, KeyError, TypeError, RecursionError)


def _read_pointer(text: str | bytes) -> Pointer:
    told = json.loads(text)
    found = Pointer(
        told["snapshot"], told["fingerprint"], told.get("sha256", ""), told.get("bytes", 0)
    )
    words = (found.snapshot, found.fingerprint, found.sha256)
    if not all(isinstance(word, str) for word in words) or type(found.bytes) is not int:
        raise TypeError
    if found.snapshot != Path(found.snapshot).name:
        raise ValueError("a name of another folder")
    return found


def _nothing(place: object) -> NotServed:
    return NotServed(place, "Nothing is published yet. Run `python -m etl run` (or `make etl`).")


def _damaged(place: object, error: Exception) -> NotServed:
    return NotServed(
        place,
        f"{POINTER}: cannot be read ({type(error).__name__}). Run `python -m etl rollback` to "
        "point to a snapshot again.",
    )


def moment_of(name: str) -> datetime | None:
    """When a snapshot was published, by its name; None if it has none."""
    found = NAME.fullmatch(name)
    with suppress(ValueError):  # no date that exists
        if found:
            moment = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
            return moment + timedelta(milliseconds=int(found[2]))
    return None


def _digest(file: IO[bytes]) -> str:
    digest = sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def _is(file: IO[bytes], path: Path) -> bool:
    """Whether an open file is still the one of this name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reason(error: Exception) -> str:
    words = str(error).splitlines()[0] if str(error) else type(error).__name__
    return "".join(letter if letter.isprintable() else " " for letter in words)[:200]
