"""Servers on loopback for tests, measurements and the cluster: PostgreSQL and nginx of Debian's
packages, and an S3 store. Each has ports and folders of its own and ends with its block."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

#: What a server may take to begin or end on a busy machine.
PATIENCE_S = 60.0
#: A password that a search of any output finds.
PASSWORD = "pass word@/'s3cret"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
#: The environment of what only several machines need.
LAKE_PYTHON = Path(__file__).resolve().parents[1] / ".venv-lake" / "bin" / "python"
_BINS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
POSTGRES = _BINS[0] if _BINS else None
_CONF = """
listen_addresses = '127.0.0.1'
fsync = off
full_page_writes = off
shared_buffers = 32MB
max_connections = 60
"""


#: The ports that were given away: who got one may not listen there yet.
_given: set[int] = set()


def free_port() -> int:
    """A port of loopback that nobody listens at, another one each time."""
    while True:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
        if port not in _given:
            _given.add(port)
            return port


def wait_until(true: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    """Return when `true()` is; a TimeoutError that says what was waited for if it never is."""
    until = time.monotonic() + patience_s
    while not true():
        if time.monotonic() > until:
            raise TimeoutError(f"{what}: not within {patience_s:g} seconds")
        time.sleep(0.05)


def answers(address: str) -> bool:
    """Whether an address answers with success."""
    try:
        with urlopen(address, timeout=5) as response:
            return bool(response.status < 300)
    except (URLError, OSError):
        return False


def end(process: subprocess.Popen[bytes], patience_s: float = PATIENCE_S) -> int:
    """Ask a process to end, and make it end where it does not; its exit code."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


@dataclass
class PostgresServer:
    """A PostgreSQL with a user `xinzhi` who needs a password at its port."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def dsn(self, database: str = "postgres", password: str = PASSWORD) -> str:
        """The address of a database, in the form of libpq."""
        escaped = password.replace("\\", r"\\").replace("'", r"\'")
        return f"host=127.0.0.1 port={self.port} dbname={database} user=xinzhi password='{escaped}'"

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        bins = _postgres_bins()
        self.process = subprocess.Popen(
            [*_as_postgres(), str(bins / "postgres"), "-D", str(self.folder / "data"),
             "-p", str(self.port), "-k", str(self.folder)],
            stdout=log, stderr=log, cwd=self.folder,
        )  # fmt: skip
        wait_until(self._is_ready, "PostgreSQL")

    def stop(self) -> None:
        """End it at once, as a machine that is switched off in order."""
        if self.process is not None:
            self.process.send_signal(2)
            self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End it as a machine that loses its power."""
        if self.process is not None:
            self.process.send_signal(3)
            self.process.wait(PATIENCE_S)

    def new_database(self, name: str) -> str:
        """An empty database, an old one of that name dropped; its address."""
        self.sql(f'drop database if exists "{name}" with (force)')
        self.sql(f'create database "{name}"')
        return self.dsn(name)

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What psql prints for a statement, without headers."""
        done = subprocess.run(
            [str(_postgres_bins() / "psql"), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1",
             "-h", str(self.folder), "-p", str(self.port), "-U", "xinzhi", "-d", database,
             "-c", statement],
            capture_output=True, text=True, timeout=PATIENCE_S, cwd="/",
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    def _is_ready(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise RuntimeError((self.folder / "log").read_text(errors="replace")[-2000:])
        try:
            return self.sql("select 1") == "1"
        except RuntimeError:
            return False


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of its own in a folder of its own, and gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    word = folder / "word"
    try:
        word.write_text(PASSWORD, encoding="utf-8")
        if os.getuid() == 0:
            for path in (folder, word):
                shutil.chown(path, "postgres")
        subprocess.run(
            [*_as_postgres(), str(_postgres_bins() / "initdb"), "-D", str(folder / "data"),
             "-U", "xinzhi", f"--pwfile={word}", "--auth-local=trust",
             "--auth-host=scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"],
            check=True, capture_output=True, timeout=PATIENCE_S, cwd=folder,
        )  # fmt: skip
        with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(_CONF)
        server = PostgresServer(folder, free_port())
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _postgres_bins() -> Path:
    if POSTGRES is None:
        raise RuntimeError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return POSTGRES


def _as_postgres() -> Sequence[str]:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return ()
    return ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")


@dataclass
class BucketServer:
    """An S3 store that holds what is put into it in memory."""

    port: int
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def new_bucket(self, name: str) -> None:
        """An empty bucket."""
        with urlopen(Request(f"{self.endpoint}/{name}", method="PUT"), timeout=30):
            pass

    def settings(self, bucket: str, prefix: str = "site") -> Mapping[str, str]:
        """The environment of a program whose snapshots lie in a bucket."""
        return {
            "XINZHI_SNAPSHOTS": f"s3://{bucket}/{prefix}",
            "XINZHI_S3_ENDPOINT": self.endpoint,
            "XINZHI_S3_REGION": "us-east-1",
            "XINZHI_S3_KEY_ID": "AKIAEXAMPLEKEYID",
            "XINZHI_S3_SECRET": "example-secret-of-the-store",
        }

    def pause(self) -> None:
        """Answer nobody, as behind a network that is cut."""
        self.process.send_signal(19)

    def resume(self) -> None:
        self.process.send_signal(18)


@contextmanager
def bucket_server() -> Iterator[BucketServer]:
    """An S3 store on loopback, empty, and gone afterwards."""
    if not LAKE_PYTHON.exists():
        raise RuntimeError("the S3 store is not installed: make install-lake")
    port = free_port()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [str(LAKE_PYTHON), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=log, stderr=log, env={**os.environ, "MOTO_S3_CUSTOM_ENDPOINTS": ""},
        )  # fmt: skip
        try:
            wait_until(lambda: answers(f"http://127.0.0.1:{port}/moto-api/"), "the S3 store")
            yield BucketServer(port, process)
        finally:
            process.send_signal(18)
            end(process)


@contextmanager
def nginx_server(conf: Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An nginx with a configuration of its own, whose relative paths begin in a folder; it runs
    in the foreground and ends with the block."""
    if NGINX is None:
        raise RuntimeError("nginx is not installed (Debian: apt-get install nginx-light)")
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [NGINX, "-p", f"{folder}/", "-e", str(folder / "error.log"), "-c", str(conf),
         "-g", f"daemon off; pid {folder}/nginx.pid;"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        end(process)


class Line:
    """A line of the network to a server on loopback, which can be cut, held or made slow.

    `address` is what to connect to instead. While it is cut, connections end at once and new ones
    are refused by an end without an answer; while it is held, nothing passes and nothing ends.
    """

    def __init__(self, port: int) -> None:
        self.target = port
        self.bytes_per_s: float | None = None
        #: Bytes that went to the server.
        self.sent = 0
        self._cut, self._flows = threading.Event(), threading.Event()
        self._flows.set()
        self._ends: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        self._cut.set()
        for one in list(self._ends):
            _hang_up(one)

    def hold(self) -> None:
        self._flows.clear()

    def mend(self) -> None:
        self._cut.clear()
        self._flows.set()
        self.bytes_per_s = None

    def close(self) -> None:
        self.cut()
        self._flows.set()
        self._listener.close()

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._cut.is_set():
                near.close()
                continue
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self.target), timeout=10)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        self._ends |= {near, far}
        threading.Thread(target=self._pump, args=(far, near, False), daemon=True).start()
        self._pump(near, far, True)

    def _pump(self, source: socket.socket, sink: socket.socket, is_upward: bool) -> None:
        try:
            while data := source.recv(65536):
                self._flows.wait()
                if self.bytes_per_s:
                    time.sleep(len(data) / self.bytes_per_s)
                sink.sendall(data)
                self.sent += len(data) if is_upward else 0
        except OSError:
            pass
        for one in (source, sink):
            _hang_up(one)
            self._ends.discard(one)


def _hang_up(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    finally:
        one.close()
