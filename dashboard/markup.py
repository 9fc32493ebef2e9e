"""Markup is written in `templates/` alone: what a page says is decided before, and handed over."""

from __future__ import annotations

import re
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape
from markupsafe import Markup

from dashboard.formatting import in_pieces
from dashboard.texts import text

TEMPLATES = Path(__file__).parent / "templates"
_SCHEME, _UNSEEN = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):"), re.compile(r"[\x00-\x20]")
_HARMLESS = frozenset({"http", "https", "mailto", "data"})


def render(name: str, lang: str, **context: Any) -> Markup:
    """The template called `name`, filled; everything that is not markup already is escaped."""
    return Markup(template(name).render(**words(lang), **context))


def plain(name: str, lang: str, **context: Any) -> str:
    """The template called `name` of a text that is no HTML, filled as it stands."""
    return template(name).render(**words(lang), **context) + "\n"


def words(lang: str) -> dict[str, Any]:
    """What every template speaks with: `t(name)` are the words called so."""
    return {
        "lang": lang,
        "html_lang": "en" if lang == "en" else "zh-CN",
        "t": partial(_said, lang),
    }


def harmless(address: str) -> str:
    """An address that leads somewhere; `#` in place of one that would run a script."""
    scheme = _SCHEME.match(_UNSEEN.sub("", address))
    return address if not scheme or scheme[1].lower() in _HARMLESS else "#"


@cache
def template(name: str) -> Template:
    """A template, read once: it changes with the program only."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    return environment(TEMPLATES)


def environment(*folders: Path) -> Environment:
    """What reads templates from these folders, the first that has one first; nothing in them is
    taken for markup that is not."""
    found = Environment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        auto_reload=False,
    )
    found.filters["harmless"] = harmless
    found.filters["pieces"] = in_pieces
    return found


def _said(lang: str, name: str, **values: Any) -> str:
    return text(name, lang, **{key: str(value) for key, value in values.items()})
