"""python -m desk: the editor's desk, and the whole dashboard on the same port."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from dashboard.http.security import DESK
from dashboard.http.serve import bound_connections, name_address, require_free, run_uvicorn
from desk.server import create_desk
from etl.base_url import DEFAULT_HOST, DEFAULT_PORT
from etl.command_line import CommandLine, language_of, said, speak_in, wrong
from etl.errors import SettingError, XinzhiError
from etl.settings import PREFIX, load_settings
from etl.sign_in import is_loopback
from etl.terminal import speak_plainly
from etl.tracing import begin_tracing

#: The variable of the environment that names the ways to sign in.
SIGN_IN = f"{PREFIX}SIGN_IN"
#: What the spans of this program say that they are of.
SERVICE = "xinzhi-desk"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped; 2 when an argument or a setting cannot be used."""
    speak_plainly()
    lang = language_of(sys.argv[1:] if arguments is None else arguments, os.environ)
    speak_in(lang)
    options = parser(lang).parse_args(arguments)
    try:
        _serve(options.host, options.port)
    except XinzhiError as error:
        print(wrong(str(error)), file=sys.stderr)
        return 2
    return 0


def parser(lang: str) -> CommandLine:
    """The options, with their help in `lang`."""
    whole = CommandLine(prog="python -m desk", description=__doc__, lang=lang)
    whole.add_argument("--host", default=DEFAULT_HOST, help="the address to serve at")
    whole.add_argument("--port", type=int, default=DEFAULT_PORT, help="its port")
    return whole


def _serve(host: str, port: int) -> None:
    require_free(host, port)
    address = name_address(host, port)
    if is_loopback(host) and not os.environ.get(SIGN_IN, "").strip():
        os.environ[SIGN_IN] = "link"  # who sits at this machine may use it
    settings = load_settings()
    if not settings.signs_in:
        raise SettingError(
            f"Nobody could sign in; say with {SIGN_IN} how: link, proxy, oidc or wecom."
        )
    begin_tracing(SERVICE)
    bound_connections()
    server = create_desk(settings)
    print(f"{address}{DESK}", flush=True)
    if "link" in settings.sign_in.ways:
        link = server.people.one_time_link(DESK)
        print(said(f"sign in once, within 15 minutes: {link}"), flush=True)
    # One process: what is said once, and which jobs are its own, it keeps in its memory.
    run_uvicorn(server, settings, host, port)


if __name__ == "__main__":
    sys.exit(main())
