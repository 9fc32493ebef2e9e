"""The answers of sources, byte for byte: compressed, and kept only when they change. In a folder,
or beside the snapshots in a bucket, under the same names."""

from __future__ import annotations

import gzip
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from etl.errors import StorageError
from etl.settings import RAW, Settings
from etl.storage.objects import ObjectProblem, Objects

#: How hard answers are compressed.
QUICK = 6
#: The longest answer that is read from a bucket, in bytes.
MOST_BYTES = 100_000_000


class Archive(ABC):
    """Answers by source, indicator and digest."""

    def keep(self, source: str, indicator: str, payload: bytes, fetched_at: datetime) -> str:
        """Keep `payload` unless the same bytes are held; the digest by which `held` finds them."""
        digest = hashlib.sha256(payload).hexdigest()[:32]
        if not self.is_held(source, indicator, digest):
            # Hardly larger than the smallest, and more than twice as quick.
            body = gzip.compress(payload, QUICK, mtime=0)
            self._write(source, indicator, f"{fetched_at:%Y%m%dT%H%M%SZ}-{digest}.gz", body)
        return digest

    def held(self, source: str, indicator: str, digest: str) -> bytes:
        """The answer that `keep` stored; a StorageError that names it when it is gone or
        damaged."""
        name = self._find(source, indicator, digest)
        if name is None:
            raise StorageError(
                f"{self}/{source}/{indicator}: the answer {digest} is missing; restore the archive "
                "from a copy. Nothing was changed."
            )
        place = f"{self}/{source}/{indicator}/{name}"
        try:
            payload = gzip.decompress(self._read(source, indicator, name))
        except (OSError, EOFError) as error:
            raise StorageError(f"{place}: cannot be read ({error}). Nothing was changed.") from None
        if not hashlib.sha256(payload).hexdigest().startswith(digest):
            raise StorageError(f"{place}: its content was changed. Nothing was replayed.")
        return payload

    def is_held(self, source: str, indicator: str, digest: str) -> bool:
        """Whether an answer has a file, complete or not."""
        return self._find(source, indicator, digest) is not None

    def thin(self, needed: Collection[tuple[str, str, str]], before: datetime) -> int:
        """Drop the answers from before a moment that are not `needed` (source, indicator and
        digest), and return how many. One that cannot be dropped is left for the next time."""
        dropped = 0
        for name in self._every():
            *key, file = name.split("/")
            moment, _, digest = file.removesuffix(".gz").partition("-")
            old = moment < f"{before:%Y%m%dT%H%M%SZ}" and file.endswith(".gz")
            if old and len(key) == 2 and (*key, digest) not in needed:
                with suppress(OSError, ObjectProblem):
                    self._drop(name)
                    dropped += 1
        return dropped

    @abstractmethod
    def rename(self, old: str, new: str) -> None:
        """File what was kept of an indicator under its new name."""

    @abstractmethod
    def _find(self, source: str, indicator: str, digest: str) -> str | None: ...

    @abstractmethod
    def _read(self, source: str, indicator: str, name: str) -> bytes: ...

    @abstractmethod
    def _write(self, source: str, indicator: str, name: str, body: bytes) -> None: ...

    @abstractmethod
    def _every(self) -> Iterable[str]: ...

    @abstractmethod
    def _drop(self, name: str) -> None: ...


class FolderArchive(Archive):
    """Answers in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def rename(self, old: str, new: str) -> None:
        for place in sorted(self.folder.glob(f"*/{old}")):
            target = place.with_name(new)
            try:
                target.mkdir(exist_ok=True)
                for path in sorted(place.iterdir()):
                    path.replace(target / path.name)
                place.rmdir()
            except OSError as error:
                raise StorageError(
                    f"{place}: cannot be renamed {new} ({error.strerror})."
                ) from None

    def _find(self, source: str, indicator: str, digest: str) -> str | None:
        found = (self.folder / source / indicator).glob(f"*-{digest}.gz")
        return next((path.name for path in sorted(found)), None)

    def _read(self, source: str, indicator: str, name: str) -> bytes:
        return (self.folder / source / indicator / name).read_bytes()

    def _write(self, source: str, indicator: str, name: str, body: bytes) -> None:
        path = self.folder / source / indicator / name
        draft = path.with_suffix(".draft")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(body)
            draft.replace(path)
        except OSError as error:
            raise StorageError(f"{path}: cannot be written ({error.strerror}).") from None

    def _every(self) -> Iterable[str]:
        found = self.folder.glob("*/*/*-*.gz")
        return (path.relative_to(self.folder).as_posix() for path in found)

    def _drop(self, name: str) -> None:
        (self.folder / name).unlink()


class BucketArchive(Archive):
    """Answers in a bucket. What is there of an indicator is listed once, and remembered: who writes
    holds the lock of all writers."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._names: dict[tuple[str, str], dict[str, str]] = {}

    def __str__(self) -> str:
        return f"{self.objects}/{RAW}"

    def rename(self, old: str, new: str) -> None:
        _, sources = self.objects.listed(RAW)
        for source in sources:
            if f"{source}/{old}" not in self.objects.listed(source)[1]:
                continue
            for one in list(self.objects.every(f"{source}/{old}")):
                name = one.name.removeprefix(f"{source}/{old}/")
                self.objects.put(f"{source}/{new}/{name}", self.objects.get(one.name, MOST_BYTES))
                self.objects.delete(one.name)
        self._names.clear()

    def _find(self, source: str, indicator: str, digest: str) -> str | None:
        return self._listed(source, indicator).get(digest)

    def _read(self, source: str, indicator: str, name: str) -> bytes:
        return self.objects.get(f"{RAW}/{source}/{indicator}/{name}", MOST_BYTES)

    def _write(self, source: str, indicator: str, name: str, body: bytes) -> None:
        self.objects.put(f"{RAW}/{source}/{indicator}/{name}", body)
        self._listed(source, indicator)[_digest_in(name)] = name

    def _every(self) -> Iterable[str]:
        found = self.objects.every(RAW)
        return [one.name.removeprefix(f"{RAW}/") for one in found]

    def _drop(self, name: str) -> None:
        self.objects.delete(f"{RAW}/{name}")

    def _listed(self, source: str, indicator: str) -> dict[str, str]:
        """The names of answers by their digests."""
        key = source, indicator
        if key not in self._names:
            objects, _ = self.objects.listed(f"{RAW}/{source}/{indicator}")
            names = [one.name.rpartition("/")[2] for one in objects]
            self._names[key] = {_digest_in(name): name for name in reversed(names)}
        return self._names[key]


def archive_of(settings: Settings) -> Archive:
    """Where the answers of sources are kept by these settings."""
    if settings.answers is not None:
        return BucketArchive(Objects(settings, settings.answers))
    return FolderArchive(settings.raw)


def _digest_in(name: str) -> str:
    return name.removesuffix(".gz").partition("-")[2]
