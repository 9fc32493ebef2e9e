"""Whether everything that people wrote is in order."""

from __future__ import annotations

import argparse
from datetime import date
from functools import partial

from etl.catalog import Catalog, load_catalog
from etl.commands import NOTHING_DONE, OK, console, extremes
from etl.commands.unclaimed import unclaimed
from etl.errors import FileProblem
from etl.files.authored import read_bulletins, read_comparisons, read_corrections, read_documents
from etl.ingest.upstream import Upstream
from etl.settings import Settings
from etl.sources import sources


def check_command(settings: Settings, options: argparse.Namespace) -> int:
    """Read everything that people wrote; no network."""
    catalog = load_catalog(settings.catalog)
    bulletins = read_bulletins(settings)
    wrong = [str(problem) for problem in bulletins.problems]
    try:
        documents = read_documents(settings, bulletins.read)
    except FileProblem as problem:
        wrong.append(str(problem))
        documents = ()
    for read in (read_comparisons, partial(read_corrections, catalog=catalog)):
        try:
            read(settings)
        except FileProblem as problem:
            wrong.append(str(problem))
    wrong += _figure_problems(settings, catalog)
    wrong += unclaimed(settings, catalog)
    wrong += extremes.held(settings, catalog)
    for sentence in dict.fromkeys(wrong):
        console.fail(sentence)
    console.say(
        f"{len(catalog)} indicators, {len(documents)} documents, {len(bulletins.read)} bulletins: "
        + ("all is well" if not wrong else f"{len(set(wrong))} problems")
    )
    return NOTHING_DONE if wrong else OK


def _figure_problems(settings: Settings, catalog: Catalog) -> list[str]:
    known = sources(settings, ())
    wrong: list[str] = []
    with Upstream(settings) as out:
        for indicator in catalog.all():
            for ref in indicator.sources:
                if ref.name == "figures":
                    try:
                        payload = known["figures"].fetch(indicator, ref.params, date.min, out)
                        rows = known["figures"].parse(payload, indicator, ref.params)
                        where = str(settings.figures / ref.params["file"])
                        wrong += extremes.beaten_by(settings, indicator, rows, where)
                    except FileProblem as problem:
                        wrong.append(str(problem))
    return wrong
