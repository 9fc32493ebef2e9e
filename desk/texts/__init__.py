"""The words of the desk, each with its counterpart: zh.yaml and en.yaml beside this file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from dashboard import texts
from dashboard.texts import Words, words_in

_READ: Mapping[str, Words] = words_in(Path(__file__).parent)


def text(name: str, lang: str, **values: str) -> str:
    """The words called `name`, with their blanks filled; the dashboard's where the desk has none of
    that name."""
    found = _READ["en" if lang == "en" else "zh"]["texts"].get(name)
    return texts.text(name, lang, **values) if found is None else found.format(**values)


def every_text() -> Iterator[tuple[str, str, str]]:
    """Each text with its name, in Chinese and in English."""
    for name, words in _READ["zh"]["texts"].items():
        yield f"texts.{name}", words, _READ["en"]["texts"][name]
