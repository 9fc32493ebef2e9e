"""Changes of the files that people keep, from the command line and from the desk: the catalog, the
register, and the tables of series that are kept by hand. Each is checked before it is written, and
kept with who made it and why."""

from __future__ import annotations

import argparse
from pathlib import Path

from etl.catalog import load_catalog
from etl.commands import OK, console
from etl.commands.catalog_edits import change_catalog, with_name, without_change
from etl.commands.hand_tables import hand_table, save_table
from etl.errors import SettingError
from etl.files import edits
from etl.files.cells import bytes_of, text_of
from etl.files.edits import Editor, editing
from etl.policies.register import register_in
from etl.settings import Settings

CATALOG, REGISTER = "catalog", "register"


def edit_command(settings: Settings, options: argparse.Namespace) -> int:
    """Put a text in the place of what is kept, take a change back, or list the changes."""
    what, author = options.what, options.author
    if options.undo:
        undo(settings, what, options.undo, Editor(author, options.reason or f"{what}: taken back"))
        console.say("taken back")
    elif options.file:
        if not options.reason:
            raise SettingError("--reason: say why it is changed.")
        path = _replace(settings, what, Path(options.file), Editor(author, options.reason))
        console.say(f"saved as {path}")
    else:
        for one, _ in edits.changes(_kept_in(settings, what)):
            console.say(f"{one.id}  {one.at:%Y-%m-%d %H:%M}  {one.who}: {one.why}")
    return OK


def rename_command(settings: Settings, options: argparse.Namespace) -> int:
    """Give an indicator another id; the old one leads to it."""
    old, new = options.id, options.new
    why = options.reason or f"{old} is called {new}"
    change_catalog(settings, lambda text: with_name(text, old, new), Editor(options.author, why))
    console.say(f"{old} is called {new}")
    return OK


def undo(settings: Settings, what: str, change: str, editor: Editor) -> None:
    """Take one change of the catalog, the register or the table of an indicator back, whatever was
    changed elsewhere in it since; an error in words where that cannot be."""
    if what == CATALOG:
        change_catalog(settings, without_change(settings, change), editor)
        return
    path = _kept_in(settings, what)
    with editing(settings):
        content = edits.undone(path, change)
        if what == REGISTER:
            register_in(content, path)
        edits.change(path, content, editor)


def _replace(settings: Settings, what: str, file: Path, editor: Editor) -> Path:
    """Put the text of a file in the place of what is kept; where that is."""
    content = bytes_of(file, "no such file.")
    text = text_of(content, file)
    if what == CATALOG:
        change_catalog(settings, lambda _: text, editor)
    elif what == REGISTER:
        register_in(content, file)
        with editing(settings):
            edits.change(_kept_in(settings, what), content, editor)
    else:
        save_table(settings, what, (), lambda _: text, editor)
    return _kept_in(settings, what)


def _kept_in(settings: Settings, what: str) -> Path:
    """The file of the catalog, of the register, or of the table of an indicator."""
    if what == CATALOG:
        return settings.catalog
    if what == REGISTER:
        return settings.data / "policies.csv"
    return hand_table(settings, load_catalog(settings.catalog), what).path
