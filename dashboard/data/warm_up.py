"""What takes long the first time is done before a reader asks for it: when the server starts, and
for each new snapshot."""

from __future__ import annotations

import gc
import logging
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event

from dashboard.data import queries, search
from dashboard.data.freshness import health
from dashboard.data.indicator_rows import LASTING, in_order
from dashboard.data.snapshot import Snapshot, Snapshots
from etl.errors import StorageError
from etl.tracing import span

log = logging.getLogger(__name__)


def get_ready(snapshot: Snapshot) -> None:
    """Make what many pages of a snapshot begin with, and what `/metrics` tells of it."""
    with span("snapshot.swap", {"xinzhi.snapshot": snapshot.name}):
        queries.standings(snapshot)
        queries.problems(snapshot)
        queries.reliability(snapshot)
        queries.runs(snapshot)
        search.said(snapshot)
        for name in LASTING:
            in_order(snapshot, name, falls=True)  # as a first touch of a heading asks for it


def keep_up(snapshots: Snapshots, stopped: Event) -> None:
    """Until `stopped`: open each new snapshot, so that no reader waits for it."""
    served = ""
    while not stopped.is_set():
        try:
            snapshots.refresh()
            if snapshots.name != served:
                served = snapshots.name
                _settle(snapshots)
        except Exception:  # whatever a snapshot does, the next one is looked for
            log.exception("A new snapshot cannot be opened.")
        stopped.wait(snapshots.store.look_every_s)
    gc.unfreeze()


def _settle(snapshots: Snapshots) -> None:
    """Read the calendars, which the first page would wait for; and keep the collector of garbage
    from what stays as long as its snapshot does. Thousands of indicators are millions of objects,
    and to look through them stops everyone for half a second, every few pages."""
    with suppress(StorageError):  # the pages say it
        health(snapshots.current(), datetime.now(UTC))
    gc.unfreeze()
    gc.collect()
    gc.freeze()
