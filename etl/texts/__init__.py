"""Words in both languages: the named texts of a package, and the Chinese of what the programs say.

Pages take their words by name, from zh.yaml and en.yaml of their package. The commands and the
errors are written in English where they arise; sentences.yaml beside this file has the Chinese of
each, and `in_chinese` finds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import yaml

#: The languages that there are; what is asked for in another is said in Chinese.
LANGS: Final = ("zh", "en")


class Texts:
    """The words of a package: zh.yaml and en.yaml of its folder, in sections."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, section: str, name: str, lang: str) -> str:
        """The words called `name` in a section; KeyError where there are none."""
        return self.section(section, lang)[name]

    def section(self, section: str, lang: str) -> Mapping[str, str]:
        """All words of a section, by their names."""
        return _sections(self.folder / f"{'en' if lang == 'en' else 'zh'}.yaml")[section]

    def text(self, name: str, lang: str, **values: str) -> str:
        """The words called `name` in the section `texts`, with their blanks filled."""
        return self.of("texts", name, lang).format(**values)

    def every(self) -> Iterator[tuple[str, str, str]]:
        """Each text with its name, in Chinese and in English."""
        for section, found in _sections(self.folder / "zh.yaml").items():
            for name, words in found.items():
                yield f"{section}.{name}", words, self.of(section, name, "en")


@cache
def _sections(path: Path) -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
    return found


#: The ends of sentences looked at, and the depth of a sentence within another: what is said is
#: short, and nothing from outside may make us think for long.
_MOST_ENDS, _MOST_DEEP, _MOST_LETTERS = 40, 6, 4_000
_BLANK = re.compile(r"\{(\w+)\}")
_END = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=\S);\s+")
_PLACE = re.compile(r"(?P<path>.+), line (?P<line>\d+)", re.DOTALL)
_COLON = re.compile(r": ")


class _Pattern:
    """A sentence with blanks: how it is known again, and its Chinese."""

    def __init__(self, english: str, chinese: str) -> None:
        pieces = _BLANK.split(english)
        self.fixed, self.names = pieces[::2], pieces[1::2]
        self.longest = max(self.fixed, key=len)
        self.chinese = chinese
        self.form = re.compile("".join(
            re.escape(piece) + (f"(?P<{name}>.*?)" if name else "")
            for piece, name in zip(self.fixed, [*self.names, ""], strict=True)
        ), re.DOTALL)  # fmt: skip

    def told(self, text: str, depth: int) -> str | None:
        """The Chinese of a text that has this form."""
        found = self.form.fullmatch(text) if self.longest in text else None
        if found is None:
            return None
        return self.chinese.format(
            **{name: _blank(name, said, depth) for name, said in found.groupdict().items()}
        )


class _Sentences:
    """Every sentence of sentences.yaml: those without blanks, and the others, those first that
    leave the least open."""

    def __init__(self, written: Mapping[str, str]) -> None:
        self.fixed = {said: words for said, words in written.items() if not _BLANK.search(said)}
        self.patterns = sorted(
            (_Pattern(said, words) for said, words in written.items() if _BLANK.search(said)),
            key=lambda one: (-sum(map(len, one.fixed)), len(one.names)),
        )

    def whole(self, text: str, depth: int) -> str | None:
        """The Chinese of one sentence."""
        fixed = self.fixed.get(text)
        if fixed is not None:
            return fixed
        return next(filter(None, (one.told(text, depth) for one in self.patterns)), None)


@cache
def _sentences() -> _Sentences:
    path = Path(__file__).with_name("sentences.yaml")
    return _Sentences(yaml.load(path.read_text("utf-8"), yaml.CSafeLoader))


def in_chinese(text: str) -> str | None:
    """The Chinese of what a program says, with what it quotes as it is; None where it is not
    known."""
    return _told(text, 0) if len(text) <= _MOST_LETTERS else None


def _told(text: str, depth: int) -> str | None:
    """A sentence; several; or one behind the place that it is about."""
    if depth > _MOST_DEEP:
        return None
    known = _sentences()
    whole = known.whole(text, depth)
    if whole is not None:
        return whole
    for end in list(_END.finditer(text))[:_MOST_ENDS]:
        first = known.whole(text[: end.start()], depth) or known.whole(text[: end.end()], depth)
        rest = _told(text[end.end() :], depth + 1) if first is not None else None
        if first is not None and rest is not None:
            return f"{first}{'；' if end[0].startswith(';') else ''}{rest}"
    for colon in list(_COLON.finditer(text))[:_MOST_ENDS]:
        rest = _told(text[colon.end() :], depth + 1)
        if rest is not None:
            return f"{_place(text[: colon.start()], depth)}：{rest}"
    return None


def _place(head: str, depth: int) -> str:
    """What a sentence is about: a file and a line, a setting, something that is known itself."""
    lined = _PLACE.fullmatch(head)
    if lined:
        return f"{lined['path']} 第 {lined['line']} 行"
    return _sentences().whole(head, depth) or head


def _blank(name: str, said: str, depth: int) -> str:
    """What fills a blank: `said…` is our own words again, `list…` several of them, all else is
    quoted as it is."""
    if name.startswith("list"):
        return "、".join(_told(one, depth + 1) or one for one in re.split(r", | and ", said))
    if name.startswith("said"):
        return _told(said, depth + 1) or said
    return said
