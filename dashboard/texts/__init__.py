"""The words of the pages, each with its counterpart: zh.yaml and en.yaml beside this file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

Words = Mapping[str, Mapping[str, str]]
_READ: Mapping[str, Words] = {
    lang: yaml.load((Path(__file__).parent / f"{lang}.yaml").read_text("utf-8"), yaml.CSafeLoader)
    for lang in ("zh", "en")
}


def text(name: str, lang: str, **values: str) -> str:
    """The words called `name`, with their blanks filled."""
    return _of(lang, "texts", name).format(**values)


def site_title(lang: str = "zh") -> str:
    """The name of the site: 新质生产力每日动态 · 指标台."""
    return f"{text('site', lang)} · {text('desk', lang)}"


def range_name(name: str, lang: str) -> str:
    """A time range: 1 年, 今年."""
    return _of(lang, "ranges", name)


def transform_name(name: str, lang: str, n: int | None = None) -> str:
    """A transform, with its length where it has one: 均线 20."""
    words = _of(lang, "transforms", name)
    return f"{words} {n}" if n else words


def aggregate_name(freq: str, agg: str, lang: str) -> str:
    """What a value of a period is: 月均, 季末, end of the week."""
    return _of(lang, "aggregates", f"{freq}_{agg}")


def hint(parameter: str, lang: str) -> str:
    """What may stand in a parameter of an address; nothing where its error says it already."""
    return _READ["en" if lang == "en" else "zh"]["hints"].get(parameter, "")


def every_text() -> Iterator[tuple[str, str, str]]:
    """Each text with its name, in Chinese and in English."""
    for kind, found in _READ["zh"].items():
        for name, words in found.items():
            yield f"{kind}.{name}", words, _READ["en"][kind][name]


def _of(lang: str, kind: str, name: str) -> str:
    return _READ["en" if lang == "en" else "zh"][kind][name]
