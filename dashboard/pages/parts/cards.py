"""What a card shows: from a reading to words, with unit, date and source in each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dashboard import formatting
from dashboard.chart.svg import data_uri, spark
from dashboard.data.cards import Reading
from dashboard.formatting import Change, Figure
from dashboard.texts import text
from dashboard.urls import Urls
from etl.words.sentences import Badge


@dataclass(frozen=True, slots=True)
class Card:
    """One indicator in words; without a `figure`, nothing is held of it."""

    id: str
    name: str
    title: str
    href: str
    figure: Figure | None
    change: Change | None
    badges: tuple[Badge, ...]
    dated: str
    source: str
    #: The newest value, where a later one is known than the one that is shown.
    latest: str
    #: A small picture of the last year, as its address, and what it shows in words.
    spark: str
    spark_alt: str


def cards(items: Iterable[Reading], urls: Urls) -> list[Card]:
    return [card(item, urls) for item in items]


def card(item: Reading, urls: Urls) -> Card:
    """The card of one reading, in the language of its links."""
    lang = urls.display.lang
    return Card(
        id=item.id,
        name=item.indicator.short.in_(lang),
        title=item.indicator.title.in_(lang),
        href=urls.page(f"/indicators/{item.id}"),
        figure=item.figure,
        change=item.change,
        badges=item.badges,
        dated=dated(item, lang) if item.vintage else "",
        source=item.indicator.credit.name.in_(lang),
        latest=_latest(item, lang) if item.has_newer else "",
        spark=_drawn(item) if item.spark else "",
        spark_alt=_alternative(item, lang) if item.spark else "",
    )


def dated(item: Reading, lang: str) -> str:
    """The date of a value and how it came to be held: 5 月 26 日收盘 · 项目自带."""
    assert item.vintage is not None
    words = formatting.day(item.vintage.date, item.indicator, lang, year=item.needs_year)
    if item.indicator.publication.rule == "close":
        words = text("close_of", lang, day=words)
    if item.vintage.status == "fetched":
        return words
    return f"{words} · {text(f'{item.vintage.status}_status', lang)}"


def _latest(item: Reading, lang: str) -> str:
    assert item.latest is not None
    figure = formatting.figure(item.latest.value, item.indicator, item.unit, lang)
    when = formatting.day(item.latest.date, item.indicator, lang)
    bracket = f" ({when})" if lang == "en" else f"（{when}）"
    return f"{text('latest', lang)} {figure}{bracket}"


def _drawn(item: Reading) -> str:
    return data_uri(spark(item.spark, step=item.indicator.frequency == "event"))


def _alternative(item: Reading, lang: str) -> str:
    first, last = (
        formatting.day(day, item.indicator, lang, year=True)
        for day in (item.spark[0][0], item.spark[-1][0])
    )
    title = item.indicator.title.in_(lang)
    return text("chart_of", lang, title=title, first=first, last=last)
