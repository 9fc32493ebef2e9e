"""What an assistant waits for: calls of tools over loopback, by the official client."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from mcp import Client

from benchmarks.page import serving

ROUNDS = 20
MICRON = "micron_market_cap_usd_bn"
CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("search_indicators", {"query": "美光"}),
    ("get_series", {"ids": [MICRON], "asof": "2026-05-27"}),
    ("check_statement", {"statement": "标普500指数收报7519.12点。", "date": "2026-05-27"}),
    ("list_documents", {"month": "2026-05"}),
    ("list_events", {"id": MICRON}),
    ("chart", {"id": MICRON, "asof": "2026-05-27"}),
)


def measure(data: Path) -> tuple[dict[str, float], float]:
    """The median milliseconds of a call of each tool, after the first one; and those of a plain
    GET of one series as JSON, from the same server."""
    with serving([sys.executable, "-m", "dashboard", "--port"], data) as here:
        return asyncio.run(_asked(f"{here}mcp")), _plain(f"{here}c/{MICRON}.json")


def _plain(address: str) -> float:
    times = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        with urlopen(address, timeout=30) as answer:
            answer.read()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:]) * 1000


async def _asked(address: str) -> dict[str, float]:
    taken = {}
    async with Client(address) as client:
        for tool, arguments in CALLS:
            times = []
            for _ in range(ROUNDS + 1):
                start = time.perf_counter()
                result = await client.call_tool(tool, arguments)
                times.append(time.perf_counter() - start)
                assert not result.is_error, result.content
            taken[tool] = statistics.median(times[1:]) * 1000
    return taken
