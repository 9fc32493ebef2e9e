"""The words of the desk, each with its counterpart: zh.yaml and en.yaml beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dashboard import texts
from etl.texts import Texts

_TEXTS = Texts(Path(__file__).parent)


def text(name: str, lang: str, **values: str) -> str:
    """The words called `name`, with their blanks filled; the dashboard's where the desk has none of
    that name."""
    found = _TEXTS.section("texts", lang).get(name)
    return texts.text(name, lang, **values) if found is None else found.format(**values)


def every_text() -> Iterator[tuple[str, str, str]]:
    """Each text with its name, in Chinese and in English."""
    return _TEXTS.every()
