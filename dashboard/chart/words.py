"""A chart in words: the finding as a headline, what is shown, a paragraph, and the words for those
who do not see the picture. Every number comes from the rows that the picture is drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dashboard import formatting
from dashboard.address import Transform
from dashboard.chart.headlines import headline
from dashboard.chart.model import Model, Part
from dashboard.formatting import Change, Figure, spoken
from dashboard.texts import text, transform_name
from etl.changes import comparable
from etl.records import Vintage
from etl.words.sentences import (
    Badge,
    badges,
    base_day,
    change_itself,
    change_words,
    gap,
    newest_change,
    value_words,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """The newest shown value of one indicator and what is to be said of it."""

    part: Part
    vintage: Vintage
    figure: Figure
    change: Change | None
    badges: tuple[Badge, ...]

    @property
    def said(self) -> str:
        """The figure within a sentence, where a ratio needs no unit."""
        return spoken(self.figure, self.part.unit)


@dataclass(frozen=True, slots=True)
class Words:
    """What a chart says."""

    headline: str
    finding: str
    subtitle: str
    sentences: tuple[str, ...]
    alternative: str
    findings: tuple[Finding, ...]

    @property
    def is_own(self) -> bool:
        """Whether the headline is of an editor's own, and no finding of the site."""
        return self.headline != self.finding

    def paragraph(self, lang: str) -> str:
        return ("" if lang == "zh" else " ").join(self.sentences)


def words(
    model: Model,
    parts: Sequence[Part],
    transform: Transform,
    lang: str,
    as_of: datetime | None = None,
    *,
    reconstructed: bool = False,
    title: str = "",
) -> Words:
    """The words of a chart, from the parts that its model was made of, below its finding or the
    `title` that an editor gave it."""
    found = [f for part in parts if (f := _finding(part, transform, lang))]
    finding = headline(parts, model, transform, lang)
    own = [text("own_title", lang, finding=finding)] if title and title != finding else []
    told = _sentences(found, model, parts, transform, lang, as_of, reconstructed)
    return Words(
        headline=title or finding,
        finding=finding,
        subtitle=_subtitle(model, parts, lang),
        sentences=(*own, *told),
        alternative=model.description,
        findings=tuple(found),
    )


def _finding(part: Part, transform: Transform, lang: str) -> Finding | None:
    held = [(v, x) for v, x in part.rows if x is not None]
    if not held:
        return None
    indicator, unit = part.indicator, part.unit
    newest, value = held[-1]
    level = transform.name == "level"
    rows = [v for v, _ in held[-2:]]
    return Finding(
        part,
        newest,
        formatting.transformed_figure(value, transform, indicator, unit, lang),
        newest_change(rows, indicator, unit, lang) if level else None,
        tuple(badges(newest, part.events, indicator, unit, lang)) if level else (),
    )


def _name(finding: Finding, lang: str) -> str:
    return finding.part.name or finding.part.indicator.short.in_(lang)


def _when(finding: Finding, lang: str) -> str:
    return formatting.day(finding.vintage.date, finding.part.indicator, lang, year=True)


def _subtitle(model: Model, parts: Sequence[Part], lang: str) -> str:
    """The indicator, its unit and the period that is shown."""
    units = (" / " if len(model.axes) > 1 else "").join(axis.unit for axis in model.axes)
    if model.empty:
        return model.title
    comma = "，" if lang == "zh" else ", "
    return f"{model.title}{comma}{units}{comma}{_period(model, parts, lang)}"


def _period(model: Model, parts: Sequence[Part], lang: str) -> str:
    indicator = parts[0].indicator
    first = formatting.day(model.first, indicator, lang, year=True)
    last = formatting.day(model.last, indicator, lang, year=True)
    if first == last:
        return first
    return f"{first}至 {last}" if lang == "zh" else f"{first} to {last}"


def _sentences(
    found: Sequence[Finding],
    model: Model,
    parts: Sequence[Part],
    transform: Transform,
    lang: str,
    as_of: datetime | None,
    reconstructed: bool,
) -> Iterator[str]:
    for number, finding in enumerate(found):
        yield _newest_sentence(finding, transform, lang)
        yield from _range_sentence(finding, transform, lang)
        if transform.name == "level":
            yield from _trend_sentence(finding, lang)
            yield from _record_sentences(finding, lang, first=number == 0)
    for part in parts:
        if part.indicator.id not in {f.part.indicator.id for f in found}:
            yield text("nothing_shown", lang, title=part.indicator.title.in_(lang))
    for level in model.levels:
        if level.kind == "target":
            yield f"{level.label}。" if lang == "zh" else f"{level.label}."
    if model.sampled:
        yield text("sampled_words", lang)
    for part in {f.part.indicator.id: f.part for f in found}.values():
        for change in part.indicator.breaks:
            if model.first < change.date <= model.last:
                note, when = change.note.in_(lang), formatting.full_date(change.date, lang)
                yield f"口径变动：{when}，{note}。" if lang == "zh" else (
                    f"Break on {when}: {note}."
                )  # fmt: skip
    if as_of is not None:
        moment, why = formatting.beijing(as_of, lang), text("reconstructed", lang)
        if lang == "zh":
            yield f"以上数据截至 {moment}{f'，{why}' if reconstructed else ''}。"
        else:
            yield f"As known by {moment}{f', {why}' if reconstructed else ''}."


def _newest_sentence(finding: Finding, transform: Transform, lang: str) -> str:
    title, when = finding.part.indicator.title.in_(lang), _when(finding, lang)
    part, base = finding.part, ""
    if finding.change is not None:
        before, newest = [vintage for vintage, x in part.rows if x is not None][-2:]
        base = base_day(before, newest, part.indicator, lang)
    change = change_words(finding.change, part.indicator, part.unit, lang, base)
    measure = "" if transform.name == "level" else transform_name(transform.name, lang, transform.n)
    return value_words(title, when, finding.said, [change], lang, measure)


def _range_sentence(finding: Finding, transform: Transform, lang: str) -> Iterator[str]:
    held = [(v, x) for v, x in finding.part.rows if x is not None]
    if len(held) < 3:
        return
    (top_row, top), (low_row, low) = max(held, key=lambda r: r[1]), min(held, key=lambda r: r[1])
    part = finding.part

    def said(value: float, day: date) -> str:
        figure = spoken(
            formatting.transformed_figure(value, transform, part.indicator, part.unit, lang),
            part.unit,
        )
        when = formatting.day(day, part.indicator, lang, year=True)
        return f"{figure}（{when}）" if lang == "zh" else f"{figure} ({when})"

    highest, lowest = said(top, top_row.date), said(low, low_row.date)
    if lang == "zh":
        yield f"图中 {len(held):,} 个值，最高 {highest}，最低 {lowest}。"
    else:
        yield f"Of the {len(held):,} values shown the highest is {highest}, the lowest {lowest}."


def _trend_sentence(finding: Finding, lang: str) -> Iterator[str]:
    """From the first shown value to the newest, where the two may be compared."""
    part = finding.part
    first, newest = part.rows[0][0], finding.vintage
    if len(part.rows) < 3 or not comparable(first, newest, part.indicator):
        return
    change = formatting.change(newest.value, first.value, part.indicator, part.unit, lang)
    since = formatting.day(first.date, part.indicator, lang, year=True)
    value = spoken(formatting.figure(first.value, part.indicator, part.unit, lang), part.unit)
    if change.direction == 0:
        yield f"与 {since}持平。" if lang == "zh" else f"It is where it was in {since}."
        return
    words = change_itself(change, part.unit, lang)
    if lang == "zh":
        yield f"自 {since}的 {value}{gap(value)}以来，累计{words}。"
    else:
        yield f"Since {since} ({value}) it is {words}."


def _record_sentences(finding: Finding, lang: str, *, first: bool) -> Iterator[str]:
    for badge in finding.badges:
        name = "" if first else _name(finding, lang)
        yield f"{name}{badge.sentence}。" if lang == "zh" else f"{name} {badge.sentence}.".lstrip()
