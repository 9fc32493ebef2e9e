"""What a browser is called, so that people know theirs in a list."""

from __future__ import annotations

from dashboard.texts import text

#: What stands in the name that a browser gives itself, the most telling first.
_BROWSERS = (
    ("wxwork", "way_wecom"), ("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("Firefox", "Firefox"),
    ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = ("Windows", "iPhone", "iPad", "HarmonyOS", "Android", "Macintosh", "Linux")


def called(agent: str, lang: str) -> str:
    """Browser and system: Firefox · Windows."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    if browser == "way_wecom":
        browser = text(browser, lang)
    system = next((name for name in _SYSTEMS if name in agent), "")
    return " · ".join(filter(None, (browser, system))) or text("some_browser", lang)
