"""The answers of sources, byte for byte: compressed, and kept only when they change."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from etl.errors import StorageError

#: How hard answers are compressed.
QUICK = 6


def keep(folder: Path, source: str, indicator: str, payload: bytes, fetched_at: datetime) -> str:
    """Keep `payload` unless the same bytes are held; the digest by which `held` finds them."""
    digest = hashlib.sha256(payload).hexdigest()[:32]
    place = folder / source / indicator
    if _find(place, digest) is None:
        path = place / f"{fetched_at:%Y%m%dT%H%M%SZ}-{digest}.gz"
        draft = path.with_suffix(".draft")
        try:
            place.mkdir(parents=True, exist_ok=True)
            # Hardly larger than the smallest, and more than twice as quick.
            draft.write_bytes(gzip.compress(payload, QUICK, mtime=0))
            draft.replace(path)
        except OSError as error:
            raise StorageError(f"{path}: cannot be written ({error.strerror}).") from None
    return digest


def held(folder: Path, source: str, indicator: str, digest: str) -> bytes:
    """The answer that `keep` stored; a StorageError that names it when it is gone or damaged."""
    path = _find(folder / source / indicator, digest)
    if path is None:
        raise StorageError(
            f"{folder / source / indicator}: the answer {digest} is missing; restore the archive "
            "from a copy. Nothing was changed."
        )
    try:
        payload = gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise StorageError(f"{path}: cannot be read ({error}). Nothing was changed.") from None
    if not hashlib.sha256(payload).hexdigest().startswith(digest):
        raise StorageError(f"{path}: its content was changed. Nothing was replayed.")
    return payload


def rename(folder: Path, old: str, new: str) -> None:
    """File what was kept of an indicator under its new name."""
    for place in sorted(folder.glob(f"*/{old}")):
        target = place.with_name(new)
        try:
            target.mkdir(exist_ok=True)
            for path in sorted(place.iterdir()):
                path.replace(target / path.name)
            place.rmdir()
        except OSError as error:
            raise StorageError(f"{place}: cannot be renamed {new} ({error.strerror}).") from None


def is_held(folder: Path, source: str, indicator: str, digest: str) -> bool:
    """Whether an answer has a file, complete or not."""
    return _find(folder / source / indicator, digest) is not None


def thin(folder: Path, needed: Collection[tuple[str, str, str]], before: datetime) -> int:
    """Drop the answers from before a moment that are not `needed` (source, indicator and digest),
    and return how many. One that cannot be dropped is left for the next time."""
    dropped = 0
    for path in folder.glob("*/*/*-*.gz"):
        moment, _, digest = path.stem.partition("-")
        key = (path.parent.parent.name, path.parent.name, digest)
        if moment < f"{before:%Y%m%dT%H%M%SZ}" and key not in needed:
            with suppress(OSError):
                path.unlink()
                dropped += 1
    return dropped


def _find(place: Path, digest: str) -> Path | None:
    return next(iter(sorted(place.glob(f"*-{digest}.gz"))), None)
