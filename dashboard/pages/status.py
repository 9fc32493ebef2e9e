"""/status: how fresh everything is, what waits for a person, and what is served, in plain words."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard import formatting
from dashboard.address import AddressError
from dashboard.chart import fonts
from dashboard.chart_page.report_mail import PAGE as CORRECTIONS
from dashboard.data import queries
from dashboard.data.awaited import awaited
from dashboard.data.freshness import STATES, Health, health
from dashboard.data.ledger import known_then
from dashboard.data.queries import PastRun
from dashboard.data.snapshot import Published
from dashboard.pages.claims import StatementList
from dashboard.pages.frame import CLAIMS
from dashboard.pages.page import Page, PageClock, PageRequest, wrong_parameter
from dashboard.pages.paging import paged
from dashboard.pages.parts import alerts, sources
from dashboard.pages.parts.freshness import SIGNS, age, until
from dashboard.pages.parts.listing import further
from dashboard.provenance import tried_sources
from dashboard.texts import text
from etl.catalog import Indicator
from etl.records import HeldAnswer, Revision
from etl.reliability import DAYS, failure_told

PATH = "/status"
A_PAGE = 200
TOLD_DAYS, REVISIONS = 30, 20
#: The name of a host within the sentence of a problem.
_HOST = re.compile(r"\b(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}\b(?=[ :,(]|$)", re.ASCII)
#: How many statements are shown that could be judged only after their day.
JUDGED_LATER = 10


@dataclass(frozen=True, slots=True)
class StatusNote:
    """Something said of an indicator, or of a source, which has no page to lead to."""

    title: str
    href: str
    words: str
    #: From whom and since when.
    origin: str = ""


@dataclass(frozen=True, slots=True)
class StatusRow:
    """How fresh one indicator is."""

    state: str
    state_words: str
    title: str
    href: str
    until: str
    age: str
    source: str


@dataclass(frozen=True, slots=True)
class WaitingAnswer:
    """An answer that is kept apart, and what a person can do about it."""

    indicator: str
    source: str
    may_be_taken: bool
    title: str
    href: str
    kind: str
    since: str
    sentence: str
    advice: str
    command: str


@dataclass(frozen=True, slots=True)
class HostProblems:
    """What could not be done because of one host, or for other reasons: whom it concerns, and the
    sentences, each once."""

    host: str
    concerned: list[tuple[str, str]]
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run: when it began, how long it took, what came of it."""

    begun_at: datetime
    started: str
    took: str
    command: str
    added: str
    revised: str
    failed: int
    came: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A snapshot that could be returned to; `state` says so of the one that is served."""

    name: str
    published: str
    size: str
    state: str


def layout(request: PageRequest, clock: PageClock) -> Page:
    """The page as of the minute of `clock`; 400 in words where a parameter is wrong."""
    snapshot, lang, urls, as_of = request.snapshot, request.lang, request.urls, request.as_of
    now = min(as_of, clock.minute) if as_of else clock.minute
    found = snapshot.cached("health", (now, as_of), lambda: _worst_first(request, now))
    try:
        page = paged(request.query.get("page", ""), found, A_PAGE)
    except AddressError as error:
        return wrong_parameter(request, error)
    sentence = headline(found, lang)
    runs = run_rows(request)
    judged_alerts = alerts.worst_first(queries.alerts(snapshot))
    published = formatting.beijing(snapshot.published_at, lang)
    return Page(
        title=request.say("status_page"),
        template="status",
        description=sentence,
        told=(request.say("status_then"),) if as_of else (),
        context={
            "is_now": as_of is None,
            "runs": runs,
            "signs": SIGNS,
            "state": _worst(found),
            "sentence": sentence,
            "judged_at": formatting.beijing(now, lang),
            "trouble": [line for line in (clock.problem, fonts.warning()) if line and not as_of],
            "waiting": [_waiting(request, one.indicator, r) for one in found for r in one.refused],
            "problems": _problems(request),
            "failing": [] if as_of else sources.warnings(request),
            "sources": [] if as_of else sources.source_rows(request, now),
            "days": DAYS,
            "rows": [_row(request, one) for one in page.shown],
            "further": further(page, lambda n: urls.page(PATH, page=n), lang),
            "alerts": alerts.in_words(judged_alerts, snapshot.catalog, urls),
            "revisions": _revisions(request, now),
            "told_days": TOLD_DAYS,
            "judged_later": [
                StatementList(request).shown(one)
                for one in queries.judged_later(snapshot, JUDGED_LATER)
                if known_then(one.placed, as_of).claim.later
            ],
            "ledger": urls.page(CLAIMS),
            "disagreements": _disagreements(request),
            "corrected": _corrected(request),
            "corrections": urls.page(CORRECTIONS),
            "served": request.say(
                "served_snapshot",
                snapshot=snapshot.name,
                rows=f"{int(snapshot.meta['rows']):,}",
                moment=published,
            ),
            "published": published,
            "snapshots": [_listed(request, one) for one in clock.published],
            "fonts_fine": not fonts.warning(),
        },
    )


def headline(found: Sequence[Health], lang: str) -> str:
    """One sentence for all: 全部及时, or how many are not."""
    counts = Counter(one.state for one in found)
    if not found:
        return text("no_indicators", lang)
    if counts["fresh"] == len(found):
        return text("all_fresh", lang, count=str(len(found)))
    comma, end = ("，", "。") if lang == "zh" else (", ", ".")
    parts = [text(f"count_{s}", lang, count=str(counts[s])) for s in STATES if counts[s]]
    return comma.join(parts) + end


def _worst(found: Sequence[Health]) -> str:
    """The state that says most of all; what has no value yet, only where nothing else has one."""
    states = {one.state for one in found}
    return next((s for s in STATES if s in states - {"empty"}), "empty" if states else "fresh")


def _worst_first(request: PageRequest, now: datetime) -> list[Health]:
    found = health(request.snapshot, now, as_of=request.as_of)
    return sorted(found, key=lambda one: one.badness)


def run_rows(request: PageRequest) -> list[RunRow]:
    """The runs that had ended by the moment that is looked back to, the newest first."""
    held, as_of = queries.runs(request.snapshot), request.as_of
    return [_run(request, one) for one in held if as_of is None or one.finished_at <= as_of]


def _run(request: PageRequest, one: PastRun) -> RunRow:
    known = request.snapshot.catalog.indicators
    return RunRow(
        begun_at=one.started_at,
        started=formatting.minute(one.started_at),
        took=took((one.finished_at - one.started_at).total_seconds(), request.lang),
        command=request.say(f"command_{one.command}"),
        added=f"{one.added:,}",
        revised=f"{one.revised:,}",
        failed=one.failed,
        came=[_linked(request, known[name]) for name in one.came if name in known],
    )


def took(seconds: float, lang: str) -> str:
    """How long something took, as people say it: 2 秒, 3 分 20 秒."""
    whole = max(1, round(seconds))
    if whole < 60:
        return text("took_seconds", lang, seconds=str(whole))
    minutes, rest = divmod(whole, 60)
    return text("took_minutes", lang, minutes=str(minutes), seconds=str(rest))


def _waiting(request: PageRequest, indicator: Indicator, answer: HeldAnswer) -> WaitingAnswer:
    may_be_taken = answer.may_be_taken
    return WaitingAnswer(
        indicator.id,
        answer.source,
        may_be_taken,
        *_linked(request, indicator),
        kind=request.say("held_back" if may_be_taken else "quarantined"),
        since=request.say(
            "refused_since",
            source=_source(request, answer.source),
            moment=formatting.minute(answer.since),
        ),
        sentence=answer.sentence,
        advice=request.say("take_it" if may_be_taken else "mend_it"),
        command=f"python -m etl {'accept' if may_be_taken else 'run'} {indicator.id}",
    )


def _problems(request: PageRequest) -> list[HostProblems]:
    """What the last run could not do, by the host that failed, the one that most depends on first;
    of an indicator it stands in the table, too."""
    known = request.snapshot.catalog.indicators
    hosts: dict[str, dict[str, str]] = defaultdict(dict)
    for subject, problem in queries.problems(request.snapshot).items():
        found = _HOST.search(problem)
        hosts[found[0] if found else ""][subject] = problem
    return [
        HostProblems(
            host,
            [
                _linked(request, known[name]) if name in known else (_source(request, name), "")
                for name in problems
            ],
            list(dict.fromkeys(failure_told(said, request.lang) for said in problems.values())),
        )
        for host, problems in sorted(hosts.items(), key=lambda item: (not item[0], -len(item[1])))
    ]


def _row(request: PageRequest, one: Health) -> StatusRow:
    title, href = _linked(request, one.indicator)
    return StatusRow(
        state=one.state,
        state_words=request.say(f"state_{one.state}"),
        title=title,
        href=href,
        until=until(one, request.lang),
        age=age(one, request.lang),
        source=_source(request, one.newest.source) if one.newest else _tried(request, one),
    )


def _tried(request: PageRequest, one: Health) -> str:
    """What the sources answered of an indicator without values."""
    waits = awaited(request.snapshot, (one.indicator,), request.as_of)
    told = [tried for each in waits for tried in tried_sources(each, request.lang)]
    colon, between = ("：", "；") if request.lang == "zh" else (": ", "; ")
    return between.join(f"{t.name}{colon}{t.result}" if t.result else t.name for t in told)


def _revisions(request: PageRequest, now: datetime) -> list[StatusNote]:
    """Values that their sources had replaced of late."""
    since = now - timedelta(days=TOLD_DAYS)
    found = queries.revised_lately(request.snapshot, since, REVISIONS, request.as_of)
    return [_revision(request, one) for one in found]


def _revision(request: PageRequest, one: Revision) -> StatusNote:
    lang, catalog = request.lang, request.snapshot.catalog
    indicator = catalog[one.indicator]
    before, after = (
        formatting.figure(value, indicator, catalog.unit(indicator), lang, exact=True)
        for value in (one.before, one.after)
    )
    source, moment = _source(request, one.source), formatting.minute(one.known_at)
    return StatusNote(
        *_linked(request, indicator),
        words=f"{formatting.table_day(one.date, indicator, lang)} {before} → {after}",
        origin=request.say("revised_by", source=source, moment=moment),
    )


def _disagreements(request: PageRequest) -> list[StatusNote]:
    """Indicators whose sources differ beyond the catalog's tolerance."""
    catalog = request.snapshot.catalog
    return [
        StatusNote(
            *_linked(request, catalog[name]),
            words=request.say(
                "differ_on",
                count=f"{count:,}",
                day=formatting.table_day(day, catalog[name], request.lang),
            ),
        )
        for name, count, day in queries.disagreeing(request.snapshot)
    ]


def _corrected(request: PageRequest) -> str:
    """How many values people corrected."""
    held = queries.corrections(request.snapshot)
    count = sum(one.since <= request.last_day for one in held)
    if not count:
        return request.say("no_corrections")
    return request.say("count_corrections", count=f"{count:,}")


def _listed(request: PageRequest, one: Published) -> SnapshotRow:
    return SnapshotRow(
        name=one.name,
        published=formatting.minute(one.published_at),
        size=f"{one.bytes / 1e6:,.1f} MB",
        state=request.say("served_now") if one.name == request.snapshot.name else "",
    )


def _linked(request: PageRequest, indicator: Indicator) -> tuple[str, str]:
    """The title of an indicator and where it leads."""
    return indicator.title.in_(request.lang), request.urls.page(f"/indicators/{indicator.id}")


def _source(request: PageRequest, name: str) -> str:
    return request.say(f"source_{name}")
