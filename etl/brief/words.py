"""A brief as a reader sees it: its parts in order, and as Markdown to be put into a bulletin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from etl.brief.find import FAR
from etl.brief.known import DAYS
from etl.brief.model import Brief, BriefLevel, Lack, Said
from etl.words.numbers import MINUS, beijing, full_date

_WORDS: Mapping[str, tuple[str, str]] = {
    "since": (
        "以下是 {before}一期之后、截至 {until}所知的变化。",
        "What became known after the bulletin of {before} and by {until}.",
    ),
    "no_before": (
        "此前没有动态；以下是最近 {days} 天、截至 {until}所知的变化。",
        "There is no bulletin before; what became known in {days} days, by {until}.",
    ),
    "meeting": (
        "以下是 {before}之后、截至 {until}所知的变化。",
        "What became known after {before} and by {until}.",
    ),
    "reconstructed": (
        "{before}所知，据后来载入的历史重建。",
        "What was known on {before} is reconstructed from history loaded later.",
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
    "and_more": ("等 {count} 项", " and more, {count} in all"),
    "levels": ("水平与变动", "Levels and changes"),
    "no_value": ("无新值", "no new value"),
    "overtaken": ("不再成立的说法", "Statements that no longer hold"),
    "lacks": ("缺什么", "What is missing"),
    "behind": (
        "数据至 {day}，落后 {count} 个交易日：{names}。",
        "Data until {day}, {count} sessions behind: {names}.",
    ),
    "late": (
        "数据至 {day}，落后 {count} 期：{names}。",
        "Data until {day}, {count} periods behind: {names}.",
    ),
    "unchecked": ("核对至 {day}：{names}。", "Last looked at on {day}: {names}."),
    "never": ("未核对：{names}。", "Never looked at: {names}."),
    "holes": (
        "其间缺 {count} 个交易日的值：{names}。",
        "No value for {count} of the sessions in between: {names}.",
    ),
    "failing": ("最近一次更新失败：{names}。", "The last update failed: {names}."),
    "source": ("来源：{source}。", "Source: {source}."),
}  # fmt: skip
#: The columns of the table of levels.
_HEADS: Mapping[str, tuple[str, ...]] = {
    "zh": ("指标", "最新值", "日期", "变动", "此前", "标准差倍数", "其间", "来源"),
    "en": ("Indicator", "Newest", "Date", "Change", "Before", "z-score", "In between", "Source"),
}
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
    until, space = beijing(brief.until, brief.lang), gap(brief.lang)
    if brief.is_meeting and brief.before is not None:
        before = full_date(brief.before, brief.lang)
        covers = _say("meeting", brief.lang, before=before, until=until)
        if brief.is_reconstructed:
            covers += space + _say("reconstructed", brief.lang, before=before)
    elif brief.before is None:
        covers = _say("no_before", brief.lang, days=str(DAYS), until=until)
    else:
        before = full_date(brief.before, brief.lang)
        covers = _say("since", brief.lang, before=before, until=until)
    if brief.items or brief.papers:
        return covers
    return f"{covers}{space}{_say('nothing', brief.lang, far=f'{FAR:g}')}"


def sections(brief: Brief, most: int | None = None) -> Iterator[BriefSection]:
    """The parts that have something in them; what is missing is named in the last, `most` of each
    kind where that is given."""
    lang = brief.lang
    for name, items in (("marks", brief.marks), ("jumps", brief.jumps)):
        if items:
            lines = (BriefLine(i.said, _say("source", lang, source=i.source)) for i in items)
            yield BriefSection(_say(name, lang, far=f"{FAR:g}"), tuple(lines))
    if brief.papers:
        count = [BriefLine(brief.count)] if brief.count else []
        papers = [BriefLine(paper.said) for paper in brief.papers]
        yield BriefSection(_say("papers", lang), (*count, *papers))
    if brief.overtaken:
        ended = (BriefLine(o.said, _say("source", lang, source=o.source)) for o in brief.overtaken)
        yield BriefSection(_say("overtaken", lang), tuple(ended))
    if brief.lacks:
        lacking = tuple(lack_words(one, lang) for one in brief.lacks)
        yield BriefSection(_say("lacks", lang), plain=lacking)
    rest = (
        ("unremarkable", brief.unremarkable),
        ("unchanged", brief.unchanged),
        ("missing", brief.missing),
    )
    plain = tuple(_say(name, lang, names=named(names, lang, most)) for name, names in rest if names)
    if plain:
        yield BriefSection(_say("rest", lang), plain=plain)


def markdown(brief: Brief) -> str:
    """The brief as Markdown. What stands before the first heading is for the editor: a bulletin
    that is read leaves it out."""
    blocks = [in_markdown(lead(brief))]
    if brief.levels:
        blocks.append(_table(brief))
    for section in sections(brief):
        blocks.append(f"## {in_markdown(section.title)}")
        if section.lines:
            blocks.append("\n".join(_item(line, brief.lang) for line in section.lines))
        blocks += [in_markdown(sentence) for sentence in section.plain]
    return "\n\n".join(blocks) + "\n"


def lack_words(lack: Lack, lang: str) -> str:
    """What is missing, as a sentence."""
    names = named(lack.names, lang)
    return _say(lack.kind, lang, day=lack.day, count=f"{lack.count:,}", names=names)


def deviation_words(level: BriefLevel) -> str:
    """How far a change is from what was to be expected, with its sign."""
    if level.deviation is None:
        return ""
    return f"{MINUS if level.deviation < 0 else '+'}{abs(level.deviation):.1f}"


def change_words(level: BriefLevel, lang: str) -> str:
    """A change with the arrow of its direction; or that nothing came."""
    if not level.is_new:
        return _say("no_value", lang)
    return f"{level.change.arrow} {level.change.text}" if level.change else "—"


def _table(brief: Brief) -> str:
    """Where every indicator stands. It is for the editor: what stands in a bulletin is read there
    as its own statements."""
    lang = brief.lang
    heads = _HEADS[lang]
    rows = [heads, ("---",) * len(heads)]
    for one in brief.levels:
        was = f"{one.was}（{one.was_day}）" if lang == "zh" else f"{one.was} ({one.was_day})"
        rows.append((
            one.title, one.figure, one.day, change_words(one, lang), was if one.was else "—",
            deviation_words(one) or "—", named(one.marks, lang) or "—", one.source,
        ))  # fmt: skip
    lines = (" | ".join(in_markdown(cell).replace("|", "\\|") for cell in row) for row in rows)
    return "\n".join(f"| {line} |" for line in lines)


def _item(line: BriefLine, lang: str) -> str:
    before, name, after = line.said.text.partition(line.said.name)
    link = f"[{in_markdown(name)}]({_address(line.said.link)})"
    linked = f"{in_markdown(before)}{link}{in_markdown(after)}"
    space = gap(lang) if line.source else ""
    return f"- {linked}{space}{in_markdown(line.source)}"


def in_markdown(words: str) -> str:
    """Words that Markdown shows as they are."""
    return _MARKS.sub(r"\\\1", words)


def _address(link: str) -> str:
    """An address within round brackets."""
    return link.replace(" ", "%20").replace("(", "%28").replace(")", "%29")


def named(names: Sequence[str], lang: str, most: int | None = None) -> str:
    """Names one after the other; of more than `most` the first, and how many there are."""
    if most is not None and len(names) > most:
        return named(names[:most], lang) + and_more(len(names), lang)
    # An English name may have a comma of its own.
    apart = "、" if lang == "zh" else "; " if any(", " in name for name in names) else ", "
    return apart.join(names)


def gap(lang: str) -> str:
    """What stands between two sentences."""
    return "" if lang == "zh" else " "


def and_more(count: int, lang: str) -> str:
    """That those named are not all of so many."""
    return _say("and_more", lang, count=f"{count:,}")


def _say(name: str, lang: str, **values: str) -> str:
    return _WORDS[name][lang == "en"].format(**values)
