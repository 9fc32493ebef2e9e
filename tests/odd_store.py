"""An object store on loopback that does what a real one does when something is wrong."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


def refusal(code: str) -> bytes:
    """What a store says when it refuses; it repeats the key and what was signed."""
    return (
        f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message>"
        "<AWSAccessKeyId>AKIAEXAMPLEKEYID</AWSAccessKeyId>"
        "<StringToSign>example-secret-of-the-store</StringToSign></Error>"
    ).encode()


@dataclass
class OddStore:
    """Objects by their whole path, and what is wrong with the store."""

    port: int = 0
    held: dict[str, bytes] = field(default_factory=dict)
    #: Status and body of every answer, where it refuses all.
    refuses: tuple[int, bytes] | None = None
    #: How many bytes of a body are sent before the connection is cut.
    cut_after: int | None = None
    #: Seconds between the pieces of a body.
    slow_s: float = 0.0
    #: Answers nobody while it is set.
    hangs: threading.Event = field(default_factory=threading.Event)
    #: Seconds that it takes to read each piece of what is put.
    slow_put_s: float = 0.0
    asked: list[str] = field(default_factory=list)
    #: Set once the beginning of something that is put has come.
    put_begun: threading.Event = field(default_factory=threading.Event)

    def settings(self) -> dict[str, str]:
        """The environment of a program whose snapshots lie here."""
        return {
            "XINZHI_SNAPSHOTS": "s3://odd/site",
            "XINZHI_S3_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "XINZHI_S3_REGION": "us-east-1",
            "XINZHI_S3_KEY_ID": "AKIAEXAMPLEKEYID",
            "XINZHI_S3_SECRET": "example-secret-of-the-store",
            "XINZHI_TIMEOUT": "2",
        }


@contextmanager
def odd_store(context: ssl.SSLContext | None = None) -> Iterator[OddStore]:
    """The store, running for as long as the block; over TLS with a context."""
    store = OddStore()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            store.asked.append(f"{self.command} {self.path}")
            while store.hangs.is_set():
                time.sleep(0.05)
            if store.refuses is not None:
                self._send(*store.refuses)
                return
            parts = urlsplit(self.path)
            if "list-type" in parts.query:
                self._list()
                return
            body = store.held.get(unquote(parts.path))
            self._send(200, body) if body is not None else self._send(404, refusal("NoSuchKey"))

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_PUT(self) -> None:
            store.asked.append(f"PUT {self.path}")
            length, body = int(self.headers["Content-Length"]), b""
            while store.hangs.is_set():
                time.sleep(0.05)
            while len(body) < length:
                piece = self.rfile.read(min(64_000, length - len(body)))
                if not piece:
                    return  # whoever sent it is gone: nothing is stored
                body += piece
                store.put_begun.set()
                time.sleep(store.slow_put_s)
            if store.refuses is not None:
                self._send(*store.refuses)
                return
            store.held[unquote(self.path)] = body
            self._send(200, b"")

        def do_DELETE(self) -> None:
            store.held.pop(unquote(self.path), None)
            self._send(204, b"")

        def _list(self) -> None:
            names = [name.removeprefix("/odd/") for name in store.held if name.count("/") == 3]
            found = "".join(
                f"<Contents><Key>{name}</Key><Size>{len(store.held[f'/odd/{name}'])}</Size>"
                "<LastModified>2026-05-27T00:00:00.000Z</LastModified></Contents>"
                for name in sorted(names)
            )
            self._send(
                200,
                "<ListBucketResult><Name>odd</Name><IsTruncated>false</IsTruncated>"
                f"{found}</ListBucketResult>".encode(),
            )

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Last-Modified", "Wed, 27 May 2026 00:00:00 GMT")
            self.send_header("ETag", f'"{sha256(body).hexdigest()[:32]}"')
            self.end_headers()
            if self.command == "HEAD":
                return
            most = len(body) if store.cut_after is None else min(store.cut_after, len(body))
            try:
                for at in range(0, most, 64_000):
                    self.wfile.write(body[at : min(at + 64_000, most)])
                    time.sleep(store.slow_s)
            except OSError:  # whoever asked is gone
                self.close_connection = True
            if most < len(body):
                self.close_connection = True

        def log_message(self, *said: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    store.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        store.hangs.clear()
        server.shutdown()
        server.server_close()
        thread.join(timeout=20)
