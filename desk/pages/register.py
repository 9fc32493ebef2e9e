"""/desk/register: the documents that wait for a person, to be taken or left; those that may be the
same, side by side; and every row of the register, to be found and edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response

from dashboard import formatting
from desk.conflict import (
    BASE,
    ConflictError,
    DifferingLine,
    lines,
    merged_fields,
    require_newest,
    spelt,
    unspelt,
)
from desk.frame import DeskPage
from desk.pages.indicators import SHOWN_CHANGES, ChangeShown
from desk.request import Asked, DeskForm, DeskRequest, Sent
from etl.commands.edit import REGISTER
from etl.commands.edit import undo as undo_change
from etl.errors import FileProblem, SettingError, StorageError, XinzhiError, in_words
from etl.files import edits
from etl.files.edits import Editor
from etl.policies import review
from etl.policies.candidates import Candidate
from etl.policies.identity import KINDS, is_counted, topic_names, words_of_topics
from etl.policies.likeness import Likeness
from etl.policies.register import COLUMNS
from etl.policies.register_edits import RegisterRow, change_row, register_rows
from etl.records import VISIBILITIES, Document
from etl.storage.audit import AuditLine, audit_log
from etl.storage.current import current_snapshot
from etl.storage.snapshots import whole_store_of

PATH = "/desk/register"
PAGE = DeskPage(PATH, "desk_register")
router = APIRouter()
#: How many candidates and rows a page shows, and how many keys one form may name.
A_PAGE, MOST_KEYS = 50, 200
VERIFICATIONS = ("", "verified", "partly", "unverified")


@dataclass(frozen=True, slots=True)
class BesideRow:
    """One thing said of two documents: its name, and what each says."""

    label: str
    mine: str
    other: str


@dataclass(frozen=True, slots=True)
class DoubleShown:
    """A document of the register that may be the same as a candidate or another row."""

    href: str
    rows: Sequence[BesideRow]


@dataclass(frozen=True, slots=True)
class CandidateShown:
    """A document that waits, why it was proposed, and what it may be the same as."""

    key: str
    title: str
    url: str
    issuer: str
    number: str
    day: str
    topics: str
    kind: str
    why: str
    is_open: bool
    doubles: Sequence[DoubleShown]


@dataclass(frozen=True, slots=True)
class RowShown:
    """A row of the register in the list."""

    href: str
    title: str
    url: str
    issuer: str
    number: str
    day: str
    topics: str
    kind: str
    verification: str
    counted: bool
    problem: str
    is_double: bool


@router.get(PATH)
def register(ask: Asked) -> Response:
    """What waits, and the register."""
    wanted, page = ask.query.get("q", "").strip(), _page(ask)
    rows, wrong = _rows(ask)
    waiting, problem = waiting_now(ask)
    known = Likeness([row.document for row in rows if row.document])
    places = {id(row.document): row for row in rows if row.document}
    fits = [one for one in waiting if _found(wanted, one.document)]
    found = [row for row in rows if _found(wanted, row.document, row.cells)][::-1]
    last = max(len(fits), len(found))
    return ask.show(
        "register", ask.say("desk_register"), q=wanted, wrong=wrong, problem=problem,
        waiting=[_candidate(ask, one, known, places) for one in fits[_span(page)]],
        waits=len(fits), count=len(found), rows=[_row(ask, row) for row in found[_span(page)]],
        action=ask.urls.page(PATH), decide=ask.urls.page(f"{PATH}/decide"),
        before=ask.urls.page(PATH, q=wanted, page=str(page - 1)) if page > 1 else "",
        after=ask.urls.page(PATH, q=wanted, page=str(page + 1)) if last > page * A_PAGE else "",
        run=ask.urls.page("/desk/runs"), history=ask.urls.page(f"{PATH}/history"),
    )  # fmt: skip


@router.post(f"{PATH}/decide")
def decide(ask: Asked, form: Sent) -> Response:
    """Take candidates into the register, or leave them. Who comes second is told what the first
    did."""
    keys, take = list(dict.fromkeys(form.all("key")))[:MOST_KEYS], form["do"] == "take"
    if not keys:
        return ask.back(PATH, ask.say("nothing_chosen"), is_problem=True)
    try:
        settled = review.decided(ask.settings, keys)
    except StorageError:  # a run holds the warehouse; the change itself says so
        settled = {}
    open_keys = [key for key in keys if settled.get(key) != "taken"
                 and not (settled.get(key) == "left" and not take)]  # fmt: skip
    told = [_told_before(ask, key, settled[key]) for key in keys if key not in open_keys]
    if open_keys:
        word = "--take" if take else "--leave"
        with ask.recorded(["candidates", word, *open_keys], " ".join(open_keys)) as line:
            documents = _decided(ask, form, open_keys, take)
            titles = "；".join(one.title for one in documents)
            line.outcome = f"{'taken' if take else 'left'}: {titles}"
        told.insert(0, ask.say("taken" if take else "left", count=len(documents), titles=titles))
    return ask.back(PATH, " ".join(told), is_problem=not open_keys)


@router.get(f"{PATH}/history")
def history(ask: Asked) -> Response:
    """The changes of the register, newest first."""
    found = []
    for version, before in edits.changes(ask.settings.register, SHOWN_CHANGES):
        old, new = ((one or b"").decode("utf-8", "replace") for one in (before, version.content))
        shown: Sequence[DifferingLine] = lines(old, new) if before is not None else []
        when = formatting.minute(version.at)
        found.append(ChangeShown(version.id, when, version.who, version.why, shown))
    return ask.show("register_history", ask.say("register_history"), changes=found,
                    undo=ask.urls.page(f"{PATH}/undo"), all=ask.urls.page(PATH))  # fmt: skip


@router.post(f"{PATH}/undo")
def undo(ask: Asked, form: Sent) -> Response:
    """Take one change of the register back."""
    change = form["change"]
    with ask.recorded(["edit", REGISTER, "--undo", change], "policies.csv") as line:
        undo_change(
            ask.settings, REGISTER, change, Editor(ask.person.shown, "policies.csv: taken back")
        )
        line.outcome = "taken back"
    return ask.back(f"{PATH}/history", ask.say("change_undone"))


@router.get(f"{PATH}/{{key}}")
def one(ask: Asked, key: str) -> Response:
    """A row of the register as a form."""
    return _form(ask, _find(ask, key))


@router.post(f"{PATH}/{{key}}")
def edit(ask: Asked, key: str, form: Sent) -> Response:
    """Save a row, or take it out."""
    drops = form["do"] == "drop"
    mine = {name: _typed(form, name) for name in COLUMNS}

    def make(row: RegisterRow) -> dict[str, str] | None:
        if drops:
            require_newest(form[BASE], spelt(row.cells), _who_changed(ask, key))
            return None
        return merged_fields(
            unspelt(form[BASE]), row.cells, mine,
            labels={name: ask.say(f"register_{name}") for name in COLUMNS},
            message=_who_changed(ask, key), carried=spelt(row.cells),
        )  # fmt: skip

    title = mine["title"]
    why = form["why"] or f"《{title}》{'taken out' if drops else 'edited'}"
    try:
        with ask.recorded(["edit", REGISTER], key) as line:
            row = change_row(ask.settings, key, make, Editor(ask.person.shown, why))
            line.outcome = f"{'taken out' if drops else 'edited'}: {title}"
    except ConflictError as conflict:
        return _form(ask, _find(ask, key), mine, conflict=conflict, status=409)
    except FileProblem as error:
        return _form(ask, _find(ask, key), mine, problem=in_words(error, ask.lang),
                     base=form[BASE], status=400)  # fmt: skip
    if row is None:
        return ask.back(PATH, ask.say("row_dropped", title=title))
    return ask.back(f"{PATH}/{row.key}", ask.say("row_saved"))


def _decided(
    ask: DeskRequest, form: DeskForm, keys: Sequence[str], take: bool
) -> Sequence[Document]:
    if not take:
        return review.leave(ask.settings, keys)
    return review.take(ask.settings, keys, Editor(ask.person.shown, form["why"]))[1]


def _told_before(ask: DeskRequest, key: str, what: str) -> str:
    """What somebody else has done with a candidate, and when."""
    line = _line_about(ask, key)
    if line is None:
        return ask.say(f"{what}_already")
    when = formatting.minute(line.at)
    return ask.say(f"{what}_by", who=line.who, when=when)


def _line_about(ask: DeskRequest, key: str) -> AuditLine | None:
    found = audit_log(ask.settings).newest(500)
    return next((line for line in found if key in line.about.split() and not line.failed), None)


def _who_changed(ask: DeskRequest, key: str) -> str:
    line = _line_about(ask, key)
    if line is None:
        return ask.say("entry_changed_meanwhile")
    return ask.say("entry_changed_by", who=line.who, when=formatting.minute(line.at))


def waiting_now(ask: DeskRequest) -> tuple[list[Candidate], str]:
    """The candidates that wait, and why they are not known, if they are not."""
    try:
        with current_snapshot(whole_store_of(ask.settings)) as snapshot:
            found = review.waiting(ask.settings, snapshot)
    except XinzhiError as error:
        return [], in_words(error, ask.lang)
    try:
        settled = review.decided(ask.settings, [one.key for one in found])
    except XinzhiError:  # a run holds the warehouse: what was published before it is shown
        settled = {}
    return [one for one in found if one.key not in settled], ""


def _rows(ask: DeskRequest) -> tuple[list[RegisterRow], str]:
    try:
        return register_rows(ask.settings), ""
    except FileProblem as problem:
        return [], in_words(problem, ask.lang)


def _find(ask: DeskRequest, key: str) -> RegisterRow:
    row = next((row for row in register_rows(ask.settings) if row.key == key), None)
    if row is None:
        line = _line_about(ask, key)
        raise SettingError(
            ask.say("no_such_row_since", who=line.who, when=formatting.minute(line.at))
            if line else ask.say("no_such_row")
        )  # fmt: skip
    return row


def _form(
    ask: DeskRequest,
    row: RegisterRow,
    typed: dict[str, str] | None = None,
    conflict: ConflictError | None = None,
    problem: str = "",
    base: str = "",
    status: int = 200,
) -> Response:
    cells = {**row.cells, **(typed or {})}
    topics = [topic for topic in cells["topics"].split(";") if topic]
    others = [other for other in register_rows(ask.settings) if other.document]
    known = Likeness([other.document for other in others if other.document])
    places = {id(other.document): other for other in others}
    here = next((other.document for other in others if other.key == row.key), None)
    return ask.show(
        "register_row", cells["title"], status, row=row, cells=cells, conflict=conflict,
        problem=problem or (in_words(row.problem, ask.lang) if row.problem else ""),
        base=conflict.base if conflict else base or spelt(row.cells),
        topics=[(topic, topic in topics) for topic in dict.fromkeys((*topic_names(), *topics))],
        kinds=[(kind, ask.say(f"kind_{kind}")) for kind in KINDS],
        verifications=[(word, ask.say(f"verification_{word or 'none'}"))
                       for word in dict.fromkeys((*VERIFICATIONS, cells["verification"]))],
        visibilities=[("", ask.say("visibility_public")),
                      *((w, ask.say(f"visibility_{w}")) for w in VISIBILITIES if w != "public")],
        doubles=_doubles(ask, here, known, places) if here else [],
        here=ask.urls.page(f"{PATH}/{row.key}"), all=ask.urls.page(PATH),
    )  # fmt: skip


def _typed(form: DeskForm, name: str) -> str:
    if name == "topics":
        more = form["topics_more"].replace("；", ";").split(";")
        return ";".join(dict.fromkeys(t.strip() for t in (*form.all("topics"), *more) if t.strip()))
    return form[name]


def _candidate(
    ask: DeskRequest, one: Candidate, known: Likeness, places: dict[int, RegisterRow]
) -> CandidateShown:
    document = one.document
    words = words_of_topics(document.title)
    sources = "、".join(ask.say(f"source_{name}") for name in one.sources)
    why = ask.say("found_by", sources=sources, day=formatting.minute(one.known_at)[:10])
    if words:
        why += ask.say("found_for_words", words="、".join(words))
    if document.cited_by:
        why += ask.say("found_in_bulletins", days="、".join(document.cited_by))
    return CandidateShown(
        one.key, document.title, document.url, document.issuer or ask.say("issuer_unknown"),
        document.number, document.day, "、".join(one.as_shown().topics),
        ask.say(f"kind_{document.kind}"), why, not document.issuer,
        _doubles(ask, document, known, places),
    )  # fmt: skip


def _doubles(
    ask: DeskRequest, document: Document, known: Likeness, places: dict[int, RegisterRow]
) -> list[DoubleShown]:
    found = []
    for other in known.alike(document):
        pairs = (
            ("title", document.title, other.title), ("issuer", document.issuer, other.issuer),
            ("doc_no", document.number, other.number),
            ("date_published", document.day, other.day), ("url", document.url, other.url),
        )  # fmt: skip
        rows = [BesideRow(ask.say(f"register_{name}"), a, b) for name, a, b in pairs if a or b]
        found.append(DoubleShown(ask.urls.page(f"{PATH}/{places[id(other)].key}"), rows))
    return found


def _row(ask: DeskRequest, row: RegisterRow) -> RowShown:
    document, cells = row.document, row.cells
    return RowShown(
        ask.urls.page(f"{PATH}/{row.key}"), cells["title"], cells["url"], cells["issuer"],
        cells["doc_no"], cells["date_published"] or cells["date_issued"],
        cells["topics"].replace(";", "、"),
        ask.say(f"kind_{cells['kind']}") if cells["kind"] in KINDS else cells["kind"],
        cells["verification"], bool(document and is_counted(document)),
        in_words(row.problem, ask.lang) if row.problem else "", "-" in row.key,
    )  # fmt: skip


def _found(wanted: str, document: Document | None, cells: object = None) -> bool:
    if not wanted:
        return True
    told = " ".join(
        map(str, cells.values()) if isinstance(cells, dict) else
        (document.title, document.issuer, document.number, *document.topics) if document else ()
    ).casefold()  # fmt: skip
    return all(part in told for part in wanted.casefold().split())


def _page(ask: DeskRequest) -> int:
    text = ask.query.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 6 else 1


def _span(page: int) -> slice:
    return slice((max(page, 1) - 1) * A_PAGE, max(page, 1) * A_PAGE)
