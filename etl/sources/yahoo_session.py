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

from etl.errors import UnexpectedPayload
from etl.ingest.upstream import GREETING_S, MAX_BYTES, PASSING, Passing, Upstream, retry_after_s

CHART = "/v8/finance/chart/"
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
            proxy=settings.proxy,
            verify=str(settings.ca_bundle) if settings.ca_bundle else True,
            # Every request goes through the proxy that was set, whatever NO_PROXY says.
            curl_options={
                CurlOpt.MAXFILESIZE_LARGE: MAX_BYTES,
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
        host = parts.hostname or url
        limit_s = self.out.settings.timeout_s
        is_chart = parts.path.startswith(CHART)
        options["timeout"] = _clock(limit_s if is_chart else min(ASIDE_S, limit_s))

        def send() -> Response:
            return super(PoliteSession, self).request(method, url, *given, **options)

        if not is_chart:
            return self._aside(host + parts.path, send)
        response = self.out.politely(host, lambda: self._closes(host, send))
        self.chart = response.content
        return response

    def _closes(self, host: str, send: Callable[[], Response]) -> Response:
        try:
            response = send()
        except RequestException as error:
            reason = _reason(error)
            if error.code == CurlECode.BAD_CONTENT_ENCODING:
                raise UnexpectedPayload(f"{host} sent bytes that do not decompress.") from None
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
        except RequestException as error:
            self._is_slow = error.code == CurlECode.OPERATION_TIMEDOUT
            self._silent.add(address)
            raise


def _clock(seconds: float) -> tuple[float, float]:
    """For the greeting, and for the rest: together they are all the time there is."""
    greeting = min(GREETING_S, seconds)
    return greeting, max(seconds - greeting, 0.001)


def _reason(error: RequestException) -> str:
    if error.code == CurlECode.OPERATION_TIMEDOUT:
        return "no answer in time"
    said = (str(error).splitlines() or [type(error).__name__])[0].split(". See ")[0]
    return said.rpartition("curl: ")[2][:160]
