"""The paragraphs of a web page that somebody saved: its article, without what stands around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from bs4 import BeautifulSoup, Comment, Tag
from bs4.dammit import EncodingDetector
from bs4.element import NavigableString, PreformattedString

from etl.bulletins.document import Lines, Paragraph, with_numerals
from etl.bulletins.encoding import decoded
from etl.bulletins.left_out import LeftOut
from etl.bulletins.parts import MOST_ABOVE_DATE, date_line
from etl.bulletins.plain import plain
from etl.bulletins.tables import MOST_COLUMNS, table_text
from etl.files.bounded import Unreadable

#: A table with a longer cell is there for the looks of the page.
MOST_CELL = 300
#: How many rows the head of a table may be.
MOST_HEADS = 3
_CHINESE = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs"}
_CODE = {"script", "style", "template", "noscript", "iframe", "object", "svg", "canvas"}
_AROUND = {"nav", "aside", "footer", "form", "button", "select", "input", "textarea", "menu"}
_AROUND_ROLES = {"navigation", "banner", "contentinfo", "complementary", "search"}
_AROUND_NAMES = re.compile(
    r"(?:^|[-_ ])(?:nav|navbar|navigation|menu|sidebar|breadcrumbs?|footer|share|sharing|comments?"
    r"|related|recommend\w*|copyright|toolbar|advert\w*|ads?)(?:$|[-_ ])",
    re.IGNORECASE,
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = {
    "p", "div", "section", "article", "main", "header", "ul", "ol", "li", "dl", "dt", "dd", "body",
    "blockquote", "figure", "address", "details", "summary", "center", "caption", "hr", "html",
    "fieldset", "td", "th", "tr", "tbody", "thead", "tfoot",
}  # fmt: skip
_DAYS = ("article:published_time", "pubdate", "publishdate", "publish_date", "date", "dc.date",
         "firstpublishedtime", "og:published_time")  # fmt: skip
_SITE = re.compile(r"\s*[-_|–—－｜].*$")
_AROUND_PAGE, _PICTURES = "parts of the page around the text", "pictures"


def html_lines(raw: bytes) -> Lines:
    """The paragraphs of the page's text, and what of the page is not among them."""
    text = _decoded(raw)
    if "<" not in text:
        raise Unreadable("its name ends in .html but it is no web page; save its text as .txt.")
    try:
        return _HtmlReader(BeautifulSoup(text, "lxml")).lines()
    except RecursionError:
        raise Unreadable("its parts are nested too deep; save its text as .txt.") from None


def _decoded(raw: bytes) -> str:
    declared = EncodingDetector.find_declared_encoding(raw, is_html=True) or ""
    try:
        text: str | None = raw.decode(_CHINESE.get(declared.lower(), declared or "utf-8"))
    except (UnicodeDecodeError, LookupError):
        text = decoded(raw)
    if text is None or "\0" in text:
        raise Unreadable("its letters are in no known encoding; save it as UTF-8.")
    return text


class _HtmlReader:
    def __init__(self, page: BeautifulSoup) -> None:
        self.page = page
        self.left_out = LeftOut()
        self.words = ""
        self.found: list[Paragraph] = []

    def lines(self) -> Lines:
        article = self._article()
        self._walk(article)
        self._flush()
        self._say_around(article)
        source = [one.text for one in self.found]
        paragraphs = [*map(Paragraph, self._head()), *self.found]
        return Lines(tuple(with_numerals(paragraphs)), tuple(self.left_out.entries), tuple(source))

    def _article(self) -> Tag:
        """The part of the page that is its text: the longest article, if it is most of it."""
        body = self.page.body or self.page
        parts = [*body.find_all("article"), *body.find_all("main")]
        longest = max(parts, key=lambda part: len(part.get_text()), default=body)
        return longest if 2 * len(longest.get_text()) > len(body.get_text()) or parts else body

    def _head(self) -> Iterator[str]:
        """The title, and the date where only the head of the page has it."""
        shown = self.found[:MOST_ABOVE_DATE]
        heading = next((one for one in shown if one.level == 1), None)
        if heading:
            self.found.remove(heading)
            yield heading.text
        elif self.page.title and (title := plain(self.page.title.get_text())):
            yield _SITE.sub("", title) or title
        if not any(date_line(one.text) for one in shown):
            yield from self._day()

    def _day(self) -> Iterator[str]:
        for meta in self.page.find_all("meta"):
            name = str(meta.get("property") or meta.get("name") or "").lower()
            day = str(meta.get("content") or "")[:10]
            if name in _DAYS and date_line(day):
                yield day
                return
        for time in self.page.find_all("time"):
            if date_line(day := str(time.get("datetime") or "")[:10]):
                yield day
                return

    def _walk(self, parent: Tag) -> None:
        for child in parent.children:
            if isinstance(child, Tag):
                self._take(child)
            elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                self.words += str(child)

    def _take(self, tag: Tag) -> None:
        name = tag.name
        if name in _CODE:
            self.left_out.add("scripts and styles", "block", "")
        elif _is_around(tag):
            self._leave(_AROUND_PAGE, tag)
        elif _is_hidden(tag):
            self._leave("hidden text", tag)
        elif name in {"s", "del", "strike"}:
            self._leave("text struck through", tag)
        elif name == "figcaption":
            self._leave("captions of pictures", tag)
        elif name == "img":
            self.left_out.add(_PICTURES, "picture", plain(str(tag.get("alt") or "")))
        elif name == "br":
            self._flush()
        elif name == "table":
            self._flush()
            self._table(tag)
        elif name in _HEADINGS:
            self._flush()
            self._walk(tag)
            self._flush(_HEADINGS[name])
        elif name == "pre":
            self._flush()
            for line in tag.get_text().split("\n"):
                self.words = line
                self._flush()
        elif name in _BLOCKS:
            self._flush()
            self._walk(tag)
            self._flush()
        else:
            if "".join(str(tag.get("href")).split()).lower().startswith("javascript:"):
                self.left_out.add("", "javascript: link", "")
            self._walk(tag)

    def _flush(self, level: int = 0) -> None:
        """End the paragraph that was being read."""
        words, self.words = plain(self.words), ""
        if words:
            self.found.append(Paragraph(words, level))

    def _leave(self, what: str, tag: Tag) -> None:
        texts = [plain(text) for text in tag.stripped_strings]
        self.left_out.add(what, "line", *filter(None, texts))

    def _table(self, table: Tag) -> None:
        caption = table.find("caption")
        if isinstance(caption, Tag):
            self._take(caption.extract())
        rows = [] if table.find("table") else list(_grid(table))
        is_frame = any(len(cell) > MOST_CELL for row in rows for cell in row)
        text = "" if is_frame or len(rows) < 2 else table_text(rows)
        if text:
            self.found.append(Paragraph(text))
        else:
            self._walk(table)

    def _say_around(self, article: Tag) -> None:
        """Say what stands outside the article."""
        body = self.page.body
        if body is None or article is body:
            return
        title = self.found[0].text if self.found else ""
        for text in body.find_all(string=True):
            inside = any(up is article or up.name in _CODE for up in text.parents)
            words = "" if inside or isinstance(text, Comment) else plain(str(text))
            if words and words != title:
                self.left_out.add(_AROUND_PAGE, "line", words)


def _is_around(tag: Tag) -> bool:
    """Whether a part of a page is navigation or the like."""
    names = " ".join([*tag.get_attribute_list("class"), str(tag.get("id") or "")])
    is_named = tag.name in {"div", "ul", "section", "ol", "header"} and _AROUND_NAMES.search(names)
    is_banner = tag.name == "header" and tag.find("h1") is None
    return is_banner or tag.name in _AROUND or tag.get("role") in _AROUND_ROLES or bool(is_named)


def _is_hidden(tag: Tag) -> bool:
    style = "".join(str(tag.get("style") or "").split()).lower()
    return tag.has_attr("hidden") or "display:none" in style


def _grid(table: Tag) -> Iterator[list[str]]:
    """The words of the cells of each row; a merged cell says them once, and is empty elsewhere. The
    rows that the first cell reaches over are one head."""
    head: list[list[str]] = []
    first = table.find(["td", "th"])
    heads = _span(first, "rowspan") if isinstance(first, Tag) else 1
    heads = heads if heads <= MOST_HEADS else 1
    taken: dict[int, int] = {}  # columns that a cell above reaches into, and how many rows more
    for row in table.find_all("tr"):
        cells: list[str] = []
        for cell in row.find_all(["td", "th"], recursive=False):
            while taken.get(len(cells), 0) > 0:
                taken[len(cells)] -= 1
                cells.append("")
            rows, columns = _span(cell, "rowspan"), _span(cell, "colspan")
            for at in range(len(cells), len(cells) + columns):
                taken[at] = rows - 1
            cells += [plain(" ".join(cell.stripped_strings)), *[""] * (columns - 1)]
        while taken.get(len(cells), 0) > 0:
            taken[len(cells)] -= 1
            cells.append("")
        if heads > 1:
            head.append(cells)
            heads -= 1
            continue
        if head:
            columns_ = zip_longest(*head, cells, fillvalue="")
            cells, head = [" ".join(filter(None, words)) for words in columns_], []
        if any(cells):
            yield cells


def _span(cell: Tag, name: str) -> int:
    words = str(cell.get(name) or "1")
    return min(int(words), MOST_COLUMNS) if words.isdecimal() and len(words) < 5 else 1
