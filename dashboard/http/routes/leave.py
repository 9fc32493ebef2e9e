"""/leave/TOKEN: who gets the letter of the day leaves with one click, without an account. A mail
program posts there (RFC 8058); whoever opens it finds a button, so that programs which only look
at links change nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard.address import one_of, parse_query
from dashboard.chart_page.page import ICON, style
from dashboard.display import LANGS
from dashboard.http.caching import NEVER
from dashboard.http.responses import service_of
from dashboard.http.security import CHART_PAGE
from dashboard.markup import render
from dashboard.texts import text
from etl.errors import StorageError
from etl.subscribers import LEAVE

router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)


@router.api_route(f"{LEAVE}/{{token}}", methods=["GET", "HEAD"])
async def leaving(request: Request, token: str) -> Response:
    """The page with the button."""
    subscribers = service_of(request).subscribers
    return await _answer(request, lambda: subscribers.is_leave_token(token), "leave_ask", True)


@router.post(f"{LEAVE}/{{token}}")
async def leave(request: Request, token: str) -> Response:
    """Take away whom the token names. What else is posted does not matter, and nobody is led
    elsewhere: mail programs follow no redirect."""
    subscribers = service_of(request).subscribers
    return await _answer(request, lambda: subscribers.leave(token), "leave_done", False)


async def _answer(
    request: Request, made_here: Callable[[], bool], words: str, has_button: bool
) -> Response:
    service = service_of(request)
    lang = one_of("lang", parse_query(request.url.query).get("lang", ""), LANGS)
    try:
        is_ours = await service.leaving_letters.run(made_here, request.receive)
    except StorageError as error:
        log.warning("The list of subscribers cannot be used. %s", error)  # it may name a file
        raise StorageError(
            "The list of subscribers cannot be used now, so that nothing was changed. Try again "
            "in an hour."
        ) from None
    urls = service.site.urls
    path = request.url.path + ("?lang=en" if lang == "en" else "")
    page = render(
        "leave.html",
        lang,
        css=style(),
        icon=urls.to(ICON),
        home=urls.page("/"),
        sentence=text(words if is_ours else "leave_unknown", lang),
        action=urls.to(path) if has_button and is_ours else "",
    )
    headers = {
        **NEVER.headers,
        "Content-Security-Policy": CHART_PAGE,
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
    }
    return Response(page, 200 if is_ours else 404, headers, "text/html; charset=utf-8")
