"""A message, and the channel it goes through."""

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
    """One crossing in words: what happened, and where to look. A picture there may be none of."""

    key: str
    title: str
    sentence: str
    link: str
    picture: str = ""
    link_words: str = "看图表"


class Channel(Protocol):
    """A way to reach people. `name` is shown; `address` identifies the channel permanently and
    holds no secret. `send` returns a notice about a message that was delivered."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str: ...

    def send(self, message: Message, out: Upstream) -> str: ...


def address_of(name: str, *parts: str) -> str:
    """What identifies a channel in the memory: its name, and a digest of its destination."""
    return f"{name} {sha256(chr(0).join(parts).encode()).hexdigest()[:16]}"


def told(words: bytes | str, secrets: Sequence[str] = ()) -> str:
    """Foreign words as they may be quoted, without a secret."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "…")
    return quoted(text)


def split(url: str, name: str, schemes: Sequence[str], example: str) -> SplitResult:
    """The parts of an address that may hold a secret and are therefore not repeated."""
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in schemes and parts.hostname and parts.port != 0:
            return parts
    raise SettingError(f"{name}: is no such address; write it like {example}.")
