"""Who asks, and what that person may do."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from enum import IntEnum

from dashboard.http.asgi import Scope
from dashboard.http.problems import RefusedError
from dashboard.texts import text


class Role(IntEnum):
    """What somebody may do; each role may all that those before it may."""

    #: Nobody signed in, or somebody without a role: what is public.
    READER = 0
    #: Reads what is for the committee.
    MEMBER = 1
    #: Works at the desk.
    EDITOR = 2
    #: Runs the site: people, tokens, runs.
    OPERATOR = 3

    @property
    def word(self) -> str:
        """The role as settings and commands write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in, or the program that a token lets in. `name` is the same every
    time, `shown` is for people, `way` is how they came in."""

    name: str
    shown: str
    role: Role
    way: str
    #: The public number of the session or the token.
    number: str = ""
    #: What a form or a script must send with a change; empty where no browser could be misled.
    csrf: str = field(default="", repr=False)


class DoorError(RefusedError):
    """Somebody may not come in, or not like this. `said` names the words for people; `detail` is
    for who runs the site, and stands in the log alone."""

    def __init__(self, said: str, detail: str = "", status: int = 400) -> None:
        super().__init__(f"{text(said, 'en')} {detail}".strip(), status)
        self.said, self.detail = said, detail

    def in_(self, lang: str) -> str:
        return text(self.said, lang)


class SignInNeeded(DoorError):
    """Nobody has signed in, and only somebody who has may see this."""

    def __init__(self) -> None:
        super().__init__("door_sign_in", status=401)


def person_of(scope: Scope) -> Person | None:
    """Who asks; None where nobody has signed in."""
    found: Person | None = scope.get("person")
    return found


def has_word(person: Person, given: str) -> bool:
    """Whether a change that somebody sends holds the word of our pages. A token is sent by programs
    alone, which no page can mislead."""
    return person.way == "token" or hmac.compare_digest(given.encode(), person.csrf.encode())


def csrf_token(scope: Scope) -> str:
    """What every form of a page holds in its field `csrf`, and every script sends as X-CSRF-Token;
    empty where nobody has signed in."""
    person = person_of(scope)
    return person.csrf if person else ""
