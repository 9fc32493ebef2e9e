"""What stands around every page: navigation, display choices, and which snapshot is served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dashboard import formatting
from dashboard.chart_page.report_mail import PAGE as CORRECTIONS
from dashboard.data.snapshot import Snapshot
from dashboard.display import alternatives
from dashboard.pages.asof import MomentBar, MomentSwitch, bar, switch
from dashboard.pages.page import Page
from dashboard.texts import text
from dashboard.urls import Urls

#: The ledger of statements.
CLAIMS = "/claims"
NAVIGATION = (
    ("/", "today"),
    ("/bulletins", "bulletins"),
    ("/indicators", "indicators"),
    ("/compare", "compare"),
    ("/policies", "policies"),
    ("/export", "export"),
    ("/status", "status_page"),
    ("/about", "about"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """Links and words: `navigation` as words, link and whether it is here; `choices` as words, link
    and what it changes to."""

    theme: str
    updown: str
    snapshot: str
    published: str
    home: str
    corrections: str
    claims: str
    navigation: list[tuple[str, str, bool]]
    choices: list[tuple[str, str, str]]
    switch: MomentSwitch | None
    bar: MomentBar | None
    unknown: str
    #: Where one signs in, or sees as whom one has; empty where nobody can.
    me: str


def frame(
    page: Page,
    urls: Urls,
    path: str,
    query: Mapping[str, str],
    snapshot: Snapshot | None,
    unknown: str = "",
    *,
    signs_in: bool = False,
) -> Frame:
    """The frame of the page at `path`; `unknown` is what is said of parameters it does not take."""
    display = urls.display
    own = {key: value for key, value in query.items() if key not in urls.kept}
    return Frame(
        theme=display.theme,
        updown=display.updown,
        snapshot=snapshot.name if snapshot else "",
        published=_published(snapshot, display.lang) if snapshot else "",
        home=urls.page("/"),
        corrections=urls.page(CORRECTIONS),
        claims=urls.page(CLAIMS),
        navigation=[
            (text(name, display.lang), urls.page(where), _is_here(where, path))
            for where, name in NAVIGATION
        ],
        choices=[
            (words, replace(urls, display=changed).page(path, **own), label)
            for words, label, changed in alternatives(display)
        ],
        switch=switch(page, urls, path, own, snapshot) if snapshot else None,
        bar=bar(page, urls, path, own, snapshot) if snapshot and urls.as_of else None,
        unknown=unknown,
        me=urls.page("/me") if signs_in else "",
    )


def _is_here(where: str, path: str) -> bool:
    return path == where or (where != "/" and path.startswith(where))


def _published(snapshot: Snapshot, lang: str) -> str:
    when = formatting.beijing(snapshot.published_at, lang)
    comma = "，" if lang == "zh" else ", "
    return f"{text('snapshot', lang)} {snapshot.name}{comma}{text('published', lang)} {when}"
