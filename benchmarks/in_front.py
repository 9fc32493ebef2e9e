"""What nginx before the readers costs and brings: pages a second of one reader, of one and of three
behind nginx, and from its cache, in the same run."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.page import serving
from benchmarks.servers import answers, free_port, nginx_server, wait_until
from etl.settings import PROJECT

CONF = PROJECT / "deploy" / "nginx.conf"
#: Addresses that a reader has ready after the first of each.
PAGES = ("/c/sp500", "/bulletins/2026-05-27", "/c/sp500.csv", "/c/vix?t=3m")
CLIENTS, SECONDS, READERS = 16, 4.0, 3
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)")


@dataclass(frozen=True)
class InFront:
    """Pages a second: of a reader alone, of one and of several behind nginx that keeps nothing, and
    from its cache; and on how many cores all of them, the client too, took their turns."""

    direct: float
    one: float
    several: float
    cached: float
    cores: int


def adapted(
    folder: Path,
    readers: Sequence[int],
    port: int,
    plain_port: int,
    certificate: tuple[Path, Path] | None = None,
    *,
    prefix: str = "",
    cache: bool = True,
) -> Path:
    """The example of deploy/nginx.conf as a file below `folder`, for readers at ports of loopback;
    nginx listens at `port`, with TLS where there is a certificate (chain and key)."""
    text = CONF.read_text(encoding="utf-8")
    text = re.sub(
        r"(?: +server 127\.0\.0\.1:805\d (.*)\n)+",
        lambda one: "".join(f"        server 127.0.0.1:{port} {one[1]}\n" for port in readers),
        text,
    )
    text = text.replace("127.0.0.1:8060", f"127.0.0.1:{free_port()}")
    text = re.sub(r"^(user|pid|error_log) .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r" +listen \[::\].*\n", "", text)
    tls = " ssl http2" if certificate else ""
    text = text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port}{tls};")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{plain_port};")
    if certificate:
        text = text.replace("/etc/ssl/example.org/fullchain.pem", str(certificate[0]))
        text = text.replace("/etc/ssl/example.org/key.pem", str(certificate[1]))
    else:
        text = re.sub(r" +ssl_\w+ .*\n", "", text)
    text = text.replace("/var/log/nginx/", f"{folder}/").replace("/var/cache/nginx/", f"{folder}/")
    if not cache:
        text = text.replace("proxy_cache site;", "proxy_cache off;")
    if prefix:
        moved = re.sub(r"location (= )?/", rf"location \1{prefix}/", text)
        first = f"        location {prefix}/ {{"
        text = moved.replace(
            first, f"        location = {prefix} {{\n            return 301 {prefix}/;\n"
            f"        }}\n{first}", 1
        )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("body", "proxy", "fastcgi", "scgi", "uwsgi"):
        kind = "client_body" if name == "body" else name
        text = text.replace("http {\n", f"http {{\n    {kind}_temp_path {folder}/tmp-{name};\n", 1)
    user = "user root;\n" if os.getuid() == 0 else ""
    path = folder / "nginx.conf"
    path.write_text(user + text, encoding="utf-8")
    return path


def measure(data: Path) -> InFront:
    """Three readers over a data folder, asked directly, behind nginx, and from its cache."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        started = [
            stack.enter_context(serving([sys.executable, "-m", "dashboard", "--port"], data))
            for _ in range(READERS)
        ]
        ports = [int(base.strip("/").rpartition(":")[2]) for base in started]
        time.sleep(5)  # the calendars are read, the chart library is made small

        def behind(readers: Sequence[int], name: str, *, cache: bool) -> float:
            port, place = free_port(), Path(folder) / name
            conf = adapted(place, readers, port, free_port(), cache=cache)
            # One client stands for thousands here.
            limits = conf.read_text().replace("300r/s", "1000000r/s")
            conf.write_text(limits, encoding="utf-8")
            with nginx_server(conf, place):
                address = f"http://127.0.0.1:{port}"
                wait_until(lambda: answers(f"{address}/readyz"), "nginx")
                return _rate(address)

        direct = _rate(started[0])
        one = behind(ports[:1], "one", cache=False)
        several = behind(ports, "several", cache=False)
        cached = behind(ports, "cached", cache=True)
    return InFront(direct, one, several, cached, len(os.sched_getaffinity(0)))


def _rate(base: str) -> float:
    """Pages a second over connections that are kept; a ConnectionError where one fails."""
    return asyncio.run(_asked(int(base.strip("/").rpartition(":")[2])))


async def _asked(port: int) -> float:
    """A client of few words: it shares the cores with all that it measures."""

    async def ask(many: int, until: float) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        count = 0
        while count < many and time.perf_counter() < until:
            for page in PAGES:
                lines = (f"GET {page} HTTP/1.1", "Host: x", "Accept-Encoding: br", "", "")
                writer.write("\r\n".join(lines).encode())
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                if not head.startswith(b"HTTP/1.1 200 ") or length is None:
                    raise ConnectionError(head[:200], page)
                await reader.readexactly(int(length[1]))
                count += 1
                if b"connection: close" in head.lower():  # nginx, after a thousand requests
                    writer.close()
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return count

    for _ in range(READERS * 4):  # each reader makes each page once
        await ask(1, time.perf_counter() + 60)
    begun = time.perf_counter()
    counts = await asyncio.gather(*(ask(1 << 30, begun + SECONDS) for _ in range(CLIENTS)))
    return sum(counts) / (time.perf_counter() - begun)


if __name__ == "__main__":
    print(measure(Path(sys.argv[1])))
