"""Which lines of a text are headings, where none is numbered 一、; and which lines stand alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from etl.bulletins.parts import DIGITS, date_line, day_in

#: A heading below the title, and one that stands for itself inside a section, in letters.
MOST_LETTERS, MOST_SUBHEAD = 40, 24
_SENTENCE_END = re.compile(r"[。！？!?….][”’」』）)】\"]*$|[”」』]$")
_CUT = re.compile(r"[，、,（(《“—；;]$")
_PAIRS = ("“”", "《》", "（）", "()", "【】", "「」")
_FIGURES = re.compile(r"\d[.,]\d|[%％]")
_BYLINE = re.compile(
    r"(?:来源|作者|编辑|责编|责任编辑|记者|审核|校对|撰文|文|图|供稿|联系人|电话|邮箱|分析师|研究员)\s*[:：/|｜].*"
)
_TWO_DIGITS = re.compile(r"0(\d)\s*[.．、]?\s*(?!\d)(.+)")
_DECIMAL = re.compile(r"(\d{1,2})\s*[.．、)）]\s*(?!\d)(.+)")
_NUMBERED = re.compile(rf"()(?:[{DIGITS}十]{{1,3}}\s*[、．.]|\d{{1,3}}、)\s*(.*)")
#: Ways to mark a heading, the clearest first: the groups are its number, if it has one, and words.
_WAYS = (
    re.compile(r"()[【\[［〖](?!\d+[\]］])([^【】\[\]［］〖〗]+)[】\]］〗]\s*[:：]?"),
    re.compile(r"()第[一二三四五六七八九十\d]{1,3}(?:部分|章|节|篇)[\s:：、.]*(.+)"),
    re.compile(r"()[(（][一二三四五六七八九十]{1,3}[)）]\s*(.+)"),
    _TWO_DIGITS,
    _DECIMAL,
)


def is_sentence(text: str) -> bool:
    """Whether a line ends where a sentence may end."""
    return bool(_SENTENCE_END.search(text))


def is_cut(text: str) -> bool:
    """Whether a line ends in the middle of a sentence for sure."""
    return bool(_CUT.search(text))


def is_byline(text: str) -> bool:
    """Whether a line names who wrote or checked a text: 编辑：…"""
    return bool(_BYLINE.fullmatch(text))


def is_short(text: str) -> bool:
    """Whether a line is so short, and so little a sentence, that it can be a heading."""
    balanced = all(text.count(pair[0]) == text.count(pair[1]) for pair in _PAIRS)
    return 0 < len(text) <= MOST_SUBHEAD and balanced and not (is_sentence(text) or is_cut(text))


def heading_words(text: str) -> str:
    """The words of a heading of Markdown or HTML without its number."""
    found = next(filter(None, (way.fullmatch(text) for way in (_NUMBERED, *_WAYS))), None)
    return found[2].strip() if found else text


def headings(texts: Sequence[str]) -> Mapping[int, str]:
    """Where a text has headings of another form than 一、, and their words; none if its lines are
    all paragraphs. A blank line is ''."""
    filled = [at for at, text in enumerate(texts) if text]
    after = dict(pairwise(filled))
    for way in _WAYS:
        found: dict[int, str] = {}
        numbers: list[int] = []
        for at in filled:
            matched = way.fullmatch(texts[at])
            if matched and len(texts[at]) <= MOST_LETTERS and not is_sentence(texts[at]):
                found[at] = matched[2].strip()
                numbers += [int(matched[1])] if matched[1] else []
        _drop_title(found, texts, filled)
        opens = sum(after.get(at, at) not in found and at in after for at in found)
        if found and numbers == [*range(1, len(numbers) + 1)] and 2 * opens > len(found):
            return found
    found = dict(_short_headings(texts, filled))
    _drop_title(found, texts, filled)
    return found


def _drop_title(found: dict[int, str], texts: Sequence[str], filled: Sequence[int]) -> None:
    """The first line is the title where it holds the date, or stands above it or above its like."""
    if filled and filled[0] in found:
        below = filled[1:2]
        if any(date_line(texts[at]) for at in (filled[0], *below)) or below[0:1] == [*found][1:2]:
            del found[filled[0]]


def _short_headings(texts: Sequence[str], filled: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Short lines between paragraphs: of several in a row the first."""
    wrapped = any(len(texts[at]) > MOST_SUBHEAD and not is_sentence(texts[at]) for at in filled[1:])
    run: list[int] = []
    for place, at in enumerate(filled):
        text = texts[at]
        if place == 0 or is_byline(text) or day_in(text) or "\n" in text:
            run = []
        elif is_short(text) and not _FIGURES.search(text):
            is_apart = not texts[at - 1] and texts[at + 1 : at + 2] == [""]
            run += [at] if is_apart or not wrapped else []
        else:
            if run and (is_sentence(text) or len(text) > MOST_SUBHEAD):
                yield run[0], texts[run[0]].strip("：:■◆●▶▌★•· ")
            run = []


def paragraphs_of(block: Sequence[str]) -> Iterator[list[str]]:
    """The lines of a block as the lines of its paragraphs: a table stands alone, so does a short
    line above a sentence; others are one paragraph, wrapped, unless each ends a sentence."""
    run: list[str] = []
    for text, alone in zip(block, _stand_alone(block), strict=True):
        if "\n" in text or (alone and (not run or is_sentence(run[-1]))):
            yield from _runs(run)
            yield [text]
            run = []
        else:
            run.append(text)
    yield from _runs(run)


def _runs(run: list[str]) -> Iterator[list[str]]:
    if all(map(is_sentence, run)):
        yield from ([text] for text in run)
    else:
        yield run


def _stand_alone(block: Sequence[str]) -> list[bool]:
    """For each line whether it is a short one above a sentence, a long line or its like."""
    found: list[bool] = []
    below, is_heading = "", True  # below the last line stands nothing
    for text in reversed(block):
        is_heading = is_short(text) and _is_above(text, below, is_heading)
        found.append(is_heading)
        below = text
    return found[::-1]


def _is_above(text: str, below: str, is_heading: bool) -> bool:
    if not below or "\n" in below:
        return True
    if "，" in text or "," in text:
        return is_sentence(below) and 2 * len(below) > 3 * len(text)
    is_long = len(below) > MOST_SUBHEAD or ("，" in below and len(below) >= 3 * len(text))
    return is_heading or is_long or (is_sentence(below) and len(below) >= 6)
