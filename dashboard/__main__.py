"""python -m dashboard: serve the newest snapshot, or write parts of it as files."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from rich.console import Console
from rich.markup import escape

from dashboard.address import PARAMETERS, MovedError
from dashboard.data.snapshot import Snapshots
from dashboard.export.files import export, image
from dashboard.export.formats import DATA_FORMATS
from dashboard.server import create_server
from dashboard.static_copy.write import write_copy
from etl.errors import SettingError, StorageError, XinzhiError
from etl.settings import load_settings
from etl.terminal import speak_plainly


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 2 when an argument or a setting cannot be used."""
    speak_plainly()
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except MovedError as error:
        print(f"error: {error}; use the new id.", file=sys.stderr)
        return 2
    except XinzhiError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def export_command(options: argparse.Namespace) -> int:
    """Write a data file."""
    given = {name: getattr(options, f"option_{name}") for name in PARAMETERS}
    settings, target = load_settings(), Path(options.output)
    print(export(settings, options.ids, given, options.format, target))
    return 0


def image_command(options: argparse.Namespace) -> int:
    """Write a picture."""
    print(image(load_settings(), options.address, Path(options.output)))
    return 0


def site_command(options: argparse.Namespace) -> int:
    """Write the static copy of the public part."""
    settings, folder = load_settings(), Path(options.folder)
    if not os.environ.get("XINZHI_BASE_URL"):
        print(
            f"note: XINZHI_BASE_URL is not set, so previews, short links and citations name "
            f"{settings.base_url}.",
            file=sys.stderr,
        )
    with Console(stderr=True).status("") as status:
        done = write_copy(settings, folder, options.ids, lambda at: status.update(escape(at)))
    print(f"{folder}: {done.files:,} files, {done.bytes:,} bytes, of snapshot {done.snapshot}")
    return 0


def serve_command(options: argparse.Namespace) -> int:
    """Serve until stopped."""
    return serve(options.host, options.port, options.workers)


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
    parser.set_defaults(command=serve_command)
    commands = parser.add_subparsers(metavar="COMMAND", help="without one: serve")

    one = commands.add_parser("export", help="write a data file: the bytes that its address gives")
    one.add_argument("ids", nargs="+", metavar="ID", help="up to four; the first may carry @ASOF")
    one.add_argument("--format", choices=DATA_FORMATS, default="csv")
    for name in PARAMETERS:
        one.add_argument(
            f"--{name}", dest=f"option_{name}", default="", metavar="VALUE", help="as in addresses"
        )
    one.add_argument("-o", "--output", required=True, metavar="FILE")
    one.set_defaults(command=export_command)

    one = commands.add_parser("image", help="write the picture of a chart address")
    one.add_argument("address", metavar="ADDRESS", help="like 'sp500@2026-05-27?u=yoy&size=square'")
    one.add_argument("-o", "--output", required=True, metavar="FILE.png|.svg")
    one.set_defaults(command=image_command)

    one = commands.add_parser("site", help="write every chart page, bulletin and download as files")
    one.add_argument("folder", metavar="FOLDER")
    one.add_argument("ids", nargs="*", metavar="ID", help="the charts of these alone")
    one.set_defaults(command=site_command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
