"""Sources are asked side by side, each one request after the other."""

from __future__ import annotations

import threading

import pytest

from etl.errors import SourceUnavailable
from etl.ingest.fetching import Fetching


def test_two_sources_are_asked_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)

    def fetch() -> bytes:
        both.wait()  # passes only when the other has come, too
        return b"answer"

    with Fetching() as answers:
        answers.ask("yahoo", "sp500", fetch)
        answers.ask("fred", "sp500", fetch)
        assert answers.answer("fred", "sp500") == answers.answer("yahoo", "sp500") == b"answer"


def test_one_source_is_asked_one_thing_after_the_other() -> None:
    under_way: list[str] = []
    seen: list[int] = []

    def fetch(name: str) -> bytes:
        under_way.append(name)
        seen.append(len(under_way))
        under_way.remove(name)
        return name.encode()

    names = [f"indicator{n}" for n in range(20)]
    with Fetching() as answers:
        for name in names:
            answers.ask("fred", name, lambda name=name: fetch(name))
        assert [answers.answer("fred", name) for name in names] == [n.encode() for n in names]
    assert seen == [1] * len(names)


def test_an_error_is_heard_by_whoever_takes_the_answer() -> None:
    def fail() -> bytes:
        raise SourceUnavailable("the host is gone.")

    with Fetching() as answers:
        answers.ask("fred", "sp500", fail)
        with pytest.raises(SourceUnavailable, match="the host is gone"):
            answers.answer("fred", "sp500")


def test_who_leaves_early_has_nothing_more_asked() -> None:
    asked: list[str] = []
    go_on = threading.Event()

    def fetch(name: str) -> bytes:
        asked.append(name)
        go_on.wait(10)
        return b""

    def leave() -> None:
        with Fetching() as answers:
            for name in ("first", "second", "third"):
                answers.ask("fred", name, lambda name=name: fetch(name))
            while not asked:
                go_on.wait(0.01)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave()
    go_on.set()
    assert asked == ["first"]
