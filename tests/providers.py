"""Those who let people in, on loopback: an OpenID provider and 企业微信, as their documents have
them. A test is the browser between them and the site."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

CLIENT_ID, CLIENT_SECRET = "xinzhi", "0penid-s3cret/&+"
CORP_ID, AGENT_ID, CORP_SECRET = "ww1234567890", "1000002", "wec0m-s3cret/&+"


def _query(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def new_key(kid: str) -> ECKey:
    """A key to sign with."""
    return ECKey.generate_key("P-256", {"kid": kid, "alg": "ES256", "use": "sig"})


@dataclass
class OpenIdProvider:
    """An OpenID provider. `claims` are said of who signs in; what is in `instead` replaces what the
    next ID token would say."""

    address: str = ""
    key: ECKey = field(default_factory=lambda: new_key("one"))
    #: What it signs with, where that is not the key it shows.
    signs_with: ECKey | OctKey | None = None
    algorithm: str = "ES256"
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "248289761001", "name": "李雷"})
    instead: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    called: str = ""
    #: How it says that it signs, what its set of keys holds besides, and whether its own is there.
    offers: list[str] = field(default_factory=lambda: ["ES256", "RS256"])
    besides: list[Any] = field(default_factory=list)
    shows_own: bool = True
    asked: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def signed_in(self, address: str) -> dict[str, str]:
        """Somebody signs in at the page of the site's link: with what the browser goes back."""
        asked = _query(address)
        assert urlsplit(address).path == "/authorize"
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = sha256(asked["state"].encode()).hexdigest()
        self._codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def answer(self, path: str, headers: Mapping[str, str], body: str) -> tuple[int, object]:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.called or self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "userinfo_endpoint": f"{self.address}/userinfo",
                "jwks_uri": f"{self.address}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": self.offers,
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }
        if path == "/keys":
            own = [self.key.as_dict(private=False)] if self.shows_own else []
            return 200, {"keys": [*self.besides, *own]}
        if path == "/userinfo":
            assert headers["Authorization"] == "Bearer access"
            return 200, {"sub": self.claims["sub"], **self.userinfo}
        assert path == "/token"
        return self._token(headers, {n: v[0] for n, v in parse_qs(body).items()})

    def _token(self, headers: Mapping[str, str], form: dict[str, str]) -> tuple[int, object]:
        who = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
        asked = self._codes.pop(form["code"], None)
        if who != f"{CLIENT_ID}:{CLIENT_SECRET}":
            return 401, {"error": "invalid_client"}
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        proof = sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(proof).decode().rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.address, "aud": CLIENT_ID, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], **self.claims, **self.instead,
        }  # fmt: skip
        key = self.signs_with or self.key
        head = {"alg": self.algorithm, "kid": key.kid}
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.algorithm == "none":
            parts = (json.dumps(one).encode() for one in (head, claims))
            token = ".".join(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in parts)
            return 200, {"id_token": f"{token}.", "access_token": "access"}
        token = jwt.encode(head, claims, key, algorithms=["ES256", "HS256"])
        return 200, {"id_token": token, "access_token": "access", "token_type": "Bearer"}


@dataclass
class FakeWecom:
    """企业微信: department 7 is below 2; `tags` hold people and departments."""

    address: str = ""
    departments: dict[int, list[int]] = field(default_factory=lambda: {2: [2, 7], 7: [7], 9: [9]})
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[int, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    ended: bool = False
    _keys: int = 0
    _codes: dict[str, str] = field(default_factory=dict)

    def signed_in(self, address: str, person: str) -> dict[str, str]:
        """Somebody scans the code, or opens the page in the app."""
        asked = _query(address)
        assert asked["appid"] == CORP_ID
        assert asked["agentid"] == AGENT_ID
        code = f"code-{len(self._codes)}"
        self._codes[code] = person
        return {"code": code, "state": asked["state"]}

    def answer(self, path: str, headers: Mapping[str, str], body: str) -> tuple[int, object]:
        asked = _query(path)
        what = urlsplit(path).path.removeprefix("/cgi-bin/")
        self.asked.append(what)
        if what == "gettoken":
            if (asked["corpid"], asked["corpsecret"]) != (CORP_ID, CORP_SECRET):
                return 200, {"errcode": 40001, "errmsg": "invalid credential, from ip: 10.0.0.7"}
            self._keys, self.ended = self._keys + 1, False
            return 200, {"errcode": 0, "access_token": f"key-{self._keys}", "expires_in": 7200}
        if self.ended or asked["access_token"] != f"key-{self._keys}":
            return 200, {"errcode": 42001, "errmsg": "access_token expired, hint: [1]"}
        if what == "auth/getuserinfo":
            person = self._codes.pop(asked["code"], None)
            if person is None:
                return 200, {"errcode": 40029, "errmsg": "invalid code, hint: [2]"}
            named = "userid" if person in self.people else "openid"
            return 200, {"errcode": 0, "errmsg": "ok", named: person}
        if what == "user/get":
            return 200, {"errcode": 0, **self.people[asked["userid"]]}
        if what == "department/simplelist":
            below = self.departments[int(asked["id"])]
            return 200, {"errcode": 0, "department_id": [{"id": one} for one in below]}
        assert what == "tag/get"
        return 200, {"errcode": 0, **self.tags[int(asked["tagid"])]}


class Answering(Protocol):
    """What answers requests."""

    address: str

    def answer(self, path: str, headers: Mapping[str, str], body: str) -> tuple[int, object]: ...


@contextmanager
def served(provider: Answering) -> Iterator[str]:
    """A provider at a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length).decode()
            status, told = provider.answer(self.path, dict(self.headers), body)
            sent = json.dumps(told, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *given: object) -> None:
            """Nothing: the tests say what they see."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    provider.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield provider.address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
