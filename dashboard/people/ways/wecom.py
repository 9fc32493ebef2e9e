"""企业微信: a QR code on its page, or silently within its app. Groups are departments, with all
below them, and tags."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from dashboard.people.network import asked
from dashboard.people.roles import DoorError
from dashboard.people.ways.way import Identity
from etl.errors import quoted
from etl.settings import Settings
from etl.sign_in import WECOM_GROUP, WecomSettings

#: How the browser of its app calls itself.
_APP = "wxwork"
#: Seconds before its end at which the key of the API is renewed, and for which departments and tags
#: are remembered.
_EARLY_S, KEPT_S = 300, 300
#: The codes of its API: the key has ended or was taken away; the code was used, or never was one.
_KEY_ENDED, _CODE_WRONG = (40014, 42001, 42009), (40029, 40030, 42003)
#: Nobody is called so any more, or whom the application may not see.
_UNKNOWN = (40003, 46004, 60011, 60111)
#: The state of a member who was locked out, and of one who has left.
_GONE = (2, 5)


@dataclass
class Wecom:
    """An application in 企业微信."""

    settings: Settings
    app: WecomSettings
    _lock: Lock = field(default_factory=Lock)
    _key: str = ""
    _key_ends_s: float = 0.0
    _members: dict[str, tuple[float, Any]] = field(default_factory=dict)

    def agree(self) -> dict[str, str]:
        return {}

    def is_inside(self, agent: str) -> bool:
        return _APP in agent.lower()

    def address(self, agreed: Mapping[str, str], state: str, back: str, is_inside: bool) -> str:
        if is_inside:
            query = {
                "appid": self.app.corp_id, "redirect_uri": back, "response_type": "code",
                "scope": "snsapi_base", "state": state, "agentid": self.app.agent_id,
            }  # fmt: skip
            place = f"{self.app.silent}/connect/oauth2/authorize"
            return f"{place}?{urlencode(query)}#wechat_redirect"
        query = {
            "login_type": "CorpApp", "appid": self.app.corp_id, "agentid": self.app.agent_id,
            "redirect_uri": back, "state": state,
        }  # fmt: skip
        return f"{self.app.qr}/wwlogin/sso/login?{urlencode(query)}"

    def identity(self, agreed: Mapping[str, str], told: Mapping[str, str], back: str) -> Identity:
        code = told.get("code", "")
        if not code:
            raise DoorError("door_provider", "企业微信 sent the browser back without a code.")
        who = self._asked("auth/getuserinfo", code=code)
        subject = str(who.get("userid") or who.get("UserId") or "")
        if not subject:
            raise _no_member("it is nobody of the enterprise")
        person = self._asked("user/get", userid=subject)
        if person.get("status") in _GONE:
            raise _no_member(f"{quoted(subject)} is locked out there, or has left")
        departments = {one for one in person.get("department") or () if isinstance(one, int)}
        mine = [
            group
            for group in self.settings.sign_in.roles
            if self._is_in(group, subject, departments)
        ]
        return Identity(subject, str(person.get("name") or subject), tuple(mine))

    def _is_in(self, group: str, subject: str, departments: set[int]) -> bool:
        named = WECOM_GROUP.fullmatch(group)
        if named is None:
            return False
        if named[1] == "department":
            return not departments.isdisjoint(self._below(named[2]))
        tag = self._kept(group, lambda: self._asked("tag/get", tagid=named[2]))
        people = {one.get("userid") for one in tag.get("userlist") or () if isinstance(one, dict)}
        # A tag may hold whole departments.
        held = {one for one in tag.get("partylist") or () if isinstance(one, int)}
        return subject in people or any(
            not departments.isdisjoint(self._below(str(one))) for one in held
        )

    def _below(self, department: str) -> set[int]:
        """A department and all below it."""
        found = self._kept(
            f"department:{department}", lambda: self._asked("department/simplelist", id=department)
        )
        listed = found.get("department_id") or ()
        below = {one.get("id") for one in listed if isinstance(one, dict)}
        return {int(department), *(one for one in below if isinstance(one, int))}

    def _kept(self, name: str, ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        asked_s, found = self._members.get(name, (0.0, {}))
        if not found or time.monotonic() - asked_s > KEPT_S:
            found = ask()
            self._members[name] = time.monotonic(), found
        known: Mapping[str, Any] = found
        return known

    def _asked(self, what: str, **given: str) -> Mapping[str, Any]:
        """An answer of the API; a DoorError in words where it names an error."""
        for is_last in (False, True):
            query = urlencode({"access_token": self._access(renewed=is_last), **given})
            found = asked(self.settings, f"{self.app.api}/cgi-bin/{what}?{query}")
            if is_last or found.get("errcode") not in _KEY_ENDED:
                return _fine(found, what)
        raise AssertionError("the last turn returns or raises")

    def _access(self, *, renewed: bool) -> str:
        """The key of the API, which is asked for once for two hours: it may be asked for seldom."""
        with self._lock:
            if renewed or time.monotonic() > self._key_ends_s:
                query = urlencode({"corpid": self.app.corp_id, "corpsecret": self.app.secret})
                found = asked(self.settings, f"{self.app.api}/cgi-bin/gettoken?{query}")
                found = _fine(found, "gettoken")
                lasts_s = found.get("expires_in")
                lasts_s = lasts_s if isinstance(lasts_s, int) else 0
                self._key = str(found.get("access_token") or "")
                self._key_ends_s = time.monotonic() + lasts_s - _EARLY_S
            return self._key


def _fine(found: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    code = found.get("errcode", 0)
    if code == 0:
        return found
    # Its words go on with a number of the request and a page that explains them.
    words = quoted(str(found.get("errmsg") or "").partition(", more info")[0])
    told = f"企业微信 answered {what} with an error ({quoted(code)}: {words})."
    if code in _CODE_WRONG:
        raise DoorError("door_used", told)
    if code in _UNKNOWN and what == "user/get":
        raise _no_member(told)
    raise DoorError("door_away", told, 503)


def _no_member(why: str) -> DoorError:
    return DoorError("door_no_role", f"No member whom the application sees: {why}.", 403)
