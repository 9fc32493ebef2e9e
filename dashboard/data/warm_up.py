"""What takes long the first time is done before a reader asks for it: when the server starts, and
for each new snapshot."""

from __future__ import annotations

import gc
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event

from dashboard.data import queries, search
from dashboard.data.freshness import health
from dashboard.data.indicator_rows import LASTING, in_order
from dashboard.data.snapshot import LOOK_EVERY_S, Snapshot, Snapshots
from etl.errors import StorageError


def get_ready(snapshot: Snapshot) -> None:
    """Make what many pages of a snapshot begin with."""
    queries.standings(snapshot)
    search.said(snapshot)
    for name in LASTING:
        in_order(snapshot, name, falls=True)  # as a first touch of a heading asks for it


def keep_up(snapshots: Snapshots, stopped: Event) -> None:
    """Until `stopped`: open each new snapshot, so that a reader rarely is the one who does."""
    served = ""
    while True:
        with suppress(StorageError):  # the pages say it
            snapshot = snapshots.current()
            if snapshot.name != served:
                served = snapshot.name
                health(snapshot, datetime.now(UTC))  # reads the calendars
                settle()
            del snapshot
        if stopped.wait(LOOK_EVERY_S):
            break
    gc.unfreeze()


def settle() -> None:
    """Keep the collector of garbage from what stays as long as its snapshot does. Thousands of
    indicators are millions of objects, and to look through them stops everyone for half a second,
    every few pages."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
