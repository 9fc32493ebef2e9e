"""What each channel has sent. A message is recorded before it goes out: at worst a message is not
sent, but none is ever sent twice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from etl.errors import FileProblem, SourceError, StorageError
from etl.records import now
from etl.storage.state import KeptText

#: The least number of messages remembered for each channel.
REMEMBERED = 10_000


@dataclass(slots=True)
class _Remembered:
    """One channel: since when it is in use, the keys that it has sent, and the one that was being
    sent at the last write."""

    since: datetime
    sent: list[str] = field(default_factory=list)
    sending: str | None = None


class Memory:
    """The memory in a text that is kept, which is read once and written before and after each
    message."""

    def __init__(self, kept: KeptText) -> None:
        self.kept = kept
        self._channels = _channels(kept)

    def begin(self, name: str, address: str) -> str:
        """Make sure that the memory can be written before anything is sent, and remember since when
        a channel is in use: earlier crossings are never sent to it. Returns a notice.

        A memory from before addresses were distinguished belongs to the first one that asks.
        """
        if address not in self._channels:
            self._channels[address] = self._channels.pop(name, _Remembered(now()))
        one = self._channels[address]
        unsure, one.sending = one.sending, None
        if unsure is not None:
            one.sent.append(unsure)
        self._write()
        return f"whether {unsure} went out is not known; it is not sent again" if unsure else ""

    def since(self, address: str) -> datetime:
        """Since when a channel is in use."""
        return self._channels[address].since

    def sent(self, address: str) -> frozenset[str]:
        """The keys of what a channel has sent."""
        return frozenset(self._channels[address].sent)

    @contextmanager
    def sending(self, address: str, key: str) -> Iterator[None]:
        """Send one message in the block: it counts as sent, unless the block raises a SourceError
        because it was not accepted."""
        one = self._channels[address]
        one.sending = key
        self._write()
        try:
            yield
        except SourceError:
            one.sending = None
            self._write()
            raise
        one.sending = None
        one.sent.append(key)
        self._write()

    def forget_but(self, address: str, known: set[str]) -> None:
        """Forget the oldest entries that are no longer needed; a value that was revised away and
        comes back is still remembered."""
        one = self._channels[address]
        kept = known | set(one.sent[-REMEMBERED:])
        one.sent = [key for key in one.sent if key in kept]
        self._write()

    def rename(self, old: str, new: str) -> bool:
        """Move what was sent about an indicator to its new name; whether there was anything."""
        changed = False
        for one in self._channels.values():
            renamed = [_renamed(key, old, new) for key in one.sent]
            sending = _renamed(one.sending, old, new) if one.sending else None
            changed |= (renamed, sending) != (one.sent, one.sending)
            one.sent, one.sending = renamed, sending
        if changed:
            self._write()
        return changed

    @property
    def is_empty(self) -> bool:
        """Whether no channel is remembered at all."""
        return not self._channels

    def take_over(self, other: KeptText) -> int:
        """Remember also what another memory does; how many messages of it were new here."""
        count, changed = 0, False
        for name, theirs in _channels(other).items():
            changed |= name not in self._channels or theirs.since < self._channels[name].since
            mine = self._channels.setdefault(name, _Remembered(theirs.since))
            mine.since = min(mine.since, theirs.since)
            known = set(mine.sent)
            sent = theirs.sent + ([theirs.sending] if theirs.sending else [])
            new = [key for key in sent if key not in known]
            mine.sent[:0] = new  # they are older than what was sent from here
            count += len(new)
        if count or changed:
            self._write()
        return count

    def _write(self) -> None:
        text = json.dumps(
            {name: _told(one) for name, one in self._channels.items()}, ensure_ascii=False, indent=1
        )
        try:
            self.kept.write(text)
        except OSError as error:
            raise StorageError(
                f"{self.kept.place}: cannot be written ({error.strerror}), and without it a "
                "message could go out twice. Check free space and permissions; no more was sent."
            ) from None


def _channels(kept: KeptText) -> dict[str, _Remembered]:
    try:
        text = kept.read()
        held = {} if text is None else json.loads(text)
        return {str(name): _remembered(one) for name, one in held.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise FileProblem(
            kept.place, "cannot be read; delete it, and what holds now is sent once more."
        ) from None


def _remembered(one: Mapping[str, Any]) -> _Remembered:
    since, sent, sending = datetime.fromisoformat(one["since"]), one["sent"], one.get("sending")
    whole = isinstance(sent, list) and all(isinstance(key, str) for key in [*sent, sending or ""])
    if since.tzinfo is None or not whole:
        raise ValueError
    return _Remembered(since, sent, sending)


def _told(one: _Remembered) -> dict[str, Any]:
    found: dict[str, Any] = {"since": one.since.isoformat(), "sent": one.sent}
    return {**found, "sending": one.sending} if one.sending else found


def _renamed(key: str, old: str, new: str) -> str:
    indicator, slash, rest = key.partition("/")
    return f"{new}{slash}{rest}" if indicator == old else key
