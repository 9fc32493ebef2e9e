"""When a value comes out, in words."""

from __future__ import annotations

from dashboard.texts import text
from etl.catalog import Indicator

_ZONES = {"Asia/Shanghai": "beijing_time", "America/New_York": "new_york_time"}


def publication_words(indicator: Indicator, lang: str) -> str:
    """The words of the catalog, or its rule as a sentence: 其后第 1 个交易日 16:15（美东时间）."""
    publication = indicator.publication
    if publication.words is not None:
        return publication.words.in_(lang)
    zone = _ZONES.get(publication.zone)
    return text(
        f"published_{_name(indicator)}",
        lang,
        n=str(publication.n),
        at=publication.at,
        zone=text(zone, lang) if zone else publication.zone,
    )


def _name(indicator: Indicator) -> str:
    """The rule, by whether it says none, one or several of its days, or another close than that of
    New York."""
    publication = indicator.publication
    if publication.rule == "close" and not indicator.is_new_york_close:
        return "close_elsewhere"
    if publication.rule not in ("days", "sessions") or publication.n > 1:
        return publication.rule
    return publication.rule.removesuffix("s") if publication.n else "same_day"
