"""How an indicator is named within a short link: by a few bytes of a digest of its id. Codes are
printed and sent, so this never changes; no catalog may hold two ids with the same bytes."""

from __future__ import annotations

from hashlib import sha256

BYTES = 4


def short_id(name: str) -> bytes:
    """The bytes that stand for an id."""
    return sha256(name.encode()).digest()[:BYTES]
