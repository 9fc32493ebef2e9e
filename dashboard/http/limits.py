"""Bounds on costly work: so much at a time, and a sentence for whoever would wait too long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from etl.errors import XinzhiError

AT_ONCE, PATIENCE_S, RETRY_AFTER_S = 4, 3.0, 5


class BusyError(XinzhiError):
    """Too many costly answers are being made; come back in `retry_after_s`."""

    retry_after_s = RETRY_AFTER_S


class Turnstile:
    """Lets a few answers be made at a time. What is made already does not pass through here."""

    def __init__(self, at_once: int = AT_ONCE, patience_s: float = PATIENCE_S) -> None:
        self._free = BoundedSemaphore(at_once)
        self._patience_s = patience_s

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A turn, after a short wait if need be; a BusyError otherwise."""
        if not self._free.acquire(timeout=self._patience_s):
            raise BusyError(
                "Too many files are being made at this moment. "
                f"Ask again in {RETRY_AFTER_S} seconds."
            )
        try:
            yield
        finally:
            self._free.release()


class Gate:
    """Lets so many in at once and turns the rest away. Counted on the event loop, so that those who
    are turned away cost nothing."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.inside = 0

    @contextmanager
    def entering(self) -> Iterator[None]:
        """The place of one reader; BusyError when all are taken."""
        if self.inside >= self.most:
            raise BusyError(
                f"Too much is being drawn at once; ask again in {RETRY_AFTER_S} seconds."
            )
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
