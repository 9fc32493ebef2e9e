"""The letters of a text file, whatever encoding an editor's machine wrote them in."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Callable

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
#: How much of a text is looked at, and the parts of it that may be odd.
_LOOKED_AT = 20_000
#: The letters that the text of a bulletin is full of, in both ways of writing.
_USUAL = frozenset(
    "的一是不了在有中大上个人和年月日为以于至市场价股指数收涨跌美元国际经济政策发布企业增长报点公司"
    "個為於場價數漲經濟發佈業長報點國際與對這會說開關後來時過還將進動學產實現點電資訊據請"
)


def decoded(raw: bytes) -> str | None:
    """The text, or None for bytes that are none."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _in(raw, encoding)
    text = _in(raw, "utf-8") or _without_mark(raw)
    if text is not None:
        return text
    # GB18030 takes almost any bytes for Chinese: what is Big5 must be told by its letters.
    chinese, traditional = _in(raw, "gb18030"), _in(raw, "big5hkscs")
    if traditional and (chinese is None or _usual(traditional) > 2 * _usual(chinese)):
        return traditional
    return chinese


def _in(raw: bytes, encoding: str) -> str | None:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _without_mark(raw: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of what is ASCII is zero, or all is Chinese."""
    if len(raw) % 2:
        return None
    texts = [_in(raw, encoding) for encoding in ("utf-16-le", "utf-16-be")]
    return next((text for text in texts if text and _is_text(text)), None)


def _is_text(text: str) -> bool:
    """Whether letters are such as a bulletin has: nearly all Chinese, ASCII or marks, in lines."""
    seen = text[:_LOOKED_AT]
    return _share(seen, _is_known) > 0.97 and _usual(text) > 0.05


def _is_known(letter: str) -> bool:
    return (
        letter in "\r\n\t"
        or letter.isascii()
        or "\u2000" <= letter <= "\u303f"
        or ("\u4e00" <= letter <= "\u9fff" or "\uff00" <= letter <= "\uffef")
    )


def _usual(text: str) -> float:
    seen = [c for c in text[:_LOOKED_AT] if unicodedata.category(c) == "Lo"]
    return _share("".join(seen), _USUAL.__contains__)


def _share(text: str, is_one: Callable[[str], bool]) -> float:
    return sum(map(is_one, text)) / max(len(text), 1)
