"""Entries of indicators.yaml as text, and the place in the file where they go: what stands there,
its comments and its layout stay as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from etl.errors import CatalogError
from etl.files.strict_yaml import YamlRefused, YamlTable, parse_yaml, scalars

#: The keys whose parts stand on lines of their own.
_BLOCKS = frozenset(("definition", "credit"))


def entry_text(name: str, entry: Mapping[str, Any]) -> str:
    """An indicator as the file has it, two spaces deep."""
    lines = [line for key, value in entry.items() for line in _key_lines(key, value)]
    return "\n".join([f"  {name}:", *lines]) + "\n"


def with_entries(text: str, after: str, entries: Sequence[str]) -> tuple[str, int]:
    """The text of a catalog with entries behind that of the indicator `after`, or at the end of all
    if it is '', and the line on which the first of them stands."""
    lines = text.splitlines(keepends=True)
    document = parse_yaml(text)
    held = _entries_of(document)
    name = after or next(reversed(held), "")
    at = _end_of(lines, name, held, document.lines["indicators"])
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if at and not lines[at - 1].endswith("\n"):
        lines[at - 1] += end
    new = [line + end for entry in entries for line in ["", *entry.splitlines()]]
    return "".join([*lines[:at], *new, *lines[at:]]), at + 2


def entry_of(text: str, name: str) -> str:
    """The lines of an entry as they stand, with the comments within."""
    lines = text.splitlines(keepends=True)
    start, end = _span(lines, _entries(text), name)
    return "".join(lines[start:end])


def line_of_entry(text: str, name: str) -> int:
    """The line, from 1, on which an entry begins."""
    return _entries(text).lines[name]


def with_entry(text: str, name: str, entry: str) -> str:
    """The text of a catalog with other lines in the place of an entry; '' takes the entry out."""
    lines = text.splitlines(keepends=True)
    start, end = _span(lines, _entries(text), name)
    line_end = "\r\n" if lines[start].endswith("\r\n") else "\n"
    new = [line.rstrip("\r\n") + line_end for line in entry.splitlines()]
    while new and not new[-1].strip():
        new.pop()
    return "".join([*lines[:start], *new, *lines[end:]])


def with_keys(text: str, name: str, values: Mapping[str, Any]) -> str:
    """The text of a catalog with other values for keys of an entry; None takes a key out. Every
    other line of it stays."""
    lines = text.splitlines(keepends=True)
    entries = _entries(text)
    start, end = _span(lines, entries, name)
    entry = entries[name]
    if not isinstance(entry, YamlTable) or any(at <= start + 1 for at in entry.lines.values()):
        raise CatalogError(
            f"{name}: its keys do not stand on lines of their own; edit the entry as text."
        )
    line_end = "\r\n" if lines[start].endswith("\r\n") else "\n"
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += line_end
    own = sorted(at for key, at in entry.lines.items() if start < at <= end)
    new: list[str] = []
    for key, value in values.items():
        said = [line + line_end for line in _key_lines(key, value)] if value is not None else []
        at = entry.lines.get(key)
        if at is None or not start < at <= end:
            new += said
            continue
        stop = next((other - 1 for other in own if other > at), end)
        stop = _without_comments(lines, at, stop)
        lines[at - 1 : stop] = ["".join(said), *[""] * (stop - at)]
    lines[end - 1] += "".join(new)
    return "".join(lines)


def renamed(text: str, old: str, new: str) -> str:
    """The text of a catalog in which an indicator has another id: everything that names it names
    it anew, and `old_ids` keeps the one before."""
    lines = text.splitlines(keepends=True)
    for line, start, end in sorted(_places_of(text, old), reverse=True):
        lines[line] = lines[line][:start] + new + lines[line][end:]
    text = "".join(lines)
    before = _entries(text)[new].get("old_ids") or []
    return with_keys(text, new, {"old_ids": [*before, old]})


def _places_of(text: str, name: str) -> Iterator[tuple[int, int, int]]:
    """Where an id stands for an indicator: its line and columns, all from 0."""
    for path, event in scalars(text):
        if event.value != name or event.start_mark is None or event.end_mark is None:
            continue
        match path:
            case ("indicators", str()) | ("links", _, "indicators", int()):
                pass
            case ("indicators", _, "shown_with" | "events_of", int()):
                pass
            case ("indicators", _, "sources", int(), key, *_) if key not in ("name", "formula"):
                pass
            case _:
                continue
        yield event.start_mark.line, event.start_mark.column, event.end_mark.column


def _key_lines(key: str, value: Any) -> list[str]:
    """A key of an entry as the file has it, four spaces deep."""
    if key in _BLOCKS:
        return [f"    {key}:", *(f"      {part}: {flow(said)}" for part, said in value.items())]
    if key == "sources":
        return ["    sources:", *(f"      - {flow(one)}" for one in value)]
    return [f"    {key}: {flow(value)}"]


def _entries(text: str) -> YamlTable:
    return _entries_of(parse_yaml(text))


def _entries_of(document: Any) -> YamlTable:
    entries = document.get("indicators") if isinstance(document, YamlTable) else None
    if not isinstance(entries, YamlTable):
        raise CatalogError("the catalog has no mapping 'indicators'.")
    return entries


def _span(lines: Sequence[str], entries: YamlTable, name: str) -> tuple[int, int]:
    """The first line of an entry, from 0, and the one behind its last."""
    if name not in entries:
        raise CatalogError(f"the catalog has no entry '{name}' any more.")
    return entries.lines[name] - 1, _end_of(lines, name, entries, 0)


def _without_comments(lines: Sequence[str], at: int, stop: int) -> int:
    """Where a key ends that begins on line `at`: comments and gaps before the next stay with it."""
    while stop > at and (not lines[stop - 1].strip() or lines[stop - 1].lstrip()[0] == "#"):
        stop -= 1
    return stop


def _end_of(lines: Sequence[str], name: str, entries: YamlTable, at: int) -> int:
    """How many lines stand up to the end of an entry, without what is said of the next one; `at` is
    the line of the key of all entries, behind which the first one goes."""
    at = entries.lines[name] if name else at
    end = at
    for number, line in enumerate(lines[at:], at + 1):
        said = line.strip()
        depth = len(line) - len(line.lstrip(" "))
        if said and not said.startswith("#"):
            if name and depth <= 2:
                break
            end = number
        elif said and depth > 2:
            end = number  # a comment inside the entry
    return end


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_word(str(k))}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(flow(one) for one in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else _word(str(value))


def _word(text: str) -> str:
    """A text, in quotes where it would not be read as itself."""
    try:
        plain = ":" not in text and "\n" not in text and parse_yaml(f"[{text}]") == [text]
    except YamlRefused:
        plain = False
    return text if plain else "'" + text.replace("'", "''") + "'"
