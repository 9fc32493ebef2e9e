"""/sign-in, /sign-out and /me: pages without scripts, which nobody keeps. They are there only where
somebody can sign in."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from dashboard import formatting
from dashboard.app import document
from dashboard.display import Display, choices
from dashboard.http.caching import NEVER
from dashboard.http.limits import BusyError, ConcurrencyLimit
from dashboard.http.responses import service_of
from dashboard.http.security import policy
from dashboard.pages import framed
from dashboard.pages.page import Page
from dashboard.people.agents import called
from dashboard.people.changes import FIELD
from dashboard.people.door import PEOPLE
from dashboard.people.limits import address_of
from dashboard.people.people import ATTEMPT_S, LINK_S, Attempt, People
from dashboard.people.roles import DoorError, Person, Role, SignInNeeded, has_word, person_of
from dashboard.people.ways.way import Way
from dashboard.texts import text
from etl.errors import StorageError, XinzhiError
from etl.log import REQUEST_ID

router = APIRouter(include_in_schema=False)
BOTH = ["GET", "HEAD"]
#: How one gets a link; it is printed at the start too.
LINK_COMMAND = "python -m dashboard people link"
_CSP = policy(style_src="'self'", img_src="'self'", form_action="'self'", frame_ancestors="'none'")
_PRIVATE = {
    **NEVER.headers,
    "Content-Security-Policy": _CSP,
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
_MOST_QUERY = 8_000
#: Providers are asked apart from everything else, and few at a time.
_PROVIDERS = ConcurrencyLimit(4)
#: What a way finds of somebody: who that is, the cookie, and where to go.
_Let = tuple[Person, str, str]
log = logging.getLogger(__name__)


@router.api_route("/sign-in", methods=BOTH)
async def sign_in(request: Request) -> Response:
    """The ways in; straight on for who is in already, or within the app of a provider."""
    people, query = people_of(request), _query(request)
    try:
        leads_to = people.leads_to(query.get("next", "/"))
    except DoorError as error:
        return _refused(request, error)
    if person_of(request.scope) is not None:
        return _moved(people.urls.to(leads_to))
    agent = request.headers.get("user-agent", "")
    for name, way in people.ways.items():
        if way.is_inside(agent):
            return _moved(people.urls.to(f"/sign-in/{name}?{urlencode({'next': leads_to})}"))
    return _page(request, "sign_in", "sign_in", _ways_in(people, leads_to))


@router.api_route("/sign-in/link", methods=BOTH)
async def by_link(request: Request) -> Response:
    """In by the link that was printed; only who opens it uses it up."""
    people = people_of(request)
    if "link" not in people.sign_in.ways:
        raise _no_such_way()
    if _is_looked_at_only(request):
        return _nothing()
    key, agent = _query(request).get("key", ""), request.headers.get("user-agent", "")

    return await _let_in(request, lambda: people.take_link(key, agent), run_in_threadpool)


@router.api_route("/sign-in/{name}", methods=BOTH)
async def begin(request: Request, name: str) -> Response:
    """To the page of a provider."""
    people = people_of(request)
    way = _way(people, name)
    if _is_looked_at_only(request):
        return _nothing()
    agent, back = request.headers.get("user-agent", ""), _back(people, name)
    address = address_of(request.scope, people.sign_in.proxy)

    def begun() -> tuple[str, str]:
        people.begun.check(address)
        people.begun.count(address)
        agreed = way.agree()
        state, browser = people.begin(Attempt(name, agreed, leads_to))
        return way.address(agreed, state, back, way.is_inside(agent)), browser

    try:
        leads_to = people.leads_to(_query(request).get("next", "/"))
        goal, browser = await _PROVIDERS.run(begun, request.receive)
    except XinzhiError as error:
        return _refused(request, error)
    answer = _moved(goal)
    answer.raw_headers.append(people.cookies.given(people.cookies.attempt, browser, ATTEMPT_S))
    return answer


@router.api_route("/sign-in/{name}/back", methods=BOTH)
async def back(request: Request, name: str) -> Response:
    """Back from a provider, with what it says of who signed in there."""
    people = people_of(request)
    way = _way(people, name)
    if _is_looked_at_only(request):
        return _nothing()
    told, agent = _query(request), request.headers.get("user-agent", "")
    browser = people.cookies.read(request.scope, people.cookies.attempt) or ""

    def finish() -> _Let:
        attempt = people.take_attempt(name, told.get("state", "") + browser)
        identity = way.identity(attempt.agreed, told, _back(people, name))
        return *people.sign_in_by(name, identity, agent), attempt.next

    def run(take: Callable[[], _Let]) -> Awaitable[_Let]:
        return _PROVIDERS.run(take, request.receive)

    return await _let_in(request, finish, run)


@router.api_route("/sign-out", methods=[*BOTH, "POST"])
async def sign_out(request: Request) -> Response:
    """Out: of this session, of another one of one's own, or of all."""
    people, person = people_of(request), person_of(request.scope)
    if person is None:
        return _moved(people.urls.to("/"))
    if request.method != "POST":
        return _page(request, "sign_out", "sign_out", _about(request, person))
    try:
        async with request.form(max_fields=10, max_files=0) as form:
            sent = {name: value for name, value in form.items() if isinstance(value, str)}
        if not has_word(person, sent.get(FIELD, "")):
            raise DoorError("door_stale", status=403)
        which = sent.get("which") or person.number
        if which == "everywhere":
            await run_in_threadpool(people.end_sessions, person.name)
        else:
            await run_in_threadpool(people.end_session, which, person.name)
    except XinzhiError as error:
        return _refused(request, error)
    if which not in ("everywhere", person.number):
        return _moved(people.urls.to("/me"))
    answer = _moved(people.urls.to("/"))
    answer.raw_headers.append(people.cookies.dropped(people.cookies.session))
    return answer


@router.api_route("/me", methods=BOTH)
async def me(request: Request) -> Response:
    """Who one is here, and where one is signed in."""
    people, person = people_of(request), person_of(request.scope)
    if person is None:
        raise SignInNeeded
    found = await run_in_threadpool(people.sessions, person.name)
    lang = _display(request).lang
    sessions = [
        {
            "number": one.number,
            "agent": called(one.agent, lang),
            "since": formatting.beijing(one.made_at, lang),
            "until": formatting.beijing(one.ends_at, lang),
            "is_this": one.number == person.number,
        }
        for one in found
    ]
    return _page(request, "me", "me", {**_about(request, person), "sessions": sessions})


def people_of(request: Request) -> People:
    """The people of the site that answers."""
    found: People = request.scope[PEOPLE]
    return found


async def _let_in(
    request: Request,
    take: Callable[[], _Let],
    run: Callable[[Callable[[], _Let]], Awaitable[_Let]],
) -> Response:
    """Give somebody whom `take` lets in a new session; in words, why somebody was not."""
    people, held = people_of(request), person_of(request.scope)
    address = address_of(request.scope, people.sign_in.proxy)

    def taken() -> _Let:
        people.failed.check(address)
        try:
            found = take()
        except DoorError as error:
            if error.status in (400, 403):
                people.failed.count(address)
            raise
        if held is not None and held.number and held.way != "token":
            people.end_session(held.number, held.name)
        return found

    try:
        _, cookie, leads_to = await run(taken)
    except XinzhiError as error:
        return _refused(request, error)
    answer = _moved(people.urls.to(leads_to))
    answer.raw_headers.append(people.cookies.given(people.cookies.session, cookie))
    return _ended(request, answer)


def _ways_in(people: People, leads_to: str) -> dict[str, Any]:
    query = urlencode({"next": leads_to})
    return {
        "ways": [(people.urls.to(f"/sign-in/{name}?{query}"), f"sign_in_by_{name}")
                 for name in people.ways],
        "command": LINK_COMMAND if "link" in people.sign_in.ways else "",
        "minutes": LINK_S // 60,
        "is_proxied": "proxy" in people.sign_in.ways,
        "problem": "",
    }  # fmt: skip


def _about(request: Request, person: Person) -> dict[str, Any]:
    people = people_of(request)
    return {
        "person": person,
        "field": FIELD,
        "action": people.urls.to("/sign-out"),
        "has_session": bool(person.number) and person.way != "token",
        "is_reader": person.role is Role.READER,
    }


def _refused(request: Request, error: XinzhiError) -> Response:
    """The page of the ways in, with what went wrong; the log says what else there is to know."""
    people, lang = people_of(request), _display(request).lang
    if isinstance(error, StorageError):
        error = DoorError("door_record", str(error), 503)
    if isinstance(error, BusyError):
        error = DoorError("door_busy", status=503)
    told = error if isinstance(error, DoorError) else DoorError("door_failed", str(error), 503)
    status, context = told.status, _ways_in(people, "/")
    context["problem"] = told.in_(lang)
    if told.detail:
        log.warning("Somebody was not let in (%s). %s", told.said, told.detail)
        context["problem"] += text("door_number", lang, number=REQUEST_ID.get())
    answer = _page(request, "sign_in", "sign_in", context, status)
    if status in (429, 503):
        answer.headers["Retry-After"] = "60" if status == 429 else "5"
    return _ended(request, answer)


def _ended(request: Request, answer: Response) -> Response:
    """An answer after which no attempt is under way in this browser."""
    cookies = people_of(request).cookies
    if cookies.read(request.scope, cookies.attempt) is not None:
        answer.raw_headers.append(cookies.dropped(cookies.attempt))
    return answer


def _page(
    request: Request, template: str, title: str, context: Mapping[str, Any], status: int = 200
) -> Response:
    site, display = service_of(request).site, _display(request)
    urls = replace(site.urls, display=display)
    page = Page(text(title, display.lang), template, context, status=status)
    query = {"next": _query(request).get("next", "")} if status == 200 else {}
    path = request.url.path if status == 200 else "/sign-in"
    shown = framed(page, urls, path, query, None, site=site)
    body = document(shown, site).encode()
    return Response(body, status, _PRIVATE, "text/html; charset=utf-8")


def _moved(address: str) -> Response:
    return Response(b"", 303, {**_PRIVATE, "Location": address})


def _nothing() -> Response:
    """For who only looks whether there is something: nothing is used up by that."""
    return Response(b"", 204, _PRIVATE)


def _way(people: People, name: str) -> Way:
    """The provider of this name; a DoorError where the site has none."""
    if name not in people.ways:
        raise _no_such_way()
    return people.ways[name]


def _no_such_way() -> DoorError:
    return DoorError("door_unknown_way", status=404)


def _is_looked_at_only(request: Request) -> bool:
    """Whether nobody sees the answer: a browser or a chat that fetches links in advance."""
    purpose = request.headers.get("sec-purpose", "") + request.headers.get("purpose", "")
    return request.method == "HEAD" or "prefetch" in purpose


def _back(people: People, name: str) -> str:
    return people.urls.online.to(f"/sign-in/{name}/back")


def _query(request: Request) -> Mapping[str, str]:
    """The parameters of an address, of one that stands twice the first; the codes of some
    providers are long."""
    search = request.scope["query_string"].decode("latin-1")[:_MOST_QUERY]
    try:
        pairs = parse_qsl(search, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return {}
    return dict(reversed(pairs))


def _display(request: Request) -> Display:
    return choices(_query(request))
