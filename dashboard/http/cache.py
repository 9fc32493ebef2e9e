"""The response cache: whole answers as they go out, in bounds of bytes. An answer is found by what
its address means; a spelling of it that was asked before is answered without being routed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from threading import Lock
from typing import Any

from dashboard.address import KNOWN, AddressError, is_foreign, parse_query
from dashboard.data.snapshot import Snapshots
from dashboard.http.asgi import App, RawHeaders, Receive, Scope, Send, send_answer
from dashboard.http.caching import Caching
from dashboard.http.compression import accepted, compressed
from dashboard.http.limits import ConcurrencyLimit, Work
from dashboard.urls import fingerprint

#: Keys, headers and bodies of all answers; one that takes more than a quarter is not kept.
MAX_BYTES = 64_000_000
#: What an answer takes besides, in Python's own objects.
OVERHEAD_BYTES = 2_000
#: How many spellings of one address are remembered.
MAX_SPELLINGS = 8
#: What makes an answer one for this reader alone.
_OWN = frozenset({b"if-none-match", b"if-range", b"range", b"if-match"})
#: Addresses that ignore what they do not know; pages name it.
_IGNORING = ("/c/", "/s/", "/embed/", "/api/", "/verify/", "/_", "/static/")
#: Path, known parameters in their order, encoding.
Spelling = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Content:
    """What an address answers: the body, how long it may be kept, and what is said with it."""

    body: bytes
    media_type: str
    caching: Caching
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an address asks for, in words that no two addresses share unless they ask the same; of
    which snapshot (none where it does not matter); in which encoding; and whether it is worth
    more time to make it small."""

    what: str
    snapshot: str
    encoding: str
    hard: bool = False


@dataclass(slots=True)
class CachedAnswer:
    """A whole answer with status 200."""

    headers: RawHeaders
    body: bytes
    etag: str
    route: Any = None
    spellings: list[Spelling] = field(default_factory=list)

    @property
    def size(self) -> int:
        words = sum(len(name) + len(value) for name, value in self.headers)
        spelt = sum(len(path) + len(query) + 200 for path, query, _ in self.spellings)
        return len(self.body) + words + spelt + OVERHEAD_BYTES


class ResponseCache:
    """Answers by what they mean. Each is made once, however many ask for it meanwhile."""

    def __init__(self, snapshots: Snapshots, max_bytes: int = MAX_BYTES) -> None:
        self.snapshots, self.max_bytes = snapshots, max_bytes
        self.bytes = 0
        #: How often an answer was there, or under way, and how often it had to be begun.
        self.hits = self.misses = 0
        self._answers: OrderedDict[Meaning, CachedAnswer] = OrderedDict()
        self._spellings: dict[Spelling, Meaning] = {}
        self._under_way: dict[Meaning, Work[CachedAnswer]] = {}
        self._snapshot = ""
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._answers)

    async def answer(
        self,
        meaning: Meaning,
        make: Callable[[], Content],
        limit: ConcurrencyLimit,
        receive: Receive,
    ) -> CachedAnswer:
        """The answer to a question: kept, under way, or made now within the limit."""
        with self._lock:
            found = self._answers.get(meaning)
            if found is not None:
                self._answers.move_to_end(meaning)
                self.hits += 1
                return found
            work = self._under_way.get(meaning)
            is_new = work is None or not work.join()
            self.hits, self.misses = self.hits + (not is_new), self.misses + is_new
            if work is None or is_new:
                work = limit.begin(lambda: self._made(meaning, make))
                work.join()
                self._under_way[meaning] = work
        if is_new:  # outside the lock: what is done already calls back at once
            work.done.add_done_callback(lambda done: self._ended(meaning, done))
        return await limit.result(work, receive)

    def spelt(self, spelling: Spelling) -> CachedAnswer | None:
        """The answer to an address that was spelt so before, if it is of the current snapshot."""
        with self._lock:
            meaning = self._spellings.get(spelling)
            if meaning is None or meaning.snapshot not in ("", self.snapshots.name):
                return None
            self._answers.move_to_end(meaning)
            self.hits += 1
            return self._answers[meaning]

    def learn(self, spelling: Spelling, meaning: Meaning, route: Any) -> None:
        """Remember that an address spelt so means this."""
        with self._lock:
            found = self._answers.get(meaning)
            if found is None or spelling in self._spellings:
                return
            self.bytes -= found.size
            found.route = route
            if len(found.spellings) >= MAX_SPELLINGS:
                del self._spellings[found.spellings.pop(0)]
            found.spellings.append(spelling)
            self._spellings[spelling] = meaning
            self.bytes += found.size
            self._make_room()

    def _made(self, meaning: Meaning, make: Callable[[], Content]) -> CachedAnswer:
        content = make()
        etag = sha256(content.body).hexdigest()[:32]
        headers = {
            "content-type": content.media_type,
            "content-length": str(len(content.body)),
            "etag": f'"{etag}"',
            "accept-ranges": "bytes",
            **content.caching.headers,
            **content.headers,
        }
        raw = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
        found = CachedAnswer(
            *compressed(raw, content.body, meaning.encoding, hard=meaning.hard), etag
        )
        with self._lock:
            self._keep(meaning, found)
        return found

    def _keep(self, meaning: Meaning, found: CachedAnswer) -> None:
        current = self.snapshots.name
        if meaning.snapshot not in ("", current):
            return
        if self._snapshot != current:
            self._snapshot = current
            for old in [m for m in self._answers if m.snapshot not in ("", current)]:
                self._forget(old)
        self._forget(meaning)
        if found.size + len(meaning.what) <= self.max_bytes // 4:
            self._answers[meaning] = found
            self.bytes += found.size + len(meaning.what)
            self._make_room()

    def _make_room(self) -> None:
        while self.bytes > self.max_bytes:
            self._forget(next(iter(self._answers)))

    def _forget(self, meaning: Meaning) -> None:
        old = self._answers.pop(meaning, None)
        if old is not None:
            self.bytes -= old.size + len(meaning.what)
            for spelling in old.spellings:
                del self._spellings[spelling]

    def _ended(self, meaning: Meaning, done: Future[CachedAnswer]) -> None:
        with self._lock:
            work = self._under_way.get(meaning)
            if work is not None and work.done is done:
                del self._under_way[meaning]


class FromCache:
    """An ASGI app around another: what was asked before is answered from the cache."""

    def __init__(self, app: App, cache: ResponseCache) -> None:
        self.app, self.cache = app, cache

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (spelling := spelling_of(scope)) is not None:
            found = self.cache.spelt(spelling)
            if found is not None:
                scope["route"] = found.route
                await send_answer(send, 200, found.headers, found.body)
                return
        await self.app(scope, receive, send)


def spelling_of(scope: Scope) -> Spelling | None:
    """How an address is spelt, without what no address of the site looks at; None where the answer
    is for this reader alone, or no spelling can be told."""
    headers = scope["headers"]
    if scope["method"] not in ("GET", "HEAD") or not _OWN.isdisjoint([name for name, _ in headers]):
        return None
    path, query = scope["path"], scope["query_string"]
    if path.startswith("/assets/"):
        known: str | None = "m" if is_current(path, query) else ""
    else:
        known, foreign = (_known_short if len(query) <= MAX_SHORT else _known)(query)
        if foreign and not path.startswith(_IGNORING):
            return None  # the page names it
    return None if known is None else (path, known, accepted(headers))


def is_current(path: str, query: bytes) -> bool:
    """Whether an asset is asked for by the name that its content gives it here, so that it never
    changes. While the site is upgraded, pages of another program ask for other content."""
    name = path.removeprefix("/assets/")
    return query.startswith(b"m=") and query[2:] == fingerprint(name).encode()


def _known(query: bytes) -> tuple[str | None, bool]:
    """The parameters of ours in their order, and whether there are foreign ones."""
    try:
        found = parse_query(query.decode("latin-1"))
    except AddressError:
        return None, False
    known = {name: value for name, value in found.items() if name in KNOWN}
    foreign = any(is_foreign(name) for name in found)
    return "&".join(f"{name}={value}" for name, value in sorted(known.items())), foreign


#: To read a query takes longer than to send an answer; a thousand short ones are remembered.
MAX_SHORT = 200
_known_short = lru_cache(1_000)(_known)
