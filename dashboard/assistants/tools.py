"""What each tool answers, from a snapshot: the functions behind the API, the data files and the
chart pages, with provenance in every value. No request, no transport, no query of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from dashboard import formatting
from dashboard.address import (
    MAX_IDS,
    MAX_WITH,
    AddressError,
    as_named,
    day_of,
    parse,
    parse_observations,
)
from dashboard.api import answers
from dashboard.api.models import EventAnswer, PolicyAnswer
from dashboard.assistants import questions, replies
from dashboard.assistants.questions import MOST_ASKED
from dashboard.chart_page.page import lasting_address
from dashboard.chart_page.pictures import paper, png_of
from dashboard.chart_page.view import view
from dashboard.data import queries
from dashboard.data.checking import checked
from dashboard.data.search import LONGEST, MOST_ALIKE, alike, search
from dashboard.data.snapshot import Snapshot
from dashboard.export.citation import citation
from dashboard.export.csv import iso
from dashboard.export.licence import require_free
from dashboard.export.metadata import metadata
from dashboard.export.quoting import newest, quoted_day, sentence, sentences
from dashboard.export.table import Table, frozen, table
from dashboard.texts import text
from dashboard.urls import Urls
from etl.bulletins.model import Bulletin, Section
from etl.catalog import Indicator
from etl.claims.model import Claim
from etl.claims.parse import MOST_LETTERS
from etl.errors import quoted
from etl.records import BEIJING, Event, Vintage
from etl.words.sentences import event_words

#: More rows are refused, not cut; the address of the file that holds them all is named.
MOST_ROWS = 1_000
#: So many rows of a series stand in the text too, for who is shown nothing else.
MOST_SAID = 25
Asked = TypeVar("Asked", bound=questions.ToolQuestion)


@dataclass(frozen=True, slots=True)
class Asking:
    """What an answer is made from."""

    snapshot: Snapshot
    urls: Urls
    now: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, with a picture (PNG) where it has one."""

    reply: replies.Reply
    picture: bytes = b""


@dataclass(frozen=True, slots=True)
class AssistantTool(Generic[Asked]):
    """A tool: what it is called, what it is for, what it takes and what it gives."""

    name: str
    title: str
    purpose: str
    takes: type[Asked]
    gives: type[replies.Reply]
    answer: Callable[[Asking, Asked], Told]


def search_indicators(of: Asking, asked: questions.IndicatorSearch) -> Told:
    """The indicators that words mean, the nearest first; where nothing is called so, those with
    names that are alike, which is said."""
    words, lang = asked.query, asked.lang
    if len(words) > MOST_ASKED:
        raise AddressError(
            "query",
            f"query: {len(words):,} letters; at most {MOST_ASKED} are read. Name one indicator.",
        )
    result = search(of.snapshot, words)
    found = list(result.indicators) or alike(of.snapshot, words)
    is_alike = bool(found) and (result.is_near or not result.indicators)
    chosen = found[asked.offset : asked.offset + asked.limit]
    shown = answers.entries(of.snapshot, chosen, of.urls)
    lines = [_found_words(of, one, lang) for one in chosen]
    said = _counted(len(found), lines, lang) if found else text("found_none", lang)
    return Told(
        replies.FoundIndicators(
            **_head(of, f"{text('found_alike', lang)}\n{said}" if is_alike else said),
            count=len(found),
            only_alike=is_alike,
            indicators=[
                replies.FoundIndicator(
                    **one.model_dump(include=set(replies.FoundIndicator.model_fields) - {"newest"}),
                    reuse=one.credit.reuse,
                    newest=replies.QuotableValue(
                        indicator=one.id, unit=one.unit, **one.newest.model_dump()
                    )
                    if one.newest
                    else None,
                )
                for one in shown
            ],
        )
    )


def get_series(of: Asking, asked: questions.SeriesQuestion) -> Told:
    """The values of indicators in a span, as they were known at a moment."""
    query = _query(asked, ids=_ids(of, "ids", asked.ids, MAX_IDS), lang="")
    _, named = as_named("", query, of.snapshot.catalog)
    address, _ = parse_observations(named, of.snapshot.catalog, of.now)
    require_free(of.snapshot.catalog, address.ids, first="ids", more="ids")
    found = table(of.snapshot, address)
    whole = of.urls.online.chart(address, ".csv")
    if found.row_count > MOST_ROWS:
        raise AddressError(
            "t",
            f"t: {found.row_count:,} rows; an answer here holds at most {MOST_ROWS:,}. Ask for a "
            f"shorter span, fewer ids or a lower frequency (freq=m); all of them are at {whole}",
        )
    told = metadata(found, of.urls)
    names = [field.name for field in found.fields]
    values = [
        replies.QuotableValue.model_validate(dict(zip(names, row, strict=True)))
        for row in found.records()
    ]
    said = _said(of, found, asked.lang)
    if len(values) > len(found.columns):
        said += _rows_said(found, whole, asked.lang)
    return Told(
        replies.SeriesReply(
            **_head(of, said, address.as_of),
            reconstructed=bool(told["reconstructed"]),
            newest=list(_newest(found)),
            values=values,
            metadata=told,
        )
    )


def check_statement(of: Asking, asked: questions.StatementQuestion) -> Told:
    """What the data that were known by the end of a day say of statements of that day."""
    today = of.now.astimezone(BEIJING).date()
    day = day_of("date", asked.date) if asked.date else today
    if day > today:
        raise AddressError("date", f"date: {day} has not come yet; it is {today} in Beijing.")
    if not asked.statement.strip():
        raise AddressError("statement", "statement: is empty; write a sentence.")
    if len(asked.statement) > MOST_LETTERS:
        raise AddressError(
            "statement",
            f"statement: {len(asked.statement):,} letters; at most {MOST_LETTERS:,} are read. Ask "
            "for a few sentences at a time.",
        )
    paragraphs = tuple(line for line in asked.statement.splitlines() if line.strip())
    draft = Bulletin(
        date=day, title="", publisher="", summary="",
        sections=(Section(number=1, title="", paragraphs=paragraphs),),
    )  # fmt: skip
    claims = [_checked(of, placed.claim) for placed in checked(of.snapshot, draft)]
    lines = (_claim_words(of, one, asked.lang) for one in claims)
    said = "\n".join(lines) or text("nothing_read", asked.lang)
    head = _head(of, said)
    return Told(replies.StatementReply(**head, date=day, count=len(claims), claims=claims))


def list_documents(of: Asking, asked: questions.DocumentQuestion) -> Told:
    """Policy documents, newest first."""
    query = {"month": asked.month, "topic": asked.topic, "issuer": asked.issuer}
    found = answers.policies(of.snapshot, query)
    shown = found.policies[asked.offset : asked.offset + asked.limit]
    lines = [_document_words(one, asked.lang) for one in shown]
    return Told(
        replies.DocumentsReply(
            **_head(of, _counted(found.count, lines, asked.lang)),
            count=found.count,
            counted=found.counted,
            documents=shown,
        )
    )


def list_events(of: Asking, asked: questions.EventQuestion) -> Told:
    """Records and round numbers, newest first."""
    catalog = of.snapshot.catalog
    name = _ids(of, "id", [asked.id], 1) if asked.id else ""
    query = _query(asked, id=catalog.resolve(name), limit="", offset="", lang="")
    found = answers.happened(of.snapshot, query)
    shown = found[asked.offset : asked.offset + asked.limit]
    lines = [_event_words(of, one, asked.lang) for one in shown]
    return Told(
        replies.EventsReply(
            **_head(of, _counted(len(found), lines, asked.lang)),
            count=len(found),
            events=[
                replies.QuotableEvent(
                    **EventAnswer.model_validate(one, from_attributes=True).model_dump(),
                    unit=catalog.unit(catalog[one.indicator]).code,
                    source=catalog[one.indicator].credit.name.in_(asked.lang),
                )
                for one in shown
            ],
        )
    )


def chart(of: Asking, asked: questions.ChartQuestion) -> Told:
    """A chart as a picture, with its words and its addresses."""
    first, more = _ids(of, "id", [asked.id], 1), _ids(of, "with", asked.with_, MAX_WITH)
    query = _query(asked, **{"with": more, "id": "", "size": "", "asof": ""})
    place, named = as_named(
        f"{first}@{asked.asof}" if asked.asof else first, query, of.snapshot.catalog
    )
    address = parse(place, named, of.snapshot.catalog, of.now)
    size, _ = paper({"size": asked.size})
    seen = view(of.snapshot, address)
    lasting = lasting_address(seen)
    indicators = [column.indicator for column in seen.columns]
    key = (address, asked.size)
    picture = of.snapshot.cached("pictures", key, lambda: png_of(seen, size, of.urls))
    shown = list(_newest(seen.table))
    whole = of.urls.online
    return Told(
        replies.ChartReply(
            **_head(
                of, f"{seen.words.paragraph(asked.lang)}\n{_said(of, seen.table, asked.lang)}",
                address.as_of,
            ),
            headline=seen.words.headline,
            address=whole.chart(address),
            frozen=whole.chart(lasting),
            picture=whole.chart(lasting, ".png"),
            newest=shown,
            citation=citation(
                indicators,
                address.as_of or of.snapshot.published_at,
                max((one.known_at for one in shown), default=None),
                whole.chart(lasting),
            ),
        ),
        picture,
    )  # fmt: skip


def _head(of: Asking, said: str, as_of: datetime | None = None) -> dict[str, Any]:
    """What every answer begins with."""
    return {
        "snapshot": of.snapshot.name, "as_of": as_of or of.snapshot.published_at, "said": said,
    }  # fmt: skip


def _ids(of: Asking, parameter: str, names: Sequence[str], most: int) -> str:
    """Several ids as an address has them; an AddressError that names what may be meant where one
    is none."""
    if len(names) > most:
        raise AddressError(
            parameter, f"{parameter}: {len(names):,} ids; at most {most} are allowed."
        )
    for name in names:
        if "," in name:
            raise AddressError(parameter, f"{parameter}: write each id apart, without commas.")
        if of.snapshot.catalog.resolve(name) not in of.snapshot.catalog:
            words = name[:LONGEST].replace("_", " ")
            close = get_close_matches(name[:LONGEST], of.snapshot.catalog.indicators)
            meant = close or [one.id for one in search(of.snapshot, words).indicators[:MOST_ALIKE]]
            meant = meant or [one.id for one in alike(of.snapshot, words)]
            hint = (
                f" Did you mean {' or '.join(map(repr, meant))}?" if name.strip() and meant else ""
            )
            raise AddressError(
                parameter, f"{parameter}: there is no indicator '{quoted(name)}'.{hint} "
                "search_indicators finds ids.", 404,
            )  # fmt: skip
    return ",".join(names)


def _query(asked: questions.ToolQuestion, **instead: str) -> dict[str, str]:
    """What was asked, as the parameters of an address; those that are empty are left out."""
    given = {
        name: value for name, value in asked.model_dump(by_alias=True).items()
        if isinstance(value, str)
    }  # fmt: skip
    query = {name: value for name, value in {**given, **instead}.items() if value}
    if "agg" in query and "freq" not in query:
        raise AddressError("agg", "agg: goes with freq; say to which periods: w, m, q or a.")
    return query


def _newest(found: Table) -> Iterator[replies.QuotableValue]:
    """The newest value of each column of a table."""
    for one in newest(found):
        yield replies.QuotableValue(
            date=one.vintage.date,
            indicator=one.column.name,
            value=one.value,
            unit=one.column.unit,
            source=one.source,
            known_at=one.vintage.known_at,
            status=one.status,
        )


def _said(of: Asking, found: Table, lang: str) -> str:
    """The newest values of a table as sentences, what it lacks, and how they are cited."""
    lines = list(sentences(found, lang))
    if of.snapshot.is_reconstructed(found.address.ids, found.address.as_of):
        lines.append(text("reconstructed", lang))
    if any(_newest(found)):
        link = of.urls.online.chart(frozen(found))
        lines.append(text("quote_with", lang, link=link))
    return "\n".join(lines)


def _rows_said(found: Table, whole: str, lang: str) -> str:
    """The newest rows of a table, for who is shown no structured content."""
    head, *rows = found.csv.decode().splitlines()
    told = {"count": f"{len(rows):,}", "shown": f"{min(MOST_SAID, len(rows)):,}"}
    return "\n".join([
        "", text("quote_rows", lang, **told), head, *rows[-MOST_SAID:],
        text("quote_more", lang, link=whole),
    ])  # fmt: skip


def _found_words(of: Asking, indicator: Indicator, lang: str) -> str:
    """An indicator with its newest value."""
    unit, held = of.snapshot.catalog.unit(indicator), queries.standings(of.snapshot)
    if indicator.id in held:
        words = sentence(indicator, unit, held[indicator.id].newest, lang)
    else:
        title = text("quotable_title", lang, title=indicator.title.in_(lang), id=indicator.id)
        words = text("quote_never", lang, title=title)
    how_often = text(indicator.frequency, lang)
    return text("found_line", lang, words=words, unit=unit.code, frequency=how_often)


def _document_words(one: PolicyAnswer, lang: str) -> str:
    about = filter(None, (one.issuer, one.number, one.published or one.issued))
    return text(
        "document_line",
        lang,
        title=one.title,
        about=("，" if lang == "zh" else ", ").join(about),
        counted=text("document_counted" if one.counted else "document_not_counted", lang),
        link=one.url,
    ).rstrip()


def _event_words(of: Asking, one: Event, lang: str) -> str:
    catalog = of.snapshot.catalog
    indicator = catalog[one.indicator]
    unit = catalog.unit(indicator)
    return text(
        "quotable_event",
        lang,
        title=indicator.title.in_(lang),
        id=one.indicator,
        day=quoted_day(one.date, indicator, lang).rstrip(),
        words=event_words(one, indicator, unit, lang),
        exact=formatting.plain_number(one.value),
        unit=unit.code,
        source=indicator.credit.name.in_(lang),
        known_at=iso(one.known_at.replace(microsecond=0)),
    )


def _checked(of: Asking, claim: Claim) -> replies.CheckedClaim:
    catalog = of.snapshot.catalog
    return replies.CheckedClaim(
        **claim.model_dump(exclude={"evidence", "sentence"}),
        sentence=quoted(claim.sentence),
        evidence=replies.QuotableEvidence(
            **claim.evidence.model_dump(exclude={"chart"}),
            chart=of.urls.online.to(claim.evidence.chart),
            unit=catalog.unit(catalog[claim.indicator]).code,
        )
        if claim.evidence
        else None,
    )


def _claim_words(of: Asking, one: replies.CheckedClaim, lang: str) -> str:
    """A verdict with its reason, which in Chinese mostly begins with it, and the value by which it
    was judged."""
    catalog = of.snapshot.catalog
    indicator = catalog[one.indicator]
    reason = one.reason.removeprefix(text(one.verdict, "zh")).lstrip("：，")
    verdict = text("verdict_told", lang, verdict=text(one.verdict, lang), reason=reason)
    title = indicator.title.in_(lang)
    said = text("claim_line", lang, sentence=one.sentence, title=title, verdict=verdict)
    seen = one.evidence
    if seen is None:
        return said
    vintage = Vintage(seen.date, seen.value, seen.source, seen.known_at, "")
    value = sentence(indicator, catalog.unit(indicator), vintage, lang)
    return said + "\n" + text("claim_evidence", lang, value=value, link=seen.chart)


def _counted(count: int, lines: Sequence[str], lang: str) -> str:
    """How many there are, how many of them are shown, and each of these on a line."""
    if not lines:
        name = "counted_past" if count else "counted_none"
        return text(name, lang, count=f"{count:,}")
    return "\n".join(
        [text("counted_here", lang, count=f"{count:,}", shown=f"{len(lines):,}"), *lines]
    )


TOOLS: Mapping[str, AssistantTool[Any]] = {
    tool.name: tool
    for tool in (
        AssistantTool(
            "search_indicators",
            "Search indicators",
            "Find indicators (markets, energy, computing, policy counts; data of a daily bulletin "
            "on 新质生产力) by words in Chinese, pinyin or English. Gives their ids, units, "
            "definitions and newest values with date, source and known_at. Begin here: other tools "
            "take the ids.",
            questions.IndicatorSearch, replies.FoundIndicators, search_indicators,
        ),
        AssistantTool(
            "get_series",
            "Get values",
            "The values of one or more indicators in a span, as known now or at a past moment "
            "(asof), as held, transformed (u) or brought to a lower frequency (freq). Each value "
            "comes with unit, date, source and known_at: quote it with them. At most "
            f"{MOST_ROWS:,} rows.",
            questions.SeriesQuestion, replies.SeriesReply, get_series,
        ),
        AssistantTool(
            "check_statement",
            "Check a statement",
            "Whether the data that were known by the end of a day support statements in Chinese "
            "about these indicators: supported, approximate, contradicted or unverifiable, each "
            "with a reason and the value it was judged by. What is in doubt is unverifiable.",
            questions.StatementQuestion, replies.StatementReply, check_statement,
        ),
        AssistantTool(
            "list_documents",
            "List policy documents",
            "Chinese policy documents of the register by month, topic or issuing body, newest "
            "first, with number, dates, address, and whether each enters the counts.",
            questions.DocumentQuestion, replies.DocumentsReply, list_documents,
        ),
        AssistantTool(
            "list_events",
            "List events",
            "Record highs and lows and round numbers crossed, newest first. `all_time` says "
            "whether it holds for all time; otherwise only for the values held from `since` on.",
            questions.EventQuestion, replies.EventsReply, list_events,
        ),
        AssistantTool(
            "chart",
            "Draw a chart",
            "A chart of up to four indicators as a picture, with what it says in words, its page, "
            "and a frozen address that shows the same for good and can be cited.",
            questions.ChartQuestion, replies.ChartReply, chart,
        ),
    )
}  # fmt: skip
