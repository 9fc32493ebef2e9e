"""How a server ends when it is told to: readers are sent elsewhere before it stops answering."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from conftest import PROJECT
from serving import free_port

from etl.errors import SettingError
from etl.settings import Settings, load_settings

#: Long enough for everything that a test asks meanwhile, on a busy machine.
DRAIN_S = 8


@contextmanager
def serving(
    data: Path, drain_s: float, workers: int = 1
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server as people run it, once it is ready, and its process."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "--port", str(port), "--workers", str(workers)],
        cwd=PROJECT,
        env={**os.environ, "XINZHI_DATA": str(data), "XINZHI_DRAIN": str(drain_s)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 90
        while status(base, "/readyz") != 200:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.2)
        yield base, process
    finally:
        process.kill()
        process.wait()


def status(base: str, path: str) -> int:
    """The status of an answer on a connection of its own; 0 where nobody answers."""
    try:
        return httpx.get(base + path, trust_env=False, timeout=30).status_code
    except httpx.TransportError:
        return 0


def unready(base: str) -> bool:
    until = time.monotonic() + DRAIN_S
    while status(base, "/readyz") == 200 and time.monotonic() < until:
        time.sleep(0.05)
    return status(base, "/readyz") == 503


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_told_to_end_says_so_answers_on_and_then_ends(
    published: Settings, workers: int
) -> None:
    with serving(published.data, DRAIN_S, workers) as (base, process):
        process.send_signal(signal.SIGTERM)
        assert unready(base)
        assert status(base, "/healthz") == 200
        answer = httpx.get(f"{base}/c/vix.csv", trust_env=False)
        assert answer.status_code == 200
        assert answer.headers["connection"] == "close"
        assert "ending" in httpx.get(f"{base}/readyz", trust_env=False).json()["detail"]
        process.send_signal(signal.SIGTERM)  # a second word from the same supervisor
        assert status(base, "/healthz") == 200
        process.wait(timeout=60)
        assert status(base, "/healthz") == 0


@pytest.mark.slow
def test_without_a_drain_a_server_ends_at_once(published: Settings) -> None:
    with serving(published.data, 0) as (base, process):
        assert "connection" not in httpx.get(f"{base}/c/vix.csv", trust_env=False).headers
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@pytest.mark.slow
def test_a_person_who_stops_a_server_does_not_wait_for_the_drain(published: Settings) -> None:
    with serving(published.data, 600) as (_, process):
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


@pytest.mark.parametrize("given", ["-1", "soon", "601", "nan"])
def test_a_drain_is_a_number_of_seconds(given: str) -> None:
    with pytest.raises(SettingError, match="XINZHI_DRAIN"):
        load_settings({"XINZHI_DRAIN": given})
