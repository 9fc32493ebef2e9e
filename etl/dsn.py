"""Addresses that hold a password, read however it was written; where a PostgreSQL is and who asks
it. The password appears in no sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, unquote_to_bytes

from etl.errors import SettingError

#: What may be set of a connection besides where it goes and who asks.
OPTIONS = frozenset({
    "application_name", "channel_binding", "connect_timeout", "gssencmode", "hostaddr", "options",
    "sslcert", "sslcrl", "sslkey", "sslmode", "sslpassword", "sslrootcert", "target_session_attrs",
})  # fmt: skip
_SCHEMES = ("postgresql://", "postgres://")


@dataclass(frozen=True, slots=True)
class Dsn:
    """One PostgreSQL database. `conninfo` is for libpq and holds the password; `shown` is for
    people and holds none."""

    host: str
    port: str
    database: str
    user: str
    conninfo: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def shown(self) -> str:
        """The address without user, password and options."""
        place = f"{self.host or 'localhost'}{f':{self.port}' if self.port else ''}"
        return f"postgresql://{place}/{self.database}"


def parse_dsn(setting: str, text: str) -> Dsn:
    """The database that `postgresql://USER:PASSWORD@HOST:PORT/NAME` or `host=… dbname=…` names; a
    SettingError that names the setting, and repeats nothing of the text, which may hold a
    password."""
    # It takes a tenth of a second to load, which who names no PostgreSQL need not wait for.
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    address = escaped_address(text) if text.lower().startswith(_SCHEMES) else text
    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(address).items() if value}
    except (ProgrammingError, ValueError):
        parts = {}
    known = {"host", "port", "dbname", "user", "password", "passfile", "service"} | OPTIONS
    port = parts.get("port", "")
    wrong = (
        not parts.get("dbname")
        or not known.issuperset(parts)
        or (port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536))
    )
    if wrong:
        raise SettingError(
            f"{setting}: is no address of a PostgreSQL database; write it like "
            "postgresql://USER:PASSWORD@db.example:5432/NAME or "
            "'host=db.example dbname=NAME user=USER password=PASSWORD'."
        )
    return Dsn(
        host=parts.get("host", ""),
        port=port,
        database=parts["dbname"],
        user=parts.get("user", ""),
        conninfo=make_conninfo("", **parts),
        secrets=tuple(parts[key] for key in ("password", "sslpassword") if key in parts),
    )


def address_parts(address: str) -> tuple[str, str, str]:
    """Scheme, user with password, and the rest of an address whose password may contain any
    character: the last @ ends it."""
    scheme, _, rest = address.strip().partition("://")
    user, _, place = rest.rpartition("@")
    return scheme.lower(), user, place


def escaped_address(address: str) -> str:
    """The address with user and password escaped, for readers that would end them elsewhere."""
    scheme, user, place = address_parts(address)
    if not user:
        return address
    parts = [quote(unquote_to_bytes(part), "") for part in user.split(":", 1)]
    return f"{scheme}://{':'.join(parts)}@{place}"
