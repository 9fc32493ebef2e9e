"""What a reader chose about the page itself: language, theme, colour of a rise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from dashboard.texts import text

Lang = Literal["zh", "en"]
LANGS, THEMES, UPDOWNS = ("zh", "en"), ("auto", "light", "dark"), ("red", "green")


@dataclass(frozen=True, slots=True)
class Display:
    """The defaults are Chinese, the system's theme, red for a rise."""

    lang: str = "zh"
    theme: str = "auto"
    updown: str = "red"

    @property
    def kept(self) -> dict[str, str]:
        """What was chosen as parameters; empty where it is the default."""
        return {
            "lang": self.lang if self.lang != "zh" else "",
            "theme": self.theme if self.theme != "auto" else "",
            "updown": self.updown if self.updown != "red" else "",
        }


def choices(query: Mapping[str, str]) -> Display:
    """The choices in an address; a value that does not exist counts as not chosen."""

    def one_of(name: str, allowed: tuple[str, ...]) -> str:
        value = query.get(name, "")
        return value if value in allowed else allowed[0]

    return Display(one_of("lang", LANGS), one_of("theme", THEMES), one_of("updown", UPDOWNS))


def alternatives(display: Display) -> Iterator[tuple[str, str, Display]]:
    """The other language, the next theme and the other colour of a rise: words, what they change
    to, and the choices then."""
    lang = display.lang
    theme = THEMES[(THEMES.index(display.theme) + 1) % len(THEMES)]
    updown = UPDOWNS[1 - UPDOWNS.index(display.updown)]
    other = LANGS[1 - LANGS.index(lang)]
    yield text("language", lang), text("language_label", lang), replace(display, lang=other)
    yield (
        text(f"theme_{display.theme}", lang),
        "→ " + text(f"theme_{theme}", lang),
        replace(display, theme=theme),
    )
    yield (
        text(f"updown_{display.updown}", lang),
        "→ " + text(f"updown_{updown}", lang),
        replace(display, updown=updown),
    )
