"""/since and /since/DATE: what became known since a meeting, on one sheet of paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup

from dashboard import formatting
from dashboard.address import AddressError, as_of_in, day_of, moment_text
from dashboard.chart.qr import qr
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot, TooLongError
from dashboard.export.csv import Cell, heads, lines_of
from dashboard.export.csv import Field as CsvField
from dashboard.export.licence import is_free
from dashboard.export.table import frozen_moment
from dashboard.formatting import Change
from dashboard.pages.brief import LinkedSentence, linked
from dashboard.pages.page import Page, PageRequest, message, wrong_parameter
from dashboard.pages.parts.picking import kept_fields
from etl.brief.find import brief
from etl.brief.model import Brief, BriefLevel
from etl.brief.words import BriefLine, deviation_words, lack_words, lead, markdown, named
from etl.records import BEIJING

PATH = "/since"
#: What has room on a sheet of paper; what is left out is counted, and stands in the files.
ROWS, PAPERS, STATEMENTS, LACKS, NAMES = 14, 4, 4, 5, 10
#: Days that are offered to look back to: the newest bulletins, and so many days ago.
BULLETINS, AGO = 4, (7, 30)
COLUMNS = (
    CsvField("indicator", "指标", "text"),
    CsvField("date", "日期", "date"),
    CsvField("value", "数值", "number"),
    CsvField("unit", "单位", "text"),
    CsvField("base_date", "此前日期", "date"),
    CsvField("base_value", "此前数值", "number"),
    CsvField("change", "变动", "number"),
    CsvField("deviation", "标准差倍数", "number"),
    CsvField("source", "来源", "text"),
)


@dataclass(frozen=True, slots=True)
class Span:
    """What is asked for: since the end of which day, and as of which moment, or now."""

    since: date
    as_of: datetime | None
    now: datetime

    @property
    def until(self) -> datetime:
        return self.as_of or self.now


@dataclass(frozen=True, slots=True)
class ShownLevel:
    """A row of the table: an indicator, its newest value, and what it was before."""

    name: str
    title: str
    href: str
    figure: str
    day: str
    change: Change | None
    was: str
    was_day: str
    deviation: str
    marks: tuple[str, ...]
    source: str


def landing(request: PageRequest, now: datetime) -> Page:
    """The days to look back to, and a field for any other, which leads to its page."""
    asked = request.query.get("date", "").strip()
    if asked:
        there = request.urls.page(f"{PATH}/{asked}", asof=request.query.get("asof", ""))
        return Page(request.say("since_page"), status=302, location=there)
    try:
        seen = as_of_in(request.query, now) or now
    except AddressError as error:
        return wrong_parameter(request, error)
    return Page(
        request.say("since_page"),
        "since_days",
        {"lead": request.say("since_lead"), **_choosing(request, seen)},
        description=request.say("since_lead"),
    )


def layout(request: PageRequest, day_text: str, now: datetime) -> Page:
    """The page of a day; in words what is wrong with it, where there is no such page."""
    try:
        span = span_of(request.snapshot, day_text, request.query, now)
        found = brief_of(request.snapshot, span, request.urls.base, request.lang)
    except WrongDayError as error:
        return message(request.say("wrong_address"), error.in_(request), error.status)
    except AddressError as error:
        return wrong_parameter(request, error)
    except TooLongError:
        return message(request.say("too_long"), request.say("brief_too_long"), 503)
    newest = found.papers[::-1]
    moved = [one for one in found.levels if one.is_new]
    lasting = lasting_address(request.snapshot, span)
    shown = formatting.full_date(span.since, request.lang)
    covers = lead(found)
    lacking = [lack_words(one, request.lang) for one in found.lacks]
    return Page(
        f"{request.say('since_page')} · {request.say('since_of', day=shown)}",
        "since_page",
        {
            "heading": request.say("since_of", day=shown),
            "covers": covers,
            "rows": [_row(request, one, span) for one in moved[:ROWS]],
            "more_rows": max(0, len(moved) - ROWS),
            "papers": [linked(request, BriefLine(one.said)) for one in newest[:PAPERS]],
            "more_papers": max(0, len(found.papers) - PAPERS),
            "policies": request.urls.page("/policies"),
            "overtaken": list(_overtaken(request, found, span)),
            "more_overtaken": max(0, len(found.overtaken) - STATEMENTS),
            "lacking": lacking[:LACKS],
            "more_lacking": max(0, len(lacking) - LACKS),
            "status": request.urls.page("/status"),
            "rest": [
                (request.say(f"since_{name}"), named(names, request.lang, NAMES))
                for name, names in (("unchanged", found.unchanged), ("missing", found.missing))
                if names
            ],
            "files": [
                (suffix, request.urls.page(f"{PATH}/{span.since}{suffix}", asof=_asof(span)))
                for suffix in (".md", ".csv")
            ],
            "lasting": request.urls.online.to(lasting),
            "lasting_href": request.urls.to(lasting),
            "qr": Markup(qr(request.urls.online.to(lasting), 96)),
            **_choosing(request, span.until),
        },
        description=covers,
        is_final=is_final(request.snapshot, span),
        begins=span.since,
    )


class WrongDayError(AddressError):
    """A day that cannot be looked back to; `words` names the sentence that says why."""

    def __init__(self, words: str, said: str, status: int, **values: str) -> None:
        super().__init__("since", said, 404 if status == 404 else 400)
        self.words, self.values = words, values

    def in_(self, request: PageRequest) -> str:
        return request.say(self.words, **self.values)


def span_of(snapshot: Snapshot, day_text: str, query: Mapping[str, str], now: datetime) -> Span:
    """The span that an address asks for; a WrongDayError or an AddressError where it is none."""
    try:
        since = day_of("since", day_text)
    except AddressError as error:
        raise WrongDayError("since_no_day", str(error), 400, day=day_text[:40]) from None
    as_of = as_of_in(query, now)
    if since > now.astimezone(BEIJING).date():
        said = f"since: {since} is still to come in Beijing."
        raise WrongDayError("since_to_come", said, 400, day=str(since))
    if as_of is not None and since > as_of.astimezone(BEIJING).date():
        said = f"since: {since} is after asof, {moment_text(as_of)}."
        raise WrongDayError("since_after", said, 400, day=str(since), asof=moment_text(as_of))
    held = {name: one.first for name, one in queries.standings(snapshot).items()}
    first = min(held, key=lambda name: held[name], default="")
    if first and since < held[first]:
        title = snapshot.catalog[first].title.in_("en" if query.get("lang") == "en" else "zh")
        said = f"since: {since} is before the first value, {first} of {held[first]}."
        raise WrongDayError(
            "since_early", said, 404, day=str(since), first=str(held[first]), indicator=title
        )
    return Span(since, as_of, now)


def brief_of(snapshot: Snapshot, span: Span, base: str, lang: str) -> Brief:
    """What became known in a span, as a brief."""
    news = queries.news_since(snapshot, span.since, span.now, span.as_of)
    return brief(snapshot.catalog, news, base, lang)


def is_final(snapshot: Snapshot, span: Span) -> bool:
    """Whether what is known of a span can never change."""
    return snapshot.is_final(queries.standings(snapshot), span.as_of)


def lasting_address(snapshot: Snapshot, span: Span) -> str:
    """The address within the site under which the page stays as it is."""
    moment = span.as_of or frozen_moment(snapshot)
    if moment.astimezone(BEIJING).date() < span.since:
        moment = span.now
    return f"{PATH}/{span.since}?asof={moment_text(moment)}"


def file_of(snapshot: Snapshot, span: Span, suffix: str, base: str, lang: str) -> str:
    """The page as a file: all of it as Markdown, or its table as CSV, without what a licence
    allows only to look at."""
    found = brief_of(snapshot, span, base, lang)
    if suffix == ".md":
        return markdown(found)
    rows: list[Sequence[Cell]] = [heads(COLUMNS, for_excel=False)]
    rows += [
        (
            one.indicator, one.date, one.value, one.unit, one.base_date, one.base,
            float(f"{one.value - one.base:.12g}") if one.change and one.base is not None else None,
            one.deviation, one.source,
        )
        for one in found.levels
        if is_free(snapshot.catalog, (one.indicator,))
    ]  # fmt: skip
    return lines_of(rows)


def _asof(span: Span) -> str:
    return moment_text(span.as_of) if span.as_of else ""


def _row(request: PageRequest, level: BriefLevel, span: Span) -> ShownLevel:
    return ShownLevel(
        request.snapshot.catalog[level.indicator].short.in_(request.lang),
        level.title,
        request.urls.page(f"/indicators/{level.indicator}", t=f"{span.since}.."),
        level.figure,
        level.day,
        level.change,
        level.was,
        level.was_day,
        deviation_words(level),
        level.marks,
        level.source,
    )


def _overtaken(request: PageRequest, found: Brief, span: Span) -> Iterator[LinkedSentence]:
    """Statements, each with its chart as known at the end of the span."""
    for one in found.overtaken[:STATEMENTS]:
        source = request.say("source_is", source=one.source)
        yield linked(request, BriefLine(one.said, source))


def _choosing(request: PageRequest, seen: datetime) -> dict[str, object]:
    """The form and the days that are offered."""
    today = seen.astimezone(BEIJING).date()
    asof = request.query.get("asof", "")
    bulletins = [day for day in queries.bulletin_days(request.snapshot) if day <= today]
    days = [
        (request.say("since_that_bulletin", day=str(day)), day)
        for day in bulletins[-BULLETINS:][::-1]
    ]
    days += [
        (request.say("since_ago", days=str(ago), day=str(day)), day)
        for ago in AGO
        if (day := today - timedelta(days=ago))
    ]
    return {
        "offered": [
            (words, request.urls.page(f"{PATH}/{day}", asof=asof), request.path == f"{PATH}/{day}")
            for words, day in days
        ],
        "action": request.urls.form(PATH),
        "kept": kept_fields(request, {"asof": asof} if asof else {}),
    }
