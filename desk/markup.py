"""The desk's markup: its own templates, and those of the dashboard where it has none."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from dashboard import markup
from desk.texts import text

TEMPLATES = Path(__file__).parent / "templates"


def render(name: str, lang: str, **context: Any) -> Markup:
    """The template called `name`, filled; everything that is not markup already is escaped. `t` are
    the desk's words, and the dashboard's where the desk has none of that name."""

    def said(words: str, **values: Any) -> str:
        return text(words, lang, **{key: str(value) for key, value in values.items()})

    given = {**markup.words(lang), "t": said, **context}
    return Markup(_environment().get_template(name).render(**given))


@cache
def _environment() -> Environment:
    return markup.environment(TEMPLATES, markup.TEMPLATES)
