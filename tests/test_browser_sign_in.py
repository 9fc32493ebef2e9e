"""Signing in, in a real browser: the pages fit, axe finds nothing serious, no script is needed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from browsing import DARK, LIGHT, PICTURES, paper
from playwright.sync_api import Browser

from benchmarks.servers import answers, free_port, wait_until
from dashboard.http.asgi import App
from dashboard.people import People
from dashboard.server import create_site
from etl.settings import Settings
from etl.sign_in import sign_in_settings

WAYS = {
    "SIGN_IN": "link,oidc,wecom", "ROLES": "editors=editor", "OIDC_CLIENT_ID": "xinzhi",
    "OIDC_ISSUER": "https://login.example", "WECOM_CORP_ID": "ww1", "WECOM_AGENT_ID": "1",
    "WECOM_SECRET": "s3cret",
}  # fmt: skip


@contextmanager
def listening(app: App, port: int) -> Iterator[None]:
    """An app that answers at a port of loopback."""
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), "the site")
        yield
    finally:
        server.should_exit = True
        thread.join()


def test_somebody_signs_in_looks_at_themselves_and_signs_out_without_a_script(
    browser: Browser, published: Settings, tmp_path: Path
) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    ways = sign_in_settings(WAYS.get, base)
    settings = replace(published, data=tmp_path, base_url=base, sign_in=ways)
    people = People.of(settings)
    PICTURES.mkdir(exist_ok=True)
    with listening(create_site(settings), port):
        for width, scheme in ((390, "light"), (390, "dark"), (1440, "light"), (1440, "dark")):
            context = browser.new_context(
                viewport={"width": width, "height": 800}, color_scheme=scheme, locale="zh-CN",
                java_script_enabled=width == 1440,
            )  # type: ignore[call-overload]  # fmt: skip
            page = context.new_page()
            for name, address in (
                ("sign-in", f"{base}/sign-in?next=/me"),
                ("sign-in-refused", f"{base}/sign-in/link?key=another"),
                ("me", people.one_time_link("/me")),
                ("sign-out", f"{base}/sign-out"),
            ):
                page.goto(address)
                page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png", full_page=True)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, name
                assert paper(page) == (DARK if scheme == "dark" else LIGHT), name
                if width == 1440:
                    found = Axe().run(page).response["violations"]
                    assert [one["id"] for one in found if one["impact"] != "minor"] == [], name
            assert [one["name"] for one in context.cookies()] == [f"xinzhi-{port}"]
            page.get_by_role("button", name="退出", exact=True).click()
            page.wait_for_url(f"{base}/")
            assert context.cookies() == []
            context.close()
    assert people.sessions() == []
