"""What each tool answers, from a snapshot: the functions behind the API, the data files and the
chart pages, with provenance in every value. No request, no transport, no query of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from dashboard import formatting
from dashboard.address import AddressError, as_named, day_of, parse, parse_observations
from dashboard.api import answers
from dashboard.api.models import TextAnswer
from dashboard.assistants import questions, replies
from dashboard.chart_page.page import lasting_address
from dashboard.chart_page.pictures import paper, png_of
from dashboard.chart_page.view import view
from dashboard.data.snapshot import Snapshot
from dashboard.export.citation import citation
from dashboard.export.licence import require_free
from dashboard.export.metadata import metadata
from dashboard.export.quoting import newest, sentence
from dashboard.export.table import Table, frozen, table
from dashboard.texts import text
from dashboard.urls import Urls
from etl.bulletins.model import Bulletin, Section
from etl.claims.draft import DraftChecker
from etl.claims.parse import MOST_LETTERS, Parser
from etl.errors import quoted
from etl.records import BEIJING

#: More rows are refused, not cut; the address of the file that holds them all is named.
MOST_ROWS = 1_000
#: How many of the things that were found stand in the sentence beside them.
MOST_SAID = 5
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
    """The indicators that words mean, the nearest first."""
    listed = answers.indicators(of.snapshot, asked.query, of.urls)
    shown = listed.indicators[asked.offset : asked.offset + asked.limit]
    entries = [
        replies.FoundIndicator(
            **one.model_dump(include=set(replies.FoundIndicator.model_fields) - {"newest"}),
            reuse=one.credit.reuse,
            newest=replies.QuotableValue(indicator=one.id, unit=one.unit, **one.newest.model_dump())
            if one.newest
            else None,
        )
        for one in shown
    ]
    names = (f"{TextAnswer.model_dump(one.title)[asked.lang]} ({one.id})" for one in shown)
    return Told(
        replies.FoundIndicators(
            **_head(of, _counted(listed.count, len(shown), names, asked.lang)),
            count=listed.count,
            indicators=entries,
        )
    )


def get_series(of: Asking, asked: questions.SeriesQuestion) -> Told:
    """The values of indicators in a span, as they were known at a moment."""
    query = _query(asked, ids=_ids("ids", asked.ids), lang="")
    _, named = as_named("", query, of.snapshot.catalog)
    address, _ = parse_observations(named, of.snapshot.catalog, of.now)
    require_free(of.snapshot.catalog, address.ids, first="ids", more="ids")
    found = table(of.snapshot, address)
    if found.row_count > MOST_ROWS:
        whole = of.urls.online.chart(address, ".csv")
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
    return Told(
        replies.SeriesReply(
            **_head(of, _said(of, found, asked.lang), address.as_of),
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
    catalog = of.snapshot.catalog
    paragraphs = tuple(line for line in asked.statement.splitlines() if line.strip())
    draft = Bulletin(
        date=day, title="", publisher="", summary="",
        sections=(Section(number=1, title="", paragraphs=paragraphs),),
    )  # fmt: skip
    parser = of.snapshot.cached("parser", "", lambda: Parser(catalog))
    with of.snapshot.connection.cursor() as cursor:
        placed = DraftChecker(cursor, catalog, parser).claims(draft)
    claims = [
        replies.CheckedClaim(
            **one.claim.model_dump(exclude={"evidence", "sentence"}),
            sentence=quoted(one.claim.sentence),
            evidence=replies.QuotableEvidence(
                **one.claim.evidence.model_dump(exclude={"chart"}),
                chart=of.urls.online.to(one.claim.evidence.chart),
                unit=catalog.unit(catalog[one.claim.indicator]).code,
            )
            if one.claim.evidence
            else None,
        )
        for one in placed
    ]
    lines = [_verdict_words(one, asked.lang) for one in claims[:MOST_SAID]]
    said = "\n".join(lines) or text("nothing_read", asked.lang)
    head = _head(of, said)
    return Told(replies.StatementReply(**head, date=day, count=len(claims), claims=claims))


def list_documents(of: Asking, asked: questions.DocumentQuestion) -> Told:
    """Policy documents, newest first."""
    query = {"month": asked.month, "topic": asked.topic, "issuer": asked.issuer}
    found = answers.policies(of.snapshot, query)
    shown = found.policies[asked.offset : asked.offset + asked.limit]
    names = (f"{one.title}（{one.issuer}，{one.published or one.issued}）" for one in shown)
    return Told(
        replies.DocumentsReply(
            **_head(of, _counted(found.count, len(shown), names, asked.lang)),
            count=found.count,
            counted=found.counted,
            documents=shown,
        )
    )


def list_events(of: Asking, asked: questions.EventQuestion) -> Told:
    """Records and round numbers, newest first."""
    catalog = of.snapshot.catalog
    query = _query(asked, id=catalog.resolve(asked.id), limit="", offset="", lang="")
    found = answers.events(of.snapshot, query)
    shown = [
        replies.QuotableEvent(
            **one.model_dump(),
            unit=catalog.unit(catalog[one.indicator]).code,
            source=catalog[one.indicator].credit.name.in_(asked.lang),
        )
        for one in found.events[asked.offset : asked.offset + asked.limit]
    ]
    names = (_event_words(of, one, asked.lang) for one in shown)
    said = _counted(found.count, len(shown), names, asked.lang)
    return Told(replies.EventsReply(**_head(of, said), count=found.count, events=shown))


def chart(of: Asking, asked: questions.ChartQuestion) -> Told:
    """A chart as a picture, with its words and its addresses."""
    query = _query(asked, **{"with": _ids("with", asked.with_), "id": "", "size": "", "asof": ""})
    place, named = as_named(
        f"{asked.id}@{asked.asof}" if asked.asof else asked.id, query, of.snapshot.catalog
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


def _ids(parameter: str, names: Sequence[str]) -> str:
    """Several ids as an address has them."""
    for name in names:
        if "," in name:
            raise AddressError(parameter, f"{parameter}: write each id apart, without commas.")
    return ",".join(names)


def _query(asked: questions.ToolQuestion, **instead: str) -> dict[str, str]:
    """What was asked, as the parameters of an address; those that are empty are left out."""
    given = {
        name: value for name, value in asked.model_dump(by_alias=True).items()
        if isinstance(value, str)
    }  # fmt: skip
    return {name: value for name, value in {**given, **instead}.items() if value}


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
    """The newest values of a table as sentences, and how they are cited."""
    lines = [sentence(found, one, lang) for one in newest(found)] or [text("quote_nothing", lang)]
    if of.snapshot.is_reconstructed(found.address.ids, found.address.as_of):
        lines.append(text("reconstructed", lang))
    link = of.urls.online.chart(frozen(found))
    return "\n".join([*lines, text("quote_with", lang, link=link)])


def _event_words(of: Asking, one: replies.QuotableEvent, lang: str) -> str:
    return text(
        "quotable_event",
        lang,
        title=of.snapshot.catalog[one.indicator].title.in_(lang),
        id=one.indicator,
        day=str(one.date),
        kind=one.kind,
        exact=formatting.plain_number(one.value),
        unit=one.unit,
        source=one.source,
        known_at=f"{one.known_at:%Y-%m-%dT%H:%M:%SZ}",
    )


def _verdict_words(one: replies.CheckedClaim, lang: str) -> str:
    """A verdict with its reason, which in Chinese mostly begins with it."""
    verdict = text(one.verdict, lang)
    if one.reason.startswith(verdict):
        return one.reason
    return text("verdict_told", lang, verdict=verdict, reason=one.reason)


def _counted(count: int, shown: int, names: Iterator[str], lang: str) -> str:
    """How many there are, how many of them are shown, and the first by name."""
    lines = [text("counted_here", lang, count=f"{count:,}", shown=f"{shown:,}")]
    lines += [name for name, _ in zip(names, range(MOST_SAID), strict=False)]
    return "\n".join(lines)


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
