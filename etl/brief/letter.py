"""A brief as the letter of the day: as plain text and as HTML, with the way to leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

from etl.brief.model import Brief, Said
from etl.brief.words import gap, lead, sections
from etl.words.numbers import full_date

_WORDS: Mapping[str, tuple[str, str]] = {
    "name": ("新质生产力每日简报", "New Quality Productive Forces Daily"),
    "subject": ("{name} · {day}", "{name}, {day}"),
    "more": ("全部数据与图表：{link}", "All data and charts: {link}"),
    "why": (
        "您收到这封信，是因为有人请本站每天寄给这个地址。不想再收：{link}",
        "You get this letter because this address was put on our list. To leave it: {link}",
    ),
    "leave": ("退订", "Unsubscribe"),
}
#: How many indicators of one kind a letter names; the site names all.
_MOST_NAMES = 10
#: How many sentences the message of a robot has, and how many letters.
_MOST_LINES, _MOST_LETTERS = 6, 900


@dataclass(frozen=True, slots=True)
class DailyLetter:
    """What is sent: the same as text and as HTML."""

    subject: str
    text: str
    html: str


def letter(brief: Brief, home: str, leave: str) -> DailyLetter:
    """The letter for one reader, who leaves at `leave`; `home` is the site."""
    lang = brief.lang
    foot = (_say("more", lang, link=home), _say("why", lang, link=leave))
    text = "\n\n".join([subject(brief), *_paragraphs(brief), "-- ", *foot])
    linked = f'<a href="{escape(leave)}">{escape(_say("leave", lang))}</a>'
    why = escape(_say("why", lang, link="\x00")).replace("\x00", linked)
    more = f'<a href="{escape(home)}">{escape(home)}</a>'
    tail = escape(_say("more", lang, link="\x00")).replace("\x00", more)
    html = (
        f'<!DOCTYPE html><html lang="{"zh-CN" if lang == "zh" else "en"}"><head>'
        f'<meta charset="utf-8"><title>{escape(subject(brief))}</title></head>'
        '<body style="font:16px/1.7 sans-serif;max-width:40em;margin:0 auto;padding:1em">'
        f'<h1 style="font-size:1.3em">{escape(subject(brief))}</h1>{"".join(_markup(brief))}'
        f'<hr><p style="font-size:.85em">{tail}</p><p style="font-size:.85em">{why}</p>'
        "</body></html>\n"
    )
    return DailyLetter(subject(brief), f"{text}\n", html)


def subject(brief: Brief) -> str:
    """What stands above the letter."""
    name = _say("name", brief.lang)
    return _say("subject", brief.lang, name=name, day=full_date(brief.date, brief.lang))


def summary(brief: Brief) -> str:
    """The brief as a few sentences, for a chat: the gravest first, and no more than fit."""
    told = [item.said.text for item in (*brief.marks, *brief.jumps)]
    told += [paper.said.text for paper in brief.papers]
    found = ""
    for sentence in told[:_MOST_LINES]:
        if len(found) + len(sentence) > _MOST_LETTERS:
            break
        found += f"{sentence}\n"
    return found.strip() or lead(brief)


def _paragraphs(brief: Brief) -> Iterator[str]:
    yield lead(brief)
    space = gap(brief.lang)
    for section in sections(brief, _MOST_NAMES):
        yield section.title
        for line in section.lines:
            yield f"- {line.said.text}{space}{line.source}".rstrip() + f"\n  {line.said.link}"
        yield from section.plain


def _markup(brief: Brief) -> Iterator[str]:
    yield f"<p>{escape(lead(brief))}</p>"
    space = gap(brief.lang)
    for section in sections(brief, _MOST_NAMES):
        yield f'<h2 style="font-size:1.1em">{escape(section.title)}</h2>'
        if section.lines:
            lines = (
                f"<li>{_linked(line.said)}{space}{escape(line.source)}</li>"
                for line in section.lines
            )
            yield f"<ul>{''.join(lines)}</ul>"
        yield from (f"<p>{escape(sentence)}</p>" for sentence in section.plain)


def _linked(said: Said) -> str:
    before, name, after = said.text.partition(said.name)
    link = f'<a href="{escape(said.link)}">{escape(name)}</a>'
    return f"{escape(before)}{link}{escape(after)}"


def _say(key: str, lang: str, **values: str) -> str:
    return _WORDS[key][lang == "en"].format(**values)
