"""python -m etl: fill the warehouse and publish snapshots."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path

from etl.alerts import notify
from etl.alerts.rules import JSON as ALERT
from etl.alerts.rules import Alert, judge_all
from etl.brief.model import JSON as BRIEF
from etl.brief.published import published_brief
from etl.brief.words import markdown
from etl.bulletins.difference import difference
from etl.bulletins.model import Bulletin
from etl.bulletins.read import read_bulletin
from etl.bulletins.to_markdown import to_markdown
from etl.catalog import Catalog, load_catalog
from etl.claims.published import published_claims
from etl.commands import console, extremes
from etl.commands.status import freshness
from etl.errors import FileProblem, SettingError, StorageError, XinzhiError
from etl.files.authored import read_bulletins, read_comparisons, read_corrections, read_documents
from etl.ingest.replay import replay
from etl.ingest.run import Report, Request, accept, broken, run, select, splits_of
from etl.ingest.schedule import SLOTS, Slot, keep_time, next_due
from etl.ingest.upstream import Upstream
from etl.policies import candidates, review
from etl.policies.references import cited
from etl.records import BEIJING, now, parse_moment
from etl.settings import Settings, load_settings
from etl.sources import sources
from etl.storage import backup, imports, snapshots
from etl.storage.current import current_snapshot
from etl.storage.renames import opened_as_named
from etl.storage.unclaimed import unclaimed
from etl.storage.warehouse import lock

OK, SOME_FAILED, NOTHING_DONE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        return int(options.command(settings, options))
    except XinzhiError as error:
        console.fail(str(error))
        return NOTHING_DONE
    except KeyboardInterrupt:
        console.fail("stopped; what was published before is still served.")
        return NOTHING_DONE


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
    console.published(report)
    asked = {outcome.subject for outcome in report.outcomes}
    with current_snapshot(settings.published) as shown:
        differing = shown.disagreements()
    console.disagreements({name: rows for name, rows in differing.items() if name in asked})
    if not options.offline and options.known_at is None:
        _send_alerts(settings, catalog, report.alerts)
    return report.exit_status


def check_command(settings: Settings, options: argparse.Namespace) -> int:
    """Read everything that people wrote; no network."""
    catalog = load_catalog(settings.catalog)
    bulletins = read_bulletins(settings)
    wrong = [str(problem) for problem in bulletins.problems]
    try:
        documents = read_documents(settings, bulletins.read)
    except FileProblem as problem:
        wrong.append(str(problem))
        documents = ()
    for read in (read_comparisons, partial(read_corrections, catalog=catalog)):
        try:
            read(settings)
        except FileProblem as problem:
            wrong.append(str(problem))
    wrong += _figure_problems(settings, catalog)
    wrong += unclaimed(settings, catalog)
    wrong += extremes.held(settings, catalog)
    for sentence in dict.fromkeys(wrong):
        console.fail(sentence)
    console.say(
        f"{len(catalog)} indicators, {len(documents)} documents, {len(bulletins.read)} bulletins: "
        + ("all is well" if not wrong else f"{len(set(wrong))} problems")
    )
    return NOTHING_DONE if wrong else OK


def status_command(settings: Settings, options: argparse.Namespace) -> int:
    """How fresh each indicator is."""
    catalog = load_catalog(settings.catalog)
    moment = now()
    with current_snapshot(settings.published) as snapshot:
        rows = list(freshness(catalog, snapshot, moment))
        notes = list(
            candidates.notes(snapshot.problems(), snapshot.notices(), len(snapshot.candidates()))
        )
    if options.json:
        print(json.dumps([row.to_json() for row in rows], ensure_ascii=False, indent=1))
    else:
        console.status_table(rows, moment)
        for line in notes:
            console.say(line)
    return OK if all(row.state == "fresh" for row in rows) else SOME_FAILED


def alerts_command(settings: Settings, options: argparse.Namespace) -> int:
    """How the alerts stand; with --send, each new crossing to the channels that are set."""
    catalog = load_catalog(settings.catalog)
    ways = notify.channels(settings) if options.send else []
    if options.send and not ways:
        raise SettingError(
            "No channel is set; set XINZHI_ALERT_WEBHOOK, or XINZHI_ALERT_SMTP and XINZHI_ALERT_TO."
        )
    with current_snapshot(settings.published) as snapshot:
        actions = snapshot.actions()
        shown = snapshot.looked(broken(catalog, actions))
        rows = judge_all(shown, snapshot.series, now(), splits_of(actions))
    if options.json:
        print(json.dumps([ALERT.dump_python(row, mode="json") for row in rows], ensure_ascii=False,
                         indent=1))  # fmt: skip
    else:
        console.alert_table(rows)
    with Upstream(settings) as out:
        sent = notify.send(settings, catalog, rows, out, ways) if ways else []
    return SOME_FAILED if console.sent(sent, errors_only=options.json) else OK


def _send_alerts(settings: Settings, catalog: Catalog, alerts: Sequence[Alert]) -> None:
    """Send what is new after a publication. What goes wrong is said; the data is published."""
    try:
        ways = notify.channels(settings)
        if ways:
            with Upstream(settings) as out:
                console.sent(notify.send(settings, catalog, alerts, out, ways))
    except XinzhiError as error:
        console.fail(f"alerts were not sent: {error}")


def history_command(settings: Settings, options: argparse.Namespace) -> int:
    """The snapshots that are kept."""
    console.history_table(snapshots.history(settings.published))
    return OK


def rollback_command(settings: Settings, options: argparse.Namespace) -> int:
    """Return to an earlier snapshot."""
    with lock(settings.lock):
        name = snapshots.rollback(settings.published, options.snapshot)
    console.say(f"now serving {name}; the next run publishes the newest data again")
    return OK


def backup_command(settings: Settings, options: argparse.Namespace) -> int:
    """Copy everything that cannot be fetched again into an empty folder."""
    manifest, notices = backup.backup(settings, Path(options.folder))
    console.backup_line(options.folder, manifest)
    for notice in notices:
        console.say(f"notice: {notice}")
    return OK


def restore_command(settings: Settings, options: argparse.Namespace) -> int:
    """Bring a backup back; with --check, only see whether it is whole."""
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


def import_command(settings: Settings, options: argparse.Namespace) -> int:
    """Add observations from files; all rows or none."""
    catalog = load_catalog(settings.catalog)
    explicit = _moment(options.known_at)
    started_at = now()
    known_at = explicit or started_at
    paths = [Path(name) for name in options.files]
    with (
        lock(settings.lock),
        imports.read_files(paths, catalog, known_at, settings.data) as imported,
        opened_as_named(settings, catalog, explicit) as warehouse,
    ):
        outcomes = imports.store(
            imported,
            catalog,
            warehouse,
            started_at=started_at,
            known_at=known_at,
            exactly=bool(explicit),
        )
    report = _publish(settings, catalog, explicit)
    console.outcome_table([*outcomes, *(o for o in report.outcomes if o.new or o.revised)])
    console.published(report)
    return OK


def accept_command(settings: Settings, options: argparse.Namespace) -> int:
    """Take an answer that was held back because it rewrites history."""
    catalog = load_catalog(settings.catalog)
    outcomes = accept(settings, catalog, options.id)
    report = _publish(settings, catalog)
    console.outcome_table(outcomes)
    console.published(report)
    return OK


def candidates_command(settings: Settings, options: argparse.Namespace) -> int:
    """The documents that were found and wait for a person; take them or leave them."""
    if (options.take or options.leave) and not settings.warehouse.exists():
        raise StorageError(
            f"{settings.warehouse}: no warehouse yet; run `python -m etl run` first."
        )
    if options.take:
        path, documents = review.take(settings, options.take)
        for document in documents:
            console.say(f"added to {path}: {document.title}")
        console.say("run `python -m etl run` to count and publish them")
    elif options.leave:
        for document in review.leave(settings, options.leave):
            console.say(f"left: {document.title}")
        console.published(_publish(settings, load_catalog(settings.catalog)))
    else:
        with current_snapshot(settings.published) as snapshot:
            rows = review.waiting(settings, snapshot)
        if options.json:
            print(json.dumps([row.to_json() for row in rows], ensure_ascii=False, indent=1))
        else:
            console.candidate_table(rows)
    return OK


def replay_command(settings: Settings, options: argparse.Namespace) -> int:
    """Build what online sources brought again from the archive; 1 if a row differs."""
    catalog = load_catalog(settings.catalog)
    replayed = replay(settings, catalog, options.source, allow_fewer=options.allow_fewer)
    for one in replayed:
        words = "the same rows" if one.same else f"{one.before:,} rows before, now {one.after:,}"
        since = f" since {one.since:%Y-%m-%d}, older ones were dropped" if one.since else ""
        console.say(f"{one.source}: {one.answers:,} answers read again{since}: {words}")
    console.published(_publish(settings, catalog, allow_fewer=options.allow_fewer))
    return OK if all(one.same for one in replayed) else SOME_FAILED


def schedule_command(settings: Settings, options: argparse.Namespace) -> int:
    """Run in the foreground at the hours of the sources, until stopped."""
    load_catalog(settings.catalog)
    for slot in SLOTS:
        console.say(f"will ask {slot}")

    def work(slot: Slot) -> None:
        console.say(f"{now():%Y-%m-%dT%H:%M:%SZ} asking {slot}")
        try:
            # The catalog is read anew each time: it may have been edited since.
            catalog = load_catalog(settings.catalog)
            report = run(settings, catalog, Request(source=slot.source), lambda outcome: None)
        except (
            XinzhiError
        ) as error:  # a lock that is held, a full disk: the next slot may do better
            console.fail(str(error))
            return
        for outcome in report.outcomes:
            if outcome.new or outcome.revised or outcome.problem:
                console.outcome_line(outcome)
        console.published(report)
        _send_alerts(settings, catalog, report.alerts)
        moment, following = next_due(now())
        console.say(f"next: {moment:%Y-%m-%dT%H:%M:%SZ} {following}")

    keep_time(work, now, time.sleep, lambda: True)
    return OK


def bulletin_command(settings: Settings, options: argparse.Namespace) -> int:
    """Add bulletins as data/bulletins/DATE.md."""
    readings = [
        (Path(name), read_bulletin(Path(name), date=options.date)) for name in options.files
    ]
    folder = settings.data / "bulletins"
    for source, reading in readings:
        bulletin = reading.bulletin
        path = folder / f"{bulletin.date}.md"
        text = to_markdown(bulletin)
        with lock(settings.lock):
            kept = _write(path, text)
        console.say(
            f"{source}: {bulletin.date} {bulletin.title}: {len(bulletin.sections)} sections, "
            f"{len(bulletin.references)} references → {path}"
        )
        for sentence in reading.left_out:
            console.say(f"  left out: {sentence}")
        if bulletin.date > now().astimezone(BEIJING).date():
            console.say("  its date is still to come in Beijing; --date gives it another")
        for sentence in _policies_cited(settings, bulletin):
            console.say(f"  {sentence}")
        if kept:
            console.say(f"  it replaces another text of that day, which is kept as {kept}")
            for line in difference(kept.read_text(encoding="utf-8"), text):
                console.say(f"  {line}")
    console.say("run `python -m etl run` to publish it")
    return OK


def _policies_cited(settings: Settings, bulletin: Bulletin) -> Iterator[str]:
    """What the register has of each policy document that a bulletin cites."""
    try:
        documents = read_documents(settings, read_bulletins(settings).read)
    except FileProblem as problem:
        yield f"its references were not looked up: {problem}"
        return
    for one in cited(bulletin, documents):
        if one.kind != "policy" or one.document is None:
            continue
        title = f"reference {one.number}: 《{one.document.title}》"
        if one.document.origin == candidates.CITED:
            key = candidates.key_of(one.document)
            yield f"{title} is proposed to the register: python -m etl candidates --take {key}"
        else:
            yield f"{title} is in the register"


def claims_command(settings: Settings, options: argparse.Namespace) -> int:
    """The statements of a published bulletin, each with its verdict; 1 if one is contradicted."""
    claims = published_claims(settings.published, _bulletin_day(options.date))
    if options.json:
        print(json.dumps([c.model_dump(mode="json") for c in claims], ensure_ascii=False, indent=1))
    else:
        console.claim_table(claims)
    return SOME_FAILED if any(c.verdict == "contradicted" for c in claims) else OK


def brief_command(settings: Settings, options: argparse.Namespace) -> int:
    """What moved since the bulletin before a day, as Markdown for the bulletin of that day."""
    found = published_brief(settings, _bulletin_day(options.date), options.lang, now())
    if options.json:
        print(json.dumps(BRIEF.dump_python(found, mode="json"), ensure_ascii=False, indent=1))
    else:
        print(markdown(found), end="")
    return OK


def _bulletin_day(text: str) -> date:
    try:
        if len(text) != len("2026-05-27"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise SettingError(
            f"'{text[:40]}' is not a date that exists; write it like 2026-05-27."
        ) from None


def _publish(
    settings: Settings,
    catalog: Catalog,
    known_at: datetime | None = None,
    *,
    allow_fewer: bool = False,
) -> Report:
    """Derive anew from what was just stored, and publish."""
    derived = Request(source="derived", offline=True, known_at=known_at, allow_fewer=allow_fewer)
    return run(settings, catalog, derived, lambda outcome: None)


def _figure_problems(settings: Settings, catalog: Catalog) -> list[str]:
    known = sources(settings, ())
    wrong: list[str] = []
    with Upstream(settings) as out:
        for indicator in catalog.all():
            for ref in indicator.sources:
                if ref.name == "figures":
                    try:
                        payload = known["figures"].fetch(indicator, ref.params, date.min, out)
                        rows = known["figures"].parse(payload, indicator, ref.params)
                        where = str(settings.figures / ref.params["file"])
                        wrong += extremes.beaten_by(settings, indicator, rows, where)
                    except FileProblem as problem:
                        wrong.append(str(problem))
    return wrong


def _write(path: Path, text: str) -> Path | None:
    """Write the text; where another stood there, its copy in `replaced/`."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        kept = None
        if path.exists() and path.read_text(encoding="utf-8") != text:
            kept = path.parent / "replaced" / f"{path.stem}-{now():%Y%m%dT%H%M%S%f}.md"
            kept.parent.mkdir(exist_ok=True)
            kept.write_bytes(path.read_bytes())
        draft.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror}).") from None
    return kept


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_moment(text)
    except ValueError as error:
        raise SettingError(f"--known-at: {error}.") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a date that exists") from None


def _add_allow_fewer(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--allow-fewer",
        action="store_true",
        help="publish although an indicator has fewer vintages than are served",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m etl", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    one = commands.add_parser("run", help="fetch, check, store, publish")
    one.add_argument("ids", nargs="*", metavar="ID", help="indicators; all when none is given")
    one.add_argument("--source", metavar="NAME", help="ask only this source")
    one.add_argument("--offline", action="store_true", help="ask no source over the network")
    one.add_argument("--known-at", metavar="TIME", help="store as known then, not now (ISO 8601)")
    _add_allow_fewer(one)
    one.set_defaults(command=run_command)

    one = commands.add_parser(
        "check", help="check catalog, figures, register, corrections and bulletins"
    )
    one.set_defaults(command=check_command)

    one = commands.add_parser("status", help="how fresh each indicator is")
    one.add_argument("--json", action="store_true")
    one.set_defaults(command=status_command)

    one = commands.add_parser("alerts", help="how the alerts of the catalog stand; send them")
    one.add_argument("--send", action="store_true", help="send each new crossing once")
    one.add_argument("--json", action="store_true")
    one.set_defaults(command=alerts_command)

    one = commands.add_parser("history", help="published snapshots")
    one.set_defaults(command=history_command)

    one = commands.add_parser("rollback", help="return to an earlier snapshot")
    one.add_argument("snapshot", nargs="?", metavar="SNAPSHOT")
    one.set_defaults(command=rollback_command)

    one = commands.add_parser("backup", help="copy all that cannot be fetched again")
    one.add_argument("folder", metavar="FOLDER", help="a new or empty folder")
    one.set_defaults(command=backup_command)

    one = commands.add_parser("restore", help="bring a backup back")
    one.add_argument("folder", metavar="FOLDER")
    one.add_argument("--check", action="store_true", help="only see whether it is whole")
    one.set_defaults(command=restore_command)

    one = commands.add_parser("import", help="add observations from CSV, XLSX or Parquet")
    one.add_argument("files", nargs="+", metavar="FILE")
    one.add_argument("--known-at", metavar="TIME", help="known exactly then (ISO 8601)")
    one.set_defaults(command=import_command)

    one = commands.add_parser("accept", help="take an answer that was held back")
    one.add_argument("id", metavar="INDICATOR")
    one.set_defaults(command=accept_command)

    one = commands.add_parser(
        "candidates", help="documents cited or found upstream that wait for you"
    )
    what = one.add_mutually_exclusive_group()
    what.add_argument("--take", nargs="+", metavar="KEY", help="add them to the register")
    what.add_argument("--leave", nargs="+", metavar="KEY", help="list them no more")
    what.add_argument("--json", action="store_true")
    one.set_defaults(command=candidates_command)

    one = commands.add_parser("replay", help="build the warehouse again from archived answers")
    one.add_argument("--source", metavar="NAME", help="only this source")
    _add_allow_fewer(one)
    one.set_defaults(command=replay_command)

    one = commands.add_parser("schedule", help="run in the foreground at the sources' hours")
    one.set_defaults(command=schedule_command)

    one = commands.add_parser("bulletin", help="add a bulletin from .md, .txt, .docx or .pdf")
    one.add_argument("files", nargs="+", metavar="FILE")
    one.add_argument("--date", type=_day, metavar="DATE", help="its date, instead of its own")
    one.set_defaults(command=bulletin_command)

    one = commands.add_parser("claims", help="check a bulletin's statements against the data")
    one.add_argument("date", metavar="DATE", help="the day of a published bulletin")
    one.add_argument("--json", action="store_true")
    one.set_defaults(command=claims_command)

    one = commands.add_parser("brief", help="what moved since the bulletin before, as sentences")
    one.add_argument("date", metavar="DATE", help="the day of the bulletin to be written")
    one.add_argument("--lang", choices=("zh", "en"), default="zh", help="zh unless given")
    one.add_argument("--json", action="store_true")
    one.set_defaults(command=brief_command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
