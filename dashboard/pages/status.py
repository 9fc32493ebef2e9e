"""/status: how fresh everything is, what waits for a person, and what is served, in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import formatting
from dashboard.address import AddressError
from dashboard.chart import fonts
from dashboard.chart_page.report_mail import PAGE as CORRECTIONS
from dashboard.components import alerts, freshness, listing, tables
from dashboard.data import queries
from dashboard.data.freshness import STATES, Health, health
from dashboard.pages.page import Page, PageClock, PageRequest, message
from dashboard.pages.paging import paged
from dashboard.texts import hint, text
from etl.catalog import Indicator

PATH = "/status"
A_PAGE = 200
TOLD_DAYS, REVISIONS = 30, 20


def layout(visit: PageRequest, desk: PageClock) -> Page:
    """The page as of the minute of `desk`; 400 in words where a parameter is wrong."""
    found = visit.snapshot.cached("health", desk.minute, lambda: _worst_first(visit, desk))
    try:
        page = paged(visit.query.get("page", ""), found, A_PAGE)
    except AddressError as error:
        said = f"{hint(error.parameter, visit.lang)} {error}".strip()
        return message(text("wrong_address", visit.lang), said, visit.chosen, error.status)
    title, sentence = text("status_page", visit.lang), headline(found, visit.lang)
    return Page(
        title=title,
        description=sentence,
        body=[
            html.Article(
                [
                    html.H1(title),
                    _headline(visit, desk, found, sentence),
                    _trouble(visit, desk),
                    _waiting(visit, found),
                    _last_run(visit, found),
                    _table(visit, page.shown),
                    listing.further(page, lambda n: visit.chosen.href(PATH, page=n), visit.lang),
                    _alerts(visit),
                    html.Div([_revisions(visit, desk), _disagreements(visit)], className="row"),
                    _corrections(visit),
                    _snapshots(visit, desk),
                ],
                className="wide status",
            )
        ],
    )


def _worst_first(visit: PageRequest, desk: PageClock) -> list[Health]:
    return sorted(health(visit.snapshot, desk.minute), key=lambda one: one.badness)


def headline(found: Sequence[Health], lang: str) -> str:
    """One sentence for all: 全部及时, or how many are not."""
    counts = Counter(one.state for one in found)
    if not found:
        return text("no_indicators", lang)
    if counts["fresh"] == len(found):
        return text("all_fresh", lang, count=str(len(found)))
    comma, end = ("，", "。") if lang == "zh" else (", ", ".")
    parts = [text(f"count_{s}", lang, count=str(counts[s])) for s in STATES if counts[s]]
    return comma.join(parts) + end


def _headline(
    visit: PageRequest, desk: PageClock, found: Sequence[Health], sentence: str
) -> Component:
    worst = min((one.badness[0] for one in found), default=len(STATES) - 1)
    judged = text("judged_at", visit.lang, moment=formatting.beijing(desk.minute, visit.lang))
    return html.Div(
        [
            html.P([freshness.sign(STATES[worst]), sentence], className="verdict", role="status"),
            html.P(judged, className="quiet"),
        ]
    )


def _trouble(visit: PageRequest, desk: PageClock) -> Component | None:
    """What is wrong with the site itself."""
    lines = [line for line in (desk.problem, fonts.warning()) if line]
    if not lines:
        return None
    return html.Section(
        [
            html.H2(text("site_trouble", visit.lang)),
            html.Ul([html.Li(line, lang="en") for line in lines]),
        ],
        className="trouble",
    )


def _waiting(visit: PageRequest, found: Sequence[Health]) -> Component | None:
    """The answers that are kept apart, each with what to do about it."""
    lang = visit.lang
    entries = [
        html.Li(
            [
                _link(visit, one.indicator),
                " ",
                html.Strong(text("held_back" if r.may_be_taken else "quarantined", lang)),
                text("refused_since", lang, source=_source(r.source, lang),
                     moment=formatting.minute(r.since)),
                html.P(r.sentence, lang="en", className="said"),
                html.P(
                    [text("take_it" if r.may_be_taken else "mend_it", lang), " ",
                     html.Code(_command(one.indicator, r.may_be_taken))]
                ),
            ]
        )
        for one in found
        for r in one.refused
    ]  # fmt: skip
    if not entries:
        return None
    return html.Section([html.H2(text("waits_for_you", lang)), html.Ul(entries, className="waits")])


def _command(indicator: Indicator, may_be_taken: bool) -> str:
    return f"python -m etl {'accept' if may_be_taken else 'run'} {indicator.id}"


def _alerts(visit: PageRequest) -> Component:
    """How the alerts of the catalog stood at publication."""
    lang, found = visit.lang, queries.alerts(visit.snapshot)
    moment = formatting.beijing(visit.snapshot.published_at, lang)
    if not found:
        told: list[Component] = [html.P(text("no_alerts", lang), className="quiet")]
    else:
        told = [
            alerts.table(found, visit.snapshot.catalog, visit.chosen),
            html.P(text("alerts_judged", lang, moment=moment), className="quiet"),
        ]
    return html.Section([html.H2(text("alerts", lang)), *told], id="alerts")


def _last_run(visit: PageRequest, found: Sequence[Health]) -> Component:
    """What the last run could not do; of an indicator it stands in the table, too."""
    lang = visit.lang
    names = {one.indicator.id: one.indicator for one in found}
    entries = [
        html.Li(
            [
                _link(visit, names[subject]) if subject in names else _source(subject, lang),
                html.P(problem, lang="en", className="said"),
            ]
        )
        for subject, problem in queries.problems(visit.snapshot).items()
    ]
    nothing = html.P(text("run_went_well", lang), className="quiet")
    told = html.Details(
        [html.Summary(text("run_problems", lang, count=str(len(entries)))), html.Ul(entries)],
        open=len(entries) < 4,
    )
    return html.Section([html.H2(text("last_run", lang)), told if entries else nothing])


def _table(visit: PageRequest, shown: Sequence[Health]) -> Component:
    lang = visit.lang
    header = ("state", "name", "newest_value", "age", "source")
    return html.Section(
        [
            html.H2(text("each_indicator", lang)),
            html.Table(
                [
                    html.Thead(html.Tr([html.Th(text(n, lang), scope="col", className=f"is-{n}")
                                        for n in header])),
                    html.Tbody([_row(visit, one) for one in shown]),
                ],
                className="table health",
            ),
        ]
    )  # fmt: skip


def _row(visit: PageRequest, one: Health) -> Component:
    lang = visit.lang
    state = [freshness.sign(one.state), text(f"state_{one.state}", lang)]
    return html.Tr(
        [
            html.Td(state, className="is-state"),
            html.Th(_link(visit, one.indicator), scope="row", className="is-name"),
            html.Td(freshness.until(one, lang), className="is-newest_value"),
            html.Td(freshness.age(one, lang), className="is-age"),
            html.Td(_source(one.newest.source, lang) if one.newest else "—", className="is-source"),
        ],
        className=one.state,
    )


def _revisions(visit: PageRequest, desk: PageClock) -> Component:
    """Values that their sources replaced of late."""
    lang, since = visit.lang, desk.minute - timedelta(days=TOLD_DAYS)
    catalog = visit.snapshot.catalog
    found = queries.revised_lately(visit.snapshot, since, REVISIONS)

    def exact(indicator: Indicator, value: float) -> str:
        unit = catalog.unit(indicator)
        return str(formatting.figure(value, indicator, unit, lang, exact=True))

    entries = [
        html.Li(
            [
                _link(visit, catalog[r.indicator]),
                f" {formatting.table_day(r.date, catalog[r.indicator], lang)} ",
                f"{exact(catalog[r.indicator], r.before)} → ",
                f"{exact(catalog[r.indicator], r.after)} ",
                html.Span(
                    text("revised_by", lang, source=_source(r.source, lang),
                         moment=formatting.minute(r.known_at)), className="quiet",
                ),
            ]
        )
        for r in found
    ]  # fmt: skip
    nothing = html.P(text("no_revisions", lang, days=str(TOLD_DAYS)), className="quiet")
    return html.Section(
        [
            html.H2(text("revised_lately", lang)),
            html.Ul(entries, className="event-list") if entries else nothing,
        ]
    )


def _disagreements(visit: PageRequest) -> Component:
    """Indicators whose sources differ beyond the catalog's tolerance."""
    lang, catalog = visit.lang, visit.snapshot.catalog
    entries = [
        html.Li(
            [
                _link(visit, catalog[name]),
                html.Span(
                    text("differ_on", lang, count=f"{count:,}",
                         day=formatting.table_day(day, catalog[name], lang)), className="quiet",
                ),
            ]
        )
        for name, count, day in queries.disagreeing(visit.snapshot)
    ]  # fmt: skip
    nothing = html.P(text("no_disagreements", lang), className="quiet")
    return html.Section(
        [
            html.H2(text("sources_disagree", lang)),
            html.Ul(entries, className="event-list") if entries else nothing,
        ]
    )


def _corrections(visit: PageRequest) -> Component:
    """How many values people corrected, and where they are listed."""
    count = len(queries.corrections(visit.snapshot))
    words = text("count_corrections", visit.lang, count=f"{count:,}")
    link = dcc.Link(text("all_corrections", visit.lang), href=visit.chosen.href(CORRECTIONS))
    told = html.P([words if count else text("no_corrections", visit.lang), " ", link])
    return html.Section([html.H2(text("corrections", visit.lang)), told])


def _snapshots(visit: PageRequest, desk: PageClock) -> Component:
    """What is served, and what could be returned to."""
    lang, served = visit.lang, visit.snapshot
    header = ("snapshot", "published_on_day", "size", "state")
    rows = [
        html.Tr(
            [
                html.Th(html.Code(one.name), scope="row"),
                html.Td(formatting.minute(one.published_at)),
                html.Td(f"{one.bytes / 1e6:,.1f} MB", className="cell-figure"),
                html.Td(text("served_now", lang) if one.name == served.name else ""),
            ]
        )
        for one in desk.published
    ]
    words = text(
        "served_snapshot",
        lang,
        snapshot=served.name,
        rows=f"{int(served.meta['rows']):,}",
        moment=formatting.beijing(served.published_at, lang),
    )
    return html.Section(
        [
            html.H2(text("snapshots", lang)),
            html.P([words, " ", text("return_to_one", lang), " ",
                    html.Code("python -m etl rollback")]),
            html.Details(
                [
                    html.Summary(text("kept_snapshots", lang, count=str(len(rows)))),
                    html.Div(
                        tables.table((text(name, lang) for name in header), rows),
                        className="scrolls", tabIndex="0", role="region",
                        **{"aria-label": text("snapshots", lang)},
                    ),
                ],
                open=len(rows) < 6,
            ),
            html.P(text("fonts_fine", lang), className="quiet") if not fonts.warning() else None,
        ]
    )  # fmt: skip


def _link(visit: PageRequest, indicator: Indicator) -> Component:
    href = visit.chosen.href(f"/indicators/{indicator.id}")
    return dcc.Link(indicator.title.in_(visit.lang), href=href)


def _source(name: str, lang: str) -> str:
    return text(f"source_{name}", lang)
