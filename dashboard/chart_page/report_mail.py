"""What a reader sends who thinks that a number is wrong: a letter that already says which number it
is, when it was known, and where it can be seen again."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from dashboard.address import ChartAddress, moment_text
from dashboard.export.csv import iso
from dashboard.export.table import Column, Table, frozen, provenance
from dashboard.formatting import plain_number
from dashboard.texts import text
from dashboard.urls import Urls

PAGE = "/corrections"
#: Mail programs and browsers cut longer addresses.
MAX_LETTERS = 2000
#: How long titles and sources may be, tried in turn until the whole is short enough.
_LENGTHS = (80, 40, 20, 8)


@dataclass(frozen=True, slots=True)
class Letter:
    """A subject and the lines of a body."""

    subject: str
    lines: tuple[str, ...]

    def mailto(self, to: str) -> str:
        """The link that opens it, to be sent."""
        body = "\r\n".join(self.lines)
        said = f"subject={quote(self.subject, safe='')}&body={quote(body, safe='')}"
        return f"mailto:{quote(to, safe='@')}?{said}"


def letter(table: Table, urls: Urls) -> Letter:
    """The letter about what a table shows, no longer than a link may be."""
    found = [_letter(table, urls, most) for most in _LENGTHS]
    return next((one for one in found if _fits(one)), found[-1])


def report_link(table: Table, urls: Urls, to: str) -> str:
    """Where 这个数不对 leads: to the letter in a mail, or to the page that shows it to copy."""
    if to:
        return letter(table, urls).mailto(to)
    lasting = frozen(table)
    asked = {
        "ids": lasting.id,
        "with": ",".join(lasting.more),
        "asof": moment_text(lasting.as_of) if lasting.as_of else "",
        **lasting.chosen,
    }
    return urls.page(PAGE, fragment="report", **asked)


def _fits(one: Letter) -> bool:
    return len(one.mailto("x" * 64 + "@" + "x" * 64)) <= MAX_LETTERS


def _letter(table: Table, urls: Urls, most: int) -> Letter:
    columns, seen, lang = table.columns, frozen(table), urls.display.lang
    title = _short(columns[0].indicator.title.in_(lang), most)
    # A frozen chart is the same in every snapshot: its moment says what was known.
    live = [text("report_snapshot", lang, snapshot=table.snapshot.name)]
    return Letter(
        text("report_subject", lang, title=title, id=columns[0].indicator.id),
        (
            *filter(None, [_lasting(seen, urls.online)]),
            *(_line(column, lang, most) for column in columns),
            *(live if table.address.as_of is None else ()),
            "",
            text("report_ask", lang),
            "",
        ),
    )


def _lasting(seen: ChartAddress, urls: Urls) -> str:
    """Where it can be seen again; a static copy may hold the chart without the choices."""
    return urls.chart(seen) or urls.chart(ChartAddress(seen.id, seen.as_of))


def _line(column: Column, lang: str, most: int) -> str:
    """What a column shows last, and where it is from."""
    indicator = column.indicator
    name = f"{indicator.id} {_short(indicator.title.in_(lang), most)}"
    shown = [(v, x) for v, x in column.rows if x is not None]
    if not shown:
        return name
    vintage, value = shown[-1]
    return text(
        "report_value",
        lang,
        which=name,
        day=vintage.date.isoformat(),
        value=f"{plain_number(value)} {column.unit}",
        source=_short(provenance(vintage), most),
        known_at=iso(vintage.known_at),
    )


def _short(words: str, most: int) -> str:
    """Words on one line, cut where they are too long."""
    line = " ".join(words.split())
    return line if len(line) <= most else line[: most - 1] + "…"
