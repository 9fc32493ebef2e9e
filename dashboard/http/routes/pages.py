"""The pages of the dashboard as whole documents, readable before any script."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.convertors import StringConvertor, register_url_convertor

from dashboard.app import LivePages

router = APIRouter()
METHODS = ["GET", "HEAD"]


class _PagePath(StringConvertor):
    """Any path but those that Dash answers: its callbacks, and the files it needs in a browser."""

    regex = "(?!_|assets/).*"


register_url_convertor("page", _PagePath())


@router.api_route("/{path:page}", methods=METHODS, include_in_schema=False)
async def page(request: Request) -> Response:
    """The page of any address that nothing else answers; the one that says so, where there is
    none."""
    live: LivePages = request.app.state.pages
    path, search = request.url.path, request.scope["query_string"].decode("latin-1")

    def document() -> Response:
        shown = live.show(path, search)
        headers = {"Cache-Control": "no-cache"}
        if shown.page.location:
            headers["Location"] = shown.page.location
        body = live.document(shown)
        return Response(body, shown.page.status, headers, "text/html; charset=utf-8")

    return await run_in_threadpool(document)
