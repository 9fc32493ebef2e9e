"""What the site has answered and serves, as Prometheus reads it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from dashboard.data.queries import PastRun
from dashboard.data.snapshot import Snapshot, Snapshots
from dashboard.export.receipts import Receipts
from dashboard.http.asgi import Scope
from dashboard.http.cache import ResponseCache
from dashboard.http.limits import ConcurrencyLimit
from etl.calendars import MARKETS, is_session
from etl.reliability import Reliability

#: Where several workers of one server count together; `serve` sets it.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
#: The route of every page of the dashboard.
PAGES_PATH = "/{path:page}"
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
LABELS = ("route", "method", "status")
#: What the names begin with of what is counted of the public site, and of that of the committee.
PREFIX, OF_MEMBERS = "xinzhi", "xinzhi_members"
#: Kept answers take a millisecond, new ones some, files of whole histories seconds.
BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
#: How often what changes between requests is looked at, and whether there is trading today.
SAMPLED_EVERY_S, TRADING_EVERY_S = 1.0, 60.0
#: The markets whose trading days alerts may ask for.
TRADED = ("XNYS", "XSHG")
#: The cache of whole answers, beside those of a snapshot.
ANSWERS = "answers"

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """Answers and seconds by route, method and status, caches, limits and receipts of all workers
    together, and gauges of the snapshot. Every label is one of the program's own words or a name in
    its catalog, so that no address can add to them."""

    def __init__(
        self,
        snapshots: Snapshots,
        cache: ResponseCache,
        limits: Mapping[str, ConcurrencyLimit],
        record: Receipts,
        prefix: str = PREFIX,
    ) -> None:
        """`prefix` is another one for a second site of the same process: where several workers
        count together, the names alone tell what is counted apart."""
        self.snapshots, self.cache, self.limits, self.record = snapshots, cache, limits, record
        self.registry = CollectorRegistry()
        self._of_snapshot = _SnapshotGauges(snapshots)
        self.registry.register(self._of_snapshot)
        # Where workers count together, their files are read in the place of these.
        own = None if FOLDER_VARIABLE in os.environ else self.registry
        if own is None:
            _forget_dead(Path(os.environ[FOLDER_VARIABLE]))
            MultiProcessCollector(self.registry)  # type: ignore[no-untyped-call]
        else:
            ProcessCollector(registry=own)  # memory and open files of the one process
        self._requests = Counter(f"{prefix}_requests", "Requests answered.", LABELS, registry=own)
        self._seconds = Histogram(
            f"{prefix}_request_seconds", "Seconds until an answer was sent.", LABELS,
            buckets=BUCKETS, registry=own,
        )  # fmt: skip
        self._hits = _Counts(f"{prefix}_cache_hits", "What was in a cache.", "cache", own)
        self._misses = _Counts(f"{prefix}_cache_misses", "What had to be made.", "cache", own)
        self._refused = _Counts(
            f"{prefix}_work_refused", "Who was told to come back later.", "limit", own
        )
        self._entries = _live(f"{prefix}_cache_entries", "What a cache holds.", own, "cache")
        self._bytes = _live(f"{prefix}_cache_bytes", "Bytes of the answers that are kept.", own)
        self._queued = _live(f"{prefix}_work_queued", "What waits to be begun.", own, "limit")
        self._running = _live(f"{prefix}_work_running", "What is being made.", own, "limit")
        self._places = _live(f"{prefix}_work_places", "How many may be made at once.", own, "limit")
        self._receipts = _live(f"{prefix}_receipts_waiting", "Files not yet on record.", own)
        self._failing = _live(
            f"{prefix}_receipts_failing", "Workers without a record of files.", own
        )
        self._counted: Snapshot | None = None

    def sample(self) -> None:
        """Look at what changes between requests; no wait, no file is touched."""
        self._hits.add({ANSWERS: self.cache.hits})
        self._misses.add({ANSWERS: self.cache.misses})
        self._entries.labels(ANSWERS).set(len(self.cache))
        self._bytes.set(self.cache.bytes)
        if (snapshot := self.snapshots.open) is not None:
            is_new, self._counted = snapshot is not self._counted, snapshot
            self._hits.add(snapshot.cache_hits, anew=is_new)
            self._misses.add(snapshot.cache_misses, anew=is_new)
            for kind, entries in snapshot.cache_entries().items():
                self._entries.labels(kind).set(entries)
        self._refused.add({name: limit.refused for name, limit in self.limits.items()})
        for name, limit in self.limits.items():
            self._queued.labels(name).set(limit.queued)
            self._running.labels(name).set(limit.running)
            self._places.labels(name).set(limit.at_once)
        self._receipts.set(self.record.waiting)
        self._failing.set(bool(self.record.problem))

    def look_at_the_day(self) -> None:
        """Learn whether there is trading today. The first time it reads the calendars, which takes
        a second: to be called where waiting stops nobody."""
        moment = datetime.now(UTC)
        self._of_snapshot.trading = {
            name: is_session(name, moment.astimezone(MARKETS[name].zone).date()) for name in TRADED
        }

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one answer."""
        method = scope["method"] if scope["method"] in METHODS else "other"
        labels = (_route(scope), method, str(status))
        self._requests.labels(*labels).inc()
        self._seconds.labels(*labels).observe(seconds)

    def text(self) -> bytes:
        """All of it in the text format."""
        self.sample()
        return generate_latest(self.registry)


class _SnapshotGauges:
    """What is measured when it is asked for; the open snapshot alone is looked at."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self.trading: Mapping[str, bool] = {}

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        snapshot = self._snapshots.open
        is_ready = snapshot is not None and not snapshot.damage
        yield _gauge("ready", "1 while a snapshot is open and can be read.", is_ready)
        yield from self._of_store()
        trading = GaugeMetricFamily(
            "xinzhi_trading_day", "1 if the market has a session today.", labels=["market"]
        )
        for market, is_open in self.trading.items():
            trading.add_metric([market], float(is_open))
        if self.trading:
            yield trading
        if snapshot is not None:
            yield from self._measured(snapshot)

    def _of_store(self) -> Iterator[GaugeMetricFamily]:
        """How the place that snapshots come from answers."""
        store, moment = self._snapshots, datetime.now(UTC)
        away, looked = store.away_since, store.looked_at
        yield _gauge("store_away", "1 while the store of snapshots cannot be used.", bool(away))
        yield _gauge(
            "store_away_seconds", "For how long it cannot be used; 0 while it can.",
            (moment - away).total_seconds() if away else 0.0,
        )  # fmt: skip
        if looked is not None:
            age = (moment - looked).total_seconds()
            yield _gauge("store_looked_age_seconds", "Seconds since it last answered.", age)
        yield _gauge(
            "snapshot_behind", "1 while a newer snapshot cannot be opened.", store.is_behind
        )
        if (kept := store.cache_bytes) is not None:
            yield _gauge("snapshot_cache_bytes", "Bytes of snapshots kept on this machine.", kept)

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
        yield _gauge("snapshot_format", "The form in which it is written.", snapshot.format)
        yield _gauge("indicators", "Indicators in the catalog.", len(snapshot.catalog))
        yield _gauge("problems", "What the last run could not do.", len(problems))
        if runs := snapshot.in_cache("runs", ""):
            yield from _of_run(runs[0])
        if found := snapshot.in_cache("reliability", ""):
            yield from _of_sources(found)


def _of_run(run: PastRun) -> Iterator[GaugeMetricFamily]:
    """The last run that the snapshot tells of; what the machine that writes knows of its own runs
    is told by `etl metrics`."""
    yield _gauge(
        "snapshot_run_ended_timestamp_seconds", "When the last run up to the snapshot ended.",
        run.finished_at.timestamp(),
    )  # fmt: skip
    took = (run.finished_at - run.started_at).total_seconds()
    yield _gauge("snapshot_run_duration_seconds", "Seconds that it took.", took)
    yield _gauge("snapshot_run_failures", "Indicators and files that it failed for.", run.failed)
    values = GaugeMetricFamily("xinzhi_snapshot_run_values", "Values it stored.", labels=["kind"])
    values.add_metric(["new"], run.added)
    values.add_metric(["revised"], run.revised)
    yield values


def _of_sources(found: Sequence[Reliability]) -> Iterator[GaugeMetricFamily]:
    """How the sources answered in the 90 days up to the snapshot. What was never measured of a
    source is left out."""
    moment = datetime.now(UTC)
    yield _by_source(
        "good_ratio", "Share of good answers in 90 days.", found, lambda one: one.share
    )
    yield _by_source(
        "healthy", "1 if its last good answer is newer than its last failure.", found,
        lambda one: one.failing_since is None,
    )  # fmt: skip
    yield _by_source("asked", "Answers wanted in 90 days.", found, lambda one: one.asked)
    yield _by_source("failures", "Of these not good ones.", found, lambda one: one.asked - one.good)
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


class _Counts:
    """A counter of what is counted elsewhere, by one label: it is told how many there are."""

    def __init__(
        self, name: str, help_: str, label: str, registry: CollectorRegistry | None
    ) -> None:
        self._counter = Counter(name, help_, [label], registry=registry)
        self._seen: dict[str, int] = {}

    def add(self, found: Mapping[str, int], *, anew: bool = False) -> None:
        """Count what has come since the last look; all of it where it was begun `anew`."""
        for name, count in found.items():
            before = 0 if anew else self._seen.get(name, 0)
            self._counter.labels(name).inc(max(0, count - before))
            self._seen[name] = count


def _live(name: str, help_: str, registry: CollectorRegistry | None, *labels: str) -> Gauge:
    """A gauge whose value is the sum over the workers that live."""
    return Gauge(name, help_, labels, registry=registry, multiprocess_mode="livesum")


def _forget_dead(folder: Path) -> None:
    """Drop the gauges of workers that have ended; another one has taken their place."""
    found = (re.fullmatch(r"gauge_live\w*_(\d+)\.db", path.name) for path in folder.iterdir())
    for pid in {int(named[1]) for named in found if named}:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
        except PermissionError:  # it lives, as somebody else
            pass


def _gauge(name: str, help_: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"xinzhi_{name}", help_, value=float(value))


def _route(scope: Scope) -> str:
    """The pattern that the address fits; what Dash answers is pages or their assets."""
    path = str(scope["path"])
    if path.startswith(("/assets/", "/_dash-")):
        return "assets"
    route = str(getattr(scope.get("route"), "path", ""))
    return "pages" if route in ("", PAGES_PATH) else route
