"""What stands around every page of the desk: navigation, display choices, who is here, and whether
anything can be changed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from dashboard.display import alternatives
from dashboard.http.security import DESK
from dashboard.people import Person, Role
from dashboard.urls import Urls
from desk.texts import text
from etl.settings import Settings

ASSETS = Path(__file__).parent / "assets"


@dataclass(frozen=True, slots=True)
class DeskPage:
    """A page of the desk: where it stands, the name of its words in the navigation, and who may
    see it and what lies below it."""

    path: str
    name: str
    role: Role = Role.EDITOR


@dataclass(frozen=True, slots=True)
class DeskFrame:
    """Links and words: `navigation` as words, link and whether it is here; `choices` as words, link
    and what it changes to; `read_only` says in words that nothing can be changed."""

    theme: str
    updown: str
    home: str
    site: str
    sign_out: str
    who: str
    role: str
    navigation: Sequence[tuple[str, str, bool]]
    choices: Sequence[tuple[str, str, str]]
    read_only: str
    style: str
    script: str


def frame(person: Person, urls: Urls, path: str, settings: Settings) -> DeskFrame:
    """The frame of the page at `path`, as `person` may see it."""
    from desk.pages import PAGES

    display, lang = urls.display, urls.display.lang
    here = page_at(path, [page for page, _ in PAGES])
    return DeskFrame(
        theme=display.theme,
        updown=display.updown,
        home=urls.page(DESK),
        site=urls.page("/"),
        sign_out=urls.to("/sign-out"),
        who=person.shown,
        role=text(f"role_{person.role.name.lower()}", lang),
        navigation=[
            (text(page.name, lang), urls.page(page.path), page is here)
            for page, _ in PAGES
            if person.role >= page.role
        ],
        choices=[
            (words, replace(urls, display=changed).page(path), label)
            for words, label, changed in list(alternatives(display))[:2]
        ],
        read_only=text("read_only", lang, folder=str(settings.data)) if is_fixed(settings) else "",
        style=asset(urls, "desk.css"),
        script=asset(urls, "desk.js"),
    )


def page_at(path: str, pages: Sequence[DeskPage]) -> DeskPage:
    """The page that an address belongs to: the one whose own address is the longest beginning."""
    fits = [page for page in pages if f"{path}/".startswith(f"{page.path}/")]
    return max(fits, key=lambda page: len(page.path))


def is_fixed(settings: Settings) -> bool:
    """Whether nothing can be written into the data folder."""
    place = settings.data
    return place.exists() and not os.access(place, os.W_OK | os.X_OK)


def asset(urls: Urls, name: str) -> str:
    """The address of a file of the desk; it changes with its content."""
    return urls.to(f"{DESK}/assets/{name}?m={_fingerprint(name)}")


@cache
def _fingerprint(name: str) -> str:
    return sha256((ASSETS / name).read_bytes()).hexdigest()[:12]
