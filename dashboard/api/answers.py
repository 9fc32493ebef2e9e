"""Each answer of the API, from a snapshot: no request, no header."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from dashboard.address import AddressError, day_of, known_id
from dashboard.api import models
from dashboard.data import queries
from dashboard.data.aftermath import LaterValues
from dashboard.data.awaited import awaited
from dashboard.data.freshness import Health, health
from dashboard.data.ledger import chosen
from dashboard.data.queries import LedgerEntry, Standing
from dashboard.data.search import search
from dashboard.data.snapshot import Snapshot
from dashboard.export.formats import FORMATS
from dashboard.export.licence import may_be_passed_on
from dashboard.export.table import provenance
from dashboard.urls import Urls
from etl.bulletins.model import Bulletin, Reference
from etl.catalog import Credit, Indicator, Text
from etl.claims.model import Placed
from etl.events import KINDS
from etl.freshness import as_of_words
from etl.records import Disagreement, Event

EVENT_KINDS: tuple[str, ...] = KINDS
#: More events, or statements, are refused, not cut.
MAX_EVENTS = 20_000
MAX_CLAIMS = 5_000
MAX_ISSUER = 100
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def indicators(snapshot: Snapshot, words: str, urls: Urls) -> models.IndicatorList:
    """Every indicator, or those that words mean, the nearest first."""
    listed = entries(snapshot, search(snapshot, words).indicators, urls)
    return models.IndicatorList(snapshot=snapshot.name, count=len(listed), indicators=listed)


def entries(
    snapshot: Snapshot, found: Sequence[Indicator], urls: Urls
) -> list[models.IndicatorEntry]:
    """What is told of each of these indicators."""
    held = queries.standings(snapshot)
    return [models.IndicatorEntry(**_entry(snapshot, i, held.get(i.id), urls)) for i in found]


def indicator(snapshot: Snapshot, name: str, urls: Urls) -> models.IndicatorDetail:
    found = snapshot.catalog[known_id(name, snapshot.catalog)]
    return models.IndicatorDetail(
        **_entry(snapshot, found, queries.standing(snapshot, found.id), urls),
        snapshot=snapshot.name,
        calendar=found.calendar,
        records=found.records,
        milestones=list(found.milestones),
        breaks=[models.BreakAnswer(date=b.date, note=_words(b.note)) for b in found.breaks],
        old_ids=list(found.old_ids),
        files={
            kind.name: urls.online.to(f"/c/{found.id}{kind.suffix}")
            for kind in FORMATS.values()
            if not kind.holds_values or may_be_passed_on(found)
        },
    )


def bulletins(snapshot: Snapshot, urls: Urls) -> models.BulletinList:
    listed = [
        models.BulletinSummary(
            date=entry.date,
            title=entry.title,
            summary=entry.summary,
            headings=list(entry.headings),
            url=urls.online.to(f"/bulletins/{entry.date}"),
        )
        for entry in queries.bulletins(snapshot)
    ]
    return models.BulletinList(snapshot=snapshot.name, count=len(listed), bulletins=listed)


def bulletin(snapshot: Snapshot, text: str, urls: Urls) -> models.BulletinDetail:
    day = _day(text)
    found = _bulletin(snapshot, day)
    parts, known = queries.mentioned(snapshot, day), queries.citations(snapshot, day)
    sections = [
        models.SectionAnswer(
            number=section.number,
            title=section.title,
            paragraphs=list(section.paragraphs),
            indicators=list(parts.get(str(section.number), ())),
        )
        for section in found.sections
    ]
    return models.BulletinDetail(
        snapshot=snapshot.name,
        date=found.date,
        title=found.title,
        publisher=found.publisher,
        summary=found.summary,
        sections=sections,
        judgement=list(found.judgement),
        references=[_reference(r, known.get(r.number)) for r in found.references],
        indicators=list(dict.fromkeys(name for names in parts.values() for name in names)),
        url=urls.online.to(f"/bulletins/{day}"),
    )


def claims(snapshot: Snapshot, text: str, urls: Urls) -> models.ClaimList:
    """The checked statements of a bulletin, with links to the charts that show it."""
    day = _day(text)
    _bulletin(snapshot, day)
    listed = [
        models.ClaimAnswer(
            **placed.claim.model_dump(exclude={"evidence"}), evidence=_evidence(placed, urls)
        )
        for placed in queries.claims(snapshot, day)
    ]
    return models.ClaimList(
        snapshot=snapshot.name,
        date=day,
        count=len(listed),
        counts=Counter(claim.verdict for claim in listed),
        claims=listed,
    )


def ledger(
    snapshot: Snapshot, query: Mapping[str, str], now: datetime, urls: Urls
) -> models.StatementLedger:
    """The statements of every bulletin, or those that are asked for."""
    choice = chosen(query, snapshot.catalog, now)
    count = queries.ledger_count(snapshot, choice.asked)
    if count > MAX_CLAIMS:
        raise AddressError(
            "id", f"id: more than {MAX_CLAIMS:,} statements; name an indicator, or since and until."
        )
    later = LaterValues(snapshot, choice.as_of)
    listed = [
        _statement(choice.as_known(entry), later, urls)
        for entry in queries.ledger(snapshot, choice.asked, 0, MAX_CLAIMS)
    ]
    return models.StatementLedger(snapshot=snapshot.name, count=len(listed), claims=listed)


def _statement(entry: LedgerEntry, later: LaterValues, urls: Urls) -> models.StatementAnswer:
    placed = entry.placed
    after = later.aftermath(placed.claim.indicator, placed.judged_by)
    return models.StatementAnswer(
        **placed.claim.model_dump(exclude={"evidence"}),
        evidence=_evidence(placed, urls),
        date=entry.day,
        number=entry.number,
        page=urls.online.to(f"/bulletins/{entry.day}#claim-{entry.number}"),
        aftermath=models.AftermathAnswer.model_validate(asdict(after)) if after else None,
    )


def policies(snapshot: Snapshot, query: Mapping[str, str]) -> models.PolicyList:
    """The documents of a month, with a topic, of an issuer (a part of its name)."""
    month, issuer = query.get("month", ""), query.get("issuer", "")
    if month and not _MONTH.fullmatch(month):
        raise AddressError("month", f"month: '{month[:40]}' is no month; write it like 2026-05.")
    if len(issuer) > MAX_ISSUER:
        raise AddressError("issuer", f"issuer: longer than {MAX_ISSUER} characters; shorten it.")
    # A plus sign in an address reads as a space; no topic has one.
    topic = query.get("topic", "").replace(" ", "+")
    topics = sorted({t for p in queries.policies(snapshot) for t in p.topics})
    if topic and topic not in topics:
        raise AddressError(
            "topic", f"topic: '{topic[:40]}' is not a topic. Allowed: {', '.join(topics)}."
        )
    listed = [
        models.PolicyAnswer(**_told_of(p), month=p.month)
        for p in sorted(
            queries.policies(snapshot, month or None), key=lambda p: p.day, reverse=True
        )
        if (not topic or topic in p.topics) and issuer in p.issuer
    ]
    return models.PolicyList(
        snapshot=snapshot.name,
        count=len(listed),
        counted=sum(policy.counted for policy in listed),
        policies=listed,
    )


def _told_of(policy: queries.Policy) -> dict[str, Any]:
    """What is told of a document. Who may see it is no part of it: a snapshot holds nothing that
    its readers may not see."""
    return {name: value for name, value in asdict(policy).items() if name != "visibility"}


def corrections(snapshot: Snapshot, urls: Urls) -> models.CorrectionList:
    """Every value that people corrected."""
    catalog = snapshot.catalog
    listed = [
        models.CorrectionAnswer(
            **one.model_dump(exclude={"reason"}),
            reason=_words(one.reason),
            unit=catalog.unit(catalog[one.indicator]).code,
            page=urls.online.to(f"/indicators/{one.indicator}"),
        )
        for one in queries.corrections(snapshot)
    ]
    return models.CorrectionList(snapshot=snapshot.name, count=len(listed), corrections=listed)


def events(snapshot: Snapshot, query: Mapping[str, str]) -> models.EventList:
    """The events of an indicator, of a kind, or all."""
    listed = [
        models.EventAnswer.model_validate(one, from_attributes=True)
        for one in happened(snapshot, query)
    ]
    return models.EventList(snapshot=snapshot.name, count=len(listed), events=listed)


def happened(snapshot: Snapshot, query: Mapping[str, str]) -> Sequence[Event]:
    """The same, as the snapshot has them."""
    name, kind = query.get("id", ""), query.get("kind", "")
    if name:
        known_id(name, snapshot.catalog)
    if kind and kind not in EVENT_KINDS:
        allowed = ", ".join(EVENT_KINDS)
        raise AddressError("kind", f"kind: '{kind[:40]}' is not allowed. Allowed: {allowed}.")
    since, until = (day_of(n, query[n]) if query.get(n) else None for n in ("since", "until"))
    if since and until and since > until:
        raise AddressError("since", f"since: {since} is after until, {until}.")
    found = queries.events(snapshot, name or None, kind=kind or None, most=MAX_EVENTS + 1)
    if len(found) > MAX_EVENTS:
        raise AddressError(
            "id", f"id: more than {MAX_EVENTS:,} events; name an indicator or a kind."
        )
    return [
        event
        for event in found
        if (since is None or since <= event.date) and (until is None or event.date <= until)
    ]


def status(snapshot: Snapshot, warning: str, now: datetime) -> models.Status:
    """The state of each indicator at the moment `now`."""
    differing = queries.all_disagreements(snapshot)
    listed = [_status(one, differing.get(one.indicator.id, ())) for one in health(snapshot, now)]
    return models.Status(
        snapshot=snapshot.name,
        published_at=snapshot.published_at,
        judged_at=now,
        warning=warning,
        counts=dict(Counter(row.state for row in listed)),
        indicators=listed,
        sources=[
            models.SourceStatus.model_validate({**asdict(one), "days_failing": one.days_failing})
            for one in queries.reliability(snapshot)
        ],
    )


def _status(one: Health, differing: Sequence[Disagreement]) -> models.IndicatorStatus:
    newest = one.newest
    return models.IndicatorStatus.model_validate(
        {
            "id": one.indicator.id,
            "state": one.state,
            "newest": newest.date if newest else None,
            "missed": one.missed,
            "calendar": one.indicator.calendar,
            "source": newest.source if newest else "",
            "known_at": newest.known_at if newest else None,
            "as_of": as_of_words(one.indicator, newest.date) if newest else "等待数据",
            "checked_until": one.indicator.checked if one.indicator.calendar == "event" else None,
            "problem": one.problem,
            "refused": [
                {k: v for k, v in asdict(entry).items() if k != "indicator"}
                for entry in one.refused
            ],
            "disagreements": [asdict(entry) for entry in differing],
        }
    )


def _entry(
    snapshot: Snapshot,
    indicator: Indicator,
    held: Standing | None,
    urls: Urls,
) -> dict[str, Any]:
    newest = held.newest if held else None
    return {
        "id": indicator.id,
        "title": _words(indicator.title),
        "group": indicator.group,
        "unit": snapshot.catalog.unit(indicator).code,
        "frequency": indicator.frequency,
        "definition": _words(indicator.definition),
        "credit": _credit(indicator.credit),
        "sources": [ref.name for ref in indicator.sources],
        "first_date": held.first if held else None,
        "last_date": held.newest.date if held else None,
        "rows": held.count if held else 0,
        "newest": models.Newest(
            date=newest.date,
            value=newest.value,
            source=provenance(newest),
            known_at=newest.known_at,
            status=newest.status,
        )
        if newest
        else None,
        "awaited": [] if held else _tried(snapshot, indicator),
        "csv": urls.online.to(f"/c/{indicator.id}.csv") if may_be_passed_on(indicator) else "",
        "page": urls.online.to(f"/indicators/{indicator.id}"),
    }


def _tried(snapshot: Snapshot, indicator: Indicator) -> list[models.AttemptAnswer]:
    """Each source of an indicator without values, with the last attempt at it."""
    (waits,) = awaited(snapshot, (indicator,))
    tried = ((ref.name, waits.attempt(ref.name)) for ref in indicator.sources)
    return [
        models.AttemptAnswer(
            source=name,
            tried_at=attempt.tried_at if attempt else None,
            problem=attempt.problem if attempt else "",
        )
        for name, attempt in tried
    ]


def _bulletin(snapshot: Snapshot, day: date) -> Bulletin:
    found = queries.bulletin(snapshot, day)
    if found is None and (gone := queries.withdrawal(snapshot, day)):
        words = f"date: the bulletin of {day} was withdrawn on {gone.withdrawn}: {gone.reason}"
        raise AddressError("date", words, 410)
    if found is None:
        raise AddressError(
            "date", f"date: there is no bulletin of {day}. See /api/v1/bulletins.", 404
        )
    return found


def bulletin_of(snapshot: Snapshot, day: str) -> Bulletin:
    """The bulletin of a day as an address writes it."""
    return _bulletin(snapshot, _day(day))


def _reference(reference: Reference, known: queries.Citation | None) -> models.ReferenceAnswer:
    if known is None:
        return models.ReferenceAnswer(**reference.model_dump())
    named = {"title": known.title, "issuer": known.issuer, "origin": known.origin}
    document = models.RegisterEntry.model_validate(named) if known.title else None
    told = {**reference.model_dump(), "kind": known.kind, "document": document}
    return models.ReferenceAnswer.model_validate(told)


def _evidence(placed: Placed, urls: Urls) -> models.EvidenceAnswer | None:
    found = placed.claim.evidence
    if found is None:
        return None
    return models.EvidenceAnswer(**{**found.model_dump(), "chart": urls.to(found.chart)})


def _words(text: Text) -> models.TextAnswer:
    return models.TextAnswer(zh=text.zh, en=text.en)


def _credit(credit: Credit) -> models.CreditAnswer:
    return models.CreditAnswer(
        name=_words(credit.name),
        licence=_words(credit.licence),
        reuse=credit.reuse,
        url=credit.url,
    )


def _day(text: str) -> date:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise AddressError(
            "date", f"date: '{text[:40]}' is not a date that exists; write it like 2026-05-27."
        ) from None
