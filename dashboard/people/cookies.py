"""The cookies of those who sign in, and where a sign-in may lead. Readers get no cookie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote, urlsplit

from dashboard.http.asgi import Scope
from dashboard.people.roles import DoorError

#: The longest path to which a sign-in leads.
MOST_PATH = 2_000
_MOST_ROUNDS = 5
#: What a path and its query hold as it is; whatever else comes as %XX.
_KEPT = "/?#[]@!$&'()*+,;=:~%"
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
        """The value of a cookie of a request; None without one, and empty of several that differ:
        one of them was slipped in by somebody else, and nobody can tell which."""
        sent = b";".join(value for header, value in scope["headers"] if header == b"cookie")
        pairs = (pair.strip().partition("=") for pair in sent.decode("latin-1").split(";"))
        found = {value.strip('"') for key, sign, value in pairs if sign and key == name}
        if len(found) > 1:
            return ""
        return next(iter(found), None)

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
    """A path of this site, with its query, to go to after signing in, as a link writes it; a
    DoorError for whatever could lead elsewhere, however it is written."""
    seen = text
    for _ in range(_MOST_ROUNDS):
        told = urlsplit(seen) if not _CONTROL.search(seen) else None
        if (
            len(text) > MOST_PATH
            or told is None
            or told.scheme
            or told.netloc
            or not seen.startswith("/")
            or "//" in seen.partition("?")[0]
        ):
            break
        seen, before = unquote(seen.partition("?")[0]), seen.partition("?")[0]
        if seen == before:
            return "/" if text.startswith(("/sign-", "/_")) else quote(text, safe=_KEPT)
    raise DoorError("door_next")
