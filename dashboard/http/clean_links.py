"""Links that took in the text around them lead to the address that was meant, and so does a form
with two dates."""

from __future__ import annotations

from urllib.parse import quote

from fastapi.responses import RedirectResponse

from dashboard.address import AddressError, clean_path, clean_query, spanned_query
from dashboard.http.asgi import App, Receive, Scope, Send
from dashboard.http.caching import MOVED
from dashboard.http.security import MACHINERY

#: What a path and a query are made of as they are sent.
_IN_PATH, _IN_QUERY = "/@:~,+!$&'()*;=", "%&=+,.:;/?@!$'()*~-_"


class CleanLinks:
    """An ASGI app around another: /c/sp500。 leads to /c/sp500, with its parameters; below the
    `prefix` that readers see and the app does not."""

    def __init__(self, app: App, prefix: str = "") -> None:
        self.app, self.prefix = app, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = _meant(scope) if scope["type"] == "http" else None
        if target is not None:
            answer = RedirectResponse(self.prefix + target, 301, MOVED.headers)
        elif scope["type"] == "http" and (target := _spanned(scope)) is not None:
            answer = RedirectResponse(self.prefix + target, 303, MOVED.headers)
        else:
            await self.app(scope, receive, send)
            return
        await answer(scope, receive, send)


def _meant(scope: Scope) -> str | None:
    """The clean address, from its first slash on; None where the address is clean."""
    path, query = scope["path"], scope["query_string"].decode("utf-8", "replace")
    if scope["method"] not in ("GET", "HEAD") or path.startswith(MACHINERY):
        return None
    place, asked = clean_path(path), clean_query(query) if query else None
    if place is None and asked is None:
        return None
    return _address(place or path, query if asked is None else asked)


def _spanned(scope: Scope) -> str | None:
    """The address with `t=FROM..TO` for the two dates of a form; None where there are none, or
    where what is asked makes no sense and whoever is asked will say so."""
    if scope["method"] not in ("GET", "HEAD") or scope["path"].startswith(MACHINERY):
        return None
    try:
        query = spanned_query(scope["query_string"].decode("utf-8", "replace"))
    except AddressError:
        return None
    return None if query is None else _address(scope["path"], query)


def _address(path: str, search: str) -> str:
    # One slash alone: two would begin the name of a host.
    found = "/" + quote(path.lstrip("/"), safe=_IN_PATH)
    return found + (f"?{quote(search, safe=_IN_QUERY)}" if search else "")
