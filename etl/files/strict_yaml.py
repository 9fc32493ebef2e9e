"""YAML whose values know their line, so that an error can name it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from etl.errors import CatalogError, quoted

Path_ = tuple[str | int, ...]

# libyaml, where PyYAML was built with it: ten times as fast as the same in Python.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE = "<<"
#: How large a file may be, how deep it may nest, and how many values it may hold, those that
#: aliases repeat counted each time: twice what a catalog of 10,000 indicators needs.
MOST_BYTES, MOST_DEPTH, MOST_VALUES = 32_000_000, 30, 1_500_000
#: How many values, and how many characters of text, aliases may repeat.
MOST_REPEATED, MOST_REPEATED_LETTERS = 200_000, 10_000_000
#: The longest whole number that can mean anything.
MOST_DIGITS = 40


class YamlRefused(Exception):
    """A text that these files may not contain: the line, and what is wrong as a sentence."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line


class NotYaml(YamlRefused):
    """A text that is not YAML at all."""


class YamlTable(dict[str, Any]):
    """A mapping that knows the line of each key."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


class Items(list[Any]):
    """A list that knows the line of each item."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []


def load_yaml(path: Path) -> YamlTable:
    """The mapping in `path`, with its line numbers; otherwise a CatalogError in words."""
    try:
        if path.exists() and not path.is_file():
            raise CatalogError(f"{path}: is no file; XINZHI_CATALOG names the catalog.")
        if path.stat().st_size > MOST_BYTES:
            raise CatalogError(f"{path}: is larger than {MOST_BYTES:,} bytes; no catalog is.")
        document = parse_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CatalogError(f"{path}: no such file; XINZHI_CATALOG names the catalog.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path}: cannot be read as UTF-8 text ({error}).") from None
    except YamlRefused as refused:
        raise CatalogError(f"{path}, line {refused.line}: {refused}") from None
    if not isinstance(document, YamlTable):
        raise CatalogError(f"{path}, line 1: a mapping of keys was expected, not a bare value.")
    return document


def parse_yaml(text: str) -> Any:
    """The value of a text, as tables, items, strings, numbers, booleans and None; otherwise
    YamlRefused."""
    try:
        return _YamlReader(yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotYaml(
            int(mark.line) + 1 if mark else 1,
            f"not valid YAML ({error.problem}); check indentation and quotes there.",
        ) from None
    except yaml.YAMLError as error:
        raise NotYaml(1, f"not valid YAML ({str(error).splitlines()[0]}).") from None


def scalars(text: str) -> Iterator[tuple[Path_, ScalarEvent]]:
    """Every key and every single value of a text that `parse_yaml` reads, with its path: a key has
    its own name at the end of it."""
    path: list[str | int | None] = []  # None: the next thing is a key
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, MappingStartEvent):
            path.append(None)
        elif isinstance(event, SequenceStartEvent):
            path.append(0)
        elif isinstance(event, ScalarEvent) and path and path[-1] is None:
            path[-1] = event.value
            yield tuple(path), event  # type: ignore[arg-type]
            continue
        elif isinstance(event, ScalarEvent):
            yield tuple(path), event  # type: ignore[arg-type]
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            path.pop()
        if path and isinstance(
            event, ScalarEvent | AliasEvent | MappingEndEvent | SequenceEndEvent
        ):
            last = path[-1]
            path[-1] = last + 1 if isinstance(last, int) else None


def line_of(document: Any, where: Path_) -> int:
    """The line, from 1, of the deepest part of `where` that the document contains."""
    line, value = 1, document
    for step in where:
        known = isinstance(value, YamlTable) and step in value
        if known or (isinstance(value, Items) and isinstance(step, int) and step < len(value)):
            line, value = value.lines[step], value[step]
        else:
            break
    return line


class _YamlReader:
    """Values from events, without a tree of nodes in between: for a catalog of 10,000 entries that
    would be half a gigabyte."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.events = events
        #: What an anchor names, and how many values and characters that is.
        self.named: dict[str, tuple[Any, int, int]] = {}
        self.depth = self.values = self.letters = 0
        self.repeated = self.repeated_letters = 0

    def document(self) -> Any:
        """The one value of the text; None if it is empty."""
        found: list[Any] = []
        for event in self.events:
            if isinstance(event, NodeEvent):
                found.append(self._value(event))
            elif isinstance(event, DocumentStartEvent) and found:
                raise YamlRefused(_line(event), "a second document begins here; keep one.")
        return found[0] if found else None

    def _value(self, event: NodeEvent) -> Any:
        if isinstance(event, AliasEvent):
            return self._repeated(event)
        before, letters = self.values, self.letters
        self._count(event, 1)
        if isinstance(event, ScalarEvent):
            value = _scalar(event)
            self.letters += len(event.value)
        else:
            value = self._collection(event)
        if event.anchor:
            self.named[event.anchor] = value, self.values - before, self.letters - letters
        return value

    def _repeated(self, event: AliasEvent) -> Any:
        """The value that the alias names, shared rather than copied, and counted each time."""
        if event.anchor not in self.named:
            raise YamlRefused(
                _line(event), f"the alias '*{quoted(event.anchor)}' names nothing above it."
            )
        value, values, letters = self.named[event.anchor]
        self.repeated += values
        self.repeated_letters += letters
        if self.repeated > MOST_REPEATED or self.repeated_letters > MOST_REPEATED_LETTERS:
            raise YamlRefused(
                _line(event),
                f"the aliases up to here repeat more than {MOST_REPEATED:,} values or "
                f"{MOST_REPEATED_LETTERS:,} characters; write out what is meant.",
            )
        self._count(event, values)
        self.letters += letters
        return value

    def _count(self, event: Event, values: int) -> None:
        self.values += values
        if self.values > MOST_VALUES:
            raise YamlRefused(_line(event), f"the file holds more than {MOST_VALUES:,} values.")

    def _collection(self, event: NodeEvent) -> YamlTable | Items:
        is_list = isinstance(event, SequenceStartEvent)
        tag = getattr(event, "tag", None)
        if tag not in (None, "!", f"tag:yaml.org,2002:{'seq' if is_list else 'map'}"):
            raise YamlRefused(_line(event), f"the tag '{_short_tag(tag)}' means nothing here.")
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise YamlRefused(
                _line(event), f"this is nested more than {MOST_DEPTH} levels deep; nothing here is."
            )
        value = self._items() if is_list else self._table()
        self.depth -= 1
        return value

    def _items(self) -> Items:
        found = Items()
        while not isinstance(event := next(self.events), SequenceEndEvent):
            found.append(self._value(event))
            found.lines.append(_line(event))
        return found

    def _table(self) -> YamlTable:
        found = YamlTable()
        while not isinstance(event := next(self.events), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                raise YamlRefused(_line(event), "a key must be one word.")
            key, line = event.value, _line(event)
            if key in found:
                raise YamlRefused(line, f"the key '{quoted(key)}' stands twice; keep one.")
            found.lines[key] = line
            found[key] = self._value(next(self.events))
        if _MERGE in found:
            _merge(found)
        return found


def _merge(found: YamlTable) -> None:
    """`<<: *other` fills in what the mapping itself does not set."""
    line, others = found.lines.pop(_MERGE), found.pop(_MERGE)
    for other in others if isinstance(others, Items) else [others]:
        if not isinstance(other, YamlTable):
            raise YamlRefused(line, "'<<' takes the alias of a mapping.")
        for key in other:
            if key not in found:
                found[key], found.lines[key] = other[key], other.lines[key]


def _scalar(event: ScalarEvent) -> Any:
    is_plain, is_quoted = event.implicit
    if is_quoted:
        return event.value
    kind = _kind(event.value) if is_plain else _short_tag(event.tag)
    if kind not in _READERS:
        raise YamlRefused(_line(event), f"the tag '{kind}' means nothing here.")
    try:
        return _READERS[kind](event.value)
    except (ValueError, KeyError):
        what = f"int of at most {MOST_DIGITS} digits" if kind == "int" else kind
        raise YamlRefused(_line(event), f"'{quoted(event.value)}' is no {what}.") from None


# What plain words mean: the core schema of YAML 1.2, in which `no`, `on` and dates are texts.
_WORDS = re.compile(
    r"(?P<null>~|null|Null|NULL|)"
    r"|(?P<bool>true|True|TRUE|false|False|FALSE)"
    r"|(?P<int>[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)


def _kind(text: str) -> str:
    found = _WORDS.fullmatch(text)
    return found.lastgroup or "str" if found else "str"


def _short_tag(tag: str | None) -> str:
    return str(tag).removeprefix("tag:yaml.org,2002:")[:40]


def _int(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError
    return int(text, 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10)


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


_READERS: Mapping[str, Callable[[str], Any]] = {
    "str": str,
    "null": lambda text: None,
    "bool": lambda text: {"true": True, "false": False}[text.lower()],
    "int": _int,
    "float": _float,
}


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 1
