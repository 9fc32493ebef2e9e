"""Errors as answers that name what is wrong and what is allowed: a page for people, RFC 9457 JSON
for programs."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from dashboard.address import AddressError, MovedError, parse_query
from dashboard.assistants import PATH as ASSISTANT_PATH
from dashboard.chart_page.page import problem_page
from dashboard.export.licence import LicenceError
from dashboard.export.table import to_json
from dashboard.http.caching import live
from dashboard.http.limits import BusyError
from dashboard.http.public_address import URLS
from dashboard.http.security import CHART_PAGE, MACHINERY, OPERATIONS, is_open
from dashboard.urls import Urls
from etl.errors import StorageError, XinzhiError
from etl.log import REQUEST_ID

TITLES = {
    400: "Bad request",
    401: "Sign in",
    403: "Not ours to pass on",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    410: "Withdrawn",
    413: "Too large",
    415: "Not readable",
    416: "Range not satisfiable",
    429: "Too many requests",
    431: "Head too large",
    500: "Our mistake",
    503: "No data published",
}


class RefusedError(XinzhiError):
    """A request is not answered; `status` is that of the answer which says why."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status

    def in_(self, lang: str) -> str:
        """The same for people who read `lang`; empty where only English words are known."""
        return ""


class BodyError(RefusedError):
    """The body of a request cannot be taken."""


def our_mistake() -> str:
    """What a reader is told of an error that nobody foresaw; the log has it under the number."""
    return f"This is our mistake. Tell us its number: {REQUEST_ID.get()}."


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
    return _urls(request).to(path + (f"?{urlencode(query, safe=':,.')}" if query else ""))


def answer_to(request: Request, error: XinzhiError) -> Response:
    """What a request is told about an error of ours."""
    if isinstance(error, MovedError):
        return RedirectResponse(_moved(request, error), 301, live(None).headers)
    if _is_to_sign_in(request, error):
        return _to_sign_in(request)
    if is_for_people(request.url.path) or _is_refused_to_a_person(request, error):
        return page_for(request, error)
    told = {"parameter": error.parameter} if isinstance(error, AddressError) else {}
    if isinstance(error, LicenceError):
        told["source"] = error.credit.url
    return _with_retry(problem(status_of(error), str(error), **told), error)


def _is_to_sign_in(request: Request, error: XinzhiError) -> bool:
    """Whether a person asks for a page of those who have signed in; a token signs nobody in."""
    is_program = "authorization" in request.headers
    is_asked = request.method == "GET" and is_for_people(request.url.path)
    return status_of(error) == 401 and is_asked and not is_program


def _to_sign_in(request: Request) -> Response:
    """To where people sign in, and from there back here."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(_urls(request).to(f"/sign-in?{urlencode({'next': here})}"), 303)


def _is_refused_to_a_person(request: Request, error: XinzhiError) -> bool:
    """Whether a browser followed a link to a file that a licence forbids: such a link may stand in
    a text of long ago, so that whoever opens it is told where the values are to be seen."""
    return isinstance(error, LicenceError) and "text/html" in request.headers.get("accept", "")


def page_for(request: Request, error: XinzhiError) -> Response:
    """A page that says what is wrong."""
    status = status_of(error)
    lang = "en" if re.search("(^|&)lang=en(&|$)", request.url.query[:2000]) else "zh"
    headers = {"Content-Security-Policy": CHART_PAGE}
    if status == 403:
        headers["Vary"] = "Accept"
    parameter = error.parameter if isinstance(error, AddressError) else ""
    credit = error.credit if isinstance(error, LicenceError) else None
    at_door = error.in_(lang) if isinstance(error, RefusedError) else ""
    detail = "" if at_door else str(error)
    body = problem_page(status, detail, _urls(request), lang, parameter, credit, at_door)
    answer = Response(body, status, headers, "text/html; charset=utf-8")
    return _with_retry(answer, error)


def is_for_people(path: str) -> bool:
    """Whether an address is one that people open, so that what is wrong with it is a page."""
    is_machine = path.startswith(MACHINERY) or path in OPERATIONS or path == ASSISTANT_PATH
    return not (is_open(path) or is_machine)


def _urls(request: Request) -> Urls:
    found: Urls = request.scope[URLS]
    return found


def _with_retry(answer: Response, error: XinzhiError) -> Response:
    if answer.status_code == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, BusyError):
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


def status_of(error: XinzhiError) -> int:
    """The status of the answer that tells of an error."""
    if isinstance(error, AddressError | RefusedError):
        return error.status
    if isinstance(error, BusyError):
        return 429
    return 503 if isinstance(error, StorageError) else 400
