"""What every bulletin is made of, however its file is written: numbers, dates, references."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from pathlib import Path

from etl.bulletins.model import Reference
from etl.errors import FileProblem

DIGITS = "一二三四五六七八九"
DATE = re.compile(
    r"(\d{4})\s*(?:年|[-－/.．])\s*(\d{1,2})\s*(?:月|[-－/.．])\s*(\d{1,2})(?!\d)(?:\s*日)?"
)
NUMBERED = re.compile(rf"([{DIGITS}十]{{1,3}})\s*[、．.]\s*(.+)")
JUDGEMENT = re.compile(r"今日判断\s*[:：]?")
REFERENCES = re.compile(r"参考(?:文献|资料)\s*[:：]?")
CONTENTS = re.compile(r"目\s*录|(?:table of )?contents", re.IGNORECASE)
SUMMARY = re.compile(r"摘\s*要(?:\s*[:：]\s*(.*))?")
CONTACT = re.compile(r"联系(?:我们|方式)")
_SEPARATORS = "，,、；;：:。 "


_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d{2})[-_.年]?(\d{2})[-_.月]?(\d{2})日?(?!\d)")
_EIGHT_DIGITS = re.compile(r"(?<![\d.])(20\d{2})(0[1-9]|1[0-2])([0-3]\d)(?![\d.])")
_WEEKDAY = r"(?:星期|礼拜|周)[一二三四五六日天]"
#: What stands beside a date on its line and says nothing more.
_BESIDE_DATE = re.compile(
    rf"\d{{1,2}}\s*[:：时]\s*\d{{2}}(?:\s*[:：分]\s*\d{{2}}秒?|分)?|{_WEEKDAY}"
    r"|(?:发布|报告|更新|编制|统计|刊发)?(?:时间|日期)|date|[^\w]|_",
    re.IGNORECASE,
)
_IN_A_SENTENCE = re.compile(r"[，。；！？,;%％]")
#: How much may stand beside a date, and above it in lines with words.
MOST_BESIDE_DATE, MOST_ABOVE_DATE = 20, 12


def numeral(number: int) -> str:
    """`number` as a heading counts it: 一, 二, … 十一, … 二十; in digits from a hundred on."""
    if not 0 < number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else DIGITS[tens - 1] + "十"
    return head + (DIGITS[ones - 1] if ones else "")


RANKS = {numeral(number): number for number in range(1, 100)}


def without_numeral(text: str) -> tuple[int, str]:
    """The rank that a heading such as `二、芯片` states, or 0; and its words."""
    numbered = NUMBERED.fullmatch(text)
    rank = RANKS.get(numbered[1], 0) if numbered else 0
    return rank, numbered[2] if numbered and rank else text


def names_a_part(text: str) -> bool:
    """Whether a heading opens a part that every bulletin has, and no section."""
    words = without_numeral(text)[1]
    return bool(
        JUDGEMENT.fullmatch(words)
        or REFERENCES.fullmatch(words)
        or SUMMARY.fullmatch(text)
        or CONTENTS.fullmatch(text)
        or CONTACT.match(text)
    )


def reference_of(number: int, text: str) -> Reference:
    """The entry that one line of the list states; a ValueError if its date does not exist."""
    span = _title_span(text)
    if span is None:
        return Reference(number=number, publisher=None, title=text, date=None)
    start, end = span
    publisher = re.sub(r"\s*[:：]$", "", text[:start].strip())
    rest, day = text[end + 1 :].lstrip(_SEPARATORS), None
    if stated := DATE.match(rest):
        day = date_of(stated)
        rest = rest[stated.end() :].lstrip(_SEPARATORS)
    return Reference(
        number=number,
        publisher=publisher or None,
        title=text[start + 1 : end].strip(),
        date=day,
        use=rest.rstrip("。 "),
    )


def _title_span(text: str) -> tuple[int, int] | None:
    """Where the first 《 and its own 》 stand; None if they hold no title."""
    start = text.find("《")
    if start < 0:
        return None
    depth, end = 0, text.rfind("》")
    for at in range(start, len(text)):
        depth += {"《": 1, "》": -1}.get(text[at], 0)
        if not depth:
            end = at
            break
    return (start, end) if text[start + 1 : max(end, 0)].strip() else None


def date_of(stated: re.Match[str]) -> dt.date:
    year, month, day = (int(part) for part in stated.groups())
    return dt.date(year, month, day)


def references(path: Path, entries: Iterable[tuple[int, int, str]]) -> tuple[Reference, ...]:
    """References of (line, number, text)."""
    found = []
    for line, number, text in entries:
        try:
            found.append(reference_of(number, text))
        except ValueError:
            raise FileProblem(
                path,
                f"reference {number} has a date that does not exist; write it like 2026-05-27.",
                line=line,
            ) from None
    return tuple(found)


def no_date(path: Path) -> FileProblem:
    return FileProblem(
        path,
        "the bulletin has no date: write '2026 年 5 月 27 日' under the title, "
        "or give --date 2026-05-27.",
    )


def no_such_date(path: Path, words: str, line: int) -> FileProblem:
    return FileProblem(
        path, f"the date '{words}' does not exist; correct it, or give --date.", line=line
    )


def date_line(text: str) -> re.Match[str] | None:
    """The date of a line that holds a date and a little else; None for a sentence with a date."""
    stated = day_in(text)
    if stated is None:
        return None
    rest = text[: stated.start()] + text[stated.end() :]
    is_little = len(beside_date(rest)) <= MOST_BESIDE_DATE
    return stated if is_little and not _IN_A_SENTENCE.search(rest) else None


def day_in(text: str) -> re.Match[str] | None:
    """The first date of a line, 20260527 included."""
    return DATE.search(text) or _EIGHT_DIGITS.search(text)


def beside_date(text: str) -> str:
    """The words of a line that are neither its date nor a time, a weekday or a label of it."""
    return _BESIDE_DATE.sub("", _EIGHT_DIGITS.sub("", DATE.sub("", text)))


def without_date(text: str, *, with_weekday: bool = True) -> str:
    """A title without the date in it, nor the weekday behind that."""
    stated = day_in(text)
    if stated is None:
        return text.strip()
    weekday = re.match(rf"\s*[（(]?\s*{_WEEKDAY}\s*[)）]?", text[stated.end() :])
    stop = stated.end() + (weekday.end() if weekday and with_weekday else 0)
    rest = text[: stated.start()] + text[stop:]
    rest = re.sub(r"[（(\[【]\s*[)）\]】]", "", rest)
    return " ".join(rest.split()).strip(" |·-—–_：:，,")


def name_of(path: Path) -> tuple[str, dt.date | None]:
    """The title and the date that the name of a file states, as far as it does."""
    stem, day = path.stem, None
    if found := _IN_NAME.search(stem) or DATE.search(stem):
        try:
            day = date_of(found)
        except ValueError:
            found = None
    if found:
        stem = f"{stem[: found.start()]} {stem[found.end() :]}"
    return " ".join(stem.split()).strip(" |·-—–_.（）()[]【】"), day


def no_title(path: Path) -> FileProblem:
    return FileProblem(
        path, "the bulletin has no title: write it as the first line, or name the file after it."
    )


def no_text(path: Path) -> FileProblem:
    return FileProblem(path, "there is no text below the title; a bulletin has a paragraph.")
