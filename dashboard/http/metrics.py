"""What the site has answered and serves, as Prometheus reads it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from dashboard.data.snapshot import Snapshot, Snapshots
from dashboard.http.asgi import Scope
from etl.reliability import Reliability

#: Where several workers of one server count together; `serve` sets it.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
#: The route of every page of the dashboard.
PAGES_PATH = "/{path:page}"
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
LABELS = ("route", "method", "status")
#: Kept answers take a millisecond, new ones some, files of whole histories seconds.
BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """Answers and seconds by route, method and status, and gauges of the snapshot. Routes are those
    of the program, so that no address can add to them."""

    def __init__(self, snapshots: Snapshots) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_SnapshotGauges(snapshots))
        # Where workers count together, their files are read in the place of these.
        own = None if FOLDER_VARIABLE in os.environ else self.registry
        if own is None:
            MultiProcessCollector(self.registry)  # type: ignore[no-untyped-call]
        else:
            ProcessCollector(registry=own)  # memory and open files of the one process
        self._requests = Counter("xinzhi_requests", "Requests answered.", LABELS, registry=own)
        self._seconds = Histogram(
            "xinzhi_request_seconds", "Seconds until an answer was sent.", LABELS,
            buckets=BUCKETS, registry=own,
        )  # fmt: skip

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one answer."""
        method = scope["method"] if scope["method"] in METHODS else "other"
        labels = (_route(scope), method, str(status))
        self._requests.labels(*labels).inc()
        self._seconds.labels(*labels).observe(seconds)

    def text(self) -> bytes:
        """All of it in the text format."""
        return generate_latest(self.registry)


class _SnapshotGauges:
    """What is measured when it is asked for; the open snapshot alone is looked at."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        snapshot = self._snapshots.open
        is_ready = snapshot is not None and not snapshot.damage
        yield _gauge("ready", "1 while a snapshot is open and can be read.", is_ready)
        if snapshot is not None:
            yield from self._measured(snapshot)

    def _measured(self, snapshot: Snapshot) -> Iterator[GaugeMetricFamily]:
        problems = snapshot.in_cache("problems", "") or ()  # counted when it was made ready
        age = (datetime.now(UTC) - snapshot.published_at).total_seconds()
        info = GaugeMetricFamily(
            "xinzhi_snapshot_info", "The snapshot that is served.", labels=["snapshot"]
        )
        info.add_metric([snapshot.name], 1)
        yield info
        yield _gauge("snapshot_age_seconds", "Seconds since the snapshot was published.", age)
        yield _gauge("snapshot_rows", "Vintages in the snapshot.", int(snapshot.meta["rows"]))
        yield _gauge("indicators", "Indicators in the catalog.", len(snapshot.catalog))
        yield _gauge("problems", "What the last run could not do.", len(problems))
        if found := snapshot.in_cache("reliability", ""):
            yield from _of_sources(found)


def _of_sources(found: Sequence[Reliability]) -> Iterator[GaugeMetricFamily]:
    """How the sources answered in the 90 days up to the snapshot. What was never measured of a
    source is left out."""
    moment = datetime.now(UTC)
    yield _by_source(
        "good_ratio", "Share of good answers in 90 days.", found, lambda one: one.share
    )
    yield _by_source(
        "last_good_age_seconds", "Seconds since the last good answer.", found,
        lambda one: (moment - one.last_good_at).total_seconds() if one.last_good_at else None,
    )  # fmt: skip
    yield _by_source(
        "failing_days", "Days without a good answer until it was last asked.", found,
        lambda one: one.days_failing,
    )  # fmt: skip
    yield _by_source(
        "lag_seconds", "Median from publication until a value was first seen.", found,
        lambda one: None if one.lag_h is None else 3600 * one.lag_h,
    )  # fmt: skip
    yield _by_source("revisions", "Values revised in 90 days.", found, lambda one: one.revised)
    latency = GaugeMetricFamily(
        "xinzhi_source_latency_seconds", "Seconds of good answers in 90 days.",
        labels=["source", "host", "of"],
    )  # fmt: skip
    for one in found:
        for host in one.hosts:
            for of, seconds in (("median", host.median_s), ("worst", host.worst_s)):
                if seconds is not None:
                    latency.add_metric([one.source, host.host, of], seconds)
    yield latency


def _by_source(
    name: str,
    help_: str,
    found: Sequence[Reliability],
    value: Callable[[Reliability], float | None],
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(f"xinzhi_source_{name}", help_, labels=["source"])
    for one in found:
        measured = value(one)
        if measured is not None:
            gauge.add_metric([one.source], measured)
    return gauge


def _gauge(name: str, help_: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"xinzhi_{name}", help_, value=float(value))


def _route(scope: Scope) -> str:
    """The pattern that the address fits; what Dash answers is pages or their assets."""
    path = str(scope["path"])
    if path.startswith(("/assets/", "/_dash-")):
        return "assets"
    route = str(getattr(scope.get("route"), "path", ""))
    return "pages" if route in ("", PAGES_PATH) else route
