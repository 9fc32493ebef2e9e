"""/policies: the register of policy documents, how many a month, and the targets they set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dashboard import feeds, formatting
from dashboard.address import AddressError, ChartAddress, Transform
from dashboard.chart.model import build
from dashboard.data import policy_filter, queries
from dashboard.data.cards import reading
from dashboard.data.policy_filter import Choice
from dashboard.data.queries import Policy
from dashboard.pages.page import Page, PageRequest, wrong_parameter
from dashboard.pages.paging import Paged, paged
from dashboard.pages.parts.charts import HALF, PageChart
from dashboard.pages.parts.listing import Bar, Further, further
from dashboard.pages.parts.picking import SearchForm, search_form
from etl.catalog import Indicator, Target
from etl.records import Vintage

PATH = "/policies"
BODIES, A_PAGE = 10, 50


@dataclass(frozen=True, slots=True)
class MonthCount:
    """A month of the table; `count` is None where nothing was counted yet or any more."""

    count: int | None
    href: str = ""
    title: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class MonthlyCount:
    """One of the counts as a chart, as a table of years and months, and as files."""

    choices: list[tuple[str, str, bool]]
    chart: PageChart
    years: list[tuple[int, list[MonthCount]]]
    files: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """One document: what it is, whether it counts, and who speaks of it."""

    title: str
    address: str
    issuer: str
    facts: str
    kind: str
    is_counted: bool
    counted: str
    checked: str
    cited_by: list[tuple[str, str]]
    note: str


@dataclass(frozen=True, slots=True)
class ShownDocuments:
    """A page of the documents that are asked for, and the ways to ask for others."""

    search: SearchForm
    kinds: list[tuple[str, str, bool]]
    in_force: list[tuple[str, str]]
    found: str
    first: int
    shown: list[ShownDocument]
    #: Where none fits: why, and the way back to all of them.
    nothing: str
    whole: str
    further: Further | None


@dataclass(frozen=True, slots=True)
class ShownTarget:
    """An indicator beside a value that was set as an aim for it."""

    title: str
    href: str
    value: str
    dated: str
    label: str
    aim: str
    announced: str
    gap: str


@dataclass(frozen=True, slots=True)
class ListedComparison:
    """What others say of PUE."""

    scope: str
    period: str
    value: str
    kind: str
    source: str
    status: str


def layout(request: PageRequest) -> Page:
    """The page; 400 in words where a parameter is wrong."""
    counts = policy_filter.counts_of(request.snapshot.catalog)
    held = sorted(queries.policies(request.snapshot), key=lambda p: p.day, reverse=True)
    if request.as_of:
        held = policy_filter.published_by(held, str(request.last_day))
    try:
        choice = policy_filter.chosen(request.query, counts, policy_filter.all_topics(held))
        found = [policy for policy in held if choice.fits(policy)]
        page = paged(request.query.get("page", ""), found, A_PAGE)
    except AddressError as error:
        return wrong_parameter(request, error)
    asked = PolicyRequest(request, counts, held, choice)
    counted = str(sum(policy.counted for policy in held))
    lead = request.say("policies_lead", all=str(len(held)), counted=counted)
    monthly = asked.monthly()
    feed = request.urls.to(feeds.address(feeds.DOCUMENTS, request.lang, topic=choice.topic))
    return Page(
        title=request.say("policies"),
        template="policies",
        description=lead,
        charts=(monthly.chart,) if monthly and monthly.years else (),
        told=(request.say("register_then"),) if request.as_of else (),
        paper=request.urls.online.page("/policies", **request.query),
        feeds=((feed, choice.topic or request.say("policies")),),
        context={
            "feed": feed,
            "lead": lead,
            "parts": ("register", "rules", "targets"),
            "monthly": monthly,
            "issuers": asked.issuers(),
            "topics": asked.topics(),
            "register": asked.documents(found, page),
            "rules": request.say("counting_rules").split("\n"),
            "targets": _targets(request),
            "comparisons": [
                ListedComparison(
                    c.scope.in_(request.lang), c.period, c.pue, c.kind.in_(request.lang), c.source,
                    c.status,
                )
                for c in ([] if request.as_of else queries.comparisons(request.snapshot))
            ],
        },
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PolicyRequest:
    """What is asked of the register: `counts` are the monthly counts there are, `held` every
    document."""

    request: PageRequest
    counts: Sequence[Indicator]
    held: Sequence[Policy]
    choice: Choice

    def monthly(self) -> MonthlyCount | None:
        """The chosen count; None where the catalog has none."""
        if not self.counts:
            return None
        request = self.request
        indicator = request.snapshot.catalog[self.choice.count]
        rows = queries.series(request.snapshot, indicator.id, request.as_of)
        choices = [
            (i.short.in_(request.lang), self._href(Choice(count=i.id)), i.id == indicator.id)
            for i in self.counts
        ]
        counted = {vintage.date: int(vintage.value) for vintage in rows}
        return MonthlyCount(
            choices, self._chart(indicator, rows), self._years(counted), self._files(indicator)
        )

    def issuers(self) -> list[Bar]:
        """Who issued the documents that the other choices leave."""
        left = [p for p in self.held if self.choice.without("issuer").fits(p)]
        return self._bars("issuer", policy_filter.by_body(left)[:BODIES])

    def topics(self) -> list[Bar]:
        """What the documents are about that the other choices leave."""
        left = [p for p in self.held if self.choice.without("topic").fits(p)]
        return self._bars("topic", policy_filter.by_topic(left))

    def documents(self, found: Sequence[Policy], page: Paged[Policy]) -> ShownDocuments:
        """The documents that are asked for, a page of them."""
        request, choice = self.request, self.choice
        kept = {k: v for k, v in choice.query(self._usual).items() if k != "q"}
        counted = str(sum(policy.counted for policy in found))
        return ShownDocuments(
            search=search_form(request, PATH, request.say("search_register"), kept),
            kinds=self._kinds(),
            in_force=self._in_force(),
            found=request.say("found_documents", all=str(len(found)), counted=counted),
            first=page.first + 1,
            shown=[_document(request, policy) for policy in page.shown],
            nothing=request.say("no_documents" if self.held else "no_register"),
            whole=self._href(Choice(count=choice.count)),
            further=further(page, lambda n: self._href(choice, page=n), request.lang),
        )

    @property
    def _usual(self) -> str:
        """The count that an address does not name."""
        return self.counts[0].id if self.counts else ""

    def _href(self, choice: Choice, **changed: str) -> str:
        """This page with a choice, or with some of its parameters changed."""
        return self.request.urls.page(PATH, **choice.query(self._usual, **changed))

    def _chart(self, indicator: Indicator, rows: Sequence[Vintage]) -> PageChart:
        request = self.request
        model = build(
            indicator,
            request.snapshot.catalog.unit(indicator),
            [(vintage, vintage.value) for vintage in rows],
            transform=Transform(),
            events=(),
            lang=request.lang,
        )
        source = request.say("source_is", source=indicator.credit.name.in_(request.lang))
        return PageChart(indicator.id, model, request.lang, request.display.theme, HALF, (source,))

    def _years(self, counted: Mapping[date, int]) -> list[tuple[int, list[MonthCount]]]:
        """Years down, months across: every number of the chart, each a link to its documents."""
        if not counted:
            return []
        return [
            (year, [self._month(date(year, month, 1), counted) for month in range(1, 13)])
            for year in range(max(counted).year, min(counted).year - 1, -1)
        ]

    def _month(self, first: date, counted: Mapping[date, int]) -> MonthCount:
        count = counted.get(first)
        if not count:
            return MonthCount(count)
        month = f"{first:%Y-%m}"
        return MonthCount(
            count,
            self._href(Choice(count=self.choice.count, month=month)),
            self.request.say("month_count", month=month, count=str(count)),
            month == self.choice.month,
        )

    def _files(self, indicator: Indicator) -> list[tuple[str, str]]:
        say, urls = self.request.say, self.request.urls
        asked = {name: getattr(self.choice, name) for name in ("month", "topic", "issuer")}
        return [
            (say("counts_csv"), urls.chart(ChartAddress(indicator.id, scope="full"), ".csv")),
            (say("chart_page"), urls.chart(ChartAddress(indicator.id))),
            (say("documents_json"), "" if urls.as_of else urls.api("/policies", **asked)),
        ]

    def _bars(self, name: str, counted: Sequence[tuple[str, int]]) -> list[Bar]:
        now = getattr(self.choice, name)
        return [
            Bar(
                word,
                count,
                self._href(self.choice, **{name: "" if word == now else word}),
                word == now,
            )
            for word, count in counted
        ]

    def _kinds(self) -> list[tuple[str, str, bool]]:
        say, now = self.request.say, self.choice.kind
        present = {policy.kind for policy in self.held} | {now}
        return [
            (say("every_kind"), self._href(self.choice, kind=""), not now),
            *(
                (say(f"kind_{kind}"), self._href(self.choice, kind=kind), kind == now)
                for kind in policy_filter.KINDS
                if kind in present
            ),
        ]

    def _in_force(self) -> list[tuple[str, str]]:
        say = self.request.say
        colon = "：" if self.request.lang == "zh" else ": "
        links = []
        for name in policy_filter.FILTERS:
            value = getattr(self.choice, name)
            if value:
                shown = say(f"kind_{value}") if name == "kind" else value
                words = f"{say(f'filter_{name}')}{colon}{shown}"
                links.append((words, self._href(self.choice.without(name))))
        return links


def _document(request: PageRequest, policy: Policy) -> ShownDocument:
    dates = [
        request.say(name, day=day)
        for name, day in (("issued_on", policy.issued), ("published_on", policy.published))
        if day
    ]
    facts = (policy.number, *dates, "、".join(policy.topics))
    reason = policy_filter.reason(policy)
    return ShownDocument(
        title=policy.title,
        address=policy_filter.web_address(policy.url),
        issuer=policy.issuer,
        facts=" · ".join(fact for fact in facts if fact),
        kind=request.say(f"kind_{policy.kind}"),
        is_counted=not reason,
        counted=request.say(reason) if reason else request.say("counted_in", month=policy.month),
        checked=request.say(f"checked_{policy.verification or 'not'}"),
        cited_by=[(day, request.urls.page(f"/bulletins/{day}")) for day in policy.cited_by],
        note=policy.note if request.lang == "en" else "",
    )


def _targets(request: PageRequest) -> list[ShownTarget]:
    """Indicators beside the values that were set as an aim for them."""
    return [
        shown
        for indicator in request.snapshot.catalog.all()
        for target in indicator.targets
        if target.announced <= request.last_day
        if (shown := _target(request, indicator, target)) is not None
    ]


def _target(request: PageRequest, indicator: Indicator, target: Target) -> ShownTarget | None:
    lang = request.lang
    newest = reading(request.snapshot, indicator.id, request.as_of, lang).vintage
    if newest is None:
        return None
    gap = round(newest.value - target.value, indicator.decimals)
    words = "gap_none" if gap == 0 else ("gap_above" if gap > 0 else "gap_below")
    return ShownTarget(
        title=indicator.title.in_(lang),
        href=request.urls.page(f"/indicators/{indicator.id}"),
        value=formatting.grouped(newest.value, indicator.decimals),
        dated=formatting.day(newest.date, indicator, lang, year=True),
        label=target.label.in_(lang),
        aim=formatting.grouped(target.value, indicator.decimals),
        announced=request.say("announced", day=str(target.announced)),
        gap=request.say(words, gap=formatting.grouped(abs(gap), indicator.decimals)),
    )
