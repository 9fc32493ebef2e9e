"""/desk/people: who has signed in, where, and as what; tokens of programs; who changed what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response

from dashboard import formatting
from dashboard.people import Role
from dashboard.people.agents import called
from dashboard.people.people import MOST_DAYS, SCOPES, ApiToken, KnownPerson
from desk.frame import DeskPage
from desk.request import Asked, DeskRequest, Sent
from etl.errors import SettingError
from etl.storage.audit import AuditLine, audit_log

PATH = "/desk/people"
PAGE = DeskPage(PATH, "desk_people", Role.OPERATOR)
router = APIRouter()
#: How many lines of the audit log are shown, and of all of it where somebody asks.
LINES, MANY_LINES = 50, 2_000
USUAL_DAYS = 90
#: What stands for a person whom nobody holds down.
FREE = "free"
PROGRAM = "dashboard"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody who has signed in; `held` is the role that an operator holds them to."""

    name: str
    shown: str
    way: str
    role: str
    held: str
    seen: str
    sessions: int
    is_me: bool


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A browser in which somebody is signed in."""

    number: str
    shown: str
    browser: str
    since: str
    seen: str
    is_this: bool


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token of a program."""

    number: str
    label: str
    scopes: str
    made_by: str
    made: str
    ends: str
    used: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A line of the audit log."""

    when: str
    who: str
    command: str
    outcome: str
    failed: bool


@router.get(PATH)
def people(ask: Asked) -> Response:
    """Everything about people."""
    return _page(ask)


@router.post(f"{PATH}/sign-out")
def sign_out(ask: Asked, form: Sent) -> Response:
    """Sign somebody out everywhere."""
    name = _known(ask, form["name"]).name
    with ask.recorded(["people", "sign-out", name], name, PROGRAM) as told:
        count = ask.people.end_sessions(name)
        told.outcome = f"{count} sessions ended"
    return ask.back(PATH, ask.say("signed_out_everywhere", who=name, count=count))


@router.post(f"{PATH}/session")
def end_session(ask: Asked, form: Sent) -> Response:
    """End one session."""
    number = form["number"]
    found = next((one for one in ask.people.sessions() if one.number == number), None)
    if found is None:
        return ask.back(PATH, ask.say("session_had_ended"))
    with ask.recorded(["people", "sign-out", found.name], found.name, PROGRAM) as told:
        ask.people.end_session(number)
        told.outcome = f"session {number} ended"
    return ask.back(PATH, ask.say("ended_a_session", who=found.shown))


@router.post(f"{PATH}/hold")
def hold(ask: Asked, form: Sent) -> Response:
    """Let somebody be no more than a role, or what their groups say."""
    found, word = _known(ask, form["name"]), form["role"]
    roles = {role.word: role for role in Role}
    if word != FREE and word not in roles:
        raise SettingError(ask.say("choose_role"))
    if found.name == ask.person.name and word != FREE and roles[word] < Role.OPERATOR:
        raise SettingError(ask.say("not_yourself"))
    with ask.recorded(["people", "hold", found.name, word], found.name, PROGRAM) as told:
        ask.people.hold_down(found.name, roles.get(word))
        told.outcome = "what the groups say" if word == FREE else f"no more than {word}"
    return ask.back(PATH, ask.say("role_changed", who=found.shown))


@router.post(f"{PATH}/token")
def make_token(ask: Asked, form: Sent) -> Response:
    """A new token; it is shown on the next page, and never again."""
    label, scopes, days = form["label"], form.all("scope"), form["days"]
    if not days.isdecimal():
        raise SettingError(ask.say("days_wrong", most=MOST_DAYS))
    command = ["people", "token", label, *(f"--scope={one}" for one in scopes), f"--days={days}"]
    with ask.recorded(command, "", PROGRAM) as told:
        token, made = ask.people.make_token(label, scopes, int(days), ask.person.name)
        told.outcome = f"token {made.number}"
    mark = ask.desk.flash.keep(ask.person.name, token)
    return ask.back(PATH, ask.say("token_made", label=made.label), made=mark, fragment="tokens")


@router.post(f"{PATH}/revoke")
def revoke(ask: Asked, form: Sent) -> Response:
    """End a token."""
    number = form["number"]
    with ask.recorded(["people", "revoke", number], "", PROGRAM) as told:
        was_there = ask.people.revoke_token(number)
        told.outcome = "revoked" if was_there else "had ended already"
    return ask.back(PATH, ask.say("token_revoked", number=number), fragment="tokens")


def _page(ask: DeskRequest) -> Response:
    everyone = ask.people.everyone()
    secret = ask.desk.flash.take(ask.person.name, ask.query.get("made", ""))
    most = MANY_LINES if ask.query.get("all") else LINES
    lines = audit_log(ask.settings).newest(most + 1)
    return ask.show(
        "people", ask.say("desk_people"),
        people=[_person(ask, one) for one in everyone],
        sessions=[
            SessionRow(
                one.number, one.shown, called(one.agent, ask.lang), formatting.minute(one.made_at),
                formatting.minute(one.seen_at), one.number == ask.person.number,
            )
            for one in ask.people.sessions()
        ],
        tokens=[_token(one) for one in ask.people.tokens()],
        secret=secret[0] if secret else "",
        scopes=[(name, ask.say(f"scope_{name}")) for name in SCOPES],
        roles=[(FREE, ask.say("role_free"))]
        + [(role.word, ask.say(f"at_most_{role.word}")) for role in Role],
        usual_days=USUAL_DAYS,
        most_days=MOST_DAYS,
        lines=_audit(lines[:most]),
        all_lines=ask.urls.page(PATH, all="1", fragment="audit") if len(lines) > most else "",
        links={
            name: ask.urls.page(f"{PATH}/{name}")
            for name in ("sign-out", "session", "hold", "token", "revoke")
        },
    )  # fmt: skip


def _person(ask: DeskRequest, one: KnownPerson) -> PersonRow:
    return PersonRow(
        one.name, one.shown, ask.say(f"way_{one.way}"), ask.say(f"role_{one.role.word}"),
        FREE if one.most is None else one.most.word, formatting.minute(one.seen_at), one.sessions,
        one.name == ask.person.name,
    )  # fmt: skip


def _token(one: ApiToken) -> TokenRow:
    made, ends = formatting.minute(one.made_at), formatting.minute(one.ends_at)
    used = formatting.minute(one.used_at) if one.used_at else "—"
    return TokenRow(
        one.number, one.label, ", ".join(one.scopes), one.made_by or "—", made, ends, used
    )


def _audit(lines: Sequence[AuditLine]) -> list[AuditRow]:
    return [
        AuditRow(formatting.minute(one.at), one.who, one.command, one.outcome, one.failed)
        for one in lines
    ]


def _known(ask: DeskRequest, name: str) -> KnownPerson:
    found = next((one for one in ask.people.everyone() if one.name == name), None)
    if found is None:
        raise SettingError(ask.say("no_such_person"))
    return found
