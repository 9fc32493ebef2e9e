"""Plain text: what is left of any text when markup and invisible characters are gone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

_SPACES = re.compile(r"\s+")
_HIDDEN = re.compile(r"<(?:(?P<name>script|style)\b[^<>]*>|!--)", re.IGNORECASE)
_HIDDEN_END = {
    "script": re.compile(r"</script\s*>", re.IGNORECASE),
    "style": re.compile(r"</style\s*>", re.IGNORECASE),
    "": re.compile(r"-->"),
}
_AUTOLINK = re.compile(
    r"<((?!(?:javascript|vbscript|data):)[a-z][a-z0-9+.-]{1,31}:[^\s<>]*|[\w.+-]+@[\w.-]+)>",
    re.IGNORECASE,
)
# A tag may run over a line end, but not over the end of a paragraph.
_TAG = re.compile(
    rf"(?!{_AUTOLINK.pattern})<(?:/?[a-z][a-z0-9:._-]*(?=[\s/>\"'=])|[!?][a-z\[])"
    r"(?:(?:\"[^\"<]*\"|'[^'<]*'|[^<>\"'\n]|\n(?!\s*\n))*|(?:[^<>\n]|\n(?!\s*\n))*)>"
    r"|<(?:javascript|vbscript|data):[^<>\n]*>",
    re.IGNORECASE,
)
_SCRIPT_LINK = re.compile(r"!?\[([^\[\]]*)\]\(\s*javascript:(?:[^()]|\([^()]*\))*\)", re.IGNORECASE)
_SCRIPT_ADDRESS = re.compile(r"javascript:[^\s，。；！？）》”]+", re.IGNORECASE)
_BREAKS = re.compile(r"<(?:br|hr|/?(?:p|div|li|tr|td|th|h[1-6]|blockquote))\b", re.IGNORECASE)
_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]")
#: Where a tag has ended a line (the line separator of Unicode).
BREAK = "\u2028"
_PASSES = 20
# Putting marks that are piled on one letter in order takes the square of their number. No letter of
# any language bears more than thirty (UAX #15, stream-safe text).
_LETTERS = (*range(0x1F000), *range(0xE0000, 0xE0100))


@cache
def _pile() -> re.Pattern[str]:
    """Marks beyond the thirtieth of a pile. It takes a while to make, which most commands need
    not."""
    marks = "".join(re.escape(c) for c in map(chr, _LETTERS) if unicodedata.combining(c))
    return re.compile(f"([{marks}]{{30}})[{marks}]+")


@cache
def _unseen() -> re.Pattern[str]:
    """What nobody sees, and what YAML cannot hold."""
    hidden = "".join(
        re.escape(c) for c in map(chr, _LETTERS) if unicodedata.category(c) in {"Cc", "Cf"}
    )
    return re.compile(f"[\ud800-\udfff\ufffe\uffff{hidden}]")


@dataclass(slots=True)
class Dropped:
    """What was dropped on the way to plain text."""

    tags: list[str] = field(default_factory=list)
    script_links: list[str] = field(default_factory=list)

    @property
    def entries(self) -> list[tuple[str, str, list[str]]]:
        """The same as `LeftOut` takes it; of tags only words that no tag has."""
        words = [tag if _WIDE.search(tag) else "" for tag in self.tags]
        return [("", "HTML tag", words), ("", "javascript: link", [""] * len(self.script_links))]


def plain(text: str, dropped: Dropped | None = None) -> str:
    """The words of `text` on one line: NFC, single spaces, no tags, nothing invisible.

    Applying it twice changes nothing, although dropping one tag may put another together.
    """
    dropped = dropped if dropped is not None else Dropped()
    for _ in range(_PASSES):
        before, text = text, _plainer(text, dropped)
        if text == before:
            return text
    return plain(text.replace("<", ""), dropped)  # nested on purpose: not worth more passes


def _plainer(text: str, dropped: Dropped) -> str:
    text = text if text.isascii() else unicodedata.normalize("NFC", _pile().sub(r"\1", text))
    text = _SPACES.sub(" ", text)
    text = _AUTOLINK.sub(r"\1", without_tags(visible(text), dropped))
    dropped.script_links += _SCRIPT_LINK.findall(text)
    text = _SCRIPT_LINK.sub(r"\1", text)
    dropped.script_links += _SCRIPT_ADDRESS.findall(text)
    return _SCRIPT_ADDRESS.sub("", text).strip()


def visible(text: str) -> str:
    """Without zero-width, control and surrogate characters; YAML cannot hold U+FFFE and U+FFFF."""
    if text.isascii() and text.isprintable():
        return text
    return _unseen().sub("", text)


def without_tags(text: str, dropped: Dropped) -> str:
    """Without complete tags; as many line ends as before, so that line numbers stay true. Where a
    tag sets words apart stands a `BREAK`."""

    def drop(found: re.Match[str]) -> str:
        dropped.tags.append(found[0])
        return "\n" * found[0].count("\n") or (BREAK if _BREAKS.match(found[0]) else "")

    return _TAG.sub(drop, _without_hidden(text, dropped)) if "<" in text else text


def _without_hidden(text: str, dropped: Dropped) -> str:
    """Without comments, scripts and style sheets, their content included."""
    kept: list[str] = []
    done = 0
    endless: set[str] = set()  # looked for once in vain: keeps the time linear
    while opening := _HIDDEN.search(text, done):
        kind = (opening["name"] or "").lower()
        closing = None if kind in endless else _HIDDEN_END[kind].search(text, opening.end())
        kept.append(text[done : opening.start()])
        if closing:
            hidden = text[opening.start() : closing.end()]
            dropped.tags += ["", hidden] if kind else [hidden]
            done = closing.end()
            kept.append("\n" * text.count("\n", opening.start(), done))
        else:
            endless.add(kind)
            done = opening.end()
            kept.append(opening[0])
    return "".join(kept) + text[done:]


def join(pieces: Iterable[str]) -> str:
    """Lines as one: a space only where Latin words would otherwise run together."""
    joined: list[str] = []
    for piece in filter(None, pieces):
        if joined and not _is_tight(joined[-1][-1], piece[0]):
            joined.append(" ")
        joined.append(piece)
    return "".join(joined)


def _is_tight(left: str, right: str) -> bool:
    marks = _is_wide_mark(left) or _is_wide_mark(right)
    return marks or (is_wide(left) and is_wide(right))


def is_wide(character: str) -> bool:
    """Whether a letter or mark is set in full width."""
    return unicodedata.east_asian_width(character) in "WF"


def _is_wide_mark(character: str) -> bool:
    category = unicodedata.category(character)
    return category.startswith("P") and (is_wide(character) or character in "“”‘’—…·")


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
