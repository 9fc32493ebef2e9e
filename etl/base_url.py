"""The public address of the site, as it stands in links: checked, and written in one way."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit

import idna

from etl.errors import SettingError, quoted

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8050
#: Addresses to listen at that mean every one of the machine, and one of them that can be opened.
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_STEP = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)
_MOST_LETTERS = 253


def base_url(text: str) -> str:
    """`text` as links begin with it: scheme and host in small letters, the host in ASCII, no port
    that goes without saying, no slash at the end. SettingError in words for what is no such
    address."""
    try:
        parts = _parts(text)
        scheme = parts.scheme.lower()
        if scheme not in _PORTS or not parts.netloc:
            raise ValueError("it must begin with http:// or https:// and a host")
        host, port = _host(parts), _port(parts)
        place = host if port in (None, _PORTS[scheme]) else f"{host}:{port}"
        return f"{scheme}://{place}{_path(parts.path)}"
    except ValueError as error:
        # What stands before an @ may be a password.
        shown = "" if "@" in text else f" '{quoted(text)}'"
        raise SettingError(
            f"XINZHI_BASE_URL:{shown} is no public address of a site: {error}. "
            "Write it like https://example.org or https://example.org/xinzhi."
        ) from None


def served_at(host: str, port: int) -> str:
    """The address at which a server that listens at `host` can be opened on the same machine."""
    host = EVERYWHERE.get(host, host).partition("%")[0]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _parts(text: str) -> SplitResult:
    """The parts of an address that holds nothing that is read in different ways."""
    if any(not c.isprintable() or c.isspace() or c == "\\" for c in text):
        raise ValueError("it holds a space, a backslash or a letter that is not seen")
    for sign, words in (("?", "no query"), ("#", "no fragment"), ("@", "no user and no password")):
        if sign in text:
            raise ValueError(f"it may hold {words} ({sign})")
    try:
        return urlsplit(text)
    except ValueError:
        raise ValueError("its host cannot be read") from None


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    try:
        if parts.netloc.startswith("[") and "%" not in host:
            return f"[{IPv6Address(host).compressed}]"
        if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2]):
            return str(IPv4Address(host))
    except AddressValueError:
        raise ValueError(f"its host '{quoted(host)}' is no IP address") from None
    if not host.isascii() or "xn--" in host:
        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            raise ValueError("its host is no name that the internet knows") from None
    if len(host) > _MOST_LETTERS or not all(map(_LABEL.fullmatch, host.split("."))):
        raise ValueError("its host is no name of letters, digits and hyphens between dots")
    return host


def _port(parts: SplitResult) -> int | None:
    place = parts.netloc.rpartition("]")[2]
    if ":" not in place:
        return None
    port = place.rpartition(":")[2]
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        raise ValueError("its port is no number from 1 to 65535")
    return int(port)


def _path(path: str) -> str:
    steps = [step for step in path.split("/") if step]
    if any(step in (".", "..") or not _STEP.fullmatch(step) for step in steps):
        raise ValueError("its path may hold words of letters, digits and -._~ between slashes")
    return "".join(f"/{step}" for step in steps)
