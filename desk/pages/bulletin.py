"""/desk/bulletin: a bulletin from the file that is dropped to the page that is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from dashboard import formatting
from dashboard.address import AddressError, day_of
from dashboard.app import document
from dashboard.http.security import DESK
from dashboard.pages import in_frame, today
from dashboard.pages.draft import SentDraft, gravest_first, read_sent, require_short
from dashboard.pages.page import PageRequest
from dashboard.pages.parts.marked import CheckedStatement, MarkedText
from dashboard.pages.today import PreparedBulletin
from desk.checking import MatchedReference
from desk.frame import DeskPage, asset
from desk.jobs import Job
from desk.pages.runs import job_row
from desk.request import PRIVATE, Asked, DeskForm, DeskRequest, Sent
from etl import texts
from etl.bulletins.difference import difference
from etl.bulletins.model import Bulletin, ReadBulletin
from etl.bulletins.to_markdown import to_markdown
from etl.errors import SettingError, StorageError, XinzhiError
from etl.files.authored import bulletin_files
from etl.files.drafts import DraftConflict, Drafts, SavedDraft
from etl.files.edits import Editor
from etl.policies import review
from etl.records import BEIJING, now

PATH = f"{DESK}/bulletin"
PAGE = DeskPage(PATH, "desk_bulletin")
router = APIRouter()
#: How many published bulletins are listed.
LISTED = 12
#: The commands whose progress is shown on the page of their day.
_COMMANDS = ("bulletin", "withdraw")


@dataclass(frozen=True, slots=True)
class DraftBox:
    """What stands in the box: a text, the fingerprint of the saved one that it was begun from, and,
    of a file that was just read, its name and what of it is not in the text."""

    text: str
    made_from: str = ""
    source: str = ""
    left_out: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class DraftCheck:
    """What is said of a text: why it cannot be read or checked; its statements, the gravest first;
    what was left out; its references; and how it differs from what is published."""

    problem: str = ""
    is_readable: bool = True
    verdict: str = ""
    marked: MarkedText | None = None
    checked: Sequence[CheckedStatement] = ()
    wrong: int = 0
    left_out: Sequence[str] = ()
    references: Sequence[MatchedReference] = ()
    changes: Sequence[str] = ()
    prepared: PreparedBulletin | None = None


@router.get(PATH)
def drafts(ask: Asked) -> Response:
    """The drafts, the newest bulletins, and where a new one is dropped."""
    return _listed(ask)


@router.post(PATH)
def read(ask: Asked, form: Sent) -> Response:
    """Read a document or a text, and save it as the draft of its day where there is none yet."""
    try:
        reading, dated = _read(ask, form)
    except AddressError as error:
        return _listed(ask, str(error), form.typed("text"), error.status)
    day, box = reading.bulletin.date, _box(reading, form)
    held = _drafts(ask).read(day)
    if held is not None:
        box = replace(box, made_from=held.fingerprint)
        shown = difference(held.text, box.text)
        problem = ask.say("draft_exists", who=_who(ask, held))
        return _page(ask, day, box, problem=problem, theirs=shown, code=409)
    _save(ask, day, box)
    when = formatting.full_date(day, ask.lang)
    return ask.back(f"{PATH}/{day}", ask.say(dated, day=when))


@router.get(f"{PATH}/{{day}}")
def one(ask: Asked, day: str) -> Response:
    """The draft of a day; of a day without one, what is published, or nothing yet."""
    when = _day(ask, day)
    held = _drafts(ask).read(when)
    if held is not None:
        note = held.note
        box = DraftBox(held.text, held.fingerprint, note.source, note.left_out, note.notes)
    else:
        box = DraftBox(_published(ask, when) or "")
    return _page(ask, when, box)


@router.post(f"{PATH}/{{day}}")
def save(ask: Asked, form: Sent, day: str) -> Response:
    """Save the text as the draft that everyone sees."""
    when, box = _day(ask, day), _sent_box(form)
    if (refused := _saved_or_refused(ask, when, box)) is not None:
        return refused
    return ask.back(f"{PATH}/{when}", ask.say("draft_saved"))


@router.post(f"{PATH}/{{day}}/read")
def read_over(ask: Asked, form: Sent, day: str) -> Response:
    """Put another document into the box of a day; nothing is saved yet."""
    when, held = _day(ask, day), _drafts(ask).read(_day(ask, day))
    try:
        reading, _ = _read(ask, form, when)
    except AddressError as error:
        box = _sent_box(form)
        if not box.text and held is not None:
            box = DraftBox(held.text, held.fingerprint)
        return _page(ask, when, box, problem=str(error), code=error.status)
    box = replace(_box(reading, form), made_from=held.fingerprint if held else "")
    return _page(ask, when, box, problem=ask.say("not_saved_yet"))


@router.post(f"{PATH}/{{day}}/check")
def check(ask: Asked, form: Sent, day: str) -> Response:
    """Check the text: the part of the page that says so, or, without a script, the whole page."""
    when, box = _day(ask, day), _sent_box(form)
    if not form["part"]:
        return _page(ask, when, box)
    return ask.part("parts/draft_check.html", **_check_context(ask, when, box))


@router.post(f"{PATH}/{{day}}/preview")
def preview(ask: Asked, form: Sent, day: str) -> Response:
    """The page that the text will be, for a frame."""
    when = _day(ask, day)
    found = _check(ask, when, _sent_box(form))
    if found.prepared is None:
        return HTMLResponse(
            ask.part("parts/no_preview.html", problem=found.problem).body, 200, PRIVATE
        )
    request = PageRequest(ask.snapshot(), f"/bulletins/{when}", {}, ask.urls, ask.desk.site)
    shown = in_frame(today.of_draft(request, found.prepared), request)
    page = document(shown, ask.desk.site, scripts=("marks.js",))
    return HTMLResponse(page, 200, PRIVATE)


@router.post(f"{PATH}/{{day}}/take")
def take(ask: Asked, form: Sent, day: str) -> Response:
    """Save the text, and take a document that it cites into the register."""
    when, box, key = _day(ask, day), _sent_box(form), form["take"]
    if (refused := _saved_or_refused(ask, when, box)) is not None:
        return refused
    draft = read_text(ask, when, box.text)
    try:
        with ask.recorded(["candidates", "--take", key], str(when)) as told:
            _, documents = review.take(
                ask.settings, [key], Editor(ask.person.shown, f"cited by {when}"), [draft]
            )
            told.outcome = "; ".join(one.title for one in documents)
    except SettingError as error:  # a colleague was quicker, or it lacks what the register needs
        return _at(ask, when, ask.in_words(error))
    return ask.back(
        f"{PATH}/{when}", ask.say("candidate_taken", title=documents[0].title),
        fragment="references",
    )  # fmt: skip


@router.post(f"{PATH}/{{day}}/publish")
def publish(ask: Asked, form: Sent, day: str) -> Response:
    """Publish the text; where the data contradict it, only with a reason."""
    when, box, reason = _day(ask, day), _sent_box(form), form["reason"]
    found = _check(ask, when, box)
    if not found.is_readable:
        return _page(ask, when, box, problem=found.problem, code=400)
    if found.wrong and not (form["anyway"] and reason):
        problem = ask.say("publish_refused", count=found.wrong)
        return _page(ask, when, box, problem=problem, reason=reason, code=400)
    if (refused := _saved_or_refused(ask, when, box)) is not None:
        return refused
    sent = _drafts(ask).send(when)
    arguments = ["bulletin", str(sent.resolve()), "--date", str(when), "--publish"]
    about = str(when)
    if found.wrong:
        arguments, about = [*arguments, "--publish-anyway"], f"{when}: {reason}"
    ask.desk.jobs.start(arguments, ask.person.name, about)
    return ask.back(f"{PATH}/{when}", ask.say("publishing"), fragment="job")


@router.post(f"{PATH}/{{day}}/withdraw")
def withdraw(ask: Asked, form: Sent, day: str) -> Response:
    """Take the published bulletin of a day back."""
    when, reason = _day(ask, day), form["reason"]
    if not reason:
        return _at(ask, when, ask.say("withdraw_why"))
    if when not in bulletin_files(ask.settings):
        return _at(ask, when, ask.say("nothing_published"))
    ask.desk.jobs.start(["withdraw", str(when), "--reason", reason], ask.person.name, str(when))
    return ask.back(f"{PATH}/{when}", ask.say("withdrawing"), fragment="job")


@router.post(f"{PATH}/{{day}}/close")
def close(ask: Asked, form: Sent, day: str) -> Response:
    """Put the draft of a day away; its text stays among the earlier ones."""
    when = _day(ask, day)
    with ask.recorded(["draft", str(when), "--close"]) as told:
        _drafts(ask).close(when)
        told.outcome = "put away"
    return ask.back(PATH, ask.say("draft_closed"))


@router.get(f"{PATH}/{{day}}/earlier/{{kind}}/{{name}}")
def earlier(ask: Asked, day: str, kind: str, name: str) -> Response:
    """A text that was saved before, beside the one of now; it can be put into the box again."""
    when, held = _day(ask, day), _drafts(ask)
    text = held.text_of(when, kind, name)
    if text is None:
        raise SettingError(ask.say("no_such_text"))
    here = held.read(when)
    return ask.show(
        "earlier", ask.say("earlier_text"), text=text, base=ask.urls.page(f"{PATH}/{when}"),
        changes=difference(text, here.text if here else ""),
        made_from=here.fingerprint if here else "",
        action=ask.urls.page(f"{PATH}/{when}/check"),
    )  # fmt: skip


# What the pages show


def _listed(ask: DeskRequest, problem: str = "", text: str = "", code: int = 200) -> Response:
    held = _drafts(ask).all()
    days = sorted(bulletin_files(ask.settings), reverse=True)[:LISTED]
    return ask.show(
        "bulletins_desk", ask.say("desk_bulletin"), code,
        problem=problem, text=text, action=ask.urls.page(PATH),
        new=ask.urls.page(f"{PATH}/{_today()}"), today=formatting.full_date(_today(), ask.lang),
        drafts=[
            (formatting.full_date(one.day, ask.lang), ask.urls.page(f"{PATH}/{one.day}"),
             _who(ask, one))
            for one in held
        ],
        published=[
            (formatting.full_date(day, ask.lang), ask.urls.page(f"{PATH}/{day}"),
             ask.urls.page(f"{DESK}/wechat/{day}"))
            for day in days
        ],
        style=asset(ask.urls, "bulletin.css"), script=asset(ask.urls, "bulletin.js"),
    )  # fmt: skip


def _page(
    ask: DeskRequest,
    day: date,
    box: DraftBox,
    *,
    problem: str = "",
    theirs: Sequence[str] = (),
    yours: Sequence[str] = (),
    reason: str = "",
    is_merged: bool = False,
    code: int = 200,
) -> Response:
    held, here = _drafts(ask).read(day), f"{PATH}/{day}"
    is_published = day in bulletin_files(ask.settings)
    job = _job(ask, day)
    links = ("check", "preview", "publish", "read", "withdraw", "close")
    return ask.show(
        "bulletin", formatting.full_date(day, ask.lang), code,
        day=day, problem=problem, is_merged=is_merged, theirs=theirs, yours=yours,
        state=_who(ask, held) if held else ask.say("no_draft_yet"), is_draft=held is not None,
        is_published=is_published, site=ask.urls.page(f"/bulletins/{day}"),
        brief=ask.urls.page("/bulletins/new", date=str(day)),
        wechat=ask.urls.page(f"{DESK}/wechat/{day}"),
        save=ask.urls.page(here), to={one: ask.urls.page(f"{here}/{one}") for one in links},
        sign_in=ask.urls.page("/sign-in", next=here), all=ask.urls.page(PATH),
        saved=held.fingerprint if held else "",
        earlier=[
            (one.kind, one.note.author, formatting.beijing(one.note.saved_at, ask.lang)
             if one.note.saved_at else "—", ask.urls.page(f"{here}/earlier/{one.kind}/{one.name}"))
            for one in _drafts(ask).earlier(day)
        ],
        job=job, row=job_row(ask, job) if job else None,
        poll=ask.urls.page(f"{DESK}/runs/{job.name}/progress") if job and job.is_live else "",
        style=asset(ask.urls, "bulletin.css"), script=asset(ask.urls, "bulletin.js"),
        **_check_context(ask, day, box, reason),
    )  # fmt: skip


def _check_context(
    ask: DeskRequest, day: date, box: DraftBox, reason: str = ""
) -> dict[str, object]:
    found = _check(ask, day, box) if box.text.strip() else DraftCheck()
    where = f"{PATH}/{day}"
    return {
        "check": found, "box": box, "reason": reason, "is_empty": not box.text.strip(),
        "left_out": [
            texts.told(one, ask.lang) for one in (*(found.left_out or box.left_out), *box.notes)
        ],
        "marked": found.marked, "take": ask.urls.page(f"{where}/take"),
        "register": ask.urls.page("/policies"),
    }  # fmt: skip


def _check(ask: DeskRequest, day: date, box: DraftBox) -> DraftCheck:
    """What is to be said of a text, by the newest snapshot."""
    try:
        reading = read_sent(SentDraft(str(day), box.text), day, ask.say)[0]
        draft = reading.bulletin
        require_short(draft, ask.say)
    except XinzhiError as error:
        return DraftCheck(ask.in_words(error), is_readable=False)
    published = _published(ask, day)
    changes = difference(published, to_markdown(draft)) if published else []
    left_out = [*box.left_out, *reading.left_out]
    try:
        checker = ask.desk.checkers.of(ask.snapshot())
        references = checker.matched(ask.settings, draft)
        prepared = checker.prepared(draft, references)
    except XinzhiError as error:  # before anything is published there is nothing to check by
        problem = ask.say("not_checked", why=ask.in_words(error))
        return DraftCheck(problem, left_out=left_out, changes=changes)
    marked = MarkedText(ask.snapshot(), ask.urls, prepared.mentions, prepared.claims)
    wrong = sum(placed.claim.verdict == "contradicted" for placed in prepared.claims)
    right = "draft_right" if prepared.claims else "draft_silent"
    return DraftCheck(
        verdict=ask.say("draft_wrong", count=wrong) if wrong else ask.say(right),
        marked=marked, checked=gravest_first(marked), wrong=wrong, left_out=left_out,
        references=references, changes=changes, prepared=prepared,
    )  # fmt: skip


# What is read and saved


def _read(ask: DeskRequest, form: DeskForm, day: date | None = None) -> tuple[ReadBulletin, str]:
    """What a file or a text says, as of the day given."""
    given = str(day) if day else form["date"]
    try:
        file = form.file("file")
        content, name = (file.content, file.name) if file else (b"", "")
        sent = SentDraft.of(given, form.typed("text"), content, name)
        return read_sent(sent, _today(), ask.say)
    except (AddressError, SettingError) as error:
        raise AddressError("draft", ask.in_words(error)) from None


def read_text(ask: DeskRequest, day: date, text: str) -> Bulletin:
    """The bulletin in the text of a draft; an AddressError says in words what is wrong with it."""
    return read_sent(SentDraft(str(day), text), day, ask.say)[0].bulletin


def _box(reading: ReadBulletin, form: DeskForm) -> DraftBox:
    """What a reading is edited as: a document as Markdown, what was typed as it was typed."""
    file = form.file("file")
    if file is None:
        return DraftBox(form.typed("text"), left_out=(), notes=reading.notes)
    text = to_markdown(reading.bulletin)
    return DraftBox(text, "", file.name, reading.left_out, reading.notes)


def _sent_box(form: DeskForm) -> DraftBox:
    return DraftBox(
        form.typed("text"), form["made_from"], form["source"], tuple(form.all("left_out")),
        tuple(form.all("notes")),
    )  # fmt: skip


def _save(ask: DeskRequest, day: date, box: DraftBox) -> SavedDraft:
    with ask.recorded(["draft", f"{day}.md", "--date", str(day)], str(day)) as told:
        saved = _drafts(ask).save(
            day, box.text, box.made_from, ask.person.shown, source=box.source,
            left_out=tuple(box.left_out), notes=tuple(box.notes),
        )  # fmt: skip
        told.outcome = f"{len(saved.text):,} characters"
    return saved


def _saved_or_refused(ask: DeskRequest, day: date, box: DraftBox) -> Response | None:
    """Save a text. Where somebody else has saved meanwhile: the page with both changes, put
    together, to be read before anything is done with it, or, where they meet, side by side."""
    if not box.text.strip():
        return _page(ask, day, box, problem=ask.say("draft_empty"), code=400)
    held = _drafts(ask).read(day)
    if held is not None and held.text == box.text:
        return None  # there is nothing to save
    try:
        saved = _save(ask, day, box)
    except DraftConflict as conflict:
        newer = replace(box, made_from=conflict.held.fingerprint)
        problem = ask.say("draft_conflict", who=_who(ask, conflict.held))
        return _page(
            ask, day, newer, problem=problem, theirs=conflict.theirs, yours=conflict.yours, code=409
        )
    if saved.text == box.text:
        return None
    both = replace(box, text=saved.text, made_from=saved.fingerprint)
    who = _who(ask, held) if held else ask.say("saved_elsewhere")
    problem = ask.say("draft_saved_both", who=who)
    return _page(ask, day, both, problem=problem, is_merged=True)


def _drafts(ask: DeskRequest) -> Drafts:
    return Drafts(ask.settings)


def _published(ask: DeskRequest, day: date) -> str | None:
    """The text of the published bulletin of a day."""
    path = bulletin_files(ask.settings).get(day)
    try:
        return path.read_text(encoding="utf-8") if path else None
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{path}: cannot be read ({error}).") from None


def _job(ask: DeskRequest, day: date) -> Job | None:
    """The newest command about the bulletin of a day."""
    for job in ask.desk.jobs.newest():
        if job.facts.arguments[0] in _COMMANDS and job.facts.about.startswith(str(day)):
            return job
    return None


def _at(ask: DeskRequest, day: date, problem: str) -> Response:
    return ask.back(f"{PATH}/{day}", problem, is_problem=True)


def _who(ask: DeskRequest, held: SavedDraft) -> str:
    """Who saved a draft, and when."""
    if held.note.saved_at is None:
        return ask.say("saved_elsewhere")
    when = formatting.beijing(held.note.saved_at, ask.lang)
    return ask.say("saved_by", who=held.note.author, when=when)


def _day(ask: DeskRequest, text: str) -> date:
    day = day_of("date", text)
    assert day is not None
    return day


def _today() -> date:
    return now().astimezone(BEIJING).date()
