"""What goes out, and what a way to people is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from etl.errors import SettingError, quoted
from etl.ingest.upstream import Upstream

NAME = "新质生产力提醒"


@dataclass(frozen=True, slots=True)
class Message:
    """One crossing for people: what happened, and where to look."""

    key: str
    title: str
    sentence: str
    link: str
    picture: str


class Channel(Protocol):
    """A way to people. `name` is said to them; `address` tells one from another for ever and holds
    no secret. `send` returns what is to be known of a message that did go out."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str: ...

    def send(self, message: Message, out: Upstream) -> str: ...


def address_of(name: str, *parts: str) -> str:
    """What a channel is remembered by: its name, and a digest of where it leads."""
    return f"{name} {sha256(chr(0).join(parts).encode()).hexdigest()[:16]}"


def told(words: bytes | str, secrets: Sequence[str] = ()) -> str:
    """Words from outside as they may be quoted, without a secret."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "…")
    return quoted(text)


def split(url: str, name: str, schemes: Sequence[str], example: str) -> SplitResult:
    """The parts of an address that may hold a secret: it is not repeated."""
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in schemes and parts.hostname and parts.port != 0:
            return parts
    raise SettingError(f"{name}: is no such address; write it like {example}.")
