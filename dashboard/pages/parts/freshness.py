"""How fresh an indicator is, as a sign and in words."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard import formatting
from dashboard.data.freshness import Health
from dashboard.texts import text
from etl.freshness import as_of_words, checked_words
from etl.records import BEIJING

#: A sign for each state; the words beside it say the same. A page that shows signs hands them to
#: its template as `signs`.
SIGNS: Mapping[str, str] = {"stale": "!", "failing": "✕", "empty": "–", "fresh": "✓"}


def until(health: Health, lang: str) -> str:
    """Until when the values run: 截至 11-20 收盘（美东）."""
    if health.newest is None:
        return text("no_data", lang)
    day, indicator = health.newest.date, health.indicator
    if lang == "zh":
        return as_of_words(indicator, day)
    words = formatting.day(day, indicator, lang, year=True)
    return text("until_close" if indicator.is_new_york_close else "until_day", lang, day=words)


def age(health: Health, lang: str) -> str:
    """How far an indicator is behind its own calendar."""
    if health.missed is None:
        return "—"
    if health.indicator.calendar == "event":
        checked = health.indicator.checked
        if checked and checked > health.judged_at.astimezone(BEIJING).date():
            return "—"  # whoever looked before is forgotten
        return checked_words(checked, health.judged_at, lang)
    if health.missed == 0:
        return text("nothing_missed", lang)
    name = "missed_one" if health.missed == 1 else "missed"
    unit = text(f"{name}_{health.indicator.calendar}", lang)
    return text("missed", lang, count=f"{health.missed:,}", unit=unit)
