"""Errors as answers: RFC 9457 JSON that names what is wrong and what is allowed."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from dashboard.address import AddressError, MovedError, parse_query
from dashboard.export.table import to_json
from dashboard.http.limits import BusyError
from dashboard.urls import Urls
from etl.errors import StorageError, XinzhiError

TITLES = {
    400: "Bad request",
    404: "Not found",
    405: "Method not allowed",
    413: "Too large",
    416: "Range not satisfiable",
    429: "Too many requests",
    503: "No data published",
}


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


def _moved(request: Request, error: MovedError) -> str:
    """The same address with the new id in the place of the old one."""
    path, query = request.url.path, parse_query(request.url.query)
    urls: Urls = request.app.state.site.urls
    moved = re.sub(rf"/{re.escape(error.old)}(?=[.@]|$)", f"/{error.new}", path, count=1)
    if error.parameter == "id" and moved != path:
        path = moved
    elif error.parameter in query:
        names = query[error.parameter].split(",")
        query[error.parameter] = ",".join(error.new if n == error.old else n for n in names)
    # Two names of one indicator have become one: it stands once.
    mine = re.split("[.@]", path.rpartition("/")[2])[0]
    for key in ("with", "ids"):
        if error.new in query.get(key, "").split(","):
            once = dict.fromkeys(query[key].split(","))
            query[key] = ",".join(n for n in once if key == "ids" or n != mine)
    query = {key: value for key, value in query.items() if value or key != "with"}
    return urls.to(path + (f"?{urlencode(query, safe=':,.')}" if query else ""))


def answer_to(request: Request, error: XinzhiError) -> Response:
    """What a request is told about an error of ours."""
    if isinstance(error, MovedError):
        return RedirectResponse(_moved(request, error), 301)
    if isinstance(error, AddressError):
        return problem(error.status, str(error), parameter=error.parameter)
    answer = problem(status_of(error), str(error))
    if isinstance(error, BusyError):
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


def status_of(error: XinzhiError) -> int:
    """The status of the answer that tells of an error."""
    if isinstance(error, AddressError):
        return error.status
    if isinstance(error, BusyError):
        return 429
    return 503 if isinstance(error, StorageError) else 400
