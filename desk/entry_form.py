"""The entry of an indicator as a form: its common keys as words in fields, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from etl.catalog import Catalog
from etl.commands.entries import words_in
from etl.errors import SettingError, quoted
from etl.files.catalog_text import entry_of
from etl.files.strict_yaml import YamlRefused, parse_yaml
from etl.records import VISIBILITIES

#: What an entry says where it does not say it.
_UNSAID: Mapping[str, Any] = {"visibility": "public", "headline": False}


@dataclass(frozen=True, slots=True)
class EntryField:
    """A field of the form: the key of the entry, the part of it if it has parts, and what kind of
    thing is typed."""

    name: str
    key: str
    part: str = ""
    kind: str = "line"


FIELDS = (
    EntryField("title_zh", "title", "zh"), EntryField("title_en", "title", "en"),
    EntryField("short_zh", "short", "zh"), EntryField("short_en", "short", "en"),
    EntryField("definition_zh", "definition", "zh", "area"),
    EntryField("definition_en", "definition", "en", "area"),
    EntryField("group", "group", kind="group"), EntryField("unit", "unit", kind="unit"),
    EntryField("decimals", "decimals", kind="number"),
    EntryField("aliases", "aliases", kind="words"),
    EntryField("min", "expect", "min", "number"), EntryField("max", "expect", "max", "number"),
    EntryField("max_change_pct", "expect", "max_change_pct", "number"),
    EntryField("milestones", "milestones", kind="numbers"),
    EntryField("headline", "headline", kind="yes"),
    EntryField("visibility", "visibility", kind="visibility"),
)  # fmt: skip


def entry_values(text: str, name: str) -> dict[str, Any]:
    """The keys of an entry as they stand in the text of a catalog; nothing where it cannot be
    read."""
    return _values_in(entry_of(text, name), name)


def _values_in(entry: str, name: str) -> dict[str, Any]:
    try:
        document = parse_yaml(f"indicators:\n{entry}")
    except YamlRefused:
        return {}
    found = document["indicators"].get(name) if isinstance(document, dict) else None
    return dict(found) if isinstance(found, dict) else {}


def shown_values(entry: str, name: str) -> dict[str, str]:
    """What stands in the fields for an entry."""
    held = _values_in(entry, name)
    return {field.name: _shown(_value(held, field)) for field in FIELDS}


def new_values(
    held: Mapping[str, Any], before: Mapping[str, str], after: Mapping[str, str]
) -> dict[str, Any]:
    """The keys of an entry whose fields say something else than before; a SettingError in words for
    what is no number. What the entry says besides stays."""
    values: dict[str, Any] = {}
    for field in FIELDS:
        told = " ".join(after[field.name].split())
        if told == " ".join(before[field.name].split()):
            continue
        value = _typed(field, told)
        if field.part:
            whole = dict(values.get(field.key, held.get(field.key)) or {})
            whole[field.part] = value
            values[field.key] = {key: told for key, told in whole.items() if told is not None}
        else:
            values[field.key] = None if value == _UNSAID.get(field.key) else value
    return values


def choices_of(catalog: Catalog, lang: str) -> Mapping[str, Sequence[tuple[str, str]]]:
    """What may be chosen in fields of a kind: value and words."""
    return {
        "group": [(name, group.title.in_(lang)) for name, group in catalog.groups.items()],
        "unit": [
            (name, f"{unit.label.in_(lang)} · {name}") for name, unit in catalog.units.items()
        ],
    }


def _value(held: Mapping[str, Any], field: EntryField) -> Any:
    value = held.get(field.key, _UNSAID.get(field.key))
    if field.part:
        return value.get(field.part) if isinstance(value, dict) else None
    return value


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, list):
        return "，".join(_shown(one) for one in value)
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _typed(field: EntryField, text: str) -> Any:
    if field.kind == "yes":
        return bool(text)
    if field.kind == "words":
        return words_in(text) or None
    if field.kind == "visibility" and text not in VISIBILITIES:
        raise SettingError(f"visibility: '{quoted(text)}' is not allowed.")
    if field.kind == "numbers":
        return [_number(field, one) for one in re.split(r"[,，、;；\s]+", text) if one] or None
    if field.kind == "number":
        return _number(field, text) if text else None
    return text or None


def _number(field: EntryField, text: str) -> float | int:
    try:
        value = float(text)
    except ValueError:
        raise SettingError(f"{field.key}: '{quoted(text)}' is no number.") from None
    return int(value) if value.is_integer() and abs(value) < 1e15 else value
