"""The site below its public address: what a proxy or a reader calls it decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from dashboard import discovery
from dashboard.http.asgi import App, Receive, Scope, Send
from dashboard.urls import Urls
from etl.errors import SettingError

#: Where a request finds the links of the site that it is sent to.
URLS = "xinzhi.urls"


class PublicAddress:
    """An ASGI app around all others. The path that a proxy put before an address goes, whether the
    proxy took it away itself or not; host and scheme are those of the public address, so that no
    header of a request can show in a link or a redirect."""

    def __init__(self, app: App, urls: Urls, paths: Iterable[str]) -> None:
        """`paths` are those of the site, below whose first steps no proxy can serve all of it."""
        public = urlsplit(urls.base)
        self.app, self.urls, self.prefix = app, urls, urls.prefix
        self.scheme, self.host = public.scheme, public.netloc.encode("ascii")
        step = self.prefix.split("/")[1] if self.prefix else ""
        own = {path.split("/")[1] for path in (*paths, *discovery.PAGES)}
        if step and (step in own or step.startswith("_")):
            raise SettingError(
                f"XINZHI_BASE_URL: its path begins with /{step}, which is an address of the site "
                "itself; choose another path."
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = [header for header in scope["headers"] if header[0] != b"host"]
            headers.append((b"host", self.host))
            scope = {**scope, URLS: self.urls, "scheme": self.scheme, "headers": headers}
            path = scope["path"]
            if self.prefix and f"{path}/".startswith(f"{self.prefix}/"):
                scope["path"] = path.removeprefix(self.prefix) or "/"
        await self.app(scope, receive, send)
