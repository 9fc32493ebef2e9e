"""The requests of the Yahoo library, brought under the manners of every other request."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from curl_cffi import CurlECode, CurlOpt
from curl_cffi.requests import Response, Session
from curl_cffi.requests.exceptions import ConnectionError as NotConnected
from curl_cffi.requests.exceptions import RequestException

from etl.errors import SourceError, UnexpectedPayload, quoted
from etl.ingest.upstream import (
    GREETING_S,
    MAX_BYTES,
    MOST_REDIRECTS,
    MOVED,
    PASSING,
    Passing,
    Upstream,
    is_below,
    redirected,
    retry_after_s,
    unpacked,
)

CHART = "/v8/finance/chart/"
#: Where the library may go: Yahoo's own hosts. A page of consent names addresses, too.
HOSTS = ("yahoo.com", ".yahoo.com")
#: So much of an answer is unpacked at a time.
_SLICE = 65_536
#: Cookies, consent and crumb get less time than closes, which come without them too.
ASIDE_S = 1.5
#: A connection that was there and was cut may be there again.
_CUT = frozenset(
    {CurlECode.RECV_ERROR, CurlECode.SEND_ERROR, CurlECode.PARTIAL_FILE, CurlECode.GOT_NOTHING}
)


class PoliteSession(Session[Response]):
    """A session for one run: one proxy, one trust, a clock on the wall for every request.

    `chart` is the newest answer to a request for closes, byte for byte.
    """

    def __init__(self, out: Upstream) -> None:
        settings = out.settings
        super().__init__(
            impersonate="chrome",
            headers={"Accept-Encoding": "gzip"},
            proxy=settings.proxy,
            verify=str(settings.ca_bundle) if settings.ca_bundle else True,
            # Every request goes through the proxy that was set, whatever NO_PROXY says.
            curl_options={
                CurlOpt.MAXFILESIZE_LARGE: MAX_BYTES,
                # The library would unpack before it counts: what comes is unpacked here.
                CurlOpt.HTTP_CONTENT_DECODING: 0,
                **({CurlOpt.NOPROXY: ""} if settings.proxy else {}),
            },
        )
        self.out = out
        self.chart = b""
        self._silent: set[str] = set()
        self._is_slow = False

    def request(self, method: Any, url: str, *given: Any, **options: Any) -> Response:
        """Send one request; the time-outs of the library give way to those of the settings."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        limit_s = self.out.limit_s
        is_chart = parts.path.startswith(CHART)
        options["timeout"] = _clock(limit_s if is_chart else min(ASIDE_S, limit_s))

        def send() -> Response:
            return self._sent(method, url, *given, **options)

        if not is_chart:
            return self._aside(host + parts.path, send)
        response = self.out.politely(host, lambda: self._closes(host, send))
        self.chart = response.content
        return response

    def _sent(self, method: Any, url: str, *given: Any, **options: Any) -> Response:
        """The answer, unpacked; one that points elsewhere is followed among Yahoo's own hosts."""
        for _ in range(MOST_REDIRECTS + 1):
            parts = urlsplit(url)
            if parts.scheme != "https" or not is_below(parts.hostname or "", HOSTS):
                raise UnexpectedPayload(f"Yahoo's library wanted '{quoted(parts.hostname)}' asked.")
            options["allow_redirects"] = False
            response = super().request(method, url, *given, **options)
            if response.status_code not in MOVED:
                encodings = response.headers.get_list("content-encoding")
                slices = range(0, len(response.content), _SLICE)
                chunks = (response.content[at : at + _SLICE] for at in slices)
                try:
                    response.content = unpacked(chunks, encodings, parts.hostname or "")
                except UnexpectedPayload:
                    if response.status_code == 200:
                        raise
                    response.content = b""
                return response
            url = redirected(url, response.headers.get("location") or "", HOSTS)
            method, given = "GET", ()
            for of_the_first in ("params", "data", "json", "content"):
                options.pop(of_the_first, None)
        raise UnexpectedPayload(f"{urlsplit(url).hostname} points to another address over and over "
                                "again.")  # fmt: skip

    def _closes(self, host: str, send: Callable[[], Response]) -> Response:
        try:
            response = send()
        except RequestException as error:
            reason = self._reason(error)
            if error.code == CurlECode.FILESIZE_EXCEEDED:
                raise UnexpectedPayload(f"{host} sent more than {MAX_BYTES:,} bytes.") from None
            if error.code in _CUT:
                sentence = f"{host} cut the connection ({reason})."
                raise Passing(sentence, gives_up=True) from None
            sentence = f"{host} could not be reached ({reason})."
            raise self.out.give_up(host, sentence) from None
        if response.status_code in PASSING:
            phrase = HTTPStatus(response.status_code).phrase
            raise Passing(
                f"{host} answered {response.status_code} {phrase}.",
                retry_after_s(response.headers.get("retry-after") or ""),
                gives_up=response.status_code == 429,
            )
        return response

    def _aside(self, address: str, send: Callable[[], Response]) -> Response:
        """A request that closes can do without: what did not answer is not asked again, and once
        one let us wait for nothing, no other is."""
        if self._is_slow or address in self._silent:
            raise NotConnected(f"{address} is not asked any more in this run")
        try:
            return send()
        except SourceError as error:
            self._silent.add(address)
            raise NotConnected(str(error)) from None
        except RequestException as error:
            self._is_slow = error.code == CurlECode.OPERATION_TIMEDOUT
            self._silent.add(address)
            raise

    def _reason(self, error: RequestException) -> str:
        if error.code == CurlECode.OPERATION_TIMEDOUT:
            return "no answer in time"
        said = (str(error).splitlines() or [type(error).__name__])[0].split(". See ")[0]
        return quoted(self.out.settings.without_secrets(said.rpartition("curl: ")[2]))


def _clock(seconds: float) -> tuple[float, float]:
    """For the greeting, and for the rest: together they are all the time there is."""
    greeting = min(GREETING_S, seconds)
    return greeting, max(seconds - greeting, 0.001)
