"""Published snapshots, backups, the warehouse as a whole, and what this machine alone remembers:
history, rollback, purge-keys, backup, restore, move."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress
from pathlib import Path

from etl.alerts.notify import Memory
from etl.catalog import Catalog, load_catalog
from etl.commands import OK, console
from etl.errors import CatalogError, SettingError
from etl.row_store import PEOPLE, SUBSCRIBERS
from etl.settings import Settings, load_settings
from etl.storage import backup, move
from etl.storage.audiences import exposes, hidden_of
from etl.storage.audit import FILE, AuditFile, SharedAudit
from etl.storage.differences import changed_keys
from etl.storage.snapshots import SnapshotStore, committee_store_of, store_of
from etl.storage.state import alert_memory, import_receipts, own_alert_memory
from etl.storage.warehouse import place_of, writing


def history_command(settings: Settings, options: argparse.Namespace) -> int:
    """List the snapshots that are kept."""
    console.history_table(_store(settings, options).history())
    return OK


def rollback_command(settings: Settings, options: argparse.Namespace) -> int:
    """Return to an earlier snapshot."""
    store = _store(settings, options)
    with writing(settings):
        if options.committee:
            name = store.rollback(options.snapshot)
        else:
            hidden = hidden_of(settings, _catalog(settings))
            name = store.rollback(options.snapshot, lambda path: exposes(path, hidden))
    console.say(f"now serving {name}; the next run publishes the newest data again")
    return OK


def _store(settings: Settings, options: argparse.Namespace) -> SnapshotStore:
    return committee_store_of(settings) if options.committee else store_of(settings)


def _catalog(settings: Settings) -> Catalog | None:
    """The catalog; None where it cannot be read, which stops nobody from returning."""
    with suppress(CatalogError):
        return load_catalog(settings.catalog)
    return None


def purge_keys_command(settings: Settings, options: argparse.Namespace) -> int:
    """Print the keys that a cache in front of the site may drop, one a line."""
    for key in changed_keys(store_of(settings), options.first, options.last):
        print(key)  # as it is: it is read by a program
    return OK


def backup_command(settings: Settings, options: argparse.Namespace) -> int:
    """Copy everything that cannot be fetched again into an empty folder."""
    manifest, notices = backup.backup(settings, Path(options.folder))
    console.backup_line(options.folder, manifest)
    for notice in notices:
        console.say(f"notice: {notice}")
    return OK


def restore_command(settings: Settings, options: argparse.Namespace) -> int:
    """Restore a backup; with --check, only verify that it is complete."""
    folder = Path(options.folder)
    if options.check:
        console.backup_line(options.folder, backup.check(folder))
        console.say("it is whole; nothing was changed")
        return OK
    restored = backup.restore(settings, folder)
    console.backup_line(options.folder, restored.manifest)
    if restored.replaced is not None:
        console.say(f"what was there and differed lies in {restored.replaced}")
    for notice in restored.notices:
        console.say(f"notice: {notice}")
    console.say("restored; a dashboard that runs shows it at once, restart it for its receipts")
    return OK


def move_state_command(settings: Settings, options: argparse.Namespace) -> int:
    """Carry what this machine remembers into PostgreSQL: alerts that were sent, receipts, the audit
    log, subscribers, people and their tokens. What is there already stays, so that it may be done
    again, and from each machine."""
    dsn = settings.state_dsn
    if dsn is None:
        raise SettingError(
            "XINZHI_STATE: is not set; name the PostgreSQL that the machines share, such as "
            "postgresql://USER:PASSWORD@db.example:5432/NAME."
        )
    own = own_alert_memory(settings)
    if own.path.exists():
        with alert_memory(settings) as kept:
            new = Memory(kept).take_over(own)
        console.say(f"{own.path}: {new:,} sent alerts were new to {dsn.shown}")
    else:
        console.say(f"{own.path}: there is none; nothing to carry")
    if settings.served.exists():
        held, new = import_receipts(settings.served, dsn)
        console.say(f"{settings.served}: {new:,} of {held:,} receipts were new to {dsn.shown}")
    else:
        console.say(f"{settings.served}: there is none; nothing to carry")
    log = AuditFile(settings.state / FILE)
    if log.path.exists():
        new = SharedAudit(dsn).take_over(log.all())
        console.say(f"{log.path}: {new:,} lines were new to {dsn.shown}")
    path = SUBSCRIBERS.path(settings)
    if path.exists():
        new = SUBSCRIBERS.carry(SUBSCRIBERS.in_file(path), SUBSCRIBERS.of(settings))
        console.say(f"{path}: {new:,} subscribers were new to {dsn.shown}")
    path = PEOPLE.path(settings)
    if path.exists():
        new = PEOPLE.carry(PEOPLE.in_file(path), PEOPLE.of(settings))
        console.say(
            f"{path}: {new:,} people were new to {dsn.shown}, and go with the tokens of programs; "
            "whoever is signed in signs in anew"
        )
    console.say("carried; the files stay where they are, and are read no more")
    return OK


def move_command(settings: Settings, options: argparse.Namespace) -> int:
    """Carry the whole warehouse to another place and prove it equal there; with --dry-run, only
    say what would be carried."""
    target = load_settings({**os.environ, "XINZHI_WAREHOUSE": options.to})
    with writing(settings):
        carried = (move.look if options.dry_run else move.copy)(settings, target)
    console.carried_lines(carried)
    here, there = place_of(settings), place_of(target)
    if options.dry_run:
        console.say(f"{here} can be carried to {there}; nothing was changed")
        return OK
    console.say(
        f"{there} holds what {here} does, which stays as it is; set XINZHI_WAREHOUSE to use it"
    )
    return OK
