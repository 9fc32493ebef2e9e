"""What the machine that writes tells Prometheus, as a file for the collector of text files that
its node exporter has."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest, write_to_textfile
from prometheus_client.core import GaugeMetricFamily

from etl.commands import OK, console
from etl.errors import SettingError
from etl.ingest.watch import AskedSource, Heartbeat, RunFacts, heartbeat, run_facts
from etl.records import now
from etl.settings import Settings


def metrics_command(settings: Settings, options: argparse.Namespace) -> int:
    """Print what is known of the runs and the schedule of this machine, or with --to write it into
    a file in one step."""
    registry = CollectorRegistry()
    registry.register(_Written(run_facts(settings), heartbeat(settings)))
    if options.to is None:
        print(generate_latest(registry).decode(), end="")
        return OK
    path = Path(options.to)
    if path.suffix != ".prom":
        raise SettingError(f"--to: {path} does not end in .prom, which node_exporter reads alone.")
    try:
        write_to_textfile(str(path), registry)
    except OSError as error:
        raise SettingError(f"--to: {path} cannot be written ({error.strerror}).") from None
    console.say(f"wrote {path}")
    return OK


class _Written:
    """The gauges of one moment. What has never happened is left out."""

    def __init__(self, facts: RunFacts, schedule: Heartbeat | None) -> None:
        self.facts, self.schedule = facts, schedule

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield _moment("written", "this was written", now())
        if self.facts.ended_at is not None:
            yield from self._of_the_run(self.facts, self.facts.ended_at)
        if self.schedule is not None:
            is_first = float(self.schedule.leads)
            yield _gauge(
                "schedule_leader", "1 where `etl schedule` is the one that works.", is_first
            )
            yield _moment(
                "schedule_seen", "`etl schedule` was last seen alive", self.schedule.seen_at
            )

    def _of_the_run(self, facts: RunFacts, at: datetime) -> Iterator[GaugeMetricFamily]:
        yield _moment("run_ended", "the last run over the network ended", at)
        if facts.succeeded_at is not None:
            yield _moment(
                "run_last_success", "a run over the network last had a good answer and published",
                facts.succeeded_at,
            )  # fmt: skip
        yield _gauge("run_stopped", "1 if an error stopped the last run.", bool(facts.error))
        yield _gauge("run_duration_seconds", "Seconds that the last run took.", facts.seconds)
        yield _gauge("run_updated_indicators", "Indicators that it updated.", facts.updated)
        values = GaugeMetricFamily("xinzhi_run_values", "Values that it stored.", labels=["kind"])
        values.add_metric(["new"], facts.new)
        values.add_metric(["revised"], facts.revised)
        yield values
        yield self._by_source(
            "asked_indicators", "Indicators a source was last asked for.", lambda one: one.asked
        )
        yield self._by_source(
            "failures", "Of how many it had no good answer.", lambda one: one.asked - one.good
        )
        yield self._by_source("seconds", "Seconds that its hosts took.", lambda one: one.seconds)
        yield self._by_source(
            "asked_timestamp_seconds", "When it was last asked.",
            lambda one: one.asked_at.timestamp() if one.asked_at else 0.0,
        )  # fmt: skip

    def _by_source(
        self, name: str, help_: str, value: Callable[[AskedSource], float]
    ) -> GaugeMetricFamily:
        gauge = GaugeMetricFamily(f"xinzhi_run_source_{name}", help_, labels=["source"])
        for source, one in self.facts.sources.items():
            gauge.add_metric([source], value(one))
        return gauge


def _gauge(name: str, help_: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"xinzhi_{name}", help_, value=float(value))


def _moment(name: str, what: str, at: datetime) -> GaugeMetricFamily:
    return _gauge(f"{name}_timestamp_seconds", f"When {what}, in Unix time.", at.timestamp())
