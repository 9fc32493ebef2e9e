"""/ and /bulletins/DATE: the bulletin's text beside the indicators it mentions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import formatting
from dashboard.address import Transform, Window
from dashboard.chart.model import build
from dashboard.components import alerts, cards
from dashboard.components.charts import LEAD, chart_block
from dashboard.components.marked import Marked, evidence
from dashboard.data import queries
from dashboard.data.cards import Reading, readings
from dashboard.data.policy_filter import MAX_WORDS
from dashboard.data.queries import Citation
from dashboard.data.transforms import span, transformed
from dashboard.pages.chain import chain
from dashboard.pages.page import Page, PageRequest, message
from dashboard.texts import text
from etl.bulletins.model import Bulletin, Reference, Section
from etl.bulletins.parts import numeral
from etl.calendars import end_of

WEIGHT = {"milestone_up": 4, "record_high": 2, "milestone_down": 3, "record_low": 1}


def today(visit: PageRequest) -> Page:
    """The newest bulletin."""
    days = queries.bulletin_days(visit.snapshot)
    if not days:
        words = text("no_bulletin_long", visit.lang)
        return message(text("no_bulletin", visit.lang), words, visit.chosen, 200)
    page = _page(visit, days[-1], days)
    standing = alerts.line(queries.alerts(visit.snapshot), visit.snapshot.catalog, visit.chosen)
    # Below the head: how the alerts stand now is no part of what was known on the day.
    return replace(page, body=[page.body[0], *([standing] if standing else []), *page.body[1:]])


def of_day(visit: PageRequest, day_text: str) -> Page:
    """The bulletin of one day; 404 in words when there is none."""
    days = queries.bulletin_days(visit.snapshot)
    try:
        day = date.fromisoformat(day_text) if len(day_text) == 10 else None
    except ValueError:
        day = None
    if day is None or day not in days:
        words = text("not_found_long", visit.lang)
        return message(text("not_found", visit.lang), words, visit.chosen, 404)
    return _page(visit, day, days)


def _page(visit: PageRequest, day: date, days: Sequence[date]) -> Page:
    bulletin = queries.bulletin(visit.snapshot, day)
    assert bulletin is not None
    as_of = end_of(day)
    beside = _beside(visit, queries.mentioned(visit.snapshot, day), as_of)
    marked = Marked(visit, day, {i.id for items in beside.values() for i in items if i.vintage})
    first = [i.id for i in visit.snapshot.catalog.all() if i.headline]
    headlines = readings(visit.snapshot, first, as_of, visit.lang)
    lead = _lead(visit, bulletin, headlines, as_of)
    shown = formatting.full_date(day, visit.lang)
    return Page(
        title=f"{bulletin.title} · {shown}",
        description=bulletin.summary[:160],
        has_chart=lead is not None,
        body=[
            _head(visit, bulletin, days),
            cards.strip(headlines, visit.chosen),
            html.Div(
                [
                    html.Div(
                        [_summary(visit, bulletin, marked), _contents(visit, bulletin)],
                        className="prose",
                    ),
                    html.Aside(lead, className="beside") if lead else None,
                ],
                className="row first-row",
            ),
            *[_section(visit, section, beside, marked) for section in bulletin.sections],
            _judgement(visit, bulletin, marked),
            chain(visit, as_of, days),
            evidence(visit, marked),
            _references(visit, bulletin),
        ],
    )


def _beside(
    visit: PageRequest, mentioned: Mapping[str, Sequence[str]], as_of: datetime
) -> Mapping[str, Sequence[Reading]]:
    """For each part the indicators it mentions, and those that are shown with them.

    An indicator stands beside the first section that mentions it, not again beside later ones.
    """
    placed: set[str] = set()
    result: dict[str, list[Reading]] = {}
    for part in sorted((p for p in mentioned if p.isdigit()), key=int):
        names = [*mentioned[part], *_companions(visit, mentioned[part])]
        fresh = [name for name in dict.fromkeys(names) if name not in placed]
        placed.update(fresh)
        result[part] = readings(visit.snapshot, fresh, as_of, visit.lang)
    return result


def _companions(visit: PageRequest, names: Sequence[str]) -> list[str]:
    return [i.id for i in visit.snapshot.catalog.all() if set(i.shown_with) & set(names)]


def _head(visit: PageRequest, bulletin: Bulletin, days: Sequence[date]) -> Component:
    shown = formatting.full_date(bulletin.date, visit.lang)
    known = text("known_by", visit.lang, day=shown)
    named = [i.id for i in visit.snapshot.catalog.all() if i.headline]
    if visit.snapshot.is_reconstructed(named, end_of(bulletin.date)):
        why = text("reconstructed", visit.lang)
        known += f"（{why}）" if visit.lang == "zh" else f" ({why})"
    return html.Header(
        [
            html.Div(
                [
                    html.H1([bulletin.title, " ", html.Span(shown, className="issue-date")]),
                    html.P(bulletin.publisher.replace("；", " · "), className="publisher"),
                ]
            ),
            html.Div(
                [
                    _neighbours(visit, bulletin.date, days),
                    html.P(
                        known,
                        className="known-by",
                        title=text("known_by_long", visit.lang, day=shown),
                    ),
                    html.P(
                        html.A(
                            text("pack", visit.lang),
                            href=visit.chosen.href(f"/bulletins/{bulletin.date}.zip"),
                            title=text("pack_title", visit.lang),
                        ),
                        className="known-by",
                    ),
                    html.P(text("chinese_only", visit.lang), className="known-by")
                    if visit.lang == "en"
                    else None,
                ],
                className="issue-side",
            ),
        ],
        className="issue",
    )


def _neighbours(visit: PageRequest, day: date, days: Sequence[date]) -> Component:
    place = list(days).index(day)
    links: list[Component] = []
    for name, index in (("previous_bulletin", place - 1), ("next_bulletin", place + 1)):
        if 0 <= index < len(days):
            href = visit.chosen.href(f"/bulletins/{days[index]}")
            words = f"{text(name, visit.lang)} {days[index]}"
            links.append(dcc.Link(words, href=href, className="neighbour"))
    links.append(dcc.Link(text("all_bulletins", visit.lang), href=visit.chosen.href("/bulletins")))
    return html.Nav(links, className="neighbours")


def _lead(
    visit: PageRequest, bulletin: Bulletin, headlines: Sequence[Reading], as_of: datetime
) -> Component | None:
    """The chart of the headline indicator with the most remarkable value of the day."""

    def weight(item: Reading) -> int:
        return sum(WEIGHT.get(badge.kind, 0) for badge in item.badges)

    held = [item for item in headlines if item.vintage is not None and len(item.spark) > 1]
    if not held:
        return None
    item = max(held, key=weight)
    rows = queries.series(visit.snapshot, item.id, as_of)
    first, last = span(rows, Window("3y"))
    transform = Transform()
    values = transformed(rows, transform, item.indicator, first)
    shown = [(v, x) for v, x in zip(rows, values, strict=True) if first <= v.date <= last]
    model = build(
        item.indicator,
        item.unit,
        shown,
        transform=transform,
        events=queries.events(visit.snapshot, item.id, as_of),
        lang=visit.lang,
    )
    title = dcc.Link(
        item.indicator.title.in_(visit.lang), href=visit.chosen.href(f"/indicators/{item.id}")
    )
    assert item.vintage is not None
    source = text("source_is", visit.lang, source=cards.source_words(item, visit.lang))
    when = cards.dated(item, visit.lang)
    return html.Section(
        [
            html.Div(
                [
                    html.Span(text("lead_chart", visit.lang), className="kicker"),
                    html.H2(title, className="lead-title"),
                    *[cards.badge(b) for b in item.badges],
                ],
                className="lead-head",
            ),
            chart_block(model, item.id, visit.chosen, LEAD, (when, source)),
        ],
        className="lead",
    )


def _summary(visit: PageRequest, bulletin: Bulletin, marked: Marked) -> Component:
    return html.Section(
        [
            html.H2(text("summary", visit.lang), className="kicker"),
            html.P(marked.words("summary", 0, bulletin.summary), className="summary", lang="zh-CN"),
        ]
    )


def _contents(visit: PageRequest, bulletin: Bulletin) -> Component:
    entries = [
        html.Li(html.A([numeral(s.number), "、", s.title], href=f"#section-{s.number}"))
        for s in bulletin.sections
    ]
    return html.Nav(
        html.Ol(entries, className="contents", lang="zh-CN"),
        **{"aria-label": text("contents", visit.lang)},
    )


def _section(
    visit: PageRequest, section: Section, beside: Mapping[str, Sequence[Reading]], marked: Marked
) -> Component:
    items = beside.get(str(section.number), ())
    held = [item for item in items if item.vintage is not None]
    empty = [item for item in items if item.vintage is None]
    side = html.Aside(
        [
            *[cards.card(item, visit.chosen) for item in held],
            cards.waiting(empty, visit.chosen),
        ],
        className="beside cards",
        **{"aria-label": text("beside", visit.lang)},
    )
    return html.Section(
        [
            html.Div(
                [
                    html.H2(
                        [
                            html.Span(f"{numeral(section.number)}、", className="numeral"),
                            section.title,
                        ]
                    ),
                    *[
                        html.P(marked.words(str(section.number), index, paragraph))
                        for index, paragraph in enumerate(section.paragraphs)
                    ],
                ],
                className="prose",
                lang="zh-CN",
            ),
            side if items else None,
        ],
        className="row",
        id=f"section-{section.number}",
    )


def _judgement(visit: PageRequest, bulletin: Bulletin, marked: Marked) -> Component | None:
    if not bulletin.judgement:
        return None
    return html.Section(
        [
            html.H2(text("judgement", visit.lang)),
            *[
                html.P(marked.words("judgement", index, paragraph), lang="zh-CN")
                for index, paragraph in enumerate(bulletin.judgement)
            ],
        ],
        className="prose judgement",
        id="judgement",
    )


def _references(visit: PageRequest, bulletin: Bulletin) -> Component | None:
    if not bulletin.references:
        return None
    known = queries.citations(visit.snapshot, bulletin.date)
    entries = [_reference(visit, r, known.get(r.number)) for r in bulletin.references]
    return html.Section(
        [html.H2(text("references", visit.lang)), html.Ol(entries, lang="zh-CN")],
        className="prose references",
        id="references",
    )


def _reference(visit: PageRequest, reference: Reference, known: Citation | None) -> Component:
    publisher = f"{reference.publisher}：" if reference.publisher else ""
    day = f"，{reference.date}" if reference.date else ""
    return html.Li(
        [
            html.P(  # as it was written; what is said of it stands beside it
                [
                    f"{publisher}《{reference.title}》{day}",
                    html.Span(f"，{reference.use}", className="use") if reference.use else None,
                    "。",
                ]
            ),
            *(_label(visit, known) if known else ()),
        ],
        value=str(reference.number),
    )


def _label(visit: PageRequest, known: Citation) -> list[Component | str]:
    """What kind a reference is; a policy leads to its entry in the register."""
    words = text(f"reference_{known.kind}", visit.lang)
    if known.kind != "policy" or not known.title:
        return [" ", html.Span(words, className="quiet")]
    words = text("reference_held" if known.origin == "register" else "reference_cited", visit.lang)
    href = visit.chosen.href("/policies", q=known.title[:MAX_WORDS])
    return [" ", dcc.Link(words, href=href, className="quiet", title=known.title)]
