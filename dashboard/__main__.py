"""python -m dashboard: serve the newest snapshot."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence

import uvicorn

from dashboard.server import create_server
from dashboard.snapshot import Snapshots
from etl.errors import SettingError, StorageError, XinzhiError
from etl.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped; 2 when the port or a setting cannot be used."""
    options = _parser().parse_args(arguments)
    try:
        return serve(options.host, options.port, options.workers)
    except XinzhiError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def serve(host: str, port: int, workers: int) -> int:
    """Run the server in the foreground."""
    settings = load_settings()
    _require_free(host, port)
    try:
        Snapshots(settings.published).current()
    except StorageError as error:
        print(f"note: {error}", file=sys.stderr)
    print(f"http://{host}:{port}", flush=True)
    uvicorn.run(
        "dashboard.__main__:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_level="warning",
        server_header=False,
    )
    return 0


def application():  # type: ignore[no-untyped-def]  # uvicorn's factory, one a worker
    """The site with the settings of the environment."""
    return create_server(load_settings())


def _require_free(host: str, port: int) -> None:
    if not 0 < port < 65536:
        raise SettingError(f"--port: {port} is not a port; choose one from 1 to 65535.")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SettingError(
            f"--port: {host}:{port} cannot be used ({error.strerror}). Choose another with --port, "
            f"for example --port {port + 1}."
        ) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dashboard", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8050)
    parser.add_argument("--workers", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main())
