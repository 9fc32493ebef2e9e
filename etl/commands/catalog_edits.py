"""Changes of the catalog by a person: an entry added, edited, renamed, or put back as it was; each
is checked as `check` does before anything is written, and kept with who made it and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from etl.catalog import Catalog, examined_text
from etl.commands.entries import Answers, entries_of
from etl.commands.new_indicator import neighbour
from etl.commands.questions import must_be_new
from etl.errors import CatalogError, SettingError
from etl.files import edits
from etl.files.catalog_text import entry_text, renamed, with_entries, with_keys
from etl.files.edits import Editor, FileVersion, editing
from etl.settings import Settings

#: How many sentences of what is wrong are told at once.
MOST_TOLD = 10


@dataclass(frozen=True, slots=True)
class CatalogDraft:
    """A catalog as it would be, and what the change would make wrong: lines of the whole text, each
    with its sentence. `catalog` is what can be read of it."""

    text: str
    catalog: Catalog | None
    wrong: tuple[tuple[int, str], ...] = ()

    def require_right(self) -> None:
        """A CatalogError that says all that is wrong."""
        if self.wrong:
            told = " ".join(f"line {line}: {said}" for line, said in self.wrong[:MOST_TOLD])
            more = len(self.wrong) - MOST_TOLD
            raise CatalogError(told + (f" … and {more} more." if more > 0 else ""))


def text_of_catalog(settings: Settings) -> str:
    """The catalog as its file has it."""
    content = edits.content_of(settings.catalog)
    if content is None:
        raise CatalogError(f"{settings.catalog}: no such file; XINZHI_CATALOG names the catalog.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CatalogError(f"{settings.catalog}: cannot be read as UTF-8 text ({error}).") from None


def drafted(before: str, after: str) -> CatalogDraft:
    """What a change makes of the catalog. What was wrong before is not held against it."""
    catalog, wrong = examined_text(after)
    if wrong:
        known = {sentence for _, sentence in examined_text(before)[1]}
        wrong = [one for one in wrong if one[1] not in known]
    return CatalogDraft(after, catalog, tuple(wrong))


def change_catalog(settings: Settings, make: Callable[[str], str], editor: Editor) -> CatalogDraft:
    """Put what `make` makes of the present text into the place of the catalog; a CatalogError says
    what would be wrong, and nothing is written. Nobody else writes meanwhile."""
    with editing(settings):
        before = text_of_catalog(settings)
        draft = drafted(before, make(before))
        draft.require_right()
        edits.change(settings.catalog, draft.text.encode(), editor)
    return draft


def with_answers(text: str, catalog: Catalog, told: Answers) -> tuple[str, list[str]]:
    """The text with the entries that answers make, and their ids."""
    entries = dict(entries_of(told, catalog))
    texts = [entry_text(name, entry) for name, entry in entries.items()]
    return with_entries(text, neighbour(catalog, told["group"]), texts)[0], [*entries]


def with_values(text: str, name: str, values: Mapping[str, Any]) -> str:
    """The text with other values for keys of an entry; None takes a key out."""
    return with_keys(text, name, values) if values else text


def with_name(text: str, old: str, new: str) -> str:
    """The text in which an indicator is called `new`; a SettingError in words where it cannot
    be."""
    catalog, _ = examined_text(text)
    if catalog is not None and (problem := must_be_new()(new, {}, catalog)):
        raise SettingError(problem)
    return renamed(text, old, new)


def without_change(settings: Settings, change_id: str) -> Callable[[str], str]:
    """Takes one change of the catalog back, whatever was changed elsewhere since."""
    return lambda text: edits.undone(settings.catalog, change_id).decode("utf-8")


def changes_of_entry(
    settings: Settings, name: str, old_ids: tuple[str, ...] = ()
) -> Iterator[tuple[FileVersion, str, str]]:
    """The changes of one entry, newest first: each with its lines before and after it."""
    names = (name, *old_ids)
    for version, before in edits.changes(settings.catalog):
        one, other = (_entry_in(content, names) for content in (before, version.content))
        if one != other:
            yield version, one, other


def _entry_in(content: bytes | None, names: tuple[str, ...]) -> str:
    """The lines of the first of these entries; found by its key, so that also what cannot be read
    as a catalog has a history."""
    lines = (content or b"").decode("utf-8", "replace").splitlines(keepends=True)
    heads = tuple(f"  {name}:" for name in names)
    start = next((at for at, line in enumerate(lines) if line.startswith(heads)), None)
    if start is None:
        return ""
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith("   ")):
        end += 1
    return "".join(lines[start:end]).rstrip() + "\n"
