"""The one way to the network: every request of every source, with its proxy, certificates and
limits."""

from __future__ import annotations

import math
import random
import ssl
import time
import zlib
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self, TypeVar, cast
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from etl.errors import SourceUnavailable, UnexpectedPayload, quoted
from etl.records import Exchange, now
from etl.settings import Settings

MAX_BYTES = 64_000_000
#: Connect and read timeouts, in seconds.
GREETING_S, SILENCE_S = 3.0, 5.0
#: Statuses worth retrying, and the number of attempts.
PASSING = frozenset({429, 500, 502, 503, 504})
ATTEMPTS = 3
BACK_OFF_S = 0.5
#: Redirect statuses, and how many redirects are followed.
MOVED = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 5
#: Tells zlib to expect gzip.
_GZIP = 16 + zlib.MAX_WBITS
#: How long a run waits for one host in total, pauses and slow refusals together; one that asks for
#: more is skipped until the next.
MOST_WAITING_S = 4.0
#: How long a run asks one host in total; the rest is asked by the next.
MOST_ASKING_S = 120.0
#: Once so many hosts are lost and none has answered there is no network: the others get a moment.
ENOUGH_LOST, A_MOMENT_S = 3, 1.0
#: The most requests that a host allows, less a few, and in how many seconds.
RATES: Mapping[str, tuple[int, float]] = {
    "data.sec.gov": (9, 1.0),
    "www.sec.gov": (9, 1.0),
    "api.stlouisfed.org": (110, 60.0),
}
#: How many bytes of answers are remembered, so that what serves several indicators is asked once.
MOST_REMEMBERED = 64_000_000
#: The source on whose behalf the thread asks.
asking: ContextVar[str] = ContextVar("asking", default="")
T = TypeVar("T")


class Passing(Exception):
    """A failure that may be temporary; `gives_up` if the host is to be skipped for the rest of the
    run."""

    def __init__(
        self,
        sentence: str,
        retry_after_s: float | None = None,
        *,
        gives_up: bool = False,
        status: int = 200,
    ) -> None:
        super().__init__(sentence)
        self.retry_after_s, self.gives_up, self.status = retry_after_s, gives_up, status


class Moved(Exception):
    """A redirect, with its target if it names one."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


@dataclass
class Upstream:
    """Asks hosts politely. A host that could not be reached is asked once a run, not again, and
    neither is what was answered.

    One thread asks one host; several hosts are asked in parallel.
    """

    settings: Settings
    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    unreachable: dict[str, str] = field(default_factory=dict)
    waited_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    asked_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    #: Every exchange with a source's host, in the order of their ends.
    exchanges: list[Exchange] = field(default_factory=list)
    #: The hosts that have answered, be it with a refusal.
    answered: set[str] = field(default_factory=set)
    #: Sessions of client libraries for the length of a run, by source.
    sessions: dict[str, Any] = field(default_factory=dict)
    _opened: httpx.BaseTransport | None = None
    _opening: Lock = field(default_factory=Lock)
    _begun_s: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _answers: dict[tuple[object, ...], bytes] = field(default_factory=dict)
    _remembering: Lock = field(default_factory=Lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._opened is not None:
            self._opened.close()
        for session in self.sessions.values():
            session.close()

    def get(
        self,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        also: Collection[str] = (),
        question: bytes | None = None,
    ) -> bytes:
        """The body of the answer to GET `url`; SourceUnavailable or UnexpectedPayload in words.

        Redirects are followed over https to the same host, and to the hosts in `also`. A `question`
        is posted: some hosts take the terms of a look-up in its body, not in its address. What was
        answered is remembered for the length of the run.
        """
        host = _host(url)
        key = (url, question, *sorted((headers or {}).items()))
        if (known := self._answers.get(key)) is not None:
            return known

        def followed() -> bytes:
            return self._followed(url, headers or {}, host, also, question)

        body = self.politely(host, lambda: within(self.limit_s, followed))
        self._remember(key, body)
        return body

    def post(self, url: str, body: bytes, *, headers: dict[str, str]) -> bytes:
        """The body of the answer to POST `url`. It is tried once: a request that was cut off may
        have arrived, and must not arrive twice."""
        host = _host(url)
        try:
            return within(self.settings.timeout_s, lambda: self._exchange(url, headers, host, body))
        except Passing as error:
            raise UnexpectedPayload(str(error)) from None
        except Moved:
            sentence = f"{host} points to another address; a message is not sent on to it."
            raise UnexpectedPayload(sentence) from None
        except TimeoutError:
            raise SourceUnavailable(_lost(host, "no answer in time"), host=host) from None
        except httpx.HTTPError as error:
            raise SourceUnavailable(_lost(host, self.reason(error)), host=host) from None

    def hurried(self, seconds: float) -> Upstream:
        """The same way out with less time for each exchange; all else is shared."""
        _ = self._way  # opened once, for both
        brief = replace(self.settings, timeout_s=min(seconds, self.settings.timeout_s))
        return replace(self, settings=brief)

    def politely(self, host: str, exchange: Callable[[], T]) -> T:
        """The result of `exchange` with a host.

        Temporary failures (429, 5xx, a connection cut off) are retried with growing delays, or when
        the host says so, until the host's share of waiting is used up. A host that cannot be
        reached is given up for the run.
        """
        for attempt in range(ATTEMPTS):
            if host in self.unreachable:
                raise SourceUnavailable(self.unreachable[host], host=host)
            if self.asked_s[host] > MOST_ASKING_S:
                raise self.give_up(host, _slow(host))
            self._keep_to_the_rate(host)
            try:
                with self._noted(host):
                    return exchange()
            except Passing as error:
                if attempt + 1 < ATTEMPTS and self._wait(host, attempt, error.retry_after_s):
                    continue
                if error.gives_up:
                    raise self.give_up(host, str(error)) from None
                raise UnexpectedPayload(str(error), status=error.status) from None
            except TimeoutError:
                raise self.give_up(host, _lost(host, "no answer in time")) from None
            except httpx.HTTPError as error:
                raise self.give_up(host, _lost(host, self.reason(error))) from None
        raise AssertionError("the last attempt returns or raises")

    def give_up(self, host: str, sentence: str) -> SourceUnavailable:
        """Remember that `host` cannot be reached; the error to raise."""
        self.unreachable[host] = sentence
        return SourceUnavailable(sentence, host=host)

    @property
    def limit_s(self) -> float:
        """How long an exchange may take."""
        is_cut_off = len(self.unreachable) >= ENOUGH_LOST and not self.answered
        return min(self.settings.timeout_s, A_MOMENT_S if is_cut_off else math.inf)

    @contextmanager
    def _noted(self, host: str) -> Iterator[None]:
        """Note how long the exchange in the block took, and what came of it."""
        at, begun_s, problem = now(), time.monotonic(), ""
        try:
            yield
            self.answered.add(host)
        except (Passing, UnexpectedPayload) as error:
            if error.status != 200:
                self.answered.add(host)
            problem = str(error)
            raise
        except Exception as error:
            problem = self.reason(error)
            raise
        finally:
            seconds = time.monotonic() - begun_s
            self.asked_s[host] += seconds
            self.waited_s[host] += max(seconds - A_MOMENT_S, 0.0) if problem else 0.0
            self.exchanges.append(Exchange(asking.get(), host, at, seconds, problem))

    def _remember(self, key: tuple[object, ...], body: bytes) -> None:
        """Remember an answer; the oldest ones are forgotten when there are too many bytes."""
        with self._remembering:
            self._answers[key] = body
            while sum(map(len, self._answers.values())) > MOST_REMEMBERED:
                del self._answers[next(iter(self._answers))]

    def _keep_to_the_rate(self, host: str) -> None:
        """Wait until the host may be asked once more, where it says how often."""
        most, seconds = RATES.get(host, (0, 0.0))
        if most:
            begun_s = self._begun_s[host]
            if len(begun_s) == most and (left := begun_s[0] + seconds - time.monotonic()) > 0:
                self.sleep(left)
            begun_s.append(time.monotonic())
            while len(begun_s) > most:
                begun_s.popleft()

    def _wait(self, host: str, attempt: int, retry_after_s: float | None) -> bool:
        """Wait before the next attempt; False if the host's share of waiting is used up."""
        polite = BACK_OFF_S * 2**attempt * random.uniform(0.75, 1.25)
        seconds = max(polite, retry_after_s or 0.0)
        if self.waited_s[host] + seconds > MOST_WAITING_S:
            return False
        self.waited_s[host] += seconds
        self.sleep(seconds)
        return True

    def reason(self, error: Exception) -> str:
        """A client's error in words: plain, short, and without any secret of ours."""
        if isinstance(error, (httpx.TimeoutException, TimeoutError)):
            return "no answer in time"
        return quoted(self.settings.without_secrets(str(error).strip()) or type(error).__name__)

    def _followed(
        self,
        url: str,
        headers: dict[str, str],
        host: str,
        also: Collection[str],
        question: bytes | None,
    ) -> bytes:
        """The body found where `url` leads."""
        address = url
        for _ in range(MOST_REDIRECTS + 1):
            try:
                return self._exchange(address, headers, host, question)
            except Moved as moved:
                address = redirected(address, moved.location, {host, *also})
        raise UnexpectedPayload(f"{host} points to another address over and over again.")

    def _exchange(
        self, url: str, headers: dict[str, str], host: str, posted: bytes | None = None
    ) -> bytes:
        """Read within the time and size allowed for the whole exchange."""
        deadline = time.monotonic() + self.limit_s
        try:
            request = self._request(url, headers, posted)
            response = self._way.handle_request(request)
            try:
                body = self._body(response, host, deadline)
            finally:
                response.close()
        except (httpx.InvalidURL, UnicodeError) as error:
            raise UnexpectedPayload(
                f"{host} cannot be asked like this ({self.reason(error)})."
            ) from None
        except (httpx.ReadError, httpx.RemoteProtocolError) as error:
            sentence = f"{host} cut the connection ({self.reason(error)})."
            raise Passing(sentence, gives_up=True) from None
        status = response.status_code
        if status in PASSING:
            wait = retry_after_s(response.headers.get("retry-after", ""))
            raise Passing(_said(host, response), wait, gives_up=status == 429, status=status)
        if status in MOVED:
            raise Moved(response.headers.get("location", ""))
        if status != 200:
            raise UnexpectedPayload(_said(host, response), status=status, body=body)
        return body

    def _body(self, response: httpx.Response, host: str, deadline: float) -> bytes:
        """The body of an answer; of a refusal, as much as can be read."""

        def chunks() -> Iterator[bytes]:
            for chunk in cast(httpx.SyncByteStream, response.stream):
                yield chunk
                if time.monotonic() > deadline:  # the thread of a lost exchange ends here
                    raise httpx.ReadTimeout(f"no whole answer in {self.settings.timeout_s:g} s")

        try:
            return unpacked(chunks(), response.headers.get_list("content-encoding"), host)
        except UnexpectedPayload:
            if response.status_code == 200:
                raise
            return b""

    def _request(self, url: str, headers: dict[str, str], posted: bytes | None) -> httpx.Request:
        s, most_s = self.settings, self.limit_s
        limits = httpx.Timeout(min(SILENCE_S, most_s), connect=min(GREETING_S, most_s))
        ours = {"User-Agent": user_agent(s), "Accept": "*/*", "Accept-Encoding": "gzip"}
        return httpx.Request(
            "GET" if posted is None else "POST",
            url,
            headers={**ours, **headers},
            content=posted,
            extensions={"timeout": limits.as_dict()},
        )

    @property
    def _way(self) -> httpx.BaseTransport:
        """The httpx transport rather than its client: the client parses every redirect target even
        if told to follow none, and unpacks before it counts."""
        with self._opening:
            if self._opened is None:
                s = self.settings
                self._opened = self.transport or httpx.HTTPTransport(
                    proxy=s.proxy, verify=trust(s), trust_env=False
                )
            return self._opened


def redirected(address: str, location: str, hosts: Collection[str]) -> str:
    """The target of a redirect from `address`; UnexpectedPayload in words unless it is one of
    `hosts` over https. A host that starts with a dot stands for all below it."""
    before = urlsplit(address)
    if not location:
        raise UnexpectedPayload(f"{before.hostname} points to another address and names none.")
    try:
        whole = urljoin(address, location)
        after = urlsplit(whole)
        if _may_follow(before, after, hosts):
            return str(httpx.URL(whole))
    except (ValueError, httpx.InvalidURL):
        pass
    told = quoted(location.partition("?")[0])
    raise UnexpectedPayload(
        f"{before.hostname} points to '{told}', which is not followed: only https addresses of "
        f"{', '.join(sorted(hosts))} are."
    )


def is_below(host: str, hosts: Collection[str]) -> bool:
    """Whether a host is one of `hosts`, with or without www, or below one that starts with a
    dot."""
    return any(
        f".{host}".endswith(one) if one.startswith(".") else _bare(host) == _bare(one)
        for one in hosts
    )


def _may_follow(before: SplitResult, after: SplitResult, hosts: Collection[str]) -> bool:
    """Over https, or the scheme that was asked; to an allowed host on its usual port, or the port
    that was asked."""
    secure = after.scheme == "https" or after.scheme == before.scheme == "http"
    door = after.port in (None, 443 if after.scheme == "https" else 80, before.port)
    return secure and door and after.username is None and is_below(after.hostname or "", hosts)


def _bare(host: str) -> str:
    return host.removeprefix("www.")


def unpacked(chunks: Iterable[bytes], encodings: Collection[str], host: str) -> bytes:
    """The bytes of an answer, plain or gzip, counted while they are unpacked: three kilobytes of
    gzip may expand to three gigabytes. UnexpectedPayload in words for anything else."""
    names = [name.strip().lower() for one in encodings for name in one.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if names not in ([], ["gzip"], ["x-gzip"]):
        raise UnexpectedPayload(
            f"{host} packed its answer as '{quoted(', '.join(names))}'; gzip alone was asked for."
        )
    gzip = zlib.decompressobj(_GZIP) if names else None
    body, came = bytearray(), 0
    for chunk in chunks:
        came += len(chunk)
        try:
            body += gzip.decompress(chunk, MAX_BYTES + 1 - len(body)) if gzip else chunk
        except zlib.error:
            raise UnexpectedPayload(f"{host} sent bytes that do not decompress.") from None
        if max(came, len(body)) > MAX_BYTES:
            raise UnexpectedPayload(f"{host} sent more than {MAX_BYTES:,} bytes.")
        if gzip and gzip.unused_data:
            raise UnexpectedPayload(f"{host} sent more behind the end of its gzip.")
    if gzip and came and not gzip.eof:
        raise UnexpectedPayload(f"{host} sent gzip that is cut off.")
    return bytes(body)


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns, or a TimeoutError after `seconds`; the thread is then abandoned.

    It uses the wall clock because no client bounds everything that can hang: a DNS look-up, or a
    handshake that arrives byte by byte.
    """
    answers: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            answers.put((work(), None))
        except BaseException as error:  # re-raised in the caller
            answers.put((None, error))

    # What a library says there belongs to the same run.
    Thread(target=copy_context().run, args=(run,), daemon=True).start()
    try:
        value, error = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"no answer in {seconds:g} s") from None
    if error is not None:
        raise error
    return cast(T, value)


def retry_after_s(header: str) -> float | None:
    """How many seconds a host asks to wait, given as a number or a date."""
    if header.isdecimal() and len(header) < 8:
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - now()).total_seconds())
    except (ValueError, TypeError):
        return None


def user_agent(settings: Settings) -> str:
    """The project's User-Agent, with the contact if one is set."""
    contact = f" ({settings.contact})" if settings.contact else ""
    return f"xinzhi-indicators/0.1{contact}"


def _said(host: str, response: httpx.Response) -> str:
    phrase = response.reason_phrase and quoted(response.reason_phrase)
    return f"{host} answered {response.status_code} {phrase}".strip() + "."


def _lost(host: str, reason: str) -> str:
    return f"{host} could not be reached ({reason})."


def _slow(host: str) -> str:
    return f"{host} is slow: it was asked for {MOST_ASKING_S:g} s, and the rest is left for later."


def trust(settings: Settings) -> ssl.SSLContext:
    """The certificates that outgoing connections trust."""
    bundle = settings.ca_bundle
    return ssl.create_default_context(cafile=str(bundle) if bundle else None)


def _host(url: str) -> str:
    """The host of an address. An address without one may be a secret and is not repeated."""
    try:
        return urlsplit(url).hostname or "an address without a host"
    except ValueError:
        return "an address that is none"
