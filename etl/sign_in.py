"""How people sign in, as the settings say it: which ways there are, whom they ask, and which groups
have which role. Checked at the start; no secret in any sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

from etl.errors import SettingError, nearest, quoted

#: The ways in. `token` alone lets programs in, and nobody by a page; the others let both in.
WAYS = ("link", "proxy", "oidc", "wecom", "token")
#: The roles that a group can have; who has none may read what everyone reads.
ROLES = ("member", "editor", "operator")
#: A group that everybody is in who signs in.
ANYONE = "*"
#: How the groups of 企业微信 are written: a department with all below it, or a tag, by its number.
WECOM_GROUP = re.compile(r"(department|tag):(\d{1,10})", re.ASCII)
WECOM_API = "https://qyapi.weixin.qq.com"
WECOM_QR, WECOM_SILENT = "https://login.work.weixin.qq.com", "https://open.weixin.qq.com"
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}", re.ASCII)
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """An OpenID provider, and who this site is there. Without a secret it is a public client."""

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    scopes: str = "openid profile"
    groups_claim: str = "groups"


@dataclass(frozen=True, slots=True)
class WecomSettings:
    """An application in 企业微信. `qr` and `silent` are where its pages for signing in stand."""

    corp_id: str
    agent_id: str
    secret: str = field(repr=False)
    api: str = WECOM_API
    qr: str = WECOM_QR
    silent: str = WECOM_SILENT


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """A reverse proxy that has signed people in before they come here: the addresses it asks from,
    and the headers in which it names who asks and the groups they are in."""

    networks: tuple[Network, ...]
    user: str = "x-forwarded-user"
    name: str = "x-forwarded-preferred-username"
    groups: str = "x-forwarded-groups"

    def trusts(self, address: str) -> bool:
        """Whether what comes from this address of the network is believed."""
        found = plain_address(address)
        return found is not None and any(found in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class SignIn:
    """The ways in, and the role of each group; nobody signs in without a way."""

    ways: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    oidc: OidcSettings | None = None
    wecom: WecomSettings | None = None
    proxy: ProxySettings | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no sentence may repeat."""
        found = (self.oidc.client_secret if self.oidc else None,
                 self.wecom.secret if self.wecom else None)  # fmt: skip
        return tuple(filter(None, found))


NOBODY = SignIn()
#: One machine: who starts the program signs in by the link that it prints.
BY_LINK = SignIn(("link",))


def sign_in_settings(value: Callable[[str], str | None], base: str) -> SignIn:
    """The ways in that the settings name, `value` being one of them by its name without prefix and
    `base` the public address; a SettingError in words for what cannot be."""
    ways = _ways(value("SIGN_IN"))
    if not ways:
        return NOBODY
    public = urlsplit(base)
    if public.scheme != "https" and not is_loopback(public.hostname or "") and ways != ("token",):
        raise SettingError(
            f"XINZHI_SIGN_IN: people sign in over https alone, and XINZHI_BASE_URL is {base}; give "
            "it the https address of the site. Without https only a machine of one's own "
            "(127.0.0.1) will do."
        )
    found = SignIn(
        ways,
        _roles(value("ROLES")),
        _oidc(value) if "oidc" in ways else None,
        _wecom(value) if "wecom" in ways else None,
        _proxy(value) if "proxy" in ways else None,
    )
    if not found.roles and {"oidc", "wecom", "proxy"} & set(ways):
        raise SettingError(
            "XINZHI_ROLES: nobody would have a role; say which groups have one, like "
            "committee=member,editors=editor,admins=operator."
        )
    return found


def plain_address(text: str) -> IPv4Address | IPv6Address | None:
    """An address of the network, of IPv4 also where it is written as one of IPv6 or with a zone;
    None where it is none."""
    try:
        found = ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def is_loopback(host: str) -> bool:
    """Whether a host is the machine itself."""
    found = plain_address(host)
    return found.is_loopback if found else host == "localhost"


def is_safe(address: str) -> bool:
    """Whether secrets may be sent there: over https, or to the machine itself."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        return (
            bool(host)
            and "@" not in parts.netloc
            and (parts.port or 1) > 0
            and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))
        )
    except ValueError:
        return False


def _ways(text: str | None) -> tuple[str, ...]:
    named = tuple(dict.fromkeys((text or "").replace(",", " ").split()))
    if named == ("none",):
        return ()
    for name in named:
        if name not in WAYS:
            raise SettingError(
                f"XINZHI_SIGN_IN: '{quoted(name)}' is no way to sign in. {nearest(name, WAYS)}"
            )
    return named


def _roles(text: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in filter(None, map(str.strip, re.split("[,;]", text or ""))):
        group, sign, role = (part.strip() for part in one.rpartition("="))
        if not sign or not group or role not in ROLES:
            raise SettingError(
                f"XINZHI_ROLES: '{quoted(one)}' names no role of a group; write it like "
                f"GROUP=ROLE, several with commas. Roles: {', '.join(ROLES)}."
            )
        if group in found:
            raise SettingError(f"XINZHI_ROLES: the group '{quoted(group)}' stands there twice.")
        found[group] = role
    return found


def _needed(found: str | None, way: str, name: str, what: str) -> str:
    if found is None:
        raise SettingError(
            f"XINZHI_{name}: is missing, and XINZHI_SIGN_IN names {way}; it is {what}."
        )
    return found


def _oidc(value: Callable[[str], str | None]) -> OidcSettings:
    issuer = _needed(
        value("OIDC_ISSUER"), "oidc", "OIDC_ISSUER", "the address of the OpenID provider"
    )
    scopes = (value("OIDC_SCOPES") or "openid profile").replace(",", " ").split()
    return OidcSettings(
        _origin("OIDC_ISSUER", issuer, path=True),
        _needed(
            value("OIDC_CLIENT_ID"),
            "oidc",
            "OIDC_CLIENT_ID",
            "the name of this site at the provider",
        ),
        value("OIDC_CLIENT_SECRET"),
        " ".join(dict.fromkeys(("openid", *scopes))),
        value("OIDC_GROUPS") or "groups",
    )


def _wecom(value: Callable[[str], str | None]) -> WecomSettings:
    agent = _needed(
        value("WECOM_AGENT_ID"), "wecom", "WECOM_AGENT_ID", "the AgentId of the application (应用)"
    )
    if not (agent.isascii() and agent.isdigit()):
        raise SettingError(
            f"XINZHI_WECOM_AGENT_ID: '{quoted(agent)}' is no AgentId, which is a number."
        )
    for group in _roles(value("ROLES")):
        if group.startswith(("department:", "tag:")) and not WECOM_GROUP.fullmatch(group):
            raise SettingError(
                f"XINZHI_ROLES: '{quoted(group)}' is no group of 企业微信; write department:NUMBER "
                "or tag:NUMBER."
            )
    pages = value("WECOM_PAGES")
    one = _origin("WECOM_PAGES", pages, path=False) if pages else None
    return WecomSettings(
        _needed(
            value("WECOM_CORP_ID"), "wecom", "WECOM_CORP_ID", "the id of the enterprise (企业 ID)"
        ),
        agent,
        _needed(
            value("WECOM_SECRET"),
            "wecom",
            "WECOM_SECRET",
            "the secret of the application (应用 Secret)",
        ),
        _origin("WECOM_API", value("WECOM_API") or WECOM_API, path=False),
        one or WECOM_QR,
        one or WECOM_SILENT,
    )


def _proxy(value: Callable[[str], str | None]) -> ProxySettings:
    text = _needed(
        value("TRUSTED_PROXY"), "proxy", "TRUSTED_PROXY", "from which addresses the proxy asks"
    )
    networks: list[Network] = []
    for one in text.replace(",", " ").split():
        try:
            alone = plain_address(one)
            networks.append(ip_network(alone if alone else one))
        except ValueError:
            raise SettingError(
                f"XINZHI_TRUSTED_PROXY: '{quoted(one)}' is no address and no network; write it "
                "like 10.0.0.5 or 10.0.0.0/24."
            ) from None
        if not networks[-1].prefixlen:
            raise SettingError(
                f"XINZHI_TRUSTED_PROXY: '{quoted(one)}' is every address there is, so that anyone "
                "could say who they are; name the proxy alone."
            )
    usual = ProxySettings(tuple(networks))
    return ProxySettings(
        tuple(networks),
        _header("TRUSTED_PROXY_USER", value("TRUSTED_PROXY_USER"), usual.user),
        _header("TRUSTED_PROXY_NAME", value("TRUSTED_PROXY_NAME"), usual.name),
        _header("TRUSTED_PROXY_GROUPS", value("TRUSTED_PROXY_GROUPS"), usual.groups),
    )


def _header(name: str, text: str | None, usual: str) -> str:
    if text is None:
        return usual
    if not _HEADER.fullmatch(text):
        raise SettingError(f"XINZHI_{name}: '{quoted(text)}' is no name of a header.")
    return text.lower()


def _origin(name: str, text: str, *, path: bool) -> str:
    """An address of the provider, over https unless it is on this machine."""
    parts = urlsplit(text) if is_safe(text) else None
    if parts is None or parts.query or parts.fragment or (parts.path.strip("/") and not path):
        raise SettingError(
            f"XINZHI_{name}: is no address that can be asked safely; write it like "
            f"https://login.example.org{'/realms/news' if path else ''}."
        )
    return text if path else text.rstrip("/")
