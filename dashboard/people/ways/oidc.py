"""OpenID Connect: discovery, the code flow with PKCE, state and nonce, and the claim that names
groups. authlib and joserfc know the protocol; here stands what this site asks of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from dashboard.people.network import ProviderError, asked
from dashboard.people.roles import DoorError
from dashboard.people.ways.way import Identity
from etl.errors import quoted
from etl.settings import Settings
from etl.sign_in import OidcSettings, is_safe

#: How a provider may sign: never with a secret that this site has too, and never not at all.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
              "EdDSA", "Ed25519")  # fmt: skip
#: Seconds by which two clocks may differ, and for which the provider's description is kept.
SKEW_S, KEPT_S = 120, 3600
#: The next look at the keys of a provider, for a key that is not known: not more often than this.
_AGAIN_S = 30
_SECRET_METHODS = ("client_secret_basic", "client_secret_post")
#: Depth to which a claim is followed: realm_access.roles.
_DEEP = 5


@dataclass
class OpenId:
    """The OpenID provider of a site."""

    settings: Settings
    provider: OidcSettings
    _lock: Lock = field(default_factory=Lock)
    _metadata: Mapping[str, Any] = field(default_factory=dict)
    _keys: KeySet | None = None
    _asked_s: float = -KEPT_S
    _keys_s: float = -KEPT_S

    def agree(self) -> dict[str, str]:
        return {"nonce": secrets.token_urlsafe(32), "verifier": secrets.token_urlsafe(48)}

    def is_inside(self, agent: str) -> bool:
        return False

    def address(self, agreed: Mapping[str, str], state: str, back: str, is_inside: bool) -> str:
        return str(
            prepare_grant_uri(
                self._described("authorization_endpoint"),
                self.provider.client_id,
                "code",
                redirect_uri=back,
                scope=self.provider.scopes,
                state=state,
                nonce=agreed["nonce"],
                code_challenge=create_s256_code_challenge(agreed["verifier"]),
                code_challenge_method="S256",
            )
        )

    def identity(self, agreed: Mapping[str, str], told: Mapping[str, str], back: str) -> Identity:
        if told.get("iss", self.provider.issuer) != self.provider.issuer:
            raise _forged("it comes from another provider")
        if "error" in told:
            raise ProviderError(
                f"The provider did not let you in. It says: {quoted(told['error'])}.",
                told["error"],
            )
        if not told.get("code"):
            raise _forged("it holds no code")
        answer = self._answer(told["code"], agreed["verifier"], back)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise _forged("the provider sent no id_token")
        claims = self._claims(token, agreed["nonce"], answer.get("access_token"))
        groups = _found(claims, self.provider.groups_claim)
        if groups is None:
            claims = {**self._told_besides(claims["sub"], answer.get("access_token")), **claims}
            groups = _found(claims, self.provider.groups_claim)
        named = ("name", "preferred_username", "nickname", "email")
        shown = next((str(claims[one]) for one in named if claims.get(one)), str(claims["sub"]))
        return Identity(str(claims["sub"]), shown, _names(groups))

    def _answer(self, code: str, verifier: str, back: str) -> Mapping[str, Any]:
        """What the provider gives for the code."""
        url, secret = self._described("token_endpoint"), self.provider.client_secret
        method = "none"
        if secret:
            known = self._metadata.get("token_endpoint_auth_methods_supported") or _SECRET_METHODS
            method = next((one for one in _SECRET_METHODS if one in known), _SECRET_METHODS[0])
        body = prepare_token_request(
            "authorization_code", "", back, code=code, code_verifier=verifier
        )
        auth = ClientAuth(self.provider.client_id, secret or "", method)
        url, headers, body = auth.prepare("POST", url, {}, body)
        return asked(self.settings, url, headers, body)

    def _claims(self, token: str, nonce: str, access_token: object) -> Mapping[str, Any]:
        """What the provider says of somebody, once it is sure that the provider says so, to this
        site, now, and in answer to this attempt."""
        issuer, client = self.provider.issuer, self.provider.client_id
        try:
            decoded = self._decoded(token)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {"iss": {"essential": True, "value": issuer},
                 "aud": {"essential": True, "value": client}},
                {"nonce": nonce, "client_id": client, "access_token": access_token},
            )  # fmt: skip
            claims.validate(now=int(time.time()), leeway=SKEW_S)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _forged(quoted(str(error) or type(error).__name__)) from None
        return claims

    def _decoded(self, token: str) -> jwt.Token:
        offered = self._metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        allowed = [name for name in ALGORITHMS if name in offered]
        if not allowed:  # and then the library would take its own
            raise _forged("the provider offers no way to sign that is safe")
        keys = self._key_set()
        try:
            return jwt.decode(token, keys, algorithms=allowed)
        except (JoseError, ValueError):
            newer = self._key_set(not_these=keys)  # the provider may have another one since
            if newer is keys:
                raise
            return jwt.decode(token, newer, algorithms=allowed)

    def _told_besides(self, subject: object, access_token: object) -> Mapping[str, Any]:
        """What the provider says besides of the same person, where it says anything."""
        url = self._metadata.get("userinfo_endpoint")
        if not isinstance(url, str) or not isinstance(access_token, str):
            return {}
        told = asked(self.settings, url, {"Authorization": f"Bearer {access_token}"})
        if told.get("sub") != subject:
            raise _forged("the provider tells of somebody else")
        return told

    def _described(self, name: str) -> str:
        """An address that the provider names in its description."""
        with self._lock:
            if time.monotonic() - self._asked_s > KEPT_S:
                url = get_well_known_url(self.provider.issuer, external=True)
                found = OpenIDProviderMetadata(asked(self.settings, url))
                if found.get("issuer") != self.provider.issuer:
                    raise DoorError(
                        "door_away",
                        f"The OpenID provider calls itself '{quoted(found.get('issuer'))}', and "
                        f"XINZHI_OIDC_ISSUER says {self.provider.issuer}; set it to what the "
                        "provider says.",
                        503,
                    )
                self._metadata, self._asked_s = found, time.monotonic()
            address = self._metadata.get(name)
        if not isinstance(address, str) or not is_safe(address):
            raise DoorError(
                "door_away", f"The OpenID provider names no safe address in {name}.", 503
            )
        return address

    def _key_set(self, not_these: KeySet | None = None) -> KeySet:
        """The keys of the provider; asked for again where they are old, or `not_these` and it was
        not just done."""
        url = self._described("jwks_uri")
        with self._lock:
            age_s = time.monotonic() - self._keys_s
            is_unwanted = not_these is not None and self._keys is not_these and age_s > _AGAIN_S
            if self._keys is None or age_s > KEPT_S or is_unwanted:
                self._keys = _known_keys(asked(self.settings, url))
                self._keys_s = time.monotonic()
            return self._keys


def _known_keys(found: Mapping[str, Any]) -> KeySet:
    """The keys of a set that can be used; of another kind there may be some besides."""
    keys: list[Any] = []
    listed = found.get("keys")
    for one in listed if isinstance(listed, list) else ():
        with suppress(JoseError, ValueError, TypeError, KeyError, AttributeError):
            keys += KeySet.import_key_set({"keys": [one]}).keys
    if not keys:
        raise DoorError("door_away", "The OpenID provider shows no key that can be used.", 503)
    return KeySet(keys)


def _forged(why: str) -> DoorError:
    return DoorError("door_provider", f"What came back from the provider is not accepted: {why}.")


def _found(claims: Mapping[str, Any], path: str) -> object:
    """What a claim holds; dots lead into it."""
    if path in claims:
        return claims[path]
    found: object = claims
    for step in path.split(".")[:_DEEP]:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _names(groups: object) -> tuple[str, ...]:
    if isinstance(groups, str):
        return (groups,)
    return tuple(one for one in groups if isinstance(one, str)) if isinstance(groups, list) else ()
