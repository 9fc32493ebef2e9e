"""The server: public addresses on FastAPI, the dashboard beneath it."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from threading import Event, Thread
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from starlette.routing import Route

from dashboard.app import LivePages
from dashboard.assistants import PATH
from dashboard.assistants.door import AT_ONCE, AssistantDoor
from dashboard.chart_page.page import FORMATS, SiteConfig
from dashboard.data.snapshot import Snapshots
from dashboard.data.warm_up import get_ready, keep_up
from dashboard.export.receipts import members_receipts, receipts
from dashboard.http.asgi import Message, RawHeaders, Receive, Scope, Send
from dashboard.http.bodies import BoundedBodies
from dashboard.http.cache import FromCache, ResponseCache
from dashboard.http.caching import PRIVATE, kept
from dashboard.http.clean_links import CleanLinks
from dashboard.http.dash_app import DashApp
from dashboard.http.front_door import FrontDoor
from dashboard.http.limits import ConcurrencyLimit
from dashboard.http.metrics import (
    OF_MEMBERS,
    PREFIX,
    SAMPLED_EVERY_S,
    TRADING_EVERY_S,
    Metrics,
)
from dashboard.http.problems import answer_to, our_mistake, problem
from dashboard.http.public_address import PublicAddress
from dashboard.http.responses import Service
from dashboard.http.routes import (
    api,
    api_docs,
    assets,
    bulletins,
    charts,
    data,
    discovery,
    leave,
    operations,
    pages,
    since,
)
from dashboard.http.stepping_back import SteppingBack
from dashboard.people import People, PeopleDoor
from dashboard.people import routes as people_routes
from dashboard.texts import site_title
from dashboard.urls import Urls
from etl.errors import XinzhiError
from etl.settings import Settings
from etl.storage.snapshots import SnapshotStore, committee_store_of, has_committee, store_of
from etl.subscribers import Subscribers

#: How many are made at once. Few: who draws holds Python's lock for fifty milliseconds, which
#: everyone else waits for. Files that pages load are made once in all, and may wait longer.
PAGES, PICTURES, FILES, ASSETS, DRAFTS = (3,), (2,), (4,), (2, 20.0, 1000), (1, 20.0)
#: In the order in which they are asked. Charts before the data: a kit is no zip of data.
ROUTERS = (
    charts.router, data.router, charts.pages, bulletins.router, since.router, operations.router,
    leave.router,
    discovery.router, assets.router, api_docs.router, api.router, pages.router,
)  # fmt: skip


class Server:
    """The whole site as an ASGI app over the snapshots of a store: the public ones, or those for
    the committee, whose answers nobody keeps. Two in one process share nothing."""

    def __init__(
        self, settings: Settings, store: SnapshotStore, *, for_committee: bool = False
    ) -> None:
        self.for_committee = for_committee
        self._settings = settings
        self.snapshots = Snapshots(store, get_ready, in_background=True)
        served = members_receipts(settings) if for_committee else receipts(settings)
        cache = ResponseCache(self.snapshots)
        prefix = OF_MEMBERS if for_committee else PREFIX
        limits = {
            "pages": ConcurrencyLimit(*PAGES),
            "pictures": ConcurrencyLimit(*PICTURES),
            "files": ConcurrencyLimit(*FILES),
            "assets": ConcurrencyLimit(*ASSETS),
            "drafts": ConcurrencyLimit(*DRAFTS),
            "assistants": ConcurrencyLimit(*AT_ONCE),
            "leaving_letters": ConcurrencyLimit(1),
        }
        self.service = Service(
            snapshots=self.snapshots,
            site=SiteConfig(Urls.of(settings), FORMATS, settings.corrections_to, settings.signs_in),
            served=served,
            metrics=Metrics(self.snapshots, cache, limits, served, prefix),
            cache=cache,
            leaving=Event(),
            subscribers=Subscribers.of(settings),
            **limits,
        )
        # Before the pages, which answer whatever nothing else does.
        signing_in = [people_routes.router] if settings.signs_in else []
        routers = [*ROUTERS[:-1], *signing_in, ROUTERS[-1]]
        cached = FromCache(BoundedBodies(self._routes(routers)), self.service.cache)
        door = FrontDoor(SteppingBack(cached, self.snapshots), self.service.metrics)
        found = (route for router in routers for route in router.routes)
        paths = [PATH, *(route.path for route in found if isinstance(route, Route))]
        self._app = PublicAddress(door, self.service.site.urls, paths)

    @property
    def is_there(self) -> bool:
        """Whether there is a place that it reads. That of the committee begins with the first
        snapshot for it."""
        is_open = self.snapshots.open is not None
        return is_open or not self.for_committee or has_committee(self._settings)

    @property
    def leaving(self) -> Event:
        """To be set once the process has been told to end."""
        return self.service.leaving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.leaving.is_set():
            send = closing(send)
        if self.for_committee:
            send = with_headers(send, lambda headers: kept(headers, PRIVATE))
        await self._app(scope, receive, send)

    def _routes(self, routers: Sequence[APIRouter]) -> FastAPI:
        routes = FastAPI(
            lifespan=self._running,
            title=site_title(),
            version="1",
            description="The data of the dashboard for programs. Read-only; every answer names the "
            "snapshot that it was made from. Errors are RFC 9457 documents.",
            docs_url=None,
            redoc_url=None,
            openapi_url=None,
            # The front door makes the spans, of what the cache answers too, and without the query
            # of a reader, which FastAPI's own would tell.
            telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
            redirect_slashes=False,
            servers=[{"url": self.service.site.urls.base}],
        )
        live = LivePages(self.snapshots, self.service.site)
        dash = DashApp(live.dash, self.service.pages)
        live.learn_scripts()
        routes.state.service, routes.state.dash, routes.state.live = self.service, dash, live
        routes.add_middleware(CleanLinks, prefix=self.service.site.urls.prefix)
        routes.add_exception_handler(XinzhiError, _in_words)
        routes.add_exception_handler(Exception, _sorry)  # the front door writes it into the log
        for router in routers:
            routes.include_router(router)
        routes.router.routes.insert(0, charts.PAGE_ROUTE)
        service = self.service
        door = AssistantDoor(service.snapshots, service.site.urls, service.assistants)
        # With a slash behind it, too, as clients are often told.
        routes.router.routes[:0] = [door.route, Route(f"{PATH}/", door)]
        routes.mount("/", dash)
        return routes

    async def _warm(self) -> None:
        if not self.for_committee:  # the public site has the files of every page
            await assets.warm(self.service)

    def _keep_up(self, stopped: Event) -> None:
        while not self.is_there:  # nothing is wrong, and nothing is to be said
            if stopped.wait(self.snapshots.store.look_every_s):
                return
        keep_up(self.snapshots, stopped)

    @asynccontextmanager
    async def _running(self, routes: FastAPI) -> AsyncIterator[None]:
        """Beside the server, for as long as it runs."""
        stopped = Event()
        Thread(target=self._keep_up, args=(stopped,), daemon=True).start()
        warm = asyncio.ensure_future(self._warm())
        sampling = asyncio.ensure_future(_sampled(self.service.metrics))
        yield
        warm.cancel()
        sampling.cancel()
        stopped.set()
        await asyncio.to_thread(self.service.served.close)


class MembersSite:
    """The site for the committee as an ASGI app, from its first snapshot on: no process is started
    again for it. Until then everything is public, and the public site answers."""

    def __init__(self, public: Server, members: Server) -> None:
        self.public, self.members = public, members

    @property
    def answering(self) -> Server:
        """Which of the two answers now."""
        return self.members if self.members.is_there else self.public

    @property
    def leaving(self) -> Event:
        """To be set once the process has been told to end."""
        return self.members.leaving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.members if scope["type"] == "lifespan" else self.answering
        await app(scope, receive, send)


def create_server(settings: Settings) -> Server:
    """The public site over the snapshots that `settings` name."""
    return Server(settings, store_of(settings))


def create_members_site(settings: Settings, public: Server) -> MembersSite:
    """The site for the committee beside the public one."""
    members = Server(settings, committee_store_of(settings), for_committee=True)
    return MembersSite(public, members)


def create_site(settings: Settings) -> Server | PeopleDoor:
    """What is served: the public site alone; where people can sign in, that of the committee beside
    it, and a door before both."""
    public = create_server(settings)
    if not settings.signs_in:
        return public
    return PeopleDoor(public, create_members_site(settings, public), People.of(settings))


async def _sampled(metrics: Metrics) -> None:
    """Keep what changes between requests up to date, so that any worker tells of all of them."""
    looked_s = -math.inf
    while True:
        metrics.sample()
        if time.monotonic() - looked_s > TRADING_EVERY_S:
            await asyncio.to_thread(metrics.look_at_the_day)
            looked_s = time.monotonic()
        await asyncio.sleep(SAMPLED_EVERY_S)


def closing(send: Send) -> Send:
    """Answers after which the connection is closed: its reader asks elsewhere next time."""
    return with_headers(send, lambda headers: [*headers, (b"connection", b"close")])


def with_headers(send: Send, change: Callable[[RawHeaders], RawHeaders]) -> Send:
    """Answers with other headers than they were given."""

    async def changed(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": change(list(message["headers"]))}
        await send(message)

    return changed


async def _sorry(request: Request, error: Any) -> Response:
    return problem(500, our_mistake())


async def _in_words(request: Request, error: Any) -> Response:
    return answer_to(request, error)
