"""/desk/indicators/ID/table: the table of a series that is kept by hand, as text and, where there
are scripts, as a grid; judged before it is saved."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.responses import Response

from dashboard import formatting
from desk.conflict import BASE, ConflictError, lines, merged_text
from desk.grid import grid_scripts
from desk.pages.indicators import PATH, SHOWN_CHANGES, ChangeShown
from desk.request import Asked, DeskForm, DeskRequest, Sent
from etl.commands.edit import undo as undo_change
from etl.commands.hand_tables import HandTable, hand_table, judged, save_table
from etl.errors import CheckFailed, FileProblem, StorageError, in_words
from etl.files import edits
from etl.files.edits import Editor
from etl.records import Vintage
from etl.storage.current import current_snapshot
from etl.storage.snapshots import whole_store_of

router = APIRouter()
#: How many values are shown below a table that was judged.
SHOWN_ROWS = 20


@router.get(f"{PATH}/{{name}}/table")
def table(ask: Asked, name: str) -> Response:
    """The table as it stands."""
    found = hand_table(ask.settings, ask.catalog(), name, _published(ask, name))
    return _shown(ask, found, found.text)


@router.post(f"{PATH}/{{name}}/table")
def save(ask: Asked, name: str, form: Sent) -> Response:
    """Judge the table that was sent, or save it."""
    text = form.typed("table").strip("\n") + "\n"
    published = _published(ask, name)
    if form["do"] != "save":
        found = hand_table(ask.settings, ask.catalog(), name, published)
        return _shown(ask, found, text, is_judged=True, form=form)

    made, is_shared = text, False

    def make(present: HandTable) -> str:
        nonlocal made, is_shared
        is_shared = present.text.strip("\n") != form.typed(BASE).strip("\n")
        made = merged_text(
            form.typed(BASE), present.text, text, label=ask.say("hand_table"),
            message=_who(ask, present),
        )  # fmt: skip
        return made

    why = form["why"] or f"{name}: table edited"
    try:
        with ask.recorded(["edit", name], name) as line:
            rows = save_table(ask.settings, name, published, make, Editor(ask.person.shown, why))
            line.outcome = f"{len(rows)} values; {why}"
    except ConflictError as conflict:
        found = hand_table(ask.settings, ask.catalog(), name, published)
        return _shown(ask, found, text, conflict=conflict, form=form, status=409)
    except (FileProblem, CheckFailed):
        # What is wrong may come of both changes together: they are shown, and corrected, together.
        found = hand_table(ask.settings, ask.catalog(), name, published)
        base = found.text if is_shared else form.typed(BASE)
        return _shown(ask, found, made, is_judged=True, form=form, base=base, status=400)
    said = ask.say("table_saved", count=f"{len(rows):,}")
    return ask.back(f"{PATH}/{name}/table", said + (ask.say("saved_both") if is_shared else ""))


@router.post(f"{PATH}/{{name}}/table/undo")
def undo(ask: Asked, name: str, form: Sent) -> Response:
    """Take one change of the table back."""
    change, why = form["change"], form["why"] or f"{name}: taken back"
    with ask.recorded(["edit", name, "--undo", change], name) as line:
        undo_change(ask.settings, name, change, Editor(ask.person.shown, why))
        line.outcome = "taken back"
    return ask.back(f"{PATH}/{name}/table", ask.say("change_undone"))


def _shown(
    ask: DeskRequest,
    found: HandTable,
    text: str,
    *,
    is_judged: bool = False,
    conflict: ConflictError | None = None,
    form: DeskForm | None = None,
    base: str = "",
    status: int = 200,
) -> Response:
    catalog, indicator = ask.catalog(), found.indicator
    unit = catalog.unit(indicator)
    rows, faults = judged(catalog, found, text) if is_judged else ((), [])
    name = indicator.id
    return ask.show(
        "hand_table", ask.say("table_of", title=indicator.title.in_(ask.lang)), status,
        indicator_id=name, text=text, beside=found.beside, file=found.path.name,
        why=form["why"] if form else "",
        base=conflict.base if conflict else base or (form.typed(BASE) if form else found.text),
        faults=[(fault.line, in_words(fault.sentence, ask.lang)) for fault in faults],
        is_fine=is_judged and not faults, count=f"{len(rows):,}", conflict=conflict,
        rows=[(str(row.date), f"{row.value:,.12g} {unit.code}")
              for row in reversed(rows[-SHOWN_ROWS:])],
        height=min(30, text.count("\n") + 4), changes=_history(ask, found),
        here=ask.urls.page(f"{PATH}/{name}/table"), undo=ask.urls.page(f"{PATH}/{name}/table/undo"),
        entry=ask.urls.page(f"{PATH}/{name}"), run=ask.urls.page("/desk/runs"),
        grid=grid_scripts(ask.urls),
    )  # fmt: skip


def _history(ask: DeskRequest, found: HandTable) -> list[ChangeShown]:
    changes = []
    for version, before in edits.changes(found.path, SHOWN_CHANGES):
        old, new = (_text(content) for content in (before, version.content))
        changes.append(ChangeShown(
            version.id, formatting.minute(version.at), version.who, version.why,
            lines(old, new) if before is not None else [],
        ))  # fmt: skip
    return changes


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "replace").rstrip("\n")


def _who(ask: DeskRequest, found: HandTable) -> str:
    """Who changed the table last, and when."""
    last = next(iter(edits.versions(found.path, 1)), None)
    if last is None or not last.id:
        return ask.say("entry_changed_meanwhile")
    return ask.say("entry_changed_by", who=last.who, when=formatting.minute(last.at))


def _published(ask: DeskRequest, name: str) -> Sequence[Vintage]:
    """What is published of an indicator, for a table that begins with it."""
    try:
        with current_snapshot(whole_store_of(ask.settings)) as snapshot:
            return snapshot.series(name)
    except StorageError:
        return ()
