"""python -m dashboard people: who may come in, and tokens for programs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.table import Table

from dashboard.people.people import SCOPES, People
from dashboard.people.roles import Role
from etl.base_url import DEFAULT_HOST, base_url, served_at
from etl.command_line import said
from etl.errors import SettingError
from etl.records import BEIJING
from etl.settings import Settings, load_settings
from etl.sign_in import ROLES


def add_people(commands: Any) -> None:
    """Add `people` with what it can do to the commands of a parser."""
    whole = commands.add_parser("people", help="people, their sessions, and tokens for programs")
    actions = whole.add_subparsers(metavar="COMMAND", required=True, help="what is to be done")

    one = actions.add_parser("list", help="who has signed in, and their roles")
    one.set_defaults(command=lambda options: _list(_people()))

    one = actions.add_parser("sessions", help="where people are signed in")
    one.set_defaults(command=lambda options: _sessions(_people()))

    one = actions.add_parser("link", help="a new one-time link for this machine")
    one.add_argument("--port", type=int, help="its port")
    one.set_defaults(command=lambda options: _link(load_settings(), options.port))

    one = actions.add_parser("sign-out", help="end every session of a person")
    one.add_argument("name", metavar="NAME", help="as `people list` names them")
    one.set_defaults(command=lambda options: _sign_out(_people(), options.name))

    one = actions.add_parser("hold", help="let a person be no more than a role")
    one.add_argument("name", metavar="NAME", help="as `people list` names them")
    one.add_argument(
        "role",
        choices=("reader", *ROLES, "free"),
        help="reader shuts them out; free lets them be what their groups say",
    )
    one.set_defaults(command=lambda options: _hold(_people(), options.name, options.role))

    one = actions.add_parser("tokens", help="the tokens of programs")
    one.set_defaults(command=lambda options: _tokens(_people()))

    one = actions.add_parser("token", help="a new token for a program; it is shown this once")
    one.add_argument("label", metavar="LABEL", help="what it is for")
    one.add_argument("--scope", action="append", choices=tuple(SCOPES), help="may stand twice")
    one.add_argument("--days", type=int, default=90, help="how long it lasts")
    one.set_defaults(
        command=lambda options: _token(_people(), options.label, options.scope, options.days)
    )

    one = actions.add_parser("revoke", help="end a token")
    one.add_argument("number", metavar="NUMBER", help="as `people tokens` names it")
    one.set_defaults(command=lambda options: _revoke(_people(), options.number))


def _people() -> People:
    return People.of(load_settings())


def _list(people: People) -> int:
    found = people.everyone()
    table = Table(*map(said, ("name", "shown", "role", "held to", "last seen", "sessions")))
    for one in found:
        held = one.most.word if one.most is not None else ""
        seen = f"{one.seen_at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
        table.add_row(one.name, one.shown, one.role.word, held, seen, str(one.sessions))
    return _print(table, len(found), "Nobody has signed in yet.")


def _sessions(people: People) -> int:
    found = people.sessions()
    table = Table(*map(said, ("number", "name", "since", "last seen", "browser")))
    for one in found:
        times = (f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}" for at in (one.made_at, one.seen_at))
        table.add_row(one.number, one.name, *times, one.agent)
    return _print(table, len(found), "Nobody is signed in.")


def _tokens(people: People) -> int:
    found = people.tokens()
    table = Table(*map(said, ("number", "label", "scopes", "made by", "ends", "last used")))
    for one in found:
        used = f"{one.used_at.astimezone(BEIJING):%Y-%m-%d}" if one.used_at else ""
        ends = f"{one.ends_at.astimezone(BEIJING):%Y-%m-%d}"
        table.add_row(one.number, one.label, ", ".join(one.scopes), one.made_by, ends, used)
    return _print(table, len(found), "There are no tokens.")


def _print(table: Table, count: int, otherwise: str) -> int:
    # Names come from outside: they are text, never markup.
    Console(markup=False, highlight=False).print(table if count else said(otherwise))
    return 0


def _link(settings: Settings, port: int | None) -> int:
    ways = settings.sign_in.ways
    if ways and "link" not in ways:
        raise SettingError(
            "XINZHI_SIGN_IN: does not name link, so that no link lets anyone in; add it there."
        )
    if port is not None:
        settings = replace(settings, base_url=base_url(served_at(DEFAULT_HOST, port)))
    # A desk on this machine lets people in by links where nothing is set.
    print(People.of(settings).one_time_link())
    return 0


def _sign_out(people: People, name: str) -> int:
    _known(people, name)
    print(said(f"{name}: {people.end_sessions(name)} sessions ended."))
    return 0


def _hold(people: People, name: str, role: str) -> int:
    _known(people, name)
    people.hold_down(name, None if role == "free" else Role[role.upper()])
    limit = "what the groups say" if role == "free" else f"no more than {role}"
    print(said(f"{name}: {limit}."))
    return 0


def _known(people: People, name: str) -> None:
    if not any(one.name == name for one in people.everyone()):
        raise SettingError(f"NAME: nobody called '{name[:80]}' has signed in; see `people list`.")


def _token(people: People, label: str, scopes: list[str] | None, days: int) -> int:
    token, made = people.make_token(label, scopes or ["read"], days)
    print(token)
    if not people.sign_in.ways:
        note = "note: XINZHI_SIGN_IN is not set, so that nobody is let in, by a token either."
        print(said(note))
    until = made.ends_at.astimezone(BEIJING).date()
    print(
        said(
            f"Number {made.number}, until {until}. It is not shown again; programs send it as "
            "`Authorization: Bearer TOKEN`."
        )
    )
    return 0


def _revoke(people: People, number: str) -> int:
    if not people.revoke_token(number):
        raise SettingError(f"NUMBER: there is no token '{number[:80]}'; see `people tokens`.")
    print(said(f"{number}: this token lets nobody in any more."))
    return 0
