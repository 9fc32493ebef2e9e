"""Command lines in the language of whoever types them: `--lang`, or else the locale."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NoReturn

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from etl.errors import in_words
from etl.texts import LANGS, in_chinese, told

#: The variables that say the language of a person, those first that overrule the others.
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
#: The colon behind a heading of a help.
_HEADING = re.compile(r"(?<=^\S)(.*):$", re.MULTILINE)


def language_of(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """The language that is asked for: the last `--lang`, before or behind the command, or that of
    the locale; en where neither names one."""
    asked = ""
    for one, following in pairwise([*arguments, ""]):
        if one == "--":
            break
        if one == "--lang":
            asked = following
        elif one.startswith("--lang="):
            asked = one.removeprefix("--lang=")
    if asked in LANGS:
        return asked
    locale = next(filter(None, (environ.get(name, "") for name in _LOCALE)), "")
    return "zh" if locale.lower().startswith("zh") else "en"


class _Language:
    """In which language people are told on this machine's terminal."""

    told = "en"


def speak_in(lang: str) -> None:
    """The language of all that commands say from now on."""
    _Language.told = lang


def language() -> str:
    """The language in which people are told."""
    return _Language.told


def said(text: str) -> str:
    """What a command says, in that language; as it is where there are no words for it."""
    return told(text, _Language.told)


def wrong(sentence: str) -> str:
    """What a command says of an error, in that language."""
    return (
        f"{'错误：' if _Language.told == 'zh' else 'error: '}{in_words(sentence, _Language.told)}"
    )


class CommandLine(argparse.ArgumentParser):
    """A parser whose help and errors are in `lang`, and which takes `--lang`, as each of its
    commands does. A command with a `--lang` of its own, which also says in what language the
    answer is, is made with `conflict_handler="resolve"`."""

    def __init__(self, *, lang: str, **options: Any) -> None:
        self.lang = lang
        self.commands: dict[str, CommandLine] = {}
        super().__init__(formatter_class=partial(_Help, lang=lang), **options)
        self.add_argument(
            "--lang", choices=LANGS, default=argparse.SUPPRESS,
            help="the language of what is said here; that of the locale unless given",
        )  # fmt: skip

    def add_subparsers(self, **options: Any) -> Any:
        options["parser_class"] = self._command
        return super().add_subparsers(**options)

    def _command(self, **options: Any) -> CommandLine:
        made = CommandLine(lang=self.lang, **options)
        return self.commands.setdefault(made.prog, made)

    def options_told(self) -> Iterator[tuple[str, str]]:
        """Each option and argument, and what is said of it."""
        for action in self._actions:
            yield "/".join(action.option_strings) or action.dest, action.help or ""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        head = "错误：" if self.lang == "zh" else "error: "
        self.exit(2, f"{self.prog}: {head}{in_words(message, self.lang)}\n")


class _Help(argparse.HelpFormatter):
    """Help in a language. Chinese is broken by its width on the screen."""

    def __init__(self, prog: str, *, lang: str) -> None:
        super().__init__(prog)
        self.lang = lang

    def add_usage(
        self, usage: str | None, actions: Any, groups: Any, prefix: str | None = None
    ) -> None:
        if prefix is None and self.lang == "zh":
            prefix = "用法："
        super().add_usage(usage, actions, groups, prefix)

    def start_section(self, heading: str | None) -> None:
        super().start_section(self._said(heading))

    def add_text(self, text: str | None) -> None:
        super().add_text(self._said(text))

    def _said(self, text: str | None) -> str | None:
        return (in_chinese(text) or text) if text and self.lang == "zh" else text

    def _metavar_formatter(
        self, action: argparse.Action, default_metavar: str
    ) -> Callable[[int], tuple[str, ...]]:
        """What stands for a value in Chinese; commands and choices, in small letters, are typed as
        they are, whatever the same word means elsewhere."""
        names = super()._metavar_formatter(action, default_metavar)
        return lambda count: tuple(
            name if f"{name}".islower() else f"{self._said(name)}" for name in names(count)
        )

    def add_argument(self, action: argparse.Action) -> None:
        super().add_argument(action)
        if action.help is not argparse.SUPPRESS:
            width = self._current_indent + cell_len(self._format_action_invocation(action))
            self._action_max_length = max(self._action_max_length, width)

    def _format_action(self, action: argparse.Action) -> str:
        """Name and help in their columns: a Chinese character is two wide."""
        name = self._format_action_invocation(action)
        return (
            super()
            ._format_action(action)
            .replace(name + " " * (cell_len(name) - len(name) + 2), f"{name}  ", 1)
        )

    def format_help(self) -> str:
        text = super().format_help()
        return _HEADING.sub(r"\1：", text) if self.lang == "zh" else text

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return self._said(action.help)

    def _split_lines(self, text: str, width: int) -> list[str]:
        if self.lang != "zh":
            return super()._split_lines(text, width)
        return [line.plain.rstrip() for line in Text(text).wrap(Console(width=width), width)]

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = self._split_lines(text, width - len(indent))
        return "\n".join(f"{indent}{line}" for line in lines)
