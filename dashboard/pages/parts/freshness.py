"""How fresh an indicator is, as a sign and in words."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard import formatting
from dashboard.data.freshness import Health
from dashboard.texts import text
from etl.freshness import as_of_words, checked_words

#: A sign for each state; the words beside it say the same. Templates know it as `signs`.
SIGNS: Mapping[str, str] = {"stale": "!", "failing": "✕", "empty": "–", "fresh": "✓"}


def until(one: Health, lang: str) -> str:
    """Until when the values run: 截至 11-20 收盘（美东）."""
    if one.newest is None:
        return text("no_data", lang)
    day, indicator = one.newest.date, one.indicator
    if lang == "zh":
        return as_of_words(indicator, day)
    words = formatting.day(day, indicator, lang, year=True)
    return text("until_close" if indicator.is_new_york_close else "until_day", lang, day=words)


def age(one: Health, lang: str) -> str:
    """How far an indicator is behind its own calendar."""
    if one.missed is None:
        return "—"
    if one.indicator.calendar == "event":
        return checked_words(one.indicator.checked, one.judged_at, lang)
    if one.missed == 0:
        return text("nothing_missed", lang)
    name = "missed_one" if one.missed == 1 else "missed"
    unit = text(f"{name}_{one.indicator.calendar}", lang)
    return text("missed", lang, count=f"{one.missed:,}", unit=unit)
