"""What every way in has in common that sends a browser to a provider and gets it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a way has let in: a lasting name there, the name to be shown, and the groups there."""

    subject: str
    shown: str
    groups: tuple[str, ...] = ()


class Way(Protocol):
    """A provider at whose pages people sign in."""

    def agree(self) -> dict[str, str]:
        """What this side keeps until the browser is back: nobody else learns it before."""

    def address(self, agreed: Mapping[str, str], state: str, back: str, is_inside: bool) -> str:
        """Where the browser goes; it comes back to `back` with the `state`. `is_inside` says that
        it is the provider's own app. A DoorError where the provider cannot be asked."""

    def is_inside(self, agent: str) -> bool:
        """Whether a browser that calls itself so is the provider's own app, which needs no page."""

    def identity(self, agreed: Mapping[str, str], told: Mapping[str, str], back: str) -> Identity:
        """Whom the provider let in, by what the browser brought back; a DoorError in words for what
        is forged, too old or refused."""
