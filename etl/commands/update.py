"""The commands that change the data: run, import, accept, replay, and the schedule."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from etl.catalog import Catalog, load_catalog
from etl.commands import OK, SOME_FAILED, console
from etl.commands.report import send_alerts
from etl.dsn import Dsn
from etl.errors import (
    Locked,
    PostgresAway,
    SettingError,
    XinzhiError,
    nearest,
    plain_line,
    quoted,
)
from etl.files.hand_table import TableChoice
from etl.ingest import by_hand, imports
from etl.ingest.renames import opened_as_named
from etl.ingest.replay import replay
from etl.ingest.run import (
    Report,
    Request,
    accept,
    refuse_answers,
    refuse_no_more,
    run,
    select,
)
from etl.ingest.schedule import (
    LEAD_EVERY_S,
    SLOTS,
    Slot,
    keep_shared_time,
    keep_time,
    next_due,
)
from etl.ingest.watch import beat
from etl.log import RUN_ID
from etl.policies import candidates
from etl.records import now, parse_moment
from etl.settings import Settings
from etl.storage.audit import AuditLine, audit_log
from etl.storage.current import current_snapshot
from etl.storage.snapshots import whole_store_of
from etl.storage.state import SharedHours
from etl.storage.warehouse import writing

#: The options of `import` that belong to one indicator's table, and the longest of their texts.
OF_TABLES, MOST_SAID = ("author", "reason", "note", "sheet", "column", "unit"), 200


def run_command(settings: Settings, options: argparse.Namespace) -> int:
    """Fetch, check, store and publish; end with a table."""
    catalog = load_catalog(settings.catalog)
    request = Request(
        tuple(options.ids), options.source, options.offline, _moment(options.known_at),
        options.allow_fewer,
    )  # fmt: skip
    steps = len(select(catalog, request)) + len(
        candidates.asked(catalog, request.ids, request.source, offline=request.offline)
    )
    with console.progress(steps) as progress:
        report = run(settings, catalog, request, progress)
    console.outcome_table(report.outcomes)
    for sentence in report.unreachable:
        console.say(f"not reached: {sentence}")
    console.failing(report.failing)
    console.published(report)
    asked = {outcome.subject for outcome in report.outcomes}
    with current_snapshot(whole_store_of(settings)) as shown:
        differing = shown.disagreements()
    console.disagreements({name: rows for name, rows in differing.items() if name in asked})
    if not options.offline and options.known_at is None:
        send_alerts(settings, catalog, report)
    return report.exit_status


def import_command(settings: Settings, options: argparse.Namespace) -> int:
    """Add observations from files; all rows or none."""
    catalog = load_catalog(settings.catalog)
    explicit = _moment(options.known_at)
    if options.indicator is not None:
        return _import_table(settings, catalog, options, explicit)
    alone = [name for name in OF_TABLES if getattr(options, name)]
    if alone:
        raise SettingError(f"--{alone[0]} belongs to --indicator; name the indicator.")
    started_at = now()
    paths = [Path(name) for name in options.files]
    with (
        writing(settings),
        imports.read_files(paths, catalog, explicit or started_at, settings.data) as imported,
        opened_as_named(settings, catalog, explicit) as warehouse,
    ):
        started_at = warehouse.not_before_others(started_at)
        outcomes = imports.store(
            imported,
            catalog,
            warehouse,
            started_at=started_at,
            known_at=explicit or started_at,
            exactly=bool(explicit),
        )
    report = publish_again(settings, catalog, explicit)
    console.outcome_table([*outcomes, *(o for o in report.outcomes if o.new or o.revised)])
    console.published(report)
    return OK


def _import_table(
    settings: Settings, catalog: Catalog, options: argparse.Namespace, explicit: datetime | None
) -> int:
    """Add a person's table of periods and values; all of it or nothing."""
    (indicator,) = select(catalog, Request((options.indicator,)))
    if len(options.files) != 1:
        raise SettingError(f"--indicator takes one file, not {len(options.files)}.")
    if indicator.inputs:
        made = ", ".join(indicator.inputs)
        raise SettingError(f"{indicator.id} is derived; import what it is made of: {made}.")
    path, started_at = Path(options.files[0]), now()
    choice = TableChoice(sheet=options.sheet, value=options.column, unit=options.unit)
    said = by_hand.Entered(
        *(_said(getattr(options, name)) for name in ("author", "reason", "note"))
    )
    series = by_hand.read_table(path, catalog, indicator, choice)
    with writing(settings), opened_as_named(settings, catalog, explicit) as warehouse:
        started_at = warehouse.not_before_others(started_at)
        outcome = by_hand.store(
            path, series, said, catalog, indicator, warehouse,
            started_at=started_at, known_at=explicit or started_at, exactly=bool(explicit),
        )  # fmt: skip
    for sentence in series.remarks:
        console.say(sentence)
    report = publish_again(settings, catalog, explicit)
    console.outcome_table([outcome, *(o for o in report.outcomes if o.new or o.revised)])
    console.published(report)
    return OK


def _said(text: str) -> str:
    """What a person says of values, as one plain line of bounded length."""
    line = plain_line(text)
    if len(line) > MOST_SAID:
        raise SettingError(f"'{quoted(line)}' has more than {MOST_SAID} characters; be brief.")
    return line


def accept_command(settings: Settings, options: argparse.Namespace) -> int:
    """Accept an answer that was held back because it rewrites history."""
    catalog = load_catalog(settings.catalog)
    outcomes = accept(settings, catalog, options.id)
    report = publish_again(settings, catalog)
    console.outcome_table(outcomes)
    console.published(report)
    return OK


def refuse_command(settings: Settings, options: argparse.Namespace) -> int:
    """Refuse what was held back, or refuse it no more, and publish."""
    catalog = load_catalog(settings.catalog)
    author, reason = (_said(text) for text in (options.author, options.reason))
    if options.undo:
        sources = refuse_no_more(settings, catalog, options.id, author)
        publish_again(settings, catalog)
        console.say(f"{options.id}: refused no more: {', '.join(sources)}; the next run asks again")
        return OK
    if not reason:
        raise SettingError("--reason: say why it is refused.")
    outcomes = refuse_answers(settings, catalog, options.id, author, reason)
    report = publish_again(settings, catalog)
    for one in outcomes:
        console.say(f"refused: {one.subject} from {one.source}")
    console.published(report)
    return OK


def note_command(settings: Settings, options: argparse.Namespace) -> int:
    """Leave a note about an indicator or a source, which the desk shows beside it."""
    catalog = load_catalog(settings.catalog)
    about = noted(catalog, options.about)
    words = _said(" ".join(options.words))
    if not words:
        raise SettingError("A note without words says nothing.")
    line = AuditLine(now(), _said(options.author), f"etl note {about}", words, about)
    audit_log(settings).add(line)
    console.say(f"noted: {about}")
    return OK


def noted(catalog: Catalog, about: str) -> str:
    """What a note is about, under its present name; a SettingError where there is no such
    indicator or source."""
    name = catalog.resolve(about)
    known = {ref.name for one in catalog.all() for ref in one.sources} | candidates.FINDERS.keys()
    if name not in catalog and name not in known:
        hint = nearest(name, [*catalog.indicators, *known])
        raise SettingError(f"Unknown indicator or source '{quoted(name)}'. {hint}")
    return name


def replay_command(settings: Settings, options: argparse.Namespace) -> int:
    """Rebuild the data of online sources from the archive; 1 if a row differs."""
    catalog = load_catalog(settings.catalog)
    replayed = replay(settings, catalog, options.source, allow_fewer=options.allow_fewer)
    for one in replayed:
        words = "the same rows" if one.same else f"{one.before:,} rows before, now {one.after:,}"
        since = f" since {one.since:%Y-%m-%d}, older ones were dropped" if one.since else ""
        console.say(f"{one.source}: {one.answers:,} answers read again{since}: {words}")
    console.published(publish_again(settings, catalog, allow_fewer=options.allow_fewer))
    return OK if all(one.same for one in replayed) else SOME_FAILED


def schedule_command(settings: Settings, options: argparse.Namespace) -> int:
    """Stay in the foreground and run at the sources' hours, until stopped."""
    load_catalog(settings.catalog)
    console.speak_in_the_log(settings.log, lines=True)
    for slot in SLOTS:
        console.say(f"will ask {slot}")

    def work(slot: Slot) -> None:
        console.say(f"{now():%Y-%m-%dT%H:%M:%SZ} asking {slot}")
        # The catalog is read again each time, because it may have been edited.
        catalog = load_catalog(settings.catalog)
        report = run(settings, catalog, Request(source=slot.source), lambda outcome: None)
        for outcome in report.outcomes:
            if outcome.new or outcome.revised or outcome.problem:
                console.outcome_line(outcome)
        console.failing(report.failing)
        console.published(report)
        send_alerts(settings, catalog, report)
        moment, following = next_due(now())
        console.say(f"next: {moment:%Y-%m-%dT%H:%M:%SZ} {following}")

    if settings.state_dsn is not None:
        _lead_or_wait(settings, settings.state_dsn, work)

    def alone(slot: Slot) -> None:
        try:
            work(slot)
        except XinzhiError as error:  # a held lock, a full disk: the next slot may succeed
            console.fail(str(error))

    keep_time(alone, now, time.sleep, lambda: _seen(settings, leads=True))
    return OK


def _seen(settings: Settings, *, leads: bool) -> bool:
    """Note that the schedule lives between two runs, and whether this machine leads: it is that."""
    RUN_ID.set("")
    beat(settings, leads=leads)
    return leads


def _lead_or_wait(settings: Settings, dsn: Dsn, work: Callable[[Slot], None]) -> NoReturn:
    """Work by the hours as long as this machine holds the lock of the schedule, and else wait for
    it, until stopped. What changes is said once."""
    from etl.storage.postgres import HeldElsewhere, advisory_lock

    last = ""

    def tell(sentence: str) -> None:
        nonlocal last
        if sentence != last:
            console.say(f"{now():%Y-%m-%dT%H:%M:%SZ} {sentence}")
        last = sentence

    while True:
        try:
            with advisory_lock(dsn, "schedule") as held:
                tell("leads: this machine asks the sources, others wait")
                keep_shared_time(
                    lambda slot: _is_done(slot, work, held.still_held, tell), SharedHours(dsn),
                    lambda: _seen(settings, leads=held.still_held()), time.sleep,
                )  # fmt: skip
            tell("leads no more: the lock of the schedule was lost; no further run is begun")
        except HeldElsewhere as error:
            tell(f"waits: {error.holder} asks the sources; this one takes over when it ends")
        except PostgresAway as error:
            tell(f"waits: {error} No run is begun until it is back")
        _seen(settings, leads=False)
        time.sleep(LEAD_EVERY_S)


def _is_done(
    slot: Slot,
    work: Callable[[Slot], None],
    leads: Callable[[], bool],
    tell: Callable[[str], None],
) -> bool:
    """Whether the work of a slot was done, well or badly; else it is to be tried again."""
    try:
        work(slot)
    except (Locked, PostgresAway) as error:
        tell(f"{slot.name} is tried again: {error}")
        return False
    except XinzhiError as error:  # a full disk: the next slot may succeed
        console.fail(str(error))
        return leads()  # what another machine may do now, it shall
    return True


def publish_again(
    settings: Settings,
    catalog: Catalog,
    known_at: datetime | None = None,
    *,
    allow_fewer: bool = False,
) -> Report:
    """Derive again from what was just stored, and publish."""
    derived = Request(source="derived", offline=True, known_at=known_at, allow_fewer=allow_fewer)
    return run(settings, catalog, derived, lambda outcome: None)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_moment(text)
    except ValueError as error:
        raise SettingError(f"--known-at: {error}.") from None
