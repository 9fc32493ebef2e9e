"""A new indicator, asked for question by question: its entry is shown, tried and written."""

from __future__ import annotations

import argparse
import shlex
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from etl.catalog import Catalog, Indicator, examined, load_catalog
from etl.commands import NOTHING_DONE, OK, console
from etl.commands.entries import Answers, entries_of
from etl.commands.questions import KINDS, Question, questions
from etl.errors import (
    CheckFailed,
    FileProblem,
    SettingError,
    SourceError,
    SourceUnavailable,
    nearest,
)
from etl.files.catalog_text import entry_text, replace_text, with_entries
from etl.ingest.answers import accepted
from etl.ingest.boundary import at_the_boundary
from etl.ingest.upstream import Upstream
from etl.records import Observation, now
from etl.settings import Settings
from etl.sources import sources
from etl.sources.base import FIRST_DAY

#: How many of the values that a source answers are shown.
SHOWN_ROWS = 5


def new_indicator_command(settings: Settings, options: argparse.Namespace) -> int:
    """Ask, show, try and write; nothing is written that `check` would refuse."""
    catalog = load_catalog(settings.catalog)
    told = _answered(catalog, options)
    entries = dict(entries_of(told, catalog))
    texts = [entry_text(name, entry) for name, entry in entries.items()]
    before = settings.catalog.read_bytes().decode("utf-8")
    text, line = with_entries(before, _neighbour(catalog, told["group"]), texts)
    draft, wrong = _drafted(text, settings.catalog)
    if wrong or draft is None:
        for sentence in wrong:
            console.fail(sentence)
        console.say(_again(told))
        return NOTHING_DONE
    zh = console.language() == "zh"
    console.say(
        f"{settings.catalog}，第 {line} 行：" if zh else f"{settings.catalog}, line {line}:"
    )
    console.say("\n" + "\n".join(texts))
    if not options.offline and not _tried(settings, draft, [*entries], options):
        console.say(_again(told))
        return NOTHING_DONE
    if not options.yes and not _agreed("写入？" if zh else "Write it?"):
        console.say("没有写入。" if zh else "Nothing was written.")
        return OK
    replace_text(settings.catalog, text)
    names = "、".join(entries) if zh else ", ".join(entries)
    run = f"python -m etl run {' '.join(entries)}"
    console.say(f"已写入：{names}。接下来：{run}" if zh else f"Written: {names}. Next: {run}")
    return OK


def add_options(parser: argparse.ArgumentParser) -> None:
    """Every question as an option, so that scripts can answer them."""
    parser.add_argument("--yes", action="store_true", help="ask nothing and write")
    parser.add_argument("--offline", action="store_true", help="do not try its source")
    parser.add_argument("--kind", choices=[*KINDS], help="what it is")
    for question in {q.name: q for kind in KINDS for q in questions(kind)}.values():
        parser.add_argument(_flag(question), metavar="TEXT", help=question.en)


def _answered(catalog: Catalog, options: argparse.Namespace) -> Answers:
    """An answer to every question: from the options, from the person, or the default."""
    zh = console.language() == "zh"
    kind = options.kind
    if kind is None:
        if options.yes:
            raise SettingError(f"--kind is missing; it is one of {', '.join(KINDS)}.")
        for name, (told_zh, told_en) in KINDS.items():
            console.say(f"  {name:<8} {told_zh if zh else told_en}")
        kind = _ask("种类" if zh else "kind", "", lambda text: (
            "" if text in KINDS else nearest(text, KINDS)))  # fmt: skip
    asked = [*questions(kind)]
    lacking = [q for q in asked if q.default is None and getattr(options, q.name) is None]
    if options.yes and lacking:
        said = "; ".join(f"{_flag(q)} ({q.en})" for q in lacking)
        raise SettingError(f"Still to be said: {said}.")
    told: Answers = {"kind": kind}
    for question in asked:
        check = partial(_wrong, question, told, catalog)
        default = question.default(told, catalog) if question.default else None
        given = getattr(options, question.name)
        if given is None:
            words = question.zh if zh else question.en
            if question.known and not options.yes:
                console.say(f"  {question.known(catalog, console.language())}")
            given = default if options.yes else _ask(words, default, check)
        if problem := check(given):
            raise SettingError(f"{_flag(question)}: {problem}")
        told[question.name] = given
    return told


def _wrong(question: Question, told: Answers, catalog: Catalog, text: str) -> str:
    """What is wrong with an answer; none is fine where there is a default."""
    if not text:
        return "" if question.default else "an answer is needed."
    return question.wrong(text, told, catalog)


def _flag(question: Question) -> str:
    return f"--{question.name.replace('_', '-')}"


def _ask(words: str, default: str | None, wrong: Callable[[str], str]) -> str:
    """The answer of a person, asked until it can be right."""
    while True:
        hint = f" [{default}]" if default else ""
        console.out.print(f"{words}{hint}: ", end="", markup=False)
        try:
            text = input().strip() or (default or "")
        except EOFError:
            raise SettingError(f"Nothing was answered to '{words}'; nothing was written.") from None
        problem = wrong(text)
        if not problem:
            return text
        console.say(f"  {problem}")


def _agreed(words: str) -> bool:
    return _ask(f"{words} (y/n)", "n", lambda text: "").lower() in ("y", "yes", "是", "好")


def _neighbour(catalog: Catalog, group: str) -> str:
    """The last indicator of a group, behind which a new one goes."""
    return next((one.id for one in reversed([*catalog.all()]) if one.group == group), "")


def _drafted(text: str, path: Path) -> tuple[Catalog | None, list[str]]:
    """The catalog as it would be, and what `check` would say against it."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / path.name
        draft.write_bytes(text.encode())
        catalog, wrong = examined(draft)
    return catalog, [sentence.replace(str(draft), str(path)) for sentence in wrong]


def _again(told: Answers) -> str:
    """The command that gives these answers again."""
    flags = (
        f"--{name.replace('_', '-')} {shlex.quote(text)}" for name, text in told.items() if text
    )
    return f"python -m etl new-indicator {' '.join(flags)}"


def _tried(
    settings: Settings, catalog: Catalog, names: Sequence[str], options: argparse.Namespace
) -> bool:
    """Whether to go on after the sources of the new entries were asked, with their rows shown."""
    zh, known = console.language() == "zh", sources(settings, (), catalog.units)
    with Upstream(settings) as out:
        for indicator in (catalog[name] for name in names):
            for ref in indicator.sources:
                source = known.get(ref.name)
                if source is None:
                    continue
                try:
                    with at_the_boundary(ref.name, settings.without_secrets):
                        payload = source.fetch(indicator, ref.params, FIRST_DAY, out)
                        found = source.parse(payload, indicator, ref.params)
                    rows = accepted(indicator, found, now())
                except SourceUnavailable as error:
                    console.say(f"{indicator.id}, {ref.name}: {error}")
                    later = "以后再试也可写入？" if zh else "Write it untried?"
                    if not options.yes and not _agreed(later):
                        return False
                    continue
                except (SourceError, FileProblem, CheckFailed) as error:
                    console.fail(f"{indicator.id}, {ref.name}: {error}")
                    return False
                _show(indicator, ref.name, rows, zh)
    return True


def _show(indicator: Indicator, source: str, rows: Sequence[Observation], zh: bool) -> None:
    if not rows:
        console.say(f"{indicator.id}，{source}：还没有数值。" if zh else
                    f"{indicator.id}, {source}: no values yet.")  # fmt: skip
        return
    told = "，".join if zh else ", ".join
    shown = told(f"{row.date} {row.value:,.10g}" for row in rows[-SHOWN_ROWS:])
    console.say(f"{indicator.id}，{source}：{len(rows):,} 个数值，最近：{shown}" if zh else
                f"{indicator.id}, {source}: {len(rows):,} values, the newest: {shown}")  # fmt: skip
