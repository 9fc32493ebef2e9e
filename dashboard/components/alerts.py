"""Alerts in words: one quiet line where readers are, and the table on the status page."""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components import tables
from dashboard.display import Display
from dashboard.texts import text
from etl.alerts.rules import Alert
from etl.catalog import Catalog

#: The states, what is worst first.
STATES = ("triggered", "missing", "normal")
SIGNS = {"triggered": "!", "missing": "–", "normal": "✓"}
#: The sign of a state looks as that of an indicator.
LOOKS = {"triggered": "failing", "missing": "empty", "normal": "fresh"}
NAMED = 6


def rule_words(alert: Alert, lang: str) -> str:
    return alert.rule_en if lang == "en" else alert.rule_zh


def sentence(alert: Alert, lang: str) -> str:
    return alert.en if lang == "en" else alert.zh


def line(alerts: Sequence[Alert], catalog: Catalog, chosen: Display) -> Component | None:
    """Which alerts are triggered, the first few by name; nothing where none is."""
    triggered = [alert for alert in alerts if alert.state == "triggered"]
    if not triggered:
        return None
    lang = chosen.lang
    parts: list[Component | str] = [text("alerts_line", lang)]
    for alert in triggered[:NAMED]:
        name = catalog[alert.indicator].short.in_(lang)
        parts += [
            dcc.Link(
                f"{name} {rule_words(alert, lang)}",
                href=chosen.href(f"/indicators/{alert.indicator}"),
                title=sentence(alert, lang),
            ),
            "；" if lang == "zh" else "; ",
        ]
    count = str(len(triggered))
    parts.append(dcc.Link(text("all_alerts", lang, count=count), href=chosen.href("/status")))
    return html.P(parts, className="alert-line")


def of_indicator(alerts: Sequence[Alert], indicator: str, lang: str) -> list[Component]:
    """The triggered alerts of one indicator, each a sentence."""
    return [
        html.P(
            [
                html.Strong(text("alert_is", lang, rule=rule_words(alert, lang))),
                sentence(alert, lang),
            ],
            className="alert-line",
        )
        for alert in alerts
        if alert.indicator == indicator and alert.state == "triggered"
    ]


def table(alerts: Sequence[Alert], catalog: Catalog, chosen: Display) -> Component:
    """Every rule with its state, what is worst first."""
    lang = chosen.lang
    ordered = sorted(alerts, key=lambda alert: STATES.index(alert.state))
    header = ("state", "name", "alert_rule", "alert_says")
    rows = [_row(alert, catalog, chosen) for alert in ordered]
    return tables.table((text(name, lang) for name in header), rows, "health alerts")


def _row(alert: Alert, catalog: Catalog, chosen: Display) -> Component:
    lang = chosen.lang
    look = f"sign {LOOKS[alert.state]}"
    sign = html.Span(SIGNS[alert.state], className=look, **{"aria-hidden": "true"})
    name = dcc.Link(
        catalog[alert.indicator].title.in_(lang),
        href=chosen.href(f"/indicators/{alert.indicator}"),
    )
    return html.Tr(
        [
            html.Td([sign, text(f"alert_{alert.state}", lang)], className="is-state"),
            html.Th(name, scope="row", className="is-name"),
            html.Td(rule_words(alert, lang), className="is-rule"),
            html.Td(sentence(alert, lang), className="is-sentence"),
        ],
        className=alert.state,
    )
