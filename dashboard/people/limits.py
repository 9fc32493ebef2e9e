"""How often somebody may try to sign in: bounded by address, in memory, for each process."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock

from dashboard.http.asgi import Scope, header
from dashboard.people.roles import DoorError
from etl.sign_in import ProxySettings

#: Attempts that may begin, and that may fail, from one address in a minute.
BEGUN, FAILED, WITHIN_S = 120, 20, 60.0
#: How many addresses are remembered.
_ADDRESSES = 10_000


class TryLimit:
    """At most `most` in `WITHIN_S` seconds from one address."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self._clock, self._lock = most, clock, Lock()
        self._tried: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, address: str) -> None:
        """A DoorError (429) where there were as many already."""
        with self._lock:
            tried = self._tried.get(address, deque())
            while tried and tried[0] <= self._clock() - WITHIN_S:
                tried.popleft()
            if len(tried) >= self.most:
                raise DoorError(
                    "From your address there were too many attempts to sign in. Try again in a "
                    "minute.",
                    429,
                    "door_too_often",
                )

    def count(self, address: str) -> None:
        """Remember one more."""
        with self._lock:
            self._tried.setdefault(address, deque()).append(self._clock())
            self._tried.move_to_end(address)
            if len(self._tried) > _ADDRESSES:
                self._tried.popitem(last=False)


def address_of(scope: Scope, proxy: ProxySettings | None) -> str:
    """From where somebody asks: behind the trusted proxy, what that says."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if proxy is not None and address and proxy.trusts(address):
        last = header(scope, b"x-forwarded-for").decode("latin-1").rpartition(",")[2].strip()
        return last[:64] or address
    return address
