"""/indicators/ID: one indicator with its chart, definition, source and download."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import formatting
from dashboard.address import (
    RANGES,
    AddressError,
    ChartAddress,
    MovedError,
    Transform,
    as_named,
    parse,
)
from dashboard.chart_page.page import SHOWN_TRANSFORMS
from dashboard.chart_page.report_mail import report_url
from dashboard.chart_page.view import View, view
from dashboard.components import alerts, cards, tables
from dashboard.components.charts import WIDE, chart_block
from dashboard.components.picking import options
from dashboard.data import correction_notes, queries
from dashboard.data.cards import Reading, reading
from dashboard.export.table import Column, Table, address_url, place, provenance
from dashboard.pages.asof import known
from dashboard.pages.page import Page, PageRequest, message
from dashboard.texts import range_name, text, transform_name
from etl.catalog import Indicator
from etl.records import Event, Vintage
from etl.words.sentences import badges

MORE_FORMATS = ("xlsx", "parquet", "json", "zip")
RECENT, EVENTS, DISAGREEMENTS, REVISIONS, ACTIONS, NOTES = 12, 12, 6, 6, 6, 8


def layout(visit: PageRequest, indicator_id: str) -> Page:
    """The page of an indicator; 404 or 400 in words when the address is wrong."""
    if asked := visit.query.get("asof", "").strip():
        name = indicator_id.partition("@")[0]
        there = visit.chosen.href(f"/indicators/{name}@{quote(asked, safe='-')}", **_kept(visit))
        return Page(name, [], status=302, location=there)
    try:
        address = parse(indicator_id, visit.query, visit.snapshot.catalog, datetime.now(UTC))
        seen = view(visit.snapshot, replace(address, more=(), shape="long"))
    except MovedError:
        now_named, _ = as_named(indicator_id, {}, visit.snapshot.catalog)
        here = visit.chosen.href(f"/indicators/{now_named}", **_kept(visit))
        return replace(layout(visit, now_named), status=301, location=here)
    except AddressError as error:
        title = text("not_found" if error.status == 404 else "wrong_address", visit.lang)
        return message(title, str(error), visit.chosen, error.status)
    shown = seen.table
    item = reading(visit.snapshot, address.id, address.as_of, visit.lang)
    title = item.indicator.title.in_(visit.lang)
    return Page(
        title=title,
        description=item.indicator.definition.in_(visit.lang)[:160],
        has_chart=item.vintage is not None,
        body=[
            html.Article(
                [
                    _head(visit, item),
                    *(_chart(visit, seen) if item.vintage else [_nothing(visit)]),
                    html.Div(
                        [
                            html.Div(
                                [_definition(visit, item), _recent(visit, shown.columns[0], item)],
                                className="facts-main",
                            ),
                            html.Div(
                                [
                                    _facts(visit, item),
                                    _disagreements(visit, item),
                                    _revisions(visit, item),
                                    _actions(visit, item),
                                    _notes(visit, shown.columns[0], item),
                                    _events(visit, item),
                                    _documents(visit, item),
                                    _bulletins(visit, item),
                                ],
                                className="facts-side",
                            ),
                        ],
                        className="facts",
                    ),
                ],
                className="wide indicator",
            )
        ],
    )


def _kept(visit: PageRequest) -> dict[str, str]:
    return {name: visit.query[name] for name in ("t", "u", "scale") if visit.query.get(name)}


def _head(visit: PageRequest, item: Reading) -> Component:
    group = visit.snapshot.catalog.groups[item.indicator.group].title.in_(visit.lang)
    parts: list[Component | None] = [
        html.P(
            [
                dcc.Link(text("indicators", visit.lang), href=visit.chosen.href("/indicators")),
                f" / {group}",
            ],
            className="crumbs",
        ),
        html.H1(item.indicator.title.in_(visit.lang)),
    ]
    if item.vintage is not None and item.figure is not None:
        parts.append(
            html.Div(
                [
                    cards.number(item.figure, "big-number"),
                    cards.delta(item.change),
                    html.Span(cards.dated(item, visit.lang), className="big-date"),
                    *[cards.badge(b) for b in item.badges],
                ],
                className="big",
            )
        )
    problem = queries.problems(visit.snapshot).get(item.id)
    if problem:
        parts.append(html.P(text("problem", visit.lang, text=problem), className="problem"))
    parts += alerts.of_indicator(queries.alerts(visit.snapshot), item.id, visit.lang)
    return html.Header(parts)


def _nothing(visit: PageRequest) -> Component:
    return html.P(text("no_data_long", visit.lang), className="message")


def _chart(visit: PageRequest, seen: View) -> list[Component]:
    address, shown = seen.address, seen.table
    indicator = shown.columns[0].indicator
    source = text("source_is", visit.lang, source=indicator.credit.name.in_(visit.lang))
    noted = correction_notes.sentences(visit.snapshot, shown.columns, visit.lang)
    breaks = tuple(f"{b.date}：{b.note.in_(visit.lang)}" for b in indicator.breaks)
    return [
        html.Div(
            [
                _ranges(visit, address, shown.window_name),
                _transforms(visit, address),
                _scales(visit, address) if shown.may_be_log else None,
            ],
            className="controls",
        ),
        known(visit, address),
        chart_block(seen.model, indicator.id, visit.chosen, WIDE, (source, *breaks)),
        *(html.P(line, className="quiet") for line in noted),
        _downloads(visit, shown),
    ]


def _ranges(visit: PageRequest, address: ChartAddress, current: str) -> Component:
    return options(
        text("range", visit.lang),
        [
            (range_name(name, visit.lang), _href(visit, address, t=name), current == name)
            for name in RANGES
        ],
    )


def _transforms(visit: PageRequest, address: ChartAddress) -> Component:
    return options(
        text("transform", visit.lang),
        [
            (
                transform_name(t.name, visit.lang, t.n),
                _href(visit, address, u="" if t == Transform() else str(t)),
                address.transform == t,
            )
            for t in SHOWN_TRANSFORMS
        ],
    )


def _scales(visit: PageRequest, address: ChartAddress) -> Component:
    return options(
        text("scale", visit.lang),
        [
            (
                text(f"scale_{name}", visit.lang),
                _href(visit, address, scale="" if name == "linear" else name),
                address.scale == name,
            )
            for name in ("linear", "log")
        ],
    )


def _href(visit: PageRequest, address: ChartAddress, **changed: str) -> str:
    """A link to this chart with one thing chosen otherwise."""
    return visit.chosen.href(f"/indicators/{place(address)}", **{**address.chosen, **changed})


def _downloads(visit: PageRequest, shown: Table) -> Component:
    address, site = shown.address, visit.site
    plain = replace(address, lang="zh", theme="auto", updown="red", more=())
    links = (
        ("chart_page", address_url(replace(address, more=()), "", "")),
        ("download_csv", address_url(plain, "")),
        ("download_excel", address_url(replace(plain, for_="excel"), "")),
        *((f"download_{name}", address_url(plain, "", f".{name}")) for name in MORE_FORMATS),
        ("metadata", address_url(plain, "", ".metadata.json")),
    )
    return html.P(
        [
            *[
                html.A(text(name, visit.lang), href=href, className="download")
                for name, href in links
            ],
            html.A(
                text("kit", visit.lang),
                href=address_url(replace(address, more=()), "", ".kit.zip"),
                className="download",
            ),
            dcc.Link(
                text("compare_with", visit.lang),
                className="download",
                href=visit.chosen.href("/compare", ids=address.id, t=str(address.window)),
            ),
            html.A(
                text("report", visit.lang),
                href=report_url(shown, visit.chosen, site.base_url, site.reports_to),
                className="download",
            ),
        ],
        className="downloads",
    )


def _definition(visit: PageRequest, item: Reading) -> Component:
    return html.Section(
        [
            html.H2(text("definition", visit.lang)),
            html.P(item.indicator.definition.in_(visit.lang), className="definition"),
        ]
    )


def _facts(visit: PageRequest, item: Reading) -> Component:
    indicator, lang = item.indicator, visit.lang
    held = queries.standing(visit.snapshot, item.id)
    pairs: list[tuple[str, Component | str]] = [
        ("unit", item.unit.label.in_(lang)),
        ("frequency", text(indicator.frequency, lang)),
        ("publication", publication_words(indicator, lang)),
        (
            "source",
            html.A(indicator.credit.name.in_(lang), href=indicator.credit.url, rel="noopener"),
        ),
        ("licence", indicator.credit.licence.in_(lang)),
        (
            "sources_order",
            " → ".join(text(f"source_{ref.name}", lang) for ref in indicator.sources),
        ),
    ]
    if held and item.as_of is None:
        days = (held.first, held.newest.date)
        first, last = (formatting.day(day, indicator, lang, year=True) for day in days)
        count = f"{held.count:,} 个值" if lang == "zh" else f"{held.count:,} values"
        pairs.append(
            (
                "history",
                f"{first} – {last}，{count}" if lang == "zh" else f"{first} – {last}, {count}",
            )
        )
    rows = [part for name, words in pairs for part in (html.Dt(text(name, lang)), html.Dd(words))]
    return html.Dl(rows, className="fact-list")


def publication_words(indicator: Indicator, lang: str) -> str:
    """When a value comes out, in words."""
    if indicator.publication.words is not None:
        return indicator.publication.words.in_(lang)
    rule, n, at = indicator.publication.rule, indicator.publication.n, indicator.publication.at
    zone = "北京时间" if indicator.publication.zone == "Asia/Shanghai" else "美东时间"
    zone_en = "Beijing time" if indicator.publication.zone == "Asia/Shanghai" else "New York time"
    words = {
        "close": ("当日收盘（美东）", "at the close of the session (New York)"),
        "days": (
            f"当日 {at}（{zone}）" if n == 0 else f"{n} 天后 {at}（{zone}）",
            f"same day, {at} {zone_en}" if n == 0 else f"{n} days later, {at} {zone_en}",
        ),
        "sessions": (
            f"其后第 {n} 个交易日 {at}（{zone}）",
            f"{n} trading day later, {at} {zone_en}",
        ),
        "next_month": (f"次月 {n} 日前后", f"around day {n} of the next month"),
        "period_end": ("当期结束后", "when the period is over"),
    }
    return words[rule][lang == "en"]


def _recent(visit: PageRequest, column: Column, item: Reading) -> Component | None:
    rows = [(v, x) for v, x in column.rows if x is not None][-RECENT:][::-1]
    if not rows:
        return None
    lang = visit.lang
    header = ("date", "value", "known_at", "status")
    cells = [
        html.Tr(
            [
                html.Th(formatting.table_day(v.date, item.indicator, lang), scope="row"),
                html.Td(_shown(visit, column, item, x), className="cell-figure"),
                html.Td(formatting.minute(v.known_at), className="quiet"),
                html.Td(_status(v, lang), className="quiet", title=provenance(v)),
            ]
        )
        for v, x in rows
    ]
    return html.Section(
        [
            html.H2(text("recent_values", lang)),
            tables.table((text(name, lang) for name in header), cells, "recent"),
        ]
    )


def _status(vintage: Vintage, lang: str) -> str:
    """How a value came to be held, and its way of measuring where the source names one."""
    words = text(f"{vintage.status}_status", lang)
    return f"{words} · {vintage.basis}" if vintage.basis else words


def _shown(visit: PageRequest, column: Column, item: Reading, value: float) -> str:
    if column.unit == item.unit.code:
        figure = formatting.figure(value, item.indicator, item.unit, visit.lang, exact=True)
        return str(figure)
    suffix = "%" if column.unit == "percent" else ""
    return formatting.signed(value, 2) + suffix


def _disagreements(visit: PageRequest, item: Reading) -> Component | None:
    """Where another source says something else: told, never averaged."""
    found = queries.disagreements(visit.snapshot, item.id)
    if not found:
        return None

    def said(source: str, value: float) -> str:
        return f"{text(f'source_{source}', visit.lang)} {_exact(visit, item, value)}"

    entries = [
        html.Li(
            [
                html.Span(
                    formatting.table_day(d.date, item.indicator, visit.lang), className="quiet"
                ),
                f" {said(d.source, d.value)} · {said(d.other_source, d.other_value)}",
            ]
        )
        for d in found[:DISAGREEMENTS]
    ]
    words = text("disagreements", visit.lang, count=f"{len(found):,}")
    return html.Section([html.H2(words), html.Ul(entries, className="event-list")])


def _revisions(visit: PageRequest, item: Reading) -> Component | None:
    """What a source said first, and what it says now."""
    found = queries.revisions(visit.snapshot, item.id, item.as_of, most=REVISIONS)
    if not found:
        return None
    entries = [
        html.Li(
            [
                html.Span(
                    formatting.table_day(r.date, item.indicator, visit.lang), className="quiet"
                ),
                f" {_exact(visit, item, r.before)} → {_exact(visit, item, r.after)} ",
                html.Span(
                    text("revised_by", visit.lang, source=text(f"source_{r.source}", visit.lang),
                         moment=formatting.minute(r.known_at)), className="quiet",
                ),
            ]
        )
        for r in found
    ]  # fmt: skip
    return html.Section(
        [html.H2(text("revisions", visit.lang)), html.Ul(entries, className="event-list")]
    )


def _actions(visit: PageRequest, item: Reading) -> Component | None:
    """Splits and dividends, which the prices are not adjusted for."""
    found = queries.actions(visit.snapshot, item.id)
    if not found:
        return None
    unit = item.unit.label.in_(visit.lang)
    entries = [
        html.Li(
            [
                html.Span(
                    formatting.table_day(a.date, item.indicator, visit.lang), className="quiet"
                ),
                f" {text(a.kind, visit.lang, value=formatting.trimmed(a.value), unit=unit)}",
            ]
        )
        for a in found[:ACTIONS]
    ]
    return html.Section(
        [html.H2(text("actions", visit.lang)), html.Ul(entries, className="event-list")]
    )


def _notes(visit: PageRequest, column: Column, item: Reading) -> Component | None:
    """What is to be said of single values, newest first."""
    entries = [
        html.Li(
            [
                html.Span(
                    formatting.table_day(v.date, item.indicator, visit.lang), className="quiet"
                ),
                f" {correction_notes.note(visit.snapshot, item.indicator, v, visit.lang)}",
            ],
        )
        for v, _ in reversed(column.rows)
        if v.note
    ]
    if not entries:
        return None
    return html.Section(
        [html.H2(text("note", visit.lang)), html.Ul(entries[:NOTES], className="event-list")]
    )


def _exact(visit: PageRequest, item: Reading, value: float) -> str:
    return str(formatting.figure(value, item.indicator, item.unit, visit.lang, exact=True))


def _events(visit: PageRequest, item: Reading) -> Component | None:
    events = queries.events(visit.snapshot, item.id, item.as_of, most=200)
    entries: list[Component] = []
    for event in events:
        if len(entries) == EVENTS:
            break
        entries += _event(visit, item, event)
    if not entries:
        return None
    return html.Section(
        [html.H2(text("events", visit.lang)), html.Ul(entries, className="event-list")]
    )


def _event(visit: PageRequest, item: Reading, event: Event) -> list[Component]:
    vintage = Vintage(event.date, event.value, "", event.known_at, "")
    found = badges(vintage, [event], item.indicator, item.unit, visit.lang)
    figure = formatting.figure(event.value, item.indicator, item.unit, visit.lang, exact=True)
    day = formatting.day(event.date, item.indicator, visit.lang, year=True)
    return [
        html.Li([html.Span(day, className="quiet"), " ", cards.badge(b), " ", str(figure)])
        for b in found
    ]


def _documents(visit: PageRequest, item: Reading) -> Component | None:
    """The documents behind the newest count."""
    register = item.indicator.ref("register")
    if register is None or item.vintage is None:
        return None
    month = f"{item.vintage.date:%Y-%m}"
    documents = queries.documents_of_month(visit.snapshot, month, register.params["topics"])
    words = formatting.day(item.vintage.date, item.indicator, visit.lang)
    return html.Section(
        [
            html.H2(text("documents", visit.lang, month=words)),
            html.Ul(
                [
                    html.Li(
                        [
                            f"{d['issuer']}：《{d['title']}》",
                            html.Span(f"，{d['published'] or d['issued']}", className="quiet"),
                        ]
                    )
                    for d in documents
                ],
                lang="zh-CN",
            ),
        ]
    )


def _bulletins(visit: PageRequest, item: Reading) -> Component | None:
    found = queries.mentioned_in(visit.snapshot, item.id)
    if not found:
        return None
    links = [
        html.Li(dcc.Link(f"{day} {title}", href=visit.chosen.href(f"/bulletins/{day}")))
        for day, title in found[:10]
    ]
    return html.Section([html.H2(text("mentioned_in", visit.lang)), html.Ul(links)])
