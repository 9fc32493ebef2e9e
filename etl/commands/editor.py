"""What an editor adds: bulletins, and documents for the register."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from etl.bulletins.model import Bulletin, ReadBulletin
from etl.bulletins.read import read_bulletin
from etl.bulletins.to_markdown import to_markdown
from etl.catalog import load_catalog
from etl.claims.draft import published_checker
from etl.commands import OK, SOME_FAILED, console
from etl.commands.report import is_day
from etl.commands.update import publish_again
from etl.committee import quotes_of
from etl.errors import CatalogError, FileProblem, Locked, SettingError, StorageError
from etl.files.authored import read_bulletins, read_documents
from etl.files.bulletin_files import add_bulletin, withdraw_bulletin
from etl.files.drafts import Drafts
from etl.files.edits import Editor
from etl.policies import candidates, review
from etl.policies.references import cited
from etl.records import BEIJING, COMMITTEE, now
from etl.settings import Settings
from etl.storage.audiences import values_here
from etl.storage.current import current_snapshot
from etl.storage.snapshots import whole_store_of
from etl.storage.warehouse import is_there, place_of
from etl.terminal import to_json


def bulletin_command(settings: Settings, options: argparse.Namespace) -> int:
    """Add bulletins as data/bulletins/DATE.md, after their statements have been checked."""
    readings = [
        (Path(name), _for_whom(read_bulletin(Path(name), date=options.date), options.committee))
        for name in options.files
    ]
    _check_whole(readings, options.strict)
    _refuse_quotes(settings, readings)
    wrong = _contradicted(settings, readings)
    if wrong and not options.publish_anyway:
        statements = "1 statement is" if wrong == 1 else f"{wrong} statements are"
        raise SettingError(
            f"{statements} contradicted by the data, and nothing was stored; correct the text, or "
            "give --publish-anyway."
        )
    for source, reading in readings:
        bulletin = reading.bulletin
        added = add_bulletin(settings, bulletin)
        Drafts(settings).settle(bulletin)
        console.say(
            f"{source}: {bulletin.date} {bulletin.title}: {len(bulletin.sections)} sections, "
            f"{len(bulletin.references)} references → {added.path}"
        )
        for sentence in (*(f"left out: {said}" for said in reading.left_out), *reading.notes):
            console.say(f"  {sentence}")
        if bulletin.date > now().astimezone(BEIJING).date():
            console.say("  its date is still to come in Beijing; --date gives it another")
        for sentence in _policies_cited(settings, bulletin):
            console.say(f"  {sentence}")
        if added.replaced:
            console.say(f"  it replaces another text of that day, kept as {added.replaced}")
            for line in added.changes:
                console.say(f"  {line}")
    if options.publish:
        console.published(publish_again(settings, load_catalog(settings.catalog)))
    else:
        console.say("run `python -m etl run` to publish it")
    return OK


def _for_whom(reading: ReadBulletin, committee: bool) -> ReadBulletin:
    """The bulletin as its file says who sees it, or for the committee where that is asked for."""
    if not committee:
        return reading
    bulletin = reading.bulletin.model_copy(update={"visibility": COMMITTEE})
    return replace(reading, bulletin=bulletin)


def _refuse_quotes(settings: Settings, readings: Sequence[tuple[Path, ReadBulletin]]) -> None:
    """Refuse a public bulletin that speaks of what is for the committee, which could not be
    published."""
    try:
        catalog = load_catalog(settings.catalog)
        documents = read_documents(settings, ())
    except (CatalogError, FileProblem):
        return  # who publishes says it
    with values_here(settings, catalog) as values:
        for source, reading in readings:
            for sentence in quotes_of(reading.bulletin, catalog, documents, values):
                raise FileProblem(source, sentence)


def _check_whole(readings: Sequence[tuple[Path, ReadBulletin]], strict: bool) -> None:
    """Refuse a second bulletin of a day and, where that is asked for, one that is not whole."""
    days: dict[date, Path] = {}
    for source, reading in readings:
        first = days.setdefault(reading.bulletin.date, source)
        if first is not source:
            raise FileProblem(
                source,
                f"its date, {reading.bulletin.date}, is also that of {first}; a day has one "
                "bulletin: add one of them, or give it another date.",
            )
        if strict and reading.left_out:
            raise FileProblem(source, f"left out: {'; '.join(reading.left_out)}.")


def _contradicted(settings: Settings, readings: Sequence[tuple[Path, ReadBulletin]]) -> int:
    """Print every statement that the data contradict; how many there are."""
    count = 0
    try:
        with published_checker(whole_store_of(settings)) as checker:
            for source, reading in readings:
                claims = [placed.claim for placed in checker.claims(reading.bulletin)]
                count += console.contradicted(str(source), claims)
    except StorageError as error:
        console.say(f"the statements could not be checked: {error}")
    return count


def _policies_cited(settings: Settings, bulletin: Bulletin) -> Iterator[str]:
    """Whether the register has each policy document that a bulletin cites."""
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


def draft_command(settings: Settings, options: argparse.Namespace) -> int:
    """Save a file as the draft of its day, which editors share; or print that of a day, or put it
    away."""
    drafts = Drafts(settings)
    if is_day(options.which):
        day = date.fromisoformat(options.which)
        held = drafts.read(day)
        if held is None:
            raise SettingError(f"There is no draft of {day}.")
        if options.close:
            drafts.close(day)
            console.say(f"{day}: the draft is put away; its text is kept")
        else:
            print(held.text, end="")
        return OK
    if options.close:
        raise SettingError("--close is for a day, such as 2026-05-27.")
    path = Path(options.which)
    reading = read_bulletin(path, date=options.date)
    bulletin = reading.bulletin
    held = drafts.read(bulletin.date)
    saved = drafts.save(
        bulletin.date, to_markdown(bulletin), held.fingerprint if held else "", options.author,
        source=path.name, left_out=reading.left_out, notes=reading.notes,
    )  # fmt: skip
    console.say(f"{path}: the draft of {saved.day}")
    for sentence in (*(f"left out: {said}" for said in reading.left_out), *reading.notes):
        console.say(f"  {sentence}")
    return OK


def withdraw_command(settings: Settings, options: argparse.Namespace) -> int:
    """Take a bulletin back and publish without it; its text is kept."""
    kept = withdraw_bulletin(settings, options.date, options.reason)
    console.say(f"{options.date}: withdrawn; its text is kept as {kept}")
    try:
        console.published(publish_again(settings, load_catalog(settings.catalog)))
    except Locked as error:
        console.fail(f"{error} The site shows the bulletin until the next run.")
        return SOME_FAILED
    return OK


def candidates_command(settings: Settings, options: argparse.Namespace) -> int:
    """List the documents that wait for a person; take them or leave them."""
    if (options.take or options.leave) and not is_there(settings):
        raise StorageError(
            f"{place_of(settings)}: no warehouse yet; run `python -m etl run` first."
        )
    if options.take:
        path, documents = review.take(settings, options.take, Editor(options.author))
        for document in documents:
            console.say(f"added to {path}: {document.title}")
        console.say("run `python -m etl run` to count and publish them")
    elif options.leave:
        for document in review.leave(settings, options.leave):
            console.say(f"left: {document.title}")
        console.published(publish_again(settings, load_catalog(settings.catalog)))
    else:
        with current_snapshot(whole_store_of(settings)) as snapshot:
            rows = review.waiting(settings, snapshot)
        if options.json:
            print(to_json([row.to_json() for row in rows]))
        else:
            console.candidate_table(rows)
    return OK
