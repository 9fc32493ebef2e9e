"""The process that serves: uvicorn with bounds on connections, an end in time, and one log."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import Any

import uvicorn

from dashboard.http.metrics import FOLDER_VARIABLE
from dashboard.http.protocol import BoundedProtocol
from dashboard.people import PeopleDoor
from dashboard.server import MembersSite, Server, create_site
from etl.base_url import EVERYWHERE, served_at
from etl.errors import SettingError
from etl.log import log_config
from etl.settings import PREFIX, Settings, load_settings
from etl.tracing import begin_tracing

#: The variable of the environment that holds the public address.
BASE_URL = f"{PREFIX}BASE_URL"

#: What the spans of this program say that they are of.
SERVICE = "xinzhi-dashboard"
#: Seconds for what is under way once the server is told to end.
GRACE_S = 4
#: Files that are open besides connections: the snapshot, the log, what Python loads.
OTHER_FILES, BACKLOG = 256, 256


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve in the foreground until stopped."""
    begin_tracing(SERVICE)  # what is wrong with it is said before anything is begun
    with _counted_together(workers):
        run_uvicorn(f"{__name__}:application", settings, host, port, factory=True, workers=workers)


def run_uvicorn(
    app: Any, settings: Settings, host: str, port: int, *, factory: bool = False, workers: int = 1
) -> None:
    """Serve an app in the foreground until stopped, as both programs with pages do."""
    uvicorn.run(
        app,
        factory=factory,
        host=host,
        port=port,
        workers=workers,
        http=BoundedProtocol,
        ws="none",
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_S,
        log_config=log_config(settings.log, settings.without_secrets),
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )


def bound_connections() -> None:
    """Let no more connections in than this process may have files open."""
    most_files = raise_file_limit()
    BoundedProtocol.most = max(16, min(BoundedProtocol.most, most_files - OTHER_FILES - BACKLOG))


def application() -> Server | PeopleDoor:
    """The site with the settings of the environment: uvicorn's factory, one a worker."""
    bound_connections()
    begin_tracing(SERVICE)
    settings = load_settings()
    site = create_site(settings)
    if settings.drain_s:
        apps = [site] if isinstance(site, Server) else [site.public, site.members]
        leaving = [app.leaving for app in apps if isinstance(app, Server | MembersSite)]
        _leave_slowly(leaving, settings.drain_s)
    return site


def _leave_slowly(leaving: Sequence[Event], seconds: float) -> None:
    """On SIGTERM, say so at /readyz and go on answering for a while before the end, which is then
    uvicorn's. SIGINT ends at once, as ever."""
    end = signal.getsignal(signal.SIGTERM)
    if not callable(end) or threading.current_thread() is not threading.main_thread():
        return  # nobody waits for the signal: this is no process of its own

    def told(number: int, frame: FrameType | None) -> None:
        if leaving[0].is_set():  # a supervisor may tell the whole group, and the parent each worker
            return
        for one in leaving:
            one.set()
        last = threading.Timer(seconds, end, (number, None))
        last.daemon = True
        last.start()

    signal.signal(signal.SIGTERM, told)


def raise_file_limit() -> int:
    """Have as many files open as the system lets us; how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (ValueError, OSError):  # some systems have a lower bound of their own
            pass
    return 1 << 20 if soft == resource.RLIM_INFINITY else soft


def require_free(host: str, port: int) -> None:
    """A SettingError where nobody can listen there."""
    if not 0 < port < 65536:
        raise SettingError(f"--port: {port} is not a port; choose one from 1 to 65535.")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        shown = f"[{host}]" if ":" in host else host
        raise SettingError(
            f"--port: {shown}:{port} cannot be used ({error.strerror}). Choose another with "
            f"--port, for example --port {port + 1}."
        ) from None


def name_address(host: str, port: int) -> str:
    """The address that is served. Where no other one is set, links name it: each worker reads its
    settings from the environment."""
    address = served_at(host, port)
    if not os.environ.get(BASE_URL, "").strip():
        os.environ[BASE_URL] = address
        if host in EVERYWHERE:
            print(
                f"note: {BASE_URL} is not set, so short links, QR codes and downloads name "
                f"{address}, which opens on this machine alone; set it to the address that "
                "readers use.",
                file=sys.stderr,
            )
    return address


@contextmanager
def _counted_together(workers: int) -> Iterator[None]:
    """A folder in which several workers count together, as long as they live."""
    if workers < 2:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="xinzhi-metrics-") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER_VARIABLE]
