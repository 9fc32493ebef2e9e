"""/bulletins/new, as it is answered to a draft: its statements, checked before it is public. It
lives as long as its answer is made."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from dashboard import formatting
from dashboard.address import AddressError, day_of
from dashboard.data.checking import checked
from dashboard.data.queries import Mentioned
from dashboard.pages.page import Page, PageRequest
from dashboard.pages.parts.marked import GRAVITY, CheckedStatement, MarkedText, Piece
from dashboard.pages.parts.marked_table import Block, block
from dashboard.urls import Urls
from etl.bulletins.bounded import READERS
from etl.bulletins.mentions import HEADING, Mention, mentions, paragraphs
from etl.bulletins.model import Bulletin, ReadBulletin
from etl.bulletins.parts import numeral
from etl.bulletins.read import read_bulletin
from etl.claims.check import TITLE
from etl.errors import FileProblem
from etl.texts import told

PATH = "/bulletins/new"
#: A longer draft is for the command line: every other reader would wait for it.
MOST_LETTERS = 100_000
_KIND = re.compile(r"\.[a-z0-9]{1,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SentDraft:
    """What was typed or pasted, or the bytes of a file of a `kind` such as `.docx`; and the day
    that was given for it, if one was."""

    day: str = ""
    text: str = ""
    file: bytes = b""
    kind: str = ""

    @classmethod
    def of(cls, day: str, text: str, file: bytes, filename: str) -> SentDraft:
        """A file goes before a text."""
        suffix = Path(filename).suffix.lower()
        return cls(day, text, file, suffix if _KIND.fullmatch(suffix) else "")

    def written(self) -> tuple[bytes, str]:
        """The bytes, and the kind of file that they are."""
        if self.file:
            return self.file, self.kind
        is_markdown = self.text.startswith(("---", "#"))
        return self.text.encode(), ".md" if is_markdown else ".txt"


@dataclass(frozen=True, slots=True)
class DraftForm:
    """The box for a draft, with what stands in it."""

    action: str
    text: str = ""
    day: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class DraftSection:
    """A section as it will look."""

    numeral: str
    heading: list[Piece]
    paragraphs: list[Block]


def empty_form(urls: Urls) -> DraftForm:
    return DraftForm(urls.page(PATH))


def layout(request: PageRequest, sent: SentDraft, today: date) -> Page:
    """The draft's statements, the gravest first, then its text with its marks."""
    title = request.say("check_draft")
    action = request.urls.page(PATH)
    try:
        reading, dated = read_sent(sent, today, request.say)
        marked = _marked(request, reading.bulletin)
    except AddressError as error:
        form = DraftForm(action, sent.text, sent.day, str(error))
        return Page(title, "draft", {"form": form, "marked": None}, status=error.status)
    draft = reading.bulletin
    shown = formatting.full_date(draft.date, request.lang)
    return Page(
        title,
        "draft",
        {
            "form": DraftForm(action, sent.text, sent.day),
            "marked": marked,
            "title_pieces": marked.heading(TITLE, 0, draft.title),
            "dated": request.say(dated, day=shown),
            "left_out": [told(one, request.lang) for one in reading.left_out],
            "checked": gravest_first(marked),
            "verdict": _verdict(request, marked),
            "summary": marked.paragraph("summary", 0, draft.summary),
            "sections": [
                DraftSection(
                    numeral(one.number),
                    marked.heading(str(one.number), HEADING, one.title),
                    [
                        block(marked, str(one.number), at, words)
                        for at, words in enumerate(one.paragraphs)
                    ],
                )
                for one in draft.sections
            ],
            "judgement": [
                block(marked, "judgement", at, words) for at, words in enumerate(draft.judgement)
            ],
        },
    )


def gravest_first(marked: MarkedText) -> list[CheckedStatement]:
    """Every statement that was checked: what is wrong, what is in doubt, what is right."""
    return sorted(marked.checked, key=lambda one: (GRAVITY.index(one.verdict), one.number))


def _verdict(request: PageRequest, marked: MarkedText) -> str:
    """One sentence for the whole draft."""
    wrong = sum(placed.claim.verdict == "contradicted" for placed in marked.claims)
    if wrong:
        return request.say("draft_wrong", count=str(wrong))
    return request.say("draft_right" if marked.claims else "draft_silent")


def read_sent(sent: SentDraft, today: date, say: Callable[..., str]) -> tuple[ReadBulletin, str]:
    """The draft, and which words say where its date is from. One without a date that exists is
    read as of today. An AddressError says in words of the site, by `say`, what cannot be read."""
    given = day_of("date", sent.day) if sent.day else None
    raw, kind = sent.written()
    if not raw.strip():
        raise AddressError("draft", say("draft_empty"))
    if kind not in READERS and len(raw) > 4 * MOST_LETTERS:
        raise _too_long(say)
    with TemporaryDirectory() as folder:  # the readers take files; this one is gone once it is read
        path = Path(folder) / f"draft{kind}"
        path.write_bytes(raw)
        try:
            try:
                return read_bulletin(path, date=given), "draft_given" if given else "draft_dated"
            except FileProblem as problem:
                said = str(problem).removeprefix(str(path))
                if given or "date" not in said:
                    raise
            dated = "draft_undated" if "has no date" in said else "draft_misdated"
            return read_bulletin(path, date=today), dated
        except FileProblem as problem:
            words = str(problem).removeprefix(str(path)).lstrip(":, ")
            raise AddressError("draft", words) from None


def require_short(draft: Bulletin, say: Callable[..., str]) -> None:
    """An AddressError for a text that is too long to be checked while people wait."""
    if sum(len(text) for _, _, text in paragraphs(draft)) > MOST_LETTERS:
        raise _too_long(say)


def _too_long(say: Callable[..., str]) -> AddressError:
    return AddressError("draft", say("draft_long", most=f"{MOST_LETTERS:,}"))


def _marked(request: PageRequest, draft: Bulletin) -> MarkedText:
    """The text with its statements, checked as of its day."""
    require_short(draft, request.say)
    snapshot = request.snapshot
    found = placed(mentions(draft, snapshot.catalog))
    return MarkedText(snapshot, request.urls, found, checked(snapshot, draft))


def placed(found: Iterable[Mention]) -> Mapping[tuple[str, int], list[Mentioned]]:
    """Mentions of indicators by part and paragraph."""
    by_place: dict[tuple[str, int], list[Mentioned]] = defaultdict(list)
    for one in found:
        by_place[one.part, one.paragraph].append(Mentioned(one.start, one.stop, one.indicator))
    return by_place
