"""What the process has answered, as Prometheus reads it. A few lines: the client library would
bring registries, collectors and files shared between workers for four numbers."""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from threading import Lock

from dashboard.http.compression import App, Message, Receive, Scope, Send

METHODS = frozenset({"GET", "HEAD", "POST"})
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[str, str, int]


class Meter:
    """Answers and seconds by route, method and status. Routes are those of the program, so that no
    address can add to them; each worker counts its own and says so."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: Counter[Labels] = Counter()
        self._seconds: dict[Labels, float] = defaultdict(float)

    def count(self, labels: Labels, seconds: float) -> None:
        with self._lock:
            self._answers[labels] += 1
            self._seconds[labels] += seconds

    def lines(self) -> Iterable[str]:
        """The counters in the text format."""
        with self._lock:
            answers, seconds = sorted(self._answers.items()), dict(self._seconds)
        yield from _head("requests_total", "counter", "Requests answered.")
        for labels, count in answers:
            yield f"xinzhi_requests_total{_labelled(labels)} {count}"
        yield from _head("request_seconds_total", "counter", "Seconds spent on answers.")
        for labels, _ in answers:
            yield f"xinzhi_request_seconds_total{_labelled(labels)} {seconds[labels]:.6f}"


class Counted:
    """An ASGI app around another, with a meter that sees each answer."""

    def __init__(self, app: App, meter: Meter) -> None:
        self.app, self.meter = app, meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status = time.perf_counter(), 500

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, seen)
        finally:
            method = scope["method"] if scope["method"] in METHODS else "other"
            self.meter.count((_route(scope), method, status), time.perf_counter() - start)


def gauge(name: str, help_: str, value: float, labels: Mapping[str, str] | None = None) -> str:
    """One measured value in the text format."""
    shown = ",".join(f'{key}="{text}"' for key, text in (labels or {}).items())
    head = "\n".join(_head(name, "gauge", help_))
    return f"{head}\nxinzhi_{name}{f'{{{shown}}}' if shown else ''} {value:.15g}"


def _head(name: str, kind: str, help_: str) -> Iterable[str]:
    yield f"# HELP xinzhi_{name} {help_}"
    yield f"# TYPE xinzhi_{name} {kind}"


def _labelled(labels: Labels) -> str:
    route, method, status = labels
    worker = os.getpid()
    return f'{{route="{route}",method="{method}",status="{status}",worker="{worker}"}}'


def _route(scope: Scope) -> str:
    """The pattern that the address fits; what Dash answers is pages or their assets."""
    route = scope.get("route")
    if route is not None:
        return str(route.path)
    path = str(scope["path"])
    return "assets" if path.startswith(("/assets/", "/_dash-")) else "pages"
