"""The one way out: every request of every source, its proxy, its certificates, its limits."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self, TypeVar, cast
from urllib.parse import urlsplit

import httpx

from etl.errors import SourceUnavailable, UnexpectedPayload
from etl.records import now
from etl.settings import Settings

MAX_BYTES = 64_000_000
#: A host that takes longer to greet is not there, nor is one that falls silent for so long.
GREETING_S, SILENCE_S = 3.0, 5.0
#: Answers that may be another one a moment later, and how often they are asked for.
PASSING = frozenset({429, 500, 502, 503, 504})
ATTEMPTS = 3
BACK_OFF_S = 0.5
#: How long a run waits for one host in all; a host that asks for more is left alone until the next.
MOST_WAITING_S = 4.0
T = TypeVar("T")


class Passing(Exception):
    """Something that may be gone a moment later; `gives_up` if the host is then left alone."""

    def __init__(
        self, sentence: str, retry_after_s: float | None = None, *, gives_up: bool = False
    ) -> None:
        super().__init__(sentence)
        self.retry_after_s, self.gives_up = retry_after_s, gives_up


@dataclass
class Upstream:
    """Asks hosts politely. A host that could not be reached is asked once a run, not again.

    One thread asks one host; several hosts are asked side by side.
    """

    settings: Settings
    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    unreachable: dict[str, str] = field(default_factory=dict)
    waited_s: dict[str, float] = field(default_factory=dict)
    #: What a library of its own needs for the length of a run: its session, by source.
    sessions: dict[str, Any] = field(default_factory=dict)
    _client: httpx.Client | None = None
    _opening: Lock = field(default_factory=Lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            self._client.close()
        for session in self.sessions.values():
            session.close()

    def get(self, url: str, *, headers: dict[str, str] | None = None) -> bytes:
        """The body of the answer to GET `url`; SourceUnavailable or UnexpectedPayload in words."""
        host = urlsplit(url).hostname or url
        limit_s = self.settings.timeout_s
        return self.politely(
            host, lambda: within(limit_s, lambda: self._exchange(url, headers or {}, host))
        )

    def post(self, url: str, body: bytes, *, headers: dict[str, str]) -> bytes:
        """The body of the answer to POST `url`. It is tried once: what was cut off in the middle
        may have arrived, and must not arrive twice."""
        host = urlsplit(url).hostname or ""
        try:
            return within(self.settings.timeout_s, lambda: self._exchange(url, headers, host, body))
        except Passing as error:
            raise UnexpectedPayload(str(error)) from None
        except TimeoutError:
            raise SourceUnavailable(_lost(host, "no answer in time"), host=host) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceUnavailable(_lost(host, _reason(error)), host=host) from None

    def politely(self, host: str, exchange: Callable[[], T]) -> T:
        """What `exchange` with a host returns.

        What may pass (429, 5xx, a connection cut in the middle) is tried again, later each time or
        when the host says so, as long as the host's share of waiting lasts. A host that cannot be
        reached is given up for the run.
        """
        for attempt in range(ATTEMPTS):
            if host in self.unreachable:
                raise SourceUnavailable(self.unreachable[host], host=host)
            try:
                return exchange()
            except Passing as error:
                if attempt + 1 < ATTEMPTS and self._wait(host, attempt, error.retry_after_s):
                    continue
                if error.gives_up:
                    raise self.give_up(host, str(error)) from None
                raise UnexpectedPayload(str(error)) from None
            except TimeoutError:
                raise self.give_up(host, _lost(host, "no answer in time")) from None
            except httpx.HTTPError as error:
                raise self.give_up(host, _lost(host, _reason(error))) from None
        raise AssertionError("the last attempt returns or raises")

    def give_up(self, host: str, sentence: str) -> SourceUnavailable:
        """Remember that `host` cannot be reached; the error to raise."""
        self.unreachable[host] = sentence
        return SourceUnavailable(sentence, host=host)

    def _wait(self, host: str, attempt: int, retry_after_s: float | None) -> bool:
        """Wait before the next attempt; False when the host's share of waiting is used up."""
        polite = BACK_OFF_S * 2**attempt * random.uniform(0.75, 1.25)
        seconds = max(polite, retry_after_s or 0.0)
        if self.waited_s.get(host, 0.0) + seconds > MOST_WAITING_S:
            return False
        self.waited_s[host] = self.waited_s.get(host, 0.0) + seconds
        self.sleep(seconds)
        return True

    def _exchange(
        self, url: str, headers: dict[str, str], host: str, posted: bytes | None = None
    ) -> bytes:
        """Read within the time and the size that are allowed for the whole exchange."""
        deadline = time.monotonic() + self.settings.timeout_s
        body = bytearray()
        try:
            with self.client.stream(
                "GET" if posted is None else "POST", url, headers=headers, content=posted
            ) as response:
                for chunk in response.iter_bytes():
                    body += chunk
                    if time.monotonic() > deadline:  # the thread of a lost exchange ends here
                        raise httpx.ReadTimeout(f"no whole answer in {self.settings.timeout_s:g} s")
                    if len(body) > MAX_BYTES:
                        raise UnexpectedPayload(f"{host} sent more than {MAX_BYTES:,} bytes.")
        except httpx.DecodingError:
            raise UnexpectedPayload(f"{host} sent bytes that do not decompress.") from None
        except (httpx.ReadError, httpx.RemoteProtocolError) as error:
            sentence = f"{host} cut the connection ({_reason(error)})."
            raise Passing(sentence, gives_up=True) from None
        if response.status_code in PASSING:
            wait = retry_after_s(response.headers.get("retry-after", ""))
            raise Passing(_said(host, response), wait, gives_up=response.status_code == 429)
        if response.status_code != 200:
            raise UnexpectedPayload(
                _said(host, response), status=response.status_code, body=bytes(body)
            )
        return bytes(body)

    @property
    def client(self) -> httpx.Client:
        with self._opening:
            if self._client is None:
                s = self.settings
                self._client = httpx.Client(
                    transport=self.transport,
                    proxy=s.proxy if self.transport is None else None,
                    verify=trust(s),
                    timeout=httpx.Timeout(
                        min(SILENCE_S, s.timeout_s), connect=min(GREETING_S, s.timeout_s)
                    ),
                    headers={"User-Agent": user_agent(s)},
                    follow_redirects=True,
                    trust_env=False,
                )
            return self._client


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns, or a TimeoutError after `seconds`; the thread is then left to itself.

    A clock on the wall, because no client bounds all that can hang: the look-up of a name, a
    greeting that drips in byte by byte.
    """
    answers: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            answers.put((work(), None))
        except BaseException as error:  # handed over, not swallowed
            answers.put((None, error))

    Thread(target=run, daemon=True).start()
    try:
        value, error = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"no answer in {seconds:g} s") from None
    if error is not None:
        raise error
    return cast(T, value)


def retry_after_s(header: str) -> float | None:
    """Seconds that a host asks to wait: a number, or until a date."""
    if header.isdecimal() and len(header) < 8:
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - now()).total_seconds())
    except (ValueError, TypeError):
        return None


def user_agent(settings: Settings) -> str:
    """How the project introduces itself; with the contact, where one is set."""
    contact = f" ({settings.contact})" if settings.contact else ""
    return f"xinzhi-indicators/0.1{contact}"


def _said(host: str, response: httpx.Response) -> str:
    return f"{host} answered {response.status_code} {response.reason_phrase}".strip() + "."


def _lost(host: str, reason: str) -> str:
    return f"{host} could not be reached ({reason})."


def trust(settings: Settings) -> ssl.SSLContext:
    """The certificates that outgoing connections accept."""
    bundle = settings.ca_bundle
    return ssl.create_default_context(cafile=str(bundle) if bundle else None)


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
