"""The head that Markdown may begin with: ours, or that of Jekyll, Hugo or Obsidian."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from etl.bulletins.left_out import LeftOut
from etl.bulletins.parts import DATE, date_of, no_such_date
from etl.bulletins.plain import plain
from etl.errors import FileProblem, nearest, quoted
from etl.files.strict_yaml import NotYaml, YamlRefused, YamlTable, parse_yaml
from etl.records import BEIJING, PUBLIC, VISIBILITIES, Visibility

HEAD_KEYS = ("title", "date", "publisher", "summary")
_KEY = re.compile(r"[A-Za-z_][\w-]*\s*:(?:\s.*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the head says, '' for what it does not; `lines` are the lines that it takes up."""

    values: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(HEAD_KEYS, ""))
    day: dt.date | None = None
    lines: int = 0
    visibility: Visibility = PUBLIC


def front_matter(path: Path, lines: Sequence[str], left_out: LeftOut) -> FrontMatter:
    """The head of a file; an empty one where it has none."""
    start = next(at for at, line in enumerate(lines) if plain(line))
    mark = plain(lines[start])
    ends = [at for at in range(start + 1, len(lines)) if plain(lines[at]) == mark]
    if mark == "+++" and ends:
        table = _toml(path, "\n".join(lines[start + 1 : ends[0]]), start + 1)
        return _read(path, table, ends[0], start, left_out)
    if mark != "---":
        _check_first_mark(path, lines, start)
        return FrontMatter()
    if not ends:
        raise FileProblem(path, "the head has no end; close it with a line '---'.", line=start + 1)
    found = _yaml(path, "\n".join(lines[start + 1 : ends[0]]), start + 1)
    return FrontMatter() if found is None else _read(path, found, ends[0], start + 1, left_out)


def _check_first_mark(path: Path, lines: Sequence[str], start: int) -> None:
    """Refuse a head whose first line is missing: it would be read as a heading."""
    keys = [line for line in lines[start : start + 40] if line.strip()]
    end = next((at for at, line in enumerate(keys) if plain(line) == "---"), 0)
    named = {line.partition(":")[0].strip().lower() for line in keys[:end]}
    if all(map(_KEY.fullmatch, keys[:end])) and named & set(HEAD_KEYS):
        raise FileProblem(
            path,
            f"the file must begin with a head between two lines '---' ({', '.join(HEAD_KEYS)}).",
            line=start + 1,
        )


def _yaml(path: Path, text: str, offset: int) -> YamlTable | None:
    """The keys of a head in YAML; None where lines --- only set text apart."""
    try:
        table = parse_yaml(text)
    except NotYaml as error:
        raise FileProblem(path, f"the head is {error}", line=error.line + offset) from None
    except YamlRefused as error:
        raise FileProblem(path, str(error), line=error.line + offset) from None
    return table if isinstance(table, YamlTable) else None


def _toml(path: Path, text: str, offset: int) -> YamlTable:
    table = YamlTable()
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FileProblem(path, f"the head is not valid TOML ({error}).", line=offset) from None
    for key, value in found.items():
        table[key] = str(value) if isinstance(value, dt.date) else value
        table.lines[key] = 1
    return table


def _read(path: Path, table: YamlTable, end: int, offset: int, left_out: LeftOut) -> FrontMatter:
    """The values of the keys we know; what the others say is left out, and said."""
    values, day = dict.fromkeys(HEAD_KEYS, ""), None
    seen_by: Visibility = PUBLIC
    for key, value in table.items():
        name, line = key.strip().lower(), table.lines[key] + offset
        if name == "visibility":
            seen_by = _visibility(path, value, line)
        elif name not in HEAD_KEYS:
            hint = nearest(name, HEAD_KEYS)
            said = f" {hint}" if hint.startswith("Did") else ""
            left_out.add("other keys of the head", "key", f"{key}: {_words(value)}{said}")
        elif name == "date":
            day = _day(path, value, line)
        elif value is not None and not isinstance(value, str):
            raise FileProblem(path, f"'{name}' must be text; put it in quotes.", line=line)
        else:
            values[name] = plain(value or "")
    return FrontMatter(values, day, end + 1, seen_by)


def _visibility(path: Path, value: object, line: int) -> Visibility:
    """Who sees the bulletin. A word that is not known is refused: it may have meant less."""
    for known in VISIBILITIES:
        if value == known:
            return known
    hint = nearest(_words(value), VISIBILITIES)
    raise FileProblem(path, f"unknown visibility '{quoted(_words(value))}'. {hint}", line=line)


def _words(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_words(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    return "" if value is None else str(value)


def _day(path: Path, value: object, line: int) -> dt.date | None:
    """The day in Beijing of a date or a moment, however it is written; None if it is empty."""
    words = _words(value).strip("[] ")
    if not words:
        return None
    try:
        moment = dt.datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d)", "", words))
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is not None:
        return moment.astimezone(BEIJING).date()
    stated = DATE.match(words) or _COMPACT.fullmatch(words)
    if stated is None:
        raise FileProblem(path, "'date' must be a day such as 2026-05-27.", line=line)
    try:
        return date_of(stated)
    except ValueError:
        raise no_such_date(path, stated[0], line) from None
