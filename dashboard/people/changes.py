"""Changes that a browser sends: only from pages of this site."""

from __future__ import annotations

from dashboard.http.asgi import Scope, header

#: The field of a form, and the header of a script, with the word that our own pages hold.
FIELD, HEADER = "csrf", "x-csrf-token"
#: Methods that change nothing.
READING = frozenset({"GET", "HEAD", "OPTIONS"})


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
