"""/desk/indicators: every entry of the catalog with its state; add one, edit it, try its sources,
rename it, look at its history, and take a change back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from fastapi import APIRouter
from fastapi.responses import Response

from dashboard import formatting
from dashboard.data.freshness import Health, health
from desk.conflict import (
    BASE,
    ConflictError,
    DifferingLine,
    lines,
    merged_fields,
    merged_text,
)
from desk.entry_form import (
    FIELDS,
    choices_of,
    entry_values,
    new_values,
    shown_values,
)
from desk.frame import DeskPage
from desk.request import Asked, DeskForm, DeskRequest, Sent
from etl.catalog import Catalog, Indicator, examined_text
from etl.commands.catalog_edits import (
    CatalogDraft,
    change_catalog,
    changes_of_entry,
    drafted,
    text_of_catalog,
    with_answers,
    with_name,
    with_values,
)
from etl.commands.edit import CATALOG
from etl.commands.edit import undo as undo_change
from etl.commands.entries import Answers
from etl.commands.hand_tables import is_by_hand
from etl.commands.questions import KINDS, questions
from etl.commands.trial import Trial, tried
from etl.errors import SettingError, StorageError, XinzhiError, in_words, quoted
from etl.files.catalog_text import entry_of, line_of_entry, with_entry
from etl.files.edits import Editor
from etl.files.strict_yaml import YamlRefused, parse_yaml
from etl.records import VISIBILITIES, now

PATH = "/desk/indicators"
PAGE = DeskPage(PATH, "desk_indicators")
router = APIRouter()
#: How many rows of an answer are shown, and how many changes of an entry.
SHOWN_ROWS, SHOWN_CHANGES = 20, 20


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An indicator in the list."""

    name: str
    title: str
    href: str
    state: str
    state_words: str
    newest: str
    frequency: str
    is_hidden: bool
    table: str


@dataclass(frozen=True, slots=True)
class AnsweredTrial:
    """What a source answered, in words: its newest rows, the newest first."""

    name: str
    source: str
    sentence: str
    is_problem: bool
    notes: Sequence[str]
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ChangeShown:
    """A change of an entry, and the button's value that takes it back."""

    id: str
    when: str
    who: str
    why: str
    lines: Sequence[DifferingLine]


@dataclass(frozen=True, slots=True)
class EntryFault:
    """What would be wrong with a catalog; `line` counts from the beginning of the entry where it
    lies within it, and is None elsewhere."""

    line: int | None
    sentence: str


@dataclass(slots=True)
class EntryChange:
    """A change of an entry that is being made: what was typed into its fields or as its text, and
    the entry that the form was made from."""

    name: str
    base: str
    typed: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    is_shared: bool = False

    def found(self, catalog_text: str) -> str:
        """The entry as the catalog has it. Where it was renamed since the form was made, all of the
        form is about its new id; `is_shared` says whether somebody else has changed it since."""
        present = _present(catalog_text, self.name)
        if present != self.name:
            self.base, self.text = (
                _renamed_head(one, self.name, present) for one in (self.base, self.text)
            )
            self.name = present
        held = entry_of(catalog_text, present).replace("\r\n", "\n")
        self.is_shared = held.strip("\n") != self.base.strip("\n")
        return held


@router.get(PATH)
def listed(ask: Asked) -> Response:
    """Every indicator, by groups."""
    catalog, wrong = examined_text(text_of_catalog(ask.settings))
    wanted = ask.query.get("q", "").strip()
    known = _health(ask)
    groups: list[tuple[str, list[EntryRow]]] = []
    for name, group in catalog.groups.items() if catalog else ():
        rows = [
            _row(ask, one, known.get(one.id))
            for one in (catalog.all() if catalog else ())
            if one.group == name and _fits(one, wanted)
        ]
        if rows:
            groups.append((group.title.in_(ask.lang), rows))
    return ask.show(
        "indicators", ask.say("desk_indicators"), groups=groups, q=wanted,
        wrong=[(line, in_words(said, ask.lang)) for line, said in wrong],
        count=sum(len(rows) for _, rows in groups),
        new=[(ask.urls.page(f"{PATH}/new", kind=kind), zh if ask.lang == "zh" else en)
             for kind, (zh, en) in KINDS.items()],
        action=ask.urls.page(PATH),
    )  # fmt: skip


@router.get(f"{PATH}/new")
def new(ask: Asked) -> Response:
    """The questions about a new indicator of a kind."""
    return _asked_new(ask, _kind(ask.query.get("kind", "manual")), {})


@router.post(f"{PATH}/new")
def add(ask: Asked, form: Sent) -> Response:
    """Show the entry that the answers make, try its sources, or write it."""
    kind, catalog = _kind(form["kind"]), ask.catalog()
    told, problems = _answers(kind, catalog, form, ask.lang)
    given = {question.name: form[question.name] for question in questions(kind)}
    if problems:
        return _asked_new(ask, kind, given, problems, status=400)
    before = text_of_catalog(ask.settings)
    text, names = with_answers(before, catalog, told)
    draft = drafted(before, text)
    preview = "\n".join(entry_of(text, name) for name in names) if _ids(text) is not None else ""
    faults = _faults(ask, draft, names[0])
    if form["do"] == "save" and not faults:
        about = " ".join(names)

        def make(now_held: str) -> str:
            fresh, _ = examined_text(now_held)
            return with_answers(now_held, fresh or catalog, told)[0]

        with ask.recorded(["new-indicator", "--kind", kind, "--id", told["id"]], names[0]) as line:
            change_catalog(ask.settings, make, _editor(ask, form, f"add {about}"))
            line.outcome = f"added {about}"
        return ask.back(f"{PATH}/{names[0]}", ask.say("entry_added", names="、".join(names)))
    trials = _tried(ask, draft, names) if form["do"] == "try" and not faults else []
    return _asked_new(ask, kind, given, {}, faults, preview, trials, status=400 if faults else 200)


@router.get(f"{PATH}/{{name}}")
def one(ask: Asked, name: str) -> Response:
    """An entry: its common keys, its text, its history."""
    text = text_of_catalog(ask.settings)
    catalog, _ = examined_text(text)
    present = catalog.resolve(name) if catalog else name
    if present != name:
        return ask.back(f"{PATH}/{present}", ask.say("entry_was_renamed", old=name, new=present))
    return _entry(ask, name, text)


@router.post(f"{PATH}/{{name}}")
def edit(ask: Asked, name: str, form: Sent) -> Response:
    """Save, check or try what was changed in the fields."""
    change = EntryChange(name, form.typed(BASE), {f.name: form.typed(f.name) for f in FIELDS})

    def make(text: str) -> str:
        entry = change.found(text)
        held = shown_values(entry, change.name)
        after = merged_fields(
            shown_values(change.base, change.name), held, change.typed,
            labels={one: ask.say(f"entry_{one}") for one in change.typed},
            message=_who_changed(ask, change.name), carried=entry,
        )  # fmt: skip
        values = new_values(entry_values(text, change.name), held, after)
        return with_values(text, change.name, values)

    return _changed(ask, form, change, make)


@router.post(f"{PATH}/{{name}}/text")
def edit_text(ask: Asked, name: str, form: Sent) -> Response:
    """Save, check or try the entry as text."""
    change = EntryChange(name, form.typed(BASE), text=form.typed("entry").rstrip() + "\n")

    def make(text: str) -> str:
        held = change.found(text)
        entry = merged_text(
            change.base, held, change.text, label=ask.say("entry_text"),
            message=_who_changed(ask, change.name),
        )  # fmt: skip
        if not entry.startswith((f"  {change.name}:\n", f"  {change.name}: ")):
            raise SettingError(ask.say("entry_keeps_its_id", id=change.name))
        after = with_entry(text, change.name, entry)
        if _ids(after) not in (None, _ids(text)):
            raise SettingError(ask.say("entry_keeps_its_id", id=change.name))
        return after

    return _changed(ask, form, change, make)


@router.post(f"{PATH}/{{name}}/rename")
def rename(ask: Asked, name: str, form: Sent) -> Response:
    """Give an indicator another id; everything held under the one before goes on."""
    to = form["to"]

    def make(text: str) -> str:
        present = _present(text, name)
        if present == to:
            raise SettingError(ask.say("entry_was_renamed", old=name, new=to))
        return with_name(text, present, to)

    with ask.recorded(["rename", name, to], name) as line:
        change_catalog(ask.settings, make, _editor(ask, form, f"{name} is called {to}"))
        line.outcome = f"{name} is called {to}"
    return ask.back(f"{PATH}/{to}", ask.say("entry_renamed", old=name, new=to))


@router.post(f"{PATH}/{{name}}/undo")
def undo(ask: Asked, name: str, form: Sent) -> Response:
    """Take one change of the catalog back."""
    change = form["change"]
    with ask.recorded(["edit", CATALOG, "--undo", change], name) as line:
        undo_change(ask.settings, CATALOG, change, _editor(ask, form, f"{name}: taken back"))
        line.outcome = "taken back"
    return ask.back(f"{PATH}/{name}", ask.say("change_undone"))


def _changed(
    ask: DeskRequest, form: DeskForm, change: EntryChange, make: Callable[[str], str]
) -> Response:
    """What comes of a change of an entry: it is saved, or its page is shown again with all that was
    typed and with what is to be said."""
    do, text = form["do"] or "save", text_of_catalog(ask.settings)
    show = partial(_entry, ask, text=text, change=change)
    try:
        draft = drafted(text, make(text))
        faults = _faults(ask, draft, change.name)
        if do == "save" and not faults:
            with ask.recorded(["edit", CATALOG], change.name) as line:
                change_catalog(ask.settings, make, _editor(ask, form, f"{change.name} edited"))
                line.outcome = form["why"] or "edited"
            said = ask.say("entry_saved") + (ask.say("saved_both") if change.is_shared else "")
            return ask.back(f"{PATH}/{change.name}", said)
    except ConflictError as conflict:
        return show(change.name, conflict=conflict, status=409)
    except SettingError as error:
        faults = [EntryFault(None, in_words(error, ask.lang))]
        return show(change.name, faults=faults, status=400)
    trials = _tried(ask, draft, [change.name]) if do == "try" and not faults else []
    return show(
        change.name, faults=faults, trials=trials, is_checked=not faults,
        status=400 if faults and do == "save" else 200,
    )  # fmt: skip


def _entry(
    ask: DeskRequest,
    name: str,
    text: str,
    change: EntryChange | None = None,
    conflict: ConflictError | None = None,
    faults: Sequence[EntryFault] = (),
    trials: Sequence[AnsweredTrial] = (),
    is_checked: bool = False,
    status: int = 200,
) -> Response:
    """The page of an entry. What was typed stands in its form with what that was made from, so that
    what somebody else saves meanwhile is not taken back by it."""
    catalog, wrong = examined_text(text)
    try:
        held = entry_of(text, name).replace("\r\n", "\n")
    except XinzhiError:
        sentence = ask.say("no_such_entry", id=quoted(name))
        return ask.show(
            "problem", ask.say("not_found"), 404, sentence=sentence, typed=[], fields=[]
        )
    mine = change or EntryChange(name, held)
    base = conflict.base if conflict else mine.base
    indicator = catalog.indicators.get(name) if catalog else None
    values = shown_values(held, name)
    if conflict:  # what was not typed is what is held by now
        before = shown_values(mine.base, name)
        values |= {n: t for n, t in mine.typed.items() if " ".join(t.split()) != before[n]}
    else:
        values |= mine.typed
    start = line_of_entry(text, name)
    length = held.count("\n")
    known = _health(ask)
    return ask.show(
        "indicator", indicator.title.in_(ask.lang) if indicator else name, status,
        indicator_id=name, held=held, mine=mine.text or held, base=base if mine.typed else held,
        base_of_text=base if mine.text else held,
        values=values, fields=FIELDS, faults=faults or [
            EntryFault(line - start + 1, in_words(said, ask.lang))
            for line, said in wrong if start <= line < start + length
        ],
        conflict=conflict, trials=trials, is_checked=is_checked and not trials,
        choices=choices_of(catalog, ask.lang) if catalog else {"group": [], "unit": []},
        visibilities=[(word, ask.say(f"visibility_{word}")) for word in VISIBILITIES],
        row=_row(ask, indicator, known.get(name)) if indicator else None,
        changes=_history(ask, name, indicator),
        used_by=_used_by(ask, catalog, name) if catalog else [],
        rows_of_text=min(40, length + 2), is_text=bool(mine.text),
        here=ask.urls.page(f"{PATH}/{name}"), as_text=ask.urls.page(f"{PATH}/{name}/text"),
        rename=ask.urls.page(f"{PATH}/{name}/rename"), undo=ask.urls.page(f"{PATH}/{name}/undo"),
        run=ask.urls.page("/desk/runs"), all=ask.urls.page(PATH),
        page=ask.urls.page(f"/indicators/{name}"),
    )  # fmt: skip


def _asked_new(
    ask: DeskRequest,
    kind: str,
    given: Mapping[str, str],
    problems: Mapping[str, str] | None = None,
    faults: Sequence[EntryFault] = (),
    preview: str = "",
    trials: Sequence[AnsweredTrial] = (),
    status: int = 200,
) -> Response:
    zh, en = KINDS[kind]
    asked = []
    catalog = ask.catalog()
    for question in questions(kind):
        choices = [*question.choices(catalog, ask.lang)] if question.choices else []
        words = question.zh if ask.lang == "zh" else question.en
        problem = (problems or {}).get(question.name, "")
        typed = given.get(question.name, "")
        says_so = question.default is None or "可空" in words or "none" in words
        if choices and question.default:
            choices = [("", ask.say("as_usual")), *choices]
        label = words if says_so or choices else f"{words}{ask.say('may_be_empty')}"
        asked.append((question.name, label, typed, choices, problem))
    kinds = [
        (ask.urls.page(f"{PATH}/new", kind=one), words[0 if ask.lang == "zh" else 1], one == kind)
        for one, words in KINDS.items()
    ]
    return ask.show(
        "new_indicator", ask.say("add_indicator"), status, kind=kind,
        kind_words=zh if ask.lang == "zh" else en, asked=asked, kinds=kinds, faults=faults,
        preview=preview, trials=trials, action=ask.urls.page(f"{PATH}/new"),
        all=ask.urls.page(PATH), why=given.get("why", ""),
    )  # fmt: skip


def _answers(
    kind: str, catalog: Catalog, form: DeskForm, lang: str
) -> tuple[Answers, dict[str, str]]:
    """An answer to every question, the default where none was given, and what is wrong."""
    told: Answers = {"kind": kind}
    problems: dict[str, str] = {}
    for question in questions(kind):
        text = " ".join(form[question.name].split())
        if not text and question.default is not None:
            try:
                text = question.default(told, catalog)
            except KeyError:  # made of an answer that is wrong itself
                continue
        if not text and question.default is None:
            problems[question.name] = in_words("an answer is needed.", lang)
            continue
        if text and (wrong := question.wrong(text, told, catalog)):
            problems[question.name] = in_words(wrong, lang)
            continue
        told[question.name] = text
    return told, problems


def _tried(ask: DeskRequest, draft: CatalogDraft, names: Sequence[str]) -> list[AnsweredTrial]:
    if draft.catalog is None:
        return []
    return [_trial(ask, draft.catalog, one) for one in tried(ask.settings, draft.catalog, names)]


def _trial(ask: DeskRequest, catalog: Catalog, trial: Trial) -> AnsweredTrial:
    indicator = catalog[trial.indicator]
    unit = catalog.unit(indicator)
    if trial.problem:
        sentence = in_words(trial.problem, ask.lang)
    elif trial.rows:
        sentence = ask.say(
            "trial_fine", count=f"{len(trial.rows):,}", first=trial.rows[0].date,
            last=trial.rows[-1].date,
        )  # fmt: skip
    else:
        sentence = ask.say("trial_nothing")
    rows = [
        (str(row.date), f"{row.value:,.12g} {unit.code}")
        for row in reversed(trial.rows[-SHOWN_ROWS:])
    ]
    notes = [in_words(note, ask.lang) for note in trial.notes]
    return AnsweredTrial(trial.indicator, trial.source, sentence, bool(trial.problem), notes, rows)


def _faults(ask: DeskRequest, draft: CatalogDraft, name: str) -> list[EntryFault]:
    """What would be wrong, with lines counted within the entry."""
    start, length = 0, 0
    if name in (_ids(draft.text) or ()):
        start = line_of_entry(draft.text, name)
        length = entry_of(draft.text, name).count("\n")
    elif f"\n  {name}:" in draft.text:
        start = draft.text[: draft.text.index(f"\n  {name}:")].count("\n") + 2
        length = 10_000
    return [
        EntryFault(
            line - start + 1 if start and start <= line <= start + length else None,
            in_words(said, ask.lang),
        )
        for line, said in draft.wrong
    ]


def _who_changed(ask: DeskRequest, name: str) -> str:
    """Who changed an entry last, and when."""
    last = next(changes_of_entry(ask.settings, name), None)
    if last is None:
        return ask.say("entry_changed_meanwhile")
    version = last[0]
    when = formatting.minute(version.at)
    return ask.say("entry_changed_by", who=version.who, when=when)


def _history(ask: DeskRequest, name: str, indicator: Indicator | None) -> list[ChangeShown]:
    found = []
    old = indicator.old_ids if indicator else ()
    for version, before, after in changes_of_entry(ask.settings, name, old):
        shown = lines(before.rstrip("\n"), after.rstrip("\n")) if before else []
        when = formatting.minute(version.at)
        found.append(ChangeShown(version.id, when, version.who, version.why, shown))
        if len(found) == SHOWN_CHANGES:
            break
    return found


def _used_by(ask: DeskRequest, catalog: Catalog, name: str) -> list[tuple[str, str]]:
    """The indicators that are made of it."""
    return [
        (one.title.in_(ask.lang), ask.urls.page(f"{PATH}/{one.id}"))
        for one in catalog.all()
        if name in one.inputs
    ]


def _row(ask: DeskRequest, one: Indicator, known: Health | None) -> EntryRow:
    state = known.state if known else "unpublished"
    words = ask.say(f"state_{state}") if known else ask.say("not_published_yet")
    newest = str(known.newest.date) if known and known.newest else "—"
    return EntryRow(
        one.id, one.title.in_(ask.lang), ask.urls.page(f"{PATH}/{one.id}"), state, words, newest,
        ask.say(one.frequency), one.for_committee,
        ask.urls.page(f"{PATH}/{one.id}/table") if is_by_hand(one) else "",
    )  # fmt: skip


def _health(ask: DeskRequest) -> Mapping[str, Health]:
    """How fresh each published indicator is; nothing before the first publication."""
    try:
        snapshot = ask.snapshot()
    except StorageError:
        return {}
    minute = now().replace(second=0, microsecond=0)
    found = snapshot.cached("health", ("desk", minute), lambda: health(snapshot, minute))
    return {one.indicator.id: one for one in found}


def _fits(one: Indicator, wanted: str) -> bool:
    words = (one.id, one.title.zh, one.title.en, *one.aliases, *one.old_ids)
    return all(any(part in word.casefold() for word in words) for part in wanted.casefold().split())


def _kind(kind: str) -> str:
    return kind if kind in KINDS else "manual"


def _editor(ask: DeskRequest, form: DeskForm, unsaid: str) -> Editor:
    return Editor(ask.person.shown, form["why"] or unsaid)


def _present(text: str, name: str) -> str:
    """What an indicator is called in a text of the catalog."""
    catalog, _ = examined_text(text)
    return catalog.resolve(name) if catalog else name


def _renamed_head(entry: str, old: str, new: str) -> str:
    """An entry that was renamed while it was edited, under its new id."""
    head = f"  {old}:"
    return f"  {new}:{entry[len(head) :]}" if old != new and entry.startswith(head) else entry


def _ids(text: str) -> list[str] | None:
    """The ids of a text of the catalog; None where it cannot be read."""
    try:
        document = parse_yaml(text)
    except YamlRefused:
        return None
    entries = document.get("indicators") if isinstance(document, dict) else None
    return [*entries] if isinstance(entries, dict) else None
