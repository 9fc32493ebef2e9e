"""The moment that a reader looks back to: how it is chosen, and what every page says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dashboard import formatting
from dashboard.address import moment_text
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.pages.page import Page
from dashboard.texts import text
from dashboard.urls import Urls
from etl.calendars import end_of
from etl.records import BEIJING

#: Bulletins whose days are offered; any other day is written into the field.
OFFERED = 5


@dataclass(frozen=True, slots=True)
class MomentSwitch:
    """The choice of a day to look back to: the form that asks for any, the links of some, and what
    kind of answer to expect."""

    chosen: str
    action: str
    kept: tuple[tuple[str, str], ...]
    day: str
    first: str
    last: str
    days: list[tuple[str, str, bool]]
    note: str


@dataclass(frozen=True, slots=True)
class MomentBar:
    """As of when a page speaks, what else is to be said of that, and the way back to now."""

    known: str
    lines: tuple[str, ...]
    live: str


def switch(
    page: Page, urls: Urls, path: str, own: Mapping[str, str], snapshot: Snapshot
) -> MomentSwitch | None:
    """Any day on which something was known, and those of the newest bulletins; None in a static
    copy. Another day is shown from its first page on."""
    action, lang = urls.form(path), urls.display.lang
    if not action or snapshot.begins is None:
        return None
    own = {name: value for name, value in own.items() if name != "page"}
    begins, held = (moment.astimezone(BEIJING).date() for moment in snapshot.begins)
    first = max(begins, page.begins or begins)
    chosen = moment_text(urls.as_of) if urls.as_of else ""
    offered = [str(day) for day in queries.bulletin_days(snapshot)[-OFFERED:][::-1] if day >= first]
    days = [(day, urls.page(path, **own, asof=day), chosen == day) for day in offered]
    now = (text("as_known_now", lang), urls.page(path, **own, asof=""), not chosen)
    return MomentSwitch(
        chosen=chosen or text("as_known_now", lang),
        action=action,
        kept=tuple((k, v) for k, v in {**own, **urls.display.kept}.items() if v),
        day=chosen[:10],
        first=str(first),
        last=str(datetime.now(BEIJING).date()),
        days=[now, *days],
        note=text("moments_held", lang, first=str(begins), held=str(held)),
    )


def bar(page: Page, urls: Urls, path: str, own: Mapping[str, str], snapshot: Snapshot) -> MomentBar:
    """What is said of a page as of the moment of `urls`."""
    lang, as_of = urls.display.lang, urls.as_of
    assert as_of is not None
    moment = moment_words(as_of, lang)
    live = urls.page(path, **own, asof="")
    if not page.has_past:
        return MomentBar(text("has_no_past", lang, moment=moment), page.told, live)
    known = text("data_as_of", lang, moment=moment)
    ids = snapshot.catalog.indicators if page.ids is None else page.ids
    if snapshot.is_reconstructed(ids, as_of):
        is_partly = snapshot.was_holding(ids, as_of)
        why = text("partly_reconstructed" if is_partly else "reconstructed", lang)
        known += f"（{why}）" if lang == "zh" else f" ({why})"
    return MomentBar(known, page.told, live)


def moment_words(moment: datetime, lang: str) -> str:
    """A moment as readers say it: the day where it is the end of one."""
    day = moment.astimezone(BEIJING).date()
    if end_of(day) == moment:
        return formatting.full_date(day, lang)
    return formatting.beijing(moment, lang)
