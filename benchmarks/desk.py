"""The pages of the desk: how soon a callback answers, and how it is for 50 people at once."""

from __future__ import annotations

import http.client
import json
import statistics
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.page import serving

PEOPLE, CLICKS = 50, 6
PLACES = (
    ("/", ""),
    ("/indicators", ""),
    ("/indicators", "?sort=-year"),
    ("/indicators/sp500", "?u=yoy"),
    ("/compare", "?ids=nasdaq_composite,sp500&u=index"),
    ("/policies", ""),
    ("/export", "?ids=sp500,micron_close_usd"),
    ("/bulletins", "?q=数据"),
)
#: What lists thousands of indicators, or looks through them: pages, searches, orders.
LISTS = (
    ("/", ""),
    *(("/indicators", f"?page={number}") for number in range(1, 21)),
    *(("/indicators", f"?q={words}") for words in ("12", "index%20345", "%E6%8C%87%E6%95%B0%2099")),
    *(("/indicators", f"?sort=-{name}") for name in ("year", "month", "record", "age", "date")),
    ("/indicators/index_01234", ""),
    ("/compare", "?ids=index_01234,index_05678"),
    ("/export", "?q=77"),
    ("/status", ""),
    ("/status", "?page=4"),
    ("/about", ""),
)


def each_once(data: Path) -> list[float]:
    """Milliseconds of the callback of each page of `LISTS`, asked once. A server that has just
    started reads its calendars first, which takes it two seconds whatever it holds."""
    with serving([sys.executable, "-m", "dashboard", "--port"], data) as base:
        time.sleep(5)
        return [1000 * _asked(base, path, search) for path, search in LISTS]


def measure(data: Path) -> dict[str, float]:
    """Milliseconds: the median of a callback asked alone, and the 95th of a hundred asked by 50
    people at once, each of a page that nobody asked for before or that is kept."""
    with serving([sys.executable, "-m", "dashboard", "--port"], data) as base:
        alone = [_asked(base, path, search) for path, search in PLACES for _ in range(5)]
        taken: list[float] = []

        def person(number: int) -> None:
            for click in range(CLICKS):
                path, search = PLACES[(number + click) % len(PLACES)]
                taken.append(_asked(base, path, search))

        threads = [threading.Thread(target=person, args=(n,)) for n in range(PEOPLE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if len(taken) != PEOPLE * CLICKS:
        raise ConnectionError(f"{len(taken)} of {PEOPLE * CLICKS} clicks were answered")
    return {
        "alone": 1000 * statistics.median(alone),
        "crowd": 1000 * statistics.quantiles(taken, n=20)[-1],
    }


def _asked(base: str, path: str, search: str) -> float:
    """Seconds until the whole answer of one callback is there."""
    body = callback_body(path, search)
    link = http.client.HTTPConnection("127.0.0.1", urlsplit(base).port or 80, timeout=60)
    start = time.perf_counter()
    headers = {"Content-Type": "application/json", "Accept-Encoding": "br"}
    link.request("POST", "/_dash-update-component", body, headers)
    answer = link.getresponse()
    answer.read()
    taken = time.perf_counter() - start
    link.close()
    if answer.status != 200:
        raise ConnectionError(answer.status, path)
    return taken


def callback_body(path: str, search: str) -> str:
    """What a browser sends when a reader follows a link."""
    outputs = [{"id": "content", "property": name} for name in ("html", "slots", "children")]
    return json.dumps({
        "output": "..content.html...content.slots...content.children..",
        "outputs": outputs,
        "inputs": [
            {"id": "address", "property": "pathname", "value": path},
            {"id": "address", "property": "search", "value": search},
            {"id": "content", "property": "snapshot"},
        ],
        "changedPropIds": ["address.pathname"],
    })  # fmt: skip
