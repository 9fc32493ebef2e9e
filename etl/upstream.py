"""The one way out: every request of every source, its proxy, its certificates, its limits."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self, TypeVar, cast
from urllib.parse import urlsplit

import httpx

from etl.errors import SourceUnavailable, UnexpectedPayload
from etl.settings import Settings

MAX_BYTES = 64_000_000
_CHUNK_READ_S = 5.0
T = TypeVar("T")


@dataclass
class Upstream:
    """Asks hosts politely. A host that could not be reached is asked once a run, not again."""

    settings: Settings
    transport: httpx.BaseTransport | None = None
    unreachable: dict[str, str] = field(default_factory=dict)
    _client: httpx.Client | None = None

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

    def get(self, url: str, *, headers: dict[str, str] | None = None) -> bytes:
        """The body of the answer to GET `url`; SourceUnavailable or UnexpectedPayload in words."""
        host = urlsplit(url).hostname or url
        if host in self.unreachable:
            raise SourceUnavailable(self.unreachable[host], host=host)
        try:
            return self._bounded(url, headers or {}, host)
        except httpx.HTTPError as error:
            sentence = f"{host} could not be reached ({_reason(error)})."
            self.unreachable[host] = sentence
            raise SourceUnavailable(sentence, host=host) from None

    def give_up(self, host: str, sentence: str) -> None:
        """Remember that `host` cannot be reached, for clients that bring their own transport."""
        self.unreachable[host] = sentence

    def _bounded(self, url: str, headers: dict[str, str], host: str) -> bytes:
        """Read within the time and the size that are allowed for the whole exchange."""
        deadline = time.monotonic() + self.settings.timeout_s
        body = bytearray()
        with self.client.stream("GET", url, headers=headers) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout(f"no whole answer in {self.settings.timeout_s:g} s")
                if len(body) > MAX_BYTES:
                    raise UnexpectedPayload(f"{host} sent more than {MAX_BYTES:,} bytes.")
        if response.status_code != 200:
            raise UnexpectedPayload(
                f"{host} answered {response.status_code} {response.reason_phrase}".strip() + "."
            )
        return bytes(body)

    @property
    def client(self) -> httpx.Client:
        if self._client is None:
            s = self.settings
            self._client = httpx.Client(
                transport=self.transport,
                proxy=s.proxy if self.transport is None else None,
                verify=_trust(s),
                timeout=httpx.Timeout(min(_CHUNK_READ_S, s.timeout_s)),
                headers={"User-Agent": user_agent(s)},
                follow_redirects=True,
                trust_env=False,
            )
        return self._client


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns, or a TimeoutError after `seconds`; the thread is then left to itself."""
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


def user_agent(settings: Settings) -> str:
    """How the project introduces itself; with the contact, where one is set."""
    contact = f" ({settings.contact})" if settings.contact else ""
    return f"xinzhi-indicators/0.1{contact}"


def _trust(settings: Settings) -> ssl.SSLContext:
    bundle = settings.ca_bundle
    return ssl.create_default_context(cafile=str(bundle) if bundle else None)


def _reason(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
