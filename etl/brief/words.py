"""A brief as a reader sees it: its parts in order, and as Markdown to be put into a bulletin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from etl.brief.find import FAR
from etl.brief.known import DAYS
from etl.brief.model import Brief, Said
from etl.words.numbers import beijing, full_date

_WORDS: Mapping[str, tuple[str, str]] = {
    "since": (
        "以下是 {before}一期之后、截至 {until}所知的变化。",
        "What became known after the bulletin of {before} and by {until}.",
    ),
    "no_before": (
        "此前没有动态；以下是最近 {days} 天、截至 {until}所知的变化。",
        "There is no bulletin before; what became known in {days} days, by {until}.",
    ),
    "marks": ("新高、新低与整数关口", "Records and round numbers"),
    "jumps": ("变动超过 {far} 个标准差", "Steps of more than {far} standard deviations"),
    "papers": ("新计入的政策文件", "Policy documents newly counted"),
    "rest": ("其余指标", "Other indicators"),
    "nothing": (
        "其间没有新高、新低和整数关口，没有超过 {far} 个标准差的变动，也没有新计入的政策文件。",
        "No record, no round number crossed, no step of more than {far} standard deviations, no "
        "policy document newly counted.",
    ),
    "unremarkable": ("另有新值：{names}。", "With a new value besides: {names}."),
    "unchanged": ("没有新值：{names}。", "No new value: {names}."),
    "missing": ("没有数据：{names}。", "No data: {names}."),
    "source": ("来源：{source}。", "Source: {source}."),
}  # fmt: skip
_MARKS = re.compile(r"([\\`*_\[\]<>])")


@dataclass(frozen=True, slots=True)
class BriefLine:
    """A sentence that leads somewhere, and the source of what it says."""

    said: Said
    source: str = ""


@dataclass(frozen=True, slots=True)
class BriefSection:
    """A part of a brief: lines, and sentences without a link."""

    title: str
    lines: tuple[BriefLine, ...] = ()
    plain: tuple[str, ...] = ()


def lead(brief: Brief) -> str:
    """What the brief covers, and that nothing moved if nothing did."""
    until = beijing(brief.until, brief.lang)
    if brief.before is None:
        covers = _say("no_before", brief.lang, days=str(DAYS), until=until)
    else:
        before = full_date(brief.before, brief.lang)
        covers = _say("since", brief.lang, before=before, until=until)
    if brief.items or brief.papers:
        return covers
    space = " " if brief.lang == "en" else ""
    return f"{covers}{space}{_say('nothing', brief.lang, far=f'{FAR:g}')}"


def sections(brief: Brief) -> Iterator[BriefSection]:
    """The parts that have something in them; what is missing is named in the last."""
    lang = brief.lang
    for name, items in (("marks", brief.marks), ("jumps", brief.jumps)):
        if items:
            lines = (BriefLine(i.said, _say("source", lang, source=i.source)) for i in items)
            yield BriefSection(_say(name, lang, far=f"{FAR:g}"), tuple(lines))
    if brief.papers:
        count = [BriefLine(brief.count)] if brief.count else []
        papers = [BriefLine(paper.said) for paper in brief.papers]
        yield BriefSection(_say("papers", lang), (*count, *papers))
    rest = (
        ("unremarkable", brief.unremarkable),
        ("unchanged", brief.unchanged),
        ("missing", brief.missing),
    )
    plain = tuple(_say(name, lang, names=_listed(names, lang)) for name, names in rest if names)
    if plain:
        yield BriefSection(_say("rest", lang), plain=plain)


def markdown(brief: Brief) -> str:
    """The brief as Markdown. What stands before the first heading is for the editor: a bulletin
    that is read leaves it out."""
    blocks = [_plain(lead(brief))]
    for section in sections(brief):
        blocks.append(f"## {_plain(section.title)}")
        if section.lines:
            blocks.append("\n".join(_item(line, brief.lang) for line in section.lines))
        blocks += [_plain(sentence) for sentence in section.plain]
    return "\n\n".join(blocks) + "\n"


def _item(line: BriefLine, lang: str) -> str:
    before, name, after = line.said.text.partition(line.said.name)
    linked = f"{_plain(before)}[{_plain(name)}]({_address(line.said.link)}){_plain(after)}"
    space = " " if lang == "en" and line.source else ""
    return f"- {linked}{space}{_plain(line.source)}"


def _plain(words: str) -> str:
    """Words that Markdown shows as they are."""
    return _MARKS.sub(r"\\\1", words)


def _address(link: str) -> str:
    """An address within round brackets."""
    return link.replace(" ", "%20").replace("(", "%28").replace(")", "%29")


def _listed(names: Sequence[str], lang: str) -> str:
    return ("、" if lang == "zh" else ", ").join(names)


def _say(name: str, lang: str, **values: str) -> str:
    return _WORDS[name][lang == "en"].format(**values)
