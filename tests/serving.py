"""What the tests of the site share: the real app as a client, and its HTML as a tree."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TypeVar

import httpx
from conftest import PROJECT

from benchmarks.servers import free_port
from dashboard.server import Server, create_server
from etl.bulletins.model import Bulletin
from etl.catalog import Catalog
from etl.records import Vintage, now
from etl.settings import Settings
from etl.storage import publish
from etl.storage.snapshots import Folder
from etl.storage.warehouse import opened

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

#: Nothing compressed: what is compared is what was written.
PLAIN = {"Accept-Encoding": "identity"}
T = TypeVar("T")
VOID = frozenset({"img", "br", "hr", "input", "meta", "link", "source"})


class SiteClient(TestClient):
    """The whole app as a client that looks for a new snapshot before it asks, as the thread beside
    a server does twice a second."""

    app: Server

    def request(self, *given: Any, **named: Any) -> httpx.Response:
        self.app.snapshots.refresh()
        return super().request(*given, **named)


def client(settings: Settings) -> SiteClient:
    """The whole app over a data folder; an error inside it is an answer, as it is to a browser."""
    # One id for all requests, so that equal answers are equal to the last header.
    return SiteClient(
        create_server(settings), raise_server_exceptions=False, follow_redirects=False,
        headers={"X-Request-ID": "test"},
    )  # fmt: skip


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    """The rows of a CSV answer, read by nothing but the csv module."""
    assert answer.status_code == 200, answer.text[:300]
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def vintages(
    values: Mapping[date, float], basis: str = "", since: date | None = None, later: str = ""
) -> list[Vintage]:
    """A series by hand: one way of measuring, or another one from `since` on."""
    return [
        Vintage(
            day,
            value,
            "figures",
            datetime(2026, 1, 1).astimezone(),
            "bundled",
            basis=later if since is not None and day >= since else basis,
        )
        for day, value in sorted(values.items())
    ]


def days_from(start: date, gaps: list[int]) -> list[date]:
    """Dates, each so many days after the one before."""
    found = [start]
    for gap in gaps:
        found.append(found[-1] + timedelta(days=gap))
    return found


def republish(folder: Path, catalog: Catalog, *bulletins: Bulletin) -> str:
    """Publish what the warehouse of a folder holds with another catalog and other bulletins."""
    with opened(folder / "warehouse.duckdb") as warehouse:
        content = publish.all_content(catalog, bulletins, [], [])
        name = publish.publish(warehouse, content, Folder(folder / "published"), now())
    assert name is not None
    return name


def with_old_ids(catalog: Catalog, old_ids: Mapping[str, tuple[str, ...]]) -> Catalog:
    """The catalog with former names of some of its indicators."""
    indicators = {
        name: indicator.model_copy(update={"old_ids": old_ids.get(name, ())})
        for name, indicator in catalog.indicators.items()
    }
    return Catalog(units=catalog.units, groups=catalog.groups, indicators=indicators)


@dataclass
class Node:
    """An element of a page."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.children)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def all(self, tag: str = "", css: str = "", id: str = "") -> Iterator[Node]:
        """Every element below with this tag, class and id."""
        for child in self.children:
            if isinstance(child, Node):
                fits = tag in ("", child.tag) and (not css or css in child.classes)
                if fits and id in ("", child.attributes.get("id")):
                    yield child
                yield from child.all(tag, css, id)

    def one(self, tag: str = "", css: str = "", id: str = "") -> Node:
        (found,) = self.all(tag, css, id)
        return found

    def hrefs(self) -> list[str]:
        return [link.attributes["href"] for link in self.all("a") if "href" in link.attributes]


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("document")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def tree(html: str) -> Node:
    """The elements of a page; an AssertionError where they are not well nested."""
    reader = _Tree()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root


def still(answer: httpx.Response, status: int = 200) -> Node:
    """What a reader without scripts sees of an answer."""
    assert answer.status_code == status, (answer.status_code, answer.text[:300])
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return tree(answer.text).one(id="page")


@contextmanager
def running(data: Path) -> Iterator[str]:
    """`python -m dashboard` as people run it; its address, and its end at the end."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "--port", str(port)],
        cwd=PROJECT,
        env={**os.environ, "XINZHI_DATA": str(data)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/readyz", process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 40
    while time.monotonic() < until:
        assert process.poll() is None, f"the server ended with status {process.returncode}"
        try:
            if httpx.get(address, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"{address} did not answer in 40 seconds")


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives, on an event loop of its own: that of the browser may be running in
    this thread."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, work).result()
