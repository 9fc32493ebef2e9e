"""A new indicator, asked for question by question: its entry is shown, tried and written."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Sequence
from functools import partial

from etl.catalog import Catalog, examined_text, load_catalog
from etl.command_line import language
from etl.commands import NOTHING_DONE, OK, console
from etl.commands.entries import Answers, entries_of
from etl.commands.questions import KINDS, Question, questions
from etl.commands.trial import Trial, tried
from etl.errors import SettingError, nearest
from etl.files.catalog_text import entry_text, with_entries
from etl.files.edits import put
from etl.settings import Settings

#: How many of the values that a source answers are shown.
SHOWN_ROWS = 5


def new_indicator_command(settings: Settings, options: argparse.Namespace) -> int:
    """Ask, show, try and write; nothing is written that `check` would refuse."""
    catalog = load_catalog(settings.catalog)
    told = _answered(catalog, options)
    entries = dict(entries_of(told, catalog))
    texts = [entry_text(name, entry) for name, entry in entries.items()]
    before = settings.catalog.read_bytes().decode("utf-8")
    text, line = with_entries(before, neighbour(catalog, told["group"]), texts)
    draft, wrong = examined_text(text)
    if wrong or draft is None:
        for at, sentence in wrong:
            console.fail(f"{settings.catalog}, line {at}: {sentence}")
        console.say(_again(told))
        return NOTHING_DONE
    zh = language() == "zh"
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
    put(settings.catalog, text.encode())
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
    zh = language() == "zh"
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
            if not options.yes and (known := question.known(catalog, language())):
                console.say(f"  {known}")
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


def neighbour(catalog: Catalog, group: str) -> str:
    """The last indicator of a group, behind which a new one goes."""
    return next((one.id for one in reversed([*catalog.all()]) if one.group == group), "")


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
    zh = language() == "zh"
    for trial in tried(settings, catalog, names):
        told = f"{trial.indicator}, {trial.source}: {trial.problem}"
        if trial.is_unreachable:
            console.say(told)
            later = "以后再试也可写入？" if zh else "Write it untried?"
            if not options.yes and not _agreed(later):
                return False
        elif trial.problem:
            console.fail(told)
            return False
        else:
            _show(trial, zh)
    return True


def _show(trial: Trial, zh: bool) -> None:
    name, source, rows = trial.indicator, trial.source, trial.rows
    if not rows:
        console.say(
            f"{name}，{source}：还没有数值。" if zh else f"{name}, {source}: no values yet."
        )
        return
    told = "，".join if zh else ", ".join
    shown = told(f"{row.date} {row.value:,.10g}" for row in rows[-SHOWN_ROWS:])
    console.say(f"{name}，{source}：{len(rows):,} 个数值，最近：{shown}" if zh else
                f"{name}, {source}: {len(rows):,} values, the newest: {shown}")  # fmt: skip
