"""Markdown as the words of its blocks, for text that is set in Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from html import unescape
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token

from etl.bulletins.left_out import LeftOut
from etl.bulletins.plain import BREAK, Dropped, is_wide, join, plain
from etl.bulletins.tables import pipe_row, pipe_tables, spaced_tables, table_text

_JAVASCRIPT = re.compile(r"\s*javascript:", re.IGNORECASE)
_MARKED = re.compile(r"[\\*_~`\[\]<&!]")
_FOOTNOTE = re.compile(r"(?<!\\)\[\^[^\]\s]{1,40}\](:[ \t]*)?")
# What Obsidian and GitHub write before a task and a box.
_SIGN = re.compile(r"^(\s*(?:[-*+]|>)\s*)\[(?:[ xX]|!\w+)\][+-]?(?=\s|$)", re.MULTILINE)
_CAPTION = re.compile(r"(?:图|▲|△|↑|图源|来源|数据来源|资料来源|figure)", re.IGNORECASE)
MOST_CAPTION = 80


class _WideState(StateInline):
    """Emphasis may begin and end beside Chinese letters and marks, where CommonMark asks for
    spaces; a star between digits is none."""

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803
        found = super().scanDelims(start, canSplitWord)
        before = self.src[start - 1 : start]
        after = self.src[start + found.length : start + found.length + 1]
        if before.isdigit() and after.isdigit():
            return Scanned(False, False, found.length)
        is_beside_wide = any(map(is_wide, (*before, *after)))
        if is_beside_wide and (found.length > 1 or self.src[start] != "_"):
            return Scanned(bool(after.strip()), bool(before.strip()), found.length)
        return found


class _WideInline(ParserInline):
    def parse(
        self, src: str, md: MarkdownIt, env: MutableMapping[str, Any], tokens: list[Token]
    ) -> list[Token]:
        state = _WideState(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


class _Commonmark(MarkdownIt):
    """CommonMark that takes any address for a link: only the words of a link are kept."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 (the name is markdown-it's)
        return True


def _parser() -> MarkdownIt:
    parser = _Commonmark()
    parser.inline = _WideInline()
    return parser.configure("commonmark", {"html": False, "maxNesting": 40}).enable("strikethrough")


_MARKDOWN = _parser()


class MarkdownBlock(NamedTuple):
    """A block: `level` of a heading or 0, its lines of words and tables, the line of the source it
    begins on; `number` where it begins an entry of a list that is in no other; how deep it lies."""

    level: int
    lines: list[str]
    line: int = 0
    number: int | None = None
    depth: int = 0

    @property
    def words(self) -> str:
        return join(self.lines)


class MarkdownWords:
    """Reads a text as blocks; what is no word of them goes to `left_out` and `dropped`."""

    def __init__(self, left_out: LeftOut, dropped: Dropped) -> None:
        self.left_out, self.dropped = left_out, dropped

    def blocks(self, source: str) -> list[MarkdownBlock]:
        """The blocks of the text in their order, and below them what only links refer to."""
        env: dict[str, Any] = {}
        tokens = _MARKDOWN.parse(without_footnotes(source), env)
        found = list(self._blocks(tokens))
        for name, one in env.get("references", {}).items():
            words = " ".join(filter(None, (name, one.get("title"))))
            self.left_out.add("names of links", "name", words)
        return found

    def _blocks(self, tokens: Sequence[Token]) -> Iterator[MarkdownBlock]:
        below_picture = False
        for at, token in enumerate(tokens):
            if token.type not in {"inline", "fence", "code_block"}:
                continue
            if token.type != "inline":
                yield MarkdownBlock(0, list(self._plain_lines(token.content)))
                continue
            opener = tokens[at - 1]
            lines = self._lines(token)
            if below_picture and _is_caption(token, lines):
                self.left_out.add("captions of pictures", "line", *lines)
                continue
            has_picture = any(c.type == "image" for c in token.children or ())
            captions = [line for line in lines if has_picture and _CAPTION.match(line)]
            self.left_out.add("captions of pictures", "line", *captions)
            lines = [line for line in lines if line not in captions]
            below_picture = has_picture and not lines
            if lines:
                yield MarkdownBlock(
                    _level(opener, lines),
                    lines,
                    token.map[0] if token.map else 0,
                    _number(tokens[at - 2] if at > 1 else opener),
                    token.level,
                )

    def _plain_lines(self, content: str) -> Iterator[str]:
        lines = content.split("\n")
        tables = dict(spaced_tables(lines))
        end = 0
        for at, line in enumerate(lines):
            rows = tables.get(at, [])
            table = table_text([[self._plain(cell) for cell in row] for row in rows])
            if table:
                yield table
                end = at + len(rows)
            elif at >= end and (words := self._plain(line)):
                yield words

    def _lines(self, token: Token) -> list[str]:
        """The lines of a paragraph, each table in it as one."""
        source = token.content.split("\n")
        found: list[str] = []
        end = 0
        for start, stop in pipe_tables(source) if "|" in token.content else ():
            rows = [pipe_row(line) for line in source[start:stop]]
            if start + 1 < stop and not _RULE_CELL.search("".join(rows[1])):
                del rows[1]
            table = table_text([[self._cell(cell) for cell in row] for row in rows])
            if table:
                found += [*self._rendered("\n".join(source[end:start])), table]
                end = stop
        if end:
            return [*found, *self._rendered("\n".join(source[end:]))]
        return list(self._words(token.children or ()))

    def _cell(self, source: str) -> str:
        words = self._rendered(source) if _MARKED.search(source) else [self._plain(source)]
        return " ".join(words)

    def _rendered(self, source: str) -> list[str]:
        (token,) = _MARKDOWN.parseInline(source) if source.strip() else (Token("inline", "", 0),)
        return list(self._words(token.children or ()))

    def _words(self, children: Iterable[Token]) -> Iterator[str]:
        """The words of inline tokens, a line a piece."""
        lines, struck = [""], [""]
        depth = 0
        for child in children:
            if child.type in {"s_open", "s_close"}:
                depth += child.nesting
                if not depth:
                    self.left_out.add("text struck through", "piece", *struck)
                    struck = [""]
            elif child.type in {"softbreak", "hardbreak"}:
                lines.append("")
            elif child.type == "link_open":
                if _JAVASCRIPT.match(str(child.attrGet("href") or "")):
                    self.dropped.script_links.append("")
            elif child.type == "image":
                self.left_out.add("pictures", "picture", self._plain(child.content))
            elif depth:
                struck[0] += child.content
            else:
                lines[-1] += child.content
        for line in lines:
            yield from filter(None, map(self._plain, line.split(BREAK)))

    def _plain(self, text: str) -> str:
        return plain(text, self.dropped)


_LINK_TARGET = re.compile(
    r"(?<!\\)\](?:\((?:[^()\n\\]|\\.|\([^()\n]*\))*\)|\[[^\[\]\n]*\]|:[ \t]*\S+)"
)
_HASHES = re.compile(r"^\s*#{1,6}\s+|\s+#+\s*$")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_ESCAPE_OR_ENTITY = re.compile(r"\\([!-/:-@\[-`{-~])|&#?\w{1,32};")
_RULE_CELL = re.compile(r"[^\s:-]")


def source_lines(source: str) -> Iterator[str]:
    """The lines of a text in Markdown without its markup, told without a parser: nothing that one
    drops is missing here."""
    for line in _LINK_TARGET.sub("]", without_footnotes(source)).split("\n"):
        if not _FENCE.match(line):
            words = _ESCAPE_OR_ENTITY.sub(lambda found: found[1] or unescape(found[0]), line)
            yield _HASHES.sub("", words)


def without_footnotes(source: str) -> str:
    """The text without the marks of footnotes and tasks; what a footnote says is a paragraph."""
    source = _FOOTNOTE.sub("", source) if "[^" in source else source
    return _SIGN.sub(r"\1", source)


def _level(opener: Token, lines: Sequence[str]) -> int:
    """The depth of a heading. A line of dashes below a sentence only sets it apart."""
    if opener.type != "heading_open":
        return 0
    is_underlined = opener.markup in {"-", "="}
    is_text = is_underlined and (len(lines) > 1 or len(lines[0]) > 40 or lines[0][-1] in "。！？；")
    return 0 if is_text else int(opener.tag[1:])


def _number(outer: Token) -> int | None:
    if outer.type != "list_item_open" or outer.level != 1:
        return None
    return int(outer.info) if outer.info else 0


def _is_caption(token: Token, lines: Sequence[str]) -> bool:
    """Whether a paragraph below a picture is its caption: it says so, or is set in italics."""
    children = token.children or []
    is_set_apart = len(children) > 1 and (children[0].type, children[-1].type) == (
        "em_open", "em_close",
    )  # fmt: skip
    words = join(lines)
    return len(words) <= MOST_CAPTION and (is_set_apart or bool(_CAPTION.match(words)))
