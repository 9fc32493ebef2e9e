"""The files that people write: bulletins, register and corrections, with their problems in
words."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from etl.bulletins.model import Bulletin, Withdrawal
from etl.bulletins.read import read_bulletin
from etl.catalog import Catalog
from etl.corrections import Correction, CorrectionFile, as_named, contradictions
from etl.errors import FileProblem, nearest, quoted
from etl.files.cells import bytes_of, date_of, number_of, rows_of, text_of
from etl.files.strict_model import first_fault
from etl.files.strict_yaml import YamlRefused, YamlTable, line_of, parse_yaml
from etl.policies.register import read_register, with_citations
from etl.provinces import FACTORS, PROVINCES, STATUSES, ProvinceFigure, ProvinceYardstick
from etl.records import BEIJING, Document, now
from etl.settings import Settings

YARDSTICKS = tuple(one.name for one in fields(ProvinceYardstick))[:-1]
PROVINCE_FIGURES = (
    "province", "factor", "yardstick", "period", "value", "unit", "source", "address", "public",
    "status", "note",
)  # fmt: skip
#: Below the bulletins, where those lie that were taken back.
WITHDRAWN = "withdrawn"
COMPARISONS = ("scope", "scope_zh", "period", "pue", "kind", "kind_zh", "source", "status", "note")


@dataclass(frozen=True, slots=True)
class PueComparison:
    """A PUE that somebody stated, besides the indicators, in the words of the file: what it is of,
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
    """The days that have a file, the texts that could be read, what is wrong with the rest, and
    what was taken back."""

    days: frozenset[date]
    read: tuple[Bulletin, ...]
    problems: tuple[FileProblem, ...]
    withdrawn: tuple[Withdrawal, ...] = ()


def read_bulletins(settings: Settings) -> BulletinFiles:
    """Every data/bulletins/DATE.md; a broken one is a problem of its own and does not stop the
    others."""
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
    withdrawn, unread = _withdrawn(settings)
    return BulletinFiles(
        frozenset(files), tuple(found), (*problems, *unread), tuple(withdrawn.values())
    )


def bulletin_files(settings: Settings) -> dict[date, Path]:
    """The file of each day; files with other names are ignored, and days that were taken back."""
    files: dict[date, Path] = {}
    for folder in settings.bulletin_folders:
        files |= _files_of_days(folder)
    withdrawn, _ = _withdrawn(settings)
    return {day: path for day, path in files.items() if day not in withdrawn}


def _files_of_days(folder: Path) -> dict[date, Path]:
    files: dict[date, Path] = {}
    for path in sorted(folder.glob("*.md")):
        try:
            files[date.fromisoformat(path.stem)] = path
        except ValueError:
            continue
    return files


def _withdrawn(settings: Settings) -> tuple[dict[date, Withdrawal], list[FileProblem]]:
    """What was last said of each day that was taken back, in the order of days, and the files that
    cannot be read. A text that has since been added for such a day stands again."""
    folder = settings.data / "bulletins"
    found: dict[date, Withdrawal] = {}
    problems: list[FileProblem] = []
    for path in sorted((folder / WITHDRAWN).glob("*.json")):  # by the moment that their names tell
        try:
            one = Withdrawal.model_validate_json(path.read_bytes())
            found[one.date] = one
        except (OSError, ValidationError):
            problems.append(
                FileProblem(
                    path,
                    "says of no bulletin that it was withdrawn; restore the file, or withdraw the "
                    "bulletin again.",
                )
            )
    again = _files_of_days(folder)
    return {day: one for day, one in sorted(found.items()) if day not in again}, problems


def read_documents(settings: Settings, bulletins: Sequence[Bulletin]) -> tuple[Document, ...]:
    """The register together with the documents that bulletins cite."""
    return with_citations(read_register(settings.register), bulletins)


def read_comparisons(settings: Settings) -> tuple[PueComparison, ...]:
    """PUE figures of others; nothing if there is no such file."""
    path = settings.figures / "pue_reference.csv"
    if not path.exists():
        return ()
    found = []
    for line, cell in rows_of(bytes_of(path, "it is gone."), path, COMPARISONS, COMPARISONS):
        for name in COMPARISONS[:-1]:
            if not cell[name]:
                raise FileProblem(path, f"{name} must not be empty.", line=line)
        found.append(PueComparison(**cell))
    return tuple(found)


def read_provinces(settings: Settings) -> tuple[ProvinceYardstick, ...]:
    """What is measured of provinces, with its figures; nothing if there are no such files. A
    FileProblem names the line that is wrong."""
    path = settings.figures / "province_yardsticks.csv"
    if not path.exists():
        return ()
    yardsticks: dict[str, ProvinceYardstick] = {}
    for line, cell in rows_of(bytes_of(path, "it is gone."), path, YARDSTICKS, YARDSTICKS):
        _check_one_of(cell, "factor", FACTORS, path, line)
        _check_filled(cell, ("yardstick", "title", "title_en", "definition"), path, line)
        if cell["yardstick"] in yardsticks:
            message = f"the yardstick '{cell['yardstick']}' stands twice; keep one."
            raise FileProblem(path, message, line=line)
        yardsticks[cell["yardstick"]] = ProvinceYardstick(**cell, figures=())
    return _with_figures(settings.figures / "provinces.csv", yardsticks)


def _with_figures(
    path: Path, yardsticks: dict[str, ProvinceYardstick]
) -> tuple[ProvinceYardstick, ...]:
    missing = "this file of figures by province is missing; restore it from the repository."
    found: dict[tuple[str, str], ProvinceFigure] = {}
    for line, cell in rows_of(bytes_of(path, missing), path, PROVINCE_FIGURES, PROVINCE_FIGURES):
        for name, known in (
            ("province", PROVINCES), ("yardstick", yardsticks), ("status", STATUSES),
        ):  # fmt: skip
            _check_one_of(cell, name, known, path, line)
        _check_filled(cell, ("period", "source"), path, line)
        number_of(cell["value"], path, line, "value")
        date_of(cell["public"], path, line, "public")
        yardstick = yardsticks[cell["yardstick"]]
        for name, meant in (("factor", yardstick.factor), ("unit", yardstick.unit)):
            if cell[name] != meant:
                message = (
                    f"{name}: '{cell[name]}' is not that of {yardstick.yardstick} ('{meant}')."
                )
                raise FileProblem(path, message, line=line)
        if cell["address"] and not cell["address"].startswith(("https://", "http://")):
            raise FileProblem(path, "address: write a web address or leave it empty.", line=line)
        place = yardstick.yardstick, cell["province"]
        if place in found:
            message = f"{yardstick.yardstick} of {place[1]} stands twice; keep the newest figure."
            raise FileProblem(path, message, line=line)
        kept = {one.name: cell[one.name] for one in fields(ProvinceFigure)}
        found[place] = ProvinceFigure(**kept)
    return tuple(
        replace(one, figures=tuple(f for (name, _), f in found.items() if name == one.yardstick))
        for one in yardsticks.values()
    )


def _check_one_of(
    cell: dict[str, str], name: str, known: Collection[str], path: Path, line: int
) -> None:
    if cell[name] not in known:
        message = f"unknown {name} '{quoted(cell[name])}'. {nearest(cell[name], known)}"
        raise FileProblem(path, message, line=line)


def _check_filled(cell: dict[str, str], names: Sequence[str], path: Path, line: int) -> None:
    for name in names:
        if not cell[name]:
            raise FileProblem(path, f"{name} must not be empty.", line=line)


def read_corrections(settings: Settings, catalog: Catalog) -> tuple[Correction, ...]:
    """The corrections in the order of the file; a FileProblem names the line that is wrong."""
    path = settings.corrections
    payload = bytes_of(path, "this file of corrections is missing; restore it from the repository.")
    return corrections_in(payload, path, catalog)


def corrections_in(payload: bytes, path: Path, catalog: Catalog) -> tuple[Correction, ...]:
    """The corrections that a text holds; a FileProblem names the line of `path` that is wrong."""
    try:
        document = parse_yaml(text_of(payload, path))
        if not isinstance(document, YamlTable):
            raise YamlRefused(1, "a list below the key 'corrections' was expected.")
        file = CorrectionFile.model_validate_json(json.dumps(document, ensure_ascii=False))
    except YamlRefused as refused:
        raise FileProblem(path, str(refused), line=refused.line) from None
    except ValidationError as error:
        line, sentence = first_fault(document, error, CorrectionFile, "corrections")
        raise FileProblem(path, sentence, line=line) from None
    today = now().astimezone(BEIJING).date()
    entries = as_named(file.corrections, catalog)
    for where, sentence in contradictions(entries, catalog, today):
        raise FileProblem(path, sentence, line=line_of(document, where))
    return entries
