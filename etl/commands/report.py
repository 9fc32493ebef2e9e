"""What the published snapshot says: status, alerts, claims, briefs."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from etl.alerts import notify
from etl.alerts.later import later_alerts
from etl.alerts.rules import JSON as ALERT
from etl.alerts.rules import Alert, judge_all
from etl.brief.model import JSON as BRIEF
from etl.brief.published import published_brief, published_since
from etl.brief.words import markdown
from etl.bulletins.model import ReadBulletin
from etl.bulletins.read import read_bulletin
from etl.catalog import Catalog, load_catalog
from etl.claims.draft import published_checker
from etl.claims.model import Claim
from etl.claims.published import claims_judged_later, published_claims
from etl.commands import OK, SOME_FAILED, console
from etl.commands.status import freshness
from etl.commands.why import why
from etl.errors import SettingError, XinzhiError, quoted
from etl.ingest.run import Report, Request, broken, select, splits_of
from etl.ingest.upstream import Upstream
from etl.ingest.watch import events
from etl.lags import measured
from etl.policies import candidates
from etl.records import now
from etl.reliability import LIST as RELIABILITIES
from etl.reliability import Reliability, failing
from etl.settings import Settings
from etl.storage.current import current_snapshot
from etl.storage.snapshots import store_of, whole_store_of
from etl.terminal import to_json


def status_command(settings: Settings, options: argparse.Namespace) -> int:
    """Print how up to date each indicator is, and how the sources answer; 1 if anything is not
    fresh, or with --sources if one has failed for a week."""
    catalog = load_catalog(settings.catalog)
    moment = now()
    with current_snapshot(whole_store_of(settings)) as snapshot:
        rows = list(freshness(catalog, snapshot, moment))
        notes = list(
            candidates.notes(snapshot.problems(), snapshot.notices(), len(snapshot.candidates()))
        )
        answering = snapshot.reliability()
    if options.sources:
        if options.json:
            print(to_json(RELIABILITIES.dump_python(answering, mode="json")))
        else:
            console.reliability_table(answering)
        return SOME_FAILED if failing(answering) else OK
    if options.json:
        print(to_json([row.to_json() for row in rows]))
    else:
        console.status_table(rows, moment)
        shut = [one.id for one in catalog.all() if one.for_committee]
        if shut:
            console.say(f"for the committee: {', '.join(shut)}")
        if answering:
            console.say("")
            console.reliability_table(answering)
        for line in notes:
            console.say(line)
    return SOME_FAILED if any(row.is_wrong for row in rows) else OK


def lags_command(settings: Settings, options: argparse.Namespace) -> int:
    """Print the lags that were measured, and a better publication rule where one is surely
    wrong."""
    catalog = load_catalog(settings.catalog)
    asked = select(catalog, Request(tuple(options.ids)))
    with current_snapshot(whole_store_of(settings)) as snapshot:
        seen = snapshot.first_seen()
    found = [measured(indicator, seen.get(indicator.id, ())) for indicator in asked]
    if options.json:
        print(to_json([one.to_json() for one in found]))
    else:
        console.lag_table(found)
    return OK


def alerts_command(settings: Settings, options: argparse.Namespace) -> int:
    """Print the state of the alerts; with --send, send new crossings to the configured channels."""
    catalog = load_catalog(settings.catalog)
    ways = notify.channels(settings) if options.send else []
    if options.send and not ways:
        raise SettingError(
            "No channel is set; set XINZHI_ALERT_WEBHOOK, or XINZHI_ALERT_SMTP and XINZHI_ALERT_TO."
        )
    with current_snapshot(whole_store_of(settings)) as snapshot:
        actions, answering = snapshot.actions(), snapshot.reliability()
        shown = snapshot.looked(broken(catalog, actions))
        rows = judge_all(shown, snapshot.series, now(), splits_of(actions))
    if options.json:
        print(to_json([ALERT.dump_python(row, mode="json") for row in rows]))
    else:
        console.alert_table(rows)
    with Upstream(settings) as out:
        told = [*_sendable(settings, catalog, rows), *_judged_later(settings, catalog)]
        failed = failing(answering if settings.alert_committee else _answering_publicly(settings))
        sent = notify.send(settings, catalog, told, out, ways, failed) if ways else []
    return SOME_FAILED if console.sent(sent, errors_only=options.json) else OK


def send_alerts(settings: Settings, catalog: Catalog, report: Report) -> None:
    """Send what is new after publishing, and which sources have failed for a week. Failures are
    reported; the data is published anyway."""
    failed = report.failing if settings.alert_committee else report.failing_publicly
    try:
        ways = notify.channels(settings)
        if ways:
            told = [*_sendable(settings, catalog, report.alerts), *_judged_later(settings, catalog)]
            with Upstream(settings) as out:
                sent = notify.send(settings, catalog, told, out, ways, failed)
            console.sent(sent)
            for one in sent:
                facts = {"event": "alerts", "channel": one.channel, "sent": one.count,
                         "waiting": one.waiting, "failed": bool(one.problem)}  # fmt: skip
                events.info("%s: %d alerts sent", one.channel, one.count, extra={"facts": facts})
    except XinzhiError as error:
        console.fail(f"alerts were not sent: {error}")


def _sendable(settings: Settings, catalog: Catalog, alerts: Iterable[Alert]) -> list[Alert]:
    """The alerts that may be sent: who reads a channel is not known here, so that those of what is
    for the committee are sent only where the settings say so."""
    return [one for one in alerts
            if settings.alert_committee or not catalog[one.indicator].for_committee]  # fmt: skip


def _answering_publicly(settings: Settings) -> list[Reliability]:
    """How the sources answer of what is public."""
    with current_snapshot(store_of(settings)) as snapshot:
        return snapshot.reliability()


def _judged_later(settings: Settings, catalog: Catalog) -> Sequence[Alert]:
    """The statements that a value decided only after their day, if somebody wants to be told."""
    if settings.alert_later == "none":
        return ()
    place = whole_store_of if settings.alert_committee else store_of
    found = claims_judged_later(place(settings))
    return later_alerts(catalog, found, settings.alert_later)


def claims_command(settings: Settings, options: argparse.Namespace) -> int:
    """Print the claims of a published bulletin, or of a draft, with their verdicts; 1 if one is
    contradicted."""
    reading = _draft(options)
    if reading is None:
        claims = published_claims(whole_store_of(settings), _bulletin_day(options.which))
    else:
        with published_checker(whole_store_of(settings)) as checker:
            placed = checker.claims(reading.bulletin)
            told = list(why(reading.bulletin, checker.parser, placed)) if options.why else []
        claims = [one.claim for one in placed]
        if options.why:
            console.say("\n".join(told))
            return _status_of(claims)
    if options.json:
        print(to_json([c.model_dump(mode="json") for c in claims]))
    else:
        console.claim_table(claims)
        for sentence in reading.left_out if reading else ():
            console.say(f"left out: {sentence}")
    return _status_of(claims)


def _status_of(claims: Sequence[Claim]) -> int:
    return SOME_FAILED if any(c.verdict == "contradicted" for c in claims) else OK


def _draft(options: argparse.Namespace) -> ReadBulletin | None:
    """The draft that is named; None where a day is."""
    if is_day(options.which):
        if options.date or options.why:
            raise SettingError("--date and --why are for the file of a draft, not for a day.")
        return None
    if not os.path.exists(options.which):
        raise SettingError(
            f"'{quoted(options.which)}' is neither a date that exists, like 2026-05-27, nor a "
            "file; check the name and the folder."
        )
    return read_bulletin(Path(options.which), date=options.date)


def brief_command(settings: Settings, options: argparse.Namespace) -> int:
    """Print what moved since the previous bulletin, as Markdown for the bulletin of that day, or
    since a day that is named."""
    lang = getattr(options, "lang", "zh")
    if options.since:
        found = published_since(
            settings, _bulletin_day(options.since), lang, now(), committee=options.committee
        )
    else:
        found = published_brief(
            settings, _bulletin_day(options.date), lang, now(), committee=options.committee
        )
    if options.json:
        print(to_json(BRIEF.dump_python(found, mode="json")))
    else:
        print(markdown(found), end="")
    return OK


def _bulletin_day(text: str) -> date:
    if not is_day(text):
        raise SettingError(f"'{quoted(text)}' is not a date that exists; write it like 2026-05-27.")
    return date.fromisoformat(text)


def is_day(text: str) -> bool:
    """Whether a text is a date that exists, written like 2026-05-27."""
    try:
        return str(date.fromisoformat(text)) == text
    except ValueError:
        return False
