"""What the tests in a real browser share: a reader of the site, and what went wrong on the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page

#: Screenshots for people to look at; outside git.
PICTURES = Path(__file__).parent / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DARK, LIGHT = "rgb(21, 23, 26)", "rgb(251, 250, 247)"  # --paper of the style sheet
WAIT_MS = 60_000
Opened = Callable[..., "Reader"]


class Reader:
    """One reader's browser page, with the errors and the foreign requests that it saw."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.site = site
        self.troubles: list[str] = []
        self.foreign: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", lambda said: self._heard(said.type, said.text))
        self.page.on("request", lambda request: self._asked(request.url))

    def _heard(self, kind: str, words: str) -> None:
        if kind == "error":
            self.troubles.append(words)

    def _asked(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("data", "blob") and not address.startswith(f"{self.site}/"):
            self.foreign.append(address)

    def open(self, path: str, *, live: bool = True) -> Page:
        answer = self.page.goto(f"{self.site}{path}")
        assert answer is not None
        assert answer.status == 200
        if live:
            self.until_live()
        return self.page

    def until_live(self) -> None:
        """Until the scripts have brought the page to life."""
        self.page.locator("#page[data-alive] main").wait_for()


def paper(page: Page) -> str:
    """The colour behind the text."""
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))
