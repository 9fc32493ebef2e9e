"""The words of the pages, each with its counterpart: zh.yaml and en.yaml beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from etl.texts import Texts

_TEXTS = Texts(Path(__file__).parent)


def text(name: str, lang: str, **values: str) -> str:
    """The words called `name`, with their blanks filled."""
    return _TEXTS.text(name, lang, **values)


def site_title(lang: str = "zh") -> str:
    """The name of the site: 新质生产力每日动态 · 指标台."""
    return f"{text('site', lang)} · {text('desk', lang)}"


def range_name(name: str, lang: str) -> str:
    """A time range: 1 年, 今年."""
    return _TEXTS.of("ranges", name, lang)


def transform_name(name: str, lang: str, n: int | None = None) -> str:
    """A transform, with its length where it has one: 均线 20."""
    words = _TEXTS.of("transforms", name, lang)
    return f"{words} {n}" if n else words


def aggregate_name(freq: str, agg: str, lang: str) -> str:
    """What a value of a period is: 月均, 季末, end of the week."""
    return _TEXTS.of("aggregates", f"{freq}_{agg}", lang)


def empty_words(why: str, lang: str) -> str:
    """Why there is no value for a date: 没有可比的基期."""
    return _TEXTS.of("empty", why, lang)


def hint(parameter: str, lang: str) -> str:
    """What may stand in a parameter of an address; nothing where its error says it already."""
    return _TEXTS.section("hints", lang).get(parameter, "")


def every_text() -> Iterator[tuple[str, str, str]]:
    """Each text with its name, in Chinese and in English."""
    return _TEXTS.every()
