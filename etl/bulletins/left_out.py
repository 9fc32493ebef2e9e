"""What of a file is not in its bulletin: said by kind where it is known, and found by comparing
every letter of the file with those of the bulletin where it is not."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from etl.bulletins.model import Bulletin
from etl.bulletins.parts import CONTACT, DATE, SUMMARY, names_a_part, numeral
from etl.bulletins.plain import counted
from etl.errors import quoted

#: How many letters of what is left out are shown, and of how many places.
MOST_SHOWN, MOST_PLACES = 24, 20
#: How often words that are not where they are expected are looked for everywhere.
MOST_SEARCHES = 2_000
_LONG, _NEAR = 8, 10_000
_NOT_LETTERS = re.compile(r"[\W_]+")
_PHRASE = re.compile(r"[^\W_]+(?:[.,][^\W_]+)*")
#: What only counts the headings and entries of a list.
_MARK = re.compile(
    r"\s*(?:#{1,6}\s+)?(?:[•●▪■◆‣*+-]\s+)?(?:0\d(?=\s)|第[一二三四五六七八九十\d]{1,3}(?:部分|章|节|篇)"
    r"|[(（\[［【]?\s*(?:[一二三四五六七八九十]{1,3}|\d{1,3})\s*[)）\]］】、．.])"
)

Entry = tuple[str, str, list[str]]


@dataclass(slots=True)
class LeftOut:
    """What is left out so far: what it is, the noun it is counted by, and its texts ('' for what
    has no words)."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, what: str, noun: str, *texts: str) -> None:
        """One more text or more of a kind."""
        if not texts:
            return
        for known, counted_by, found in self.entries:
            if (known, counted_by) == (what, noun):
                found.extend(texts)
                return
        self.entries.append((what, noun, list(texts)))

    def extend(self, entries: Iterable[Entry]) -> None:
        for what, noun, texts in entries:
            self.add(what, noun, *texts)

    @property
    def words(self) -> Iterator[str]:
        """All texts that are said to be left out."""
        for _, _, texts in self.entries:
            yield from texts

    def sentences(self) -> Iterator[str]:
        """What is left out, each kind with its first words."""
        for what, noun, texts in self.entries:
            count = counted(len(texts), noun)
            said = f"{what} ({count})" if what else count
            shown = first_words(texts)
            yield f"{said}: {shown}" if shown else said


def first_words(texts: Iterable[str]) -> str:
    """How some texts begin, as one line."""
    shown = ""
    for text in texts:
        line = quoted(text) if text.strip() else ""
        shown += f"{' / ' if shown and line else ''}{line}"
        if len(shown) > MOST_SHOWN:
            return f"{shown[:MOST_SHOWN]}…"
    return shown


def unaccounted(source: Sequence[str], bulletin: Bulletin, said: LeftOut) -> list[str]:
    """The words of the source that are neither in the bulletin nor said to be left out. Letters and
    digits count; dates count however they are written, numbers of headings and entries do not."""
    kept = _Account((*_texts(bulletin), *said.words))
    lines = [
        (at, line, letters) for at, line in enumerate(map(_without_label, source))
        if (letters := _letters(line))
    ]  # fmt: skip
    open_: list[tuple[int, str, str]] = []
    for at, line, letters in lines:
        if len(letters) < _LONG or not kept.take(at, letters):
            open_.append((at, line, letters))
    lost: list[str] = []
    for at, line, letters in open_:
        if not kept.take_near(at, letters):
            lost += _lost_phrases(kept, at, line)
    return lost


def _lost_phrases(kept: _Account, at: int, line: str) -> Iterator[str]:
    """The runs of phrases of a line that are nowhere."""
    mark = _MARK.match(line)
    rest = line[mark.end() :] if mark else line
    if kept.take_near(at, _letters(rest)):
        return
    run: list[str] = []
    for phrase in [found[0] for found in _PHRASE.finditer(_dated(rest))]:
        if kept.take_near(at, _letters(phrase)):
            yield from (" ".join(run),) if run else ()
            run = []
        else:
            run.append(phrase)
    yield from (" ".join(run),) if run else ()


def _without_label(line: str) -> str:
    """A line without the name of a part that every bulletin has."""
    summary = SUMMARY.fullmatch(line)
    if summary or not names_a_part(line) or CONTACT.match(line):
        return (summary[1] or "") if summary else line
    return ""


class _Account:
    """The letters of what is kept, each of which accounts for one of the source."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.letters = "\n".join(filter(None, map(_letters, texts)))
        self.used = bytearray(len(self.letters))
        self.cursor = self.near = 0
        self.searches = 0
        self.places: list[tuple[int, int]] = []

    def take(self, at: int, letters: str) -> bool:
        """Account for a long text: where the one before it ended, or anywhere."""
        start = self._free(letters, self.cursor)
        if start < 0:
            start = self._free(letters, 0)
        if start >= 0:
            self.cursor = self._use(start, letters)
            self.places.append((at, self.cursor))
        return start >= 0

    def take_near(self, at: int, letters: str) -> bool:
        """Account for any text: behind what stands before it in the source, or anywhere."""
        if not letters:
            return True
        before = max(self._before(at), self.near)
        start = self._free(letters, before)
        if start < 0:
            start = self._free(letters, 0)
        if start >= 0:
            stop = self._use(start, letters)
            self.near = stop if before <= start < before + _NEAR else self.near
        return start >= 0

    def _before(self, at: int) -> int:
        behind = bisect_left(self.places, at, key=itemgetter(0))
        return self.places[behind - 1][1] if behind else 0

    def _free(self, letters: str, start: int) -> int:
        """Where the letters stand and account for nothing yet; -1 for nowhere."""
        found = start - 1
        while self.searches < MOST_SEARCHES:
            found = self.letters.find(letters, found + 1)
            if found < 0 or self.used.find(1, found, found + len(letters)) < 0:
                self.searches += found < 0 or found > start + _NEAR
                return found
            self.searches += 1
        return -1

    def _use(self, start: int, letters: str) -> int:
        stop = start + len(letters)
        self.used[start:stop] = b"\1" * len(letters)
        return stop


def _letters(text: str) -> str:
    return _NOT_LETTERS.sub("", text).casefold()


def _dated(text: str) -> str:
    """The text with its dates in one form."""
    return DATE.sub(lambda day: f" {int(day[1]):04}{int(day[2]):02}{int(day[3]):02} ", text)


def _texts(bulletin: Bulletin) -> Iterator[str]:
    """Everything that a bulletin says, in the order of files; its title may stand there twice."""
    yield from (bulletin.title, bulletin.title, bulletin.publisher, bulletin.date.isoformat())
    yield bulletin.summary
    for section in bulletin.sections:
        yield f"{numeral(section.number)} {section.title}"
        yield from section.paragraphs
    yield from bulletin.judgement
    for one in bulletin.references:
        day = one.date.isoformat() if one.date else ""
        yield f"{one.number} {one.publisher or ''} {one.title} {day} {one.use}"
