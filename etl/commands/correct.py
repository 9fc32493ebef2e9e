"""The command that corrects a value of a source, or ends a correction, in data/corrections.yaml."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from etl.catalog import Catalog, Text, load_catalog
from etl.commands import OK, console
from etl.corrections import FILE, Correction
from etl.errors import SettingError, quoted
from etl.files.authored import read_corrections
from etl.files.cells import bytes_of, text_of
from etl.files.correction_text import Key, key_of, with_correction, without_correction
from etl.files.edits import Editor, change, editing
from etl.records import BEIJING, now
from etl.settings import Settings

#: The longest reason and evidence.
MOST_SAID = 400


def correct_command(settings: Settings, options: argparse.Namespace) -> int:
    """Add a correction, or end one; the next run applies it."""
    catalog = load_catalog(settings.catalog)
    name, author = catalog.resolve(options.id), options.author
    if options.end:
        end_correction(settings, catalog, (name, options.date, options.source), author)
        console.say(f"{name}: the correction of {options.date} has ended; the next run undoes it")
        return OK
    entry = correction(
        name, options.date, options.source, options.expected, options.value,
        options.reason, options.reason_en, options.evidence,
    )  # fmt: skip
    add_correction(settings, catalog, entry, author)
    console.say(f"{name}: the correction of {options.date} is written; the next run applies it")
    return OK


def correction(
    indicator: str,
    day: date,
    source: str,
    expected: float | None,
    value: float | None,
    reason: str,
    reason_en: str,
    evidence: str,
) -> Correction:
    """An entry of today; a SettingError that names what is missing, or wrong by itself."""
    for given, what in (
        (expected, "--expected: say what the source gives"),
        (value, "--value: say what is right"),
        (reason, "--reason: say why, in Chinese"),
        (reason_en, "--reason-en: say why, in English"),
        (evidence, "--evidence: say where the right value comes from"),
    ):
        if given is None or given == "":
            raise SettingError(f"{what}.")
    if max(map(len, (reason, reason_en, evidence))) > MOST_SAID:
        raise SettingError(f"A reason or evidence has more than {MOST_SAID} characters; be brief.")
    try:
        return Correction(
            indicator=indicator, date=day, source=source, expected=expected or 0.0,
            value=value or 0.0, reason=Text(zh=reason, en=reason_en), evidence=evidence,
            since=now().astimezone(BEIJING).date(),
        )  # fmt: skip
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise SettingError(f"{where}: {quoted(fault['msg'])}.") from None


def add_correction(
    settings: Settings, catalog: Catalog, entry: Correction, author: str, instead: Key | None = None
) -> None:
    """Write one more correction, or one in the place of another, with its author and reason; a
    FileProblem in words where it cannot be meant."""
    with editing(settings):
        text, path = _text(settings), _own(settings)
        if instead is not None:
            text = without_correction(text, path, catalog, instead)
        text = with_correction(text, path, catalog, entry)
        change(path, text.encode(), Editor(author, f"{_named(key_of(entry))}: {entry.reason.zh}"))


def end_correction(
    settings: Settings, catalog: Catalog, key: Key, author: str, why: str = ""
) -> None:
    """Take a correction out; the value is then again what its source last said."""
    with editing(settings):
        path = _own(settings)
        text = without_correction(_text(settings), path, catalog, key)
        said = f": {why}" if why else ""
        change(path, text.encode(), Editor(author, f"{_named(key)}: the correction ended{said}"))


def held_corrections(settings: Settings, catalog: Catalog) -> dict[Key, Correction]:
    """The corrections in force, by what they are about, in the order of the file."""
    return {key_of(entry): entry for entry in read_corrections(settings, catalog)}


def _text(settings: Settings) -> str:
    missing = "this file of corrections is missing; restore it from the repository."
    return text_of(bytes_of(settings.corrections, missing), settings.corrections)


def _own(settings: Settings) -> Path:
    """The file of the data folder, which takes the place of the one that comes with the project."""
    return settings.data / FILE


def _named(key: Key) -> str:
    return f"{key[0]} {key[1]} ({key[2]})"
