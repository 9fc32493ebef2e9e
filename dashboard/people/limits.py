"""How often somebody may try to sign in: bounded by address, for all processes of a site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from dashboard.http.asgi import Scope, header
from dashboard.people.roles import DoorError
from etl.row_store import RowStore
from etl.sign_in import ProxySettings, is_loopback, plain_address

#: Attempts that may begin, and that may fail, from one address in a minute.
BEGUN, FAILED, WITHIN_S = 120, 20, 60.0
#: How many attempts are remembered; the oldest make room.
MOST_TRIES = 20_000


@dataclass(frozen=True, slots=True)
class TryLimit:
    """At most `most` tries of a kind in `WITHIN_S` seconds from one address."""

    kind: str
    most: int
    store: RowStore
    clock: Callable[[], float]

    def check(self, address: str) -> None:
        """A DoorError (429) where there were as many already."""
        ((tried,),) = self.store.ask(
            "select count(*) from people_tries where kind = ? and address = ? and at > ?",
            self.kind, address, self.clock() - WITHIN_S,
        )  # fmt: skip
        if tried >= self.most:
            raise DoorError("door_too_often", f"{address}: {tried} in a minute.", 429)

    def count(self, address: str) -> None:
        """Remember one more."""
        now = self.clock()
        self.store.ask(
            "delete from people_tries where at <= ? or at = (select min(at) from people_tries "
            "having count(*) >= ?)",
            now - WITHIN_S, MOST_TRIES,
        )  # fmt: skip
        self.store.ask("insert into people_tries values (?, ?, ?)", self.kind, address, now)


def address_of(scope: Scope, proxy: ProxySettings | None) -> str:
    """From where somebody asks: what a proxy on this machine, or the trusted one, says last. Of
    IPv6 the network, of which a household has 2⁶⁴ addresses."""
    client = scope.get("client")
    told = str(client[0]) if client else ""
    if is_loopback(told) or (proxy is not None and proxy.trusts(told)):
        last = header(scope, b"x-forwarded-for").decode("latin-1").rpartition(",")[2].strip()
        told = last[:64] or told
    address = plain_address(told)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address or told)
