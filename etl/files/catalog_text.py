"""Entries of indicators.yaml as text, and the place in the file where they go: what stands there,
its comments and its layout stay as they are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from etl.errors import CatalogError
from etl.files.strict_yaml import YamlRefused, YamlTable, parse_yaml

#: The keys whose parts stand on lines of their own.
_BLOCKS = frozenset(("definition", "credit"))


def entry_text(name: str, entry: Mapping[str, Any]) -> str:
    """An indicator as the file has it, two spaces deep."""
    lines = [f"  {name}:"]
    for key, value in entry.items():
        if key in _BLOCKS:
            lines.append(f"    {key}:")
            lines += [f"      {part}: {_flow(text)}" for part, text in value.items()]
        elif key == "sources":
            lines.append("    sources:")
            lines += [f"      - {_flow(one)}" for one in value]
        else:
            lines.append(f"    {key}: {_flow(value)}")
    return "\n".join(lines) + "\n"


def with_entries(text: str, after: str, entries: Sequence[str]) -> tuple[str, int]:
    """The text of a catalog with entries behind that of the indicator `after`, or at the end of all
    if it is '', and the line on which the first of them stands."""
    lines = text.splitlines(keepends=True)
    at = _end_of(lines, after, text)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if at and not lines[at - 1].endswith("\n"):
        lines[at - 1] += end
    new = [line + end for entry in entries for line in ["", *entry.splitlines()]]
    return "".join([*lines[:at], *new, *lines[at:]]), at + 2


def replace_text(path: Path, text: str) -> None:
    """Put a text in the place of a file, whole or not at all."""
    try:
        mode = path.stat().st_mode
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.",
            delete=False,
        ) as draft:  # fmt: skip
            draft.write(text)
            draft.flush()
            os.fsync(draft.fileno())
        os.chmod(draft.name, mode & 0o7777)
        os.replace(draft.name, path)
    except OSError as error:
        with suppress(OSError, UnboundLocalError):
            os.unlink(draft.name)
        raise CatalogError(f"{path}: cannot be written ({error.strerror}).") from None


def _end_of(lines: Sequence[str], after: str, text: str) -> int:
    """How many lines stand up to the end of an entry, without what is said of the next one."""
    document = parse_yaml(text)
    entries = document["indicators"] if isinstance(document, YamlTable) else None
    if not isinstance(entries, YamlTable):
        raise CatalogError("the catalog has no mapping 'indicators'.")
    name = after or next(reversed(entries), "")
    at = entries.lines[name] if name else document.lines["indicators"]
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


def _flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_word(str(k))}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_flow(one) for one in value)}]"
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
