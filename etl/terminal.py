"""Output for every terminal: what its encoding lacks is said in words instead of ending the
command."""

from __future__ import annotations

import codecs
import io
import json
import sys
import unicodedata
from collections.abc import Mapping
from itertools import groupby
from typing import Any

_NAME = "xinzhi_words"
#: What signs mean, on a terminal that has none.
_WORDS: Mapping[str, str] = {
    "✔": "yes", "✘": "no", "≈": "about", "→": "->", "▲": "up", "▼": "down", "＝": "same",
    "×": "x", "−": "-", "—": "-", "–": "-", "·": "*", "“": '"', "”": '"', "‘": "'", "’": "'",
    "。": ".", "、": ",", "「": '"', "」": '"', "《": "<", "》": ">", "〔": "[", "〕": "]",
}  # fmt: skip


def speak_plainly() -> None:
    """Let nothing that is printed from now on fail for its letters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_NAME)


def as_printed(text: str, encoding: str) -> str:
    """The text as a terminal of that encoding shows it."""
    return text.encode(encoding, _NAME).decode(encoding)


def to_json(value: Any) -> str:
    """JSON for the output, whole on any terminal."""
    told = json.dumps(value, ensure_ascii=False, indent=1)
    try:
        told.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, indent=1)
    return told


def _in_words(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    parts = groupby(lacking, lambda letter: unicodedata.decomposition(letter).startswith("<super>"))
    return "".join(
        ("^" if is_raised else "") + "".join(map(_word, part)) for is_raised, part in parts
    ), error.end


def _word(letter: str) -> str:
    """What a letter is like, or its number where nothing is."""
    plain = _WORDS.get(letter) or unicodedata.normalize("NFKC", letter)
    plain = "-" if plain == "−" else plain
    return plain if plain.isascii() else letter.encode("ascii", "backslashreplace").decode()


codecs.register_error(_NAME, _in_words)
