"""What stands around every page: navigation, display choices, and which snapshot is served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dashboard import formatting
from dashboard.chart_page.report_mail import PAGE as CORRECTIONS
from dashboard.data.snapshot import Snapshot
from dashboard.display import THEMES, UPDOWNS, Display
from dashboard.texts import text
from dashboard.urls import Urls

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
    navigation: list[tuple[str, str, bool]]
    choices: list[tuple[str, str, str]]


def frame(urls: Urls, path: str, query: Mapping[str, str], snapshot: Snapshot | None) -> Frame:
    """The frame of the page at `path`."""
    display = urls.display
    return Frame(
        theme=display.theme,
        updown=display.updown,
        snapshot=snapshot.name if snapshot else "",
        published=_published(snapshot, display.lang) if snapshot else "",
        home=urls.page("/"),
        corrections=urls.page(CORRECTIONS),
        navigation=[
            (text(name, display.lang), urls.page(where), _is_here(where, path))
            for where, name in NAVIGATION
        ],
        choices=_choices(urls, path, query),
    )


def _choices(urls: Urls, path: str, query: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Language, theme and colour of a rise: each a link to this page, chosen otherwise."""
    own = {k: v for k, v in query.items() if k not in ("lang", "theme", "updown")}
    display, lang = urls.display, urls.display.lang
    theme = THEMES[(THEMES.index(display.theme) + 1) % len(THEMES)]
    updown = UPDOWNS[1 - UPDOWNS.index(display.updown)]

    def link(words: str, label: str, changed: Display) -> tuple[str, str, str]:
        return words, replace(urls, display=changed).page(path, **own), label

    return [
        link(
            text("language", lang),
            text("language_label", lang),
            replace(display, lang="zh" if lang == "en" else "en"),
        ),
        link(
            text(f"theme_{display.theme}", lang),
            "→ " + text(f"theme_{theme}", lang),
            replace(display, theme=theme),
        ),
        link(
            text(f"updown_{display.updown}", lang),
            "→ " + text(f"updown_{updown}", lang),
            replace(display, updown=updown),
        ),
    ]


def _is_here(where: str, path: str) -> bool:
    return path == where or (where != "/" and path.startswith(where))


def _published(snapshot: Snapshot, lang: str) -> str:
    when = formatting.beijing(snapshot.published_at, lang)
    comma = "，" if lang == "zh" else ", "
    return f"{text('snapshot', lang)} {snapshot.name}{comma}{text('published', lang)} {when}"
