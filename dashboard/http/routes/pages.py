"""The pages of the dashboard as whole documents, readable before any script."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.convertors import StringConvertor, register_url_convertor

from dashboard.address import AddressError, is_foreign, parse_query
from dashboard.app import LivePages
from dashboard.data.snapshot import Snapshot
from dashboard.http import caching
from dashboard.http.cache import Content
from dashboard.http.compression import accepted, compressed
from dashboard.http.metrics import PAGES_PATH
from dashboard.http.responses import answered, current_snapshot, service_of
from dashboard.pages import Shown, meaning_of
from etl.errors import StorageError, XinzhiError

HTML = "text/html; charset=utf-8"
router = APIRouter(include_in_schema=False)


_BULLETIN = re.compile(r"/bulletins/(\d{4}-\d\d-\d\d)/?", re.ASCII)


class _PagePath(StringConvertor):
    """Any path but those that Dash answers: its callbacks, and the files it needs in a browser."""

    regex = "(?!_|assets/).*"


register_url_convertor("page", _PagePath())


class _OtherError(XinzhiError):
    """A page that is no answer with status 200: a redirect, or what is wrong in words."""

    def __init__(self, shown: Shown) -> None:
        super().__init__(shown.page.description)
        self.shown = shown


@router.api_route(PAGES_PATH, methods=["GET", "HEAD"])
async def page(request: Request) -> Response:
    """The page of any address that nothing else answers; the one that says so, where there is
    none."""
    live: LivePages = request.app.state.live
    path, search = request.url.path, request.scope["query_string"].decode("latin-1")
    limit = service_of(request).pages

    def make() -> Content:
        shown = live.show(path, search)
        if shown.page.status != 200:
            raise _OtherError(shown)
        return Content(live.document(shown).encode(), HTML, _caching(shown, snapshot, path))

    try:
        snapshot = await current_snapshot(request)
        if not any(map(is_foreign, parse_query(search))):
            what, lasts = meaning_of(path, search, live.snapshots.problem)
            return await answered(request, snapshot, what, make, limit, by_the_clock=not lasts)
        # A page that names what it does not know is kept nowhere.
        shown = await limit.run(lambda: live.show(path, search), request.receive)
    except _OtherError as error:
        shown = error.shown
    except (AddressError, StorageError):  # the page says it
        shown = await limit.run(lambda: live.show(path, search), request.receive)
    body = await limit.run(lambda: live.document(shown).encode(), request.receive)
    location = {"Location": shown.page.location} if shown.page.location else {}
    kept = _caching(shown, live.snapshots.open, path).headers
    answer = Response(body, shown.page.status, {**kept, **location}, HTML)
    encoding = accepted(request.headers.raw)
    answer.raw_headers, answer.body = compressed(answer.raw_headers, body, encoding, hard=False)
    return answer


def _caching(shown: Shown, snapshot: Snapshot | None, path: str) -> caching.Caching:
    """How long a page may be kept; that of a bulletin is about its day."""
    if shown.page.is_final and snapshot is not None:
        return caching.final(snapshot)
    day = _BULLETIN.fullmatch(path)
    return caching.live(snapshot, shown.page.ids or (), day[1] if day else None)
