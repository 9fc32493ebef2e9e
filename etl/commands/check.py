"""Whether everything that people wrote is in order."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from typing import TypeVar

from etl.catalog import Catalog, examined
from etl.commands import NOTHING_DONE, OK, console, extremes
from etl.commands.unclaimed import unclaimed
from etl.corrections import Correction
from etl.errors import FileProblem, SourceError, StorageError
from etl.files.authored import (
    read_bulletins,
    read_comparisons,
    read_corrections,
    read_documents,
    read_provinces,
)
from etl.ingest.boundary import at_the_boundary
from etl.ingest.upstream import Upstream
from etl.records import PUBLIC
from etl.settings import Settings
from etl.sources import sources
from etl.storage.audiences import quoted_in, values_here
from etl.storage.publish import all_content

T = TypeVar("T")
#: So many sentences are told; who has mended them is told the next.
MOST_TOLD = 50


def check_command(settings: Settings, options: argparse.Namespace) -> int:
    """Read everything that people wrote, and tell all that is wrong; no network."""
    catalog, wrong = examined(settings.catalog)
    is_whole = not wrong
    bulletins = read_bulletins(settings)
    wrong += [str(problem) for problem in bulletins.problems]
    try:
        documents = read_documents(settings, bulletins.read)
    except FileProblem as problem:
        wrong.append(str(problem))
        documents = ()
    comparisons = _read(read_comparisons, settings, wrong)
    provinces = _read(read_provinces, settings, wrong)
    corrections: Sequence[Correction] = ()
    if catalog is not None and is_whole:
        corrections = _read(partial(read_corrections, catalog=catalog), settings, wrong)
    if catalog is not None:
        wrong += _file_problems(settings, catalog)
    if catalog is not None and is_whole:
        content = all_content(
            catalog, bulletins.read, documents, (), comparisons, corrections=corrections,
            provinces=provinces, withdrawals=bulletins.withdrawn,
        )  # fmt: skip
        try:
            with values_here(settings, catalog) as values:
                wrong += quoted_in(content, values)
        except StorageError as problem:
            wrong.append(str(problem))
    if catalog is not None and is_whole:  # what a wrong entry claims is not unclaimed
        wrong += unclaimed(settings, catalog)
        wrong += extremes.held(settings, catalog)
    told = list(dict.fromkeys(wrong))
    for sentence in told[:MOST_TOLD]:
        console.fail(sentence)
    if len(told) > MOST_TOLD:
        console.fail(f"… and {len(told) - MOST_TOLD:,} more.")
    problems = "1 problem" if len(told) == 1 else f"{len(told)} problems"
    console.say(
        f"{len(catalog or ())} indicators, {len(documents)} documents, "
        f"{len(bulletins.read)} bulletins: {problems if told else 'all is well'}"
    )
    shut = [
        sum(one.for_committee for one in catalog.all()) if catalog is not None else 0,
        sum(one.visibility != PUBLIC for one in documents),
        sum(one.visibility != PUBLIC for one in bulletins.read),
    ]
    if any(shut):
        console.say(
            f"of these for the committee: {shut[0]} indicators, {shut[1]} documents, {shut[2]} "
            "bulletins"
        )
    return NOTHING_DONE if told else OK


def _read(
    read: Callable[[Settings], Sequence[T]], settings: Settings, wrong: list[str]
) -> Sequence[T]:
    """What a file says; nothing where it is wrong, which is told then."""
    try:
        return read(settings)
    except FileProblem as problem:
        wrong.append(str(problem))
        return ()


def _file_problems(settings: Settings, catalog: Catalog) -> Iterator[str]:
    """What is wrong with the files that sources without a network read."""
    known = sources(settings, (), catalog.units)
    with Upstream(settings) as out:
        for indicator in catalog.all():
            for ref in indicator.sources:
                source = known.get(ref.name)
                if source is None or ref.name == "register" or source.needs_network(ref.params):
                    continue
                try:
                    with at_the_boundary(ref.name):
                        payload = source.fetch(indicator, ref.params, date.min, out)
                        rows = source.parse(payload, indicator, ref.params)
                except (FileProblem, SourceError) as problem:
                    yield str(problem)
                    continue
                if ref.name == "figures":
                    where = str(settings.figures / ref.params["file"])
                    yield from extremes.beaten_by(settings, indicator, rows, where)
