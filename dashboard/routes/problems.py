"""Errors as answers: RFC 9457 JSON that names what is wrong and what is allowed."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from dashboard.address import AddressError, MovedError
from dashboard.downloads import to_json
from etl.errors import StorageError, XinzhiError

TITLES = {400: "Bad request", 404: "Not found", 413: "Too large", 503: "No data published"}


def problem(status: int, detail: str, **more: str) -> Response:
    """An RFC 9457 answer."""
    document = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        **more,
    }
    return Response(to_json(document), status, media_type="application/problem+json")


def answer_to(request: Request, error: XinzhiError) -> Response:
    """What a request is told about an error of ours."""
    if isinstance(error, MovedError):
        path = request.url.path
        for old, new in request.app.state.snapshots.current().catalog.current_ids.items():
            if new == error.new:
                path = path.replace(f"/{old}", f"/{new}")
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(path + query, 301)
    if isinstance(error, AddressError):
        return problem(error.status, str(error), parameter=error.parameter)
    if isinstance(error, StorageError):
        return problem(503, str(error))
    return problem(400, str(error))
