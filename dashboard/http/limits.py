"""Bounds on costly work: so much at a time, and a sentence for whoever would wait too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock
from typing import Any, Generic, TypeVar

from dashboard.http.asgi import Receive, until_left
from etl.errors import XinzhiError

RETRY_AFTER_S = 5
#: Seconds that one of a crowd waits for a place.
CROWD_PATIENCE_S = 0.8
T = TypeVar("T")


class BusyError(XinzhiError):
    """Too many costly answers are being made; come back in `retry_after_s`."""

    retry_after_s = RETRY_AFTER_S

    def __init__(self) -> None:
        super().__init__(
            f"Too many answers are being made at this moment. Ask again in {RETRY_AFTER_S} seconds."
        )


class ReaderLeftError(Exception):
    """The reader closed the connection before the answer was made."""


class Work(Generic[T]):
    """Something that is made in a thread, for everyone who asks for it meanwhile."""

    def __init__(self, threads: ThreadPoolExecutor, make: Callable[[], T]) -> None:
        self._started: Future[None] = Future()
        self._waiting, self._lock = 0, Lock()
        context = copy_context()

        def run() -> T:
            self._started.set_result(None)
            return context.run(make)

        self.done: Future[T] = threads.submit(run)

    def join(self) -> bool:
        """Count one more who waits for it; False when it was given up and must be begun anew."""
        with self._lock:
            self._waiting += 1
            return not self.done.cancelled()

    def leave(self) -> None:
        """Count one less; what nobody waits for is not begun."""
        with self._lock:
            self._waiting -= 1
            if not self._waiting:
                self.done.cancel()

    async def result(self, receive: Receive, patience_s: float) -> T:
        """What is made, for one who has joined. BusyError where it does not begin in time,
        ReaderLeftError where the reader closes the connection."""
        left = asyncio.ensure_future(until_left(receive))
        try:
            begun = asyncio.wrap_future(self._started)
            await _first(begun, left, patience_s)
            if not begun.done() and not self.done.done():
                raise ReaderLeftError if left.done() else BusyError
            made = asyncio.wrap_future(self.done)
            # Who waits may leave, or give up, before it is known that it cannot be made.
            made.add_done_callback(lambda late: late.cancelled() or late.exception())
            await _first(made, left, None)
            if not made.done():
                raise ReaderLeftError
            return made.result()
        finally:
            left.cancel()
            self.leave()


class ConcurrencyLimit:
    """Lets a few things be made at a time, each in a thread; the others wait on the event loop, as
    long as their reader does and `patience_s` at most. Whoever finds a `crowd` there is told sooner
    to come back. What is made already does not pass here."""

    def __init__(self, at_once: int, patience_s: float = 5.0, crowd: int = 16) -> None:
        self.at_once, self.patience_s, self.crowd = at_once, patience_s, crowd
        #: How many were told to come back.
        self.refused = 0
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="limited")
        self._waiting, self._lock = 0, Lock()
        self._unfinished = self._running = 0

    @property
    def running(self) -> int:
        """How many are being made."""
        return self._running

    @property
    def queued(self) -> int:
        """How many have not been begun."""
        return max(0, self._unfinished - self._running)

    def begin(self, make: Callable[[], T]) -> Work[T]:
        """Work that several may join; it begins when there is a place."""

        def counted() -> T:
            with self._lock:
                self._running += 1
            try:
                return make()
            finally:
                with self._lock:
                    self._running -= 1

        with self._lock:
            self._unfinished += 1
        work = Work(self._threads, counted)
        work.done.add_done_callback(self._finished)
        return work

    def _finished(self, done: Future[Any]) -> None:
        with self._lock:
            self._unfinished -= 1

    async def result(self, work: Work[T], receive: Receive) -> T:
        """What is made, for a reader who has joined it."""
        with self._lock:
            self._waiting += 1
            is_crowded = self._waiting > self.crowd
        try:
            patience_s = min(self.patience_s, CROWD_PATIENCE_S) if is_crowded else self.patience_s
            return await work.result(receive, patience_s)
        except BusyError:
            self.refused += 1  # on the event loop alone
            raise
        finally:
            with self._lock:
                self._waiting -= 1

    async def run(self, make: Callable[[], T], receive: Receive) -> T:
        """What `make` gives, made for one reader."""
        work = self.begin(make)
        work.join()
        return await self.result(work, receive)


async def _first(
    wanted: asyncio.Future[Any], left: asyncio.Future[Any], seconds: float | None
) -> None:
    await asyncio.wait({wanted, left}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
