"""/policies: the register of policy documents, how many a month, and the targets they set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import formatting
from dashboard.address import AddressError, Transform
from dashboard.chart.model import build
from dashboard.components import listing, tables
from dashboard.components.charts import HALF, chart_block
from dashboard.components.listing import Bar
from dashboard.components.picking import options, search
from dashboard.data import policy_filter, queries
from dashboard.data.cards import reading
from dashboard.data.policy_filter import Choice
from dashboard.data.queries import Policy
from dashboard.pages.page import Page, PageRequest, message
from dashboard.pages.paging import Paged, paged
from dashboard.texts import hint, text
from etl.catalog import Indicator, Target

PATH = "/policies"
BODIES, A_PAGE = 10, 50


def layout(visit: PageRequest) -> Page:
    """The page; 400 in words where a parameter is wrong."""
    counts = policy_filter.counts_of(visit.snapshot.catalog)
    held = sorted(queries.policies(visit.snapshot), key=lambda p: p.day, reverse=True)
    try:
        choice = policy_filter.chosen(visit.query, counts, policy_filter.all_topics(held))
        found = [policy for policy in held if choice.fits(policy)]
        page = paged(visit.query.get("page", ""), found, A_PAGE)
    except AddressError as error:
        said = f"{hint(error.parameter, visit.lang)} {error}".strip()
        return message(text("wrong_address", visit.lang), said, visit.chosen, error.status)
    desk = _Desk(visit, counts, held, choice)
    title = text("policies", visit.lang)
    return Page(
        title=title,
        description=text("policies_lead", visit.lang, **desk.totals),
        has_chart=bool(counts),
        body=[
            html.Article(
                [
                    html.H1(title),
                    html.P(text("policies_lead", visit.lang, **desk.totals), className="lead-line"),
                    desk.contents(),
                    html.Div([desk.counts(), desk.facets()], className="row first-row"),
                    desk.documents(found, page),
                    html.Div(
                        [
                            desk.rules(),
                            html.Div([_targets(visit), _comparisons(visit)], id="targets"),
                        ],
                        className="row",
                    ),
                ],
                className="wide policies",
            )
        ],
    )


class _Desk:
    """The parts of one page, over the same register and the same choice."""

    def __init__(
        self,
        visit: PageRequest,
        counts: Sequence[Indicator],
        held: Sequence[Policy],
        choice: Choice,
    ) -> None:
        self.visit, self.lang, self.choice = visit, visit.lang, choice
        self.all_counts, self.held = counts, held
        self.usual = counts[0].id if counts else ""

    @property
    def totals(self) -> dict[str, str]:
        counted = sum(policy.counted for policy in self.held)
        return {"all": str(len(self.held)), "counted": str(counted)}

    def href(self, choice: Choice, **changed: str) -> str:
        """This page with a choice, or with some of its parameters changed."""
        return self.visit.chosen.href(PATH, **choice.query(self.usual, **changed))

    def contents(self) -> Component:
        """The way to the parts that stand below the fold."""
        return html.Nav(
            [
                html.A(text(name, self.lang), href=f"#{name}")
                for name in ("register", "rules", "targets")
            ],
            className="parts",
            **{"aria-label": text("parts", self.lang)},
        )

    def counts(self) -> Component | None:
        """The months as a chart, as a table whose numbers lead to their documents, and as files."""
        if not self.all_counts:
            return None
        indicator = self.visit.snapshot.catalog[self.choice.count]
        rows = queries.series(self.visit.snapshot, indicator.id)
        model = build(
            indicator,
            self.visit.snapshot.catalog.unit(indicator),
            [(vintage, vintage.value) for vintage in rows],
            transform=Transform(),
            events=(),
            lang=self.lang,
        )
        source = text("source_is", self.lang, source=indicator.credit.name.in_(self.lang))
        chips = [
            (i.short.in_(self.lang), self.href(Choice(count=i.id)), i.id == indicator.id)
            for i in self.all_counts
        ]
        return html.Section(
            [
                html.H2(text("by_month", self.lang)),
                options(text("which_count", self.lang), chips),
                chart_block(model, indicator.id, self.visit.chosen, HALF, (source,)),
                self._months({vintage.date: int(vintage.value) for vintage in rows}),
                self._files(indicator),
            ],
            className="by-month",
        )

    def _months(self, counted: dict[date, int]) -> Component | None:
        """Years down, months across: every number of the chart, each a link to its documents."""
        if not counted:
            return None
        years = range(max(counted).year, min(counted).year - 1, -1)
        head = [html.Th(html.Span(text("year", self.lang), className="unseen"), scope="col")]
        unit = html.Span(text("month_unit", self.lang), className="month-unit")
        head += [html.Th([str(m), unit], scope="col") for m in range(1, 13)]
        body = [
            html.Tr(
                [
                    html.Th(str(year), scope="row"),
                    *[self._cell(date(year, m, 1), counted) for m in range(1, 13)],
                ]
            )
            for year in years
        ]
        return html.Table(
            [
                html.Caption(text("months_caption", self.lang)),
                html.Thead(html.Tr(head)),
                html.Tbody(body),
            ],
            className="months",
        )

    def _cell(self, first: date, counted: dict[date, int]) -> Component:
        count = counted.get(first)
        if not count:
            return html.Td("0" if count == 0 else "", className="none")
        month = f"{first:%Y-%m}"
        link = dcc.Link(
            str(count),
            href=self.href(Choice(count=self.choice.count, month=month)),
            title=text("month_count", self.lang, month=month, count=str(count)),
        )
        return html.Td(
            link, className="here" if month == self.choice.month else f"m{min(count, 5)}"
        )

    def _files(self, indicator: Indicator) -> Component:
        asked = {
            name: getattr(self.choice, name)
            for name in ("month", "topic", "issuer")
            if getattr(self.choice, name)
        }
        api = "/api/v1/policies" + (f"?{urlencode(asked)}" if asked else "")
        links = (
            ("counts_csv", f"/c/{indicator.id}.csv?scope=full"),
            ("chart_page", f"/c/{indicator.id}"),
            ("documents_json", api),
        )
        return html.P(
            [html.A(text(name, self.lang), href=href, rel="nofollow") for name, href in links],
            className="downloads",
        )

    def facets(self) -> Component:
        """Who issued them and what they are about, among what the other choices leave."""
        issuers = [p for p in self.held if self.choice.without("issuer").fits(p)]
        topics = [p for p in self.held if self.choice.without("topic").fits(p)]
        return html.Div(
            [
                listing.bars(
                    text("by_issuer", self.lang),
                    self._bars("issuer", policy_filter.by_body(issuers)[:BODIES]),
                    text("by_issuer_note", self.lang),
                ),
                listing.bars(
                    text("by_topic", self.lang), self._bars("topic", policy_filter.by_topic(topics))
                ),
            ],
            className="facets",
        )

    def _bars(self, name: str, counted: Sequence[tuple[str, int]]) -> list[Bar]:
        now = getattr(self.choice, name)
        return [
            Bar(
                word,
                count,
                self.href(self.choice, **{name: "" if word == now else word}),
                word == now,
            )
            for word, count in counted
        ]

    def documents(self, found: Sequence[Policy], page: Paged[Policy]) -> Component:
        """The documents that are asked for, a page of them."""
        choice, lang = self.choice, self.lang
        kept = {k: v for k, v in choice.query(self.usual).items() if k != "q"}
        counted = str(sum(policy.counted for policy in found))
        totals = text("found_documents", lang, all=str(len(found)), counted=counted)
        return html.Section(
            [
                html.H2(text("register", lang)),
                search(self.visit, PATH, text("search_register", lang), kept),
                options(text("kind", lang), self._kinds()),
                listing.in_force(text("in_force", lang), self._in_force(), lang),
                html.P(totals, className="quiet", role="status"),
                html.Ol([_document(self.visit, p) for p in page.shown], className="register",
                        start=str(page.first + 1))
                if page.shown else self._nothing(),
                listing.further(page, lambda n: self.href(choice, page=n), lang),
            ],
            id="register",
        )  # fmt: skip

    def _kinds(self) -> list[tuple[str, str, bool]]:
        present = {policy.kind for policy in self.held} | {self.choice.kind}
        links = [(text("every_kind", self.lang), self.href(self.choice, kind=""),
                  not self.choice.kind)]  # fmt: skip
        for kind in policy_filter.KINDS:
            if kind in present:
                href = self.href(self.choice, kind=kind)
                links.append((text(f"kind_{kind}", self.lang), href, kind == self.choice.kind))
        return links

    def _in_force(self) -> list[tuple[str, str]]:
        colon = "：" if self.lang == "zh" else ": "
        links = []
        for name in policy_filter.FILTERS:
            value = getattr(self.choice, name)
            if value:
                shown = text(f"kind_{value}", self.lang) if name == "kind" else value
                words = f"{text(f'filter_{name}', self.lang)}{colon}{shown}"
                links.append((words, self.href(self.choice.without(name))))
        return links

    def _nothing(self) -> Component:
        count = self.choice.count
        whole = self.visit.chosen.href(PATH, **Choice(count=count).query(self.usual))
        name = "no_documents" if self.held else "no_register"
        return html.P(
            [text(name, self.lang), " ", dcc.Link(text("whole_register", self.lang), href=whole)],
            className="message",
        )

    def rules(self) -> Component:
        """How the counting is done, in words."""
        lines = text("counting_rules", self.lang).split("\n")
        return html.Section(
            [html.H2(text("rules", self.lang)), html.Ul([html.Li(line) for line in lines])],
            className="prose rules",
            id="rules",
        )


def _document(visit: PageRequest, policy: Policy) -> Component:
    """One document: what it is, whether it counts, and who speaks of it."""
    lang = visit.lang
    address = policy_filter.web_address(policy.url)
    title = html.A(policy.title, href=address, rel="noopener") if address else policy.title
    dates = [
        text(name, lang, day=day)
        for name, day in (("issued_on", policy.issued), ("published_on", policy.published))
        if day
    ]
    facts = [policy.number, *dates, "、".join(policy.topics)]
    reason = policy_filter.reason(policy)
    if reason:
        counted = html.Span(text(reason, lang), className="not-counted")
    else:
        counted = html.Span(text("counted_in", lang, month=policy.month), className="counted")
    checked = text(f"checked_{policy.verification or 'not'}", lang)
    cited: list[Component | str] = [text("cited_by", lang)] if policy.cited_by else []
    for index, day in enumerate(policy.cited_by):
        cited += ["、"] if index else []
        cited.append(dcc.Link(day, href=visit.chosen.href(f"/bulletins/{day}")))
    return html.Li(
        [
            html.Span(title, className="document-title", lang="zh-CN"),
            html.Span(policy.issuer, className="document-issuer", lang="zh-CN"),
            html.Span(" · ".join(fact for fact in facts if fact), className="document-facts"),
            html.Span(
                [
                    html.Span(text(f"kind_{policy.kind}", lang), className="kind"),
                    counted,
                    html.Span(checked),
                    html.Span(cited) if cited else None,
                ],
                className="document-state",
            ),
            html.Span(policy.note, className="document-facts") if lang == "en" else None,
        ]
    )


def _targets(visit: PageRequest) -> Component | None:
    """Indicators beside the values that were set as an aim for them."""
    entries = [
        entry
        for indicator in visit.snapshot.catalog.all()
        for target in indicator.targets
        if (entry := _target(visit, indicator, target)) is not None
    ]
    if not entries:
        return None
    return html.Section(
        [
            html.H2(text("targets", visit.lang)),
            *entries,
            html.P(text("targets_note", visit.lang), className="quiet"),
        ],
        className="targets",
    )


def _target(visit: PageRequest, indicator: Indicator, target: Target) -> Component | None:
    lang = visit.lang
    item = reading(visit.snapshot, indicator.id, None, lang)
    if item.vintage is None:
        return None
    gap = round(item.vintage.value - target.value, indicator.decimals)
    words = "gap_none" if gap == 0 else ("gap_above" if gap > 0 else "gap_below")
    figure = formatting.grouped(abs(gap), indicator.decimals)
    return html.Dl(
        [
            html.Dt(
                dcc.Link(
                    indicator.title.in_(lang), href=visit.chosen.href(f"/indicators/{indicator.id}")
                )
            ),
            html.Dd(
                [
                    html.Strong(formatting.grouped(item.vintage.value, indicator.decimals)),
                    " ",
                    html.Span(
                        formatting.day(item.vintage.date, indicator, lang, year=True),
                        className="quiet",
                    ),
                ]
            ),
            html.Dt(target.label.in_(lang)),
            html.Dd(
                [
                    html.Strong(formatting.grouped(target.value, indicator.decimals)),
                    " ",
                    html.Span(
                        text("announced", lang, day=str(target.announced)), className="quiet"
                    ),
                ]
            ),
            html.Dt(text("gap", lang)),
            html.Dd(text(words, lang, gap=figure)),
        ],
        className="target",
    )


def _comparisons(visit: PageRequest) -> Component | None:
    """What others say of PUE, in a table that opens."""
    found = queries.comparisons(visit.snapshot)
    if not found:
        return None
    lang = visit.lang
    header = ("compared_scope", "compared_period", "pue", "compared_kind", "source")
    rows = [
        html.Tr(
            [
                html.Th(c.scope.in_(lang), scope="row"),
                html.Td(c.period),
                html.Td(c.pue, className="cell-figure"),
                html.Td(c.kind.in_(lang)),
                html.Td([c.source, html.Span(f" · {c.status}", className="quiet", lang="en")]),
            ]
        )
        for c in found
    ]
    return html.Details(
        [
            html.Summary(text("comparisons", lang, count=str(len(found)))),
            html.Div(
                tables.table((text(name, lang) for name in header), rows, "compared"),
                className="scrolls",
                tabIndex="0",
                role="region",
                **{"aria-label": text("comparisons", lang, count=str(len(found)))},
            ),
        ]
    )
