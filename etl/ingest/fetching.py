"""Hosts are asked in parallel, each in a thread of its own and in the order requested."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from types import TracebackType
from typing import Any, Self

from etl.ingest.boundary import Hush, at_the_boundary
from etl.ingest.upstream import asking


class Fetching:
    """The requests of one run: started together, their answers taken one by one."""

    def __init__(self, hush: Hush = str) -> None:
        self._hush = hush
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._answers: dict[tuple[str, str], Future[Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leaving early waits for nothing: requests that have not started are dropped."""
        for threads in self._threads.values():
            threads.shutdown(wait=error is None, cancel_futures=True)

    def ask(self, source: str, subject: str, fetch: Callable[[], Any], host: str = "") -> None:
        """Queue `fetch` after all earlier requests to the same source, or to the same host where a
        source has many."""
        queue = f"{source} {host}"

        def called() -> Any:
            asking.set(source)
            with at_the_boundary(source, self._hush):
                return fetch()

        if queue not in self._threads:
            self._threads[queue] = ThreadPoolExecutor(1, thread_name_prefix=queue)
        self._answers[source, subject] = self._threads[queue].submit(copy_context().run, called)

    def answer(self, source: str, subject: str) -> Any:
        """What `fetch` returned, or the error it raised, in words."""
        return self._answers.pop((source, subject)).result()
