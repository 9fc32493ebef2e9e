"""Changes that a browser sends: only from pages of this site, and only with the word that these
pages hold."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from fastapi import Request

from dashboard.http.asgi import Scope, header
from dashboard.http.forms import form_fields
from dashboard.people.roles import DoorError, Person, Role, SignInNeeded, person_of

#: The field of a form, and the header of a script.
FIELD, HEADER = "csrf", "x-csrf-token"
#: Methods that change nothing.
READING = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_FIELDS = 2_000


def is_from_elsewhere(scope: Scope, origin: str) -> bool:
    """Whether a browser says that a page of another site sends this; `origin` is ours."""
    told = header(scope, b"sec-fetch-site")
    if told:
        return told not in (b"same-origin", b"none")
    sender = header(scope, b"origin").decode("latin-1")
    if not sender or sender == origin:
        return False
    # A site is opened under several names: the page and what it sends then have one and the same.
    host = header(scope, b"host").decode("latin-1")
    return sender not in (f"http://{host}", f"https://{host}")


def needs(role: Role) -> Callable[[Request], Awaitable[Person]]:
    """A dependency of a route, `Depends(needs(Role.EDITOR))`: who asks. Nobody comes in who is
    less than `role`, and no change without the word that our own pages hold (field `csrf` of a
    form, or header X-CSRF-Token); a SignInNeeded or DoorError in words."""

    async def needed(request: Request) -> Person:
        person = allowed_person(request.scope, role)
        await check_change(request, person)
        return person

    return needed


def allowed_person(scope: Scope, role: Role) -> Person:
    """Who asks, where that is somebody who may do what `role` may; else a SignInNeeded or
    DoorError."""
    person = person_of(scope)
    if person is None:
        raise SignInNeeded(f"This is for those who have signed in as {role.word}.")
    if person.role < role:
        raise DoorError(
            f"This is for the role {role.word}; {person.shown} has the role {person.role.word}.",
            403,
        )
    return person


async def check_change(request: Request, person: Person) -> None:
    """Refuse a change of a browser that does not hold the word of our pages, with a DoorError. A
    token is sent by programs alone, which no page can mislead."""
    if request.method in READING or person.way == "token":
        return
    given = request.headers.get(HEADER) or await sent_field(request, FIELD)
    if not hmac.compare_digest(given.encode(), person.csrf.encode()):
        raise DoorError(
            "This page is older than your signing in, or the change was not sent from a page of "
            "this site. Load the page anew and send it again.",
            403,
        )


async def sent_field(request: Request, name: str) -> str:
    """What was sent in a field of a form; empty where there is none."""
    content_type = request.headers.get("content-type", "")
    body = await request.body()
    if content_type.startswith("multipart/form-data"):
        found = form_fields(content_type, body).get(name)
        return found.text if found else ""
    if content_type.startswith("application/x-www-form-urlencoded"):
        try:
            pairs = parse_qsl(body.decode("latin-1"), max_num_fields=_MOST_FIELDS)
        except ValueError:
            return ""
        return dict(pairs).get(name, "")
    return ""
