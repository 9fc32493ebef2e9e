"""What is missing at the end of a span: values that are late, sessions without one, sources that
fail."""

from __future__ import annotations

from collections.abc import Iterator

from etl.brief.known import Meeting, News
from etl.brief.model import Lack
from etl.calendars import MARKETS, sessions_between
from etl.catalog import Catalog, Indicator
from etl.freshness import is_behind, sessions_missed
from etl.words.numbers import day, full_date

#: Markets whose holidays are known, so that a day without a value is a hole.
KEPT = frozenset({"XNYS", "XCBF", "CMES", "FED"})
#: What may be missing, in the order of telling.
KINDS = ("failing", "behind", "late", "unchecked", "never", "holes")


def lacks(catalog: Catalog, news: News, lang: str) -> Iterator[Lack]:
    """What is missing where one looks back to a day that was named: what is furthest behind first.
    Indicators without any value are named elsewhere."""
    if news.meeting is None:
        return
    found: dict[tuple[int, int, str], list[str]] = {}
    for indicator in catalog.all():
        if news.series.get(indicator.id):
            for kind, count, day in _of(indicator, news, news.meeting, lang):
                key = KINDS.index(kind), -count, day
                found.setdefault(key, []).append(indicator.title.in_(lang))
    for at, count, day in sorted(found):
        yield Lack(KINDS[at], tuple(found[at, count, day]), day, -count)


def _of(
    indicator: Indicator, news: News, meeting: Meeting, lang: str
) -> Iterator[tuple[str, int, str]]:
    """What an indicator lacks: in a word, how many, and since when."""
    newest, base = news.series[indicator.id][-1].date, news.newest.get(indicator.id)
    if indicator.id in meeting.problems:
        yield "failing", 0, ""
    is_market = indicator.calendar in MARKETS
    if is_behind(indicator, newest, news.until):
        if indicator.calendar == "event":
            looked = indicator.checked
            yield ("unchecked", 0, full_date(looked, lang)) if looked else ("never", 0, "")
        else:
            missed = sessions_missed(indicator, newest, news.until)
            told = day(newest, indicator, lang, year=True)
            yield "behind" if is_market else "late", missed, told
    if indicator.calendar in KEPT and base is not None and base < newest:
        expected = sessions_between(indicator.calendar, base, newest)
        holes = expected - news.held.get(indicator.id, 0)
        if holes > 0:
            yield "holes", holes, ""
