"""Alerts in words: one quiet line where readers are, and the table on the status page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dashboard.texts import text
from dashboard.urls import Urls
from etl.alerts.rules import Alert
from etl.catalog import Catalog

#: The states, what is worst first.
STATES = ("triggered", "missing", "normal")
SIGNS = {"triggered": "!", "missing": "–", "normal": "✓"}
#: The sign of a state looks as that of an indicator.
LOOKS = {"triggered": "failing", "missing": "empty", "normal": "fresh"}
#: How many are named where there is one line for all.
NAMED = 6


@dataclass(frozen=True, slots=True)
class AlertWords:
    """One rule as judged: the indicator, the rule, what it says now."""

    state: str
    state_words: str
    sign: str
    look: str
    name: str
    title: str
    href: str
    rule: str
    sentence: str


def triggered(alerts: Iterable[Alert]) -> list[Alert]:
    return [alert for alert in alerts if alert.state == "triggered"]


def worst_first(alerts: Sequence[Alert]) -> list[Alert]:
    return sorted(alerts, key=lambda alert: STATES.index(alert.state))


def in_words(alerts: Iterable[Alert], catalog: Catalog, urls: Urls) -> list[AlertWords]:
    """The alerts in the language of the links."""
    lang = urls.display.lang
    return [
        AlertWords(
            state=alert.state,
            state_words=text(f"alert_{alert.state}", lang),
            sign=SIGNS[alert.state],
            look=LOOKS[alert.state],
            name=catalog[alert.indicator].short.in_(lang),
            title=catalog[alert.indicator].title.in_(lang),
            href=urls.page(f"/indicators/{alert.indicator}"),
            rule=alert.rule_en if lang == "en" else alert.rule_zh,
            sentence=alert.en if lang == "en" else alert.zh,
        )
        for alert in alerts
    ]
