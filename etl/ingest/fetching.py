"""Hosts are asked in parallel, each in a thread of its own and in the order requested."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from etl.ingest.boundary import Hush, at_the_boundary


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

    def ask(self, source: str, subject: str, fetch: Callable[[], Any]) -> None:
        """Queue `fetch` after all earlier requests to the same source."""

        def called() -> Any:
            with at_the_boundary(source, self._hush):
                return fetch()

        if source not in self._threads:
            self._threads[source] = ThreadPoolExecutor(1, thread_name_prefix=source)
        self._answers[source, subject] = self._threads[source].submit(called)

    def answer(self, source: str, subject: str) -> Any:
        """What `fetch` returned, or the error it raised, in words."""
        return self._answers.pop((source, subject)).result()
