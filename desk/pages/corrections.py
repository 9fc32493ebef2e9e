"""/desk/corrections: the values that people put right: listed, added, changed, ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter
from fastapi.responses import Response

from dashboard import formatting
from dashboard.data.snapshot import Snapshot
from desk.conflict import (
    BASE,
    ConflictError,
    DifferingField,
    differing,
    require_newest,
    spelt,
)
from desk.frame import DeskPage
from desk.request import Asked, DeskForm, DeskRequest, Sent
from etl.catalog import Catalog
from etl.commands.correct import (
    add_correction,
    correction,
    end_correction,
    held_corrections,
)
from etl.corrections import MADE_HERE, Correction
from etl.errors import SettingError, StorageError, XinzhiError, nearest
from etl.files.correction_text import Key, key_of

PATH = "/desk/corrections"
PAGE = DeskPage(PATH, "desk_corrections")
router = APIRouter()
#: What can be typed, with the names of its words.
FIELDS: Mapping[str, str] = {
    "indicator": "name", "date": "date", "source": "source", "expected": "correct_expected",
    "value": "correct_value", "reason": "correct_reason", "reason_en": "correct_reason_en",
    "evidence": "correct_evidence",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """A correction in force."""

    title: str
    href: str
    day: str
    source: str
    expected: str
    value: str
    reason: str
    evidence: str
    link: str
    since: str
    edit: str
    fields: Mapping[str, str]
    base: str


@router.get(PATH)
def corrections(ask: Asked) -> Response:
    """The list, and the form, filled for what the address names."""
    typed = {name: ask.query.get(name, "") for name in FIELDS}
    replaces = ask.query.get("edit", "")
    if replaces:
        entry = held_corrections(ask.settings, ask.catalog()).get(_key(replaces))
        if entry is None:
            raise SettingError(ask.say("no_such_correction"))
        return _page(ask, _typed(entry), replaces=replaces, base=spelt(_typed(entry)))
    return _page(ask, typed)


@router.post(PATH)
def save(ask: Asked, form: Sent) -> Response:
    """Write a correction, new or in the place of another, and have a run apply it."""
    typed, replaces = {name: form[name] for name in FIELDS}, form["replaces"]
    try:
        catalog = ask.catalog()
        entry = _entry(ask, catalog, form)
        if replaces:
            _require_newest(ask, catalog, replaces, form[BASE], typed)
        with ask.recorded(_command(entry), entry.indicator) as told:
            instead = _key(replaces) if replaces else None
            add_correction(ask.settings, catalog, entry, ask.person.shown, instead)
            told.outcome = f"{entry.expected!r} → {entry.value!r}: {entry.reason.zh}"
    except ConflictError as error:
        return _page(ask, typed, str(error), 409, replaces, error.base, error.fields)
    except StorageError:
        raise
    except XinzhiError as error:
        return _page(ask, typed, ask.in_words(error), 400, replaces, form[BASE])
    return ask.start(["run", entry.indicator, "--offline"], entry.indicator, [entry.indicator])


@router.post(f"{PATH}/end")
def end(ask: Asked, form: Sent) -> Response:
    """End a correction, and have a run undo it."""
    catalog, which = ask.catalog(), form["which"]
    _require_newest(ask, catalog, which, form[BASE], {})
    key = _key(which)
    command = ["correct", key[0], str(key[1]), f"--source={key[2]}", "--end"]
    with ask.recorded(command, key[0]) as told:
        end_correction(ask.settings, catalog, key, ask.person.shown, form["why"])
        told.outcome = "ended" + (f": {form['why']}" if form["why"] else "")
    return ask.start(["run", key[0], "--offline"], key[0], [key[0]])


def _page(
    ask: DeskRequest,
    typed: Mapping[str, str],
    problem: str = "",
    code: int = 200,
    replaces: str = "",
    base: str = "",
    differs: Sequence[DifferingField] = (),
) -> Response:
    catalog, rows = ask.catalog(), []
    try:
        held = held_corrections(ask.settings, catalog)
        rows = [_row(ask, catalog, entry) for entry in reversed(held.values())]
    except XinzhiError as error:  # the file is wrong: a person must edit it
        problem = problem or ask.in_words(error)
    used = {ref.name for one in catalog.all() for ref in one.sources} - MADE_HERE.keys()
    return ask.show(
        "corrections", ask.say("desk_corrections"), code,
        problem=problem, differs=differs, typed=typed, replaces=replaces, base=base,
        rows=rows,
        indicators=[(one.id, one.title.in_(ask.lang)) for one in catalog.all()],
        sources=[("", ""), *((name, ask.say(f"source_{name}")) for name in sorted(used))],
        action=ask.urls.page(PATH), end=ask.urls.page(f"{PATH}/end"),
        public=ask.urls.page("/corrections"),
    )  # fmt: skip


def _entry(ask: DeskRequest, catalog: Catalog, form: DeskForm) -> Correction:
    """The correction that a form describes; a SettingError in words where it cannot be one. What
    the source gives is looked up where it was not typed, and shown before anything is saved."""
    name = catalog.resolve(form["indicator"])
    if name not in catalog:
        raise SettingError(f"Unknown indicator '{name}'. {nearest(name, catalog.indicators)}")
    try:
        day = date.fromisoformat(form["date"])
    except ValueError:
        raise SettingError(ask.say("correct_day")) from None
    source = form["source"] or next(
        (r.name for r in catalog[name].sources if r.name not in MADE_HERE), ""
    )
    if not form["expected"]:
        told = _told(ask.snapshot(), name, day, source)
        if told is None:
            raise SettingError(ask.say("correct_nothing_held", day=day))
        raise SettingError(ask.say("correct_look", value=f"{told:.15g}"))
    expected, value = (_number(ask, form[field], field) for field in ("expected", "value"))
    return correction(
        name, day, source, expected, value, form["reason"], form["reason_en"], form["evidence"]
    )


def _told(snapshot: Snapshot, name: str, day: date, source: str) -> float | None:
    """What a source last gave for a date, without what people corrected."""
    rows = snapshot.rows(
        "select value from vintages where indicator = ? and date = ? and source = ? "
        "and status <> 'corrected' order by known_at desc, load desc limit 1",
        [name, day, source],
    )
    return float(rows[0][0]) if rows else None


def _number(ask: DeskRequest, text: str, field: str) -> float:
    try:
        return float(text.replace(",", "").replace("，", ""))
    except ValueError:
        raise SettingError(ask.say("correct_number", what=ask.say(FIELDS[field]))) from None


def _require_newest(
    ask: DeskRequest, catalog: Catalog, which: str, base: str, typed: Mapping[str, str]
) -> None:
    """Nothing where a correction still is what a form was made from; else a ConflictError."""
    entry = held_corrections(ask.settings, catalog).get(_key(which))
    if entry is None:
        raise SettingError(ask.say("no_such_correction"))
    held = _typed(entry)
    shown = (
        {ask.say(FIELDS[n]): words for n, words in one.items()} for one in (held, typed or held)
    )
    require_newest(base, spelt(held), ask.say("correction_changed"), differing(*shown))


def _typed(entry: Correction) -> dict[str, str]:
    """A correction as it would be typed."""
    return {
        "indicator": entry.indicator,
        "date": str(entry.date),
        "source": entry.source,
        "expected": f"{entry.expected:.15g}",
        "value": f"{entry.value:.15g}",
        "reason": entry.reason.zh,
        "reason_en": entry.reason.en,
        "evidence": entry.evidence,
    }


def _key(which: str) -> Key:
    """What a form calls a correction: ID/DATE/SOURCE."""
    name, _, rest = which.partition("/")
    day, _, source = rest.partition("/")
    try:
        return name, date.fromisoformat(day), source
    except ValueError:
        return name, date.min, source


def _row(ask: DeskRequest, catalog: Catalog, entry: Correction) -> CorrectionRow:
    indicator, lang = catalog[entry.indicator], ask.lang
    unit = catalog.unit(indicator)
    which = "/".join(map(str, key_of(entry)))
    expected, value = (
        str(formatting.figure(one, indicator, unit, lang, exact=True))
        for one in (entry.expected, entry.value)
    )
    return CorrectionRow(
        indicator.title.in_(lang),
        ask.urls.page(f"/indicators/{indicator.id}"),
        formatting.table_day(entry.date, indicator, lang),
        ask.say(f"source_{entry.source}"),
        expected,
        value,
        entry.reason.in_(lang),
        entry.evidence,
        entry.link,
        str(entry.since),
        ask.urls.page(PATH, edit=which, fragment="form"),
        {"which": which},
        spelt(_typed(entry)),
    )


def _command(entry: Correction) -> list[str]:
    return [
        "correct", entry.indicator, str(entry.date), f"--source={entry.source}",
        f"--expected={entry.expected!r}", f"--value={entry.value!r}",
    ]  # fmt: skip
