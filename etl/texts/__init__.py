"""Words in both languages: the named texts of a package, and the Chinese of what the programs say.

Pages take their words by name, from zh.yaml and en.yaml of their package. The commands and the
errors are written in English where they arise; sentences.yaml beside this file has the Chinese of
each, and `in_chinese` finds it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
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
_MOST_ENDS, _MOST_DEEP, _MOST_LETTERS = 12, 4, 4_000
_BLANK, _COUNT = re.compile(r"\{(\w+)\}"), re.compile(r"-?[\d.,]*\d(?:e[-+]?\d+)?")
_END = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=\S);\s+")
_PLACE = re.compile(r"(?P<path>[^:]+), line (?P<line>\d+): ")
_COLON = re.compile(r": ")


class _Pattern:
    """A sentence with blanks: how it is known again, and its Chinese. Its pieces are looked for
    from left to right and once, so that no text makes that long."""

    def __init__(self, english: str, chinese: str) -> None:
        pieces = _BLANK.split(english)
        (self.first, *self.between, self.last), self.names = pieces[::2], pieces[1::2]
        self.chinese, self.letters = chinese, sum(map(len, pieces[::2]))
        # What a sentence is about stands before a colon, and is no part of it.
        self.open = {
            name
            for name in self.names
            if name.startswith(("said", "list", "words")) or _is_own(name)
        }
        if english.endswith((".", "?", ")")):
            self.open.update(self.names[0 if self.first else 1 :])

    def told(self, text: str, depth: int) -> str | None:
        """The Chinese of a text that has this form."""
        end = len(text) - len(self.last)
        if not (text.startswith(self.first) and text.endswith(self.last)):
            return None
        at, blanks = len(self.first), dict[str, str]()
        for name, piece in zip(self.names, [*self.between, None], strict=True):
            stop = end if piece is None else text.find(piece, at, end)
            said = text[at:stop]
            if stop < at or not self._fits(name, said):
                return None
            blanks[name], at = said, stop + len(piece or "")
        filled = {name: _blank(name, said, depth) for name, said in blanks.items()}
        return None if None in filled.values() else self.chinese.format(**filled)

    def _fits(self, name: str, said: str) -> bool:
        if name.startswith("count"):
            return bool(_COUNT.fullmatch(said))
        return name in self.open or ": " not in said


class _Sentences:
    """Every sentence of sentences.yaml: those without blanks, and the others by how they begin,
    those first that leave the least open."""

    def __init__(self, written: Mapping[str, str]) -> None:
        self.fixed = {said: words for said, words in written.items() if not _BLANK.search(said)}
        self.patterns: dict[str, list[_Pattern]] = defaultdict(list)
        for said, words in written.items():
            if _BLANK.search(said):
                one = _Pattern(said, words)
                self.patterns[one.first[:1]].append(one)
        for found in self.patterns.values():
            found.sort(key=lambda one: (-one.letters, len(one.names)))

    def whole(self, text: str, depth: int) -> str | None:
        """The Chinese of one sentence."""
        fixed = self.fixed.get(text)
        if fixed is not None:
            return fixed
        likely = (*self.patterns.get(text[:1], ()), *self.patterns.get("", ()))
        return next(filter(None, (one.told(text, depth) for one in likely)), None)


@cache
def _sentences() -> _Sentences:
    path = Path(__file__).with_name("sentences.yaml")
    return _Sentences(yaml.load(path.read_text("utf-8"), yaml.CSafeLoader))


def told(text: str, lang: str) -> str:
    """What a program says, for people who read `lang`; as it is where its Chinese is not known."""
    return (lang == "zh" and in_chinese(text)) or text


def in_chinese(text: str) -> str | None:
    """The Chinese of what a program says, with what it quotes as it is; None where it is not
    known."""
    said = text.strip()
    found = _told(said, 0) if len(text) <= _MOST_LETTERS else None
    return found and text.replace(said, found)


@lru_cache(1024)  # the rest of a text is asked for again behind each of its ends
def _told(text: str, depth: int) -> str | None:
    """A sentence; several; or one behind the place that it is about."""
    if depth > _MOST_DEEP:
        return None
    known = _sentences()
    placed = _PLACE.match(text)
    if placed:
        rest = _told(text[placed.end() :], depth + 1)
        return rest and f"{placed['path']} 第 {placed['line']} 行：{rest}"
    whole = known.whole(text, depth)
    if whole is not None:
        return whole
    for end in list(_END.finditer(text))[:_MOST_ENDS]:
        first = known.whole(text[: end.start()], depth)
        if first is not None:
            rest = text[end.end() :]
            return f"{first}{'；' if end[0][0] == ';' else ''}{_told(rest, depth + 1) or rest}"
    for colon in list(_COLON.finditer(text))[:_MOST_ENDS]:
        rest = _told(text[colon.end() :], depth + 1)
        if rest is not None:
            return f"{_place(text[: colon.start()], depth)}：{rest}"
    return None


def _place(head: str, depth: int) -> str:
    """What a sentence is about: something that is known itself, or a name, of a file, an indicator
    or a parameter, which is one word."""
    return (" " in head and _sentences().whole(head, depth)) or head


def _is_own(name: str) -> bool:
    return name.partition("_")[0] == "own"


def _blank(name: str, said: str, depth: int) -> str | None:
    """What fills a blank. `own…` is our own words again, and else this is another sentence; `said…`
    may be, `list…` several of them; all else is quoted as it is (`count…` are digits)."""
    if _is_own(name):
        return _told(said, depth + 1)
    if name.startswith("list"):
        return "、".join(_told(one, depth + 1) or one for one in re.split(r", | and ", said))
    if name.startswith("said"):
        return _told(said, depth + 1) or said
    return said
