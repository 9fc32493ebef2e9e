"""What upstreams answered, byte for byte: kept compressed, and only when it changed."""

from __future__ import annotations

import gzip
import hashlib
from datetime import datetime
from pathlib import Path

from etl.errors import StorageError


def keep(
    folder: Path, source: str, indicator: str, payload: bytes, fetched_at: datetime
) -> Path | None:
    """The new file that holds `payload`, or None when the newest one already does."""
    place = folder / source / indicator
    digest = hashlib.sha256(payload).hexdigest()[:16]
    newest = max(place.glob("*.gz"), default=None)
    if newest is not None and newest.name.endswith(f"-{digest}.gz"):
        return None
    path = place / f"{fetched_at:%Y%m%dT%H%M%SZ}-{digest}.gz"
    try:
        place.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.write_bytes(gzip.compress(payload, mtime=0))
        draft.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror}).") from None
    return path
