"""Alerts in words: one quiet line where readers are, and the table on the status page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dashboard import formatting
from dashboard.texts import text
from dashboard.urls import Urls
from etl.alerts.rules import Alert
from etl.catalog import Catalog, Indicator
from etl.words.sentences import gap

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
    line: str
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
            line=_line(alert, catalog[alert.indicator], lang),
            sentence=alert.en if lang == "en" else alert.zh,
        )
        for alert in alerts
    ]


def _line(alert: Alert, indicator: Indicator, lang: str) -> str:
    """The alert among others: 纳斯达克数据未更新（至 8 月 31 日）."""
    name = indicator.short.in_(lang)
    if alert.rule == "stale" and alert.date is not None:
        name = f"{name}{gap(name)}" if lang == "zh" else name
        return text("alert_stale", lang, who=name, day=formatting.day(alert.date, indicator, lang))
    return f"{name} {alert.rule_en if lang == 'en' else alert.rule_zh}"
