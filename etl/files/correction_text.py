"""data/corrections.yaml as text: an entry put in or taken out; comments and layout stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from etl.catalog import Catalog
from etl.corrections import Correction
from etl.errors import FileProblem, SettingError
from etl.files.authored import corrections_in
from etl.files.catalog_text import flow
from etl.files.strict_yaml import YamlTable, parse_yaml

#: What tells an entry from the others.
Key = tuple[str, date, str]


def key_of(entry: Correction) -> Key:
    """The indicator, the date and the source that an entry is about."""
    return entry.indicator, entry.date, entry.source


def with_correction(text: str, path: Path, catalog: Catalog, entry: Correction) -> str:
    """The text with one more entry at its end; a FileProblem in words where the entry, or the file
    with it, cannot be meant."""
    held = corrections_in(text.encode(), path, catalog)
    lines, document = text.splitlines(), parse_yaml(text)
    at = document.lines["corrections"] if isinstance(document, YamlTable) else 0
    if held:
        new = "\n".join([text.rstrip("\n"), *_entry_lines(entry)]) + "\n"
    else:  # `corrections: []` becomes a list of lines
        before, after = lines[: at - 1], lines[at:]
        new = "\n".join([*before, "corrections:", *_entry_lines(entry), *after]) + "\n"
    return _checked(new, path, catalog, [*held, entry])


def without_correction(text: str, path: Path, catalog: Catalog, key: Key) -> str:
    """The text without an entry; a SettingError where there is none, a FileProblem where the file
    is laid out so that only a person can take it out."""
    held = corrections_in(text.encode(), path, catalog)
    kept = [entry for entry in held if key_of(entry) != key]
    if len(kept) == len(held):
        raise SettingError(f"{key[0]}: there is no correction of {key[1]} ({key[2]}).")
    index = next(at for at, entry in enumerate(held) if key_of(entry) == key)
    document, lines = parse_yaml(text), text.splitlines()
    starts = [number - 1 for number in document["corrections"].lines]
    end = starts[index + 1] if index + 1 < len(starts) else _end_of(lines, starts[index])
    rest = [*lines[: starts[index]], *lines[end:]]
    if not kept:
        at = document.lines["corrections"] - 1
        rest[at] = "corrections: []"
    return _checked("\n".join(rest) + "\n", path, catalog, kept)


def _end_of(lines: Sequence[str], start: int) -> int:
    """Behind the last line of an entry: what follows is less deep, or a comment at the margin."""
    dash = len(lines[start]) - len(lines[start].lstrip())
    for number in range(start + 1, len(lines)):
        said = lines[number].strip()
        if said and len(lines[number]) - len(lines[number].lstrip()) <= dash:
            return number
    return len(lines)


def _checked(text: str, path: Path, catalog: Catalog, wanted: Sequence[Correction]) -> str:
    """The text, if it says what is wanted and nothing else."""
    if list(corrections_in(text.encode(), path, catalog)) != list(wanted):
        raise FileProblem(path, "is laid out so that only a person can change it; edit the file.")
    return text


def _entry_lines(entry: Correction) -> list[str]:
    """An entry as the file has it."""
    told = {
        "indicator": entry.indicator,
        "date": str(entry.date),
        "source": entry.source,
        "expected": entry.expected,
        "value": entry.value,
        "reason": {"zh": entry.reason.zh, "en": entry.reason.en},
        "evidence": entry.evidence,
        "since": str(entry.since),
    }
    rows = [f"{name}: {_plain(value)}" for name, value in told.items()]
    return [f"  - {rows[0]}", *(f"    {row}" for row in rows[1:])]


def _plain(value: object) -> str:
    """A value on one line; numbers in full, dates as dates."""
    if isinstance(value, float):
        return repr(value)
    return str(value) if isinstance(value, str) and _is_date(value) else flow(value)


def _is_date(text: str) -> bool:
    try:
        return str(date.fromisoformat(text)) == text
    except ValueError:
        return False
