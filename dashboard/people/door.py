"""The door of a site where people sign in: who asks, and which of the two sites answers. Whoever
says nothing of themselves passes at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request

from dashboard.http.asgi import App, Message, RawHeaders, Receive, Scope, Send
from dashboard.http.problems import answer_to
from dashboard.http.public_address import URLS
from dashboard.http.security import with_rules
from dashboard.people.changes import READING, is_from_elsewhere
from dashboard.people.people import People
from dashboard.people.roles import DoorError, Role
from etl.errors import StorageError, XinzhiError

#: Where a request finds the people of the site.
PEOPLE = "xinzhi.people"
_PRIVATE = (b"cache-control", b"private, no-store")
#: Where the files of the program stand, which are the same for everybody and kept by browsers.
_FILES = ("/assets/", "/_dash-component-suites/")
log = logging.getLogger(__name__)


class PeopleDoor:
    """An ASGI app around two: `public` answers readers, `members` those who are at least that. Both
    find who asks in `scope["person"]`, a Person or None. A cookie that is worth nothing makes a
    reader of its owner, and is taken away."""

    def __init__(self, public: App, members: App, people: People) -> None:
        self.public, self.members, self.people = public, members, people
        site = urlsplit(people.urls.base)
        self._origin = f"{site.scheme}://{site.netloc}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            apps = dict.fromkeys([self.public, self.members])
            await _live_together(list(apps), scope, receive, send)
            return
        if scope["type"] != "http":
            await self.public(scope, receive, send)
            return
        scope = {**scope, "person": None, PEOPLE: self.people}
        if self._is_file(scope["path"]) or not self.people.carries(scope):
            await self.public(scope, receive, self._varying(send))
            return
        try:
            asks = await asyncio.to_thread(self.people.who_asks, scope)
            person = scope["person"] = asks.person
            if (
                person is not None
                and person.way != "token"
                and scope["method"] not in READING
                and is_from_elsewhere(scope, self._origin)
            ):
                raise DoorError("door_elsewhere", status=403)
        except XinzhiError as error:
            if isinstance(error, StorageError):
                error = DoorError("door_record", str(error), 503)
            if isinstance(error, DoorError) and error.detail:
                log.warning("Nobody can be recognised. %s", error.detail)
                error = DoorError(error.said, status=error.status)
            await _refused(self.people, error, scope, receive, send)
            return
        is_member = person is not None and person.role >= Role.MEMBER
        app = self.members if is_member else self.public
        await app(scope, receive, self._varying(send, drops_cookie=asks.drops_cookie))

    def _is_file(self, path: str) -> bool:
        return path.removeprefix(self.people.urls.prefix).startswith(_FILES)

    def _varying(self, send: Send, *, drops_cookie: bool = False) -> Send:
        """Answers that say on what they depend, so that caches keep those of readers apart; one
        that takes a cookie away is kept by nobody."""
        told_by, cookies = self.people.told_by, self.people.cookies

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: RawHeaders = list(message["headers"])
                given = f"{cookies.session}=".encode()  # by who signs in at this moment
                is_given = any(n == b"set-cookie" and v.startswith(given) for n, v in headers)
                if drops_cookie and not is_given:
                    headers = [one for one in headers if one[0] != b"cache-control"]
                    headers += [_PRIVATE, cookies.dropped(cookies.session)]
                vary = [value for name, value in headers if name == b"vary"]
                headers = [one for one in headers if one[0] != b"vary"]
                headers.append((b"vary", b", ".join([*vary, told_by])))
                message = {**message, "headers": headers}
            await send(message)

        return told


async def _refused(
    people: People, error: XinzhiError, scope: Scope, receive: Receive, send: Send
) -> None:
    scope = {**scope, URLS: people.urls}
    answer = answer_to(Request(scope), error)
    answer.raw_headers = with_rules([*answer.raw_headers, _PRIVATE], scope["path"])
    await answer(scope, receive, send)


async def _live_together(apps: Sequence[App], scope: Scope, receive: Receive, send: Send) -> None:
    """Start every app, then end every one; the first thing that goes wrong is told."""
    inboxes = [asyncio.Queue[Message]() for _ in apps]
    told = [asyncio.Queue[Message]() for _ in apps]
    tasks = [
        asyncio.ensure_future(app(dict(scope), inbox.get, answers.put))
        for app, inbox, answers in zip(apps, inboxes, told, strict=True)
    ]
    try:
        while True:
            message = await receive()
            for inbox in inboxes:
                inbox.put_nowait(message)
            answers = [await _next(queue, task) for queue, task in zip(told, tasks, strict=True)]
            worst = max(answers, key=lambda one: one["type"].endswith("failed"))
            await send(worst)
            if message["type"] == "lifespan.shutdown" or worst["type"].endswith("failed"):
                break
    finally:
        for task in tasks:
            task.cancel()


async def _next(queue: asyncio.Queue[Message], task: asyncio.Future[None]) -> Message:
    """What an app tells next; what it died of, where it tells nothing any more."""
    waiting: asyncio.Future[Message] = asyncio.ensure_future(queue.get())
    both: set[asyncio.Future[Any]] = {waiting, task}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if waiting.done():
        return waiting.result()
    waiting.cancel()
    task.result()
    raise RuntimeError("An app ended before the server did.")
