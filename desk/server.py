"""The desk and the whole dashboard as one app: /desk for editors, everything else as ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from dashboard.address import AddressError
from dashboard.data.snapshot import Snapshot
from dashboard.http.asgi import App, Receive, Scope, Send
from dashboard.http.bodies import BoundedBodies
from dashboard.http.front_door import FrontDoor
from dashboard.http.limits import BusyError
from dashboard.http.problems import BodyError, our_mistake
from dashboard.http.public_address import PublicAddress
from dashboard.http.security import DESK, is_of_the_desk
from dashboard.people import People, PeopleDoor, Person, Role, csrf_token
from dashboard.people.changes import FIELD
from dashboard.people.cookies import MOST_PATH
from dashboard.server import Server, create_members_site, create_server
from desk.checking import DraftCheckers
from desk.conflict import ConflictError
from desk.flash import FlashMessages
from desk.frame import ASSETS, page_at
from desk.jobs import Jobs
from desk.markup import render
from desk.pages import BELOW, PAGES
from desk.request import (
    MOST_FIELDS,
    MOST_FILES,
    PRIVATE,
    DeskRequest,
    DeskService,
    FormExpired,
    desk_request,
)
from desk.texts import text
from etl.errors import Locked, StorageError, XinzhiError, in_words
from etl.settings import Settings

#: What an editor may send at once: a document with its pictures.
MAX_SENT_BYTES = 22_000_000
#: What is given back to somebody whose session has ended: 300,000 characters of Chinese, which a
#: form writes with nine bytes each.
MAX_TYPED_BYTES = 3_000_000
#: How long it may take to come: an editor's line at home is slow.
SENT_S = 120.0
#: Fields that the page itself fills.
_OF_PAGES = ("made_from", "base")
#: The files of the desk's own pages.
_CSS, _JS = "text/css; charset=utf-8", "text/javascript; charset=utf-8"
_FILES = {
    "desk.css": _CSS,
    "desk.js": _JS,
    "bulletin.css": _CSS,
    "bulletin.js": _JS,
    "grid.js": _JS,
}


class DeskServer:
    """The whole site with its desk, as an ASGI app."""

    def __init__(self, settings: Settings) -> None:
        self.people = People.of(settings)
        self.public = create_server(settings)
        self.members = create_members_site(settings, self.public)
        checkers, service = DraftCheckers(settings), self.public.service
        for site in (self.public, self.members.members):
            self._check_with(checkers, site)
        self.desk = DeskService(
            settings, service.site, lambda: self.members.answering.snapshots, Jobs(settings),
            FlashMessages(), checkers,
        )  # fmt: skip
        inner = _Entrance(_routes(self.desk))
        door = FrontDoor(inner, self.public.service.metrics)
        own = PublicAddress(door, service.site.urls, [DESK])
        prefix = service.site.urls.prefix
        public, members = (_Doors(own, site, prefix) for site in (self.public, self.members))
        self._app = PeopleDoor(public, members, self.people)

    def _check_with(self, checkers: DraftCheckers, site: Server) -> None:
        """What editors ask first after a publication is read before they do, from the site that
        they are answered by."""
        first = site.snapshots.get_ready

        def ready(found: Snapshot) -> None:
            first(found)
            if self.members.answering is site:
                checkers.of(found)

        site.snapshots.get_ready = ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def create_desk(settings: Settings) -> DeskServer:
    """The whole site with its desk."""
    return DeskServer(settings)


class _Doors:
    """An ASGI app that sends what belongs to the desk there, and all else to the dashboard."""

    def __init__(self, desk: App, site: App, prefix: str) -> None:
        self.desk, self.site, self.prefix = desk, site, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if self.prefix and f"{path}/".startswith(f"{self.prefix}/"):
            path = path.removeprefix(self.prefix)
        is_own = scope["type"] == "http" and is_of_the_desk(path)
        await (self.desk if is_own else self.site)(scope, receive, send)


class _Entrance:
    """An ASGI app around another: it lets in who may see a page. Who has not signed in is led to
    where that is done; what they sent is given back to them, so that nothing typed is lost."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._bounded = BoundedBodies(self._refuse, most=lambda path: MAX_TYPED_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        person: Person | None = scope.get("person")
        if person is not None and person.role >= _role_for(scope["path"]):
            await self.app(scope, receive, send)
        elif scope["method"] == "POST":
            await self._bounded(scope, receive, send)
        else:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = await _refusal(request)
        await answer(scope, receive, send)


def _role_for(path: str) -> Role:
    return page_at(path, [page for page, _ in PAGES]).role


async def _refusal(request: Request) -> Response:
    """What somebody is told who may not do what they ask."""
    urls = request.scope["xinzhi.urls"]
    person: Person | None = request.scope.get("person")
    path = request.url.path
    query = f"?{request.url.query}" if request.url.query else ""
    is_post, is_long = request.method == "POST", len(path + query) > MOST_PATH
    if person is None and not is_post and not is_long:
        sign_in = urls.page("/sign-in", next=f"{path}{query}")
        return RedirectResponse(sign_in, 303, PRIVATE)
    lang = "en" if request.query_params.get("lang") == "en" else "zh"
    typed = await _typed(request)
    if person is None:
        said = "signed_out_meanwhile" if is_post else "signed_out_long"
        sentence, status = text(said, lang), 401
    else:
        needed = text(f"role_{_role_for(path).name.lower()}", lang)
        sentence, status = text("not_for_you", lang, role=needed, who=person.shown), 403
    body = render(
        "refused.html", lang, urls=urls, sentence=sentence, typed=typed,
        csrf=csrf_token(request.scope),
        sign_in="" if person else urls.page("/sign-in", next=DESK),
    )  # fmt: skip
    return HTMLResponse(body, status, PRIVATE)


@dataclass(frozen=True, slots=True)
class TypedForm:
    """What was sent with a form that nothing could be done with: it is shown, and may be changed
    and sent again to where it was sent."""

    action: str = ""
    fields: Sequence[tuple[str, str]] = ()
    has_files: bool = False

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What a person typed or chose."""
        return [(name, value) for name, value in self.fields if self._is_shown(name, value)]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What a page itself put there."""
        return [(name, value) for name, value in self.fields if not self._is_shown(name, value)]

    def _is_shown(self, name: str, value: str) -> bool:
        return bool(value.strip()) and name not in _OF_PAGES


async def _typed(request: Request) -> TypedForm:
    """What was typed into a form; nothing where no form was sent."""
    if request.method != "POST":
        return TypedForm()
    try:
        async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as form:
            pairs = form.multi_items()
            fields = [(name, value) for name, value in pairs if isinstance(value, str)]
            files = [one for _, one in pairs if not isinstance(one, str) and one.filename]
    except Exception:  # no form at all: there is nothing to give back
        return TypedForm()
    query = f"?{request.url.query}" if request.url.query else ""
    action = request.scope["xinzhi.urls"].to(f"{request.url.path}{query}")
    kept = [(name, value) for name, value in fields if name != FIELD]
    return TypedForm(action, kept, bool(files))


def _routes(desk: DeskService) -> FastAPI:
    routes = FastAPI(
        title="desk",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        redirect_slashes=False,
    )
    routes.state.desk = desk
    routes.add_middleware(
        BoundedBodies, body_s=SENT_S, most=lambda path: MAX_SENT_BYTES, refuse=_refused_body
    )
    routes.add_exception_handler(XinzhiError, _in_words)
    routes.add_exception_handler(404, _nothing_here)
    routes.add_exception_handler(400, _unreadable)
    routes.add_exception_handler(Exception, _sorry)  # the front door writes it into the log
    routes.add_api_route(f"{DESK}/assets/{{name}}", _asset, methods=["GET", "HEAD"])
    for router in (*(router for _, router in PAGES), *BELOW):
        routes.include_router(router)
    return routes


def _asset(name: str) -> Response:
    """A file of the desk's pages."""
    kind = _FILES.get(name)
    if kind is None:
        return PlainTextResponse("There is no such file.", 404)
    lasts = {"Cache-Control": "private, max-age=86400"}  # its address changes with its content
    return Response((ASSETS / name).read_bytes(), 200, lasts, kind)


async def _in_words(request: Request, error: Exception) -> Response:
    """An error that no page has dealt with, as a page: what is wrong, and what was typed."""
    ask = desk_request(request)
    typed = await _typed(request)
    if isinstance(error, FormExpired):
        return ask.show("problem", ask.say("not_done"), 403,
                        sentence=ask.say("form_expired"), typed=typed, fields=[],
                        is_tried_again=True)  # fmt: skip
    fields = error.fields if isinstance(error, ConflictError) else []
    return ask.show(
        "problem", ask.say("not_done"), status_of(error),
        sentence=in_words(str(error), ask.lang), typed=typed, fields=fields,
        is_tried_again=isinstance(error, Locked | BusyError | StorageError),
    )  # fmt: skip


def _refused_body(request: Request, error: XinzhiError) -> Response:
    """What is told to somebody who sends too much, or too slowly."""
    ask, status = desk_request(request), status_of(error)
    if status == 413:
        sentence = ask.say("sent_too_large", most=f"{MAX_SENT_BYTES // 1_000_000}")
    else:
        sentence = ask.say("sent_too_slowly", seconds=f"{SENT_S:g}")
    told = sentence if status in (408, 413) else ask.in_words(error)
    return ask.show("problem", ask.say("not_done"), status, sentence=told, typed=TypedForm(),
                    fields=[])  # fmt: skip


def _unreadable(request: Request, error: Exception) -> Response:
    """A form that a browser does not send: names of fields or files that are too long, or torn."""
    ask = desk_request(request)
    return ask.show(
        "problem", ask.say("not_done"), 400, sentence=ask.say("form_unreadable"),
        typed=TypedForm(), fields=[],
    )  # fmt: skip


def _sorry(request: Request, error: Exception) -> Response:
    ask = desk_request(request)
    words = {"sentence": ask.in_words(our_mistake()), "typed": TypedForm(), "fields": []}
    return ask.show("problem", ask.say("not_done"), 500, **words)


def _nothing_here(request: Request, error: Exception) -> Response:
    ask: DeskRequest = desk_request(request)
    words = {"sentence": ask.say("not_found_long"), "typed": TypedForm(), "fields": []}
    return ask.show("problem", ask.say("not_found"), 404, **words)


def status_of(error: Exception) -> int:
    """The status of the page that tells of an error."""
    if isinstance(error, BodyError | AddressError):
        return error.status
    if isinstance(error, ConflictError | Locked):
        return 409
    if isinstance(error, BusyError):
        return 429
    return 503 if isinstance(error, StorageError) else 400
