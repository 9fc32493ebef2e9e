"""Every setting, once: its name in the environment, its default and what it is for."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from etl.errors import SettingError

PROJECT = Path(__file__).resolve().parents[1]
PREFIX = "XINZHI_"
_MAIL = re.compile(r"[A-Za-z0-9.!#$'*+/=^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
#: The file in the published folder that names the current snapshot.
POINTER = "current.json"
#: How every reader opens a snapshot: it can reach nothing else, and nobody can change that.
READ_ONLY: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "lock_configuration": True,
}

#: name without prefix -> (default in words, what it is for)
HELP: Mapping[str, tuple[str, str]] = {
    "DATA": ("data", "folder below which everything is written"),
    "CATALOG": ("indicators.yaml", "the catalog of indicators"),
    "BASE_URL": ("http://127.0.0.1:8050", "public origin in links and downloads"),
    "PROXY": ("HTTPS_PROXY, else none", "proxy of every outgoing request"),
    "CA_BUNDLE": ("the certificates of the system", "PEM file that outgoing requests trust"),
    "CONTACT": ("none", "e-mail address that SEC asks for in the User-Agent"),
    "FRED_API_KEY": (
        "none",
        "key of the FRED API: the first load of a series then knows when each value was published",
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
    "ALERT_SMTP": ("none", "mail server for alerts: smtp://USER:PASSWORD@HOST:587 or smtps://…"),
    "ALERT_TO": ("none", "who gets alerts by e-mail; several with commas"),
    "CORRECTIONS_TO": (
        "XINZHI_CONTACT, where it is an e-mail address",
        "who gets what readers report as a wrong number",
    ),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and how the world outside is reached."""

    data: Path
    catalog: Path
    base_url: str
    proxy: str | None
    ca_bundle: Path | None
    contact: str | None
    fred_api_key: str | None
    timeout_s: float
    alert_webhook: str | None = field(default=None, repr=False)
    alert_shape: str | None = None
    alert_smtp: str | None = field(default=None, repr=False)
    alert_to: tuple[str, ...] = ()
    corrections_to: str = ""
    raw_days: int | None = None

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.data / "published"

    @property
    def raw(self) -> Path:
        return self.data / "raw"

    @property
    def lock(self) -> Path:
        return self.data / ".lock"

    @property
    def state(self) -> Path:
        """What is remembered from one run to the next and can be lost without loss of data."""
        return self.data / "state"

    @property
    def served(self) -> Path:
        """The dashboard's record of the files it has made."""
        return self.data / "served.sqlite"

    @property
    def figures(self) -> Path:
        """The bundled figures: those below `data`, else those that come with the project."""
        return self._authored("figures")

    @property
    def register(self) -> Path:
        return self._authored("policies.csv")

    @property
    def corrections(self) -> Path:
        return self._authored("corrections.yaml")

    @property
    def bulletin_folders(self) -> tuple[Path, ...]:
        """Where bulletins are read; where two hold one day, the later folder wins."""
        folders = (PROJECT / "data" / "bulletins", self.data / "bulletins")
        return tuple(dict.fromkeys(folder.resolve() for folder in folders))

    def _authored(self, name: str) -> Path:
        own = self.data / name
        return own if own.exists() else PROJECT / "data" / name


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment; an unusable value is refused by name."""
    env = os.environ if environment is None else environment

    def value(name: str) -> str | None:
        return env.get(PREFIX + name, "").strip() or None

    bundle = value("CA_BUNDLE")
    proxy = value("PROXY") or env.get("HTTPS_PROXY") or env.get("https_proxy") or None
    return Settings(
        data=Path(value("DATA") or PROJECT / "data"),
        catalog=Path(value("CATALOG") or PROJECT / "indicators.yaml"),
        base_url=(value("BASE_URL") or "http://127.0.0.1:8050").rstrip("/"),
        proxy=_proxy(proxy) if proxy else None,
        ca_bundle=_bundle(bundle) if bundle else None,
        contact=value("CONTACT"),
        fred_api_key=value("FRED_API_KEY"),
        timeout_s=_seconds(value("TIMEOUT") or "8"),
        alert_webhook=value("ALERT_WEBHOOK"),
        alert_shape=value("ALERT_SHAPE"),
        alert_smtp=value("ALERT_SMTP"),
        alert_to=tuple((value("ALERT_TO") or "").replace(",", " ").split()),
        corrections_to=_reports_to(value("CORRECTIONS_TO"), value("CONTACT")),
        raw_days=_days(value("RAW_DAYS")),
    )


def _proxy(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingError(
            f"XINZHI_PROXY: '{text}' is not a proxy; write it like http://proxy.example:3128."
        )
    return text


def _reports_to(text: str | None, contact: str | None) -> str:
    """Who is written to: the address that was set, else the contact if it is one, else nobody."""
    if text is not None and not _MAIL.fullmatch(text):
        raise SettingError(f"XINZHI_CORRECTIONS_TO: '{text[:80]}' is not one e-mail address.")
    return text or (contact if contact and _MAIL.fullmatch(contact) else "")


def _bundle(text: str) -> Path:
    try:
        ssl.create_default_context(cafile=text)
    except (OSError, ssl.SSLError):
        raise SettingError(f"XINZHI_CA_BUNDLE: {text} is not a PEM file of certificates.") from None
    return Path(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 600:
        raise SettingError(f"XINZHI_TIMEOUT: '{text}' is not a number of seconds from 0 to 600.")
    return seconds


def _days(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 36_500):
        raise SettingError(f"XINZHI_RAW_DAYS: '{text[:40]}' is not a number of days from 1 on.")
    return int(text)
