"""/desk: what came in since yesterday, and what waits for a person, with the buttons that settle
it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from dashboard import formatting
from dashboard.data import queries
from dashboard.data.freshness import Health, health
from dashboard.http.security import DESK
from dashboard.pages import status
from dashboard.pages.page import PageRequest
from dashboard.pages.parts.freshness import age, until
from desk.conflict import require_newest
from desk.frame import DeskPage
from desk.pages import register, runs
from desk.request import Asked, DeskRequest, Sent
from etl.catalog import Indicator
from etl.commands.update import MOST_SAID, noted
from etl.errors import SettingError
from etl.files.drafts import fingerprint
from etl.ingest.run import Request
from etl.records import HeldAnswer, now
from etl.reliability import failing, failure_told, warning
from etl.storage.audit import AuditLine, audit_log

PATH = DESK
PAGE = DeskPage(PATH, "desk_today")
router = APIRouter()
#: The days that can be looked back, the lines of the audit log that are looked through, and how
#: many of each kind are shown.
LOOK_BACK, READ_LINES, MOST_ITEMS, MOST_NOTES, LAST_CHANGES = (1, 3, 7), 2_000, 40, 3, 8
#: A command that a sentence names, with what is said of it.
_COMMAND = re.compile(r"（`python -m [^`]+`）|; `python -m [^`]+` takes it")


@dataclass(frozen=True, slots=True)
class NoteShown:
    """What was done or noted about something: when, who, and what."""

    when: str
    who: str
    words: str
    failed: bool


@dataclass(frozen=True, slots=True)
class TodayItem:
    """Something that waits for a person. `about` is the indicator or the source; `made_from` is
    there where it can be accepted or refused; `again` says that its sources can be asked again."""

    about: str
    title: str
    href: str
    tag: str
    is_bad: bool
    when: str
    words: str
    made_from: str
    again: str
    notes: Sequence[NoteShown]
    #: Where the source itself can be looked at.
    source: str = ""


@dataclass(frozen=True, slots=True)
class TodayGroup:
    """Items of one kind, and how many more there are."""

    id: str
    title: str
    items: Sequence[TodayItem]
    more: int


@dataclass(frozen=True, slots=True)
class CameRow:
    """What came of an indicator."""

    title: str
    href: str
    added: str
    revised: str
    newest: str


@router.get(PATH)
def today(ask: Asked) -> Response:
    """What came, and what waits."""
    days = next((d for d in LOOK_BACK if str(d) == ask.query.get("days")), LOOK_BACK[0])
    page, moment = ask.as_page(status.PATH), now()
    since = moment - timedelta(days=days)
    found = sorted(health(page.snapshot, moment), key=lambda one: one.badness)
    said = audit_log(ask.settings).newest(READ_LINES)
    who = ask.called({one.who for one in said})
    said = [replace(one, who=who[one.who]) for one in said]
    notes = _notes(said)
    groups = [group for group in _groups(ask, page, found, notes) if group.items]
    empty = [one for one in found if one.state == "empty"]
    candidates = len(register.waiting_now(ask)[0])
    return ask.show(
        "today",
        ask.say("desk_today"),
        verdict=status.headline(found, ask.lang),
        since=formatting.minute(since),
        choices=[
            (ask.say("days_back", count=d), ask.urls.page(PATH, days=str(d) if d > 1 else ""),
             d == days)
            for d in LOOK_BACK
        ],
        came=[_came(page, one) for one in queries.came_since(page.snapshot, since)],
        runs=[one for one in runs.past_runs(ask) if one.begun_at > since],
        last=next(iter(runs.past_runs(ask)), None),
        groups=groups,
        candidates=ask.say("candidates_wait", count=candidates) if candidates else "",
        empty=[(one.indicator.title.in_(ask.lang), _href(page, one.indicator)) for one in empty],
        jobs=[runs.job_row(ask, job) for job in ask.desk.jobs.newest() if job.is_live],
        changes=[(_shown(one), one.command) for one in said[:LAST_CHANGES]],
        links={
            "accept": ask.urls.page(f"{PATH}/accept"),
            "refuse": ask.urls.page(f"{PATH}/refuse"),
            "again": ask.urls.page(f"{PATH}/again"),
            "note": ask.urls.page(f"{PATH}/note"),
            "status": ask.urls.page(status.PATH),
            "register": ask.urls.page(register.PATH),
            "runs": ask.urls.page(runs.PATH),
        },
        most_said=MOST_SAID,
    )  # fmt: skip


@router.post(f"{PATH}/accept")
def accept(ask: Asked, form: Sent) -> Response:
    """Accept the held answers of an indicator."""
    name = _still_held(ask, form["about"], form["made_from"])
    return ask.start(["accept", name], name)


@router.post(f"{PATH}/refuse")
def refuse(ask: Asked, form: Sent) -> Response:
    """Refuse them: what is held stays."""
    name, reason = _still_held(ask, form["about"], form["made_from"]), form["reason"]
    if not reason:
        raise SettingError(ask.say("say_why"))
    given = [name, f"--reason={reason}", f"--author={ask.person.shown}"]
    return ask.start(["refuse", *given], name)


@router.post(f"{PATH}/again")
def again(ask: Asked, form: Sent) -> Response:
    """Ask the sources of an indicator again, or one source."""
    catalog = ask.catalog()
    name = noted(catalog, form["about"])
    is_indicator = name in catalog
    request = Request((name,)) if is_indicator else Request(source=name)
    arguments = ["run", name] if is_indicator else ["run", "--source", name]
    return ask.start(arguments, name, runs.subjects_of(catalog, request))


@router.post(f"{PATH}/note")
def note(ask: Asked, form: Sent) -> Response:
    """Leave a note beside an indicator or a source."""
    about, words = noted(ask.catalog(), form["about"]), form["words"]
    if not words or len(words) > MOST_SAID:
        raise SettingError(ask.say("note_length", most=MOST_SAID))
    with ask.recorded(["note", about], about) as told:
        told.outcome = words
    return ask.back(PATH, ask.say("noted"), fragment=f"about-{about}")


def _still_held(ask: DeskRequest, name: str, made_from: str) -> str:
    """The indicator whose held answers a form is about, if they are those that it showed."""
    held = queries.refused(ask.snapshot()).get(name, ())
    require_newest(made_from, _mark(held), ask.say("held_has_changed"))
    return name


def _mark(held: Sequence[HeldAnswer]) -> str:
    """The fingerprint of the answers of an indicator that may be taken."""
    told = [f"{one.source} {one.since.isoformat()} {one.sentence}" for one in held
            if one.may_be_taken]  # fmt: skip
    return fingerprint("\n".join(told))


def _groups(
    ask: DeskRequest,
    page: PageRequest,
    found: Sequence[Health],
    notes: Mapping[str, Sequence[NoteShown]],
) -> Iterator[TodayGroup]:
    """What waits, what only a person can settle first."""
    held = [(h.indicator, one) for h in found for one in h.refused]
    yield _group(
        ask, "held", [_waiting(ask, page, h, one, found, notes) for h, one in held if
                      one.may_be_taken],
    )  # fmt: skip
    yield _group(
        ask, "apart", [_waiting(ask, page, h, one, found, notes) for h, one in held if not
                       one.may_be_taken],
    )  # fmt: skip
    yield _group(ask, "sources", list(_sources(ask, page, notes)))
    yield _group(ask, "differ", list(_differing(ask, page, notes)))
    for state in ("stale", "failing"):
        behind = [one for one in found if one.state == state and not one.refused]
        yield _group(ask, state, [_behind(ask, page, one, notes) for one in behind])


def _group(ask: DeskRequest, name: str, items: Sequence[TodayItem]) -> TodayGroup:
    title = ask.say(f"group_{name}", count=len(items))
    return TodayGroup(name, title, items[:MOST_ITEMS], max(0, len(items) - MOST_ITEMS))


def _waiting(
    ask: DeskRequest,
    page: PageRequest,
    indicator: Indicator,
    answer: HeldAnswer,
    found: Sequence[Health],
    notes: Mapping[str, Sequence[NoteShown]],
) -> TodayItem:
    own = next(one.refused for one in found if one.indicator is indicator)
    return TodayItem(
        about=indicator.id,
        title=indicator.title.in_(ask.lang),
        href=_href(page, indicator),
        tag=ask.say("held_back" if answer.may_be_taken else "quarantined"),
        is_bad=not answer.may_be_taken,
        when=ask.say("since_from", source=_source(ask, answer.source),
                     moment=formatting.minute(answer.since)),
        words=_without_commands(ask.in_words(answer.sentence), indicator.id),
        made_from=_mark(own) if answer.may_be_taken else "",
        again="" if answer.may_be_taken else indicator.id,
        notes=notes.get(indicator.id, ()),
        source=indicator.credit.url,
    )  # fmt: skip


def _without_commands(words: str, about: str) -> str:
    """A sentence of a run as it stands beside the buttons that do what it names, below the title
    that it begins with."""
    return _COMMAND.sub("", words.removeprefix(about).lstrip(":： "))


def _sources(
    ask: DeskRequest, page: PageRequest, notes: Mapping[str, Sequence[NoteShown]]
) -> Iterator[TodayItem]:
    """The sources that have failed for a week."""
    for one in failing(queries.reliability(page.snapshot)):
        yield TodayItem(
            one.source, _source(ask, one.source), "", ask.say("source_fails"), True, "",
            warning(one).in_(ask.lang), "", one.source, notes.get(one.source, ()),
        )  # fmt: skip


def _differing(
    ask: DeskRequest, page: PageRequest, notes: Mapping[str, Sequence[NoteShown]]
) -> Iterator[TodayItem]:
    """Where sources differ beyond the catalog's tolerance; the newest day with both values."""
    for name, rows in queries.all_disagreements(page.snapshot).items():
        indicator, one = page.snapshot.catalog[name], rows[0]
        unit = page.snapshot.catalog.unit(indicator)
        mine, other = (
            formatting.figure(value, indicator, unit, ask.lang, exact=True)
            for value in (one.value, one.other_value)
        )
        words = ask.say(
            "differ_most", count=len(rows), one=_source(ask, one.source), value=mine,
            day=formatting.table_day(one.date, indicator, ask.lang),
            other=_source(ask, one.other_source), other_value=other,
        )  # fmt: skip
        yield TodayItem(
            name, indicator.title.in_(ask.lang), _href(page, indicator),
            ask.say("sources_disagree"), False, "", words, "", "", notes.get(name, ()),
        )  # fmt: skip


def _behind(
    ask: DeskRequest, page: PageRequest, one: Health, notes: Mapping[str, Sequence[NoteShown]]
) -> TodayItem:
    """An indicator that is behind its calendar, or whose sources failed."""
    comma = "，" if ask.lang == "zh" else ", "
    return TodayItem(
        about=one.indicator.id,
        title=one.indicator.title.in_(ask.lang),
        href=_href(page, one.indicator),
        tag=ask.say(f"state_{one.state}"),
        is_bad=one.state == "failing",
        when=comma.join((until(one, ask.lang), age(one, ask.lang))),
        words=ask.in_words(failure_told(one.problem, ask.lang)) if one.problem else "",
        made_from="",
        again=one.indicator.id,
        notes=notes.get(one.indicator.id, ()),
        source=one.indicator.credit.url,
    )


def _came(page: PageRequest, one: queries.NewValues) -> CameRow:
    indicator = page.snapshot.catalog.indicators.get(one.indicator)
    if indicator is None:  # of an indicator that the catalog no longer has
        return CameRow(one.indicator, "", f"{one.added:,}", f"{one.revised:,}", str(one.newest))
    return CameRow(
        indicator.title.in_(page.lang),
        _href(page, indicator),
        f"{one.added:,}",
        f"{one.revised:,}",
        formatting.table_day(one.newest, indicator, page.lang),
    )


def _notes(lines: Sequence[AuditLine]) -> Mapping[str, Sequence[NoteShown]]:
    """The last of what was done about each thing, the newest first."""
    found: dict[str, list[NoteShown]] = defaultdict(list)
    for line in lines:
        if line.about and len(found[line.about]) < MOST_NOTES:
            found[line.about].append(_shown(line))
    return found


def _shown(line: AuditLine) -> NoteShown:
    """A line of the audit log; of a note, only its words."""
    is_note = line.command.startswith("etl note")
    words = line.outcome if is_note else f"{line.command} → {line.outcome}"
    return NoteShown(formatting.minute(line.at), line.who, words, line.failed)


def _href(page: PageRequest, indicator: Indicator) -> str:
    return page.urls.page(f"/indicators/{indicator.id}")


def _source(ask: DeskRequest, name: str) -> str:
    return ask.say(f"source_{name}")
