"""python -m dashboard: serve the newest snapshot, or write parts of it as files."""

from __future__ import annotations

import argparse
import logging.config
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from dashboard.address import PARAMETERS, MovedError
from dashboard.assistants.door import serve_stdio
from dashboard.data.snapshot import SnapshotError, Snapshots
from dashboard.export.files import export, image
from dashboard.export.formats import DATA_FORMATS
from dashboard.http.serve import BASE_URL, name_address, require_free, serve
from dashboard.people.command import add_people
from dashboard.people.people import People
from dashboard.static_copy.write import write_copy
from dashboard.urls import Urls
from etl.base_url import DEFAULT_HOST, DEFAULT_PORT
from etl.command_line import CommandLine, language_of, said, speak_in, wrong
from etl.errors import XinzhiError
from etl.log import log_config
from etl.settings import load_settings
from etl.storage.snapshots import store_of
from etl.terminal import speak_plainly


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 2 when an argument or a setting cannot be used."""
    speak_plainly()
    lang = language_of(sys.argv[1:] if arguments is None else arguments, os.environ)
    speak_in(lang)
    options = parser(lang).parse_args(arguments)
    try:
        return int(options.command(options))
    except MovedError as error:
        problem = f"{error}; use the new id."
    except SnapshotError as error:
        problem = error.detail
    except XinzhiError as error:
        problem = str(error)
    print(wrong(problem), file=sys.stderr)
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
    if not os.environ.get(BASE_URL, "").strip():
        print(
            said(
                f"note: {BASE_URL} is not set, so previews, short links and citations name "
                f"{Urls.of(settings).base}."
            ),
            file=sys.stderr,
        )
    with Console(stderr=True).status("") as status:
        done = write_copy(settings, folder, options.ids, lambda at: status.update(escape(at)))
    print(
        said(f"{folder}: {done.files:,} files, {done.bytes:,} bytes, of snapshot {done.snapshot}")
    )
    return 0


def mcp_command(options: argparse.Namespace) -> int:
    """Answer an assistant on standard input and output."""
    settings = load_settings()
    # Standard output belongs to the protocol.
    logging.config.dictConfig(log_config(settings.log, settings.without_secrets))
    serve_stdio(settings)
    return 0


def serve_command(options: argparse.Namespace) -> int:
    """Serve until stopped."""
    require_free(options.host, options.port)
    address = name_address(options.host, options.port)
    settings = load_settings()
    store = store_of(settings)
    if store.is_near:  # else the thread beside the requests fetches it, and the log says what fails
        try:
            Snapshots(store).current()
        except SnapshotError as error:
            print(said(f"note: {error.detail}"), file=sys.stderr)
    print(address, flush=True)
    if "link" in settings.sign_in.ways:
        print(People.of(settings).one_time_link(), flush=True)
    serve(settings, options.host, options.port, options.workers)
    return 0


def parser(lang: str) -> CommandLine:
    """Every command with its options, its help in `lang`."""
    whole = CommandLine(prog="python -m dashboard", description=__doc__, lang=lang)
    whole.add_argument("--host", default=DEFAULT_HOST, help="the address to serve at")
    whole.add_argument("--port", type=int, default=DEFAULT_PORT, help="its port")
    whole.add_argument("--workers", type=int, default=1, help="how many processes serve")
    whole.set_defaults(command=serve_command)
    commands = whole.add_subparsers(metavar="COMMAND", help="without one: serve")

    one = commands.add_parser(
        "export",
        conflict_handler="resolve",  # its --lang is that of the address
        help="write a data file: the bytes that its address gives",
    )
    one.add_argument("ids", nargs="+", metavar="ID", help="up to four; the first may carry @ASOF")
    one.add_argument("--format", choices=DATA_FORMATS, default="csv", help="the format of the file")
    for name in PARAMETERS:
        one.add_argument(
            f"--{name}", dest=f"option_{name}", default="", metavar="VALUE", help="as in addresses"
        )
    one.add_argument("-o", "--output", required=True, metavar="FILE", help="the file to be written")
    one.set_defaults(command=export_command)

    one = commands.add_parser("image", help="write the picture of a chart address")
    one.add_argument("address", metavar="ADDRESS", help="like 'sp500@2026-05-27?u=yoy&size=square'")
    one.add_argument(
        "-o", "--output", required=True, metavar="FILE.png|.svg", help="the file to be written"
    )
    one.set_defaults(command=image_command)

    one = commands.add_parser("site", help="write every chart page, bulletin and download as files")
    one.add_argument("folder", metavar="FOLDER", help="the folder to be filled")
    one.add_argument("ids", nargs="*", metavar="ID", help="the charts of these alone")
    one.set_defaults(command=site_command)

    one = commands.add_parser("mcp", help="answer an assistant on standard input and output")
    one.set_defaults(command=mcp_command)

    add_people(commands)
    return whole


if __name__ == "__main__":
    sys.exit(main())
