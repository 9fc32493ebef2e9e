"""The cookies of those who sign in, and where a sign-in may lead. Readers get no cookie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from dashboard.http.asgi import Scope
from dashboard.people.roles import DoorError
from etl.errors import quoted

#: How long a browser waits for a provider.
ATTEMPT_S = 600
_MOST_PATH, _MOST_ROUNDS = 2_000, 5
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\\]")


@dataclass(frozen=True, slots=True)
class Cookies:
    """The names of the cookies of a site, and whether they go over https alone. Browsers take a
    name that begins with __Host- only so, and then from no other host and for no other path."""

    session: str
    attempt: str
    is_secure: bool

    @classmethod
    def of(cls, base: str) -> Self:
        """Those of the site at this address. Programs on one machine that differ in their port
        share a jar, so that the port is part of the name."""
        public = urlsplit(base)
        if public.scheme == "https":
            return cls("__Host-xinzhi", "__Host-xinzhi-try", True)
        return cls(f"xinzhi-{public.port or 80}", f"xinzhi-{public.port or 80}-try", False)

    def read(self, scope: Scope, name: str) -> str | None:
        """The value of a cookie of a request; None without one."""
        for header, value in scope["headers"]:
            if header == b"cookie":
                for pair in value.decode("latin-1").split(";"):
                    key, sign, found = pair.strip().partition("=")
                    if sign and key == name:
                        return found.strip('"')
        return None

    def given(self, name: str, value: str, lasts_s: int | None = None) -> tuple[bytes, bytes]:
        """The header that gives a cookie, for `lasts_s` seconds or as long as the browser runs;
        the server has the last word on how long it is worth something."""
        lasts = "" if lasts_s is None else f"; Max-Age={lasts_s}"
        secure = "; Secure" if self.is_secure else ""
        told = f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{lasts}{secure}"
        return b"set-cookie", told.encode("latin-1")

    def dropped(self, name: str) -> tuple[bytes, bytes]:
        """The header that takes a cookie away."""
        return self.given(name, "", 0)


def local_path(text: str) -> str:
    """A path of this site, with its query, to go to after signing in; a DoorError for whatever
    could lead elsewhere, however it is written."""
    seen = text
    for _ in range(_MOST_ROUNDS):
        told = urlsplit(seen) if not _CONTROL.search(seen) else None
        if (
            len(text) > _MOST_PATH
            or told is None
            or told.scheme
            or told.netloc
            or not seen.startswith("/")
            or "//" in seen.partition("?")[0]
        ):
            break
        seen, before = unquote(seen.partition("?")[0]), seen.partition("?")[0]
        if seen == before:
            return "/" if text.startswith(("/sign-", "/_")) else text
    raise DoorError(
        f"next: '{quoted(text)}' is no path of this site. Allowed: what begins with one slash, "
        "like /bulletins.",
        said="door_next",
    )
