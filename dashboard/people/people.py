"""People, their sessions and the tokens of their programs. Whoever asks is looked up again at each
request, so that a role that is taken away, a session that is ended and a token that is revoked
are gone at once."""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Self

from dashboard.http.asgi import Scope, header
from dashboard.people.cookies import Cookies, local_path
from dashboard.people.limits import BEGUN, FAILED, TryLimit
from dashboard.people.roles import DoorError, Person, Role
from dashboard.people.ways import ways_of
from dashboard.people.ways.way import Identity, Way
from dashboard.urls import Urls
from etl.errors import SettingError, plain_line, quoted
from etl.row_store import PEOPLE, Row, RowStore
from etl.settings import Settings
from etl.sign_in import ANYONE, SignIn

#: How long a session lasts, and how long it may stand idle.
SESSION_S, IDLE_S = 12 * 3600, 2 * 3600
#: How long a one-time link, and an attempt at a provider, may be finished.
LINK_S, ATTEMPT_S = 15 * 60, 10 * 60
#: A session is noted as used once a minute, a token once an hour.
_SEEN_S, _USED_S = 60, 3600
#: The most attempts that are under way; the oldest make room.
MOST_ATTEMPTS = 10_000
#: How tokens begin, so that logs and scanners know them, and days that they last at most.
TOKEN, MOST_DAYS = "xinzhi-token-", 400
#: What a token may be let do, and the role that this is.
SCOPES: Mapping[str, Role] = {
    "read": Role.MEMBER,
    "edit": Role.EDITOR,
    "operate": Role.OPERATOR,
}
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_MOST_LETTERS, _MOST_NAME, _MOST_GROUPS = 80, 255, 500
_OPERATOR_BY_LINK = "operator"


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody who has signed in at least once. `most` is what an operator holds them down to."""

    name: str
    shown: str
    way: str
    role: Role
    most: Role | None
    first_at: datetime
    seen_at: datetime
    sessions: int


@dataclass(frozen=True, slots=True)
class KnownSession:
    """One browser of somebody who is signed in."""

    number: str
    name: str
    shown: str
    agent: str
    made_at: datetime
    seen_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What lets a program in; the token itself is known to nobody but who has it."""

    number: str
    label: str
    scopes: tuple[str, ...]
    made_by: str
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class WhoAsks:
    """What is known of who sends a request; a cookie that is worth nothing is to be dropped."""

    person: Person | None = None
    drops_cookie: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that a provider has to finish: what was agreed on, and where it leads."""

    way: str
    agreed: Mapping[str, str] = field(repr=False)
    next: str


class People:
    """The people of a site. Every method asks the store, and raises a StorageError in words where
    that cannot be asked; only `carries` does not."""

    def __init__(
        self,
        sign_in: SignIn,
        store: RowStore,
        urls: Urls,
        ways: Mapping[str, Way],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.sign_in, self.urls, self.ways = sign_in, urls, ways
        self.cookies = Cookies.of(urls.base)
        self._store, self._clock = store, clock
        #: How often sign-ins may begin, and fail, from one address.
        self.begun = TryLimit("begun", BEGUN, store, clock)
        self.failed = TryLimit("failed", FAILED, store, clock)
        self._csrf_key = b""
        proxy = sign_in.proxy
        self._header = proxy.user.encode() if proxy else b""

    @classmethod
    def of(cls, settings: Settings, clock: Callable[[], float] = time.time) -> Self:
        """The people of the site that `settings` describe."""
        urls, ways = Urls.of(settings), ways_of(settings)
        return cls(settings.sign_in, PEOPLE.of(settings), urls, ways, clock)

    # Who asks

    @property
    def told_by(self) -> bytes:
        """The headers of a request that say who sends it, as `Vary` names them."""
        return b", ".join(filter(None, (b"Cookie", b"Authorization", self._header)))

    def carries(self, scope: Scope) -> bool:
        """Whether a request says who sends it, rightly or not. It costs a look at its headers."""
        for name, value in scope["headers"]:
            if name == b"authorization":
                return True
            if name == b"cookie" and self.cookies.session.encode() in value:
                return True
            if self._header and name == self._header:
                return True
        return False

    def who_asks(self, scope: Scope) -> WhoAsks:
        """Who sends a request: by a token, by the header of a trusted proxy, or by a cookie. A
        DoorError for a token that lets nobody in (what it asks for would be another answer without
        it), and for headers of the proxy that cannot be believed."""
        kind, _, token = header(scope, b"authorization").partition(b" ")
        # What a proxy in front lets people in with may stand there too, and is none of ours.
        if kind.lower() == b"bearer" and token.startswith(TOKEN.encode()):
            return WhoAsks(self._by_token(token.decode("latin-1").strip()))
        person = self._by_proxy(scope)
        if person is not None:
            return WhoAsks(person)
        cookie = self.cookies.read(scope, self.cookies.session)
        if cookie is None:
            return WhoAsks()
        person = self._by_session(cookie)
        return WhoAsks(person, person is None)

    def _by_session(self, cookie: str) -> Person | None:
        now = self._clock()
        if not _SECRET.fullmatch(cookie):
            return None
        rows = self._store.ask(
            "select s.id, s.number, s.seen_at, p.name, p.shown, p.way, p.groups, p.most "
            "from people_sessions s join people p on p.name = s.name "
            "where s.id = ? and s.ends_at > ? and s.seen_at > ?",
            _hash(cookie), now, now - IDLE_S,
        )  # fmt: skip
        for key, number, seen_at, name, shown, way, groups, most in rows:
            if way not in self.sign_in.ways:
                return None
            if now - seen_at > _SEEN_S:
                self._store.ask("update people_sessions set seen_at = ? where id = ?", now, key)
            role = self._role(way, json.loads(groups), most)
            return Person(name, shown, role, way, number, self._csrf(key))
        return None

    def _by_proxy(self, scope: Scope) -> Person | None:
        proxy, client = self.sign_in.proxy, scope.get("client")
        if proxy is None or not client or not proxy.trusts(client[0]):
            return None
        user = _told(scope, proxy.user)
        if not user:
            return None
        shown, groups = _told(scope, proxy.name), _told(scope, proxy.groups)
        identity = Identity(user, shown or user, tuple(re.split("[,;|]", groups)))
        return self._noted("proxy", self._tidy(identity))

    def _noted(self, way: str, identity: Identity) -> Person:
        """Somebody whom each request names anew, noted once a minute or when something changed."""
        now, name = self._clock(), f"{way}:{identity.subject}"
        groups = json.dumps(identity.groups, ensure_ascii=False)
        rows = self._store.ask(
            "select most, seen_at, shown, groups from people where name = ?", name
        )
        most, seen_at, *held = rows[0] if rows else (None, 0.0)
        if held != [identity.shown, groups] or now - seen_at > _SEEN_S:
            self._keep(way, identity)
        role = self._role(way, identity.groups, most)
        return Person(name, identity.shown, role, way, "", self._csrf(name))

    def _by_token(self, token: str) -> Person:
        now, rows = self._clock(), list[Row]()
        if _SECRET.fullmatch(token.removeprefix(TOKEN)):
            rows += self._store.ask(
                "select t.id, t.number, t.label, t.scopes, t.made_by, t.used_at, p.way, p.groups, "
                "p.most from people_tokens t left join people p on p.name = t.made_by "
                "where t.id = ? and t.ends_at > ? and (t.made_by = '' or p.name is not null)",
                _hash(token), now,
            )  # fmt: skip
        for key, number, label, scopes, made_by, used_at, way, groups, most in rows:
            role = max((SCOPES[one] for one in scopes.split()), default=Role.READER)
            if made_by:  # no token may more than who made it
                role = min(role, self._role(way, json.loads(groups), most))
            if role is Role.READER:
                break
            if now - (used_at or 0) > _USED_S:
                self._store.ask("update people_tokens set used_at = ? where id = ?", now, key)
            return Person(f"token:{number}", label, role, "token", number)
        raise DoorError("door_token", status=401)

    def _role(self, way: str, groups: Iterable[str], most: int | None) -> Role:
        if way not in self.sign_in.ways:
            role = Role.READER
        elif way == "link":
            role = Role.OPERATOR
        else:
            mine = {*groups, ANYONE}
            named = (Role[role.upper()] for group, role in self.sign_in.roles.items()
                     if group in mine)  # fmt: skip
            role = max(named, default=Role.READER)
        return role if most is None else min(role, Role(most))

    def _known_role(self, name: str) -> Role | None:
        """The role of somebody by what is known of them; None of somebody who never came."""
        rows = self._store.ask("select way, groups, most from people where name = ?", name)
        return next((self._role(way, json.loads(held), most) for way, held, most in rows), None)

    def _tidy(self, identity: Identity) -> Identity:
        """What a way says of somebody, as plain bounded lines. Of very many groups those are kept
        first that have a role here."""
        subject = identity.subject.strip()
        if not _is_plain(subject):
            raise DoorError(
                "door_provider",
                f"Somebody is named '{quoted(subject)}', which is no name of at most {_MOST_NAME} "
                "printable characters.",
            )
        plain = dict.fromkeys(filter(_is_plain, map(str.strip, identity.groups)))
        groups = sorted(plain, key=lambda one: one not in self.sign_in.roles)[:_MOST_GROUPS]
        return Identity(subject, _line(identity.shown) or subject, tuple(groups))

    def _csrf(self, bound_to: str) -> str:
        """What only a page that was made for this session knows."""
        if not self._csrf_key:
            self._store.ask(
                "insert into people_secrets values ('csrf', ?) on conflict do nothing",
                secrets.token_hex(32),
            )
            rows = self._store.ask("select body from people_secrets where name = 'csrf'")
            self._csrf_key = bytes.fromhex(rows[0][0])
        return hmac.new(self._csrf_key, bound_to.encode(), sha256).hexdigest()

    # Signing in and out

    def sign_in_by(self, way: str, identity: Identity, agent: str) -> tuple[Person, str]:
        """Begin a session of somebody whom a way has let in: who that is, and the cookie; a
        DoorError for somebody who has no role here."""
        now, identity = self._clock(), self._tidy(identity)
        name = f"{way}:{identity.subject}"
        before, most = self._known_role(name), self._keep(way, identity)
        role = self._role(way, identity.groups, most)
        if before not in (None, role):
            self.end_sessions(name)
        if role is Role.READER:
            why = f"has no role; the groups told are: {quoted(', '.join(identity.groups))}"
            if most == Role.READER:
                why = "is held to the role reader by an operator"
            raise DoorError("door_no_role", f"{name} {why}.", 403)
        cookie, number = secrets.token_urlsafe(32), secrets.token_hex(4)
        key = _hash(cookie)
        self._store.ask(
            "delete from people_sessions where ends_at <= ? or seen_at <= ?", now, now - IDLE_S
        )
        self._store.ask(
            "insert into people_sessions values (?, ?, ?, ?, ?, ?, ?)",
            key, number, name, _line(agent), now, now, now + SESSION_S,
        )  # fmt: skip
        return Person(name, identity.shown, role, way, number, self._csrf(key)), cookie

    def _keep(self, way: str, identity: Identity) -> int | None:
        """Note somebody who came in; what an operator holds them down to."""
        now = self._clock()
        rows = self._store.ask(
            "insert into people values (?, ?, ?, ?, null, ?, ?) on conflict (name) do update set "
            "shown = excluded.shown, groups = excluded.groups, seen_at = excluded.seen_at "
            "returning most",
            f"{way}:{identity.subject}", identity.shown, way,
            json.dumps(identity.groups, ensure_ascii=False), now, now,
        )  # fmt: skip
        found: int | None = rows[0][0]
        return found

    def leads_to(self, text: str) -> str:
        """The path within the site to go to after signing in, with or without the path in front of
        every address; a DoorError for what is none."""
        return self.urls.within(local_path(text)) or "/"

    def one_time_link(self, next: str = "/") -> str:
        """The whole address that lets its first visitor in as operator, within `LINK_S` seconds."""
        key = secrets.token_urlsafe(32)
        self._attempt(key, Attempt("link", {}, self.leads_to(next)), LINK_S)
        return self.urls.online.to(f"/sign-in/link?key={key}")

    def take_link(self, key: str, agent: str) -> tuple[Person, str, str]:
        """Sign in by a one-time link: who that is, the cookie, and where to go; a DoorError where
        it was used, is too old, or never was one."""
        attempt = self.take_attempt("link", key)
        shown = Identity(_OPERATOR_BY_LINK, _OPERATOR_BY_LINK)
        return *self.sign_in_by("link", shown, agent), attempt.next

    def begin(self, attempt: Attempt) -> tuple[str, str]:
        """Remember an attempt until the provider sends its browser back: the `state` for the
        provider, and the secret for the cookie of the browser; neither is enough alone."""
        state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._attempt(state + browser, attempt, ATTEMPT_S)
        return state, browser

    def _attempt(self, key: str, attempt: Attempt, lasts_s: int) -> None:
        now = self._clock()
        self._store.ask("delete from people_attempts where ends_at <= ?", now)
        self._store.ask(
            "delete from people_attempts where (select count(*) from people_attempts) >= ? "
            "and ends_at = (select min(ends_at) from people_attempts)",
            MOST_ATTEMPTS,
        )
        body = json.dumps({"agreed": dict(attempt.agreed), "next": attempt.next})
        self._store.ask(
            "insert into people_attempts values (?, ?, ?, ?)",
            _hash(key), attempt.way, body, now + lasts_s,
        )  # fmt: skip

    def take_attempt(self, way: str, key: str) -> Attempt:
        """The attempt of a link (`key`) or of a provider (state and the browser's secret), which is
        used up by this; a DoorError where there is none."""
        rows: Sequence[Row] = ()
        if len(key) in (43, 86) and key.isascii():
            rows = self._store.ask(
                "delete from people_attempts where id = ? and way = ? and ends_at > ? "
                "returning body",
                _hash(key), way, self._clock(),
            )  # fmt: skip
        if not rows:
            raise DoorError("door_used")
        body: Mapping[str, Any] = json.loads(rows[0][0])
        return Attempt(way, body["agreed"], body["next"])

    def end_session(self, number: str, name: str | None = None) -> bool:
        """End one session, of `name` where that is given; whether there was one."""
        return bool(
            self._store.ask(
                "delete from people_sessions where number = ? and name = coalesce(?, name) "
                "returning number",
                number, name,
            )
        )  # fmt: skip

    def end_sessions(self, name: str) -> int:
        """Sign somebody out everywhere; how many sessions that were."""
        query = "delete from people_sessions where name = ? returning number"
        return len(self._store.ask(query, name))

    # What is known

    def everyone(self) -> list[KnownPerson]:
        """Everyone who has signed in, who came last first."""
        now = self._clock()
        rows = self._store.ask(
            "select p.name, p.shown, p.way, p.groups, p.most, p.first_at, p.seen_at, "
            "(select count(*) from people_sessions s where s.name = p.name and s.ends_at > ? "
            "and s.seen_at > ?) from people p order by p.seen_at desc limit 1000",
            now, now - IDLE_S,
        )  # fmt: skip
        return [
            KnownPerson(
                name, shown, way, self._role(way, json.loads(groups), most),
                None if most is None else Role(most), _moment(first), _moment(seen), count,
            )
            for name, shown, way, groups, most, first, seen, count in rows
        ]  # fmt: skip

    def sessions(self, name: str | None = None) -> list[KnownSession]:
        """The sessions that go on, of one person or of all, the newest first."""
        now = self._clock()
        rows = self._store.ask(
            "select s.number, s.name, p.shown, s.agent, s.made_at, s.seen_at, s.ends_at "
            "from people_sessions s join people p on p.name = s.name where s.ends_at > ? "
            "and s.seen_at > ? and s.name = coalesce(?, s.name) order by s.made_at desc limit 1000",
            now, now - IDLE_S, name,
        )  # fmt: skip
        return [KnownSession(*words, *map(_moment, moments)) for *words, a, b, c in rows
                for moments in [(a, b, c)]]  # fmt: skip

    def hold_down(self, name: str, most: Role | None) -> bool:
        """Let somebody be no more than `most`, whatever their groups say (READER shuts them out);
        None lets them be what their groups say. Who has another role by that signs in anew.
        Whether there is such a person."""
        before = self._known_role(name)
        query = "update people set most = ? where name = ?"
        self._store.ask(query, None if most is None else int(most), name)
        if before != self._known_role(name):
            self.end_sessions(name)
        return before is not None

    # Tokens

    def make_token(
        self, label: str, scopes: Iterable[str], days: int, made_by: str = ""
    ) -> tuple[str, ApiToken]:
        """A new token, which is told this once, and what is known of it; a SettingError for what
        no token can be. It never may more than who made it."""
        chosen, label = tuple(dict.fromkeys(scopes)), _line(label)
        for one in chosen:
            if one not in SCOPES:
                raise SettingError(f"scope: '{quoted(one)}' is not allowed. Allowed: "
                                   f"{', '.join(SCOPES)}.")  # fmt: skip
        if not chosen or not label:
            raise SettingError("A token needs a label that says what it is for, and a scope.")
        if not 1 <= days <= MOST_DAYS:
            raise SettingError(f"days: a token lasts from 1 to {MOST_DAYS} days.")
        token, number = TOKEN + secrets.token_urlsafe(32), secrets.token_hex(4)
        now = self._clock()
        ends = now + days * 86400
        self._store.ask(
            "insert into people_tokens values (?, ?, ?, ?, ?, ?, ?, null)",
            _hash(token), number, label, " ".join(chosen), made_by, now, ends,
        )  # fmt: skip
        return token, ApiToken(number, label, chosen, made_by, _moment(now), _moment(ends), None)

    def tokens(self) -> list[ApiToken]:
        """Every token that has not ended, the newest first."""
        rows = self._store.ask(
            "select number, label, scopes, made_by, made_at, ends_at, used_at from people_tokens "
            "where ends_at > ? order by made_at desc limit 1000",
            self._clock(),
        )
        return [
            ApiToken(
                number, label, tuple(scopes.split()), made_by, _moment(made), _moment(ends),
                None if used is None else _moment(used),
            )
            for number, label, scopes, made_by, made, ends, used in rows
        ]  # fmt: skip

    def revoke_token(self, number: str) -> bool:
        """End a token; whether there was one."""
        query = "delete from people_tokens where number = ? returning number"
        return bool(self._store.ask(query, number))


def _hash(secret: str) -> str:
    """What is kept of a secret. All are 256 bits of chance, so that nothing slower is needed."""
    return sha256(secret.encode()).hexdigest()


def _told(scope: Scope, name: str) -> str:
    """What the trusted proxy says in a header; a DoorError where it cannot be what it said."""
    found = [value for key, value in scope["headers"] if key == name.encode()]
    if len(found) > 1:
        raise DoorError(
            "door_proxy",
            f"{name} stands {len(found)} times in a request of the trusted proxy, which must take "
            "away what browsers send.",
        )
    try:
        return b"".join(found).decode("utf-8").strip()
    except UnicodeDecodeError:
        raise DoorError("door_proxy", f"{name} of the trusted proxy is no UTF-8.") from None


def _is_plain(text: str) -> bool:
    """Whether a name is kept as it stands: shortened, it could be that of somebody else."""
    return 0 < len(text) <= _MOST_NAME and plain_line(text) == text


def _line(text: str) -> str:
    return plain_line(text[: 4 * _MOST_LETTERS])[:_MOST_LETTERS]


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)
