"""The fonts that pictures are lettered in: the one that comes with the environment, else a Chinese
font of the system, else any font, and then in English; and of the system whatever has a letter that
it lacks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path

from dashboard.chart.glyphs import face

PACKAGE = "pylopdf_fonts_zh_cn"
FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/System/Library/Fonts"),
    Path("/Library/Fonts"),
    Path("C:/Windows/Fonts"),
)
#: Parts of the names of files that hold Simplified Chinese, the better first.
CHINESE = (
    "notosanscjk-regular",
    "notosanssc",
    "sourcehansans",
    "pingfang",
    "msyh",
    "wqy",
    "simhei",
)
#: Parts of the names of files whose letters stand out among those of the font.
_UNLIKE = ("bold", "italic", "oblique", "light", "black", "thin", "condensed", "mono", "serif")
#: So many letters that no font has are named.
_NAMED = 20
KINDS = frozenset({".ttf", ".otf", ".ttc"})


log = logging.getLogger(__name__)
#: The letters that no font was found for, in the order in which they were asked for.
LACKING: dict[str, None] = {}


@dataclass(frozen=True, slots=True)
class Font:
    """A font file, and whether Chinese can be written with it."""

    file: Path
    chinese: bool


@cache
def font() -> Font | None:
    """The font for pictures; None where the machine has none at all."""
    return _packaged() or _of_system()


@lru_cache(maxsize=4096)
def fallback(letter: str) -> Path | None:
    """A font of the system that has a letter, the plainest of them; None where none has."""
    return next((file for file in plain_first() if face(file).has(letter)), None)


def lacks(letter: str) -> None:
    """Say from now on that a letter could not be drawn."""
    if len(LACKING) < _NAMED and letter not in LACKING:
        LACKING[letter] = None
        log.warning("pictures: no font has %s (U+%04X); 〓 stands for it", letter, ord(letter))


def warning() -> str:
    """What is to be said of the fonts; nothing when all is well."""
    found = font()
    if found is None:
        return "No font was found: PNG pictures cannot be drawn. Run `make install` again."
    if not found.chinese:
        return (
            f"No Chinese font was found: PNG pictures are lettered in English ({found.file.name}). "
            "Run `make install` again."
        )
    if LACKING:
        named = ", ".join(f"{letter} (U+{ord(letter):04X})" for letter in list(LACKING))
        return f"No font has these letters, which are drawn as 〓 in PNG pictures: {named}."
    return ""


@cache
def plain_first() -> tuple[Path, ...]:
    """The fonts of the system, those that look most like another first."""

    def unlike(file: Path) -> int:
        return sum(part in file.name.lower() for part in _UNLIKE)

    return tuple(sorted(_files(), key=unlike))


def _packaged() -> Font | None:
    try:
        path = Path(import_module(PACKAGE).sans_path())
    except (ImportError, AttributeError):
        return None
    return Font(path, True) if path.is_file() else None


def _of_system() -> Font | None:
    files = list(_files())
    for part in CHINESE:
        for file in files:
            if part in file.name.lower():
                return Font(file, True)
    return Font(files[0], False) if files else None


def _files() -> Iterator[Path]:
    for folder in FOLDERS:
        if folder.is_dir():
            yield from sorted(f for f in folder.rglob("*") if f.suffix.lower() in KINDS)
