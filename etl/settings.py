"""Every setting, once: its environment variable, its default and what it is for."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import parse_qsl, quote, unquote

from etl.base_url import DEFAULT_HOST, DEFAULT_PORT, base_url, served_at
from etl.dsn import Dsn, address_parts, escaped_address, parse_dsn
from etl.errors import SettingError, quoted
from etl.sign_in import NOBODY, SignIn, sign_in_settings

PROJECT = Path(__file__).resolve().parents[1]
PREFIX = "XINZHI_"
#: Where the answers of sources lie, below the data folder or the place in the object store.
RAW = "raw"
_MAIL = re.compile(r"[A-Za-z0-9.!#$'*+/=^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
#: A host, optionally with a port, and nothing else.
_PLACE = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]%]+)(?::\d{1,5})?")
#: What precedes the host in an address, and the names of secrets in a query.
_USER_OF = re.compile(r"(\w://)[^\s'\"<>/]*@")
_KEY_IN = re.compile(
    r"(?i)([?&;](?:api_?key|key|token|access_token|secret|corpsecret|password|sign|sig|crumb)=)[^\s&;'\"<>]+"
)
#: A token of ours, wherever it stands, and what a header lets somebody in with.
_TOKEN = re.compile(r"\b(xinzhi-token-)[A-Za-z0-9_-]{16,}|(?i:\b(bearer ))[A-Za-z0-9._~+/=-]{8,}")
#: What replaces a secret in a sentence.
HIDDEN = "…"
#: The file in the published folder that names the current snapshot.
POINTER = "current.json"
#: How every reader opens a snapshot: it can reach nothing else, and that cannot be changed.
READ_ONLY: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "lock_configuration": True,
}

#: name without prefix -> (default in words, what it is for)
HELP: Mapping[str, tuple[str, str]] = {
    "DATA": ("data", "folder below which everything is written"),
    "CATALOG": ("indicators.yaml", "the catalog of indicators"),
    "BASE_URL": (
        "the address that is served, http://127.0.0.1:8050 without --host and --port",
        "public address, with a path where the site stands below one: what links, QR codes, "
        "previews and downloads begin with",
    ),
    "PROXY": (
        "HTTPS_PROXY, else none",
        "proxy of every outgoing request: http://USER:PASSWORD@HOST:PORT",
    ),
    "CA_BUNDLE": ("the certificates of the system", "PEM file that outgoing requests trust"),
    "CONTACT": ("none", "e-mail address that SEC asks for in the User-Agent"),
    "FRED_API_KEY": (
        "none",
        "key of the FRED API, which is then always asked: it tells when each value was published, "
        "and answers where FRED's page for files does not",
    ),
    "REGION": (
        "auto",
        "which sources are preferred and asked first: cn, those that answer in mainland China; "
        "intl, as the catalog has them; auto, as the catalog has them, and those last and briefly "
        "that have not answered in three runs",
    ),
    "EIA_API_KEY": (
        "none",
        "key of the EIA API, which is then asked instead of EIA's files",
    ),
    "TIMEOUT": ("8", "seconds one exchange with an upstream may take"),
    "RAW_DAYS": (
        "none: they are kept for ever",
        "days after which a run drops superseded answers of sources; `replay` then begins there",
    ),
    "ALERT_WEBHOOK": ("none", "address to which alerts are posted; it is a secret"),
    "ALERT_SHAPE": (
        "by the host of the address",
        "what is posted: wecom, dingtalk, feishu or slack",
    ),
    "ALERT_SECRET": (
        "none",
        "what messages to a robot of DingTalk or Feishu are signed with (加签); it is a secret",
    ),
    "ALERT_SMTP": ("none", "mail server for alerts: smtp://USER:PASSWORD@HOST:587 or smtps://…"),
    "ALERT_TO": ("none", "who gets alerts by e-mail; several with commas"),
    "ALERT_LATER": (
        "none",
        "which statements of bulletins are alerts when a value decides them only after their day: "
        "none, contradicted or all",
    ),
    "CORRECTIONS_TO": (
        "XINZHI_CONTACT, where it is an e-mail address",
        "who gets what readers report as a wrong number",
    ),
    "WAREHOUSE": (
        "warehouse.duckdb below XINZHI_DATA",
        "where the truth is kept: the path of a file, or a DuckLake with its catalog in "
        "PostgreSQL, ducklake:postgres:postgresql://USER:PASSWORD@HOST:5432/NAME, which needs the "
        "extra [lake]",
    ),
    "LAKE_FILES": (
        "lake below XINZHI_DATA",
        "where the data files of a DuckLake lie: a folder, or s3://BUCKET/PREFIX",
    ),
    "SNAPSHOTS": (
        "published below XINZHI_DATA",
        "where snapshots are published: a folder, or s3://BUCKET/PREFIX, whose snapshots readers "
        "fetch to `published` below their XINZHI_DATA",
    ),
    "COMMITTEE_SNAPSHOTS": (
        "committee below XINZHI_DATA, once anything is for the committee",
        "where the snapshots for the committee are published, which hold everything: a folder, or "
        "s3://BUCKET/PREFIX, whose snapshots readers fetch to `committee` below their XINZHI_DATA; "
        "never the place of the public ones",
    ),
    "ALERT_COMMITTEE": (
        "no",
        "whether alerts of what is for the committee are sent too, over the same channels: yes or "
        "no",
    ),
    "CACHE_MB": (
        "2048",
        "how many megabytes of fetched snapshots a reader keeps; the one that is served always",
    ),
    "S3_ENDPOINT": (
        "AWS_ENDPOINT_URL, else that of Amazon",
        "address of the object store: MinIO, OSS, COS and others",
    ),
    "S3_REGION": ("AWS_REGION, else us-east-1", "region of the object store"),
    "S3_KEY_ID": ("AWS_ACCESS_KEY_ID", "who asks the object store"),
    "S3_SECRET": ("AWS_SECRET_ACCESS_KEY", "secret key of the object store"),
    "STATE": (
        "the PostgreSQL of XINZHI_WAREHOUSE; else files below XINZHI_DATA",
        "what several machines must share, in PostgreSQL: receipts, the memory of alerts, and "
        "which machine leads; postgresql://USER:PASSWORD@HOST:5432/NAME",
    ),
    "SIGN_IN": (
        "none",
        "how people sign in, several with commas: link, a link that is printed at the start, for "
        "one machine; proxy, a reverse proxy that says who asks; oidc, OpenID Connect; wecom, "
        "企业微信; token, programs alone. Programs may sign in by a token beside every other way",
    ),
    "ROLES": (
        "none",
        "which groups of people have which role, like committee=member,editors=editor,"
        "admins=operator; * is everybody who signs in; groups of 企业微信 are department:NUMBER "
        "and tag:NUMBER",
    ),
    "OIDC_ISSUER": ("none", "address of the OpenID provider, as its tokens name it"),
    "OIDC_CLIENT_ID": ("none", "name of this site at the OpenID provider"),
    "OIDC_CLIENT_SECRET": ("none", "secret of this site at the OpenID provider, if it has one"),
    "OIDC_SCOPES": ("openid profile", "what the OpenID provider is asked for"),
    "OIDC_GROUPS": ("groups", "claim in which the OpenID provider names the groups of a person"),
    "WECOM_CORP_ID": ("none", "id of the enterprise in 企业微信 (企业 ID)"),
    "WECOM_AGENT_ID": ("none", "number of the application in 企业微信 (AgentId)"),
    "WECOM_SECRET": ("none", "secret of the application in 企业微信 (Secret)"),
    "WECOM_API": ("https://qyapi.weixin.qq.com", "where the API of 企业微信 is asked"),
    "WECOM_PAGES": (
        "https://login.work.weixin.qq.com for the QR code, https://open.weixin.qq.com in the app",
        "where the sign-in pages of a 企业微信 of one's own stand",
    ),
    "TRUSTED_PROXY": (
        "none",
        "addresses or networks from which the reverse proxy asks that says who signed in; from "
        "everywhere else its headers are ignored",
    ),
    "TRUSTED_PROXY_USER": ("x-forwarded-user", "header with the lasting name of who asks"),
    "TRUSTED_PROXY_NAME": ("x-forwarded-preferred-username", "header with the name to be shown"),
    "TRUSTED_PROXY_GROUPS": ("x-forwarded-groups", "header with the groups, between commas"),
    "DRAIN": (
        "0",
        "seconds that a server told to end (SIGTERM) still answers, while its /readyz says 503",
    ),
    "LOG": (
        "text",
        "how both programs write their log: text for people, or json, one object a line",
    ),
}
#: Of which statements that a value decided only after their day an editor is told.
LATER = ("none", "contradicted", "all")
#: Where a site stands, or that it may find out by itself what answers.
Region = Literal["cn", "intl", "auto"]
#: What precedes the address of a DuckLake's catalog.
LAKE = "ducklake:postgres:"
#: A bucket, and what the names of its objects begin with.
_BUCKET = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/[A-Za-z0-9_.=-]+)*)/?", re.ASCII)
_REGION = re.compile(r"[a-z0-9-]{2,40}", re.ASCII)
#: How a log can be written.
LOGS = ("text", "json")


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """A place in an object store: `name` the bucket, `prefix` what its names begin with."""

    name: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self.name}{f'/{self.prefix}' if self.prefix else ''}"


@dataclass(frozen=True, slots=True)
class ObjectAccess:
    """Where the object store answers, and who asks. Without an endpoint it is Amazon's."""

    endpoint: str | None
    region: str
    key_id: str | None = field(repr=False)
    secret: str | None = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Lake:
    """A warehouse kept as a DuckLake: its catalog, and where its data files lie."""

    catalog: Dsn
    files: Path | BucketAddress


NO_ACCESS = ObjectAccess(None, "us-east-1", None, None)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are, and how to reach the outside world."""

    data: Path
    catalog: Path
    base_url: str
    #: With user and password escaped, however they were written.
    proxy: str | None = field(repr=False)
    ca_bundle: Path | None
    contact: str | None
    fred_api_key: str | None = field(repr=False)
    timeout_s: float
    eia_api_key: str | None = field(default=None, repr=False)
    alert_webhook: str | None = field(default=None, repr=False)
    alert_shape: str | None = None
    alert_secret: str | None = field(default=None, repr=False)
    alert_smtp: str | None = field(default=None, repr=False)
    alert_to: tuple[str, ...] = ()
    alert_later: str = "none"
    corrections_to: str = ""
    raw_days: int | None = None
    log: str = "text"
    region: Region = "auto"
    snapshots: Path | BucketAddress | None = None
    committee_snapshots: Path | BucketAddress | None = None
    alert_committee: bool = False
    object_access: ObjectAccess = NO_ACCESS
    cache_mb: int = 2048
    warehouse_file: Path | None = None
    lake: Lake | None = None
    state_dsn: Dsn | None = None
    drain_s: float = 0
    sign_in: SignIn = NOBODY

    def without_secrets(self, sentence: str) -> str:
        """The sentence without keys, passwords, secret addresses, or the user of any address.
        Everything that a source or library says passes through here."""
        for secret in sorted(self._secrets(), key=len, reverse=True):
            sentence = sentence.replace(secret, HIDDEN)
        sentence = _TOKEN.sub(lambda found: f"{found[1] or found[2]}{HIDDEN}", sentence)
        return _KEY_IN.sub(rf"\g<1>{HIDDEN}", _USER_OF.sub(rf"\g<1>{HIDDEN}@", sentence))

    def _secrets(self) -> frozenset[str]:
        """Every form in which a secret of these settings can appear in a text."""
        store = self.object_access
        found = {self.fred_api_key or "", self.eia_api_key or "", self.alert_secret or "",
                 store.secret or "", store.token or "", store.key_id or "",
                 *self.sign_in.secrets}  # fmt: skip
        for dsn in (self.state_dsn, self.lake.catalog if self.lake else None):
            found.update(dsn.secrets if dsn else ())
        for address in (self.proxy, self.alert_smtp):
            user, _, password = address_parts(address or "")[1].partition(":")
            found |= {password or user, f"{user}:{password}" if password else ""}
        if self.alert_webhook:
            _, _, rest = self.alert_webhook.partition("://")
            path = rest.partition("/")[2]
            steps = [*re.split(r"[/?#&]", path), *(value for _, value in parse_qsl(path))]
            found |= {self.alert_webhook, path, *(step for step in steps if len(step) >= 16)}
        forms = {form for text in found for form in (text, unquote(text), quote(unquote(text), ""))}
        # A three-letter word occurs in half of all sentences, a single character in all of them.
        return frozenset(f for f in forms if len(f) > 3 or (len(f) > 1 and not f.isalnum()))

    @property
    def warehouse(self) -> Path:
        """The file of the warehouse, where it is no lake."""
        return self.warehouse_file or self.data / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """The folder of snapshots; with a bucket, where those fetched from it lie."""
        found = self.snapshots
        return found if isinstance(found, Path) else self.data / "published"

    @property
    def committee(self) -> Path:
        """The folder of snapshots for the committee; with a bucket, where those fetched from it
        lie."""
        found = self.committee_snapshots
        return found if isinstance(found, Path) else self.data / "committee"

    @property
    def answers(self) -> BucketAddress | None:
        """The bucket in which the answers of sources are kept, below `raw`; None where they lie in
        a folder. They hold what is for the committee too, so that they lie beside its snapshots
        where these have a bucket."""
        if not isinstance(self.snapshots, BucketAddress):
            return None
        committee = self.committee_snapshots
        return committee if isinstance(committee, BucketAddress) else self.snapshots

    @property
    def raw(self) -> Path:
        return self.data / RAW

    @property
    def lock(self) -> Path:
        return self.data / ".lock"

    @property
    def state(self) -> Path:
        """What is remembered between runs and can be lost without losing data."""
        return self.data / "state"

    @property
    def signs_in(self) -> bool:
        """Whether anyone can sign in."""
        return bool(self.sign_in.ways)

    @property
    def served(self) -> Path:
        """The dashboard's record of the files it has made."""
        return self.data / "served.sqlite"

    @property
    def served_to_members(self) -> Path:
        """The same of the files that were made for the committee."""
        return self.data / "served-committee.sqlite"

    @property
    def figures(self) -> Path:
        """The bundled figures: those below `data`, or else those that come with the project."""
        return self._authored("figures")

    @property
    def manual(self) -> Path:
        """The tables of series that are kept by hand."""
        return self._authored("manual")

    @property
    def register(self) -> Path:
        return self._authored("policies.csv")

    @property
    def corrections(self) -> Path:
        return self._authored("corrections.yaml")

    @property
    def bulletin_folders(self) -> tuple[Path, ...]:
        """Where bulletins are read; if two hold one day, the later folder wins."""
        folders = (PROJECT / "data" / "bulletins", self.data / "bulletins")
        return tuple(dict.fromkeys(folder.resolve() for folder in folders))

    def _authored(self, name: str) -> Path:
        own = self.data / name
        return own if own.exists() else PROJECT / "data" / name


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings from the environment; an unusable value is refused by name."""
    env = os.environ if environment is None else environment

    def value(name: str) -> str | None:
        return env.get(PREFIX + name, "").strip() or None

    def aws(name: str) -> str | None:
        """What clients of object stores are told by custom."""
        return env.get(f"AWS_{name}", "").strip() or None

    bundle = value("CA_BUNDLE")
    proxies = {"XINZHI_PROXY": value("PROXY"), "HTTPS_PROXY": env.get("HTTPS_PROXY"),
               "https_proxy": env.get("https_proxy")}  # fmt: skip
    name, proxy = next((one for one in proxies.items() if one[1]), ("", None))
    data = Path(value("DATA") or PROJECT / "data")
    lake, warehouse = _warehouse(value("WAREHOUSE"), value("LAKE_FILES"), data)
    state, public = (
        value("STATE"),
        base_url(value("BASE_URL") or served_at(DEFAULT_HOST, DEFAULT_PORT)),
    )
    snapshots = _place("XINZHI_SNAPSHOTS", value("SNAPSHOTS"))
    committee = _place("XINZHI_COMMITTEE_SNAPSHOTS", value("COMMITTEE_SNAPSHOTS"))
    _refuse_one_place(snapshots or data / "published", committee or data / "committee")
    return Settings(
        data=data,
        catalog=Path(value("CATALOG") or PROJECT / "indicators.yaml"),
        base_url=public,
        proxy=_proxy(name, proxy) if proxy else None,
        ca_bundle=_bundle(bundle) if bundle else None,
        contact=value("CONTACT"),
        fred_api_key=value("FRED_API_KEY"),
        eia_api_key=value("EIA_API_KEY"),
        timeout_s=_seconds("TIMEOUT", value("TIMEOUT") or "8"),
        alert_webhook=value("ALERT_WEBHOOK"),
        alert_shape=value("ALERT_SHAPE"),
        alert_secret=value("ALERT_SECRET"),
        alert_smtp=escaped_address(value("ALERT_SMTP") or "") or None,
        alert_to=tuple((value("ALERT_TO") or "").replace(",", " ").split()),
        alert_later=_later(value("ALERT_LATER") or "none"),
        corrections_to=_reports_to(value("CORRECTIONS_TO"), value("CONTACT")),
        raw_days=_days(value("RAW_DAYS")),
        log=_log(value("LOG") or "text"),
        region=_region(value("REGION") or "auto"),
        snapshots=snapshots,
        committee_snapshots=committee,
        alert_committee=_yes_or_no("ALERT_COMMITTEE", value("ALERT_COMMITTEE") or "no"),
        object_access=_object_access(
            value("S3_ENDPOINT") or aws("ENDPOINT_URL_S3") or aws("ENDPOINT_URL"),
            value("S3_REGION") or aws("REGION") or aws("DEFAULT_REGION") or "us-east-1",
            value("S3_KEY_ID") or aws("ACCESS_KEY_ID"),
            value("S3_SECRET") or aws("SECRET_ACCESS_KEY"),
            aws("SESSION_TOKEN"),
        ),
        cache_mb=_cache_mb(value("CACHE_MB") or "2048"),
        warehouse_file=warehouse,
        lake=lake,
        state_dsn=parse_dsn("XINZHI_STATE", state) if state else lake.catalog if lake else None,
        drain_s=_seconds("DRAIN", value("DRAIN") or "0", may_be_none=True),
        sign_in=sign_in_settings(value, public),
    )


def _warehouse(text: str | None, files: str | None, data: Path) -> tuple[Lake | None, Path | None]:
    """The lake or the file that the setting names; neither for the default."""
    place = _place("XINZHI_LAKE_FILES", files) or data / "lake"
    if text is None or not text.startswith("ducklake:"):
        if text is not None and re.match(r"\w{2,}:", text):
            raise SettingError(
                f"XINZHI_WAREHOUSE: is neither the path of a file nor an address that begins with "
                f"{LAKE}."
            )
        return None, Path(text) if text else None
    if not text.startswith(LAKE):
        raise SettingError(
            f"XINZHI_WAREHOUSE: the catalog of a DuckLake must be in PostgreSQL: {LAKE}"
            "postgresql://USER:PASSWORD@HOST:5432/NAME."
        )
    catalog = parse_dsn("XINZHI_WAREHOUSE", text.removeprefix(LAKE).strip())
    return Lake(catalog, place), None


def _place(setting: str, text: str | None) -> Path | BucketAddress | None:
    """A folder, or a bucket with a prefix."""
    if text is None:
        return None
    found = _BUCKET.fullmatch(text)
    if found:
        return BucketAddress(found[1], found[2].strip("/"))
    if re.match(r"\w{2,}:", text):
        raise SettingError(
            f"{setting}: is neither a folder nor a place in an object store, which is written "
            "s3://BUCKET/PREFIX (letters, digits, dots and hyphens)."
        )
    return Path(text)


def _refuse_one_place(public: Path | BucketAddress, committee: Path | BucketAddress) -> None:
    """A SettingError if readers of the public snapshots would find those for the committee."""
    if isinstance(public, Path) and isinstance(committee, Path):
        public, committee = public.resolve(), committee.resolve()
    if public == committee:
        raise SettingError(
            "XINZHI_COMMITTEE_SNAPSHOTS: is the place of the public snapshots; name another folder "
            "or another prefix."
        )


def _yes_or_no(name: str, text: str) -> bool:
    if text not in ("yes", "no"):
        raise SettingError(f"{PREFIX}{name}: '{quoted(text)}' is not allowed. Allowed: yes, no.")
    return text == "yes"


def _object_access(
    endpoint: str | None, region: str, key_id: str | None, secret: str | None, token: str | None
) -> ObjectAccess:
    if endpoint is not None:
        scheme, user, place = address_parts(endpoint)
        if scheme not in ("http", "https") or user or not _PLACE.fullmatch(place.rstrip("/")):
            raise SettingError(
                "XINZHI_S3_ENDPOINT: is no address of an object store; write it like "
                "https://oss-cn-hangzhou.aliyuncs.com or http://127.0.0.1:9000."
            )
        endpoint = f"{scheme}://{place.rstrip('/')}"
    if not _REGION.fullmatch(region):
        raise SettingError(f"XINZHI_S3_REGION: '{quoted(region)}' is no name of a region.")
    if (key_id is None) != (secret is None):
        raise SettingError(
            "XINZHI_S3_KEY_ID and XINZHI_S3_SECRET: one is missing; set both, or neither."
        )
    return ObjectAccess(endpoint, region, key_id, secret, token)


def _cache_mb(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and int(text) >= 1):
        raise SettingError(f"XINZHI_CACHE_MB: '{quoted(text)}' is not a number of megabytes.")
    return int(text)


def _proxy(name: str, text: str) -> str:
    """The proxy, with user and password escaped. An unusable value may hold a password and is not
    repeated."""
    scheme, user, place = address_parts(text)
    place = place.rstrip("/")
    port = place.rpartition(":")[2]
    fits = scheme in ("http", "https") and _PLACE.fullmatch(place)
    if not fits or (port.isdecimal() and not 0 < int(port) < 65536):
        raise SettingError(
            f"{name}: is no address of a proxy; write it like http://proxy.example:3128 or "
            "http://USER:PASSWORD@proxy.example:3128."
        )
    return escaped_address(f"{scheme}://{user}@{place}" if user else f"{scheme}://{place}")


def _reports_to(text: str | None, contact: str | None) -> str:
    """Who gets reports: the address that was set, or else the contact if it is an address, or else
    nobody."""
    if text is not None and not _MAIL.fullmatch(text):
        raise SettingError(f"XINZHI_CORRECTIONS_TO: '{quoted(text)}' is not one e-mail address.")
    return text or (contact if contact and _MAIL.fullmatch(contact) else "")


def _bundle(text: str) -> Path:
    try:
        ssl.create_default_context(cafile=text)
    except (OSError, ssl.SSLError):
        raise SettingError(f"XINZHI_CA_BUNDLE: {text} is not a PEM file of certificates.") from None
    return Path(text)


def _seconds(name: str, text: str, may_be_none: bool = False) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 600 or not (seconds or may_be_none):
        raise SettingError(
            f"{PREFIX}{name}: '{quoted(text)}' is not a number of seconds from 0 to 600."
        )
    return seconds


def _days(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 36_500):
        raise SettingError(f"XINZHI_RAW_DAYS: '{quoted(text)}' is not a number of days from 1 on.")
    return int(text)


def _later(text: str) -> str:
    if text not in LATER:
        raise SettingError(
            f"XINZHI_ALERT_LATER: '{quoted(text)}' is not allowed. Allowed: {', '.join(LATER)}."
        )
    return text


def _region(text: str) -> Region:
    for known in get_args(Region):
        if text == known:
            return known  # type: ignore[no-any-return]
    raise SettingError(
        f"XINZHI_REGION: '{quoted(text)}' is not allowed. Allowed: {', '.join(get_args(Region))}."
    )


def _log(text: str) -> str:
    if text not in LOGS:
        raise SettingError(f"XINZHI_LOG: '{quoted(text)}' is not allowed. Allowed: text, json.")
    return text
