"""The files that people write: bulletins and the register, read with their problems in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from etl.bulletins.model import Bulletin
from etl.bulletins.read import read_bulletin
from etl.cells import bytes_of, rows_of
from etl.errors import FileProblem
from etl.policies import Document, read_register, with_citations
from etl.settings import Settings

COMPARISONS = ("scope", "scope_zh", "period", "pue", "kind", "kind_zh", "source", "status", "note")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A PUE that somebody named besides the indicators, in the words of the file: what it is of,
    when, how it was measured, who said so and how far that was verified."""

    scope: str
    scope_zh: str
    period: str
    pue: str
    kind: str
    kind_zh: str
    source: str
    status: str
    note: str


@dataclass(frozen=True, slots=True)
class BulletinFiles:
    """The days that have a file, the texts that could be read, and what is wrong with the rest."""

    days: frozenset[date]
    read: tuple[Bulletin, ...]
    problems: tuple[FileProblem, ...]


def read_bulletins(settings: Settings) -> BulletinFiles:
    """Every data/bulletins/DATE.md; a broken one is a problem of its own and stops no other."""
    files = bulletin_files(settings)
    found: list[Bulletin] = []
    problems: list[FileProblem] = []
    for day, path in sorted(files.items()):
        try:
            bulletin = read_bulletin(path).bulletin
            if bulletin.date != day:
                raise FileProblem(
                    path, f"its head says {bulletin.date}; the file's name and its date must agree."
                )
            found.append(bulletin)
        except FileProblem as problem:
            problems.append(problem)
    return BulletinFiles(frozenset(files), tuple(found), tuple(problems))


def bulletin_files(settings: Settings) -> dict[date, Path]:
    """The file of each day; other names in the folders are left alone."""
    files: dict[date, Path] = {}
    for folder in settings.bulletin_folders:
        for path in sorted(folder.glob("*.md")):
            try:
                files[date.fromisoformat(path.stem)] = path
            except ValueError:
                continue
    return files


def read_documents(settings: Settings, bulletins: Sequence[Bulletin]) -> tuple[Document, ...]:
    """The register together with what the bulletins cite."""
    return with_citations(read_register(settings.register), bulletins)


def read_comparisons(settings: Settings) -> tuple[Comparison, ...]:
    """What others say of PUE; nothing where the figures have no such file."""
    path = settings.figures / "pue_reference.csv"
    if not path.exists():
        return ()
    found = []
    for line, cell in rows_of(bytes_of(path, "it is gone."), path, COMPARISONS, COMPARISONS):
        for name in COMPARISONS[:-1]:
            if not cell[name]:
                raise FileProblem(path, f"{name} must not be empty.", line=line)
        found.append(Comparison(**cell))
    return tuple(found)
