"""The font that pictures are lettered in: the one that comes with the environment, else a Chinese
font of the system, else any font, and then in English."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

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
KINDS = frozenset({".ttf", ".otf", ".ttc"})


@dataclass(frozen=True, slots=True)
class Font:
    """A font file, and whether Chinese can be written with it."""

    file: Path
    chinese: bool


@cache
def font() -> Font | None:
    """The font for pictures; None where the machine has none at all."""
    return _packaged() or _of_system()


def warning() -> str:
    """What is to be said of the font; nothing when all is well."""
    found = font()
    if found is None:
        return "No font was found: PNG pictures cannot be drawn. Run `make install` again."
    if not found.chinese:
        return (
            f"No Chinese font was found: PNG pictures are lettered in English ({found.file.name}). "
            "Run `make install` again."
        )
    return ""


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
